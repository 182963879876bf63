"""What is told before a provider is imported never hides a variable that the provider itself would claim."""

import ast
import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onboard import providers
from onboard.providers._base import Provider
from onboard.providers._hints import HINTS, possible

FOLDER = Path(providers.__file__).parent
ALL = [providers.provider(id) for id in providers.names()]
TEXTS = sorted(
    {
        text
        for file in Path(__file__).parent.glob("test_*.py")
        for text in re.findall(r'"([^"\\\n]{4,200})"', file.read_text("utf-8"))
    }
)
"""Every text of these tests: names, real shapes, refused ones."""
NAMES = ["SOME_KEY", "CHECKOUT_SECRET", "DATABASE_URL", "KV_REST_API_URL"]


STARTS = sorted(
    {
        word
        for file in sorted(FOLDER.glob("*.py"))
        if file.name != "_hints.py"
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " not in node.value
        for word in (node.value, *re.findall(r"[A-Za-z0-9_:/.-]{2,}", node.value))
        if 2 <= len(word) <= 40
    }
)
"""Every prefix that a provider's file spells out, and much besides."""
HEX, MIXED = "0123456789abcdef" * 4, "aB3xK9mQ2rT7wZ5nL8vC" * 3
TAILS = [HEX[:32], HEX, f"51{MIXED[:24]}", f"{MIXED[:8]}_{MIXED[:24]}", MIXED[:36], MIXED, f"{HEX}@x.y/1", "/a@b.c:1/d"]


def asked_of_all(name: str, value: str) -> tuple[str, str] | None:
    """`recognise` as it is without hints."""
    best: tuple[int, Provider, str] | None = None
    for one in ALL:
        claim = one.claim(name, value)
        if claim is not None and (best is None or claim[1] > best[0]):
            best = (claim[1], one, claim[0])
    return (best[1].id, best[2]) if best else None


def recognised(name: str, value: str) -> tuple[str, str] | None:
    found = providers.recognise(name, value)
    return (found[0].id, found[1]) if found else None


def hidden(name: str, value: str) -> Iterator[str]:
    yield from (one.id for one in ALL if not possible(one.id, name, value) and one.claim(name, value) is not None)


def test_every_hint_is_of_a_provider() -> None:
    assert HINTS.keys() <= set(providers.names())


def test_a_provider_without_a_hint_is_always_asked() -> None:
    assert possible("a_new_one", "X", "")


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.id)
def test_every_name_that_a_provider_knows_is_let_through(one: Provider) -> None:
    choose = random.Random(7)
    patterns = [pattern for key in one.keys for pattern in key.names]

    @given(st.one_of([st.from_regex(pattern, fullmatch=True) for pattern in patterns]))
    def held(name: str) -> None:
        assert [*hidden(name, "")] == []
        assert [*hidden(f"NEXT_PUBLIC_{name}", choose.choice(TEXTS))] == []

    held()


@pytest.mark.parametrize("name", [NAMES[0], *(pytest.param(name, marks=pytest.mark.long) for name in NAMES[1:])])
def test_every_value_that_a_provider_knows_is_let_through(name: str) -> None:
    assert len(TEXTS) > 500
    for value in TEXTS:
        for spelled in (value, value.upper(), value.swapcase(), f" {value}", value * 2):
            assert [*hidden(name, spelled)] == [], spelled
        assert recognised(name, value) == asked_of_all(name, value)


@given(st.sampled_from(NAMES), st.sampled_from(TEXTS), st.integers(0, 40), st.text(max_size=30))
def test_no_neighbour_of_a_known_value_is_hidden(name: str, value: str, at: int, more: str) -> None:
    changed = value[:at] + more + value[at:]

    assert recognised(name, changed) == asked_of_all(name, changed)


@pytest.mark.long
def test_every_prefix_that_a_provider_spells_out_is_let_through() -> None:
    assert {"phx_", "AC", "vcp_", "signkey-", "xkeysib-"} <= {*STARTS}
    for start in STARTS:
        for tail in (*TAILS, f"_{MIXED}"):
            assert [*hidden("SOME_KEY", start + tail)] == [], start + tail


def test_plain_settings_import_no_provider() -> None:
    assert [id for id in providers.names() if possible(id, "APP_NAME", "")] == []
    assert [id for id in providers.names() if possible(id, "PORT", "3000")] == ["uploadthing"]
