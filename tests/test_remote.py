"""What is set at Vercel, compared: each planted trouble is told, and no other; no value ever shows."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from onboard import remotes
from onboard.model import Status, Tell
from onboard.sandbox.served import Request, Response, serve
from onboard.sandbox.standins.vercel import VercelStandIn
from tests.remote_world import TEMPLATE, World, told, world

__all__ = ["world"]

pytestmark = pytest.mark.anyio


def drop(name: str, place: str) -> Callable[[World], None]:
    return lambda world: world.unset(name, place)


def copy(name: str, of: str, to: str) -> Callable[[World], None]:
    return lambda world: world.set(name, to, world.values[name, of])


def put(name: str, place: str, value: str) -> Callable[[World], None]:
    return lambda world: world.set(name, place, value)


def key(name: str, place: str, prefix: str) -> Callable[[World], None]:
    return lambda world: world.set(name, place, world.secret(prefix))


def another_way_in(place: str) -> Callable[[World], None]:
    """Production's own database, by another user and through the pooler."""
    return lambda world: world.set("DATABASE_URL", place, world.database("main", pooled=True, user="reader"))


def one_entry(name: str, kind: str) -> Callable[[World], None]:
    return lambda world: world.together(name, kind, "production", "preview")


def on_localhost(world: World) -> None:
    for place in ("production", "development", "here"):
        world.set("DATABASE_URL", place, "postgresql://postgres:postgres@localhost:5432/shop")


def nothing_in(place: str) -> Callable[[World], None]:
    def act(world: World) -> None:
        world.vercel.env[:] = [row for row in world.vercel.env if place not in row["target"]]

    return act


def says_that_they_differ(world: World) -> None:
    scopes = 'scopes = { local = "a key of your own", preview = "staging\'s", production = "the real one" }'
    (world.project / "onboard.toml").write_text(f"[variables.AUTH_SECRET]\n{scopes}\n")


PLANTED: dict[str, tuple[Callable[[World], None], Status, set[tuple[str, str, str]]]] = {
    "a variable is missing in one environment": (
        drop("DATABASE_URL", "preview"),
        Status.WARN,
        {("missing", "DATABASE_URL", "preview")},
    ),
    "an optional one and a flag are missing": (drop("ANTHROPIC_API_KEY", "production"), Status.OK, set()),
    "an environment has nothing at all": (
        nothing_in("preview"),
        Status.WARN,
        {
            ("missing", name, "preview")
            for name in ("DATABASE_URL", "STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET", "AUTH_SECRET")
        },
    ),
    "development has one": (
        key("AUTH_SECRET", "development", ""),
        Status.WARN,
        {("missing", name, "development") for name in ("DATABASE_URL", "STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET")},
    ),
    "preview has production's database": (
        copy("DATABASE_URL", "production", "preview"),
        Status.FAIL,
        {("same", "DATABASE_URL", "preview")},
    ),
    "preview has production's database by another way in": (
        another_way_in("preview"),
        Status.FAIL,
        {("same", "DATABASE_URL", "preview")},
    ),
    "one entry that nobody may read is for both": (
        one_entry("DATABASE_URL", "sensitive"),
        Status.FAIL,
        {("same", "DATABASE_URL", "preview")},
    ),
    "one address is for both": (one_entry("APP_URL", "plain"), Status.WARN, {("same", "APP_URL", "preview")}),
    "one signing secret is for both": (
        copy("STRIPE_WEBHOOK_SECRET", "production", "preview"),
        Status.WARN,
        {("same", "STRIPE_WEBHOOK_SECRET", "preview")},
    ),
    "this machine has production's database": (
        copy("DATABASE_URL", "production", "here"),
        Status.FAIL,
        {("production", "DATABASE_URL", "here")},
    ),
    "this machine has production's database by another way in": (
        another_way_in("here"),
        Status.FAIL,
        {("production", "DATABASE_URL", "here")},
    ),
    "this machine has production's signing secret": (
        copy("STRIPE_WEBHOOK_SECRET", "production", "here"),
        Status.FAIL,
        {("production", "STRIPE_WEBHOOK_SECRET", "here")},
    ),
    "production has a test key": (
        key("STRIPE_SECRET_KEY", "production", "sk_test_51"),
        Status.WARN,
        {("mode", "STRIPE_SECRET_KEY", "production")},
    ),
    "production and preview have the same test key": (
        copy("STRIPE_SECRET_KEY", "preview", "production"),
        Status.WARN,
        {("mode", "STRIPE_SECRET_KEY", "production")},
    ),
    "preview has a live key": (
        key("STRIPE_SECRET_KEY", "preview", "sk_live_51"),
        Status.FAIL,
        {("mode", "STRIPE_SECRET_KEY", "preview")},
    ),
    "production has the template's placeholder": (
        put("AUTH_SECRET", "production", "your-random-secret-here-min-32-chars"),
        Status.FAIL,
        {("placeholder", "AUTH_SECRET", "production")},
    ),
    "preview has the template's placeholder": (
        put("AUTH_SECRET", "preview", "your-random-secret-here-min-32-chars"),
        Status.WARN,
        {("placeholder", "AUTH_SECRET", "preview")},
    ),
    "production points to localhost": (
        put("APP_URL", "production", "http://localhost:3000"),
        Status.FAIL,
        {("local", "APP_URL", "production")},
    ),
    "production's database is on localhost, and so is development's": (
        on_localhost,
        Status.FAIL,
        {("local", "DATABASE_URL", "production")}
        | {("missing", name, "development") for name in ("STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET", "AUTH_SECRET")},
    ),
    "preview points to localhost": (
        put("APP_URL", "preview", "http://127.0.0.1:3000"),
        Status.WARN,
        {("local", "APP_URL", "preview")},
    ),
    "the manifest says that they differ": (
        says_that_they_differ,
        Status.FAIL,
        {("production", "AUTH_SECRET", "here"), ("same", "AUTH_SECRET", "preview")},
    ),
}


