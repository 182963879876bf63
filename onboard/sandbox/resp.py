"""RESP2 over a socket: enough to hand one command to a real Redis and read its answer."""

from __future__ import annotations

import socket
from types import TracebackType
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

Reply = bytes | int | None | list["Reply"]


class RedisError(Exception):
    """Redis said no; the text is its own."""


class Redis:
    """One connection to the server that a `redis://` URL names."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._socket = socket.create_connection((parts.hostname or "127.0.0.1", parts.port or 6379), timeout=5)
        self._stream: BinaryIO = self._socket.makefile("rb")
        if parts.password:
            self.command("AUTH", unquote(parts.username or "default"), unquote(parts.password))

    def __enter__(self) -> Redis:
        return self

    def __exit__(self, *exc: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._stream.close()
        self._socket.close()

    def command(self, *words: str) -> Reply:
        """Return the answer to one command. Raises RedisError where Redis refuses it."""
        packed = [word.encode() for word in words]
        self._socket.sendall(b"*%d\r\n" % len(packed) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in packed))
        return self._read()

    def _read(self) -> Reply:
        line = self._stream.readline().rstrip(b"\r\n")
        kind, rest = line[:1], line[1:]
        match kind:
            case b"+":
                return rest
            case b"-":
                raise RedisError(rest.decode("utf-8", "replace"))
            case b":":
                return int(rest)
            case b"$":
                return None if rest == b"-1" else self._stream.read(int(rest) + 2)[:-2]
            case b"*":
                return None if rest == b"-1" else [self._read_item() for _ in range(int(rest))]
        raise ConnectionError("the Redis server hung up")

    def _read_item(self) -> Reply:
        try:
            return self._read()
        except RedisError as error:
            return str(error).encode()
