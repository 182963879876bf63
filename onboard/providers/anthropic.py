"""Anthropic: API keys for Claude."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from onboard.clean import line
from onboard.model import Kind, Secret, Shape, Tell, Verdict
from onboard.network import Request
from onboard.providers._base import (
    Credential,
    Key,
    Provider,
    Rotation,
    Values,
    accepted,
    ask,
    kept_back,
    limited,
    odd,
    refused,
)

if TYPE_CHECKING:
    from onboard.machine import Machine

_HOST = "api.anthropic.com"
_PAGE = "https://platform.claude.com/settings/keys"
_RIGHT = "an API key starts with sk-ant-api03-"


class Anthropic(Provider):
    """Language models. The list of models is free; the credit behind a key is not checked by it."""

    id = "anthropic"
    title = "Anthropic"
    keys = (
        Key(
            "secret",
            "API key",
            ("ANTHROPIC_API_KEY", r"(ANTHROPIC|CLAUDE)_(API_)?(KEY|TOKEN|SECRET|SECRET_KEY)"),
            Kind.SECRET,
            "sk-ant-api03-…",
            _PAGE,
            ("open an account", "open Settings, API keys", "choose Create key and copy it; it is shown once"),
        ),
    )
    credentials = (Credential("", "API key", ("secret",), (_HOST,)),)
    rotations = (
        Rotation(
            "secret",
            "guided",
            "Everything else that uses the same key.",
            "when you delete it",
            _PAGE,
            ("create a second key in the same workspace", "put it in place of the first", "delete the first"),
        ),
    )
    account = "https://platform.claude.com/"
    purpose = "language models (Claude)"
    limits = "no free plan: requests need credit, which this check cannot see (November 2026)"

    def claim(self, name: str, value: str) -> tuple[str, int] | None:
        """Know the name, or the prefix where the name says nothing."""
        return super().claim(name, value) or (("secret", 1) if value.startswith("sk-ant-api") else None)

    def shape(self, key: Key, value: str) -> Shape:
        """Tell API keys from admin keys and login tokens."""
        if value.startswith("sk-ant-admin"):
            return Shape(False, f"this is an admin key, which apps must not hold; {_RIGHT}")
        if value.startswith("sk-ant-oat"):
            return Shape(False, f"this is a login token, not a key for apps; {_RIGHT}")
        if not value.startswith("sk-ant-"):
            other = "this is another service's key; " if value.startswith("sk-") else ""
            return Shape(False, other + _RIGHT)
        body = value.removeprefix("sk-ant-")
        if not re.fullmatch(r"[A-Za-z0-9_-]{20,300}", body) or len(set(body)) < 8:
            return Shape(False, "behind its prefix a key has about 95 letters, digits, - and _; copy it whole")
        return Shape(True, "an API key of Anthropic")

    async def verify(self, credential: Credential, values: Values, machine: Machine) -> Verdict:
        """Ask for one line of the list of models, which costs nothing."""
        value = values.text("secret")
        shape = self.shape(self.key("secret"), value)
        if not shape.fits:
            return kept_back(f"nothing was sent: {shape.text}")
        reply = await ask(
            machine,
            Request(
                "anthropic",
                f"https://{_HOST}",
                "/v1/models?limit=1",
                credential.hosts,
                headers={"x-api-key": Secret(value), "anthropic-version": "2023-06-01"},
                seconds=credential.seconds,
            ),
        )
        if isinstance(reply, Verdict):
            return reply
        found = reply.object()
        models = found.get("data")
        if reply.status == 200 and isinstance(models, list) and models and _is_model(models[0]):
            identity = {"model": line(str(models[0]["id"]), limit=80)}
            for header, name in (
                ("anthropic-organization-id", "organization"),
                ("anthropic-workspace-id", "workspace"),
            ):
                if text := reply.headers.get(header):
                    identity[name] = line(text, limit=80)
            whose = f" (organization {identity['organization']})" if "organization" in identity else ""
            return accepted(f"Anthropic accepts it{whose}", identity, detail="whether there is credit was not asked")
        error = found.get("error")
        kind = error.get("type") if isinstance(error, dict) else None
        message = str(error.get("message", "")) if isinstance(error, dict) else ""
        if reply.status == 401 and kind == "authentication_error":
            return refused("Anthropic does not know this key", detail="it was deleted, or cut when it was copied")
        if kind == "billing_error" or "credit balance is too low" in message:
            return limited(
                "a real key, but its organization has no credit",
                step=Tell("add credit", url="https://platform.claude.com/settings/billing"),
            )
        if reply.status == 403 and kind == "permission_error":
            return limited("a real key that may not list models")
        return odd(_HOST, reply)


def _is_model(one: object) -> bool:
    return isinstance(one, dict) and one.get("type") == "model" and isinstance(one.get("id"), str)


provider = Anthropic()
