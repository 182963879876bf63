"""Upstash: Redis over REST with its two tokens, in front of a real Redis or of a dictionary; and the management API."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, Protocol

from onboard.sandbox.invented import alnum, digits, hexa, lower
from onboard.sandbox.resp import Redis, RedisError, Reply
from onboard.sandbox.served import Request, Response, StandIn

_READS = frozenset(
    ("PING", "ECHO", "GET", "MGET", "EXISTS", "TTL", "TYPE", "STRLEN", "DBSIZE", "HGET", "HGETALL", "LRANGE", "ACL")
)
"""What the read-only token may do: no writes, and neither SCAN nor KEYS."""


class Store(Protocol):
    """Where the commands end."""

    def command(self, *words: str) -> Reply:
        """Return the answer to one command. Raises RedisError."""
        ...


class Memory:
    """A Redis of a few commands, for the demo."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}

    def command(self, *words: str) -> Reply:
        """Return the answer to one command. Raises RedisError."""
        name, args = words[0].upper(), words[1:]
        found = self._commands().get((name, len(args)))
        if found is None:
            known = any(name == n for n, _ in self._commands())
            raise RedisError(
                f"ERR wrong number of arguments for '{words[0].lower()}' command"
                if known
                else f"ERR unknown command '{words[0]}', with args beginning with: "
            )
        return found(*args)

    def _commands(self) -> dict[tuple[str, int], Callable[..., Reply]]:
        values = self.values
        return {
            ("PING", 0): lambda: b"PONG",
            ("ECHO", 1): lambda text: text.encode(),
            ("GET", 1): lambda key: values[key].encode() if key in values else None,
            ("SET", 2): self._set,
            ("SET", 4): lambda key, value, _unit, _time: self._set(key, value),
            ("DEL", 1): lambda key: int(values.pop(key, None) is not None),
            ("EXISTS", 1): lambda key: int(key in values),
            ("DBSIZE", 0): lambda: len(values),
            ("KEYS", 1): lambda _pattern: [key.encode() for key in values],
            ("SCAN", 3): lambda _cursor, _word, _count: [b"0", [key.encode() for key in values]],
            ("ACL", 1): lambda _word: b"default",
        }

    def _set(self, key: str, value: str) -> Reply:
        self.values[key] = value
        return b"OK"


