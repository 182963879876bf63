"""The services' own npm clients against the stand-ins, so that these are not only our opinion."""

import json
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from onboard.sandbox.served import serve
from onboard.sandbox.standins.anthropic import AnthropicStandIn
from onboard.sandbox.standins.brevo import BrevoStandIn
from onboard.sandbox.standins.neon import NeonStandIn
from onboard.sandbox.standins.stripe import StripeStandIn
from onboard.sandbox.standins.upstash import UpstashStandIn
from tests.parts import CACHE

pytestmark = pytest.mark.parts


def javascript(node: Path, script: str, **given: str) -> Any:
    """Run a module among the npm parts with `given` as its variables; return what it hands to `show`."""
    head = f"const given = {json.dumps(given)};\nconst show = (x) => process.stdout.write(JSON.stringify(x));\n"
    argv = [str(node), "--input-type=module", "-"]
    done = subprocess.run(
        argv, input=head + script, cwd=CACHE, env={"HOME": "/nonexistent"}, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


NEON = """
import { neon, neonConfig } from "@neondatabase/serverless";
neonConfig.fetchEndpoint = given.endpoint;
const why = async (work) => { try { await work(); return "nothing"; } catch (e) { return e.code || e.message; } };
"""


def test_neons_client_gets_the_types_of_a_real_postgres(node: Path, neon: tuple[NeonStandIn, str]) -> None:
    stand_in, url = neon
    script = """
    const sql = neon(given.url);
    const [row] = await sql`select 1::int as i, 2::int8 as big, true as yes, null as nothing, ${{a: 1}}::jsonb as j,
        array[1,2] as list, date '2026-01-02' as day, 'ö€'::text as t, current_setting('neon.branch_id', true) as b`;
    row.day = [row.day.getFullYear(), row.day.getMonth() + 1, row.day.getDate()];
    show(row);
    """
    with serve(stand_in) as served:
        row = javascript(node, NEON + script, url=url, endpoint=served.endpoints["neon.sql"])
    assert row == {
        "i": 1,
        "big": "2",
        "yes": True,
        "nothing": None,
        "j": {"a": 1},
        "list": [1, 2],
        "day": [2026, 1, 2],
        "t": "ö€",
        "b": stand_in.development.id,
    }


def test_neons_client_reads_the_refusals(node: Path, neon: tuple[NeonStandIn, str]) -> None:
    stand_in, url = neon
    password = urlsplit(url).password or ""
    database = urlsplit(url).path
    script = """
    const sql = neon(given.url);
    await sql`create table t (id int primary key)`;
    show([
      await why(() => sql`insert into t values (1), (1)`),
      await why(() => sql`selec 1`),
      await why(() => neon(given.wrong)`select 1`),
      await why(() => neon(given.absent)`select 1`),
      await why(() => neon(given.elsewhere)`select 1`),
      await why(() => sql.transaction([sql`insert into t values (2)`], {readOnly: true})),
      (await sql.transaction([sql`insert into t values (3)`, sql`select id from t`]))[1],
    ]);
    """
    with serve(stand_in) as served:
        told = javascript(
            node,
            NEON + script,
            endpoint=served.endpoints["neon.sql"],
            url=url,
            wrong=url.replace(password, "wrong"),
            absent=url.replace(database, "/absent"),
            elsewhere=url.replace("ep-", "ep-not-"),
        )
    refused = f"password authentication failed for user '{urlsplit(url).username}'"
    assert told == ["23505", "42601", refused, "3D000", refused, "25006", [{"id": 3}]]


def test_neons_client_works_on_the_demos_database_too(node: Path) -> None:
    stand_in = NeonStandIn()
    script = """
    const sql = neon(given.url);
    await sql`create table "products" ("id" serial primary key, "name" text not null)`;
    await sql`insert into products (name) values (${"Dawn print"})`;
    show([await sql`select name from products`, await why(() => neon(given.wrong)`select 1`)]);
    """
    with serve(stand_in) as served:
        endpoint = served.endpoints["neon.sql"]
        wrong = stand_in.url(password="wrong")
        told = javascript(node, NEON + script, url=stand_in.url(), endpoint=endpoint, wrong=wrong)
    assert told == [[{"name": "Dawn print"}], "password authentication failed for user 'neondb_owner'"]


@pytest.mark.parametrize("store", ["redis", "memory"])
def test_upstashs_client_reads_and_writes(node: Path, store: str, request: pytest.FixtureRequest) -> None:
    stand_in = UpstashStandIn(request.getfixturevalue("redis_url") if store == "redis" else None)
    script = """
    import { Redis } from "@upstash/redis";
    const redis = new Redis({ url: given.url, token: given.token, retry: false });
    const why = async (work) => { try { await work(); } catch (e) { return e.message.split(",")[0]; } };
    const client = (token) => new Redis({ url: given.url, token, retry: false });
    show([
      await redis.ping(),
      await redis.set("k", "ö€"),
      await redis.get("k"),
      await redis.get("absent"),
      await redis.pipeline().set("n", "1").get("n").exec(),
      await redis.multi().set("m", "2").get("m").exec(),
      await why(() => client(given.wrong).ping()),
      await why(() => client(given.readonly).set("k", "v")),
      await client(given.readonly).ping(),
    ]);
    """
    with serve(stand_in) as served:
        told = javascript(
            node, script, url=served.url, token=stand_in.token, wrong="wrong", readonly=stand_in.read_only_token
        )
    assert told[:6] == ["PONG", "OK", "ö€", None, ["OK", 1], ["OK", 2]]
    assert "WRONGPASS" in told[6]
    assert "NOPERM" in told[7]
    assert told[8] == "PONG"


def test_stripes_client_names_the_account_and_the_reason(node: Path) -> None:
    stand_in = StripeStandIn()
    script = """
    import Stripe from "stripe";
    const at = new URL(given.url);
    const place = { host: at.hostname, port: at.port, protocol: "http", maxNetworkRetries: 0 };
    const client = (key) => new Stripe(key, place);
    const why = async (work) => { try { await work(); } catch (e) { return [e.type, e.code ?? ""]; } };
    show([
      (await client(given.key).accounts.retrieveCurrent()).id,
      await why(() => client(given.expired).accounts.retrieveCurrent()),
      await why(() => client(given.restricted).accounts.retrieveCurrent()),
      await why(() => client(given.publishable).tokens.create({})),
    ]);
    """
    expired, restricted = (stand_in.issue(stand_in.account, kind) for kind in ("sk_test", "rk_test"))
    stand_in.revoke(expired)
    given = {"key": stand_in.secret_key, "publishable": stand_in.publishable_key}
    with serve(stand_in) as served:
        told = javascript(node, script, url=served.url, expired=expired, restricted=restricted, **given)
    assert told == [
        stand_in.account.id,
        ["StripeAuthenticationError", "api_key_expired"],
        ["StripePermissionError", ""],
        ["StripeInvalidRequestError", ""],
    ]


def test_anthropics_client_lists_models_and_types_the_refusal(node: Path) -> None:
    stand_in = AnthropicStandIn()
    script = """
    import Anthropic from "@anthropic-ai/sdk";
    const client = (apiKey) => new Anthropic({ apiKey, baseURL: given.url, maxRetries: 0 });
    let refused;
    try { await client(given.wrong).models.list(); } catch (e) { refused = [e.status, e.error.error.type]; }
    show([(await client(given.key).models.list({ limit: 1 })).data.length, refused]);
    """
    with serve(stand_in) as served:
        told = javascript(node, script, url=served.url, key=stand_in.api_key, wrong=stand_in.new_key())
    assert told == [1, [401, "authentication_error"]]


def test_brevos_client_reads_the_account_and_the_refusal(node: Path) -> None:
    stand_in = BrevoStandIn()
    script = """
    import { BrevoClient } from "@getbrevo/brevo";
    const client = (apiKey) => new BrevoClient({ apiKey, baseUrl: given.url + "/v3", maxRetries: 0 });
    let refused;
    try { await client(given.wrong).account.getAccount(); } catch (e) { refused = [e.statusCode, e.body.code]; }
    show([(await client(given.key).account.getAccount()).companyName, refused]);
    """
    with serve(stand_in) as served:
        told = javascript(node, script, url=served.url, key=stand_in.api_key, wrong=stand_in.new_key())
    assert told == ["WavePoint (stand-in)", [401, "unauthorized"]]
