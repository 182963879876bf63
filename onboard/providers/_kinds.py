"""What a value is by its own marks, so that a wrong one can be named: "this is a GitHub token"."""

from __future__ import annotations

import re

_MARKS = (
    (r"sk-ant-", "an Anthropic key"),
    (r"sk-or-", "an OpenRouter key"),
    (r"sk-lf-", "a Langfuse key"),
    (r"sk-admin-", "an admin key of OpenAI"),
    (r"sk-(proj|svcacct|service)-", "an OpenAI key"),
    (r"(sk|rk)_(test|live)_", "a secret key of the kind that Stripe and Clerk hand out"),
    (r"pk_(test|live)_", "a publishable key of the kind that Stripe and Clerk hand out"),
    (r"whsec_", "a webhook signing secret"),
    (r"re_[A-Za-z0-9]{8}_", "a Resend key"),
    (r"github_pat_|gh[pousr]_", "a GitHub token"),
    (r"xox[abeprs]-", "a Slack token"),
    (r"xapp-", "an app-level token of Slack"),
    (r"https://hooks\.slack\.com/", "a Slack webhook"),
    (r"lin_(api|oauth|wh)_", "a Linear key"),
    (r"phc_", "a project key of PostHog"),
    (r"phx_", "a personal key of PostHog"),
    (r"sntry[suia]_", "a Sentry token"),
    (r"signkey-", "an Inngest signing key"),
    (r"vc[apirk]+_", "a Vercel token"),
    (r"sb_(publishable|secret)_", "a Supabase key"),
    (r"sbp_", "a Supabase access token"),
    (r"napi_", "a Neon API key"),
    (r"xkeysib-", "a Brevo key"),
    (r"SG\.", "a SendGrid key"),
    (r"AKIA[0-9A-Z]{16}", "an AWS access key id"),
    (r"postgres(ql)?://|mysql://|mongodb(\+srv)?://", "a database URL"),
    (r"rediss?://", "a Redis URL"),
    (r"https?://", "a URL"),
    (r"eyJ[A-Za-z0-9_-]+\.", "a JWT"),
    (r"-----BEGIN ", "a PEM block"),
)


def kind_of(value: str) -> str:
    """Return what `value` is by its prefix, with its article; empty where nothing marks it. Never repeats it."""
    return next((name for mark, name in _MARKS if re.match(mark, value)), "")


def wrong(value: str, wanted: str) -> str:
    """Return one sentence: what `value` is, where that shows, and how the right one looks."""
    if not value.strip():
        return f"it is empty; {wanted}"
    kind = kind_of(value)
    if kind:
        return f"this is {kind}; {wanted}"
    if any(char.isspace() for char in value):
        return f"it holds a blank; {wanted}"
    return wanted
