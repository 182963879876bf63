"""What you see is text."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onboard.clean import clean, line, plain

HOSTILE = [
    pytest.param("\x1b]52;c;ZXZpbA==\x07", id="clipboard"),
    pytest.param("\x1b]8;;https://evil.test\x1b\\stripe.com\x1b]8;;\x1b\\", id="lying-link"),
    pytest.param("\x1b[2J\x1b[H", id="clear-screen"),
    pytest.param("\x9b2J", id="c1-csi"),
    pytest.param("\x9d0;title\x9c", id="c1-title"),
    pytest.param("\x1b[6n", id="asks-the-terminal"),
    pytest.param("STRIPE_KEY\u202eyek_evil", id="bidi"),
    pytest.param("a\u200bb\u2066c", id="invisible"),
    pytest.param("\x00\x07\x08\x0b\x0c\r\x7f", id="controls"),
    pytest.param("\U000e0041", id="tag"),
    pytest.param("\ud800", id="half-surrogate"),
]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_byte_that_a_terminal_acts_on_gets_through(text: str) -> None:
    shown = clean(text)

    assert all(char in "\n\t" or char.isprintable() for char in shown)


@given(st.text())
def test_cleaned_text_holds_no_control_or_format_character(text: str) -> None:
    shown = clean(text)

    assert not any(
        unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") and char not in "\n\t" for char in shown
    )


@given(st.text(st.characters(whitelist_categories=("L", "N", "P", "S"))))
def test_plain_text_stays_as_it_is(text: str) -> None:
    assert clean(text) == text


def test_a_bidi_control_is_named() -> None:
    assert clean("KEY\u202eevil") == "KEY<U+202E>evil"


def test_text_is_cut_and_says_so() -> None:
    assert clean("x" * 50, limit=10) == "x" * 10 + " … (10 characters shown)"


def test_one_line_has_no_line_end() -> None:
    assert line("a\n\n b\tc") == "a b c"


def test_a_childs_line_loses_its_colours_and_what_was_drawn_over() -> None:
    assert plain("\r\x1b[K\r\x1b[37m⣾\x1b[0m Getting ready...\r\x1b[32mdone\x1b[0m") == "done"
