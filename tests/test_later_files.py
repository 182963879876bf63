"""Env files that the app reads after its own: what stands there is not missing, and is looked at like the rest."""

from __future__ import annotations

import json

import pytest

from onboard.model import Finding, Status
from tests.e2e.light import Light
from tests.vaults import memory_vault

pytestmark = pytest.mark.anyio


async def look(shop: Light, *only: str) -> dict[str, Finding]:
    session = shop.session(vault=memory_vault(shop.root / "vault"))
    session.approve(session.approval().hash)
    try:
        return {finding.id: finding async for finding in session.look(*only, offline=not only)}
    finally:
        await session.close()


async def test_what_a_later_file_gives_the_app_is_not_missing_and_not_copied(shop: Light) -> None:
    (shop.project / ".env").write_text("TEAM_NOTE=hello\nAPP_URL=http://localhost:4000\n")
    found = await look(shop)

    assert (found["variable.TEAM_NOTE"].status, found["variable.TEAM_NOTE"].evidence) == (
        Status.OK,
        {"source": ".env"},
    )
    assert found["variable.AUTH_SECRET"].status is Status.WARN
    assert found["env.file"].status is Status.WARN
    shop.trust()
    assert shop.onboard("env", "--write").code == 0
    assert not {"TEAM_NOTE", "APP_URL"} & {name for name, value in shop.values().items() if value}
    rows = json.loads(shop.onboard("list", "--json").out)["variables"]
    assert {row["name"]: (row["sources"], row["wins"]) for row in rows}["APP_URL"] == ([".env"], ".env")


async def test_where_later_files_have_all_that_is_required_no_file_is_owed(shop: Light) -> None:
    shop.template("TEAM_NOTE=hello\nAPP_URL=http://localhost:3000\n# Optional\nOTHER=\n")
    (shop.project / ".env").write_text("TEAM_NOTE=hello\n")
    (shop.project / ".env.development").write_text("APP_URL=http://localhost:4000\n")
    found = await look(shop)

    assert found["env.file"].status is Status.OK
    assert found["env.file"].summary == "there is no .env.local; .env.development and .env has what is required"


async def test_a_placeholder_and_a_wrong_value_there_count_as_they_do_in_the_file_itself(shop: Light) -> None:
    wrong = "pk_test_51Hq3mKw9ZtVbN4cXyRdPfGsLj"
    (shop.project / ".env").write_text(
        f'AUTH_SECRET="your-random-secret-here-min-32-chars"\nSTRIPE_SECRET_KEY={wrong}\n'
    )
    found = await look(shop)

    assert "not in .env.local" in found["variable.AUTH_SECRET"].summary
    assert found["variable.STRIPE_SECRET_KEY"].status is Status.FAIL
    assert "publishable" in found["variable.STRIPE_SECRET_KEY"].summary


async def test_a_key_there_is_asked_about_and_one_in_the_env_file_wins_over_it(shop: Light) -> None:
    stripe = shop.services.stripe
    key, revoked = (stripe.issue(stripe.account, "sk_test") for _ in range(2))
    stripe.revoke(revoked)
    for one in (key, revoked):
        shop.oracle.know(one[26:], name="stripe", allowed=("file:*/.env", "file:*/.env.local", "host:stripe"))
    (shop.project / ".env").write_text(f"STRIPE_SECRET_KEY={key}\n")
    found = await look(shop, "live.stripe", "variable.STRIPE_SECRET_KEY")
    assert found["live.stripe"].status is Status.OK
    assert found["variable.STRIPE_SECRET_KEY"].summary == "comes from .env, which the app reads too"

    shop.file.write_text(f"STRIPE_SECRET_KEY={revoked}\n")
    assert (await look(shop, "live.stripe"))["live.stripe"].status is Status.FAIL


async def test_a_reader_that_takes_one_file_takes_no_other(shop: Light) -> None:
    shop.package(scripts={"dev": "node --env-file=.env.local server.js"}, dependencies={}, devDependencies={})
    (shop.project / ".env").write_text("TEAM_NOTE=hello\n")
    found = await look(shop)

    assert found["variable.TEAM_NOTE"].status is not Status.OK
