"""RFC 6455 over a socket that is already open: text messages, ping, pong and close, for either side.

Enough for what the Stripe CLI speaks. It is here, and not a library, so that `onboard demo` needs nothing installed
that the product itself does not use.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import socket
import struct
import threading
from typing import BinaryIO

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_LIMIT = 4 * 1024 * 1024
"""Bytes in one message; a longer one closes the socket."""

_CONTINUATION, _TEXT, _BINARY, _CLOSE, _PING, _PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA


def accept_key(key: str) -> str:
    """Return what a server answers to a client's `Sec-WebSocket-Key`."""
    return base64.b64encode(hashlib.sha1(key.encode() + _GUID, usedforsecurity=False).digest()).decode()


def client_key() -> str:
    """Return a fresh `Sec-WebSocket-Key`."""
    return base64.b64encode(secrets.token_bytes(16)).decode()


class WebSocket:
    """Both directions of one socket after its handshake. `send` may be called from any thread."""

    def __init__(self, connection: socket.socket, stream: BinaryIO, *, client: bool) -> None:
        """Take the socket to write to, the buffered stream to read from, and whether we are the client (and mask)."""
        self._connection = connection
        self._stream = stream
        self._client = client
        self._lock = threading.Lock()

    def send(self, text: str) -> None:
        """Send one text message. Raises OSError when the other side is gone."""
        self._frame(_TEXT, text.encode())

    def receive(self) -> str | None:
        """Return the next text message, answering pings meanwhile; `None`: the socket is closed."""
        parts: list[bytes] = []
        try:
            while True:
                frame = self._read_frame()
                if frame is None:
                    return None
                final, opcode, payload = frame
                if opcode == _PING:
                    self._frame(_PONG, payload)
                elif opcode == _CLOSE:
                    self._frame(_CLOSE, payload[:2])
                    return None
                elif opcode in (_TEXT, _BINARY, _CONTINUATION):
                    parts.append(payload)
                    if sum(map(len, parts)) > _LIMIT:
                        return None
                    if final:
                        return b"".join(parts).decode("utf-8", "replace")
        except (OSError, ValueError):
            return None

    def ping(self) -> None:
        """Ask the other side for a sign of life."""
        self._frame(_PING, b"")

    def close(self) -> None:
        """Say goodbye; safe to call twice."""
        try:
            self._frame(_CLOSE, struct.pack("!H", 1000))
            self._connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def _frame(self, opcode: int, payload: bytes) -> None:
        size = len(payload)
        masked = 0x80 if self._client else 0
        head = struct.pack("!B", 0x80 | opcode)
        if size < 126:
            head += struct.pack("!B", masked | size)
        elif size < 1 << 16:
            head += struct.pack("!BH", masked | 126, size)
        else:
            head += struct.pack("!BQ", masked | 127, size)
        if self._client:
            mask = secrets.token_bytes(4)
            head += mask
            payload = _masked(payload, mask)
        with self._lock:
            self._connection.sendall(head + payload)

    def _read_frame(self) -> tuple[bool, int, bytes] | None:
        head = self._stream.read(2)
        if len(head) < 2:
            return None
        size = head[1] & 0x7F
        if size == 126:
            (size,) = struct.unpack("!H", self._stream.read(2))
        elif size == 127:
            (size,) = struct.unpack("!Q", self._stream.read(8))
        if size > _LIMIT:
            return None
        mask = self._stream.read(4) if head[1] & 0x80 else b""
        payload = self._stream.read(size)
        if len(payload) < size:
            return None
        return bool(head[0] & 0x80), head[0] & 0x0F, _masked(payload, mask) if mask else payload


def _masked(payload: bytes, mask: bytes) -> bytes:
    repeated = mask * (len(payload) // 4 + 1)
    return (int.from_bytes(payload) ^ int.from_bytes(repeated[: len(payload)])).to_bytes(len(payload))
