"""The real Supabase CLI 3.1 with a real Docker engine: what `supabase status` says of a stack, and what is read of it.

The stack's containers have the names and labels that the CLI looks for, and sleep: its images cannot be pulled here.
"""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from onboard import providers, supabase_local
from onboard.errors import ProcessError
from onboard.model import Finding, Run, Status, Tell
from onboard.project import connection
from onboard.project.files import Tree
from onboard.project.values import Push
from tests.e2e.light import Light
from tests.parts import SUPABASE, needed
from tests.parts.docker import SLEEPER, Engine
from tests.parts.ports import free_port
from tests.vaults import memory_vault

pytestmark = [pytest.mark.parts, pytest.mark.anyio]

JWT = r'a "quoted" $HOME \n back\slash of 40 characters'


@pytest.fixture
def project(contained: Light) -> Light:
    """A project with a stack of its own, at a machine with the CLI and this engine."""
    shop, port = contained, free_port()
    (shop.tools / "supabase").symlink_to(needed(SUPABASE))
    (shop.project / "supabase").mkdir()
    config = f"project_id = 'shop'\n[api]\nport = {port}\n[auth]\njwt_secret = '{JWT}'\n"
    (shop.project / "supabase" / "config.toml").write_text(config)
    names = ("NEXT_PUBLIC_SUPABASE_URL", "NEXT_PUBLIC_SUPABASE_ANON_KEY", "SUPABASE_SERVICE_ROLE_KEY")
    shop.template("".join(f"{name}=\n" for name in names))
    shop.file.write_text(f"NEXT_PUBLIC_SUPABASE_URL=http://127.0.0.1:{port}\n")
    return shop


def runs(engine: Engine, *services: str, options: tuple[str, ...] = ()) -> None:
    """Let services of the stack run, as `supabase start` names them."""
    words = ("--detach", "--network=none", "--stop-signal=SIGKILL", "--label=com.supabase.cli.project=shop")
    for service in services:
        name = f"--name=supabase_{service}_shop"
        done = engine.run("run", *words, *options, name, SLEEPER, "/usr/bin/sleep", "600")
        assert done.returncode == 0, done.stderr


async def look(shop: Light, *, repair: bool = False) -> tuple[Finding, list[str]]:
    """Return what is found, and what its step printed where it is run."""
    session = shop.session(vault=memory_vault(shop.root / "vault"))
    session.approve(session.approval().hash)
    (finding,) = [one async for one in session.look("local.supabase")]
    said = []
    if repair:
        assert isinstance(finding.step, Run), finding
        said = [event.text async for event in session.do(finding.step)]
    await session.close()
    return finding, said


async def keys(shop: Light) -> dict[str, str]:
    session = shop.session()
    try:
        return {key: value.reveal() for key, value in (await supabase_local.keys(session.view())).items()}
    finally:
        await session.close()


@pytest.mark.parametrize(
    ("state", "told", "helps"),
    [
        ("no docker", "Docker is not on this machine", Tell),
        ("no engine", "Docker is not running", Tell),
        ("starting", "it is still starting", Tell),
        ("its database has ended", "its database has stopped", Run),
    ],
)
async def test_why_a_stack_does_not_answer_is_told_and_what_helps(
    project: Light, engine: Engine, state: str, told: str, helps: type[Run | Tell]
) -> None:
    if state == "no docker":
        project.env["PATH"] = str(project.tools)
    elif state == "no engine":
        project.env["DOCKER_HOST"] = f"unix://{project.root}/nobody.sock"
    else:
        ready = ("--health-cmd=true", "--health-interval=1h") if state == "starting" else ()
        runs(engine, "db", options=ready)
    if state == "its database has ended":
        engine.run("stop", "supabase_db_shop")
    finding, _ = await look(project)

    assert finding.status is Status.FAIL
    assert finding.detail.startswith(told), finding.detail
    assert isinstance(finding.step, helps), finding


async def test_a_stack_without_its_gateway_is_stopped_first_for_start_would_leave_it_so(
    project: Light, engine: Engine
) -> None:
    runs(engine, "db", "auth", "rest")
    with pytest.raises(ProcessError, match="without its API gateway"):
        await keys(project)
    stuck, said = await look(project, repair=True)
    left = engine.run("ps", "--all", "--quiet").stdout
    gone, _ = await look(project)
    with pytest.raises(ProcessError, match="does not run"):
        await keys(project)

    assert stuck.step == Run("Stop what is left of Supabase's local stack", ("supabase", "stop"))
    assert said[-1].endswith("done"), said
    assert not left
    assert gone.step == Run("Start Supabase's local stack", ("supabase", "start"))


