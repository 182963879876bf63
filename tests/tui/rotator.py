"""A Rotator that needs nothing outside: the changes of an invented project."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from onboard.entry import Trial
from onboard.errors import UsageError
from onboard.model import Finding, Secret, Status, Verdict
from onboard.rotation import Change, Committed, Holds, Place

_HOLDS = ("the dev server (pnpm dev) reads it at its start: start it again",)
RESEND = Change(
    name="RESEND_API_KEY",
    names=("RESEND_API_KEY",),
    title="Resend API key",
    provider="resend",
    key="key",
    how="api",
    generated=False,
    asked=True,
    breaks="Every app that sends mail with the same key.",
    old_dies="when it is deleted; until then both work",
    page="https://resend.com/api-keys",
    steps=(),
    holds=_HOLDS,
    wants=(),
    stage=None,
    old_dead=False,
    since="",
)
STRIPE = Change(
    name="STRIPE_SECRET_KEY",
    names=("STRIPE_SECRET_KEY",),
    title="Stripe secret key",
    provider="stripe",
    key="secret",
    how="guided",
    generated=False,
    asked=True,
    breaks="Servers and CLIs that use the same key.",
    old_dies="when you end it, or at the time you set",
    page="https://dashboard.stripe.com/test/apikeys",
    steps=("Choose Rotate key on the secret key.", "Copy the new one."),
    holds=_HOLDS,
    wants=(),
    stage=None,
    old_dead=False,
    since="",
)
PREVIEW = Place(
    "vercel.1",
    "Vercel, preview",
    "STRIPE_SECRET_KEY",
    "STRIPE_SECRET_KEY",
    Holds.OLD,
    "vercel env update STRIPE_SECRET_KEY preview",
    production=False,
)


class FakeRotator:
    """Changes that always go well, but for a new value that Stripe refuses."""

    def __init__(self, saved: dict[str, Secret]) -> None:
        self.saved = saved
        self.given: list[str] = []
        self.ended: list[str] = []
        self.mute = False
        """The service never answers about a new value."""

    async def changes(self, *words: str) -> tuple[Change, ...]:
        known = {"RESEND_API_KEY": RESEND, "STRIPE_SECRET_KEY": STRIPE, "stripe": STRIPE}
        if any(word not in known for word in words):
            raise UsageError(f"{words[0]} is no secret", f"`onboard set {words[0]}` changes it")
        return tuple(known[word] for word in words)

    async def begin(self, change: Change, typed: Mapping[str, Secret] | None = None) -> Mapping[str, Secret] | None:
        return {change.name: Secret("re_made1")} if change.how == "api" else None

    def holds(self, name: str, value: Secret) -> bool:
        return value == Secret("sk_test_old1")

    async def attempt(self, values: Mapping[str, Secret]) -> Trial:
        if self.mute:
            await asyncio.Event().wait()
        fine = Secret("sk_test_refused1") not in values.values()
        said = "accepted: Acme Inc. · test mode" if fine else "Stripe refused it: this key was rolled or deleted"
        seen = Finding("live.stripe", "Stripe", Status.OK if fine else Status.FAIL, said)
        return Trial((seen,), fine, False, {})

    async def commit(
        self, change: Change, new: Mapping[str, Secret], trial: Trial, *, insisted: bool = False
    ) -> Committed:
        if not trial.may_save:
            raise UsageError("the new value is not accepted; the old one stays where it was")
        self.saved |= new
        return Committed(tuple(new), (), can_undo=True, old_dead=False)

    async def elsewhere(self, change: Change) -> tuple[Place, ...]:
        return (PREVIEW,) if change is STRIPE and PREVIEW.id not in self.given else ()

    async def give(self, change: Change, place: Place) -> Verdict:
        self.given.append(place.id)
        return Verdict(Status.OK, "Vercel has the new value; a new deployment is needed for the app to use it")

    async def end(self, change: Change, *, by_hand: bool = False) -> Verdict:
        self.ended.append(change.name)
        return Verdict(Status.OK, "the old one is dead: the service refuses it")

    async def pending(self) -> tuple[str, ...]:
        return ()
