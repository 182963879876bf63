"""Vercel Edge Config, named Global Config since July 2026: one connection string. Source: Vercel's own clients."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from onboard.errors import OnboardError
from onboard.model import Kind, Secret, Shape, Status, Verdict
from onboard.network import Reply, Request, sendable
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

_HOSTS = ("edge-config.vercel.com", "global-config.vercel.com")
_API = "api.vercel.com"
_PAGE = "https://vercel.com/dashboard/stores"
_ID = re.compile(r"ecfg_[A-Za-z0-9]{8,64}")
_TOKEN = re.compile(r"[A-Za-z0-9-]{16,100}")
_WANTED = f"a connection string reads https://{_HOSTS[1]}/ecfg_…?token=…"


@dataclass(frozen=True, slots=True)
class Connection:
    """The parts of a connection string."""

    host: str
    id: str
    token: Secret
    short: bool
    """It is of the form `edge-config:id=…&token=…`."""

    def text(self, token: str) -> str:
        """Return the connection string with another token."""
        if self.short:
            return f"edge-config:id={self.id}&token={token}"
        return f"https://{self.host}/{self.id}?token={token}"


class EdgeConfig(Provider):
    """Small settings that are read at the edge. A token can only read."""

    id = "edge_config"
    title = "Vercel Edge Config"
    keys = (
        Key(
            "url",
            "connection string",
            ("EDGE_CONFIG", "GLOBAL_CONFIG", r"(VERCEL_)?(EDGE|GLOBAL)_CONFIG(_URL|_CONNECTION_STRING|_CONNECTION)?"),
            Kind.SECRET,
            f"https://{_HOSTS[1]}/ecfg_…?token=…",
            _PAGE,
            (
                "sign in, or open an account on vercel.com/signup",
                "open Storage, create a Global Config (Edge Config) and connect it to the project",
                "open Tokens and copy the connection string",
            ),
        ),
    )
    credentials = (Credential("", "connection string", ("url",), _HOSTS),)
    rotations = (
        Rotation(
            "url",
            "api",
            "Apps and previews that read with the same token.",
            "some seconds after it is deleted; until then both work",
            _PAGE,
            ("open Tokens and create a second one", "use its connection string everywhere", "delete the first one"),
        ),
    )
    borrows: ClassVar[Mapping[str, str]] = {"vercel": "vercel.token", "org": "vercel.org"}
    account = "https://vercel.com/signup"
    purpose = "settings read at the edge"
    limits = "hobby: one store of 8 KB, 100,000 reads a month (November 2026)"

    def claim(self, name: str, value: str) -> tuple[str, int] | None:
        """Know names; by value the service's own hosts."""
        if isinstance(connection(value), Connection):
            return "url", 3
        return super().claim(name, value)

    def shape(self, key: Key, value: str) -> Shape:
        """Take the connection string apart."""
        found = connection(value)
        if isinstance(found, Connection):
            return Shape(True, f"a connection string of {found.id}")
        return Shape(False, found)

    async def verify(self, credential: Credential, values: Values, machine: Machine) -> Verdict:
        """`GET /<id>/digest`, the cheapest read; the token goes in a header, as the clients send it."""
        found = connection(values.text("url"))
        if not isinstance(found, Connection):
            return unclear("the connection string does not look right, so that nothing was asked", detail=found)
        request = Request(
            "edge_config",
            f"https://{found.host}",
            f"/{found.id}/digest?version=1",
            _HOSTS,
            headers={"authorization": Secret(f"Bearer {found.token.reveal()}")},
            seconds=credential.seconds,
        )
        reply = await ask(machine, request)
        return reply if isinstance(reply, Verdict) else _verdict(reply, found)

    async def renew(self, key: str, values: Values, machine: Machine) -> Fresh:
        """Create a second read token with the developer's Vercel token."""
        doing = "a new read token"
        found = connection(values.text("url"))
        if not isinstance(found, Connection) or "vercel" not in values:
            raise OnboardError(f"{doing}: a Vercel token is needed", "set VERCEL_TOKEN, or make it on vercel.com")
        path = f"/v1/global-config/{found.id}/token"
        made = await obtain(
            machine, _manage(values, path, "POST", {"label": f"onboard {machine.now():%Y-%m-%d}"}), doing=doing
        )
        token = made.get("token") if isinstance(made, dict) else None
        if not isinstance(token, str) or not _TOKEN.fullmatch(token):
            raise OnboardError(f"{doing}: the answer held none", "look at the store's Tokens on vercel.com")
        return Fresh({"url": Secret(found.text(token))})

    async def retire(self, key: str, fresh: Fresh, old: Values, new: Values, machine: Machine) -> Verdict:
        """Delete the old token, then ask with it; the edge may need some seconds to notice."""
        found = connection(old.text("url"))
        if not isinstance(found, Connection) or "vercel" not in new:
            return limited("the old token is deleted by hand, under the store's Tokens on vercel.com")
        path = f"/v1/global-config/{found.id}/tokens"
        reply = await ask(machine, _manage(new, path, "DELETE", {"tokens": [found.token.reveal()]}))
        if isinstance(reply, Verdict):
            return reply
        if reply.status not in (200, 204):
            return unclear(f"Vercel did not delete the old token ({reply.status})", detail="delete it on vercel.com")
        proof = await self.dead("url", old, machine)
        if proof.status is Status.WARN:
            return unclear("the old token is deleted; the edge still answers it, which lasts some seconds")
        return proof


