"""`onboard dev`: one supervisor for the dev server and its listeners, on a small dev server and a real process tree."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from onboard.claim import Claim
from onboard.devserver import Whereabouts
from onboard.errors import NeedsPerson, ProcessError
from onboard.model import Event, Status
from onboard.output import Ring
from onboard.session import Session
from tests.certificate import certificate
from tests.e2e.light import ONBOARD, Light, gone
from tests.parts.ports import free_port
from tests.vaults import memory_vault

pytestmark = pytest.mark.anyio

PROGRAM = Path(__file__).with_name("dev_program.py")
HOOK = "# Printed by: pnpm hook\nSTRIPE_WEBHOOK_SECRET=whsec_...\n"
SECRET = "whsec_" + "0a" * 32
LISTENER = (
    'case "$*" in *--help*) echo --all-snapshot; exit;; *--version*) echo stripe version 1.52.0; exit;; '
    'trigger*) echo status=500 >&2; exit 1;; *--print-secret*) cat "$HOME/whsec"; exit;; esac; '
    'echo "$@" >> "$HOME/stripe-ran"; echo "Ready! Your webhook signing secret is $(cat "$HOME/whsec") (^C)" >&2; '
    "exec sleep 600"
)
"""A Stripe CLI that is ready at once."""


@dataclass
class Run:
    """A shop whose `pnpm dev` is the small dev server."""

    shop: Light
    port: int
    seen: list[Event] = field(default_factory=list)

    def session(self) -> Session:
        session = self.shop.session(vault=memory_vault(self.shop.root / "vault"))
        session.approve(session.approval().hash)
        return session

    @asynccontextmanager
    async def up(self, *, prove: bool = False, confirmed: str = "") -> AsyncIterator[AsyncGenerator[Event, None]]:
        session = self.session()
        try:
            async with aclosing(session.dev(prove=prove, confirmed=confirmed)) as events:
                yield events
        finally:
            await session.close()

    async def until(self, events: AsyncGenerator[Event, None], kind: str, seconds: float = 20) -> Event:
        try:
            async with asyncio.timeout(seconds):
                async for event in events:
                    self.seen.append(event)
                    if event.kind == kind:
                        return event
        except TimeoutError:
            pass
        raise AssertionError(f"no {kind}:\n{self.text()}")

    def text(self) -> str:
        return "\n".join(f"{event.source}: {event.text}" for event in self.seen)


def make(shop: Light, *words: str, framework: str = "next", hooks: tuple[str, ...] = ()) -> Run:
    """Let the shop's dev server be the small one; `framework`: `next`, or `node`, which reloads nothing."""
    port = free_port()
    scripts = {"dev": f"next dev -p {port}" if framework == "next" else "node server.js"}
    for number, path in enumerate(hooks):
        scripts[f"hook{number or ''}"] = f"stripe listen --forward-to localhost:{port}{path}"
    shop.package(scripts=scripts, dependencies={"next": "16.4.6"} if framework == "next" else {"express": "5"})
    template = "TEAM_NOTE=\n" + (f"PORT={port}\n" if framework == "node" else "") + (HOOK if hooks else "")
    shop.template(template + 'STRIPE_SECRET_KEY="sk_test_..."\n' if hooks else template)
    serve = f'exec "{sys.executable}" -S "{PROGRAM}" {port} {" ".join(words)}'
    shop.tool("pnpm", f'case "$1" in --version) echo 10.34.9;; dev) {serve};; esac')
    shop.tool("stripe", LISTENER)
    (shop.home / "whsec").write_text(SECRET)
    return Run(shop, port)


def ask(port: int, path: str = "/") -> str:
    with socket.create_connection(("127.0.0.1", port), 5) as connection:
        connection.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
        return b"".join(iter(lambda: connection.recv(4096), b"")).decode()


# ready


