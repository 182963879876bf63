"""Every kind of drift, planted in the sample project: exactly its finding, and none after the step that it names."""

from __future__ import annotations

import json
import os
import random
import shutil
import socket
import subprocess
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from onboard.envfile.document import EnvFile
from onboard.machine import Machine
from onboard.model import Ask, Finding, Run, Status, Write
from onboard.sandbox.demo import Demo
from onboard.sandbox.served import Fault
from onboard.sandbox.standins.neon import NeonStandIn
from onboard.sandbox.standins.stripe import Account
from onboard.session import Session
from tests.parts.ports import free_port

pytestmark = pytest.mark.anyio

LIVE = "sk_live_51Hq3mKw9ZtVbN4cXyRdPfGsLjAa71"
BAD = (Status.FAIL, Status.WARN, Status.UNKNOWN)


@dataclass
class Place:
    """The sample project, set up to the end; what is planted is taken back by `restore`."""

    demo: Demo
    kept: Path
    """A copy of the project and of the person's folders as they were when all was well."""
    shell: dict[str, str] = field(default_factory=dict)
    later: timedelta = timedelta()
    held: list[socket.socket] = field(default_factory=list)

    @property
    def root(self) -> Path:
        return self.demo.root

    @property
    def env(self) -> Path:
        return self.root / ".env.local"

    def value(self, name: str) -> str:
        found = EnvFile.parse(self.env.read_bytes()).get(name)
        return found.reveal() if found else ""

    def put(self, name: str, value: str) -> None:
        """Change a value in the env file alone, as an editor does."""
        self.env.write_bytes(EnvFile.parse(self.env.read_bytes()).set(name, value).data)

    def drop(self, name: str) -> None:
        lines = self.env.read_text().splitlines(keepends=True)
        self.env.write_text("".join(line for line in lines if not line.startswith(f"{name}=")))

    def edit(self, file: str, old: str, new: str) -> None:
        text = (self.root / file).read_text()
        assert old in text
        (self.root / file).write_text(text.replace(old, new))

    def tool(self, name: str, script: str) -> None:
        (self.demo.folder / "bin" / name).write_text(f"#!/bin/sh\n{script}\n")

    def git(self, *words: str) -> None:
        subprocess.run(["git", *words], cwd=self.root, check=True, capture_output=True)

    def machine(self) -> Machine:
        here = self.demo.machine()
        now = here.now()
        return Machine(
            env={**here.env, **self.shell},
            home=here.home,
            state=here.state,
            config=here.config,
            vault=here.vault,
            open_url=lambda url: False,
            now=lambda: now + self.later,
        )

    def session(self) -> Session:
        session = Session.open(self.machine(), self.root)
        session.approve(session.approval().hash)
        return session

    async def look(self) -> dict[str, Finding]:
        """Return what is wrong, after a person approved what is there now."""
        session = self.session()
        try:
            return {f.id: f async for f in session.look() if f.status in BAD}
        finally:
            await session.close()

    def restore(self) -> None:
        for name in ("wavepoint", "home", "bin"):
            shutil.rmtree(self.demo.folder / name)
            shutil.copytree(self.kept / name, self.demo.folder / name, symlinks=True)
        self.demo._store.__dict__.update(json.loads((self.kept / "vault.json").read_text()))
        for served in self.demo.served.values():
            served.fault = Fault.NONE
        self.shell.clear()
        self.later = timedelta()
        while self.held:
            self.held.pop().close()


@asynccontextmanager
async def set_up(folder: Path) -> AsyncGenerator[Place, None]:
    """Onboard the sample project to the end, with tools that answer at once."""
    with Demo(port=free_port()) as demo:
        place = Place(demo, folder / "kept")
        for name, script in (
            ("node", "echo v24.21.0"),
            ("pnpm", '[ "$1" = --version ] && echo 10.34.9 || exec ' + f"{demo.folder}/bin/pnpm.real" + ' "$@"'),
            ("stripe", f'case "$*" in *print-secret*) echo {demo.stripe.account.webhook_secret};; '
             '*) echo stripe version 1.52.0;; esac'),
        ):  # fmt: skip
            tool = demo.folder / "bin" / name
            shutil.copy(tool, tool.with_suffix(".real"))
            place.tool(name, script)
        session = place.session()
        for _ in range(15):
            async for _finding in session.look():
                pass
            if not (owed := session.plan()):
                break
            await do(place, session, owed[0].finding)
        assert not session.plan()
        await session.close()
        for name in ("wavepoint", "home", "bin"):
            shutil.copytree(demo.folder / name, place.kept / name, symlinks=True)
        (place.kept / "vault.json").write_text(json.dumps({"texts": demo._store.texts}))
        yield place


