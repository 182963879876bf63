"""Supabase: a project's gateway with old and new keys, and the management API that lists and makes them."""

from __future__ import annotations

import base64
import json
from typing import Any

from onboard.sandbox.invented import alnum, hexa
from onboard.sandbox.served import Request, Response, StandIn


class SupabaseStandIn(StandIn):
    """One hosted project of one account."""

    endpoints = ("supabase", "supabase.api")

    def __init__(self) -> None:
        self.ref = self.new_ref()
        self.url = f"https://{self.ref}.supabase.co"
        self.name = "wavepoint-staging"
        self.access_token = self.new_access_token()
        self.keys: list[dict[str, Any]] = []
        self.publishable_key = self.new_key("publishable", "default")["api_key"]
        self.secret_key = self.new_key("secret", "default")["api_key"]
        self.anon_key = jwt({"iss": "supabase", "ref": self.ref, "role": "anon", "iat": 1, "exp": 2_000_000_000})
        self.service_key = jwt(
            {"iss": "supabase", "ref": self.ref, "role": "service_role", "iat": 1, "exp": 2_000_000_000}
        )
        self.legacy = True
        """The old JWT keys are still taken."""
        self.revoked: set[str] = set()
        self.paused = False
        self.mute_401 = False
        """Refuses with 401 and an empty body, as some projects did for good keys."""

    @staticmethod
    def new_ref() -> str:
        """Return a project's id: twenty letters."""
        return "".join(c if c.isalpha() else "q" for c in alnum(20).lower())

    @staticmethod
    def new_access_token() -> str:
        """Return a personal access token of the right shape."""
        return f"sbp_{hexa(40)}"

    def new_key(self, kind: str, name: str) -> dict[str, Any]:
        """Make one of the new keys (`publishable`, `secret`) and return it as the management API shows it."""
        id = f"{hexa(8)}-{hexa(4)}-4{hexa(3)}-8{hexa(3)}-{hexa(12)}"
        value = f"sb_{kind}_{alnum(22)}_{alnum(8)}"
        key = {"id": id, "name": name, "type": kind, "api_key": value, "prefix": value[:16], "hash": hexa(64)}
        self.keys.append(key)
        return key

    def answer(self, request: Request) -> Response:
        """Answer `/auth/v1/health`, `/rest/v1/` and the management API."""
        if request.parts[:2] == ("v1", "projects"):
            return self._manage(request)
        if self.paused:
            return Response.text("Project paused", 540)
        refusal = self._refuse(request)
        if refusal is not None:
            return refusal
        if (request.method, request.path) == ("GET", "/auth/v1/health"):
            about = {"version": "v2.180.0", "name": "GoTrue"}
            return Response.json({**about, "description": "GoTrue is a user registration and authentication API"})
        return Response.json({"message": "no Route matched with those values"}, 404)

    def _refuse(self, request: Request) -> Response | None:
        key = request.headers.get("apikey", "")
        if self.mute_401:
            return Response(401, {"Content-Type": "application/json"})
        if not key:
            hint = "No `apikey` request header or url param was found."
            return Response.json({"message": "No API key found in request", "hint": hint}, 401)
        browser = "mozilla" in request.headers.get("user-agent", "").lower()
        new = {one["api_key"] for one in self.keys}
        known = key in new or key in (self.anon_key, self.service_key)
        if not known or key in self.revoked or (browser and key.startswith("sb_secret_")):
            hint = "Double check your Supabase `anon` or `service_role` API key."
            return Response.json({"message": "Invalid API key", "hint": hint}, 401)
        if key not in new and not self.legacy:
            return Response.json({"message": "Legacy API keys are disabled", "hint": "Use the new API keys."}, 401)
        if key in new and request.bearer not in ("", key):
            return Response.json({"message": "Invalid API key"}, 401)
        return None

    def _manage(self, request: Request) -> Response:
        if request.bearer != self.access_token:
            return Response.json({"message": "Unauthorized"}, 401)
        match (request.method, *request.parts[2:]):
            case ("GET",):
                project = {"id": self.ref, "ref": self.ref, "name": self.name, "region": "eu-central-1"}
                return Response.json([{**project, "organization_id": "wavepoint", "status": "ACTIVE_HEALTHY"}])
            case ("GET", self.ref, "api-keys"):
                return Response.json([self._shown(key, request.query.get("reveal") == "true") for key in self.keys])
            case ("POST", self.ref, "api-keys") if isinstance(request.data, dict):
                made = self.new_key(str(request.data.get("type")), str(request.data.get("name")))
                return Response.json(self._shown(made, request.query.get("reveal") == "true"), 201)
            case ("DELETE", self.ref, "api-keys", id):
                found = next((key for key in self.keys if key["id"] == id), None)
                if found is not None:
                    self.keys.remove(found)
                    return Response.json(self._shown(found, False))
        return Response.json({"message": "Project not found"}, 404)

    @staticmethod
    def _shown(key: dict[str, Any], reveal: bool) -> dict[str, Any]:
        return key if reveal or key["type"] == "publishable" else {**key, "api_key": key["prefix"] + "···"}


def jwt(claims: dict[str, object]) -> str:
    """Return a token with these claims and a signature that is worth nothing."""
    parts = [json.dumps({"alg": "HS256", "typ": "JWT"}), json.dumps(claims)]
    packed = [base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts]
    return ".".join([*packed, alnum(43)])
