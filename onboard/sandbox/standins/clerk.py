"""Clerk: the instance and the domains that a secret key belongs to, and the frontend API's own key set."""

import base64

from onboard.sandbox.invented import alnum, digits, lower
from onboard.sandbox.served import Request, Response, StandIn


class ClerkStandIn(StandIn):
    """One development instance; keyless ones are made when asked for."""

    endpoints = ("clerk", "clerk.fapi")

    def __init__(self) -> None:
        self.frontend = self.new_frontend()
        self.publishable_key = publishable("pk_test", self.frontend)
        self.secret_key = self.new_key()
        self.instance = f"ins_{alnum(27)}"
        self.environment = "development"
        self.revoked: set[str] = set()
        self.gone = False
        """The frontend API knows no such instance any more."""

    @staticmethod
    def new_frontend() -> str:
        """Return the host of a new instance's frontend API."""
        return f"{lower(6)}-{lower(5)}-{digits(2)}.clerk.accounts.dev"

    @staticmethod
    def new_key() -> str:
        """Return a secret key of the right shape that this stand-in does not know yet."""
        return f"sk_test_{alnum(42)}"

    def answer(self, request: Request) -> Response:
        """Answer the Backend API's `/v1/instance`, `/v1/domains` and keyless applications, and the key set."""
        route = (request.method, request.path)
        if route == ("GET", "/.well-known/jwks.json"):
            if self.gone:
                return _error(404, "resource_not_found", "not found")
            return Response.json({"keys": [{"use": "sig", "kty": "RSA", "kid": self.instance, "alg": "RS256"}]})
        if route == ("POST", "/v1/accountless_applications"):
            return self._keyless()
        if request.bearer != self.secret_key or request.bearer in self.revoked:
            return _error(401, "clerk_key_invalid", "The provided Clerk Secret Key is invalid.")
        if route == ("GET", "/v1/instance"):
            kind = {"environment_type": self.environment, "allowed_origins": None}
            return Response.json({"object": "instance", "id": self.instance, **kind})
        if route == ("GET", "/v1/domains"):
            domain = {
                "object": "domain",
                "id": f"dmn_{alnum(27)}",
                "name": self.frontend.removeprefix("clerk."),
                "is_satellite": False,
                "frontend_api_url": f"https://{self.frontend}",
                "development_origin": "",
            }
            return Response.json({"data": [domain], "total_count": 1})
        return _error(404, "resource_not_found", "not found")

    def _keyless(self) -> Response:
        self.frontend, self.secret_key = self.new_frontend(), self.new_key()
        self.publishable_key = publishable("pk_test", self.frontend)
        return Response.json(
            {
                "object": "accountless_application",
                "publishable_key": self.publishable_key,
                "secret_key": self.secret_key,
                "claim_url": f"https://dashboard.clerk.com/apps/claim?token={lower(20)}",
                "api_keys_url": "https://dashboard.clerk.com/last-active?path=api-keys",
            }
        )


def publishable(prefix: str, frontend: str) -> str:
    """Return the publishable key of a frontend API's host: its base64, without padding."""
    return f"{prefix}_" + base64.b64encode(f"{frontend}$".encode()).decode().rstrip("=")


def _error(status: int, code: str, message: str) -> Response:
    error = {"message": message, "long_message": message, "code": code}
    return Response.json({"errors": [error], "clerk_trace_id": alnum(32)}, status)
