"""The parts that every screen shares: the heading, the stages, the activity, the keys, and a list of choices."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from textwrap import wrap
from typing import Any, ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Log, OptionList
from textual.widgets.option_list import Option

from onboard import clean
from onboard.plan import Stage, StageState
from onboard.tui import text
from onboard.tui.sitting import Sitting

MOVES: list[BindingType] = [
    Binding("j", "cursor_down", "Down", show=False),
    Binding("k", "cursor_up", "Up", show=False),
]


class Heading(Widget):
    """One line: the project, how far it is, and what must be said for as long as it is so."""

    ALLOW_SELECT = False

    def __init__(self, sitting: Sitting) -> None:
        super().__init__(id="heading")
        self._sitting = sitting

    def render(self) -> Content:
        """Draw the line; the banner goes before the count where both do not fit."""
        left = text.join(text.say("onboard", text.STRONG), text.line(text.fit(self._sitting.name, 32)), gap=" · ")
        fine, total = self._sitting.counts()
        count = text.say(f"{fine} of {total} fine") if total else Content("")
        banner = text.line(self._sitting.banner, "bold $text-warning")
        for right in (text.join(banner, count, gap="  "), banner, count):
            room = self.size.width - left.cell_length - right.cell_length
            if room > 0:
                return left + Content(" " * room) + right
        return banner or left


class Stages(OptionList):
    """The stages with sign, name and count; Enter on one goes there."""

    BINDINGS: ClassVar[list[BindingType]] = MOVES

    class Chosen(Message):
        """A stage was chosen."""

        def __init__(self, stage: Stage) -> None:
            super().__init__()
            self.stage = stage

    def __init__(self) -> None:
        super().__init__(id="stages", markup=False, compact=True)
        self._shown: tuple[tuple[StageState, ...], Stage | None] = ((), None)

    def show(self, states: Sequence[StageState], current: Stage | None) -> None:
        """Show how far each stage is; `current` is the one of the step in the middle."""
        if (tuple(states), current) == self._shown:
            return
        self._shown = (tuple(states), current)
        kept = self.highlighted
        self.clear_options()
        self.add_options(Option(self._row(state, state.stage is current), state.stage.name) for state in states)
        place = next((n for n, state in enumerate(states) if state.stage is current), None)
        if states:
            self.highlighted = min(kept, len(states) - 1) if self.has_focus and kept is not None else place

    def _row(self, state: StageState, current: bool) -> Content:
        count = f"{state.done}/{state.total}" if state.total else "–"
        name = text.fit(state.stage.value, 14).ljust(14)
        here = Content("▸") if current else Content(" ")
        named = text.say(name, text.STRONG if current else "")
        return here + text.sign(state.status) + Content(" ") + named + Content(count.rjust(6))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Say which stage was chosen."""
        event.stop()
        if event.option_id is not None:
            self.post_message(self.Chosen(Stage[event.option_id]))


class Activity(Widget):
    """The last lines of what happened; as many as there is room for."""

    def __init__(self, sitting: Sitting) -> None:
        super().__init__(id="activity")
        self.border_title = Content("Activity")
        self._sitting = sitting

    def render(self) -> Content:
        """Draw the newest lines, the newest last."""
        room = max(self.size.height, 0)
        notes = list(self._sitting.notes)[-room:] if room else []
        width = max(self.size.width, 8)
        return Content("\n").join(
            text.join(text.say(note.at, text.QUIET), text.sign(note.status), text.line(text.cut(note.text, width - 8)))
            for note in notes
        )


