"""Resend: domains and API keys, with the statuses that mean the opposite of elsewhere."""

from onboard.sandbox.invented import alnum
from onboard.sandbox.served import Request, Response, StandIn


class ResendStandIn(StandIn):
    """One account with its keys by id."""

    endpoints = ("resend",)

    def __init__(self) -> None:
        self.keys = {"11111111-aaaa-4bbb-8ccc-000000000001": self.new_key()}
        """By id; the first is the one in use."""
        self.sending: set[str] = set()
        """Keys that may only send."""
        self.domains = [{"id": "d1", "name": "wavepoint.example", "status": "verified", "region": "eu-west-1"}]
        self.quota = ""
        """`daily_quota_exceeded` where it is used up."""

    @property
    def key(self) -> str:
        """The key that was there first."""
        return next(iter(self.keys.values()))

    @staticmethod
    def new_key() -> str:
        """Return a key of the right shape that this stand-in does not know yet."""
        return f"re_{alnum(8)}_{alnum(24)}"

    def answer(self, request: Request) -> Response:
        """Answer `/domains` and `/api-keys`."""
        token = request.bearer
        if not token:
            return _error(401, "missing_api_key", "Missing API key in the authorization header")
        if token not in self.keys.values():
            return _error(403, "invalid_api_key", "API key is invalid")
        if token in self.sending:
            return _error(401, "restricted_api_key", "This API key is restricted to only send emails")
        if self.quota:
            return _error(429, self.quota, "You have reached your quota")
        match request.method, request.parts:
            case "GET", ("domains",):
                return Response.json({"object": "list", "has_more": False, "data": self.domains})
            case "GET", ("api-keys",):
                rows = [{"id": id, "name": "a key", "created_at": "2026-01-01"} for id in self.keys]
                return Response.json({"object": "list", "has_more": False, "data": rows})
            case "POST", ("api-keys",) if isinstance(request.data, dict) and request.data.get("name"):
                id = f"22222222-aaaa-4bbb-8ccc-{len(self.keys):012d}"
                self.keys[id] = self.new_key()
                return Response.json({"id": id, "token": self.keys[id]}, 201)
            case "DELETE", ("api-keys", id) if id in self.keys:
                del self.keys[id]
                return Response.json({})
        return _error(404, "not_found", "The requested endpoint does not exist")


def _error(status: int, name: str, message: str) -> Response:
    return Response.json({"statusCode": status, "name": name, "message": message}, status)
