"""Upstash Redis over REST: address and token, under all their names, and the management key."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from onboard.clean import line
from onboard.errors import OnboardError
from onboard.model import Kind, Secret, Shape, Status, Tell, Verdict
from onboard.network import Reply, Request
from onboard.providers._base import (
    Credential,
    Fresh,
    Key,
    Provider,
    Provision,
    Rotation,
    Values,
    accepted,
    ask,
    kept_back,
    limited,
    obtain,
    odd,
    refused,
)
from onboard.providers._url import Url, host_of, parse, scheme_of

if TYPE_CHECKING:
    from onboard.machine import Machine

_API = "api.upstash.com"
_HOSTS = (".upstash.io", "127.0.0.1", "localhost")
_CONSOLE = "https://console.upstash.com/redis"
_STEPS = ("open an account", "create a Redis database; the free plan has one", "open it, then Connect, then REST")


class Upstash(Provider):
    """Redis over HTTPS. Nothing but the host tells whose database it is."""

    id = "upstash"
    brands = ("UPSTASH", "QSTASH")
    title = "Upstash"
    keys = (
        Key(
            "url",
            "REST URL",
            (
                "UPSTASH_REDIS_REST_URL",
                r"(UPSTASH_)?(REDIS|KV)_REST_(API_)?URL",
                r"UPSTASH_(REDIS_)?(REST_)?URL",
            ),
            Kind.PUBLIC,
            "https://….upstash.io",
            _CONSOLE,
            (*_STEPS, "copy UPSTASH_REDIS_REST_URL"),
        ),
        Key(
            "read_only",
            "read-only REST token",
            (
                "KV_REST_API_READ_ONLY_TOKEN",
                r"(UPSTASH_)?(REDIS|KV)_REST_(API_)?READ_?ONLY_TOKEN",
                r"UPSTASH_REDIS_READ_?ONLY_TOKEN",
            ),
            Kind.SECRET,
            "a long text, often A…=",
            _CONSOLE,
            (*_STEPS, "switch Read-Only Token on and copy the token"),
        ),
        Key(
            "token",
            "REST token",
            (
                "UPSTASH_REDIS_REST_TOKEN",
                r"(UPSTASH_)?(REDIS|KV)_REST_(API_)?TOKEN",
                r"UPSTASH_(REDIS_)?(REST_)?TOKEN",
            ),
            Kind.SECRET,
            "a long text, often A…=",
            _CONSOLE,
            (*_STEPS, "leave Read-Only Token off and copy UPSTASH_REDIS_REST_TOKEN"),
        ),
        Key(
            "email",
            "account e-mail",
            ("UPSTASH_EMAIL",),
            Kind.PUBLIC,
            "you@example.com",
            "https://console.upstash.com/account/api",
            ("the e-mail address with which the account was opened",),
        ),
        Key(
            "api",
            "management key",
            ("UPSTASH_API_KEY", r"UPSTASH_(MANAGEMENT|DEVELOPER)_(API_)?KEY"),
            Kind.SECRET,
            "a UUID or another long text",
            "https://console.upstash.com/account/api",
            ("choose Create API key", "copy it; it is shown once"),
        ),
    )
    credentials = (
        Credential("", "REST token", ("url", "token"), _HOSTS, seconds=8.0),
        Credential("read_only", "read-only REST token", ("url", "read_only"), _HOSTS, seconds=8.0),
        Credential(
            "api",
            "management key",
            ("email", "api"),
            (_API,),
            uses=("url", "token", "read_only"),
            endpoints=("upstash.api",),
        ),
    )
    rotations = (
        Rotation(
            "token",
            "api",
            "Everything that uses the database: both REST tokens and the password of redis:// end together.",
            "at once, without a grace period",
            _CONSOLE,
            ("open the database", "choose Reset Credentials", "copy the new token"),
        ),
    )
    provisions = (
        Provision(
            "database",
            "an Upstash Redis database of your own",
            ("email", "api"),
            ("url", "token"),
            "Creates a database on AWS us-east-1 in the account of the management key. The free plan has one; "
            "it is archived after 30 days without use.",
        ),
    )
    account = "https://console.upstash.com/"
    purpose = "cache, rate limits and queues (Redis)"
    limits = (
        "free plan: 1 database, 256 MB, 500,000 commands a month; some older databases 10,000 a day (November 2026)"
    )

    def claim(self, name: str, value: str) -> tuple[str, int] | None:
        """Know the REST address by its host. A redis:// address under a plain name is Redis's own."""
        by_name = super().claim(name, value)
        scheme = scheme_of(value)
        if host_of(value).startswith("qstash"):  # the queue's address, not Redis's
            return None
        if scheme in ("http", "https") and host_of(value).endswith(".upstash.io"):
            return "url", 3
        if scheme in ("redis", "rediss") and "REST" not in name:
            return None
        return by_name

    def shape(self, key: Key, value: str) -> Shape:
        """Tell the REST pair from the address and password of traditional Redis clients."""
        if key.id == "url":
            return self._url(value)
        if key.id == "email":
            fits = re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", value) is not None
            return Shape(fits, "an e-mail address" if fits else "this has to be the e-mail address of the account")
        if scheme_of(value):
            return Shape(False, "this is a URL; the token stands below it on the same page")
        if not re.fullmatch(r"[A-Za-z0-9+/=_.-]{16,2000}", value):
            return Shape(False, "a token is one long text of letters, digits and + / = - _")
        if len(set(value)) < 6:
            return Shape(False, "this is a placeholder; the token stands under REST on the database's page")
        if key.id == "api":
            return Shape(True, "looks like a management key")
        return Shape(True, "looks like a REST token; whether it may write shows only in use")

    @staticmethod
    def _url(value: str) -> Shape:
        url = parse(value)
        if isinstance(url, str):
            return Shape(False, f"{url}; the REST URL looks like https://….upstash.io")
        if url.scheme in ("redis", "rediss"):
            return Shape(False, "this is the address for traditional Redis clients; the REST URL starts with https://")
        if url.scheme not in ("http", "https"):
            return Shape(False, "the REST URL starts with https://")
        if url.user or url.password is not None:
            return Shape(False, "the REST URL holds no user and password; the token is a variable of its own")
        if url.local:
            if url.port == 6379:
                return Shape(False, "port 6379 is Redis itself, which does not speak HTTP")
            return Shape(True, "a REST server on this machine")
        if not url.host.endswith(".upstash.io"):
            return Shape(False, "its host is not one of Upstash: it ends with .upstash.io")
        label = url.host.removesuffix(".upstash.io")
        if label in ("test", "your-database", "your-redis", "example") or set(label) <= {"x", "-", "."}:
            return Shape(False, "this is a placeholder; the real one is on the database's page under REST")
        if url.scheme == "http":
            return Shape(False, "it starts with https:// (with http:// the token would travel in the open)")
        if url.path or url.query:
            return Shape(False, "it ends with .upstash.io, without a path")
        return Shape(True, "the REST URL of an Upstash database")

    async def verify(self, credential: Credential, values: Values, machine: Machine) -> Verdict:
        """Send PING with the token; then SCAN, which a read-only token may not."""
        if credential.part == "api":
            return await self._account(credential, values, machine)
        shape = self.shape(self.key("url"), values.text("url"))
        if not shape.fits:
            return kept_back(f"nothing was sent: {shape.text}")
        key = credential.needs[1]
        reply = await self._command(credential, values.text(key), values, machine, ["PING"], credential.seconds * 0.6)
        if isinstance(reply, Verdict):
            return reply
        url = parse(values.text("url"))
        host = url.host if isinstance(url, Url) else ""
        identity = {"database": host}
        found = reply.object()
        if reply.status == 200 and found.get("result") == "PONG":
            writes = await self._command(
                credential, values.text(key), values, machine, ["SCAN", "0", "COUNT", "1"], credential.seconds * 0.4
            )
            return self._accepted(key, identity, writes)
        return self._declined(found.get("error"), reply, identity)

    @staticmethod
    def _accepted(key: str, identity: dict[str, str], writes: Reply | Verdict) -> Verdict:
        host = identity["database"]
        if isinstance(writes, Reply) and str(writes.object().get("error", "")).startswith("NOPERM"):
            if key == "read_only":
                return accepted(f"{host} accepts it, for reading", identity | {"access": "read"})
            return limited(
                f"{host} accepts it, but it may not write",
                identity | {"access": "read"},
                detail="an app that caches or counts needs the standard token: switch Read-Only Token off on its page",
            )
        if isinstance(writes, Reply) and writes.status == 200 and isinstance(writes.object().get("result"), list):
            if key == "read_only":
                return limited(f"{host} accepts it, but it may write too", identity | {"access": "write"})
            return accepted(f"{host} accepts it", identity | {"access": "write"})
        return accepted(f"{host} accepts it; whether it may write could not be told", identity)

    @staticmethod
    def _declined(error: object, reply: Reply, identity: dict[str, str]) -> Verdict:
        if not isinstance(error, str):
            return odd("Upstash", reply)
        if reply.status == 401:
            return refused(
                f"{identity['database']} does not know this token",
                detail="it is another database's, it was reset, or it is the password for redis:// addresses",
            )
        if re.search(r"max (daily )?requests? limit exceeded", error):
            when = "for today" if "daily" in error else "for this month"
            return limited(
                f"{identity['database']} accepts it, but its quota is used up {when}",
                identity,
                step=Tell("raise the plan, or use another database", url=_CONSOLE),
            )
        if error.startswith("NOPERM"):
            return limited(f"{identity['database']} knows it, but it may do next to nothing", identity)
        return odd(identity["database"], reply)

    async def _command(
        self, credential: Credential, token: str, values: Values, machine: Machine, words: list[str], seconds: float
    ) -> Reply | Verdict:
        return await ask(
            machine,
            Request(
                "upstash",
                values.text("url").rstrip("/"),
                "/",
                credential.hosts,
                "POST",
                {"Authorization": Secret("Bearer " + token), "Content-Type": "application/json"},
                json.dumps(words).encode(),
                seconds=seconds,
            ),
        )

    def _api(self, values: Values, path: str, method: str = "GET", data: object = None) -> Request:
        packed = base64.b64encode(f"{values.text('email')}:{values.text('api')}".encode()).decode()
        headers: dict[str, str | Secret] = {"Authorization": Secret("Basic " + packed)}
        body = None
        if data is not None:
            headers["Content-Type"], body = "application/json", json.dumps(data).encode()
        return Request("upstash.api", f"https://{_API}", f"/v2/redis/{path}", (_API,), method, headers, body)

    async def _account(self, credential: Credential, values: Values, machine: Machine) -> Verdict:
        request = self._api(values, "databases")
        reply = await ask(machine, replace(request, seconds=credential.seconds))
        if isinstance(reply, Verdict):
            return reply
        if reply.status == 401 and reply.json() is not None:
            return refused("Upstash does not know this pair of e-mail and management key")
        found = reply.json()
        if reply.status != 200 or not isinstance(found, list) or not all(_is_database(one) for one in found):
            return odd(_API, reply)
        identity = {"account": line(values.text("email"), limit=120), "databases": str(len(found))}
        mine = _mine(found, values)
        if mine is not None:
            identity["database"] = line(str(mine.get("database_name", "")), limit=80) or str(mine["endpoint"])
            known = [mine.get("rest_token"), mine.get("read_only_rest_token")]
            token = values.text("token")
            if token and all(isinstance(one, str) and one for one in known):
                identity["token"] = "known" if token in known else "other"
        elif values.text("url"):
            identity["database"] = "not in this account"
        return accepted(f"{identity['account']}, {len(found)} database{'' if len(found) == 1 else 's'}", identity)

    def compare(self, values: Values, verdicts: Mapping[str, Verdict]) -> Verdict | None:
        """Hold address and token together by the service's answer, and the account by its list of databases."""
        api = verdicts["api"].identity if "api" in verdicts else {}
        if api.get("database") == "not in this account":
            return limited("the REST URL is of a database that this account does not have")
        if api.get("token") == "other":
            return limited("the REST token is not one of the two that this account shows for the database")
        if "" in verdicts and verdicts[""].status in (Status.OK, Status.WARN) and verdicts[""].identity:
            return accepted("address and token belong together")
        return None

    async def renew(self, key: str, values: Values, machine: Machine) -> Fresh:
        """Reset the database's credentials: the old ones are dead with the answer."""
        doing = "new Upstash credentials"
        mine = _mine(await obtain(machine, self._api(values, "databases"), doing=doing), values)
        if mine is None:
            raise OnboardError(f"{doing}: this account has no database with that REST URL", "reset it on its page")
        id = _id(mine)
        found = await obtain(machine, self._api(values, f"reset-password/{id}", "POST"), doing=doing)
        if not _has_token(found):
            found = await obtain(machine, self._api(values, f"database/{id}"), doing=doing)
        if not _has_token(found):
            raise OnboardError(
                f"{doing}: they were reset, but the answer does not hold them", f"copy the new ones from {_CONSOLE}"
            )
        fresh = {"token": Secret(found["rest_token"])}
        if "read_only" in values and isinstance(found.get("read_only_rest_token"), str):
            fresh["read_only"] = Secret(found["read_only_rest_token"])
        return Fresh(fresh, old_dead=True)

    async def provision(self, offer: str, values: Values, machine: Machine) -> Mapping[str, Secret]:
        """Create a database and return its REST address and token."""
        doing = "a new Upstash database"
        user = re.sub(r"[^a-z0-9-]", "-", machine.env.get("USER", machine.env.get("USERNAME", "")).lower())[:20]
        data = {
            "database_name": f"dev-{user or 'local'}",
            "platform": "aws",
            "primary_region": "us-east-1",
            "tls": True,
        }
        found = await obtain(machine, self._api(values, "database", "POST", data), doing=doing)
        if _is_database(found) and not _has_token(found):
            found = await obtain(machine, self._api(values, f"database/{_id(found)}"), doing=doing)
        if not _is_database(found) or not _has_token(found):
            raise OnboardError(f"{doing}: the answer does not hold its token", f"look at {_CONSOLE}")
        return {"url": Secret(f"https://{found['endpoint']}"), "token": Secret(found["rest_token"])}


def _is_database(one: object) -> bool:
    return isinstance(one, dict) and isinstance(one.get("endpoint"), str) and isinstance(one.get("database_id"), str)


def _has_token(one: object) -> bool:
    return isinstance(one, dict) and isinstance(one.get("rest_token"), str) and bool(one["rest_token"])


def _id(database: Mapping[str, Any]) -> str:
    """Return the id for a path. Raises OnboardError where it is none."""
    id = str(database.get("database_id", ""))
    if not re.fullmatch(r"[A-Za-z0-9-]{4,64}", id):
        raise OnboardError("Upstash named a database by an id that onboard does not understand")
    return id


def _mine(found: object, values: Values) -> dict[str, Any] | None:
    """Return the database whose address is the REST URL; `None`: it is not in the list."""
    host = host_of(values.text("url"))
    databases = [one for one in found if _is_database(one)] if isinstance(found, list) else []
    return next((one for one in databases if host and str(one["endpoint"]).lower().split(":")[0] == host), None)


provider = Upstash()
