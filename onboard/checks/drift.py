"""What changed since: the shell against the file, other env files, the template, names that nobody declares."""

from __future__ import annotations

import difflib
from functools import partial

from onboard.checks._base import Check, View
from onboard.model import Finding, Status, Tell, Write


def checks(view: View) -> tuple[Check, ...]:
    """Return the checks that compare the env file with what surrounds it."""
    # What rests in the keyring alone is handed over by `onboard run`, and wins over the shell.
    read = [name for name in view.values if name not in view.apart]
    shadowing = [name for name in read if view.machine.env.get(name) is not None]
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
        f"the shell has another {name}, and it wins over {view.env_name}",
        step=Tell(f"Run `unset {name}` in the shell, and find what exports it", command=f"unset {name}"),
        variable=name,
        evidence={"wins": "shell", "loses": view.env_name},
    )


def _other_file(view: View, name: str) -> Finding | None:
    check = Check(f"shadow.{name}", name, partial(_other_file, name=name))
    file = view.nearer[name]
    return check.says(
        Status.WARN,
        f"{file} has another {name}, and it wins over {view.env_name}",
        step=Tell(f"Take {name} out of {file}, or change it there"),
        variable=name,
        evidence={"wins": file, "loses": view.env_name},
    )


def _template(view: View) -> Finding | None:
    """Compare the template with the one of the last look.

    A variable that is new and missing is told by its own finding; here is told what the env file still has of before.
    """
    check = Check("template.changed", "Template", _template)
    seen = view.choices.template if view.choices else None
    template = view.app.template
    if template is None or seen is None:
        return None
    now = template_marks(view)
    added, gone = sorted(now.keys() - seen.keys()), sorted(seen.keys() - now.keys())
    changed = sorted(name for name in now.keys() & seen.keys() if now[name] != seen[name])
    if not (added or gone or changed):
        return check.says(Status.OK, f"{template} is as it was", evidence={"template": template})
    renamed = _renamed(added, gone, now, seen)
    pairs = [f"{old} → {new}" for old, new in renamed.items()]
    new = [name for name in added if name not in renamed.values()]
    removed = [name for name in gone if name not in renamed]
    groups = {"renamed": pairs, "new": new, "removed": removed, "changed": changed}
    words = [f"{_SAID[word]}: {', '.join(names)}" for word, names in groups.items() if names]
    old = [name for name in gone if name in view.values] + list(old_defaults(view))
    return check.says(
        Status.WARN if old else Status.OK,
        f"{template} changed since the last look: " + "; ".join(words),
        detail=f"{view.env_name} still has {', '.join(old)} of before" if old else "",
        step=Write("Take the template's changes over", command="onboard env --write") if old else None,
        evidence={word: ", ".join(names) for word, names in groups.items()},
    )


_SAID = {"renamed": "renamed", "new": "new", "removed": "removed", "changed": "another default"}


def old_defaults(view: View) -> dict[str, str]:
    """Return the template's new defaults by the names whose value in the env file is still the old default."""
    seen = (view.choices.template if view.choices else None) or {}
    now = template_marks(view)
    return {
        v.name: v.ready
        for v in view.variables
        if v.ready is not None
        and v.name in view.values
        and now.get(v.name) not in (None, seen.get(v.name))
        and _mark(view.values[v.name].reveal()) == seen.get(v.name)
    }


def _renamed(added: list[str], gone: list[str], now: dict[str, str], seen: dict[str, str]) -> dict[str, str]:
    """Return new names by old ones, where name or default is so alike that it is the same variable."""
    found: dict[str, str] = {}
    for old in gone:
        left = [name for name in added if name not in found.values()]
        alike = [name for name in left if now[name] == seen[old]] or left
        if nearest := difflib.get_close_matches(old, alike, 1, 0.8 if alike is left else 0.6):
            found[old] = nearest[0]
    return found


def template_marks(view: View) -> dict[str, str]:
    """Return the template's names with a mark of each default, to be compared at the next look. No default is kept."""
    return {v.name: _mark(v.default or v.sample) for v in view.variables if not v.commented and v.declared_in}


def _mark(text: str) -> str:
    from hashlib import sha256

    return sha256(text.encode()).hexdigest()[:12]


def _unknown(view: View) -> Finding | None:
    """Tell the names that nobody declares or reads. That is no fault: a developer may well have some of their own."""
    check = Check("env.unknown", "Names that nobody declares", _unknown)
    names = unknown(view)
    if not names:
        return None
    return check.says(
        Status.OK,
        f"{len(names)} that neither template nor code know: {', '.join(names[:8])}" + (", …" if len(names) > 8 else ""),
        evidence={"names": ", ".join(names), "line": view.env.line_of(names[0]) if view.env else None},
    )


def unknown(view: View) -> list[str]:
    """Return the names in the env file that neither the template nor code knows."""
    if view.env is None or view.app.template is None:
        return []
    known = {v.name for v in view.variables} | {read.name for read in view.app.undeclared}
    return [name for name in view.env.names() if name not in known]


def written_as(view: View, missing: str) -> str | None:
    """Return the name in the env file that `missing` was probably misspelled or called before; `None`: none."""
    nearest = difflib.get_close_matches(missing, unknown(view), 1, 0.8)
    return nearest[0] if nearest else None