class UpstashStandIn(StandIn):
    """One database and its account. `quota` set: every command is refused with that text."""

    endpoints = ("upstash", "upstash.api")

    def __init__(self, redis_url: str | None = None) -> None:
        """Take the `redis://` URL of a real server; `None`: a dictionary answers."""
        self._redis_url = redis_url
        self._memory = Memory()
        self.name = "wavepoint-dev"
        self.id = f"{hexa(8)}-{hexa(4)}-4{hexa(3)}-8{hexa(3)}-{hexa(12)}"
        self.host = f"{lower(6)}-{lower(5)}-{digits(5)}.upstash.io"
        self.url = f"https://{self.host}"
        self.email = "dev@wavepoint.example"
        self.api_key = self.new_api_key()
        self.quota = ""
        self.reset_password()

    @staticmethod
    def new_token() -> str:
        """Return a token of the right shape that this stand-in does not know yet."""
        return "A" + base64.b64encode(alnum(44).encode()).decode()

    @staticmethod
    def new_api_key() -> str:
        """Return a management key of the right shape that this stand-in does not know yet."""
        return f"{hexa(8)}-{hexa(4)}-4{hexa(3)}-8{hexa(3)}-{hexa(12)}"

    def reset_password(self) -> None:
        """Change the password and both tokens at once; the old ones are dead from now on."""
        self.password, self.token, self.read_only_token = alnum(32), self.new_token(), self.new_token()

    def answer(self, request: Request) -> Response:
        """Answer REST commands and the management API."""
        if request.parts[:2] == ("v2", "redis"):
            return self._manage(request)
        if request.method not in ("GET", "POST", "PUT", "HEAD"):
            return Response.json({"error": "Method not allowed"}, 405)
        token = request.bearer or request.query.get("_token", "")
        if token not in (self.token, self.read_only_token):
            return Response.json({"error": "WRONGPASS invalid or missing auth token"}, 401)
        plain = request.headers.get("upstash-encoding", "").lower() != "base64"
        many = request.path in ("/pipeline", "/multi-exec")
        commands = _commands(request, many=many)
        if not commands:
            return Response.json({"error": "ERR empty command"}, 400)
        with Redis(self._redis_url) if self._redis_url else nullcontext(self._memory) as store:
            if request.path == "/multi-exec":
                results = self._transaction(store, commands, token)
            else:
                results = [self._one(store, words, token) for words in commands]
        answers = [{"error": r.args[0]} if isinstance(r, RedisError) else {"result": _shown(r, plain)} for r in results]
        if many:
            return Response.json(answers)
        return Response.json(answers[0], 400 if "error" in answers[0] else 200)

    def _one(self, store: Store, words: list[str], token: str) -> Reply | RedisError:
        name = words[0]
        if self.quota:
            return RedisError(self.quota)
        if token == self.read_only_token and name.upper() not in _READS:
            return RedisError(f"NOPERM this user has no permissions to run the '{name.lower()}' command")
        if name.upper() == "ACL" and words[1:2] and words[1].upper() == "WHOAMI":
            return b"default_ro" if token == self.read_only_token else b"default"
        try:
            return store.command(*words)
        except RedisError as error:
            return error

    def _transaction(self, store: Store, commands: list[list[str]], token: str) -> list[Reply | RedisError]:
        if isinstance(store, Memory):
            return [self._one(store, words, token) for words in commands]
        store.command("MULTI")
        for words in commands:
            self._one(store, words, token)
        found = store.command("EXEC")
        return list(found) if isinstance(found, list) else []

    def _manage(self, request: Request) -> Response:
        if request.basic != (self.email, self.api_key):
            return Response.json({"error": "unauthorized"}, 401)
        match (request.method, *request.parts[2:]):
            case ("GET", "databases"):
                return Response.json([self._database()])
            case ("GET", "database", self.id) | ("POST", "reset-password", self.id):
                if request.method == "POST":
                    self.reset_password()
                return Response.json(self._database())
            case ("POST", "database") if isinstance(request.data, dict) and request.data.get("database_name"):
                self.name = str(request.data["database_name"])
                return Response.json(self._database())
        return Response.json({"error": "database not found"}, 404)

    def _database(self) -> dict[str, Any]:
        return {
            "database_id": self.id,
            "database_name": self.name,
            "region": "global",
            "primary_region": "us-east-1",
            "endpoint": self.host,
            "port": 6379,
            "password": self.password,
            "rest_token": self.token,
            "read_only_rest_token": self.read_only_token,
            "user_email": self.email,
            "state": "active",
            "tls": True,
        }


def _commands(request: Request, *, many: bool) -> list[list[str]]:
    """Return the commands: a JSON list in the body, or words in the path (`/set/key`, the body is the last one)."""
    if many or not request.parts:
        found = request.data if many else [request.data]
        if not isinstance(found, list) or not all(isinstance(words, list) and words for words in found):
            return []
        return [[word if isinstance(word, str) else json.dumps(word) for word in words] for words in found]
    options = [word for name, value in request.query.items() if name != "_token" for word in (name, value) if word]
    return [[*request.parts, *([request.body.decode()] if request.body else []), *options]]


def _shown(reply: Reply | RedisError, plain: bool) -> Any:
    if isinstance(reply, list):
        return [_shown(item, plain) for item in reply]
    if isinstance(reply, bytes):
        return reply.decode("utf-8", "replace") if plain or reply == b"OK" else base64.b64encode(reply).decode()
    return reply
