"""Put changes into an env file on disk: merged with what others wrote meanwhile, whole or not at all, and undoable.

What an undo needs holds old values, so it is handed to the caller, who puts it into the vault; nothing of it is ever
written into the work tree.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from onboard.envfile import place
from onboard.envfile.document import EnvFile, Splice
from onboard.envfile.write import Written, changes_between, write
from onboard.errors import EnvFileError
from onboard.model import Secret

_TRIES = 5
"""Times that a save starts again because another program wrote the file meanwhile."""


class EditedElsewhere(EnvFileError):
    """Another program changed the very variables that we were to change, so a person has to choose."""

    def __init__(self, name: str, names: Sequence[str]) -> None:
        """`name` is the file's, `names` the variables'."""
        super().__init__(
            f"{name} was changed by another program meanwhile: {', '.join(names)}", "look at it, then try again"
        )
        self.names = tuple(names)


@dataclass(frozen=True, slots=True)
class Undo:
    """What takes one write back. Holds old values: it belongs into the vault, as `secret()`, and nowhere else."""

    names: tuple[str, ...]
    """The variables that the write changed."""
    created: bool
    """The write made the file."""
    _digest: str
    _splice: Splice | None
    _texts: Mapping[str, tuple[str | None, str]]
    """Name to its old text (`None`: it was not there) and the digest of the text that the write gave it."""

    def __repr__(self) -> str:
        return f"Undo(names={self.names})"

    def secret(self) -> Secret:
        """Return all of it as one text for the vault."""
        import base64
        import json

        splice = self._splice
        return Secret(
            json.dumps(
                {
                    "version": 1,
                    "names": self.names,
                    "created": self.created,
                    "digest": self._digest,
                    "splice": splice
                    and [splice.start, base64.b64encode(splice.old).decode(), base64.b64encode(splice.new).decode()],
                    "texts": self._texts,
                }
            )
        )

    @classmethod
    def from_secret(cls, secret: Secret) -> Undo:
        """Return the undo that `secret()` gave. Raises EnvFileError where it is none."""
        import base64
        import json

        try:
            read = json.loads(secret.reveal())
            splice = read["splice"]
            return cls(
                tuple(read["names"]),
                bool(read["created"]),
                str(read["digest"]),
                splice and Splice(int(splice[0]), base64.b64decode(splice[1]), base64.b64decode(splice[2])),
                {str(name): (old, str(new)) for name, (old, new) in read["texts"].items()},
            )
        except (ValueError, KeyError, TypeError):
            raise EnvFileError("what was kept for undo cannot be read") from None


@dataclass(frozen=True, slots=True)
class Saved:
    """What a save did."""

    written: Written
    notes: tuple[str, ...]
    """About the file itself: its mode, its lock. Warnings about values are in `written`."""
    undo: Undo | None
    """`None`: nothing was written."""


def load(path: Path, *, root: Path) -> EnvFile | None:
    """Return the env file at `path` within `root`; `None`: there is none. Raises EnvFileError, UnsafePlace."""
    with place.at(path, root) as there:
        found = there.read()
    return None if found is None else EnvFile.parse(found.data)


def save(
    path: Path,
    changes: Mapping[str, Secret | None],
    readers: Sequence[str],
    *,
    root: Path,
    base: EnvFile | None = None,
    order: Sequence[str] = (),
    start: bytes = b"",
    wait: float = 5.0,
) -> Saved:
    """Write `changes` (`None` removes a name) into the env file at `path`; one that is not there yet starts as `start`.

    `base` is the file as the caller read it: a name that another program gave another value since then raises
    EditedElsewhere; everything else that it wrote is kept. Raises EnvFileError, UnsafePlace, Busy; the file is then
    as it was.
    """
    with place.at(path, root) as there, there.locked(wait) as notes:
        there.sweep_now()
        first: place.Found | None = None
        late: bytes | None = None
        for attempt in range(_TRIES):
            found = there.read()
            first = found if attempt == 0 else first
            current = EnvFile.parse(late if late is not None else start if found is None else found.data)
            if base is not None:
                _same_since(base, current, changes, there.name)
            written = write(current, changes, readers, order=order)
            if found is not None and written.file == current and late is None:
                return Saved(written, tuple(notes), None)
            try:
                replaced = there.replace(written.file.data, found)
            except place.Changed:
                continue
            notes = [*notes, *replaced.notes]
            if replaced.late is None:
                return Saved(written, tuple(dict.fromkeys(notes)), _undo(first, current, written))
            late = replaced.late
        raise EnvFileError(f"{there.name} is being written by another program all the time", "try again in a while")


def take_back(path: Path, undo: Undo, *, root: Path, wait: float = 5.0) -> tuple[str, ...]:
    """Take a write back: byte for byte where the file is as it left it, else only its variables; return notes.

    Raises EditedElsewhere where one of them was changed since, and Changed, EnvFileError, UnsafePlace, Busy.
    """
    with place.at(path, root) as there, there.locked(wait) as notes:
        found = there.read()
        if found is None:
            raise EnvFileError(f"{there.name} is no longer there")
        if _digest(found.data) == undo._digest:
            if undo.created:
                there.delete()
                return tuple(notes)
            splice = undo._splice
            data = found.data
            if splice is not None:
                data = data[: splice.start] + splice.old + data[splice.start + len(splice.new) :]
        else:
            data = _names_back(EnvFile.parse(found.data), undo, there.name).data
        return (*notes, *there.replace(data, found).notes)


def _names_back(current: EnvFile, undo: Undo, name: str) -> EnvFile:
    changed = [each for each, (_, new) in undo._texts.items() if _digest_text(current, each) != new]
    if changed:
        raise EditedElsewhere(name, changed)
    for each, (old, _) in undo._texts.items():
        current = current.unset(each) if old is None else current.set(each, old)
    return current


def _same_since(base: EnvFile, current: EnvFile, changes: Mapping[str, Secret | None], name: str) -> None:
    if base == current:
        return
    wanted = {each: current.get(each) for each in changes}
    theirs = [each for each, now in wanted.items() if now != base.get(each) and now != changes[each]]
    if theirs:
        raise EditedElsewhere(name, theirs)


def _undo(found: place.Found | None, old: EnvFile, written: Written) -> Undo:
    new = written.file
    splices = changes_between(old, new)
    return Undo(
        written.changed,
        found is None,
        _digest(new.data),
        splices[0] if splices else None,
        {name: (old.text_of(name), _digest_text(new, name)) for name in written.changed},
    )


def _digest(data: bytes) -> str:
    import hashlib

    return hashlib.sha256(data).hexdigest()


def _digest_text(file: EnvFile, name: str) -> str:
    text = file.text_of(name)
    return "" if text is None else _digest(text.encode(errors="surrogateescape"))
