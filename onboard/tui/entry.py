"""The fields values are typed into: one that shows nothing of a secret, and one for what may be seen."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import ClassVar

from textual import events
from textual.app import App
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.selection import Selection
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Input

from onboard import clean
from onboard.model import Secret
from onboard.paste import Pasted
from onboard.tui import text

MASK = "•" * 12
"""What stands for any value that is not empty, however long it is."""

SHOWN_SECONDS = 5.0
"""How long a value is shown when it is asked for."""

_LIMIT = 65_536
"""Characters of one value; more is a file pasted by mistake."""

Cleaner = Callable[[str, str], Pasted]


class Changed(Message):
    """A field's value changed; it does not say to what."""

    def __init__(self, field: Widget, removed: tuple[str, ...] = ()) -> None:
        super().__init__()
        self.field = field
        self.removed = removed
        """What was taken off a pasted value, in words."""


class Submitted(Message):
    """Enter was pressed in a field."""

    def __init__(self, field: Widget) -> None:
        super().__init__()
        self.field = field


class SecretField(Widget, can_focus=True):
    """A value that is typed or pasted and never seen, but for a moment and on request.

    The mask has one width; a dot stirs at each key, at random, so that typing is felt and the length is not told.
    There is no selection, no copy and no cut; no message carries the value.
    """

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "Check", id="submit"),
        Binding("backspace,ctrl+h", "erase", "Erase", show=False),
        Binding("ctrl+u,delete", "clear", "Clear", show=False),
        Binding("ctrl+t,f2", "show", "Show", id="show"),
        Binding("up", "app.focus_previous", "Previous", show=False),
        Binding("down", "app.focus_next", "Next", show=False),
    ]

    def __init__(self, name: str, cleaner: Cleaner, *, hint: str = "") -> None:
        super().__init__(name=name, classes="entry")
        self._cleaner = cleaner
        self._hint = hint
        self.__value = ""
        self._seen = False
        self._stirred = -1
        self._hide: Timer | None = None
        self._still: Timer | None = None

    @property
    def filled(self) -> bool:
        """Whether there is a value."""
        return bool(self.__value)

    def secret(self) -> Secret:
        """Return the value."""
        return Secret(self.__value)

    def put(self, value: Secret) -> None:
        """Put a value that was made here or handed out."""
        self._set(value.reveal())

    def clear(self) -> None:
        """Forget the value."""
        self._set("")

    def render(self) -> Content:
        """Draw the mask, or the value itself while it is shown."""
        cursor = Content.styled(" ", "reverse") if self.has_focus else Content("")
        if not self.__value:
            return text.join(cursor, text.say(text.cut(self._hint, max(self.size.width - 3, 8)), text.QUIET))
        if self._seen:
            return text.say(self.__value) + cursor
        mask = Content(MASK)
        if self._stirred >= 0:
            mask = mask.stylize("bold $text-accent", self._stirred, self._stirred + 1)
        return mask + cursor

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Every printable key is typed here."""
        return character is not None and character.isprintable()

    async def _on_key(self, event: events.Key) -> None:
        if event.is_printable and event.character is not None:
            event.stop()
            event.prevent_default()
            if len(self.__value) < _LIMIT:
                self._set(self.__value + event.character, stir=True)

    def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()
        pasted = self._cleaner(self.name or "", event.text[:_LIMIT])
        self._set(pasted.value.reveal(), stir=True, removed=pasted.removed)

    def _on_focus(self, event: events.Focus) -> None:
        self.refresh()

    def _on_blur(self, event: events.Blur) -> None:
        self._conceal()
        self.refresh()

    def on_mount(self) -> None:
        """Conceal the value when the app is suspended."""
        self.app.app_suspend_signal.subscribe(self, self._suspended)

    def on_unmount(self) -> None:
        """Forget the value with the widget."""
        self.__value = ""

    def _suspended(self, _app: App[object]) -> None:
        self._conceal()

    def action_submit(self) -> None:
        """Hand the form on."""
        self._conceal()
        self.post_message(Submitted(self))

    def action_erase(self) -> None:
        """Take the last character away."""
        if self.__value:
            self._set(self.__value[:-1], stir=True)

    def action_clear(self) -> None:
        """Take everything away."""
        self.clear()

    def action_show(self) -> None:
        """Show the value for a moment; again: hide it."""
        if self._seen or not self.__value:
            self._conceal()
            return
        self._seen = True
        self._hide = self.set_timer(SHOWN_SECONDS, self._conceal)
        self.refresh(layout=True)

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """Nothing of it can be selected."""
        return None

    def _conceal(self) -> None:
        if self._hide is not None:
            self._hide.stop()
            self._hide = None
        if self._seen:
            self._seen = False
            self.refresh(layout=True)

    def _set(self, value: str, *, stir: bool = False, removed: tuple[str, ...] = ()) -> None:
        self._conceal()
        self.__value = value
        if stir:
            self._stirred = secrets.randbelow(len(MASK))
            if self._still is not None:
                self._still.stop()
            self._still = self.set_timer(0.2, self._calm)
        self.refresh()
        self.post_message(Changed(self, removed))

    def _calm(self) -> None:
        self._stirred = -1
        self.refresh()


class PublicField(Input):
    """A value that may be seen: an address, a flag, a publishable key."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "Check", id="submit"),
        Binding("up", "app.focus_previous", "Previous", show=False),
        Binding("down", "app.focus_next", "Next", show=False),
    ]

    def __init__(self, name: str, cleaner: Cleaner, *, hint: str = "", value: str = "") -> None:
        super().__init__(name=name, classes="entry", max_length=_LIMIT)
        self._cleaner = cleaner
        self.placeholder = clean.line(hint)
        self.value = _shown(value)

    @property
    def filled(self) -> bool:
        """Whether there is a value."""
        return bool(self.value)

    def secret(self) -> Secret:
        """Return the value."""
        return Secret(self.value)

    def put(self, value: Secret) -> None:
        """Put a value that was made here or handed out."""
        self.value = _shown(value.reveal())

    def on_input_changed(self, event: Input.Changed) -> None:
        """Say that it changed, not to what."""
        event.stop()
        self.post_message(Changed(self))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Hand the form on."""
        event.stop()
        self.post_message(Submitted(self))

    def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()
        pasted = self._cleaner(self.name or "", event.text[:_LIMIT])
        self.value = _shown(pasted.value.reveal())
        self.cursor_position = len(self.value)
        self.post_message(Changed(self, pasted.removed))


Entry = SecretField | PublicField


def _shown(value: str) -> str:
    """Return a value that may be seen as it will be shown and saved: what a terminal could act on made visible."""
    return clean.clean(value.strip("\n"), limit=_LIMIT).replace("\n", " ")
