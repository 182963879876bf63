"""The demo's dev server: WavePoint's page and its two webhook routes, which verify Stripe's signatures."""

from __future__ import annotations

import errno
import hashlib
import hmac
import json
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import cast

from onboard.sandbox.tools.words import Place, say

_ROUTES = {
    "/api/webhooks/stripe": "STRIPE_WEBHOOK_SECRET",
    "/api/signal/webhooks/stripe": "STRIPE_SIGNAL_WEBHOOK_SECRET",
}
_TOLERANCE = 300
"""Seconds that a signature is good for, as in Stripe's libraries; one from the future is good too."""


def main(place: Place, words: list[str]) -> int:
    """Serve until stopped."""
    begun = time.monotonic()
    asked = next((int(w) for w, flag in zip(words[1:], words, strict=False) if flag in ("-p", "--port")), None)
    port = asked or int(place.env.get("PORT", "") or 3000)
    while True:
        try:
            server = _Server(("127.0.0.1", port), place)
            break
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            if asked:
                say(f" ⨯ Failed to start server\nError: listen EADDRINUSE: address already in use :::{port}")
                return 1
            say(f" ⚠ Port {port} is in use, using available port {port + 1} instead.")
            port += 1
    say("▲ Next.js 16.4.6 (demo)")
    say(f"- Local:         http://localhost:{port}")
    if (place.folder / ".env.local").is_file():
        say("- Environments: .env.local")
    say(f"\n✓ Ready in {int((time.monotonic() - begun) * 1000)}ms")
    with server:
        server.serve_forever(0.1)
    return 0


def signed(payload: bytes, header: str, secret: str, now: float) -> bool:
    """Whether `header` is a `Stripe-Signature` of `payload` under `secret`, not older than five minutes."""
    parts = [part.partition("=") for part in header.split(",")]
    stamp = next((value for name, _, value in parts if name == "t"), "")
    if not secret or not stamp.isdigit() or now - int(stamp) > _TOLERANCE:
        return False
    right = hmac.new(secret.encode(), stamp.encode() + b"." + payload, hashlib.sha256).hexdigest()
    return any(name == "v1" and hmac.compare_digest(value, right) for name, _, value in parts)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = False

    def __init__(self, address: tuple[str, int], place: Place) -> None:
        self.place = place
        super().__init__(address, _Handler)


class _Handler(BaseHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        page = b"<!doctype html><title>WavePoint (demo)</title><h1>WavePoint</h1><p>The demo's own page.</p>"
        self._send(200 if self.path == "/" else 404, "text/html; charset=utf-8", page)

    def do_POST(self) -> None:
        payload = self.rfile.read(int(self.headers.get("Content-Length", 0) or 0))
        variable = _ROUTES.get(self.path)
        if variable is None:
            self._json(404, {"error": "not found"})
            return
        secret = cast(_Server, self.server).place.variables().get(variable, "")
        if signed(payload, self.headers.get("Stripe-Signature", ""), secret, time.time()):
            self._json(200, {"received": json.loads(payload).get("id")})
        else:
            self._json(400, {"error": "signature verification failed"})

    def _json(self, status: int, data: object) -> None:
        self._send(status, "application/json", json.dumps(data).encode())

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        say(f" {self.command} {self.path} {status}")
