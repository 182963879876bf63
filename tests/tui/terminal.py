"""A real terminal with a program in it: a PTY, what came through it, and what a person would see."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import pexpect
import pyte

ROOT = Path(__file__).parents[2]

LEFT_ON = ("\x1b[?1049l", "\x1b[?1000l", "\x1b[?1003l", "\x1b[?2004l", "\x1b[?25h", "\x1b[?1004l", "\x1b[<u")
"""What must come last, so that a shell finds its terminal as it was."""

USUAL = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}


class Terminal:
    """A program in a PTY."""

    def __init__(
        self,
        argv: Sequence[str],
        env: Mapping[str, str],
        size: tuple[int, int] = (80, 24),
        *,
        cwd: Path = ROOT,
        log: BinaryIO | None = None,
    ) -> None:
        """Start `argv`; `size` is columns and rows, `log` takes all that comes."""
        self.raw = b""
        self.gone = False
        columns, rows = size
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._fed = 0
        self.child = pexpect.spawn(
            argv[0],
            list(argv[1:]),
            dimensions=(rows, columns),
            cwd=str(cwd),
            env={
                "PATH": os.environ["PATH"],
                "TERM": "xterm-256color",
                "COLORTERM": "truecolor",
                "LANG": "C.UTF-8",
                **env,
            },
            timeout=20,
        )
        self.child.logfile_read = log
        self.child.delaybeforesend = None  # else a twentieth of a second before each key, and twice that at the end
        self.child.ptyproc.delayafterclose = 0  # type: ignore[attr-defined]  # where its time at the end is kept

    @property
    def pid(self) -> int:
        """The program's."""
        assert self.child.pid is not None
        return self.child.pid

    def hang_up(self) -> None:
        """Close the terminal under the program."""
        os.close(self.child.child_fd)
        self.gone = True

    def read(self, seconds: float = 0.05) -> bool:
        """Take what came; `False`: it was the end."""
        try:
            came: str | bytes = self.child.read_nonblocking(65536, timeout=seconds)
            assert isinstance(came, bytes)
            self.raw += came
        except pexpect.TIMEOUT:
            return True
        except (pexpect.EOF, OSError):
            return False
        return True

    @property
    def text(self) -> str:
        """What a person sees."""
        new = self.raw[self._fed :].replace(b"\x1b[<u", b"").replace(b"\x1b[>25u", b"")  # unknown to the emulator
        self._stream.feed(new)
        self._fed = len(self.raw)
        return "\n".join(self._screen.display)

    def until(self, so: str | Callable[[], bool], seconds: float = 20) -> str:
        """Read until a word is seen, or something is so; return the screen."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            alive = self.read()
            if (so in self.text) if isinstance(so, str) else so():
                return self.text
            if not alive:
                break
        raise AssertionError(f"not so: {so}\n{self.text}")

    def end(self, seconds: float = 20) -> int:
        """Read to the end; return the exit code, 128+n where signal n ended it."""
        end = time.monotonic() + seconds
        while self.read(0.2) and time.monotonic() < end:
            pass
        while self.child.isalive() and time.monotonic() < end:
            time.sleep(0.005)  # it has closed its terminal, and is about to end
        self.child.close(force=False)
        code, signal = self.child.exitstatus, self.child.signalstatus
        assert code is not None or signal is not None, "it did not end"
        return code if code is not None else 128 + (signal or 0)

    def resize(self, columns: int, rows: int) -> None:
        """Give it another size."""
        self.child.setwinsize(rows, columns)
        self._screen.resize(rows, columns)


@contextmanager
def terminal(scene: str, env: Mapping[str, str] | None = None, size: tuple[int, int] = (80, 24)) -> Iterator[Terminal]:
    """Start a scene's program; whatever happens, it is gone afterwards."""
    started = Terminal([sys.executable, "-m", "tests.tui.program", scene], env or {}, size)
    try:
        yield started
    finally:
        if not started.gone:
            started.child.close(force=True)
