"""Pusher Channels: an app's id, key, secret and cluster, proven by one signed question that changes nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from onboard.clean import line
from onboard.model import Kind, Shape, Verdict
from onboard.network import Reply, Request, sendable
from onboard.providers._base import (
    Credential,
    Held,
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
    without_public_prefix,
)
from onboard.providers._kinds import wrong

if TYPE_CHECKING:
    from datetime import datetime

    from onboard.machine import Machine

_APPS = "https://dashboard.pusher.com/channels"
_CLUSTERS = ("mt1", "us2", "us3", "eu", "ap1", "ap2", "ap3", "ap4", "sa1")
_HEX20 = re.compile(r"[a-z0-9]{20}")
_STEPS = (
    "open an account on dashboard.pusher.com; the sandbox plan costs nothing",
    "create a Channels app in the cluster nearest to you",
    "open App Keys",
)


class Pusher(Provider):
    """Messages to browsers in real time. Key and secret look the same, so that they are easily swapped."""

    id = "pusher"
    title = "Pusher"
    keys = (
        Key(
            "app_id",
            "app_id",
            ("PUSHER_APP_ID", r"PUSHER_ID"),
            Kind.PUBLIC,
            "6 or 7 digits",
            _APPS,
            (*_STEPS, "copy app_id"),
        ),
        Key(
            "key",
            "key",
            ("PUSHER_KEY", r"PUSHER_APP_KEY"),
            Kind.PUBLIC,
            "20 hex digits",
            _APPS,
            (*_STEPS, "copy key; the same value goes into the public variable"),
        ),
        Key(
            "secret",
            "secret",
            ("PUSHER_SECRET", r"PUSHER_APP_SECRET"),
            Kind.SECRET,
            "20 hex digits",
            _APPS,
            (*_STEPS, "copy secret"),
        ),
        Key(
            "cluster",
            "cluster",
            ("PUSHER_CLUSTER", r"PUSHER_APP_CLUSTER"),
            Kind.PUBLIC,
            "eu, us2, mt1 …",
            _APPS,
            (*_STEPS, "copy cluster; the same value goes into the public variable"),
        ),
    )
    credentials = (Credential("", "app", ("app_id", "key", "secret", "cluster"), (".pusher.com",)),)
    rotations = (
        Rotation(
            "secret",
            "guided",
            "Every server of this app, and every browser, since the key changes with the secret.",
            "when you delete the old pair; several may exist at a time",
            _APPS,
            ("open App Keys and create a second key and secret", "use both everywhere", "delete the first pair"),
        ),
    )
    account = "https://dashboard.pusher.com/accounts/sign_up"
    purpose = "real-time messages to browsers"
    limits = "sandbox: 200,000 messages a day, 100 connections at a time, strictly held (November 2026)"

    def shape(self, key: Key, value: str) -> Shape:
        """Tell an id from a key from a cluster; a key from a secret cannot be told by looking."""
        if key.id == "app_id":
            if re.fullmatch(r"[0-9]{4,12}", value):
                return Shape(True, "an app's number")
            if _HEX20.fullmatch(value):
                return Shape(False, "this looks like the key or the secret; app_id is a number of 6 or 7 digits")
            return Shape(False, wrong(value, "app_id is a number of 6 or 7 digits"))
        if key.id == "cluster":
            if value in _CLUSTERS:
                return Shape(True, f"cluster {value}")
            if re.fullmatch(r"[a-z][a-z0-9-]{1,30}", value):
                return Shape(
                    True, f"none of the shared clusters ({', '.join(_CLUSTERS)}); right only for a dedicated one"
                )
            return Shape(False, wrong(value, f"a cluster is one word: {', '.join(_CLUSTERS)}"))
        if _HEX20.fullmatch(value):
            return Shape(True, f"of the form of a {key.title}; key and secret look the same, so mind which is which")
        if re.fullmatch(r"[0-9]{4,12}", value):
            return Shape(False, f"this looks like app_id; the {key.title} is 20 hex digits")
        return Shape(False, wrong(value, f"the {key.title} is 20 hex digits"))

    async def verify(self, credential: Credential, values: Values, machine: Machine) -> Verdict:
        """`GET /apps/<id>/channels`, signed. Never an event."""
        app_id, key, secret, cluster = (server(values, id) for id in ("app_id", "key", "secret", "cluster"))
        if not self.shape(self.key("cluster"), cluster).fits or not app_id.isdecimal():
            return unclear("app_id or cluster does not look right, so that nothing was asked")
        if not sendable(secret):  # HMAC fills a short secret up with NUL, so that one behind it would go unnoticed
            return unclear("the secret holds a character that does not belong to it, so that nothing was asked")
        now = machine.now()
        host = f"api-{cluster}.pusher.com"
        path = f"/apps/{app_id}/channels"
        query = signed("GET", path, {}, b"", key, secret, int(now.timestamp()))
        request = Request("pusher", f"https://{host}", f"{path}?{query}", (".pusher.com",), seconds=credential.seconds)
        reply = await ask(machine, request, words=True)
        return reply if isinstance(reply, Verdict) else self._verdict(reply, host, app_id, cluster, values, now)

    def _verdict(self, reply: Reply, host: str, app_id: str, cluster: str, values: Values, now: datetime) -> Verdict:
        if reply.status == 200 and isinstance(reply.object().get("channels"), dict):
            who = {"app": app_id, "cluster": cluster}
            return accepted(f"app {app_id} in cluster {cluster}", who)
        text = reply.text
        if reply.status == 401:
            if (skew := _skew(reply, now)) is not None and skew > 300:
                return unclear(
                    f"this machine's clock is {skew // 60:.0f} minutes off, so that Pusher does not take its signature",
                    detail="set the clock; the values may be right",
                )
            if "auth_key" in text and re.search(r"unknown auth_key", text, re.IGNORECASE):
                swapped = self._swapped(values)
                return refused(
                    "key and secret are swapped"
                    if swapped
                    else "Pusher does not know this key in this app and cluster",
                    detail="key and secret look the same: are they swapped? And is app_id this app's?",
                )
            if "Invalid signature" in text:
                return refused("Pusher knows the key, but the secret is not this key's")
        if reply.status == 403 and text.strip():
            return limited(
                "Pusher knows the key, but the app is disabled or over its quota",
                {"app": app_id, "cluster": cluster},
                detail=line(text, limit=120) if not reply.object() else "",
            )
        return odd(host, reply)

    @staticmethod
    def _swapped(values: Values) -> bool:
        """Whether another variable proves the swap; asking with both exchanged could send the secret in a URL."""
        return any(held.value.reveal() == server(values, "secret") for held in values.all("key"))

    def compare(self, values: Values, verdicts: Mapping[str, Verdict]) -> Verdict | None:
        """The browser's key and cluster are the server's."""
        compared = False
        for id in ("key", "cluster"):
            held = values.all(id)
            first = next((one for one in held if not _public(one)), held[0] if held else None)
            for other in held:
                if first is None or other is first:
                    continue
                compared = True
                if other.value != first.value:
                    if other.value.reveal() == server(values, "secret"):
                        return refused(f"{other.variable} holds the secret, which every browser would see")
                    return refused(
                        f"{other.variable} and {first.variable} differ: browser and server would be in two apps",
                        detail=f"both take the same {id}, from App Keys",
                    )
        secret = server(values, "secret")
        if secret and secret in (one.value.reveal() for one in values.all("key")):
            return refused("key and secret are the same value; one of them was pasted twice")
        return accepted("browser and server use the same app") if compared else None


def _public(held: Held) -> bool:
    return without_public_prefix(held.variable) != held.variable


def server(values: Values, key: str) -> str:
    """Return the server's value of `key`, the browser's where there is no other; empty where there is none."""
    held = values.all(key)
    chosen = next((one for one in held if not _public(one)), held[0] if held else None)
    return chosen.value.reveal() if chosen else ""


def signed(
    method: str, path: str, parameters: Mapping[str, str], body: bytes, key: str, secret: str, timestamp: int
) -> str:
    """Return the query of a request with its signature, as the service's REST documentation defines it.

    `timestamp`: Unix seconds; Pusher takes it within 600 s. HMAC-SHA256 in hex over method, path and sorted query.
    """
    import hashlib
    import hmac

    full = dict(parameters) | {"auth_key": key, "auth_timestamp": str(timestamp), "auth_version": "1.0"}
    if body:
        full["body_md5"] = hashlib.md5(body, usedforsecurity=False).hexdigest()
    query = "&".join(f"{name.lower()}={full[name]}" for name in sorted(full, key=str.lower))
    signature = hmac.new(secret.encode(), f"{method}\n{path}\n{query}".encode(), hashlib.sha256).hexdigest()
    return f"{query}&auth_signature={signature}"


def _skew(reply: Reply, now: datetime) -> float | None:
    """Return by how many seconds this clock and the service's differ; `None` where it does not say."""
    from email.utils import parsedate_to_datetime

    try:
        return abs((parsedate_to_datetime(reply.headers.get("date", "")) - now).total_seconds())
    except (ValueError, TypeError):
        return None


provider = Pusher()
