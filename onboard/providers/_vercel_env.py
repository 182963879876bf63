"""The variables that a project has at Vercel: listed, read for one environment, and one given a new value.

Source: Vercel's CLI and SDK.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from onboard.clean import line
from onboard.model import Secret, Verdict
from onboard.network import Reply
from onboard.providers._base import Values, accepted, ask, limited, odd, refused, unclear
from onboard.providers.vercel import HOST, error_of, project_path, request

if TYPE_CHECKING:
    from onboard.machine import Machine

_TOO_BIG = 4 * 1024 * 1024
SENSITIVE = "[SENSITIVE]"
"""Stands where Vercel gives a value to nobody; the variable has to be treated as missing."""


@dataclass(frozen=True, slots=True)
class EnvName:
    """One variable as Vercel keeps it, without its value."""

    id: str
    """Of the entry; empty: it cannot be changed by it."""
    name: str
    type: str
    """`plain`, `encrypted`, `sensitive`, `system`."""
    targets: tuple[str, ...]
    """`production`, `preview`, `development`; a custom environment by its id."""
    branch: str = ""
    """Of a preview variable that holds for one git branch only; empty: for all."""
    managed: bool = False
    """An integration (a database that was added at Vercel) keeps its value."""

    @property
    def readable(self) -> bool:
        """Whether anyone can read the value back."""
        return self.type not in ("sensitive", "system")


async def env_names(machine: Machine, values: Values, target: str = "") -> tuple[EnvName, ...] | Verdict:
    """Return the project's variables, of `target` (`production`, `preview`, `development`) or of all, without values.

    A Verdict says why they could not be listed. Needs the values `token` and `project`; `org` for a team's project.
    """
    path = project_path(values, "/v10/projects/{}/env")
    if path is None:
        return unclear("VERCEL_PROJECT_ID is not known; vercel link writes it")
    if target:
        path += ("&" if "?" in path else "?") + f"target={target}"
    reply = await ask(machine, request(values, path, limit=_TOO_BIG))
    if isinstance(reply, Verdict):
        return reply
    rows = reply.object().get("envs")
    if reply.status != 200 or not isinstance(rows, list):
        return _unlisted(reply)
    return tuple(
        EnvName(
            found if _ID.fullmatch(found := str(row.get("id") or "")) else "",
            row["key"],
            str(row.get("type") or "encrypted"),
            _targets(row),
            line(str(row.get("gitBranch") or "")),
            bool(row.get("configurationId")),
        )
        for row in rows
        if isinstance(row, dict) and isinstance(row.get("key"), str) and _NAME.fullmatch(row["key"])
    )


async def env_values(machine: Machine, values: Values, target: str = "development") -> Mapping[str, Secret] | Verdict:
    """Return the variables of one scope with their values; what Vercel gives to nobody, and what is empty, is left out.

    A Verdict says why they could not be read.
    """
    found = await env_pulled(machine, values, target)
    if isinstance(found, Verdict):
        return found
    return {name: value for name, value in found.items() if value is not None}


async def env_pulled(machine: Machine, values: Values, target: str) -> Mapping[str, Secret | None] | Verdict:
    """Return all variables of one scope, those that the team shares too; `None`: Vercel gives the value to nobody.

    Asked as Vercel's CLI 64 does for `vercel env pull`; their SDK has no such question. A Verdict says why they could
    not be read.
    """
    path = project_path(values, "/v3/env/pull/{}/" + target)
    if path is None:
        return unclear("VERCEL_PROJECT_ID is not known; vercel link writes it")
    reply = await ask(machine, request(values, path, limit=_TOO_BIG))
    if isinstance(reply, Verdict):
        return reply
    env = reply.object().get("env")
    if reply.status != 200 or not isinstance(env, dict):
        return _unlisted(reply)
    return {
        name: Secret(value) if value and value != SENSITIVE else None
        for name, value in env.items()
        if isinstance(value, str) and _NAME.fullmatch(name)
    }


async def set_env(machine: Machine, values: Values, id: str, value: Secret) -> Verdict:
    """Give the entry `id` of the project another value, in all environments that it holds for.

    OK: Vercel says that it has it; what is deployed goes on with the old one until it is deployed again.
    """
    path = project_path(values, "/v9/projects/{}/env/" + id)
    if path is None or not _ID.fullmatch(id):
        return unclear("VERCEL_PROJECT_ID is not known; vercel link writes it")
    reply = await ask(machine, request(values, path, "PATCH", {"value": value.reveal()}))
    if isinstance(reply, Verdict):
        return reply
    if reply.status == 200 and reply.object().get("id") == id:
        return accepted("Vercel has the new value; a new deployment is needed for the app to use it")
    if reply.status in (403, 404) and error_of(reply).get("invalidToken") is not True:
        return limited("this token may not change the project's variables", detail="someone who may has to do it")
    return _unlisted(reply)


_ID = re.compile(r"[A-Za-z0-9_-]{4,100}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,255}")


def _targets(row: Mapping[str, Any]) -> tuple[str, ...]:
    found: list[str] = []
    for field in ("target", "customEnvironmentIds"):
        listed = row.get(field)
        listed = [listed] if isinstance(listed, str) else listed
        found += [line(one) for one in listed if isinstance(one, str)] if isinstance(listed, list) else []
    return tuple(found)


def _unlisted(reply: Reply) -> Verdict:
    error = error_of(reply)
    code = str(error.get("code", ""))
    if code.startswith(("challenge_required", "user_auth_required")):
        return unclear(
            "Vercel wants a person to sign in again before variables are read", detail="vercel login does it"
        )
    if error.get("invalidToken") is True:
        return refused("Vercel does not know this token: it was mistyped, deleted, or has ended")
    if reply.status in (403, 404) and error:
        return limited("the token may not read this project's variables", detail="it may be of another team or project")
    return odd(HOST, reply)
