"""A log-in to PostgreSQL as libpq would do it from the same URL, and what goes wrong with one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from onboard.clean import line
from onboard.errors import NetworkError, OnboardError
from onboard.providers._base import TABLES

if TYPE_CHECKING:
    import ssl

    from onboard.machine import Machine
    from onboard.providers._url import Url

_SUMMARIES = {
    "28000": ("the server does not let this user in from here", "its pg_hba.conf, TLS or the role decide that"),
    "53300": ("it has too many connections at the moment", "close some, or try again"),
    "53400": ("it has reached a limit of its configuration", "try again"),
    "57P03": ("it is starting up or shutting down", "try again in a few seconds"),
    "57P01": ("it is shutting down", "try again in a few seconds"),
}
_QUESTION = (
    "select current_user::text, current_database()::text, version(), "
    "pg_is_in_recovery() or current_setting('default_transaction_read_only') = 'on'"
)
_PLAIN = "the connection is not encrypted; ?sslmode=require asks for it"
_UNVERIFIED = "the connection is encrypted, but nobody vouches for the server's certificate"


@dataclass(frozen=True, slots=True)
class Login:
    """What the server said of itself."""

    user: str
    database: str
    version: str
    read_only: bool
    note: str
    """What was not as safe as it could be; empty: nothing."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why there was no log-in."""

    code: str
    """SQLSTATE; empty where the server gave none."""
    summary: str
    hint: str = ""
    text: str = ""
    """The server's own words, for telling cases apart; not for showing."""


def shown(text: str) -> str:
    """Return a name out of the URL, safe to show."""
    return line(text, limit=80)


def socket_of(url: Url) -> str:
    """Return the folder of a Unix socket (`?host=/run/postgresql`); empty: it is TCP."""
    host = url.query.get("host", "")
    return host if not url.host and host.startswith("/") else ""


def port_of(url: Url) -> int:
    """Return the port; 5432 where the URL names none."""
    text = url.query.get("port", "")
    return url.port or (int(text) if text.isascii() and text.isdigit() else 5432)


async def log_in(url: Url, machine: Machine, *, seconds: float) -> Login | Trouble:
    """Connect, ask who and where we are in a read-only transaction, and leave."""
    import asyncio

    try:
        async with asyncio.timeout(seconds):
            found = await _connect(url, machine, seconds)
            if isinstance(found, Trouble):
                return found
            connection, note = found
            try:
                return await _asked(connection, note)
            finally:
                await _leave(connection)
    except TimeoutError:
        return Trouble("", f"no answer within {seconds:g} s", "is it PostgreSQL that listens there?")


async def tables(url: Url, machine: Machine, *, seconds: float) -> tuple[str, ...] | None:
    """Return the names of the database's own tables; `None`: they could not be listed."""
    import asyncio

    import asyncpg

    try:
        async with asyncio.timeout(seconds):
            found = await _connect(url, machine, seconds)
            if isinstance(found, Trouble):
                return None
            try:
                async with found[0].transaction(readonly=True):
                    return tuple(line(row[0], limit=200) for row in await found[0].fetch(TABLES))
            finally:
                await _leave(found[0])
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
        return None


async def new_password(url: Url, machine: Machine) -> str:
    """Give the role of `url` a new password and return it. Raises OnboardError."""
    found = await _connect(url, machine, 10.0)
    if isinstance(found, Trouble):
        raise NetworkError(f"a new PostgreSQL password: {found.summary}", found.hint)
    import secrets

    import asyncpg

    password = secrets.token_urlsafe(24)
    try:
        role = await found[0].fetchval("select quote_ident(current_user)")
        await found[0].execute(f"alter role {role} password '{_verifier(password)}'")
    except (asyncpg.PostgresError, OSError, TimeoutError) as error:
        raise OnboardError("the server did not change the password", getattr(error, "sqlstate", "") or "") from None
    finally:
        await _leave(found[0])
    return password


def _verifier(password: str) -> str:
    """Return what PostgreSQL stores of a password, so that the password itself is in no statement and no log of it."""
    import base64
    import hashlib
    import hmac
    import secrets

    salt = secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, 4096)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    packed = [base64.b64encode(part).decode() for part in (salt, stored, server)]
    return f"SCRAM-SHA-256$4096:{packed[0]}${packed[1]}:{packed[2]}"


async def _asked(connection: Any, note: str) -> Login | Trouble:
    import asyncpg

    try:
        async with connection.transaction(readonly=True):
            row = await connection.fetchrow(_QUESTION)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        return _trouble(error)
    if row is None or not all(isinstance(text, str) for text in tuple(row)[:3]):
        return Trouble("", "it gave an answer that onboard does not know")
    user, database, version = (line(text, limit=120) for text in tuple(row)[:3])
    return Login(user, database, " ".join(version.split()[:2]), bool(row[3]), note)


