"""A light world: a small repository, services as stand-ins, tools as shell scripts, the program as a real child.

No package is installed and no database runs, so that one run of the program costs a few tenths of a second. After the
test everything that came out is searched for every secret that was in play, and no process of the run may be left.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from onboard.envfile.document import EnvFile
from onboard.machine import Machine, config_folder, state_folder
from onboard.sandbox.served import Fault, Served, serve
from onboard.sandbox.standins.anthropic import AnthropicStandIn
from onboard.sandbox.standins.neon import NeonStandIn
from onboard.sandbox.standins.stripe import StripeStandIn
from onboard.session import Session
from onboard.vault import Vault
from tests.e2e.world import ONBOARD, Ran, git_init, secret_part
from tests.oracle import Oracle

__all__ = ["ONBOARD", "TEMPLATE", "Light", "Ran", "Services", "gone", "light", "services"]

TEMPLATE = """\
# The shop.
# https://console.neon.tech
DATABASE_URL="postgresql://user:pass@ep-xxx.us-east-1.aws.neon.tech/neondb?sslmode=require"
# https://dashboard.stripe.com/test/apikeys
STRIPE_SECRET_KEY="sk_test_..."
NEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY="pk_test_..."
# Make one with: openssl rand -base64 32
AUTH_SECRET="your-random-secret-here-min-32-chars"
# Anything of your own.
TEAM_NOTE=""
# Optional
ANTHROPIC_API_KEY=""
APP_URL="http://localhost:3000"
"""

PACKAGE = {
    "name": "shop",
    "private": True,
    "packageManager": "pnpm@10.34.9",
    "engines": {"node": ">=24"},
    "scripts": {"dev": "next dev", "db:push": "drizzle-kit push"},
    "dependencies": {"next": "16.4.6", "stripe": "23.1.0"},
    "devDependencies": {"drizzle-kit": "0.31.11"},
}

TOOLS = {
    "node": "echo v24.1.0",
    "pnpm": 'case "$1" in --version) echo 10.34.9;; *) echo "$@" >> "$HOME/pnpm-ran"; echo "Changes applied";; esac',
    "stripe": "echo stripe version 1.33.0",
}
"""Programs of the machine, by what their shell script does."""


@dataclass
class Services:
    """What stands in for the services; it may serve many tests."""

    stripe: StripeStandIn
    anthropic: AnthropicStandIn
    neon: NeonStandIn
    served: list[Served]

    @property
    def endpoints(self) -> dict[str, str]:
        return {name: url for one in self.served for name, url in one.endpoints.items()}

    def requests(self) -> list[tuple[str, str]]:
        """Return what was asked since `rest`: (method, path)."""
        return [(request.method, request.path) for served in self.served for request in served.requests]

    def sent(self) -> bytes:
        """Return every byte that arrived since `rest`."""
        asked = [request for served in self.served for request in served.requests]
        return b"\n".join(f"{r.method} {r.path} {r.query} {dict(r.headers)}".encode() + r.body for r in asked)

    def misbehave(self, fault: Fault) -> None:
        for served in self.served:
            served.fault = fault

    def rest(self) -> None:
        """Answer rightly again, and forget what was asked."""
        for served in self.served:
            served.fault = Fault.NONE
            served.requests.clear()


@contextmanager
def services() -> Iterator[Services]:
    """Serve the stand-ins until the block ends."""
    stripe, anthropic, neon = StripeStandIn(), AnthropicStandIn(), NeonStandIn()
    with ExitStack() as ends:
        yield Services(stripe, anthropic, neon, [ends.enter_context(serve(one)) for one in (stripe, anthropic, neon)])


@dataclass
class Light:
    """A repository on a machine, and the program in it."""

    root: Path
    project: Path
    home: Path
    tools: Path
    env: dict[str, str]
    services: Services
    oracle: Oracle
    typed: list[str] = field(default_factory=list)
    """Values that were entered and that nobody may see anywhere but in an env file."""

    @property
    def file(self) -> Path:
        return self.project / ".env.local"

    @property
    def credentials(self) -> dict[str, str]:
        return {
            "STRIPE_SECRET_KEY": self.services.stripe.secret_key,
            "NEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY": self.services.stripe.publishable_key,
            "ANTHROPIC_API_KEY": self.services.anthropic.api_key,
            "DATABASE_URL": self.services.neon.url(),
        }

    def onboard(
        self,
        *words: str,
        stdin: str | bytes | None = None,
        cwd: Path | None = None,
        env: Mapping[str, str | None] | None = None,
        wrap: Sequence[str] = (),
        seconds: float = 60,
    ) -> Ran:
        """Run the program to its end; `env`: changes of the environment (`None` removes)."""
        done = subprocess.run(
            [*wrap, str(ONBOARD), *words],
            cwd=cwd or self.project,
            env=self.environment(env),
            input=stdin.encode() if isinstance(stdin, str) else stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            timeout=seconds,
            check=False,
        )
        self.oracle.saw("stdout", done.stdout)
        self.oracle.saw("stderr", done.stderr)
        ran = Ran(done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace"))
        assert "Traceback" not in ran.err + ran.out, ran.err
        assert "fault of onboard" not in ran.err, ran.err
        return ran

    def environment(self, changes: Mapping[str, str | None] | None = None) -> dict[str, str]:
        return {name: value for name, value in {**self.env, **(changes or {})}.items() if value is not None}

    def set(self, name: str, value: str, *words: str, env: Mapping[str, str | None] | None = None) -> Ran:
        """Enter a value as a person pastes it, on stdin."""
        self.typed.append(value)
        return self.onboard("set", name, *words, stdin=value, env=env)

    def session(self, *, vault: Vault | None = None, folder: Path | None = None) -> Session:
        """Return a sitting at the repository on this machine, in our own process."""
        machine = Machine(
            env=self.env,
            home=self.home,
            state=state_folder(self.env, self.home),
            config=config_folder(self.env, self.home),
            vault=vault,
        )
        return Session.open(machine, folder or self.project)

    def trust(self) -> None:
        """Approve what is there now, as `onboard trust --accept` does."""
        session = self.session()
        session.approve(session.approval().hash)

    def values(self) -> dict[str, str]:
        """Return what the env file holds."""
        if not self.file.is_file():
            return {}
        env = EnvFile.parse(self.file.read_bytes())
        return {name: value.reveal() for name in env.names() if (value := env.get(name)) is not None}

    def temporary(self) -> list[str]:
        """Return our temporary files that are still in the project."""
        return sorted(path.name for path in self.project.rglob(".env.onboard-*"))

    def tool(self, name: str, script: str | None) -> None:
        """Put a program on the machine, or take it away (`None`)."""
        file = self.tools / name
        file.unlink(missing_ok=True)
        if script is not None:
            file.write_text(f"#!/bin/sh\n{script}\n")
            file.chmod(0o755)

    def alone(self) -> str:
        """Return a PATH with this machine's tools and git, without what the system has of the same names."""
        git = self.tools / "git"
        if not git.exists():
            git.symlink_to(str(shutil.which("git")))
        return str(self.tools)

    def template(self, text: str | bytes) -> None:
        (self.project / ".env.local.example").write_bytes(text.encode() if isinstance(text, str) else text)

    def package(self, **changes: object) -> None:
        (self.project / "package.json").write_text(json.dumps(PACKAGE | changes))

    def left(self) -> list[str]:
        """Return the command lines of processes of this run that are still there."""
        return [_command(pid) for pid in _of_home(self.home)]

    def tell_oracle(self) -> None:
        """Name every secret that was in play, and where each may be: with its own service and in an env file."""
        hosts = {"STRIPE_SECRET_KEY": "stripe", "ANTHROPIC_API_KEY": "anthropic", "DATABASE_URL": "neon.sql"}
        secrets = [(name, value) for name, value in self.credentials.items() if not name.startswith("NEXT_PUBLIC_")]
        secrets += [("typed", value) for value in self.typed]
        for name, value in secrets:
            part = secret_part(value.strip().strip("\"'"))
            places = (
                ("file:*/.env.local", "host:*") if name == "typed" else ("file:*/.env.local", f"host:{hosts[name]}")
            )
            if len(part) >= 12:
                self.oracle.know(part, name=name, allowed=places)
        for served in self.services.served:
            for request in served.requests:
                sent = f"{request.method} {request.path} {dict(request.headers)}".encode() + request.body
                self.oracle.sent(next(iter(served.endpoints)), sent)


