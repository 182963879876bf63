"""Pusher: a signature that is right, values that are swapped, and browser against server."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar

import pytest

from onboard.machine import Machine
from onboard.model import Secret, Status
from onboard.providers import pusher
from onboard.providers._base import Held, Values
from onboard.sandbox.served import Response, Served
from onboard.sandbox.standins.pusher import PusherStandIn
from tests.providers.answers import reading, words
from tests.providers.contract import LiveContract

KEY, SECRET = "0123456789abcdef0123", "fedcba98765432109876"
GOOD = {"app_id": "1234567", "key": KEY, "secret": SECRET, "cluster": "eu"}
ROWS = [
    (Response.json({"channels": {}}), Status.OK),
    (words("Unknown auth_key 0123", 401), Status.FAIL),
    (words("Unknown auth_key 0123", 401, "text/html"), Status.FAIL),
    (words('Invalid signature: you should have sent HmacSHA256Hex("…")', 401), Status.FAIL),
    (words("Timestamp expired: Given timestamp (1) not within 600s of server time (2)", 401), Status.UNKNOWN),
    (words("Unauthorized", 401), Status.UNKNOWN),
    (words("App is disabled", 403), Status.WARN),
    (words("", 403), Status.UNKNOWN),
    (words("bad params", 400), Status.UNKNOWN),
    (words("app not in this cluster", 404), Status.UNKNOWN),
    (words("app not in this cluster", 401), Status.UNKNOWN),
    (Response.json({"channels": []}), Status.UNKNOWN),
    (Response.json({}), Status.UNKNOWN),
    (words('{"channels":{}}'), Status.UNKNOWN),
    (words("<html>Unknown auth_key</html>", 401), Status.UNKNOWN),
]


class TestPusher(LiveContract[PusherStandIn]):
    provider = pusher.provider
    stand_in = PusherStandIn
    carriers: ClassVar[tuple[str, ...]] = ()
    shapes: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "app_id": ("123456", "1234567"),
        "cluster": ("mt1", "eu", "us2", "us3", "ap1", "ap4", "sa1", "dedicated-1"),
    }
    bad: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "app_id": (KEY, "", "app", "12"),
        "key": ("1234567", "", "eu", "your-pusher-key", KEY + "0"),
        "secret": ("1234567", "", "short"),
        "cluster": ("https://api-eu.pusher.com", "", "EU!", "a.b"),
    }
    claims: ClassVar[Mapping[tuple[str, str], tuple[str, int] | None]] = {
        ("PUSHER_APP_ID", ""): ("app_id", 2),
        ("PUSHER_KEY", ""): ("key", 2),
        ("NEXT_PUBLIC_PUSHER_KEY", ""): ("key", 2),
        ("NEXT_PUBLIC_PUSHER_APP_KEY", ""): ("key", 2),
        ("PUSHER_SECRET", ""): ("secret", 2),
        ("NEXT_PUBLIC_PUSHER_CLUSTER", ""): ("cluster", 2),
        ("SOME_KEY", KEY): None,
    }

    def good(self, service: PusherStandIn) -> Mapping[str, str]:
        return {
            "app_id": service.app_id,
            "key": service.key,
            "secret": service.secret,
            "cluster": service.cluster,
        }

    def revoke(self, service: PusherStandIn, part: str) -> None:
        service.key = SECRET

    @pytest.mark.anyio
    @pytest.mark.parametrize(("answer", "status"), ROWS)
    async def test_each_answer_means_what_the_facts_say(self, answer: Response, status: Status, tmp_path: Path) -> None:
        verdict = await reading(self.provider, GOOD, tmp_path, answer)
        assert verdict.status is status, verdict

    @pytest.mark.anyio
    async def test_key_and_secret_are_blamed_apart(self, values: dict[str, str], machine: Machine) -> None:
        wrong_key = await self.verdict("", values | {"key": SECRET}, machine)
        wrong_secret = await self.verdict("", values | {"secret": KEY}, machine)
        assert wrong_key.status is wrong_secret.status is Status.FAIL
        assert "does not know this key" in wrong_key.summary
        assert "the secret is not this key's" in wrong_secret.summary

    @pytest.mark.anyio
    async def test_a_swap_is_named_and_not_tried_out(
        self, served: Served, values: dict[str, str], machine: Machine
    ) -> None:
        swapped = Values(
            [
                ("key", Held("PUSHER_KEY", Secret(values["secret"]))),
                ("key", Held("NEXT_PUBLIC_PUSHER_KEY", Secret(values["key"]))),
                ("secret", Held("PUSHER_SECRET", Secret(values["key"]))),
                ("app_id", Held("PUSHER_APP_ID", Secret(values["app_id"]))),
                ("cluster", Held("PUSHER_CLUSTER", Secret(values["cluster"]))),
            ]
        )
        verdict = await self.provider.verify(self.credential(""), swapped, machine)
        await machine.network.close()
        assert verdict.status is Status.FAIL
        assert "swapped" in verdict.summary
        assert len(served.requests) == 1

    @pytest.mark.anyio
    async def test_a_wrong_clock_is_not_blamed_on_the_values(self, values: dict[str, str], machine: Machine) -> None:
        machine._now = lambda: datetime.now(UTC) + timedelta(minutes=11)
        verdict = await self.verdict("", values, machine)
        assert verdict.status is Status.UNKNOWN
        assert "clock is 11 minutes off" in verdict.summary

    @pytest.mark.anyio
    async def test_no_event_is_ever_sent(self, served: Served, values: dict[str, str], machine: Machine) -> None:
        await self.verdict("", values, machine)
        assert [(one.method, one.path, one.body) for one in served.requests] == [
            ("GET", f"/apps/{values['app_id']}/channels", b"")
        ]

    @pytest.mark.anyio
    async def test_a_cluster_that_is_another_host_is_never_asked(
        self, served: Served, values: dict[str, str], machine: Machine
    ) -> None:
        for cluster in ("eu.evil.example/", "eu@evil.example", "x/../y", ""):
            verdict = await self.verdict("", values | {"cluster": cluster}, machine)
            assert verdict.status is Status.UNKNOWN
        assert served.requests == []

    def test_the_signature_is_the_one_of_the_documentation(self) -> None:
        """The worked example of Pusher's REST API reference."""
        body = b'{"name":"foo","channels":["project-3"],"data":"{\\"some\\":\\"data\\"}"}'
        query = pusher.signed(
            "POST", "/apps/3/events", {}, body, "278d425bdf160c739803", "7ad3773142a6692b25b8", 1353088179
        )
        assert query == (
            "auth_key=278d425bdf160c739803&auth_timestamp=1353088179&auth_version=1.0"
            "&body_md5=ec365a775a4cd0599faeb73354201b6f"
            "&auth_signature=da454824c97ba181a32ccc17a72625ba02771f50b50e1e7430e47a1f3f457e6c"
        )

    @pytest.mark.parametrize(
        ("public", "status"),
        [
            ({"NEXT_PUBLIC_PUSHER_KEY": KEY, "NEXT_PUBLIC_PUSHER_CLUSTER": "eu"}, Status.OK),
            ({"NEXT_PUBLIC_PUSHER_KEY": "aaaaaaaaaaaaaaaaaaaa"}, Status.FAIL),
            ({"NEXT_PUBLIC_PUSHER_CLUSTER": "us2"}, Status.FAIL),
            ({"NEXT_PUBLIC_PUSHER_KEY": SECRET}, Status.FAIL),
            ({}, None),
        ],
    )
    @pytest.mark.parametrize("browser_first", [True, False])
    def test_browser_and_server_have_to_use_one_app(
        self, public: dict[str, str], status: Status | None, browser_first: bool
    ) -> None:
        server = [(id, Held(self.provider.key(id).names[0], Secret(text))) for id, text in GOOD.items()]
        browser = [
            ("key" if name.endswith("KEY") else "cluster", Held(name, Secret(text))) for name, text in public.items()
        ]
        verdict = self.provider.compare(Values(browser + server if browser_first else server + browser), {})
        assert (verdict.status if verdict else None) is status

    def test_the_secret_in_the_browsers_variable_is_named_as_such(self) -> None:
        verdict = self.provider.compare(
            Values(
                [
                    ("key", Held("PUSHER_KEY", Secret(KEY))),
                    ("key", Held("NEXT_PUBLIC_PUSHER_KEY", Secret(SECRET))),
                    ("secret", Held("PUSHER_SECRET", Secret(SECRET))),
                ]
            ),
            {},
        )
        assert verdict is not None
        assert "NEXT_PUBLIC_PUSHER_KEY holds the secret" in verdict.summary
