from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onboard.model import Kind, Need
from onboard.project import naming, samples
from onboard.project.comments import choices, description, generator, link, need
from onboard.project.template import parse, zone
from tests.project.making import app, understood

PLACEHOLDERS = [
    ("STRIPE_SECRET_KEY", "sk_test_"),
    ("STRIPE_SECRET_KEY", "sk_test_..."),
    ("STRIPE_SECRET_KEY", "1"),
    ("STRIPE_SECRET_KEY", " "),
    ("NEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY", "pk_test_"),
    ("STRIPE_WEBHOOK_SECRET", "whsec_***"),
    ("STRIPE_PRICE_ID", "price_"),
    ("RESEND_API_KEY", "re_test_1234"),
    ("CLERK_SECRET_KEY", "your_clerk_secret_key"),
    ("OPENAI_API_KEY", "sk-xxxx"),
    ("GITHUB_ID", "<your-github-id>"),
    ("API_TOKEN", "any-token"),
    ("AUTH_SECRET", "random string for your JWT secret, 32 characters"),
    ("GOOGLE_PROJECT_ID", "GOOGLE_PROJECT_ID"),
    ("NEXT_PUBLIC_SUPABASE_URL", "UPDATE_THIS_wITH_YOUR_SUPABASE_URL"),
    ("NEXT_PUBLIC_SUPABASE_URL", "https://your-project.supabase.co"),
    ("UPSTASH_REDIS_REST_URL", "https://xxx.upstash.io"),
    ("ADMIN_EMAIL", "me@example.com"),
    ("DATABASE_URL", "postgresql://user:pass@ep-xxx.us-east-1.aws.neon.tech/neondb?sslmode=require"),
    ("DATABASE_URL", "postgres://postgres.[USERNAME]:[PASSWORD]@aws-0.pooler.supabase.com:6543/postgres"),
    ("DATABASE_URL", "postgresql://***"),
    ("DATABASE_URL", "mysql://user:password@host/db?sslaccept=strict"),
    ("DATABASE_URL", "postgresql://johndoe:randompassword@localhost:5432/mydb"),
    ("REDIS_URL", "redis://default:password@host:port"),
    ("ANALYTICS_ID", "G-..."),
    ("AWS_ACCESS_KEY_ID", "get_a_key_from_aws"),
    ("MEASUREMENT_ID", "••••••"),
    ("SMTP_HOST", "smtp.domain.com"),
    ("BUCKET_NAME", "bucket_name_here"),
    ("TOPIC_NAME", "projects/abc/topics/xyz"),
    ("ALLOWED_ORIGINS", "http://localhost:3000,https://your-app.com"),
]
WORKING = [
    ("DATABASE_URL", "postgresql://postgres:postgres@localhost:5432/postgres"),
    ("DATABASE_URL", "mysql://root:@127.0.0.1:3306/shop"),
    ("DATABASE_URL", "postgresql://shop:shop@db:5432/shop"),
    ("DATABASE_URL", "postgresql://${PGUSER}:${PGPASSWORD}@${PGHOST}/app"),
    ("REDIS_URL", "redis://localhost:6379"),
    ("APP_URL", "http://localhost:3000"),
    ("PLAUSIBLE_BASE_URL", "https://plausible.io/api"),
    ("QSTASH_URL", "https://qstash-us-east-1.upstash.io"),
    ("PORT", "3000"),
    ("NEXT_PUBLIC_SHOP_ENABLED", "true"),
    ("NEXT_TELEMETRY_DISABLED", "1"),
    ("NEXT_PUBLIC_CLERK_SIGN_IN_URL", "/sign-in"),
    ("PUSHER_CLUSTER", "eu"),
    ("KEY_PREFIX", "shop_"),
    ("AUTH_DATABASE", "file://./../dev.db"),
    ("ALLOWED_ORIGINS", "http://localhost,http://localhost:5173"),
    ("TURNSTILE_SECRET_KEY", "1x0000000000000000000000000000000AA"),
    (
        "SUPABASE_SERVICE_ROLE_KEY",
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJzdXBhYmFzZS1kZW1vIiwicm9sZSI6InNlcnZpY2Vfcm9sZSJ9.x",
    ),
]


@pytest.mark.parametrize(("name", "value"), PLACEHOLDERS)
def test_a_placeholder_is_never_a_value(name: str, value: str) -> None:
    made = naming.made_locally(name) is not None

    assert samples.placeholder(name, value, naming.kind(name, value), generated=made)


@pytest.mark.parametrize(("name", "value"), WORKING)
def test_a_good_development_value_is_no_placeholder(name: str, value: str) -> None:
    assert not samples.placeholder(name, value, naming.kind(name, value))


def test_a_sample_of_a_secret_that_is_made_locally_is_not_kept() -> None:
    assert samples.placeholder("AUTH_SECRET", "6c1fe4e407b8911c104518103505b218", Kind.SECRET, generated=True)


