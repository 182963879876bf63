"""Sentry: who a token is, and the client keys (DSNs) of a project."""

import base64
import json
import secrets
from typing import Any

from onboard.sandbox.invented import digits, hexa
from onboard.sandbox.served import Request, Response, StandIn


class SentryStandIn(StandIn):
    """One organization with one project and its client keys."""

    endpoints = ("sentry",)

    def __init__(self) -> None:
        self.organization, self.project = "wavepoint", "shop"
        self.organization_id, self.project_id = digits(7), digits(8)
        self.token = f"sntryu_{hexa(64)}"
        self.organization_token = self._organization_token()
        self.scopes = ["project:read", "project:write", "org:read"]
        self.denied = False
        """The token is real and may not ask."""
        self.keys: list[dict[str, Any]] = [self._key("Default")]

    @property
    def dsn(self) -> str:
        """The public DSN of the first client key."""
        found: str = self.keys[0]["dsn"]["public"]
        return found

    def _organization_token(self) -> str:
        says = {
            "iat": 1_790_000_000.5,
            "url": "https://sentry.io",
            "region_url": "https://us.sentry.io",
            "org": self.organization,
        }
        packed = base64.b64encode(json.dumps(says).encode()).decode()
        return f"sntrys_{packed}_{base64.b64encode(secrets.token_bytes(32)).decode().rstrip('=')}"

    def _key(self, name: str) -> dict[str, Any]:
        public = hexa(32)
        address = f"https://{public}@o{self.organization_id}.ingest.us.sentry.io/{self.project_id}"
        return {
            "id": public,
            "name": name,
            "label": name,
            "public": public,
            "secret": hexa(32),
            "projectId": int(self.project_id),
            "isActive": True,
            "dsn": {"public": address},
        }

    def answer(self, request: Request) -> Response:
        """Answer `/api/0/` and a project's keys."""
        known = {self.token: self.scopes, self.organization_token: ["org:ci"]}
        if request.bearer not in known:
            return Response.json({"detail": "Invalid token"}, 401)
        if self.denied:
            return Response.json({"detail": "You do not have permission to perform this action."}, 403)
        scopes = known[request.bearer]
        if request.path == "/api/0/":
            user = {"id": "1", "email": "dev@wavepoint.example"} if request.bearer == self.token else None
            return Response.json({"version": "0", "auth": {"scopes": scopes}, "user": user})
        match request.method, request.parts:
            case method, ("api", "0", "projects", self.organization, project, "keys", *rest) if project in (
                self.project,
                self.project_id,
            ):
                if "project:read" not in scopes:
                    return Response.json({"detail": "You do not have permission to perform this action."}, 403)
                return self._keys(method, rest, request)
        return Response.json({"detail": "The requested resource does not exist"}, 404)

    def _keys(self, method: str, rest: list[str], request: Request) -> Response:
        if not rest and method == "GET":
            return Response.json(self.keys)
        if not rest and method == "POST" and isinstance(request.data, dict):
            self.keys.append(self._key(str(request.data.get("name", "new"))))
            return Response.json(self.keys[-1], 201)
        key = next((key for key in self.keys if [key["id"]] == rest), None)
        if key is not None and method == "PUT" and isinstance(request.data, dict):
            key["isActive"] = bool(request.data.get("isActive", key["isActive"]))
            return Response.json(key)
        return Response.json({"detail": "The requested resource does not exist"}, 404)
