"""Stripe: keys of all kinds, whose account they are, and what a refusal means."""

import base64
import random
import string
from collections.abc import Mapping
from typing import ClassVar

import pytest

from onboard.machine import Machine
from onboard.model import Status
from onboard.providers import stripe
from onboard.providers._base import accepted
from onboard.sandbox.served import Served
from onboard.sandbox.standins.stripe import StripeStandIn
from tests.providers.contract import LiveContract
from tests.providers.outside import held

BODY = "51QwErTyUiOpAsDfGhJkLzXcVbNm0123456789"
CLERK_PK = "pk_test_b3Blbi1zdGlua2J1Zy04LmNsZXJrLmFjY291bnRzLmRldiQ"


class TestStripe(LiveContract[StripeStandIn]):
    provider = stripe.provider
    stand_in = StripeStandIn
    shapes: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "secret": (f"sk_test_{BODY}", f"rk_test_{BODY}", f"rkcs_{BODY}", "sk_test_4eC39HqLyjWDarjtT1zdp7dc"),
        "publishable": (f"pk_test_{BODY}",),
        "webhook": ("whsec_" + "0123456789abcdef" * 4, "whsec_aB3dE6gH9jK2mN5pQ8sT1vW4yZ7cF0h+/="),
    }
    bad: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "secret": (
            "",
            "sk_test_...",
            "sk_test_***",
            "sk_test_xxxxxxxxxxxxxxxxxxxxxxxx",
            "sk_test_your_key_here",
            f"pk_test_{BODY}",
            f"sk_org_{BODY}",
            f"oak_{BODY}",
            f"sk_{BODY}",
            "whsec_0123456789abcdef0123456789abcdef",
            "acct_1QwErTyUiOpAsDf",
        ),
        "publishable": (f"sk_test_{BODY}", "pk_test_...", CLERK_PK, "price_1QwErTyUiOpAsDf"),
        "webhook": ("whsec_...", "we_1QwErTyUiOpAsDf", f"sk_test_{BODY}", "test", "whsec_" + "x" * 32),
    }
    claims: ClassVar[Mapping[tuple[str, str], tuple[str, int] | None]] = {
        ("STRIPE_SECRET_KEY", ""): ("secret", 2),
        ("STRIPE_API_KEY", ""): ("secret", 2),
        ("NEXT_PRIVATE_STRIPE_API_KEY", ""): ("secret", 2),
        ("NEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY", ""): ("publishable", 2),
        ("VITE_STRIPE_PUBLIC_KEY", ""): ("publishable", 2),
        ("STRIPE_WEBHOOK_SECRET", ""): ("webhook", 2),
        ("STRIPE_WEBHOOK_SECRET_KEY", ""): ("webhook", 2),
        ("STRIPE_SIGNAL_WEBHOOK_SECRET", ""): ("webhook", 2),
        ("STRIPE_CONNECT_WEBHOOK_SECRET", ""): ("webhook", 2),
        ("STRIPE_PRICE_ID", "price_1QwErTyUiOpAsDf"): None,
        ("PAYMENT_KEY", f"rk_test_{BODY}"): ("secret", 1),
        ("CLERK_SECRET_KEY", "sk_test_aB3dE6gH9jK2mN5pQ8sT1vW4yZ7cF0hJ3l"): None,
        ("SOME_KEY", CLERK_PK): None,
        ("CLERK_WEBHOOK_SECRET", "whsec_0123456789abcdef0123456789abcdef"): None,
    }
    live: ClassVar[Mapping[str, str]] = {"secret": f"sk_live_{BODY}"}

    def good(self, service: StripeStandIn) -> Mapping[str, str]:
        return {"secret": service.secret_key, "publishable": service.publishable_key}

    def revoke(self, service: StripeStandIn, part: str) -> None:
        service.revoke(service.secret_key)

    def test_a_wrong_kind_is_told_with_how_the_right_one_starts(self) -> None:
        text = self.provider.shape(self.provider.key("secret"), f"pk_test_{BODY}").text
        assert text == "this is a publishable key; the secret one starts with sk_test_"

    def test_live_keys_are_known_by_their_shape(self) -> None:
        for prefix, key in (("sk_live", "secret"), ("rk_live", "secret"), ("pk_live", "publishable")):
            assert self.provider.shape(self.provider.key(key), f"{prefix}_{BODY}").mode == "live"

    @pytest.mark.anyio
    async def test_the_account_is_named(self, served: Served, values: dict[str, str], machine: Machine) -> None:
        verdict = await self.verdict("", values, machine)
        assert verdict.identity["account"] == service(served).account.id
        assert verdict.identity["name"] == "WavePoint (stand-in)"

    @pytest.mark.anyio
    async def test_a_restricted_key_is_real_and_its_refusal_names_the_account(
        self, served: Served, machine: Machine
    ) -> None:
        key = service(served).issue(service(served).account, "rk_test")
        verdict = await self.verdict("", {"secret": key}, machine)
        assert verdict.status is Status.WARN
        assert verdict.identity["account"] == service(served).account.id

    @pytest.mark.anyio
    async def test_a_publishable_key_in_the_secret_ones_place_is_not_sent(
        self, served: Served, values: dict[str, str], machine: Machine
    ) -> None:
        verdict = await self.verdict("", {"secret": values["publishable"]}, machine)
        assert verdict.status is Status.SKIPPED
        assert served.requests == []

    def test_keys_of_two_accounts_are_a_warning_and_never_an_error(self) -> None:
        one = StripeStandIn()
        two = one.open_account("another")
        values = held({"secret": one.secret_key, "publishable": two.publishable_key}, self.provider)
        verdict = self.provider.compare(values, {"": accepted("", {"account": one.account.id})})
        assert verdict is not None
        assert verdict.status is Status.WARN

    def test_keys_of_one_account_look_alike(self) -> None:
        one = StripeStandIn()
        values = held({"secret": one.secret_key, "publishable": one.publishable_key}, self.provider)
        for verdicts in ({}, {"": accepted("", {"account": one.account.id})}):
            verdict = self.provider.compare(values, verdicts)
            assert verdict is not None
            assert verdict.status is Status.OK

    def test_old_keys_say_nothing_of_their_account(self) -> None:
        old = {"secret": "sk_test_4eC39HqLyjWDarjtT1zdp7dc", "publishable": "pk_test_TYooMQauvdEDq54NiTphI7jx"}
        assert self.provider.compare(held(old, self.provider), {}) is None

    def test_a_test_key_beside_a_live_one_is_always_wrong(self) -> None:
        values = held({"secret": f"sk_live_{BODY}", "publishable": f"pk_test_{BODY}"}, self.provider)
        verdict = self.provider.compare(values, {})
        assert verdict is not None
        assert verdict.status is Status.FAIL

    def test_another_account_in_the_cli_is_a_warning(self) -> None:
        values = held({"secret": f"sk_test_{BODY}"}, self.provider)
        both = {
            "": accepted("", {"account": "acct_1AAAAAAAAAAAAAAA"}),
            "cli": accepted("", {"account": "acct_1BBBBBB"}),
        }
        verdict = self.provider.compare(values, both)
        assert verdict is not None
        assert verdict.status is Status.WARN
        assert "acct_1BBBBBB" in verdict.summary

    @pytest.mark.anyio
    async def test_an_old_key_is_proven_dead_only_by_a_refusal(
        self, served: Served, values: dict[str, str], machine: Machine
    ) -> None:
        old = held(values, self.provider)
        assert (await self.provider.dead("secret", old, machine)).status is Status.WARN
        service(served).revoke(values["secret"])
        assert (await self.provider.dead("secret", old, machine)).status is Status.OK
        await machine.network.close()


def service(served: Served) -> StripeStandIn:
    assert isinstance(served.stand_in, StripeStandIn)
    return served.stand_in


@pytest.mark.parametrize("seed", range(4))
def test_no_key_of_stripes_is_taken_for_clerks(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(2000):
        key = "pk_test_51" + "".join(chance.choices(string.ascii_letters + string.digits, k=97))
        assert stripe.provider.shape(stripe.provider.key("publishable"), key).fits, key
    clerks = "pk_test_" + base64.b64encode(b"clever-cat-12.clerk.accounts.dev$").decode()
    assert "Clerk" in stripe.provider.shape(stripe.provider.key("publishable"), clerks).text
