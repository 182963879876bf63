"""The drift board as rows: a variable a line, a place a column, a sign a cell; nothing rests on colour alone."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import wrap
from typing import TYPE_CHECKING

from textual.content import Content

from onboard.model import Status
from onboard.tui import text

if TYPE_CHECKING:
    from onboard.matrix import Line, Matrix

_HEADS = {
    "template": "templ",
    "schema": "schem",
    "env_file": "file",
    "vault": "ring",
    "shell": "shell",
    "vercel.development": "v.dev",
    "vercel.preview": "v.pre",
    "vercel.production": "v.pro",
    "github": "ghub",
}
_REMOTE = frozenset(place for place in _HEADS if place.startswith("vercel."))
_CELL = 6
_AGE = 6
_SIGNS: Mapping[str, tuple[str, Status]] = {
    "required": ("●", Status.SKIPPED),
    "optional": ("○", Status.SKIPPED),
    "placeholder": ("…", Status.SKIPPED),
    "set": ("✓", Status.OK),
    "same": ("=", Status.OK),
    "another": ("≠", Status.WARN),
    "wins": ("!", Status.WARN),
    "sensitive": ("*", Status.OK),
    "missing": ("✗", Status.FAIL),
    "malformed": ("✗", Status.FAIL),
}
_LEGEND = (
    "● needed", "○ optional", "✓ set", "= same", "≠ another", "… placeholder", "✗ missing, wrong", "! wins",
    "* hidden",
)  # fmt: skip


_NAMES = {status: text.COLOURS[status] for status in (Status.FAIL, Status.WARN, Status.UNKNOWN)} | {
    Status.SKIPPED: text.QUIET
}


def legend(width: int) -> list[Content]:
    """Return what the signs mean, in as many lines as it takes."""
    lines = wrap("  ".join(one.replace(" ", "\u00a0") for one in _LEGEND), width)
    return [text.say(line.replace("\u00a0", " "), text.QUIET) for line in lines]


def head(board: Matrix, width: int) -> Content:
    """Return the columns' names; as many places as there is room for."""
    cells = "".join(_HEADS.get(place, place[-5:])[:5].center(_CELL) for place in _shown(board, width))
    return text.say("  " + "variable".ljust(_room(board, width)) + cells + "age".rjust(_AGE), text.QUIET)


def row(board: Matrix, line: Line, age: str, width: int) -> Content:
    """Return one variable's line."""
    room = _room(board, width)
    drawn = [
        Content(" ") + text.sign(line.status),
        text.say(" " + text.fit(line.name, room - 2).ljust(room - 1), _NAMES.get(line.status, "")),
    ]
    for place in _shown(board, width):
        word = line.cells.get(place, "")
        sign, state = _SIGNS.get(word, ("·", Status.SKIPPED))
        if word == "placeholder" and place == "env_file":
            state = Status.FAIL
        elif place in _REMOTE:
            state = Status.SKIPPED  # other places may well have another value; where not, the line's own sign says so
        drawn.append(text.say(sign.center(_CELL), text.COLOURS[state]))
    drawn.append(text.say(age.rjust(_AGE), text.QUIET))
    return Content("").join(drawn)


def _shown(board: Matrix, width: int) -> tuple[str, ...]:
    """Return the places that fit beside a name of some length, those of this machine first."""
    return board.places[: max((width - 20 - _AGE) // _CELL, 2)]


def _room(board: Matrix, width: int) -> int:
    return max(width - 2 - _CELL * len(_shown(board, width)) - _AGE, 12)
