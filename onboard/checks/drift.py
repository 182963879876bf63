"""What changed since: the shell against the file, other env files, the template, names that nobody declares."""

from __future__ import annotations

import difflib
from functools import partial

from onboard.checks._base import Check, View
from onboard.model import Finding, Need, Status, Tell, Write


def checks(view: View) -> tuple[Check, ...]:
    """Return the checks that compare the env file with what surrounds it."""
    shadowing = [name for name in view.values if view.machine.env.get(name) is not None]
    return (
        *(Check(f"shadow.{name}", name, partial(_shadow, name=name)) for name in shadowing),
        *(
            Check(f"shadow.{name}", name, partial(_other_file, name=name))
            for name in view.nearer
            if name not in shadowing
        ),
        Check("template.changed", "Template", _template),
        Check("env.unknown", "Names that nobody declares", _unknown),
    )


def _shadow(view: View, name: str) -> Finding | None:
    check = Check(f"shadow.{name}", name, partial(_shadow, name=name))
    if view.machine.env[name] == view.values[name].reveal():
        return None
    return check.says(
        Status.WARN,
        f"the shell has another {name}, and it wins over {view.env_path.name}",
        step=Tell(f"Run `unset {name}` in the shell, and find what exports it", command=f"unset {name}"),
        variable=name,
        evidence={"wins": "shell", "loses": view.env_path.name},
    )


def _other_file(view: View, name: str) -> Finding | None:
    check = Check(f"shadow.{name}", name, partial(_other_file, name=name))
    file = view.nearer[name]
    return check.says(
        Status.WARN,
        f"{file} has another {name}, and it wins over {view.env_path.name}",
        step=Tell(f"Take {name} out of {file}, or change it there"),
        variable=name,
        evidence={"wins": file, "loses": view.env_path.name},
    )


def _template(view: View) -> Finding | None:
    """Compare the template with the one of the last look at which nothing was owed for it."""
    check = Check("template.changed", "Template", _template)
    seen = view.choices.template if view.choices else None
    template = view.app.template
    if template is None or seen is None:
        return None
    now = template_marks(view)
    added = sorted(now.keys() - seen.keys())
    gone = sorted(seen.keys() - now.keys())
    changed = sorted(name for name in now.keys() & seen.keys() if now[name] != seen[name])
    added_owed = [name for name in added if name not in view.values and _asked_for(view, name)]
    if not (added or gone or changed):
        return check.says(Status.OK, f"{template} is as it was", evidence={"template": template})
    words = [f"{word}: {', '.join(names)}" for word, names in _groups(added, gone, changed) if names]
    # What it asks for now is told by each variable's own finding; here it is only said that the template is the cause.
    return check.says(
        Status.WARN if added_owed or gone or changed else Status.OK,
        f"{template} changed since the last look: " + "; ".join(words),
        step=Write("Take the template's changes over", command="onboard env --write")
        if added_owed or changed or gone
        else None,
        evidence={"added": ", ".join(added), "removed": ", ".join(gone), "changed": ", ".join(changed)},
    )


def _groups(added: list[str], gone: list[str], changed: list[str]) -> tuple[tuple[str, list[str]], ...]:
    return ("new", added), ("removed", gone), ("another default", changed)


def _asked_for(view: View, name: str) -> bool:
    variable = view.variable(name)
    return variable is not None and variable.need is Need.REQUIRED


def template_marks(view: View) -> dict[str, str]:
    """Return the template's names with a mark of each default, to be compared at the next look. No default is kept."""
    from hashlib import sha256

    return {
        v.name: sha256((v.default or v.sample).encode()).hexdigest()[:12]
        for v in view.variables
        if not v.commented and v.declared_in
    }


def _unknown(view: View) -> Finding | None:
    check = Check("env.unknown", "Names that nobody declares", _unknown)
    if view.env is None or view.app.template is None:
        return None
    declared = {v.name for v in view.variables}
    read_in_code = {read.name for read in view.app.undeclared}
    missing = sorted(v.name for v in view.variables if v.name not in view.values and v.need is Need.REQUIRED)
    renamed = []
    for name in view.env.names():
        if name in declared or name in read_in_code:
            continue
        nearest = difflib.get_close_matches(name, missing, 1, 0.8)
        if nearest:
            renamed.append((name, nearest[0]))
    if not renamed:
        return None
    name, like = renamed[0]
    return check.says(
        Status.WARN,
        "; ".join(f"{old} is declared nowhere, and {new} is missing: renamed?" for old, new in renamed),
        step=Tell(f"Rename {name} to {like} in {view.env_path.name}"),
        variable=name,
        evidence={"line": view.env.line_of(name), "nearest": like},
    )