async def test_ready_is_an_answer_and_not_a_log_line(shop: Light) -> None:
    run = make(shop, "late", "status")
    (shop.project / "status").write_text("500")
    async with run.up() as events:
        while (await run.until(events, "line")).text != "Ready in 1ms":
            pass
        (shop.project / "go").touch()
        fault = await run.until(events, "health")
        assert (fault.level, fault.data["answer"]) == (Status.FAIL, 500)
        assert not any(event.kind == "ready" for event in run.seen)
        (shop.project / "status").write_text("404")
        ready = await run.until(events, "ready")
        finish = await run.until(events, "finish")

    assert ready.data["port"] == run.port
    assert finish.text.startswith(f"the app answers at http://localhost:{run.port} (404); after ")


async def test_health_endpoints_are_asked_where_they_are_there(shop: Light) -> None:
    run = make(shop)
    (shop.project / "healthz").write_text("200")
    (shop.project / "readyz").write_text("503")
    async with run.up() as events:
        await run.until(events, "finish")
        told = {event.data["path"]: event.data["answer"] for event in run.seen if event.kind == "health"}
        assert told == {"/healthz": 200, "/readyz": 503}
        (shop.project / "readyz").write_text("200")
        shop.file.write_text("TEAM_NOTE=changed\n")
        again = await run.until(events, "health")

    assert again.data == {"path": "/readyz", "answer": 200}


async def test_a_held_port_is_named_with_its_holder_before_anything_is_started(shop: Light) -> None:
    run = make(shop)
    with socket.socket() as mine:
        mine.bind(("127.0.0.1", run.port))
        mine.listen()
        async with run.up() as events:
            with pytest.raises(ProcessError) as stopped:
                await run.until(events, "exit")

    assert f"port {run.port} is held by" in stopped.value.message
    assert f"process {os.getpid()}" in stopped.value.message
    assert f"kill {os.getpid()}" in stopped.value.hint
    assert run.seen == []


async def test_a_server_that_moves_is_noticed_and_the_listeners_follow(shop: Light) -> None:
    run = make(shop, "moves", hooks=("/hook",))
    async with run.up() as events:
        ready = await run.until(events, "ready")
        while ready.source != "dev":
            ready = await run.until(events, "ready")
        moved = await run.until(events, "moved")
        finish = await run.until(events, "finish")
        said = (shop.home / "stripe-ran").read_text().splitlines()

    other = ready.data["port"]
    assert other != run.port
    assert f"NOT ON PORT {run.port} BUT ON {other}" in moved.text
    assert f"--forward-to http://localhost:{other}/hook" in said[-1]
    assert "1 listener ready" in finish.text


async def test_where_the_app_speaks_tls_alone_the_listeners_forward_to_that_and_the_routes_are_proven(
    shop: Light,
) -> None:
    run = make(shop, "tls", hooks=("/hook",))
    certificate(shop.project)
    async with run.up(prove=True) as events:
        await run.until(events, "finish")
        said = (shop.home / "stripe-ran").read_text().splitlines()

    assert f"--skip-verify --forward-to https://localhost:{run.port}/hook" in said[-1]
    assert [event.data["proven"] for event in run.seen if event.kind == "proof"] == [True]
    assert not any(event.kind == "moved" for event in run.seen)


@pytest.mark.parametrize(
    ("lines", "seconds", "asks"),
    [
        ((), 0, ("http://localhost:3000",)),
        (("- Local: http://localhost:3000",), 0, ("http://localhost:3000",)),
        (("- Local: https://localhost:3000",), 0, ("https://localhost:3000",)),
        (("  ➜  Local:   http://localhost:5173/",), 0, ("http://localhost:3000",)),
        (("  ➜  Local:   http://localhost:5173/",), 9, ("http://localhost:3000", "http://localhost:5173")),
        (("Port 3000 is in use by process 9, using available port 3001 instead.",), 0, ()),
        (("Port 3000 is in use, trying another one...", "- Local: http://localhost:3001"), 0, ("http://localhost:3001",)),
        (("docs:dev: - Local: http://localhost:3001", "web:dev: - Local: http://localhost:3000"), 0,
         ("http://localhost:3000",)),
        (("see http://localhost:8000 for the api",), 9, ("http://localhost:3000",)),
        (("- Local: http://evil.example:3001",), 9, ("http://localhost:3000",)),
    ],
)  # fmt: skip
def test_where_a_server_says_that_it_is(lines: tuple[str, ...], seconds: float, asks: tuple[str, ...]) -> None:
    where = Whereabouts(3000)
    for text in lines:
        where.hear(text, 0)

    assert where.candidates(seconds) == asks


