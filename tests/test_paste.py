"""What was pasted becomes what was meant, and what was taken off is said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onboard.paste import cleaned

PEM = "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----"

PASTES = [
    pytest.param("sk_test_abc", "sk_test_abc", (), id="as-it-is"),
    pytest.param("sk_test_abc\n", "sk_test_abc", ("a line end",), id="line-end"),
    pytest.param("  sk_test_abc ", "sk_test_abc", ("blanks around it",), id="blanks"),
    pytest.param("KEY=sk_test_abc", "sk_test_abc", ("KEY=",), id="name"),
    pytest.param('export KEY="sk_test_abc"', "sk_test_abc", ("KEY=", "quotes"), id="export-quotes"),
    pytest.param("KEY: 'sk_test_abc'", "sk_test_abc", ("KEY=", "quotes"), id="yaml"),
    pytest.param("“sk_test_abc”", "sk_test_abc", ("quotes",), id="smart-quotes"),
    pytest.param("KEY=KEY=sk_test_abc", "sk_test_abc", ("KEY=",), id="twice"),
    pytest.param("OTHER_NAME=sk_test_abc", "sk_test_abc", ("KEY=",), id="another-name"),
    pytest.param("Bearer sk_test_abc", "sk_test_abc", ("Bearer",), id="bearer"),
    pytest.param("\ufeffsk_test_abc\u200b", "sk_test_abc", ("invisible characters",), id="invisible"),
    pytest.param("\x1b[200~sk_test_abc\x1b[201~", "sk_test_abc", ("terminal codes",), id="paste-marks"),
    pytest.param("sk_test_abc\nsecond line", "sk_test_abc", ("1 more line",), id="two-lines"),
    pytest.param("A_NAME=1\nKEY=sk_test_abc\n", "sk_test_abc", ("a line end", "1 more line", "KEY="), id="block"),
    pytest.param(PEM + "\n", PEM, ("a line end",), id="pem"),
    pytest.param('{"a": 1,\r\n "b": 2}', '{"a": 1,\n "b": 2}', (), id="json"),
    pytest.param("postgresql://u:p=w@h/d?x=1", "postgresql://u:p=w@h/d?x=1", (), id="url-with-equals"),
    pytest.param("dGVzdA==", "dGVzdA==", (), id="base64"),
    pytest.param("'it's'", "'it's'", (), id="quote-inside"),
    pytest.param("", "", (), id="empty"),
]


@pytest.mark.parametrize(("text", "value", "removed"), PASTES)
def test_a_paste_is_cleaned_and_says_so(text: str, value: str, removed: tuple[str, ...]) -> None:
    pasted = cleaned("KEY", text)

    assert (pasted.value.reveal(), pasted.removed) == (value, removed)


@given(st.text())
def test_cleaning_never_fails_and_is_done_at_once(text: str) -> None:
    once = cleaned("KEY", text).value.reveal()

    assert once == once.strip("\r\n")


@given(st.from_regex(r"[A-Za-z0-9_\-+/.]{1,80}", fullmatch=True))
def test_a_plain_value_is_never_touched(value: str) -> None:
    pasted = cleaned("KEY", value)

    assert (pasted.value.reveal(), pasted.removed) == (value, ())
