"""Stripe: accounts and keys, webhook endpoints, and the session and socket of `stripe listen`."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from onboard import roundtrip
from onboard.model import Secret
from onboard.sandbox.invented import alnum, hexa
from onboard.sandbox.served import Request, Response, StandIn
from onboard.sandbox.websocket import WebSocket

API_VERSION = "2026-01-28.clover"


@dataclass
class Account:
    """One sandbox: its own id, keys and signing secret of the CLI."""

    name: str
    id: str = field(default_factory=lambda: f"acct_1{alnum(15)}")
    webhook_secret: str = field(default_factory=lambda: f"whsec_{hexa(64)}")
    """What `stripe listen` shows: one an account, the same each time."""
    endpoints: list[dict[str, Any]] = field(default_factory=list)
    secret_key: str = ""
    publishable_key: str = ""

    def new_key(self, prefix: str) -> str:
        """Return a key of this account: today's begin with what follows `acct_`."""
        return f"{prefix}_5{self.id.removeprefix('acct_')}{alnum(82)}"


@dataclass
class Answer:
    """What the app behind one listener said to an event."""

    forward_url: str
    status: int
    body: str


@dataclass
class Delivery:
    """One event that went out, and the answers that came back through the listeners that take it."""

    event: dict[str, Any]
    answers: list[Answer] = field(default_factory=list)
    acknowledged: int = 0
    """Listeners that received it, whether they forward this type or not."""
    conversations: set[str] = field(default_factory=set)


