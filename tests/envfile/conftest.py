"""Fixtures for env files: the real readers, one set for the whole run."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.envfile.real_readers import Missing, RealReaders

settings.register_profile(
    "envfile", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
settings.load_profile("envfile")

CASES = Path(__file__).parents[2] / ".." / "shared" / "dotenv-cases.json"


def missing(reason: str) -> None:
    """Skip, or fail where everything has to be there (CI)."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def real() -> Iterator[RealReaders]:
    readers = RealReaders()
    yield readers
    readers.close()


@pytest.fixture(scope="session")
def values() -> dict[str, str]:
    """The shared table of tricky values, by id."""
    if not CASES.exists():
        missing("the shared table of env values is not beside this repository")
    return {case["id"]: _text(case["value"]) for case in json.loads(CASES.read_text())["values"]}


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return str(value.get("before", "") + value["repeat"] * value["times"] + value.get("after", ""))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Any:
    try:
        return (yield)
    except Missing as error:
        missing(str(error))
