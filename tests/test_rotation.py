"""Changing a credential: the new one is stored and tried before the old one ends, and the next start says the truth."""

from __future__ import annotations

from pathlib import Path

import pytest

from onboard.checks.rotation import journal
from onboard.choices import Choices
from onboard.errors import NeedsPerson, OnboardError, UsageError, VaultError
from onboard.model import Secret, Status
from onboard.rotation import Stage
from onboard.sandbox.served import Fault
from onboard.sandbox.standins.neon import NeonStandIn
from onboard.sandbox.standins.resend import ResendStandIn
from onboard.sandbox.standins.stripe import StripeStandIn
from onboard.session import Session
from tests.rotating import change, opened, undone
from tests.rotation_world import AUTH_4, AUTH_5, place


@pytest.mark.anyio
async def test_a_new_key_that_is_refused_changes_nothing(tmp_path: Path) -> None:
    service = ResendStandIn()
    with place(tmp_path, service) as (here, _):
        here.holds(RESEND_API_KEY=service.key)
        session = opened(tmp_path)
        rotator = session.rotate()
        (one,) = await rotator.changes("resend")
        new = await rotator.begin(one)
        assert new is not None
        service.keys = {id: key for id, key in service.keys.items() if key not in {v.reveal() for v in new.values()}}

        with pytest.raises(OnboardError, match="not accepted"):
            await rotator.commit(one, new, await rotator.attempt(new))

        assert here.value("RESEND_API_KEY") == service.key
        assert "RESEND_API_KEY" not in here.vault
        assert await rotator.undo("RESEND_API_KEY") == ()
        assert not here.noted
        await session.close()


@pytest.mark.anyio
async def test_the_old_key_is_back_after_undo_as_long_as_it_lives(tmp_path: Path) -> None:
    service = ResendStandIn()
    with place(tmp_path, service) as (here, _):
        here.holds(RESEND_API_KEY=service.key)
        old = service.key
        await change(opened(tmp_path), "RESEND_API_KEY", end=False)
        assert here.value("RESEND_API_KEY") != old

        session = opened(tmp_path)
        assert await session.rotate().undo("RESEND_API_KEY") == ("RESEND_API_KEY",)

        assert here.value("RESEND_API_KEY") == here.vault["RESEND_API_KEY"] == old
        assert not here.noted

        await change(opened(tmp_path), "RESEND_API_KEY", end=False)
        new = here.value("RESEND_API_KEY")
        service.keys = {id: key for id, key in service.keys.items() if key != old}
        with pytest.raises(OnboardError, match="dead already"):
            await undone(opened(tmp_path), "RESEND_API_KEY")
        assert here.value("RESEND_API_KEY") == new
        await session.close()


@pytest.mark.anyio
async def test_an_old_key_that_somebody_put_back_is_not_ended(tmp_path: Path) -> None:
    service = ResendStandIn()
    with place(tmp_path, service) as (here, _):
        here.holds(RESEND_API_KEY=service.key)
        old = service.key
        await change(opened(tmp_path), "RESEND_API_KEY", end=False)
        here.holds(RESEND_API_KEY=old)

        with pytest.raises(OnboardError, match="nothing is ended"):
            await change(opened(tmp_path), "RESEND_API_KEY")

        assert old in service.keys.values()
        assert await undone(opened(tmp_path), "RESEND_API_KEY") == ("RESEND_API_KEY",)
        assert here.value("RESEND_API_KEY") == here.vault["RESEND_API_KEY"] == old
        assert not here.noted


@pytest.mark.anyio
async def test_a_change_that_env_undo_took_back_ends_nothing_and_can_be_closed(tmp_path: Path) -> None:
    service = ResendStandIn()
    with place(tmp_path, service) as (here, _):
        here.holds(RESEND_API_KEY=service.key)
        old = service.key
        await change(opened(tmp_path), "RESEND_API_KEY", end=False)
        session = opened(tmp_path)
        await session.undo()
        await session.close()
        assert here.value("RESEND_API_KEY") == old

        for by_hand in (False, True):
            with pytest.raises(OnboardError, match="nothing is ended"):
                await change(opened(tmp_path), "RESEND_API_KEY", by_hand=by_hand)

        assert old in service.keys.values()
        await undone(opened(tmp_path), "RESEND_API_KEY")
        assert here.value("RESEND_API_KEY") == old
        assert not here.noted


