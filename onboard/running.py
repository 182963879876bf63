"""Running: one child that is up, with what it prints, what it is told, and its end."""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import os
import signal
import socket
import threading
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import IO, Protocol, cast

from onboard.errors import ProcessError
from onboard.model import Secret

WAITING = 1 << 20
"""Bytes of output kept for a reader that is slower than the child; the child then waits."""
LONGEST = 1 << 16
"""Characters; a longer line comes in pieces."""
LATE = 1.0
"""Seconds that output may still come once everything is gone; only what escaped us could keep it open."""


@dataclass(frozen=True, slots=True)
class Output:
    """One line that a child printed, as it came: clean and redact it before it is shown."""

    source: str
    """`out`, `err`, or `tty` where the child has a terminal."""
    text: str
    """Without its line end."""
    whole: bool = True
    """False: no line end yet (a question, a prompt). The same line comes again when it has grown."""


class Guard(Protocol):
    """The started guard process, as `subprocess.Popen` has it."""

    stdin: IO[bytes] | None
    stdout: IO[bytes] | None
    stderr: IO[bytes] | None

    def wait(self) -> int:
        """Return its exit code when it has ended."""
        ...

    def poll(self) -> int | None:
        """Return its exit code; `None`: it is up."""
        ...


class Running:
    """A child that is up. Made by `Runner.start`; in one event loop."""

    def __init__(self, guard: Guard, lifeline: socket.socket, master: int | None = None) -> None:
        self.pid = 0
        """Also its process group's and its session's."""
        self._guard = guard
        self._lifeline = lifeline
        self._master = master
        """Our end of its terminal; `None`: it has none, or it is closed."""
        self._transports: list[asyncio.ReadTransport] = []
        self._input: asyncio.WriteTransport | None = None
        self._streams: list[asyncio.Future[None]] = []
        self._loose = [pipe for pipe in (guard.stdin, guard.stdout, guard.stderr) if pipe is not None]
        """Ours to close: no transport has them yet."""
        self._listening: asyncio.Task[int] | None = None
        self._chunks: deque[tuple[str, bytes]] = deque()
        self._size = 0
        self._news = asyncio.Event()
        self._stopping = False

    async def open(self, take: Callable[[str, bytes], None]) -> None:
        """Connect its streams to `take` and wait until the program has started. Raises ProcessError."""
        loop = asyncio.get_running_loop()
        started: asyncio.Future[int] = loop.create_future()
        self._listening = loop.create_task(self._listen(started))
        if self._master is not None:
            pipes: dict[str, IO[bytes]] = {"tty": os.fdopen(os.dup(self._master), "rb", 0)}
            self._loose.append(pipes["tty"])
        else:
            pipes = {"out": cast(IO[bytes], self._guard.stdout), "err": cast(IO[bytes], self._guard.stderr)}
        for source, pipe in pipes.items():
            self._loose.remove(pipe)
            ended: asyncio.Future[None] = loop.create_future()
            transport, _ = await loop.connect_read_pipe(partial(_Stream, partial(take, source), ended), pipe)
            ended.add_done_callback(lambda _: self._news.set())
            self._streams.append(ended)
            self._transports.append(transport)
        if self._guard.stdin is not None:
            self._loose.remove(self._guard.stdin)
            self._input, _ = await loop.connect_write_pipe(asyncio.Protocol, self._guard.stdin)
        self.pid = await started

    async def _listen(self, started: asyncio.Future[int]) -> int:
        """Hear from the guard until it is gone; return the child's exit code."""
        loop, heard, code, pid, failed = asyncio.get_running_loop(), b"", None, None, "the guard ended"
        with contextlib.suppress(ConnectionError):
            while words := await loop.sock_recv(self._lifeline, 256):
                *lines, heard = (heard + words).split(b"\n")
                for kind, number in (said.split() for said in lines):
                    if kind == b"pid":
                        pid = int(number)
                        if not started.done():
                            started.set_result(pid)
                    elif kind == b"error":
                        failed, code = os.strerror(int(number)), 127
                    else:
                        code = -int(number) if kind == b"signal" else int(number)
        own = self._guard.wait()  # it has closed the lifeline: it is ending
        if pid is None and not started.done():
            started.set_exception(ProcessError(f"the command could not be started: {failed}"))
        if pid is not None and code is None:  # the guard itself was killed
            with contextlib.suppress(OSError):
                os.killpg(pid, signal.SIGKILL)
        return own if code is None else code

    def keep(self, source: str, data: bytes) -> None:
        """Keep output for `chunks` and `lines`; the child waits where nobody reads."""
        if self._stopping and self._size > WAITING:
            return
        self._chunks.append((source, data))
        self._size += len(data)
        self._news.set()
        if self._size > WAITING and not self._stopping:
            for transport in self._transports:
                transport.pause_reading()

    async def chunks(self) -> AsyncGenerator[tuple[str, bytes], None]:
        """Yield what it prints, with its source, until all of it has ended. One reader at a time."""
        while (chunk := await self._next(None)) is not None:
            yield chunk

    async def lines(self, *, half: float | None = None) -> AsyncGenerator[Output, None]:
        """Yield the lines it prints until all of it has ended. One reader at a time.

        `half`: seconds of quiet after which an unended line is given too (a prompt); `None`: never.
        """
        open_lines: dict[str, str] = {}
        told: dict[str, str] = {}
        decoders: dict[str, codecs.IncrementalDecoder] = {}
        while True:
            waiting = half is not None and open_lines != told
            try:
                chunk = await self._next(half if waiting else None)
            except TimeoutError:
                for source, text in open_lines.items():
                    if text and told.get(source) != text:
                        yield Output(source, text.rstrip("\r"), whole=False)
                told = dict(open_lines)
                continue
            if chunk is None:
                break
            source, data = chunk
            decoder = decoders.setdefault(source, codecs.getincrementaldecoder("utf-8")("replace"))
            *whole, rest = (open_lines.get(source, "") + decoder.decode(data)).split("\n")
            for text in whole:
                for piece in _pieces(text.removesuffix("\r")):
                    yield Output(source, piece)
            *full, rest = _pieces(rest)
            for text in full:
                yield Output(source, text)
            open_lines[source] = rest
        for source, text in open_lines.items():
            if text:
                yield Output(source, text.removesuffix("\r"))

    async def _next(self, seconds: float | None) -> tuple[str, bytes] | None:
        while not self._chunks:
            if all(stream.done() for stream in self._streams):
                return None
            self._news.clear()
            await asyncio.wait_for(self._news.wait(), seconds)
        chunk = self._chunks.popleft()
        self._size -= len(chunk[1])
        if self._size <= WAITING // 2:
            self._read_on()
        return chunk

    def _read_on(self) -> None:
        for transport in self._transports:
            if not transport.is_closing():
                transport.resume_reading()

    def write(self, text: str | Secret) -> None:
        """Send text to its standard input or terminal; lost where it no longer reads."""
        data = (text.reveal() if isinstance(text, Secret) else text).encode("utf-8", "surrogateescape")
        if self._input is not None:
            self._input.write(data)
        elif self._master is not None:
            with contextlib.suppress(OSError):
                os.write(self._master, data)

    def end_input(self) -> None:
        """Close its standard input."""
        if self._input is not None:
            self._input.close()

    def resize(self, rows: int, columns: int) -> None:
        """Tell its terminal's new size; it gets SIGWINCH."""
        if self._master is not None:
            import termios

            with contextlib.suppress(OSError):
                termios.tcsetwinsize(self._master, (rows, columns))

    def send_signal(self, number: int) -> None:
        """Send a signal to its process group."""
        with contextlib.suppress(OSError):
            self._lifeline.send(bytes([number]))

    async def wait(self) -> int:
        """Return its exit code once it and all it started are gone; negative: the signal that ended it."""
        assert self._listening is not None  # noqa: S101 -- `Runner` has opened it
        return await asyncio.shield(self._listening)

    async def finished(self) -> int:
        """Return its exit code once it is gone and all it printed has come."""
        code = await self.wait()
        if self._streams:  # none: it was called off before it was open
            await asyncio.wait(self._streams, timeout=LATE)
        return code

    async def stop(self, first: signal.Signals = signal.SIGTERM) -> int:
        """End it: `first` to its group, KILL to all that is left 3 s later. Return its exit code; once or often."""
        self._stopping = True
        self.send_signal(0x80 | first)
        self._read_on()
        try:
            return await self.finished()
        finally:
            self._close()

    def _close(self) -> None:
        if self._lifeline.fileno() >= 0:
            if self._listening is not None and not self._listening.done():
                self._listening.cancel()
                asyncio.get_running_loop().remove_reader(self._lifeline)
            self._lifeline.close()  # the guard now ends whatever is left
        for transport in (*self._transports, *([self._input] if self._input else ())):
            transport.close()
        while self._loose:
            self._loose.pop().close()
        if self._master is not None:
            os.close(self._master)
            self._master = None
        if self._guard.poll() is None:
            threading.Thread(target=self._guard.wait, daemon=True).start()


class _Stream(asyncio.Protocol):
    def __init__(self, take: Callable[[bytes], None], ended: asyncio.Future[None]) -> None:
        self._ended = ended
        self._take = take

    def data_received(self, data: bytes) -> None:
        self._take(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._ended.done():
            self._ended.set_result(None)


def _pieces(text: str) -> Iterator[str]:
    yield text[:LONGEST]
    for start in range(LONGEST, len(text), LONGEST):
        yield text[start : start + LONGEST]
