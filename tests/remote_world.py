"""A repository that is deployed at Vercel and built at GitHub, both as stand-ins; every value watched."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from onboard import remotes
from onboard.looking import Looking
from onboard.machine import Machine
from onboard.model import Finding
from onboard.sandbox.invented import alnum, lower
from onboard.sandbox.served import Served, serve
from onboard.sandbox.standins.github import GitHubStandIn
from onboard.sandbox.standins.vercel import VercelStandIn
from onboard.session import Session
from tests.oracle import Oracle, watch
from tests.vaults import memory_vault

TEMPLATE = """\
DATABASE_URL="postgresql://user:pass@ep-xxx.us-east-1.aws.neon.tech/neondb?sslmode=require"
STRIPE_SECRET_KEY="sk_test_..."
STRIPE_WEBHOOK_SECRET="whsec_..."
AUTH_SECRET="your-random-secret-here-min-32-chars"
# Optional
ANTHROPIC_API_KEY=""
NEXT_PUBLIC_SHOP_ENABLED="true"
APP_URL="http://localhost:3000"
"""
WORKFLOW = """\
on: push
jobs:
  preview:
    steps:
      - run: ./branch.sh ${{ vars.NEON_PROJECT_ID }}
        env:
          NEON_API_KEY: ${{ secrets.NEON_API_KEY }}
          # OLD: ${{ secrets.GONE }}
          TOKEN: ${{ secrets.GITHUB_TOKEN }}
          DATABASE_URL: ${{ secrets['database_url'] }}
