"""Sentry's values taken apart: a DSN, and what an organization token says of itself. Pure."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from typing import Any

_DSN = re.compile(
    r"(?P<scheme>https?)://(?P<key>[A-Za-z0-9_]+)(?::(?P<secret>\w+)?)?@(?P<host>[\w.-]+)(?::\d+)?/(?:.+/)?(?P<project>\d+)"
)


@dataclass(frozen=True, slots=True)
class Dsn:
    """The parts of a DSN; none is secret but the old `secret` part, which is left out."""

    public_key: str
    host: str
    project: str

    @property
    def organization(self) -> str:
        """The organization's number; empty where the host does not tell."""
        match = re.match(r"o(\d+)\.", self.host)
        return match[1] if match else ""

    @property
    def region(self) -> str:
        """`us`, `de`; empty on hosts that are not Sentry's own cloud."""
        match = re.fullmatch(r"o\d+\.ingest(?:\.(us|de))?\.sentry\.io", self.host)
        return (match[1] or "us") if match else ""


def dsn(value: str) -> Dsn | None:
    """Return the parts of a DSN as Sentry's own clients take it apart; `None` where it is none."""
    match = _DSN.fullmatch(value) if len(value) < 500 else None
    return Dsn(match["key"], match["host"].lower(), match["project"]) if match else None


def payload(token: str) -> dict[str, Any] | None:
    """Return what an organization token says of itself (`org`, `url`, `region_url`, `iat`); `None` where it is none.

    Readable by everybody who holds it; nothing in it is secret.
    """
    parts = token.split("_")
    if len(parts) != 3 or parts[0] != "sntrys" or len(token) > 4000 or len(parts[2].rstrip("=")) != 43:
        return None
    try:
        found = json.loads(base64.b64decode(parts[1] + "=" * (-len(parts[1]) % 4), validate=True))
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and "iat" in found else None
