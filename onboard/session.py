"""Session: one sitting at one project, and the only object that a front end talks to.

look → plan → do → look again. Front ends hold no logic of their own: what they show comes from here as values.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from onboard.model import Event, Finding, Secret, Shape, Step, Variable, Verdict
from onboard.plan import Owed, StageState

if TYPE_CHECKING:
    from onboard.machine import Machine
    from onboard.project import App, Project
    from onboard.project.trust import Approval


@dataclass(frozen=True, slots=True)
class Pasted:
    """A typed or pasted value after cleaning."""

    value: Secret
    removed: tuple[str, ...]
    """What was taken off, in words: `KEY=`, `quotes`, `a line end`, `Bearer`. Empty: nothing."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What was found out about values before they are saved."""

    findings: tuple[Finding, ...]
    """Shape, live verdict, mode and pair, in that order."""
    may_save: bool
    """Accepted, or nothing to ask: saving needs no further word."""
    may_insist: bool
    """Could not tell: the person may save it unverified. False with `may_save` false: it is refused."""
    identity: Mapping[str, str]
    """Whose it is, for "Acme Inc. · acct_1A… · test mode"."""


@dataclass(frozen=True, slots=True)
class Field:
    """What an entry form shows of one variable."""

    variable: Variable
    title: str
    """"Stripe secret key", or the variable's name where no provider knows it."""
    looks_like: str
    """How a right value starts or reads; empty: not known."""
    state: str
    """`ok missing placeholder malformed refused unverified`, as `list --json` says."""
    can_generate: bool
    default: str | None


@dataclass(frozen=True, slots=True)
class Form:
    """Everything an Ask step needs on one screen: the variables of one service."""

    title: str
    """"Stripe" or the variable's name."""
    purpose: str
    """What it is for, in a few words; empty: not known."""
    page: str | None
    """Where the values are to be had."""
    instructions: tuple[str, ...]
    """What to do on that page, for somebody without an account yet."""
    hosts: tuple[str, ...]
    """Where the values will be sent to be checked; empty: nowhere."""
    fields: tuple[Field, ...]
    optional: bool
    """The app runs without this service: skipping it costs a feature, nothing more."""
    limits: str
    """The free plan's limits; empty: not known."""


class Session:
    """One sitting. Made with `Session.open`; used by one front end at a time, in one event loop."""

    project: Project
    app: App
    machine: Machine
    findings: dict[str, Finding]
    """The latest finding of each id in this sitting."""

    @classmethod
    def open(cls, machine: Machine, path: Path | None = None) -> Session:
        """Read the repository at `path` (default: the current folder) and return a Session on its main app.

        Reads files only: nothing runs, is sent, read from the keyring, or written. Raises ProjectError.
        """
        raise NotImplementedError

    # trust

    @property
    def trusted(self) -> bool:
        """Whether a person has approved exactly these bytes on this machine."""
        raise NotImplementedError

    def approval(self) -> Approval:
        """Return what would be approved: commands, hosts with the variables that go there, files, keyring item."""
        raise NotImplementedError

    def approve(self, hash: str) -> None:
        """Remember the approval. Raises NeedsPerson where `hash` is not the hash of what is there now."""
        raise NotImplementedError

    # look and plan

    def look(self, *only: str, offline: bool = False) -> AsyncGenerator[Finding, None]:
        """Yield findings as they land and keep them in `findings`. Without approval only offline checks are made."""
        raise NotImplementedError

    def plan(self) -> tuple[Owed, ...]:
        """Return the steps still owed after the last look, in order."""
        raise NotImplementedError

    def stages(self) -> tuple[StageState, ...]:
        """Return how far each stage is after the last look."""
        raise NotImplementedError

    # answer

    def form(self, variables: Sequence[str]) -> Form:
        """Return what an entry screen shows for these variables."""
        raise NotImplementedError

    def clean(self, name: str, text: str) -> Pasted:
        """Return typed or pasted text without what does not belong to the value. Pure; never raises."""
        raise NotImplementedError

    def fits(self, name: str, text: str) -> Shape:
        """Say what a value looks like, at each key press: pure, under a millisecond, sends nothing."""
        raise NotImplementedError

    def generate(self, name: str) -> Secret:
        """Return a new random value for a variable that is made here."""
        raise NotImplementedError

    async def attempt(self, values: Mapping[str, Secret], *, verify: bool = True) -> Trial:
        """Check values without saving: shape, then the service. Ends within 15 s."""
        raise NotImplementedError

    async def save(self, values: Mapping[str, Secret], trial: Trial | None = None) -> tuple[str, ...]:
        """Put values into the vault and the env file, in one commit. Returns warnings by name, for people.

        Raises EnvFileError, VaultError (nothing was changed) or NeedsPerson (a live key, no approval).
        """
        raise NotImplementedError

    async def unset(self, name: str) -> None:
        """Take a variable out of the env file and the vault."""
        raise NotImplementedError

    def skip(self, step: Step) -> None:
        """Put an optional service or variable off; remembered for this project until `unskip`."""
        raise NotImplementedError

    def unskip(self) -> None:
        """Ask again for what was put off."""
        raise NotImplementedError

    # do

    def do(self, step: Step, *, confirmed: str = "") -> AsyncGenerator[Event, None]:
        """Do a Run or Write step and yield what happens, the last event being `done` or `failed`.

        `confirmed`: what the person typed where the step asked for it (a production branch's name).
        Leaving the generator ends the command and all its children.
        """
        raise NotImplementedError

    def listen(self) -> AsyncGenerator[Event, None]:
        """Run all listeners until the generator is left: `ready`, `secret`, `webhook`, `line` and `exit` events."""
        raise NotImplementedError

    def env_diff(self) -> tuple[tuple[str, str], ...]:
        """Return what `env --write` would change: (`+`, `-` or `~`, name) in the order of the file. Value-free."""
        raise NotImplementedError

    async def close(self) -> None:
        """End what still runs."""
        raise NotImplementedError


__all__ = ["Field", "Form", "Pasted", "Session", "Trial", "Verdict"]
