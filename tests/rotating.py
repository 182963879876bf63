"""Changes of a credential that are broken off: `python -m tests.rotating` takes a job a line and forks for each.

Every durable step of onboard is a rename, and every question to a service begins with a connection or goes before the
next rename. So a fault before the n-th of them, for each n, is a fault after every step there is.
"""

from __future__ import annotations

import asyncio
import errno
import json
import os
import signal
import sys
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from onboard.errors import OnboardError
from onboard.machine import Machine
from onboard.model import Secret, Status
from onboard.rotation import Stage
from onboard.session import Session
from onboard.vault import StoreVault
from tests.vaults import AbsentStore

STEPS = ("os.rename", "socket.connect", "ctypes.dlsym")
DONE, SAID, BROKE = 0, 7, 8
"""How a job ends: to its end; with one of our errors; with another one."""


class FileStore:
    """A store in one file: each write is a rename, as in the real ones nothing is half-written."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def texts(self) -> dict[str, str]:
        found: dict[str, str] = json.loads(self.path.read_text()) if self.path.exists() else {}
        return found

    def state(self, until: float) -> tuple[str, int | None]:
        return "a file of the tests", None

    def get(self, user: str, until: float) -> str | None:
        return self.texts().get(user)

    def set(self, user: str, text: str, until: float) -> None:
        self._write(self.texts() | {user: text})

    def delete(self, user: str, until: float) -> bool:
        texts = self.texts()
        there = texts.pop(user, None) is not None
        self._write(texts)
        return there

    def close(self) -> None:
        return

    def _write(self, texts: Mapping[str, str]) -> None:
        new = self.path.with_suffix(".new")
        new.write_text(json.dumps(dict(texts)))
        os.replace(new, self.path)


def machine(folder: Path, *, absent: bool = False, terminal: bool = True) -> Machine:
    """Return the machine of a test's folder: its own home, vault and stand-ins."""
    endpoints = folder / "endpoints.json"
    made = Machine(
        env={"ONBOARD_ENDPOINTS": str(endpoints)} if endpoints.exists() else {},
        home=folder / "home",
        state=folder / "state",
        config=folder / "config",
        terminal=terminal,
        open_url=lambda url: True,
        now=lambda: datetime(2026, 11, 21, 12, tzinfo=UTC),
    )
    made._vault = StoreVault(AbsentStore() if absent else FileStore(folder / "vault.json"), folder / "state")
    return made


def opened(folder: Path, *, absent: bool = False, terminal: bool = True) -> Session:
    """Return an approved session on the test's project."""
    session = Session.open(machine(folder, absent=absent, terminal=terminal), folder / "project")
    session.approve(session.approval().hash)
    return session


async def change(session: Session, name: str, typed: str = "", *, end: bool = True, by_hand: bool = False) -> Status:
    """Change a credential as the command line does, or go on with one; return what was said of the old one."""
    try:
        rotator = session.rotate()
        (one,) = await rotator.changes(name)
        if one.stage is not Stage.SAVED:
            new = await rotator.begin(one)
            if new is None:
                new = dict.fromkeys(one.names, Secret(typed))
            await rotator.commit(one, new, await rotator.attempt(new))
        return (await rotator.end(one, by_hand=by_hand)).status if end else Status.UNKNOWN
    finally:
        await session.close()


async def undone(session: Session, name: str) -> tuple[str, ...]:
    """Take a change back."""
    try:
        return await session.rotate().undo(name)
    finally:
        await session.close()


def arm(job: Mapping[str, Any]) -> None:
    """Let the job's fault come before step n.

    `kill`: SIGKILL; `interrupt`: Ctrl-C; `fail`: that one step fails; `readonly`: from there on nothing can be written;
    `offline`: from there on no service can be reached. `refuse`: all renames onto a name fail.
    """
    seen = 0

    def hook(event: str, args: tuple[Any, ...]) -> None:
        nonlocal seen
        if event not in STEPS or (event == "ctypes.dlsym" and "rename" not in str(args[-1])):
            return
        seen += 1
        if job["kind"] == "kill" and seen == job["at"]:
            os.kill(os.getpid(), signal.SIGKILL)
        if job["kind"] == "interrupt" and seen == job["at"]:
            raise KeyboardInterrupt
        if job["kind"] == "readonly" and seen >= job["at"] and event != "socket.connect":
            raise OSError(errno.EROFS, "read-only")
        if job["kind"] == "offline" and seen >= job["at"] and event == "socket.connect":
            raise OSError(errno.ENETUNREACH, "network is unreachable")
        if job["kind"] == "fail" and seen == job["at"]:
            raise OSError(errno.EIO, "the outside failed")
        if job["kind"] == "refuse" and event == "os.rename" and job["onto"] in str(args[1]):
            raise OSError(errno.EROFS, "read-only")

    sys.addaudithook(hook)


def work(job: Mapping[str, Any]) -> int:
    """Do one job in a process of its own and return how it ended."""
    session = opened(Path(job["folder"]), absent=job.get("absent", False))
    arm(job)
    try:
        asyncio.run(change(session, job["name"], job.get("typed", ""), end=job.get("end", True)))
    except OnboardError as error:
        sys.stderr.write(f"{error.message}\n")
        return SAID
    except KeyboardInterrupt:
        return BROKE
    except OSError:
        if job.get("loud"):
            traceback.print_exc()
        return BROKE
    return DONE


def main() -> None:
    """Fork for each job; answer with the exit code, negative for a signal."""
    for text in sys.stdin:
        child = os.fork()
        if child == 0:
            code = 99
            try:
                code = work(json.loads(text))
            finally:
                sys.stderr.flush()
                os._exit(code)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
