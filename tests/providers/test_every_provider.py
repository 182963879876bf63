"""What holds for all providers together: none without its test and stand-in, no name claimed twice, no heavy import."""

from __future__ import annotations

import inspect
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from onboard import providers
from onboard.providers import _table
from onboard.providers._base import Provider
from onboard.sandbox.served import StandIn
from tests.providers.contract import LiveContract, ProviderContract

HERE, ROOT = Path(__file__).parent, Path(__file__).resolve().parents[2]
ALL = providers.names()

SERVICES = [
    "anthropic",
    "authsecret",
    "brevo",
    "clerk",
    "edge_config",
    "github",
    "inngest",
    "linear",
    "neon",
    "openai",
    "postgres",
    "posthog",
    "printful",
    "pusher",
    "redis",
    "resend",
    "sentry",
    "slack",
    "stripe",
    "supabase",
    "twilio",
    "uploadthing",
    "upstash",
    "vercel",
]

ENDPOINTS = [
    "stripe",
    "clerk",
    "clerk.fapi",
    "neon.sql",
    "neon.api",
    "upstash",
    "upstash.api",
    "supabase",
    "supabase.api",
    "edge_config",
    "vercel",
    "printful",
    "anthropic",
    "openai",
    "brevo",
    "resend",
    "twilio",
    "linear",
    "pusher",
    "uploadthing",
    "sentry",
    "posthog.us",
    "posthog.eu",
    "inngest",
    "inngest.event",
    "slack",
    "github",
]
"""The ids that ONBOARD_ENDPOINTS knows; they are part of the contract."""

PARTS = {
    "live.neon",
    "live.neon.api",
    "live.upstash",
    "live.upstash.api",
    "live.supabase",
    "live.supabase.api",
    "live.postgres",
    "live.redis",
    "live.stripe",
    "live.clerk",
}
"""Ids that users rely on."""


def contracts(id: str) -> Iterator[type[ProviderContract]]:
    """Return the contract classes in the provider's own test."""
    module = import_module(f"tests.providers.test_{id}")
    for _, one in inspect.getmembers(module, inspect.isclass):
        if issubclass(one, ProviderContract) and one.__module__ == module.__name__:
            yield one


def test_all_services_of_the_four_projects_are_known() -> None:
    assert sorted(ALL) == sorted(SERVICES)


@pytest.mark.parametrize("id", ALL)
def test_a_provider_has_a_test_that_inherits_the_contract(id: str) -> None:
    found = list(contracts(id))
    assert [one.provider for one in found] == [providers.provider(id)]
    asked = [c for c in providers.provider(id).credentials if not c.offline and not c.own_host]
    assert not asked or issubclass(found[0], LiveContract)


@pytest.mark.parametrize("id", ALL)
def test_a_provider_that_is_asked_over_http_has_a_stand_in_for_each_of_its_endpoints(id: str) -> None:
    wanted = {
        endpoint
        for credential in providers.provider(id).credentials
        if not credential.offline and not credential.own_host
        for endpoint in credential.endpoints or (id,)
    }
    if wanted:
        module = import_module(f"onboard.sandbox.standins.{id}")
        served = {
            endpoint
            for _, one in inspect.getmembers(module, inspect.isclass)
            if issubclass(one, StandIn) and one.__module__ == module.__name__
            for endpoint in one.endpoints
        }
        assert wanted <= served


def test_every_endpoint_is_one_that_is_documented() -> None:
    named = {
        e for id in ALL for c in providers.provider(id).credentials for e in (c.endpoints or ((id,) if c.hosts else ()))
    }
    assert named <= set(ENDPOINTS)
    assert set(ENDPOINTS) - named <= {"inngest.event"}, "an endpoint that nobody asks"


def test_the_ids_of_live_findings_are_stable() -> None:
    ids = [f"live.{id}" + (f".{c.part}" if c.part else "") for id in ALL for c in providers.provider(id).credentials]
    assert len(ids) == len(set(ids))
    assert set(ids) >= PARTS


