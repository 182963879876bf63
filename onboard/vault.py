"""Vault: where secrets rest between sittings, one item of the OS keyring a project.

The keyring is asked in a helper process, with a limit on time; it may be absent, locked or mute, and nothing else in
onboard depends on it.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import sys
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

from onboard import statefile
from onboard.model import Secret
from onboard.stores import SWITCHES, KeyringStore, MemoryStore, Store, Trouble, Unusable

__all__ = ["BackendState", "Entry", "KeyringVault", "MemoryStore", "StoreVault", "Trouble", "Unusable", "Vault"]

T = TypeVar("T")

SECONDS = 3.0
"""That one operation on the keyring may take, the start of the helper included. gh and the Stripe CLI have the same."""
LOCK_SECONDS = 5.0
"""That we wait for another onboard to finish its own operation."""
_PART = "onboard part "
"""How a part of a long item begins, so that it is not taken for the item of a project with an odd id."""
SILENCE = 10.0
"""For how long a keyring that did not answer is not asked again: each question would cost its three seconds."""
PATIENCE = 120.0
"""Seconds for a person to answer the keyring's own window."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One value at rest."""

    value: Secret
    set_at: str
    """ISO 8601 with zone."""
    verified_at: str | None = None
    """When its service last accepted it; `None`: never, or it has no service."""
    source: str = ""
    """How it came: `typed`, `generated`, `import .env`, …"""
    folder: str = ""
    """The repository folder in which it was entered."""


@dataclass(frozen=True, slots=True)
class BackendState:
    """Which store there is."""

    name: str
    """For people: `Secret Service`, `macOS Keychain`, …; `none`."""
    usable: bool
    reason: str
    """Why not; empty where it is usable."""
    ignored: tuple[str, ...] = ()
    """Environment variables that tried to choose another store and were not obeyed."""


class Vault(Protocol):
    """Where secrets rest. All raise VaultError; none blocks the event loop."""

    async def get(self, project: str) -> dict[str, Entry]:
        """Return what is kept for a project id, by variable name; empty: nothing."""
        ...

    async def update(
        self, project: str, changes: Mapping[str, Entry], removed: Collection[str] = ()
    ) -> dict[str, Entry]:
        """Put `changes`, take `removed` away, leave the rest; return what is now kept, as read back."""
        ...

    async def forget(self, project: str) -> bool:
        """Take all of a project away, whatever state it is in; `False`: there was nothing."""
        ...

    async def backend(self) -> BackendState:
        """Say which store there is. Raises where it could not be told (locked, mute)."""
        ...

    async def unlock(self) -> None:
        """Let the keyring ask the person for its password, for up to two minutes."""
        ...

    def close(self) -> None:
        """End what runs for it."""
        ...


class StoreVault:
    """A vault of JSON items in any store."""

    def __init__(self, store: Store, state: Path, ignored: tuple[str, ...] = ()) -> None:
        self._store = store
        self._state = state
        self._ignored = ignored
        self._silent_until = 0.0

    async def get(self, project: str) -> dict[str, Entry]:
        """Return what is kept for a project id, by variable name; empty: nothing."""
        return await self._asked(partial(self._get, project))

    async def update(
        self, project: str, changes: Mapping[str, Entry], removed: Collection[str] = ()
    ) -> dict[str, Entry]:
        """Put `changes`, take `removed` away, leave the rest; return what is now kept, as read back."""
        return await self._asked(partial(self._update, project, changes, removed))

    async def forget(self, project: str) -> bool:
        """Take all of a project away, whatever state it is in; `False`: there was nothing."""
        return await self._asked(partial(self._forget, project))

    async def backend(self) -> BackendState:
        """Say which store there is. Raises where it could not be told (locked, mute)."""
        try:
            name, _ = await self._asked(lambda: self._store.state(_until()))
        except Unusable as error:
            if error.trouble not in (Trouble.ABSENT, Trouble.REFUSED):
                raise
            return BackendState("none", False, error.message, self._ignored)
        return BackendState(name, True, "", self._ignored)

    async def unlock(self) -> None:
        """Let the keyring ask the person for its password, for up to two minutes."""
        await asyncio.to_thread(self._store.get, "unlock", time.monotonic() + PATIENCE)
        self._silent_until = 0.0

    def close(self) -> None:
        """End what runs for it."""
        self._store.close()

    async def _asked(self, question: Callable[[], T]) -> T:
        """Ask in a thread, but not a keyring that was mute a moment ago. Raises Unusable."""
        if time.monotonic() < self._silent_until:
            raise Unusable(Trouble.MUTE)
        try:
            return await asyncio.to_thread(question)
        except Unusable as error:
            if error.trouble is Trouble.MUTE:
                self._silent_until = time.monotonic() + SILENCE
            raise

    def _get(self, project: str) -> dict[str, Entry]:
        return _decode(self._read(project, _until()))

    def _update(self, project: str, changes: Mapping[str, Entry], removed: Collection[str]) -> dict[str, Entry]:
        with _locked(self._state):
            until = _until()
            entries = _decode(self._read(project, until))  # raises on what is not ours: it is never written over
            kept = {name: entry for name, entry in (entries | dict(changes)).items() if name not in removed}
            if kept:
                self._write(project, _encode(kept), until)
            else:
                self._delete(project, until)
            return kept

    def _forget(self, project: str) -> bool:
        with _locked(self._state):
            return self._delete(project, _until())

    def _read(self, project: str, until: float) -> str | None:
        for last in (False, True):
            text = self._store.get(project, until)
            head = _head(text)
            if head is None:
                return text
            parts = [self._store.get(_part(project, head["tag"], i), until) for i in range(head["parts"])]
            whole = "".join((part or "").removeprefix(_PART) for part in parts)
            if _sum(whole) == head["sum"]:
                return whole
            if last:
                raise Unusable(Trouble.HALF_WRITTEN)
        return None  # the loop has returned or raised

    def _write(self, project: str, text: str, until: float) -> None:
        """Put the item: parts first, under names of their own, then the one text that makes them valid."""
        _, limit = self._store.state(until)
        if limit is None or len(text) <= limit:
            self._put(project, text, until)
            if limit is not None:
                self._drop_parts(project, "ab", until)
            return
        old = _head(self._store.get(project, until))
        tag = "b" if old and old["tag"] == "a" else "a"
        size = limit - len(_PART)
        pieces = [_PART + text[i : i + size] for i in range(0, len(text), size)]
        for i, piece in enumerate(pieces):
            self._put(_part(project, tag, i), piece, until)
        self._put(project, json.dumps({"onboard": 1, "parts": len(pieces), "tag": tag, "sum": _sum(text)}), until)
        self._drop_parts(project, "a" if tag == "b" else "b", until)

    def _put(self, user: str, text: str, until: float) -> None:
        self._store.set(user, text, until)
        if self._store.get(user, until) != text:
            raise Unusable(Trouble.UNSAVED)

    def _delete(self, project: str, until: float) -> bool:
        there = self._store.delete(project, until)
        return self._drop_parts(project, "ab", until) or there

    def _drop_parts(self, project: str, tags: str, until: float) -> bool:
        there = False
        for tag in tags:
            i = 0
            while (self._store.get(_part(project, tag, i), until) or "").startswith(_PART):
                self._store.delete(_part(project, tag, i), until)
                there, i = True, i + 1
        return there


