"""The way from step to step, and what each key and choice does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from onboard.errors import EnvFileError
from onboard.model import Ask, Event, Finding, Secret, Status
from onboard.tui import Demo
from onboard.tui.approval import ApprovalScreen
from onboard.tui.ask import AskScreen
from onboard.tui.board import BoardScreen
from onboard.tui.dialogs import Detail, Help, Leave
from onboard.tui.entry import PublicField, SecretField
from onboard.tui.live import LiveScreen
from onboard.tui.page import PageScreen
from onboard.tui.running import RunScreen, WriteScreen
from tests.tui.driving import PUBLISHABLE, at, paste, press, shown, stripe, until
from tests.tui.fake import (
    AUTH,
    BRANCH,
    FILE,
    LOGIN,
    NEON,
    PNPM,
    PUSH,
    STRIPE,
    FakeSession,
    all_well,
    only,
)
from tests.tui.scenes import KEY, settle

pytestmark = pytest.mark.anyio

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
