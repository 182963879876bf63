"""OpenAI: the list of models, and what its errors say by their codes."""

from onboard.sandbox.invented import alnum
from onboard.sandbox.served import Request, Response, StandIn


class OpenAIStandIn(StandIn):
    """One project with a key."""

    endpoints = ("openai",)

    def __init__(self) -> None:
        self.key = self.new_key()
        self.trouble: tuple[int, str] | None = None
        """Status and code of an error for a key that is known; `None`: all is well."""
        self.organization = "wavepoint-stand-in"

    @staticmethod
    def new_key() -> str:
        """Return a key of the right shape that this stand-in does not know yet."""
        return f"sk-proj-{alnum(58)}T3BlbkFJ{alnum(58)}"

    def answer(self, request: Request) -> Response:
        """Answer `/v1/models`."""
        key = request.bearer
        if key != self.key:
            shown = f"{key[:8]}***{key[-4:]}" if key else ""
            return _error(401, "invalid_api_key", f"Incorrect API key provided: {shown}.")
        if self.trouble:
            status, code = self.trouble
            message = "You have insufficient permissions for this operation. Missing scopes: api.model.read."
            return _error(status, code, message if code == "missing_scope" else code.replace("_", " "))
        if (request.method, request.path) != ("GET", "/v1/models"):
            return _error(404, "unknown_url", "Unknown request URL")
        models = [{"id": id, "object": "model", "created": 1, "owned_by": "system"} for id in ("gpt-a", "gpt-b")]
        return Response.json({"object": "list", "data": models}, headers={"openai-organization": self.organization})


def _error(status: int, code: str, message: str) -> Response:
    kind = "invalid_request_error" if status != 429 else code
    return Response.json({"error": {"message": message, "type": kind, "param": None, "code": code}}, status)
