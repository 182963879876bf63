"""What help and documents say of commands and flags is what the parsers take, and the other way round."""

import re
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

from benchmarks import keys
from onboard.cli import HELP, VERBS

ROOT = Path(__file__).parents[1]
COMMON = {"--path", "--agent", "--help"}
TEXTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def rows() -> dict[str, str]:
    """Each line of the table in `onboard --help`, by its command; the wizard's is the empty one."""
    lines = re.findall(r"(?m)^  (?:look|do|keep|try|  )\s+(\S+)(.*)$", HELP)
    return {"": re.findall(r"(?m)^  onboard(.*)$", HELP)[0]} | dict(lines)


def flags_in(text: str) -> set[str]:
    return set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", text))


@cache
def flags_of(verb: str) -> frozenset[str]:
    """The flags that a command's own parser lists."""
    import contextlib
    import io

    said = io.StringIO()
    with contextlib.redirect_stdout(said), pytest.raises(SystemExit) as ended:
        import_module(f"onboard.cli.{VERBS[verb] if verb else 'wizard'}").main(verb, ["--help"])
    assert ended.value.code == 0
    return frozenset(re.findall(r"(?m)^  (?:-\w(?: \w+)?, )?(--[a-z][a-z-]*)", said.getvalue()))


def test_the_help_names_every_command_and_no_other() -> None:
    assert rows().keys() - {""} == VERBS.keys() - {"completion"}
    assert "onboard completion bash|zsh|fish" in HELP


@pytest.mark.parametrize("verb", ["", *VERBS])
def test_the_help_names_every_flag_and_no_other(verb: str) -> None:
    assert flags_of(verb) >= COMMON
    assert flags_in(rows().get(verb, "")) == flags_of(verb) - COMMON


def commands_in(text: str) -> list[tuple[str, str]]:
    """Commands as documents write them: in backticks, or at the start of a line of a code block."""
    spans = re.findall(r"`onboard(?: ([a-z]+))?((?: [^`\n]*)?)`", text)
    blocks = re.findall(r"(?ms)^```\w*\n(.*?)^```", text)
    lines = [line for block in blocks for line in re.findall(r"(?m)^\s*(?:\$ )?onboard(?: ([a-z]+))?( .*)?$", block)]
    return [(verb, rest) for verb, rest in (*spans, *lines) if not verb.isspace()]


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_documents_name_only_commands_and_flags_that_there_are(path: Path) -> None:
    wrong = []
    for verb, rest in commands_in(path.read_text("utf-8")):
        if verb and verb not in VERBS:
            wrong.append(f"onboard {verb}")
        else:
            told = flags_in(rest.partition(" -- ")[0].partition("#")[0])
            wrong += [f"onboard {verb} {flag}" for flag in told - flags_of(verb) - {"--version"}]

    assert wrong == []


def test_the_page_of_keys_is_that_of_the_bindings() -> None:
    assert keys.PAGE.read_text("utf-8") == keys.page(), "run: make messages"


def test_documents_name_only_keys_that_there_are() -> None:
    bound = {key for _, found in keys.places() for pressed, _, _ in found for key in pressed.split(",")}
    named = {(path.name, key) for path in TEXTS for key in re.findall(r"`(ctrl\+\w)`", path.read_text("utf-8"))}
    assert len(named) > 10
    assert {(name, key) for name, key in named if key not in bound} == set()


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_between_documents_leads_somewhere(path: Path) -> None:
    text = path.read_text("utf-8")
    links = re.findall(r"\]\((?!https?:)([^)#\s]*)(?:#[^)\s]*)?\)", re.sub(r"(?ms)^```.*?^```", "", text))
    assert [link for link in links if link and not (path.parent / link).exists()] == []


def test_the_readme_leads_to_every_document() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    assert [path.name for path in TEXTS[1:] if path.parent.name == "docs" and f"(docs/{path.name})" not in text] == []


def test_every_message_that_troubleshooting_explains_is_one_of_the_programs() -> None:
    page = (ROOT / "docs" / "messages.md").read_text("utf-8").replace("\\<", "<")
    said = {part for row in page.splitlines() if row.startswith("- ") for part in row[2:].split(" → ")}
    text = (ROOT / "docs" / "troubleshooting.md").read_text("utf-8")
    seen = [row.split(" | ")[0].removeprefix("| ") for row in text.splitlines() if row.startswith("| ")]
    told = [one for one in seen if one != "seen"]
    assert len(told) >= 30
    assert [one for one in told if one not in said] == []