# the env file


async def test_next_is_left_alone_when_the_env_file_changes(shop: Light) -> None:
    run = make(shop)
    async with run.up() as events:
        await run.until(events, "finish")
        shop.file.write_text("TEAM_NOTE=new-note\n")
        told = await run.until(events, "line")
        assert "takes it up by itself" in told.text
        assert "new-note" in ask(run.port)

    assert not any("starts again" in event.text for event in run.seen)


async def test_a_server_that_reloads_nothing_is_started_again_with_the_new_values(shop: Light) -> None:
    run = make(shop, "child", framework="node")
    shop.file.write_text("TEAM_NOTE=old-note\n")
    async with run.up() as events:
        await run.until(events, "finish")
        assert "old-note" in ask(run.port)
        shop.file.write_text("# a comment changes nothing\nTEAM_NOTE=old-note\n")
        shop.file.write_text("TEAM_NOTE=new-note\n")
        await run.until(events, "ready")
        assert "new-note" in ask(run.port)


async def test_nothing_of_a_repository_that_changed_is_started_again(shop: Light) -> None:
    run = make(shop, framework="node")
    shop.file.write_text("TEAM_NOTE=old-note\n")
    async with run.up() as events:
        await run.until(events, "finish")
        shop.package(scripts={"dev": "node evil.js"}, dependencies={"express": "5"})
        shop.file.write_text("TEAM_NOTE=new-note\n")
        told = await run.until(events, "line")

        assert "not approved" in told.text
        assert "old-note" in ask(run.port)


# what is said


async def test_secrets_in_the_output_of_a_child_are_masked(shop: Light) -> None:
    run = make(shop, "says", framework="node")
    shop.template("DATABASE_URL=\nSTRIPE_SECRET_KEY=sk_test_...\nPORT=\n")
    key = shop.services.stripe.secret_key
    shop.file.write_text(f"DATABASE_URL=postgresql://me:hunter2hunter2@localhost:1/x\nSTRIPE_SECRET_KEY={key}\n")
    session = run.session()
    async with aclosing(session.dev()) as events:
        while "connecting" not in (said := (await run.until(events, "line")).text):
            pass
    log = session.logs["dev"].search("CONNECTING")
    await session.close()

    assert "[secret]" in said
    assert log == (said,)
    assert key not in run.text() + str(log)
    assert "hunter2" not in run.text() + str(log)


def test_a_ring_keeps_the_end_within_its_limit() -> None:
    ring = Ring(1000)
    for number in range(10_000):
        ring.add(f"line {number}")
    ring.add("y" * 5000)
    ring.add("last")

    assert sum(map(len, ring.search())) <= 1000
    assert ring.search("LAST") == ("last",)
    assert ring.dropped >= 9_900


# its end


async def test_its_own_end_ends_everything_and_says_why(shop: Light) -> None:
    run = make(shop, "dies", hooks=("/hook",))
    async with run.up() as events:
        ended = await run.until(events, "exit")
        assert [event async for event in events] == []
        assert gone(shop.left) == []

    assert (ended.source, ended.data["code"]) == ("dev", 7)
    assert "exit 7): its port is taken" in ended.text