def test_a_password_of_a_local_service_works_and_one_of_a_remote_service_does_not() -> None:
    assert not samples.placeholder("SMTP_PASSWORD", "smtpPassword", Kind.SECRET, beside_local=True)
    assert samples.placeholder("SMTP_PASSWORD", "smtpPassword", Kind.SECRET)


SECRET = [
    "STRIPE_SECRET_KEY", "CLERK_SECRET_KEY", "DATABASE_URL", "POSTGRES_URL", "REDIS_URL", "KV_URL",
    "EDGE_CONFIG", "AUTH_SECRET", "SMTP_PASSWORD", "KV_REST_API_TOKEN", "SLACK_WEBHOOK_URL",
    "GOOGLE_VERTEX_CREDENTIALS", "HASH_SALT", "QSTASH_CURRENT_SIGNING_KEY", "DUB_SLACK_HOOK_CRON",
    "NEXT_PUBLIC_STRIPE_SECRET_KEY", "NEXT_PUBLIC_SUPABASE_SERVICE_ROLE_KEY", "VITE_DB_PASSWORD", "REDIS_AUTH",
    "SUPABASE_DB_URL", "NEXT_PRIVATE_UPLOAD_SECRET_ACCESS_KEY", "PRIVATE_KEY",
]  # fmt: skip
PUBLIC = [
    "NEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY", "NEXT_PUBLIC_SUPABASE_ANON_KEY", "SUPABASE_ANON_KEY", "SENTRY_DSN",
    "STRIPE_PRICE_ID", "KV_REST_API_URL", "UPSTASH_REDIS_REST_URL", "GOOGLE_CLIENT_ID", "NEXTAUTH_URL",
    "SMTP_HOST", "JWT_EXPIRES_IN", "MAX_TOKENS", "COOKIE_NAME", "NEXT_PUBLIC_POSTHOG_KEY", "RECAPTCHA_SITE_KEY",
    "AWS_REGION", "PASSWORD_LOGIN_ENABLED", "PUSHER_APP_ID", "TEAM_ID_VERCEL",
    "NEXT_PRIVATE_UPLOAD_ACCESS_KEY_ID", "VAPID_PUBLIC_KEY", "SMTP_FROM", "ENABLE_API_KEYS",
    "DATABASE_CONNECTION_POOL_MIN", "TOKEN_SALT_COMPLEXITY", "MAGIC_LINK_TOKEN_VALIDITY",
]  # fmt: skip


@pytest.mark.parametrize("name", SECRET)
def test_what_must_be_masked_is_secret(name: str) -> None:
    assert naming.kind(name) is Kind.SECRET


@pytest.mark.parametrize("name", PUBLIC)
def test_what_is_harmless_is_public(name: str) -> None:
    assert naming.kind(name) is Kind.PUBLIC


def test_a_value_that_is_a_credential_is_secret_whatever_its_name_says() -> None:
    assert naming.kind("BACKEND", "postgresql://a:b@db.example.net/x") is Kind.SECRET
    assert naming.kind("COMPOSE_PROJECT_NAME", "ghost-stories-of-our-town") is Kind.PUBLIC
    assert naming.kind("NEXT_PUBLIC_BACKEND_ID", "sk_live_" + "a" * 24) is Kind.SECRET


NEEDS = [
    ("# REDIS_URL=\n", "optional"),
    ("# Required. Uncomment and fill in.\n# API_KEY=\n", "required"),
    ("API_KEY=\n", None),
    ("# optional\nAPI_KEY=\n", "optional"),
    ("API_KEY= # leave blank to switch it off\n", "optional"),
    ("# not required locally\nAPI_KEY=\n", "optional"),
    ("# REQUIRED\nAPI_KEY=\n", "required"),
    ("# required for payments\nAPI_KEY=\n", None),
    ("# Redis (optional)\nAPI_KEY=\n", "optional"),
    ("# Redis (optional)\n\nA_KEY=\n\n# Mail\nAPI_KEY=\n", None),
    ("# ---------\n# OPTIONAL\n# ---------\n\n# Mail\nA_KEY=\n\n# Jobs\nAPI_KEY=\n", "optional"),
    ("#### OPTIONAL ####\nA_KEY=\n#### REQUIRED ####\nAPI_KEY=\n", "required"),
    ("### E2E tests\nAPI_KEY=\n", "optional"),
    ("# Used when MAIL=smtp\nAPI_KEY=\n", "optional"),
    ("# for normal operation this does not need to be set\nAPI_KEY=\n", "optional"),
    ("# Base64, can be left empty\nAPI_KEY=\n", "optional"),
    ("# If you are using Docker, you can find the values in compose.yml\nAPI_KEY=\n", None),
    ("# [Optional] Sign-in.\nONE_CLIENT_ID=\nONE_CLIENT_SECRET=\n\nTWO_CLIENT_ID=\n", "optional"),
    ("# [Optional] Sign-in.\nONE_CLIENT_ID=\n\nAPI_KEY=\n", None),
    ("# [Optional] Acme.\nACME_CLIENT_ID=\n\nB_CLIENT_ID=\n", None),
]


