"""Redis: `redis://` and `rediss://` addresses, asked over Redis's own protocol."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from onboard.clean import line
from onboard.model import Kind, Shape, Tell, Verdict
from onboard.network import Unreachable
from onboard.providers._base import (
    Credential,
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
from onboard.providers._url import Url, parse, scheme_of

if TYPE_CHECKING:
    import asyncio

    from onboard.machine import Machine

_LIMIT = 64 * 1024
"""Bytes of one answer that are read."""
_PAGE = "https://redis.io/docs/latest/operate/oss_and_stack/install/"


class Redis(Provider):
    """A Redis server, on this machine or anywhere. The host is the value's own."""

    id = "redis"
    title = "Redis"
    keys = (
        Key(
            "url",
            "address",
            ("REDIS_URL", r"(\w+_)?(REDIS|VALKEY)(_TLS|_CONNECTION|CLOUD)?_(URL|URI|DSN|STRING)", "KV_URL"),
            Kind.SECRET,
            "redis://localhost:6379 or rediss://user:password@host:port",
            _PAGE,
            (
                "start a server: with Docker Compose where the repository has it, or redis-server",
                "write redis://localhost:6379",
                "for one elsewhere: copy its address from the provider's page, with rediss:// where it speaks TLS",
            ),
        ),
    )
    credentials = (Credential("", "address", ("url",), (), seconds=8.0, own_host=True),)
    rotations = (
        Rotation(
            "url",
            "guided",
            "Everything that uses the same server and user.",
            "at once",
            "https://redis.io/docs/latest/operate/oss_and_stack/management/security/",
            ("set a new password on the provider's page, or with CONFIG SET requirepass", "enter the new address"),
        ),
    )
    account = "https://redis.io/try-free/"
    purpose = "cache and queues (Redis)"
    limits = ""

    def claim(self, name: str, value: str) -> tuple[str, int] | None:
        """Know an address by its scheme; names with REST in them are Upstash's."""
        if "REST" in name:
            return None
        if scheme_of(value) in ("redis", "rediss"):
            return "url", 3
        if scheme_of(value):
            return None
        by_name = super().claim(name, value)
        return (by_name[0], 1) if by_name else None

    def shape(self, key: Key, value: str) -> Shape:
        """Take the address apart, and name what cannot work."""
        if value.startswith("redis-cli "):
            return Shape(False, "this is a redis-cli command; only the redis:// part of it is the address")
        if scheme_of(value) not in ("redis", "rediss"):
            other = "this is a REST URL; " if scheme_of(value) in ("http", "https") else ""
            return Shape(False, f"{other}an address starts with redis:// or, with TLS, rediss://")
        url = parse(value)
        if isinstance(url, str):
            return Shape(False, url)
        if not url.host:
            return Shape(False, "the host is missing: redis://localhost:6379")
        if url.path and not url.path.isdigit():
            return Shape(False, "behind the host stands the number of the database, as in …:6379/0")
        if url.scheme == "redis" and url.host.endswith(".upstash.io"):
            return Shape(False, "Upstash speaks TLS only: the address starts with rediss://")
        if set(url.password or "") & set("<>[]{}") or re.fullmatch(r"x+|\*+", url.password or "-"):
            return Shape(False, "a placeholder stands where the password belongs")
        where = "on this machine" if url.local else "with TLS" if url.scheme == "rediss" else "without TLS"
        return Shape(True, f"an address of Redis, {where}")

    async def verify(self, credential: Credential, values: Values, machine: Machine) -> Verdict:
        """Connect, log in, PING, and ask for user and version."""
        import asyncio

        value = values.text("url")
        shape, url = self.shape(self.key("url"), value), parse(value)
        if not shape.fits or isinstance(url, str):
            return kept_back(f"nothing was sent: {shape.text}")
        where = f"{url.host}:{url.port or 6379}"
        try:
            async with asyncio.timeout(credential.seconds):
                return await _ask(url, where, machine, credential.seconds)
        except Unreachable as trouble:
            return unclear(trouble.message, detail=trouble.hint or _hint(url))
        except TimeoutError:
            return unclear(f"{where} did not answer within {credential.seconds:g} s", detail="is it Redis there?")
        except (OSError, asyncio.IncompleteReadError):
            return unclear(f"{where} closed the connection", detail=_hint(url))
        except (ValueError, asyncio.LimitOverrunError):
            return unclear(
                f"{where} gave an answer that onboard does not know", detail="is it Redis that listens there?"
            )


