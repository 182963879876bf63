"""PostHog: two regions, a public key and a personal one that must not be mixed up."""

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import pytest

from onboard.machine import Machine
from onboard.model import Secret, Status
from onboard.providers import posthog
from onboard.providers._base import Held, Values, accepted
from onboard.sandbox.served import Response, Served
from onboard.sandbox.standins.posthog import PostHogStandIn
from tests.providers.answers import reading, words
from tests.providers.contract import LiveContract
from tests.providers.outside import Recording

KEY, PERSONAL = "phc_" + "aB3xY7q" * 6 + "Z", "phx_" + "aB3xY7q" * 6 + "Z"
INVALID = words("The provided API key is invalid or has expired. Please check your API key and try again.", 401)
FLAGS = Response.json({"errorsWhileComputingFlags": False, "flags": {}, "requestId": "x"})
US, EU = {"host": "https://us.i.posthog.com"}, {"host": "https://eu.i.posthog.com"}
ROWS: list[tuple[dict[str, str], tuple[Response, ...], Status]] = [
    ({}, (FLAGS,), Status.OK),
    ({}, (INVALID, FLAGS), Status.OK),
    ({}, (INVALID, INVALID), Status.FAIL),
    (US, (FLAGS,), Status.OK),
    (US, (INVALID, FLAGS), Status.WARN),
    (EU, (INVALID, FLAGS), Status.WARN),
    (US, (INVALID, INVALID), Status.FAIL),
    ({"host": "https://ph.my-company.example"}, (INVALID, INVALID), Status.UNKNOWN),
    ({"host": "/ingest"}, (INVALID, FLAGS), Status.OK),
    (US, (INVALID, Response.json({}, 500)), Status.UNKNOWN),
    (US, (INVALID, words("slow down", 429)), Status.UNKNOWN),
    (US, (words("over the limit", 402),), Status.WARN),
    (US, (Response.json({"flags": {}, "quotaLimited": ["feature_flags"]}),), Status.WARN),
    (US, (words("Unauthorized", 401),), Status.UNKNOWN),
    (US, (words("The distinct_id field is missing", 400),), Status.UNKNOWN),
    (US, (Response.json({"status": 1}),), Status.UNKNOWN),
    (US, (words('{"flags":{}}'),), Status.UNKNOWN),
]
ME = Response.json({"email": "a@b.example", "organization": {"name": "W"}, "team": {"name": "S", "api_token": KEY}})
DENIED, SCOPED = Response.json({"detail": "invalid"}, 401), Response.json({"detail": "scope"}, 403)
PERSONAL_ROWS: list[tuple[dict[str, str], tuple[Response, ...], Status]] = [
    ({}, (ME,), Status.OK),
    ({}, (DENIED, ME), Status.OK),
    (US, (DENIED, ME), Status.WARN),
    (US, (SCOPED,), Status.WARN),
    (US, (DENIED, SCOPED), Status.WARN),
    (US, (DENIED, DENIED), Status.FAIL),
    ({}, (DENIED, Response.json({}, 503)), Status.UNKNOWN),
    ({}, (Response.json({}, 401),), Status.UNKNOWN),
    ({}, (Response.json({"id": 1}),), Status.UNKNOWN),
    ({"host": "https://ph.my-company.example"}, (ME,), Status.SKIPPED),
]


