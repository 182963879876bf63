"""Clerk: publishable and secret keys of one instance; the publishable one names its host."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from onboard.clean import line
from onboard.errors import OnboardError
from onboard.model import Kind, Secret, Shape, Tell, Verdict
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
    limited,
    obtain,
    odd,
    refused,
    unclear,
)

if TYPE_CHECKING:
    from onboard.machine import Machine

_API = "api.clerk.com"
_FRONTENDS = (".clerk.accounts.dev", ".lclclerk.com")
"""Of development instances; a production instance has the app's own domain, and is not asked."""
_PAGE = "https://dashboard.clerk.com/~/api-keys"
_STEPS = ("open an account and an application", "choose the Development instance", "open Configure, API keys")


def frontend_of(value: str) -> str:
    """Return the host that a publishable key names; empty where it is none of Clerk's.

    Three parts at `_`; the third is unpadded base64 of the host and one dollar sign.
    """
    parts = value.split("_")
    if len(parts) != 3 or parts[0] != "pk" or parts[1] not in ("test", "live"):
        return ""
    try:
        text = base64.b64decode(parts[2] + "=" * (-len(parts[2]) % 4), validate=True).decode("ascii")
    except ValueError:
        return ""
    host = text[:-1]
    fits = text.endswith("$") and re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", host, re.IGNORECASE)
    return host.lower() if fits else ""


