"""One env file as a lossless document: every byte that is not the value being edited stays as it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from onboard.envfile import scan
from onboard.errors import EnvFileError
from onboard.model import Secret

_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Trouble:
    """A place in the file on which readers disagree, so that it is not edited."""

    line: int
    reason: str
    """What is so, without any value."""


@dataclass(frozen=True, slots=True)
class Splice:
    """One replaced stretch of bytes. Holds values: never printed, never stored outside the vault."""

    start: int
    old: bytes
    new: bytes

    def __repr__(self) -> str:
        return f"Splice(start={self.start}, …)"


class EnvFile:
    """The bytes of an env file and where its assignments stand. Edits return a new one.

    Names and lines come from the scan, which takes what dotenv takes; what a given reader makes of the file is for
    `onboard.envfile.readers` to say.
    """

    def __init__(self, data: bytes) -> None:
        self.data = data

    @classmethod
    def parse(cls, data: bytes) -> EnvFile:
        """Return the document of `data`; any bytes are taken, what is wrong with them is in `troubles()`."""
        return cls(data)

    def __repr__(self) -> str:
        return f"EnvFile({len(self._assignments)} assignments)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, EnvFile) and other.data == self.data

    def __hash__(self) -> int:
        return hash(self.data)

    @cached_property
    def _scanned(self) -> tuple[list[scan.Assignment], list[scan.Trouble]]:
        return scan.scan(self.data)

    @property
    def _assignments(self) -> list[scan.Assignment]:
        return self._scanned[0]

    @cached_property
    def _last(self) -> dict[bytes, scan.Assignment]:
        return {assignment[0]: assignment for assignment in self._assignments}

    def names(self) -> tuple[str, ...]:
        """Return each assigned name once, in the order of first appearance."""
        return tuple(name.decode() for name in dict.fromkeys(found[0] for found in self._assignments))

    def get(self, name: str) -> Secret | None:
        """Return the effective (last) value as dotenv reads it, nothing expanded; `None`: it is not assigned."""
        found = self._last.get(name.encode())
        if found is None:
            return None
        text = self.data[found[3] : found[4]].decode(errors="replace").replace("\r\n", "\n")
        quote = text[:1]
        if quote and quote in "'\"`" and len(text) > 1 and text.endswith(quote):
            text = text[1:-1]
            if quote == '"':
                text = text.replace("\\n", "\n").replace("\\r", "\r")
        elif "#" in text:
            text = text.partition("#")[0].rstrip()
        return Secret(text)

    def text_of(self, name: str) -> str | None:
        """Return the effective value as it is spelled, quotes and escapes included; `None`: it is not assigned."""
        found = self._last.get(name.encode())
        return None if found is None else self.data[found[3] : found[4]].decode(errors="surrogateescape")

    def line_of(self, name: str) -> int | None:
        """Return the line, from 1, of the effective assignment; `None`: it is not assigned."""
        found = self._last.get(name.encode())
        return None if found is None else found[1]

    def duplicates(self) -> dict[str, tuple[int, ...]]:
        """Return the lines of each name that is assigned more than once; the last one is effective."""
        lines: dict[bytes, list[int]] = {}
        for found in self._assignments:
            lines.setdefault(found[0], []).append(found[1])
        return {name.decode(): tuple(places) for name, places in lines.items() if len(places) > 1}

    def troubles(self) -> tuple[Trouble, ...]:
        """Return what stands in the way of editing, by line."""
        return tuple(Trouble(line, reason) for line, reason, _, _ in sorted(self._scanned[1]))

    def set(self, name: str, text: str, *, order: Sequence[str] = ()) -> EnvFile:
        """Return the document in which `name` is spelled `text` (quotes and escapes included).

        An assigned name keeps its line, indent, `export`, blanks round `=` and comment. A new one replaces its
        commented line, or goes behind the nearest name before it in `order` (the template's), or to the end.
        Raises EnvFileError where readers disagree on where that statement ends.
        """
        return self.apply([self.splice_to_set(name, text, order=order)])

    def unset(self, name: str) -> EnvFile:
        """Return the document without any assignment of `name`: an older duplicate would come back otherwise."""
        return self.apply(self.splices_to_unset(name))

    def apply(self, splices: Iterable[Splice]) -> EnvFile:
        """Return the document with `splices` made, whose offsets are those of this document."""
        parts: list[bytes] = []
        at = 0
        for splice in sorted(splices, key=lambda splice: splice.start):
            if splice.start < at or self.data[splice.start : splice.start + len(splice.old)] != splice.old:
                raise EnvFileError("the file is no longer what the change was made for", "run the command again")
            parts += [self.data[at : splice.start], splice.new]
            at = splice.start + len(splice.old)
        parts.append(self.data[at:])
        return EnvFile(b"".join(parts).removeprefix(_BOM))

    def splice_to_set(self, name: str, text: str, *, order: Sequence[str] = ()) -> Splice:
        """Return the one replacement that `set` makes."""
        new = text.encode()
        found = self._last.get(name.encode())
        if found is not None:
            _, line, start, value, value_end, end = found
            self._editable(line, start, min(end, len(self.data)))
            return Splice(value, self.data[value:value_end], new)
        return self._new_line(name, new, order)

    def splices_to_unset(self, name: str) -> list[Splice]:
        """Return the replacements that `unset` makes, one for each assignment."""
        splices = []
        for found in self._assignments:
            if found[0] == name.encode():
                end = min(found[5], len(self.data))
                self._editable(found[1], found[2], end)
                splices.append(Splice(found[2], self.data[found[2] : end], b""))
        return splices

    @property
    def line_end(self) -> bytes:
        """How the file ends its lines: as its first one does."""
        newline = self.data.find(b"\n")
        return b"\r\n" if newline > 0 and self.data[newline - 1] == 13 else b"\n"

    def _new_line(self, name: str, text: bytes, order: Sequence[str]) -> Splice:
        assignment = name.encode() + b"=" + text.replace(b"\n", b"\n")
        commented = self._commented(name)
        if commented is not None:
            start, stop = commented
            self._editable(self.data.count(b"\n", 0, start) + 1, start, stop)
            return Splice(start, self.data[start:stop], assignment)
        ending = self.line_end
        behind = self._neighbour(name, order)
        if behind is not None:
            _, line, start, _, _, end = behind
            self._editable(line, start, min(end, len(self.data)))
            if end > len(self.data):
                return Splice(len(self.data), b"", ending + assignment)
            return Splice(end, b"", assignment + ending)
        return self._at_end(assignment, ending, known=name in order)

    def _at_end(self, assignment: bytes, ending: bytes, *, known: bool) -> Splice:
        size = len(self.data)
        self._editable(self.data.count(b"\n") + 1, size, size + 1)
        lead = b""
        if self.data and not self.data.endswith(b"\n"):
            lead = ending
        if self.data.strip() and not known and not self.data.rstrip(b" \t\r").endswith((b"\n\n", b"\n\r\n")):
            lead += ending
        return Splice(size, b"", lead + assignment + ending)

    def _neighbour(self, name: str, order: Sequence[str]) -> scan.Assignment | None:
        if name not in order:
            return None
        for other in reversed(order[: list(order).index(name)]):
            found = self._last.get(other.encode())
            if found is not None:
                return found
        return None

    def _commented(self, name: str) -> tuple[int, int] | None:
        """Return the span of the first line that is `# NAME=…`, from its `#` to before its line end."""
        wanted = name.encode()
        at = self.data.find(wanted)
        while at >= 0:
            start = self.data.rfind(b"\n", 0, at) + 1
            newline = self.data.find(b"\n", at)
            stop = len(self.data) if newline < 0 else newline - (self.data[newline - 1 : newline] == b"\r")
            head = self.data[start:at]
            mark = head.strip()
            rest = self.data[at + len(wanted) : stop].lstrip(b" \t")
            if rest[:1] == b"=" and mark and not mark.removesuffix(b"export").strip(b"# \t") and self._outside(start):
                return start + len(head) - len(head.lstrip()), stop
            at = self.data.find(wanted, at + 1)
        return None

    def _outside(self, at: int) -> bool:
        """Return whether the line at `at` belongs to no assignment (a value may span lines)."""
        return not any(start <= at < end for _, _, start, _, _, end in self._assignments)

    def _editable(self, line: int, start: int, stop: int) -> None:
        """Raise EnvFileError where a trouble overlaps the statement from `start` to `stop`."""
        for trouble_line, reason, first, last in self._scanned[1]:
            if first < stop and start < last:
                where = "this file" if reason in (scan.UTF16,) else f"line {trouble_line}"
                raise EnvFileError(
                    f"{where} cannot be edited safely (needed at line {line}): {reason}",
                    f"repair line {trouble_line} in an editor, then try again",
                )
