"""Linear: one GraphQL endpoint, where the key stands in the header without "Bearer"."""

from onboard.sandbox.invented import alnum
from onboard.sandbox.served import Request, Response, StandIn


class LinearStandIn(StandIn):
    """One workspace with one person."""

    endpoints = ("linear",)

    def __init__(self) -> None:
        self.key = f"lin_api_{alnum(40)}"
        self.oauth = f"lin_oauth_{alnum(64)}"
        self.slow_down = False
        """The rate limit is used up, which Linear says with a 400."""
        self.refusal_status = 401
        """401 and 400 have both been seen for a key that is not known."""

    def answer(self, request: Request) -> Response:
        """Answer `/graphql`."""
        if request.headers.get("authorization") not in (self.key, f"Bearer {self.oauth}"):
            message = "Authentication required, not authenticated"
            return _error(self.refusal_status, message, "authentication error", "AUTHENTICATION_ERROR")
        if self.slow_down:
            return _error(400, "Rate limit exceeded", "ratelimited", "RATELIMITED")
        query = request.data.get("query", "") if isinstance(request.data, dict) else ""
        if (request.method, request.path) != ("POST", "/graphql") or "viewer" not in query:
            return _error(400, "Cannot query this", "graphql error", "GRAPHQL_VALIDATION_FAILED")
        viewer = {"id": "0e7c1f7e-0000-4000-8000-000000000001", "name": "Wave Dev"}
        organization = {"name": "WavePoint", "urlKey": "wavepoint"}
        data = {"viewer": viewer} | ({"organization": organization} if "organization" in query else {})
        return Response.json({"data": data})


def _error(status: int, message: str, kind: str, code: str) -> Response:
    extensions = {"type": kind, "code": code, "statusCode": status, "userPresentableMessage": message}
    return Response.json({"errors": [{"message": message, "extensions": extensions}]}, status)
