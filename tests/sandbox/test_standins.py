"""The stand-ins of WavePoint's services, asked as onboard asks them."""

import json
from collections.abc import Mapping

import pytest

from onboard.sandbox.served import Request, Response
from onboard.sandbox.standins.anthropic import AnthropicStandIn
from onboard.sandbox.standins.brevo import BrevoStandIn
from onboard.sandbox.standins.neon import NeonStandIn
from onboard.sandbox.standins.printful import PrintfulStandIn
from onboard.sandbox.standins.stripe import StripeStandIn
from onboard.sandbox.standins.upstash import UpstashStandIn


def get(path: str, headers: Mapping[str, str] | None = None, method: str = "GET", body: bytes = b"") -> Request:
    path, _, query = path.partition("?")
    return Request(method, path, dict(p.split("=", 1) for p in query.split("&") if p), headers or {}, body)


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def error(response: Response) -> tuple[int, str]:
    body = json.loads(response.body)["error"]
    return response.status, body.get("code") or body["message"]


def test_stripe_says_whose_key_it_is() -> None:
    stripe = StripeStandIn("WavePoint")
    other = stripe.open_account("Somebody else")
    for account in (stripe.account, other):
        reply = json.loads(stripe.answer(get("/v1/account", bearer(account.secret_key))).body)
        assert (reply["id"], reply["settings"]["dashboard"]["display_name"]) == (account.id, account.name)


def test_stripe_tells_an_expired_key_from_an_unknown_one_and_never_repeats_it() -> None:
    stripe = StripeStandIn()
    key, unknown = stripe.secret_key, stripe.account.new_key("sk_test")
    stripe.revoke(key)
    expired = stripe.answer(get("/v1/account", bearer(key)))
    assert error(expired) == (401, "api_key_expired")
    assert error(stripe.answer(get("/v1/account", bearer(unknown))))[1].startswith(
        "Invalid API Key provided: sk_test_*"
    )
    assert key.encode() not in expired.body


def test_stripe_refuses_a_restricted_key_by_naming_its_account() -> None:
    stripe = StripeStandIn()
    restricted = stripe.issue(stripe.account, "rk_test")
    status, text = error(stripe.answer(get("/v1/account", bearer(restricted))))
    assert status == 403
    assert stripe.account.id in text


def test_stripe_answers_a_publishable_key_with_a_parameter_error_only_where_it_is_good() -> None:
    stripe = StripeStandIn()
    good, bad = stripe.publishable_key, stripe.account.new_key("pk_test")
    assert stripe.answer(get("/v1/tokens", bearer(good), "POST")).status == 400
    assert stripe.answer(get("/v1/tokens", bearer(bad), "POST")).status == 401


def test_stripe_shows_a_webhook_secret_once() -> None:
    stripe = StripeStandIn()
    key = bearer(stripe.secret_key)
    body = b"url=https%3A%2F%2Fwavepoint.example%2Fhook&enabled_events%5B0%5D=invoice.paid"
    made = json.loads(stripe.answer(get("/v1/webhook_endpoints", key, "POST", body)).body)
    listed = json.loads(stripe.answer(get("/v1/webhook_endpoints", key)).body)["data"]
    assert made["secret"].startswith("whsec_")
    assert [(one["id"], "secret" in one) for one in listed] == [(made["id"], False)]


def test_upstash_tells_its_two_tokens_apart_and_kills_both_at_once() -> None:
    upstash = UpstashStandIn()
    full, read_only = upstash.token, upstash.read_only_token
    for token, status in ((full, 200), (read_only, 400)):
        reply = upstash.answer(get("/", bearer(token), "POST", b'["SCAN","0","COUNT","1"]'))
        assert reply.status == status
    management = Request(
        "POST", f"/v2/redis/reset-password/{upstash.id}", headers=basic(upstash.email, upstash.api_key)
    )
    fresh = json.loads(upstash.answer(management).body)
    for token, status in ((full, 401), (read_only, 401), (fresh["rest_token"], 200)):
        assert upstash.answer(get("/", bearer(token), "POST", b'["PING"]')).status == status


def test_upstash_refuses_a_used_up_plan_with_400_and_a_good_token() -> None:
    upstash = UpstashStandIn()
    upstash.quota = "ERR max requests limit exceeded. Limit: 500000, Usage: 500000."
    reply = upstash.answer(get("/", bearer(upstash.token), "POST", b'["PING"]'))
    assert (reply.status, json.loads(reply.body)["error"]) == (400, upstash.quota)


