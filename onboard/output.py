"""What children print: without secrets, line by line, and the last of it kept in bounded memory."""

from __future__ import annotations

import codecs
from collections import deque
from collections.abc import AsyncGenerator, Callable

from onboard.clean import plain
from onboard.redact import Redactor
from onboard.running import LONGEST, Running


async def lines(running: Running, hide: Callable[[], Redactor]) -> AsyncGenerator[str, None]:
    """Yield what a child prints, clean and without secrets, until it has ended; empty lines are left out.

    What came in one piece is looked through in one go: a child that prints a lot is then not held up by us.
    `hide` is asked each time, since secrets may change while it runs.
    """
    rests: dict[str, str] = {}
    decoders: dict[str, codecs.IncrementalDecoder] = {}
    async for source, data in running.chunks():
        decoder = decoders.setdefault(source, codecs.getincrementaldecoder("utf-8")("replace"))
        *whole, rest = (rests.get(source, "") + decoder.decode(data)).split("\n")
        if len(rest) > LONGEST:
            whole, rest = [*whole, rest], ""
        rests[source] = rest
        for text in _shown(whole, hide()):
            yield text
    for text in _shown(list(rests.values()), hide()):
        yield text


def _shown(whole: list[str], hide: Redactor) -> list[str]:
    text = "\n".join(map(plain, whole))
    return [line for line in (hide.text(text) if text.strip() else "").split("\n") if line.strip()]


class Ring:
    """The last lines that were said, at most `limit` characters of them."""

    def __init__(self, limit: int = 256 << 10) -> None:
        self._limit = limit
        self._lines: deque[str] = deque()
        self._size = 0
        self.dropped = 0
        """Lines that were said before those that are kept."""

    def add(self, text: str) -> None:
        """Keep one line; the oldest make room."""
        text = text[: self._limit]
        self._lines.append(text)
        self._size += len(text) + 1
        while self._size > self._limit + 1:
            self._size -= len(self._lines.popleft()) + 1
            self.dropped += 1

    def search(self, text: str = "") -> tuple[str, ...]:
        """Return the lines that hold `text`, in whatever case; empty: all that are kept."""
        wanted = text.lower()
        return tuple(one for one in self._lines if wanted in one.lower())

    def last(self, count: int) -> tuple[str, ...]:
        """Return the last lines."""
        return tuple(self._lines)[-count:]
