"""Compose: services up or down by name, with a `docker` that prints what the real one prints."""

import json
import os
import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from onboard.checks import compose as checking
from onboard.model import Finding, Open, Run, Status, Tell
from onboard.project import compose
from onboard.session import Session
from tests.certificate import certificate
from tests.e2e.light import Light
from tests.vaults import memory_vault

pytestmark = pytest.mark.anyio

NO_DAEMON = (
    "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
    "error during connect: this error may indicate that the docker daemon is not running: Get "
    '"http://%2F%2F.%2Fpipe%2FdockerDesktopLinuxEngine/v1.24/info": open //./pipe/dockerDesktopLinuxEngine',
    "failed to connect to the docker API at unix:///var/run/docker.sock; check if the path is correct and if the "
    "daemon is running: dial unix /var/run/docker.sock: connect: no such file or directory",
)
"""As its CLI 24, Docker Desktop for Windows and its CLI 29 say it."""
NOT_ALLOWED = (
    "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: Get "
    '"http://%2Fvar%2Frun%2Fdocker.sock/v1.47/info": dial unix /var/run/docker.sock: connect: permission denied'
)
NO_PLUGIN = "unknown shorthand flag: 'f' in -f\nSee 'docker --help'."
BROKEN = "yaml: line 4: mapping values are not allowed in this context"


@pytest.fixture
def shop(shop: Light) -> Light:
    shop.env["PATH"] = os.pathsep.join([str(shop.tools), "/usr/bin", "/bin"])
    return shop


@pytest.fixture
def ports() -> Iterator[tuple[int, int]]:
    """Two ports of this machine: on the first somebody listens, on the second nobody."""
    with ExitStack() as ends:
        up, down = (ends.enter_context(socket.socket()) for _ in range(2))
        for one in (up, down):
            one.bind(("127.0.0.1", 0))
        up.listen()
        yield up.getsockname()[1], down.getsockname()[1]


def write(shop: Light, *rows: tuple[str, int], file: str = "compose.yml", more: str = "") -> None:
    """Write a compose file: services with a port each."""
    text = "services:\n" + "".join(
        f"  {name}:\n    image: {name}:1\n    ports:\n      - '{port}:1'\n" for name, port in rows
    )
    path = shop.project / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text + more)


def row(name: str, state: str = "running", health: str = "") -> dict[str, object]:
    published = [{"URL": "0.0.0.0", "TargetPort": 1, "PublishedPort": 9, "Protocol": "tcp"}]
    named = {"ID": "1553b0236cf4", "Name": f"shop-{name}-1", "Project": "shop", "Service": name}
    return named | {"State": state, "Health": health, "ExitCode": 0, "Publishers": published}


def docker(shop: Light, out: str = "", *, err: str = "", code: int = 0) -> None:
    """Put a docker on the machine that notes its arguments and answers so."""
    (shop.home / "out").write_text(out)
    (shop.home / "err").write_text(err)
    shop.tool(
        "docker",
        'case "$*" in *--version*) echo Docker version 28.3.0; exit;; esac\n'
        f'echo "$PWD $*" >> "$HOME/docker-ran"; cat "$HOME/out"; cat "$HOME/err" >&2; exit {code}',
    )


async def look(shop: Light, *only: str) -> dict[str, Finding]:
    session: Session = shop.session(vault=memory_vault(shop.root / "vault"))
    session.approve(session.approval().hash)
    try:
        return {finding.id: finding async for finding in session.look(*(only or ("compose",)))}
    finally:
        await session.close()


async def test_what_answers_is_up_without_docker_being_asked(shop: Light, ports: tuple[int, int]) -> None:
    write(shop, ("db", ports[0]))
    docker(shop)
    found = (await look(shop))["compose.services"]

    assert (found.status, found.summary) == (Status.OK, f"up: db ({ports[0]})")
    assert not (shop.home / "docker-ran").exists()


