"""Compose with a real Docker engine: what it prints of services up, down and ended, and of its own troubles."""

from __future__ import annotations

import pytest

from onboard.model import Finding, Run, Status
from tests.e2e.light import Light
from tests.parts.docker import SLEEPER, Engine
from tests.parts.ports import free_port
from tests.vaults import memory_vault

pytestmark = [pytest.mark.parts, pytest.mark.anyio]

SERVICES = """\
services:
  db:
    image: {image}
    command: [/usr/bin/sleep, "600"]
    stop_signal: SIGKILL
    ports: ["127.0.0.1:{port}:1"]
  worker:
    image: {image}
    command: [/usr/bin/sleep, "600"]
    stop_signal: SIGKILL
  job:
    image: {image}
    command: [/usr/bin/sleep, "0"]
"""


@pytest.fixture
def project(contained: Light) -> Light:
    """A project with two services, at a machine with this engine."""
    (contained.project / "compose.yaml").write_text(SERVICES.format(image=SLEEPER, port=free_port()))
    return contained


async def look(shop: Light, *, repair: bool = False) -> tuple[Finding, list[str]]:
    """Return what is found, and what its step printed where it is run."""
    session = shop.session(vault=memory_vault(shop.root / "vault"))
    session.approve(session.approval().hash)
    (finding,) = [one async for one in session.look("compose")]
    said = []
    if repair:
        assert isinstance(finding.step, Run)
        said = [event.text async for event in session.do(finding.step)]
    await session.close()
    return finding, said


async def test_services_are_told_down_started_by_the_step_and_told_up(project: Light, engine: Engine) -> None:
    down, said = await look(project, repair=True)
    up, _ = await look(project)
    (worker,) = engine.run("ps", "--quiet", "--filter=name=worker").stdout.decode().split()
    engine.run("stop", worker)
    ended, _ = await look(project)

    assert down.evidence == {"db": "down", "worker": "down", "job": "down"}
    assert down.step == Run("Start the project's services", ("docker", "compose", "up", "-d"))
    assert said[-1] == "Start the project's services: done", said
    assert (up.status, up.evidence) == (Status.OK, {"db": "up", "worker": "up", "job": "up"}), up.summary
    assert ended.evidence == {"db": "up", "worker": "down", "job": "up"}, ended.summary


@pytest.mark.parametrize(
    ("trouble", "told"),
    [("no engine", "Docker is not running"), ("a broken file", "Docker cannot read the compose file")],
)
async def test_dockers_own_words_of_trouble_are_known(project: Light, trouble: str, told: str) -> None:
    if trouble == "no engine":
        project.env["DOCKER_HOST"] = f"unix://{project.root}/nobody.sock"
    else:
        with (project.project / "compose.yaml").open("a") as file:
            file.write("    imagine: what\n")
    finding, _ = await look(project)

    assert finding.summary.startswith(told), (finding.summary, finding.detail)
