"""A secret is seen by nobody who does not ask for it by name."""

import copy
import json
import logging
import pickle
from dataclasses import asdict, dataclass

import pytest

from onboard.model import Finding, Secret, Status

CANARY = "canary-4fd2a1b7c9"


@pytest.mark.parametrize("show", [repr, str, ascii, lambda s: f"{[s]}", lambda s: " ".join(map(str, [s, [s]]))])
def test_a_secret_shows_nothing(show: object) -> None:
    assert callable(show)

    assert CANARY not in show(Secret(CANARY))


def test_a_secret_cannot_be_formatted() -> None:
    with pytest.raises(TypeError, match="cannot be formatted"):
        f"{Secret(CANARY)}"


@pytest.mark.parametrize("way", [pickle.dumps, copy.copy, copy.deepcopy, json.dumps])
def test_a_secret_cannot_be_carried_away(way: object) -> None:
    assert callable(way)

    with pytest.raises(TypeError):
        way(Secret(CANARY))


def test_a_secret_in_a_value_stays_hidden() -> None:
    @dataclass
    class Holder:
        secret: Secret

    assert CANARY not in repr(Holder(Secret(CANARY)))


def test_a_secret_in_a_log_stays_hidden(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("any").warning("got %s", Secret(CANARY))

    assert CANARY not in caplog.text


def test_equal_secrets_are_equal() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert not Secret("")


def test_a_finding_has_no_field_for_a_value() -> None:
    assert set(asdict(Finding("a.b", "t", Status.OK, "s"))) == {
        "id", "title", "status", "summary", "detail", "variable", "provider", "evidence", "step", "took_ms",
    }  # fmt: skip