def _hint(url: Url) -> str:
    if url.local:
        return "start the server (docker compose up -d, or redis-server)"
    return "a server with TLS wants rediss://, one without it redis://"


async def _ask(url: Url, where: str, machine: Machine, seconds: float) -> Verdict:
    reader, writer = await machine.network.connect(
        url.host, url.port or 6379, tls=url.scheme == "rediss", seconds=seconds
    )
    try:
        note = ""
        if url.password or url.user:
            words = ["AUTH", url.user, url.password or ""] if url.user else ["AUTH", url.password or ""]
            answer = await _command(reader, writer, *words)
            if answer.startswith("-ERR") and "without any password configured" in answer:
                note = "the address holds a password, but the server has none; some clients stop at that"
            elif answer != "+OK":
                return _declined(answer, where)
        answer = await _command(reader, writer, "PING")
        if answer.startswith("-NOPERM"):
            return limited(f"{where} knows the user, but it may do next to nothing", {"host": where})
        if answer != "+PONG":
            return _declined(answer, where)
        if url.path and url.path != "0":
            answer = await _command(reader, writer, "SELECT", url.path)
            if answer.startswith("-ERR"):
                return limited(f"{where} has no database number {url.path}", {"host": where})
        identity = {"host": where}
        user = await _command(reader, writer, "ACL", "WHOAMI")
        if user.startswith("$"):
            identity["user"] = line(user[1:], limit=80)
        version = re.search(r"redis_version:([0-9.]+)", await _command(reader, writer, "INFO", "server"))
        if version:
            identity["version"] = version[1]
        who = f" as {identity['user']}" if identity.get("user", "default") != "default" else ""
        text = f"{where}{who}" + (f", Redis {version[1]}" if version else "")
        return limited(text, identity, detail=note) if note else accepted(text, identity, detail=_open(url))
    finally:
        writer.transport.abort()  # all was said; a polite end would wait for the other side


def _open(url: Url) -> str:
    return "" if url.local or url.scheme == "rediss" else "the connection is not encrypted"


async def _command(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *words: str) -> str:
    """Send one command and return the answer: `+text`, `-error`, `:number`, or `$` and the text of a bulk string.

    Raises ValueError where the other side does not speak Redis's protocol.
    """
    packed = b"".join(b"$%d\r\n%s\r\n" % (len(raw), raw) for raw in (word.encode() for word in words))
    writer.write(b"*%d\r\n" % len(words) + packed)
    await writer.drain()
    raw = await reader.readuntil(b"\r\n")
    head = raw.decode("utf-8", "replace").rstrip("\r\n")
    if head[:1] in ("+", "-", ":") and len(head) < 2000:
        return head
    if re.fullmatch(r"\$-?[0-9]{1,9}", head):
        size = int(head[1:])
        if size > _LIMIT:
            raise ValueError("too long")
        text = (await reader.readexactly(size + 2))[:-2] if size >= 0 else b""
        return "$" + text.decode("utf-8", "replace")
    raise ValueError("not Redis")


def _declined(answer: str, where: str) -> Verdict:
    if answer.startswith("-NOAUTH"):
        return refused(
            f"{where} wants a password, and the address has none",
            detail="the address reads redis://:password@host, with a user before the colon where there is one",
        )
    if answer.startswith("-WRONGPASS"):
        return refused(f"{where} refuses it: wrong user or password")
    if "max number of clients" in answer:
        return unclear(f"{where} has too many connections at the moment")
    if answer.startswith("-LOADING"):
        return unclear(f"{where} is still loading its data", detail="try again in a few seconds")
    if answer.startswith("-DENIED"):
        return unclear(
            f"{where} is in protected mode and lets in its own machine only",
            detail="it has no password; set one there, or ask it through 127.0.0.1",
            step=Tell("set a password on the server (requirepass)"),
        )
    return unclear(f"{where} answered with an error that onboard does not know")


provider = Redis()