async def _leave(connection: Any) -> None:
    try:
        await connection.close(timeout=1)
    except (TimeoutError, OSError):
        connection.terminate()


async def _connect(url: Url, machine: Machine, seconds: float) -> tuple[Any, str] | Trouble:
    """Return a connection and what was not safe about it, by the first way that sslmode allows and the server takes."""
    import ssl

    import asyncpg

    try:
        ways = _ways(url, machine)
    except (OSError, ssl.SSLError):
        return Trouble("", "the CA file that sslrootcert names cannot be read", "look at the path")
    trouble = Trouble("", "could not be reached")
    unencrypted_only = False
    for context, note in ways:
        if unencrypted_only and context:
            continue
        try:
            connection = await asyncpg.connect(
                host=socket_of(url) or url.host,
                port=port_of(url),
                user=url.user or machine.env.get("USER", "postgres"),
                password=url.password or "",
                database=url.path,
                ssl=context,
                timeout=seconds,
                statement_cache_size=0,  # a pooler in transaction mode has no named statements
                server_settings={"application_name": "onboard"},
            )
        except (ssl.SSLError, ConnectionError) as error:
            trouble = _trouble(error)
            unencrypted_only = "rejected SSL upgrade" in str(error)
            if isinstance(error, ConnectionError) and not unencrypted_only:
                return trouble
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, ValueError) as error:
            return _trouble(error)
        else:
            return connection, note
    return trouble


def _ways(url: Url, machine: Machine) -> list[tuple[ssl.SSLContext | bool, str]]:
    """Return the contexts to try, in order, for libpq's sslmode. Raises OSError where the CA file cannot be read."""
    plain: tuple[bool, str] = (False, _PLAIN)
    if socket_of(url):
        return [(False, "")]
    mode = url.query.get("sslmode", "")
    if not mode:
        mode = "require" if url.query.get("ssl", "").lower() in ("true", "1", "require") else "prefer"
    ca = url.query.get("sslrootcert", "")
    default_ca = machine.home / ".postgresql" / "root.crt"
    if not ca and mode in ("require", "verify-ca", "verify-full") and default_ca.is_file():
        ca = str(default_ca)
    if mode in ("verify-ca", "verify-full") or (ca and mode == "require"):
        return [(_checked(ca, machine, names=mode == "verify-full"), "")]
    # Below verify-ca libpq checks nothing. A certificate that does stand is taken first, and its lack is said.
    encrypted: list[tuple[ssl.SSLContext | bool, str]] = [(_unchecked(), _UNVERIFIED)]
    if not url.local and mode != "no-verify":
        encrypted.insert(0, (machine.network.tls(), ""))
    match mode:
        case "disable":
            return [plain]
        case "allow":
            return [plain, *encrypted]
        case "prefer":
            return [*encrypted, plain]
    return encrypted


def _checked(ca: str, machine: Machine, *, names: bool) -> ssl.SSLContext:
    import ssl

    if (not ca or ca == "system") and names:
        return machine.network.tls()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = names
    if not ca or ca == "system":
        context.load_default_certs()
    else:
        context.load_verify_locations(cafile=str(Path(ca).expanduser()))
    return context


def _unchecked() -> ssl.SSLContext:
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # what sslmode=require means in libpq; said in the verdict
    return context


def _trouble(error: BaseException) -> Trouble:
    """Tell failures apart by type and SQLSTATE; the server's words may be in any language."""
    import socket
    import ssl

    code = getattr(error, "sqlstate", None) or ""
    if code:
        summary, hint = _SUMMARIES.get(code, (f"it answered with the error {line(str(code), limit=5)}", ""))
        return Trouble(str(code), summary, hint, str(error)[:2000])
    if isinstance(error, ssl.SSLCertVerificationError):
        return Trouble("", "its certificate was not accepted", "sslrootcert names the CA that signed it")
    if isinstance(error, ssl.SSLError):
        return Trouble("", "no TLS connection could be made; it may speak only an old TLS", "TLS 1.2 is the least")
    if isinstance(error, socket.gaierror):
        return Trouble("", "its name was not found", "look at the host, and at the network connection")
    if "rejected SSL upgrade" in str(error):
        return Trouble("", "the server has no TLS, and sslmode asks for it", "sslmode=disable where it is a local one")
    if isinstance(error, ConnectionRefusedError):
        return Trouble("", "nothing listens there", "start the server (docker compose up -d, or its service)")
    if isinstance(error, FileNotFoundError):
        return Trouble("", "there is no socket of a server there", "start the server")
    if isinstance(error, ConnectionError):
        return Trouble("", "it closed the connection", "is it PostgreSQL that listens there?")
    return Trouble("", "it could not be reached", "look at host and port")
