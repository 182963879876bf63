"""A way back before a push: a branch at Neon or a dump on this machine, made only where a person chose it."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from onboard.clean import line
from onboard.errors import NetworkError, OnboardError, ProcessError
from onboard.model import Secret
from onboard.providers import _neon_api as neon
from onboard.providers._base import obtain
from onboard.providers._url import Url, parse
from onboard.target import Target
from onboard.understanding import held

if TYPE_CHECKING:
    from onboard.checks._base import View

_SLOW = 600.0
"""Seconds that a dump may take."""


@dataclass(frozen=True, slots=True)
class WayBack:
    """One way back that can be made here."""

    id: str
    """`neon` or `dump`."""
    text: str
    """What it is, and where the data goes; for the person who chooses."""


@dataclass(frozen=True, slots=True)
class Made:
    """A way back that was made."""

    text: str
    restore: str
    """What brings the old state back: a command, or where to do it."""


def ways(view: View, target: Target) -> tuple[WayBack, ...]:
    """Return what can be made for this database; nothing is run or sent. Empty where it has no tables."""
    if target.url is None or not target.tables:
        return ()
    found = []
    if _key(view) and neon.safe_id(target.identity.get("branch_id")) and neon.safe_id(target.identity.get("project")):
        found.append(
            WayBack("neon", f"a branch at Neon of how it is now; it deletes itself after {neon.BRANCH_DAYS} days")
        )
    if _pg_dump(view) is not None and not isinstance(parse(target.url.reveal()), str):
        found.append(WayBack("dump", f"a dump of all its data, for you alone, in {_at_home(view)}"))
    return tuple(found)


async def make(view: View, target: Target, way: str) -> Made:
    """Make it. Raises OnboardError where that did not succeed: then nothing should be pushed."""
    if way not in {each.id for each in ways(view, target)}:
        raise OnboardError("this way back cannot be made here", "push without it, or make one yourself")
    return await (_branch(view, target) if way == "neon" else _dump(view, target))


def _key(view: View) -> str:
    service = next((service for service in view.services if service.provider.id == "neon"), None)
    return held(service, view.held()).text("api") if service else ""


async def _branch(view: View, target: Target) -> Made:
    from datetime import timedelta

    doing = "a branch at Neon to go back to"
    now = view.machine.now()
    name = f"before-push-{now:%Y%m%d-%H%M%S}"
    project, branch = target.identity["project"], target.identity["branch_id"]
    expires = (now + timedelta(days=neon.BRANCH_DAYS)).strftime("%Y-%m-%dT%H:%M:%SZ")
    data = {"branch": {"name": name, "parent_id": branch, "expires_at": expires}}
    found = await obtain(
        view.machine, neon.request(_key(view), f"projects/{project}/branches", "POST", data), doing=doing
    )
    made = found.get("branch") if isinstance(found, dict) else None
    if not isinstance(made, dict) or not neon.safe_id(made.get("id")) or made.get("name") != name:
        raise NetworkError(f"{doing}: Neon's answer does not name it", "look at its branches before you push")
    await neon.finished(view.machine, _key(view), project, found, doing)
    where = f"https://{neon.HOST}/app/projects/{project}/branches/{branch}"
    return Made(f"the branch {name} at Neon holds how it was", f"restore it from {name} at {where}")


def _pg_dump(view: View) -> Path | None:
    return view.machine.runner.find("pg_dump", root=Path(view.project.root)).path


def _folder(view: View) -> Path:
    return view.machine.state / "dumps"


def _at_home(view: View) -> str:
    folder, home = _folder(view), view.machine.home
    return f"~/{folder.relative_to(home)}" if folder.is_relative_to(home) else str(folder)


async def _dump(view: View, target: Target) -> Made:
    """Write a dump that holds data: 0600 from its first instant, in a folder of the user's alone."""
    program = _pg_dump(view)
    url = parse(target.url.reveal()) if target.url else ""
    if program is None or not isinstance(url, Url):
        raise ProcessError("pg_dump is not on this machine")
    folder = _folder(view)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    path = folder / f"{line(url.path, limit=40).replace('/', '-')}-{view.machine.now():%Y%m%d-%H%M%S}.dump"
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o600))
    argv = [str(program), "--format=custom", "--no-owner", "--no-privileges", f"--file={path}"]
    done = await view.machine.runner.run(argv, cwd=folder, env=_libpq(url), timeout=_SLOW)
    if done.code != 0 or not path.stat().st_size:
        path.unlink(missing_ok=True)
        why = "it took too long" if done.timed_out else _reason(done.err)
        raise ProcessError(f"pg_dump made no dump: {why}", "nothing was pushed")
    # Without the URL: pg_restore asks for the password itself, so that it stands in no list of processes.
    where = ["--dbname", url.path, "--host", url.host, "--port", str(url.port or 5432), "--username", url.user]
    command = shlex.join(["pg_restore", "--clean", "--if-exists", "--no-owner", *where, str(path)])
    return Made(
        f"the dump {path} holds how it was, with its data; delete it when it has served", line(command, limit=2000)
    )


def _reason(said: str) -> str:
    rows = [row for row in said.splitlines() if row.strip()]
    told = next((row for row in rows if "error:" in row), rows[-1] if rows else "it said nothing")
    return line(told.partition("error:")[2] or told, limit=200)


def _libpq(url: Url) -> dict[str, str | Secret]:
    """Return the log-in as libpq takes it from the environment: an argument would be seen by everybody."""
    found: dict[str, str | Secret] = {"PGHOST": url.host, "PGPORT": str(url.port or 5432), "PGDATABASE": url.path}
    found |= {"PGUSER": url.user, "PGPASSWORD": Secret(url.password or ""), "PGCONNECT_TIMEOUT": "15"}
    mode = url.query.get("sslmode", "")
    if mode and mode != "no-verify":
        found["PGSSLMODE"] = mode
    return {name: value for name, value in found.items() if value}
