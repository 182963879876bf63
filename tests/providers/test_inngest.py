"""Inngest: only the hash of a signing key travels, events are never sent, and local work needs no key."""

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import pytest

from onboard.machine import Machine
from onboard.model import Secret, Status
from onboard.providers import inngest
from onboard.providers._base import Held, Values
from onboard.sandbox.served import Response, Served
from onboard.sandbox.standins.inngest import InngestStandIn
from tests.providers.answers import reading
from tests.providers.contract import LiveContract
from tests.providers.outside import held

KEY = "signkey-test-" + "0123456789abcdef" * 4
PRODUCTION = "signkey-prod-" + "0123456789abcdef" * 4
ROWS = [
    (Response.json({"data": [], "metadata": {}}), Status.OK),
    (Response.json({"error": "Unauthorized", "status": 401}, 401), Status.FAIL),
    (Response.json({}, 401), Status.UNKNOWN),
    (Response.json({"error": "Forbidden"}, 403), Status.UNKNOWN),
    (Response.json({"error": "Not found"}, 404), Status.UNKNOWN),
    (Response.json({"data": None}), Status.UNKNOWN),
    (Response.json([]), Status.UNKNOWN),
]


class TestInngest(LiveContract[InngestStandIn]):
    provider = inngest.provider
    stand_in = InngestStandIn
    shapes: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "signing": (KEY, "signkey-branch-" + "ab" * 32, "signkey-" + "my_env-" + "ab" * 32),
        "fallback": (KEY,),
        "event": ("aB3x" * 20, "local"),
        "dev": ("1", "true", "0", "http://localhost:8288"),
        "base_url": ("http://localhost:8288",),
        "env": ("feature/new-checkout",),
    }
    bad: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "signing": ("", "signkey-test-xyz", "aB3x" * 20, "signkey-test-", KEY[:-1], "your key"),
        "fallback": ("",),
        "event": (KEY, "", "two words"),
        "dev": ("yes please", "", "localhost:8288"),
        "base_url": ("localhost", ""),
        "env": ("two words", ""),
    }
    live: ClassVar[Mapping[str, str]] = {"signing": PRODUCTION}
    claims: ClassVar[Mapping[tuple[str, str], tuple[str, int] | None]] = {
        ("INNGEST_EVENT_KEY", ""): ("event", 2),
        ("INNGEST_SIGNING_KEY", ""): ("signing", 2),
        ("INNGEST_SIGNING_KEY_FALLBACK", ""): ("fallback", 2),
        ("INNGEST_DEV", ""): ("dev", 2),
        ("INNGEST_BASE_URL", ""): ("base_url", 2),
        ("JOBS_KEY", KEY): ("signing", 1),
        ("JOBS_KEY", "aB3x" * 20): None,
    }

    def good(self, service: InngestStandIn) -> Mapping[str, str]:
        return {"signing": service.signing_key, "event": service.event_key}

    def revoke(self, service: InngestStandIn, part: str) -> None:
        service.signing_key = service.new_key()

    @pytest.mark.anyio
    @pytest.mark.parametrize(("answer", "status"), ROWS)
    async def test_each_answer_means_what_the_facts_say(self, answer: Response, status: Status, tmp_path: Path) -> None:
        verdict = await reading(self.provider, {"signing": KEY}, tmp_path, answer)
        assert verdict.status is status, verdict

    @pytest.mark.anyio
    async def test_only_the_hash_of_the_signing_key_is_sent(
        self, served: Served, values: dict[str, str], machine: Machine
    ) -> None:
        assert (await self.verdict("", values, machine)).status is Status.OK
        assert values["signing"].rpartition("-")[2] not in repr(served.requests)

    @pytest.mark.anyio
    @pytest.mark.parametrize("more", [{"dev": "1"}, {"dev": "http://localhost:8288"}, {"base_url": "http://10.0.0.1"}])
    async def test_local_work_asks_nobody(
        self, more: dict[str, str], served: Served, values: dict[str, str], machine: Machine
    ) -> None:
        for credential in ("", "event"):
            assert (await self.verdict(credential, values | more, machine)).status is Status.SKIPPED
        assert served.requests == []

    @pytest.mark.anyio
    async def test_an_event_key_is_never_tried(self, served: Served, values: dict[str, str], machine: Machine) -> None:
        verdict = await self.verdict("event", values | {"dev": "0"}, machine)
        assert verdict.status is Status.UNKNOWN
        assert "nothing was sent" in verdict.summary
        assert served.requests == []

    @pytest.mark.anyio
    async def test_dev_mode_is_made_here(self, served: Served, machine: Machine) -> None:
        made = await self.provider.provision("dev", Values(), machine)
        assert made == {"dev": Secret("1")}
        assert served.requests == []

    def test_a_fallback_of_another_environment_is_refused(self) -> None:
        values = held({"signing": KEY, "fallback": KEY.replace("test", "branch")}, self.provider)
        verdict = self.provider.compare(values, {})
        assert verdict is not None
        assert verdict.status is Status.FAIL
        assert self.provider.compare(held({"signing": KEY, "fallback": KEY}, self.provider), {}) is None

    def test_the_hash_is_of_the_bytes_and_not_of_their_hex(self) -> None:
        assert inngest.hashed("signkey-test-" + "00" * 32) == (
            "signkey-test-66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925"
        )
        with pytest.raises(ValueError, match="not a signing key"):
            inngest.hashed("signkey-test-xyz")

    def test_a_production_key_is_stopped(self) -> None:
        values = Values([("signing", Held("INNGEST_SIGNING_KEY", Secret(PRODUCTION)))])
        assert self.provider.production(values) == "signing"