def basic(user: str, password: str) -> dict[str, str]:
    import base64

    return {"authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def sql(neon: NeonStandIn, url: str, *queries: str) -> tuple[int, list[list[dict[str, str]]] | str]:
    headers = {"neon-connection-string": url, "neon-batch-read-only": "true"}
    body = json.dumps({"queries": [{"query": query, "params": []} for query in queries]}).encode()
    reply = neon.answer(Request("POST", "/sql", headers=headers, body=body))
    data = json.loads(reply.body)
    if reply.status == 200:
        return 200, [result["rows"] for result in data["results"]]
    return reply.status, data["code"] or data["message"]


def test_neon_says_which_branch_a_connection_string_reaches() -> None:
    neon = NeonStandIn()
    probe = "select current_user, current_database(), current_setting('neon.branch_id', true) as branch"
    for branch, pooled in ((neon.main, False), (neon.development, True)):
        status, rows = sql(neon, neon.url(branch, pooled=pooled), probe)
        assert status == 200
        assert isinstance(rows, list)
        assert list(rows[0][0].values()) == ["neondb_owner", "neondb", branch.id]


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        (("npg_", "npg_x"), (400, "password authentication failed for user 'neondb_owner'")),
        (("ep-", "ep-not-"), (400, "password authentication failed for user 'neondb_owner'")),
        (("/neondb?", "/absent?"), (400, "3D000")),
        (("neondb_owner", "nobody"), (400, "password authentication failed for user 'nobody'")),
    ],
    ids=["password", "endpoint", "database", "role"],
)
def test_neon_refuses_a_wrong_part_of_the_string(change: tuple[str, str], answer: tuple[int, str]) -> None:
    neon = NeonStandIn()
    assert sql(neon, neon.url().replace(*change, 1), "select 1") == answer


def test_neon_keeps_the_old_password_until_the_operation_is_finished() -> None:
    neon = NeonStandIn()
    old, key = neon.url(), bearer(neon.api_key)
    base = f"/api/v2/projects/{neon.project_id}"
    made = json.loads(
        neon.answer(get(f"{base}/branches/{neon.development.id}/roles/neondb_owner/reset_password", key, "POST")).body
    )
    operation = made["operations"][0]["id"]
    seen = []
    for _ in range(2):
        status = json.loads(neon.answer(get(f"{base}/operations/{operation}", key)).body)["operation"]["status"]
        seen.append((status, sql(neon, old, "select 1")[0]))
    assert seen == [("running", 200), ("finished", 400)]
    assert sql(neon, neon.url(password=made["role"]["password"]), "select 1")[0] == 200


def test_neon_never_writes_in_a_read_only_batch() -> None:
    neon = NeonStandIn()
    assert sql(neon, neon.url(), "create table t (id int)") == (400, "25006")
    assert neon.tables() == []


def test_neon_lists_a_pushed_table() -> None:
    neon = NeonStandIn()
    body = json.dumps({"query": 'create table "products" (id serial primary key, name text not null)', "params": []})
    headers = {"neon-connection-string": neon.url()}
    assert neon.answer(Request("POST", "/sql", headers=headers, body=body.encode())).status == 200
    query = "select table_name from information_schema.tables where table_schema = 'public'"
    assert sql(neon, neon.url(), query) == (200, [[{"table_name": "products"}]])


def test_neon_gives_a_new_branch_a_string_of_its_own_and_protects_the_default() -> None:
    neon = NeonStandIn()
    key, base = bearer(neon.api_key), f"/api/v2/projects/{neon.project_id}"
    wish = json.dumps({"branch": {"name": "ada"}, "endpoints": [{"type": "read_write"}]}).encode()
    made = json.loads(neon.answer(get(f"{base}/branches", key, "POST", wish)).body)
    url = made["connection_uris"][0]["connection_uri"]
    assert sql(neon, url, "select 1")[0] == 200
    assert neon.answer(get(f"{base}/branches/{neon.main.id}", key, "DELETE")).status == 422
    assert neon.answer(get(f"{base}/branches/{made['branch']['id']}", key, "DELETE")).status == 200
    assert sql(neon, url, "select 1")[0] == 400


def test_anthropic_names_the_reason_in_its_error_type() -> None:
    anthropic = AnthropicStandIn()
    version = {"anthropic-version": "2023-06-01"}
    good = {"x-api-key": anthropic.api_key}
    table = [({}, 401), ({"x-api-key": anthropic.new_key()} | version, 401), (good, 400), (good | version, 200)]
    assert [anthropic.answer(get("/v1/models?limit=1", h)).status for h, _ in table] == [s for _, s in table]
    anthropic.revoked.add(anthropic.api_key)
    refused = json.loads(anthropic.answer(get("/v1/models", good | version)).body)
    assert refused["error"]["type"] == "authentication_error"


def test_brevo_answers_401_to_a_good_key_from_an_unknown_address() -> None:
    brevo = BrevoStandIn()
    assert brevo.answer(get("/v3/account", {"api-key": brevo.api_key})).status == 200
    brevo.blocked_address = "192.0.2.7"
    reply = brevo.answer(get("/v3/account", {"api-key": brevo.api_key}))
    assert (reply.status, b"unrecognised IP address" in reply.body) == (401, True)


def test_printful_shows_scopes_to_a_token_that_may_not_list_stores() -> None:
    printful = PrintfulStandIn()
    printful.scopes = ["orders"]
    token = bearer(printful.token)
    assert printful.answer(get("/v2/oauth-scopes", token)).status == 200
    assert printful.answer(get("/v2/stores", token)).status == 403
    assert printful.answer(get("/v2/oauth-scopes", bearer(printful.new_token()))).status == 401
