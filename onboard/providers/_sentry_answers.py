"""What Sentry's answers say of a token and of a DSN."""

from __future__ import annotations

from typing import Any

from onboard.clean import line
from onboard.model import Verdict
from onboard.network import Reply
from onboard.providers._base import accepted, limited, odd, refused, unclear
from onboard.providers._sentry_values import Dsn, payload

_SCOPED = "You do not have permission to perform this action."


def whose(token: str, auth: dict[str, Any], user: object) -> Verdict:
    """Read what `/api/0/` says of a token that it knows."""
    listed = auth.get("scopes")
    scopes = [line(one) for one in listed if isinstance(one, str)] if isinstance(listed, list) else []
    packed = payload(token) or {}
    who = {}
    if packed.get("org"):
        who["organization"] = line(str(packed["org"]))
    if isinstance(user, dict) and (user.get("email") or user.get("id")):
        who["user"] = line(str(user.get("email") or user["id"]))
    if scopes:
        who["scopes"] = ", ".join(scopes[:20])
    if not who:
        return unclear("Sentry answered, but did not say whose token it is")
    wide = [scope for scope in scopes if scope.endswith((":admin", ":write")) and scope != "project:write"]
    detail = f"wider than uploads need: {', '.join(wide[:6])}" if wide else ""
    whose = ", ".join(f"{word} {who[word]}" for word in ("organization", "user") if word in who)
    return accepted(whose or "a token with scopes", who, detail=detail)


def among(found: Dsn, rows: list[dict[str, Any]], project: str, more: bool, reply: Reply) -> Verdict:
    """Find a DSN among a project's client keys; `more`: there are further pages."""
    mine = next((row for row in rows if row.get("public") == found.public_key), None)
    if mine is not None and str(mine.get("projectId")) == found.project:
        who = {"project": project, "key": line(str(mine.get("name") or "client key"))}
        if mine.get("isActive") is True:
            return accepted(f"project {project}, {who['key']}", who)
        if mine.get("isActive") is False:
            return refused("this DSN's client key is switched off: Sentry drops what it sends")
        return odd("sentry.io", reply)
    numbers = {str(row.get("projectId")) for row in rows}
    if rows and found.project not in numbers:
        return limited(
            "the DSN is of another project than SENTRY_PROJECT",
            {"project": project},
            detail="errors go to one project, source maps to the other",
        )
    if rows and mine is None and not more:
        return refused("the project has no client key of this DSN: it was deleted")
    return odd("sentry.io", reply)


def declined(reply: Reply) -> Verdict:
    """Read an answer that is no success; 403 may be a token of narrow scope."""
    detail = reply.object().get("detail")
    if reply.status == 401 and detail:
        return refused("Sentry does not know this token: it was mistyped, revoked, or has ended")
    if reply.status == 403 and detail == _SCOPED:
        return limited("the token is real, but may not read who it is", {"access": "scoped"})
    return odd("sentry.io", reply)
