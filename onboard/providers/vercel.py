"""Vercel: tokens, which project the folder is linked to, and each scope's variables. Source: Vercel's CLI and SDK."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from onboard.clean import line
from onboard.errors import OnboardError
from onboard.model import Kind, Secret, Shape, Verdict
from onboard.network import Reply, Request
from onboard.providers._base import (
    Credential,
    Fresh,
    Key,
    Provider,
    Rotation,
    Values,
    accepted,
    ask,
    limited,
    obtain,
    odd,
    refused,
    unclear,
)
from onboard.providers._kinds import wrong

if TYPE_CHECKING:
    from onboard.machine import Machine

HOST = "api.vercel.com"
_TOKENS_PAGE = "https://vercel.com/account/settings/tokens"
_WANTED = "a token has 24 letters and digits, or starts with vcp_"


class Vercel(Provider):
    """Hosting. A token for one project is refused wherever it asks for its user, and is good all the same."""

    id = "vercel"
    brands = ()  # VERCEL_URL and its like are set by the platform
    title = "Vercel"
    keys = (
        Key(
            "token",
            "access token",
            ("VERCEL_TOKEN", r"VERCEL_(API_KEY|API_TOKEN|ACCESS_TOKEN|AUTH_BEARER_TOKEN|AUTH_TOKEN)"),
            Kind.SECRET,
            "vcp_…",
            _TOKENS_PAGE,
            (
                "sign in, or open an account on vercel.com/signup",
                "choose Create, with the team or project that is needed and an expiry date",
                "copy it; it is shown once",
            ),
        ),
        Key(
            "project",
            "project ID",
            ("VERCEL_PROJECT_ID", "PROJECT_ID_VERCEL"),
            Kind.PUBLIC,
            "prj_…",
            "https://vercel.com/docs/projects/overview#project-id",
            ("run vercel link; .vercel/project.json then holds it", "or copy it from the project's settings"),
        ),
        Key(
            "org",
            "team or user ID",
            ("VERCEL_ORG_ID", "VERCEL_TEAM_ID", "TEAM_ID_VERCEL"),
            Kind.PUBLIC,
            "team_…",
            "https://vercel.com/docs/accounts#find-your-team-id",
            ("run vercel link; .vercel/project.json then holds it", "or copy it from the team's settings"),
        ),
        Key(
            "oidc",
            "OIDC token",
            ("VERCEL_OIDC_TOKEN",),
            Kind.SECRET,
            "eyJ…",
            "https://vercel.com/docs/oidc",
            ("run vercel env pull into another file than this one; the token lives about 12 hours",),
        ),
    )
    credentials = (Credential("", "access token", ("token",), (HOST,), uses=("project", "org")),)
    rotations = (
        Rotation(
            "token",
            "api",
            "CI and scripts that use the same token.",
            "when it is deleted; until then both work",
            _TOKENS_PAGE,
            ("create a second token of the same scope", "use it everywhere", "delete the first one"),
        ),
    )
    account = "https://vercel.com/signup"
    purpose = "hosting"
    limits = "hobby: not for business; 100 deployments a day (November 2026)"

    def claim(self, name: str, value: str) -> tuple[str, int] | None:
        """Know names; by value alone the prefixes of tokens and projects."""
        found = super().claim(name, value)
        if found is None and re.fullmatch(r"vcp_[A-Za-z0-9]{20,}", value):
            return "token", 1
        return found

    def shape(self, key: Key, value: str) -> Shape:
        """Tell tokens from ids, and the kinds of tokens by prefix."""
        if key.id == "project":
            good = re.fullmatch(r"prj_[A-Za-z0-9]{8,64}|Qm[A-Za-z0-9]{44}", value) is not None
            return Shape(good, "a project ID" if good else wrong(value, "a project ID starts with prj_"))
        if key.id == "org":
            if value.startswith("team_"):
                good = re.fullmatch(r"team_[A-Za-z0-9]{8,64}", value) is not None
                return Shape(good, "a team ID" if good else "behind team_ there are letters and digits; copy it whole")
            good = re.fullmatch(r"[A-Za-z0-9]{20,32}", value) is not None
            return Shape(good, "a user ID" if good else wrong(value, "a team ID starts with team_"))
        if key.id == "oidc":
            good = re.fullmatch(r"eyJ[\w-]+\.[\w-]+\.[\w-]+", value) is not None
            return Shape(
                good, "a JWT, which ends after about 12 hours" if good else wrong(value, "an OIDC token is a JWT")
            )
        if re.match(r"(prj|team|dpl)_", value):
            return Shape(False, f"this is an ID, not a token; {_WANTED}")
        if value.startswith("vck_"):
            return Shape(False, f"this is a key of the AI gateway; {_WANTED}")
        if re.fullmatch(r"vc[air]_[A-Za-z0-9_-]{20,}", value):
            return Shape(True, "a token of a login or an integration, which ends sooner than an access token")
        if re.fullmatch(r"vcp_[A-Za-z0-9_-]{20,}", value) or re.fullmatch(r"[A-Za-z0-9]{24}", value):
            return Shape(True, "an access token")
        return Shape(False, wrong(value, _WANTED) if not value.startswith("vcp_") else "it is cut off; copy it whole")

    async def verify(self, credential: Credential, values: Values, machine: Machine) -> Verdict:
        """`GET /v2/user`; refused without `invalidToken`, ask for the project: the token may be for it alone."""
        reply = await ask(machine, request(values, "/v2/user", seconds=credential.seconds))
        if isinstance(reply, Verdict):
            return reply
        user = reply.object().get("user")
        if reply.status == 200 and isinstance(user, dict) and isinstance(user.get("id"), str):
            return _user(user)
        error = error_of(reply)
        if reply.status != 403 or not error:
            return odd(HOST, reply)
        if error.get("invalidToken") is True:
            return refused("Vercel does not know this token: it was mistyped, deleted, or has ended")
        return await self._scoped(credential, values, machine)

    async def _scoped(self, credential: Credential, values: Values, machine: Machine) -> Verdict:
        who = {"access": "scoped"}
        scoped = limited("the token is real, but may not read its user: it is for one team or project", who)
        path = project_path(values, "/v9/projects/{}")
        if path is None:
            return scoped
        reply = await ask(machine, request(values, path, seconds=credential.seconds))
        if isinstance(reply, Verdict):
            return reply
        found = reply.object()
        if reply.status == 200 and found.get("id") == values.text("project"):
            name = line(str(found.get("name") or found["id"]))
            return limited(f"a token for project {name}, and no more", who | {"project": name})
        error = error_of(reply)
        if reply.status == 403 and error.get("invalidToken") is True:
            return refused("Vercel does not know this token: it was mistyped, deleted, or has ended")
        if reply.status in (403, 404) and error:
            return limited(f"the token is real, but not for the project in {values.variable('project')}", who)
        return odd(HOST, reply)

    def compare(self, values: Values, verdicts: Mapping[str, Verdict]) -> Verdict | None:
        """All that name the project or the team agree: variables and the folder's own link."""
        compared = False
        for key, word in (("project", "projects"), ("org", "teams")):
            held = values.all(key)
            for other in held[1:]:
                compared = True
                if other.value != held[0].value:
                    return limited(
                        f"{held[0].variable} and {other.variable} name two {word}",
                        detail="vercel link writes .vercel/project.json; CI reads the variables",
                    )
        return accepted("variables and link name the same project") if compared else None

    async def renew(self, key: str, values: Values, machine: Machine) -> Fresh:
        """Create a second token. Only a classic token of the whole account may; others are told so by Vercel."""
        doing = "a new Vercel token"
        known = await ask(machine, request(values, "/v5/user/tokens/current", team=False))
        mine = known.object().get("token") if isinstance(known, Reply) and known.status == 200 else None
        old = mine.get("id") if isinstance(mine, dict) else None
        body: dict[str, Any] = {"name": f"onboard {machine.now():%Y-%m-%d}"}
        if isinstance(mine, dict) and isinstance(mine.get("expiresAt"), int) and isinstance(mine.get("createdAt"), int):
            life = mine["expiresAt"] - mine["createdAt"]
            body["expiresAt"] = int(machine.now().timestamp() * 1000) + life
        made = await obtain(machine, request(values, "/v3/user/tokens", "POST", body, team=False), doing=doing)
        fresh = made.get("bearerToken") if isinstance(made, dict) else None
        if not isinstance(fresh, str) or not self.shape(self.key("token"), fresh).fits:
            raise OnboardError(f"{doing}: the answer held none", f"look at {_TOKENS_PAGE} and delete what was made")
        retire = old if isinstance(old, str) and re.fullmatch(r"[A-Za-z0-9_-]{8,128}", old) else ""
        return Fresh({"token": Secret(fresh)}, retire=retire)

    async def retire(self, key: str, fresh: Fresh, old: Values, new: Values, machine: Machine) -> Verdict:
        """Delete the old token with the new one, then ask with the old."""
        if not fresh.retire:
            return limited(
                "which of the account's tokens is the old one cannot be told; delete it by hand", detail=_TOKENS_PAGE
            )
        reply = await ask(machine, request(new, f"/v3/user/tokens/{fresh.retire}", "DELETE", team=False))
        if isinstance(reply, Verdict):
            return reply
        if reply.status not in (200, 204):
            return unclear(
                f"Vercel did not delete the old token ({reply.status})", detail=f"delete it on {_TOKENS_PAGE}"
            )
        return await self.dead("token", old, machine)