@pytest.mark.parametrize("id", ALL)
def test_every_usual_name_is_recognised_as_its_own_and_no_other_provider_claims_it_as_surely(id: str) -> None:
    provider = providers.provider(id)
    for key in provider.keys:
        claims = {
            one: claim[1] for one in ALL if (claim := providers.provider(one).claim(key.names[0], "")) is not None
        }
        best = max(claims.values())
        assert [one for one, sure in claims.items() if sure == best] == [id], key.names[0]


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("DATABASE_URL", "", "postgres"),
        ("DATABASE_URL", "postgresql://user:pass@ep-xxx.us-east-1.aws.neon.tech/neondb?sslmode=require", "neon"),
        ("DATABASE_URL", "postgresql://u:p@localhost:5432/db", "postgres"),
        ("DATABASE_URL", "mysql://u:p@localhost/db", None),
        ("SUPABASE_DB_URL", "postgresql://postgres:pw@db.abcdefghijklmnopqrst.supabase.co:5432/postgres", "postgres"),
        ("REDIS_URL", "redis://default:password@host:port", "redis"),
        ("REDIS_REST_URL", "", "upstash"),
        ("REDIS_REST_TOKEN", "", "upstash"),
        ("UPSTASH_REDIS_URL", "https://xxx.upstash.io", "upstash"),
        ("UPSTASH_REDIS_URL", "rediss://default:pw@eu1-calm-bee-31234.upstash.io:6379", "redis"),
        ("KV_REST_API_READ_ONLY_TOKEN", "", "upstash"),
        ("STRIPE_SECRET_KEY", "sk_test_...", "stripe"),
        ("CLERK_SECRET_KEY", "sk_test_...", "clerk"),
        ("NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY", "pk_test_...", "clerk"),
        ("STRIPE_SIGNAL_WEBHOOK_SECRET", "whsec_...", "stripe"),
        ("CLERK_WEBHOOK_SIGNING_SECRET", "whsec_...", "clerk"),
        ("UPLOADTHING_SECRET", "sk_live_...", "uploadthing"),
        ("EDGE_CONFIG", "https://edge-config.vercel.com/ecfg_x?token=y", "edge_config"),
        ("VERCEL_TOKEN", "", "vercel"),
        ("NEXT_PUBLIC_SUPABASE_ANON_KEY", "", "supabase"),
        ("AUTH_SECRET", "a-placeholder-of-thirty-two-chars", "authsecret"),
        ("NEXTAUTH_SECRET", "", "authsecret"),
        ("NEXT_PUBLIC_POSTHOG_HOST", "https://us.i.posthog.com", "posthog"),
        ("SENTRY_AUTH_TOKEN", "", "sentry"),
        ("SLACK_WEBHOOK_URL", "", "slack"),
        ("NEON_API_KEY", "", "neon"),
        ("NEXT_PUBLIC_SHOP_ENABLED", "true", None),
        ("APP_URL", "http://localhost:3000", None),
        ("NODE_ENV", "development", None),
        ("NEXT_PUBLIC_CLERK_SIGN_IN_URL", "/sign-in", None),
        ("PORT", "3000", None),
    ],
)
def test_a_variable_of_the_four_projects_is_recognised(name: str, value: str, expected: str | None) -> None:
    found = providers.recognise(name, value)
    assert (found[0].id if found else None) == expected


def test_recognising_loads_nothing_heavy() -> None:
    program = (
        "import sys; from onboard import providers; providers.recognise('SOME_NAME', 'x'); "
        "heavy = 'httpx ssl asyncio pydantic keyring subprocess asyncpg truststore textual rich'.split(); "
        "print(' '.join(name for name in heavy if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == ""


def test_the_table_in_the_documentation_is_todays() -> None:
    page = (ROOT / "docs" / "providers.md").read_text()
    assert page == _table.page(), "run: python -m onboard.providers._table > docs/providers.md"


def test_a_provider_is_one_object_of_a_class_of_its_own() -> None:
    kinds = [type(providers.provider(id)) for id in ALL]
    assert len(set(kinds)) == len(ALL)
    assert all(issubclass(kind, Provider) for kind in kinds)
