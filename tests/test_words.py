"""What help and documents say of commands and flags is what the parsers take, and the other way round."""

import re
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

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
