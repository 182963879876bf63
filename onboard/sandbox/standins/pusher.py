"""Pusher Channels: its signature, checked the way the service does, and its plain-text refusals."""

import hashlib
import hmac
import time
from urllib.parse import urlencode

from onboard.sandbox.invented import digits, hexa
from onboard.sandbox.served import Request, Response, StandIn


class PusherStandIn(StandIn):
    """One app."""

    endpoints = ("pusher",)

    def __init__(self) -> None:
        self.app_id, self.key, self.secret, self.cluster = digits(7), hexa(20), hexa(20), "eu"
        self.disabled = False
        self.clock_off = 0.0
        """Seconds by which this service's clock is ahead of the machine's."""

    def answer(self, request: Request) -> Response:
        """Answer `GET /apps/<id>/channels` and `POST /apps/<id>/events`."""
        query = dict(request.query)
        signature = query.pop("auth_signature", "")
        if request.parts[:2] != ("apps", self.app_id) or query.get("auth_key") != self.key:
            return Response.text(f"Unknown auth_key {query.get('auth_key', '')}\n", 401)
        now = time.time() + self.clock_off
        if abs(now - float(query.get("auth_timestamp", "0"))) > 600:
            text = f"Timestamp expired: Given timestamp ({query.get('auth_timestamp')}) not within 600s of server time"
            return Response.text(text, 401)
        if request.body and query.get("body_md5") != hashlib.md5(request.body, usedforsecurity=False).hexdigest():
            return Response.text("body_md5 does not match", 400)
        plain = "&".join(f"{name}={query[name]}" for name in sorted(query))
        signed = f"{request.method}\n{request.path}\n{plain}"
        right = hmac.new(self.secret.encode(), signed.encode(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(right, signature):
            text = f'Invalid signature: you should have sent HmacSHA256Hex("{signed}", your_secret_key)'
            return Response.text(f"{text}, but you sent {urlencode({'s': signature})[2:]}\n", 401)
        if self.disabled:
            return Response.text("The app is disabled\n", 403)
        if (request.method, request.parts[2:]) == ("GET", ("channels",)):
            return Response.json({"channels": {}})
        if (request.method, request.parts[2:]) == ("POST", ("events",)):
            return Response.json({})
        return Response.text("Not found\n", 404)
