"""The real parts as fixtures. A conftest that wants them has them as `from tests.parts.fixtures import *`."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from onboard.sandbox.standins.neon import NeonStandIn
from tests.parts import NODE_FOLDER, PROJECT, STORE, STRIPE, missing, needed, node_path, program
from tests.parts.postgres import PostgresServer, postgres_server
from tests.parts.redis import redis_server

__all__ = ["in_names", "neon", "node", "node_env", "node_project", "postgres", "redis_url", "stripe_cli"]


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A private PostgreSQL with TLS and a password."""
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A private Redis with a password."""
    with redis_server() as url:
        yield url


@pytest.fixture(scope="session")
def stripe_cli() -> Path:
    """The real Stripe CLI, 1.52.0."""
    return needed(STRIPE)


@pytest.fixture(scope="session")
def node() -> Path:
    """Node 24, as WavePoint's `.nvmrc` wants it."""
    return needed(NODE_FOLDER / "node")


@pytest.fixture
def node_env(tmp_path: Path) -> dict[str, str]:
    """An environment of its own: Node 24, pnpm and the Stripe CLI on the PATH, an empty home, no telemetry."""
    home = tmp_path / "home"
    home.mkdir(exist_ok=True)
    off = {"STRIPE_CLI_TELEMETRY_OPTOUT": "1", "NEXT_TELEMETRY_DISABLED": "1"}
    return {"PATH": node_path(), "HOME": str(home), "LANG": "C.UTF-8", **off}


@pytest.fixture
def node_project(tmp_path: Path) -> Path:
    """A fresh copy of WavePoint, not installed yet: `pnpm install` works in it without a network."""
    if not STORE.exists():
        missing("the packages of the sample project")
    folder = tmp_path / "wavepoint"
    shutil.copytree(PROJECT, folder, ignore=shutil.ignore_patterns("node_modules", ".next"))
    (folder / ".npmrc").write_text(f"store-dir={STORE}\noffline=true\n")
    return folder


@pytest.fixture
def neon(postgres: PostgresServer) -> tuple[NeonStandIn, str]:
    """A Neon stand-in in front of a database of the real PostgreSQL, and its connection string under Neon's name.

    The name resolves only for commands that run through `in_names`; over HTTP the stand-in takes its place.
    """
    stand_in = NeonStandIn(postgres.url())
    branch, url = stand_in.development, postgres.make_database()
    database = urlsplit(url).path.lstrip("/")
    for name, value in {
        "neon.project_id": stand_in.project_id,
        "neon.branch_id": branch.id,
        "neon.endpoint_id": branch.endpoint,
    }.items():
        postgres.run(f"alter database \"{database}\" set {name} = '{value}'")
    return stand_in, url.replace("127.0.0.1", branch.host)


@pytest.fixture
def in_names(tmp_path: Path) -> Callable[..., list[str]]:
    """Wrap a command so that host names lead to this machine: `in_names(argv, "ep-x.neon.tech")`."""
    unshare = program("unshare", "util-linux")
    if os.getuid() != 0:
        missing("the right to make a mount namespace", "running as root")

    def wrap(argv: list[str], *names: str) -> list[str]:
        hosts = tmp_path / "hosts"
        hosts.write_text("".join(f"127.0.0.1 {name}\n" for name in ("localhost", *names)))
        return [unshare, "-m", "sh", "-c", 'mount --bind "$0" /etc/hosts && exec "$@"', str(hosts), *argv]

    return wrap
