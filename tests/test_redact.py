"""What the redactor lets through, and what it does not."""

import base64
import itertools
import json
import re
import string
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onboard.model import Secret
from onboard.redact import MASK, Redactor

KEY = "sk_live_51Hq9vZ2eZvKYlo2C7xTn+/=p&d"
DSN = "postgresql://owner:n9g_Pa%2Fss@ep-x.aws.neon.tech/neondb?sslmode=require"


def redactor(*values: str) -> Redactor:
    return Redactor([Secret(value) for value in values])


ENCODED = {
    "raw": KEY,
    "percent": quote(KEY, safe=""),
    "percent in small letters": re.sub("%..", lambda m: m[0].lower(), quote(KEY, safe="")),
    "hex": KEY.encode().hex(),
    "HEX": KEY.encode().hex().upper(),
    "json": json.dumps(KEY)[1:-1],
    "json with escaped slashes": KEY.replace("/", "\\/"),
    **{f"base64 at {n}": base64.b64encode(b"user:"[:n] + KEY.encode() + b"!").decode() for n in (0, 1, 2)},
    "base64 for URLs": base64.urlsafe_b64encode(KEY.encode()).decode(),
    "wrapped": f"{KEY[:11]}\n{KEY[11:]}",
    "wrapped and indented": f"{KEY[:11]}  \r\n\t  {KEY[11:]}",
    "coloured": f"{KEY[:8]}\x1b[1m{KEY[8:20]}\x1b[0;32m{KEY[20:]}",
    "with a cursor move in each gap": "\x1b[3G".join(KEY),
    "with zero width blanks": "\u200b".join(KEY),
}


@pytest.mark.parametrize("form", ENCODED)
def test_a_secret_is_masked_however_it_is_written(form: str) -> None:
    shown = redactor(KEY).text(f"the key is {ENCODED[form]}, keep it")
    assert MASK in shown
    assert shown.startswith("the key is ")
    assert shown.endswith(", keep it")
    assert not _common(ENCODED[form], shown)


def _common(secret: str, shown: str) -> set[str]:
    return {secret[i : i + 10] for i in range(len(secret) - 9)} & {shown[i : i + 10] for i in range(len(shown))}


@pytest.mark.parametrize("form", ENCODED)
def test_where_the_chunks_end_changes_nothing(form: str) -> None:
    text = f"a {ENCODED[form]} b\nc {ENCODED[form]}{ENCODED[form]} d\n"
    whole = redactor(KEY).text(text)
    for size in (1, 2, 3, 7, 16):
        stream = redactor(KEY)
        chunks = [text[i : i + size] for i in range(0, len(text), size)]
        assert "".join(map(stream.feed, chunks)) + stream.finish() == whole


VALUES = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\t "), min_size=8, max_size=40)
NOISE = st.text(string.ascii_letters + " .:/=%\n\x1b[m\t", max_size=60)


@given(VALUES, NOISE, NOISE, st.data())
def test_any_value_at_any_chunk_border_is_masked(value: str, before: str, after: str, data: st.DataObject) -> None:
    raw = f"{before}|{value}|{after}".encode("utf-8", "replace")
    cuts = sorted(data.draw(st.lists(st.integers(0, len(raw)), max_size=8)))
    stream = redactor(value)
    shown = "".join(stream.feed(raw[a:b]) for a, b in itertools.pairwise([0, *cuts, len(raw)])) + stream.finish()
    assert shown.count(MASK) >= 1 or stream.unmasked
    if not stream.unmasked:
        assert value not in shown.replace(MASK, "\0")


FORMS: dict[str, Callable[[str, int], str]] = {
    "percent": lambda text, at: quote(text, safe=""),
    "hex": lambda text, at: text.encode().hex(),
    "json": lambda text, at: json.dumps(text)[1:-1],
    "base64": lambda text, at: base64.b64encode(b"user:"[: at % 3] + text.encode() + b"!").decode(),
    "wrapped": lambda text, at: f"{text[:at]}\n{text[at:]}",
    "coloured": lambda text, at: f"{text[:at]}\x1b[1m{text[at:]}\x1b[0m",
}
KEYS = st.text(string.ascii_letters + string.digits + "_-+/=&%$!", min_size=12, max_size=60)


