"""Each variable with its state, where its value lives, which source wins, and its age. Never a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from onboard import holdings
from onboard.checks import variables
from onboard.checks._base import View
from onboard.envfile.order import order
from onboard.model import Finding, Secret, Status, Variable
from onboard.project.files import Tree


@dataclass(frozen=True, slots=True)
class Row:
    """One variable as `list` shows it."""

    name: str
    app: str
    provider: str | None
    kind: str
    need: str
    state: str
    """`ok missing placeholder malformed refused unverified`."""
    sources: tuple[str, ...]
    """Where a value is: `env_file`, `vault`, `shell`, or another env file's name."""
    wins: str | None
    """The source that the app reads; `None`: there is none."""
    set_at: str | None
    verified_at: str | None
    fingerprint: str | None
    """Keyed to this machine; `None`: there is no value."""


def rows(view: View, findings: Mapping[str, Finding]) -> tuple[Row, ...]:
    """Return every declared variable, then those that only the env file knows."""
    declared = {variable.name for variable in view.variables}
    extra = [name for name in view.values if name not in declared]
    return (*(_row(view, v, findings) for v in view.variables), *(_unknown(view, name) for name in extra))


def _row(view: View, variable: Variable, findings: Mapping[str, Finding]) -> Row:
    name = variable.name
    sources = _sources(view, name)
    value = view.values.get(name)
    same = bool(value and view.choices and view.choices.is_same(name, value))
    stored = (view.stored or {}).get(name)
    verified = view.choices.date(name, "verified") if same and view.choices else None
    set_at = view.choices.date(name, "set") if same and view.choices else None
    state = variables.state(view, variable)
    if state == "ok" and variable.provider is not None and value:
        live = [f for f in findings.values() if f.variable == name and f.id.startswith("live.")]
        if any(f.status is Status.FAIL for f in live):
            state = "refused"
        elif verified is None and _can_be_asked(view, variable):
            state = "unverified"
    return Row(
        name,
        view.app.dir,
        variable.provider,
        variable.kind.value,
        variable.need.value,
        state,
        sources,
        _wins(view, name, sources),
        set_at or (stored.set_at if stored and stored.value == value else None),
        verified,
        view.choices.fingerprint(value) if value and view.choices else None,
    )


def _can_be_asked(view: View, variable: Variable) -> bool:
    """Whether a service can say if this value works."""
    for service in view.services:
        if service.provider.id == variable.provider:
            key = service.keys.get(variable.name)
            return any(
                key in credential.needs and not credential.offline for credential in service.provider.credentials
            )
    return False


def _unknown(view: View, name: str) -> Row:
    sources = _sources(view, name)
    value = view.values[name]
    mark = view.choices.fingerprint(value) if value and view.choices else None
    return Row(
        name, view.app.dir, None, "secret", "optional", "ok", sources, _wins(view, name, sources), None, None, mark
    )


def _sources(view: View, name: str) -> tuple[str, ...]:
    return (
        *(("shell",) if view.machine.env.get(name) is not None else ()),
        *((view.nearer[name],) if name in view.nearer else ()),
        *(("env_file",) if name in view.values and name not in view.apart else ()),
        *((view.farther[name][0],) if name in view.farther else ()),
        *(("vault",) if view.stored and name in view.stored else ()),
    )


def _wins(view: View, name: str, sources: tuple[str, ...]) -> str | None:
    """The real environment beats all files, a nearer file this one; the vault is read by no app, but by `run`."""
    if name in view.apart:
        return "vault"
    return next((source for source in sources if source != "vault"), None)


@dataclass(frozen=True, slots=True)
class Reading:
    """Which source one reader takes a variable from, and why."""

    reader: str
    order: tuple[str, ...]
    """Files that it reads, the one that wins first; the real environment comes before them all."""
    wins: str | None
    """`shell` or a file's name; `None`: it finds no value."""
    why: str


def readings(view: View, name: str) -> tuple[Reading, ...]:
    """Return what each of the app's readers finds for a variable, the one that runs the app first."""
    return tuple(_reading(view, name, reader) for reader in view.app.readers)


def _reading(view: View, name: str, reader: str) -> Reading:
    files = order(reader, view.env_path.name)
    if name in view.machine.env:
        return Reading(reader, files, "shell", "the real environment beats every env file")
    there = [file for file in files if name in _values(view, file, reader)]
    if not there:
        return Reading(reader, files, None, "no file that it reads has it")
    others = f"; {', '.join(there[1:])} {'has' if len(there) == 2 else 'have'} it too" if there[1:] else ""
    return Reading(reader, files, there[0], f"the first of its files that has it{others}")


def _values(view: View, file: str, reader: str) -> Mapping[str, Secret]:
    if file == view.env_path.name:
        return view.values
    data = Tree(view.env_path.parent).data(file, matters=False)
    return holdings.parse(data, (reader,)) if data is not None else {}
