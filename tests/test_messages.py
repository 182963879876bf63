"""Every word that the program shows, held as a whole: the page is the code's, and its words keep to a few rules."""

import ast
import re

import pytest

from benchmarks.messages import PAGE, messages, page

AGAIN = "run: make messages"

NEVER = {
    "talking down": r"simply|just|easy|easily|obviously|of course|trivial|basically",
    "manners of a machine": r"please|oops|whoops|sorry|unfortunately|hooray|congratulations",
    "blame": r"you (?:forgot|failed|must)|forgotten|invalid|illegal|bad (?:input|value|key)|your (?:mistake|fault)",
    "another word for the keyring": r"vault|keychain|credential store|secret store",
    "another word for the env file": r"dotenv file|environment file|\.env file",
    "another word for signing in": r"logged in|log in to|logged out",
    "onboard speaking of itself as us": r"[Ww]e|us|[Oo]urs?",
}
"""What no message says, and why."""

QUOTED = re.compile(r"op://vault\S*|https?://\S+|`[^`]*`|\b(?:us|eu)\.\S+|us-east-\S+|`us or eu`|<us or eu>")
"""Addresses and commands: not our words."""


@pytest.fixture(scope="module")
def rows() -> list[str]:
    """The messages of the page as it is kept."""
    return [row[2:] for row in PAGE.read_text("utf-8").splitlines() if row.startswith("- ")]


def test_the_page_holds_what_the_code_says() -> None:
    assert PAGE.read_text("utf-8") == page(), AGAIN


@pytest.mark.parametrize("why", NEVER)
def test_no_message_has_a_word_that_does_not_belong(why: str, rows: list[str]) -> None:
    found = re.compile(rf"\b(?:{NEVER[why]})\b", 0 if "[" in NEVER[why] else re.IGNORECASE)
    assert [row for row in rows if found.search(QUOTED.sub("", row.replace("\\<", "<")))] == []


def test_no_message_raises_its_voice(rows: list[str]) -> None:
    assert [row for row in rows if re.search(r"!(?:$| →)", row)] == []


def test_errors_and_their_hints_are_clauses_so_that_they_read_on_behind_the_programs_name(rows: list[str]) -> None:
    hinted = [row for row in rows if " → " in row]
    assert len(hinted) > 100
    assert [row for row in hinted if re.search(r"(?<!\.)\.(?:$| →)", row)] == []


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ('raise UsageError(f"there is no {name}", "`x` lists them")', [("there is no {…}", "`x` lists them")]),
        ('def f():\n    return check.says(Status.OK, "free")', [("free", "")]),
        ('Binding("q", "leave", "Quit")', [("Quit", "")]),
        ('note("a " + name + " b")', [("a {…} b", "")]),
        ('x = f"{(\'one is left\' if n else \'all is well\')}"', [("one is left", ""), ("all is well", "")]),
        ('if "was not found" in reply.text: pass', []),
        ('_SIGN = "must be signed in"\nok = text == _SIGN', []),
        ('raise ValueError("a fault of the code")', []),
        ('re.compile(r"is it (this) one")', []),
        ('"""What this file is for."""', []),
    ],
)  # fmt: skip
def test_what_people_see_is_found_and_what_they_do_not_see_is_left(code: str, told: list[tuple[str, str]]) -> None:
    assert [(one.text, one.hint) for one in messages(ast.parse(code))] == told
