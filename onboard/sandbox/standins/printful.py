"""Printful: a token's scopes and its stores, in both versions of the API."""

from onboard.sandbox.invented import alnum, digits
from onboard.sandbox.served import Request, Response, StandIn


class PrintfulStandIn(StandIn):
    """Tokens of one account with one store."""

    endpoints = ("printful",)

    def __init__(self) -> None:
        self.token = self.new_token()
        self.revoked: set[str] = set()
        self.scopes = ["orders", "stores_list/read", "sync_products"]
        self.account_level = False
        """The token is for all stores, so that a store's endpoints want `X-PF-Store-Id`."""
        self.store = {"id": int(digits(8)), "name": "WavePoint (stand-in)", "type": "native"}

    @staticmethod
    def new_token() -> str:
        """Return a token of the right shape that this stand-in does not know yet."""
        return alnum(40)

    def answer(self, request: Request) -> Response:
        """Answer the scopes and the stores."""
        new = request.path.startswith("/v2/")
        if request.bearer != self.token or request.bearer in self.revoked:
            return _error(401, "Unauthorized", "The access token provided is invalid.", new=new)
        if request.method == "GET" and request.path in ("/v2/oauth-scopes", "/oauth/scopes"):
            scopes = [{"scope": scope, "display_name": scope} for scope in self.scopes]
            return _found([{"value": s["scope"], **s} for s in scopes] if new else {"scopes": scopes}, new=new)
        if request.method == "GET" and request.path in ("/v2/stores", "/stores"):
            if "stores_list/read" not in self.scopes:
                return _error(403, "Forbidden", "Insufficient scope", new=new)
            return _found([self.store], new=new)
        if request.path.startswith(("/orders", "/v2/orders")):
            if self.account_level and "x-pf-store-id" not in request.headers:
                return _error(400, "BadRequest", "This endpoint requires `store_id`!", new=new)
            return _found([], new=new)
        return _error(404, "NotFound", "Not Found", new=new)


def _found(result: object, *, new: bool) -> Response:
    if new:
        return Response.json({"data": result, "_links": {}})
    return Response.json({"code": 200, "result": result})


def _error(status: int, reason: str, message: str, *, new: bool) -> Response:
    if new:
        problem = {"type": f"https://developers.printful.com/errors/{reason}", "status": status, "title": reason}
        return Response.json({**problem, "detail": message}, status, {"Content-Type": "application/problem+json"})
    return Response.json({"code": status, "result": message, "error": {"reason": reason, "message": message}}, status)
