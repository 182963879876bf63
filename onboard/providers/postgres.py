"""PostgreSQL: connection strings of any server that is not Neon's, asked over PostgreSQL's own protocol."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from onboard.errors import OnboardError
from onboard.model import Kind, Secret, Shape, Verdict
from onboard.providers import _postgres_wire as wire
from onboard.providers._base import (
    Credential,
    Fresh,
    Key,
    Provider,
    Rotation,
    Values,
    accepted,
    kept_back,
    limited,
    refused,
    unclear,
)
from onboard.providers._url import Url, host_of, parse, scheme_of, supabase_ref, with_password

if TYPE_CHECKING:
    from onboard.machine import Machine

_SCHEMES = ("postgres", "postgresql")
_DIRECT = r"(\w+_)?(DIRECT(_DATABASE)?_URL|DATABASE_URL_UNPOOLED|POSTGRES_URL_NON_POOLING)"
_SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_PAGE = "https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS"
_STEPS = (
    "start a server: with Docker Compose where the repository has it, or install PostgreSQL",
    "make a user and a database (createuser, createdb)",
    "write postgresql://user:password@localhost:5432/database",
)


class Postgres(Provider):
    """A PostgreSQL server, on this machine or anywhere. The host is the value's own."""

    id = "postgres"
    title = "PostgreSQL"
    keys = (
        Key(
            "direct",
            "direct connection string",
            ("DIRECT_URL", _DIRECT),
            Kind.SECRET,
            "postgresql://user:password@host:5432/database",
            _PAGE,
            (*_STEPS, "this one goes past the pooler, for migrations"),
        ),
        Key(
            "url",
            "connection string",
            (
                "DATABASE_URL",
                r"(\w+_)?(DATABASE|DB|PG|POSTGRES|POSTGRESQL)_(PRISMA_)?(URL|URI|DSN|CONNECTION_STRING)",
                r"(\w+_)?DATABASE_URL(_\w+)?",
            ),
            Kind.SECRET,
            "postgresql://user:password@host:5432/database",
            _PAGE,
            _STEPS,
        ),
    )
    credentials = (
        Credential("", "connection string", ("url",), (), own_host=True),
        Credential("direct", "direct connection string", ("direct",), (), own_host=True),
    )
    rotations = (
        Rotation(
            "url",
            "local",
            "Everything on this machine that logs in as the same user; open connections go on until they end.",
            "at once, for new connections",
            _PAGE,
            ("for a server elsewhere: ALTER ROLE … PASSWORD as its administrator, or the provider's page",),
        ),
    )
    account = "https://www.postgresql.org/download/"
    purpose = "the database (PostgreSQL)"
    limits = ""

    def claim(self, name: str, value: str) -> tuple[str, int] | None:
        """Know a connection string by its scheme, where its host is not Neon's; the names are general ones."""
        scheme = scheme_of(value)
        if scheme in _SCHEMES:
            if host_of(value).endswith((".neon.tech", ".neon.build")):
                return None
            return ("direct" if re.fullmatch(_DIRECT, name) else "url"), 3
        if scheme or value.startswith(("file:", "sqlite:")):
            return None
        by_name = super().claim(name, value)
        return (by_name[0], 1) if by_name else None

    def shape(self, key: Key, value: str) -> Shape:
        """Take the string apart as libpq does, and explain what moves a boundary."""
        if value.startswith("psql "):
            return Shape(False, "this is a psql command; only the part between the quotes is the connection string")
        if re.search(r"\[?YOUR[-_]PASSWORD\]?", value, re.IGNORECASE):
            return Shape(False, "a placeholder stands where the password belongs")
        if scheme_of(value) not in _SCHEMES:
            return Shape(False, "a connection string starts with postgresql://")
        url = parse(value)
        if isinstance(url, str):
            return Shape(False, url)
        if not url.host and not wire.socket_of(url):
            return Shape(False, "the host is missing: postgresql://user:password@host:5432/database")
        if not url.path:
            return Shape(False, "the database's name is missing behind the host: …@host:5432/database")
        mode = url.query.get("sslmode", "prefer")
        if mode not in _SSL_MODES and mode != "no-verify":
            return Shape(False, f"sslmode is one of {', '.join(_SSL_MODES)}")
        if re.search(r"[<>\[\]{}]", url.user + (url.password or "") + url.path):
            return Shape(False, "a placeholder in brackets is still in it")
        if url.host.endswith(".pooler.supabase.com") and "." not in url.user:
            return Shape(False, "at Supabase's pooler the user reads postgres.<project ref>")
        if url.local:
            return Shape(True, "a connection string to PostgreSQL on this machine")
        where = "of Supabase" if url.host.endswith((".supabase.co", ".supabase.com")) else "to a PostgreSQL server"
        return Shape(True, f"a connection string {where}")

    async def verify(self, credential: Credential, values: Values, machine: Machine) -> Verdict:
        """Log in and run one select in a read-only transaction."""
        key = credential.needs[0]
        value = values.text(key)
        shape, url = self.shape(self.key(key), value), parse(value)
        if not shape.fits or isinstance(url, str):
            return kept_back(f"nothing was sent: {shape.text}")
        found = await wire.log_in(url, machine, seconds=credential.seconds)
        where = url.host or "the socket"
        if isinstance(found, wire.Trouble):
            return _explained(found, url, where)
        identity = {"user": found.user, "database": found.database, "host": where, "version": found.version}
        if ref := supabase_ref(url):
            identity["project"] = ref
        text = f"{found.user} in {found.database} on {where}, {found.version}"
        if found.read_only:
            return limited(f"{text}, read-only", identity, detail="the app cannot write there", step=None)
        if found.note and not url.local:
            return limited(text, identity, detail=found.note)
        return accepted(text, identity)

    async def tables(self, values: Values, machine: Machine) -> tuple[str, ...] | None:
        """List the tables in a read-only transaction."""
        url = parse(values.text(self.credentials[0].needs[0]))
        return None if isinstance(url, str) else await wire.tables(url, machine, seconds=10.0)

    def compare(self, values: Values, verdicts: Mapping[str, Verdict]) -> Verdict | None:
        """Hold the pooled against the direct string."""
        pooled, direct = parse(values.text("url")), parse(values.text("direct"))
        if not isinstance(pooled, Url) or not isinstance(direct, Url):
            return None
        same_place = pooled.host == direct.host or supabase_ref(pooled) == supabase_ref(direct) != ""
        if same_place and pooled.path == direct.path:
            return accepted("both strings lead to one database")
        names = f"{values.variable('url')} and {values.variable('direct')}"
        return limited(f"{names} lead to different databases", detail="migrations and app would part ways")

    async def renew(self, key: str, values: Values, machine: Machine) -> Fresh:
        """Change the password of the role on a server of this machine; only a verifier of it is sent, never itself."""
        held = {id: values.text(id) for id in ("url", "direct") if id in values}
        url = parse(held.get(key, ""))
        if isinstance(url, str) or not (url.local or wire.socket_of(url)):
            raise OnboardError(
                "only the password of a server on this machine is changed from here",
                "change it on the provider's page, then enter the new connection string",
            )
        password = await wire.new_password(url, machine)
        same = {id: text for id, text in held.items() if _login(parse(text)) == _login(url)}
        return Fresh({id: Secret(with_password(text, password)) for id, text in same.items()}, old_dead=True)


