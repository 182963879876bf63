"""Neon: connection strings, asked over HTTP, and the API key that names branches and makes them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from onboard.clean import line
from onboard.errors import OnboardError
from onboard.model import Kind, Secret, Shape, Tell, Verdict
from onboard.providers import _neon_api as api
from onboard.providers import _neon_sql as sql
from onboard.providers._base import (
    TABLES,
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
)
from onboard.providers._url import Url, host_of, parse, scheme_of, with_password

if TYPE_CHECKING:
    from onboard.machine import Machine

_KEYS_PAGE = "https://console.neon.tech/app/settings/api-keys"
_DIRECT = r"(\w+_)?(DIRECT(_DATABASE)?_URL|DATABASE_URL_UNPOOLED|POSTGRES_URL_NON_POOLING)"
_CONNECT = (
    "open an account and a project",
    "make a branch for development from the default one (Branches, New branch)",
    "choose Connect, that branch, the database and the role",
)


class Neon(Provider):
    """Serverless PostgreSQL. The connection string alone tells project and branch; their names need the API key."""

    id = "neon"
    title = "Neon"
    keys = (
        Key(
            "direct",
            "direct connection string",
            ("NEON_DATABASE_URL_UNPOOLED", r"NEON_" + _DIRECT),
            Kind.SECRET,
            "postgresql://…@ep-….neon.tech/…",
            sql.CONSOLE,
            (*_CONNECT, "switch Connection pooling off and copy the string"),
        ),
        Key(
            "url",
            "connection string",
            ("NEON_DATABASE_URL", r"NEON_(DATABASE_|POSTGRES_|CONNECTION_)?(URL|URI|STRING)"),
            Kind.SECRET,
            "postgresql://…@ep-….neon.tech/…?sslmode=require",
            sql.CONSOLE,
            (*_CONNECT, "leave Connection pooling on and copy the string"),
        ),
        Key(
            "api",
            "API key",
            ("NEON_API_KEY", r"NEON_API_(TOKEN|KEY_\w+)"),
            Kind.SECRET,
            "napi_…",
            _KEYS_PAGE,
            ("open an account", "choose Create new API key", "copy it; it is shown once"),
        ),
        Key(
            "project",
            "project id",
            ("NEON_PROJECT_ID",),
            Kind.PUBLIC,
            "two words and a number",
            sql.CONSOLE,
            ("open the project, then Settings", "copy the project id"),
        ),
    )
    credentials = (
        Credential(
            "",
            "connection string",
            ("url",),
            (*sql.SQL_HOSTS, api.HOST),
            uses=("api", "project"),
            seconds=15.0,
            endpoints=("neon.sql", "neon.api"),
        ),
        Credential(
            "direct",
            "direct connection string",
            ("direct",),
            (*sql.SQL_HOSTS, api.HOST),
            uses=("api", "project"),
            seconds=15.0,
            endpoints=("neon.sql", "neon.api"),
        ),
        Credential("api", "API key", ("api",), (api.HOST,), endpoints=("neon.api",)),
    )
    rotations = (
        Rotation(
            "url",
            "api",
            "Every app and colleague on this branch: the pooled and the direct string share one password.",
            "at once, when Neon has finished the reset; open connections are dropped",
            sql.CONSOLE,
            ("open the branch, then Roles & Databases", "choose Reset password beside the role", "copy the new string"),
        ),
        Rotation(
            "api",
            "api",
            "Scripts and CI that use the same key.",
            "when it is deleted",
            _KEYS_PAGE,
            ("create a second key", "put it in place of the first", "revoke the first"),
        ),
    )
    provisions = (
        Provision(
            "branch",
            "a Neon branch of your own",
            ("api",),
            ("url", "direct"),
            f"Makes the branch dev/<you> with a compute of its own from the branch development, or from the default "
            f"branch with its data where there is none. It deletes itself after {api.BRANCH_DAYS} days.",
        ),
    )
    account = "https://console.neon.tech/signup"
    purpose = "the database (PostgreSQL)"
    limits = (
        "free plan: 10 branches, 100 compute hours, 0.5 GB and 5 GB of traffic a project and month; "
        "the compute sleeps after 5 idle minutes (March 2026)"
    )

    def claim(self, name: str, value: str) -> tuple[str, int] | None:
        """Know a connection string by its host, whatever its name; other hosts are PostgreSQL's."""
        if scheme_of(value) in ("postgres", "postgresql"):
            if not host_of(value).endswith(sql.SQL_HOSTS):
                return None
            return ("direct" if re.fullmatch(_DIRECT, name) else "url"), 3
        if (by_name := super().claim(name, value)) is not None:
            return by_name
        return ("api", 1) if re.fullmatch(r"napi_[a-z0-9]{20,}", value) else None

    def shape(self, key: Key, value: str) -> Shape:
        """Tell whether the string is whole, and whether it is the pooled or the direct one."""
        if key.id == "api":
            return self._api_key(value)
        if key.id == "project":
            fits = re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+){1,5}", value) is not None
            return Shape(fits, "a project id" if fits else "a project id reads like two words and a number, with -")
        if value.startswith("psql "):
            return Shape(False, "this is a psql command; only the part between the quotes is the connection string")
        url = parse(value)
        if isinstance(url, str):
            return Shape(False, url)
        if url.scheme not in ("postgres", "postgresql"):
            return Shape(False, "a connection string starts with postgresql://")
        if not re.fullmatch(r"ep-[a-z0-9-]+(\.[a-z0-9-]+)*\.neon\.(tech|build)", url.host):
            return Shape(False, "the host of a Neon compute starts with ep- and ends with .neon.tech")
        if set(url.host.split(".")[0].removeprefix("ep-")) <= {"x", "-"}:
            return Shape(False, "this is a placeholder; Connect in Neon's console shows the real one")
        if not url.user or not url.path or not url.password:
            missing = "user" if not url.user else "database" if not url.path else "password"
            return Shape(False, f"the {missing} is missing: postgresql://user:password@host/database")
        if set(url.password) <= {"*"}:
            return Shape(False, "its password is masked; choose Show password before copying")
        pooled = url.host.split(".")[0].endswith("-pooler")
        if key.id == "direct" and pooled:
            return Shape(True, "this is the pooled string; migrations need the direct one, without -pooler in the host")
        return Shape(True, f"a {'pooled' if pooled else 'direct'} connection string of Neon")

    @staticmethod
    def _api_key(value: str) -> Shape:
        if scheme_of(value):
            return Shape(False, "this is a URL; an API key comes from Account settings, API keys")
        if not re.fullmatch(r"[A-Za-z0-9_-]{20,200}", value) or len(set(value)) < 8:
            return Shape(False, "an API key is one long text of letters and digits, today with napi_ before it")
        return Shape(True, "looks like an API key of Neon")

    async def verify(self, credential: Credential, values: Values, machine: Machine) -> Verdict:
        """Run one select in a read-only transaction over HTTP; with an API key, ask for the branch's name too."""
        if credential.part == "api":
            return await self._key(credential, values, machine)
        key = credential.needs[0]
        value = values.text(key)
        shape, url = self.shape(self.key(key), value), parse(value)
        if not shape.fits or isinstance(url, str):
            return kept_back(f"nothing was sent: {shape.text}")
        reply = await ask(machine, sql.probe(value, url, credential.seconds * 0.75), own=(500,))
        if isinstance(reply, Verdict):
            return reply
        row = sql.row(reply) if reply.status == 200 else None
        if row is None:
            return sql.declined(reply, url)
        identity = {name: line(text, limit=120) for name, text in zip(sql.COLUMNS, row, strict=False) if text}
        identity["version"] = " ".join(identity.get("version", "").split()[:2])
        if identity["version"] == "" or "user" not in identity:
            return odd(url.host, reply)
        identity["host"] = url.host
        if "branch_id" in identity:
            identity["branch"] = identity["branch_id"]
        if values.text("api"):
            project = identity.get("project") or values.text("project")
            identity |= await api.branch_facts(
                machine,
                values.text("api"),
                url.host,
                project,
                identity.get("branch_id", ""),
                seconds=credential.seconds * 0.2,
            )
        return accepted(sql.said(identity), identity, detail=sql.noted(identity))

    async def tables(self, values: Values, machine: Machine) -> tuple[str, ...] | None:
        """List the tables in a read-only transaction over HTTP."""
        value = values.text(self.credentials[0].needs[0])
        url = parse(value)
        if isinstance(url, str):
            return None
        reply = await ask(machine, sql.probe(value, url, 10.0, TABLES))
        if isinstance(reply, Verdict) or reply.status != 200:
            return None
        rows = sql.rows(reply)
        return (
            None if rows is None else tuple(line(row[0], limit=200) for row in rows if row and isinstance(row[0], str))
        )

    async def _key(self, credential: Credential, values: Values, machine: Machine) -> Verdict:
        reply = await ask(machine, api.request(values.text("api"), "auth", seconds=credential.seconds))
        if isinstance(reply, Verdict):
            return reply
        found = reply.object()
        account, method = found.get("account_id"), found.get("auth_method")
        if reply.status == 200 and isinstance(account, str) and account and isinstance(method, str):
            kind = {"api_key_user": "personal key", "api_key_org": "organization's key"}.get(method, "key")
            return accepted(f"a {kind} of account {line(account, limit=80)}", {"account": line(account, limit=80)})
        if reply.status == 401 and isinstance(found.get("message"), str):
            return refused("Neon does not know this API key", detail="it was revoked, or cut when it was copied")
        if reply.status == 403 and isinstance(found.get("message"), str):
            return limited("a real key that may not ask whose it is")
        return odd(api.HOST, reply)

    def compare(self, values: Values, verdicts: Mapping[str, Verdict]) -> Verdict | None:
        """Hold the pooled against the direct string, and both against what the API key sees."""
        pooled, direct = parse(values.text("url")), parse(values.text("direct"))
        if isinstance(pooled, Url) and isinstance(direct, Url):
            for what, same in (
                ("compute", api.same_endpoint(pooled.host, direct.host)),
                ("database", pooled.path == direct.path),
                ("role and password", (pooled.user, pooled.password) == (direct.user, direct.password)),
            ):
                if not same:
                    names = f"{values.variable('url')} and {values.variable('direct')}"
                    return limited(f"{names} do not have the same {what}", detail="migrations and app would part ways")
        seen = [verdicts[part].identity for part in ("", "direct") if part in verdicts]
        if any(identity.get("api") == "no" for identity in seen):
            return limited("the API key does not see the project of the connection string")
        if any(identity.get("branch") and "default" in identity for identity in seen):
            return accepted("connection string and API key are of one project")
        return accepted("both strings lead to one database") if isinstance(direct, Url) and pooled != direct else None

    async def renew(self, key: str, values: Values, machine: Machine) -> Fresh:
        """Reset the role's password (ends the old one), or make a second API key."""
        if key == "api":
            made, old = await api.new_key(machine, values.text("api"))
            return Fresh({"api": Secret(made)}, retire=old)
        held = {id: values.text(id) for id in ("url", "direct") if id in values}
        url = parse(next(iter(held.values()), ""))
        if isinstance(url, str) or not values.text("api"):
            raise OnboardError("a new Neon password needs NEON_API_KEY", f"or reset it at {sql.CONSOLE}")
        credential = next(c for c in self.credentials if c.needs[0] in held)
        known = (await self.verify(credential, values, machine)).identity
        project, branch = api.safe_id(known.get("project")), api.safe_id(known.get("branch_id"))
        if not project or not branch or known.get("api") == "no":
            raise OnboardError("NEON_API_KEY does not see the branch of this connection string", f"see {sql.CONSOLE}")
        password = await api.new_password(machine, values.text("api"), project, branch, url.user, url.password or "")
        return Fresh({id: Secret(with_password(text, password)) for id, text in held.items()}, old_dead=True)

    async def retire(self, key: str, fresh: Fresh, old: Values, new: Values, machine: Machine) -> Verdict:
        """Delete the old API key; a password is dead already. Then prove it."""
        if key == "api" and not fresh.retire:
            return limited(
                "this account has several API keys, and which one is the old one cannot be told",
                step=Tell("revoke the old API key", url=_KEYS_PAGE),
            )
        if key == "api":
            request = api.request(new.text("api"), f"api_keys/{api.safe_id(fresh.retire)}", "DELETE")
            await obtain(machine, request, doing="ending the old Neon API key")
        return await self.dead(key, old, machine)

    async def provision(self, offer: str, values: Values, machine: Machine) -> Mapping[str, Secret]:
        """Make (or find) the branch of this developer, and return its two connection strings."""
        key = values.text("api")
        project = await api.only_project(machine, key, values.text("project"), "a Neon branch of your own")
        pooled, direct = await api.own_branch(machine, key, project)
        return {"url": Secret(pooled), "direct": Secret(direct)}


provider = Neon()