"""


@dataclass
class World:
    """A repository that is linked to Vercel and lies at GitHub, and what is set there."""

    root: Path
    vercel: VercelStandIn
    github: GitHubStandIn
    served: dict[str, Served]
    oracle: Oracle
    values: dict[tuple[str, str], str] = field(default_factory=dict)
    """By name and place: `production`, `preview`, `development`, `here`."""
    env: dict[str, str] = field(default_factory=dict)

    @property
    def project(self) -> Path:
        return self.root / "shop"

    def database(self, branch: str, *, pooled: bool = False, user: str = "owner") -> str:
        pooler = "-pooler" if pooled else ""
        host = f"ep-{branch}-rain-123456{pooler}.us-east-1.aws.neon.tech"
        return f"postgresql://{user}:{self.secret('npg_')}@{host}/neondb?sslmode=require"

    def secret(self, prefix: str = "") -> str:
        """Return a new value that may stand in the env file and nowhere else of ours."""
        core = alnum(40)
        self.oracle.know(core, name=prefix or "secret", allowed=("file:tmp/shop/.env.local",))
        return prefix + core

    def set(self, name: str, place: str, value: str, kind: str = "encrypted") -> None:
        """Put an entry of one environment at Vercel, or a line here; it replaces what was there."""
        self.values[name, place] = value
        if place != "here":
            self.unset(name, place)
            self.vercel.env.append(
                {
                    "id": lower(8),
                    "key": name,
                    "type": kind,
                    "target": [place],
                    "value": "" if kind == "sensitive" else value,
                }
            )

    def unset(self, name: str, place: str) -> None:
        self.vercel.env[:] = [row for row in self.vercel.env if not (row["key"] == name and row["target"] == [place])]

    def together(self, name: str, kind: str, *places: str) -> None:
        """Make one entry for several environments of what the first one has."""
        for place in places:
            self.unset(name, place)
        value = "" if kind == "sensitive" else self.values[name, places[0]]
        self.vercel.env.append({"id": lower(8), "key": name, "type": kind, "target": list(places), "value": value})

    def write(self) -> None:
        lines = [f'{name}="{value}"\n' for (name, place), value in self.values.items() if place == "here"]
        (self.project / ".env.local").write_text("".join(lines))
        (self.project / ".env.local").chmod(0o600)

    def log_in(self, *, expires: float | None = None, **config: str) -> None:
        """Leave a login of the Vercel CLI, as it writes it."""
        folder = self.root / "home/.local/share/com.vercel.cli"
        folder.mkdir(parents=True, exist_ok=True)
        self.oracle.know(self.vercel.token, name="login", allowed=("file:*/auth.json", "host:vercel"))
        ends = {} if expires is None else {"expiresAt": int(expires), "refreshToken": alnum(30)}
        (folder / "auth.json").write_text(json.dumps({"token": self.vercel.token, **ends}))
        (folder / "config.json").write_text(json.dumps(config))

    def gh(self, *, signed_in: bool = True) -> None:
        """Put a gh on the machine that says what gh says."""
        self.oracle.know(self.github.token, name="gh", allowed=("file:*/gh", "host:github"))
        said = f"echo {self.github.token}" if signed_in else 'echo "no oauth token found for github.com" >&2; exit 1'
        tool = self.root / "bin/gh"
        tool.parent.mkdir(exist_ok=True)
        tool.write_text(f'#!/bin/sh\n[ "$*" = "auth token --hostname github.com" ] || exit 3\n{said}\n')
        tool.chmod(0o755)

    def workflow(self, text: str, name: str = "ci.yml") -> None:
        (self.project / remotes.WORKFLOWS).mkdir(parents=True, exist_ok=True)
        (self.project / remotes.WORKFLOWS / name).write_text(text)

    def session(self, *, trusted: bool = True, terminal: bool = False) -> Session:
        """Return one sitting. `terminal`: a person is there."""
        self.write()
        endpoints = self.root / "endpoints.json"
        endpoints.write_text(json.dumps({id: one.url for id, one in self.served.items()}))
        machine = Machine(
            env={"PATH": f"{self.root / 'bin'}:/usr/bin:/bin", "ONBOARD_ENDPOINTS": str(endpoints), **self.env},
            home=self.root / "home",
            state=self.root / "state",
            config=self.root / "config",
            platform="linux",
            terminal=terminal,
            vault=memory_vault(self.root / "vault"),
            now=lambda: datetime(2026, 11, 21, tzinfo=UTC),
        )
        session = Session.open(machine, self.project)
        if trusted:
            session.approve(session.approval().hash)
        return session

    async def look(self, only: str = "remote", session: Session | None = None) -> dict[str, Finding]:
        session = session or self.session()
        found = {finding.id: finding async for finding in session.look(only)}
        self.shown(session, found)
        await session.close()
        return found

    def shown(self, session: Looking, found: dict[str, Finding]) -> None:
        """Hand everything that a person could see, or that left the machine, to the oracle."""
        self.oracle.saw(
            "findings", json.dumps([asdict(one) for one in found.values()], ensure_ascii=False) + repr(found)
        )
        self.oracle.saw("places", json.dumps({place: dict(names) for place, names in session.places.items()}))
        for id, served in self.served.items():
            for request in served.requests:
                self.oracle.sent(id, f"{request.path} {request.query} {dict(request.headers)}".encode() + request.body)


def told(finding: Finding) -> set[tuple[str, str, str]]:
    """Return each trouble that a finding's evidence names: kind, name, place."""
    found = set()
    for kind in ("missing", "placeholder", "local", "mode", "same", "production"):
        for part in str(finding.evidence.get(kind) or "").split(", "):
            if part:
                name, _, place = part.partition(" (")
                found.add((kind, name, place.rstrip(")")))
    return found


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    vercel, github = VercelStandIn(), GitHubStandIn()
    with watch({"tmp": tmp_path}) as oracle, ExitStack() as ends:
        served = {"vercel": ends.enter_context(serve(vercel)), "github": ends.enter_context(serve(github))}
        made = World(tmp_path, vercel, github, served, oracle)
        for folder in (".git", ".vercel"):
            (made.project / folder).mkdir(parents=True)
        (tmp_path / "home").mkdir()
        (made.project / ".git/HEAD").write_text("ref: refs/heads/main\n")
        (made.project / ".git/config").write_text('[remote "origin"]\n\turl = git@github.com:wavepoint/shop.git\n')
        (made.project / ".gitignore").write_text(".env*.local\n.vercel\n")
        (made.project / ".env.local.example").write_text(TEMPLATE)
        (made.project / "package.json").write_text('{"name": "shop", "dependencies": {"next": "16.4.6"}}')
        link = {"projectId": vercel.project, "orgId": vercel.team, "projectName": "shop"}
        (made.project / ".vercel/project.json").write_text(json.dumps(link))
        clean(made)
        yield made
        oracle.check()


def clean(world: World) -> None:
    """Set everything everywhere as it should be."""
    world.vercel.env.clear()
    stripe = {"production": "sk_live_51", "preview": "sk_test_51", "here": "sk_test_51"}
    for place, prefix in stripe.items():
        world.set(
            "DATABASE_URL", place, world.database({"production": "main", "preview": "staging"}.get(place, "mine"))
        )
        world.set("STRIPE_SECRET_KEY", place, world.secret(prefix))
        world.set("STRIPE_WEBHOOK_SECRET", place, world.secret("whsec_"))
    shared = world.secret()
    for place in stripe:
        world.set("AUTH_SECRET", place, shared)
        world.set("ANTHROPIC_API_KEY", place, "sk-ant-api03-" + shared)
    world.set("APP_URL", "production", "https://shop.example", "plain")
    world.set("APP_URL", "preview", "https://staging.shop.example", "plain")
    world.log_in()
