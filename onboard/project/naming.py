"""What a variable's name and value say of it: secret or public, sent to the browser, made locally."""

from __future__ import annotations

import re

from onboard.model import Kind

PREFIXES = (
    "NEXT_PUBLIC_", "VITE_", "REACT_APP_", "PUBLIC_", "NUXT_PUBLIC_", "EXPO_PUBLIC_", "GATSBY_", "STORYBOOK_",
    "VUE_APP_",
    "SNOWPACK_PUBLIC_", "NG_APP_", "PLASMO_PUBLIC_", "WXT_PUBLIC_",
)  # fmt: skip
"""Names that bundlers put into what the browser gets."""

_SECRET = {
    "SECRET", "SECRETS", "PASSWORD", "PASS", "PASSWD", "PASSPHRASE", "PWD", "TOKEN", "TOKENS", "KEY", "KEYS", "APIKEY",
    "SALT", "PEPPER", "CREDENTIALS", "CREDENTIAL", "CREDS", "PAT", "JWT", "SECRETKEY", "PRIVATEKEY", "AUTHTOKEN", "JWK",
    "JWKS", "HMAC", "PSK", "SEED", "MNEMONIC",
}  # fmt: skip
_PLAIN_END = {
    "ID", "IDS", "URL", "URI", "URLS", "HOST", "HOSTNAME", "PORT", "NAME", "REGION", "BUCKET", "ENDPOINT", "PATH",
    "FILE",
    "DIR", "ENABLED", "DISABLED", "ENABLE", "DISABLE", "DOMAIN", "DOMAINS", "EMAIL", "EMAILS", "FROM", "MODE", "ENV",
    "EXPIRY", "EXPIRES", "EXPIRATION", "TTL", "LENGTH", "LIMIT", "COUNT", "VERSION", "LEVEL", "TYPE", "PREFIX", "SIZE",
    "IN", "AGE", "ISSUER", "AUDIENCE", "ALGORITHM", "HEADER", "REQUIRED", "ROUNDS", "SECONDS", "MINUTES", "HOURS",
    "DAYS",
    "TIMEOUT", "MS",
    "VALIDITY", "COMPLEXITY", "LIFETIME", "DURATION", "INTERVAL",
    "TEMPLATE", "USER", "USERNAME", "ORG", "PROJECT", "LOCATION", "ORIGIN", "ORIGINS",
    "PROVIDER", "MODEL", "CLUSTER", "DATASET", "SLUG", "SCOPE", "SCOPES", "WINDOW", "REQUESTS", "STRATEGY", "DEBUG",
}  # fmt: skip
_PUBLIC = {"PUBLIC", "PUBLISHABLE", "ANON", "SITEKEY", "VAPID_PUBLIC"}
_DATABASES = {
    "DATABASE", "DB", "POSTGRES", "POSTGRESQL", "PG", "MYSQL", "MARIADB", "MONGO", "MONGODB", "REDIS", "VALKEY", "AMQP",
    "RABBITMQ", "CLICKHOUSE", "DIRECT", "SHADOW", "COCKROACH", "NATS", "KAFKA", "LIBSQL", "PLANETSCALE", "MSSQL",
    "SQLSERVER", "SMTP", "MAILER", "POOLER", "POOLING", "UNPOOLED",
}  # fmt: skip
_CONNECTION = re.compile(
    r"^(postgres(ql)?|mysql2?|mariadb|mongodb(\+srv)?|rediss?|amqps?|smtps?|sqlserver|clickhouse|cockroachdb|"
    r"prisma(\+postgres)?|nats|libsql)://",
    re.I,
)
_USERINFO = re.compile(r"^[a-z][a-z0-9+.-]*://[^/@\s]*:[^/@\s]*@", re.I)
_ISSUED = re.compile(r"^((sk|rk|whsec|shpat|ghp|gho|xox[abp]|glpat|npm)[_-]|AKIA)")
_WEB = re.compile(r"^https?://", re.I)


def exposed(name: str) -> bool:
    """Whether a bundler sends the variable to the browser."""
    return name.startswith(PREFIXES)


