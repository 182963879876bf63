"""How to write a value so that the project's readers read it back: the first spelling that survives a simulation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from onboard.envfile import names, scan
from onboard.envfile.document import EnvFile
from onboard.envfile.readers import READERS, CannotTell, Reading, Refuses, known, shell
from onboard.errors import EnvFileError


@dataclass(frozen=True, slots=True)
class Spelling:
    """What to write behind `NAME=`, and which readers read the value back from it."""

    text: str
    reads_right: tuple[str, ...]
    """Ids of readers."""
    reads_wrong: Mapping[str, str]
    """Id of a reader to what it would make of it, without the value."""

    def __repr__(self) -> str:
        return f"Spelling(…, right={self.reads_right}, wrong={tuple(self.reads_wrong)})"


def candidates(value: str) -> Iterator[str]:
    """Yield the spellings of `value`, those that most readers share first; no backticks, no `$$`."""
    if value and not value.strip(scan._SAFE) and value != "undefined":
        yield value
    if not value:
        yield ""
    one_line = "\n" not in value and "\r" not in value
    if "'" not in value:
        yield f"'{value}'"
    if '"' not in value:
        yield f'"{value}"'
    dollar = value.replace("$", "\\$")
    if "$" in value:
        if '"' not in value:
            yield f'"{dollar}"'
        if "'" not in value:
            yield f"'{dollar}'"
    if one_line and value and value[0] not in "'\"`":
        yield value
        if "$" in value:
            yield dollar
    if not one_line and '"' not in value:
        yield '"' + value.replace("\r", "\\r") + '"'
        yield '"' + dollar.replace("\r", "\\r").replace("\n", "\\n") + '"'
        yield '"' + value.replace("\r", "\\r").replace("\n", "\\n") + '"'
    doubled = value.replace("\\", "\\\\")
    yield "'" + value.replace("'", "\\'") + "'"
    yield "'" + doubled.replace("'", "\\'") + "'"
    inner = doubled.replace('"', '\\"')
    yield f'"{inner}"'
    yield '"' + inner.replace("$", "\\$").replace("\r", "\\r") + '"'
    yield '"' + inner.replace("$", "\\$").replace("`", "\\`") + '"'


def spell(
    name: str, value: str, readers: Sequence[str], around: EnvFile, order: Sequence[str] = (), *, whole: bool = True
) -> Spelling:
    """Return the first spelling that all of `readers` (ids, the one that runs the app first) read back in `around`.

    Where there is none, the one that the first reader and then as many others as possible read back. Without `whole`
    the readers see the statement alone, which is quick; whoever asks for that reads the whole text afterwards. Raises
    EnvFileError where nobody can carry the value, where the first reader reads no spelling back, and where the place
    cannot be edited.
    """
    reason = names.refusal(name, value)
    if reason:
        raise EnvFileError(f"{name} cannot be written: {reason}")
    around.splice_to_set(name, "", order=order)  # the place itself: raises before any spelling is tried
    models = known(readers)
    seen = around if whole else _alone(around, name)
    before = {reader: READERS[reader].read(seen.data) for reader in models}
    best: Spelling | None = None
    for text in dict.fromkeys(candidates(value)):
        after = around.set(name, text, order=order)
        if not _safe(around, after, name):
            continue
        read = after if whole else seen.set(name, text)
        try:
            judged = {reader: _wrong(reader, before[reader], read.data, name, value) for reader in models}
        except _Harm:
            continue
        wrong = {reader: why for reader, why in judged.items() if why}
        if models[0] in wrong:
            continue
        spelling = Spelling(text, tuple(reader for reader in models if reader not in wrong), wrong)
        if not wrong:
            return spelling
        if best is None or _rank(models, spelling) > _rank(models, best):
            best = spelling
    if best is None:
        raise EnvFileError(
            f"{name} cannot be written: {READERS[models[0]].title} reads no safe spelling of this value back",
            "it mixes quotes, line breaks, `#`, `$` or backslashes; encode it (base64) or set it in the environment",
        )
    return best


def _rank(models: Sequence[str], spelling: Spelling) -> tuple[int, tuple[bool, ...]]:
    return len(spelling.reads_right), tuple(reader in spelling.reads_right for reader in models)


def _alone(around: EnvFile, name: str) -> EnvFile:
    """Return the effective statement of `name`, if there is one, between two lines."""
    found = around._last.get(name.encode())
    ending = around.line_end
    own = b"" if found is None else around.data[found[2] : found[5]].rstrip(b"\r\n") + ending
    return EnvFile(b"ONBOARD_BEFORE='1'" + ending + own + b"ONBOARD_AFTER='2'" + ending)


def _safe(before: EnvFile, after: EnvFile, name: str) -> bool:
    """Return whether the statement is clear to every scanner, and nothing of it would run in a shell."""
    if len(after._scanned[1]) > len(before._scanned[1]):
        return False
    found = after._last.get(name.encode())
    return found is not None and not shell.runs(after.data[found[2] :].decode(errors="replace"))


class _Anything(Mapping[str, str]):
    """An environment in which every name has a value that no one typed."""

    def __getitem__(self, name: str) -> str:
        return "\0environment"

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


class _Harm(Exception):
    """A reader would lose more than this one value: the spelling is out."""


def _wrong(reader: str, before: Reading, data: bytes, name: str, value: str) -> str | None:
    """Return what `reader` would make of `name` where that is wrong; raise _Harm where more than that is."""
    model = READERS[reader]
    after = model.read(data)
    if isinstance(after, Refuses | CannotTell):
        if isinstance(before, Mapping):
            raise _Harm
        verb = (
            "refuses the file as it is"
            if isinstance(after, Refuses)
            else "may read this file in a way that onboard cannot foresee"
        )
        where = f", line {after.line}" if isinstance(after, Refuses) and after.line else ""
        return f"{verb}{where}: {after.reason}"
    if isinstance(before, Mapping):
        for other, old in before.items():
            if other != name and after.get(other) != old and not _refers(data, other, {name}):
                raise _Harm
    got = after.get(name)
    if got != value:
        return _difference(value, got)
    if model.expands and "$" in value and _in_any_environment(reader, data, name) != value:
        return "replaces `$…` in it"
    return None


def _in_any_environment(reader: str, data: bytes, name: str) -> str | None:
    reading = READERS[reader].read(data, _Anything())
    return reading.get(name) if isinstance(reading, Mapping) else None


def _refers(data: bytes, name: str, to: set[str]) -> bool:
    """Return whether the text of `name` has a reference to one of `to`, directly or through other variables."""
    file = EnvFile(data)
    seen: set[str] = set()
    waiting = [name]
    while waiting:
        current = waiting.pop()
        found = file._last.get(current.encode())
        if current in seen or found is None:
            continue
        seen.add(current)
        text = data[found[3] : found[4]].decode(errors="replace")
        if "$" not in text:
            continue
        for other in (*file.names(), *to):
            if f"${other}" in text or f"${{{other}" in text:
                if other in to:
                    return True
                waiting.append(other)
    return False


def _difference(value: str, got: str | None) -> str:
    """Return in words, without any value, how `got` differs from `value`."""
    if got is None:
        return "does not see it"
    if got == value + "\r":
        return "keeps the carriage return that ends the line"
    if got == value.replace("$", "\\$"):
        return "keeps a backslash before each `$`"
    if got.strip("'\"") == value.strip("'\"") and got != value:
        return "keeps or drops quotes"
    if "$" in value and "$" not in got:
        return "replaces `$…` in it"
    if value.startswith(got):
        return "cuts it short"
    if got.replace("\\", "") == value.replace("\\", ""):
        return "changes its backslashes"
    return "reads another value"