@pytest.mark.parametrize(("plant", "status", "expected"), PLANTED.values(), ids=PLANTED)
async def test_each_planted_trouble_is_told_and_no_other(
    world: World, plant: Callable[[World], None], status: Status, expected: set[tuple[str, str, str]]
) -> None:
    plant(world)
    finding = (await world.look())["remote.vercel"]

    assert told(finding) == expected
    assert finding.status is status, finding.summary
    for _, name, place in expected:
        assert any(name in line and (place == "here" or place in line) for line in finding.detail.splitlines())
    if status is not Status.OK:
        assert isinstance(finding.step, Tell)
        assert finding.step.command is not None
        assert finding.step.command.startswith(("vercel env add ", "vercel env update ", "onboard set "))


async def test_where_all_is_as_it_should_be_there_is_no_trouble(world: World) -> None:
    session = world.session()
    finding = (await world.look(session=session))["remote.vercel"]

    assert finding.status is Status.OK, finding.summary
    assert finding.detail == ""
    assert session.places["vercel.production"] == {
        "DATABASE_URL": "another",
        "STRIPE_SECRET_KEY": "another",
        "STRIPE_WEBHOOK_SECRET": "another",
        "AUTH_SECRET": "same",
        "ANTHROPIC_API_KEY": "same",
        "APP_URL": "set",
    }
    assert session.places["vercel.development"] == {}


async def test_what_nobody_may_read_is_never_called_the_same(world: World) -> None:
    world.set("DATABASE_URL", "production", world.values["DATABASE_URL", "here"], "sensitive")
    world.set("AUTH_SECRET", "preview", "", "encrypted")  # how Vercel gave what is kept secret until July 2026
    session = world.session()
    finding = (await world.look(session=session))["remote.vercel"]

    assert finding.status is Status.OK
    assert finding.evidence["not_compared"] == "DATABASE_URL"
    assert "cannot be compared" in finding.detail
    assert "not all values can be compared" in finding.summary
    assert session.places["vercel.production"]["DATABASE_URL"] == "sensitive"
    assert session.places["vercel.preview"]["AUTH_SECRET"] == "set"


async def test_what_a_team_shares_between_its_projects_is_not_missing(world: World) -> None:
    world.unset("AUTH_SECRET", "preview")
    shared = world.secret()

    class Sharing(VercelStandIn):
        def answer(self, request: Request) -> Response:
            answer = world.vercel.answer(request)
            if request.path.endswith("/preview") and answer.status == 200:
                found: dict[str, Any] = json.loads(answer.body)
                return Response.json({**found, "env": found["env"] | {"AUTH_SECRET": shared, "VERCEL_ENV": "preview"}})
            return answer

    with serve(Sharing()) as served:
        world.served["vercel"] = served
        session = world.session()
        finding = (await world.look(session=session))["remote.vercel"]

    assert finding.status is Status.OK, finding.summary
    assert "VERCEL_ENV" not in session.places["vercel.preview"]


