"""The first frame, values that nobody types, the drift board, and what runs while you watch."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from textual import events
from textual.app import ComposeResult
from textual.widgets import Input

from onboard.errors import EnvFileError
from onboard.model import Event, Secret
from onboard.session import Session
from onboard.tui import Opening
from onboard.tui.app import OnboardApp
from onboard.tui.ask import AskScreen
from onboard.tui.board import BoardScreen
from onboard.tui.console import Console
from onboard.tui.dialogs import Detail
from onboard.tui.offers import Offers
from onboard.tui.parts import Output
from onboard.tui.running import RunScreen
from onboard.tui.safe import SafeApp
from tests.tui.driving import PUBLISHABLE, at, paste, press, shown, until
from tests.tui.fake import (
    PAIRING,
    PNPM,
    STRIPE,
    WAYS,
    FakeSession,
    all_well,
    only,
)
from tests.tui.scenes import KEY, LARGE, RUNS, settle

pytestmark = pytest.mark.anyio

# without typing


async def test_what_is_made_stands_in_the_fields_and_is_saved_only_after_it_was_checked(tmp_path: Path) -> None:
    session = FakeSession(tmp_path, only(STRIPE), ways=WAYS, browser=True)
    async with at(session) as pilot:
        assert "gets them for you: test keys by signing in at Stripe" in shown(pilot)
        await press(pilot, "ctrl+e", "enter")
        assert not session.made
        await press(pilot, "down", "enter")
        assert [id for id, _ in session.made] == ["stripe.login"]
        assert session.opened == [PAIRING]
        assert not session.saved
        await press(pilot, "enter")
        assert "Acme Inc." in shown(pilot)
        await press(pilot, "enter")
        assert session.saved["STRIPE_SECRET_KEY"] == Secret("sk_test_made4STRIPE_SECRET_KEY")


async def test_no_is_the_default_and_makes_nothing(tmp_path: Path) -> None:
    session = FakeSession(tmp_path, only(STRIPE), ways=WAYS)
    async with at(session) as pilot:
        await press(pilot, "ctrl+e", "enter", "enter", "escape")
        assert isinstance(pilot.app.screen, AskScreen)
        assert not session.made


async def test_what_an_offer_needs_is_typed_hidden_and_a_variable_more_gets_a_field(tmp_path: Path) -> None:
    session = FakeSession(tmp_path, only(STRIPE), ways=WAYS)
    async with at(session) as pilot:
        await press(pilot, "ctrl+e", "down", "down", "enter", "enter")
        assert not session.made
        await paste(pilot, "VERCEL_TOKEN=vcp_typed1")
        assert "vcp_typed1" not in shown(pilot)
        await press(pilot, "enter")
        assert session.made == [("vercel.development", {"token": Secret("vcp_typed1")})]
        assert "APP_URL" in shown(pilot)


async def test_esc_stops_waiting_for_an_approval_and_the_code_is_gone(tmp_path: Path) -> None:
    session = FakeSession(tmp_path, only(STRIPE), ways=WAYS, answer="mute")
    async with at(session) as pilot:
        await press(pilot, "ctrl+e", "enter", "down", "enter")
        assert "warm-lucky-rain-dear" in shown(pilot)
        await press(pilot, "escape")
        assert "Stopped" in shown(pilot)
        assert "warm-lucky-rain-dear" not in shown(pilot)
        await press(pilot, "escape")
        assert isinstance(pilot.app.screen, AskScreen)


async def test_what_could_not_be_made_is_said_and_the_ways_are_there_still(tmp_path: Path) -> None:
    session = FakeSession(
        tmp_path, only(STRIPE), ways=WAYS, raises=EnvFileError("Stripe made no sandbox", "sign in at Stripe instead")
    )
    async with at(session) as pilot:
        await press(pilot, "ctrl+e", "enter", "down", "enter")
        assert isinstance(pilot.app.screen, Offers)
        assert "Stripe made no sandbox" in shown(pilot)
        assert "sign in at Stripe instead" in shown(pilot)
        assert "a sandbox without an account" in shown(pilot)


# the drift board


async def test_on_the_drift_board_one_key_tells_the_cause_and_one_does_the_step(tmp_path: Path) -> None:
    session = FakeSession(tmp_path, only(STRIPE))
    async with at(session) as pilot:
        await press(pilot, "escape", "v", "slash", *"secret_key", "enter")
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, Detail)
        await press(pilot, "escape", "s")
        assert isinstance(pilot.app.screen, AskScreen)
        assert "STRIPE_SECRET_KEY" in shown(pilot)


# opening


def test_the_first_frame_loads_no_screen_but_its_own() -> None:
    seen = "import sys, onboard.tui.app; print(*(name for name in sys.modules if name.startswith('onboard.')))"
    loaded = set(
        subprocess.run([sys.executable, "-c", seen], capture_output=True, text=True, check=True).stdout.split()
    )
    later = ("ask", "board", "live", "running", "pushing", "rotating", "approval", "dialogs", "offers", "screens")
    assert not loaded & {f"onboard.tui.{name}" for name in later}
    assert not loaded & {"onboard.session", "onboard.project", "onboard.checks", "onboard.providers"}


async def test_the_first_frame_is_there_before_the_repository_is_read_and_keys_work_meanwhile(tmp_path: Path) -> None:
    session, may_read = FakeSession(tmp_path, all_well()), threading.Event()

    def read() -> Session:
        may_read.wait(20)
        return session.real()

    app = OnboardApp(Opening(session.machine, tmp_path, read))
    async with app.run_test(size=LARGE) as pilot:
        await until(pilot, lambda: "Reading" in shown(pilot))
        await pilot.press("ctrl+p", "escape")
        assert "All is well" not in shown(pilot)
        may_read.set()
        await until(pilot, lambda: "All is well" in shown(pilot))


async def test_a_repository_that_cannot_be_read_in_time_keeps_nobody(tmp_path: Path) -> None:
    never = threading.Event()

    def read() -> Session:
        never.wait(20)
        raise AssertionError

    app = OnboardApp(Opening(FakeSession(tmp_path).machine, tmp_path, read))
    async with app.run_test(size=LARGE) as pilot:
        await until(pilot, lambda: "Reading" in shown(pilot))
        await pilot.press("q")
    never.set()
    assert not app.is_running


async def test_a_long_command_says_for_how_long_it_runs_and_how_long_it_took_before(tmp_path: Path) -> None:
    session = FakeSession(tmp_path, only(PNPM), ends="never")
    async with at(session) as pilot:
        await press(pilot, "enter")
        screen = pilot.app.screen
        assert isinstance(screen, RunScreen)
        screen.tick(2, 42.0)
        await settle(pilot)
        assert "Running … Esc ends it." in shown(pilot)
        screen.tick(63, 42.0)
        await settle(pilot)
        assert "Running for 63 s; it took 42 s the last time" in shown(pilot)
        await press(pilot, "escape")


# what runs


async def test_the_app_runs_with_a_log_for_each_process_that_can_be_searched(tmp_path: Path) -> None:
    async with at(FakeSession(tmp_path, all_well(), hears=RUNS)) as pilot:
        await press(pilot, "d")
        assert "stripe:listen" in shown(pilot)
        assert "GET /shop" in shown(pilot)
        await press(pilot, "down", "down")
        assert "GET /shop" not in shown(pilot)
        assert "customer.created" in shown(pilot)
        await press(pilot, "up", "slash", *"shop", "enter")
        assert "GET /shop" in shown(pilot)
        assert "Turbopack" not in shown(pilot)
        await press(pilot, "escape", "t")
        assert "proven, it answered 200 http://localhost:3000" in shown(pilot)
        await press(pilot, "escape")
        assert isinstance(pilot.app.screen, BoardScreen)


async def test_before_production_the_app_is_not_started_until_its_name_is_typed(tmp_path: Path) -> None:
    async with at(FakeSession(tmp_path, all_well(), hears=RUNS, ends="confirm")) as pilot:
        await press(pilot, "d")
        assert "nothing was started" in shown(pilot)
        await press(pilot, *"main", "enter")
        assert "the app answers at" in shown(pilot)


async def test_a_log_stays_at_its_end_while_what_is_above_grows_and_where_it_is_read_when_not(tmp_path: Path) -> None:
    lines = tuple(Event(f"GET /page/{n} 200", "dev") for n in range(100))
    async with at(FakeSession(tmp_path, all_well(), hears=(*lines, *RUNS, *lines))) as pilot:
        await press(pilot, "d")
        assert "GET /page/99" in shown(pilot)
        output = pilot.app.screen.query_one(Output)
        output.scroll_home(animate=False)
        await settle(pilot)
        output.say("one more")
        await settle(pilot)
        assert "one more" not in shown(pilot)


async def test_what_was_skipped_for_good_can_be_asked_for_again(tmp_path: Path) -> None:
    session = FakeSession(tmp_path, only(STRIPE))
    async with at(session) as pilot:
        await press(pilot, "escape", "u")
        assert not session.skipped
        session.skip(STRIPE)
        await press(pilot, "r", "escape")
        assert "All is well" in shown(pilot)
        await press(pilot, "u")
        assert not session.skipped
        assert "1 step is owed" in shown(pilot)


# keys that come at once


async def test_what_comes_right_behind_a_tab_goes_where_the_tab_leads(tmp_path: Path) -> None:
    session = FakeSession(tmp_path, only(STRIPE))
    async with at(session) as pilot:
        for event in (events.Paste(KEY), events.Key("tab", None), events.Paste(PUBLISHABLE)):
            pilot.app.post_message(event)
        await settle(pilot)
        await press(pilot, "enter", "enter")

    assert session.saved == {"STRIPE_SECRET_KEY": Secret(KEY), STRIPE.variables[1]: Secret(PUBLISHABLE)}


async def test_what_is_typed_right_behind_the_filters_key_is_no_command(tmp_path: Path) -> None:
    session = FakeSession(tmp_path, all_well())
    async with at(session) as pilot:
        before = len(session.looked)
        for letter in "/renders/x":  # r looks again, e listens, n goes on, d runs the app, s does a step
            pilot.app.post_message(events.Key("slash" if letter == "/" else letter, letter))
        await settle(pilot)

        assert isinstance(pilot.app.screen, BoardScreen)
        assert pilot.app.screen.query_one("#filter", Input).value == "renders/x"
        assert (len(session.looked), session.did) == (before, [])


async def test_a_tab_is_the_tools_where_it_has_a_screen_of_its_own() -> None:
    class Beside(SafeApp):
        def compose(self) -> ComposeResult:
            yield Console()
            yield Input()

    async with Beside(Path()).run_test() as pilot:
        console = pilot.app.query_one(Console)
        console.focus()
        await pilot.press("tab")
        assert pilot.app.focused is console
        pilot.app.query_one(Input).focus()
        await pilot.press("tab")
        assert pilot.app.focused is console
