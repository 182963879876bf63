"""The app in a real terminal: what reaches it, and how it is left behind."""

from __future__ import annotations

import os
import signal
import sys
import termios
import time
from pathlib import Path

import psutil
import pytest

from tests.tui.hostile import MARKS, PAYLOADS
from tests.tui.scenes import HOSTILE, KEY, Scene
from tests.tui.terminal import LEFT_ON, Terminal, terminal

KEYS = {"enter": "\r", "escape": "\x1b", "tab": "\t", "down": "\x1b[B", "end": "\x1b[F", "space": " ", "slash": "/"} | {
    "f1": "\x1bOP",
    "ctrl+p": "\x10",
}

LISTENS = "⏎ Check"
"""What the footer says once the field of a value has the focus."""


def _still(at: Terminal) -> None:
    """Read until nothing more comes."""
    before = -1
    while before != len(at.raw):
        before = len(at.raw)
        at.read(0.25)


def test_there_are_sixty_hostile_texts() -> None:
    assert len(set(PAYLOADS)) >= 60


@pytest.mark.long
@pytest.mark.parametrize("scene", HOSTILE, ids=lambda scene: scene.name)
def test_no_control_byte_of_any_outside_text_reaches_the_terminal(scene: Scene) -> None:
    with terminal(scene.name, size=(120, 40)) as at:
        at.until("fine")
        _still(at)
        for press in scene.presses:
            at.child.send(KEYS.get(press, press))
            _still(at)
        assert at.child.isalive()
        shown = at.text
        at.child.send("\x03")
        at.end()
    assert [mark for mark in MARKS if mark in at.raw.split(b"\x1b[?1049l")[0]] == []
    assert "^[" in shown or "[" in shown


SIGNALS = ("SIGTERM", "SIGHUP", "SIGQUIT", "SIGINT")
MORE = [pytest.param(name, scene, marks=pytest.mark.long) for name in SIGNALS[1:] for scene in ("ask", "approval")]
"""The same where nothing runs that could be left."""


@pytest.mark.parametrize(
    ("name", "scene"),
    [*((name, "run-running") for name in SIGNALS), *((SIGNALS[0], one) for one in ("ask", "approval")), *MORE],
)
def test_a_signal_leaves_a_clean_terminal_and_ends_what_runs(name: str, scene: str) -> None:
    number = getattr(signal, name)
    with terminal(scene) as at:
        before = termios.tcgetattr(at.child.child_fd)
        at.until("fine")
        _still(at)
        if scene == "run-running":
            at.child.send("\r")
            at.until("Pulling schema")
        os.kill(at.pid, number)
        at.until("closed=True")
        after = termios.tcgetattr(at.child.child_fd)
        assert at.end() == 128 + number
    told = at.raw.decode(errors="replace")
    for sequence in LEFT_ON:
        assert sequence in told
    assert told.rindex("\x1b[?1049l") > told.rindex("\x1b[?1049h")
    assert told.rindex("\x1b[?25h") > told.rindex("\x1b[?25l")
    assert before == after
    if scene == "run-running":
        assert "ended=1" in told
    assert "Traceback" not in told


@pytest.mark.parametrize("scene", ["ask", "run-running"])
def test_a_closed_terminal_ends_it(scene: str) -> None:
    with terminal(scene) as at:
        at.until("fine")
        pid = at.pid
        at.hang_up()
        end = time.monotonic() + 10
        while time.monotonic() < end:
            done, _ = os.waitpid(pid, os.WNOHANG)
            if done:
                return
            time.sleep(0.02)
        os.kill(pid, signal.SIGKILL)
        raise AssertionError("it lives on without a terminal")


def test_a_crash_shows_no_local_and_no_value_and_is_no_success() -> None:
    with terminal("crash") as at:
        at.until(LISTENS)
        at.child.send(f"\x1b[200~{KEY}\x1b[201~")
        at.until("broke off")
        assert at.end() == 1
    told = at.raw.decode(errors="replace")
    assert KEY not in told
    assert KEY[8:20] not in told
    assert "Traceback" not in told
    assert told.rindex("\x1b[?1049l") > told.rindex("\x1b[?1049h")


