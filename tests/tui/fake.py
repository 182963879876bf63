"""A Session that needs nothing outside: the fast driver of the pilot tests. Its failures are named by how they fail."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

from onboard import paste
from onboard import plan as planning
from onboard.entry import Field, Form, Trial
from onboard.errors import NeedsPerson, OnboardError
from onboard.listing import Row
from onboard.machine import Machine
from onboard.matrix import Line, Matrix
from onboard.model import Ask, Event, Finding, Kind, Need, Open, Run, Secret, Shape, Status, Step, Tell, Variable, Write
from onboard.project.trust import Approval
from onboard.provisioning import Offer, Want
from tests.tui.rotator import FakeRotator

if TYPE_CHECKING:
    from onboard.rotation import Rotator
    from onboard.session import Session

NOW = datetime(2026, 11, 20, 9, 41, tzinfo=UTC)

Answer = Literal["accepted", "refused", "untold", "mute"]
"""How a service answers `attempt`; mute: never."""


@dataclass(frozen=True, slots=True)
class Project:
    """As much of a project as the app reads."""

    name: str = "wavepoint"


STRIPE = Ask(
    "Enter the keys of Stripe",
    ("STRIPE_SECRET_KEY", "NEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY"),
    "https://dashboard.stripe.com/test/apikeys",
)
NEON = Ask("Enter the connection string of Neon", ("DATABASE_URL",), "https://console.neon.tech")
AUTH = Ask("Make or enter AUTH_SECRET", ("AUTH_SECRET",))
PNPM = Run("Install pnpm 9.7.1", ("npm", "install", "-g", "pnpm@9.7.1"))
PUSH = Run("Push the schema to the database", ("pnpm", "db:push"))
BRANCH = Open("Make a branch `development` of `main` in Neon", "https://console.neon.tech/app/projects")
LOGIN = Tell("Sign in to the Stripe CLI", "https://docs.stripe.com/cli/login", "stripe login")
FILE = Write("Write .env.local", ("DATABASE_URL", "STRIPE_SECRET_KEY", "APP_URL"))

STEPS: Mapping[str, Step] = {
    "ask": STRIPE, "run": PNPM, "open": BRANCH, "tell": LOGIN, "write": FILE, "neon": NEON, "auth": AUTH, "push": PUSH,
}  # fmt: skip

VARIABLES = (
    Variable("DATABASE_URL", Kind.SECRET, Need.REQUIRED, "neon", description="The development branch's pooled string"),
    Variable("UPSTASH_REDIS_REST_URL", Kind.PUBLIC, Need.OPTIONAL, "upstash"),
    Variable("AUTH_SECRET", Kind.SECRET, Need.REQUIRED, "auth", generate="openssl rand -base64 32"),
    Variable("STRIPE_SECRET_KEY", Kind.SECRET, Need.REQUIRED, "stripe", description="Charges cards in test mode"),
    Variable("NEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY", Kind.PUBLIC, Need.REQUIRED, "stripe", exposed=True),
    Variable("PRINTFUL_API_KEY", Kind.SECRET, Need.OPTIONAL, "printful"),
    Variable("APP_URL", Kind.PUBLIC, Need.REQUIRED, default="http://localhost:3000"),
)

APPROVAL = Approval(
    hash="a" * 64,
    root="/home/ada/src/wavepoint",
    project_id="github.com/wavepoint/wavepoint",
    commands=(
        ("pnpm install", "the install scripts of its packages"),
        ("pnpm db:push", "drizzle-kit push"),
        ("pnpm stripe:listen", "stripe listen --forward-to localhost:3000/api/webhooks/stripe"),
    ),
    hosts=(
        ("api.stripe.com", ("STRIPE_SECRET_KEY", "NEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY")),
        ("ep-….us-east-1.aws.neon.tech", ("DATABASE_URL",)),
        ("….upstash.io", ("UPSTASH_REDIS_REST_URL", "UPSTASH_REDIS_REST_TOKEN")),
    ),
    files=(".env.local",),
    keyring_item="onboard: github.com/wavepoint/wavepoint",
    keyring_folder=None,
    id_is_own=True,
    changed=(),
    parts={},
)

PAIRING = "https://dashboard.stripe.com/stripecli/confirm_auth?t=pairing"
KEYS = ("STRIPE_SECRET_KEY", "NEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY")
WAYS = (
    Offer(
        "stripe.login",
        "test keys by signing in at Stripe",
        "Opens a page of Stripe where you compare a code and choose the account. "
        "Its test key ends 90 days after the login; it costs nothing.",
        KEYS,
    ),
    Offer(
        "stripe.sandbox",
        "a sandbox without an account, for now",
        "Stripe makes a test account at your e-mail address. It ends after 7 days, unless you claim it.",
        KEYS,
        (Want("email", "e-mail", "your e-mail address", secret=False, page=""),),
        ("ai.stripe.com",),
    ),
    Offer(
        "vercel.development",
        "what Vercel has for development",
        "Reads the variables that the linked Vercel project has for development. Makes nothing.",
        (*KEYS, "APP_URL"),
        (
            Want(
                "token", "VERCEL_TOKEN", "Vercel token", secret=True, page="https://vercel.com/account/settings/tokens"
            ),
        ),
        ("api.vercel.com",),
    ),
)

OUTPUT = (
    "Reading config file '/home/ada/src/wavepoint/drizzle.config.ts'",
    "Using '@neondatabase/serverless' driver for database querying",
    "[✓] Pulling schema from database...",
    "[✓] Changes applied",
)


def first_day() -> dict[str, Finding]:
    """Return what is found on the first day: nearly everything is missing."""
    found = [
        Finding("tool.node", "Node.js", Status.OK, "24.1.0, as .nvmrc asks"),
        Finding("tool.pnpm", "pnpm", Status.FAIL, "not on this machine; package.json asks for 9.7.1", step=PNPM),
        Finding("tool.stripe", "Stripe CLI", Status.OK, "1.51.0"),
        Finding("tool.git", "git", Status.OK, "2.47.1"),
        Finding("account.neon", "Neon branch", Status.FAIL, "no branch but main", provider="neon", step=BRANCH),
        Finding("account.stripe", "Stripe login", Status.FAIL, "the CLI is not signed in", step=LOGIN),
        _missing("DATABASE_URL", "neon", NEON),
        _missing("AUTH_SECRET", "auth", AUTH),
        _missing("STRIPE_SECRET_KEY", "stripe", STRIPE),
        _missing("NEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY", "stripe", STRIPE),
        Finding("live.stripe", "Stripe", Status.SKIPPED, "not looked at: its key comes first", provider="stripe"),
        Finding("env.file", ".env.local", Status.FAIL, "is not there yet", step=FILE),
        Finding("env.ignored", ".gitignore", Status.OK, "git ignores .env.local"),
        Finding("vault.backend", "Keyring", Status.OK, "gnome-keyring is unlocked"),
        Finding("database.schema", "Schema", Status.SKIPPED, "not looked at: DATABASE_URL comes first"),
        Finding("webhook.port", "Webhook port", Status.WARN, "stripe:listen forwards to 3001, the app is on 3000"),
        Finding("port.3000", "Port 3000", Status.OK, "free"),
    ]
    return {finding.id: finding for finding in found}


def all_well() -> dict[str, Finding]:
    """Return what is found when nothing is owed."""
    done = {
        "tool.pnpm": "9.7.1, as package.json asks",
        "account.neon": "branch development",
        "account.stripe": "signed in",
        "live.stripe": "accepted: Acme Inc. · acct_1A2b3C · test mode",
        "env.file": "18 variables, readable by you alone",
        "database.schema": "7 tables, as the schema says",
        "webhook.port": "both listeners forward to 3000",
    }
    return {
        id: replace(
            finding, status=Status.OK, step=None, summary=done.get(id, "is set" if finding.step else finding.summary)
        )
        for id, finding in first_day().items()
    }


def only(*steps: Step) -> dict[str, Finding]:
    """Return the first day's findings of these steps, all else being fine."""
    first = first_day()
    return {id: first[id] if first[id].step in steps else finding for id, finding in all_well().items()}


