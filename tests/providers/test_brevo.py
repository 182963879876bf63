"""Brevo: the two meanings of its 401, and an account that may not send yet."""

from collections.abc import Mapping
from typing import ClassVar

import pytest

from onboard.machine import Machine
from onboard.model import Status
from onboard.providers import brevo
from onboard.sandbox.served import Served
from onboard.sandbox.standins.brevo import BrevoStandIn
from tests.providers.contract import LiveContract

BODY = "0123456789abcdef" * 4 + "-aB3dE6gH9jK2mN5p"


class TestBrevo(LiveContract[BrevoStandIn]):
    provider = brevo.provider
    stand_in = BrevoStandIn
    carriers = ("api-key",)
    shapes: ClassVar[Mapping[str, tuple[str, ...]]] = {"secret": (f"xkeysib-{BODY}",), "smtp": (f"xsmtpsib-{BODY}",)}
    bad: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "secret": ("", "xkeysib-...", f"xsmtpsib-{BODY}", "xkeysib-" + "x" * 81, "your-key", f"xkeysib-{BODY} "),
        "smtp": (f"xkeysib-{BODY}", "password"),
    }
    claims: ClassVar[Mapping[tuple[str, str], tuple[str, int] | None]] = {
        ("BREVO_API_KEY", ""): ("secret", 2),
        ("SENDINBLUE_API_KEY", ""): ("secret", 2),
        ("BREVO_SMTP_PASSWORD", ""): ("smtp", 2),
        ("MAIL_KEY", f"xkeysib-{BODY}"): ("secret", 1),
        ("SMTP_PASSWORD", f"xsmtpsib-{BODY}"): ("smtp", 1),
        ("SMTP_PASSWORD", "abc"): None,
    }

    def good(self, service: BrevoStandIn) -> Mapping[str, str]:
        return {"secret": service.api_key}

    def revoke(self, service: BrevoStandIn, part: str) -> None:
        service.revoked.add(service.api_key)

    @pytest.mark.anyio
    async def test_an_unknown_address_says_nothing_of_the_key_and_is_asked_once(
        self, served: Served, values: dict[str, str], machine: Machine
    ) -> None:
        service(served).blocked_address = "198.51.100.7"
        verdict = await self.verdict("", values, machine)
        assert verdict.status is Status.UNKNOWN
        assert "authorised_ips" in verdict.detail
        assert len(served.requests) == 1

    @pytest.mark.anyio
    async def test_an_account_that_may_not_send_is_a_warning(
        self, served: Served, values: dict[str, str], machine: Machine
    ) -> None:
        service(served).relay = False
        verdict = await self.verdict("", values, machine)
        assert verdict.status is Status.WARN
        assert verdict.identity["company"] == "WavePoint (stand-in)"


def service(served: Served) -> BrevoStandIn:
    assert isinstance(served.stand_in, BrevoStandIn)
    return served.stand_in