def project_path(values: Values, path: str) -> str | None:
    """Return `path` with the project's id in it; `None` where there is none that could stand in an address."""
    project = values.text("project")
    if not re.fullmatch(r"[A-Za-z0-9_-]{3,100}", project):
        return None
    return path.format(project)


def request(
    values: Values,
    path: str,
    method: str = "GET",
    body: Mapping[str, Any] | None = None,
    *,
    team: bool = True,
    seconds: float = 10.0,
    limit: int = 256 * 1024,
) -> Request:
    """Return a question to Vercel; a team's resources need its id in the query."""
    org = values.text("org")
    if team and re.fullmatch(r"team_[A-Za-z0-9]{4,64}", org) and not path.startswith("/v2/user"):
        path += ("&" if "?" in path else "?") + f"teamId={org}"
    headers: dict[str, str | Secret] = {"authorization": Secret(f"Bearer {values.text('token')}")}
    if body is not None:
        headers["content-type"] = "application/json"
    data = Secret(json.dumps(body)) if body is not None else None  # it may hold a variable's value
    return Request("vercel", f"https://{HOST}", path, (HOST,), method, headers, data, seconds, limit)


def error_of(reply: Reply) -> dict[str, Any]:
    """Return what Vercel says of a refusal; empty where it says nothing that it would say."""
    error = reply.object().get("error")
    return error if isinstance(error, dict) else {}


def _user(user: Mapping[str, Any]) -> Verdict:
    name = line(str(user.get("username") or user.get("email") or user["id"]))
    who = {"user": name}
    if user.get("email"):
        who["email"] = line(str(user["email"]))
    if user.get("limited") is True:
        return accepted(f"user {name}, for certain teams", who | {"access": "limited"})
    return accepted(
        f"user {name}", who, detail="this token may do all that its user may, unless it was made for a team"
    )


provider = Vercel()
