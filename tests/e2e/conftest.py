"""The world as a fixture."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from onboard.sandbox.standins.neon import NeonStandIn
from tests.e2e.light import Light, Services, light, services
from tests.e2e.world import World, made
from tests.keyring_parts import keyring
from tests.oracle import Oracle, oracle
from tests.parts.fixtures import in_names, neon, node_env, node_project, postgres, redis_url

__all__ = ["in_names", "neon", "node_env", "node_project", "oracle", "postgres", "redis_url"]


@pytest.fixture
def world(
    tmp_path: Path,
    node_project: Path,
    node_env: dict[str, str],
    in_names: Callable[..., list[str]],
    neon: tuple[NeonStandIn, str],
    redis_url: str,
    oracle: Oracle,
) -> Iterator[World]:
    with (
        keyring(tmp_path / "home") as bus,
        made(tmp_path, node_project, bus.env | node_env, in_names, neon, redis_url, oracle) as world,
    ):
        yield world


@pytest.fixture(scope="session")
def stand_ins() -> Iterator[Services]:
    with services() as made:
        yield made


@pytest.fixture
def shop(tmp_path: Path, stand_ins: Services, oracle: Oracle) -> Iterator[Light]:
    """A light world without a keyring, not approved yet."""
    with light(tmp_path, stand_ins, oracle) as made:
        yield made


@pytest.fixture
def trusted(shop: Light) -> Light:
    """The same, approved."""
    shop.trust()
    return shop


@pytest.fixture
def keyring_shop(tmp_path: Path, stand_ins: Services, oracle: Oracle) -> Iterator[Light]:
    """An approved light world with a real gnome-keyring."""
    with keyring(tmp_path / "home") as bus, light(tmp_path, stand_ins, oracle, bus.env) as made:
        made.trust()
        yield made
