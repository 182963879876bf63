"""Neon's management API: whose branch it is, a branch of one's own, new passwords and keys."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from onboard.clean import line
from onboard.errors import NetworkError, OnboardError
from onboard.model import Secret, Verdict
from onboard.network import Request
from onboard.providers._base import ask, obtain

if TYPE_CHECKING:
    from onboard.machine import Machine

HOST = "console.neon.tech"
BRANCH_DAYS = 14
"""How long a branch lives that we make."""
PARENTS = ("development", "dev", "staging")
"""Branches to start from, in this order, before the default one: production's data need not be on a laptop."""


def request(
    key: str, path: str, method: str = "GET", data: object = None, *, seconds: float = 10.0, query: str = ""
) -> Request:
    """Return the question `path` (its parts quoted by the caller) with the API key."""
    headers: dict[str, str | Secret] = {"Authorization": Secret("Bearer " + key)}
    body = None
    if data is not None:
        headers["Content-Type"], body = "application/json", json.dumps(data).encode()
    return Request(
        "neon.api",
        f"https://{HOST}",
        f"/api/v2/{path}" + (f"?{query}" if query else ""),
        (HOST,),
        method,
        headers,
        body,
        seconds=seconds,
    )


def rows(found: object, name: str) -> list[dict[str, Any]]:
    """Return the objects in the list `name` of an answer."""
    items = found.get(name) if isinstance(found, dict) else None
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def safe_id(text: object) -> str:
    """Return an id for a path; empty where it is none."""
    return text if isinstance(text, str) and re.fullmatch(r"[A-Za-z0-9_-]{1,80}", text) else ""


def same_endpoint(one: str, other: str) -> bool:
    """Whether two hosts are the same compute: the pooled name is the direct one with -pooler."""
    return one.replace("-pooler.", ".", 1).lower() == other.replace("-pooler.", ".", 1).lower()


async def branch_facts(
    machine: Machine, key: str, host: str, project: str, branch: str, *, seconds: float
) -> dict[str, str]:
    """Return what the API says of the branch behind `host`: `branch`, `branch_id`, `project`, `default`, `protected`,
    `expires`; `api` is "no" where the key does not see it. Empty where it could not be told.
    """
    import asyncio

    try:
        async with asyncio.timeout(seconds):
            if not (safe_id(project) and safe_id(branch)):
                project, branch = await _find(machine, key, host, safe_id(project), seconds)
            if not branch:
                return {"api": "no"} if project == "none" else {}
            reply = await ask(machine, request(key, f"projects/{project}/branches/{branch}", seconds=seconds))
    except TimeoutError:
        return {}
    if isinstance(reply, Verdict):
        return {}
    if reply.status in (403, 404) and reply.object():
        return {"api": "no"}
    found = reply.object().get("branch")
    if reply.status != 200 or not isinstance(found, dict) or not isinstance(found.get("name"), str):
        return {}
    facts = {"project": project, "branch": line(found["name"], limit=80), "branch_id": branch}
    for name in ("default", "protected"):
        if isinstance(found.get(name), bool):
            facts[name] = "true" if found[name] else "false"
    if isinstance(found.get("expires_at"), str):
        facts["expires"] = line(found["expires_at"], limit=40)
    return facts


async def _find(machine: Machine, key: str, host: str, project: str, seconds: float) -> tuple[str, str]:
    """Return project and branch of the compute `host`; ("none", "") where the key surely does not see it."""
    projects = [project] if project else []
    if not projects:
        reply = await ask(machine, request(key, "projects", query="limit=100", seconds=seconds))
        if isinstance(reply, Verdict) or reply.status != 200:
            return "", ""
        projects = [id for one in rows(reply.json(), "projects") if (id := safe_id(one.get("id")))]
    for one in projects[:5]:
        reply = await ask(machine, request(key, f"projects/{one}/endpoints", seconds=seconds))
        if isinstance(reply, Verdict):
            return "", ""
        for endpoint in rows(reply.json(), "endpoints"):
            if isinstance(endpoint.get("host"), str) and same_endpoint(endpoint["host"], host):
                return one, safe_id(endpoint.get("branch_id"))
    return ("none", "") if len(projects) <= 5 else ("", "")


async def only_project(machine: Machine, key: str, project: str, doing: str) -> str:
    """Return `project`, else the account's only one. Raises OnboardError where there are several or none."""
    if project:
        if not safe_id(project):
            raise OnboardError(f"{doing}: NEON_PROJECT_ID does not look like a project's id")
        return project
    found = rows(await obtain(machine, request(key, "projects", query="limit=100"), doing=doing), "projects")
    if len(found) != 1 or not safe_id(found[0].get("id")):
        raise OnboardError(
            f"{doing}: this key sees {len(found)} projects", "say which one with NEON_PROJECT_ID (project settings)"
        )
    return safe_id(found[0]["id"])


