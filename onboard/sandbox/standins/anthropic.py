"""Anthropic: the list of models, and its errors."""

from onboard.sandbox.invented import alnum
from onboard.sandbox.served import Request, Response, StandIn

_MODELS = ("claude-opus-4-5", "claude-sonnet-4-5", "claude-haiku-4-5")


class AnthropicStandIn(StandIn):
    """API keys of one workspace. `revoked` holds those that were ended."""

    endpoints = ("anthropic",)

    def __init__(self) -> None:
        self.api_key = self.new_key()
        self.organization = "0f0f0f0f-0000-4000-8000-00000000d3m0"
        self.revoked: set[str] = set()

    @staticmethod
    def new_key() -> str:
        """Return a key of the right shape that this stand-in does not know yet."""
        return f"sk-ant-api03-{alnum(93)}AA"

    def answer(self, request: Request) -> Response:
        """Answer `/v1/models`."""
        key = request.headers.get("x-api-key") or request.bearer  # the npm client 1.12 sends the latter
        if not key:
            return _error(401, "authentication_error", "x-api-key header is required")
        if key != self.api_key or key in self.revoked:
            return _error(401, "authentication_error", "invalid x-api-key")
        if "anthropic-version" not in request.headers:
            return _error(400, "invalid_request_error", "anthropic-version: header is required")
        if (request.method, request.path) != ("GET", "/v1/models"):
            return _error(404, "not_found_error", "Not found")
        limit = max(1, int(request.query.get("limit", "20")))
        shown = _MODELS[:limit]
        data = [{"type": "model", "id": id, "display_name": id, "created_at": "2025-10-01T00:00:00Z"} for id in shown]
        return Response.json(
            {"data": data, "has_more": limit < len(_MODELS), "first_id": shown[0], "last_id": shown[-1]},
            headers={"request-id": f"req_{alnum(24)}", "anthropic-organization-id": self.organization},
        )


def _error(status: int, kind: str, message: str) -> Response:
    request_id = f"req_{alnum(24)}"
    body = {"type": "error", "error": {"type": kind, "message": message}, "request_id": request_id}
    return Response.json(body, status, {"request-id": request_id})
