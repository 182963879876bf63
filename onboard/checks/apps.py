"""One service, two apps of the repository: do their env files hold the same key?"""

from __future__ import annotations

from functools import partial

from onboard.checks._base import Check, View
from onboard.model import Finding, Kind, Secret, Status, Tell

_OWN_EACH = frozenset({"authsecret", "sentry", "uploadthing"})
"""Services of which each app may well have its own."""


def checks(view: View) -> tuple[Check, ...]:
    """Return one check for each secret of a service that another app's env file holds too."""
    return tuple(
        Check(f"apps.{name}", name, partial(_look, name=name)) for name in view.values if _elsewhere(view, name)
    )


def _elsewhere(view: View, name: str) -> dict[str, Secret]:
    """Return the other env files that hold `name`, with their value."""
    variable = view.variable(name)
    if variable is None or variable.kind is not Kind.SECRET or variable.provider in (None, *_OWN_EACH):
        return {}
    return {file: values[name] for file, values in view.beside.items() if values.get(name) and name in view.held()}


def _look(view: View, name: str) -> Finding | None:
    check = Check(f"apps.{name}", name, partial(_look, name=name))
    sample = v.sample if (v := view.variable(name)) else ""
    others = [
        file
        for file, value in _elsewhere(view, name).items()
        if value != view.values[name] and value.reveal() != sample
    ]
    if not others:
        return None
    folder = others[0].rpartition("/")[0]
    return check.says(
        Status.WARN,
        f"{' and '.join(others)} has another {name} than {view.env_path.name} of {view.app.dir}",
        step=Tell(f"Enter the same {name} for both apps", command=f"onboard set {name} --path {folder}"),
        variable=name,
        evidence={"file": others[0]},
    )