class TestPostHog(LiveContract[PostHogStandIn]):
    provider = posthog.provider
    stand_in = PostHogStandIn
    shapes: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "secure": ("phs_" + "aB3xY7q" * 6,),
        "project": ("12345",),
        "host": (
            "https://us.i.posthog.com",
            "https://eu.posthog.com/",
            "https://app.posthog.com",
            "/ingest",
            "https://ph.my-company.example",
        ),
    }
    bad: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "key": ("", PERSONAL, "phs_" + "aB3xY7q" * 6, "phc_", "phc_" + "x" * 43, "pk_test_abc", "your-key"),
        "personal": (KEY, "", "phx_short"),
        "secure": (KEY, ""),
        "host": ("us.i.posthog.com", "", "posthog"),
        "project": ("shop", ""),
    }
    claims: ClassVar[Mapping[tuple[str, str], tuple[str, int] | None]] = {
        ("NEXT_PUBLIC_POSTHOG_KEY", ""): ("key", 2),
        ("NEXT_PUBLIC_POSTHOG_KEY", PERSONAL): ("key", 2),
        ("NEXT_PUBLIC_POSTHOG_HOST", ""): ("host", 2),
        ("POSTHOG_API_KEY", ""): ("key", 2),
        ("POSTHOG_API_KEY", PERSONAL): ("personal", 2),
        ("POSTHOG_PERSONAL_API_KEY", ""): ("personal", 2),
        ("POSTHOG_PROJECT_ID", ""): ("project", 2),
        ("ANALYTICS_KEY", KEY): ("key", 1),
        ("ANALYTICS_KEY", PERSONAL): ("personal", 1),
        ("ANALYTICS_KEY", "phc_x"): None,
    }

    def good(self, service: PostHogStandIn) -> Mapping[str, str]:
        return {"key": service.key, "personal": service.personal, "host": "https://eu.i.posthog.com"}

    def revoke(self, service: PostHogStandIn, part: str) -> None:
        service.key, service.personal = KEY, PERSONAL

    @pytest.mark.anyio
    @pytest.mark.parametrize(("more", "answers", "status"), ROWS)
    async def test_each_answer_to_the_project_key_means_what_the_facts_say(
        self, more: dict[str, str], answers: tuple[Response, ...], status: Status, tmp_path: Path
    ) -> None:
        verdict = await reading(self.provider, {"key": KEY} | more, tmp_path, *answers)
        assert verdict.status is status, verdict

    @pytest.mark.anyio
    @pytest.mark.parametrize(("more", "answers", "status"), PERSONAL_ROWS)
    async def test_each_answer_to_a_personal_key_means_what_the_facts_say(
        self, more: dict[str, str], answers: tuple[Response, ...], status: Status, tmp_path: Path
    ) -> None:
        verdict = await reading(self.provider, {"personal": PERSONAL} | more, tmp_path, *answers, part="personal")
        assert verdict.status is status, verdict

    def test_a_personal_key_in_the_browsers_variable_is_named_as_a_leak(self) -> None:
        shape = self.provider.shape(self.provider.key("key"), PERSONAL)
        assert "must never reach the browser" in shape.text

    @pytest.mark.anyio
    @pytest.mark.parametrize("part", ["", "personal"])
    async def test_the_wrong_region_is_told_with_the_right_one(
        self, part: str, served: Served, values: dict[str, str], machine: Machine
    ) -> None:
        verdict = await self.verdict(part, values | US, machine)
        assert verdict.status is Status.WARN
        assert verdict.identity["region"] == "eu"
        assert "https://eu.i.posthog.com" in verdict.detail
        assert isinstance(machine.network, Recording)
        assert [one.endpoint for one in machine.network.wanted] == ["posthog.us", "posthog.eu"]

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        if metafunc.function.__name__ != "test_the_wrong_region_is_told_with_the_right_one":
            super().pytest_generate_tests(metafunc)

    @pytest.mark.anyio
    async def test_no_event_is_captured(self, served: Served, values: dict[str, str], machine: Machine) -> None:
        await self.verdict("", values, machine)
        assert [one.path for one in served.requests] == ["/eu/flags"]

    @pytest.mark.anyio
    async def test_the_personal_keys_project_is_compared_without_showing_its_key(
        self, served: Served, values: dict[str, str], machine: Machine
    ) -> None:
        same = await self.verdict("personal", values, machine)
        other = await self.verdict("personal", values | {"key": KEY}, machine)
        assert (same.identity["same project"], other.identity["same project"]) == ("yes", "no")

    @pytest.mark.parametrize(
        ("host", "project", "personal", "same", "status"),
        [
            ("https://eu.i.posthog.com", "eu", "eu", "yes", Status.OK),
            ("https://us.i.posthog.com", "eu", "eu", "yes", Status.FAIL),
            ("", "eu", "us", "", Status.WARN),
            ("", "eu", "eu", "no", Status.WARN),
            ("https://eu.i.posthog.com", "eu", "", "", None),
            ("/ingest", "eu", "", "", None),
        ],
    )
    def test_host_and_keys_have_to_be_of_one_region(
        self, host: str, project: str, personal: str, same: str, status: Status | None
    ) -> None:
        values = Values(
            [("key", Held("NEXT_PUBLIC_POSTHOG_KEY", Secret(KEY)))]
            + ([("host", Held("NEXT_PUBLIC_POSTHOG_HOST", Secret(host)))] if host else [])
        )
        verdicts = {"": accepted("", {"region": project})}
        if personal:
            verdicts["personal"] = accepted("", {"region": personal} | ({"same project": same} if same else {}))
        verdict = self.provider.compare(values, verdicts)
        assert (verdict.status if verdict else None) is status

    @pytest.mark.parametrize(
        ("host", "region"),
        [
            ("https://us.i.posthog.com", "us"),
            ("https://eu.posthog.com", "eu"),
            ("https://us-assets.i.posthog.com", "us"),
            ("https://app.posthog.com/", "us"),
            ("https://posthog.com.evil.example", ""),
            ("https://eu.posthog.com@evil.example", ""),
            ("https://[", ""),
        ],
    )
    def test_only_posthogs_own_hosts_name_a_region(self, host: str, region: str) -> None:
        assert posthog.region_of(host) == region
