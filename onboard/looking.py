"""Looking: what one sitting sees of a project, with the gate before anything outside is touched."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Self

from onboard import approval as approvals
from onboard import checks as all_checks
from onboard import doctor, holdings, listing
from onboard import plan as planning
from onboard.checks._base import View
from onboard.checks.drift import template_marks
from onboard.choices import Choices
from onboard.errors import NeedsPerson
from onboard.model import Finding, Kind, Status, Tell, Variable
from onboard.plan import Owed, StageState
from onboard.project import App, Project, understand
from onboard.project.trust import Approval, Gate
from onboard.understanding import variables

if TYPE_CHECKING:
    from onboard.machine import Machine
    from onboard.matrix import Matrix
    from onboard.vault import Entry

_NOT_YET = "not approved yet: nothing of this repository was run, asked, or read from the keyring"


class Looking:
    """The first half of a sitting: approval, looking and planning. `Session` adds answering and doing."""

    def __init__(self, machine: Machine, project: Project) -> None:
        """Take a project as it was read; `open` is the usual way."""
        self.machine = machine
        self.project = project
        self.variables = variables(project.app)
        self.findings: dict[str, Finding] = {}
        """The latest finding of each id in this sitting."""
        self.places: dict[str, Mapping[str, str]] = {}
        """What remote places held at the last look that asked them; see `View.places`. Value-free."""
        self.expected = 0
        """Checks of the present look: an end of it can be seen coming. Some say nothing."""
        self._gate = Gate(machine.state)
        self._choices = Choices(machine.state, project.id)
        self._stored: Mapping[str, Entry] | None = None
        self._holdings = holdings.Holdings(machine, project)
        self._holdings.apart = self._apart

    @classmethod
    def open(cls, machine: Machine, path: Path | None = None) -> Self:
        """Read the repository at `path` (default: the current folder) and return a sitting on its main app.

        Reads files only: nothing runs, is sent, read from the keyring, or written. Raises ProjectError.
        """
        return cls(machine, understand(Path.cwd() if path is None else path))

    @property
    def app(self) -> App:
        """The app that this sitting is about."""
        return self.project.app

    @property
    def env_path(self) -> Path:
        """Where the app's env file is or would be."""
        return self._holdings.path

    @property
    def env_name(self) -> str:
        """The env file, relative to the project's root."""
        return self.env_path.relative_to(self.project.root).as_posix()

    # trust

    @property
    def trusted(self) -> bool:
        """Whether a person has approved exactly these bytes on this machine."""
        return self._gate.approved(self.approval())

    def approval(self) -> Approval:
        """Return what would be approved: commands, hosts with the variables that go there, files, keyring item."""
        env_file = self.env_name
        return approvals.ask(self._gate, self.project, self.variables, env_file, self._choices)

    def approve(self, hash: str) -> None:
        """Remember the approval. Raises NeedsPerson where `hash` is not the hash of what is there now."""
        approval = self.approval()
        if hash != approval.hash:
            raise NeedsPerson(
                "this is not the hash of what is here now; nothing was approved", "run `onboard trust --show`"
            )
        self._gate.approve(approval, self._now())

    def revoke(self) -> bool:
        """Take the approval of this folder back; `False`: there was none."""
        return self._gate.revoke(self.project.root)

    def _require_trust(self) -> None:
        if not self.trusted:
            raise NeedsPerson(
                "this repository is not approved yet", "run `onboard trust` in a terminal, and read what it shows"
            )

    # look and plan

    def view(self) -> View:
        """Return what checks may see now: the env file as it is on disk."""
        trusted = self.trusted
        return holdings.view(
            self.machine,
            self.project,
            self.variables,
            self._holdings,
            choices=self._choices if trusted else None,
            skipped=self._choices.skipped,
            stored=self._stored if trusted else None,
        )

    async def look(self, *only: str, offline: bool = False) -> AsyncGenerator[Finding, None]:
        """Yield findings as they land and keep them in `findings`. Without approval only offline checks are made."""
        trusted = self.trusted
        if not only:
            self.findings.clear()
            self.places.clear()
        if not only or "trust" in only or "trust.project" in only:
            self.findings["trust.project"] = gate = self._trust_finding(trusted)
            yield gate
        if trusted:
            self._holdings.sweep()
        if trusted and not offline:
            await self._read_vault()
        view = self.view()
        chosen = doctor.selected(all_checks.everything(view), only)
        self.expected = len(chosen)
        reason = "not looked at: --offline" if trusted else _NOT_YET
        async for finding in doctor.look(view, chosen, allowed=trusted and not offline, reason=reason):
            self.findings[finding.id] = finding
            self.places |= view.places
            yield finding
        if trusted:
            self._remember(view)

    def glance(self) -> None:
        """Bring the findings that files alone can tell up to date; takes milliseconds and goes nowhere."""
        view = self.view()
        checks = [check for check in all_checks.everything(view) if not check.outside]
        for check in checks:
            self.findings.pop(check.id, None)
        self.findings |= {finding.id: finding for finding in all_checks.look_offline(view, checks)}

    def _trust_finding(self, trusted: bool) -> Finding:
        if trusted:
            return Finding("trust.project", "Approval", Status.OK, "approved: exactly these bytes, in this folder")
        step = Tell("Read what this repository would do, and approve it", command="onboard trust")
        return Finding("trust.project", "Approval", Status.UNKNOWN, _NOT_YET, step=step)

    def _remember(self, view: View) -> None:
        """Keep when credentials were last accepted, and the template where it is new or nothing of it is owed."""
        for id, verdict in view.verdicts.items():
            finding = self.findings.get(id)
            name = finding.variable if finding else None
            if verdict.status is Status.OK and name is not None and name in view.values:
                self._choices.dated(name, "verified", self._now(), view.values[name])
        changed = self.findings.get("template.changed")
        if view.app.template is not None and (self._choices.template is None or _is_ok(changed)):
            self._choices.saw_template(template_marks(view))

    async def _read_vault(self) -> None:
        self._stored = await self._holdings.stored()

    def touched(self, owed: Owed) -> tuple[str, ...]:
        """Return the ids to look at again after a step: its own, its service's, and those that waited for something."""
        provider = owed.finding.provider
        own = list(owed.findings)
        if provider is not None:
            own += [f"{family}.{provider}" for family in ("live", "pair", "mode")]
        waited = [f.id for f in self.findings.values() if f.status is Status.SKIPPED]
        return tuple(dict.fromkeys(own + waited))

    def plan(self) -> tuple[Owed, ...]:
        """Return the steps still owed after the last look, in order."""
        return planning.plan(self.findings.values())

    def stages(self) -> tuple[StageState, ...]:
        """Return how far each stage is after the last look."""
        return planning.stages(self.findings.values())

    def rows(self) -> tuple[listing.Row, ...]:
        """Return each variable with its state, places and age."""
        return listing.rows(self.view(), self.findings)

    def matrix(self) -> Matrix:
        """Return the drift board: each variable against each place where it could stand, after the last look."""
        from onboard.matrix import matrix

        return matrix(self.view(), self.findings.values(), self.places)

    def readings(self, name: str) -> tuple[listing.Reading, ...]:
        """Return which source each of the app's readers takes a variable from, and why."""
        return listing.readings(self.view(), name)

    @property
    def skipped(self) -> frozenset[str]:
        """Ids of providers and names of variables that the person has put off for good."""
        return self._choices.skipped

    async def listed(self) -> tuple[listing.Row, ...]:
        """Return `rows` with what the vault holds, where a person has approved reading it."""
        if self.trusted:
            await self._read_vault()
        return self.rows()

    def _apart(self, name: str) -> bool:
        """Whether the value of `name` rests in the vault alone, as the person chose."""
        variable = self._variable(name)
        return self._choices.without_secrets and (variable is None or variable.kind is Kind.SECRET)

    def _variable(self, name: str) -> Variable | None:
        return next((variable for variable in self.variables if variable.name == name), None)

    def _now(self) -> str:
        return self.machine.now().isoformat(timespec="seconds")


def _is_ok(finding: Finding | None) -> bool:
    return finding is not None and finding.status is Status.OK
