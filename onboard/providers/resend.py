"""Resend: sending and full-access keys. Its statuses are inverted: 401 may be a good key, 403 is the bad one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from onboard.clean import line
from onboard.errors import OnboardError
from onboard.model import Kind, Secret, Shape, Status, Verdict
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

_HOST = "api.resend.com"
_KEYS_PAGE = "https://resend.com/api-keys"
_WANTED = "an API key starts with re_"


class Resend(Provider):
    """E-mail. Without a verified domain only the owner's own address can be written to."""

    id = "resend"
    title = "Resend"
    keys = (
        Key(
            "webhook",
            "webhook signing secret",
            ("RESEND_WEBHOOK_SECRET", r"RESEND_(WEBHOOK_)?SIGNING_SECRET"),
            Kind.SECRET,
            "whsec_…",
            "https://resend.com/webhooks",
            ("open the webhook, or add one", "copy its signing secret"),
        ),
        Key(
            "secret",
            "API key",
            ("RESEND_API_KEY", r"(AUTH_)?RESEND_(\w+_)?(KEY|TOKEN)", r"RESEND(_SECRET)?"),
            Kind.SECRET,
            "re_…",
            _KEYS_PAGE,
            (
                "open an account on resend.com; no domain is needed to begin",
                "choose Create API key; sending access is enough for an app",
                "copy it; it is shown once",
            ),
        ),
    )
    credentials = (Credential("", "API key", ("secret",), (_HOST,)),)
    rotations = (
        Rotation(
            "secret",
            "api",
            "Every app that sends with the same key.",
            "when it is deleted; until then both work",
            _KEYS_PAGE,
            ("create a second key", "use it everywhere", "delete the first one"),
        ),
        Rotation(
            "webhook",
            "guided",
            "Events of this webhook, until the app has the new secret.",
            "when you delete the old webhook",
            "https://resend.com/webhooks",
            ("add a second webhook with the same address", "use its signing secret", "delete the first one"),
        ),
    )
    account = "https://resend.com/signup"
    purpose = "e-mail"
    limits = "free: 3,000 e-mails a month, 100 a day, one domain; 5 requests a second (November 2026)"

    def claim(self, name: str, value: str) -> tuple[str, int] | None:
        """Know names; by value alone the exact form of a key."""
        found = super().claim(name, value)
        if found is None and re.fullmatch(r"re_[A-Za-z0-9]{8}_[A-Za-z0-9]{24}", value):
            return "secret", 1
        return found

    def shape(self, key: Key, value: str) -> Shape:
        """Tell the two kinds apart."""
        if key.id == "webhook":
            if re.fullmatch(r"whsec_[A-Za-z0-9+/=_-]{16,}", value):
                return Shape(True, "a webhook signing secret")
            return Shape(False, wrong(value, "a webhook signing secret starts with whsec_"))
        if re.match(r"re_(test|your|xxx)_?", value, re.IGNORECASE) or re.fullmatch(r"re_[xX.*…_]*", value):
            return Shape(False, f"this is a placeholder; {_WANTED}, then letters and digits")
        if re.fullmatch(r"re_[A-Za-z0-9_]{16,}", value):
            return Shape(True, "an API key")
        if value.startswith("re_"):
            return Shape(
                False, "it starts like an API key but is cut off or has characters that none has; copy it whole"
            )
        return Shape(False, wrong(value, _WANTED))

    async def verify(self, credential: Credential, values: Values, machine: Machine) -> Verdict:
        """`GET /domains`; branch on `name`, never on the status."""
        reply = await ask(
            machine, _request("GET", "/domains", values.text("secret"), seconds=credential.seconds), own=(429,)
        )
        return reply if isinstance(reply, Verdict) else _verdict(reply)

    async def renew(self, key: str, values: Values, machine: Machine) -> Fresh:
        """Create a second key. Which one is the old one can be told only where it is the only one."""
        doing = "a new Resend key"
        token = values.text("secret")
        listed = await obtain(machine, _request("GET", "/api-keys", token), doing=doing)
        rows = listed.get("data") if isinstance(listed, dict) else None
        old = (
            [row["id"] for row in rows if isinstance(row, dict) and _is_id(row.get("id"))]
            if isinstance(rows, list)
            else []
        )
        body = {"name": f"onboard {machine.now():%Y-%m-%d}", "permission": "full_access"}
        made = await obtain(machine, _request("POST", "/api-keys", token, body), doing=doing)
        fresh = made.get("token") if isinstance(made, dict) else None
        if not isinstance(fresh, str) or not self.shape(self.key("secret"), fresh).fits:
            raise OnboardError(
                f"{doing}: the answer held none", "see at resend.com/api-keys whether one was made, and delete it"
            )
        return Fresh({"secret": Secret(fresh)}, retire=old[0] if len(old) == 1 else "")

    async def retire(self, key: str, fresh: Fresh, old: Values, new: Values, machine: Machine) -> Verdict:
        """Delete the old key with the new one, then ask with the old."""
        if not fresh.retire:
            return limited(
                "which of the account's keys is the old one cannot be told; delete it by hand",
                detail="open resend.com/api-keys: its name and last use tell",
            )
        reply = await ask(machine, _request("DELETE", f"/api-keys/{fresh.retire}", new.text("secret")))
        if isinstance(reply, Verdict):
            return reply
        if reply.status not in (200, 204):
            return unclear(
                f"Resend did not delete the old key ({reply.status})", detail="delete it on resend.com/api-keys"
            )
        return await self.dead("secret", old, machine)


def _is_id(text: object) -> bool:
    return isinstance(text, str) and re.fullmatch(r"[A-Za-z0-9-]{8,64}", text) is not None


def _request(method: str, path: str, token: str, body: dict[str, Any] | None = None, seconds: float = 10.0) -> Request:
    import json

    headers: dict[str, str | Secret] = {"authorization": Secret(f"Bearer {token}")}
    if body is not None:
        headers["content-type"] = "application/json"
    data = json.dumps(body).encode() if body is not None else None
    return Request("resend", f"https://{_HOST}", path, (_HOST,), method, headers, data, seconds)


def _verdict(reply: Reply) -> Verdict:
    found = reply.object()
    domains = found.get("data")
    if reply.status == 200 and isinstance(domains, list) and all(isinstance(one, dict) for one in domains):
        verified = [line(str(one.get("name"))) for one in domains if one.get("status") == "verified"]
        who = {"access": "full", "domains": ", ".join(line(str(one.get("name"))) for one in domains[:5]) or "none"}
        detail = "this key may do everything; one with sending access is enough for an app"
        if verified:
            return accepted(f"full access, domain {', '.join(verified[:3])}", who, detail=detail)
        return limited(
            "the key works, but no domain is verified: only onboarding@resend.dev can send, to your own address",
            who,
            detail=detail,
        )
    name = found.get("name")
    if reply.status in (401, 403) and name == "restricted_api_key":
        return Verdict(
            Status.OK,
            "a key for sending only, as an app needs it",
            {"access": "sending"},
            "domains cannot be looked at with it",
        )
    if reply.status in (401, 403) and name == "invalid_api_key":
        return refused("Resend does not know this key: it was mistyped or deleted")
    if reply.status == 429 and name in ("daily_quota_exceeded", "monthly_quota_exceeded"):
        return unclear("Resend's quota for this account is used up")
    if reply.status == 429:
        return unclear(f"{_HOST} asks to slow down (429)")
    return odd(_HOST, reply)


provider = Resend()
