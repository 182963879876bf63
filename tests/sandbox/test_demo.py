"""The demo: it can be onboarded to the end, its tools behave as the real ones, and nothing of it stays."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import stripe as stripe_library

from onboard.machine import Machine
from onboard.model import Ask, Finding, Status
from onboard.sandbox.demo import PROJECT, Demo
from onboard.sandbox.standins.stripe import StripeStandIn, signature
from onboard.sandbox.tools.dev import signed
from onboard.sandbox.tools.pnpm import tables
from onboard.session import Session
from tests.parts import ROOT
from tests.parts.ports import free_port
from tests.parts.postgres import PostgresServer


@pytest.fixture
def demo() -> Iterator[Demo]:
    with Demo(port=free_port()) as demo:
        yield demo


async def onboard(demo: Demo, session: Session) -> list[Finding]:
    """Do what is owed, step by step, typing the demo's own credentials; return what the last look saw."""
    session.approve(session.approval().hash)
    for _ in range(15):
        findings = [finding async for finding in session.look()]
        owed = session.plan()
        if not owed:
            return findings
        step = owed[0].step
        if isinstance(step, Ask):
            values = {name: demo.values[name] for name in step.variables}
            trial = await session.attempt(values)
            assert {f.status for f in trial.findings} <= {Status.OK, Status.WARN}
            await session.save(values, trial)
        else:
            events = [event async for event in session.do(step)]
            assert events[-1].kind == "done", events
    raise AssertionError(f"still owed: {session.plan()}")


