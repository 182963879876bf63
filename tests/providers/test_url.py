"""Connection strings taken apart: what was put in comes out, and what is wrong is said without showing it."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onboard.providers._url import Url, host_of, parse, scheme_of, supabase_ref, with_password

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=40)
HOST = st.from_regex(r"[a-z0-9][a-z0-9.-]{0,30}[a-z0-9]", fullmatch=True)
PORT = st.integers(1, 65535)


@given(TEXT, TEXT, HOST, PORT, TEXT)
def test_what_is_encoded_comes_back_as_it_was(user: str, password: str, host: str, port: int, path: str) -> None:
    text = f"postgresql://{quote(user, safe='')}:{quote(password, safe='')}@{host}:{port}/{quote(path, safe='')}?a=b"
    url = parse(text)
    assert isinstance(url, Url)
    assert (url.user, url.password, url.host, url.port, url.path) == (user, password, host, port, path)
    assert url.query == {"a": "b"}
    assert host_of(text) == host


@given(TEXT, TEXT, HOST)
def test_only_the_password_changes(password: str, new: str, host: str) -> None:
    text = f"postgres://user:{quote(password, safe='')}@{host}/db?sslmode=require&channel_binding=require"
    changed = with_password(text, new)
    url = parse(changed)
    assert isinstance(url, Url)
    assert url.password == new
    assert with_password(changed, password) == text


@given(st.text(max_size=300))
def test_any_text_has_parts_or_a_reason_and_a_host_or_none(text: str) -> None:
    found = parse(text)
    assert isinstance(found, Url) or len(found) > 10
    scheme_of(text)
    host_of(text)


@given(st.text("abcXYZ09", min_size=4, max_size=20), st.sampled_from("#/?@"))
def test_a_reason_names_the_character_and_never_shows_the_password(text: str, char: str) -> None:
    password = f"{text}{char}{text}"
    reason = parse(f"postgres://user:{password}@db.example.com:5432/db")
    assert isinstance(reason, str)
    assert char in reason
    assert text not in reason


@given(TEXT, HOST)
def test_no_repr_shows_the_password(password: str, host: str) -> None:
    url = parse(f"redis://:{quote(password, safe='')}@{host}")
    assert isinstance(url, Url)
    assert "password" not in repr(url)


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("https://good.upstash.io@evil.example", "evil.example"),
        ("https://good.upstash.io:x@evil.example", "evil.example"),
        ("https://evil.example/.upstash.io", "evil.example"),
        ("https://evil.example?x.upstash.io", "evil.example"),
        ("https://evil.example#x.upstash.io", "evil.example"),
        ("https://x.upstash.io.evil.example", "x.upstash.io.evil.example"),
        ("https://EVIL.example", "evil.example"),
        ("https://[::1]:80/x", "::1"),
        ("x.upstash.io", ""),
    ],
)
def test_a_trick_does_not_change_the_host(text: str, host: str) -> None:
    assert host_of(text) == host
    url = parse(text)
    if isinstance(url, Url):
        assert url.host == host


def test_a_supabase_project_is_read_from_host_or_user() -> None:
    ref = "abcdefghijklmnopqrst"
    for text, expected in (
        (f"postgres://postgres:p@db.{ref}.supabase.co:5432/postgres", ref),
        (f"postgres://postgres.{ref}:p@aws-0-eu.pooler.supabase.com:6543/postgres", ref),
        (f"postgres://postgres.{ref}:p@pooler.evil.example:6543/postgres", ""),
        ("postgres://postgres:p@localhost/postgres", ""),
    ):
        url = parse(text)
        assert isinstance(url, Url)
        assert supabase_ref(url) == expected
