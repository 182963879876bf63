"""The real Vercel CLI 64 at our stand-in: its login where onboard reads it, and the commands that onboard names."""

from __future__ import annotations

import copy
import json
import shlex
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from dotenv import dotenv_values

from onboard.checks._logins import vercel as login
from onboard.machine import Machine
from onboard.model import Secret, Status, Verdict
from onboard.providers import _vercel_env as vercel_env
from onboard.providers import vercel
from onboard.sandbox.served import Served, serve
from onboard.sandbox.standins.vercel import VercelStandIn
from onboard.session import Session
from tests.parts import VERCEL, needed
from tests.providers.outside import a_machine, held

pytestmark = [pytest.mark.parts, pytest.mark.anyio]

VALUE = "gr\u00fcn 'a' \"b\" $HOME \\ x\nsecond line"

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def stand_in() -> VercelStandIn:
    return VercelStandIn()


@pytest.fixture
def served(stand_in: VercelStandIn) -> Iterator[Served]:
    with serve(stand_in) as made:
        yield made


@pytest.fixture
def run(tmp_path: Path, stand_in: VercelStandIn, served: Served) -> Run:
    """Run a command of the CLI in a linked folder, with its login; `typed` is its stdin."""
    folder, home = tmp_path / "shop", tmp_path / "home"
    (folder / ".vercel").mkdir(parents=True)
    link = {"projectId": stand_in.project, "orgId": stand_in.team}
    (folder / ".vercel/project.json").write_text(json.dumps(link))
    log_in(home / ".local/share", stand_in.token)
    off = {"VERCEL_TELEMETRY_DISABLED": "1", "NO_UPDATE_NOTIFIER": "1"}

    def running(command: str, typed: str = "", **env: str) -> subprocess.CompletedProcess[str]:
        program, *words = shlex.split(command)
        assert program == "vercel"
        return subprocess.run(
            [str(needed(VERCEL)), "--api", served.url, *words],
            cwd=folder,
            env={"HOME": str(home), "PATH": "/usr/bin:/bin", **off, **env},
            input=typed,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return running


def log_in(data: Path, token: str) -> None:
    folder = data / "com.vercel.cli"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "auth.json").write_text(json.dumps({"token": token}))


@pytest.mark.parametrize("where", ["at home", "in XDG_DATA_HOME", "nowhere"])
def test_the_login_is_read_where_the_cli_has_it(tmp_path: Path, stand_in: VercelStandIn, run: Run, where: str) -> None:
    env = {} if where == "at home" else {"XDG_DATA_HOME": str(tmp_path / "data")}
    if where == "in XDG_DATA_HOME":
        log_in(tmp_path / "data", stand_in.token)
    said = run("vercel whoami", **env)
    machine = Machine(env=env, home=tmp_path / "home", state=tmp_path / "state", config=tmp_path / "config")
    found = login(Session.open(machine, tmp_path / "shop").view(), linked=True)

    assert (found.token == Secret(stand_in.token)) is (where != "nowhere")
    assert ("wave-dev" in said.stdout) is (where != "nowhere"), said.stderr
    assert (found.help in said.stderr) or where != "nowhere"


@pytest.mark.parametrize(
    ("name", "scope"), [("DATABASE_URL", "development"), ("STRIPE_SECRET_KEY", "preview"), ("APP_URL", "preview")]
)
async def test_a_value_is_given_to_the_entry_that_vercel_env_update_gives_it_to(
    tmp_path: Path, stand_in: VercelStandIn, served: Served, run: Run, name: str, scope: str
) -> None:
    before = copy.deepcopy(stand_in.env)
    done = run(f"vercel env update {name} {scope} --yes", typed=VALUE)
    theirs, sealed = copy.deepcopy(stand_in.env), dict(stand_in.sealed)
    (asked,) = [request for request in served.requests if request.method == "PATCH"]
    stand_in.env[:], stand_in.sealed = before, {}
    given = await give(tmp_path, stand_in, served, name, scope)

    assert done.returncode == 0, done.stderr
    assert given.status is Status.OK
    assert (stand_in.env, stand_in.sealed) == (theirs, sealed)
    assert asked.data["value"] == VALUE
    assert asked.query == served.requests[-1].query
    assert asked.path.partition("/projects/")[2] == served.requests[-1].path.partition("/projects/")[2]


async def give(folder: Path, stand_in: VercelStandIn, served: Served, name: str, scope: str) -> Verdict:
    """Give the entry of a scope the value as onboard does."""
    keys = {"token": stand_in.token, "project": stand_in.project, "org": stand_in.team}
    values, machine = held(keys, vercel.provider), a_machine(folder, served.endpoints)
    names = await vercel_env.env_names(machine, values, scope)
    assert not isinstance(names, Verdict)
    (entry,) = [one for one in names if one.name == name]
    verdict = await vercel_env.set_env(machine, values, entry.id, Secret(VALUE))
    await machine.network.close()
    return verdict


def test_vercel_env_add_makes_an_entry_for_the_scope_that_it_names(stand_in: VercelStandIn, run: Run) -> None:
    done = run("vercel env add RESEND_API_KEY preview --yes", typed=VALUE)
    (row,) = [row for row in stand_in.env if row["key"] == "RESEND_API_KEY"]

    assert done.returncode == 0, done.stderr
    assert row["target"] == ["preview"]
    assert (stand_in.sealed.get(row["id"]) or row["value"]) == VALUE


def test_an_entry_of_a_branch_is_meant_by_its_branch_and_without_one_the_cli_asks_which(
    stand_in: VercelStandIn, run: Run
) -> None:
    general = {"id": "general1", "key": "MAIL_KEY", "type": "encrypted", "target": ["preview"], "value": "old"}
    stand_in.env += [general, {**general, "id": "branch01", "gitBranch": "feature"}]
    asked = run("vercel env update MAIL_KEY preview --yes", typed="new")
    untouched = [row["value"] for row in stand_in.env[-2:]]
    done = run("vercel env update MAIL_KEY preview feature --yes", typed="new")

    assert "Which one do you want" in asked.stderr
    assert untouched == ["old", "old"]
    assert done.returncode == 0, done.stderr
    assert [row["value"] for row in stand_in.env[-2:]] == ["old", "new"]


@pytest.mark.parametrize("scope", ["production", "preview", "development"])
async def test_what_a_scope_has_is_read_as_vercel_env_pull_writes_it(
    tmp_path: Path, stand_in: VercelStandIn, served: Served, run: Run, scope: str
) -> None:
    stand_in.shared[scope] = {"TEAM_KEY": "of the team"}
    done = run(f"vercel env pull pulled.env --environment={scope} --yes")
    keys = {"token": stand_in.token, "project": stand_in.project, "org": stand_in.team}
    values, machine = held(keys, vercel.provider), a_machine(tmp_path, served.endpoints)
    theirs = [(one.method, one.path, one.query.get("teamId")) for one in served.requests][-1]
    found = await vercel_env.env_pulled(machine, values, scope)
    await machine.network.close()
    ours = [(one.method, one.path, one.query.get("teamId")) for one in served.requests][-1]
    written = dotenv_values(tmp_path / "shop" / "pulled.env")

    assert done.returncode == 0, done.stderr
    assert not isinstance(found, Verdict)
    assert ours == theirs
    assert {name: value.reveal() if value else "[SENSITIVE]" for name, value in found.items()} == written
