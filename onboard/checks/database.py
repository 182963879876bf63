"""The database: is it the developer's own, and has it the schema?"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from onboard.checks._base import Check, View
from onboard.checks.live import checks as live_checks
from onboard.model import Finding, Run, Status, Tell
from onboard.project import tables
from onboard.project.files import Tree
from onboard.project.values import Push
from onboard.providers._base import Values
from onboard.understanding import held

_SCHEMA_FILES = ("*.prisma", "*schema*.ts", "*schema*.js", "*.sql")
_PRODUCTION = ("prod", "production", "main", "master", "live")


def checks(view: View) -> tuple[Check, ...]:
    """Return the checks of the database that the app's URL names."""
    found = database(view)
    if found is None:
        return ()
    live = f"live.{found[0]}"
    # A push may take the direct string, not the pooled one: each of them is looked at.
    further = tuple(check.id for check in live_checks(view) if check.id.startswith(f"{live}."))
    return (
        Check("database.target", "Database", _target, needs=(live,), after=further, outside=True),
        *(
            (
                Check(
                    "database.schema",
                    "Database schema",
                    _schema,
                    needs=(live, "database.target"),
                    outside=True,
                    seconds=20,
                ),
            )
            if view.app.push is not None
            else ()
        ),
    )


def database(view: View) -> tuple[str, str, Values] | None:
    """Return the provider id of the app's database, its variable and its values; `None`: none is declared."""
    for service in view.services:
        if service.provider.id in ("neon", "postgres"):
            values = held(service, view.read())
            key = service.provider.credentials[0].needs[0]
            name = values.variable(key) or next((n for n, k in service.keys.items() if k == key), "")
            if name:
                return service.provider.id, name, values
    return None


def _target(view: View) -> Finding | None:
    check = Check("database.target", "Database", _target)
    found = database(view)
    verdict = view.verdicts.get(f"live.{found[0]}") if found else None
    if found is None or verdict is None:
        return None
    identity = verdict.identity
    where = " · ".join(identity[key] for key in ("host", "database", "branch") if identity.get(key))
    says = partial(check.says, variable=found[1], provider=found[0])
    live = f"live.{found[0]}"
    for id, one in sorted(view.verdicts.items()):
        if (id == live or id.startswith(f"{live}.")) and (sign := production_sign(one.identity)):
            part = id.removeprefix(live).removeprefix(".")
            name = (found[2].variable(part) or part) if part else found[1]
            return says(
                Status.FAIL,
                f"{name} is a production database ({sign}); local work must not touch it",
                detail=where,
                step=Tell(f"Make a branch of your own and enter its connection string as {name}"),
                evidence=dict(one.identity),
            )
    return says(Status.OK, where or "answers", evidence=dict(identity))


def production_sign(identity: Mapping[str, str]) -> str:
    """Return by which sign a database is production's; empty where none says so."""
    if identity.get("default") == "true":
        return "it is the project's default branch"
    if identity.get("protected") == "true":
        return "its branch is protected"
    branch = identity.get("branch", "").lower()
    if branch in _PRODUCTION:
        return f"its branch is called {branch}"
    return ""


async def _schema(view: View) -> Finding | None:
    import asyncio

    check = Check("database.schema", "Database schema", _schema)
    found = database(view)
    push = view.app.push
    if found is None or push is None:
        return None
    id, name, values = found
    provider = next(service.provider for service in view.services if service.provider.id == id)
    present = await provider.tables(values, view.machine)
    says = partial(check.says, variable=name, provider=id)
    step = Run("Push the schema to the database", ("onboard", "push"))
    if present is None:
        return says(Status.UNKNOWN, "the tables could not be listed", step=Tell("Look again", command="onboard doctor"))
    if not present:
        return says(Status.FAIL, "the database has no tables yet", step=step, evidence={"tables": 0})
    evidence: dict[str, str | int | bool | None] = {"tables": len(present)}
    declared = await asyncio.to_thread(_declared, view, push)
    if lacking := sorted(set(declared or ()) - set(present)):
        names = ", ".join(name.removeprefix("public.") for name in lacking)
        return says(
            Status.WARN if len(lacking) < len(declared or ()) else Status.FAIL,
            f"{len(lacking)} of the {len(declared or ())} tables that the schema declares are missing",
            detail=names,
            step=step,
            evidence=evidence | {"missing": names},
        )
    pushed = view.choices.get("schema") if view.choices else None
    if pushed is not None and pushed != schema_mark(view):
        return says(Status.WARN, "the schema's files changed since the last push here", step=step, evidence=evidence)
    return says(Status.OK, f"{len(present)} tables", evidence=evidence)


def _declared(view: View, push: Push) -> tuple[str, ...] | None:
    return tables.declared(Tree(Path(view.project.root)), push.tool, push.dir)


def schema_mark(view: View) -> str:
    """Return a mark of the schema's files as they are, to be compared after a pull."""
    root = Path(view.project.root) / (view.app.push.dir if view.app.push else ".")
    digest = hashlib.sha256()
    for folder in (
        "prisma",
        "drizzle",
        "supabase/migrations",
        "db",
        "lib/db",
        "src/db",
        "src/server/db",
        "schema",
        ".",
    ):
        base = root / folder
        if not base.is_dir():
            continue
        for pattern in _SCHEMA_FILES:
            for file in sorted(base.glob(pattern))[:500]:
                if file.is_file() and file.stat().st_size < 1 << 20:
                    digest.update(str(file.relative_to(root)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:16]
