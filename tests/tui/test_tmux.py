"""The app in tmux, under a shell: suspended and brought back, resized meanwhile, and left."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.tui.scenes import KEY
from tests.tui.terminal import ROOT

TMUX = shutil.which("tmux")


class Pane:
    """One pane of a tmux server of its own, with a shell in it."""

    def __init__(self, folder: Path) -> None:
        assert TMUX is not None, "tmux is needed: apt-get install tmux"
        self._tmux = [TMUX, "-S", str(folder / "socket"), "-f", "/dev/null"]
        env = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8", "PS1": "$ ", "PYTHONPATH": str(ROOT)}
        words = ("new-session", "-d", "-x", "80", "-y", "24", "bash", "--norc", "--noprofile", "-i")
        subprocess.run([*self._tmux, *words], check=True, env=env, cwd=ROOT)

    def tmux(self, *words: str) -> str:
        return subprocess.run([*self._tmux, *words], check=True, capture_output=True, text=True).stdout

    @property
    def text(self) -> str:
        return self.tmux("capture-pane", "-p", "-S", "-200")

    def types(self, text: str) -> None:
        self.tmux("send-keys", "-l", text)

    def presses(self, *keys: str) -> None:
        self.tmux("send-keys", *keys)

    def until(self, *words: str, below: bool = False) -> str:
        """Wait until one of the words is seen; return it. `below`: also in the activity and among the keys."""
        end = time.monotonic() + 40
        while time.monotonic() < end:
            shown = self.screen if below else self.screen.split("─Activity")[0]
            for word in words:
                if word in shown:
                    return word
            time.sleep(0.05)
        raise AssertionError(f"never seen: {words}\n{shown}")

    @property
    def screen(self) -> str:
        return self.tmux("capture-pane", "-p")


@pytest.fixture
def pane(tmp_path: Path) -> Iterator[Pane]:
    made = Pane(tmp_path)
    try:
        yield made
    finally:
        with suppress(subprocess.CalledProcessError):
            made.tmux("kill-server")


def test_suspended_in_the_midst_of_a_secret_it_comes_back_as_it_was_and_leaves_a_clean_shell(pane: Pane) -> None:
    pane.types(f"{sys.executable} -m tests.tui.program ask; echo left with $?")
    pane.presses("Enter")
    pane.until("⏎ Check", below=True)  # the field has the focus
    pane.types(KEY)
    pane.until("a Stripe test secret key")

    pane.presses("C-t")
    pane.until(KEY)
    pane.presses("C-z")
    pane.until("Stopped")
    assert KEY not in pane.text, "what was shown for a moment is not left on the shell's screen"
    pane.types("echo still $((40 + 2))")
    pane.presses("Enter")
    pane.until("still 42")

    pane.tmux("resize-window", "-x", "120", "-y", "40")
    pane.types("fg")
    pane.presses("Enter")
    pane.until("a Stripe test secret key")
    assert "••••••••••••" in pane.screen
    assert KEY not in pane.screen, "a value that was shown is hidden again after a suspension"

    pane.presses("C-q")
    pane.until("not saved yet")
    pane.types("y")
    pane.until("left with")
    assert KEY not in pane.text
    pane.types("echo typed $((6 * 7))")
    pane.presses("Enter")
    pane.until("typed 42")


STEPS = (
    "Install the dependencies",
    "Neon · ",
    "Make a random AUTH_SECRET",
    "Stripe · ",
    "Get the signing secrets",
    "Push the schema",
    "All is well",
)


@pytest.mark.long
def test_the_whole_first_day_in_tmux_resized_and_suspended_in_between(pane: Pane) -> None:
    pane.types(f"{Path(sys.executable).with_name('onboard')} demo")
    pane.presses("Enter")
    pane.until("May onboard do this")
    pane.presses("y")
    left = list(STEPS)
    while (step := pane.until(*left)) != "All is well":
        left.remove(step)
        if "·" not in step:
            pane.presses("Enter")
            continue
        pane.presses("C-d")
        pane.until("values are filled in")
        if step == "Stripe · ":
            pane.presses("C-z")
            pane.until("Stopped")
            pane.tmux("resize-window", "-x", "120", "-y", "40")
            pane.types("fg")
            pane.presses("Enter")
            pane.until("a secret key, test mode")
        pane.presses("Enter")
        pane.until("Save")
        pane.presses("Enter")
    pane.presses("d")
    pane.until("the app answers at")
    pane.presses("t")
    pane.until("answered 200")
    pane.presses("Escape")
    pane.until("All is well")
    pane.presses("q")
    pane.until("the sample project is cleaned up")
    pane.types("echo left with $?")
    pane.presses("Enter")
    pane.until("left with 0")
    assert not re.search(r"(sk_test_|whsec_)[A-Za-z0-9]{20}|postgresql://\w+:\w+@", pane.text)