@pytest.mark.anyio
async def test_the_old_password_of_neon_ends_at_once_and_every_variable_that_holds_it_follows(tmp_path: Path) -> None:
    service = NeonStandIn()
    with place(tmp_path, service) as (here, _):
        old = service.development.passwords[-1]
        here.holds(
            DATABASE_URL=service.url(pooled=True),
            DATABASE_URL_UNPOOLED=service.url(),
            PGPASSWORD=old,
            NEON_API_KEY=service.api_key,
        )

        assert await change(opened(tmp_path), "DATABASE_URL") is Status.OK

        new = service.development.passwords[-1]
        assert new != old
        assert here.value("DATABASE_URL") == service.url(pooled=True)
        assert here.value("DATABASE_URL_UNPOOLED") == service.url()
        assert here.value("PGPASSWORD") == new
        assert old not in here.in_use


@pytest.mark.anyio
async def test_a_key_for_the_api_that_is_typed_once_is_kept_nowhere(tmp_path: Path) -> None:
    service = NeonStandIn()
    with place(tmp_path, service) as (here, _):
        here.holds(DATABASE_URL=service.url())
        session = opened(tmp_path)
        rotator = session.rotate()
        (one,) = await rotator.changes("neon")
        assert one.wants == (("api", "NEON_API_KEY"),)
        with pytest.raises(OnboardError, match="NEON_API_KEY"):
            await rotator.begin(one)
        assert journal(Choices(session.machine.state, session.project.id)) == {}

        new = await rotator.begin(one, {"api": Secret(service.api_key)})

        assert new == {"DATABASE_URL": Secret(service.url())}
        assert service.api_key not in here.stored
        done = await rotator.commit(one, new, await rotator.attempt(new))
        assert done.old_dead
        assert not done.can_undo
        await session.close()


@pytest.mark.anyio
async def test_the_password_of_the_default_branch_is_not_reset_from_here(tmp_path: Path) -> None:
    service = NeonStandIn()
    with place(tmp_path, service) as (here, _):
        here.holds(DATABASE_URL=service.url(service.main), NEON_API_KEY=service.api_key)
        before = list(service.main.passwords)

        with pytest.raises(NeedsPerson, match="default branch"):
            await change(opened(tmp_path), "DATABASE_URL")

        assert service.main.passwords == before


@pytest.mark.anyio
async def test_a_mistyped_key_and_a_live_one_stay_out(tmp_path: Path) -> None:
    service = StripeStandIn()
    with place(tmp_path, service) as (here, served):
        here.holds(STRIPE_SECRET_KEY=service.secret_key)
        for wrong in (service.account.new_key("sk_test"), service.account.new_key("sk_live")):
            with pytest.raises(OnboardError, match="not accepted"):
                await change(opened(tmp_path), "STRIPE_SECRET_KEY", wrong)
            assert here.value("STRIPE_SECRET_KEY") == service.secret_key
        assert not any("sk_live" in str(dict(request.headers)) for request in served.requests)


@pytest.mark.anyio
async def test_without_a_keyring_an_unverified_value_does_not_take_the_place_of_the_old_one(tmp_path: Path) -> None:
    service = StripeStandIn()
    with place(tmp_path, service) as (here, served):
        here.holds(STRIPE_SECRET_KEY=service.secret_key)
        new = service.issue(service.account, "sk_test")
        served.fault = Fault.FAILING
        session = opened(tmp_path, absent=True)
        rotator = session.rotate()
        (one,) = await rotator.changes("STRIPE_SECRET_KEY")
        values = {"STRIPE_SECRET_KEY": Secret(new)}
        trial = await rotator.attempt(values)
        with pytest.raises(VaultError):
            await rotator.commit(one, values, trial, insisted=True)
        assert here.value("STRIPE_SECRET_KEY") == service.secret_key

        served.fault = Fault.NONE
        done = await rotator.commit(one, values, await rotator.attempt(values))

        assert here.value("STRIPE_SECRET_KEY") == new
        assert not done.can_undo
        assert any("keyring" in warning for warning in done.warnings)
        await session.close()


@pytest.mark.anyio
async def test_an_older_auth_js_has_no_list_and_says_that_everybody_is_signed_out(tmp_path: Path) -> None:
    with place(tmp_path, package=AUTH_4) as (here, _):
        here.holds(
            AUTH_SECRET="k3J9sLq0Zr7Xv1Bn5Mw8Ty2Ui6Op4As+Df/Gh=Jk3lQ=", NEXTAUTH_SECRET="q" * 20 + "wertzuiop12345"
        )
        session = opened(tmp_path)
        for name in ("AUTH_SECRET", "NEXTAUTH_SECRET"):
            old = here.value(name)
            (one,) = await session.rotate().changes(name)
            assert one.how == "local"
            assert "signed out" in one.breaks
            await change(opened(tmp_path), name)
            assert here.value(name) != old
            assert await undone(opened(tmp_path), name) == (name,)
            assert here.value(name) == old
        assert not here.value("AUTH_SECRET_1")
        await session.close()


