"""Code against what is declared: names that it reads and nothing declares, and names that nothing reads."""

from __future__ import annotations

from onboard.checks._base import Check, View
from onboard.model import Finding, Status, Tell
from onboard.project.values import CodeRead

_SHOWN = 8
"""Names told in one sentence; the detail has all."""
_ENOUGH = 3
"""Names of the repository's own that code must be seen to read before silence about another says anything."""


def checks(view: View) -> tuple[Check, ...]:
    """Return the checks of the template against the code; none where there is no template."""
    if view.app.template is None:
        return ()
    return (
        Check("code.undeclared", "Read but not declared", _undeclared),
        Check("code.unused", "Declared but not read", _unused),
    )


def _undeclared(view: View) -> Finding | None:
    """Tell what code reads without a way out, while it stands in no template and has no value here."""
    check = Check("code.undeclared", "Read but not declared", _undeclared)
    declared = {variable.name for variable in view.variables}
    missing = [read for read in view.app.undeclared if read.need != "optional" and read.name not in declared]
    lacking = [read for read in missing if read.name not in view.values and read.name not in view.machine.env]
    if not lacking:
        return None
    first = lacking[0]
    names = ", ".join(read.name for read in lacking[:_SHOWN]) + (", …" if len(lacking) > _SHOWN else "")
    return check.says(
        Status.WARN,
        f"code reads {names}, which {view.app.template} does not declare and {view.env_name} does not have",
        detail="\n".join(map(_where, lacking)),
        step=Tell(
            f"Declare {first.name} in {view.app.template}, and enter its value", command=f"onboard set {first.name}"
        ),
        variable=first.name,
        evidence={"names": ", ".join(read.name for read in lacking), "file": view.app.template},
    )


def _where(read: CodeRead) -> str:
    return f"{read.name}: {', '.join(read.places)}"


def _unused(view: View) -> Finding | None:
    """Tell what is declared and read nowhere. A library may read its own service's names: those are left out."""
    check = Check("code.unused", "Declared but not read", _unused)
    own = [v for v in view.variables if v.provider is None and v.declared_in and not v.commented]
    unused = [v for v in own if v.name in view.app.unused]
    if not unused or len(own) - len(unused) < max(_ENOUGH, len(unused)):
        return None
    first = unused[0]
    return check.says(
        Status.WARN,
        f"no code reads {', '.join(v.name for v in unused[:_SHOWN])}",
        detail="\n".join(f"{v.name}: {', '.join(v.declared_in)}" for v in unused),
        step=Tell(f"If nothing needs {first.name} any more, a maintainer takes it out of {view.app.template}"),
        variable=first.name,
        evidence={"names": ", ".join(v.name for v in unused), "file": view.app.template},
    )