async def do(place: Place, session: Session, finding: Finding) -> bool:
    """Do a finding's step, as the person or the program would; `False`: it is something that only a person does."""
    step = finding.step
    if isinstance(step, Ask):
        values = {name: place.demo.values[name] for name in step.variables if name in place.demo.values}
        await session.save(values, await session.attempt(values))
    elif isinstance(step, Write | Run):
        events = [event async for event in session.do(step)]
        assert events[-1].kind == "done", events
    else:
        return False
    return True


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def well(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Place, None]:
    async with set_up(tmp_path_factory.mktemp("drift")) as place:
        yield place


@pytest.fixture
def place(well: Place) -> Iterator[Place]:
    yield well
    well.restore()


@dataclass(frozen=True)
class Drift:
    """One kind of drift: how it comes about, what is found, and how a person does what the step says."""

    id: str
    plant: Callable[[Place], object]
    mend: Callable[[Place], object] | None = None
    """`None`: onboard does the step, or asks for the values."""
    about: str = ""
    """Two drifts about the same thing hide each other; empty: nothing else is about it."""
    alone: bool = False
    """It changes what the others rest on; not for combinations."""


def another_account(place: Place) -> str:
    stripe = place.demo.stripe
    return stripe.issue(Account("Another"), "pk_test")


def both(place: Place, name: str, value: str) -> None:
    """Put a value into file and vault, as if it had been entered long ago."""
    place.put(name, value)
    texts = place.demo._store.texts
    for user, text in texts.items():
        content = json.loads(text)
        if name in content["values"]:
            content["values"][name]["value"] = value
        texts[user] = json.dumps(content)


def pulled(place: Place) -> None:
    """The lock file came with a pull, after the dependencies had been installed."""
    for path in (place.root / "node_modules", *(place.root / "node_modules").iterdir()):
        os.utime(path, (1e9, 1e9))


def hold(place: Place) -> None:
    taken = socket.socket()
    taken.bind(("127.0.0.1", place.demo.port))
    taken.listen()
    place.held.append(taken)


def let_go(place: Place) -> None:
    place.held.pop().close()


def sign_in(place: Place, until: str) -> None:
    folder = place.demo.home / "config" / "stripe"
    folder.mkdir(parents=True, exist_ok=True)
    key = place.value("STRIPE_SECRET_KEY")
    (folder / "config.toml").write_text(
        f'[default]\ntest_mode_api_key = "{key}"\ntest_mode_key_expires_at = "{until}"\n'
    )


def fault(service: type, kind: Fault) -> Callable[[Place], None]:
    def set_fault(place: Place) -> None:
        place.demo.served[service].fault = kind

    return set_fault


def main_branch(place: Place) -> None:
    """The project's default branch, as its API key tells."""
    both(place, "DATABASE_URL", place.demo.neon.url(place.demo.neon.main))
    place.edit(".env.local.example", "APP_URL", "NEON_API_KEY=\nAPP_URL")
    place.env.write_text(place.env.read_text() + f"NEON_API_KEY={place.demo.neon.api_key}\n")


def declare(place: Place, line: str, value: str = "") -> None:
    """Put a line into the template, and with its value into the env file."""
    place.edit(".env.local.example", "APP_URL", f"{line}\nAPP_URL")
    place.env.write_text(f"{place.env.read_text()}{line}{value}\n")


def undeclare(place: Place) -> None:
    for file in (".env.local.example", ".env.local"):
        place.edit(file, f"{FLAG}\n", "")


TABLE = 'export const later = pgTable("later_on", { id: integer("id") });\n'
FLAG = 'NEXT_PUBLIC_OLD_FLAG="true"'

