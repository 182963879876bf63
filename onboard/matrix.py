"""The drift board: each variable against each place where it could stand, one word a cell. Never a value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from onboard.checks import variables
from onboard.checks._base import View
from onboard.model import Finding, Need, Status, Variable

PLACES = ("template", "schema", "env_file", "vault", "shell")
"""On this machine, in the order of the board; remote places follow as `View.places` names them."""

_WORST = (Status.FAIL, Status.UNKNOWN, Status.WARN)


@dataclass(frozen=True, slots=True)
class Line:
    """One variable on the board."""

    name: str
    provider: str | None
    status: Status
    """The worst that was found about it; SKIPPED where it is not needed and not there."""
    finding: str | None
    """Id of that finding, which tells cause and step; `None`: nothing was looked at yet."""
    cells: Mapping[str, str]
    """By place: `required optional placeholder` (what is declared), `set same another missing malformed`, `wins` (the
    shell's beats the file's), `sensitive` (it is there and shown to nobody). Absent: it is not there, and need not be.
    """


@dataclass(frozen=True, slots=True)
class Matrix:
    """The whole board."""

    places: tuple[str, ...]
    """Those where anything stands."""
    lines: tuple[Line, ...]
    """What is wrong first, then in the order of the template."""


def matrix(view: View, findings: Iterable[Finding], remote: Mapping[str, Mapping[str, str]]) -> Matrix:
    """Return the board after a look. `remote`: what remote places held, as `View.places` has it."""
    about: dict[str, Finding] = {}
    for finding in findings:
        name = finding.variable
        if name is not None and (name not in about or _weight(finding) < _weight(about[name])):
            about[name] = finding
    declared = {variable.name: variable for variable in view.variables}
    names = [*declared, *(name for name in view.values if name not in declared)]
    lines = [_line(view, name, declared.get(name), about.get(name), remote) for name in names]
    lines.sort(key=lambda line: _WORST.index(line.status) if line.status in _WORST else len(_WORST))
    places = [place for place in (*PLACES, *remote) if any(place in line.cells for line in lines)]
    return Matrix(tuple(places), tuple(lines))


def _weight(finding: Finding) -> int:
    return _WORST.index(finding.status) if finding.status in _WORST else len(_WORST)


def _line(
    view: View, name: str, variable: Variable | None, finding: Finding | None, remote: Mapping[str, Mapping[str, str]]
) -> Line:
    cells = {
        "template": _template(view, variable),
        "schema": _schema(view, variable),
        "env_file": _file(view, name, variable),
        "vault": _vault(view, name),
        "shell": _shell(view, name),
        **{place: held.get(name, "") for place, held in remote.items()},
    }
    return Line(
        name,
        variable.provider if variable else None,
        finding.status if finding else Status.OK if name in view.values else Status.SKIPPED,
        finding.id if finding else None,
        {place: word for place, word in cells.items() if word},
    )


def _places(variable: Variable) -> list[str]:
    return [place.rpartition(":")[0] or place for place in variable.declared_in]


def _template(view: View, variable: Variable | None) -> str:
    if variable is None or view.app.template is None or view.app.template not in _places(variable):
        return ""
    if variable.placeholder:
        return "placeholder"
    return "optional" if variable.commented or variable.need is Need.OPTIONAL else "required"


def _schema(view: View, variable: Variable | None) -> str:
    if variable is None or view.app.env_schema_file is None or view.app.env_schema_file not in _places(variable):
        return ""
    return variable.need.value


def _file(view: View, name: str, variable: Variable | None) -> str:
    if variable is None:
        return "set"
    if name in view.farther:
        return ""
    found = variables.state(view, variable)
    if found == "missing" and variable.need is Need.OPTIONAL:
        return ""
    return "set" if found == "ok" else found


def _vault(view: View, name: str) -> str:
    entry = (view.stored or {}).get(name)
    if entry is None:
        return ""
    return "same" if view.values.get(name) == entry.value else "another"


def _shell(view: View, name: str) -> str:
    value = view.machine.env.get(name)
    if value is None:
        return ""
    here = view.values.get(name)
    return "set" if here is None else "same" if here.reveal() == value else "wins"
