"""Claim: one onboard at a time at one thing. The lock ends with its holder, however that dies."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

from onboard import statefile
from onboard.clean import line

try:
    import fcntl
except ImportError:  # Windows: nothing is locked there, and two onboards do not see each other
    fcntl = None  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class Held:
    """Who holds a claim."""

    pid: int | None
    """`None`: its note could not be read."""
    since: str
    what: str
    """The command that took it, as a person knows it."""

    def __str__(self) -> str:
        who = f"process {self.pid}" if self.pid else "another process"
        return f"{self.what or 'another onboard'} ({who}{f', since {self.since}' if self.since else ''})"


class Claim:
    """A lock file in the state folder, `thing` by `thing`. The note in it is for people; the lock alone counts."""

    def __init__(self, state: Path, thing: str) -> None:
        """Take what is claimed, as any text that is the same in every onboard that could claim it."""
        self._path = state / "claims" / f"{hashlib.sha256(thing.encode()).hexdigest()[:32]}.lock"
        self._handle: int | None = None

    def take(self, what: str, since: str) -> Held | None:
        """Take it; return who has it already, `None` once it is ours. Raises OSError where nothing can be written."""
        if self._handle is not None:
            return None
        statefile.folder(self._path.parent)
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
        try:
            if fcntl is not None:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            try:
                return _note(os.pread(handle, 4096, 0))
            finally:
                os.close(handle)
        except BaseException:
            os.close(handle)
            raise
        os.ftruncate(handle, 0)
        os.write(handle, json.dumps({"pid": os.getpid(), "since": since, "what": what}).encode())
        self._handle = handle
        return None

    def release(self) -> None:
        """Give it back; the file stays, since whoever waits has it open."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


def _note(data: bytes) -> Held:
    try:
        found = json.loads(data)
        return Held(int(found["pid"]), line(str(found["since"]), limit=40), line(str(found["what"]), limit=60))
    except (ValueError, KeyError, TypeError, RecursionError):
        return Held(None, "", "")
