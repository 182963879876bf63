"""Slack: a webhook is asked without a message, a workflow is never asked."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest

from onboard.machine import Machine
from onboard.model import Status
from onboard.providers import slack
from onboard.sandbox.served import Response, Served
from onboard.sandbox.standins.slack import SlackStandIn
from tests.providers.answers import reading, words
from tests.providers.contract import LiveContract
from tests.providers.outside import leaks

PATH = "/services/T01ABCDEF23/B01ABCDEF45/aBcDeFgHiJkLmNoPqRsTuVwX"
HOOK = f"https://hooks.slack.com{PATH}"
WORKFLOW = "https://hooks.slack.com/workflows/T01ABCDEF23/A01ABCDEF45/123456789012345678/aBcDeFgHiJkLmNoPqRsTuVwX"
TRIGGER = "https://hooks.slack.com/triggers/T01ABCDEF23/1234567890123/aBcDeFgHiJkLmNoPqRsTuVwX0123456"
BOT = "xoxb-123456789012-1234567890123-aBcDeFgHiJkLmNoPqRsTuVwX"
ROWS = [
    (words("invalid_payload", 400), Status.OK),
    (words("invalid_payload\n", 400, "text/html"), Status.OK),
    (words("invalid_token", 400), Status.FAIL),
    (words("invalid_token", 403, "text/html"), Status.FAIL),
    (words("no_service", 404), Status.FAIL),
    (words("action_prohibited", 403), Status.FAIL),
    (words("ok", 200), Status.UNKNOWN),
    (words("invalid_payload", 200), Status.UNKNOWN),
    (words("no_text", 400), Status.UNKNOWN),
    (words("no_team", 404), Status.UNKNOWN),
    (words("channel_is_archived", 410), Status.UNKNOWN),
    (words("channel_not_found", 404), Status.UNKNOWN),
    (words("not found", 404), Status.UNKNOWN),
    (words("forbidden by proxy: invalid_token", 403), Status.UNKNOWN),
    (words("<html>invalid_payload</html>", 400), Status.UNKNOWN),
    (words("<!DOCTYPE html><p>no_service", 404, "text/html"), Status.UNKNOWN),
    (words("rate_limited", 429), Status.UNKNOWN),
]
BOT_ROWS = [
    (Response.json({"ok": True, "team": "W", "user": "bot"}), Status.OK),
    (Response.json({"ok": False, "error": "token_revoked"}), Status.FAIL),
    (Response.json({"ok": False, "error": "account_inactive"}), Status.FAIL),
    (Response.json({"ok": False, "error": "invalid_auth"}), Status.UNKNOWN),
    (Response.json({"ok": False, "error": "ratelimited"}), Status.UNKNOWN),
    (Response.json({"ok": True}), Status.UNKNOWN),
    (Response.json({"ok": "yes", "team": "W", "user": "b"}), Status.UNKNOWN),
]


class TestSlack(LiveContract[SlackStandIn]):
    provider = slack.provider
    stand_in = SlackStandIn
    shapes: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "webhook": (HOOK, WORKFLOW, TRIGGER, "https://hooks.slack-gov.com/services/T1/B1/x"),
        "bot": (BOT, "xoxp-123456789012-1234567890123-abcdefabcdef"),
        "app": ("xapp-1-A01ABCDEF23-1234567890123-abcdef0123456789",),
        "signing": ("0123456789abcdef0123456789abcdef",),
        "client_secret": ("0123456789abcdef0123456789abcdef",),
        "client_id": ("1234567890.1234567890123",),
    }
    bad: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "webhook": (
            "",
            BOT,
            f"http://hooks.slack.com{PATH}",
            f"hooks.slack.com{PATH}",
            "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX",
            "https://hooks.slack.com/services/xxx",
            "https://wavepoint.slack.com/archives/C01",
            "https://discord.com/api/webhooks/1/x",
            f"https://hooks.slack.com.evil.example{PATH}",
            f"https://hooks.slack.com@evil.example{PATH}",
            f"https://evil.example/hooks.slack.com{PATH}",
            HOOK + "?x=1",
            HOOK + "\n",
        ),
        "bot": ("xapp-1-A01ABCDEF23-1234567890123-abcdef0123456789", HOOK, "", "xoxb-your-token"),
        "app": (BOT, ""),
        "signing": ("short", BOT),
        "client_secret": ("", HOOK),
        "client_id": ("123", ""),
    }
    claims: ClassVar[Mapping[tuple[str, str], tuple[str, int] | None]] = {
        ("SLACK_WEBHOOK_URL", ""): ("webhook", 2),
        ("SLACK_WEBHOOK", ""): ("webhook", 2),
        ("SLACK_ALERTS_WEBHOOK_URL", ""): ("webhook", 2),
        ("ALERTS_SLACK_WEBHOOK_URL", ""): ("webhook", 2),
        ("DUB_SLACK_HOOK_CRON", ""): ("webhook", 2),
        ("SLACK_WEBHOOK_SECRET", ""): None,
        ("SLACK_BOT_TOKEN", ""): ("bot", 2),
        ("DUB_SLACK_ASSISTANT_BOT_TOKEN", ""): ("bot", 2),
        ("SLACK_SIGNING_SECRET", ""): ("signing", 2),
        ("SLACK_APP_TOKEN", ""): ("app", 2),
        ("SLACK_CLIENT_SECRET", ""): ("client_secret", 2),
        ("ALERTS_URL", HOOK): ("webhook", 3),
        ("ALERTS_URL", WORKFLOW): ("webhook", 3),
        ("ALERTS_URL", "https://discord.com/api/webhooks/1/x"): None,
        ("TEAM_BOT", BOT): ("bot", 1),
    }

    def good(self, service: SlackStandIn) -> Mapping[str, str]:
        return {"webhook": service.webhook, "bot": service.bot_token}

    def revoke(self, service: SlackStandIn, part: str) -> None:
        if part == "bot":
            service.bot_error = "token_revoked"
        else:
            service.gone = (404, "no_service")

    @pytest.mark.anyio
    async def test_only_declared_hosts_are_asked_and_secrets_travel_only_where_declared(
        self, part: str, served: Served, values: dict[str, str], machine: Machine
    ) -> None:
        """A webhook's address is the secret itself, and its path is where Slack wants it; all else is as for others."""
        if part == "bot":
            await super().test_only_declared_hosts_are_asked_and_secrets_travel_only_where_declared(
                part, served, values, machine
            )
            return
        await self.verdict(part, values, machine)
        network: Any = machine.network
        assert [(one.base, one.hosts) for one in network.wanted] == [("https://hooks.slack.com", ("hooks.slack.com",))]
        (asked,) = served.requests
        assert asked.path == values["webhook"].removeprefix("https://hooks.slack.com")
        assert not leaks(repr(asked.headers) + repr(asked.body) + repr(asked.query), [values["webhook"], asked.path])

    @pytest.mark.anyio
    @pytest.mark.parametrize(("answer", "status"), ROWS)
    async def test_each_word_of_a_webhook_means_what_the_facts_say(
        self, answer: Response, status: Status, tmp_path: Path
    ) -> None:
        verdict = await reading(self.provider, {"webhook": HOOK}, tmp_path, answer)
        assert verdict.status is status, verdict

    @pytest.mark.anyio
    @pytest.mark.parametrize(("answer", "status"), BOT_ROWS)
    async def test_each_answer_to_a_bot_means_what_the_facts_say(
        self, answer: Response, status: Status, tmp_path: Path
    ) -> None:
        verdict = await reading(self.provider, {"bot": BOT}, tmp_path, answer, part="bot")
        assert verdict.status is status, verdict

    @pytest.mark.anyio
    async def test_nothing_is_posted(self, served: Served, values: dict[str, str], machine: Machine) -> None:
        assert (await self.verdict("", values, machine)).status is Status.OK
        service: Any = served.stand_in
        assert service.posted == []

    @pytest.mark.anyio
    async def test_a_workflow_gets_nothing_and_is_never_ok(
        self, served: Served, values: dict[str, str], machine: Machine
    ) -> None:
        service: Any = served.stand_in
        for url in (service.workflow, TRIGGER, *self.bad["webhook"], "https://hooks.slack-gov.com/services/T1/B1/x"):
            verdict = await self.verdict("", {"webhook": url}, machine)
            assert verdict.status is Status.UNKNOWN, url
        assert served.requests == []

    def test_a_bot_token_instead_of_a_webhook_is_named(self) -> None:
        assert "this is a token" in self.provider.shape(self.provider.key("webhook"), BOT).text
