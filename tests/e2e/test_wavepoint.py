"""The main job: WavePoint from a fresh clone to a running app, on real parts."""

import json
import os
import re
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

from tests.e2e.world import World
from tests.parts import MODULES, needed
from tests.parts.postgres import PostgresServer

PROBLEMS = ("fail", "warn", "unknown")


def problems(world: World, cwd: Path | None = None) -> dict[str, str]:
    """Return the ids of what doctor finds not fine, with their status."""
    found = world.onboard("doctor", "--json", cwd=cwd).json()["findings"]
    return {one["id"]: one["status"] for one in found if one["status"] in PROBLEMS}


def read_by_next(world: World, folder: Path) -> dict[str, str]:
    """Return the env file's values as `@next/env` gives them to the app."""
    script = (
        "const {loadEnvConfig} = require(process.argv[1]);"
        "const before = new Set(Object.keys(process.env));"
        "const {combinedEnv} = loadEnvConfig(process.argv[2], true, {info() {}, error: console.error});"
        "console.log(JSON.stringify(Object.fromEntries(Object.entries(combinedEnv).filter(([k]) => !before.has(k)))))"
    )
    package = needed(MODULES / "@next" / "env")
    done = subprocess.run(
        ["node", "-e", script, str(package), str(folder)], env=world.env, capture_output=True, text=True, check=True
    )
    found: dict[str, str] = json.loads(done.stdout)
    return found


def wait_until_answers(url: str, seconds: float) -> None:
    """Wait for a real answer of the dev server; its log line is no proof."""
    until = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(url, timeout=20) as answer:
                answer.read()
                return
        except urllib.error.HTTPError as error:
            error.close()
            return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)


def set_up(world: World) -> None:
    """Do what a person does headless: approve, let onboard work, enter what only a person has, let it finish."""
    world.trust()
    assert world.onboard("setup", "--yes").code == 4
    for name, value in world.credentials.items():
        entered = world.onboard("set", name, stdin=f'{name}="{value}"\n')
        assert entered.code == 0, entered.err
        assert "taken off" in entered.err
    finished = world.onboard("setup", "--yes")
    assert finished.code == 0, finished.err


def test_wavepoint_is_onboarded_from_nothing_to_a_signed_event_answered_200(
    world: World, postgres: PostgresServer
) -> None:
    set_up(world)
    database = urlsplit(world.database_url).path.lstrip("/")

    # The schema is in the real database, and a row of it can be written and seen.
    assert {"orders", "products"} <= set(postgres.tables(database))
    seeded = world.onboard("run", "--", "pnpm", "db:seed")
    assert seeded.code == 0, seeded.err + seeded.out
    assert postgres.run("select count(*) from products", database)[0][0]

    # The app's own reader reads back what was typed, and the file is the user's alone.
    values = read_by_next(world, world.project)
    assert {name: values[name] for name in world.credentials} == world.credentials
    assert (world.project / ".env.local").stat().st_mode & 0o777 == 0o600

    # The secrets rest in the keyring.
    rows = {row["name"]: row for row in world.onboard("list", "--json").json()["variables"]}
    assert all("vault" in rows[name]["sources"] for name in world.credentials)

    # Everything is fine, and nothing is merely passed over.
    assert problems(world) == {}
    assert world.onboard("doctor").code == 0

    # Both listeners are up, and the app's routes accept what they forward.
    with world.running("listen") as listeners, world.running("run", "--", "pnpm", "dev") as app:
        assert listeners.stdout is not None
        seen = ""
        while seen.count("ready: forwards to") < 2:
            line = listeners.stdout.readline()
            assert line, seen
            seen += line
        assert app.poll() is None
        wait_until_answers(f"http://127.0.0.1:{world.port}/", 60)
        delivery = world.stripe.emit("checkout.session.completed")
        world.stripe.wait_for_answers(delivery, 2, seconds=60)
        assert sorted((urlsplit(a.forward_url).path, a.status) for a in delivery.answers) == [
            ("/api/signal/webhooks/stripe", 200),
            ("/api/webhooks/stripe", 200),
        ]
    assert not re.search(r"whsec_[0-9a-f]{8}", seen)

    # A table more in the schema, another signing secret, an install older than the lock file: three named, and mended.
    file = world.project / ".env.local"
    schema = world.project / "src/db/schema.ts"
    schema.write_text(schema.read_text() + 'export const later = pgTable("later_on", { id: serial("id") });\n')
    file.write_text(re.sub(r'(STRIPE_WEBHOOK_SECRET="?whsec_)[0-9a-f]{4}', r"\g<1>0000", file.read_text(), count=1))
    os.utime(world.project / "node_modules/.modules.yaml", (1e9, 1e9))
    world.trust()
    assert problems(world) == {
        "database.schema": "warn", "webhook.STRIPE_WEBHOOK_SECRET": "fail", "deps.install": "warn",
    }  # fmt: skip
    world.onboard("doctor", "--fix")
    assert problems(world) == {}
    assert "later_on" in postgres.tables(database)

    # A second clone of the same repository needs nothing typed again.
    second = world.clone("second")
    world.trust(second)
    finished = world.onboard("setup", "--yes", cwd=second)
    assert finished.code == 0, finished.err
    assert problems(world, second) == {}
    values = read_by_next(world, second)
    assert {name: values[name] for name in world.credentials} == world.credentials

    # A variable is deleted, the Stripe account swapped, a key revoked: exactly these three are named.
    other = world.stripe.open_account("Somebody else's")
    text = re.sub(r"(?m)^AUTH_SECRET=.*\n", "", file.read_text())
    file.write_text(text.replace(world.stripe.secret_key, other.secret_key))
    world.anthropic.revoked.add(world.anthropic.api_key)
    assert problems(world) == {"live.anthropic": "fail", "variable.AUTH_SECRET": "fail", "pair.stripe": "warn"}
    assert world.onboard("doctor").code == 1


def test_before_approval_nothing_is_asked_run_or_written(world: World) -> None:
    before = sorted(path.relative_to(world.project) for path in world.project.rglob("*"))
    looked = world.onboard("doctor", "--json")
    refused = world.onboard("set", "STRIPE_SECRET_KEY", stdin=world.stripe.secret_key)
    setup = world.onboard("setup", "--yes")

    findings = {one["id"]: one["status"] for one in looked.json()["findings"]}
    assert findings["trust.project"] == "unknown"
    assert {status for id, status in findings.items() if id.startswith(("tool.", "live."))} == {"skipped"}
    assert (refused.code, setup.code) == (4, 4)
    assert world.requests() == []
    assert sorted(path.relative_to(world.project) for path in world.project.rglob("*")) == before
