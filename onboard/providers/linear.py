"""Linear: personal API keys and OAuth tokens. Sources: its API's answers, trufflehog's detector."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from onboard.clean import line
from onboard.model import Kind, Secret, Shape, Verdict
from onboard.network import Reply, Request
from onboard.providers._base import (
    Credential,
    Key,
    Provider,
    Rotation,
    Values,
    accepted,
    ask,
    odd,
    refused,
    unclear,
)
from onboard.providers._kinds import wrong

if TYPE_CHECKING:
    from onboard.machine import Machine

_HOST = "api.linear.app"
_KEYS_PAGE = "https://linear.app/settings/account/security"
_QUERY = "{ viewer { id name } organization { name urlKey } }"
_WANTED = "an API key starts with lin_api_"


class Linear(Provider):
    """Issue tracking."""

    id = "linear"
    title = "Linear"
    keys = (
        Key(
            "webhook",
            "webhook signing secret",
            ("LINEAR_WEBHOOK_SECRET", r"LINEAR_(WEBHOOK_)?SIGNING_SECRET"),
            Kind.SECRET,
            "lin_wh_…",
            "https://linear.app/settings/api",
            ("open the webhook, or add one", "copy its signing secret"),
        ),
        Key(
            "secret",
            "API key",
            ("LINEAR_API_KEY", r"LINEAR_(\w+_)?(KEY|TOKEN)"),
            Kind.SECRET,
            "lin_api_…",
            _KEYS_PAGE,
            (
                "sign in, or open an account and a workspace on linear.app",
                "choose New API key, with the scopes and teams that the app needs",
                "copy it; it is shown once",
            ),
        ),
    )
    credentials = (Credential("", "API key", ("secret",), (_HOST,)),)
    rotations = (
        Rotation(
            "secret",
            "guided",
            "Every script that uses the same key.",
            "at once, when you revoke it",
            _KEYS_PAGE,
            ("create a second key", "use it everywhere", "revoke the first one"),
        ),
    )
    account = "https://linear.app/signup"
    purpose = "issue tracking"
    limits = "free: 250 issues, two teams (November 2026)"

    def claim(self, name: str, value: str) -> tuple[str, int] | None:
        """Know names; by value alone a key's own prefix."""
        found = super().claim(name, value)
        if found is None and re.fullmatch(r"lin_(api|oauth)_[A-Za-z0-9]{20,}", value):
            return "secret", 1
        return found

    def shape(self, key: Key, value: str) -> Shape:
        """Tell the three kinds by prefix."""
        if key.id == "webhook":
            if re.fullmatch(r"lin_wh_[A-Za-z0-9]{16,}", value):
                return Shape(True, "a webhook signing secret")
            return Shape(False, wrong(value, "a webhook signing secret starts with lin_wh_"))
        if value.startswith("lin_wh_"):
            return Shape(False, f"this is a webhook signing secret; {_WANTED}")
        if re.fullmatch(r"lin_api_[A-Za-z0-9]{40}", value):
            return Shape(True, "a personal API key")
        if re.fullmatch(r"lin_oauth_[A-Za-z0-9]{20,}", value):
            return Shape(True, "an OAuth access token")
        if value.startswith("lin_api_"):
            return Shape(False, "behind lin_api_ there are 40 letters and digits; copy it whole")
        return Shape(False, wrong(value, _WANTED))

    async def verify(self, credential: Credential, values: Values, machine: Machine) -> Verdict:
        """Ask who the viewer is. A personal key goes without "Bearer", an OAuth token with it."""
        token = values.text("secret")
        request = Request(
            "linear",
            f"https://{_HOST}",
            "/graphql",
            (_HOST,),
            "POST",
            {
                "authorization": Secret(f"Bearer {token}" if token.startswith("lin_oauth_") else token),
                "content-type": "application/json",
            },
            json.dumps({"query": _QUERY}).encode(),
            credential.seconds,
        )
        reply = await ask(machine, request)
        return reply if isinstance(reply, Verdict) else _verdict(reply)


def _verdict(reply: Reply) -> Verdict:
    found = reply.object()
    data = found.get("data")
    viewer = data.get("viewer") if isinstance(data, dict) else None
    if reply.status == 200 and isinstance(viewer, dict) and isinstance(viewer.get("id"), str):
        who = {"user": line(str(viewer.get("name") or viewer["id"]))}
        organization = data.get("organization") if isinstance(data, dict) else None
        if isinstance(organization, dict) and organization.get("name"):
            who["organisation"] = line(str(organization["name"]))
        return accepted(", ".join(f"{word} {name}" for word, name in who.items()), who)
    code = _code(found.get("errors"))
    if reply.status in (200, 400, 401) and code == "AUTHENTICATION_ERROR":
        return refused("Linear does not know this key: it was mistyped or revoked")
    if code == "RATELIMITED":
        return unclear("Linear's rate limit for this key is used up")
    return odd(_HOST, reply)


def _code(errors: object) -> str:
    """Return the first error's own code; empty where there is none."""
    first = errors[0] if isinstance(errors, list) and errors else None
    extensions = first.get("extensions") if isinstance(first, dict) else None
    code = extensions.get("code") if isinstance(extensions, dict) else None
    return code if isinstance(code, str) else ""


provider = Linear()