async def test_the_keys_of_a_stack_are_those_that_the_cli_tells_each_of_its_key_s_shape(
    project: Light, engine: Engine
) -> None:
    runs(engine, "db", "kong", "auth", "rest")
    provider, found = providers.provider("supabase"), await keys(project)

    assert set(found) == set(supabase_local.KEYS)
    assert found["url"] in project.file.read_text()
    assert found["public"].startswith("sb_publishable_")
    assert found["secret"].startswith("sb_secret_")
    assert found["jwt"] == JWT
    assert all(provider.shape(provider.key(id), text).fits for id, text in found.items())


async def test_a_stack_at_another_port_than_the_projects_value_is_told_with_its_own(
    project: Light, engine: Engine
) -> None:
    runs(engine, "db", "kong", "auth", "rest")
    config = project.project / "supabase" / "config.toml"
    config.write_text("project_id = 'shop'\n[api]\nport = 54999\n")
    finding, _ = await look(project)

    assert finding.detail.startswith("it runs at http://127.0.0.1:54999"), finding.detail
    assert isinstance(finding.step, Tell)


async def test_a_stack_whose_address_is_elsewhere_gives_nothing(project: Light, engine: Engine) -> None:
    runs(engine, "db", "kong", "auth", "rest")
    config = project.project / "supabase" / "config.toml"
    config.write_text("project_id = 'shop'\n[api]\nexternal_url = 'https://elsewhere.example'\n")
    with pytest.raises(ProcessError, match="not of this machine"):
        await keys(project)


REF, OTHER = "abcdefghijklmnopqrst", "zyxwvutsrqponmlkjihg"
URL = "postgresql://u:p@127.0.0.1:1/shop"


@pytest.mark.parametrize(
    ("words", "goes"),
    [
        ("db push", "local stack"),
        ("db push --linked", f"project {REF}"),
        ("db push --remote", f"project {REF}"),
        ("db push --remote --yes", f"project {REF}"),
        (f"db push --remote={OTHER}", f"project {OTHER}"),
        (f"migration up --remote {OTHER}", f"project {OTHER}"),
        ("migration up", "local stack"),
        ("migration up --remote", f"project {REF}"),
        (f"db push --remote={URL}", "custom Postgres"),
        (f"migration up --db-url {URL}", "custom Postgres"),
    ],
)
def test_where_a_push_goes_is_read_as_the_cli_goes(tmp_path: Path, words: str, goes: str) -> None:
    package = {"scripts": {"push": f"supabase {words}"}, "devDependencies": {"supabase": "^3.1.0"}}
    (tmp_path / "package.json").write_text(json.dumps(package))
    (tmp_path / "supabase" / ".temp").mkdir(parents=True)
    (tmp_path / "supabase" / ".temp" / "project-ref").write_text(REF)
    (tmp_path / "supabase" / "config.toml").write_text("project_id = 'shop'\n[db]\nport = 1\n")
    # Nothing is reached: what it says before is what is looked at.
    env = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "DO_NOT_TRACK": "1", "HTTPS_PROXY": "http://127.0.0.1:1"}
    env |= {"SUPABASE_ACCESS_TOKEN": f"sbp_{'0' * 40}", "SUPABASE_NO_UPDATE_NOTIFIER": "1"}
    argv = [str(needed(SUPABASE)), *words.split()]
    with subprocess.Popen(argv, cwd=tmp_path, env=env, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        said = []
        for row in process.stderr:
            said.append(row.decode())
            if "Target:" in said[-1]:
                break
        process.kill()
    found = connection.find(Tree(tmp_path), Push("npm run push", "push", "supabase"))
    read = "local stack" if found.local else f"project {found.project}" if found.project else "custom Postgres"

    told = re.match(r"Target: (project \w+|local stack|custom Postgres)", said[-1])
    assert told is not None, said
    assert told[1] == goes == read
    assert not found.unsure
    assert bool(found.url) is (goes == "custom Postgres")
