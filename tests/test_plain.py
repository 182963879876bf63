"""The wizard line by line, in a real terminal."""

import sys
from pathlib import Path

import pytest

from tests.tui.terminal import Terminal


@pytest.mark.parametrize("answers", [(), ("y\r",)], ids=["at the approval", "at a hidden value"])
def test_one_ctrl_c_at_a_question_leaves_and_says_that_nothing_is_lost(
    answers: tuple[str, ...], tmp_path: Path
) -> None:
    project, home = tmp_path / "shop", tmp_path / "home"
    (project / ".git").mkdir(parents=True)
    home.mkdir()
    (project / ".gitignore").write_text(".env\n")
    (project / ".env.example").write_text("# required\nOPENAI_API_KEY=\n")
    at = Terminal(
        [sys.executable, "-c", "from onboard.cli import main; main()", "--plain", "--path", str(project)],
        {"HOME": str(home), "PYTHONPATH": str(Path(__file__).parents[1])},
    )
    try:
        at.until("Approve exactly this?")
        for answer in answers:
            at.child.send(answer)
            at.until("OPENAI_API_KEY (hidden")
        at.child.send("\x03")
        at.until("left; nothing is lost")
        at.end()
        assert at.child.exitstatus == 130
    finally:
        at.child.close(force=True)
