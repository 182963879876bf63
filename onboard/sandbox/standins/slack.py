"""Slack: incoming webhooks that answer in bare words, workflows, and `auth.test`."""

import json

from onboard.sandbox.invented import alnum, digits
from onboard.sandbox.served import Request, Response, StandIn


class SlackStandIn(StandIn):
    """One workspace with a webhook, a workflow and a bot."""

    endpoints = ("slack",)

    def __init__(self) -> None:
        self.team = f"T{alnum(10).upper()}"
        self.path = f"/services/{self.team}/B{alnum(10).upper()}/{alnum(24)}"
        self.workflow = f"https://hooks.slack.com/workflows/{self.team}/A{alnum(10).upper()}/{digits(18)}/{alnum(24)}"
        self.bot_token = f"xoxb-{digits(12)}-{digits(13)}-{alnum(24)}"
        self.gone: tuple[int, str] | None = None
        """Status and word of a webhook that is no more; `None`: it lives."""
        self.bot_error = ""
        self.posted: list[str] = []
        """Messages that reached the channel, and workflows that ran."""
        self.kind = "text/html"
        """Content type of the webhooks' words."""

    @property
    def webhook(self) -> str:
        """The webhook's address."""
        return f"https://hooks.slack.com{self.path}"

    def answer(self, request: Request) -> Response:
        """Answer the webhook, the workflow and `/api/auth.test`."""
        if request.path == "/api/auth.test":
            return self._auth_test(request)
        if request.path.startswith(("/workflows/", "/triggers/")):
            self.posted.append(request.body.decode())
            return Response.json({"ok": True})
        if self.gone:
            return self._word(self.gone[1], self.gone[0])
        if request.path != self.path:
            return self._word("no_service", 404)
        try:
            message = json.loads(request.body)
        except ValueError:
            return self._word("invalid_payload", 400)
        if not isinstance(message, dict) or not message.get("text"):
            return self._word("no_text", 400)
        self.posted.append(message["text"])
        return self._word("ok", 200)

    def _word(self, word: str, status: int) -> Response:
        return Response.text(word, status, self.kind)

    def _auth_test(self, request: Request) -> Response:
        if self.bot_error or request.bearer != self.bot_token:
            return Response.json({"ok": False, "error": self.bot_error or "invalid_auth"})
        answer = {
            "ok": True,
            "url": "https://wavepoint.slack.com/",
            "team": "WavePoint",
            "user": "shop-bot",
            "team_id": self.team,
            "user_id": "U0001",
            "bot_id": "B0001",
        }
        return Response.json(answer, headers={"x-oauth-scopes": "chat:write"})
