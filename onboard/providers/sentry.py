"""Sentry: DSNs, and tokens for its API. Sources: sentry-cli, the JavaScript SDK's DSN parser."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from onboard.clean import line
from onboard.errors import OnboardError
from onboard.model import Kind, Secret, Shape, Verdict
from onboard.network import Request, host_fits
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
    refused,
    unclear,
)
from onboard.providers._kinds import wrong
from onboard.providers._sentry_answers import among, declined, whose
from onboard.providers._sentry_values import dsn, payload

if TYPE_CHECKING:
    from onboard.machine import Machine

_HOSTS = ("sentry.io", ".sentry.io")
_TOKENS_PAGE = "https://sentry.io/settings/auth-tokens/"
_PROJECTS = "https://sentry.io/orgredirect/organizations/:orgslug/projects/"
_SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,99}")
_WANTED = "a token starts with sntrys_ (organization) or sntryu_ (personal)"


class Sentry(Provider):
    """Errors of running apps. A DSN is public; the token uploads source maps or reads the API."""

    id = "sentry"
    title = "Sentry"
    keys = (
        Key(
            "dsn",
            "DSN",
            ("SENTRY_DSN", r"SENTRY_(\w+_)?DSN"),
            Kind.PUBLIC,
            "https://…@o….ingest.sentry.io/…",
            _PROJECTS,
            (
                "open an account on sentry.io/signup; the developer plan costs nothing",
                "create a project for this app's framework",
                "open its settings, Client Keys (DSN), and copy the DSN",
            ),
        ),
        Key(
            "org",
            "organization slug",
            ("SENTRY_ORG", r"SENTRY_ORG(ANIZATION)?(_SLUG)?"),
            Kind.PUBLIC,
            "my-company",
            "https://sentry.io/settings/organization/",
            ("open the organization's settings", "copy Organization Slug"),
        ),
        Key(
            "project",
            "project slug",
            ("SENTRY_PROJECT", r"SENTRY_PROJECT(_SLUG|_NAME)?"),
            Kind.PUBLIC,
            "my-app",
            _PROJECTS,
            ("open the project's settings", "copy its slug"),
        ),
        Key(
            "url",
            "server address",
            ("SENTRY_URL", r"SENTRY_(BASE_URL|HOST)"),
            Kind.PUBLIC,
            "https://sentry.io/",
            "https://docs.sentry.io/cli/configuration/",
            ("leave it out, unless Sentry is self-hosted",),
        ),
        Key(
            "token",
            "auth token",
            ("SENTRY_AUTH_TOKEN", r"SENTRY_(\w+_)?(TOKEN|API_KEY)"),
            Kind.SECRET,
            "sntrys_…",
            _TOKENS_PAGE,
            (
                "open the organization's settings, Developer Settings, Organization Tokens",
                "choose Create New Token",
                "copy it; it is shown once",
            ),
        ),
    )
    credentials = (
        Credential("", "auth token", ("token",), _HOSTS, uses=("url", "org")),
        Credential("dsn", "DSN", ("dsn", "token"), _HOSTS, uses=("url", "org", "project")),
    )
    rotations = (
        Rotation(
            "dsn",
            "api",
            "Apps that still report with the old DSN, once it is switched off.",
            "when it is switched off; until then both work",
            _PROJECTS,
            ("open the project's Client Keys and create one", "use its DSN everywhere", "switch the old one off"),
        ),
        Rotation(
            "token",
            "guided",
            "Builds that upload source maps with the same token.",
            "at once, when you revoke it",
            _TOKENS_PAGE,
            ("create a second token", "use it everywhere", "revoke the first one"),
        ),
    )
    provisions = (
        Provision(
            "dsn",
            "the project's DSN, read with the token",
            ("token", "org", "project"),
            ("dsn",),
            "Nothing is created: the DSN of the project's first active client key is read.",
        ),
    )
    account = "https://sentry.io/signup/"
    purpose = "error monitoring"
    limits = "developer plan: one user, 5,000 errors a month (November 2026)"

    def claim(self, name: str, value: str) -> tuple[str, int] | None:
        """Know names; by value a DSN of Sentry's own hosts, and a token's prefix."""
        found = dsn(value)
        if found is not None and host_fits(found.host, _HOSTS):
            return "dsn", 3
        by_name = super().claim(name, value)
        if by_name is None and re.match(r"sntry[suia]_[A-Za-z0-9+/=_-]{40,}", value):
            return "token", 1
        return by_name

    def shape(self, key: Key, value: str) -> Shape:
        """Take DSNs and organization tokens apart; tell kinds of tokens by prefix."""
        if key.id == "dsn":
            return self._dsn(value)
        if key.id == "token":
            return self._token(value)
        if key.id == "url":
            good = re.fullmatch(r"https?://[^\s/@?#]+/?", value) is not None
            return Shape(good, "a server address" if good else "an address is https://, a host, and nothing behind it")
        if _SLUG.fullmatch(value):
            return Shape(True, f"of the form of {'an' if key.id == 'org' else 'a'} {key.title}")
        return Shape(
            False, wrong(value, f"the {key.title} has lower-case letters, digits and dashes, as in the page's address")
        )

    @staticmethod
    def _dsn(value: str) -> Shape:
        found = dsn(value)
        wanted = "a DSN reads https://<32 hex digits>@o<number>.ingest.sentry.io/<number>"
        if found is None:
            return Shape(False, wrong(value, wanted) if not value.startswith("http") else wanted)
        if host_fits(found.host, _HOSTS):
            if not re.fullmatch(r"[0-9a-f]{32}", found.public_key):
                return Shape(False, f"the part before the @ is not 32 hex digits; {wanted}")
            if not found.region:
                return Shape(True, f"project {found.project}")
            return Shape(True, f"project {found.project} of organization {found.organization}, region {found.region}")
        return Shape(True, f"project {found.project} on a server of your own")

    @staticmethod
    def _token(value: str) -> Shape:
        if value.startswith("sntrys_"):
            found = payload(value)
            if found is None:
                return Shape(False, "it starts like an organization token but is cut off; copy it whole")
            name = line(str(found.get("org") or ""))
            return Shape(True, f"an organization token of {name}" if name else "an organization token")
        for prefix, kind in (
            ("sntryu_", "a personal token"),
            ("sntryi_", "an internal integration's token"),
            ("sntrya_", "an app's token"),
        ):
            if value.startswith(prefix):
                good = re.fullmatch(r"[0-9a-f]{64}", value[7:]) is not None
                return Shape(good, kind if good else f"behind {prefix} there are 64 hex digits; copy it whole")
        if re.fullmatch(r"[0-9a-f]{64}", value):
            return Shape(True, "a personal token of the old form")
        if dsn(value):
            return Shape(False, f"this is a DSN; {_WANTED}")
        return Shape(False, wrong(value, _WANTED))

    async def verify(self, credential: Credential, values: Values, machine: Machine) -> Verdict:
        """`GET /api/0/` as `sentry-cli info` does; for the DSN, the client keys of its project."""
        base = _base(values)
        if base is None:
            return kept_back("not asked: the token is for a Sentry server of your own, and goes to sentry.io only")
        if credential.part == "dsn":
            return await self._known_dsn(credential, base, values, machine)
        token = values.text("token")
        reply = await ask(machine, _request(base, "/api/0/", token, seconds=credential.seconds))
        if isinstance(reply, Verdict):
            return reply
        found = reply.object()
        auth, user = found.get("auth"), found.get("user")
        if reply.status == 200 and isinstance(auth, dict):
            return whose(token, auth, user)
        return declined(reply)

    async def _known_dsn(self, credential: Credential, base: str, values: Values, machine: Machine) -> Verdict:
        found = dsn(values.text("dsn"))
        organization = _organization(values)
        if found is None or not host_fits(found.host, _HOSTS):
            return kept_back("not asked: this DSN is of a Sentry server of your own")
        if not organization:
            return unclear("without SENTRY_ORG the project's client keys cannot be looked up")
        slug = values.text("project")
        project = slug if _SLUG.fullmatch(slug) else found.project
        path = f"/api/0/projects/{organization}/{project}/keys/"
        reply = await ask(machine, _request(base, path, values.text("token"), seconds=credential.seconds))
        if isinstance(reply, Verdict):
            return reply
        rows = reply.json()
        if reply.status == 200 and isinstance(rows, list) and all(isinstance(row, dict) for row in rows):
            return among(found, rows, project, 'rel="next"; results="true"' in reply.headers.get("link", ""), reply)
        if reply.status in (403, 404) and reply.object():
            return unclear(
                "the token may not read the project's client keys, so that the DSN could not be looked up",
                detail="organization tokens are for uploads only; a personal one with project:read can",
            )
        return declined(reply)

    def compare(self, values: Values, verdicts: Mapping[str, Verdict]) -> Verdict | None:
        """One DSN for browser and server; token, organization and region belong to it."""
        parsed = [(held.variable, dsn(held.value.reveal())) for held in values.all("dsn")]
        known = [(name, one) for name, one in parsed if one is not None]
        for name, one in known[1:]:
            first_name, first = known[0]
            if one != first:
                what = "projects" if one.project != first.project else "client keys"
                return refused(f"{first_name} and {name} are of two {what}")
        packed = payload(values.text("token")) if "token" in values else None
        if packed is not None:
            organization = packed.get("org")
            if "org" in values and isinstance(organization, str) and values.text("org") != organization:
                return limited(
                    f"{values.variable('token')} is of another organization than {values.variable('org')} says",
                    {"organization": line(organization)},
                )
            region = str(packed.get("region_url") or "")
            if known and known[0][1].region and f"//{known[0][1].region}.sentry.io" not in region and "//" in region:
                return limited(f"{values.variable('token')} and {known[0][0]} are of two regions")
        if len(known) > 1:
            return accepted("browser and server report to the same project", {"project": known[0][1].project})
        return None

    async def provision(self, offer: str, values: Values, machine: Machine) -> Mapping[str, Secret]:
        """Read the DSN of the project's first active client key."""
        rows = await self._rows(values, machine, "the project's DSN")
        for row in rows:
            public = _public_dsn(row)
            if row.get("isActive") is True and public:
                return {"dsn": Secret(public)}
        raise OnboardError("the project has no active client key", "create one under its settings, Client Keys (DSN)")

    async def renew(self, key: str, values: Values, machine: Machine) -> Fresh:
        """Create a second client key; the id of the old one is found by its public part."""
        doing = "a new client key"
        rows = await self._rows(values, machine, doing)
        old = dsn(values.text("dsn"))
        gone = next((row for row in rows if old and row.get("public") == old.public_key), {})
        base, path = self._keys_of(values, doing)
        body = json.dumps({"name": f"onboard {machine.now():%Y-%m-%d}"}).encode()
        made = await obtain(machine, _request(base, path, values.text("token"), "POST", body), doing=doing)
        public = _public_dsn(made) if isinstance(made, dict) else ""
        if not public:
            raise OnboardError(f"{doing}: the answer held none", "look at the project's Client Keys (DSN)")
        return Fresh({"dsn": Secret(public)}, retire=_id(gone))

    async def retire(self, key: str, fresh: Fresh, old: Values, new: Values, machine: Machine) -> Verdict:
        """Switch the old client key off and read back that it is."""
        doing = "switching the old client key off"
        if not fresh.retire:
            return limited("the old DSN is not among the project's client keys; switch it off where it belongs")
        base, path = self._keys_of(new, doing)
        request = _request(base, f"{path}{fresh.retire}/", new.text("token"), "PUT", b'{"isActive": false}')
        reply = await ask(machine, request)
        if isinstance(reply, Verdict):
            return reply
        if reply.status == 200 and reply.object().get("isActive") is False:
            return accepted("the old client key is switched off: Sentry says so")
        return unclear(f"Sentry did not say that the old client key is off ({reply.status})")

    async def _rows(self, values: Values, machine: Machine, doing: str) -> list[dict[str, Any]]:
        base, path = self._keys_of(values, doing)
        rows = await obtain(machine, _request(base, path, values.text("token")), doing=doing)
        return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []

    @staticmethod
    def _keys_of(values: Values, doing: str) -> tuple[str, str]:
        base, organization, project = _base(values), _organization(values), values.text("project")
        if base is None or not organization or not _SLUG.fullmatch(project):
            raise OnboardError(f"{doing}: organization and project are needed", "set SENTRY_ORG and SENTRY_PROJECT")
        return base, f"/api/0/projects/{organization}/{project}/keys/"