@pytest.mark.parametrize("optional", [False, True])
async def test_one_of_several_ways_is_enough(world: World, optional: bool) -> None:
    head = "# Redis (optional), one of:" if optional else "# Redis, one of:"
    ways = "# Option A: Upstash\nREDIS_REST_URL=\nREDIS_REST_TOKEN=\n# Option B: plain\nREDIS_URL=\n"
    (world.project / ".env.local.example").write_text(f"{head}\n{ways}\n{TEMPLATE}")
    none = (await world.look())["remote.vercel"]
    for place in ("production", "preview"):
        world.set("REDIS_URL", place, f"rediss://default:{world.secret()}@redis.example:6379")
    enough = (await world.look())["remote.vercel"]

    first = {("missing", f"REDIS_REST_{key}", place) for key in ("URL", "TOKEN") for place in ("production", "preview")}
    assert told(none) == (set() if optional else first)
    assert enough.status is Status.OK, enough.detail


# with what is asked


async def test_the_projects_own_token_comes_before_the_login_of_the_cli(world: World) -> None:
    world.log_in()
    fresh = world.vercel.tokens["tok_0002"] = world.vercel.new_token()
    world.oracle.know(fresh, name="own", allowed=("file:tmp/shop/.env.local", "host:vercel"))
    world.set("VERCEL_TOKEN", "here", fresh)
    finding = (await world.look())["remote.vercel"]

    assert finding.evidence["source"] == "VERCEL_TOKEN"
    assert {request.bearer for request in world.served["vercel"].requests} == {fresh}


@pytest.mark.parametrize(
    ("act", "reason", "help"),
    [
        (lambda w: (w.root / "home/.local/share/com.vercel.cli/auth.json").unlink(), "not signed in", "vercel login"),
        (lambda w: w.log_in(expires=1), "has run out", "vercel whoami"),
        (lambda w: w.log_in(credStorage="keyring"), "keyring", "onboard set VERCEL_TOKEN"),
        (lambda w: w.env.update(XDG_DATA_HOME=str(w.root / "elsewhere")), "not signed in", "vercel login"),
        (lambda w: (w.project / ".vercel/project.json").rename(w.project / "vercel.json"), "linked", "vercel link"),
    ],
)
async def test_without_a_token_nothing_is_asked_and_what_would_help_is_told(
    world: World, act: Callable[[World], object], reason: str, help: str
) -> None:
    act(world)
    finding = (await world.look())["remote.vercel"]

    assert finding.status is Status.SKIPPED
    assert reason in finding.summary
    assert help in finding.detail
    assert world.served["vercel"].requests == []


@pytest.mark.parametrize("folder", ["home/Library/Application Support", "home/AppData/Roaming/xdg.data"])
async def test_the_login_is_where_each_system_has_it(world: World, folder: str) -> None:
    (world.root / "home/.local/share").rename(world.root / "moved")
    (world.root / folder).parent.mkdir(parents=True)
    (world.root / "moved").rename(world.root / folder)
    session = world.session()
    session.machine.platform = "darwin" if "Library" in folder else "win32"
    finding = (await world.look(session=session))["remote.vercel"]

    assert finding.evidence["source"] == remotes.VERCEL_LOGIN


@pytest.mark.parametrize("missing", ["link", "hint"])
async def test_a_repository_that_has_nothing_to_do_with_vercel_and_github_gets_no_finding(
    world: World, missing: str
) -> None:
    (world.project / ".vercel/project.json").unlink()
    found = await world.look()

    assert found == {}


async def test_custom_environments_are_said_to_be_left_out(world: World) -> None:
    world.vercel.env.append(
        {**world.vercel.env[0], "id": "entry_custom", "target": [], "customEnvironmentIds": ["env_1"]}
    )
    finding = (await world.look())["remote.vercel"]
    assert finding.status is Status.OK
    assert "custom environments are not compared (1 here)" in finding.detail