def _login(url: Url | str) -> tuple[str, int, str] | None:
    return None if isinstance(url, str) else (url.host, url.port or 5432, url.user)


def _explained(trouble: wire.Trouble, url: Url, where: str) -> Verdict:
    """Return the verdict for a log-in that did not succeed."""
    database, user = wire.shown(url.path), wire.shown(url.user)
    match trouble.code:
        case "28P01":
            return refused(
                f"{where} refuses it: wrong password, or there is no user “{user}”",
                detail="a raw # @ / ? % in a password has to be written as a percent-code (%23 %40 %2F %3F %25)",
            )
        case "XX000" if url.host.endswith(".pooler.supabase.com") and "enant or user not found" in trouble.text:
            return refused(
                "Supabase's pooler does not know this user here",
                detail="the user reads postgres.<project ref>, and the region in the host has to be the project's",
            )
        case "3D000":
            return limited(
                f"user and password are right, but there is no database “{database}”",
                {"user": user, "host": where},
                detail=f"make it with: createdb {database}" if re.fullmatch(r"[\w-]+", database) else "",
            )
        case "42501":
            return limited("user and password are right, but it may read nothing", {"user": user, "host": where})
        case _ if "exceeded the" in trouble.text and "quota" in trouble.text:
            return limited("the project has used up a quota of its plan", {"user": user, "host": where})
    return unclear(f"{where}: {trouble.summary}", detail=trouble.hint)


provider = Postgres()
