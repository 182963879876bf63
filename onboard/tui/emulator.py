"""A child's terminal, emulated: what it draws becomes cells of text and colour, and nothing else of it goes further."""

from __future__ import annotations

import re
import unicodedata
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, Protocol

import pyte
from pyte.screens import Char

from onboard.redact import Redactor

_KEPT = 500
"""Rows that went out at the top."""
_OPEN = 1 << 14
"""Bytes after which a sequence that has not ended is given up: a child cannot make us keep more."""
_STACKED = 3
"""Combining marks on one character."""
_ABOVE = 6
"""Rows above the screen in which the beginning of a secret is looked for."""
_COLUMN_MODE = 3
"""DECCOLM: it would change the size, which is the person's."""
_BRACKETED, _CURSOR_KEYS = 2004 << 5, 1 << 5
"""Private modes, as pyte shifts them."""
_BLOT = "•"


class _Cursor(Protocol):
    x: int
    y: int
    hidden: bool


class _Screen(pyte.Screen):
    """A screen that keeps a bounded past and its size."""

    def __init__(self, columns: int, rows: int, answer: Callable[[str], None]) -> None:
        self.above: deque[str] = deque(maxlen=_KEPT)
        self._answer = answer
        super().__init__(columns, rows)

    def write_process_input(self, data: str) -> None:
        """Answer what the child asks its terminal."""
        self._answer(data)

    def index(self) -> None:
        """Scroll up at the bottom; what goes out at the top is kept as text."""
        if self.cursor.y == (self.margins.bottom if self.margins else self.lines - 1) and (
            self.margins is None or self.margins.top == 0
        ):
            self.above.append("".join(self.buffer[0][x].data for x in range(self.columns)).rstrip())
        super().index()

    def set_mode(self, *modes: int, **kinds: Any) -> None:
        """Set modes, but none that changes the size."""
        super().set_mode(*(mode for mode in modes if mode != _COLUMN_MODE), **kinds)

    def draw(self, data: str) -> None:
        """Draw text; of what is not printable only that it was there."""
        super().draw(data if data.isascii() else "".join(_drawable(data)))


def _drawable(data: str) -> Iterator[str]:
    stacked = 0
    for char in data:
        combining = bool(unicodedata.combining(char))
        stacked = stacked + 1 if combining else 0
        if stacked <= _STACKED:
            yield char if char.isprintable() or char in "\t " else "\ufffd"


class _Tolerant:
    """A listener that ignores what its screen does not know, instead of breaking off."""

    def __init__(self, screen: _Screen) -> None:
        self._screen = screen

    def __getattr__(self, name: str) -> Callable[..., None]:
        act = getattr(self._screen, name)

        def tried(*words: Any, **kinds: Any) -> None:
            try:
                act(*words, **kinds)
            except (TypeError, ValueError, IndexError, KeyError, AttributeError):
                return  # a sequence with parameters that this one does not take

        return tried


class Cell(NamedTuple):
    """One place on the screen."""

    text: str
    """One character, with its marks; empty: the right half of a wide one."""
    fg: str = "default"
    bg: str = "default"
    bold: bool = False
    italics: bool = False
    underscore: bool = False
    strikethrough: bool = False
    reverse: bool = False


class Emulator:
    """The screen of one child. Bytes in, cells out; secrets in what is drawn are blotted out."""

    def __init__(self, rows: int, columns: int, hide: Redactor, answer: Callable[[str], None]) -> None:
        """`answer` takes what the child is told where it asks its terminal a question (where the cursor is)."""
        self._screen = _Screen(max(columns, 1), max(rows, 1), answer)
        self._hide = hide
        self._stream = self._new_stream()
        self._open = 0

    def _new_stream(self) -> pyte.ByteStream:
        return pyte.ByteStream(_Tolerant(self._screen))

    def feed(self, data: bytes) -> None:
        """Draw what the child printed."""
        try:
            self._stream.feed(data)
        except Exception:  # whatever a child prints, it ends nothing but its own drawing
            self._stream = self._new_stream()
            return
        plain = getattr(self._stream, "_taking_plain_text", True)
        self._open = 0 if plain else self._open + len(data)
        if self._open > _OPEN:
            self._stream, self._open = self._new_stream(), 0

    def resize(self, rows: int, columns: int) -> None:
        """Take another size."""
        self._screen.resize(max(rows, 1), max(columns, 1))
        cursor = self._screen.cursor
        cursor.x, cursor.y = min(cursor.x, self._screen.columns), min(cursor.y, self._screen.lines - 1)

    @property
    def cursor(self) -> tuple[int, int] | None:
        """Column and row; `None`: it is hidden."""
        cursor: _Cursor = self._screen.cursor
        return None if cursor.hidden else (cursor.x, cursor.y)

    @property
    def cursor_keys(self) -> bool:
        """Whether the child wants the application's form of the arrow keys."""
        return _CURSOR_KEYS in self._screen.mode

    @property
    def bracketed_paste(self) -> bool:
        """Whether the child wants to be told what is pasted."""
        return _BRACKETED in self._screen.mode

    def cells(self) -> list[list[Cell]]:
        """Return the screen as it may be shown: rows of cells."""
        screen = self._screen
        rows = [[screen.buffer[y][x] for x in range(screen.columns)] for y in range(screen.lines)]
        hidden = self._hidden(rows)
        return [[_cell(char, (y, x) in hidden) for x, char in enumerate(row)] for y, row in enumerate(rows)]

    def _hidden(self, rows: list[list[Char]]) -> set[tuple[int, int]]:
        """Return the places of secrets, also of those that go over a row's end or began above the screen."""
        above = "".join(f"{row}\n" for row in list(self._screen.above)[-_ABOVE:])
        places: list[tuple[int, int] | None] = [None] * len(above)
        text = [above]
        for y, row in enumerate(rows):
            for x, char in enumerate(row):
                text.append(char.data)
                places += [(y, x)] * len(char.data)
            text.append("\n")
            places.append(None)
        spans = self._hide.spans("".join(text))
        return {place for start, end in spans for place in places[start:end] if place is not None}

    def said(self) -> list[str]:
        """Return what is on the screen and above it as rows of text, without secrets."""
        screen = self._screen
        shown = ["".join(screen.buffer[y][x].data for x in range(screen.columns)).rstrip() for y in range(screen.lines)]
        while shown and not shown[-1]:
            shown.pop()
        text = self._hide.text("\n".join([*screen.above, *shown]))
        return [_printable(row) for row in text.split("\n")]


def _printable(text: str) -> str:
    return re.sub(r"[^\S ]", " ", "".join(char if char.isprintable() else "\ufffd" for char in text))


def _cell(char: Char, hidden: bool) -> Cell:
    text = char.data
    if hidden and text.strip():
        text = _BLOT
    elif not text.isascii() or not text.isprintable():
        text = _printable(text)
    return Cell(text, *char[1:8])