class Keys(Widget):
    """The keys that do something here and now. A click on one presses it."""

    ALLOW_SELECT = False
    _NAMES: ClassVar[dict[str, str]] = {
        "escape": "esc",
        "enter": "⏎",
        "question_mark": "?",
        "slash": "/",
        "tab": "tab",
        "space": "space",
    }

    def __init__(self) -> None:
        super().__init__(id="keys")
        self._spans: list[tuple[int, int, str]] = []

    def on_mount(self) -> None:
        """Draw anew whenever what is possible changes."""
        self.screen.bindings_updated_signal.subscribe(self, self._updated)

    def _updated(self, _screen: Screen[object]) -> None:
        self.refresh()

    def render(self) -> Content:
        """Draw as many as fit, the screen's own before the app's."""
        own, general = self._pairs()
        drawn: list[Content] = []
        self._spans = []
        column = 0
        for key, described in own + general:
            shown = Content.assemble((self.label(key), "bold $text-accent"), " ", described)
            if column + shown.cell_length > self.size.width - 2:
                break
            self._spans.append((column, column + shown.cell_length, key))
            drawn.append(shown)
            column += shown.cell_length + 2
        return Content("  ").join(drawn)

    def on_click(self, event: events.Click) -> None:
        """Press the key that was clicked."""
        for start, end, key in self._spans:
            if start <= event.x - 1 < end:
                self.app.simulate_key(key)

    @classmethod
    def label(cls, key: str) -> str:
        """Return a key as people write it."""
        if key.startswith("ctrl+"):
            return "^" + key.removeprefix("ctrl+")
        return cls._NAMES.get(key, key.upper() if key.startswith("f") and key[1:].isdigit() else key)

    def _pairs(self) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
        """Return (key, words) once for each action, the first key that works here: the screen's, and the app's."""
        own: dict[str, tuple[str, str]] = {}
        general: dict[str, tuple[str, str]] = {}
        for key, active in self.screen.active_bindings.items():
            binding = active.binding
            if binding.show and active.enabled:
                target = general if active.node is self.app else own
                target.setdefault(binding.action, (key, binding.description))
        return list(own.values()), list(general.values())


class Choices(OptionList):
    """A decision: a short list whose first line is the safe one. Enter takes it."""

    BINDINGS: ClassVar[list[BindingType]] = MOVES

    class Made(Message):
        """A choice was made."""

        def __init__(self, choice: str) -> None:
            super().__init__()
            self.choice = choice

    def __init__(self, choices: Iterable[tuple[str, str]], *, id: str = "choices") -> None:
        """Take (word for us, words for the person) pairs."""
        super().__init__(id=id, markup=False, compact=True)
        self.offer(choices)

    def offer(self, choices: Iterable[tuple[str, str]]) -> None:
        """Offer these instead; the first is highlighted."""
        self.clear_options()
        self.add_options(Option(text.line(words), word) for word, words in choices)
        if self.option_count:
            self.highlighted = 0

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Say what was chosen."""
        event.stop()
        self.post_message(self.Made(event.option_id or ""))


_WRAP: Mapping[str, Any] = {"replace_whitespace": False, "drop_whitespace": False, "break_on_hyphens": False}


class Output(Log):
    """What a child says, as it comes: cleaned, wrapped, the last lines kept. A flood is drawn a few times a second."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "scroll_down", "Down", show=False),
        Binding("k", "scroll_up", "Up", show=False),
    ]
    KEPT = 5_000
    """Lines."""

    def __init__(self) -> None:
        super().__init__(max_lines=self.KEPT, id="output")
        self._due: deque[str] = deque(maxlen=self.KEPT)
        self._follows = True
        """The newest line is kept in sight, until somebody scrolls up."""

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Tell scrolling up from following."""
        super().watch_scroll_y(old_value, new_value)
        self._follows = new_value >= self.max_scroll_y or (self._follows and new_value >= old_value)

    def on_resize(self) -> None:
        """Stay at the end: what is above may have grown."""
        if self._follows:
            self.scroll_end(animate=False)

    def on_mount(self) -> None:
        """Draw what came, a few times a second."""
        self.set_interval(0.05, self.draw)

    def say(self, said: str) -> None:
        """Add text from outside."""
        self._due.extend(clean.clean(said, limit=4_000).split("\n"))

    def empty(self) -> None:
        """Start anew."""
        self._due.clear()
        self.clear()
        self._follows = True

    def draw(self) -> None:
        """Draw what is due, wrapped to the width there is now."""
        if not self._due or not self.size.width:  # not laid out yet: it would be wrapped for no width at all
            return
        width = max(self.size.width - 2, 20)
        rows: list[str] = []
        for said in self._due:
            line = said.expandtabs(4)
            rows += [line] if len(line) <= width else wrap(line, width, subsequent_indent="  ", **_WRAP)
        self._due.clear()
        self.write_lines(rows[-self.KEPT :], scroll_end=self._follows)
