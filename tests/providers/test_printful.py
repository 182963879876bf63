"""Printful: scopes, stores, and tokens that see no store."""

from collections.abc import Mapping
from typing import ClassVar

import pytest

from onboard.machine import Machine
from onboard.model import Status
from onboard.providers import printful
from onboard.sandbox.served import Served
from onboard.sandbox.standins.printful import PrintfulStandIn
from tests.providers.contract import LiveContract

TOKEN = "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7cF0hJ3lMnOpQr"


class TestPrintful(LiveContract[PrintfulStandIn]):
    provider = printful.provider
    stand_in = PrintfulStandIn
    shapes: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "token": (TOKEN,),
        "store": ("12345678",),
        "webhook": ("0123456789abcdef0123456789abcdef",),
    }
    bad: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "token": ("", "xxx", "x" * 40, "abcd1234-ab12-cd34:ef56-abcdef123456", f"{TOKEN}="),
        "store": ("my-store", ""),
        "webhook": ("", "secret"),
    }
    claims: ClassVar[Mapping[tuple[str, str], tuple[str, int] | None]] = {
        ("PRINTFUL_API_KEY", ""): ("token", 2),
        ("PRINTFUL_ACCESS_TOKEN", ""): ("token", 2),
        ("PRINTFUL_WEBHOOK_SECRET", ""): ("webhook", 2),
        ("SOME_TOKEN", TOKEN): None,
    }

    def good(self, service: PrintfulStandIn) -> Mapping[str, str]:
        return {"token": service.token}

    def revoke(self, service: PrintfulStandIn, part: str) -> None:
        service.revoked.add(service.token)

    @pytest.mark.anyio
    async def test_the_store_is_named(self, values: dict[str, str], machine: Machine) -> None:
        assert (await self.verdict("", values, machine)).identity["store"] == "WavePoint (stand-in)"

    @pytest.mark.anyio
    async def test_a_token_that_may_not_list_stores_is_still_good(
        self, served: Served, values: dict[str, str], machine: Machine
    ) -> None:
        service(served).scopes = ["orders", "files", "webhooks"]
        verdict = await self.verdict("", values, machine)
        assert verdict.status is Status.OK
        assert verdict.identity == {"scopes": "files, orders, webhooks"}

    @pytest.mark.anyio
    async def test_a_store_that_the_token_does_not_see_is_a_warning(
        self, values: dict[str, str], machine: Machine
    ) -> None:
        assert (await self.verdict("", {**values, "store": "1"}, machine)).status is Status.WARN


def service(served: Served) -> PrintfulStandIn:
    assert isinstance(served.stand_in, PrintfulStandIn)
    return served.stand_in
