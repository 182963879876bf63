"""Twilio: accounts, tokens and API keys, of which only some may read the account."""

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import pytest

from onboard.machine import Machine
from onboard.model import Status
from onboard.network import Network
from onboard.providers import twilio
from onboard.sandbox.served import Response, Served
from onboard.sandbox.standins.twilio import TwilioStandIn
from tests.providers.answers import reading
from tests.providers.contract import LiveContract
from tests.providers.outside import Recording

HEX = "0123456789abcdef0123456789abcdef"
BY_TOKEN = {"account": f"AC{HEX}", "token": HEX}
BY_KEY = {"account": f"AC{HEX}", "key": f"SK{HEX}", "key_secret": "aB3x" * 8}


def account(**more: str) -> Response:
    return Response.json({"sid": f"AC{HEX}", "friendly_name": "W", "status": "active", "type": "Full"} | more)


def error(status: int, code: int) -> Response:
    return Response.json({"code": code, "message": "…", "status": status}, status)


ROWS = [
    (account(), Status.OK),
    (account(type="Trial"), Status.WARN),
    (account(status="suspended"), Status.WARN),
    (account(status="closed"), Status.WARN),
    (account(sid=f"AC{HEX[::-1]}"), Status.UNKNOWN),
    (error(401, 20003), Status.FAIL),
    (error(401, 70051), Status.UNKNOWN),
    (error(403, 20008), Status.UNKNOWN),
    (error(403, 20403), Status.UNKNOWN),
    (error(404, 20404), Status.UNKNOWN),
    (Response.json({"message": "x"}, 401), Status.UNKNOWN),
]
KEY_ROWS = [
    ((account(),), Status.OK),
    ((error(401, 20003), Response.json({"services": []})), Status.OK),
    ((error(401, 70051), Response.json({"services": []})), Status.OK),
    ((error(401, 20003), error(401, 20003)), Status.UNKNOWN),
    ((error(401, 20003), error(401, 70051)), Status.UNKNOWN),
    ((error(401, 20003), Response.json({})), Status.UNKNOWN),
    ((error(403, 20008),), Status.UNKNOWN),
]


class TestTwilio(LiveContract[TwilioStandIn]):
    provider = twilio.provider
    stand_in = TwilioStandIn
    never_refused = ("key",)
    shapes: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "account": (f"AC{HEX}",),
        "service": (f"VA{HEX}", f"MG{HEX}"),
        "region": ("ie1", "au1"),
        "edge": ("dublin",),
    }
    bad: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "account": (f"SK{HEX}", HEX, "", "ACxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"),
        "token": (f"AC{HEX}", f"SK{HEX}", "short", "your_auth_token"),
        "key": (f"AC{HEX}", HEX, ""),
        "key_secret": (f"SK{HEX}", "short"),
        "service": (f"AC{HEX}", ""),
        "region": ("ie1.twilio.com", "evil/x", ""),
        "edge": ("dublin.evil.example",),
    }
    claims: ClassVar[Mapping[tuple[str, str], tuple[str, int] | None]] = {
        ("TWILIO_ACCOUNT_SID", ""): ("account", 2),
        ("TWILIO_AUTH_TOKEN", ""): ("token", 2),
        ("TWILIO_API_KEY", ""): ("key", 2),
        ("TWILIO_API_KEY_SID", ""): ("key", 2),
        ("TWILIO_API_SECRET", ""): ("key_secret", 2),
        ("TWILIO_API_KEY_SECRET", ""): ("key_secret", 2),
        ("TWILIO_VERIFY_SERVICE_SID", ""): ("service", 2),
        ("SMS_ACCOUNT", f"AC{HEX}"): ("account", 1),
        ("SMS_TOKEN", HEX): None,
    }

    def good(self, service: TwilioStandIn) -> Mapping[str, str]:
        return {
            "account": service.account,
            "token": service.token,
            "key": service.key,
            "key_secret": service.key_secret,
        }

    def revoke(self, service: TwilioStandIn, part: str) -> None:
        service.token, service.key_secret = HEX, "zZ9y" * 8

    @pytest.mark.anyio
    @pytest.mark.parametrize(("answer", "status"), ROWS)
    async def test_each_answer_to_the_token_means_what_the_facts_say(
        self, answer: Response, status: Status, tmp_path: Path
    ) -> None:
        verdict = await reading(self.provider, BY_TOKEN, tmp_path, answer)
        assert verdict.status is status, verdict

    @pytest.mark.anyio
    @pytest.mark.parametrize(("answers", "status"), KEY_ROWS)
    async def test_each_answer_to_an_api_key_means_what_the_facts_say(
        self, answers: tuple[Response, ...], status: Status, tmp_path: Path
    ) -> None:
        verdict = await reading(self.provider, BY_KEY, tmp_path, *answers, part="key")
        assert verdict.status is status, verdict

    @pytest.mark.anyio
    @pytest.mark.parametrize(
        ("more", "host"),
        [
            ({}, "api.twilio.com"),
            ({"region": "ie1"}, "api.ie1.twilio.com"),
            ({"region": "ie1", "edge": "dublin"}, "api.dublin.ie1.twilio.com"),
            ({"edge": "sydney"}, "api.sydney.us1.twilio.com"),
            ({"region": "evil.example/"}, "api.twilio.com"),
        ],
    )
    async def test_the_region_is_part_of_the_host_as_the_clients_build_it(
        self, more: dict[str, str], host: str, values: dict[str, str], machine: Machine
    ) -> None:
        assert (await self.verdict("", values | more, machine)).status is Status.OK
        network: Network = machine.network
        assert isinstance(network, Recording)
        assert [one.base for one in network.wanted] == [f"https://{host}"]

    @pytest.mark.anyio
    async def test_an_account_that_is_none_is_not_asked_for(self, served: Served, machine: Machine) -> None:
        for wrong in ("../../v2/Services", f"AC{HEX}?x=", ""):
            verdict = await self.verdict("", BY_TOKEN | {"account": wrong}, machine)
            assert verdict.status is Status.UNKNOWN
        assert served.requests == []
