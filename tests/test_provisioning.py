"""What need not be typed: offered with what it costs, made after a yes, and saved by nobody but the person."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

import pytest

from onboard.errors import NeedsPerson, OnboardError, ProcessError
from onboard.machine import Machine
from onboard.model import Event, Secret
from onboard.provisioning import Offer
from onboard.sandbox.invented import alnum
from onboard.sandbox.served import Request, Response
from onboard.sandbox.standins.clerk import ClerkStandIn
from onboard.sandbox.standins.neon import NeonStandIn
from onboard.sandbox.standins.sentry import SentryStandIn
from onboard.sandbox.standins.stripe import StripeStandIn
from onboard.sandbox.standins.supabase import SupabaseStandIn
from onboard.sandbox.standins.upstash import UpstashStandIn
from onboard.sandbox.standins.vercel import VercelStandIn
from onboard.session import Session
from tests.parts import STRIPE, needed
from tests.rotating import machine, opened
from tests.rotation_world import place


def offered(session: Session, *names: str) -> dict[str, Offer]:
    return {offer.id: offer for offer in session.offers(names)}


async def made(
    session: Session, offer: Offer, typed: Mapping[str, str] | None = None, told: list[Event] | None = None
) -> dict[str, str]:
    seen = told if told is not None else []
    try:
        values = await session.make(offer, {key: Secret(text) for key, text in (typed or {}).items()}, seen.append)
        return {name: value.reveal() for name, value in values.items()}
    finally:
        await session.close()


@pytest.mark.anyio
async def test_a_neon_branch_is_made_with_a_key_that_is_typed_once_and_kept_nowhere(tmp_path: Path) -> None:
    service = NeonStandIn()
    with place(tmp_path, service) as (here, served):
        here.holds(DATABASE_URL="")
        (here.project / ".env.local.example").write_text(
            'DATABASE_URL="postgresql://user:pass@ep-xxx.us-east-1.aws.neon.tech/neondb?sslmode=require"\n'
        )
        session = opened(tmp_path)
        offer = offered(session, "DATABASE_URL")["neon.branch"]
        assert not served.requests
        assert [want.name for want in offer.wants] == ["NEON_API_KEY"]
        assert "deletes itself after" in offer.note
        assert offer.gives == ("DATABASE_URL",)
        assert "console.neon.tech" in offer.hosts

        values = await made(session, offer, {"api": service.api_key})

        branch = service.branches[-1]
        assert branch.name.startswith("dev/")
        assert branch.expires_at
        assert values == {"DATABASE_URL": service.url(branch, pooled=True)}
        assert service.api_key not in here.stored
        assert here.value("DATABASE_URL") == ""


@pytest.mark.anyio
async def test_a_key_that_is_held_need_not_be_typed_and_serves_for_a_plain_postgres_variable_too(
    tmp_path: Path,
) -> None:
    service = NeonStandIn()
    with place(tmp_path, service) as (here, _):
        here.holds(DATABASE_URL="", NEON_API_KEY=service.api_key)
        (here.project / ".env.local.example").write_text('DATABASE_URL="postgresql://u:p@localhost:5432/x"\n')
        session = opened(tmp_path)
        offer = offered(session, "DATABASE_URL")["neon.branch"]
        assert offer.wants == ()
        values = await made(session, offer)
        assert values == {"DATABASE_URL": service.url(service.branches[-1], pooled=True)}


@pytest.mark.anyio
async def test_an_upstash_database_and_supabase_keys_come_from_their_accounts(tmp_path: Path) -> None:
    upstash, supabase = UpstashStandIn(), SupabaseStandIn()
    with place(tmp_path, upstash, supabase) as (here, _):
        here.holds(
            UPSTASH_REDIS_REST_URL="",
            UPSTASH_REDIS_REST_TOKEN="",
            NEXT_PUBLIC_SUPABASE_URL="",
            NEXT_PUBLIC_SUPABASE_ANON_KEY="",
        )
        session = opened(tmp_path)
        offer = offered(session, "UPSTASH_REDIS_REST_TOKEN")["upstash.database"]
        assert {want.key for want in offer.wants} == {"email", "api"}
        assert set(offer.gives) == {"UPSTASH_REDIS_REST_URL", "UPSTASH_REDIS_REST_TOKEN"}
        values = await made(session, offer, {"email": upstash.email, "api": upstash.api_key})
        assert values["UPSTASH_REDIS_REST_URL"].endswith(".upstash.io")
        assert len(values) == 2

        session = opened(tmp_path)
        offer = offered(session, "NEXT_PUBLIC_SUPABASE_ANON_KEY")["supabase.keys"]
        values = await made(session, offer, {"token": supabase.access_token})
        assert values["NEXT_PUBLIC_SUPABASE_URL"] == supabase.url
        assert "sb_secret" not in json.dumps(values)

        with pytest.raises(OnboardError):
            await made(opened(tmp_path), offer, {"token": "sbp_" + "0" * 40})


@pytest.mark.anyio
async def test_sentrys_dsn_is_read_with_a_token(tmp_path: Path) -> None:
    service = SentryStandIn()
    with place(tmp_path, service) as (here, _):
        here.holds(NEXT_PUBLIC_SENTRY_DSN="", SENTRY_ORG=service.organization, SENTRY_PROJECT=service.project)
        session = opened(tmp_path)
        offer = offered(session, "NEXT_PUBLIC_SENTRY_DSN")["sentry.dsn"]
        assert [want.key for want in offer.wants] == ["token"]
        values = await made(session, offer, {"token": service.token})
        assert values["NEXT_PUBLIC_SENTRY_DSN"].startswith("https://")


@pytest.mark.anyio
async def test_clerk_keys_without_an_account_are_found_in_the_folder_or_made(tmp_path: Path) -> None:
    service = ClerkStandIn()
    with place(tmp_path, service) as (here, _):
        here.holds(CLERK_SECRET_KEY="", NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY="")
        session = opened(tmp_path)
        found = offered(session, "CLERK_SECRET_KEY")
        assert "clerk.found" not in found
        values = await made(session, found["clerk.keyless"])
        assert set(values) == {"CLERK_SECRET_KEY", "NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY"}

        kept = here.project / ".clerk" / ".tmp" / "keyless.json"
        kept.parent.mkdir(parents=True)
        secret, public = values["CLERK_SECRET_KEY"], values["NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY"]
        kept.write_text(json.dumps({"publishableKey": public, "secretKey": secret}))
        session = opened(tmp_path)
        assert await made(session, offered(session, "CLERK_SECRET_KEY")["clerk.found"]) == values


@pytest.mark.anyio
async def test_what_is_made_here_asks_nobody(tmp_path: Path) -> None:
    with place(tmp_path, SentryStandIn()) as (here, served):
        here.holds(AUTH_SECRET="", INNGEST_EVENT_KEY="", INNGEST_SIGNING_KEY="", CRON_SECRET="")
        template = here.project / ".env.local.example"
        template.write_text(template.read_text().replace("CRON_SECRET", "# openssl rand -hex 32\nCRON_SECRET"))
        session = opened(tmp_path, terminal=False)
        auth = offered(session, "AUTH_SECRET")["authsecret.auth"]
        cron = offered(session, "CRON_SECRET")["made.CRON_SECRET"]
        dev = offered(session, "INNGEST_EVENT_KEY")["inngest.dev"]
        assert [offer.id for offer in (auth, cron, dev) if offer.outside] == []
        assert dev.gives == ("INNGEST_DEV",)
        assert len((await made(session, auth))["AUTH_SECRET"]) == 44
        assert re.fullmatch(r"[0-9a-f]{64}", (await made(session, cron))["CRON_SECRET"])
        assert await made(session, dev) == {"INNGEST_DEV": "1"}
        assert not served.requests


@pytest.mark.anyio
async def test_nothing_is_created_where_nobody_is_at_the_terminal(tmp_path: Path) -> None:
    service = ClerkStandIn()
    with place(tmp_path, service) as (here, served):
        here.holds(CLERK_SECRET_KEY="")
        session = opened(tmp_path, terminal=False)
        with pytest.raises(NeedsPerson):
            await made(session, offered(session, "CLERK_SECRET_KEY")["clerk.keyless"])
        assert not served.requests


@pytest.mark.anyio
async def test_what_vercel_has_is_merged_and_never_over_what_is_there(tmp_path: Path) -> None:
    service = VercelStandIn()
    with place(tmp_path, service) as (here, _):
        here.holds(DATABASE_URL="", APP_URL="http://localhost:4000", STRIPE_SECRET_KEY="", CRON_SECRET="")
        (here.project / ".vercel").mkdir()
        link = {"projectId": service.project, "orgId": service.team}
        (here.project / ".vercel" / "project.json").write_text(json.dumps(link))
        for name, text in {
            "CRON_SECRET": "",
            "OTHER": "x",
            "STRIPE_SECRET_KEY": "sk_live_51" + alnum(30),
        }.items():
            service.env.append({**service.env[1], "key": name, "value": text})
        session = opened(tmp_path)
        offer = offered(session, "DATABASE_URL", "STRIPE_SECRET_KEY", "CRON_SECRET")["vercel.development"]
        assert [want.name for want in offer.wants] == ["VERCEL_TOKEN"]
        told: list[Event] = []

        values = await made(session, offer, {"token": service.token}, told)

        assert values == {"DATABASE_URL": "postgresql://development"}
        texts = " ".join(event.text for event in told)
        assert "APP_URL is another one at Vercel; yours stays" in texts
        assert "STRIPE_SECRET_KEY is a live key" in texts
        assert "CRON_SECRET" in texts
        assert here.value("APP_URL") == "http://localhost:4000"


@pytest.mark.anyio
async def test_the_vercel_clis_login_is_enough_to_read_what_vercel_has(tmp_path: Path) -> None:
    service = VercelStandIn()
    with place(tmp_path, service) as (here, _):
        here.holds(DATABASE_URL="")
        (here.project / ".vercel").mkdir()
        link = {"projectId": service.project, "orgId": service.team}
        (here.project / ".vercel" / "project.json").write_text(json.dumps(link))
        session = opened(tmp_path)
        login = session.machine.home / ".local/share/com.vercel.cli/auth.json"
        login.parent.mkdir(parents=True)
        login.write_text(json.dumps({"token": service.token}))

        offer = offered(session, "DATABASE_URL")["vercel.development"]

        assert offer.wants == ()
        assert await made(session, offer, {}, []) == {"DATABASE_URL": "postgresql://development"}


def with_programs(folder: Path, path: str, **env: str) -> Session:
    """Return a session on a machine with these folders of programs."""
    made = machine(folder)
    other = Machine(
        env={**made.env, "PATH": path, "HOME": str(folder / "home"), **env},
        home=folder / "home",
        state=made.state,
        config=made.config,
        terminal=True,
        vault=made.vault,
        open_url=lambda url: True,
    )
    (folder / "home").mkdir(exist_ok=True)
    session = Session.open(other, folder / "project")
    session.approve(session.approval().hash)
    return session


@pytest.mark.anyio
async def test_the_keys_of_the_local_stack_come_from_supabase_itself(tmp_path: Path) -> None:
    with place(tmp_path) as (here, _):
        here.holds(NEXT_PUBLIC_SUPABASE_URL="", NEXT_PUBLIC_SUPABASE_ANON_KEY="", SUPABASE_SERVICE_ROLE_KEY="")
        (here.project / "supabase").mkdir()
        (here.project / "supabase" / "config.toml").write_text("")
        programs = tmp_path / "bin"
        programs.mkdir()
        tool = programs / "supabase"
        tool.write_text(
            '#!/bin/sh\n[ "$*" = "status -o env" ] || exit 2\n'
            "cat <<'X'\n"
            'API_URL="http://127.0.0.1:54321"\nPUBLISHABLE_KEY="sb_publishable_abc"\nSECRET_KEY="sb_secret_abc"\nX\n'
        )
        tool.chmod(0o755)
        session = with_programs(tmp_path, f"{programs}:{os.defpath}")
        offer = offered(session, "SUPABASE_SERVICE_ROLE_KEY")["supabase.local"]
        assert await made(session, offer) == {
            "NEXT_PUBLIC_SUPABASE_URL": "http://127.0.0.1:54321",
            "NEXT_PUBLIC_SUPABASE_ANON_KEY": "sb_publishable_abc",
            "SUPABASE_SERVICE_ROLE_KEY": "sb_secret_abc",
        }
        tool.write_text("#!/bin/sh\necho 'failed to inspect container health: No such container: x' >&2\nexit 1\n")
        with pytest.raises(ProcessError, match="does not run"):
            await made(session, offer)


class LoginStandIn(StripeStandIn):
    """The dashboard's side of `stripe login`: the pairing is approved at the third question."""

    def __init__(self) -> None:
        super().__init__()
        self.polls = 0
        self.page = ""
        """Another page than its own, where one is to be named."""
        self.restricted = self.issue(self.account, "rk_test")

    def answer(self, request: Request) -> Response:
        if request.parts == ("stripecli", "auth"):
            return Response.json(
                {
                    "browser_url": self.page or f"{self.base}/stripecli/confirm_auth?t=x",
                    "poll_url": f"{self.base}/stripecli/auth/cliauth_1?secret=x",
                    "verification_code": "warm-lucky-rain-dear",
                }
            )
        if request.parts[:2] == ("stripecli", "auth"):
            self.polls += 1
            if self.polls < 3:
                return Response.json({"redeemed": False})
            return Response.json(
                {
                    "redeemed": True,
                    "account_id": self.account.id,
                    "account_display_name": self.account.name,
                    "testmode_key_secret": self.restricted,
                    "testmode_key_publishable": self.publishable_key,
                }
            )
        return super().answer(request)


