"""Keeping values: what a person answers, tried and saved, and where it rests: env file and vault in step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from onboard import entry, holdings
from onboard.checks.drift import template_marks
from onboard.entry import Form, Trial
from onboard.errors import NeedsPerson, OnboardError, VaultError
from onboard.looking import Looking
from onboard.model import Ask, Finding, Secret, Shape, Status, Step, Write
from onboard.paste import Pasted
from onboard.understanding import held


class Keeping(Looking):
    """The second part of a sitting: answering and saving. `Session` adds doing."""

    # answer

    def form(self, names: Sequence[str]) -> Form:
        """Return what an entry screen shows for these variables."""
        return entry.form(self.view(), names)

    def clean(self, name: str, text: str) -> Pasted:
        """Return typed or pasted text without what does not belong to the value. Pure; never raises."""
        return entry.cleaned(name, text)

    def fits(self, name: str, text: str) -> Shape:
        """Say what a value looks like, at each key press: pure, under a millisecond, sends nothing."""
        return entry.fits(self._variable(name), entry.cleaned(name, text).value.reveal())

    def generate(self, name: str) -> Secret:
        """Return a new random value for a variable that is made here."""
        return entry.generate(self._variable(name))

    async def attempt(self, values: Mapping[str, Secret], *, verify: bool = True) -> Trial:
        """Check values without saving: shape, then the service. Ends within 15 s."""
        if verify:
            self._require_trust()
        return await entry.attempt(self.view(), values, verify=verify)

    async def save(self, values: Mapping[str, Secret], trial: Trial | None = None) -> tuple[str, ...]:
        """Put values into the vault and the env file, in one commit. Returns warnings by name, for people.

        Raises EnvFileError (nothing was changed in the file) or NeedsPerson (a live key, no approval).
        """
        self._require_trust()
        view = self.view()
        trying = replace(view, values={**view.values, **values})
        for service in trying.services:
            key = service.provider.production(held(service, trying.held()))
            names = [name for name in values if service.keys.get(name) == key]
            if key and names:
                raise NeedsPerson(
                    f"{names[0]} is a live-mode key; it is not kept on a developer's machine", "enter a test key"
                )
        warnings = await self._holdings.put(values, values, self.variables, self._now())
        now = self._now()
        try:
            for name, value in values.items():
                self._choices.dated(name, "set", now, value)
                if trial is not None and trial.verified:
                    self._choices.dated(name, "verified", now, value)
            self._choices.put("folder", self.project.root)
        except OSError as error:
            warnings = (*warnings, f"when it was set could not be remembered: {error.strerror}")
        await self._read_vault()
        self.glance()
        return warnings

    async def unset(self, name: str) -> tuple[str, ...]:
        """Take a variable out of the env file and the vault. Returns warnings, for people."""
        self._require_trust()
        self._choices.forget(name)
        warnings = await self._holdings.put({name: None}, {}, self.variables, self._now())
        self.glance()
        return warnings

    async def settled(self, name: str) -> Finding | None:
        """Say whether a person's value works: OK, FAIL, or UNKNOWN; `None`: it is not there, or nothing is approved.

        What its service accepts is remembered, so that it is asked once for each value.
        """
        from onboard import waiting

        if not self.trusted:
            return None
        if self.view().unread(name):
            await self._read_vault()
        view = self.view()
        found = await waiting.settled(view, name)
        if found is not None and found.evidence.get("asked") and found.status is Status.OK:
            self._choices.dated(name, "verified", self._now(), view.values[name])
        return found

    def skip(self, step: Step) -> None:
        """Put an optional service or variable off; remembered for this project until `unskip`."""
        if isinstance(step, (Ask, Write)):
            providers = {v.provider for name in step.variables if (v := self._variable(name)) and v.provider}
            self._choices.skip(*step.variables, *(providers if len(step.variables) > 1 else ()))

    def unskip(self) -> None:
        """Ask again for what was put off."""
        self._choices.unskip()

    # the env file and the vault

    async def write_env(self, only: Sequence[str] = ()) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Make the env file from the template, its defaults and the vault. Returns the names written, and warnings."""
        self._require_trust()
        await self._read_vault()
        view = self.view()
        owed = {name: view.values[name] for name in view.held() if self._apart(name) and name not in view.apart}
        values = {n: value for n, value in (owed | holdings.owed(view)).items() if not only or n in only}
        warnings = await self._put(values)
        self._choices.saw_template(template_marks(self.view()))
        return tuple(values), warnings

    async def _put(self, values: Mapping[str, Secret]) -> tuple[str, ...]:
        """Write values that are no new ones; remember of what rests in the vault alone that it is there."""
        warnings = await self._holdings.put(values, {}, self.variables, self._now())
        for name, value in values.items():
            if self._apart(name) and not self._choices.is_same(name, value):
                self._choices.dated(name, "set", self._now(), value)
        await self._read_vault()
        return warnings

    async def place_secrets(self, *, in_file: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Move all secrets into the env file, or out of it into the vault alone, and remember that they stay there.

        Returns the names that moved, and warnings. Raises VaultError where there is no vault, OnboardError where file
        and vault hold different values: nothing is changed then.
        """
        self._require_trust()
        await self._read_vault()
        stored, view = self._stored, self.view()
        if stored is None or not (await self.machine.vault.backend()).usable:
            raise VaultError("there is no keyring that could be read; nothing was changed", "`onboard doctor` says why")
        if in_file:
            self._choices.put("without_secrets", False)
            values = {name: entry.value for name, entry in stored.items() if name in view.apart}
            return tuple(values), await self._put(values)
        held = {name: one.value for name, one in view.held().items() if view.is_secret(name)}
        other = [name for name, value in held.items() if name in stored and stored[name].value != value]
        if other:
            raise OnboardError(
                f"{', '.join(other)}: env file and keyring hold different values; nothing was changed",
                "`onboard set NAME` keeps a new one in both, `onboard env --write` takes the keyring's",
            )
        self._choices.put("without_secrets", True)
        for name, entry_ in stored.items():
            if self._choices.date(name, "set") is None:
                self._choices.dated(name, "set", entry_.set_at, entry_.value)
        return await self.write_env()

    def env_diff(self) -> tuple[tuple[str, str], ...]:
        """Return what `env --write` would change: (`+` or `~`, name) in the order of the template. Value-free."""
        view = self.view()
        return tuple(("~" if name in view.values else "+", name) for name in holdings.owed(view))

    async def env_changes(self) -> tuple[tuple[str, str], ...]:
        """Return `env_diff` with what the vault holds, where a person has approved reading it."""
        if self.trusted:
            await self._read_vault()
        return self.env_diff()

    async def undo(self) -> tuple[str, ...]:
        """Take the last write of the env file back. Returns the names that changed; empty: there was none."""
        self._require_trust()
        return await self._holdings.undo()

    def choose_file_only(self) -> None:
        """Remember that secrets rest in the env file alone, on a machine without a keyring."""
        self._require_trust()
        self._choices.put("file_only", True)

    def parse(self, data: bytes) -> dict[str, Secret]:
        """Return the values of an env file as the app's own reader reads them. Raises EnvFileError."""
        return holdings.parse(data, self.app.readers)

    def grouped(self, names: Iterable[str]) -> tuple[tuple[str, ...], ...]:
        """Return the names in groups that are checked together: those of one service, and each other one alone."""
        groups: dict[str, list[str]] = {}
        for name in names:
            variable = self._variable(name)
            groups.setdefault(variable.provider or f" {name}" if variable else f" {name}", []).append(name)
        return tuple(map(tuple, groups.values()))

    def fingerprint(self, value: Secret) -> str:
        """Return what tells two values apart on this machine and says nothing elsewhere."""
        return self._choices.fingerprint(value)