class StripeStandIn(StandIn):
    """Accounts with their keys. `emit` sends an event to whoever listens."""

    endpoints = ("stripe",)

    def __init__(self, name: str = "WavePoint (stand-in)") -> None:
        self.accounts: list[Account] = []
        self.keys: dict[str, Account] = {}
        self.expired: set[str] = set()
        """Rolled or expired: 401 `api_key_expired`."""
        self.too_many_sessions = False
        self.deliveries: list[Delivery] = []
        self._sessions: dict[str, tuple[Account, str]] = {}
        self._listeners: list[tuple[Account, WebSocket]] = []
        self._changed = threading.Condition()
        self.account = self.open_account(name)

    @property
    def secret_key(self) -> str:
        """The first account's."""
        return self.account.secret_key

    @property
    def publishable_key(self) -> str:
        """The first account's."""
        return self.account.publishable_key

    def open_account(self, name: str) -> Account:
        """Return a new account with a secret and a publishable key."""
        account = Account(name)
        account.secret_key = self.issue(account, "sk_test")
        account.publishable_key = self.issue(account, "pk_test")
        self.accounts.append(account)
        return account

    def issue(self, account: Account, prefix: str) -> str:
        """Return a new key of `account` that works; `rk_test` may use nothing but the CLI's session."""
        key = account.new_key(prefix)
        self.keys[key] = account
        return key

    def revoke(self, key: str) -> None:
        """End a key, as rolling it in the dashboard does."""
        self.expired.add(key)

    def answer(self, request: Request) -> Response:
        """Answer the part of `/v1` that onboard, the CLI and Stripe's libraries need."""
        if request.parts[:1] == ("subscribe",):  # a socket of a session that is no more
            return _error(400, "Unknown WebSocket ID.")
        key = request.bearer or request.basic[0]
        if (refusal := self._refuse(key)) is not None:
            return refusal
        account = self.keys[key]
        route = (request.method, *request.parts)
        if key.startswith("pk_"):
            if route == ("POST", "v1", "tokens"):
                return _error(
                    400, "You must supply either a card, customer, PII data, bank account, or account details."
                )
            return _error(
                401,
                "This API call cannot be made with a publishable API key. Please use a secret API key.",
                code="secret_key_required",
            )
        if key.startswith("rk_") and request.parts[:2] != ("v1", "stripecli"):
            return _error(
                403,
                f"The provided key '{_starred(key)}' does not have the required permissions for this endpoint on"
                f" account '{account.id}'. Having the 'rak_accounts_kyc_basic_read' permission would allow this"
                " request to continue.",
            )
        match route:
            case ("GET", "v1", "account"):
                return self._ok(self._account(account))
            case ("GET", "v1", "balance"):
                return self._ok({"object": "balance", "available": [], "pending": [], "livemode": False})
            case ("POST", "v1", "customers"):
                customer = {"id": f"cus_{alnum(14)}", "object": "customer", "livemode": False, **request.form}
                self.emit("customer.created", customer, account)
                return self._ok(customer)
            case ("POST", "v1", "setup_intents"):
                intent = {"id": f"seti_{alnum(24)}", "object": "setup_intent", "livemode": False}
                self.emit("setup_intent.created", intent, account)
                return self._ok(intent)
            case ("POST", "__standin__", "emit"):
                return self._ok(self.emit(request.form.get("type", "ping"), account=account).event)
            case ("POST", "v1", "stripecli", "sessions"):
                return self._session(account, request)
            case (_, "v1", "webhook_endpoints", *rest):
                return self._webhook_endpoints(account, request, rest)
        return _error(404, f"Unrecognized request URL ({request.method}: {request.path}).")

    def emit(self, kind: str, thing: dict[str, Any] | None = None, account: Account | None = None) -> Delivery:
        """Send an event of type `kind` to every listener of `account` (the first one), signed as the service does."""
        account = account or self.account
        event = {
            "id": f"evt_{alnum(24)}",
            "object": "event",
            "api_version": API_VERSION,
            "created": int(time.time()),
            "data": {"object": thing or {"id": f"obj_{alnum(14)}", "object": kind.rpartition(".")[0]}},
            "livemode": False,
            "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": None},
            "type": kind,
        }
        delivery = Delivery(event)
        self.deliveries.append(delivery)
        for owner, websocket in list(self._listeners):
            if owner is account:
                conversation = f"wc_{alnum(24)}"
                delivery.conversations.add(conversation)
                websocket.send(_message(event, account.webhook_secret, conversation))
        return delivery

    def expire_sessions(self) -> None:
        """Forget every session of the CLI and close its socket: it has to ask for a new one."""
        self._sessions.clear()
        for _, websocket in list(self._listeners):
            websocket.close()

    def wait_for_listeners(self, count: int = 1, *, seconds: float = 15, account: Account | None = None) -> bool:
        """Return whether `count` sockets of the account are open before the time is up."""
        owner = account or self.account
        with self._changed:
            return self._changed.wait_for(lambda: sum(a is owner for a, _ in self._listeners) >= count, seconds)

    def wait_for_answers(self, delivery: Delivery, count: int = 1, *, seconds: float = 15) -> list[Answer]:
        """Return what came back for `delivery`, as soon as `count` answers did or the time is up."""
        with self._changed:
            self._changed.wait_for(lambda: len(delivery.answers) >= count, seconds)
        return list(delivery.answers)

    def open_socket(self, request: Request) -> str | None:
        """Take sockets of sessions that were handed out, and no others."""
        known = request.headers.get("websocket-id") in self._sessions
        return "stripecli-devproxy-v1" if known and request.parts[:1] == ("subscribe",) else None

    def on_socket(self, request: Request, websocket: WebSocket) -> None:
        """Keep the socket of one listener, and note what it reports."""
        account, _ = self._sessions[request.headers["websocket-id"]]
        entry = (account, websocket)
        with self._changed:
            self._listeners.append(entry)
            self._changed.notify_all()
        while (text := websocket.receive()) is not None:
            self._reported(json.loads(text))
        with self._changed:
            self._listeners.remove(entry)
            self._changed.notify_all()

    def _reported(self, message: dict[str, Any]) -> None:
        conversation = message.get("webhook_conversation_id")
        with self._changed:
            for delivery in self.deliveries:
                if conversation not in delivery.conversations:
                    continue
                if message.get("type") == "event_ack":
                    delivery.acknowledged += 1
                elif message.get("type") == "webhook_response":
                    answer = Answer(message.get("forward_url", ""), message.get("status", 0), message.get("body", ""))
                    delivery.answers.append(answer)
            self._changed.notify_all()

    def _refuse(self, key: str) -> Response | None:
        if not key:
            return _error(
                401, "You did not provide an API key. You need to provide your API key in the Authorization header."
            )
        if key in self.expired:
            return _error(401, f"Expired API Key provided: {_starred(key)}", code="api_key_expired")
        if key not in self.keys:
            return _error(401, f"Invalid API Key provided: {_starred(key)}")
        return None

    def _ok(self, data: dict[str, Any]) -> Response:
        return Response.json(data, headers={"Request-Id": f"req_{alnum(14)}", "Stripe-Version": API_VERSION})

    def _account(self, account: Account) -> dict[str, Any]:
        return {
            "id": account.id,
            "object": "account",
            "business_profile": {"name": account.name},
            "charges_enabled": True,
            "country": "US",
            "default_currency": "usd",
            "email": "dev@wavepoint.example",
            "settings": {"dashboard": {"display_name": account.name, "timezone": "Etc/UTC"}},
            "type": "standard",
        }

    def _session(self, account: Account, request: Request) -> Response:
        if self.too_many_sessions:
            return _error(429, "Too many active sessions.", kind="rate_limit_error")
        id = f"cliws_{alnum(20)}"
        self._sessions[id] = (account, request.form.get("forward_to_url", ""))
        return self._ok(
            {
                "websocket_id": id,
                "websocket_url": f"{self.base.replace('http', 'ws', 1)}/subscribe/{account.id}",
                "websocket_authorized_feature": "webhooks",
                "default_version": API_VERSION,
                "latest_version": API_VERSION,
                "secret": account.webhook_secret,
                "reconnect_delay": 3600,
                "display_connect_filter_warning": False,
                "device_token": alnum(24),
            }
        )

    def _webhook_endpoints(self, account: Account, request: Request, rest: list[str]) -> Response:
        if request.method == "POST" and not rest:
            endpoint = {
                "id": f"we_1{alnum(23)}",
                "object": "webhook_endpoint",
                "api_version": None,
                "enabled_events": [v for k, v in request.form.items() if k.startswith("enabled_events")],
                "livemode": False,
                "status": "enabled",
                "url": request.form.get("url", ""),
            }
            account.endpoints.append(endpoint)
            return self._ok({**endpoint, "secret": f"whsec_{alnum(32)}"})
        if request.method == "GET" and not rest:
            return self._ok({"object": "list", "data": account.endpoints, "has_more": False, "url": request.path})
        found = next((one for one in account.endpoints if [one["id"]] == rest), None)
        if found is None:
            return _error(404, f"No such webhook endpoint: '{rest[0] if rest else ''}'", code="resource_missing")
        if request.method == "DELETE":
            account.endpoints.remove(found)
            return self._ok({"id": found["id"], "object": "webhook_endpoint", "deleted": True})
        return self._ok(found)


def signature(payload: str, secret: str, now: int | None = None) -> str:
    """Return the `Stripe-Signature` header of `payload` under a `whsec_…`."""
    return roundtrip.signature(payload.encode(), Secret(secret), int(time.time()) if now is None else now)


def _message(event: dict[str, Any], secret: str, conversation: str) -> str:
    """Return what goes over the socket: the payload as a string, to be posted with these headers, byte for byte."""
    payload = json.dumps(event, indent=2)
    message = {
        "type": "webhook_event",
        "event_payload": payload,
        "http_headers": {
            "Accept": "*/*; q=0.5, application/xml",
            "Cache-Control": "no-cache",
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": signature(payload, secret),
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        },
        "endpoint": {"api_version": None},
        "webhook_id": f"wh_{alnum(24)}",
        "webhook_conversation_id": conversation,
    }
    return json.dumps(message)


def _starred(key: str) -> str:
    return f"{key[:8]}{'*' * 20}{key[-4:]}"


def _error(status: int, message: str, *, kind: str = "invalid_request_error", code: str = "") -> Response:
    error = {"message": message, "type": kind} | ({"code": code} if code else {})
    return Response.json({"error": error}, status, {"Request-Id": f"req_{alnum(14)}"})
