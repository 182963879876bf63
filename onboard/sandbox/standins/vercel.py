"""Vercel: users, tokens, a team's one project with its variables, and Global Config stores."""

from typing import Any

from onboard.sandbox.invented import alnum
from onboard.sandbox.served import Request, Response, StandIn


class VercelStandIn(StandIn):
    """One user with tokens by id, one team's project."""

    endpoints = ("vercel",)

    def __init__(self) -> None:
        self.tokens = {"tok_0001": self.new_token()}
        """By id; the first is the one in use."""
        self.limited: set[str] = set()
        self.scoped: set[str] = set()
        """Tokens for this project alone: refused wherever they ask for their user."""
        self.project, self.team = f"prj_{alnum(28)}", f"team_{alnum(24)}"
        self.env: list[dict[str, Any]] = [
            _env("DATABASE_URL", "encrypted", ["production"], "postgresql://production"),
            _env("DATABASE_URL", "encrypted", ["development"], "postgresql://development"),
            _env("STRIPE_SECRET_KEY", "sensitive", ["production", "preview"], ""),
            _env("APP_URL", "plain", ["production", "preview", "development"], "http://localhost:3000"),
        ]
        self.shared: dict[str, dict[str, str]] = {}
        """What the team shares between its projects, by environment; the project's own list does not have it."""
        self.sealed: dict[str, str] = {}
        """Values of `sensitive` entries by id, which nobody can read back."""
        self.readers: set[str] = set()
        """Tokens that may read variables and not change them."""
        self.challenge = False
        """A person has to sign in again before variables are read."""
        self.configs: dict[str, dict[str, str]] = {}
        """Global Config stores: read tokens by their id."""

    @property
    def token(self) -> str:
        """The token that was there first."""
        return next(iter(self.tokens.values()))

    @staticmethod
    def new_token() -> str:
        """Return a token of the right shape that this stand-in does not know yet."""
        return f"vcp_{alnum(56)}"

    def answer(self, request: Request) -> Response:
        """Answer the user, tokens, the project and its variables."""
        token = request.bearer
        if token not in self.tokens.values():
            return _error(403, "forbidden", "Not authorized", invalidToken=True)
        match request.method, request.parts:
            case "GET", ("v2", "user"):
                if token in self.scoped:
                    return _error(403, "forbidden", "You don't have permission to access this resource.")
                user = {"id": "u1", "email": "dev@wavepoint.example", "username": "wave-dev", "name": "Wave Dev"}
                return Response.json({"user": user | ({"limited": True} if token in self.limited else {})})
            case method, (("v3" | "v5"), "user", "tokens", *rest):
                return self._tokens(method, rest, token)
            case "GET", ("v9", "projects", self.project):
                return self._in_team(request) or Response.json({"id": self.project, "name": "shop"})
            case "GET", ("v10", "projects", self.project, "env"):
                target = request.query.get("target")
                rows = [row for row in self.env if target is None or target in row["target"]]
                hidden = [{**row, "value": "encrypted…"} for row in rows]
                return self._in_team(request) or self._challenged() or Response.json({"envs": hidden})
            case "GET", ("v3", "env", "pull", self.project, target):
                env = {row["key"]: row["value"] or "[SENSITIVE]" for row in self.env if target in row["target"]}
                env |= self.shared.get(target, {})
                return self._in_team(request) or self._challenged() or Response.json({"env": env, "buildEnv": {}})
            case "GET", ("teams", self.team):
                return Response.json({"id": self.team, "slug": "wavepoint", "name": "WavePoint"})
            case "GET", ("projects", self.project, "custom-environments"):
                return self._in_team(request) or Response.json({"environments": []})
            case "POST", ("v10", "projects", self.project, "env"):
                return self._in_team(request) or self._challenged() or self._added(request)
            case "PATCH", (("v9" | "v10"), "projects", self.project, "env", id):
                return self._in_team(request) or self._challenged() or self._changed(id, token, request)
            case method, ("v1", "global-config", id, *rest) if id in self.configs:
                return self._config(method, rest, self.configs[id], request)
        return _error(404, "not_found", "Not Found")

    def _in_team(self, request: Request) -> Response | None:
        right = request.query.get("teamId") == self.team
        return None if right else _error(403, "forbidden", "The project belongs to a team; pass its teamId.")

    def _challenged(self) -> Response | None:
        return _error(403, "challenge_required", "Sign in again to go on.") if self.challenge else None

    def _changed(self, id: str, token: str, request: Request) -> Response:
        row = next((row for row in self.env if row.get("id") == id), None)
        if token in self.readers:
            return _error(403, "forbidden", "You don't have permission to update the environment variable.")
        if row is None or not isinstance(request.data, dict):
            return _error(404, "ENV_NOT_FOUND", "Environment Variable was not found.")
        row.update({name: text for name, text in request.data.items() if name in ("key", "type", "target", "value")})
        if row["type"] == "sensitive":
            self.sealed[id], row["value"] = row["value"], ""
        return Response.json({**row, "value": "encrypted…"})

    def _added(self, request: Request) -> Response:
        data = request.data if isinstance(request.data, dict) else {}
        row = _env(str(data.get("key")), str(data.get("type")), list(data.get("target", [])), str(data.get("value")))
        if any(one["key"] == row["key"] and set(one["target"]) & set(row["target"]) for one in self.env):
            return _error(400, "ENV_CONFLICT", "An Environment Variable of that name is there already.")
        self.env.append(row)
        if row["type"] == "sensitive":
            self.sealed[row["id"]], row["value"] = row["value"], ""
        return Response.json({"created": {**row, "value": "encrypted…"}, "failed": []}, 201)

    def _tokens(self, method: str, rest: list[str], token: str) -> Response:
        id = next(id for id, one in self.tokens.items() if one == token)
        if method == "GET" and rest == ["current"]:
            current = {"id": id, "name": "ci", "createdAt": 1_000_000, "expiresAt": 8_640_000_000 + 1_000_000}
            return Response.json({"token": current})
        if token in self.limited | self.scoped:
            return _error(403, "forbidden", "This token may not manage tokens.")
        if method == "POST" and not rest:
            fresh = f"tok_{len(self.tokens) + 1:04d}"
            self.tokens[fresh] = self.new_token()
            return Response.json({"token": {"id": fresh, "name": "onboard"}, "bearerToken": self.tokens[fresh]})
        if method == "DELETE" and len(rest) == 1 and rest[0] in self.tokens:
            del self.tokens[rest[0]]
            return Response.json({"tokenId": rest[0]})
        return _error(404, "not_found", "Not Found")

    @staticmethod
    def _config(method: str, rest: list[str], tokens: dict[str, str], request: Request) -> Response:
        data = request.data if isinstance(request.data, dict) else {}
        if method == "POST" and rest == ["token"] and data.get("label"):
            id = f"id-{len(tokens) + 1}"
            tokens[id] = f"{alnum(8)}-{alnum(4)}-{alnum(4)}-{alnum(12)}".lower()
            return Response.json({"token": tokens[id], "id": id}, 201)
        if method == "DELETE" and rest == ["tokens"]:
            for id in [id for id, one in tokens.items() if one in data.get("tokens", [])]:
                del tokens[id]
            return Response(204)
        return _error(404, "not_found", "Not Found")


def _env(key: str, kind: str, target: list[str], value: str) -> dict[str, Any]:
    return {"id": alnum(16), "key": key, "type": kind, "target": target, "value": value}


def _error(status: int, code: str, message: str, **more: object) -> Response:
    return Response.json({"error": {"code": code, "message": message, **more}}, status)
