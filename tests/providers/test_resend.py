"""Resend: statuses that mean the opposite of elsewhere, and keys that change without a gap."""

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import pytest

from onboard.errors import OnboardError
from onboard.machine import Machine
from onboard.model import Status
from onboard.providers import resend
from onboard.sandbox.served import Response, Served
from onboard.sandbox.standins.resend import ResendStandIn
from tests.providers.answers import reading
from tests.providers.contract import LiveContract
from tests.providers.outside import held

KEY = "re_AbCd1234_AbCdEfGhIjKlMnOpQrStUvWx"


def error(status: int, name: str) -> Response:
    return Response.json({"statusCode": status, "name": name, "message": "…"}, status)


ROWS = [
    (Response.json({"data": [{"name": "a.example", "status": "verified"}]}), Status.OK),
    (Response.json({"data": []}), Status.WARN),
    (Response.json({"data": [{"name": "a.example", "status": "pending"}]}), Status.WARN),
    (error(401, "restricted_api_key"), Status.OK),
    (error(403, "invalid_api_key"), Status.FAIL),
    (error(401, "missing_api_key"), Status.UNKNOWN),
    (error(400, "validation_error"), Status.UNKNOWN),
    (error(401, "something_new"), Status.UNKNOWN),
    (error(429, "rate_limit_exceeded"), Status.UNKNOWN),
    (error(429, "daily_quota_exceeded"), Status.UNKNOWN),
    (Response.json({"data": None}), Status.UNKNOWN),
    (Response.json({"data": [1]}), Status.UNKNOWN),
]


class TestResend(LiveContract[ResendStandIn]):
    provider = resend.provider
    stand_in = ResendStandIn
    shapes: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "secret": (KEY, "re_AbCdEfGh0123456789_x"),
        "webhook": ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",),
    }
    bad: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "secret": (
            "",
            "resend-api-key",
            "re_test_1234",
            "re_your_resend_api_key_here",
            "re_xxxxxxxxxxxxxxxxxxxx",
            "re_AbCd1234_AbCdEf-GhIjKl",
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "SG.abc.def",
        ),
        "webhook": (KEY, "whsec_", ""),
    }
    claims: ClassVar[Mapping[tuple[str, str], tuple[str, int] | None]] = {
        ("RESEND_API_KEY", ""): ("secret", 2),
        ("RESEND_TOKEN", ""): ("secret", 2),
        ("AUTH_RESEND_KEY", ""): ("secret", 2),
        ("RESEND_WEBHOOK_SECRET", ""): ("webhook", 2),
        ("EMAIL_API_KEY", KEY): ("secret", 1),
        ("EMAIL_API_KEY", "re_something"): None,
        ("STRIPE_WEBHOOK_SECRET", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"): None,
    }

    def good(self, service: ResendStandIn) -> Mapping[str, str]:
        return {"secret": service.key}

    def revoke(self, service: ResendStandIn, part: str) -> None:
        service.keys = {"other": service.new_key()}

    @pytest.mark.anyio
    @pytest.mark.parametrize(("answer", "status"), ROWS)
    async def test_each_answer_means_what_the_facts_say(self, answer: Response, status: Status, tmp_path: Path) -> None:
        verdict = await reading(self.provider, {"secret": KEY}, tmp_path, answer)
        assert verdict.status is status, verdict

    @pytest.mark.anyio
    async def test_a_new_key_works_before_the_old_one_is_deleted_and_proven_dead(
        self, served: Served, values: dict[str, str], machine: Machine
    ) -> None:
        old = held(values, self.provider)
        fresh = await self.provider.renew("secret", old, machine)
        assert not fresh.old_dead
        assert (await self.provider.verify(self.credential(""), old, machine)).status is Status.OK
        new = held({"secret": fresh.values["secret"].reveal()}, self.provider)
        assert (await self.provider.verify(self.credential(""), new, machine)).status is Status.OK
        verdict = await self.provider.retire("secret", fresh, old, new, machine)
        assert verdict.status is Status.OK
        assert "dead" in verdict.summary
        assert list(standin(served).keys.values()) == [fresh.values["secret"].reveal()]
        await machine.network.close()

    @pytest.mark.anyio
    async def test_no_key_is_deleted_by_a_guess(self, served: Served, values: dict[str, str], machine: Machine) -> None:
        standin(served).keys["33333333-aaaa-4bbb-8ccc-000000000003"] = "re_another_one_that_is_in_use"
        old = held(values, self.provider)
        fresh = await self.provider.renew("secret", old, machine)
        new = held({"secret": fresh.values["secret"].reveal()}, self.provider)
        verdict = await self.provider.retire("secret", fresh, old, new, machine)
        assert verdict.status is Status.WARN
        assert not [one for one in served.requests if one.method == "DELETE"]
        await machine.network.close()

    @pytest.mark.anyio
    async def test_a_sending_key_cannot_make_keys_and_says_so(
        self, served: Served, values: dict[str, str], machine: Machine
    ) -> None:
        standin(served).sending.add(values["secret"])
        with pytest.raises(OnboardError) as trouble:
            await self.provider.renew("secret", held(values, self.provider), machine)
        await machine.network.close()
        assert values["secret"] not in str(trouble.value) + trouble.value.hint
        assert len(standin(served).keys) == 1


def standin(served: Served) -> ResendStandIn:
    assert isinstance(served.stand_in, ResendStandIn)
    return served.stand_in