DRIFTS = [
    Drift("variable.AUTH_SECRET", lambda p: p.drop("AUTH_SECRET"), about="auth"),
    Drift("variable.STRIPE_SECRET_KEY", lambda p: p.put("STRIPE_SECRET_KEY", "sk_test_..."), about="stripe"),
    Drift("variable.DATABASE_URL", lambda p: p.put("DATABASE_URL", "localhost"), about="database"),
    Drift(
        "variable.NEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY",
        lambda p: p.put("NEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY", p.value("STRIPE_SECRET_KEY")),
        about="stripe",
    ),
    Drift(
        "variable.APP_URL",
        lambda p: p.edit(".env.local", "APP_URL=", "APP_URLS="),
        lambda p: p.edit(".env.local", "APP_URLS=", "APP_URL="),
        about="url",
    ),
    Drift("mode.stripe", lambda p: both(p, "STRIPE_SECRET_KEY", LIVE), alone=True),
    Drift("live.stripe", lambda p: both(p, "STRIPE_SECRET_KEY", p.demo.stripe.account.new_key("sk_test")), alone=True),
    Drift("live.anthropic", lambda p: both(p, "ANTHROPIC_API_KEY", "sk-ant-api03-" + "A9b" * 31 + "AA")),
    Drift("pair.stripe", lambda p: both(p, "NEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY", another_account(p)), alone=True),
    Drift(
        "drift.AUTH_SECRET",
        lambda p: p.put("AUTH_SECRET", "Zm9ydHkgY2hhcmFjdGVycyBvZiBhbm90aGVyIHNlY3JldA=="),
        about="auth",
    ),
    Drift(
        "shadow.APP_URL", lambda p: p.shell.update(APP_URL="http://localhost:9"), lambda p: p.shell.clear(), about="url"
    ),
    Drift(
        "shadow.AUTH_SECRET",
        lambda p: (p.root / ".env.development.local").write_text(f"AUTH_SECRET={'z' * 40}\n"),
        lambda p: (p.root / ".env.development.local").unlink(),
        about="auth",
    ),
    Drift(
        "duplicate.APP_URL",
        lambda p: p.env.write_text('APP_URL="http://localhost:1"\n' + p.env.read_text()),
        lambda p: p.edit(".env.local", 'APP_URL="http://localhost:1"\n', ""),
        about="url",
    ),
    Drift(
        "env.statements",
        lambda p: p.env.write_text(p.env.read_text() + 'OPEN="no end\n'),
        lambda p: p.edit(".env.local", 'OPEN="no end\n', ""),
        about="end",
    ),
    Drift("env.permissions", lambda p: p.env.chmod(0o644)),
    Drift("env.ignored", lambda p: p.edit(".gitignore", ".env.local\n.env*.local\n", "")),
    Drift("template.changed", lambda p: p.edit(".env.local.example", 'SHOP_ENABLED="true"', 'SHOP_ENABLED="false"')),
    Drift(
        "schema.AUTH_SECRET",
        lambda p: p.edit(".env.local.example", "# At least 32 characters.", "# Optional. At least 32 characters."),
        lambda p: p.edit(".env.local.example", "# Optional. At", "# At"),
        about="auth",
    ),
    Drift(
        "code.undeclared",
        lambda p: (p.root / "src/lib/new.ts").write_text("export const x = process.env.NEW_KEY!;\n"),
        lambda p: declare(p, "NEW_KEY=", "abc"),
    ),
    Drift("code.unused", lambda p: declare(p, FLAG), undeclare, about="end"),
    Drift("tool.node", lambda p: p.tool("node", "echo v18.20.0"), lambda p: p.tool("node", "echo v24.21.0")),
    Drift("tool.pnpm", lambda p: p.tool("pnpm", "echo broken >&2; exit 1"), lambda p: p.tool("pnpm", "echo 10.34.9")),
    Drift(
        "tool.node.pins",
        lambda p: [(p.root / name).write_text(pin) for name, pin in ((".nvmrc", "24\n"), (".node-version", "22\n"))],
        lambda p: (p.root / ".node-version").unlink(),
        alone=True,
    ),
    Drift("deps.install", pulled),
    Drift(
        "webhook.port",
        lambda p: p.edit("package.json", f"localhost:{p.demo.port}/api/webhooks", "localhost:3001/api/webhooks"),
        lambda p: p.edit("package.json", "localhost:3001", f"localhost:{p.demo.port}"),
    ),
    Drift(
        "webhook.STRIPE_WEBHOOK_SECRET",
        lambda p: p.put("STRIPE_WEBHOOK_SECRET", "whsec_" + "0a1b" * 16),
        about="stripe",
    ),
    Drift("live.neon", fault(NeonStandIn, Fault.FAILING), fault(NeonStandIn, Fault.NONE), alone=True),
    Drift("database.target", main_branch, lambda p: both(p, "DATABASE_URL", p.demo.neon.url()), alone=True),
    Drift(
        "database.schema",
        lambda p: (p.root / "src/db/later.ts").write_text(TABLE),
        lambda p: (p.root / "src/db/later.ts").unlink(),
        about="database",
    ),
    Drift("port.{port}", hold, let_go),
    Drift(
        "age.STRIPE_SECRET_KEY", lambda p: sign_in(p, "2020-01-01"), lambda p: sign_in(p, "2099-01-01"), about="stripe"
    ),
]


