"""The repository's own contradictions, and whether its dependencies are installed."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from onboard.checks._base import Check, View
from onboard.model import Finding, Run, Status, Tell
from onboard.project.values import Trouble

_INSTALL = {
    "pnpm": ("pnpm", "install"),
    "npm": ("npm", "install"),
    "yarn": ("yarn", "install"),
    "bun": ("bun", "install"),
}
_INSTALLED = {
    "pnpm": "node_modules/.modules.yaml",
    "npm": "node_modules/.package-lock.json",
    "yarn": "node_modules/.yarn-state.yml",
}
"""What a package manager writes when it has installed."""

_LOCKS = {
    "pnpm": ("pnpm-lock.yaml",),
    "npm": ("package-lock.json", "npm-shrinkwrap.json"),
    "yarn": ("yarn.lock",),
    "bun": ("bun.lock", "bun.lockb"),
}

LOOKED_AT = (
    "node_modules",
    *_INSTALLED.values(),
    *(name for names in _LOCKS.values() for name in names),
    *("supabase", "supabase/config.toml"),  # part of what is approved
)
"""What is looked at beside what understanding the repository reads, relative to its root."""

_IDS = {"node.conflict": "tool.node.pins", "lockfile.conflict": "deps.lockfiles", "webhook.port": "webhook.port"}
"""Finding ids of troubles that belong to a family of their own."""


def checks(view: View) -> tuple[Check, ...]:
    """Return a check for each trouble that reading the repository brought up, and one for its dependencies."""
    found = [Check("deps.install", "Dependencies", _installed)]
    seen: set[str] = set()
    for trouble in view.project.troubles:
        id = trouble_id(trouble)
        if id not in seen:
            seen.add(id)
            found.append(Check(id, _title(trouble), partial(_trouble, trouble=trouble)))
    return tuple(found)


def trouble_id(trouble: Trouble) -> str:
    """Return the finding id of a trouble."""
    if trouble.variable is not None and trouble.kind.startswith(("need.", "default.", "schema.", "exposed.")):
        return f"schema.{trouble.variable}"
    return _IDS.get(trouble.kind, f"repository.{trouble.kind}")


def _title(trouble: Trouble) -> str:
    return trouble.variable or {"webhook.port": "Listener's port", "node.conflict": "Node's version"}.get(
        trouble.kind, "Repository"
    )


def _trouble(view: View, trouble: Trouble) -> Finding:
    check = Check(trouble_id(trouble), _title(trouble), partial(_trouble, trouble=trouble))
    first = trouble.places[0] if trouble.places else ""
    if trouble.kind == "template.several":
        detail = "\n".join((*trouble.places, "where another one is meant, onboard.toml names it"))
        return check.says(Status.OK, trouble.text, detail=detail, evidence={"places": ", ".join(trouble.places)})
    return check.says(
        Status.FAIL if trouble.kind == "webhook.port" else Status.WARN,
        trouble.text,
        detail="\n".join(trouble.places),
        step=Tell(f"Correct {first}" if first else "Tell the maintainers of this repository"),
        variable=trouble.variable,
        evidence={"places": ", ".join(trouble.places)},
    )


def _installed(view: View) -> Finding | None:
    check = Check("deps.install", "Dependencies", _installed)
    manager = view.app.package_manager
    if manager is None or manager.name not in _INSTALL:
        return None
    root = Path(view.project.root)
    step = Run("Install the dependencies", _INSTALL[manager.name])
    lock = next((root / name for name in _LOCKS[manager.name] if (root / name).is_file()), None)
    modules = root / "node_modules"
    mark = root / _INSTALLED.get(manager.name, "node_modules")
    evidence = {"package_manager": manager.name, "lock": lock.name if lock else None}
    if not modules.is_dir():
        return check.says(Status.FAIL, "not installed yet", step=step, evidence=evidence)
    if not mark.exists():
        mark = modules
    if lock is not None and lock.stat().st_mtime > mark.stat().st_mtime + 1:
        return check.says(Status.WARN, f"{lock.name} is newer than what is installed", step=step, evidence=evidence)
    return check.says(Status.OK, f"installed by {manager.name}", evidence=evidence)
