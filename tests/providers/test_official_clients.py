"""What we send is what the services' own clients send: the same stand-in is asked by both, and both are understood."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from onboard import providers
from onboard.model import Secret, Status, Verdict
from onboard.providers import _vercel_env, vercel
from onboard.providers._sentry_values import dsn
from onboard.sandbox.served import Request, Served, serve
from onboard.sandbox.standins.edge_config import EdgeConfigStandIn
from onboard.sandbox.standins.github import GitHubStandIn
from onboard.sandbox.standins.inngest import InngestStandIn
from onboard.sandbox.standins.linear import LinearStandIn
from onboard.sandbox.standins.posthog import PostHogStandIn
from onboard.sandbox.standins.pusher import PusherStandIn
from onboard.sandbox.standins.resend import ResendStandIn
from onboard.sandbox.standins.twilio import TwilioStandIn
from onboard.sandbox.standins.uploadthing import UploadThingStandIn
from onboard.sandbox.standins.vercel import VercelStandIn
from tests.providers.outside import a_machine, held

INSTALLED = Path(__file__).parents[2] / ".cache" / "providers"
SCRIPT = Path(__file__).parent / "node" / "clients.mjs"


@pytest.fixture(autouse=True)
def _clients_are_there() -> None:
    if (INSTALLED / "installed.json").exists() and shutil.which("node"):
        return
    if os.environ.get("CI"):
        pytest.fail("the services' own clients are not installed: tests/providers/install.sh does it")
    pytest.skip("the services' own clients are not installed: tests/providers/install.sh does it")


def official(client: str, base: str, values: Mapping[str, object]) -> Any:
    """Return what the service's own client made of the stand-in at `base`."""
    env = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(
        ["node", "--input-type=module", "-"],
        input=SCRIPT.read_bytes(),
        cwd=INSTALLED,
        env=env | {"CLIENT": client, "BASE": base, "VALUES": json.dumps(values)},
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    return json.loads(done.stdout.decode().splitlines()[-1])


async def ours(id: str, served: Served, folder: Path, values: Mapping[str, str]) -> Request:
    """Return the one request that we send for the provider's first credential; it has to be accepted."""
    provider = providers.provider(id)
    before = len(served.requests)
    machine = a_machine(folder, served.endpoints)
    verdict = await provider.verify(provider.credentials[0], held(values, provider), machine)
    await machine.network.close()
    assert verdict.status is Status.OK, verdict
    (asked,) = served.requests[before:]
    return asked


def same(theirs: Request, mine: Request, *headers: str) -> None:
    """Compare method, path, query and the headers named."""
    assert (mine.method, mine.path, mine.query) == (theirs.method, theirs.path, theirs.query)
    for name in headers:
        assert mine.headers.get(name) == theirs.headers.get(name) is not None, name


@pytest.mark.anyio
async def test_pusher_is_signed_as_its_own_client_signs(tmp_path: Path) -> None:
    stand_in = PusherStandIn()
    values = {name: getattr(stand_in, name) for name in ("app_id", "key", "secret", "cluster")}
    with serve(stand_in) as served:
        assert official("pusher", served.url, values) == {"channels": {"channels": {}}, "sent": 200}
        listed, event = served.requests
        mine = await ours("pusher", served, tmp_path, values)
    assert (mine.method, mine.path, mine.headers.get("content-type")) == (listed.method, listed.path, None)
    assert mine.query.keys() == listed.query.keys()
    from onboard.providers.pusher import signed

    for theirs in (listed, event):  # one without a body, one with
        query = dict(theirs.query)
        stamp = int(query["auth_timestamp"])
        again = signed(theirs.method, theirs.path, {}, theirs.body, values["key"], values["secret"], stamp)
        assert dict(part.split("=") for part in again.split("&")) == query


@pytest.mark.anyio
async def test_uploadthing_is_asked_as_its_sdk_asks(tmp_path: Path) -> None:
    stand_in = UploadThingStandIn()
    with serve(stand_in) as served:
        usage = official("uploadthing", served.url, {"token": stand_in.token})
        (theirs,) = served.requests
        mine = await ours("uploadthing", served, tmp_path, {"token": stand_in.token})
    assert usage["limitBytes"] == stand_in.limit
    same(theirs, mine, "x-uploadthing-api-key", "x-uploadthing-version", "x-uploadthing-be-adapter")
    assert mine.data == theirs.data == {}


def test_sentrys_dsns_are_taken_apart_as_its_sdk_does() -> None:
    key = "0123456789abcdef0123456789abcdef"
    texts = [
        f"https://{key}@o447951.ingest.us.sentry.io/5429219",
        f"https://{key}@o447951.ingest.de.sentry.io/5429219",
        f"https://{key}@o1.ingest.sentry.io/1",
        f"https://{key}:{key}@sentry.io/1",
        f"http://{key}@errors.my-company.example:9000/path/to/4",
        f"https://{key}@sentry.io",
        f"https://{key}@sentry.io/shop",
        f"ftp://{key}@sentry.io/1",
        "https://sentry.io/1",
        "not one",
        "",
    ]
    theirs = official("sentry", "http://127.0.0.1:9", {"dsns": texts})
    parsed = [dsn(text) for text in texts]
    assert [[one.public_key, one.host, one.project] if one else None for one in parsed] == theirs
    assert sum(one is not None for one in parsed) == 5


@pytest.mark.anyio
async def test_posthog_understands_our_question_as_it_does_its_clients(tmp_path: Path) -> None:
    stand_in = PostHogStandIn()
    with serve(stand_in) as served:
        assert official("posthog", served.endpoints["posthog.eu"], {"key": stand_in.key}) == {}
        theirs = next(one for one in served.requests if "flags" in one.path)
        values = {"key": stand_in.key, "host": "https://eu.i.posthog.com"}
        mine = await ours("posthog", served, tmp_path, values)
    assert (mine.method, mine.path, mine.query["v"]) == (theirs.method, theirs.path.rstrip("/"), theirs.query["v"])
    assert mine.data["distinct_id"] == theirs.data["distinct_id"]
    assert mine.data["api_key"] == theirs.data.get("token", theirs.data.get("api_key"))
    assert mine.headers["content-type"] == theirs.headers["content-type"] == "application/json"


@pytest.mark.anyio
async def test_inngests_signing_key_is_hashed_as_its_sdk_hashes(tmp_path: Path) -> None:
    stand_in = InngestStandIn()
    with serve(stand_in) as served:
        assert official("inngest", served.url, {"signing": stand_in.signing_key}) == 200
        (theirs,) = served.requests
        mine = await ours("inngest", served, tmp_path, {"signing": stand_in.signing_key})
    same(theirs, mine, "authorization")


@pytest.mark.anyio
async def test_vercel_is_asked_as_its_sdk_asks_and_tokens_are_made_and_deleted_alike(tmp_path: Path) -> None:
    stand_in = VercelStandIn()
    values = {"token": stand_in.token, "project": stand_in.project, "org": stand_in.team}
    provider = vercel.provider
    with serve(stand_in) as served:
        machine = a_machine(tmp_path, served.endpoints)
        fresh_life = {"name": f"onboard {machine.now():%Y-%m-%d}", "expires": 1_893_456_000_000}
        entry = {"entry": stand_in.env[0]["id"], "fresh": "postgresql://fresh"}
        assert official("vercel", served.url, values | fresh_life | entry) == 7
        theirs = list(served.requests)
        served.requests.clear()
        old = held(values, provider)
        stand_in.scoped.add(stand_in.token)
        await provider.verify(provider.credentials[0], old, machine)  # the user, then the project
        stand_in.scoped.clear()
        assert not isinstance(await _vercel_env.env_names(machine, old), Verdict)
        fresh = await provider.renew("token", old, machine)  # the token that there is, then a new one
        new = held({**values, "token": fresh.values["token"].reveal()}, provider)
        await provider.retire("token", fresh, old, new, machine)
        set_there = await _vercel_env.set_env(machine, new, entry["entry"], Secret(entry["fresh"]))
        await machine.network.close()
        mine, changed = served.requests[:6], served.requests[-1]
    user, project, names, current, made, deleted = mine
    for one, other in zip(mine[:5], theirs[:5], strict=True):
        same(other, one, "authorization")
    assert [one.path for one in (user, project, names, current)] == [
        "/v2/user",
        f"/v9/projects/{stand_in.project}",
        f"/v10/projects/{stand_in.project}/env",
        "/v5/user/tokens/current",
    ]
    assert made.data.keys() == theirs[4].data.keys() == {"name", "expiresAt"}
    assert isinstance(made.data["expiresAt"], type(theirs[4].data["expiresAt"]))
    assert made.headers["content-type"] == theirs[4].headers["content-type"]
    assert (deleted.method, deleted.parts[:-1], deleted.query) == (theirs[5].method, theirs[5].parts[:-1], {})
    assert (deleted.parts[-1], theirs[5].parts[-1]) == ("tok_0001", "tok_0002")
    assert set_there.status is Status.OK
    same(theirs[6], changed, "content-type")
    assert (changed.method, changed.data) == ("PATCH", theirs[6].data)


@pytest.mark.anyio
async def test_edge_config_is_read_as_its_client_reads(tmp_path: Path) -> None:
    stand_in = EdgeConfigStandIn()
    with serve(stand_in) as served:
        assert official("edge_config", served.url, {"url": stand_in.url}) == stand_in.digest
        (theirs,) = served.requests
        mine = await ours("edge_config", served, tmp_path, {"url": stand_in.url})
    same(theirs, mine, "authorization")


@pytest.mark.anyio
async def test_resend_is_asked_as_its_client_asks_and_keys_are_made_alike(tmp_path: Path) -> None:
    stand_in = ResendStandIn()
    values = {"secret": stand_in.key}
    with serve(stand_in) as served:
        found = official("resend", served.url, values)
        assert found["domains"]["error"] is None
        assert found["removed"] is None
        created, deleted, listed = served.requests
        mine = await ours("resend", served, tmp_path, values)
        same(listed, mine, "authorization")
        provider, machine = providers.provider("resend"), a_machine(tmp_path, served.endpoints)
        old = held(values, provider)
        fresh = await provider.renew("secret", old, machine)
        new = held({"secret": fresh.values["secret"].reveal()}, provider)
        await provider.retire("secret", fresh, old, new, machine)
        await machine.network.close()
        made = next(one for one in served.requests[4:] if one.method == "POST")
        gone = next(one for one in served.requests[4:] if one.method == "DELETE")
    same(created, made, "authorization", "content-type")
    assert made.data.keys() == created.data.keys()
    assert (gone.method, gone.parts[0]) == (deleted.method, deleted.parts[0])


@pytest.mark.anyio
async def test_linear_is_asked_as_its_sdk_asks(tmp_path: Path) -> None:
    stand_in = LinearStandIn()
    with serve(stand_in) as served:
        assert official("linear", served.url, {"secret": stand_in.key})["viewer"]["name"] == "Wave Dev"
        (theirs,) = served.requests
        mine = await ours("linear", served, tmp_path, {"secret": stand_in.key})
    same(theirs, mine, "authorization", "content-type")
    assert mine.data["query"] == theirs.data["query"]


@pytest.mark.anyio
async def test_github_knows_our_token_as_it_does_octokits(tmp_path: Path) -> None:
    stand_in = GitHubStandIn()
    with serve(stand_in) as served:
        assert official("github", served.url, {"token": stand_in.token}) == "wave-dev"
        (theirs,) = served.requests
        mine = await ours("github", served, tmp_path, {"token": stand_in.token})
    assert (mine.method, mine.path) == (theirs.method, theirs.path)
    assert mine.headers["authorization"].split()[1] == theirs.headers["authorization"].split()[1]


@pytest.mark.anyio
@pytest.mark.parametrize("more", [{}, {"region": "ie1", "edge": "dublin"}, {"edge": "sydney"}, {"region": "au1"}])
async def test_twilio_is_asked_at_the_host_that_its_client_builds(tmp_path: Path, more: dict[str, str]) -> None:
    stand_in = TwilioStandIn()
    values = {"account": stand_in.account, "token": stand_in.token} | more
    with serve(stand_in) as served:
        found = official("twilio", served.url, values)
        (theirs,) = served.requests
        mine = await ours("twilio", served, tmp_path, values)
    assert found["status"] == "active"
    same(theirs, mine, "authorization")
    from onboard.providers.twilio import Twilio

    assert found["hosts"] == [Twilio._host("api", held(values, providers.provider("twilio")))]
