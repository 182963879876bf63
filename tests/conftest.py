"""What all tests share."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.light import Light, Services, light, services
from tests.oracle import watch
from tests.parts.docker import Engine, docker_engine

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


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """A real Docker engine of the tests' own."""
    with docker_engine() as made:
        yield made


@pytest.fixture
def contained(shop: Light, engine: Engine) -> Iterator[Light]:
    """The light world on a machine whose Docker is that engine; its containers end with the test."""
    shop.env["PATH"] = os.pathsep.join([str(shop.tools), str(Path(engine.docker).parent), "/usr/bin", "/bin"])
    shop.env |= engine.env
    yield shop
    engine.clear()


@pytest.fixture
def shop(tmp_path: Path, stand_ins: Services) -> Iterator[Light]:
    """A light world without a keyring, not approved yet; at the end all that came out is searched for secrets."""
    with watch({"tmp": tmp_path}) as oracle:
        with light(tmp_path, stand_ins, oracle) as made:
            yield made
        oracle.check()
