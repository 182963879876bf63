"""Many changes to one env file at once, checked by reading the whole new text as every reader of the project does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from onboard.envfile import names, spelling
from onboard.envfile.document import EnvFile, Splice
from onboard.envfile.readers import READERS, CannotTell, Reading, Refuses, known, unpromised
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
    before = {reader: READERS[reader].read(file.data) for reader in readers}
    try:
        draft = _draft(file, changes, before, order, whole=False)
        warnings = _verify(before, draft, changes)
    except EnvFileError:  # together the statements read otherwise than alone: try each one in the whole text
        draft = _draft(file, changes, before, order, whole=True)
        warnings = _verify(before, draft, changes)
    told = [f"{name}: {READERS[reader].title} {why}" for name, by in draft.wrong.items() for reader, why in by.items()]
    told += _limits(changes, draft.changed) + warnings
    if draft.changed:
        told += [f"onboard has no model of {id}: it could not tell what that reads back" for id in strangers]
    return Written(draft.file, tuple(draft.changed), tuple(dict.fromkeys(told)), draft.refused)


class _Draft:
    """The changes made one after the other, not yet read as a whole."""

    def __init__(self, file: EnvFile) -> None:
        self.file = file
        self.changed: list[str] = []
        self.refused: dict[str, str] = {}
        self.wrong: dict[str, Mapping[str, str]] = {}
        """Name to what readers other than the first will make of it."""

    def with_step(self, name: str, file: EnvFile) -> _Draft:
        """Return the draft as it would be after one more change."""
        after = _Draft(file)
        after.changed = [*self.changed, name]
        after.wrong = self.wrong
        return after


def _draft(
    file: EnvFile,
    changes: Mapping[str, Secret | None],
    before: Mapping[str, Reading],
    order: Sequence[str],
    *,
    whole: bool,
) -> _Draft:
    draft = _Draft(file)
    at_end: tuple[str, ...] = ()
    for name, secret in changes.items():
        new_here = secret is not None and name not in order and draft.file.line_of(name) is None
        places = (*order, *at_end, name) if new_here and at_end else order
        try:
            if secret is None:
                step = _without(draft.file, name, tuple(before))
            else:
                step = _with(draft, name, secret.reveal(), before, places, whole=whole)
            if step == draft.file:
                continue
            if whole:
                _verify(before, draft.with_step(name, step), changes)
        except EnvFileError as error:
            draft.wrong.pop(name, None)
            draft.refused[name] = error.message
            continue
        draft.file = step
        draft.changed.append(name)
        at_end = (*at_end, name) if new_here else at_end
    return draft


def _without(file: EnvFile, name: str, readers: Sequence[str]) -> EnvFile:
    without = file.unset(name)
    for reader in readers:
        reading = READERS[reader].read(without.data)
        if isinstance(reading, Mapping) and name in reading:
            raise EnvFileError(f"{READERS[reader].title} would still read {name} from a line that others skip")
    return without


def _with(
    draft: _Draft, name: str, value: str, before: Mapping[str, Reading], order: Sequence[str], *, whole: bool
) -> EnvFile:
    is_there = "$" not in value and not names.refusal(name, value)
    if is_there and all(isinstance(old, Mapping) and old.get(name) == value for old in before.values()):
        return draft.file
    spelled = spelling.spell(name, value, tuple(before), draft.file, order, whole=whole)
    if spelled.reads_wrong:
        draft.wrong[name] = spelled.reads_wrong
    return draft.file.set(name, spelled.text, order=order)


def _limits(changes: Mapping[str, Secret | None], changed: Sequence[str]) -> list[str]:
    long = []
    for name in changed:
        secret = changes[name]
        if secret is not None and len(name) + 1 + len(secret.reveal().encode()) >= names.ARGUMENT_LIMIT:
            long.append(f"{name}: longer than 128 KiB, so Linux starts no child process that has it in its environment")
    return long


def _verify(before: Mapping[str, Reading], draft: _Draft, asked: Mapping[str, Secret | None]) -> list[str]:
    """Read the new text as each reader does; return warnings, raise EnvFileError on any surprise."""
    warnings: list[str] = []
    changes = {name: asked[name] for name in draft.changed}
    for reader, old in before.items():
        title = READERS[reader].title
        new = READERS[reader].read(draft.file.data)
        if isinstance(new, Refuses | CannotTell):
            if isinstance(old, Mapping) and changes:
                raise EnvFileError(f"with these values {title} would not read the file: {new.reason}")
            if changes:
                what = f"{title} refuses" if isinstance(new, Refuses) else f"onboard cannot foresee how {title} reads"
                where = f" at line {new.line}" if isinstance(new, Refuses) and new.line else ""
                warnings.append(f"{what} this file{where}: {new.reason}")
            continue
        for name, secret in changes.items():
            meant = None if secret is None else secret.reveal()
            if new.get(name) != meant and reader not in draft.wrong.get(name, {}):
                raise EnvFileError(f"{title} would not read {name} as it was given", "nothing was written")
        if not isinstance(old, Mapping):
            continue
        for name in {*old, *new} - changes.keys():
            if old.get(name) == new.get(name):
                continue
            if not spelling._refers(draft.file.data, name, set(changes)):
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
