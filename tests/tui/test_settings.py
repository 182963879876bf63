"""The user's own theme and keys."""

from __future__ import annotations

from pathlib import Path

import pytest

from onboard.tui import settings


def test_without_a_file_all_is_usual(tmp_path: Path) -> None:
    assert settings.load(tmp_path) == settings.Settings()


@pytest.mark.parametrize("content", [b"theme = ", b"\xff\xfe", b"[keymap\n"])
def test_a_file_that_cannot_be_read_is_said_and_not_fatal(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "config.toml").write_bytes(content)
    assert "cannot be read" in settings.load(tmp_path).trouble


def test_theme_and_keys_are_taken_and_what_is_no_key_is_left(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('theme = "nord"\n[keymap]\nlater = "z"\nskip = 3\nopen = ""\n')
    found = settings.load(tmp_path)
    assert found.theme == "nord"
    assert found.keymap == {"later": "z"}


@pytest.mark.parametrize(
    ("env", "theme"),
    [
        ({"TERM": "xterm-256color"}, "onboard-dark"),
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, "onboard-dark"),
        ({"TERM": "xterm-256color", "COLORFGBG": "0;15"}, "onboard-light"),
        ({"TERM": "linux"}, "ansi-dark"),
        ({"TERM": "xterm", "COLORFGBG": "0;15"}, "ansi-light"),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, "ansi-dark"),
    ],
)
def test_the_theme_suits_the_terminal(env: dict[str, str], theme: str) -> None:
    assert settings.suits(env) == theme