@pytest.mark.parametrize("shape", ["array", "lines"])
async def test_services_are_up_or_down_by_name_with_their_ports(
    shop: Light, ports: tuple[int, int], shape: str
) -> None:
    write(
        shop, ("db", ports[0]), ("redis", ports[1]), file="infra/docker/compose.yml", more="  worker:\n    image: w\n"
    )
    rows = [row("db", health="healthy"), row("redis", "exited"), row("worker")]
    docker(shop, json.dumps(rows) if shape == "array" else "\n".join(map(json.dumps, rows)))
    found = (await look(shop))["compose.services"]

    assert found.summary == f"down: redis ({ports[1]}); up: db ({ports[0]}), worker"
    assert found.evidence == {"db": "up", "redis": "down", "worker": "up"}
    assert isinstance(found.step, Run)
    assert found.step.argv == ("docker", "compose", "-f", "infra/docker/compose.yml", "up", "-d")
    said = (shop.home / "docker-ran").read_text()
    assert said == f"{shop.project} compose -f infra/docker/compose.yml ps --all --format json\n"


@pytest.mark.parametrize(("leads", "status"), [(True, Status.FAIL), (False, Status.WARN)])
async def test_it_fails_only_where_a_value_leads_to_what_is_down(
    shop: Light, ports: tuple[int, int], leads: bool, status: Status
) -> None:
    write(shop, ("db", ports[1]))
    docker(shop, "")
    shop.template("DATABASE_URL=\n")
    host = f"localhost:{ports[1]}" if leads else "db.example.com"
    shop.file.write_text(f"DATABASE_URL=postgresql://me:secret-word-1@{host}/x\n")

    assert (await look(shop))["compose.services"].status is status


@pytest.mark.parametrize(
    ("said", "says", "todo"),
    [
        *((text, "Docker is not running", "Docker Desktop") for text in NO_DAEMON),
        (NOT_ALLOWED, "your user may not talk to it", "usermod"),
        (NO_PLUGIN, "without its compose plugin", "plugin"),
        (BROKEN, "Docker cannot read the compose file", "Correct"),
    ],
)
async def test_dockers_own_troubles_in_plain_words(
    shop: Light, ports: tuple[int, int], said: str, says: str, todo: str
) -> None:
    write(shop, ("db", ports[1]))
    docker(shop, err=said, code=1)
    found = (await look(shop))["compose.services"]

    assert says in found.summary
    assert found.status is Status.WARN
    assert isinstance(found.step, Tell)
    assert todo in found.step.text


@pytest.mark.parametrize("out", ["not json", '{"a": 1}', "[1]", "[" * 100_000])
async def test_an_answer_that_cannot_be_read_says_nothing_of_the_services(
    shop: Light, ports: tuple[int, int], out: str
) -> None:
    write(shop, ("db", ports[1]))
    docker(shop, out)

    assert (await look(shop))["compose.services"].status is Status.UNKNOWN


async def test_an_error_that_nobody_knows_is_could_not_tell(shop: Light, ports: tuple[int, int]) -> None:
    write(shop, ("db", ports[1]))
    docker(shop, err="something of tomorrow", code=17)
    found = (await look(shop))["compose.services"]

    assert (found.status, found.step, found.detail) == (Status.UNKNOWN, None, "something of tomorrow")


async def test_without_docker_one_step_is_owed(shop: Light, ports: tuple[int, int]) -> None:
    write(shop, ("db", ports[1]))
    shop.env["PATH"] = shop.alone()
    found = await look(shop, "compose", "tool.docker")

    assert {id: one.status for id, one in found.items()} == {
        "compose.services": Status.WARN,
        "tool.docker": Status.WARN,
    }
    assert "Docker is not on this machine" in found["compose.services"].summary
    assert isinstance(found["compose.services"].step, Open)
    assert found["compose.services"].step == found["tool.docker"].step


async def test_a_docker_of_the_repository_is_never_run(shop: Light, ports: tuple[int, int]) -> None:
    write(shop, ("db", ports[1]))
    docker(shop)
    own = shop.project / "bin"
    own.mkdir()
    (shop.tools / "docker").rename(own / "docker")
    shop.env["PATH"] = os.pathsep.join([str(own), shop.alone()])
    found = (await look(shop))["compose.services"]

    assert "not on this machine" in found.summary
    assert not (shop.home / "docker-ran").exists()


