"""The schema push, guarded: the right database first, the tool's own word of success, and a look afterwards."""

from __future__ import annotations

import re
import shlex
from collections.abc import AsyncGenerator

from onboard import checks as all_checks
from onboard import children, doctor
from onboard.checks import database
from onboard.checks._base import View
from onboard.errors import NeedsPerson
from onboard.model import Event, Finding, Status

_SUCCESS = {
    "drizzle": re.compile(r"Changes applied|No changes detected|migrations applied successfully"),
    "prisma": re.compile(r"now in sync with your|already in sync|No pending migrations|successfully applied"),
    "supabase": re.compile(r"Finished supabase db push|Remote database is up to date|up to date"),
}
"""What each tool prints when it has done its work: its exit code says too little (drizzle-kit's is 0 in any case)."""

_ASKS = re.compile(
    r"Interactive prompts require a TTY|Please use `--force`|prompt.*interactive|--accept-data-loss", re.I
)


async def push(view: View, *, confirmed: str = "") -> AsyncGenerator[Event, None]:
    """Push the schema and yield what happens, the last event being `done` or `failed`.

    Raises NeedsPerson where the database is production's by any sign, or is not known: `confirmed` must then be its
    branch's, its database's or the tool's name, typed by a person. The tool's own questions are never answered.
    """
    if view.app.push is None:
        yield Event("this project has no schema push", level=Status.FAIL, kind="failed")
        return
    found = database.database(view)
    if found is None and confirmed != view.app.push.tool:
        raise NeedsPerson(
            "which database this push would touch could not be told: no variable names it; nothing was pushed",
            f"a person who knows which one it is types the tool's name: {view.app.push.tool}",
        )
    target = await _target(view)
    for finding in target:
        if finding.status is Status.FAIL and finding.id == "database.target":
            name = finding.evidence.get("branch") or finding.evidence.get("database") or "production"
            if confirmed != name:
                raise NeedsPerson(
                    f"{finding.summary}; nothing was pushed", f"a person who means it types its name: {name}"
                )
        elif finding.status is not Status.OK and finding.status is not Status.WARN:
            yield Event(f"{finding.title}: {finding.summary}", level=finding.status)
            yield Event(
                "nothing was pushed: the database did not answer as it should", level=Status.FAIL, kind="failed"
            )
            return
        else:
            yield Event(f"{finding.title}: {finding.detail or finding.summary}")
    provider = next((s.provider for s in view.services if found and s.provider.id == found[0]), None)
    before = await provider.tables(found[2], view.machine) if provider and found else None
    argv = tuple(shlex.split(view.app.push.command))
    yield Event(f"runs {view.app.push.command}")
    said: list[str] = []
    code = -1
    env = children.variables(view, secrets=True)
    async for event in children.run(view, argv, env, folder=view.app.push.dir):
        if event.kind == "exit":
            code = int(event.data["code"] or 0)
        else:
            said.append(event.text)
            yield event
    after = await provider.tables(found[2], view.machine) if provider and found else None
    yield _outcome(view.app.push.tool, code, "\n".join(said[-200:]), before, after)


def _outcome(tool: str, code: int, said: str, before: tuple[str, ...] | None, after: tuple[str, ...] | None) -> Event:
    if _ASKS.search(said):
        return Event(
            "the tool asks something that only you can answer; nothing was applied. Run it in your own terminal",
            level=Status.FAIL,
            kind="failed",
        )
    known = _SUCCESS.get(tool)
    if code != 0 or (known is not None and not known.search(said)):
        return Event(
            f"the tool did not say that it had applied the schema (exit {code})", level=Status.FAIL, kind="failed"
        )
    if after is None:
        return Event("the schema is pushed; the tables could not be listed afterwards", level=Status.WARN, kind="done")
    if not after:
        return Event("the tool says done, but the database has no tables", level=Status.FAIL, kind="failed")
    new, gone = sorted(set(after) - set(before or ())), sorted(set(before or ()) - set(after))
    changes = [f"new: {', '.join(new)}"] * bool(new) + [f"gone: {', '.join(gone)}"] * bool(gone)
    text = f"the database has {len(after)} tables" + (f" ({'; '.join(changes)})" if changes else ", as before")
    return Event(text, kind="done", data={"tables": len(after), "new": len(new), "gone": len(gone)})


async def _target(view: View) -> list[Finding]:
    """Return what is known now of the database that the push would touch."""
    found = database.database(view)
    if found is None:
        return []
    view.verdicts.clear()
    chosen = doctor.selected(all_checks.everything(view), ("database.target", f"live.{found[0]}"), exactly=True)
    findings = [finding async for finding in doctor.look(view, chosen)]
    # A second credential that is not set or not answered for stops nothing: `database.target` speaks for all of them.
    return [f for f in findings if f.id in (f"live.{found[0]}", f"mode.{found[0]}", "database.target")]