def test_a_pasted_key_is_never_echoed_and_is_checked_by_enter() -> None:
    with terminal("ask") as at:
        at.until(LISTENS)
        at.child.send(f'\x1b[200~STRIPE_SECRET_KEY="{KEY}"\r\n\x1b[201~')
        at.until("a Stripe test secret key")
        at.child.send("\r")
        at.until(lambda: "^t Show" not in at.text)  # the next field has the focus, and nothing in it yet
        at.child.send("\x1b[200~pk_test_51Qsynthetic\x1b[201~")
        at.until("pk_test_51Q")
        at.child.send("\r")
        at.until("Acme Inc.")
        at.child.send("\r")
        at.until("All is well")
        at.child.send("q")
        assert at.end() == 0
    assert KEY.encode() not in at.raw
    assert b"\x1b]52" not in at.raw
    assert b"STRIPE_SECRET_KEY, NEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY saved" in at.raw


def test_textuals_switches_in_the_environment_do_nothing(tmp_path: Path) -> None:
    log = tmp_path / "keys.log"
    env = {
        "TEXTUAL": "debug,devtools",
        "TEXTUAL_LOG": str(log),
        "TEXTUAL_DEBUG": "1",
        "TEXTUAL_PRESS": "q",
        "TEXTUAL_SCREENSHOT": "0",
        "TEXTUAL_SCREENSHOT_LOCATION": str(tmp_path),
        "TEXTUAL_DRIVER": "tests.nowhere:Driver",
    }
    with terminal("ask", env) as at:
        at.until(LISTENS)
        at.child.send(KEY)
        at.until("a Stripe test secret key")
        at.child.send("\x03")
        assert at.end() == 130
    assert list(tmp_path.iterdir()) == []


def test_sizes_that_come_like_rain_are_survived() -> None:
    with terminal("ask-typed") as at:
        at.until("STRIPE_SECRET_KEY")
        for n in range(120):
            at.resize(*[(80, 24), (1, 1), (20, 5), (300, 100), (120, 40), (33, 9)][n % 6])
            at.read(0.005)
        at.resize(100, 30)
        at.until("STRIPE_SECRET_KEY")
        at.child.send("\x03")
        assert at.end() == 130


@pytest.mark.parametrize(
    ("env", "there"),
    [({"NO_COLOR": "1"}, False), ({"TERM": "xterm", "COLORTERM": ""}, False), ({}, True)],
    ids=["no colour", "16 colours", "all colours"],
)
def test_no_more_colours_are_sent_than_are_wanted(env: dict[str, str], there: bool) -> None:
    with terminal("board", env) as at:
        at.until("All is well")
        at.child.send("q")
        assert at.end() == 0
    assert (b"38;2;" in at.raw) is there
    if "NO_COLOR" in env:
        import re

        codes = {int(n) for found in re.findall(rb"\x1b\[([\d;]+)m", at.raw) for n in found.split(b";")}
        assert not codes & {*range(30, 38), *range(40, 48), *range(90, 98), *range(100, 108), 38, 48}


def test_without_colour_the_chosen_line_is_still_marked() -> None:
    with terminal("run", {"NO_COLOR": "1"}) as at:
        at.until("Run it")
        _still(at)
        attributes = at.raw[: at.raw.rindex(b"Run it")].rsplit(b"\x1b[", 1)[1]
        at.child.send("q")
        assert at.end() == 4
    assert b"4" in attributes.rstrip(b"m").split(b";")


def test_suspended_and_back_it_is_as_it_was_and_shows_no_value() -> None:
    with terminal("ask") as at:
        at.until(LISTENS)
        at.child.send(f"\x1b[200~{KEY}\x1b[201~")
        at.until("a Stripe test secret key")
        at.child.send("\x14")
        at.until(KEY)
        at.child.send("\x1a")
        at.until(lambda: psutil.Process(at.pid).status() == psutil.STATUS_STOPPED and b"\x1b[?1049l" in at.raw)
        assert at.raw.rindex(b"\x1b[?1049l") > at.raw.rindex(b"\x1b[?1049h")
        seen = len(at.raw)
        os.kill(at.pid, signal.SIGCONT)
        at.until(lambda: b"\x1b[?1049h" in at.raw[seen:])
        at.until("••••")
        assert KEY.encode() not in at.raw[seen:]
        at.child.send("\x03")
        assert at.end() == 130


def test_a_repository_that_cannot_be_understood_is_told_on_the_normal_screen(tmp_path: Path) -> None:
    (tmp_path / "onboard.toml").write_text("[project\n")
    at = Terminal([str(Path(sys.executable).with_name("onboard"))], {"HOME": str(tmp_path / "home")}, cwd=tmp_path)
    try:
        assert at.end() == 2
    finally:
        at.child.close(force=True)
    assert "onboard.toml" in at.text
    for switch in LEFT_ON:
        assert switch in at.raw.decode("utf-8", "replace")
