"""The first day, typed into the terminal app like a person would, on real parts."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.e2e.test_wavepoint import problems
from tests.e2e.world import World
from tests.tui.terminal import Terminal

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

ENTER, TAB = "\r", "\t"


class Typist(Terminal):
    """Somebody at a terminal: types, pastes, waits for what is shown."""

    @property
    def step(self) -> str:
        """What is in the middle: without the activity below."""
        return self.text.split("─Activity")[0]

    def sees(self, *words: str) -> str:
        """Wait until the middle of the screen shows one of the words; return it."""
        self.until(lambda: any(word in self.step for word in words), 60)
        return next(word for word in words if word in self.step)

    def types(self, text: str) -> None:
        """Type, and let the app take it in before the next key: until it draws, and then draws no more."""
        before = len(self.raw)
        self.child.send(text)
        self.until(lambda: len(self.raw) > before)
        for _turn in range(30):
            known = len(self.raw)
            self.read(0.1)
            if len(self.raw) == known:
                break

    def pastes(self, text: str) -> None:
        """Paste, as a terminal tells it."""
        self.types(f"\x1b[200~{text}\x1b[201~")


@contextmanager
def typist(world: World, size: tuple[int, int]) -> Iterator[Typist]:
    """Start onboard for somebody at a terminal of that many columns and rows, under the oracle's eyes."""
    log = world.oracle.terminal(columns=size[0], rows=size[1])
    at = Typist(world.argv(), world.env, size, cwd=world.project, log=log)  # type: ignore[arg-type]
    try:
        yield at
    finally:
        at.child.close(force=True)
        log.close()


def enters(at: Typist, *values: str) -> None:
    """Fill the form in, check, and save."""
    at.until("⏎ Check")  # a field has the focus
    for number, value in enumerate(values):
        if number:
            at.types(TAB)
        at.pastes(value)
    at.types(ENTER)
    at.sees("Save")
    at.types(ENTER)


def test_the_first_day_is_typed_to_its_end_while_the_window_changes(world: World) -> None:
    with typist(world, (80, 24)) as at:
        at.sees("May onboard do this")
        at.types("y")

        done: list[str] = []
        while "All is well" not in done:
            shown = at.sees(*(step for step in STEPS if step not in done))
            done.append(shown)
            if shown == "Neon · ":
                enters(at, f'DATABASE_URL="{world.database_url}"\n')
            elif shown == "Stripe · ":
                at.resize(120, 40)
                enters(at, world.stripe.secret_key, world.stripe.publishable_key)
                at.resize(80, 24)
            elif shown != "All is well":
                at.types(ENTER)
        at.types("q")
        code, told = at.end(), at.text

    assert "All is well" in done
    assert code == 0, told
    assert problems(world) == {}