class Clerk(Provider):
    """Sign-in. Prefixes are Stripe's too, so names and the publishable key's inside decide."""

    id = "clerk"
    title = "Clerk"
    keys = (
        Key(
            "publishable",
            "publishable key",
            ("CLERK_PUBLISHABLE_KEY", r"CLERK_(PUBLIC_KEY|FRONTEND_API_KEY|PUBLISHABLE)"),
            Kind.PUBLIC,
            "pk_test_…",
            _PAGE,
            (*_STEPS, "copy the publishable key"),
        ),
        Key(
            "secret",
            "secret key",
            ("CLERK_SECRET_KEY", r"(NUXT_)?CLERK_(SECRET(_KEY)?|API_KEY)"),
            Kind.SECRET,
            "sk_test_…",
            _PAGE,
            (*_STEPS, "reveal the secret key and copy it"),
        ),
        Key(
            "webhook",
            "webhook signing secret",
            ("CLERK_WEBHOOK_SIGNING_SECRET", r"CLERK_WEBHOOKS?_(SIGNING_)?SECRET"),
            Kind.SECRET,
            "whsec_…",
            "https://dashboard.clerk.com/~/webhooks",
            (*_STEPS[:2], "open Configure, Webhooks", "add an endpoint and copy its signing secret"),
        ),
        Key(
            "encryption",
            "encryption key",
            ("CLERK_ENCRYPTION_KEY",),
            Kind.SECRET,
            "32 random characters or more",
            "",
            made_here=True,
        ),
    )
    credentials = (
        Credential("", "secret key", ("secret",), (_API,), seconds=9.0),
        Credential(
            "publishable",
            "publishable key",
            ("publishable",),
            _FRONTENDS,
            seconds=8.0,
            endpoints=("clerk.fapi",),
        ),
    )
    rotations = (
        Rotation(
            "secret",
            "guided",
            "Servers that use the same key; the publishable key stays.",
            "when you delete it",
            _PAGE,
            (
                "choose Add new key",
                "put it in place of the first",
                "wait until the first one's Last used stands still",
                "delete it",
            ),
        ),
        Rotation(
            "webhook",
            "guided",
            "Deliveries to the endpoint whose secret it is.",
            "when you delete the old endpoint",
            "https://dashboard.clerk.com/~/webhooks",
            ("add a second endpoint with the same address", "use its signing secret", "delete the first endpoint"),
        ),
    )
    provisions = (
        Provision(
            "keyless",
            "a Clerk instance without an account",
            (),
            ("publishable", "secret"),
            "Makes a development instance that belongs to nobody until it is claimed in Clerk's dashboard.",
        ),
        Provision(
            "encryption", "a random encryption key", (), ("encryption",), "Made on this machine; 32 random bytes."
        ),
    )
    account = "https://dashboard.clerk.com/sign-up"
    purpose = "sign-in and users"
    limits = "development instances: 100 requests in 10 seconds (November 2026)"

    def claim(self, name: str, value: str) -> tuple[str, int] | None:
        """Know names; by value alone only a publishable key that decodes to a host."""
        by_name = super().claim(name, value)
        return by_name or (("publishable", 1) if frontend_of(value) else None)

    def shape(self, key: Key, value: str) -> Shape:
        """Tell kinds by prefix, Clerk's publishable key from Stripe's by what it decodes to."""
        match = re.match(r"(sk|pk|rk)_(test|live)_", value)
        mode = match[2] if match else None
        if key.id == "webhook":
            fits = re.fullmatch(r"whsec_[A-Za-z0-9+/=_-]{16,200}", value) is not None and len(set(value[6:])) > 4
            return Shape(fits, "a webhook signing secret" if fits else "a webhook signing secret starts with whsec_")
        if key.id == "encryption":
            fits = len(value) >= 32 and len(set(value)) > 8
            return Shape(fits, "a random key" if fits else "an encryption key has at least 32 random characters")
        right = f"Clerk's {key.title} starts with {'pk' if key.id == 'publishable' else 'sk'}_test_"
        if key.id == "publishable":
            if match and match[1] != "pk":
                return Shape(False, f"this is a secret key, which must never reach the browser; {right}", mode)
            host = frontend_of(value)
            if host:
                return Shape(True, f"the publishable key of {host}", mode)
            if match and re.fullmatch(r"pk_(test|live)_51[A-Za-z0-9]{20,}", value):
                return Shape(False, "this is Stripe's publishable key; Clerk's is on the API keys page of Clerk", mode)
            return Shape(False, f"{right} and holds the name of its host; copy it whole", mode)
        if match and match[1] == "pk":
            return Shape(False, f"this is a publishable key; {right}", mode)
        if re.fullmatch(r"sk_(test|live)_51[A-Za-z0-9]{60,}", value) or (match and match[1] == "rk"):
            return Shape(False, "this is Stripe's secret key; Clerk's is on the API keys page of Clerk", mode)
        if not re.fullmatch(r"sk_(test|live)_[A-Za-z0-9]{16,200}", value) or len(set(value[8:])) < 5:
            return Shape(False, right, mode)
        if mode == "live":
            return Shape(True, "a live key: the app's real users; local set-up needs one with _test_", mode)
        return Shape(True, "a secret key, development", mode)

    async def verify(self, credential: Credential, values: Values, machine: Machine) -> Verdict:
        """Ask for the instance that the secret key belongs to, then for its domains, which prove the pair."""
        key = credential.needs[0]
        value = values.text(key)
        shape = self.shape(self.key(key), value)
        if shape.mode == "live":
            return kept_back("a live key is not sent from a local set-up")
        if not shape.fits:
            return kept_back(f"nothing was sent: {shape.text}")
        if key == "publishable":
            return await self._frontend(credential, frontend_of(value), machine)
        question = Request(
            "clerk",
            f"https://{_API}",
            "/v1/instance",
            (_API,),
            headers={"Authorization": Secret("Bearer " + value)},
            seconds=credential.seconds * 0.6,
        )
        reply = await ask(machine, question)
        if isinstance(reply, Verdict):
            return reply
        found = reply.object()
        id, kind = found.get("id"), found.get("environment_type")
        if reply.status == 200 and isinstance(id, str) and id.startswith("ins_") and isinstance(kind, str):
            identity = {"instance": line(id, limit=60), "mode": line(kind, limit=20)}
            domains = await ask(machine, replace(question, path="/v1/domains", seconds=credential.seconds * 0.4))
            hosts = _frontends(domains)
            if hosts:
                identity["frontend"] = ", ".join(hosts)
            where = f" of {hosts[0]}" if hosts else ""
            if kind == "production":
                return limited(f"instance {identity['instance']}{where}, which is a production one", identity)
            return accepted(f"instance {identity['instance']}{where}, {identity['mode']}", identity)
        code = _code(reply)
        if reply.status == 401 and code == "clerk_key_invalid":
            return refused("Clerk does not know this key", detail="it was deleted, or cut when it was copied")
        if reply.status == 403 and code:
            return limited("a real key that may not read its instance")
        return odd(_API, reply)

    async def _frontend(self, credential: Credential, host: str, machine: Machine) -> Verdict:
        if not host.endswith(_FRONTENDS):
            return unclear("it names a host that is not one of Clerk's for development; nothing was sent")
        request = Request(
            "clerk.fapi", f"https://{host}", "/.well-known/jwks.json", _FRONTENDS, seconds=credential.seconds
        )
        reply = await ask(machine, request)
        if isinstance(reply, Verdict):
            return reply
        keys = reply.object().get("keys")
        if reply.status == 200 and isinstance(keys, list) and keys and isinstance(keys[0], dict) and "kty" in keys[0]:
            return accepted(f"the instance of {host} is there", {"frontend": host})
        return odd(host, reply)

    def compare(self, values: Values, verdicts: Mapping[str, Verdict]) -> Verdict | None:
        """Hold the host inside the publishable key against the domains that the secret key's instance has."""
        publishable, secret = values.text("publishable"), values.text("secret")
        if not publishable or not secret:
            return None
        modes = [self.shape(self.key(id), text).mode for id, text in (("publishable", publishable), ("secret", secret))]
        if None not in modes and modes[0] != modes[1]:
            return refused(f"the publishable key is for {modes[0]} mode, the secret one for {modes[1]} mode")
        host = frontend_of(publishable)
        hosts = verdicts[""].identity.get("frontend", "") if "" in verdicts else ""
        if not host or not hosts:
            return None
        if host in hosts.split(", "):
            return accepted(f"both keys are of {host}")
        return refused(
            f"the publishable key is of {host}, the secret one of {hosts}",
            detail="sign-in would go round in redirects; copy both from one page",
            step=Tell("copy both keys from one page", url=_PAGE),
        )

    def found(self, root: Path) -> Mapping[str, Secret]:
        """Return the keys that Clerk's own development kit made without an account in this folder, if it did."""
        try:
            raw = (root / ".clerk" / ".tmp" / "keyless.json").read_bytes()[:65536]
            kept = json.loads(raw)
        except (OSError, ValueError, RecursionError):
            return {}
        if not isinstance(kept, dict):
            return {}
        pair = {"publishable": kept.get("publishableKey"), "secret": kept.get("secretKey")}
        if not all(isinstance(text, str) and self.shape(self.key(id), text).fits for id, text in pair.items()):
            return {}
        return {id: Secret(text) for id, text in pair.items() if isinstance(text, str)}

    async def provision(self, offer: str, values: Values, machine: Machine) -> Mapping[str, Secret]:
        """Make an instance without an account, or a random encryption key."""
        if offer == "encryption":
            import secrets

            return {"encryption": Secret(secrets.token_urlsafe(32))}
        doing = "a Clerk instance without an account"
        request = Request("clerk", f"https://{_API}", "/v1/accountless_applications", (_API,), "POST")
        found = await obtain(machine, request, doing=doing)
        made = {id: found.get(f"{id}_key") for id in ("publishable", "secret")} if isinstance(found, dict) else {}
        texts = {id: text for id, text in made.items() if isinstance(text, str)}
        if len(texts) != 2 or not all(self.shape(self.key(id), text).fits for id, text in texts.items()):
            raise OnboardError(f"{doing}: the answer does not hold its keys", f"make them at {_PAGE}")
        return {id: Secret(text) for id, text in texts.items()}


def _code(reply: Reply) -> str:
    errors = reply.object().get("errors")
    first = errors[0] if isinstance(errors, list) and errors else None
    code = first.get("code") if isinstance(first, dict) else None
    return code if isinstance(code, str) else ""


def _frontends(reply: Reply | Verdict) -> list[str]:
    """Return the frontend API's hosts of the instance; empty where they could not be told."""
    data = reply.object().get("data") if isinstance(reply, Reply) and reply.status == 200 else None
    urls = [one.get("frontend_api_url") for one in data if isinstance(one, dict)] if isinstance(data, list) else []
    hosts = [urlsplit(url).hostname or "" for url in urls if isinstance(url, str) and "[" not in url]
    return [line(host, limit=120) for host in hosts if re.fullmatch(r"[a-z0-9.-]+", host)]


provider = Clerk()
