"""Changing a credential in the app: nothing before a yes, the value unseen, the old one ended last."""

from __future__ import annotations

from pathlib import Path

import pytest

from onboard.model import Secret
from onboard.sandbox.standins.resend import ResendStandIn
from onboard.tui.app import OnboardApp
from onboard.tui.board import BoardScreen
from onboard.tui.dialogs import Detail, Leave
from onboard.tui.rotating import RotateScreen
from tests.rotating import opened
from tests.rotation_world import place
from tests.tui.driving import at, paste, press, shown, until
from tests.tui.fake import FakeSession, all_well
from tests.tui.rotator import PREVIEW
from tests.tui.scenes import LARGE, settle

pytestmark = pytest.mark.anyio

TO_THE_KEY = ("v", "slash", *"stripe_sec", "enter", "c")
"""From the board: the drift board, the row of Stripe's key, and the key that rotates."""


async def test_a_change_goes_from_what_it_means_to_the_end_of_the_old_one(tmp_path: Path) -> None:
    session = FakeSession(tmp_path, all_well())
    async with at(session) as pilot:
        await press(pilot, *TO_THE_KEY)
        assert isinstance(pilot.app.screen, RotateScreen)
        assert "breaks: Servers and CLIs" in shown(pilot)
        assert "STRIPE_SECRET_KEY at Vercel, preview has the same value" in shown(pilot)
        await press(pilot, "down", "enter")
        assert "dashboard.stripe.com/test/apikeys" in shown(pilot)
        await paste(pilot, 'STRIPE_SECRET_KEY="sk_test_new1"')
        assert "sk_test_new1" not in shown(pilot)
        await press(pilot, "enter")
        assert session.saved == {"STRIPE_SECRET_KEY": Secret("sk_test_new1")}
        assert "Put the new one there?" in shown(pilot)
        await press(pilot, "down", "enter")
        assert session.rotator.given == [PREVIEW.id]
        await press(pilot, "down", "enter")
        assert session.rotator.ended == ["STRIPE_SECRET_KEY"]
        assert "the old one is dead" in shown(pilot)
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, BoardScreen)
        assert session.looked[-1][:4] == ("rotation", "live.stripe", "pair.stripe", "mode.stripe")
        assert "STRIPE_SECRET_KEY changed" in pilot.app.sitting.done  # type: ignore[attr-defined]


async def test_no_is_what_enter_takes_and_changes_nothing(tmp_path: Path) -> None:
    session = FakeSession(tmp_path, all_well())
    async with at(session) as pilot:
        await press(pilot, *TO_THE_KEY, "enter")
        assert "not changed" in shown(pilot)
        assert not session.saved
        assert not session.rotator.ended


async def test_esc_at_a_question_stops_there_and_what_was_typed_is_gone(tmp_path: Path) -> None:
    session = FakeSession(tmp_path, all_well())
    async with at(session) as pilot:
        await press(pilot, *TO_THE_KEY, "down", "enter")
        await paste(pilot, "sk_test_new1")
        await press(pilot, "escape")
        assert isinstance(pilot.app.screen, BoardScreen)
        assert not session.saved


async def test_the_old_value_is_not_taken_for_the_new_one_and_a_wrong_shape_is_said(tmp_path: Path) -> None:
    session = FakeSession(tmp_path, all_well())
    async with at(session) as pilot:
        await press(pilot, *TO_THE_KEY, "down", "enter")
        await paste(pilot, "sk_test_old1")
        await press(pilot, "enter")
        assert "this is the old one" in shown(pilot)
        await paste(pilot, "whsec_other")
        await press(pilot, "enter")
        assert "it starts with sk_test_" in shown(pilot)
        await press(pilot, "enter")
        assert "the old one stays" in shown(pilot)


async def test_a_refused_new_value_is_not_saved_and_another_is_asked_for(tmp_path: Path) -> None:
    session = FakeSession(tmp_path, all_well())
    async with at(session) as pilot:
        await press(pilot, *TO_THE_KEY, "down", "enter")
        await paste(pilot, "sk_test_refused1")
        await press(pilot, "enter")
        assert "Stripe refused it" in shown(pilot)
        assert "the old one stays; another new one?" in shown(pilot)
        assert not session.saved
        await paste(pilot, "sk_test_new1")
        await press(pilot, "enter")
        assert session.saved == {"STRIPE_SECRET_KEY": Secret("sk_test_new1")}


async def test_a_row_about_no_credential_says_so(tmp_path: Path) -> None:
    async with at(FakeSession(tmp_path, all_well())) as pilot:
        await press(pilot, "c")
        assert isinstance(pilot.app.screen, BoardScreen)
        assert "about no credential" in shown(pilot)
        await press(pilot, "v", "slash", *"app_url", "enter", "c")
        assert "APP_URL is no secret" in shown(pilot)


async def test_a_finding_in_full_offers_to_rotate_what_is_set(tmp_path: Path) -> None:
    async with at(FakeSession(tmp_path, all_well())) as pilot:
        await press(pilot, "slash", *"stripe_secret", "enter", "enter")
        assert isinstance(pilot.app.screen, Detail)
        assert "Rotate it" in shown(pilot)
        await press(pilot, "down", "enter")
        assert isinstance(pilot.app.screen, RotateScreen)


async def test_the_real_service_gets_a_new_key_and_the_old_one_is_deleted(tmp_path: Path) -> None:
    with place(tmp_path, resend := ResendStandIn()) as (here, _):
        here.holds(RESEND_API_KEY=resend.key)
        old, session = resend.key, opened(tmp_path)
        app = OnboardApp(session)
        async with app.run_test(size=LARGE) as pilot:
            await settle(pilot)
            app.push_screen(RotateScreen(app.sitting, ("RESEND_API_KEY",)))
            await until(pilot, lambda: "Go on?" in shown(pilot))
            await press(pilot, "down", "enter")
            await until(pilot, lambda: "end the old one now?" in shown(pilot))
            assert set(resend.keys.values()) == {old, here.value("RESEND_API_KEY")}
            await press(pilot, "down", "enter")
            await until(pilot, lambda: "refuses it" in shown(pilot))
            assert list(resend.keys.values()) == [here.value("RESEND_API_KEY")] != [old]
        await session.close()


async def test_while_it_is_at_work_nothing_is_broken_off_unasked(tmp_path: Path) -> None:
    session = FakeSession(tmp_path, all_well())
    session.rotator.mute = True
    async with at(session) as pilot:
        await press(pilot, *TO_THE_KEY, "down", "enter")
        await paste(pilot, "sk_test_new1")
        await press(pilot, "enter", "escape")
        assert isinstance(pilot.app.screen, RotateScreen)
        assert "Working" in shown(pilot)
        await press(pilot, "ctrl+q")
        assert isinstance(pilot.app.screen, Leave)
        assert "It can go on later" in shown(pilot)
