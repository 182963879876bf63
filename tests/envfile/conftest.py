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

SEARCH = settings(deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
"""For generated input: real readers are slow on a busy machine, and a run of the tests is the same run again."""

VALUES = Path(__file__).parent / "values.json"


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
    """The table of tricky values, by id."""
    return {case["id"]: _text(case["value"]) for case in json.loads(VALUES.read_text())["values"]}


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
