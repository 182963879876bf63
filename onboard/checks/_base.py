"""Check: one thing that can be looked at, and what it may look at."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from onboard.model import Finding, Kind, Secret, Status, Step, Variable, Verdict
from onboard.project.samples import reference
from onboard.providers._base import Held
from onboard.understanding import Service, services

if TYPE_CHECKING:
    from onboard.choices import Choices
    from onboard.envfile.document import EnvFile
    from onboard.machine import Machine
    from onboard.project import App, Project
    from onboard.vault import Entry


@dataclass
class View:
    """What the checks of one look may see. Made once a look; values are in it only as Secrets."""

    project: Project
    app: App
    variables: tuple[Variable, ...]
    """Of the app, with providers recognised and shapes applied."""
    machine: Machine
    env_path: Path
    """Where the env file is or would be."""
    env: EnvFile | None
    """The env file as it is; `None`: there is none yet."""
    values: Mapping[str, Secret]
    """What the app would read: the env file through its main reader. Without the shell's variables."""
    nearer: Mapping[str, str] = field(default_factory=dict)
    """Names that another env file sets too and that win over this one in the reader's own order, with that file."""
    farther: Mapping[str, tuple[str, Secret]] = field(default_factory=dict)
    """What the env file has no value for and the app reads from another one after it: that file, and the value."""
    beside: Mapping[str, Mapping[str, Secret]] = field(default_factory=dict)
    """The env files of the repository's other apps, by path relative to its root, as their own readers read them."""
    stored: Mapping[str, Entry] | None = None
    """What the vault holds; `None`: not read (not approved yet, offline, or no keyring)."""
    choices: Choices | None = None
    """What was decided and seen before; `None`: nothing is remembered."""
    skipped: frozenset[str] = frozenset()
    """Ids of the providers that the person has put off, and names of variables."""
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    """What services said in this look, by finding id (`live.stripe`)."""
    places: dict[str, Mapping[str, str]] = field(default_factory=dict)
    """What the remote places hold, as far as this look could list them: `vercel.development`, `vercel.preview`,
    `vercel.production`, `github` → name → `same` as in the env file here, `another`, `set` (not compared), or
    `sensitive` (nobody can read it back). A name that is not in it is missing there."""

    apart: frozenset[str] = frozenset()
    """Names in `values` that rest in the vault alone, as the person chose: `onboard run` hands them over."""

    @cached_property
    def services(self) -> tuple[Service, ...]:
        """The services behind the variables, by their values where those prove it."""
        return services(self.variables, self.values)

    @property
    def env_name(self) -> str:
        """The env file, relative to the project's root."""
        return self.env_path.relative_to(self.project.root).as_posix()

    def held(self) -> dict[str, Held]:
        """Return the values that are there and are not placeholders, by variable name."""
        return {
            name: Held(name, value)
            for name, value in self.values.items()
            if value
            and not reference(value.reveal())
            and not ((v := self.variable(name)) and v.placeholder and v.sample == value.reveal())
        }

    def read(self) -> dict[str, Held]:
        """Return what is held, and what the app reads from the files after the env file."""
        return {name: Held(name, value) for name, (_, value) in self.farther.items()} | self.held()

    def variable(self, name: str) -> Variable | None:
        """Return the variable of that name; `None` where the project does not declare it."""
        return next((v for v in self.variables if v.name == name), None)

    def is_secret(self, name: str) -> bool:
        """Whether its value is masked and rests in the vault: what nobody declares counts as a secret."""
        variable = self.variable(name)
        return variable is None or variable.kind is Kind.SECRET

    def unread(self, name: str) -> bool:
        """Whether a value rests in the vault alone, as the person chose, and the vault was not read."""
        chosen = self.choices is not None and self.choices.without_secrets and self.stored is None
        return chosen and self.is_secret(name) and self.choices is not None and bool(self.choices.date(name, "set"))


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that can be looked at: one finding, or none where there is nothing to say."""

    id: str
    title: str
    look: Callable[[View], Finding | Awaitable[Finding | None] | None]
    needs: tuple[str, ...] = ()
    """Ids of checks that must not have failed, else this one is skipped with that reason."""
    after: tuple[str, ...] = ()
    """Ids of checks that are waited for, whatever they say."""
    unless: tuple[str, ...] = ()
    """Ids whose FAIL or WARN already tells the cause: then this check says nothing."""
    outside: bool = False
    """It asks the network, the keyring or a child process: approval is needed, and `--offline` skips it."""
    seconds: float = 15.0

    def says(
        self,
        status: Status,
        summary: str,
        *,
        detail: str = "",
        step: Step | None = None,
        variable: str | None = None,
        provider: str | None = None,
        evidence: Mapping[str, str | int | bool | None] | None = None,
    ) -> Finding:
        """Return a finding of this check."""
        return Finding(self.id, self.title, status, summary, detail, variable, provider, evidence or {}, step)
