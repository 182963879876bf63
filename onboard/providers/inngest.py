"""Inngest: signing keys, event keys, and local work that needs neither. Source: its JavaScript SDK."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from onboard.model import Kind, Secret, Shape, Verdict
from onboard.network import Reply, Request
from onboard.providers._base import (
    Credential,
    Key,
    Provider,
    Provision,
    Rotation,
    Values,
    accepted,
    ask,
    kept_back,
    odd,
    refused,
    unclear,
)
from onboard.providers._kinds import wrong

if TYPE_CHECKING:
    from onboard.machine import Machine

_HOST = "api.inngest.com"
_SIGNING_PAGE = "https://app.inngest.com/env/production/manage/signing-key"
_EVENT_PAGE = "https://app.inngest.com/env/production/manage/keys"
_SIGNING = re.compile(r"(?P<prefix>signkey-(?P<env>\w+)-)(?P<hex>(?:[0-9a-fA-F]{2}){16,64})")
_LOCAL = "local work needs none: the dev server takes any, with INNGEST_DEV=1"


class Inngest(Provider):
    """Background jobs. Sending an event runs functions, so that an event key is never tried."""

    id = "inngest"
    title = "Inngest"
    keys = (
        Key(
            "dev",
            "dev mode",
            ("INNGEST_DEV",),
            Kind.PUBLIC,
            "1, or the dev server's address",
            "",
            ("run npx inngest-cli@latest dev beside the app",),
            made_here=True,
        ),
        Key(
            "signing",
            "signing key",
            ("INNGEST_SIGNING_KEY",),
            Kind.SECRET,
            "signkey-test-…",
            _SIGNING_PAGE,
            (
                "open an account on app.inngest.com",
                "choose a branch environment at the top, not Production",
                "open Manage, Signing key, and copy it",
                _LOCAL,
            ),
        ),
        Key(
            "fallback",
            "signing key for rotation",
            ("INNGEST_SIGNING_KEY_FALLBACK",),
            Kind.SECRET,
            "signkey-test-…",
            _SIGNING_PAGE,
            ("leave it out, unless the signing key is being changed",),
        ),
        Key(
            "event",
            "event key",
            ("INNGEST_EVENT_KEY", r"INNGEST_API_EVENT_KEY"),
            Kind.SECRET,
            "a long text without a prefix",
            _EVENT_PAGE,
            (
                "open an account on app.inngest.com",
                "choose a branch environment at the top, not Production",
                "open Manage, Event keys, create one and copy it",
                _LOCAL,
            ),
        ),
        Key(
            "base_url",
            "address",
            ("INNGEST_BASE_URL", r"INNGEST_(API|EVENT_API)_BASE_URL"),
            Kind.PUBLIC,
            "http://localhost:8288",
            "https://www.inngest.com/docs/sdk/environment-variables",
            ("leave it out, unless Inngest is self-hosted",),
        ),
        Key(
            "env",
            "environment",
            ("INNGEST_ENV",),
            Kind.PUBLIC,
            "a branch environment's name",
            "https://app.inngest.com/env",
            ("leave it out for the key's own environment",),
        ),
    )
    credentials = (
        Credential("", "signing key", ("signing",), (_HOST,), uses=("dev", "base_url", "env")),
        Credential("event", "event key", ("event",), (), uses=("dev", "base_url"), offline=True),
    )
    rotations = (
        Rotation(
            "signing",
            "guided",
            "All apps of the same environment, until they have the new one; the fallback variable bridges it.",
            "when you choose Rotate; until then both work",
            _SIGNING_PAGE,
            (
                "create a new signing key",
                "set it as INNGEST_SIGNING_KEY and the old one as INNGEST_SIGNING_KEY_FALLBACK, and deploy",
                "choose Rotate, then sync the apps again",
            ),
        ),
        Rotation(
            "event",
            "guided",
            "Everything that sends events with the same key.",
            "when you delete it",
            _EVENT_PAGE,
            ("create a second event key", "use it everywhere", "delete the first one"),
        ),
    )
    provisions = (
        Provision(
            "dev",
            "dev mode, so that no key is needed",
            (),
            ("dev",),
            "Writes INNGEST_DEV=1. Nothing is created; npx inngest-cli@latest dev has to run beside the app.",
        ),
    )
    account = "https://app.inngest.com/sign-up"
    purpose = "background jobs"
    limits = "free: runs a month as on inngest.com/pricing; the local dev server has no limit (November 2026)"

    def claim(self, name: str, value: str) -> tuple[str, int] | None:
        """Know names; by value alone a signing key's own form."""
        found = super().claim(name, value)
        return ("signing", 1) if found is None and _SIGNING.fullmatch(value) else found

    def shape(self, key: Key, value: str) -> Shape:
        """Take a signing key apart: its environment is in its prefix."""
        if key.id in ("signing", "fallback"):
            return self._signing(value)
        if key.id == "event":
            if value.startswith("signkey-"):
                return Shape(False, "this is a signing key; the event key has no prefix")
            if re.fullmatch(r"[A-Za-z0-9_-]{40,200}", value):
                return Shape(True, "of the form of an event key")
            if re.fullmatch(r"[A-Za-z0-9_.-]{1,39}", value):
                return Shape(True, "too short for Inngest's cloud; the local dev server takes any")
            return Shape(False, wrong(value, f"an event key is one long text of letters and digits; {_LOCAL}"))
        if key.id == "dev":
            if value.lower() in ("1", "true", "0", "false"):
                return Shape(True, "dev mode is on" if _is_on(value) else "dev mode is off")
            good = re.fullmatch(r"https?://[^\s@/]+/?", value) is not None
            return Shape(good, "the dev server's address" if good else "it is 1, 0, or the dev server's address")
        if key.id == "base_url":
            good = re.fullmatch(r"https?://[^\s@]+", value) is not None
            return Shape(good, "an address" if good else "an address starts with http:// or https://")
        good = re.fullmatch(r"[^\s]{1,200}", value) is not None
        return Shape(good, "an environment's name" if good else "an environment's name holds no blank")

    @staticmethod
    def _signing(value: str) -> Shape:
        match = _SIGNING.fullmatch(value)
        if match is None:
            if value.startswith("signkey-"):
                return Shape(False, "behind signkey-<environment>- there are hex digits only; copy it whole")
            return Shape(False, wrong(value, f"a signing key starts with signkey-; {_LOCAL}"))
        if match["env"] == "prod":
            return Shape(True, f"a signing key of the production environment; {_LOCAL}", "live")
        return Shape(True, f"a signing key of a {match['env']} environment", "test")

    async def verify(self, credential: Credential, values: Values, machine: Machine) -> Verdict:
        """Ask with the signing key's hash, as the SDK does; the key itself is never sent."""
        if _is_on(values.text("dev")) or _elsewhere(values.text("base_url")):
            where = "INNGEST_DEV is on" if _is_on(values.text("dev")) else "INNGEST_BASE_URL names a server of your own"
            return kept_back(f"not asked: {where}, so that Inngest's cloud is not used")
        if credential.offline:
            return unclear(
                "an event key can be tried only by sending an event, which would run functions: nothing was sent",
                detail=_LOCAL,
            )
        key = values.text("signing")
        match = _SIGNING.fullmatch(key)
        if match is None:
            return unclear("the signing key does not look right, so that nothing was asked")
        if match["env"] == "prod":
            return kept_back("not asked: this signing key is for production", detail=_LOCAL)
        headers: dict[str, str | Secret] = {"authorization": Secret(f"Bearer {hashed(key)}")}
        if environment := values.text("env"):
            headers["x-inngest-env"] = environment
        request = Request(
            "inngest", f"https://{_HOST}", "/v1/events?limit=1", (_HOST,), headers=headers, seconds=credential.seconds
        )
        reply = await ask(machine, request)
        return reply if isinstance(reply, Verdict) else _verdict(reply, match["env"])

    def compare(self, values: Values, verdicts: Mapping[str, Verdict]) -> Verdict | None:
        """Key and fallback are of one environment."""
        found = [_SIGNING.fullmatch(values.text(key)) for key in ("signing", "fallback")]
        environments = {match["env"] for match in found if match is not None}
        if len(environments) > 1:
            return refused("signing key and fallback are of two environments: requests of one of them would be refused")
        return None

    async def provision(self, offer: str, values: Values, machine: Machine) -> Mapping[str, Secret]:
        """Return dev mode; nothing is asked."""
        return {"dev": Secret("1")}


def hashed(key: str) -> str:
    """Return what stands for a signing key in a request: its prefix, then SHA-256 over the bytes behind it, in hex."""
    import hashlib

    match = _SIGNING.fullmatch(key)
    if match is None:
        raise ValueError("not a signing key")
    return match["prefix"] + hashlib.sha256(bytes.fromhex(match["hex"])).hexdigest()


def _is_on(dev: str) -> bool:
    return bool(dev) and dev.lower() not in ("0", "false")


def _elsewhere(address: str) -> bool:
    try:
        host = urlsplit(address).hostname or ""
    except ValueError:
        return True
    return bool(host) and host != "inn.gs" and host != "inngest.com" and not host.endswith(".inngest.com")


def _verdict(reply: Reply, environment: str) -> Verdict:
    found = reply.object()
    if reply.status == 200 and isinstance(found.get("data"), list):
        return accepted(f"a signing key of a {environment} environment", {"environment": environment})
    if reply.status == 401 and found:
        return refused("Inngest does not know this signing key: it was mistyped or rotated")
    return odd(_HOST, reply)


provider = Inngest()
