"""UploadThing: one token since v7 (base64 of JSON), a secret and an app id before. Source: its server SDK."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
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
    limited,
    odd,
    refused,
    unclear,
)
from onboard.providers._kinds import wrong

if TYPE_CHECKING:
    from onboard.machine import Machine

_HOST = "api.uploadthing.com"
_PAGE = "https://uploadthing.com/dashboard"
_STEPS = (
    "sign in on uploadthing.com with GitHub; the free plan is enough",
    "create an app",
    "open API Keys",
)
_V7 = "the token is one long base64 text that starts with eyJ"


@dataclass(frozen=True, slots=True)
class Token:
    """What a v7 token holds."""

    api_key: Secret
    app_id: str
    regions: tuple[str, ...]


class UploadThing(Provider):
    """File uploads. Keys start with sk_live_ for everybody: it says nothing of production."""

    id = "uploadthing"
    title = "UploadThing"
    keys = (
        Key(
            "token",
            "token",
            ("UPLOADTHING_TOKEN",),
            Kind.SECRET,
            "eyJ…",
            _PAGE,
            (*_STEPS, "choose the tab V7 and copy the token, without quotes"),
        ),
        Key(
            "secret",
            "secret of v6",
            ("UPLOADTHING_SECRET", r"UPLOADTHING_(API_KEY|SECRET_KEY|KEY)"),
            Kind.SECRET,
            "sk_live_…",
            _PAGE,
            (*_STEPS, "choose the tab Legacy and copy the secret"),
        ),
        Key(
            "app_id",
            "app ID",
            ("UPLOADTHING_APP_ID", r"UPLOADTHING_ID"),
            Kind.PUBLIC,
            "10 letters and digits",
            _PAGE,
            (*_STEPS, "copy the app ID"),
        ),
    )
    credentials = (
        Credential("", "token", ("token",), (_HOST,)),
        Credential("secret", "secret of v6", ("secret",), (_HOST,), uses=("app_id",)),
    )
    rotations = tuple(
        Rotation(
            key,
            "guided",
            "Uploads of every app instance that uses the same key.",
            "at once, when you delete it",
            _PAGE,
            ("open API Keys and create a second one", "use it everywhere", "delete the first one"),
        )
        for key in ("token", "secret")
    )
    account = "https://uploadthing.com/sign-in"
    purpose = "file uploads"
    limits = "free: 2 GB of files (November 2026)"

    def claim(self, name: str, value: str) -> tuple[str, int] | None:
        """Know names; by value the token's own structure."""
        if isinstance(token(value), Token):
            return "token", 3
        return super().claim(name, value)

    def shape(self, key: Key, value: str) -> Shape:
        """Take the token apart; tell the two generations."""
        if key.id == "app_id":
            if re.fullmatch(r"[A-Za-z0-9_-]{6,40}", value) and not value.startswith(("sk_", "eyJ")):
                return Shape(True, "of the form of an app ID")
            return Shape(False, wrong(value, "an app ID is about 10 letters and digits"))
        if key.id == "secret":
            if re.fullmatch(r"sk_live_[A-Za-z0-9]{16,}", value):
                return Shape(True, "a secret of v6; sk_live_ says nothing of production here")
            if isinstance(token(value), Token):
                return Shape(False, "this is the token of v7, which belongs in UPLOADTHING_TOKEN")
            if value.startswith("sk_test_"):
                return Shape(False, "this is a test key of another service; UploadThing's starts with sk_live_")
            if value.startswith("sk_live_"):
                return Shape(False, "behind sk_live_ there are letters and digits; copy it whole")
            return Shape(False, wrong(value, "the secret of v6 starts with sk_live_"))
        found = token(value)
        if isinstance(found, Token):
            return Shape(True, f"the token of app {line(found.app_id)}")
        return Shape(False, found)

    async def verify(self, credential: Credential, values: Values, machine: Machine) -> Verdict:
        """`POST /v6/getUsageInfo`, which reads only."""
        app_id = values.text("app_id")
        api_key = Secret(values.text("secret"))
        if credential.part == "":
            found = token(values.text("token"))
            if not isinstance(found, Token):
                return unclear("the token cannot be taken apart, so that nothing was asked", detail=found)
            app_id, api_key = found.app_id, found.api_key
        request = Request(
            "uploadthing",
            f"https://{_HOST}",
            "/v6/getUsageInfo",
            (_HOST,),
            "POST",
            {
                "x-uploadthing-api-key": api_key,
                "x-uploadthing-version": "7.7.4",
                "x-uploadthing-be-adapter": "server-sdk",
                "content-type": "application/json",
            },
            b"{}",
            credential.seconds,
        )
        reply = await ask(machine, request)
        return reply if isinstance(reply, Verdict) else _verdict(reply, line(app_id))

    def compare(self, values: Values, verdicts: Mapping[str, Verdict]) -> Verdict | None:
        """Both generations name one app and one key."""
        found = token(values.text("token")) if "token" in values else ""
        if not isinstance(found, Token):
            return None
        app_id, secret = values.text("app_id"), values.text("secret")
        if app_id and app_id != found.app_id:
            return refused(f"{values.variable('app_id')} is not the app that {values.variable('token')} is for")
        if secret and secret != found.api_key.reveal():
            return limited(
                f"{values.variable('secret')} is not the key that {values.variable('token')} holds",
                detail="both may work; v7 reads the token only",
            )
        return accepted("both generations name the same app", {"app": line(found.app_id)}) if app_id or secret else None


