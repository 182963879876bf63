"""Linear: a key without "Bearer", and errors that are told by their codes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest

from onboard.machine import Machine
from onboard.model import Status
from onboard.providers import linear
from onboard.sandbox.served import Response, Served
from onboard.sandbox.standins.linear import LinearStandIn
from tests.providers.answers import reading
from tests.providers.contract import LiveContract

KEY = "lin_api_" + "aB3x" * 10
VIEWER = {"data": {"viewer": {"id": "1", "name": "Dev"}, "organization": {"name": "W", "urlKey": "w"}}}


def error(status: int, code: str) -> Response:
    return Response.json({"errors": [{"message": "…", "extensions": {"code": code}}]}, status)


ROWS: list[tuple[Response, Status]] = [
    (Response.json(VIEWER), Status.OK),
    (error(401, "AUTHENTICATION_ERROR"), Status.FAIL),
    (error(400, "AUTHENTICATION_ERROR"), Status.FAIL),
    (error(400, "RATELIMITED"), Status.UNKNOWN),
    (error(401, "FORBIDDEN"), Status.UNKNOWN),
    (Response.json({"errors": []}, 401), Status.UNKNOWN),
    (Response.json({"data": {"viewer": None}}), Status.UNKNOWN),
    (Response.json({"data": None, "errors": [{"message": "partial"}]}), Status.UNKNOWN),
    (Response.json({"error": "unauthorized"}, 401), Status.UNKNOWN),
]


class TestLinear(LiveContract[LinearStandIn]):
    provider = linear.provider
    stand_in = LinearStandIn
    shapes: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "secret": (KEY, "lin_oauth_" + "ab3f" * 16),
        "webhook": ("lin_wh_" + "aB3x" * 8,),
    }
    bad: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "secret": ("", "lin_api_short", "lin_wh_" + "aB3x" * 8, "linear", "ghp_" + "a1B2" * 9),
        "webhook": (KEY, ""),
    }
    claims: ClassVar[Mapping[tuple[str, str], tuple[str, int] | None]] = {
        ("LINEAR_API_KEY", ""): ("secret", 2),
        ("LINEAR_ACCESS_TOKEN", ""): ("secret", 2),
        ("LINEAR_WEBHOOK_SECRET", ""): ("webhook", 2),
        ("ISSUES_KEY", KEY): ("secret", 1),
        ("ISSUES_KEY", "lin_api_x"): None,
    }

    def good(self, service: LinearStandIn) -> Mapping[str, str]:
        return {"secret": service.key}

    def revoke(self, service: LinearStandIn, part: str) -> None:
        service.key = "lin_api_" + "zZ9y" * 10

    @pytest.mark.anyio
    @pytest.mark.parametrize(("answer", "status"), ROWS)
    async def test_each_answer_means_what_the_facts_say(self, answer: Response, status: Status, tmp_path: Path) -> None:
        verdict = await reading(self.provider, {"secret": KEY}, tmp_path, answer)
        assert verdict.status is status, verdict

    @pytest.mark.anyio
    async def test_only_an_oauth_token_is_sent_as_a_bearer(self, served: Served, machine: Machine) -> None:
        service: Any = served.stand_in
        for token, header in ((service.key, service.key), (service.oauth, f"Bearer {service.oauth}")):
            verdict = await self.verdict("", {"secret": token}, machine)
            assert verdict.status is Status.OK
            assert verdict.identity == {"user": "Wave Dev", "organisation": "WavePoint"}
            assert served.requests[-1].headers["authorization"] == header
