"""The fake is the same shape as the real Session."""

from __future__ import annotations

import inspect

import pytest

from onboard.session import Session
from tests.tui.fake import FakeSession

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
        "close",
    ),
]


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
