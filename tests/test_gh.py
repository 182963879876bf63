"""The real gh: its login read as it gives it, and its `gh secret set` beside ours, at the same stand-in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import anyio
import pytest

from onboard.errors import NeedsPerson
from onboard.model import Secret, Status
from onboard.providers import github
from onboard.sandbox.served import Request, serve
from onboard.sandbox.standins.github import GitHubStandIn
from tests.parts import program
from tests.providers.outside import a_machine, held
from tests.remote_world import WORKFLOW, World, world
from tests.test_sources import desk

__all__ = ["world"]

pytestmark = [pytest.mark.parts, pytest.mark.anyio]

NAME, VALUE = "STRIPE_SECRET_KEY", "gr\u00fcn 'a' \"b\" $HOME \\ x\nsecond line"


def signed_in(folder: Path, host: str, token: str) -> dict[str, str]:
    """Write gh's own file with a login, and return the variable that leads to it."""
    folder.mkdir()
    hosts = folder / "hosts.yml"
    hosts.write_text(f"{host}:\n    oauth_token: {token}\n    user: wave-dev\n    git_protocol: https\n")
    hosts.chmod(0o600)
    return {"GH_CONFIG_DIR": str(folder)}


def signed_out(folder: Path) -> dict[str, str]:
    folder.mkdir()
    return {"GH_CONFIG_DIR": str(folder)}


@pytest.mark.parametrize("login", [True, False])
async def test_github_is_asked_with_the_login_of_gh_and_without_one_not_at_all(world: World, login: bool) -> None:
    program("gh", "gh")
    world.workflow(WORKFLOW)
    folder = world.root / "gh"
    world.oracle.know(world.github.token, name="gh", allowed=("file:*/hosts.yml", "host:github"))
    world.env |= signed_in(folder, "github.com", world.github.token) if login else signed_out(folder)
    finding = (await world.look("remote.github"))["remote.github"]
    requests = world.served["github"].requests

    assert (finding.status is Status.SKIPPED) is not login, finding.summary
    assert {request.bearer for request in requests} == ({world.github.token} if login else set())
    assert login or "gh is not signed in" in finding.summary


async def test_the_login_of_gh_is_a_source_and_signed_out_is_said(tmp_path: Path) -> None:
    program("gh", "gh")
    token, folder = GitHubStandIn().token, tmp_path / "gh"
    made = desk(tmp_path, "GITHUB_TOKEN=\n", env={"GH_TOKEN": "of the shell"} | signed_in(folder, "github.com", token))
    read = await made.read("gh")
    (folder / "hosts.yml").unlink()
    with pytest.raises(NeedsPerson) as raised:
        await made.read("gh")
    await made.session.close()

    assert read == {"GITHUB_TOKEN": token}
    assert "signed out" in raised.value.message
    assert "gh auth login" in raised.value.hint


async def test_an_actions_secret_is_set_by_the_requests_that_gh_sends(tmp_path: Path) -> None:
    gh, stand_in = program("gh", "gh"), GitHubStandIn()
    with serve(stand_in) as served:
        # Of this host gh knows that it speaks plain HTTP, for tests of GitHub's own; the stand-in takes it as a proxy.
        env = signed_in(tmp_path / "gh", "github.localhost", stand_in.token) | {"HTTP_PROXY": served.url}
        argv = [gh, "secret", "set", NAME, "--repo", "github.localhost/wavepoint/shop"]
        await anyio.run_process(argv, input=VALUE.encode(), env=env | {"HOME": str(tmp_path)})
        theirs, opened = [*served.requests], stand_in.values.pop(NAME)
        served.requests.clear()
        values = held({"token": stand_in.token}, github.provider)
        machine = a_machine(tmp_path, served.endpoints)
        verdict = await github.set_secret(machine, values, "wavepoint/shop", NAME, Secret(VALUE))
        await machine.network.close()
        ours = [*served.requests]

    assert verdict.status is Status.OK
    assert opened == stand_in.values[NAME] == VALUE
    assert [asked(one) for one in ours] == [asked(one) for one in theirs]
    assert len(ours) == 2


def asked(request: Request) -> tuple[str, str, Mapping[str, str], str, dict[str, object]]:
    """Return what a request says; a seal is another each time, and as long for the same value."""
    body = json.loads(request.body or b"{}")
    sealed = {name: len(text) if name == "encrypted_value" else text for name, text in body.items()}
    token = request.headers["authorization"].partition(" ")[2]
    return request.method, request.path, request.query, token, sealed
