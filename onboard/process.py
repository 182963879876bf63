"""Commands, supervised: bounded output, a bounded time, an environment by choice, and no child that outlives us.

The one door to `subprocess`. Each child runs under `_guard.py`, which ends it and all that it started when we ask for
it or when we are gone. On Linux nothing escapes that; elsewhere a descendant that makes a session of its own does.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import NoReturn

from onboard.clean import line
from onboard.errors import ProcessError
from onboard.model import Secret
from onboard.running import Output, Running
from onboard.which import Found, environment, find

__all__ = ["Done", "Found", "Output", "Runner", "Running", "Talk", "find", "harden", "on_death"]

GUARD = Path(__file__).with_name("_guard.py")


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended."""

    code: int
    """Its exit code; negative: the signal that ended it."""
    out: str
    """The end of what it printed, as it came: clean and redact it before it is shown."""
    err: str
    timed_out: bool = False
    cut: int = 0
    """Bytes that were printed before those kept in `out` and `err`."""


class Runner:
    """How commands are run on this machine."""

    def __init__(self, env: Mapping[str, str], root: Path | None = None) -> None:
        """Take our own environment, of which children get little, and the repository, of which nothing is run."""
        self._env = env
        self._root = root

    def find(self, tool: str, *, root: Path | None = None) -> Found:
        """Return where `tool` is, never inside the repository."""
        return find(tool, path=self._env.get("PATH", os.defpath), root=root or self._root)

    async def run(
        self,
        argv: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str | Secret] | None = None,
        stdin: Secret | str | None = None,
        timeout: float = 60,
        limit: int = 1 << 20,
    ) -> Done:
        """Run a command to its end and return what it printed, at most `limit` bytes a stream (the last ones).

        After `timeout` seconds, or when cancelled: TERM to all of it, KILL 3 s later. `argv[0]` is absolute (`find`).
        Raises ProcessError where it cannot be started.
        """
        kept = {"out": _Tail(limit), "err": _Tail(limit)}
        running = Running(*self._spawn(argv, env, cwd, piped=stdin is not None))
        timed_out = False
        try:
            await running.open(lambda source, data: kept[source].add(data))
            if stdin is not None:
                running.write(stdin)
                running.end_input()
            async with asyncio.timeout(timeout):
                await running.finished()
        except TimeoutError:
            timed_out = True
        finally:
            code = await running.stop()
        return Done(
            code, kept["out"].text(), kept["err"].text(), timed_out, sum(tail.dropped for tail in kept.values())
        )

    def run_now(
        self,
        argv: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str | Secret] | None = None,
        stdin: Secret | str | None = None,
        timeout: float = 60,
        limit: int = 1 << 20,
    ) -> Done:
        """`run` for callers without an event loop."""
        return asyncio.run(self.run(argv, cwd=cwd, env=env, stdin=stdin, timeout=timeout, limit=limit))

    async def start(
        self,
        argv: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str | Secret] | None = None,
        piped: bool = False,
        terminal: tuple[int, int] | None = None,
    ) -> Running:
        """Start a long-lived child; `await stop()` it in the end. Raises ProcessError where it cannot be started.

        `piped`: it reads what we `write`. `terminal`: it gets a terminal of its own, of that many rows and columns.
        """
        if terminal is None:
            running = Running(*self._spawn(argv, env, cwd, piped=piped))
        else:
            import termios

            master, slave = os.openpty()
            try:
                termios.tcsetwinsize(slave, terminal)
                running = Running(*self._spawn(argv, env, cwd, slave=slave), master)
            except BaseException:
                os.close(master)
                raise
            finally:
                os.close(slave)
        try:
            await running.open(running.keep)
        except BaseException:
            await running.stop()
            raise
        return running

    def become(self, argv: Sequence[str], *, cwd: Path, env: Mapping[str, str | Secret] | None = None) -> NoReturn:
        """Turn into the command: it keeps our terminal, gets our signals, and its exit code is ours."""
        made = self._environment(env, cwd)
        try:
            os.chdir(cwd)
            os.execve(argv[0], list(argv), made)  # noqa: S606 -- no shell is what we want
        except (OSError, ValueError) as error:
            raise _unstartable(argv, error) from None

    def talk(self, argv: Sequence[str], *, cwd: Path, env: Mapping[str, str | Secret] | None = None) -> Talk:
        """Start a helper that answers one line with another. Raises ProcessError where it cannot be started."""
        return Talk(*self._spawn(argv, env, cwd, piped=True, quiet=True))

    def _spawn(
        self,
        argv: Sequence[str],
        env: Mapping[str, str | Secret] | None,
        cwd: Path,
        *,
        piped: bool = False,
        quiet: bool = False,
        slave: int | None = None,
    ) -> tuple[subprocess.Popen[bytes], socket.socket]:
        """Start the guard, and under it the command; return the guard and our end of the lifeline."""
        ours, theirs = socket.socketpair()
        output = subprocess.PIPE if slave is None else slave
        place = "session" if slave is None else "terminal"
        try:
            if not os.path.isabs(argv[0]):
                raise ValueError("a command is named by its whole path")
            guard = subprocess.Popen(
                [sys.executable, "-I", "-S", str(GUARD), str(theirs.fileno()), place, *argv],
                env=self._environment(env, cwd),
                cwd=cwd,
                stdin=slave if slave is not None else subprocess.PIPE if piped else subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.DEVNULL if quiet else output,
                bufsize=0,
                start_new_session=True,
                pass_fds=(theirs.fileno(),),
            )
        except (OSError, ValueError) as error:
            ours.close()
            raise _unstartable(argv, error) from None
        finally:
            theirs.close()
        ours.setblocking(False)
        return guard, ours

    def _environment(self, added: Mapping[str, str | Secret] | None, cwd: Path) -> dict[str, str]:
        own = [folder for folder in (cwd, self._root) if folder is not None and not self._is_above_home(folder)]
        return environment(self._env, added or {}, *own)

    def _is_above_home(self, folder: Path) -> bool:
        """Whether it is no repository: what lies in the user's home is the user's."""
        home = self._env.get("HOME")
        return folder == Path(folder.anchor) or (home is not None and Path(home).is_relative_to(folder))


