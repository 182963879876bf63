"""Anthropic: which kind of key, and what its errors say of it."""

from collections.abc import Mapping
from typing import ClassVar

import pytest

from onboard.machine import Machine
from onboard.model import Status
from onboard.providers import anthropic
from onboard.sandbox.served import Response, Served
from onboard.sandbox.standins.anthropic import AnthropicStandIn
from tests.providers.answers import Answers
from tests.providers.contract import LiveContract

BODY = "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7cF0hJ3l" * 2 + "-_aB3dE6gH9jK2mN5pQ8sT1vWAA"


class TestAnthropic(LiveContract[AnthropicStandIn]):
    provider = anthropic.provider
    stand_in = AnthropicStandIn
    carriers = ("x-api-key",)
    shapes: ClassVar[Mapping[str, tuple[str, ...]]] = {"secret": (f"sk-ant-api03-{BODY}",)}
    bad: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "secret": (
            "",
            "sk-ant-...",
            "sk-ant-api03-xxx",
            f"sk-ant-admin01-{BODY}",
            f"sk-ant-oat01-{BODY}",
            f"sk-proj-{BODY}",
            "your_anthropic_key",
        )
    }
    claims: ClassVar[Mapping[tuple[str, str], tuple[str, int] | None]] = {
        ("ANTHROPIC_API_KEY", ""): ("secret", 2),
        ("CLAUDE_API_KEY", ""): ("secret", 2),
        ("AI_KEY", f"sk-ant-api03-{BODY}"): ("secret", 1),
        ("OPENAI_API_KEY", "sk-proj-abc"): None,
        ("ANTHROPIC_MODEL", ""): None,
    }

    def good(self, service: AnthropicStandIn) -> Mapping[str, str]:
        return {"secret": service.api_key}

    def revoke(self, service: AnthropicStandIn, part: str) -> None:
        service.revoked.add(service.api_key)

    @pytest.mark.anyio
    @pytest.mark.parametrize(
        ("status", "kind", "message", "expected"),
        [
            (400, "invalid_request_error", "Your credit balance is too low to access the API.", Status.WARN),
            (402, "billing_error", "There is a problem with your billing.", Status.WARN),
            (403, "permission_error", "Your key does not have permission.", Status.WARN),
            (400, "invalid_request_error", "anthropic-version: header is required", Status.UNKNOWN),
            (404, "not_found_error", "Not found", Status.UNKNOWN),
            (401, "some_new_error", "?", Status.UNKNOWN),
            (429, "rate_limit_error", "Slow down", Status.UNKNOWN),
            (529, "overloaded_error", "Overloaded", Status.UNKNOWN),
        ],
    )
    async def test_an_error_says_of_the_key_what_its_type_says(
        self,
        status: int,
        kind: str,
        message: str,
        expected: Status,
        served: Served,
        values: dict[str, str],
        machine: Machine,
    ) -> None:
        served.stand_in = Answers(Response.json({"type": "error", "error": {"type": kind, "message": message}}, status))
        assert (await self.verdict("", values, machine)).status is expected