async def test_a_service_on_the_apps_own_port_is_told(shop: Light, ports: tuple[int, int]) -> None:
    write(shop, ("web", ports[1]))
    shop.package(scripts={"dev": f"next dev -p {ports[1]}"})
    docker(shop, "")
    found = (await look(shop))["compose.services"]

    assert f"web has the app's own port {ports[1]}" in found.detail


async def test_the_step_is_run_as_it_is_shown(shop: Light, ports: tuple[int, int]) -> None:
    write(shop, ("db", ports[1]))
    docker(shop, "")
    session = shop.session(vault=memory_vault(shop.root / "vault"))
    session.approve(session.approval().hash)
    step = {finding.id: finding async for finding in session.look("compose")}["compose.services"].step
    assert isinstance(step, Run)
    events = [event async for event in session.do(step)]
    await session.close()

    assert step.command == "docker compose up -d"
    assert events[-1].kind == "done"
    assert (shop.home / "docker-ran").read_text().splitlines()[-1] == f"{shop.project} compose up -d"


def test_a_changed_compose_file_is_not_approved(shop: Light) -> None:
    write(shop, ("db", 5432))
    shop.trust()
    assert shop.session().trusted
    write(shop, ("evil", 5432))

    assert not shop.session().trusted


@pytest.fixture
def caddy(tmp_path: Path) -> Iterator[int]:
    """The port of a server in front of an app that is down, with a certificate that nobody knows."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(502)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate(tmp_path))
    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


async def test_caddys_own_certificate_is_no_trouble_on_this_machine(shop: Light, caddy: int) -> None:
    view = shop.session().view()
    told = await checking.in_front(view, (caddy,))
    await view.machine.network.close()

    assert told == f"https://localhost:{caddy} answers 502: it is up, and the app behind it is not"


@pytest.mark.parametrize(
    ("cli", "argv"), [(True, ("supabase", "start")), (False, ("pnpm", "exec", "supabase", "start"))]
)
async def test_supabases_stack_is_offered_where_the_address_is_local_and_nothing_answers(
    shop: Light, ports: tuple[int, int], cli: bool, argv: tuple[str, ...]
) -> None:
    supabase(shop, f"http://127.0.0.1:{ports[1]}")
    shop.env["PATH"] = shop.alone()
    absent = "echo 'failed to inspect container health: Error: No such container: supabase_db_shop' >&2; exit 1"
    shop.tool("supabase", absent if cli else None)
    found = (await look(shop, "local"))["local.supabase"]

    assert found.status is Status.FAIL
    assert f"leads to port {ports[1]}" in found.summary
    assert isinstance(found.step, Run)
    assert found.step.argv == argv


async def test_a_stack_that_answers_is_fine_and_a_hosted_project_has_none(shop: Light, ports: tuple[int, int]) -> None:
    supabase(shop, f"http://localhost:{ports[0]}")
    assert (await look(shop, "local"))["local.supabase"].status is Status.OK
    supabase(shop, "https://abcdefghijklmnopqrst.supabase.co")
    assert await look(shop, "local") == {}


def supabase(shop: Light, url: str) -> None:
    """Let the shop have a local stack and lead to `url`."""
    (shop.project / "supabase").mkdir(exist_ok=True)
    (shop.project / "supabase" / "config.toml").write_text('project_id = "shop"\n')
    shop.template("NEXT_PUBLIC_SUPABASE_URL=\nNEXT_PUBLIC_SUPABASE_ANON_KEY=\n")
    shop.file.write_text(f"NEXT_PUBLIC_SUPABASE_URL={url}\n")


def test_a_service_with_a_profile_is_aside() -> None:
    text = "services:\n  db:\n    image: a\n  studio:\n    image: b\n    profiles: [tools]\n    ports: ['8080:80']\n"
    found = compose.parse("compose.yml", text)

    assert (found.services, found.aside) == (("db", "studio"), ("studio",))
