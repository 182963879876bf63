"""What one sitting at the app knows beside the Session: what was put off, what was done, what happened."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from onboard import clean
from onboard.model import Ask, Finding, Secret, Status, Step
from onboard.plan import Owed
from onboard.tui import Demo, Outcome

if TYPE_CHECKING:
    from onboard.session import Session

_KEPT = 400
"""Lines of activity."""


@dataclass(frozen=True, slots=True)
class Note:
    """One line of activity."""

    at: str
    """`HH:MM`."""
    status: Status
    text: str
    """One cleaned line."""


@dataclass(slots=True)
class Sitting:
    """The Session, and what the person chose and did since the app was opened."""

    session: Session
    demo: Demo | None = None
    put_off: set[Step] = field(default_factory=set)
    """Left for later in this sitting; asked again in the next one."""
    done: list[str] = field(default_factory=list)
    """What was done, in words."""
    notes: deque[Note] = field(default_factory=lambda: deque(maxlen=_KEPT))
    looking: str = ""
    """What is being looked at, in words; empty: nothing."""
    landed: int = 0
    """Findings of the present look so far."""

    @property
    def name(self) -> str:
        """The project's name, as one line."""
        return clean.line(self.session.project.name, limit=80)

    @property
    def banner(self) -> str:
        """What must be said for as long as it is so; empty: nothing."""
        if self.demo is not None:
            return self.demo.banner
        return "stand-ins answer for the services" if self.session.machine.stand_ins else ""

    def demo_value(self, name: str) -> Secret | None:
        """Return the demo's value for a variable."""
        values: Mapping[str, Secret] = self.demo.values if self.demo else {}
        return values.get(name)

    def note(self, text: str, status: Status = Status.OK) -> None:
        """Add a line of activity."""
        self.notes.append(Note(f"{self.session.machine.now():%H:%M}", status, clean.line(text)))

    def did(self, text: str) -> None:
        """Add a line of activity that is told again at the end."""
        self.note(text)
        self.done.append(clean.line(text))

    def ahead(self) -> tuple[Owed, ...]:
        """Return the steps owed that were not put off, in order."""
        return tuple(owed for owed in self.session.plan() if owed.step not in self.put_off)

    def next(self) -> Owed | None:
        """Return the step to stop at; `None`: what is left can wait, so the board is shown."""
        return next((owed for owed in self.ahead() if _stops(owed)), None)

    def counts(self) -> tuple[int, int]:
        """Return (fine, all) over the stages."""
        stages = self.session.stages()
        return sum(stage.done for stage in stages), sum(stage.total for stage in stages)

    def outcome(self, *, signal: int | None = None, broke: str = "") -> Outcome:
        """Return how it ended. `signal`: what ended it; `broke`: the sentence where onboard itself failed."""
        if broke:
            return Outcome(1, (broke, "What was saved before is kept. Run onboard again to go on."))
        shown = [f"✓ {text}" for text in self.done[-20:]]
        if not self.session.trusted:
            shown.append("Not approved: nothing was run, sent, read from the keyring or written.")
            return Outcome(128 + signal if signal else 4, tuple(shown))
        owed = self.session.plan()
        for one in owed[:8]:
            tail = f"  ({clean.line(one.step.command)})" if one.step.command else ""
            shown.append(f"{_MARKS[one.finding.status]} {clean.line(one.step.text)}{tail}")
        if len(owed) > 8:
            shown.append(f"  and {len(owed) - 8} more")
        if owed:
            shown.append("Run onboard again to go on where you left; nothing is lost.")
        elif self.session.findings:
            shown.append("Nothing is owed.")
        if signal is not None:
            return Outcome(128 + signal, tuple(shown))
        states = {one.finding.status for one in owed}
        return Outcome(4 if Status.FAIL in states else 3 if Status.UNKNOWN in states else 0, tuple(shown))


def left_early(signal: int | None, broke: str) -> Outcome:
    """Return how an app ended that was left before the repository was read."""
    return Outcome(128 + signal if signal else 1 if broke else 4, (broke,) if broke else ())


_MARKS = {Status.FAIL: "✗", Status.UNKNOWN: "?", Status.WARN: "!"}


def _stops(owed: Owed) -> bool:
    """Whether the wizard stops here by itself: what fails or could not be told, and what was never entered."""
    finding: Finding = owed.finding
    return finding.status in (Status.FAIL, Status.UNKNOWN) or (
        isinstance(owed.step, Ask) and finding.id.startswith("variable.")
    )