async def test_the_signing_secrets_are_there_before_the_app_is_started_that_may_refuse_to_without(shop: Light) -> None:
    run = make(shop, hooks=("/hook",))
    assert not run.session().view().held().keys() & {"STRIPE_WEBHOOK_SECRET"}
    async with run.up() as events:
        await run.until(events, "finish")
    said = [event.text for event in run.seen]
    saved = next(at for at, text in enumerate(said) if "STRIPE_WEBHOOK_SECRET saved" in text)
    assert saved < next(at for at, text in enumerate(said) if text.startswith("runs "))


async def test_a_second_onboard_uses_the_listeners_that_run_already(shop: Light) -> None:
    run = make(shop, hooks=("/hook",))
    session = run.session()
    other = Claim(session.machine.state, f"listeners {session.env_path}")
    assert other.take("onboard listen", "14:02") is None
    with pytest.raises(ProcessError, match=f"onboard listen \\(process {os.getpid()}, since 14:02\\)"):
        await anext(session.listen())
    async with run.up() as events:
        await run.until(events, "finish")
        assert any("run already: onboard listen" in event.text for event in run.seen)
        assert not (shop.home / "stripe-ran").exists()
        other.release()
        while (await run.until(events, "ready")).source == "dev":
            pass


async def test_a_program_beside_the_app_is_kept_up_and_its_end_ends_nothing_else(shop: Light) -> None:
    run = make(shop)
    shop.package(scripts={"dev": f"next dev -p {run.port}", "jobs": "npx inngest-cli@latest dev"})
    pnpm = (shop.tools / "pnpm").read_text().partition("\n")[2]
    shop.tool("pnpm", pnpm.replace(" dev) ", ' jobs) echo jobs are up; [ -f "$HOME/once" ] && exec sleep 600; '
                                             'touch "$HOME/once"; exit 3;; dev) ', 1))  # fmt: skip
    async with run.up() as events:
        ended = await run.until(events, "progress")
        while not (again := await run.until(events, "line")).text.startswith("jobs are up"):
            pass
        if not any(event.kind == "finish" for event in run.seen):
            await run.until(events, "finish")

    assert (ended.source, again.source) == ("inngest", "inngest")
    assert "exit 3); starts again in 1 s" in ended.text


# production


def on_main(shop: Light) -> None:
    """Let the app's database be the project's default branch."""
    neon = shop.services.neon
    shop.template("DATABASE_URL=\nNEON_API_KEY=\n")
    shop.typed += [neon.api_key, neon.url(neon.main)]
    shop.file.write_text(f"DATABASE_URL='{neon.url(neon.main)}'\nNEON_API_KEY={neon.api_key}\n")


@pytest.mark.parametrize("case", ["live key", "default branch", "name"])
def test_nothing_is_started_on_production(shop: Light, case: str) -> None:
    make(shop, hooks=("/hook",))
    if case == "live key":
        shop.file.write_text(f"STRIPE_SECRET_KEY=sk_live_{shop.services.stripe.secret_key[8:]}\n")
    elif case == "name":
        shop.template("DATABASE_URL=\n")
        shop.file.write_text("DATABASE_URL=postgresql://me:secret-word-1@prod-db.example.invalid/shop\n")
    else:
        on_main(shop)
    shop.trust()
    ran = shop.onboard("dev")

    assert ran.code == 4, ran.err
    assert "nothing was started" in ran.err
    assert not (shop.home / "stripe-ran").exists()


async def test_a_person_who_types_the_branchs_name_means_it(shop: Light) -> None:
    run = make(shop)
    on_main(shop)
    async with run.up(confirmed="development") as events:
        with pytest.raises(NeedsPerson, match="nothing was started") as stop:
            await run.until(events, "ready")
    async with run.up(confirmed=stop.value.hint.rpartition(" ")[2]) as events:
        await run.until(events, "ready")


def test_without_approval_it_is_exit_4(shop: Light) -> None:
    make(shop, hooks=("/hook",))
    ran = shop.onboard("dev")

    assert ran.code == 4
    assert not (shop.home / "stripe-ran").exists()


# the command


