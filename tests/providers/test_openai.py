"""OpenAI: keys among other services' that start alike, and a 401 that is no refusal."""

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import pytest

from onboard.machine import Machine
from onboard.model import Status
from onboard.providers import openai
from onboard.sandbox.served import Response, Served
from onboard.sandbox.standins.openai import OpenAIStandIn
from tests.providers.answers import reading
from tests.providers.contract import LiveContract

MODELS = {"object": "list", "data": [{"id": "gpt-a", "object": "model"}]}


def error(status: int, code: str | None, message: str = "") -> Response:
    return Response.json({"error": {"message": message, "type": "x", "param": None, "code": code}}, status)


ROWS = [
    (Response.json(MODELS), Status.OK),
    (error(401, "invalid_api_key", "Incorrect API key provided"), Status.FAIL),
    (error(401, "missing_scope"), Status.WARN),
    (error(401, None, "You have insufficient permissions. Missing scopes: api.model.read."), Status.WARN),
    (error(403, "missing_scope"), Status.WARN),
    (error(401, "something_new"), Status.UNKNOWN),
    (error(403, "unsupported_country_region_territory"), Status.UNKNOWN),
    (error(429, "insufficient_quota"), Status.WARN),
    (error(429, "rate_limit_exceeded"), Status.UNKNOWN),
    (Response.json({}, 429), Status.UNKNOWN),
    (Response.json({"object": "list", "data": []}), Status.UNKNOWN),
    (Response.json({"data": [{"id": "gpt-a"}]}), Status.UNKNOWN),
    (Response.json({"object": "list", "data": [7, None]}), Status.UNKNOWN),
]


class TestOpenAI(LiveContract[OpenAIStandIn]):
    provider = openai.provider
    stand_in = OpenAIStandIn
    shapes: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "secret": (
            "sk-svcacct-" + "aB3x" * 10 + "T3BlbkFJ" + "aB3x" * 10,
            "sk-" + "aB3xQ" * 4 + "T3BlbkFJ" + "aB3xQ" * 4,
            "sk-proj-" + "aB3xQ9" * 8,
        ),
        "organization": ("org-AbCdEf0123456789",),
        "project": ("proj_AbCdEf0123456789",),
        "base_url": ("https://api.openai.com/v1", "http://localhost:11434/v1"),
    }
    bad: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "secret": (
            "",
            "sk-...",
            "sk-proj-xxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            "sk-ant-api03-" + "aB3x" * 24,
            "sk-or-v1-" + "ab3c" * 16,
            "sk-lf-1234-5678-9012-3456",
            "sk-admin-" + "aB3x" * 10 + "T3BlbkFJ" + "aB3x" * 10,
            "org-AbCdEf0123456789",
            "sk_test_" + "aB3x" * 8,
            "your-openai-key",
        ),
        "organization": ("my-company", "proj_AbCdEf0123456789"),
        "project": ("org-AbCdEf0123456789",),
        "base_url": ("api.openai.com", "https://user:pw@host/v1"),
    }
    claims: ClassVar[Mapping[tuple[str, str], tuple[str, int] | None]] = {
        ("OPENAI_API_KEY", ""): ("secret", 2),
        ("OPENAI_KEY", ""): ("secret", 2),
        ("OPENAI_ORG_ID", ""): ("organization", 2),
        ("OPENAI_ORGANIZATION", ""): ("organization", 2),
        ("OPENAI_PROJECT_ID", ""): ("project", 2),
        ("LLM_KEY", "sk-proj-" + "aB3x" * 10 + "T3BlbkFJ" + "aB3x" * 10): ("secret", 1),
        ("LLM_KEY", "sk-ant-api03-" + "aB3x" * 24): None,
        ("LLM_KEY", "sk-or-v1-T3BlbkFJ" + "ab3c" * 16): None,
        ("ANTHROPIC_API_KEY", ""): None,
    }

    def good(self, service: OpenAIStandIn) -> Mapping[str, str]:
        return {"secret": service.key}

    def revoke(self, service: OpenAIStandIn, part: str) -> None:
        service.key = service.new_key()

    @pytest.mark.anyio
    @pytest.mark.parametrize(("answer", "status"), ROWS)
    async def test_each_answer_means_what_the_facts_say(self, answer: Response, status: Status, tmp_path: Path) -> None:
        verdict = await reading(self.provider, {"secret": self.shapes["secret"][0]}, tmp_path, answer)
        assert verdict.status is status, verdict

    @pytest.mark.parametrize(
        ("value", "named"),
        [
            ("sk-ant-api03-" + "aB3x" * 24, "Anthropic"),
            ("sk-or-v1-" + "ab3c" * 16, "OpenRouter"),
            ("sk-admin-" + "aB3x" * 20, "admin"),
            ("org-AbCdEf0123456789", "ID"),
        ],
    )
    def test_what_a_wrong_value_is_gets_named(self, value: str, named: str) -> None:
        assert named in self.provider.shape(self.provider.key("secret"), value).text

    @pytest.mark.anyio
    async def test_a_key_for_another_server_is_not_sent_to_openai(
        self, served: Served, values: dict[str, str], machine: Machine
    ) -> None:
        verdict = await self.verdict("", {**values, "base_url": "https://openrouter.ai/api/v1"}, machine)
        assert verdict.status is Status.SKIPPED
        assert served.requests == []

    @pytest.mark.anyio
    async def test_organization_and_project_go_along_as_the_client_sends_them(
        self, served: Served, values: dict[str, str], machine: Machine
    ) -> None:
        more = {"organization": "org-AbCdEf0123456789", "project": "not one", "base_url": "https://api.openai.com/v1"}
        verdict = await self.verdict("", values | more, machine)
        assert verdict.status is Status.OK
        assert served.requests[0].headers["openai-organization"] == "org-AbCdEf0123456789"
        assert "openai-project" not in served.requests[0].headers
        assert verdict.identity["organization"] == "wavepoint-stand-in"
