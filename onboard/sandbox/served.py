"""Stand-in: a small local server that behaves like a service, and how one is served on 127.0.0.1.

A file in `standins/` is a service. It holds one class with the service's state (accounts, good keys, revoked keys) and
one pure question, `answer(Request) -> Response`:

    class PrintfulStandIn(StandIn):
        endpoints = ("printful",)             # its ids in ONBOARD_ENDPOINTS

        def __init__(self) -> None:
            self.token = alnum(40)            # credentials are invented on each run, never written in a file

        def answer(self, request: Request) -> Response:
            if request.bearer != self.token:
                return Response.json({"code": 401, "result": "…"}, 401)
            ...

    with serve(PrintfulStandIn()) as served:
        served.url, served.endpoints          # where it is
        served.requests                       # all that was asked, in order
        served.fault = Fault.MUTE             # from now on it misbehaves
"""

from __future__ import annotations

import base64
import json
import socket
import sys
import threading
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, cast
from urllib.parse import parse_qsl, unquote, urlsplit

from onboard.sandbox.websocket import WebSocket, accept_key


@dataclass(frozen=True)
class Request:
    """One question that arrived."""

    method: str
    path: str
    """Decoded, without the query."""
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""
    body: bytes = b""

    @property
    def bearer(self) -> str:
        """The token of `Authorization: Bearer …`; empty where there is none."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" else ""

    @property
    def basic(self) -> tuple[str, str]:
        """User and password of `Authorization: Basic …`; empty where there are none."""
        scheme, _, packed = self.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return "", ""
        try:
            user, _, password = base64.b64decode(packed).decode().partition(":")
        except ValueError:
            return "", ""
        return user, password

    @cached_property
    def parts(self) -> tuple[str, ...]:
        """The path's segments."""
        return tuple(part for part in self.path.split("/") if part)

    @cached_property
    def form(self) -> dict[str, str]:
        """The body as a form; a repeated name keeps its last value."""
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))

    @cached_property
    def data(self) -> Any:
        """The body as JSON; `None` where it is not."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


@dataclass(frozen=True)
class Response:
    """One answer."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @classmethod
    def json(cls, data: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
        """Return `data` as JSON."""
        return cls(status, {"Content-Type": "application/json", **(headers or {})}, json.dumps(data).encode())

    @classmethod
    def text(cls, text: str, status: int = 200, kind: str = "text/plain; charset=utf-8") -> Response:
        """Return plain text, or another kind of it."""
        return cls(status, {"Content-Type": kind}, text.encode())


class Fault(StrEnum):
    """How a stand-in misbehaves. The names are for the ids of parametrised tests."""

    NONE = "none"
    SLOW = "slow"
    """Right, but only after `Served.delay` seconds."""
    MUTE = "mute"
    """Accepts and never answers."""
    RESET = "reset"
    """Closes the connection instead of answering."""
    RATE_LIMITED = "429"
    FAILING = "500"
    HTML = "html-200"
    """A sign-in page of the network."""
    HTML_401 = "html-401"
    """A bot wall: it looks like a refusal and says nothing of the key."""
    REDIRECT = "redirect"
    """307, which keeps method and body, to `Served.elsewhere`."""
    CUT = "cut"
    """The right answer's first half, then the connection ends."""
    WRONG_JSON = "wrong-json"
    """200 and JSON, in a shape that no service sends."""
    BROKEN_JSON = "broken-json"
    EMPTY = "empty"
    """200 and not a byte."""
    HUGE = "huge"
    """200 MB of JSON text."""
    BOMB = "bomb"
    """Gzip: 1 MB on the wire, 1 GB unpacked."""
    DRIP = "drip"
    """The right answer, one byte a second."""


SIGN_IN = "<!doctype html><html><head><title>Sign in to WiFi</title></head><body>Welcome, guest.</body></html>"


class StandIn:
    """One service's behaviour and state."""

    endpoints: ClassVar[tuple[str, ...]] = ()
    """Its ids in ONBOARD_ENDPOINTS."""

    base: str = ""
    """The URL at which it is served, for answers that name an address. Set when it is served."""

    def answer(self, request: Request) -> Response:
        """Return what the service answers. Called by one thread at a time."""
        raise NotImplementedError

    def address(self, endpoint: str) -> str:
        """Return what ONBOARD_ENDPOINTS says for one of `endpoints`: nearly always the server's own URL."""
        return self.base

    def open_socket(self, request: Request) -> str | None:
        """Return the subprotocol for a websocket that is asked for; `None`: there is none here."""
        return None

    def on_socket(self, request: Request, websocket: WebSocket) -> None:
        """Speak with one websocket until it is closed. Called in the connection's own thread."""


class Served:
    """A stand-in that is running."""

    def __init__(self, stand_in: StandIn) -> None:
        self.stand_in = stand_in
        self.requests: list[Request] = []
        """All that was asked, faults included, in the order of arrival."""
        self.fault = Fault.NONE
        self.delay = 3.0
        """Seconds, for `Fault.SLOW`."""
        self.elsewhere = "https://elsewhere.invalid/"
        """Where `Fault.REDIRECT` points; set it to a second stand-in to see what arrives there."""
        self.errors: list[Exception] = []
        """Faults of the stand-in itself; `serve` raises the first of them at its end."""
        self.closing = threading.Event()
        self._changed = threading.Condition()
        self._sockets: set[socket.socket] = set()
        self._server = _Server(("127.0.0.1", 0), self)
        self.port = int(self._server.server_address[1])
        self.url = stand_in.base = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), name=type(stand_in).__name__)
        self._thread.start()

    @property
    def endpoints(self) -> dict[str, str]:
        """This server's part of the file that ONBOARD_ENDPOINTS names."""
        return {endpoint: self.stand_in.address(endpoint) for endpoint in self.stand_in.endpoints}

    def close(self) -> None:
        """Stop serving and end every connection, the mute ones too."""
        self.closing.set()
        self._server.shutdown()
        for connection in list(self._sockets):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._server.server_close()
        self._thread.join()

    def wait_for_requests(self, count: int = 1, *, seconds: float = 10) -> bool:
        """Return whether `count` questions arrived before the time was up."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self.requests) >= count, seconds)

    def ask(self, request: Request) -> Response:
        """Return the stand-in's answer, and write the question down."""
        with self._changed:
            self.requests.append(request)
            self._changed.notify_all()
            try:
                return self.stand_in.answer(request)
            except Exception as error:  # a fault of ours must fail the test, and not look like the service's
                self.errors.append(error)
                return Response.text(f"stand-in fault: {error!r}", 500)

    def track(self, connection: socket.socket, *, gone: bool = False) -> None:
        """Remember a connection that is open, or forget it."""
        (self._sockets.discard if gone else self._sockets.add)(connection)
        if self.closing.is_set() and not gone:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