def _base(values: Values) -> str | None:
    """Return where the API is: as the token says, else SENTRY_URL, else sentry.io; `None`: not at Sentry's."""
    packed = payload(values.text("token")) or {}
    address = str(packed.get("region_url") or packed.get("url") or values.text("url") or "https://sentry.io")
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    if parts.scheme != "https" or port not in (None, 443) or "@" in parts.netloc or not host_fits(host, _HOSTS):
        return None
    return f"https://{host}"


def _organization(values: Values) -> str:
    packed = payload(values.text("token")) or {}
    name = values.text("org") or str(packed.get("org") or "")
    return name if _SLUG.fullmatch(name) else ""


def _request(
    base: str, path: str, token: str, method: str = "GET", body: bytes | None = None, seconds: float = 10.0
) -> Request:
    headers: dict[str, str | Secret] = {"authorization": Secret(f"Bearer {token}")}
    if body is not None:
        headers["content-type"] = "application/json"
    return Request("sentry", base, path, _HOSTS, method, headers, body, seconds)


def _public_dsn(row: Mapping[str, Any]) -> str:
    urls = row.get("dsn")
    public = urls.get("public") if isinstance(urls, dict) else None
    return public if isinstance(public, str) and dsn(public) else ""


def _id(row: Mapping[str, Any]) -> str:
    id = row.get("id")
    return id if isinstance(id, str) and re.fullmatch(r"[A-Za-z0-9]{8,64}", id) else ""


provider = Sentry()
