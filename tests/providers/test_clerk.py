"""Clerk: keys that look like Stripe's, and a pair that the service itself proves."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import pytest

from onboard.machine import Machine
from onboard.model import Status
from onboard.providers import clerk
from onboard.sandbox.served import Response, Served
from onboard.sandbox.standins.clerk import ClerkStandIn, publishable
from tests.providers.answers import reading
from tests.providers.contract import LiveContract
from tests.providers.outside import held

PK = "pk_test_b3Blbi1zdGlua2J1Zy04LmNsZXJrLmFjY291bnRzLmRldiQ"
SK = "sk_test_aB3dE6gH9jK2mN5pQ8sT1vW4yZ7cF0hJ3lMnOpQr12"
STRIPE = "51QwErTyUiOpAsDfGhJkLzXcVbNm0123456789QwErTyUiOpAsDfGhJkLzXcVbNm0123456789"


class TestClerk(LiveContract[ClerkStandIn]):
    provider = clerk.provider
    stand_in = ClerkStandIn
    never_refused = ("publishable",)
    shapes: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "publishable": (PK, publishable("pk_live", "clerk.wavepoint.example")),
        "secret": (SK,),
        "webhook": ("whsec_aB3dE6gH9jK2mN5pQ8sT1vW4yZ7cF0hJ",),
        "encryption": ("kX7w3JmQ0pVb9ZtYcF2hLs8RdN6gEuA1oTiM4yKfWxE=",),
    }
    bad: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "publishable": (
            "",
            "pk_test_...",
            f"pk_test_{STRIPE}",
            SK,
            PK[:-4],
            publishable("pk_test", "a$b.clerk.accounts.dev"),
            publishable("pk_test", "nodots"),
        ),
        "secret": ("", "sk_test_***", "your_clerk_secret_key", PK, f"sk_test_{STRIPE}", "sk_test_" + "x" * 40),
        "webhook": ("whsec_...", SK),
        "encryption": ("short",),
    }
    claims: ClassVar[Mapping[tuple[str, str], tuple[str, int] | None]] = {
        ("NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY", ""): ("publishable", 2),
        ("VITE_CLERK_PUBLISHABLE_KEY", ""): ("publishable", 2),
        ("CLERK_SECRET_KEY", ""): ("secret", 2),
        ("NUXT_CLERK_SECRET_KEY", ""): ("secret", 2),
        ("CLERK_WEBHOOK_SECRET", ""): ("webhook", 2),
        ("NEXT_PUBLIC_CLERK_SIGN_IN_URL", "/sign-in"): None,
        ("SOME_KEY", PK): ("publishable", 1),
        ("SOME_KEY", f"pk_test_{STRIPE}"): None,
        ("SOME_KEY", SK): None,
    }
    live: ClassVar[Mapping[str, str]] = {"secret": "sk_live_aB3dE6gH9jK2mN5pQ8sT1vW4yZ7cF0hJ3lMnOpQr12"}

    def good(self, service: ClerkStandIn) -> Mapping[str, str]:
        return {"publishable": service.publishable_key, "secret": service.secret_key}

    def revoke(self, service: ClerkStandIn, part: str) -> None:
        service.revoked.add(service.secret_key)
        service.gone = True

    @pytest.mark.anyio
    async def test_the_pair_is_proven_by_the_domains(
        self, served: Served, values: dict[str, str], machine: Machine
    ) -> None:
        verdict = await self.verdict("", values, machine)
        assert verdict.identity["frontend"] == service(served).frontend
        same = self.provider.compare(held(values, self.provider), {"": verdict})
        assert same is not None
        assert same.status is Status.OK
        other = self.provider.compare(held({**values, "publishable": PK}, self.provider), {"": verdict})
        assert other is not None
        assert other.status is Status.FAIL
        assert "open-stinkbug-8.clerk.accounts.dev" in other.summary

    def test_a_test_key_beside_a_live_one_is_always_wrong(self) -> None:
        pair = self.provider.compare(held({"publishable": PK, "secret": self.live["secret"]}, self.provider), {})
        assert pair is not None
        assert pair.status is Status.FAIL

    def test_without_an_answer_nothing_is_said_of_the_pair(self) -> None:
        assert self.provider.compare(held({"publishable": PK, "secret": SK}, self.provider), {}) is None

    @pytest.mark.anyio
    @pytest.mark.parametrize(
        ("status", "body", "expected"),
        [
            (401, {"errors": [{"code": "clerk_key_invalid", "message": "x"}]}, Status.FAIL),
            (401, {"errors": [{"code": "authentication_invalid", "message": "x"}]}, Status.UNKNOWN),
            (401, {"errors": []}, Status.UNKNOWN),
            (401, {"message": "sign in to this network"}, Status.UNKNOWN),
            (403, {"errors": [{"code": "authorization_invalid", "message": "x"}]}, Status.WARN),
            (404, {"errors": [{"code": "resource_not_found", "message": "x"}]}, Status.UNKNOWN),
            (200, {"object": "instance", "id": "usr_1", "environment_type": "development"}, Status.UNKNOWN),
        ],
    )
    async def test_only_the_services_own_code_is_a_refusal(
        self, status: int, body: object, expected: Status, tmp_path: Path
    ) -> None:
        verdict = await reading(self.provider, {"secret": SK}, tmp_path, Response.json(body, status))
        assert verdict.status is expected

    @pytest.mark.anyio
    async def test_a_production_instance_is_a_warning(
        self, served: Served, values: dict[str, str], machine: Machine
    ) -> None:
        service(served).environment = "production"
        assert (await self.verdict("", values, machine)).status is Status.WARN

    @pytest.mark.anyio
    async def test_a_publishable_key_never_leads_to_a_host_of_its_own_choice(
        self, served: Served, machine: Machine
    ) -> None:
        for host in ("evil.example", "clerk.accounts.dev.evil.example", "xclerk.accounts.devil"):
            verdict = await self.verdict("publishable", {"publishable": publishable("pk_test", host)}, machine)
            assert verdict.status is Status.UNKNOWN
        assert served.requests == []

    @pytest.mark.anyio
    async def test_a_keyless_instance_comes_with_a_pair_that_works(self, machine: Machine) -> None:
        made = await self.provider.provision("keyless", held({}, self.provider), machine)
        pair = {id: value.reveal() for id, value in made.items()}
        verdict = await self.verdict("", pair, machine)
        assert verdict.status is Status.OK
        compared = self.provider.compare(held(pair, self.provider), {"": verdict})
        assert compared is not None
        assert compared.status is Status.OK

    def test_keys_that_the_kit_made_in_this_folder_are_found(self, tmp_path: Path) -> None:
        assert self.provider.found(tmp_path) == {}
        folder = tmp_path / ".clerk" / ".tmp"
        folder.mkdir(parents=True)
        kept = folder / "keyless.json"
        kept.write_text(json.dumps({"publishableKey": PK, "secretKey": SK, "claimUrl": "https://x"}))
        assert {id: text.reveal() for id, text in self.provider.found(tmp_path).items()} == {
            "publishable": PK,
            "secret": SK,
        }
        for spoilt in ("[]", "{", json.dumps({"publishableKey": SK, "secretKey": PK}), "[" * 100_000):
            kept.write_text(spoilt)
            assert self.provider.found(tmp_path) == {}


def service(served: Served) -> ClerkStandIn:
    assert isinstance(served.stand_in, ClerkStandIn)
    return served.stand_in
