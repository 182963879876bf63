"""What all tests share."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.light import Light, Services, light, services
from tests.oracle import watch

# A shell that starts us in the background has these ignored, and every child would inherit that.
for _number in (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, signal.default_int_handler if _number is signal.SIGINT else signal.SIG_DFL)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def stand_ins() -> Iterator[Services]:
    with services() as made:
        yield made


@pytest.fixture
def shop(tmp_path: Path, stand_ins: Services) -> Iterator[Light]:
    """A light world without a keyring, not approved yet; at the end all that came out is searched for secrets."""
    with watch({"tmp": tmp_path}) as oracle:
        with light(tmp_path, stand_ins, oracle) as made:
            yield made
        oracle.check()