@contextlib.contextmanager
def running(demo: Demo, *argv: str, until: str) -> Iterator[None]:
    """Run a demo tool until the block ends, from when it has said `until`. It must end well."""
    pipe = subprocess.PIPE
    program = str(demo.folder / "bin" / argv[0])
    with subprocess.Popen(
        [program, *argv[1:]], cwd=demo.root, env=demo.env, stdout=pipe, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        seen = []
        for line in process.stdout:
            seen.append(line)
            if until in line:
                break
        else:
            raise AssertionError("".join(seen))
        try:
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            process.stdout.read()
    assert process.returncode == 0


def run(demo: Demo, *argv: str, **env: str) -> "subprocess.CompletedProcess[str]":
    program = str(demo.folder / "bin" / argv[0])
    return subprocess.run(
        [program, *argv[1:]], cwd=demo.root, env=demo.env | env, capture_output=True, text=True, timeout=30
    )


@pytest.mark.anyio
async def test_the_sample_project_is_onboarded_to_the_end(demo: Demo) -> None:
    session = demo.session()
    findings = await onboard(demo, session)
    await session.close()
    assert [f.id for f in findings if f.status in (Status.FAIL, Status.UNKNOWN)] == []
    assert demo.neon.tables() == ["products", "orders", "signal_subscriptions"]
    key = demo.stripe.secret_key
    listen = ("listen", "--skip-update", "--all-snapshot", "--forward-to")
    env = demo.env | {"STRIPE_API_KEY": key}
    demo.env = env
    routes = ["/api/webhooks/stripe", "/api/signal/webhooks/stripe"]
    with contextlib.ExitStack() as children:
        children.enter_context(running(demo, "pnpm", "dev", until="Ready in"))
        for route in routes:
            forward = f"localhost:{demo.port}{route}"
            children.enter_context(running(demo, "stripe", *listen, forward, until="Ready!"))
        assert demo.stripe.wait_for_listeners(2)
        assert run(demo, "stripe", "trigger", "checkout.session.completed").returncode == 0
        answers = demo.stripe.wait_for_answers(demo.stripe.deliveries[-1], 2)
        assert sorted((a.forward_url.partition(str(demo.port))[2], a.status) for a in answers) == [
            (routes[1], 200),
            (routes[0], 200),
        ]


@pytest.mark.anyio
async def test_a_second_sitting_finds_nothing_owed(demo: Demo) -> None:
    first = demo.session()
    await onboard(demo, first)
    await first.close()
    second = demo.session()
    assert second.trusted
    async for _ in second.look():
        pass
    assert second.plan() == ()
    await second.close()


def test_nothing_is_left_and_nothing_of_the_person_is_touched(tmp_path: Path) -> None:
    outer = Machine(env={"PATH": os.defpath, "HOME": str(tmp_path)}, home=tmp_path, state=tmp_path, config=tmp_path)
    with Demo(outer, port=0) as demo:
        inside = demo.machine()
        assert all(str(path).startswith(str(demo.folder)) for path in (inside.home, inside.state, inside.config))
        assert inside.env["PATH"] == str(demo.folder / "bin")
        assert demo.folder.stat().st_mode & 0o777 == 0o700
    assert not demo.folder.exists()
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_demo_left_is_removed_by_the_next_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # where no demo of another test comes by
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    script = "from onboard.sandbox.demo import Demo\nwith Demo(port=0) as d:\n print(d.folder, flush=True)\n input()"
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        left = Path(process.stdout.readline().strip())
        with Demo(port=0):
            assert left.is_dir(), "a demo that still runs is left alone"
        process.kill()
    assert left.is_dir()
    with Demo(port=0) as demo:
        assert not left.exists()
        assert demo.folder.is_dir()


def test_a_link_in_the_temp_folder_is_not_followed_when_sweeping(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("x")
    link = Path(tempfile.gettempdir()) / "onboard-demo-999999999-link"
    link.symlink_to(tmp_path)
    try:
        with Demo(port=0):
            assert (tmp_path / "precious").exists()
    finally:
        link.unlink()


def test_no_credential_lies_in_the_demos_folder_before_it_is_typed(demo: Demo) -> None:
    texts = [value.reveal().encode() for name, value in demo.values.items() if not name.endswith("_URL")]
    files = [path for path in demo.folder.rglob("*") if path.is_file()]
    assert len(files) > 15
    assert [path for path in files if any(text in path.read_bytes() for text in texts)] == []


def test_it_moves_to_another_port_where_3000_is_taken(demo: Demo) -> None:
    with Demo(port=demo.port) as second:
        pass
    assert second.port == demo.port, "a free port is taken as it is"
    scripts = json.loads((demo.root / "package.json").read_text())["scripts"]
    assert scripts["dev"] == f"next dev -p {demo.port}"
    assert f"localhost:{demo.port}/api/webhooks/stripe" in scripts["stripe:listen"]
    assert "3000" not in (demo.root / ".env.local.example").read_text()


def test_the_top_level_template_is_wavepoints() -> None:
    assert (ROOT / ".env.local.example").read_bytes() == (PROJECT / ".env.local.example").read_bytes()


@pytest.mark.parts
@pytest.mark.parametrize(
    "words",
    [
        ["--version"],
        ["listen", "--forward-to", "localhost:3000/x", "--skip-update"],
        ["listen", "--print-secret"],
        ["listen", "--print-secret", "revoked"],
    ],
    ids=["version", "no-events", "secret", "revoked"],
)
def test_the_demos_stripe_says_what_the_real_one_says(
    words: list[str], demo: Demo, stripe_cli: Path, tmp_path: Path
) -> None:
    key = demo.stripe.secret_key
    if words[-1] == "revoked":
        words = words[:-1]
        demo.stripe.revoke(key)
    base = ["--api-base", demo.served[StripeStandIn].url] if words[0] == "listen" else []
    env = {"PATH": os.defpath, "HOME": str(tmp_path), "STRIPE_API_KEY": key, "STRIPE_CLI_TELEMETRY_OPTOUT": "1"}
    real = subprocess.run([str(stripe_cli), *words, *base], env=env, capture_output=True, text=True, timeout=30)
    ours = run(demo, "stripe", *words, *base, STRIPE_API_KEY=key)
    facts = re.compile(r"whsec_\w+|status=\d+|must specify events|api_key_expired|stripe version [\d.]+")
    assert (ours.returncode, facts.findall(ours.stdout)) == (real.returncode, facts.findall(real.stdout))
    assert facts.findall(ours.stderr)[:2] == facts.findall(real.stderr)[:2]


@pytest.mark.long
@pytest.mark.parts
def test_the_demos_push_says_and_does_what_the_real_one_does(
    demo: Demo, postgres: PostgresServer, node_project: Path, node_env: dict[str, str]
) -> None:
    url = postgres.make_database()
    subprocess.run(["pnpm", "install"], cwd=node_project, env=node_env, capture_output=True, check=True, timeout=120)
    ends = re.compile(r"\[[✓i]\] (?:Changes applied|No changes detected)|Command failed with exit code \d+")

    def real(url: str) -> "tuple[int, list[str]]":
        env = node_env | {"DATABASE_URL": url}
        done = subprocess.run(
            ["pnpm", "db:push"], cwd=node_project, env=env, capture_output=True, text=True, timeout=60
        )
        return done.returncode, ends.findall(done.stdout)

    def ours(url: str) -> "tuple[int, list[str]]":
        done = run(demo, "pnpm", "db:push", DATABASE_URL=url)
        return done.returncode, ends.findall(done.stdout)

    neon = demo.neon.url()
    wrong = re.sub(r":[^:@/]+@", ":wrong@", url)
    assert ours(demo.neon.url(password="wrong")) == real(wrong) == (1, ["Command failed with exit code 1"])
    assert ours(neon) == real(url) == (0, ["[✓] Changes applied"])
    assert ours(neon) == real(url) == (0, ["[i] No changes detected"])
    assert sorted(demo.neon.tables()) == postgres.tables(url.rpartition("/")[2].partition("?")[0])


def test_the_tables_of_the_demo_are_those_of_the_projects_schema() -> None:
    made = tables((PROJECT / "src" / "db" / "schema.ts").read_text())
    assert list(made) == ["products", "orders", "signal_subscriptions"]
    assert '"slug" text not null unique' in made["products"]
    assert '"id" serial primary key' in made["orders"]


@pytest.mark.parametrize("shift", [0, 299, 301, -301])
def test_the_dev_server_takes_what_stripes_own_library_takes(shift: int) -> None:
    now = int(time.time())
    payload, secret = '{"id": "evt_1", "object": "event"}', "whsec_" + "a" * 64
    header = signature(payload, secret, now - shift)
    try:
        stripe_library.Webhook.construct_event(payload, header, secret)
        theirs = True
    except stripe_library.SignatureVerificationError:
        theirs = False
    assert signed(payload.encode(), header, secret, now) is theirs
    assert not signed(payload.encode() + b" ", header, secret, now)
    assert not signed(payload.encode(), header, secret[:-1], now)
    assert not signed(payload.encode(), "", secret, now)


def test_events_go_to_the_listeners_of_their_own_account_only(demo: Demo) -> None:
    other = demo.stripe.open_account("Somebody else")
    demo.env = demo.env | {"STRIPE_API_KEY": other.secret_key}
    with running(demo, "stripe", "listen", until="Ready!"):
        assert demo.stripe.wait_for_listeners(account=other)
        demo.stripe.emit("invoice.paid")
        delivery = demo.stripe.emit("invoice.paid", account=other)
        assert delivery.conversations
    assert demo.stripe.deliveries[0].conversations == set()
