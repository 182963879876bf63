"""Text from outside is only ever text: held over the source of the app, and over what it draws."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.content import Content

from onboard.tui import text
from tests.tui.hostile import PAYLOADS
from tests.tui.scenes import HOSTILE, LARGE, Scene, picture, words

FOLDER = Path(__file__).parents[2] / "onboard" / "tui"
SOURCES = sorted(FOLDER.glob("*.py"))

PLAIN = {"Static", "Label", "OptionList", "Option"}
"""Widgets that take markup unless told otherwise."""


def _calls(path: Path) -> list[ast.Call]:
    return [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_no_widget_takes_markup(path: Path) -> None:
    for call in _calls(path):
        given = {keyword.arg: keyword.value for keyword in call.keywords}
        if "markup" in given:
            value = given["markup"]
            assert isinstance(value, ast.Constant), f"{path.name}:{call.lineno}"
            assert value.value is False, f"{path.name}:{call.lineno}"
        if _name(call) in {"Static", "Label"}:
            assert "markup" in given, f"{path.name}:{call.lineno}"
        assert _name(call) not in {"from_markup", "from_text", "render_str", "notify"}, f"{path.name}:{call.lineno}"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_no_string_is_handed_to_a_widget_that_would_read_it_as_markup(path: Path) -> None:
    for call in _calls(path):
        if _name(call) in PLAIN | {"update"} and call.args:
            first = call.args[0]
            assert not isinstance(first, ast.JoinedStr | ast.BinOp), f"{path.name}:{call.lineno}"
            assert not (isinstance(first, ast.Constant) and isinstance(first.value, str)), f"{path.name}:{call.lineno}"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_titles_of_borders_and_tips_are_content(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Attribute) and target.attr in {"border_title", "border_subtitle", "tooltip"}:
                    assert isinstance(node.value, ast.Call), f"{path.name}:{node.lineno}"


@pytest.mark.parametrize("payload", PAYLOADS, ids=ascii)
@pytest.mark.parametrize("said", [text.say, text.line], ids=["say", "line"])
def test_no_character_is_lost_and_none_acts(payload: str, said: Callable[[str], Content]) -> None:
    drawn = said(payload)
    assert drawn.spans == []
    assert drawn.plain.replace("\n", "").replace("\t", "").isprintable()
    left = iter(drawn.plain)
    assert all(char in left for char in payload if char.isprintable() and char != " ")


@pytest.mark.anyio
@pytest.mark.parametrize("scene", HOSTILE, ids=lambda scene: scene.name)
async def test_the_app_lives_and_draws_them_as_text(scene: Scene, tmp_path: Path) -> None:
    svg = await picture(scene, LARGE, tmp_path)
    drawn = words(svg)
    assert all(char.isprintable() or char == "\n" for char in drawn)
    assert "evil.test" not in "".join(part for part in svg.split('"') if part.startswith("http"))


@pytest.mark.parametrize(
    ("given", "width", "drawn"), [("abcdefghij", 7, "abc…hij"), ("abc", 7, "abc"), ("abcdef", 3, "abc")]
)
def test_long_names_keep_both_ends(given: str, width: int, drawn: str) -> None:
    assert text.fit(given, width) == drawn
    assert len(text.fit(given, width)) <= width
