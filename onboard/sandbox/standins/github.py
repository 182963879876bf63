"""GitHub: users, installations, rate limits and single sign-on, and the names of Actions secrets."""

from base64 import b64decode, b64encode

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, SealedBox

from onboard.sandbox.invented import alnum
from onboard.sandbox.served import Request, Response, StandIn

_MADE = "2026-01-01T00:00:00Z"


class GitHubStandIn(StandIn):
    """One user with a token, one installation of a GitHub app, and one repository."""

    endpoints = ("github",)

    def __init__(self) -> None:
        self.token = f"ghp_{alnum(36)}"
        self.installation_token = f"ghs_{alnum(36)}"
        self.revoked: set[str] = set()
        self.scopes = "repo, read:org"
        self.expires = ""
        """As the header says it: `2027-01-01 09:30:00 UTC`; empty: never."""
        self.sso = False
        """The token is not authorised for an organisation with single sign-on."""
        self.used_up = False
        """The rate limit is."""
        self.secrets = ["DATABASE_URL", "STRIPE_SECRET_KEY"]
        self.variables = ["APP_URL"]
        self.lent: list[str] = []
        """Secrets that the organization lends to the repository."""
        self.environments: dict[str, list[str]] = {}
        """Secrets by environment."""
        self.may_list = True
        self.may_write = True
        self.values: dict[str, str] = {}
        """Secrets that were set here, opened."""
        self.sealing = PrivateKey.generate()

    def answer(self, request: Request) -> Response:
        """Answer `/user`, `/installation/repositories` and `/repos/…/actions/…`."""
        if "user-agent" not in request.headers:
            return Response.text("Request forbidden by administrative rules.", 403)
        token = request.headers.get("authorization", "").partition(" ")[2]  # "token …" is taken like "Bearer …"
        if token not in (self.token, self.installation_token) or token in self.revoked:
            return _error(401, "Bad credentials")
        if self.used_up:
            message = "API rate limit exceeded for user ID 1."
            return _error(403, message, {"X-RateLimit-Remaining": "0"})
        if self.sso:
            url = "required; url=https://github.com/orgs/wavepoint/sso"
            return _error(403, "Resource protected by organization SAML enforcement.", {"X-GitHub-SSO": url})
        if request.path == "/installation/repositories":
            if token != self.installation_token:
                return _error(403, "You must authenticate with an installation access token")
            repository = {"id": 7, "full_name": "wavepoint/shop"}
            return Response.json({"total_count": 1, "repositories": [repository]})
        if request.path == "/user":
            if token == self.installation_token:
                return _error(403, "Resource not accessible by integration")
            headers = {"X-OAuth-Scopes": self.scopes} if self.scopes else {}
            if self.expires:
                headers["github-authentication-token-expiration"] = self.expires
            return Response.json({"login": "wave-dev", "id": 1, "name": "Wave Dev", "type": "User"}, headers=headers)
        if request.parts[:3] == ("repos", "wavepoint", "shop") and self.may_list:
            if request.parts[3:5] == ("actions", "secrets") and len(request.parts) == 6:
                return self._sealed(request, request.parts[5])
            return self._listed(request, *request.parts[3:])
        return _error(404, "Not Found")

    def _sealed(self, request: Request, name: str) -> Response:
        """Give the key to seal with, or take a sealed secret and open it."""
        key = b64encode(bytes(self.sealing.public_key)).decode()
        if request.method == "GET" and name == "public-key":
            return Response.json({"key_id": "568250167242549743", "key": key})
        if request.method != "PUT" or not self.may_write:
            return _error(403, "Resource not accessible by personal access token")
        data = request.data if isinstance(request.data, dict) else {}
        try:
            text = SealedBox(self.sealing).decrypt(b64decode(data["encrypted_value"])).decode()
        except (KeyError, ValueError, CryptoError):
            return _error(422, "Bad request - the value is not sealed with this repository's key")
        if data.get("key_id") != "568250167242549743":
            return _error(422, "Bad request - key_id is not valid")
        there = name in self.secrets
        self.values[name] = text
        self.secrets = [*dict.fromkeys([*self.secrets, name])]
        return Response(204) if there else Response.json({}, 201)

    def _listed(self, request: Request, *path: str) -> Response:
        match path:
            case ("actions", "secrets"):
                names = self.secrets
            case ("actions", "variables"):
                names = self.variables
            case ("actions", "organization-secrets"):
                names = self.lent
            case ("actions", "organization-variables"):
                names = []
            case ("environments",):
                names = list(self.environments)
            case ("environments", name, "secrets") if name in self.environments:
                names = self.environments[name]
            case ("environments", name, "variables") if name in self.environments:
                names = []
            case _:
                return _error(404, "Not Found")
        size, page = int(request.query.get("per_page", 30)), int(request.query.get("page", 1))
        rows = [{"name": name, "created_at": _MADE, "updated_at": _MADE} for name in names]
        kind = path[-1].removeprefix("organization-")
        return Response.json({"total_count": len(rows), kind: rows[(page - 1) * size : page * size]})


def _error(status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    body = {"message": message, "documentation_url": "https://docs.github.com/rest", "status": str(status)}
    return Response.json(body, status, headers)
