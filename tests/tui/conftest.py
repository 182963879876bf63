"""What the tests of the app share."""

import pytest
from textual import _wait


@pytest.fixture(autouse=True)
def brisk_pilot(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Textual's pilot look often whether it is idle: its fiftieth of a second, twice a key, is most of a test."""
    monkeypatch.setattr(_wait, "SLEEP_GRANULARITY", 1 / 500)
    monkeypatch.setattr(_wait, "SLEEP_IDLE", 1 / 10_000)
