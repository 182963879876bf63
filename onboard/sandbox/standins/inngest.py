"""Inngest: its API, which takes the hash of a signing key, and the event endpoint, where nothing may arrive."""

import hashlib

from onboard.sandbox.invented import alnum, hexa
from onboard.sandbox.served import Request, Response, StandIn


class InngestStandIn(StandIn):
    """One environment."""

    endpoints = ("inngest", "inngest.event")

    def __init__(self) -> None:
        self.signing_key = self.new_key()
        self.event_key = alnum(86)
        self.events: list[bytes] = []
        """What was sent as an event."""

    @staticmethod
    def new_key(environment: str = "test") -> str:
        """Return a key of the right shape that this stand-in does not know yet."""
        return f"signkey-{environment}-{hexa(64)}"

    @property
    def hashed(self) -> str:
        """The signing key as it stands in a request."""
        prefix, _, secret = self.signing_key.rpartition("-")
        return f"{prefix}-{hashlib.sha256(bytes.fromhex(secret)).hexdigest()}"

    def answer(self, request: Request) -> Response:
        """Answer `/v1/events`, and take events at `/e/<key>`."""
        if request.parts[:1] == ("e",):
            self.events.append(request.body)
            return Response.json({"ids": ["01J"], "status": 200})
        if request.bearer != self.hashed:
            return Response.json({"error": "Unauthorized", "status": 401}, 401)
        if (request.method, request.path) == ("GET", "/v1/events"):
            return Response.json({"data": [], "metadata": {"fetched_at": "2026-11-20T00:00:00Z"}})
        if request.path.startswith("/v0/runs/"):
            return Response.json({})
        return Response.json({"error": "Not found", "status": 404}, 404)
