"""UploadThing: two generations of credentials, and refusals of which nobody knows the meaning."""

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import pytest

from onboard.machine import Machine
from onboard.model import Secret, Status
from onboard.providers import uploadthing
from onboard.providers._base import Held, Values
from onboard.sandbox.served import Response, Served
from onboard.sandbox.standins.uploadthing import UploadThingStandIn
from tests.providers.answers import reading
from tests.providers.contract import LiveContract

SECRET = "sk_live_" + "0123456789abcdef" * 4


def packed(**says: object) -> str:
    return base64.b64encode(json.dumps(says).encode()).decode()


TOKEN = packed(apiKey=SECRET, appId="a1b2c3d4e5", regions=["sea1"])
USAGE = {"totalBytes": 10, "appTotalBytes": 10, "filesUploaded": 1, "limitBytes": 2_000_000_000}
ROWS = [
    (Response.json(USAGE), Status.OK),
    (Response.json(USAGE | {"totalBytes": 2_000_000_000}), Status.WARN),
    (Response.json({"error": "Unauthorized"}, 401), Status.UNKNOWN),
    (Response.json({"code": "FORBIDDEN", "message": "…"}, 403), Status.UNKNOWN),
    (Response.json({"code": "NOT_FOUND", "message": "…"}, 404), Status.UNKNOWN),
    (Response.json({"code": "BAD_REQUEST", "message": "…"}, 400), Status.UNKNOWN),
    (Response.json({"totalBytes": 10}), Status.UNKNOWN),
    (Response.json(USAGE | {"limitBytes": "a lot"}), Status.UNKNOWN),
    (Response.json(USAGE | {"appTotalBytes": True}), Status.UNKNOWN),
]


class TestUploadThing(LiveContract[UploadThingStandIn]):
    provider = uploadthing.provider
    stand_in = UploadThingStandIn
    carriers: ClassVar[tuple[str, ...]] = ("x-uploadthing-api-key",)
    never_refused = ("", "secret")
    shapes: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "token": (TOKEN, TOKEN.rstrip("="), packed(apiKey=SECRET, appId="x", regions=["a"], ingestHost="h")),
        "secret": (SECRET,),
        "app_id": ("a1b2c3d4e5",),
    }
    bad: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "token": (
            "",
            SECRET,
            f"'{TOKEN}'",
            f"UPLOADTHING_TOKEN='{TOKEN}'",
            TOKEN[:-20],
            packed(apiKey="x", appId="a", regions=["b"]),
            packed(apiKey=SECRET, regions=["b"]),
            packed(apiKey=SECRET, appId="a", regions=[]),
            packed(apiKey=SECRET, appId="a", regions="sea1"),
            base64.b64encode(b'["a list of words"]').decode(),
            "bm90IGpzb24gYXQgYWxsIQ==",
        ),
        "secret": (TOKEN, "sk_test_" + "a1" * 16, "sk_live_", "sk_live_" + "…" * 20, ""),
        "app_id": (SECRET, TOKEN, ""),
    }
    claims: ClassVar[Mapping[tuple[str, str], tuple[str, int] | None]] = {
        ("UPLOADTHING_TOKEN", ""): ("token", 2),
        ("UPLOADTHING_TOKEN", SECRET): ("token", 2),
        ("UPLOADTHING_SECRET", ""): ("secret", 2),
        ("UPLOADTHING_APP_ID", ""): ("app_id", 2),
        ("FILES_TOKEN", TOKEN): ("token", 3),
        ("STRIPE_SECRET_KEY", SECRET): None,
        ("FILES_TOKEN", SECRET): None,
    }

    def good(self, service: UploadThingStandIn) -> Mapping[str, str]:
        return {"token": service.token, "secret": service.secret, "app_id": service.app_id}

    def revoke(self, service: UploadThingStandIn, part: str) -> None:
        service.secret = service.new_secret()

    @pytest.mark.anyio
    @pytest.mark.parametrize(("answer", "status"), ROWS)
    @pytest.mark.parametrize("part", ["", "secret"])
    async def test_each_answer_means_what_the_facts_say(
        self, part: str, answer: Response, status: Status, tmp_path: Path
    ) -> None:
        verdict = await reading(self.provider, {"token": TOKEN, "secret": SECRET}, tmp_path, answer, part=part)
        assert verdict.status is status, verdict

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        if metafunc.function.__name__ != "test_each_answer_means_what_the_facts_say":
            super().pytest_generate_tests(metafunc)

    @pytest.mark.anyio
    async def test_only_the_key_inside_the_token_is_sent(
        self, served: Served, values: dict[str, str], machine: Machine
    ) -> None:
        await self.verdict("", values, machine)
        (asked,) = served.requests
        assert asked.headers["x-uploadthing-api-key"] == values["secret"]
        assert asked.body == b"{}"
        assert "authorization" not in asked.headers

    def test_a_v6_secret_in_the_token_variable_is_named(self) -> None:
        shape = self.provider.shape(self.provider.key("token"), SECRET)
        assert "belongs in UPLOADTHING_SECRET" in shape.text
        other = self.provider.shape(self.provider.key("secret"), TOKEN)
        assert "belongs in UPLOADTHING_TOKEN" in other.text

    def test_sk_live_is_no_production_here(self) -> None:
        assert self.provider.production(Values([("secret", Held("UPLOADTHING_SECRET", Secret(SECRET)))])) == ""

    @pytest.mark.parametrize(
        ("more", "status"),
        [
            ({}, None),
            ({"app_id": "a1b2c3d4e5"}, Status.OK),
            ({"app_id": "a1b2c3d4e5", "secret": SECRET}, Status.OK),
            ({"app_id": "another123"}, Status.FAIL),
            ({"secret": "sk_live_" + "f" * 64}, Status.WARN),
        ],
    )
    def test_both_generations_have_to_name_one_app(self, more: dict[str, str], status: Status | None) -> None:
        held = [
            (id, Held(self.provider.key(id).names[0], Secret(text))) for id, text in ({"token": TOKEN} | more).items()
        ]
        verdict = self.provider.compare(Values(held), {})
        assert (verdict.status if verdict else None) is status