@pytest.mark.anyio
@pytest.mark.parts
async def test_stripe_keys_come_from_a_login_of_the_real_cli(tmp_path: Path) -> None:
    service = LoginStandIn()
    with place(tmp_path, service) as (here, served):
        here.holds(STRIPE_SECRET_KEY="", NEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY="")
        path = f"{needed(STRIPE).parent}:{os.defpath}"
        arguments = f"--api-base {served.url} --dashboard-base {served.url}"
        session = with_programs(tmp_path, path, ONBOARD_STRIPE_CLI_ARGS=arguments)
        found = offered(session, "STRIPE_SECRET_KEY")
        assert "stripe.cli" not in found
        assert "90 days" in found["stripe.login"].note
        assert not served.requests
        told: list[Event] = []

        values = await made(session, found["stripe.login"], told=told)

        assert values == {
            "STRIPE_SECRET_KEY": service.restricted,
            "NEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY": service.publishable_key,
        }
        assert told[0].data["code"] == "warm-lucky-rain-dear"
        assert str(told[0].data["url"]).startswith(served.url)
        assert "ends on 20" in told[-1].text
        assert not any(service.restricted in repr(event) for event in told)
        assert "stripe.sandbox" in found
        session = with_programs(tmp_path, path, ONBOARD_STRIPE_CLI_ARGS=arguments)
        assert await made(session, offered(session, "STRIPE_SECRET_KEY")["stripe.cli"]) == values


