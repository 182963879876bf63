"""Vercel Edge Config: reads of one store by its read tokens."""

import json

from onboard.sandbox.invented import alnum, hexa
from onboard.sandbox.served import Request, Response, StandIn


class EdgeConfigStandIn(StandIn):
    """One store."""

    endpoints = ("edge_config",)

    def __init__(self) -> None:
        self.id = f"ecfg_{alnum(26).lower()}"
        self.tokens = {"id-1": self.new_token()}
        """By id; the first is the one in use."""
        self.items: dict[str, object] = {"greeting": "hello"}
        self.digest = hexa(64)

    @staticmethod
    def new_token() -> str:
        """Return a token of the right shape that this stand-in does not know yet."""
        return f"{hexa(8)}-{hexa(4)}-{hexa(4)}-{hexa(4)}-{hexa(12)}"

    @property
    def url(self) -> str:
        """The connection string with the token that was there first."""
        return f"https://edge-config.vercel.com/{self.id}?token={next(iter(self.tokens.values()), '')}"

    def answer(self, request: Request) -> Response:
        """Answer `/<id>/digest` and `/<id>/item/<key>`."""
        id, *rest = request.parts or ("",)
        if id != self.id:
            return Response.json({"error": {"code": "edge_config_not_found", "message": "Not found"}}, 404)
        if request.bearer not in self.tokens.values():
            return Response.json({"error": {"code": "unauthorized", "message": "Unauthorized"}}, 401)
        digest = {"x-edge-config-digest": self.digest}
        match rest:
            case ["digest"]:
                return Response(200, {"Content-Type": "application/json", **digest}, json.dumps(self.digest).encode())
            case ["item", key] if key in self.items:
                return Response.json(self.items[key], headers=digest)
        return Response.json({"error": {"code": "edge_config_item_not_found", "message": "Not found"}}, 404, digest)
