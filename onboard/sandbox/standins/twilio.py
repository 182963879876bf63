"""Twilio: an account by its token, and API keys of which only the main kind may read it."""

from onboard.sandbox.invented import alnum, hexa
from onboard.sandbox.served import Request, Response, StandIn


class TwilioStandIn(StandIn):
    """One account with a token, a main and a standard API key."""

    endpoints = ("twilio",)

    def __init__(self) -> None:
        self.account = f"AC{hexa(32)}"
        self.token = hexa(32)
        self.key, self.key_secret = f"SK{hexa(32)}", alnum(32)
        self.main = False
        """The API key is of the main kind, which may read the account."""
        self.status, self.kind = "active", "Full"
        self.test_credentials = False

    def answer(self, request: Request) -> Response:
        """Answer the account and the list of Verify services."""
        who = request.basic
        by_token = who == (self.account, self.token)
        if not by_token and who != (self.key, self.key_secret):
            return _error(401, 20003, "Authenticate")
        if self.test_credentials:
            return _error(403, 20008, "Resource not accessible with Test Account Credentials")
        if request.path == f"/2010-04-01/Accounts/{self.account}.json":
            if not by_token and not self.main:
                return _error(401, 20003, "Authenticate")
            account = {
                "sid": self.account,
                "friendly_name": "WavePoint",
                "status": self.status,
                "type": self.kind,
                "auth_token": self.token,
            }
            return Response.json(account)
        if request.path == "/v2/Services":
            return Response.json({"services": [], "meta": {"page": 0, "page_size": 1, "key": "services"}})
        return _error(404, 20404, "The requested resource was not found")


def _error(status: int, code: int, message: str) -> Response:
    more = f"https://www.twilio.com/docs/errors/{code}"
    return Response.json({"code": code, "message": message, "more_info": more, "status": status}, status)
