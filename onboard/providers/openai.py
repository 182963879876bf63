"""OpenAI: project, service account and legacy keys; a 401 may come from a key that is good but restricted."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

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
    kept_back,
    limited,
    odd,
    refused,
    unclear,
)
from onboard.providers._kinds import wrong

if TYPE_CHECKING:
    from onboard.machine import Machine

_HOST = "api.openai.com"
_KEYS_PAGE = "https://platform.openai.com/api-keys"
_KEY = re.compile(r"sk-(?:(?P<kind>proj|svcacct|service)-)?(?P<body>[A-Za-z0-9_-]{20,300})")
_OTHERS = ("sk-ant-", "sk-or-", "sk-lf-", "sk-admin-")
_MARK = "T3BlbkFJ"
"""Stands in every key of OpenAI."""
_WANTED = "a key starts with sk-proj- or sk-svcacct-"


class OpenAI(Provider):
    """Language models. There is no test mode, and a key that is accepted may still have no credit."""

    id = "openai"
    title = "OpenAI"
    keys = (
        Key(
            "organization",
            "organization ID",
            ("OPENAI_ORG_ID", r"OPENAI_ORG(ANIZATION)?(_ID)?"),
            Kind.PUBLIC,
            "org-…",
            "https://platform.openai.com/settings/organization/general",
            ("open the organization's settings", "copy the Organization ID"),
        ),
        Key(
            "project",
            "project ID",
            ("OPENAI_PROJECT_ID", r"OPENAI_PROJECT(_ID)?"),
            Kind.PUBLIC,
            "proj_…",
            "https://platform.openai.com/settings/organization/projects",
            ("open the project", "copy the Project ID"),
        ),
        Key(
            "base_url",
            "API address",
            ("OPENAI_BASE_URL", r"OPENAI_(API_BASE|BASE_URL|API_HOST)(_URL)?"),
            Kind.PUBLIC,
            "https://api.openai.com/v1",
            "https://platform.openai.com/docs/api-reference",
            ("leave it out, unless the app asks another server that speaks the same API",),
        ),
        Key(
            "secret",
            "API key",
            ("OPENAI_API_KEY", r"OPENAI_(\w+_)?(API_KEY|KEY|SECRET|TOKEN)"),
            Kind.SECRET,
            "sk-proj-…",
            _KEYS_PAGE,
            (
                "open an account on platform.openai.com (it is not the ChatGPT subscription)",
                "choose Create new secret key, for the project of this app",
                "copy it; it is shown once",
                "add credit under Billing: without it a good key answers insufficient_quota",
            ),
        ),
    )
    credentials = (Credential("", "API key", ("secret",), (_HOST,), uses=("organization", "project", "base_url")),)
    rotations = (
        Rotation(
            "secret",
            "guided",
            "Every app and colleague that uses the same key.",
            "at once, when you revoke it",
            _KEYS_PAGE,
            ("create a second key in the same project", "use it everywhere", "revoke the first one"),
        ),
    )
    account = "https://platform.openai.com/signup"
    purpose = "language models"
    limits = "no free plan: requests need prepaid credit; listing models costs nothing (November 2026)"

    def claim(self, name: str, value: str) -> tuple[str, int] | None:
        """Know names; by value alone only what carries OpenAI's own mark."""
        found = super().claim(name, value)
        if found is None and value.startswith("sk-") and _MARK in value and not value.startswith(_OTHERS):
            return "secret", 1
        return found

    def shape(self, key: Key, value: str) -> Shape:
        """Tell kinds by prefix; several other services start theirs with sk- too."""
        if key.id == "organization":
            good = re.fullmatch(r"org-[A-Za-z0-9]{8,}", value) is not None
            return Shape(good, "an organization ID" if good else wrong(value, "an organization ID starts with org-"))
        if key.id == "project":
            good = re.fullmatch(r"proj_[A-Za-z0-9]{8,}", value) is not None
            return Shape(good, "a project ID" if good else wrong(value, "a project ID starts with proj_"))
        if key.id == "base_url":
            good = re.fullmatch(r"https?://[^\s@]+", value) is not None
            return Shape(good, "an API address" if good else "an address starts with https:// and holds no blank")
        if value.startswith("sk-admin-"):
            return Shape(
                False, f"this is an admin key, which manages the organization and must not be in an app; {_WANTED}"
            )
        if value.startswith(_OTHERS):
            return Shape(False, wrong(value, _WANTED))
        if value.startswith("sess-"):
            return Shape(False, f"this is a session of the website; {_WANTED}")
        if re.match(r"org-|proj_", value):
            return Shape(False, f"this is an ID, not a key; {_WANTED}")
        match = _KEY.fullmatch(value)
        if match is None or len(set(match["body"])) < 6:
            started = value.startswith("sk-")
            return Shape(
                False, "it starts like a key but is cut off or a placeholder" if started else wrong(value, _WANTED)
            )
        kinds = {"proj": "a project key", "svcacct": "a service account's key", "service": "a service account's key"}
        kind = kinds.get(match["kind"] or "", "a key of the old form, for all projects of its owner")
        if _MARK not in value:
            return Shape(
                True, f"of the form of {kind}, but without OpenAI's usual mark; it may be cut or another service's"
            )
        return Shape(True, kind)

    async def verify(self, credential: Credential, values: Values, machine: Machine) -> Verdict:
        """`GET /v1/models`, which costs nothing."""
        base = values.text("base_url")
        if base and urlsplit(base).hostname != _HOST:
            return kept_back(
                f"not asked: {values.variable('base_url')} sends this key to another server than OpenAI's",
                detail="it is that server's to judge",
            )
        headers: dict[str, str | Secret] = {"authorization": Secret(f"Bearer {values.text('secret')}")}
        for key, header in (("organization", "openai-organization"), ("project", "openai-project")):
            if key in values and self.shape(self.key(key), values.text(key)).fits:
                headers[header] = values.text(key)
        request = Request(
            "openai", f"https://{_HOST}", "/v1/models", (_HOST,), headers=headers, seconds=credential.seconds
        )
        reply = await ask(machine, request, own=(429,))
        return reply if isinstance(reply, Verdict) else _verdict(reply)


def _verdict(reply: Reply) -> Verdict:
    found = reply.object()
    models = found.get("data")
    if reply.status == 200 and found.get("object") == "list" and isinstance(models, list):
        names = [model["id"] for model in models if isinstance(model, dict) and isinstance(model.get("id"), str)]
        if not names:
            return odd(_HOST, reply)
        who = {"models": str(len(names))}
        if organization := line(reply.headers.get("openai-organization", "")):
            who = {"organization": organization} | who
        whose = f"organization {organization}, " if organization else ""
        return accepted(f"{whose}{len(names)} models; credit is not looked at", who)
    error = found.get("error")
    error = error if isinstance(error, dict) else {}
    code, message = error.get("code"), str(error.get("message", ""))
    if reply.status in (401, 403) and (code == "missing_scope" or "Missing scopes" in message):
        return limited(
            "the key is real and restricted: it may not list models",
            {"access": "restricted"},
            detail="what it may do is on the key's page",
        )
    if reply.status == 401 and code == "invalid_api_key":
        return refused("OpenAI does not know this key: it was mistyped or revoked")
    if reply.status == 429 and code == "insufficient_quota":
        return limited("the key is real, but its account has no credit left", {"access": "no credit"})
    if reply.status == 429:
        return unclear(f"{_HOST} asks to slow down (429)")
    if reply.status == 403 and code == "unsupported_country_region_territory":
        return unclear("OpenAI does not answer in the country from which this machine asks")
    return odd(_HOST, reply)


provider = OpenAI()
