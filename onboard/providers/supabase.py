"""Supabase: a project's address and its keys, old (JWT) and new (sb_), the local stack, and the access token."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from onboard.clean import line
from onboard.errors import OnboardError
from onboard.model import Kind, Secret, Shape, Status, Tell, Verdict
from onboard.network import Reply, Request
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
    odd,
    refused,
    unclear,
)
from onboard.providers._supabase_keys import REF, claims_of, key_shape, mismatch
from onboard.providers._url import Url, host_of, parse, scheme_of, supabase_ref

if TYPE_CHECKING:
    from onboard.machine import Machine

_API = "api.supabase.com"
_HOSTS = (".supabase.co", "127.0.0.1", "localhost")
_KEYS_PAGE = "https://supabase.com/dashboard/project/_/settings/api-keys"
_STEPS = ("open an account and a project", "open Project Settings, API Keys")


class Supabase(Provider):
    """Database, sign-in and storage behind one address. Old keys name their project, new ones do not."""

    id = "supabase"
    title = "Supabase"
    keys = (
        Key(
            "url",
            "project URL",
            ("SUPABASE_URL", r"SUPABASE_(PROJECT_|API_)?URL"),
            Kind.PUBLIC,
            "https://<project ref>.supabase.co",
            "https://supabase.com/dashboard/project/_/settings/api",
            ("open an account and a project", "open Connect and copy the project URL"),
        ),
        Key(
            "secret",
            "secret key",
            (
                "SUPABASE_SERVICE_ROLE_KEY",
                r"SUPABASE_(\w+_)?(SERVICE_ROLE|SERVICE|SECRET)_(API_)?(KEY|TOKEN|JWT)",
                "SUPABASE_SERVICE_ROLE",
            ),
            Kind.SECRET,
            "sb_secret_… or eyJ…",
            _KEYS_PAGE,
            (*_STEPS, "reveal a secret key and copy it"),
        ),
        Key(
            "public",
            "publishable key",
            (
                "SUPABASE_ANON_KEY",
                r"SUPABASE_(\w+_)?(ANON|PUBLISHABLE)(_DEFAULT)?_(API_)?(KEY|TOKEN)",
                "SUPABASE_KEY",
            ),
            Kind.PUBLIC,
            "sb_publishable_… or eyJ…",
            _KEYS_PAGE,
            (*_STEPS, "copy the publishable key"),
        ),
        Key(
            "token",
            "access token",
            ("SUPABASE_ACCESS_TOKEN", r"SUPABASE_(PERSONAL_)?ACCESS_TOKEN"),
            Kind.SECRET,
            "sbp_…",
            "https://supabase.com/dashboard/account/tokens",
            ("open an account", "choose Generate new token", "copy it; it is shown once"),
        ),
        Key(
            "project",
            "project ref",
            ("SUPABASE_PROJECT_ID", r"SUPABASE_PROJECT_(REF|ID)"),
            Kind.PUBLIC,
            "20 letters",
            "https://supabase.com/dashboard/project/_/settings/general",
            ("open the project", "open Project Settings and copy the project id"),
        ),
        Key(
            "jwt",
            "JWT secret",
            ("SUPABASE_JWT_SECRET",),
            Kind.SECRET,
            "a long text",
            "https://supabase.com/dashboard/project/_/settings/jwt",
            ("open the project", "open Project Settings, JWT Keys, and reveal the legacy secret"),
        ),
        Key(
            "password",
            "database password",
            ("SUPABASE_DB_PASSWORD",),
            Kind.SECRET,
            "the one chosen when the project was made",
            "https://supabase.com/dashboard/project/_/database/settings",
            ("open the project", "it is shown nowhere: reset it here if nobody has it"),
        ),
    )
    credentials = (
        Credential("", "publishable key", ("url", "public"), _HOSTS),
        Credential("secret", "secret key", ("url", "secret"), _HOSTS),
        Credential("api", "access token", ("token",), (_API,), uses=("url",), endpoints=("supabase.api",)),
    )
    rotations = (
        Rotation(
            "secret",
            "api",
            "Servers that use the same key; the publishable key and signed-in users stay.",
            "when it is deleted, which cannot be taken back",
            _KEYS_PAGE,
            ("make a second secret key", "put it in place of the first", "delete the first"),
        ),
        Rotation(
            "token",
            "guided",
            "Scripts, CI and the Supabase CLI where they use the same token.",
            "when you delete it",
            "https://supabase.com/dashboard/account/tokens",
            ("generate a second token", "put it in place of the first", "delete the first"),
        ),
    )
    provisions = (
        Provision(
            "keys",
            "the project's keys",
            ("token",),
            ("url", "public", "secret"),
            "Reads the project's publishable and secret key with the access token; makes nothing.",
        ),
    )
    borrows: ClassVar[Mapping[str, str]] = {"database": "postgres.url"}
    account = "https://supabase.com/dashboard/sign-up"
    purpose = "database, sign-in and storage"
    limits = "free plan: 2 projects, each paused after about a week without use (November 2026)"

    def claim(self, name: str, value: str) -> tuple[str, int] | None:
        """Know the address by its host; a connection string is PostgreSQL's, whatever its name."""
        scheme = scheme_of(value)
        if scheme in ("http", "https") and REF.fullmatch(host_of(value).removesuffix(".supabase.co")):
            return "url", 3
        if scheme in ("postgres", "postgresql"):
            return None
        if (by_name := super().claim(name, value)) is not None:
            return by_name
        prefixes = {"sb_publishable_": "public", "sb_secret_": "secret", "sbp_": "token"}
        return next(((id, 1) for prefix, id in prefixes.items() if value.startswith(prefix)), None)

    def shape(self, key: Key, value: str) -> Shape:
        """Tell the kinds apart by prefix, and old keys by the role inside."""
        match key.id:
            case "url":
                return self._url(value)
            case "public" | "secret":
                return key_shape(key.id, value)
            case "token":
                fits = re.fullmatch(r"sbp_([a-z]{2,8}_)?[A-Za-z0-9]{40,200}", value) is not None
                return Shape(fits, "an access token" if fits else "an access token starts with sbp_")
            case "project":
                fits = REF.fullmatch(value) is not None and len(set(value)) > 4
                return Shape(fits, "a project ref" if fits else "a project ref has 20 small letters")
        fits = len(value) >= (16 if key.id == "jwt" else 6) and not re.search(r"YOUR|PASSWORD\]", value)
        return Shape(fits, f"a {key.title}" if fits else f"this is too short for a {key.title}, or a placeholder")

    @staticmethod
    def _url(value: str) -> Shape:
        url = parse(value)
        if isinstance(url, str):
            return Shape(False, f"{url}; the project URL looks like https://<project ref>.supabase.co")
        if url.scheme in ("postgres", "postgresql"):
            return Shape(False, "this is the database's connection string; the project URL starts with https://")
        if url.local and url.scheme in ("http", "https"):
            return Shape(True, "the local stack (supabase start)")
        if url.scheme != "https" or url.user or url.password is not None:
            return Shape(False, "the project URL starts with https:// and holds no user")
        if url.host in ("supabase.com", "www.supabase.com", "app.supabase.com"):
            return Shape(False, "this is a page of the dashboard; the project URL is https://<project ref>.supabase.co")
        if url.host.endswith(".supabase.co"):
            ref = url.host.removesuffix(".supabase.co")
            if not REF.fullmatch(ref) or len(set(ref)) < 5:
                return Shape(False, "before .supabase.co stands the project ref, 20 small letters")
            if url.path:
                return Shape(False, "it ends with .supabase.co, without a path")
            return Shape(True, f"the URL of project {ref}")
        return Shape(True, "an address of your own; only *.supabase.co and this machine are asked")

    async def verify(self, credential: Credential, values: Values, machine: Machine) -> Verdict:
        """Ask the project's gateway for its health with the key; of an access token, for the projects it sees."""
        if credential.part == "api":
            return await self._account(credential, values, machine)
        id = credential.needs[1]
        value, address = values.text(id), parse(values.text("url"))
        for key in ("url", id):
            shape = self.shape(self.key(key), values.text(key))
            if not shape.fits:
                return kept_back(f"nothing was sent: {shape.text}")
        claims = claims_of(value)
        expires = claims.get("exp")
        if isinstance(expires, int | float) and expires < machine.now().timestamp():
            return refused("this key has run out", detail=f"make a new one at {_KEYS_PAGE}")
        if text := mismatch(value, address):
            return kept_back(f"nothing was sent: {text}")
        headers: dict[str, str | Secret] = {"apikey": Secret(value)}
        if claims:  # new keys are no JWT, and are refused as a bearer
            headers["Authorization"] = Secret("Bearer " + value)
        host = address.host if isinstance(address, Url) else ""
        base = values.text("url").rstrip("/")
        request = Request(
            "supabase", base, "/auth/v1/health", credential.hosts, headers=headers, seconds=credential.seconds
        )
        reply = await ask(machine, request, own=(540,))
        if isinstance(reply, Verdict):
            return reply
        return self._health(reply, host, claims, credential.title)

    @staticmethod
    def _health(reply: Reply, host: str, claims: Mapping[str, Any], title: str) -> Verdict:
        found = reply.object()
        message = found.get("message")
        ref = host.removesuffix(".supabase.co") if host.endswith(".supabase.co") else ""
        if reply.status == 200 and isinstance(found.get("version"), str) and isinstance(found.get("name"), str):
            identity = {"project": ref or host, "version": line(f"{found['name']} {found['version']}", limit=60)}
            if isinstance(claims.get("role"), str):
                identity["role"] = line(claims["role"], limit=20)
            detail = "keys of the old kind end with 2026; sb_ keys take their place" if claims.get("ref") else ""
            return accepted(f"project {identity['project']} accepts the {title}", identity, detail=detail)
        if reply.status == 401 and message == "Legacy API keys are disabled":
            return refused(
                "this project takes keys of the old kind no more",
                detail="put a publishable (sb_publishable_) or secret (sb_secret_) key in its place",
                step=Tell("copy a key of the new kind", url=_KEYS_PAGE),
            )
        if reply.status == 401 and message == "Invalid API key":
            return refused(
                f"project {ref or host} does not know this key", detail="it was deleted, or it is another project's"
            )
        if reply.status == 540:
            return unclear(
                f"project {ref or host} seems to be paused",
                step=Tell("restore the project", url="https://supabase.com/dashboard/projects"),
            )
        return odd(host, reply)

    async def _account(self, credential: Credential, values: Values, machine: Machine) -> Verdict:
        shape = self.shape(self.key("token"), values.text("token"))
        if not shape.fits:
            return kept_back(f"nothing was sent: {shape.text}")
        reply = await ask(machine, _request(values, "", seconds=credential.seconds))
        if isinstance(reply, Verdict):
            return reply
        found = reply.json()
        if reply.status == 401 and isinstance(reply.object().get("message"), str):
            return refused("Supabase does not know this access token", detail="it was deleted, or it has run out")
        if reply.status == 403 and isinstance(reply.object().get("message"), str):
            return limited("a real token that may not list projects")
        if reply.status != 200 or not isinstance(found, list) or not all(_is_project(one) for one in found):
            return odd(_API, reply)
        identity = {"projects": str(len(found))}
        ref = _ref_of(values)
        mine = next((one for one in found if one.get("id") == ref), None)
        if mine is not None:
            identity |= {"project": ref, "name": line(mine["name"], limit=80)}
        elif ref:
            identity["project"] = "not in this account"
        names = ", ".join(line(one["name"], limit=40) for one in found[:3])
        return accepted(f"{len(found)} project{'' if len(found) == 1 else 's'}: {names or 'none yet'}", identity)

    def compare(self, values: Values, verdicts: Mapping[str, Verdict]) -> Verdict | None:
        """Hold each key against the URL: old keys name their project, new ones are known by the service's answer."""
        address = parse(values.text("url"))
        if isinstance(address, str):
            return None
        for id in ("public", "secret"):
            if text := mismatch(values.text(id), address):
                return refused(text, detail="copy URL and keys from one project")
        ref = _ref_of(values)
        database = parse(values.text("database"))
        other = supabase_ref(database) if isinstance(database, Url) else ""
        if ref and other and ref != other:
            return limited(f"the connection string is of project {other}, the URL of {ref}")
        if verdicts.get("api") is not None and verdicts["api"].identity.get("project") == "not in this account":
            return limited(f"the access token does not see project {ref}")
        given = [verdicts[part].status for part in ("", "secret") if part in verdicts]
        named = [claims_of(values.text(id)).get("ref") == ref for id in ("public", "secret") if id in values]
        if given and all(status is Status.OK for status in given):
            return accepted(f"URL and keys are of one project ({ref or address.host})")
        return accepted(f"URL and keys are of one project ({ref})") if ref and named and all(named) else None

    async def renew(self, key: str, values: Values, machine: Machine) -> Fresh:
        """Make a second secret key; the first goes on working until it is deleted."""
        doing = "a new Supabase secret key"
        ref = _ref_of(values)
        if key != "secret" or not ref or "token" not in values:
            raise OnboardError(
                f"{doing} needs SUPABASE_ACCESS_TOKEN and a hosted project", f"or make it at {_KEYS_PAGE}"
            )
        listed = await obtain(machine, _request(values, f"/{ref}/api-keys?reveal=true"), doing=doing)
        old = values.text("secret")
        keys = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
        id = next((one.get("id") for one in keys if one.get("api_key") == old), "")
        name = f"onboard_{machine.now():%Y%m%d_%H%M%S}"
        data = {"type": "secret", "name": name}
        made = await obtain(machine, _request(values, f"/{ref}/api-keys?reveal=true", "POST", data), doing=doing)
        text = made.get("api_key") if isinstance(made, dict) else None
        if not isinstance(text, str) or not self.shape(self.key("secret"), text).fits:
            raise OnboardError(f"{doing}: it was made, but the answer does not hold it", f"reveal it at {_KEYS_PAGE}")
        return Fresh({"secret": Secret(text)}, retire=id if isinstance(id, str) else "")

    async def retire(self, key: str, fresh: Fresh, old: Values, new: Values, machine: Machine) -> Verdict:
        """Delete the old secret key, then prove it dead. An old JWT key cannot be ended by itself."""
        if key == "secret":
            if not re.fullmatch(r"[A-Za-z0-9-]{8,64}", fresh.retire):
                return limited(
                    "the old key is not in the project's list of new keys, so it is not ended from here",
                    step=Tell("delete it, or disable the legacy keys", url=_KEYS_PAGE),
                )
            request = _request(new if "token" in new else old, f"/{_ref_of(old)}/api-keys/{fresh.retire}", "DELETE")
            await obtain(machine, request, doing="ending the old Supabase key")
        return await self.dead(key, old, machine)

    async def provision(self, offer: str, values: Values, machine: Machine) -> Mapping[str, Secret]:
        """Read URL and keys of the project (the only one, where none is named)."""
        doing = "the project's keys"
        ref = _ref_of(values)
        if not ref:
            projects = await obtain(machine, _request(values, ""), doing=doing)
            refs = [one["id"] for one in projects if _is_project(one)] if isinstance(projects, list) else []
            if len(refs) != 1:
                raise OnboardError(f"{doing}: this token sees {len(refs)} projects", "enter SUPABASE_URL first")
            ref = refs[0]
        listed = await obtain(machine, _request(values, f"/{ref}/api-keys?reveal=true"), doing=doing)
        keys = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
        found = {"url": Secret(f"https://{ref}.supabase.co")}
        for id, kind in (("public", "publishable"), ("secret", "secret")):
            texts = [one.get("api_key") for one in keys if one.get("type") == kind]
            text = next((t for t in texts if isinstance(t, str) and self.shape(self.key(id), t).fits), None)
            if text is not None:
                found[id] = Secret(text)
        if len(found) == 1:
            raise OnboardError(f"{doing}: the project has no keys of the new kind", f"make them at {_KEYS_PAGE}")
        return found


def _ref_of(values: Values) -> str:
    """Return the project's ref, from the URL or by itself; empty where there is none."""
    host = host_of(values.text("url"))
    ref = host.removesuffix(".supabase.co") if host.endswith(".supabase.co") else values.text("project")
    return ref if REF.fullmatch(ref) else ""


def _request(values: Values, path: str, method: str = "GET", data: object = None, *, seconds: float = 10.0) -> Request:
    headers: dict[str, str | Secret] = {"Authorization": Secret("Bearer " + values.text("token"))}
    body = None
    if data is not None:
        headers["Content-Type"], body = "application/json", json.dumps(data).encode()
    base = f"https://{_API}"
    return Request("supabase.api", base, f"/v1/projects{path}", (_API,), method, headers, body, seconds=seconds)


def _is_project(one: object) -> bool:
    return (
        isinstance(one, dict)
        and isinstance(one.get("id"), str)
        and REF.fullmatch(one["id"]) is not None
        and isinstance(one.get("name"), str)
    )


provider = Supabase()