@pytest.mark.parametrize(("text", "said"), NEEDS)
def test_a_template_says_what_can_be_left_out(text: str, said: str | None) -> None:
    assert need(parse(text).entries[-1]) == said


def test_an_empty_value_with_a_note_behind_it_is_empty() -> None:
    entry = parse("AUTH_SECRET= # openssl rand -hex 32\n").entries[0]

    assert entry.value == ""
    assert generator(entry, secret=True) == "openssl rand -hex 32"


GENERATORS = [
    ("# Generate: `openssl rand -base64 32`\nX_SECRET=\n", "openssl rand -base64 32"),
    ("# run `npx auth secret`\nX_SECRET=\n", "npx auth secret"),
    ("# https://generate-secret.vercel.app/32\nX_SECRET=\n", "openssl rand -base64 32"),
    ("# a random string of 32 characters\nX_SECRET=\n", "openssl rand -base64 32"),
    ("# from the dashboard\nX_SECRET=\n", None),
    ("# define your own when creating the webhook\nX_WEBHOOK_SECRET=\n", None),
]


@pytest.mark.parametrize(("text", "made"), GENERATORS)
def test_a_generator_is_read_from_the_comment(text: str, made: str | None) -> None:
    assert generator(parse(text).entries[0], secret=True) == made


def test_a_key_that_a_service_issues_is_never_made_here() -> None:
    for name in (
        "STRIPE_SECRET_KEY",
        "STRIPE_WEBHOOK_SECRET",
        "GITHUB_CLIENT_SECRET",
        "CLERK_SECRET_KEY",
        "PUSHER_SECRET",
        "SUPABASE_JWT_SECRET",
    ):
        assert naming.made_locally(name) is None


CHOICES = [
    ("# local (default) | s3\nX=\n", ("local", "s3")),
    ("# Options: a, b, c\nX=\n", ("a", "b", "c")),
    ("# 'smtp', 'sendgrid', or 'resend'\nX=\n", ("smtp", "sendgrid", "resend")),
    ('# "jwt" or "database"\nX=\n', ("jwt", "database")),
    ("# e.g. one, two or so\nX=\n", ()),
    ("# Set to true or leave it\nX=\n", ()),
]


@pytest.mark.parametrize(("text", "listed"), CHOICES)
def test_an_enumeration_is_taken_only_where_it_is_one(text: str, listed: tuple[str, ...]) -> None:
    assert choices(parse(text).entries[0]) == listed


LINKS = [
    ("# https://dashboard.stripe.com/apikeys\nSTRIPE_KEY=\n", "https://dashboard.stripe.com/apikeys"),
    ("# Docs: https://x.dev/docs, keys: https://x.dev/settings/keys.\nX_KEY=\n", "https://x.dev/settings/keys"),
    ("# callback: https://x.dev/api/callback\nX_KEY=\n", None),
    ("# runs on http://localhost:3000\nX_KEY=\n", None),
    ("# https://x.dev/[your-org]/settings\nX_KEY=\n", None),
    ("# https://y.dev/keys\nA_KEY=\nX_KEY=\n", "https://y.dev/keys"),
    ("# Example: https://example.com\nX_URL=\n", None),
    ("# one of these:\n#   X_URL=https://api.x.dev/v1\nX_URL=\n", None),
]


@pytest.mark.parametrize(("text", "url"), LINKS)
def test_the_link_is_where_the_key_is_to_be_had(text: str, url: str | None) -> None:
    assert link(parse(text).entries[-1]) == url


def test_sections_are_titles_of_any_dress() -> None:
    text = "# Mail\nA=1\n\n# ====\n# Jobs\n# ====\nB=1\n\n# [[Files]]\nC=1\n\n#### Search ####\nD=1\n\n# Get it.\nE=1\n"

    assert [entry.section for entry in parse(text).entries] == ["Mail", "Jobs", "Files", "Search", "Search"]


def test_a_paragraph_about_something_else_is_no_part_of_the_section_above() -> None:
    text = "# Mail\nMAIL_HOST=\n\nMAIL_USER=\n\nQUEUE=\n\n# Sign-in\n\nA=\n\nB=\n"

    assert [entry.section for entry in parse(text).entries] == ["Mail", "Mail", None, "Sign-in", "Sign-in"]


def test_lone_number_signs_and_dashes_around_words_make_no_title_of_a_sentence() -> None:
    text = "#\n# These are samples. Bring your own keys.\n#\nA=1\n\n# ––––\n# ––  MAIL  ––\n# ––––\nB=1\n"

    assert [entry.section for entry in parse(text).entries] == [None, "MAIL"]


