"""HTTP and sockets to services, so that a key goes only where it was meant to go. The one door to `httpx`.

No redirects, one TLS context from the OS store, a capped body, a total deadline, values checked before they become a
header, and errors that never repeat what was sent.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from onboard import __version__
from onboard.errors import NetworkError
from onboard.model import Secret

if TYPE_CHECKING:
    import asyncio
    import ssl

    import httpx

USER_AGENT = f"onboard/{__version__}"
"""Not a browser's: Supabase refuses a good secret key from one."""

LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Trouble(StrEnum):
    """Why a service could not be asked."""

    NO_NAME = "no-name"
    REFUSED = "refused"
    TIMEOUT = "timeout"
    TLS = "tls"
    PROXY = "proxy"
    CUT = "cut"
    UNSENDABLE = "unsendable"
    HOST = "host"


class Unreachable(NetworkError):
    """A service could not be asked; `trouble` says why."""

    def __init__(self, trouble: Trouble, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.trouble = trouble


@dataclass(frozen=True, slots=True)
class Request:
    """One question to a service."""

    endpoint: str
    """Id under which a stand-in can take its place (`stripe`, `neon.api`)."""
    base: str
    """`https://host[/prefix]`, without a trailing slash."""
    path: str
    """With its leading slash and query. Never holds a secret: paths are logged by servers."""
    hosts: tuple[str, ...]
    """Where it may go: exact names, or suffixes that start with a dot (`.upstash.io`)."""
    method: str = "GET"
    headers: Mapping[str, str | Secret] = field(default_factory=dict)
    """A Secret here is the whole header value; build `Secret("Bearer " + …)`."""
    body: bytes | Secret | None = None
    seconds: float = 10.0
    """Total, from the first byte out to the last byte in."""
    limit: int = 256 * 1024
    """Bytes of body that are read; the rest is left and `Reply.cut` is true."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a service answered. Its text is from outside: `clean()` it before anyone sees it."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    cut: bool = False

    @property
    def content_type(self) -> str:
        """`application/json`, without parameters, in lower case; empty where none was sent."""
        return self.headers.get("content-type", "").split(";")[0].strip().lower()

    @property
    def text(self) -> str:
        """The body as text, whatever its bytes."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """Return the body as JSON; `None` where it is cut, not JSON, or not declared as such."""
        if self.cut or not self.content_type.endswith("json"):
            return None
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    def object(self) -> dict[str, Any]:
        """Return the JSON object in the body; empty where there is none."""
        found = self.json()
        return found if isinstance(found, dict) else {}


def sendable(value: str) -> bool:
    """Whether `value` can stand in a header as it is: printable ASCII, no blank at an end."""
    return value.isascii() and value.isprintable() and value == value.strip()


def host_fits(host: str, allowed: tuple[str, ...]) -> bool:
    """Whether `host` is one of `allowed`: exact names, or suffixes that start with a dot."""
    return any(
        host == name or (name.startswith(".") and host.endswith(name) and len(host) > len(name)) for name in allowed
    )


class Network:
    """One client for all live checks of a sitting."""

    def __init__(self, endpoints: Mapping[str, str] | None = None) -> None:
        """Take `endpoints`: stand-ins by id, loopback addresses only (checked where they are read)."""
        self.endpoints = dict(endpoints or {})
        self._client: httpx.AsyncClient | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def ask(self, request: Request) -> Reply:
        """Send `request` once and return what came back, whatever its status.

        Raises Unreachable where nothing (or not all) came back in time, or where it would go to a host not declared.
        """
        import asyncio

        url = self._url(request)
        headers = {
            name: value.reveal() if isinstance(value, Secret) else value for name, value in request.headers.items()
        }
        if not all(map(sendable, headers.values())):
            raise Unreachable(
                Trouble.UNSENDABLE,
                "the value holds a character that cannot be sent in a header",
                "copy it again; blanks, quotes and line ends do not belong to it",
            )
        headers = {"user-agent": USER_AGENT, "accept": "application/json", "accept-encoding": "identity"} | {
            name.lower(): value for name, value in headers.items()
        }
        body = request.body.reveal().encode() if isinstance(request.body, Secret) else request.body
        host = urlsplit(url).hostname or ""
        try:
            async with asyncio.timeout(request.seconds):
                return await self._send(request, url, headers, body)
        except TimeoutError:
            raise Unreachable(
                Trouble.TIMEOUT, f"{host} did not answer within {request.seconds:g} s", "try again"
            ) from None

    async def loopback(
        self,
        url: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        seconds: float = 10.0,
        limit: int = 64 * 1024,
    ) -> Reply:
        """Send a request to a server on this machine, whoever signed its certificate; no redirect, no proxy.

        Raises Unreachable as `ask` does, and where `url` leads to another machine.
        """
        import asyncio

        import httpx

        host = urlsplit(url).hostname or ""
        if host not in LOOPBACK:
            raise Unreachable(Trouble.HOST, f"{host or 'this address'} is not this machine; nothing was sent")
        sent = {"user-agent": USER_AGENT, "accept": "*/*", "accept-encoding": "identity", **(headers or {})}
        if self._near is None or self._near[0] is not asyncio.get_running_loop():
            unverified = httpx.AsyncClient(verify=False, trust_env=False, timeout=None)  # noqa: S113, S501
            self._near = asyncio.get_running_loop(), unverified
        try:
            async with (
                asyncio.timeout(seconds),
                self._near[1].stream(method, url, headers=sent, content=body) as response,
            ):
                raw = bytearray()
                async for chunk in response.aiter_raw():
                    raw += chunk
                    if len(raw) > limit:
                        break
                told = {name.lower(): value for name, value in response.headers.items()}
                return Reply(response.status_code, told, bytes(raw[:limit]), len(raw) > limit)
        except TimeoutError:
            raise Unreachable(Trouble.TIMEOUT, f"{host} did not answer within {seconds:g} s") from None
        except httpx.ConnectError as error:
            raise _connect_trouble(host, error) from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError):
            raise Unreachable(Trouble.CUT, f"the answer of {host} broke off", "try again") from None

    _near: tuple[asyncio.AbstractEventLoop, httpx.AsyncClient] | None = None

    def _url(self, request: Request) -> str:
        parts = urlsplit(request.base)
        host = parts.hostname or ""
        stand_in = self.endpoints.get(request.endpoint)
        if parts.username or parts.password or not host_fits(host, request.hosts):
            raise Unreachable(Trouble.HOST, f"{host or 'this address'} is not a host of this service; nothing was sent")
        if parts.scheme != "https" and not (parts.scheme == "http" and host in LOOPBACK):
            raise Unreachable(Trouble.HOST, f"{host} would be asked without TLS; nothing was sent")
        if stand_in is None:
            return request.base.rstrip("/") + request.path
        return stand_in if request.endpoint == "neon.sql" else stand_in.rstrip("/") + request.path

    async def _send(self, request: Request, url: str, headers: dict[str, str], body: bytes | None) -> Reply:
        import httpx

        host = urlsplit(url).hostname or ""
        try:
            async with self._open().stream(request.method, url, headers=headers, content=body) as response:
                raw = bytearray()
                async for chunk in response.aiter_raw():
                    raw += chunk
                    if len(raw) > request.limit:
                        break
                plain, cut = _unpacked(bytes(raw), response.headers.get("content-encoding", ""), request.limit)
                return Reply(response.status_code, {k.lower(): v for k, v in response.headers.items()}, plain, cut)
        except httpx.ProxyError:
            raise Unreachable(
                Trouble.PROXY,
                f"the proxy of this machine did not let the question through to {host}",
                "look at HTTPS_PROXY",
            ) from None
        except httpx.ConnectError as error:
            raise _connect_trouble(host, error) from None
        except httpx.TimeoutException:
            raise Unreachable(Trouble.TIMEOUT, f"{host} did not answer in time", "try again") from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError):
            raise Unreachable(Trouble.CUT, f"the answer of {host} broke off", "try again") from None

    def _open(self) -> httpx.AsyncClient:
        import asyncio
        import logging

        import httpx

        logging.getLogger("httpx").disabled = True  # it logs every address, and a Slack webhook's is a secret
        loop = asyncio.get_running_loop()
        if self._client is None or self._loop is not loop:
            self._loop = loop
            # Stand-ins and local stacks are on this machine: a proxy has nothing to do with them.
            direct = {
                f"all://{host}": httpx.AsyncHTTPTransport(verify=self.tls()) for host in ("127.0.0.1", "localhost")
            }
            self._client = httpx.AsyncClient(
                verify=self.tls(),
                follow_redirects=False,
                timeout=None,  # noqa: S113 -- ask() holds the total deadline
                mounts=direct,
            )
        return self._client

    _tls: ssl.SSLContext | None = None

    def tls(self) -> ssl.SSLContext:
        """Return the one TLS context: the OS's certificates, names checked, no key log."""
        if Network._tls is None:
            import ssl

            import truststore

            Network._tls = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        return Network._tls

    async def connect(
        self, host: str, port: int, *, tls: bool, seconds: float = 5.0
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Open a stream to a server that speaks its own protocol (Redis, PostgreSQL).

        Raises Unreachable as `ask` does.
        """
        import asyncio

        try:
            async with asyncio.timeout(seconds):
                return await asyncio.open_connection(host, port, ssl=self.tls() if tls else None)
        except TimeoutError:
            raise Unreachable(Trouble.TIMEOUT, f"{host}:{port} did not answer within {seconds:g} s") from None
        except OSError as error:
            raise _connect_trouble(f"{host}:{port}", error) from None

    async def close(self) -> None:
        """Close what is open."""
        client, self._client = self._client, None
        near, self._near = self._near, None
        for one in (client, near[1] if near else None):
            if one is not None:
                await one.aclose()


def _unpacked(raw: bytes, encoding: str, limit: int) -> tuple[bytes, bool]:
    """Return at most `limit` bytes of the body and whether there was more. We ask for identity; some send gzip."""
    if encoding in ("", "identity"):
        return raw[:limit], len(raw) > limit
    if encoding not in ("gzip", "deflate"):
        return b"", True
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 32)
    try:
        plain = unpacker.decompress(raw[:limit], limit)
    except zlib.error:
        return b"", True
    return plain, not unpacker.eof


def _connect_trouble(host: str, error: BaseException) -> Unreachable:
    """Tell a failed connection apart by the chain of causes: the text of httpx's own error says too little."""
    import socket
    import ssl

    cause: BaseException | None = error
    seen: set[int] = set()
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Unreachable(
                Trouble.TLS,
                f"the certificate of {host} was not accepted",
                "a company proxy's CA belongs in the OS certificate store; a wrong clock has the same effect",
            )
        if isinstance(cause, ssl.SSLError):
            return Unreachable(Trouble.TLS, f"no TLS connection to {host} could be made")
        if isinstance(cause, socket.gaierror):
            return Unreachable(Trouble.NO_NAME, f"the name {host} was not found", "look at the network connection")
        if isinstance(cause, (ConnectionRefusedError, ConnectionResetError)):
            return Unreachable(Trouble.REFUSED, f"{host} refused the connection")
        cause = cause.__cause__ or cause.__context__
    return Unreachable(Trouble.REFUSED, f"{host} could not be reached", "look at the network connection")
