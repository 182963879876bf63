"""The fake is the same shape as the real Session."""

from __future__ import annotations

import inspect

import pytest

from onboard.rotation import Rotator
from onboard.session import Session
from tests.tui.fake import FakeSession
from tests.tui.rotator import FakeRotator

NAMES = [
    *(
        "trusted",
        "approval",
        "approve",
        "look",
        "plan",
        "stages",
        "rows",
        "matrix",
        "form",
        "clean",
        "fits",
        "generate",
    ),
    *(
        "attempt",
        "save",
        "unset",
        "skip",
        "unskip",
        "usual",
        "do",
        "listen",
        "dev",
        "prove",
        "env_diff",
        "offers",
        "make",
        "rotate",
        "close",
    ),
]


CHANGING = ("changes", "begin", "holds", "attempt", "commit", "elsewhere", "give", "end", "pending")


@pytest.mark.parametrize("name", CHANGING)
def test_the_fake_changes_credentials_in_the_same_words(name: str) -> None:
    real, fake = getattr(Rotator, name), getattr(FakeRotator, name)
    assert inspect.signature(real) == inspect.signature(fake)
    assert inspect.iscoroutinefunction(real) == inspect.iscoroutinefunction(fake)


@pytest.mark.parametrize("name", NAMES)
def test_the_fake_takes_and_gives_what_the_session_does(name: str) -> None:
    real, fake = inspect.getattr_static(Session, name), inspect.getattr_static(FakeSession, name)
    if isinstance(real, property):
        assert isinstance(fake, property)
        return
    told, faked = inspect.signature(real), inspect.signature(fake)
    assert list(told.parameters.values()) == list(faked.parameters.values())
    for check in (inspect.isasyncgenfunction, inspect.iscoroutinefunction):
        assert check(real) == check(fake)