def started(run: Run) -> "subprocess.Popen[bytes]":
    argv = [str(ONBOARD), "dev"]
    pipe = subprocess.PIPE
    return subprocess.Popen(argv, cwd=run.shop.project, env=run.shop.env, stdout=pipe, stderr=subprocess.STDOUT)


def read_until(child: "subprocess.Popen[bytes]", word: bytes) -> bytes:
    assert child.stdout is not None
    seen = b""
    while word not in seen:
        line = child.stdout.readline()
        assert line, seen.decode()
        seen += line
    return seen


def test_ctrl_c_ends_a_child_that_takes_no_term_and_its_children(shop: Light) -> None:
    run = make(shop, "deaf", "child", hooks=("/hook",))
    shop.trust()
    with started(run) as child:
        seen = read_until(child, b"1 listener ready")
        child.send_signal(signal.SIGINT)
        assert child.wait(10) == 130
    assert gone(shop.left, 0.5) == []
    assert f"dev     | the app answers at http://localhost:{run.port}".encode() not in seen
    assert b"dev" in seen


def test_the_dev_servers_own_end_is_exit_1_with_each_line_named(shop: Light) -> None:
    make(shop, "dies")
    shop.trust()
    ran = shop.onboard("dev")

    assert ran.code == 1
    assert "dev     | dev ended by itself" in ran.err or "ended by itself (exit 7)" in ran.err
    assert "dev     | Error: listen EADDRINUSE" in ran.out


@pytest.mark.long
def test_50_mb_of_output_do_not_grow_us(shop: Light) -> None:
    run = make(shop, "loud")
    shop.trust()
    argv = [str(ONBOARD), "dev"]
    with (shop.root / "log").open("wb") as log:
        child = subprocess.Popen(argv, cwd=shop.project, env=shop.env, stdout=log, stderr=subprocess.PIPE)
    most = 0
    assert child.stderr is not None
    os.set_blocking(child.stderr.fileno(), False)
    begun, seen = time.monotonic(), b""
    while b"ready: the app answers" not in seen and b"the app answers" not in seen:
        assert child.poll() is None, seen
        assert time.monotonic() - begun < 60
        most = max(most, psutil.Process(child.pid).memory_info().rss)
        seen += child.stderr.read() or b""
        time.sleep(0.02)
    child.send_signal(signal.SIGINT)
    assert child.wait(10) == 130
    child.stderr.close()
    assert run.port
    assert (shop.root / "log").stat().st_size >= 50_000_000
    assert most < 120 << 20, f"{most >> 20} MB"


DEATHS = ("INT", "TERM", "HUP", "QUIT", "KILL")


@pytest.mark.long
def test_fifty_deaths_leave_no_orphan(shop: Light) -> None:
    make(shop, hooks=("/hook",))
    shop.tool("pnpm", 'trap "" HUP; sleep 600 & echo up; exec sleep 600')
    folders = []
    for number in range(10):
        folders.append(shop.root / f"shop-{number}")
        shutil.copytree(shop.project, folders[-1])
    argv = [sys.executable, "-m", "tests.dev_supervisors", str(shop.root / "states"), str(shop.home)]
    root = Path(__file__).parents[1]
    for name in DEATHS:
        with subprocess.Popen([*argv, *map(str, folders)], cwd=root, env=shop.env, stdout=subprocess.PIPE) as forker:
            assert forker.stdout is not None
            words = [forker.stdout.readline().split() for _ in folders]
            pids = [int(word[1]) for word in words]
            assert len(shop.left()) >= 50, "each has two guards, the app, what that started, and a listener"
            supervisors = [psutil.Process(pid) for pid in pids]
            for one in supervisors:
                one.send_signal(getattr(signal, f"SIG{name}"))
            psutil.wait_procs(supervisors, timeout=30)  # ten at once; how long each takes is not what is claimed
            left = gone(shop.left, 2)
            assert left == [], f"{name}: {left}"
