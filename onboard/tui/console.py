"""Console: a child's screen inside ours, and the keys that go to it."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from onboard.tui.emulator import Cell, Emulator

if TYPE_CHECKING:
    from onboard.redact import Redactor
    from onboard.running import Running

_LARGEST = (200, 400)
"""Rows and columns that a child gets at most."""
_PASTED = 1 << 16
"""Characters."""
_FRAME = 0.05
"""Seconds between two drawings: a flood is drawn a few times a second."""

_ANSI = ("black", "red", "green", "brown", "blue", "magenta", "cyan", "white")
_COLOURS = {name: at for at, name in enumerate(_ANSI)} | {f"bright{name}": at + 8 for at, name in enumerate(_ANSI)}
_COLOURS["bfightmagenta"] = 13  # pyte's spelling

_KEYS = {
    "enter": "\r",
    "tab": "\t",
    "shift+tab": "\x1b[Z",
    "backspace": "\x7f",
    "ctrl+backspace": "\x08",
    "delete": "\x1b[3~",
    "insert": "\x1b[2~",
    "pageup": "\x1b[5~",
    "pagedown": "\x1b[6~",
    "space": " ",
    "ctrl+@": "\0",
} | {f"f{n}": code for n, code in enumerate(("\x1bOP", "\x1bOQ", "\x1bOR", "\x1bOS"), 1)}
_MOVES = {"up": "A", "down": "B", "right": "C", "left": "D", "home": "H", "end": "F"}


class Console(Widget, can_focus=True):
    """A terminal for one child at a time. Its questions are answered by nobody but who types here."""

    ALLOW_SELECT = False
    TAKES_TAB = True
    """Tab is the child's."""

    class LeaveAsked(Message):
        """Esc was pressed: the first time it is only said what a second one does."""

        def __init__(self, sure: bool) -> None:
            super().__init__()
            self.sure = sure

    def __init__(self) -> None:
        super().__init__(id="console")
        self._child: Running | None = None
        self._emulator: Emulator | None = None
        self._strips: list[Strip] = []
        self._stale = False
        self._escaped = False

    # what a child is shown by: `children.Terminal`

    @property
    def rows_and_columns(self) -> tuple[int, int]:
        """The size there is for the child."""
        rows, columns = self.content_size.height or 24, self.content_size.width or 80
        return min(rows, _LARGEST[0]), min(columns, _LARGEST[1])

    def opened(self, child: Running, hide: Redactor) -> None:
        """Start anew with a child that is up."""
        self._child = child
        self._emulator = Emulator(*self.rows_and_columns, hide, child.write)
        self._stale = True

    def feed(self, data: bytes) -> None:
        """Take what the child printed."""
        if self._emulator is not None:
            self._emulator.feed(data)
            self._stale = True

    def closed(self) -> None:
        """Keep the last screen; keys go nowhere."""
        self._child = None
        self._stale = True

    @property
    def said(self) -> list[str]:
        """What the child showed, as rows of text."""
        return self._emulator.said() if self._emulator is not None else []

    def interrupt(self) -> None:
        """Ctrl-C is the child's."""
        self._send("\x03")

    # drawing

    def on_mount(self) -> None:
        """Draw what came, a few times a second."""
        self.set_interval(_FRAME, self.draw)

    def on_resize(self) -> None:
        """Tell the child its new size."""
        rows, columns = self.rows_and_columns
        if self._emulator is not None and self.content_size.height:
            self._emulator.resize(rows, columns)
            if self._child is not None:
                self._child.resize(rows, columns)
            self._stale = True

    def draw(self) -> None:
        """Make the rows that are shown, where something changed."""
        if not self._stale or self._emulator is None:
            return
        self._stale = False
        cursor = self._emulator.cursor if self._child is not None else None
        self._strips = [
            _strip(row, cursor[0] if cursor is not None and cursor[1] == y else None)
            for y, row in enumerate(self._emulator.cells())
        ]
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Return one row."""
        width = self.size.width
        style = self.rich_style
        if y >= len(self._strips):
            return Strip.blank(width, style)
        return self._strips[y].apply_style(style).adjust_cell_length(width, style)

    # keys

    async def on_key(self, event: events.Key) -> None:
        """Send a key to the child; Esc twice leaves, and never reaches it: some tools take it for a yes."""
        if self._child is None:
            return
        event.stop()
        event.prevent_default()
        if event.key == "escape":
            self.post_message(self.LeaveAsked(self._escaped))
            self._escaped = not self._escaped
            return
        self._escaped = False
        self._send(self._code(event))

    def on_paste(self, event: events.Paste) -> None:
        """Send what was pasted, without what could end the paste early or act by itself."""
        event.stop()
        text = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x9f]", "", event.text[:_PASTED].replace("\r\n", "\n"))
        if self._emulator is not None and self._emulator.bracketed_paste:
            text = f"\x1b[200~{text}\x1b[201~"
        self._send(text.replace("\n", "\r"))

    def _send(self, text: str) -> None:
        if self._child is not None and text:
            self._child.write(text)

    def _code(self, event: events.Key) -> str:
        key = event.key
        if move := _MOVES.get(key):
            application = self._emulator is not None and self._emulator.cursor_keys
            return f"\x1b{'O' if application else '['}{move}"
        if key in _KEYS:
            return _KEYS[key]
        if key.startswith("ctrl+") and len(key) == 6 and key[5].isalpha():
            return chr(ord(key[5].upper()) - 0x40)
        if event.character is not None and event.is_printable:
            return event.character
        return ""


def _strip(row: list[Cell], cursor: int | None) -> Strip:
    """Return a row's cells as text with colours, cells of one style together."""
    segments: list[Segment] = []
    text, style = "", Style.null()
    for x, cell in enumerate(row):
        own = _style(cell._replace(text=""), x == cursor)
        if own is not style and text:
            segments.append(Segment(text, style))
            text = ""
        text, style = text + cell.text, own
    return Strip([*segments, Segment(text, style)])


@lru_cache(maxsize=1024)
def _style(look: Cell, cursor: bool) -> Style:
    return Style(
        color=_colour(look.fg),
        bgcolor=_colour(look.bg),
        bold=look.bold or None,
        italic=look.italics or None,
        underline=look.underscore or None,
        strike=look.strikethrough or None,
        reverse=(look.reverse != cursor) or None,
    )


def _colour(name: str) -> Color | None:
    if name in _COLOURS:
        return Color.from_ansi(_COLOURS[name])
    if re.fullmatch(r"[0-9a-fA-F]{6}", name):
        return Color.from_rgb(*bytes.fromhex(name))
    return None