def kind(name: str, value: str = "") -> Kind:
    """Say whether a value must be masked, by the name's words, then by the value's shape."""
    # `NEXT_PRIVATE_` says where a value is used, not that it is secret.
    words = [word for word in re.split(r"[_\W]+|(?<=[a-z])(?=[A-Z])", name.removeprefix("NEXT_PRIVATE_")) if word]
    words = [word.upper() for word in words]
    inner = next((name[len(prefix) :] for prefix in PREFIXES if name.startswith(prefix)), None)
    if _secret_value(value):
        return Kind.SECRET
    if inner is not None:
        # In the browser keys and tokens are publishable; what calls itself secret is a secret in the wrong place.
        hidden = {"SECRET", "PRIVATE", "PASSWORD"} & set(words) or "SERVICE_ROLE" in name
        return Kind.SECRET if hidden and words[-1] not in _PLAIN_END else Kind.PUBLIC
    return Kind.SECRET if _secret_words(name, words, value) else Kind.PUBLIC


def _secret_words(name: str, words: list[str], value: str) -> bool:
    last = words[-1] if words else ""
    known = set(words)
    if name in ("EDGE_CONFIG", "EDGE_CONFIG_URL", "GLOBAL_CONFIG"):  # a URL with its token in it
        return True
    if last in ("URL", "URI", "DSN", "URLS"):
        if known & {"HOOK", "WEBHOOK", "HOOKS"} and known & {"SLACK", "DISCORD", "TEAMS", "MATTERMOST", "ZAPIER"}:
            return True
        if known & {"REST", "API", "HTTP", "BASE", "DASHBOARD", "PUBLIC", "CONSOLE"} and not _CONNECTION.match(value):
            return False
        if (_WEB.match(value) and not _USERINFO.match(value)) or value.startswith(("file:", "sqlite:")):
            return False
        return bool(known & _DATABASES) or name in ("KV_URL", "DSN", "SMTP_URL", "CLOUDINARY_URL", "MAILER_URL")
    connects = known & {"DATABASE", "POSTGRES", "REDIS", "MONGODB"} and known & {"CONNECTION", "CONN", "CONNSTRING"}
    if connects and last not in _PLAIN_END | {"MIN", "MAX", "POOL", "IDLE", "LIFETIME", "RETRIES"}:
        return True
    if known & _PUBLIC or name.endswith(("SITE_KEY", "CLIENT_KEY_ID", "KEY_ID", "_SITE_KEY")):
        return bool(known & {"SECRET", "PRIVATE", "PASSWORD"}) and "PUBLIC" not in known
    if name in ("EMAIL_SERVER", "MONGODB", "CONNECTION_STRING") or name.endswith("CONNECTION_STRING"):
        return True
    if known & {"HOOK", "WEBHOOK"} and known & {"SLACK", "DISCORD", "TEAMS"} and last not in ("ID", "NAME", "CHANNEL"):
        return True
    if last == "AUTH" and known & {"REDIS", "BASIC", "PROXY", "HTTP"}:
        return True
    if last in _PLAIN_END or (last not in _SECRET and value.strip().isdigit() and len(value) < 16):
        return False
    if {"MAX", "TOKENS"} <= known or {"MAX", "TOKEN"} <= known or value.lower() in ("true", "false"):
        return False
    if last in ("NUMBER", "PREFIXES") or words[:1] in (["MAX"], ["MIN"], ["ENABLE"], ["DISABLE"], ["ENABLED"], ["USE"]):
        return False
    return bool(known & _SECRET) or last.endswith(("KEY", "SECRET", "TOKEN", "PASSWORD"))


def _secret_value(value: str) -> bool:
    return bool(_CONNECTION.match(value) or _USERINFO.match(value) or value.startswith("-----BEGIN")) or (
        len(value) > 20 and bool(_ISSUED.match(value)) and not value.startswith("sk_test_...")
    )


_REAL = re.compile(
    r"^((sk|rk)_(live|test)_[A-Za-z0-9]{24,}|whsec_[A-Za-z0-9]{30,}|gh[pousr]_[A-Za-z0-9]{36,}|sk-ant-[\w-]{40,}|"
    r"sk-(proj-)?[A-Za-z0-9_-]{40,}|xox[abp]-\d+-[\w-]{20,}|AKIA[A-Z0-9]{16}|re_[A-Za-z0-9]{8}_[A-Za-z0-9]{20,}|"
    r"SG\.[\w-]{20,}\.[\w-]{30,})$"
)


