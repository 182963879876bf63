"""Brevo: the account, and the two meanings of its 401."""

from onboard.sandbox.invented import alnum, hexa
from onboard.sandbox.served import Request, Response, StandIn


class BrevoStandIn(StandIn):
    """One account."""

    endpoints = ("brevo",)

    def __init__(self) -> None:
        self.api_key = self.new_key()
        self.revoked: set[str] = set()
        self.blocked_address = ""
        """The caller's address is not authorised; empty: it is."""
        self.relay = True
        """Transactional e-mail is activated."""

    @staticmethod
    def new_key() -> str:
        """Return a key of the right shape that this stand-in does not know yet."""
        return f"xkeysib-{hexa(64)}-{alnum(16)}"

    def answer(self, request: Request) -> Response:
        """Answer `/v3/account`."""
        key = request.headers.get("api-key", "")
        if key != self.api_key or key in self.revoked:
            message = "Key not found" if key else "authentication not found in headers"
            return Response.json({"message": message, "code": "unauthorized"}, 401)
        if self.blocked_address:
            message = (
                f"We have detected you are using an unrecognised IP address {self.blocked_address}. If you performed"
                " this action make sure to add the new IP address in this link:"
                " https://app.brevo.com/security/authorised_ips"
            )
            return Response.json({"message": message, "code": "unauthorized"}, 401)
        if (request.method, request.path) != ("GET", "/v3/account"):
            return Response.json({"message": "Resource not found", "code": "document_not_found"}, 404)
        account = {
            "organization_id": "64f0c0ffee0000000000de00",
            "user_id": 1,
            "email": "dev@wavepoint.example",
            "firstName": "Wave",
            "lastName": "Point",
            "companyName": "WavePoint (stand-in)",
            "address": {"street": "1 Shore Road", "city": "Nantes", "zipCode": "44000", "country": "France"},
            "plan": [{"type": "free", "credits": 300, "creditsType": "sendLimit"}],
            "relay": {
                "enabled": self.relay,
                "data": {"userName": "dev@wavepoint.example", "relay": "smtp-relay.brevo.com", "port": 587},
            },
        }
        return Response.json(account)
