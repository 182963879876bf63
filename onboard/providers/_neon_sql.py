"""Neon's SQL over HTTP: the question as its own driver puts it, and what its answers mean."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from onboard.clean import line
from onboard.model import Secret, Tell, Verdict
from onboard.network import Reply, Request
from onboard.providers._base import limited, odd, refused, unclear
from onboard.providers._url import Url

SQL_HOSTS = (".neon.tech", ".neon.build")
CONSOLE = "https://console.neon.tech"
PROBE = (
    "select current_user, current_database(), current_setting('neon.project_id', true), "
    "current_setting('neon.branch_id', true), current_setting('neon.endpoint_id', true), version()"
)
COLUMNS = ("user", "database", "project", "branch_id", "endpoint", "version")


def probe(value: str, url: Url, seconds: float, query: str = PROBE) -> Request:
    """Return the question as Neon's own driver puts it: the host's first label is `api`."""
    return Request(
        "neon.sql",
        f"https://api.{url.host.partition('.')[2]}",
        "/sql",
        SQL_HOSTS,
        "POST",
        {
            "Neon-Connection-String": Secret(value),
            "Neon-Raw-Text-Output": "true",
            "Neon-Array-Mode": "true",
            "Neon-Batch-Isolation-Level": "ReadCommitted",
            "Neon-Batch-Read-Only": "true",
            "Content-Type": "application/json",
        },
        json.dumps({"queries": [{"query": query, "params": []}]}).encode(),
        seconds=seconds,
    )


def declined(reply: Reply, url: Url) -> Verdict:
    """Read an error by its words: Neon's statuses do not tell a wrong password from a full quota."""
    found = reply.object()
    message = found.get("message") or found.get("msg") or ""
    text = message if isinstance(message, str) and message else reply.text[:2000]
    code = found.get("code")
    identity = {"user": line(url.user, limit=80), "database": line(url.path, limit=80), "endpoint": url.host}
    if "exceeded the" in text and "quota" in text:
        return limited(
            "the project has used up a quota of its plan",
            identity,
            detail="it works again next month, or on a larger plan",
            step=Tell("look at the project's usage", url=CONSOLE),
        )
    if reply.status == 400 and (code == "28P01" or "password authentication failed" in text):
        return refused(
            "Neon refuses it: the password or the role is wrong, or the compute is gone",
            detail="Neon gives one answer for all three; copy the connection string again",
        )
    if reply.status == 400 and code == "3D000":
        return limited(f"user and password are right, but there is no database “{identity['database']}”", identity)
    if reply.status in (400, 500) and "endpoint is disabled" in text:
        return limited("its compute is disabled", identity, step=Tell("enable the compute", url=CONSOLE))
    if "not allowed to connect" in text or "allowed list" in text or "IP Allow" in text:
        return unclear("the project lets in only listed addresses, and not this one", detail="see IP Allow at Neon")
    if reply.status == 500:
        return unclear("Neon has a fault of its own, or too many connections (500)", detail="try again in a minute")
    return odd(url.host, reply)


def row(reply: Reply) -> list[str] | None:
    """Return the one row of the answer as texts; `None` where it is in another shape."""
    found = rows(reply)
    if found is None or len(found) != 1 or len(found[0]) != len(COLUMNS):
        return None
    return [text if isinstance(text, str) else "" for text in found[0]]


def rows(reply: Reply) -> list[list[Any]] | None:
    """Return the rows of the answer; `None` where it is in another shape."""
    found: Any = reply.object()
    results = found.get("results")
    if isinstance(results, list) and len(results) == 1 and isinstance(results[0], dict):
        found = results[0]
    items = found.get("rows")
    if not isinstance(items, list):
        return None
    plain = [list(item.values()) if isinstance(item, dict) else item for item in items]
    return plain if all(isinstance(item, list) for item in plain) else None


def said(identity: Mapping[str, str]) -> str:
    text = f"{identity['user']} in {identity.get('database', '?')}"
    if "branch" in identity:
        text += f", branch {identity['branch']}"
    if "project" in identity:
        text += f" of project {identity['project']}"
    return text


def noted(identity: Mapping[str, str]) -> str:
    if identity.get("default") == "true":
        return "this is the project's default branch, which is production's as a rule"
    if identity.get("protected") == "true":
        return "this is a protected branch"
    if "default" not in identity:
        return "without NEON_API_KEY it cannot be told whether this branch is production's"
    return f"the branch ends on {identity['expires'][:10]}" if "expires" in identity else ""