def test_a_commented_variable_with_a_note_and_no_value_is_one() -> None:
    entries = parse("# A_KEY= # for the mail that nobody reads: openssl rand -hex 8\nB=1\n").entries

    assert [(entry.name, entry.value, entry.commented) for entry in entries] == [("A_KEY", "", True), ("B", "1", False)]
    assert generator(entries[0], secret=True) == "openssl rand -hex 8"


@pytest.mark.parametrize(
    ("title", "said"),
    [("OPTIONAL ENV VARS", "optional"), ("Required variables", "required"), ("MANDATORY (change them)", "required"),
     ("Redis (optional)", None), ("Optional: Redis", None), ("Database", None)],
)  # fmt: skip
def test_only_a_heading_about_nothing_else_rules_what_follows(title: str, said: str | None) -> None:
    assert zone(title) == said


def test_an_active_line_beats_a_commented_one_and_the_last_of_two_beats_the_first() -> None:
    found = parse("# MODE=old\nMODE=1\nMODE=2\n# MODE=3\n")

    assert [(entry.name, entry.value, entry.commented) for entry in found.entries] == [("MODE", "2", False)]
    assert found.duplicates == (("MODE", 3),)


def test_a_value_over_several_lines_is_one_value() -> None:
    found = parse('KEY="-----BEGIN\nabc\n-----END"\nB=1\n')

    assert [(entry.name, entry.value) for entry in found.entries] == [("KEY", "-----BEGIN\nabc\n-----END"), ("B", "1")]


def test_prose_lines_are_named_and_change_nothing() -> None:
    found = parse("/*\nA=1\nplease fill this in\n*/\n")

    assert [entry.name for entry in found.entries] == ["A"]
    assert found.odd == (1, 3, 4)


def test_a_sentence_with_an_equals_sign_is_no_variable() -> None:
    assert parse("# SOMETHING = a sentence about what it is good for\nA=1\n").entries[0].name == "A"


@given(st.text(max_size=400))
def test_any_text_is_read_without_an_error(text: str) -> None:
    for entry in parse(text).entries:
        need(entry)
        link(entry)
        choices(entry)
        description(entry)
        generator(entry, secret=True)


@given(
    st.lists(
        st.tuples(
            st.from_regex(r"[A-Z][A-Z0-9_]{2,12}", fullmatch=True),
            st.from_regex(r"[a-z0-9:/._-]{0,20}", fullmatch=True),
        ),
        unique_by=lambda pair: pair[0],
        max_size=12,
    )
)
def test_every_assignment_is_found_with_its_value(pairs: list[tuple[str, str]]) -> None:
    text = "".join(f"# about it\n{name}={value}\n\n" for name, value in pairs)

    assert [(entry.name, entry.value) for entry in parse(text).entries] == pairs


def test_a_large_template_is_read_whole() -> None:
    text = "".join(f"# about {at}\nNAME_{at}=value\n\n" for at in range(30_000))

    assert len(parse(text).entries) == 30_000


def test_a_secret_in_the_wrong_place_is_told(tmp_path: Path) -> None:
    real = "sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc"
    text = (
        f"NEXT_PUBLIC_STRIPE_SECRET_KEY=sk_test_\nSTRIPE_SECRET_KEY={real}\nOTHER_KEY=sk_test_{'x' * 24}\nOTHER_KEY=\n"
    )
    found = understood(tmp_path, {".env.example": text})

    assert [(trouble.kind, trouble.variable, trouble.places) for trouble in found.troubles] == [
        ("exposed.secret", "NEXT_PUBLIC_STRIPE_SECRET_KEY", (".env.example:1",)),
        ("template.secret", "STRIPE_SECRET_KEY", (".env.example:2",)),
        ("template.duplicate", "OTHER_KEY", (".env.example:4",)),
    ]
    assert real not in str(found.troubles)
    assert found.app.variables[1].placeholder


def test_an_app_gets_it_all_from_its_template(tmp_path: Path) -> None:
    found = app(
        tmp_path,
        {
            ".env.local.example": "# Authentication\n# openssl rand -base64 32\nAUTH_SECRET=change-me\n\n# "
            "Flags\nNEXT_PUBLIC_SHOP=true\n"
        },
    )
    secret, flag = found.variables

    assert (secret.kind, secret.need, secret.placeholder, secret.default) == (Kind.SECRET, Need.REQUIRED, True, None)
    assert (secret.generate, secret.section) == ("openssl rand -base64 32", "Authentication")
    assert (flag.default, flag.exposed, flag.section) == ("true", True, "Flags")
    assert secret.declared_in == (".env.local.example:3",)
    assert found.env_file == ".env.local"