@pytest.mark.anyio
@pytest.mark.parts
async def test_a_login_page_that_is_not_stripes_is_shown_to_nobody(tmp_path: Path) -> None:
    service = LoginStandIn()
    service.page = "https://stripe.com.evil.example/login"
    with place(tmp_path, service) as (here, served):
        here.holds(STRIPE_SECRET_KEY="")
        arguments = f"--dashboard-base {served.url}"
        session = with_programs(tmp_path, f"{needed(STRIPE).parent}:{os.defpath}", ONBOARD_STRIPE_CLI_ARGS=arguments)
        told: list[Event] = []
        with pytest.raises(ProcessError, match="not Stripe's"):
            await made(session, offered(session, "STRIPE_SECRET_KEY")["stripe.login"], told=told)
        assert told == []


class SandboxStandIn(StripeStandIn):
    """ai.stripe.com as the CLI's source asks it: a challenge, then a sandbox for its solution."""

    def __init__(self) -> None:
        super().__init__()
        self.salt, self.number = "pepper?", 4217
        self.restricted = self.issue(self.account, "rkcs")
        self.emails: list[str] = []

    def answer(self, request: Request) -> Response:
        if request.parts == ("keys", "challenge"):
            challenge = sha256(f"{self.salt}{self.number}".encode()).hexdigest()
            return Response.json(
                {"algorithm": "SHA-256", "challenge": challenge, "salt": self.salt, "signature": "signed"}
            )
        if request.parts == ("keys", "provision"):
            asked = json.loads(request.body)
            self.emails.append(asked["email"])
            if asked["number"] != self.number:
                return Response.json({"error": "wrong"}, 400)
            return Response.json(
                {
                    "restricted_key": self.restricted,
                    "publishable_key": self.publishable_key,
                    "account_id": self.account.id,
                    "claim_url": "https://dashboard.stripe.com/claim/x",
                    "expires_at": "2026-11-28",
                }
            )
        return super().answer(request)


