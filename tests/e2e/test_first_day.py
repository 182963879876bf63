"""The first day, typed into the terminal app like a person would, on real parts."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pexpect
import pyte
import pytest

from tests.e2e.test_wavepoint import problems
from tests.e2e.world import World
from tests.parts.postgres import PostgresServer

STEPS = (
    "Install the dependencies",
    "Neon · ",
    "Make a random AUTH_SECRET",
    "Stripe · ",
    "Get the signing secrets",
    "Make .env.local",
    "Push the schema",
    "All is well",
)
"""What the middle of the screen says at each step of WavePoint."""

ENTER, ESCAPE, TAB, CTRL_Z = "\r", "\x1b", "\t", "\x1a"


class Typist:
    """Somebody at a terminal: sees the screen, types, waits for what is shown."""

    def __init__(self, world: World, rows: int, columns: int) -> None:
        argv = world.argv()
        self._log = world.oracle.terminal(columns=columns, rows=rows)
        self.child = pexpect.spawn(
            argv[0],
            argv[1:],
            cwd=str(world.project),
            env=world.env | {"TERM": "xterm-256color", "COLORTERM": "truecolor"},
            dimensions=(rows, columns),
            timeout=60,
        )
        self.child.logfile_read = self._log
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)

    @property
    def text(self) -> str:
        return "\n".join(self._screen.display)

    @property
    def step(self) -> str:
        """What is in the middle: without the activity below."""
        return self.text.split("─Activity")[0]

    def read(self, seconds: float = 0.2) -> None:
        with suppress(pexpect.TIMEOUT):
            self._stream.feed(self.child.read_nonblocking(65536, seconds))

    def sees(self, *words: str, seconds: float = 60) -> str:
        """Wait until the screen shows one of the words; return it."""
        until = time.monotonic() + seconds
        while True:
            for word in words:
                if word in self.step:
                    return word
            if time.monotonic() > until:
                raise AssertionError(f"none of {words} on the screen:\n{self.text}")
            try:
                self.read()
            except pexpect.EOF:
                raise AssertionError(f"the app ended before it showed {words}:\n{self.text}") from None

    def types(self, text: str) -> None:
        """Type, and let the app take it in before the next key."""
        self.child.send(text)
        with suppress(pexpect.EOF):
            for _ in range(3):
                self.read()

    def pastes(self, text: str) -> None:
        """Paste, as a terminal tells it."""
        self.types(f"\x1b[200~{text}\x1b[201~")

    def resizes(self, rows: int, columns: int) -> None:
        self.child.setwinsize(rows, columns)
        self._screen.resize(rows, columns)
        self.read()

    def leaves(self) -> None:
        """Wait for the end of the program."""
        while self.child.isalive():
            try:
                self.read()
            except pexpect.EOF:
                break
        self.child.wait()
        self._log.flush()


@contextmanager
def typist(world: World, size: tuple[int, int]) -> Iterator[Typist]:
    at = Typist(world, *size)
    try:
        yield at
    finally:
        at.child.close(force=True)


def enters(at: Typist, *values: str) -> None:
    """Fill the form in, check, and save."""
    for number, value in enumerate(values):
        if number:
            at.types(TAB)
        at.pastes(value)
    at.types(ENTER)
    at.sees("Save")
    at.types(ENTER)


@pytest.mark.parametrize("size", [(24, 80), (40, 120)])
def test_the_first_day_is_typed_to_its_end(world: World, postgres: PostgresServer, size: tuple[int, int]) -> None:
    with typist(world, size) as at:
        at.sees("May onboard do this")
        at.types("y")

        done: list[str] = []
        while "All is well" not in done:
            shown = at.sees(*(step for step in STEPS if step not in done))
            done.append(shown)
            if shown == "Neon · ":
                enters(at, f'DATABASE_URL="{world.database_url}"\n')
            elif shown == "Stripe · ":
                at.resizes(size[0] + 6, size[1] + 20)
                enters(at, world.stripe.secret_key, world.stripe.publishable_key)
                at.resizes(*size)
            elif shown != "All is well":
                at.types(ENTER)
        at.types("q")
        at.leaves()
        told = at.text

    assert "All is well" in done
    assert at.child.exitstatus == 0, told
    assert problems(world) == {}