def _missing(name: str, provider: str, step: Step) -> Finding:
    return Finding(
        f"variable.{name}", name, Status.FAIL, "has no value yet", variable=name, provider=provider, step=step
    )


@dataclass
class FakeSession:
    """A sitting at an invented project; what is found, and how services answer, is handed in."""

    folder: Path
    world: dict[str, Finding] = field(default_factory=first_day)
    """What `look` will find."""
    answer: Answer = "accepted"
    approved: bool = True
    asked: Approval = APPROVAL
    output: Sequence[str] = OUTPUT
    ends: Literal["done", "failed", "never", "confirm"] = "done"
    """How a command ends; confirm: it wants to be told a branch's name."""
    hears: Sequence[Event] = ()
    """What listeners report before they go on listening."""
    browser: bool = False
    raises: OnboardError | Exception | None = None
    """What `attempt` and `save` raise."""
    variables: tuple[Variable, ...] = VARIABLES
    project: Project = field(default_factory=Project)
    ways: tuple[Offer, ...] = ()
    """What can be had without typing it."""
    elsewhere: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """What the drift board has beside template, file and keyring, by variable and place."""
    made: list[tuple[str, dict[str, Secret]]] = field(default_factory=list)
    saved: dict[str, Secret] = field(default_factory=dict)
    skipped: list[Step] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)
    looked: list[tuple[str, ...]] = field(default_factory=list)
    did: list[Step] = field(default_factory=list)
    closed: bool = False
    ended: int = 0
    """How many generators were left."""

    def __post_init__(self) -> None:
        """Start with nothing looked at."""
        self.findings: dict[str, Finding] = {}
        self.expected = len(self.world)
        self.env_name = ".env.local"
        self.rotator = FakeRotator(self.saved)
        self.machine = Machine(
            env={"TERM": "xterm-256color", "COLORTERM": "truecolor"},
            home=self.folder,
            state=self.folder / "state",
            config=self.folder / "config",
            terminal=True,
            open_url=self._open if self.browser else None,
            now=lambda: NOW,
        )

    def real(self) -> Session:
        """Return itself as what the app takes; `test_fake.py` holds the signatures to the real ones."""
        return cast("Session", self)

    def _open(self, url: str) -> bool:
        self.opened.append(url)
        return True

    @property
    def trusted(self) -> bool:
        return self.approved

    def approval(self) -> Approval:
        return self.asked

    def approve(self, hash: str) -> None:
        if hash != self.asked.hash:
            raise NeedsPerson("this is not the hash of what is here now; nothing was approved")
        self.approved = True

    async def look(self, *only: str, offline: bool = False) -> AsyncGenerator[Finding, None]:
        self.looked.append(only)
        for id, finding in list(self.world.items()):
            if not only or any(id == one or id.startswith(f"{one}.") for one in only):
                await asyncio.sleep(0)
                self.findings[id] = finding
                yield finding

    def touched(self, owed: planning.Owed) -> tuple[str, ...]:
        provider = owed.finding.provider
        waited = [f.id for f in self.findings.values() if f.status is Status.SKIPPED]
        return (*owed.findings, *([f"live.{provider}"] if provider else []), *waited)

    def plan(self) -> tuple[planning.Owed, ...]:
        return tuple(owed for owed in planning.plan(self.findings.values()) if owed.step not in self.skipped)

    def stages(self) -> tuple[planning.StageState, ...]:
        return planning.stages(self.findings.values())

    def rows(self) -> tuple[Row, ...]:
        return tuple(
            Row(
                variable.name,
                ".",
                variable.provider,
                variable.kind.value,
                variable.need.value,
                state := self._state(variable.name),
                ("env_file", "vault") if state == "ok" else (),
                "env_file" if state == "ok" else None,
                "2026-11-01T10:00:00+00:00" if state == "ok" else None,
                None,
                None,
            )
            for variable in self.variables
        )

    def matrix(self) -> Matrix:
        lines = []
        for variable in self.variables:
            finding = self.findings.get(f"variable.{variable.name}")
            state = self._state(variable.name)
            there = {"template": variable.need.value, "env_file": "set" if state == "ok" else state}
            lines.append(
                Line(
                    variable.name,
                    variable.provider,
                    finding.status if finding else Status.OK,
                    finding.id if finding else None,
                    {**there, **({"vault": "same"} if state == "ok" else {}), **self.elsewhere.get(variable.name, {})},
                )
            )
        places = ("template", "env_file", "vault", "shell", "vercel.development", "vercel.preview", "vercel.production")
        return Matrix(tuple(p for p in places if any(p in line.cells for line in lines)), tuple(lines))

    def _state(self, name: str) -> str:
        finding = self.findings.get(f"variable.{name}")
        return "missing" if finding and finding.status is Status.FAIL else "ok"

    def form(self, names: Sequence[str]) -> Form:
        wanted = [variable for variable in self.variables if variable.name in names]
        stripe = any(variable.provider == "stripe" for variable in wanted)
        return Form(
            title="Stripe" if stripe else ", ".join(names),
            purpose="checkout and webhooks" if stripe else wanted[0].description,
            page="https://dashboard.stripe.com/test/apikeys" if stripe else None,
            instructions=("Sign in, and switch on test mode.", "Reveal the secret key, and copy both keys.")
            if stripe
            else (),
            hosts=("api.stripe.com",) if stripe else (),
            fields=tuple(
                Field(
                    variable,
                    {"STRIPE_SECRET_KEY": "secret key", "DATABASE_URL": "connection string"}.get(
                        variable.name, variable.name
                    ),
                    {"STRIPE_SECRET_KEY": "sk_test_…", "DATABASE_URL": "postgresql://…"}.get(variable.name, ""),
                    self._state(variable.name),
                    variable.generate is not None,
                    variable.default,
                )
                for variable in wanted
            ),
            optional=all(variable.need is Need.OPTIONAL for variable in wanted),
            limits="sandboxes cost nothing" if stripe else "",
        )

    def clean(self, name: str, text: str) -> paste.Pasted:
        return paste.cleaned(name, text)

    def fits(self, name: str, text: str) -> Shape:
        if name == "STRIPE_SECRET_KEY":
            fits = text.startswith("sk_test_")
            return Shape(
                fits, "a Stripe test secret key" if fits else "not a Stripe secret key: it starts with sk_test_"
            )
        return Shape(True, "")

    def generate(self, name: str) -> Secret:
        return Secret("c2l4dGVlbiBieXRlcyBhdCBsZWFzdA==")

    def offers(self, names: Sequence[str]) -> tuple[Offer, ...]:
        return tuple(offer for offer in self.ways if set(offer.gives) & set(names))

    async def make(
        self, offer: Offer, typed: Mapping[str, Secret], tell: Callable[[Event], None]
    ) -> Mapping[str, Secret]:
        if self.raises is not None:
            raise self.raises
        if offer.id == "stripe.login":
            data: dict[str, str | int | bool | None] = {"url": PAIRING, "code": "warm-lucky-rain-dear"}
            tell(Event(f"approve it on this page: {PAIRING}", kind="page", data=data))
        if self.answer == "mute":
            await asyncio.Event().wait()
        self.made.append((offer.id, dict(typed)))
        return {name: Secret(f"sk_test_made4{name}") for name in offer.gives}

    def rotate(self) -> Rotator:
        return cast("Rotator", self.rotator)

    async def attempt(self, values: Mapping[str, Secret], *, verify: bool = True) -> Trial:
        if self.raises is not None:
            raise self.raises
        name = next(iter(values))
        match self.answer:
            case "accepted":
                whose = {"account": "Acme Inc.", "id": "acct_1A2b3C", "mode": "test"}
                seen = Finding("live.stripe", "Stripe", Status.OK, "accepted", variable=name)
                return Trial((seen,), True, True, whose)
            case "refused":
                said = "Stripe refused it: this key was rolled or deleted"
                seen = Finding("live.stripe", "Stripe", Status.FAIL, said, "Make a new one in the dashboard.", name)
                return Trial((seen,), False, False, {})
            case "untold":
                seen = Finding("live.stripe", "Stripe", Status.UNKNOWN, "api.stripe.com did not answer within 15 s")
                return Trial((seen,), False, True, {})
            case "mute":
                await asyncio.Event().wait()
                raise AssertionError

    async def save(self, values: Mapping[str, Secret], trial: Trial | None = None) -> tuple[str, ...]:
        if self.raises is not None:
            raise self.raises
        self.saved |= values
        for name in values:
            self.world[f"variable.{name}"] = Finding(f"variable.{name}", name, Status.OK, "is set", variable=name)
        return ()

    async def unset(self, name: str) -> tuple[str, ...]:
        self.saved.pop(name, None)
        return ()

    def skip(self, step: Step) -> None:
        self.skipped.append(step)

    def unskip(self) -> None:
        self.skipped.clear()

    def usual(self, step: Step) -> float | None:
        return 42.0

    async def do(self, step: Step, *, confirmed: str = "") -> AsyncGenerator[Event, None]:
        if self.ends == "confirm" and confirmed != "main":
            raise NeedsPerson("main is a production branch; nothing was pushed", "a person who means it types: main")
        self.did.append(step)
        try:
            for text in self.output:
                await asyncio.sleep(0)
                yield Event(text, "pnpm")
            if self.ends == "never":
                await asyncio.Event().wait()
            if self.ends == "failed":
                yield Event("the command ended with exit code 1", level=Status.FAIL, kind="failed")
                return
            for id, finding in self.world.items():
                if finding.step == step:
                    self.world[id] = replace(finding, status=Status.OK, step=None, summary="done")
            yield Event("done", kind="done")
        finally:
            self.ended += 1

    async def listen(self) -> AsyncGenerator[Event, None]:
        try:
            for event in self.hears:
                await asyncio.sleep(0)
                yield event
            await asyncio.Event().wait()
        finally:
            self.ended += 1

    async def dev(self, *, prove: bool = False, confirmed: str = "") -> AsyncGenerator[Event, None]:
        if self.ends == "confirm" and confirmed != "main":
            raise NeedsPerson("main is a production branch; nothing was started", "a person who means it types: main")
        async for event in self.listen():
            yield event

    async def prove(self, url: str = "") -> AsyncGenerator[Event, None]:
        yield Event(f"/api/webhooks/stripe: proven, it answered 200 {url}", kind="proof", data={"proven": True})

    def env_diff(self) -> tuple[tuple[str, str], ...]:
        return (("+", "DATABASE_URL"), ("+", "STRIPE_SECRET_KEY"), ("~", "APP_URL"))

    async def close(self) -> None:
        self.closed = True
