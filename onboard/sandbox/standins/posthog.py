"""PostHog: two regions that do not know each other's keys."""

from onboard.sandbox.invented import alnum
from onboard.sandbox.served import Request, Response, StandIn

_INVALID = "The provided API key is invalid or has expired. Please check your API key and try again."


class PostHogStandIn(StandIn):
    """One project of one person, in one region; the other region knows neither."""

    endpoints = ("posthog.us", "posthog.eu")

    def __init__(self) -> None:
        self.region = "eu"
        self.key = f"phc_{alnum(43)}"
        self.personal = f"phx_{alnum(43)}"
        self.scoped = False
        """The personal key lacks the scope user:read."""
        self.over_limit = False

    def address(self, endpoint: str) -> str:
        """Return one path a region, so that both are told apart on one port."""
        return f"{self.base}/{endpoint.removeprefix('posthog.')}"

    def answer(self, request: Request) -> Response:
        """Answer `/flags` and `/api/users/@me/` of a region."""
        region, *path = request.parts or ("",)
        here = region == self.region
        if (request.method, path) == ("POST", ["flags"]):
            data = request.data if isinstance(request.data, dict) else {}
            if not here or data.get("api_key", data.get("token")) != self.key:
                return Response.text(_INVALID, 401)
            if not data.get("distinct_id"):
                return Response.text("The distinct_id field is missing from the request.", 400)
            if self.over_limit:
                return Response.text("Billing limit reached", 402)
            return Response.json({"errorsWhileComputingFlags": False, "flags": {}, "requestId": "r-1"})
        if (request.method, path) == ("GET", ["api", "users", "@me"]):
            if not here or request.bearer != self.personal:
                return _error(401, "authentication_failed", "Personal API key found in request header is invalid.")
            if self.scoped:
                return _error(403, "permission_denied", "API key missing required scope 'user:read'")
            user = {
                "email": "dev@wavepoint.example",
                "organization": {"id": "o-1", "name": "WavePoint"},
                "team": {"id": 7, "name": "Shop", "api_token": self.key},
            }
            return Response.json(user)
        return _error(404, "not_found", "Endpoint not found.")


def _error(status: int, code: str, detail: str) -> Response:
    return Response.json({"type": "authentication_error", "code": code, "detail": detail, "attr": None}, status)