def looks_issued(value: str) -> bool:
    """Whether a value has the shape of a key that a service issued, and is no row of one and the same sign."""
    return bool(_REAL.match(value)) and len(set(value)) > 12


_FEATURE = re.compile(
    r"(^|_)(SENTRY|POSTHOG|PLAUSIBLE|UMAMI|MIXPANEL|AMPLITUDE|SEGMENT|DATADOG|DD|NEWRELIC|NEW_RELIC|AXIOM|LOGTAIL|BETTER_?STACK|HIGHLIGHT|"
    r"LOGSNAG|BASELIME|HONEYCOMB|OTEL|OPENPANEL|PIRSCH|FATHOM|HOTJAR|CLARITY|GOOGLE_ANALYTICS|GOOGLE_SITE_VERIFICATION|GOOGLE_TAG\w*|"
    r"GA|GTM|GA4|GA_ID|ANALYTICS|TELEMETRY|CRISP|INTERCOM|BUGSNAG|ROLLBAR|CODECOV|CHECKLY|LICENSE_KEY|LICENSE|E2E|CYPRESS|PLAYWRIGHT|"
    r"^PROD(UCTION)?|^STAGING|(SSL|TLS|DATABASE|DB)_(CA|CERT|KEY)|CLERK_(SIGN_(IN|UP)|AFTER)\w*|TURBO_TOKEN|TURBO_TEAM|TURBO_REMOTE\w*|CHROMATIC\w*|STATSIG|FLAGSMITH|GROWTHBOOK)(_|$)"
)


def feature(name: str) -> bool:
    """Whether a name is that of a service that apps run without: analytics, monitoring, tests, licences."""
    return bool(_FEATURE.search(name))


GENERATE = "openssl rand -base64 32"
GENERATE_HEX = "openssl rand -hex 32"
_MADE = re.compile(
    r"^(NEXT_?AUTH_SECRET|AUTH_SECRET|BETTER_AUTH_SECRET|(?!SUPABASE_|CLERK_|HASURA_)([A-Z0-9]+_)*JWT(_(ACCESS|REFRESH))?_SECRET"
    r"(_KEY)?|JWT_(ACCESS|REFRESH)_(TOKEN_)?SECRET|SESSION_(SECRET|KEY|PASSWORD|TOKEN_SECRET)|COOKIE_(SECRET|PASSWORD)|"
    r"(AUTH_)?(ACCESS|REFRESH|FORGOT|RESET)(_TOKEN|_PASSWORD)?_SECRET|SECRET_COOKIE_PASSWORD|CRON_(SECRET|API_KEY|API_TOKEN|SECRET_KEY|TOKEN|KEY)|CSRF_SECRET|PAYLOAD_SECRET|"
    r"SECRET_KEY_BASE|APP_SECRET|APP_KEY|SECRET_KEY|DJANGO_SECRET_KEY|"
    r"([A-Z0-9]+_)*ENCRYPTION_(SECONDARY_)?(KEY|SECRET|SALT|PASSWORD)|ENCRYPTION_(SECRET|PASSWORD)|"
    r"([A-Z0-9]+_)*SALT|(NANGO_|N8N_)?ENCRYPT_KEY|REVALIDAT(E|ION)_(SECRET|TOKEN)|PREVIEW_SECRET|DRAFT_SECRET|"
    r"(NEXT_PRIVATE_|NEXT_)?(INTERNAL|HASH|SIGNING|TOKEN|COOKIES?|MAGIC_LINK|EMAIL_TOKEN|UNSUBSCRIBE|LINK|CACHE|ADMIN|"
    r"DRAFT_MODE|PREVIEW|WEBHOOK_SIGNING|INVITE|STATE)_SECRET(_KEY)?)$"
)


def made_locally(name: str) -> str | None:
    """Return how everybody makes it where the name alone says so; `None`: a service issues it, or we cannot tell."""
    if not _MADE.match(name):
        return None
    return GENERATE_HEX if "ENCRYPT" in name else GENERATE
