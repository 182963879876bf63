"""Many changes to one env file at once, checked by reading the whole new text as every reader of the project does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from onboard.envfile import names, spelling
from onboard.envfile.document import EnvFile, Splice
from onboard.envfile.readers import READERS, CannotTell, Refuses, known, unpromised
from onboard.errors import EnvFileError
from onboard.model import Secret


@dataclass(frozen=True, slots=True)
class Written:
    """What became of the changes; nothing is on disk yet."""

    file: EnvFile
    changed: tuple[str, ...]
    """Names that the file now holds (or no longer holds) as asked and did not before."""
    warnings: tuple[str, ...] = ()
    """Sentences without values: which reader would read what."""
    refused: Mapping[str, str] = field(default_factory=dict)
    """Name to why it was not written."""


def write(
    file: EnvFile, changes: Mapping[str, Secret | None], readers: Sequence[str], *, order: Sequence[str] = ()
) -> Written:
    """Return `file` with each of `changes` spelled for `readers` (ids, the one that runs the app first).

    `None` removes a name. What cannot be written is refused by name and the rest goes on; `order` is the template's.
    Raises EnvFileError where the new text as a whole would not be read as meant.
    """
    strangers = unpromised(readers)
    readers = known(readers)
    new, warnings, refused, changed = file, [], {}, []
    wrong: dict[str, Mapping[str, str]] = {}
    at_end = False
    for name, secret in changes.items():
        try:
            step = _one(new, name, secret, readers, order, wrong, at_end=at_end)
        except EnvFileError as error:
            refused[name] = error.message
            continue
        if step is None:
            continue
        at_end = at_end or (name not in order and new.line_of(name) is None and secret is not None)
        new = step
        changed.append(name)
    for name, by in wrong.items():
        warnings += [f"{name}: {READERS[reader].title} {why}" for reader, why in by.items()]
    warnings += _limits(changes, changed)
    if changed:
        warnings += [f"onboard has no model of {title}: it could not tell what that reads back" for title in strangers]
    warnings += _verify(file, new, {name: changes[name] for name in changed}, readers, wrong)
    return Written(new, tuple(changed), tuple(dict.fromkeys(warnings)), refused)


def _one(
    file: EnvFile,
    name: str,
    secret: Secret | None,
    readers: Sequence[str],
    order: Sequence[str],
    wrong: dict[str, Mapping[str, str]],
    *,
    at_end: bool,
) -> EnvFile | None:
    """Return the file after one change; `None`: it already is so."""
    if secret is None:
        splices = file.splices_to_unset(name)
        without = file.apply(splices)
        for reader in readers:
            reading = READERS[reader].read(without.data)
            if isinstance(reading, Mapping) and name in reading:
                raise EnvFileError(f"{READERS[reader].title} would still read {name} from a line that others skip")
        return without if splices else None
    value = secret.reveal()
    if file.line_of(name) is not None and not names.refusal(name, value) and _read_by_all(file, name, value, readers):
        return None
    order = (*order, name) if at_end and name not in order else order
    spelled = spelling.spell(name, value, readers, file, order)
    new = file.set(name, spelled.text, order=order)
    if spelled.reads_wrong:
        wrong[name] = spelled.reads_wrong
    return None if new == file else new


def _read_by_all(file: EnvFile, name: str, value: str, readers: Sequence[str]) -> bool:
    for reader in readers:
        reading = READERS[reader].read(file.data)
        if isinstance(reading, Refuses | CannotTell) or reading.get(name) != value:
            return False
    return "$" not in value


def _limits(changes: Mapping[str, Secret | None], changed: Sequence[str]) -> list[str]:
    long = []
    for name in changed:
        secret = changes[name]
        if secret is not None and len(name) + 1 + len(secret.reveal().encode()) >= names.ARGUMENT_LIMIT:
            long.append(f"{name}: longer than 128 KiB, so Linux starts no child process that has it in its environment")
    return long


def _verify(
    old: EnvFile,
    new: EnvFile,
    changes: Mapping[str, Secret | None],
    readers: Sequence[str],
    wrong: Mapping[str, Mapping[str, str]],
) -> list[str]:
    """Read old and new text as each reader does; return warnings, raise EnvFileError on any surprise."""
    warnings: list[str] = []
    for reader in readers:
        title = READERS[reader].title
        before, after = READERS[reader].read(old.data), READERS[reader].read(new.data)
        if isinstance(after, Refuses | CannotTell):
            if isinstance(before, Mapping) and changes:
                raise EnvFileError(f"With these values {title} would not read the file: {after.reason}")
            if changes:
                what = "refuses" if isinstance(after, Refuses) else "could not be simulated on"
                where = f" at line {after.line}" if isinstance(after, Refuses) and after.line else ""
                warnings.append(f"{title} {what} this file{where}: {after.reason}")
            continue
        for name, secret in changes.items():
            meant = None if secret is None else secret.reveal()
            if after.get(name) != meant and reader not in wrong.get(name, {}):
                raise EnvFileError(f"{title} would not read {name} as it was given", "Nothing was written.")
        if not isinstance(before, Mapping):
            continue
        for name in {*before, *after} - changes.keys():
            if before.get(name) == after.get(name):
                continue
            if not spelling._refers(new.data, name, set(changes)):
                raise EnvFileError(f"{title} would read {name} differently, though it was not changed")
            warnings.append(f"{name} is made from a changed variable, so it changes with it for {title}")
    return warnings


def changes_between(old: EnvFile, new: EnvFile) -> list[Splice]:
    """Return the one splice, as short as can be, that makes `new` of `old`."""
    before, after = old.data, new.data
    if before == after:
        return []
    start = 0
    limit = min(len(before), len(after))
    while start < limit and before[start] == after[start]:
        start += 1
    stop = 0
    while stop < limit - start and before[-1 - stop] == after[-1 - stop]:
        stop += 1
    return [Splice(start, before[start : len(before) - stop], after[start : len(after) - stop])]