def token(value: str) -> Token | str:
    """Return what a v7 token holds, or one sentence on why it is none. Never repeats the value."""
    if value[:1] in "'\"" and value:
        return f"the quotes around it do not belong to it; {_V7}"
    if value.startswith("UPLOADTHING_TOKEN="):
        return "the name before the = does not belong to it"
    if value.startswith("sk_"):
        return f"this is a secret of v6, which belongs in UPLOADTHING_SECRET; {_V7}"
    if not re.fullmatch(r"[A-Za-z0-9+/_-]{20,4000}={0,2}", value):
        return wrong(value, _V7)
    plain = value.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        found = json.loads(base64.b64decode(plain + "=" * (-len(plain) % 4)))
    except (ValueError, RecursionError):
        return f"it is cut off or not base64 of JSON; {_V7}"
    if not isinstance(found, dict):
        return "what is packed in it is not a token's content; copy it again"
    api_key, app_id, regions = found.get("apiKey"), found.get("appId"), found.get("regions")
    if not isinstance(api_key, str) or not re.fullmatch(r"sk_[A-Za-z0-9_]{4,200}", api_key):
        return "what is packed in it holds no key that starts with sk_; copy it again"
    if not isinstance(app_id, str) or not app_id:
        return "what is packed in it names no app; copy it again"
    if not isinstance(regions, list) or not regions or not all(isinstance(one, str) for one in regions):
        return "what is packed in it names no region; copy it again"
    return Token(Secret(api_key), app_id, tuple(regions))


def _verdict(reply: Reply, app_id: str) -> Verdict:
    found = reply.object()
    used, limit = found.get("appTotalBytes", found.get("totalBytes")), found.get("limitBytes")
    files = found.get("filesUploaded")
    if reply.status == 200 and _is_count(used) and _is_count(limit) and _is_count(files):
        who = {"app": app_id} if app_id else {}
        who |= {"files": str(files), "used": f"{_mb(used)} of {_mb(limit)} MB"}
        text = (f"app {app_id}, " if app_id else "") + f"{files} files, {_mb(used)} of {_mb(limit)} MB used"
        total = found.get("totalBytes")
        if isinstance(total, int) and isinstance(limit, int) and 0 < limit <= total:
            return limited(f"{text}: the space is used up", who)
        return accepted(text, who)
    said = found.get("error") or found.get("message")
    if reply.status in (401, 403) and isinstance(said, str):
        return unclear(
            "UploadThing did not accept this key; whether it is wrong or limited, its answer does not say",
            detail="the dashboard shows which keys the app has",
        )
    return odd(_HOST, reply)


def _is_count(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


def _mb(value: object) -> str:
    return f"{value / 1_000_000:,.0f}" if isinstance(value, int | float) else "?"


provider = UploadThing()
