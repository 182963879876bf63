"""Real servers, one of each for all tests."""

from collections.abc import Iterator

import pytest

from tests.providers import servers


@pytest.fixture(scope="session")
def postgres() -> Iterator[servers.PostgresServer]:
    """A private PostgreSQL."""
    if not servers.POSTGRES:
        pytest.skip("PostgreSQL's server programs are not installed")
    with servers.postgres_server() as server:
        yield server


@pytest.fixture(scope="session")
def redis() -> Iterator[servers.RedisServer]:
    """A private Redis."""
    if not servers.REDIS:
        pytest.skip("redis-server is not installed")
    with servers.redis_server() as server:
        yield server