@contextmanager
def serve(stand_in: StandIn) -> Iterator[Served]:
    """Serve `stand_in` on 127.0.0.1 at a free port until the block ends. Raises what went wrong inside of it."""
    served = Served(stand_in)
    try:
        yield served
    finally:
        served.close()
    if served.errors:
        raise served.errors[0]


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], served: Served) -> None:
        self.served = served
        super().__init__(address, _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """Keep quiet where a client hung up, as half of the tests do; keep anything else for `serve` to raise."""
        error = sys.exception()
        if isinstance(error, Exception) and not isinstance(error, OSError):
            self.served.errors.append(error)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    @property
    def served(self) -> Served:
        return cast(_Server, self.server).served

    def setup(self) -> None:
        super().setup()
        self.served.track(self.connection)

    def finish(self) -> None:
        with suppress(OSError):
            super().finish()
        self.served.track(self.connection, gone=True)

    def log_message(self, format: str, *args: object) -> None:
        pass

    def handle_one_request(self) -> None:
        try:
            self.raw_requestline = self.rfile.readline(65537)
            if not self.raw_requestline or not self.parse_request():
                self.close_connection = True
                return
            self._handle()
        except OSError:
            self.close_connection = True

    def _handle(self) -> None:
        served, request = self.served, self._request()
        subprotocol = (
            served.stand_in.open_socket(request) if "websocket" in request.headers.get("upgrade", "") else None
        )
        if subprotocol is not None and served.fault is Fault.NONE:
            self._websocket(request, subprotocol)
            return
        right = served.ask(request)
        match served.fault:
            case Fault.MUTE:
                served.closing.wait()
                self.close_connection = True
            case Fault.RESET:
                self.close_connection = True
            case Fault.SLOW:
                served.closing.wait(served.delay)
                self._send(right)
            case Fault.CUT:
                self._send(right, cut=True)
            case Fault.DRIP:
                self._send(right, drip=True)
            case Fault.HUGE:
                self._huge()
            case Fault.BOMB:
                self._send(_bomb())
            case fault:
                self._send(_FAULTS.get(fault, right) if fault is not Fault.REDIRECT else _redirect(served.elsewhere))

    def _request(self) -> Request:
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length", 0) or 0))
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        return Request(self.command, unquote(parts.path), query, headers, body)

    def _send(self, response: Response, *, cut: bool = False, drip: bool = False) -> None:
        self._head(response.status, response.headers, len(response.body))
        body = response.body if self.command != "HEAD" else b""
        if cut:
            self.wfile.write(body[: len(body) // 2])
            self.close_connection = True
        elif drip:
            for byte in body:
                self.wfile.write(bytes([byte]))
                if self.served.closing.wait(1):
                    break
            self.close_connection = True
        else:
            self.wfile.write(body)

    def _huge(self) -> None:
        chunk = b'"' + b"x" * (1024 * 1024 - 3) + b'",'
        self._head(200, {"Content-Type": "application/json"}, 200 * len(chunk) + 1)
        self.wfile.write(b"[")
        for _ in range(200):
            self.wfile.write(chunk)

    def _head(self, status: int, headers: Mapping[str, str], length: int) -> None:
        lines = [
            f"HTTP/1.1 {status} {_reason(status)}",
            f"Content-Length: {length}",
            f"Date: {self.date_time_string()}",
        ]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self.wfile.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))

    def _websocket(self, request: Request, subprotocol: str) -> None:
        self.served.requests.append(request)
        key = accept_key(request.headers.get("sec-websocket-key", ""))
        lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"]
        lines += [f"Sec-WebSocket-Accept: {key}"] + ([f"Sec-WebSocket-Protocol: {subprotocol}"] if subprotocol else [])
        self.wfile.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
        websocket = WebSocket(self.connection, cast(Any, self.rfile), client=False)
        self.served.stand_in.on_socket(request, websocket)
        websocket.close()
        self.close_connection = True


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Overloaded"


def _bomb() -> Response:
    """Return 1 GB of blanks in 1 MB: one deflate block, flushed so that it can be repeated as it is."""
    packer = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    block = packer.compress(b" " * (1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    head = bytes.fromhex("1f8b0800000000000203")
    return Response(200, {"Content-Type": "application/json", "Content-Encoding": "gzip"}, head + block * 1024)


def _redirect(url: str) -> Response:
    return Response(307, {"Location": url})


_FAULTS = {
    Fault.RATE_LIMITED: Response.json({"message": "Too many requests"}, 429, {"Retry-After": "7"}),
    Fault.FAILING: Response.json({"message": "Internal error"}, 500),
    Fault.HTML: Response.text(SIGN_IN, kind="text/html; charset=utf-8"),
    Fault.HTML_401: Response.text(SIGN_IN, 401, "text/html; charset=utf-8"),
    Fault.WRONG_JSON: Response.json([{"ok": True}, 7, None]),
    Fault.BROKEN_JSON: Response(200, {"Content-Type": "application/json"}, b'{"id": "acct_1", "obj'),
    Fault.EMPTY: Response(200, {"Content-Type": "application/json"}),
}