class KeyringVault(StoreVault):
    """The vault in the OS keyring."""

    def __init__(self, *, state: Path, env: Mapping[str, str], limit: int | None = None) -> None:
        """Take the state folder (the lock and the name of the store are there) and our environment.

        `limit`: the most characters an item may have, where it is less than the store takes.
        """
        ignored = tuple(sorted(name for name in env if name.startswith(SWITCHES)))
        super().__init__(KeyringStore(state, env, limit), state, ignored)


def _until() -> float:
    return time.monotonic() + SECONDS


def _encode(entries: Mapping[str, Entry]) -> str:
    values = {
        name: {
            "value": entry.value.reveal(),
            "set_at": entry.set_at,
            "verified_at": entry.verified_at,
            "source": entry.source,
            "folder": entry.folder,
        }
        for name, entry in entries.items()
    }
    return json.dumps({"onboard": 1, "values": values})


def _decode(text: str | None) -> dict[str, Entry]:
    """Return the entries of an item. Raises Unusable on anything that we did not write whole."""
    if text is None:
        return {}
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise Unusable(Trouble.CORRUPT if text.startswith('{"onboard"') else Trouble.FOREIGN) from None
    if not isinstance(found, dict) or found.get("onboard") != 1:
        raise Unusable(Trouble.FOREIGN)
    try:
        return {
            name: Entry(Secret(_text(v["value"])), _text(v["set_at"]), v["verified_at"], v["source"], v["folder"])
            for name, v in found["values"].items()
        }
    except (KeyError, TypeError, AttributeError):
        raise Unusable(Trouble.CORRUPT) from None


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _head(text: str | None) -> dict[str, Any] | None:
    """Return what an item in parts says of them; `None`: it is none."""
    if text is None or not text.startswith('{"onboard": 1, "parts"'):
        return None
    try:
        head = json.loads(text)
        fits = head["onboard"] == 1 and 0 < head["parts"] < 10_000 and head["tag"] in ("a", "b")
    except (ValueError, KeyError, TypeError):
        fits = False
    if not fits:
        raise Unusable(Trouble.CORRUPT)
    return {"parts": int(head["parts"]), "tag": str(head["tag"]), "sum": head.get("sum")}


def _part(project: str, tag: str, number: int) -> str:
    return f"{project}#{tag}{number}"


def _sum(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@contextlib.contextmanager
def _locked(state: Path) -> Iterator[None]:
    """Hold off other onboards. Where the file system has no locks we go on: each write is read back.

    Who waits for the lock holds the queue, so that one that writes again and again cannot keep the others out.
    """
    until = time.monotonic() + LOCK_SECONDS
    queue = _taken(state / "vault.queue", until)
    try:
        lock = _taken(state / "vault.lock", until)
    finally:
        _let_go(queue)
    try:
        yield
    finally:
        _let_go(lock)


def _taken(path: Path, until: float) -> int | None:
    """Return the handle that holds a lock; `None`: there are no locks here. Raises Unusable where others keep it."""
    if sys.platform == "win32":
        return None
    import fcntl

    try:
        statefile.folder(path.parent)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError:
        return None
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return handle
        except BlockingIOError:
            if time.monotonic() > until:
                os.close(handle)
                raise Unusable(Trouble.BUSY) from None
            time.sleep(0.01)
        except OSError:
            return handle


def _let_go(handle: int | None) -> None:
    if handle is not None:
        os.close(handle)
