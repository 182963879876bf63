"""PostHog: the public project key, personal keys, and the region that neither of them names."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
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

_REGIONS = ("us", "eu")
_HOSTS = ("us.i.posthog.com", "eu.i.posthog.com", "us.posthog.com", "eu.posthog.com")
_SETTINGS = "https://app.posthog.com/settings/project"
_PERSONAL = "https://app.posthog.com/settings/user-api-keys"
_INVALID = "The provided API key is invalid or has expired"
_WANTED = {
    "key": "the project key is public and starts with phc_",
    "personal": "a personal key starts with phx_",
    "secure": "a feature flags secure key starts with phs_",
}


class PostHog(Provider):
    """Product analytics. The capture endpoint takes any key, so that a wrong one is not noticed by the app."""

    id = "posthog"
    title = "PostHog"
    keys = (
        Key(
            "personal",
            "personal API key",
            ("POSTHOG_PERSONAL_API_KEY", r"POSTHOG_(PERSONAL|CLI|PRIVATE)_(API_)?(KEY|TOKEN)"),
            Kind.SECRET,
            "phx_…",
            _PERSONAL,
            (
                "choose Create personal API key",
                "give it only the scopes that the app needs",
                "copy it; it is shown once",
            ),
        ),
        Key(
            "secure",
            "feature flags secure key",
            ("POSTHOG_FEATURE_FLAGS_SECURE_API_KEY", r"POSTHOG_(FEATURE_FLAGS|SECURE)_(API_)?KEY"),
            Kind.SECRET,
            "phs_…",
            "https://app.posthog.com/settings/project-feature-flags",
            ("open Feature flags in the project's settings", "copy the secure API key"),
        ),
        Key(
            "host",
            "host",
            ("POSTHOG_HOST", r"POSTHOG_(API_|INGEST_|PROXY_)?(HOST|URL|ENDPOINT)"),
            Kind.PUBLIC,
            "https://us.i.posthog.com or https://eu.i.posthog.com",
            _SETTINGS,
            ("open the project's settings", "copy the address beside the project key"),
        ),
        Key(
            "project",
            "project ID",
            ("POSTHOG_PROJECT_ID", r"POSTHOG_ENV(IRONMENT)?_ID"),
            Kind.PUBLIC,
            "a number",
            _SETTINGS,
            ("open the project's settings", "copy the project ID"),
        ),
        Key(
            "key",
            "project key",
            (
                "POSTHOG_KEY",
                r"POSTHOG_(PROJECT_)?(API_)?(KEY|TOKEN)",
                r"POSTHOG_PROJECT_(API_)?(KEY|TOKEN)",
                r"POSTHOG_ID",
            ),
            Kind.PUBLIC,
            "phc_…",
            _SETTINGS,
            (
                "open an account on posthog.com; choose the region with care, it cannot be changed",
                "open the project's settings",
                "copy the project API key",
            ),
        ),
    )
    credentials = (
        Credential("", "project key", ("key",), _HOSTS[:2], uses=("host",), endpoints=("posthog.us", "posthog.eu")),
        Credential(
            "personal",
            "personal API key",
            ("personal",),
            _HOSTS[2:],
            uses=("host", "key"),
            endpoints=("posthog.us", "posthog.eu"),
        ),
    )
    rotations = (
        Rotation(
            "key",
            "guided",
            "Every app and browser that still sends with the old key; local evaluation of flags too.",
            "at once, when you reset it",
            _SETTINGS,
            ("open the project's settings", "choose Reset beside the project key", "copy the new one"),
        ),
        Rotation(
            "personal",
            "guided",
            "Every script that uses the same key.",
            "at once, when you roll it",
            _PERSONAL,
            ("find the key", "choose Roll", "copy the new one"),
        ),
    )
    account = "https://app.posthog.com/signup"
    purpose = "product analytics"
    limits = "free: 1,000,000 events and 1,000,000 flag requests a month (November 2026)"

    def claim(self, name: str, value: str) -> tuple[str, int] | None:
        """Know names and prefixes; POSTHOG_API_KEY may be either kind, and its value tells."""
        by_name = super().claim(name, value)
        by_value = next((id for id, mark in (("key", "phc_"), ("personal", "phx_")) if value.startswith(mark)), None)
        if by_name == ("key", 2) and by_value == "personal" and name == "POSTHOG_API_KEY":
            return "personal", 2
        if by_name is None and by_value and re.fullmatch(r"ph[cx]_[A-Za-z0-9_]{30,}", value):
            return by_value, 1
        return by_name

    def shape(self, key: Key, value: str) -> Shape:
        """Tell the kinds by prefix, and what is wrong with a host."""
        if key.id == "host":
            return self._host(value)
        if key.id == "project":
            good = re.fullmatch(r"[0-9]{1,12}", value) is not None
            return Shape(good, "a project's number" if good else wrong(value, "a project ID is a number"))
        wanted = _WANTED[key.id]
        if value.startswith("phx_") and key.id == "key":
            return Shape(False, f"this is a personal key, which must never reach the browser; {wanted}")
        if value.startswith("phs_") and key.id == "key":
            return Shape(False, f"this is a feature flags secure key, a secret; {wanted}")
        prefix = {"key": "phc_", "personal": "phx_", "secure": "phs_"}[key.id]
        if not value.startswith(prefix):
            return Shape(False, wrong(value, wanted))
        if re.fullmatch(r"ph[cxs]_[A-Za-z0-9_]{30,60}", value) and len(set(value[4:])) > 5:
            return Shape(True, f"a {key.title}")
        return Shape(False, "it starts right but is cut off or a placeholder; copy it whole")

    @staticmethod
    def _host(value: str) -> Shape:
        if region := region_of(value):
            if value.rstrip("/").endswith("app.posthog.com"):
                return Shape(True, "the old address of the US region; https://us.i.posthog.com is today's")
            return Shape(True, f"the {region.upper()} region")
        if re.fullmatch(r"/[A-Za-z0-9_/-]*", value):
            return Shape(True, "a path of the app's own, which has to be passed on to PostHog")
        if re.fullmatch(r"https?://[A-Za-z0-9.:_-]+(/[^\s]*)?", value):
            return Shape(True, "a proxy or a server of your own")
        if re.search(r"posthog\.com", value):
            return Shape(False, "it has to start with https:// and to be PostHog's: https://<us or eu>.i.posthog.com")
        return Shape(False, wrong(value, "the host is https://<us or eu>.i.posthog.com"))

    async def verify(self, credential: Credential, values: Values, machine: Machine) -> Verdict:
        """Ask the region that the host names, then the other: a key of the other region looks like a bad one."""
        stated = region_of(values.text("host"))
        order = (stated, *(one for one in _REGIONS if one != stated)) if stated else _REGIONS
        personal = credential.part == "personal"
        if personal and not stated and _own_server(values.text("host")):
            return kept_back("not asked: the host is a server of your own, and a personal key goes to PostHog's only")
        last: Verdict = unclear("PostHog was not asked")
        for region in order:
            request = self._request(credential, values, region, personal)
            reply = await ask(machine, request, words=not personal)
            if isinstance(reply, Verdict):
                return reply
            last = _personal(reply, region, values) if personal else _project(reply, region)
            if last.status.value != "fail":
                break
        else:
            if not stated and values.text("host"):
                return unclear(
                    "neither region of PostHog knows this key; behind a proxy or a server of your own it may be right"
                )
            return last
        found = last.identity.get("region")
        if found and stated and found != stated:
            return limited(
                f"the key is real, but of the {found.upper()} region; the host names the {stated.upper()} one",
                last.identity,
                detail=f"the host for it is https://{found}.i.posthog.com",
            )
        return last

    @staticmethod
    def _request(credential: Credential, values: Values, region: str, personal: bool) -> Request:
        endpoint, seconds = f"posthog.{region}", credential.seconds
        if personal:
            headers = {"authorization": Secret(f"Bearer {values.text('personal')}")}
            base = f"https://{region}.posthog.com"
            return Request(endpoint, base, "/api/users/@me/", credential.hosts, "GET", headers, seconds=seconds)
        body = json.dumps({"api_key": values.text("key"), "distinct_id": "onboard-probe"}).encode()
        base = f"https://{region}.i.posthog.com"
        kind = {"content-type": "application/json"}
        return Request(endpoint, base, "/flags?v=2", credential.hosts, "POST", kind, body, seconds)

    def compare(self, values: Values, verdicts: Mapping[str, Verdict]) -> Verdict | None:
        """Host and keys are of one region, and the personal key's project is the public key's."""
        keys = {held.value for held in values.all("key")}
        if len(keys) > 1:
            names = " and ".join(held.variable for held in values.all("key")[:2])
            return limited(f"{names} are of two projects")
        regions = {part: verdict.identity.get("region", "") for part, verdict in verdicts.items()}
        project, personal = regions.get("", ""), regions.get("personal", "")
        stated = region_of(values.text("host"))
        if project and stated and project != stated:
            return refused(
                f"{values.variable('key')} is of the {project.upper()} region, {values.variable('host')} of the other",
                detail=f"the host for it is https://{project}.i.posthog.com",
            )
        if project and personal:
            if project != personal:
                return limited("project key and personal key are of two regions")
            if verdicts["personal"].identity.get("same project") == "no":
                return limited(
                    "the personal key's current project is another one than the project key's",
                    detail="right where it may read both; PostHog's project menu shows which is current",
                )
            return accepted(f"both keys are of the {project.upper()} region", {"region": project})
        return None


def region_of(host: str) -> str:
    """Return `us` or `eu` for PostHog's own addresses; empty for a proxy, a server of one's own, or none."""
    try:
        name = urlsplit(host).hostname or ""
    except ValueError:
        return ""
    match = re.fullmatch(r"(?:(us|eu)(?:-assets)?(?:\.i)?|app)\.posthog\.com", name)
    return (match[1] or "us") if match else ""


def _own_server(host: str) -> bool:
    return host.startswith(("http://", "https://"))


def _project(reply: Reply, region: str) -> Verdict:
    found = reply.object()
    if reply.status == 200 and isinstance(found.get("flags"), dict):
        who = {"region": region}
        if found.get("quotaLimited"):
            return limited(f"a project in the {region.upper()} region, whose quota is used up", who)
        return accepted(f"a project in the {region.upper()} region", who)
    if reply.status == 401 and _INVALID in reply.text:
        return refused("PostHog does not know this project key")
    if reply.status == 402 and reply.body.strip():
        return limited(f"a project in the {region.upper()} region, over its billing limit", {"region": region})
    return odd(f"{region}.i.posthog.com", reply)


def _personal(reply: Reply, region: str, values: Values) -> Verdict:
    found = reply.object()
    email = found.get("email")
    if reply.status == 200 and isinstance(email, str) and email:
        who = {"user": line(email), "region": region}
        for word, key in (("organisation", "organization"), ("project", "team")):
            row = found.get(key)
            if isinstance(row, dict) and row.get("name"):
                who[word] = line(str(row["name"]))
        team = found.get("team")
        token = team.get("api_token") if isinstance(team, dict) else None
        if isinstance(token, str) and "key" in values:
            who["same project"] = "yes" if token == values.text("key") else "no"
        return accepted(f"user {who['user']}, {region.upper()} region", who)
    if reply.status == 403 and found:
        return limited(
            f"the key is real in the {region.upper()} region, but may not read who it is",
            {"region": region, "access": "scoped"},
        )
    if reply.status == 401 and found:
        return refused("PostHog knows this personal key in neither region: it was mistyped, rolled or deleted")
    return odd(f"{region}.posthog.com", reply)


provider = PostHog()
