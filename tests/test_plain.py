"""The wizard line by line, in a real terminal."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tui.terminal import Terminal


@pytest.fixture
def wizard(tmp_path: Path) -> Iterator[Terminal]:
    project, home = tmp_path / "shop", tmp_path / "home"
    (project / ".git").mkdir(parents=True)
    home.mkdir()
    (project / ".gitignore").write_text(".env\n")
    (project / ".env.example").write_text("# required\nOPENAI_API_KEY=\n# required\nAUTH_SECRET=\n")
    at = Terminal(
        [sys.executable, "-c", "from onboard.cli import main; main()", "--plain", "--path", str(project)],
        {"HOME": str(home), "PYTHONPATH": str(Path(__file__).parents[1])},
        (120, 100),
    )
    try:
        at.until("Approve exactly this?")
        yield at
    finally:
        at.child.close(force=True)


@pytest.mark.parametrize("answers", [(), ("y\r",)], ids=["at the approval", "at a hidden value"])
def test_one_ctrl_c_at_a_question_leaves_and_says_that_nothing_is_lost(
    wizard: Terminal, answers: tuple[str, ...]
) -> None:
    for answer in answers:
        wizard.child.send(answer)
        wizard.until("OPENAI_API_KEY (hidden")
    wizard.child.send("\x03")
    wizard.until("left; nothing is lost")

    assert wizard.end() == 130


def test_what_is_owed_is_said_once_and_what_a_step_would_write_before_it_is_asked_about(wizard: Terminal) -> None:
    wizard.child.send("y\r")
    wizard.until("OPENAI_API_KEY (hidden")
    wizard.child.send("\r")
    wizard.until("This would write: AUTH_SECRET")
    wizard.until("Do it?")
    wizard.child.send("y\r")
    wizard.until("ok: AUTH_SECRET: a secret of 44 characters")
    wizard.until("Press Enter when it is done")  # the keyring, which there is none of here
    wizard.child.send("\r")
    wizard.until("Press Enter when it is done")  # it is not, and is asked again
    wizard.child.send("s\r")
    wizard.until("steps are left")

    assert wizard.end() == 4
    assert wizard.text.count("FAIL: OPENAI_API_KEY") == 1