def connection(value: str) -> Connection | str:
    """Return the parts of a connection string, or one sentence on why it is none. Never repeats the value."""
    if not sendable(value):  # urlsplit drops line ends without a word
        return wrong(value, f"it holds a character that does not belong to it; {_WANTED}")
    if value.startswith("edge-config:"):
        fields, host, short, id = value.removeprefix("edge-config:"), _HOSTS[0], True, ""
    else:
        try:
            parts = urlsplit(value)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            return _WANTED
        if host not in _HOSTS or parts.username or port is not None:
            return wrong(value, _WANTED) if "://" not in value else f"this is another address; {_WANTED}"
        if parts.scheme != "https":
            return f"it has to start with https://; {_WANTED}"
        if parts.fragment:
            return f"it holds a #, behind which nothing is read; {_WANTED}"
        fields, short, id = parts.query, False, parts.path.strip("/")
    try:
        query = parse_qs(fields, max_num_fields=10)
    except ValueError:
        return _WANTED
    id = id or query.get("id", [""])[0]
    token = query.get("token", [""])[0]
    if not _ID.fullmatch(id):
        return f"its id does not start with ecfg_, or is cut off; {_WANTED}"
    if not token:
        return f"the token behind ?token= is missing; {_WANTED}"
    if not _TOKEN.fullmatch(token):
        return f"the token behind ?token= is cut off or a placeholder; {_WANTED}"
    return Connection(host, id, Secret(token), short)


def _manage(values: Values, path: str, method: str, body: Mapping[str, Any]) -> Request:
    org = values.text("org")
    if re.fullmatch(r"team_[A-Za-z0-9]{4,64}", org):
        path += f"?teamId={org}"
    headers: dict[str, str | Secret] = {
        "authorization": Secret(f"Bearer {values.text('vercel')}"),
        "content-type": "application/json",
    }
    return Request("vercel", f"https://{_API}", path, (_API,), method, headers, Secret(json.dumps(body)))


def _verdict(reply: Reply, found: Connection) -> Verdict:
    digest = reply.json()
    if reply.status == 200 and isinstance(digest, str) and re.fullmatch(r"[A-Za-z0-9+/=_-]{8,200}", digest):
        return accepted(f"config {found.id}", {"config": found.id})
    if reply.status == 401 and reply.object():
        return refused("the config does not take this token: it was mistyped or deleted")
    if reply.status == 404 and "x-edge-config-digest" not in reply.headers and reply.object():
        return refused("there is no such config: it was deleted, or its id was mistyped")
    return odd(found.host, reply)


provider = EdgeConfig()