def _of_home(home: Path) -> list[int]:
    """Return the processes whose home is `home`: every child keeps it."""
    needle, found = f"HOME={home}\0".encode(), []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if needle in (folder / "environ").read_bytes() + b"\0":
                found.append(int(folder.name))
    return found


def _command(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
    return ""


def gone(look: Callable[[], list[str]], seconds: float = 3) -> list[str]:
    """Return what `look` still finds once the time is up; empty as soon as it finds nothing."""
    until = time.monotonic() + seconds
    while (found := look()) and time.monotonic() < until:
        time.sleep(0.02)
    return found


@contextmanager
def light(root: Path, services: Services, oracle: Oracle, bus: Mapping[str, str] | None = None) -> Iterator[Light]:
    """Make a repository and a machine in `root`; at the end nothing may run any more and nothing may have leaked.

    `bus`: the environment in which a keyring is to be found; without it there is none.
    """
    services.rest()
    project, home, tools = root / "shop", root / "home", root / "bin"
    for folder in (project, home, tools, root / "tmp"):
        folder.mkdir(exist_ok=True)
    git_init(project)
    (project / ".gitignore").write_text("node_modules\n.env*.local\n")
    endpoints = root / "endpoints.json"
    endpoints.write_text(json.dumps(services.endpoints))
    env = {
        "PATH": os.pathsep.join([str(tools), "/usr/bin", "/bin"]),
        "LANG": "C.UTF-8",
        "TERM": "xterm-256color",
        "TMPDIR": str(root / "tmp"),
        "ONBOARD_ENDPOINTS": str(endpoints),
        **{name: value for name, value in (bus or {}).items() if name != "PATH"},
        "HOME": str(home),
    }
    made = Light(root, project, home, tools, env, services, oracle)
    made.template(TEMPLATE)
    made.package()
    for name, script in TOOLS.items():
        made.tool(name, script)
    daemons = set(_of_home(home))
    try:
        yield made
        left = gone(lambda: [_command(pid) for pid in _of_home(home) if pid not in daemons])
        assert left == []
        made.tell_oracle()
    finally:
        for pid in set(_of_home(home)) - daemons:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        services.rest()
