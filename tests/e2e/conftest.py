"""The world as a fixture."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from onboard.sandbox.standins.neon import NeonStandIn
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