@pytest.mark.anyio
@pytest.mark.parts
async def test_a_sandbox_needs_an_address_only_and_says_when_it_ends(tmp_path: Path) -> None:
    service = SandboxStandIn()
    with place(tmp_path, service) as (here, served):
        here.holds(STRIPE_SECRET_KEY="", NEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY="")
        path = f"{needed(STRIPE).parent}:{os.defpath}"
        session = with_programs(tmp_path, path, ONBOARD_STRIPE_CLI_ARGS=f"--api-base {served.url}")
        offer = offered(session, "STRIPE_SECRET_KEY")["stripe.sandbox"]
        assert [want.key for want in offer.wants] == ["email"]
        with pytest.raises(OnboardError, match="no e-mail address"):
            await made(session, offer, {"email": "--help"})
        told: list[Event] = []

        values = await made(session, offer, {"email": "ada@example.com"}, told=told)

        assert values == {
            "STRIPE_SECRET_KEY": service.restricted,
            "NEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY": service.publishable_key,
        }
        assert service.emails == ["ada@example.com"]
        assert "ends 2026-11-28" in told[-1].text
        assert not any(service.restricted in repr(event) for event in told)
        again = with_programs(tmp_path, path, ONBOARD_STRIPE_CLI_ARGS=f"--api-base {served.url}")
        assert "stripe.sandbox" not in offered(again, "STRIPE_SECRET_KEY")


@pytest.mark.anyio
@pytest.mark.parts
async def test_a_sandbox_that_stripe_does_not_make_is_said(tmp_path: Path) -> None:
    with place(tmp_path, StripeStandIn()) as (here, served):
        here.holds(STRIPE_SECRET_KEY="")
        session = with_programs(
            tmp_path, f"{needed(STRIPE).parent}:{os.defpath}", ONBOARD_STRIPE_CLI_ARGS=f"--api-base {served.url}"
        )
        offer = offered(session, "STRIPE_SECRET_KEY")["stripe.sandbox"]
        with pytest.raises(ProcessError, match="made no sandbox"):
            await made(session, offer, {"email": "ada@example.com"})
