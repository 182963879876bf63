"""Without what neither a name nor a value can be a provider's: read before its file is imported, so that few are.

A hint may let too much through and never too little, which a test holds; a provider without one is always asked.
"""

HINTS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "anthropic": (("ANTHROPIC", "CLAUDE"), ("sk-ant-",)),
    "authsecret": (("AUTH_SECRET",), ()),
    "brevo": (("BREVO", "SENDINBLUE", "SIB_"), ("xkeysib-", "xsmtpsib-")),
    "clerk": (("CLERK",), ("pk_",)),
    "edge_config": (("EDGE_CONFIG", "GLOBAL_CONFIG"), ("edge-config", "global-config")),
    "github": (("GITHUB", "GH_"), ("gh", "github_pat_")),
    "inngest": (("INNGEST",), ("signkey-",)),
    "linear": (("LINEAR",), ("lin_",)),
    "neon": (("NEON",), (".neon.", "napi_")),
    "openai": (("OPENAI",), ("sk-",)),
    "postgres": (("DATABASE", "DIRECT", "DB_", "PG_", "POSTGRES"), ("postgres",)),
    "posthog": (("POSTHOG",), ("phc_", "phx_")),
    "printful": (("PRINTFUL",), ()),
    "pusher": (("PUSHER",), ()),
    "redis": (("REDIS", "VALKEY", "KV_URL"), ("redis",)),
    "resend": (("RESEND",), ("re_",)),
    "sentry": (("SENTRY",), ("sentry.io", "sntry")),
    "slack": (("SLACK",), ("hooks.slack", "xox")),
    "stripe": (("STRIPE",), ("rk_", "rkcs_", "sk_", "pk_", "whsec_")),
    "supabase": (("SUPABASE",), (".supabase.", "sb_", "sbp_")),
    "twilio": (("TWILIO",), ("AC",)),
    "uploadthing": (("UPLOADTHING",), ("",)),  # packed: any text could be one
    "upstash": (("UPSTASH", "REST_", "KV_"), (".upstash.",)),
    "vercel": (("VERCEL",), ("vcp_",)),
}
"""Provider -> parts of a name, parts of a value; a value's case does not count."""


def possible(id: str, name: str, value: str) -> bool:
    """Whether the provider may claim `name` = `value`."""
    if id not in HINTS:
        return True
    in_names, in_values = HINTS[id]
    if any(part in name for part in in_names):
        return True
    return bool(value) and any(part in value or part in value.lower() for part in in_values)
