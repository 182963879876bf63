"""The way from step to step, and what each key and choice does."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from textual import events
from textual.pilot import Pilot

from onboard.errors import EnvFileError
from onboard.model import Ask, Event, Finding, Secret, Status
from onboard.session import Session
from onboard.tui import Demo, Opening
from onboard.tui.app import OnboardApp
from onboard.tui.approval import ApprovalScreen
from onboard.tui.ask import AskScreen
from onboard.tui.board import BoardScreen
from onboard.tui.dialogs import Detail, Help, Leave
from onboard.tui.entry import PublicField, SecretField
from onboard.tui.live import LiveScreen
from onboard.tui.offers import Offers
from onboard.tui.page import PageScreen
from onboard.tui.parts import Output
from onboard.tui.running import RunScreen, WriteScreen
from tests.tui.fake import (
    AUTH,
    BRANCH,
    FILE,
    LOGIN,
    NEON,
    PAIRING,
    PNPM,
    PUSH,
    STRIPE,
    WAYS,
    FakeSession,
    all_well,
    only,
)
from tests.tui.scenes import KEY, LARGE, RUNS, settle, words

pytestmark = pytest.mark.anyio

PUBLISHABLE = "pk_test_51Qsynthetic"


@asynccontextmanager
async def at(session: FakeSession, demo: Demo | None = None) -> AsyncGenerator[Pilot[None], None]:
    """Sit down at a session, large enough to read everything."""
    async with OnboardApp(session.real(), demo).run_test(size=LARGE) as pilot:
        await settle(pilot)
        yield pilot


async def press(pilot: Pilot[None], *keys: str) -> None:
    for key in keys:
        await pilot.press(key)
        await settle(pilot)


async def paste(pilot: Pilot[None], text: str) -> None:
    assert pilot.app.focused is not None
    pilot.app.focused.post_message(events.Paste(text))
    await settle(pilot)


def shown(pilot: Pilot[None]) -> str:
    return words(pilot.app.export_screenshot())


async def until(pilot: Pilot[None], so: Callable[[], bool]) -> None:
    for _ in range(500):
        if so():
            return
        await pilot.pause()
        await asyncio.sleep(0.002)
    raise AssertionError(shown(pilot))


async def stripe(pilot: Pilot[None]) -> None:
    """Type both keys of Stripe, and have them checked."""
    await paste(pilot, KEY)
    await press(pilot, "enter")
    await paste(pilot, PUBLISHABLE)
    await press(pilot, "enter")


# approval


async def test_nothing_is_looked_at_outside_before_yes_and_enter_means_no(tmp_path: Path) -> None:
    session = FakeSession(tmp_path, approved=False)
    async with at(session) as pilot:
        assert isinstance(pilot.app.screen, ApprovalScreen)
        await press(pilot, "enter")
    assert not session.approved
    assert session.did == []


@pytest.mark.parametrize("keys", [("y",), ("down", "enter"), ("j", "enter")], ids=str)
async def test_yes_approves_what_was_shown_and_the_first_step_follows(tmp_path: Path, keys: tuple[str, ...]) -> None:
    session = FakeSession(tmp_path, approved=False)
    async with at(session) as pilot:
        await press(pilot, *keys)
        assert session.approved
        assert isinstance(pilot.app.screen, RunScreen)


async def test_what_changed_while_it_was_read_is_asked_anew(tmp_path: Path) -> None:
    session = FakeSession(tmp_path, approved=False)
    async with at(session) as pilot:
        session.asked = replace(session.asked, hash="b" * 64, changed=("new: command pnpm evil",))
        await press(pilot, "y")
        assert not session.approved
        assert isinstance(pilot.app.screen, ApprovalScreen)
        assert "pnpm evil" in shown(pilot)


# from step to screen


@pytest.mark.parametrize(
    ("step", "screen"),
    [(STRIPE, AskScreen), (PNPM, RunScreen), (BRANCH, PageScreen), (LOGIN, PageScreen), (FILE, WriteScreen)],
    ids=lambda value: getattr(value, "kind", ""),
)
async def test_each_kind_of_step_has_its_screen(tmp_path: Path, step: Ask, screen: type[BoardScreen]) -> None:
    async with at(FakeSession(tmp_path, only(step))) as pilot:
        assert type(pilot.app.screen) is screen


async def test_all_well_lands_on_the_board(tmp_path: Path) -> None:
    async with at(FakeSession(tmp_path, all_well())) as pilot:
        assert isinstance(pilot.app.screen, BoardScreen)


async def test_what_could_only_be_better_does_not_stop_the_way_to_the_board(tmp_path: Path) -> None:
    world = all_well()
    world["age.STRIPE_SECRET_KEY"] = Finding("age.STRIPE_SECRET_KEY", "Age", Status.WARN, "95 days old", step=LOGIN)
    async with at(FakeSession(tmp_path, world)) as pilot:
        assert isinstance(pilot.app.screen, BoardScreen)
        await press(pilot, "n")
        assert isinstance(pilot.app.screen, PageScreen)


async def test_the_whole_first_day_by_keys(tmp_path: Path) -> None:
    session = FakeSession(tmp_path, approved=False, browser=True)
    async with at(session) as pilot:
        await press(pilot, "y")
        await press(pilot, "enter")  # run: pnpm
        assert isinstance(pilot.app.screen, PageScreen)
        await press(pilot, "enter")  # open the page
        await until(pilot, lambda: session.opened == [BRANCH.url])
        session.world["account.neon"] = replace(session.world["account.neon"], status=Status.OK, step=None)
        await press(pilot, "r")
        session.world["account.stripe"] = replace(session.world["account.stripe"], status=Status.OK, step=None)
        await press(pilot, "r")
        await paste(pilot, "postgresql://u:p@localhost/d")
        await press(pilot, "enter", "enter")
        await press(pilot, "ctrl+g", "enter", "enter")
        await stripe(pilot)
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, WriteScreen)
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, BoardScreen)
        outcome = pilot.app.sitting.outcome()  # type: ignore[attr-defined]
    assert set(session.saved) == {"DATABASE_URL", "AUTH_SECRET", *STRIPE.variables}
    assert session.did == [PNPM, FILE]
    assert outcome.code == 0
    assert any("AUTH_SECRET saved" in line for line in outcome.lines)


# entry


async def test_an_accepted_key_shows_whose_it_is_before_it_is_saved(tmp_path: Path) -> None:
    session = FakeSession(tmp_path, only(STRIPE))
    async with at(session) as pilot:
        await stripe(pilot)
        assert "Acme Inc. · acct_1A2b3C · test mode" in shown(pilot)
        assert session.saved == {}
        await press(pilot, "enter")
    assert session.saved == {"STRIPE_SECRET_KEY": Secret(KEY), STRIPE.variables[1]: Secret(PUBLISHABLE)}


async def test_a_refused_key_is_never_saved(tmp_path: Path) -> None:
    session = FakeSession(tmp_path, only(STRIPE), "refused")
    async with at(session) as pilot:
        await stripe(pilot)
        assert "Save" not in shown(pilot).replace("saved", "")
        await press(pilot, "enter")
        assert isinstance(pilot.app.focused, SecretField)
        assert pilot.app.focused.filled
    assert session.saved == {}


async def test_unverified_is_saved_by_choice_only(tmp_path: Path) -> None:
    session = FakeSession(tmp_path, only(STRIPE), "untold")
    async with at(session) as pilot:
        await stripe(pilot)
        await press(pilot, "enter")  # asks again
        assert session.saved == {}
        await press(pilot, "down", "enter")
        assert "STRIPE_SECRET_KEY" in session.saved
        assert any("unverified" in line for line in pilot.app.sitting.done)  # type: ignore[attr-defined]


async def test_an_edit_makes_a_verdict_void(tmp_path: Path) -> None:
    session = FakeSession(tmp_path, only(NEON))
    async with at(session) as pilot:
        await paste(pilot, "postgresql://u:p@localhost/d")
        await press(pilot, "enter")
        field = pilot.app.screen.query(SecretField).first()
        pilot.app.set_focus(field)
        await press(pilot, "x")
        assert not pilot.app.screen.query_one("#verdict").display
        assert session.saved == {}


async def test_an_edit_while_the_service_is_asked_drops_the_answer(tmp_path: Path) -> None:
    session = FakeSession(tmp_path, only(NEON), "mute")
    async with at(session) as pilot:
        await paste(pilot, "postgresql://u:p@localhost/d")
        await press(pilot, "enter")
        assert "Stop asking" in shown(pilot)
        await press(pilot, "x")
        assert "Stop asking" not in shown(pilot)
        session.answer = "accepted"
        await press(pilot, "enter", "enter")
    assert session.saved["DATABASE_URL"].reveal().endswith("x")


async def test_what_was_typed_survives_a_save_that_fails(tmp_path: Path) -> None:
    session = FakeSession(tmp_path, only(NEON))
    async with at(session) as pilot:
        await paste(pilot, "postgresql://u:p@localhost/d")
        await press(pilot, "enter")
        session.raises = EnvFileError("the disk is full", "free some space, then save again")
        await press(pilot, "enter")
        assert "the disk is full" in shown(pilot)
        assert "free some space" in shown(pilot)
        session.raises = None
        pilot.app.set_focus(pilot.app.screen.query(SecretField).first())
        await press(pilot, "enter", "enter")
    assert "DATABASE_URL" in session.saved


async def test_a_fault_of_ours_is_said_and_its_report_has_no_value(tmp_path: Path) -> None:
    session = FakeSession(tmp_path, only(STRIPE), raises=RuntimeError(f"boom {KEY}"))
    async with at(session) as pilot:
        await stripe(pilot)
        assert "fault of onboard" in shown(pilot)
        assert KEY not in shown(pilot)
    report = (session.machine.state / "crash.txt").read_text()
    assert "RuntimeError" in report
    assert "attempt" in report
    assert KEY not in report


async def test_nothing_typed_is_told_not_sent(tmp_path: Path) -> None:
    async with at(FakeSession(tmp_path, only(NEON))) as pilot:
        await press(pilot, "enter")
        assert "Nothing is typed yet" in shown(pilot)


async def test_the_demo_fills_its_values_in_on_one_key(tmp_path: Path) -> None:
    demo = Demo({"STRIPE_SECRET_KEY": Secret(KEY), STRIPE.variables[1]: Secret(PUBLISHABLE)})
    session = FakeSession(tmp_path, only(STRIPE))
    async with at(session, demo) as pilot:
        assert demo.banner in shown(pilot)
        await press(pilot, "ctrl+d", "enter", "enter")
    assert session.saved["STRIPE_SECRET_KEY"] == Secret(KEY)


async def test_skip_is_remembered_and_later_is_for_this_sitting(tmp_path: Path) -> None:
    optional = Ask("Enter the key of Printful", ("PRINTFUL_API_KEY",))
    world = only(NEON)
    world["variable.PRINTFUL_API_KEY"] = Finding(
        "variable.PRINTFUL_API_KEY", "PRINTFUL_API_KEY", Status.WARN, "has no value yet", step=optional
    )
    session = FakeSession(tmp_path, world)
    async with at(session) as pilot:
        assert "Skip" not in shown(pilot)
        await press(pilot, "ctrl+l")
        assert isinstance(pilot.app.screen, AskScreen)
        assert "^s Skip" in shown(pilot)
        await press(pilot, "ctrl+s")
        assert session.skipped == [optional]
        assert isinstance(pilot.app.screen, BoardScreen)
        await press(pilot, "n")
        assert isinstance(pilot.app.screen, AskScreen)


# keys


async def test_letters_are_typed_where_a_value_is_typed_and_the_footer_says_which_keys_work(tmp_path: Path) -> None:
    async with at(FakeSession(tmp_path, only(STRIPE))) as pilot:
        foot = shown(pilot).splitlines()[-1]
        assert "^o Open page" in foot
        assert "^q Quit" in foot
        await press(pilot, *"qslo?")
        assert isinstance(pilot.app.screen, AskScreen)
        assert pilot.app.screen.query(SecretField).first().secret().reveal() == "qslo?"


@pytest.mark.parametrize("key", ["question_mark", "f1"])
async def test_help_tells_where_you_are(tmp_path: Path, key: str) -> None:
    async with at(FakeSession(tmp_path, only(PNPM))) as pilot:
        await press(pilot, key)
        assert isinstance(pilot.app.screen, Help)
        assert "A command that gets you further" in shown(pilot)
        await press(pilot, "escape")
        assert isinstance(pilot.app.screen, RunScreen)


async def test_the_palette_has_every_action_of_where_you_are(tmp_path: Path) -> None:
    async with at(FakeSession(tmp_path, only(PNPM))) as pilot:
        app = pilot.app
        titles = {command.title for command in app.get_system_commands(app.screen)}
        assert {"Copy command", "Later", "Overview", "Help", "Quit", "Look again", "Theme"} <= titles
        await press(pilot, "ctrl+p", *"later", "enter")
        await until(pilot, lambda: isinstance(app.screen, BoardScreen))


async def test_leaving_with_a_typed_value_asks_first(tmp_path: Path) -> None:
    async with at(FakeSession(tmp_path, only(NEON))) as pilot:
        await press(pilot, "x", "ctrl+q")
        assert isinstance(pilot.app.screen, Leave)
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, AskScreen)
        assert pilot.app.screen.query(SecretField).first().filled


async def test_a_click_on_a_key_in_the_footer_presses_it(tmp_path: Path) -> None:
    async with at(FakeSession(tmp_path, only(PNPM))) as pilot:
        foot = shown(pilot).splitlines()[-1]
        await pilot.click("#keys", offset=(foot.index("Later"), 0))
        await settle(pilot)
        assert isinstance(pilot.app.screen, BoardScreen)


async def test_a_click_on_a_choice_takes_it_and_on_a_stage_goes_there(tmp_path: Path) -> None:
    session = FakeSession(tmp_path)
    async with at(session) as pilot:
        assert isinstance(pilot.app.screen, RunScreen)
        row = next(n for n, line in enumerate(shown(pilot).splitlines()) if "Credentials" in line)
        await pilot.click(offset=(6, row))
        await settle(pilot)
        assert isinstance(pilot.app.screen, AskScreen)
        await press(pilot, "escape", "n")
        row = next(n for n, line in enumerate(shown(pilot).splitlines()) if "Run it" in line)
        await pilot.click(offset=(45, row))
        await settle(pilot)
    assert session.did == [PNPM]


async def test_the_users_keys_and_theme_are_taken(tmp_path: Path) -> None:
    session = FakeSession(tmp_path, only(PNPM))
    session.machine.config.mkdir()
    (session.machine.config / "config.toml").write_text('theme = "nord"\n[keymap]\nlater = "z"\n')
    async with at(session) as pilot:
        assert pilot.app.theme == "nord"
        assert "z Later" in shown(pilot)
        await press(pilot, "z")
        assert isinstance(pilot.app.screen, BoardScreen)


# commands


async def test_a_command_is_shown_with_its_reason_and_runs_on_consent(tmp_path: Path) -> None:
    session = FakeSession(tmp_path, only(PNPM))
    async with at(session) as pilot:
        assert session.did == []
        assert "npm install -g pnpm@9.7.1" in shown(pilot)
        assert "package.json asks for 9.7.1" in shown(pilot)
        await press(pilot, "enter")
    assert session.did == [PNPM]


@pytest.mark.parametrize("key", ["escape", "ctrl+c"])
async def test_a_command_that_never_ends_is_ended(tmp_path: Path, key: str) -> None:
    session = FakeSession(tmp_path, only(PNPM), ends="never")
    async with at(session) as pilot:
        await press(pilot, "enter", key)
        await until(pilot, lambda: session.ended == 1)
        assert "Ended, with all that it had started" in shown(pilot)
        assert pilot.app.is_running


async def test_production_is_confirmed_by_typing_its_name(tmp_path: Path) -> None:
    session = FakeSession(tmp_path, only(PNPM), ends="confirm")
    async with at(session) as pilot:
        await press(pilot, "enter")
        assert "main is a production branch" in shown(pilot)
        await press(pilot, *"mian", "enter")
        assert session.did == []
        await press(pilot, *"main", "enter")
    assert session.did == [PNPM]


async def test_what_failed_can_be_run_again(tmp_path: Path) -> None:
    session = FakeSession(tmp_path, only(PNPM), ends="failed")
    async with at(session) as pilot:
        await press(pilot, "enter")
        assert "exit code 1" in shown(pilot)
        session.ends = "done"
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, BoardScreen)


async def test_a_page_is_opened_where_there_is_a_browser_and_copied_where_there_is_none(tmp_path: Path) -> None:
    session = FakeSession(tmp_path, only(BRANCH), browser=True)
    async with at(session) as pilot:
        await press(pilot, "o")
        await until(pilot, lambda: "Opened in the browser" in shown(pilot))
        assert session.opened == [BRANCH.url]
    async with at(FakeSession(tmp_path, only(BRANCH))) as pilot:
        await press(pilot, "o")
        await until(pilot, lambda: "clipboard" in shown(pilot))
        assert pilot.app.clipboard == BRANCH.url


# board, listeners


async def test_a_filter_leaves_what_matches_and_escape_ends_it(tmp_path: Path) -> None:
    async with at(FakeSession(tmp_path, all_well())) as pilot:
        await press(pilot, "slash", *"node")
        rows = shown(pilot).split("Activity")[0]
        assert "Node.js" in rows
        assert "gnome-keyring" not in rows
        await press(pilot, "escape")
        assert "gnome-keyring" in shown(pilot).split("Activity")[0]


async def test_a_finding_is_shown_in_full_and_its_step_is_done_from_there(tmp_path: Path) -> None:
    async with at(FakeSession(tmp_path)) as pilot:
        await press(pilot, "escape", "enter")
        assert isinstance(pilot.app.screen, Detail)
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, RunScreen)


async def test_listeners_report_as_they_go_and_end_with_the_screen(tmp_path: Path) -> None:
    heard = (
        Event("forwards to http://localhost:3000/x", "stripe:listen", kind="ready"),
        Event("STRIPE_WEBHOOK_SECRET saved", "stripe:listen", kind="secret", data={"new": True}),
        Event("invoice.paid → 200", "stripe:listen", kind="webhook"),
    )
    session = FakeSession(tmp_path, all_well(), hears=heard)
    async with at(session) as pilot:
        await press(pilot, "e")
        assert isinstance(pilot.app.screen, LiveScreen)
        assert "1 webhook so far" in shown(pilot)
        await press(pilot, "escape")
        await until(pilot, lambda: session.ended == 1)
        assert isinstance(pilot.app.screen, BoardScreen)
        assert "STRIPE_WEBHOOK_SECRET saved" in pilot.app.sitting.done  # type: ignore[attr-defined]


async def test_looking_again_does_not_carry_a_reader_off(tmp_path: Path) -> None:
    session = FakeSession(tmp_path)
    async with at(session) as pilot:
        await press(pilot, "escape", "r")
        assert isinstance(pilot.app.screen, BoardScreen)
        assert session.looked[-1] == ()


# the end


@pytest.mark.parametrize(
    ("status", "code"), [(Status.FAIL, 4), (Status.UNKNOWN, 3), (Status.WARN, 0)], ids=lambda value: str(value)
)
async def test_the_exit_code_says_what_is_owed(tmp_path: Path, status: Status, code: int) -> None:
    world = all_well()
    world["tool.pnpm"] = replace(world["tool.pnpm"], status=status, step=PUSH)
    async with at(FakeSession(tmp_path, world)) as pilot:
        outcome = pilot.app.sitting.outcome()  # type: ignore[attr-defined]
    assert outcome.code == code
    assert any("pnpm db:push" in line for line in outcome.lines)
    assert any("nothing is lost" in line for line in outcome.lines)


async def test_every_field_of_a_service_is_on_one_form(tmp_path: Path) -> None:
    async with at(FakeSession(tmp_path, only(STRIPE))) as pilot:
        names = [field.name for field in (*pilot.app.screen.query(SecretField), *pilot.app.screen.query(PublicField))]
        assert names == list(STRIPE.variables)


async def test_a_value_made_here_needs_one_key(tmp_path: Path) -> None:
    session = FakeSession(tmp_path, only(AUTH))
    async with at(session) as pilot:
        await press(pilot, "ctrl+g", "enter", "enter")
    assert session.saved["AUTH_SECRET"]


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