@pytest.mark.anyio
async def test_the_list_of_auth_secrets_holds_the_last_four_and_the_newest_signs(tmp_path: Path) -> None:
    with place(tmp_path, package=AUTH_5) as (here, _):
        here.holds(AUTH_SECRET="k3J9sLq0Zr7Xv1Bn5Mw8Ty2Ui6Op4As+Df/Gh=Jk3lQ=")
        signed = [here.value("AUTH_SECRET")]
        for _ in range(5):
            await change(opened(tmp_path), "AUTH_SECRET")
            names = ("AUTH_SECRET", "AUTH_SECRET_1", "AUTH_SECRET_2", "AUTH_SECRET_3")
            listed = [text for name in names if (text := here.value(name))]
            signed.append(listed[-1])
            assert listed == signed[-4:]
        assert len(set(signed)) == 6


@pytest.mark.anyio
async def test_an_agent_is_told_what_to_do_and_changes_nothing(tmp_path: Path) -> None:
    service = ResendStandIn()
    with place(tmp_path, service) as (here, served):
        here.holds(RESEND_API_KEY=service.key)
        session = opened(tmp_path, terminal=False)
        rotator = session.rotate()
        (one,) = await rotator.changes("RESEND_API_KEY")
        for act in (rotator.begin(one), rotator.end(one), rotator.undo("RESEND_API_KEY")):
            with pytest.raises(NeedsPerson):
                await act
        assert len(service.keys) == 1
        assert not served.requests
        await session.close()


@pytest.mark.anyio
async def test_it_is_told_before_where_the_old_one_is_used(tmp_path: Path) -> None:
    with place(tmp_path, StripeStandIn()) as (here, _):
        here.holds(STRIPE_SECRET_KEY="sk_test_51Abcdefghijklmnopqrst", NEXT_PUBLIC_X="1")
        workflows = here.project / ".github" / "workflows"
        workflows.mkdir(parents=True)
        (workflows / "ci.yml").write_text("env:\n  KEY: ${{ secrets.STRIPE_SECRET_KEY }}\n")
        (here.project / ".vercel").mkdir()
        (here.project / ".vercel" / "project.json").write_text('{"projectId":"prj_abcdefgh","orgId":"team_abcdefgh"}')
        session = opened(tmp_path)

        rotator = session.rotate()
        (one,) = await rotator.changes("STRIPE_SECRET_KEY")
        commands = {place.command for place in await rotator.elsewhere(one)}

        assert one.how == "guided"
        assert one.page.startswith("https://dashboard.stripe.com/")
        assert "gh secret set STRIPE_SECRET_KEY" in commands
        assert "vercel env update STRIPE_SECRET_KEY preview" in commands
        assert any("dev server" in text for text in one.holds)
        assert "sk_test_51Abc" not in repr(one)
        for word in ("NEXT_PUBLIC_X", "NOTHING", "neon"):
            with pytest.raises(UsageError):
                await session.rotate().changes(word)
        await session.close()


@pytest.mark.anyio
async def test_what_was_set_long_ago_is_due(tmp_path: Path) -> None:
    with place(tmp_path) as (here, _):
        here.holds(AUTH_SECRET="x" * 44, NEXTAUTH_SECRET="y" * 44, BETTER_AUTH_SECRET="z" * 44)
        session: Session = opened(tmp_path)
        choices = Choices(session.machine.state, session.project.id)
        choices.dated("AUTH_SECRET", "set", "2026-07-01T00:00:00+00:00", Secret("x" * 44))
        choices.dated("NEXTAUTH_SECRET", "set", "2026-11-01T00:00:00+00:00", Secret("y" * 44))
        choices.dated("BETTER_AUTH_SECRET", "set", "2020-01-01T00:00:00+00:00", Secret("another value"))

        due, undated = await opened(tmp_path).rotate().due(90)

        assert due == ("AUTH_SECRET",)
        assert undated == ("BETTER_AUTH_SECRET",)
        await session.close()


def test_the_stages_are_those_that_are_told() -> None:
    assert {stage.value for stage in Stage} == {"asked", "made", "saved", "kept"}