async def own_branch(machine: Machine, key: str, project: str) -> tuple[str, str]:
    """Return the pooled and the direct URL of this developer's branch, which is made where it is not there yet."""
    doing = "a Neon branch of your own"
    user = re.sub(r"[^A-Za-z0-9._-]", "-", machine.env.get("USER") or machine.env.get("USERNAME") or "local")[:40]
    name = f"dev/{user}"
    branches = rows(await obtain(machine, request(key, f"projects/{project}/branches"), doing=doing), "branches")
    mine = next((one for one in branches if one.get("name") == name), None)
    if mine is None:
        mine = await _make_branch(machine, key, project, name, branches, doing)
    elif mine.get("default") or mine.get("protected"):
        raise OnboardError(f"{doing}: the branch {name} is the project's default or protected", "rename it at Neon")
    branch = safe_id(mine.get("id"))
    if not branch:
        raise NetworkError(f"{doing}: Neon's answer does not name it")
    found = await obtain(machine, request(key, f"projects/{project}/branches/{branch}/databases"), doing=doing)
    databases = rows(found, "databases")
    if not databases or not all(isinstance(databases[0].get(k), str) for k in ("name", "owner_name")):
        raise OnboardError(f"{doing}: it has no database", f"look at https://{HOST}")
    database, role = databases[0]["name"], databases[0]["owner_name"]
    uris = []
    for pooled in ("true", "false"):
        query = urlencode({"branch_id": branch, "database_name": database, "role_name": role, "pooled": pooled})
        found = await obtain(machine, request(key, f"projects/{project}/connection_uri", query=query), doing=doing)
        if not isinstance(found, dict) or not isinstance(found.get("uri"), str):
            raise NetworkError(f"{doing}: Neon did not give its connection string")
        uris.append(found["uri"])
    return uris[0], uris[1]


async def _make_branch(
    machine: Machine, key: str, project: str, name: str, branches: list[dict[str, Any]], doing: str
) -> dict[str, Any]:
    from datetime import timedelta

    expires = machine.now() + timedelta(days=BRANCH_DAYS)
    branch: dict[str, Any] = {"name": name, "expires_at": expires.strftime("%Y-%m-%dT%H:%M:%SZ")}
    parent = next((one for wanted in PARENTS for one in branches if one.get("name") == wanted), None)
    if parent is not None and safe_id(parent.get("id")):
        branch["parent_id"] = parent["id"]
    data = {"branch": branch, "endpoints": [{"type": "read_write"}]}
    found = await obtain(machine, request(key, f"projects/{project}/branches", "POST", data), doing=doing)
    await finished(machine, key, project, found, doing)
    made = found.get("branch") if isinstance(found, dict) else None
    return made if isinstance(made, dict) else {}


async def finished(machine: Machine, key: str, project: str, found: object, doing: str) -> None:
    """Wait until the operations of an answer are over. Raises NetworkError after 60 s."""
    import asyncio

    ids = [
        id for one in rows(found, "operations") if one.get("status") != "finished" and (id := safe_id(one.get("id")))
    ]
    try:
        async with asyncio.timeout(60):
            for id in ids:
                while True:
                    found = await obtain(machine, request(key, f"projects/{project}/operations/{id}"), doing=doing)
                    operation = found.get("operation") if isinstance(found, dict) else None
                    status = operation.get("status") if isinstance(operation, dict) else None
                    if status not in ("scheduling", "running", "cancelling"):
                        break
                    await asyncio.sleep(0.5)
    except TimeoutError:
        raise NetworkError(f"{doing}: Neon is still at work after 60 s", "look again in a minute") from None


async def new_password(machine: Machine, key: str, project: str, branch: str, role: str, old: str) -> str:
    """Reset the role's password and return the new one, when the old one has ended.

    Where the answer got lost, the password that is now set is looked up, so that nobody is locked out.
    """
    doing = "a new Neon password"
    path = f"projects/{project}/branches/{branch}/roles/{quote(role, safe='')}"
    try:
        found = await obtain(machine, request(key, f"{path}/reset_password", "POST"), doing=doing)
    except NetworkError:
        found = await obtain(machine, request(key, f"{path}/reveal_password"), doing=doing)
        if isinstance(found, dict) and found.get("password") not in (old, None):
            return str(found["password"])
        raise
    given = found.get("role") if isinstance(found, dict) else None
    password = given.get("password") if isinstance(given, dict) else None
    if not isinstance(password, str) or not password:
        found = await obtain(machine, request(key, f"{path}/reveal_password"), doing=doing)
        password = found.get("password") if isinstance(found, dict) else None
    if not isinstance(password, str) or not password:
        raise OnboardError(f"{doing}: it was reset, but the answer does not hold it", f"copy it from https://{HOST}")
    await finished(machine, key, project, found, doing)
    return password


async def new_key(machine: Machine, key: str) -> tuple[str, str]:
    """Make an API key; return it and the id of the old one (empty where it cannot be told which one that is)."""
    doing = "a new Neon API key"
    before = await obtain(machine, request(key, "api_keys"), doing=doing)
    ids = (
        [str(one["id"]) for one in before if isinstance(one, dict) and "id" in one] if isinstance(before, list) else []
    )
    name = f"onboard {machine.now():%Y-%m-%d %H:%M:%S}"
    found = await obtain(machine, request(key, "api_keys", "POST", {"key_name": name}), doing=doing)
    if not isinstance(found, dict) or not isinstance(found.get("key"), str):
        raise NetworkError(f"{doing}: Neon's answer does not hold it")
    return found["key"], ids[0] if len(ids) == 1 else ""
