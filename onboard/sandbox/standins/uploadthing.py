"""UploadThing: the usage of an app, by the key that is packed in a v7 token."""

import base64
import json

from onboard.sandbox.invented import hexa, lower
from onboard.sandbox.served import Request, Response, StandIn


class UploadThingStandIn(StandIn):
    """One app."""

    endpoints = ("uploadthing",)

    def __init__(self) -> None:
        self.app_id = lower(10)
        self.secret = self.new_secret()
        self.used, self.limit = 12_000_000, 2_000_000_000

    @staticmethod
    def new_secret() -> str:
        """Return a secret of the right shape that this stand-in does not know yet."""
        return f"sk_live_{hexa(64)}"

    @property
    def token(self) -> str:
        """The v7 token of the app."""
        packed = {"apiKey": self.secret, "appId": self.app_id, "regions": ["sea1"]}
        return base64.b64encode(json.dumps(packed, separators=(",", ":")).encode()).decode()

    def answer(self, request: Request) -> Response:
        """Answer `POST /v6/getUsageInfo`."""
        if request.headers.get("x-uploadthing-api-key") != self.secret:
            return Response.json({"error": "Unauthorized"}, 401)
        if "x-uploadthing-version" not in request.headers:
            return Response.json({"error": "Missing x-uploadthing-version header"}, 400)
        if (request.method, request.path) != ("POST", "/v6/getUsageInfo"):
            return Response.json({"error": "Not found"}, 404)
        usage = {
            "totalBytes": self.used,
            "appTotalBytes": self.used,
            "filesUploaded": 42,
            "limitBytes": self.limit,
        }
        return Response.json(usage)
