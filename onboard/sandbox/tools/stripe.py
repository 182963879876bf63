"""The demo's `stripe`: `listen` over the real CLI's own session and socket, its lines on its own streams."""

from __future__ import annotations

import json
import socket
import sys
import time
from typing import Any
from urllib.parse import urlencode, urlsplit

from onboard.sandbox.tools.words import Place, ask, say, tell
from onboard.sandbox.websocket import WebSocket, client_key

VERSION = "1.52.0"
_HELP = """(demo) Receive webhook events locally from Stripe

Usage:
  stripe listen [flags]

Flags:
      --all-snapshot       Subscribe to all snapshot events
  -e, --events strings     A comma-separated list of specific events to listen for
  -f, --forward-to string  The URL to forward webhook events to
      --print-secret       Only print the webhook signing secret and exit
      --skip-update        Skip checking latest version of Stripe CLI"""


def main(place: Place, words: list[str]) -> int:
    """Run it."""
    if words in (["--version"], ["version"], ["-v"]):
        say(f"stripe version {VERSION}")
        return 0
    if words[:1] == ["listen"] and "--help" in words:
        say(_HELP)
        return 0
    flags = _flags(words[1:])
    base = flags.get("--api-base") or place.endpoints["stripe"]
    key = place.env.get("STRIPE_API_KEY") or flags.get("--api-key", "")
    if not key:
        tell("You have not configured API keys yet. (demo: enter STRIPE_SECRET_KEY)")
        return 1
    if words[:1] == ["listen"]:
        return _listen(base, key, flags)
    if words[:1] == ["trigger"] and len(words) > 1:
        return _trigger(base, key, words[1])
    tell(f"(demo) this stripe knows listen and trigger, not {' '.join(words[:1])!r}")
    return 1


def _flags(words: list[str]) -> dict[str, str]:
    """Return flags with their values; a flag without one holds the empty text."""
    found: dict[str, str] = {}
    last = ""
    for word in words:
        if word.startswith("-"):
            last, _, value = word.partition("=")
            last = {"-f": "--forward-to", "-e": "--events"}.get(last, last)
            found[last] = value
        elif last:
            found[last], last = word, ""
    return found


def _trigger(base: str, key: str, kind: str) -> int:
    body = urlencode({"type": kind}).encode()
    status, _ = ask(f"{base}/__standin__/emit", body, {"Authorization": f"Bearer {key}"})
    say("Trigger succeeded! (demo)" if status == 200 else f"Trigger failed: {status}")
    return 0 if status == 200 else 1


def _listen(base: str, key: str, flags: dict[str, str]) -> int:
    forward = flags.get("--forward-to", "")
    if forward and "--events" not in flags and "--all-snapshot" not in flags and "--all-thin" not in flags:
        tell("must specify events to forward using --events, --all-snapshot, or --all-thin")
        return 1
    if forward.isdigit():
        forward = f"localhost:{forward}"
    if forward and "://" not in forward:
        forward = f"http://{forward}"
    form = {"device_name": "demo", "websocket_features[]": "webhooks", "forward_to_url": forward}
    status, body = ask(f"{base}/v1/stripecli/sessions", urlencode(form).encode(), {"Authorization": f"Bearer {key}"})
    if status == 429:
        tell("you have too many `stripe listen` sessions open, please close some and try again")
        return 1
    if status != 200:
        text = body.decode("utf-8", "replace")
        tell(
            'level=fatal msg="Error while authenticating with Stripe: Authorization failed,'
            f' status={status}, body={text}"'
        )
        return 1
    session = json.loads(body)
    if "--print-secret" in flags:
        say(session["secret"])
        return 0
    tell("Getting ready...")
    websocket = _connect(session)
    tell(
        f"Ready! You are using Stripe API Version [{session['default_version']}]."
        f" Your webhook signing secret is {session['secret']} (^C to quit)"
    )
    wanted = {event for event in flags.get("--events", "").split(",") if event}
    try:
        while (arrived := websocket.receive()) is not None:
            _arrived(websocket, json.loads(arrived), forward, wanted)
    finally:
        websocket.close()
    return 0


def _connect(session: dict[str, Any]) -> WebSocket:
    parts = urlsplit(session["websocket_url"])
    connection = socket.create_connection((parts.hostname or "127.0.0.1", parts.port or 80))
    head = [
        f"GET {parts.path}?websocket_feature={session['websocket_authorized_feature']} HTTP/1.1",
        f"Host: {parts.netloc}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {client_key()}",
        "Sec-WebSocket-Protocol: stripecli-devproxy-v1",
        f"Websocket-Id: {session['websocket_id']}",
    ]
    connection.sendall(("\r\n".join(head) + "\r\n\r\n").encode())
    stream = connection.makefile("rb")
    status = stream.readline()
    while stream.readline().strip():
        pass
    if b" 101 " not in status:
        raise SystemExit("(demo) the stand-in did not open a socket")
    return WebSocket(connection, stream, client=True)


def _arrived(websocket: WebSocket, message: dict[str, Any], forward: str, wanted: set[str]) -> None:
    payload = message["event_payload"]
    event = json.loads(payload)
    ids = {name: message[name] for name in ("webhook_id", "webhook_conversation_id")}
    websocket.send(json.dumps({"type": "event_ack", "event_id": event["id"], **ids}))
    if wanted and event["type"] not in wanted:
        return
    say(f"{_now()}   --> {event['type']} [{event['id']}]")
    if not forward:
        return
    try:
        status, body = ask(forward, payload.encode(), message["http_headers"])
    except OSError as error:
        say(f'{_now()}            [ERROR] Failed to POST: Post "{forward}": {error}\n')
        return
    say(f"{_now()}  <--  [{status}] POST {forward} [{event['id']}]")
    answer = {"forward_url": forward, "status": status, "http_headers": {}, "body": body.decode("utf-8", "replace")}
    websocket.send(json.dumps({"type": "webhook_response", **answer, **ids}))
    sys.stdout.flush()


def _now() -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S")
