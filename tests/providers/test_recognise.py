"""Whose a variable is, where services' names and prefixes collide."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onboard import providers

TOKEN = base64.b64encode(json.dumps({"apiKey": "sk_live_abcdef", "appId": "a", "regions": ["x"]}).encode()).decode()
SK = "sk_live_" + "0123456789abcdef" * 2
WHSEC = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
DSN = "https://0123456789abcdef0123456789abcdef@o1.ingest.sentry.io/1"
STARTS = ("sntrys_", "https://", "eyJ", "edge-config:", "xoxb-", "postgres://", "pk_test_")
HOOK = "https://hooks.slack.com/services/T01ABCDEF23/B01ABCDEF45/aBcDeFgHiJkLmNoPqRsTuVwX"


def _more(start: str) -> st.SearchStrategy[str]:
    return st.text(max_size=120).map(lambda end: start + end)


@pytest.mark.parametrize(
    ("name", "value", "whose"),
    [
        ("STRIPE_SECRET_KEY", SK, "stripe.secret"),
        ("CLERK_SECRET_KEY", SK, "clerk.secret"),
        ("UPLOADTHING_SECRET", SK, "uploadthing.secret"),
        ("UPLOADTHING_TOKEN", SK, "uploadthing.token"),
        ("SOME_KEY", TOKEN, "uploadthing.token"),
        ("SOME_KEY", SK, None),
        ("STRIPE_WEBHOOK_SECRET", WHSEC, "stripe.webhook"),
        ("RESEND_WEBHOOK_SECRET", WHSEC, "resend.webhook"),
        ("WEBHOOK_SECRET", WHSEC, None),
        ("OPENAI_API_KEY", "sk-ant-api03-" + "aB3x" * 24, "openai.secret"),
        ("ANTHROPIC_API_KEY", "sk-proj-" + "aB3x" * 10 + "T3BlbkFJ" + "aB3x" * 10, "anthropic.secret"),
        ("OPENROUTER_API_KEY", "sk-or-v1-" + "ab3c" * 16, None),
        ("LANGFUSE_SECRET_KEY", "sk-lf-1234-5678", None),
        ("NEXT_PUBLIC_SENTRY_DSN", "", "sentry.dsn"),
        ("ERRORS", DSN, "sentry.dsn"),
        ("ALERTS", HOOK, "slack.webhook"),
        ("VERCEL_TOKEN", "", "vercel.token"),
        ("EDGE_CONFIG", "", "edge_config.url"),
        ("GITHUB_SECRET", "", "github.client_secret"),
        ("AUTH_SECRET", "", "authsecret.auth"),
        ("AUTH_RESEND_KEY", "", "resend.secret"),
        ("AUTH_GITHUB_ID", "", "github.client_id"),
        ("AUTH_SLACK_SECRET", "", "slack.client_secret"),
        ("SENTRY_AUTH_TOKEN", "", "sentry.token"),
        ("TWILIO_AUTH_TOKEN", "", "twilio.token"),
        ("POSTHOG_API_KEY", "phx_" + "aB3xY7q" * 6, "posthog.personal"),
        ("NEXT_PUBLIC_POSTHOG_KEY", "phx_" + "aB3xY7q" * 6, "posthog.key"),
        ("NUXT_STRIPE_SECRET_KEY", "", "stripe.secret"),
        ("NEXT_PRIVATE_STRIPE_WEBHOOK_SECRET", "", "stripe.webhook"),
        ("DEV_STRIPE_WEBHOOK_ENDPOINT_SECRET", "", "stripe.webhook"),
        ("PROD_STRIPE_SECRET_KEY", "", None),
        ("NUXT_OAUTH_GITHUB_CLIENT_ID", "", "github.client_id"),
        ("ACME_RESEND_API_KEY", "", "resend.secret"),
        ("PRIVATE_SUPABASE_SERVICE_ROLE", "", "supabase.secret"),
        ("NEXT_PUBLIC_STRIPE_KEY", "", "stripe.publishable"),
        ("NEXT_PUBLIC_STRIPE_SECRET_KEY", "", "stripe.secret"),
        ("STRIPE_KEY", "", "stripe.secret"),
        ("STRIPE_SKEY", "", "stripe.secret"),
        ("STRIPE_PKEY", "", "stripe.publishable"),
        ("QSTASH_URL", "https://qstash.upstash.io/v1/publish/", None),
        ("MY_STRIPE", "", None),
        ("APP_URL", "http://localhost:3000", None),
        ("PORT", "3000", None),
        ("NEXT_PUBLIC_CLUSTER", "eu", None),
    ],
)
def test_a_service_is_told_by_its_own_name_or_by_a_structure_that_proves_it(
    name: str, value: str, whose: str | None
) -> None:
    found = providers.recognise(name, value)
    said = f"{found[0].id}.{found[1]}" if found else None
    assert said == whose


@given(
    text=st.text(max_size=200) | st.sampled_from(("sntrys_", "https://", "eyJ", "edge-config:", "xoxb-")).flatmap(_more)
)
def test_no_value_at_all_breaks_a_provider_or_is_repeated_by_it(text: str) -> None:
    for id in providers.names():
        provider = providers.provider(id)
        provider.claim("SOME_NAME", text)
        for key in provider.keys:
            said = provider.shape(key, text).text
            assert len(text) < 20 or text not in said, key.id