@pytest.mark.parametrize("drift", DRIFTS, ids=lambda drift: drift.id)
async def test_each_kind_of_drift_is_its_own_finding_and_gone_after_its_step(place: Place, drift: Drift) -> None:
    drift.plant(place)
    id = drift.id.format(port=place.demo.port)
    found = await place.look()
    assert {key: finding.summary for key, finding in found.items()}.keys() == {id}, found
    if drift.mend is None:
        session = place.session()
        async for _finding in session.look():
            pass
        assert await do(place, session, found[id])
        await session.close()
    else:
        assert found[id].step is not None
        drift.mend(place)
    assert await place.look() == {}


async def test_a_project_in_which_all_is_well_gives_no_warning(place: Place) -> None:
    assert await place.look() == {}


@pytest.mark.parametrize("tens", [0, 1, *(pytest.param(n, marks=pytest.mark.long) for n in range(2, 10))])
async def test_in_any_combination_each_is_found_and_none_is_invented(place: Place, tens: int) -> None:
    for seed in range(10 * tens, 10 * tens + 10):
        chance = random.Random(seed)
        drifts = [drift for drift in DRIFTS if not drift.alone]
        chance.shuffle(drifts)
        taken = {drift.about or drift.id: drift for drift in drifts[: chance.randint(2, 12)]}
        for drift in taken.values():
            drift.plant(place)
        found = await place.look()
        assert found.keys() == {d.id.format(port=place.demo.port) for d in taken.values()}, (seed, found)
        place.restore()


async def test_secrets_of_three_months_ago_are_told_each_by_its_name_and_nothing_else_is(place: Place) -> None:
    place.later = timedelta(days=91)
    found = await place.look()
    assert found.keys() == {f"age.{name}" for name in ("DATABASE_URL", "AUTH_SECRET", "STRIPE_SECRET_KEY")}
    assert all(finding.status is Status.WARN for finding in found.values())


async def test_the_drift_board_tells_of_each_variable_where_it_stands_and_where_it_differs(place: Place) -> None:
    place.put("AUTH_SECRET", "Zm9ydHkgY2hhcmFjdGVycyBvZiBhbm90aGVyIHNlY3JldA==")
    place.put("DATABASE_URL", "postgresql://user:pass@ep-xxx.us-east-1.aws.neon.tech/neondb?sslmode=require")
    place.shell["APP_URL"] = "http://localhost:9"
    session = place.session()
    async for _finding in session.look():
        pass
    board = session.matrix()
    await session.close()
    lines = {line.name: line for line in board.lines}

    assert board.places == ("template", "schema", "env_file", "vault", "shell")
    assert board.lines[0].name == "DATABASE_URL"
    assert lines["DATABASE_URL"].finding == "variable.DATABASE_URL"
    assert lines["DATABASE_URL"].cells["env_file"] == "placeholder"
    assert (lines["AUTH_SECRET"].finding, lines["AUTH_SECRET"].cells["vault"]) == ("drift.AUTH_SECRET", "another")
    assert (lines["APP_URL"].finding, lines["APP_URL"].cells["shell"]) == ("shadow.APP_URL", "wins")
    assert lines["STRIPE_SECRET_KEY"].cells == {
        "template": "placeholder", "schema": "required", "env_file": "set", "vault": "same",
    }  # fmt: skip
    assert lines["PRINTFUL_API_KEY"].cells == {"template": "optional", "schema": "optional"}