@given(KEYS, st.sampled_from(sorted(FORMS)), st.integers(1, 11), NOISE, st.data())
def test_any_key_in_any_writing_is_masked_wherever_the_chunks_end(
    key: str, form: str, at: int, before: str, data: st.DataObject
) -> None:
    written = FORMS[form](key, at)
    raw = f"{before}| {written} |after\n".encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(raw)), max_size=8)))
    stream = redactor(key)
    shown = "".join(stream.feed(raw[a:b]) for a, b in itertools.pairwise([0, *cuts, len(raw)])) + stream.finish()
    if not stream.unmasked:
        assert MASK in shown
        assert not _common(written, shown)
        assert shown.endswith("after\n")


@given(st.text(string.printable, max_size=300), st.lists(st.integers(1, 50), max_size=20))
def test_text_without_a_secret_comes_through_unchanged(text: str, sizes: list[int]) -> None:
    stream, shown, at = redactor("Zq9-unlikely-in-any-text"), "", 0
    plain = text.replace("_", "").replace("-", "").replace("@", "")  # what no known key looks like
    for size in sizes:
        shown += stream.feed(plain[at : at + size])
        at += size
    assert shown + stream.feed(plain[at:]) + stream.finish() == plain


def test_the_password_of_a_connection_string_is_masked_alone_and_decoded() -> None:
    shown = redactor(DSN).text("auth n9g_Pa%2Fss failed; n9g_Pa/ss; host ep-x.aws.neon.tech")
    assert shown == f"auth {MASK} failed; {MASK}; host ep-x.aws.neon.tech"


def test_each_line_of_a_private_key_is_masked_alone() -> None:
    pem = "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG\n9w0BAQEFAASCBKcwggSj\n-----END KEY-----"
    assert redactor(pem).text("x 9w0BAQEFAASCBKcwggSj y") == f"x {MASK} y"


def test_a_value_of_64_kilobytes_is_masked_whole() -> None:
    value = "".join(f"{i:05x}" for i in range(13_107))
    shown = redactor(value).text(f"before {value} after")
    assert shown.removeprefix("before ").removesuffix(" after").replace(MASK, "") == ""


@pytest.mark.parametrize(
    "text",
    [
        "whsec_0123456789abcdef",
        "rk_test_51Habcdef",
        "sk-ant-api03-abcdefgh",
        "ghp_abcdefghijklmnop1234",
        "npg_abc123def456",
    ],
)
def test_a_key_that_nobody_told_us_of_is_masked_by_its_look(text: str) -> None:
    for size in (1, 5, 100):
        stream = redactor()
        line = f"secret is {text} (^C to quit)\nReady"
        shown = "".join(stream.feed(line[i : i + size]) for i in range(0, len(line), size)) + stream.finish()
        assert shown == f"secret is {MASK} (^C to quit)\nReady"


def test_user_and_password_in_any_url_are_masked() -> None:
    assert redactor().text("via http://user:pw@127.0.0.1:9 dead") == f"via http://{MASK}@127.0.0.1:9 dead"


def test_short_and_ordinary_values_do_not_tear_the_output_and_are_named() -> None:
    stream = Redactor({"PORT": Secret("3000"), "FLAG": Secret("true"), "KIND": Secret("development"), "K": Secret(KEY)})
    assert stream.unmasked == ("PORT", "FLAG", "KIND")
    assert stream.text("development on port 3000: true") == "development on port 3000: true"


def test_a_prompt_is_not_held_back() -> None:
    assert redactor(KEY).feed("Do you want to push? (y/N)") == "Do you want to push? (y/N)"


def test_a_secret_cut_off_by_the_end_of_the_stream_is_masked() -> None:
    stream = redactor(KEY)
    assert stream.feed("key " + KEY[:24]) + stream.finish() == f"key {MASK}"


def test_the_start_that_all_keys_share_is_shown() -> None:
    assert redactor(KEY).text("the key must start with sk_live_") == "the key must start with sk_live_"


def test_a_fresh_redactor_has_nothing_of_the_other_stream() -> None:
    one = redactor(KEY)
    one.feed(KEY[:10])
    other = one.fresh()
    assert other.feed(KEY[10:]) + other.finish() == KEY[10:]


def test_bytes_that_are_not_text_do_not_stop_it() -> None:
    stream = redactor(KEY)
    assert MASK in stream.feed(b"\xff\xfe " + KEY.encode() + b" \xc3") + stream.finish()
