"""What a model of a reader is: bytes of an env file in, what that reader makes of them out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Refuses:
    """The reader stops at this file: none of its variables arrive."""

    reason: str
    line: int | None = None
    """Where; `None`: the reader does not say, or it is the whole file."""


@dataclass(frozen=True, slots=True)
class CannotTell:
    """The model does not know what the reader does here, so nothing may be promised."""

    reason: str


Reading = Mapping[str, str] | Refuses | CannotTell
"""Name to value as the app would get it, or why there is none."""


@dataclass(frozen=True, slots=True)
class Reader:
    """A model of one reader of env files."""

    id: str
    title: str
    """What people call it."""
    parse: Callable[[str, Mapping[str, str]], Reading]
    expands: bool = False
    """It replaces `$NAME` in values."""
    strict: bool = False
    """It raises on bytes that are not UTF-8, where others read U+FFFD."""

    def read(self, data: bytes, environ: Mapping[str, str] | None = None) -> Reading:
        """Return what the reader makes of `data` where the process environment is `environ`.

        Only `$NAME` is looked up there: that a variable of the environment wins over the file is not modelled.
        """
        if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            return CannotTell("UTF-16")
        try:
            text = data.decode()
        except UnicodeDecodeError:
            if self.strict:
                return Refuses("it is not UTF-8")
            return CannotTell("it is not UTF-8")
        if "\0" in text:
            return CannotTell("a NUL character")
        return self.parse(text, {} if environ is None else environ)


def number_of_line(text: str, at: int) -> int:
    """Return the line, from 1, of the character at `at`."""
    return text.count("\n", 0, at) + 1
