"""Upstash: the REST pair under all its names, what a 400 means, and credentials that end together."""

from collections.abc import Mapping
from typing import ClassVar

import pytest

from onboard.machine import Machine
from onboard.model import Status
from onboard.providers import upstash
from onboard.providers._base import accepted
from onboard.sandbox.served import Served
from onboard.sandbox.standins.upstash import UpstashStandIn
from tests.providers.contract import LiveContract
from tests.providers.outside import held

TOKEN = "AYNgASQgMTIzNDU2Nzg5MGFiY2RlZmdoaWprbG1ub3BxcnN0dXY="


class TestUpstash(LiveContract[UpstashStandIn]):
    provider = upstash.provider
    stand_in = UpstashStandIn
    shapes: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "url": ("https://eu1-calm-bee-31234.upstash.io", "http://localhost:8079", "https://a-b-1.upstash.io/"),
        "token": (TOKEN,),
        "read_only": (TOKEN,),
        "email": ("dev@wavepoint.example",),
        "api": ("6f1c2c1a-0000-4000-8000-1234567890ab",),
    }
    bad: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "url": (
            "",
            "https://xxx.upstash.io",
            "https://test.upstash.io",
            "http://localhost:6379",
            "rediss://default:abcdef@eu1-calm-bee-31234.upstash.io:6379",
            "https://user:pw@eu1-calm-bee-31234.upstash.io",
            "https://eu1-calm-bee-31234.upstash.io@evil.example",
            "https://eu1-calm-bee-31234.upstash.io.evil.example",
            "https://evil.example/.upstash.io",
            "https://evil.example#.upstash.io",
            "http://eu1-calm-bee-31234.upstash.io",
            "https://.upstash.io",
            "https://x:y@eu1.upstash.io/",
        ),
        "token": ("", "xxx", "https://eu1-calm-bee-31234.upstash.io", "your token here please", "x" * 40),
        "email": ("dev", ""),
    }
    claims: ClassVar[Mapping[tuple[str, str], tuple[str, int] | None]] = {
        ("UPSTASH_REDIS_REST_URL", ""): ("url", 2),
        ("REDIS_REST_URL", ""): ("url", 2),
        ("REDIS_REST_TOKEN", ""): ("token", 2),
        ("UPSTASH_REDIS_URL", ""): ("url", 2),
        ("UPSTASH_REDIS_TOKEN", ""): ("token", 2),
        ("KV_REST_API_URL", ""): ("url", 2),
        ("KV_REST_API_TOKEN", ""): ("token", 2),
        ("KV_REST_API_READ_ONLY_TOKEN", ""): ("read_only", 2),
        ("REDIS_URL", "https://eu1-calm-bee-31234.upstash.io"): ("url", 3),
        ("REDIS_URL", "rediss://default:pw@eu1-calm-bee-31234.upstash.io:6379"): None,
        ("UPSTASH_REDIS_URL", "rediss://default:pw@eu1-calm-bee-31234.upstash.io:6379"): None,
        ("UPSTASH_REDIS_REST_URL", "rediss://default:pw@eu1-calm-bee-31234.upstash.io:6379"): ("url", 2),
        ("REDIS_URL", ""): None,
    }

    def good(self, service: UpstashStandIn) -> Mapping[str, str]:
        return {
            "url": service.url,
            "token": service.token,
            "read_only": service.read_only_token,
            "email": service.email,
            "api": service.api_key,
        }

    def revoke(self, service: UpstashStandIn, part: str) -> None:
        if part == "api":
            service.api_key = service.new_api_key()
        else:
            service.reset_password()

    @pytest.mark.anyio
    async def test_a_read_only_token_where_the_app_writes_is_a_warning(
        self, values: dict[str, str], machine: Machine
    ) -> None:
        verdict = await self.verdict("", {**values, "token": values["read_only"]}, machine)
        assert verdict.status is Status.WARN
        assert verdict.identity["access"] == "read"

    @pytest.mark.anyio
    @pytest.mark.parametrize("text", ["ERR max requests limit exceeded", "ERR max daily request limit exceeded"])
    async def test_a_used_up_quota_is_no_refusal(
        self, text: str, served: Served, values: dict[str, str], machine: Machine
    ) -> None:
        service(served).quota = f"{text}. Limit: 500000, Usage: 500000."
        verdict = await self.verdict("", values, machine)
        assert verdict.status is Status.WARN
        assert "quota" in verdict.summary

    @pytest.mark.anyio
    async def test_a_token_goes_to_no_other_host(
        self, values: dict[str, str], served: Served, machine: Machine
    ) -> None:
        for url in self.bad["url"]:
            verdict = await self.verdict("", {**values, "url": url}, machine)
            assert verdict.status not in (Status.OK, Status.FAIL), url
        assert served.requests == []

    @pytest.mark.anyio
    async def test_a_database_of_another_account_is_noticed(
        self, served: Served, values: dict[str, str], machine: Machine
    ) -> None:
        other = await self.verdict("api", {**values, "url": "https://other-one-1.upstash.io"}, machine)
        verdict = self.provider.compare(held(values, self.provider), {"api": other})
        assert verdict is not None
        assert verdict.status is Status.WARN
        same = await self.verdict("api", values, machine)
        assert same.identity["token"] == "known"

    def test_address_and_token_belong_together_when_the_service_says_so(self) -> None:
        verdict = self.provider.compare(held({}, self.provider), {"": accepted("", {"database": "x"})})
        assert verdict is not None
        assert verdict.status is Status.OK
        assert self.provider.compare(held({}, self.provider), {}) is None

    @pytest.mark.anyio
    async def test_a_reset_gives_a_new_token_and_the_old_one_is_dead(
        self, served: Served, values: dict[str, str], machine: Machine
    ) -> None:
        old = held(values, self.provider)
        fresh = await self.provider.renew("token", old, machine)
        assert fresh.old_dead
        token = fresh.values["token"].reveal()
        assert token == service(served).token != values["token"]
        new = held({**values, "token": token}, self.provider)
        assert (await self.provider.retire("token", fresh, old, new, machine)).status is Status.OK
        assert (await self.verdict("", {**values, "token": token}, machine)).status is Status.OK

    @pytest.mark.anyio
    async def test_a_new_database_comes_with_a_pair_that_works(self, values: dict[str, str], machine: Machine) -> None:
        made = await self.provider.provision("database", held(values, self.provider), machine)
        assert set(made) == {"url", "token"}
        pair = {id: value.reveal() for id, value in made.items()}
        assert (await self.verdict("", pair, machine)).status is Status.OK


def service(served: Served) -> UpstashStandIn:
    assert isinstance(served.stand_in, UpstashStandIn)
    return served.stand_in
