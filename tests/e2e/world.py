"""A machine on which somebody onboards WavePoint: real tools, PostgreSQL, Redis and keyring; services as stand-ins."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from onboard.envfile.document import EnvFile
from onboard.sandbox.served import Served, serve
from onboard.sandbox.standins.anthropic import AnthropicStandIn
from onboard.sandbox.standins.neon import NeonStandIn
from onboard.sandbox.standins.stripe import StripeStandIn
from onboard.sandbox.standins.upstash import UpstashStandIn
from tests import schemas
from tests.oracle import Oracle
from tests.parts.ports import free_port

ONBOARD = Path(sys.executable).with_name("onboard")
REMOTE = "git@github.com:wavepoint-example/wavepoint.git"


@dataclass
class Ran:
    """How a command of ours ended."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return schemas.read(self.out)


@dataclass
class World:
    """Everything outside the program."""

    home: Path
    project: Path
    env: dict[str, str]
    wrap: Callable[..., list[str]]
    neon: NeonStandIn
    database_url: str
    stripe: StripeStandIn
    upstash: UpstashStandIn
    anthropic: AnthropicStandIn
    served: list[Served]
    port: int
    oracle: Oracle

    @property
    def credentials(self) -> dict[str, str]:
        """What a person copies from the services' pages."""
        return {
            "DATABASE_URL": self.database_url,
            "STRIPE_SECRET_KEY": self.stripe.secret_key,
            "NEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY": self.stripe.publishable_key,
            "ANTHROPIC_API_KEY": self.anthropic.api_key,
        }

    def argv(self, *words: str) -> list[str]:
        """Return the command line that runs onboard where Neon's name leads to this machine."""
        return self.wrap([str(ONBOARD), *words], *(branch.host for branch in self.neon.branches))

    def onboard(self, *words: str, stdin: str | None = None, cwd: Path | None = None) -> Ran:
        done = subprocess.run(
            self.argv(*words),
            cwd=cwd or self.project,
            env=self.env,
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        self.oracle.saw("stdout", done.stdout)
        self.oracle.saw("stderr", done.stderr)
        return Ran(done.returncode, done.stdout, done.stderr)

    def tell_oracle(self) -> None:
        """Name every secret of this run, and where each may be: its own service and the env file."""
        own = {
            "DATABASE_URL": "neon.*",
            "STRIPE_SECRET_KEY": "stripe",
            "ANTHROPIC_API_KEY": "anthropic",
        }
        held: dict[str, set[str]] = {}
        for file in self.project.parent.glob("*/.env.local"):
            env = EnvFile.parse(file.read_bytes())
            for name in env.names():
                if (found := env.get(name)) is not None:
                    held.setdefault(name, set()).add(found.reveal())
        for name, value in self.credentials.items():
            held.setdefault(name, set()).add(value)
        for name, values in held.items():
            if name.startswith("NEXT_PUBLIC_") or name == "APP_URL":
                continue
            places = ("file:*/.env.local", *((f"host:{own[name]}",) if name in own else ()))
            for value in values:
                self.oracle.know(secret_part(value), name=name, allowed=places)
        for served in self.served:
            for request in served.requests:
                sent = f"{request.method} {request.path} {dict(request.headers)}".encode() + request.body
                self.oracle.sent(next(iter(served.endpoints)), sent)

    @contextmanager
    def running(self, *words: str) -> Iterator[subprocess.Popen[str]]:
        """Run onboard for as long as the block lasts, then Ctrl-C."""
        child = subprocess.Popen(
            self.argv(*words),
            cwd=self.project,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            yield child
        finally:
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGINT)
            try:
                child.wait(20)
            finally:
                if child.poll() is None:
                    os.killpg(child.pid, signal.SIGKILL)
                    child.wait()
                assert child.stdout is not None
                child.stdout.close()

    def clone(self, name: str) -> Path:
        """Return another clone of the same repository."""
        folder = self.project.with_name(name)
        shutil.copytree(
            self.project, folder, ignore=shutil.ignore_patterns("node_modules", ".next", ".env.local", ".git")
        )
        git_init(folder)
        return folder

    def requests(self) -> list[tuple[str, str]]:
        """Return what all services were asked so far: (method, path)."""
        return [(request.method, request.path) for served in self.served for request in served.requests]

    def trust(self, cwd: Path | None = None) -> None:
        """Approve what `trust --show` shows, by its hash."""
        shown = self.onboard("trust", "--show", "--json", cwd=cwd).json()
        accepted = self.onboard("trust", "--accept", shown["hash"], cwd=cwd)

        assert accepted.code == 0, accepted.err


def secret_part(value: str) -> str:
    """Return what nobody may see of a value: a URL's host and the account in a Stripe key are shown on purpose."""
    if "://" in value:
        return urlsplit(value).password or value
    return value[26:] if value.startswith(("sk_test_", "rk_test_")) else value


def git_init(folder: Path) -> None:
    """Make a folder a clone of the sample's remote."""
    for words in (["init", "-q"], ["remote", "add", "origin", REMOTE]):
        subprocess.run(["git", *words], cwd=folder, check=True, env={"PATH": os.environ["PATH"], "HOME": str(folder)})


def on_port(project: Path, port: int) -> None:
    """Move the sample's dev server and listeners to another port, as a team with other habits would have it."""
    package = project / "package.json"
    text = package.read_text("utf-8").replace('"next dev"', f'"next dev -p {port}"')
    package.write_text(text.replace("localhost:3000", f"localhost:{port}"), "utf-8")
    template = project / ".env.local.example"
    template.write_text(template.read_text("utf-8").replace("localhost:3000", f"localhost:{port}"), "utf-8")


@contextmanager
def made(
    tmp_path: Path,
    project: Path,
    env: dict[str, str],
    wrap: Callable[..., list[str]],
    neon: tuple[NeonStandIn, str],
    redis_url: str,
    oracle: Oracle,
) -> Iterator[World]:
    """Serve the stand-ins and hand the world out; in the end all that the run left is searched for its secrets."""
    git_init(project)
    port = free_port()
    on_port(project, port)
    stripe, upstash, anthropic = StripeStandIn(), UpstashStandIn(redis_url), AnthropicStandIn()
    with ExitStack() as ends:
        served = [ends.enter_context(serve(stand_in)) for stand_in in (neon[0], stripe, upstash, anthropic)]
        endpoints = {name: url for one in served for name, url in one.endpoints.items()}
        file = tmp_path / "endpoints.json"
        file.write_text(json.dumps(endpoints))
        env = env | {
            "ONBOARD_ENDPOINTS": str(file),
            "ONBOARD_STRIPE_CLI_ARGS": f"--api-base {endpoints['stripe']}",
        }
        world = World(
            Path(env["HOME"]), project, env, wrap, neon[0], neon[1], stripe, upstash, anthropic, served, port, oracle
        )
        yield world
        world.tell_oracle()