class Talk:
    """A helper that answers one line with another, each within a time. For one thread at a time, without a loop."""

    def __init__(self, guard: subprocess.Popen[bytes], lifeline: socket.socket) -> None:
        assert guard.stdin is not None  # noqa: S101 -- `Runner.talk` pipes both
        assert guard.stdout is not None  # noqa: S101
        self._guard = guard
        self._lifeline = lifeline
        self._to, self._from = guard.stdin, guard.stdout
        os.set_blocking(self._to.fileno(), False)
        os.set_blocking(self._from.fileno(), False)
        self._heard = b""

    def ask(self, question: bytes, until: float) -> bytes:
        """Send a line and return the answer, both without their line end.

        `until`: as `time.monotonic`. Raises TimeoutError, and ProcessError where it has ended; then `close` it.
        """
        left = memoryview(question + b"\n")
        while b"\n" not in self._heard:
            seconds = until - time.monotonic()
            if seconds <= 0:
                raise TimeoutError
            able = select.select([self._from], [self._to] if left else [], [], seconds)
            try:
                if able[1]:
                    left = left[os.write(self._to.fileno(), left[:65536]) :]
                if able[0]:
                    data = os.read(self._from.fileno(), 1 << 20)
                    if not data:
                        raise BrokenPipeError
                    self._heard += data
            except BlockingIOError:
                continue
            except OSError:
                raise ProcessError("the helper ended before it had answered") from None
        answer, _, self._heard = self._heard.partition(b"\n")
        return answer

    def close(self) -> None:
        """End the helper at once."""
        with contextlib.suppress(OSError):
            self._lifeline.send(bytes([signal.SIGKILL]))
        self._lifeline.close()
        self._to.close()
        self._from.close()
        threading.Thread(target=self._guard.wait, daemon=True).start()


class _Tail:
    """The last bytes of a stream."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept: deque[bytes] = deque()
        self._size = 0
        self.dropped = 0

    def add(self, data: bytes) -> None:
        self._kept.append(data)
        self._size += len(data)
        while self._size > self._limit:
            first = self._kept.popleft()
            excess = min(len(first), self._size - self._limit)
            if excess < len(first):
                self._kept.appendleft(first[excess:])
            self._size -= excess
            self.dropped += excess

    def text(self) -> str:
        return b"".join(self._kept).decode("utf-8", "replace")


def harden() -> None:
    """Leave no core file and no way for others of this user to read our memory, where the OS has that."""
    import resource

    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # children inherit it
    if sys.platform == "linux":
        import ctypes

        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)  # PR_SET_DUMPABLE; what we execute becomes dumpable again


def on_death(act: Callable[[int], None]) -> Callable[[], None]:
    """Call `act` with the signal's number on TERM, HUP, QUIT and INT; return what puts back the old handlers.

    For the main thread. `act` restores the terminal and leaves with 128 + number; children end by their guards.
    """

    def handler(number: int, frame: FrameType | None) -> None:
        act(number)

    numbers = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGINT)
    before = {number: signal.signal(number, handler) for number in numbers}

    def undo() -> None:
        for number, old in before.items():
            signal.signal(number, old)

    return undo


def _unstartable(argv: Sequence[str], error: Exception) -> ProcessError:
    name = line(os.path.basename(argv[0])) if argv else "a command"
    reason = (
        os.strerror(error.errno) if isinstance(error, OSError) and error.errno else "its arguments cannot be passed"
    )
    return ProcessError(f"{name} could not be started: {reason}")
