"""The sample project by itself: it installs, type-checks, pushes, seeds, runs, and answers signed events."""

import json
import socket
import subprocess
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from onboard.sandbox.served import serve
from onboard.sandbox.standins.neon import NeonStandIn
from onboard.sandbox.standins.stripe import StripeStandIn
from onboard.sandbox.standins.upstash import UpstashStandIn
from tests.parts import PROJECT
from tests.parts.next import dev_server
from tests.parts.postgres import PostgresServer
from tests.sandbox.test_stripe_cli import listening

pytestmark = pytest.mark.parts


def pnpm(project: Path, env: dict[str, str], *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(["pnpm", *words], cwd=project, env=env, capture_output=True, text=True, timeout=180)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def test_wavepoint_runs_on_real_parts(
    node_project: Path,
    node_env: dict[str, str],
    postgres: PostgresServer,
    redis_url: str,
    stripe_cli: Path,
    tmp_path: Path,
) -> None:
    stripe, upstash, port = StripeStandIn(), UpstashStandIn(redis_url), free_port()
    assert pnpm(node_project, node_env, "install").returncode == 0
    with serve(stripe) as stripe_served, serve(upstash) as upstash_served:
        values = {
            "DATABASE_URL": postgres.make_database(),
            "UPSTASH_REDIS_REST_URL": upstash_served.url,
            "UPSTASH_REDIS_REST_TOKEN": upstash.token,
            "AUTH_SECRET": "x" * 44,
            "STRIPE_SECRET_KEY": stripe.secret_key,
            "NEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY": stripe.publishable_key,
            "STRIPE_WEBHOOK_SECRET": stripe.account.webhook_secret,
            "STRIPE_SIGNAL_WEBHOOK_SECRET": "whsec_" + "0" * 64,
        }
        (node_project / ".env.local").write_text("".join(f'{name}="{value}"\n' for name, value in values.items()))
        assert "[✓] Changes applied" in pnpm(node_project, node_env, "db:push").stdout
        assert "Seeded 2 products." in pnpm(node_project, node_env, "db:seed").stdout
        key, base = stripe.secret_key, f"http://127.0.0.1:{port}"
        events = ("--events", "invoice.paid")
        with (
            dev_server(node_project, node_env, port),
            listening(stripe_cli, stripe_served, key, f"{base}/api/webhooks/stripe", tmp_path, *events),
            listening(stripe_cli, stripe_served, key, f"{base}/api/signal/webhooks/stripe", tmp_path, *events),
        ):
            assert stripe.wait_for_listeners(2)
            answers = stripe.wait_for_answers(stripe.emit("invoice.paid"), 2, seconds=60)
            told = {a.forward_url.removeprefix(base): (a.status, json.loads(a.body)) for a in answers}
            event = stripe.deliveries[0].event["id"]
            assert told == {
                "/api/webhooks/stripe": (200, {"received": event, "handled": False}),
                "/api/signal/webhooks/stripe": (400, {"error": "signature verification failed"}),
            }
            with urllib.request.urlopen(base, timeout=60) as page:
                text = page.read().decode()
            assert "Dawn print" in text
            assert upstash_served.wait_for_requests(1)
    types = pnpm(node_project, node_env, "check")
    assert types.returncode == 0, types.stdout


def test_a_command_reaches_the_real_database_under_neons_own_name(
    neon: tuple[NeonStandIn, str],
    in_names: Callable[..., list[str]],
    node_project: Path,
    node_env: dict[str, str],
    postgres: PostgresServer,
) -> None:
    stand_in, url = neon
    env = node_env | {"DATABASE_URL": url}
    assert ".neon.tech" in url
    assert pnpm(node_project, node_env, "install").returncode == 0
    argv = in_names(["pnpm", "db:push"], stand_in.development.host)
    done = subprocess.run(argv, cwd=node_project, env=env, capture_output=True, text=True, timeout=60)
    assert "[✓] Changes applied" in done.stdout, done.stdout + done.stderr
    assert "products" in postgres.tables(url.rpartition("/")[2].partition("?")[0])


def test_the_lock_of_the_sample_project_names_no_registry() -> None:
    assert "http" not in (PROJECT / "pnpm-lock.yaml").read_text()
