"""Listeners: real Stripe CLIs, old and new, against the stand-in; ended, refused, expired, and two onboards at once."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
import stripe as stripe_library

from onboard.claim import Claim
from onboard.errors import ProcessError
from onboard.listeners import Listener, Stripe, refusal
from onboard.listening import Happened, Listening, Patience
from onboard.machine import Machine
from onboard.model import Secret, Status
from onboard.project import Project, understand
from onboard.sandbox.served import Fault, Request, Response, Served, StandIn, serve
from onboard.sandbox.standins.stripe import StripeStandIn
from tests.parts import STRIPE, STRIPE_OLD, needed

pytestmark = pytest.mark.anyio

QUICK = Patience(first=0.05, most=0.2, silent=30)


class App(StandIn):
    """A webhook route that says whether the signature is right under the secret that it knows now."""

    def __init__(self, secret: str) -> None:
        self.secret = secret

    def answer(self, request: Request) -> Response:
        try:
            stripe_library.Webhook.construct_event(request.body, request.headers["stripe-signature"], self.secret)
        except stripe_library.SignatureVerificationError:
            return Response.json({"error": "signature"}, 400)
        return Response.json({"received": True})


@dataclass
class Place:
    """A repository on a machine, and Stripe as a stand-in."""

    machine: Machine
    project: Project
    stripe: StripeStandIn
    served: Served
    seen: list[Happened] = field(default_factory=list)

    def cli(self, key: str | None = None) -> Stripe:
        return Stripe(self.machine, self.project, Secret(key or self.stripe.secret_key))

    def texts(self) -> str:
        return "\n".join(event.text for event, _ in self.seen)

    async def until(self, events: AsyncGenerator[Happened, None], kind: str, seconds: float = 30) -> Happened:
        """Read events up to the next of `kind`."""
        async with asyncio.timeout(seconds):
            async for happened in events:
                self.seen.append(happened)
                if happened[0].kind == kind:
                    return happened
        raise AssertionError(f"no {kind}: {self.texts()}")


def place(tmp_path: Path, tool: Path | str, served: Served) -> Place:
    """Make a machine whose `stripe` is `tool`: a program, or the text of a shell script."""
    root, tools, home = tmp_path / "shop", tmp_path / "bin", tmp_path / "home"
    for folder in (root, tools, home):
        folder.mkdir(exist_ok=True)
    (root / "package.json").write_text('{"name": "shop"}')
    program = tools / "stripe"
    if isinstance(tool, Path):
        program.symlink_to(tool)
    else:
        program.write_text(f"#!/bin/sh\n{tool}\n")
        program.chmod(0o755)
    env = {
        "PATH": os.pathsep.join([str(tools), os.defpath]),
        "HOME": str(home),
        "ONBOARD_STRIPE_CLI_ARGS": f"--api-base {served.url}",
    }
    machine = Machine(env=env, home=home, state=tmp_path / "state", config=tmp_path / "config")
    assert isinstance(served.stand_in, StripeStandIn)
    return Place(machine, understand(root), served.stand_in, served)


@pytest.fixture
def served() -> Iterator[Served]:
    with serve(StripeStandIn()) as served:
        yield served


@pytest.fixture(params=["1.52.0", "1.45.2"])
def real(request: pytest.FixtureRequest, tmp_path: Path, served: Served) -> Place:
    return place(tmp_path, needed(STRIPE if request.param == "1.52.0" else STRIPE_OLD), served)


@pytest.fixture
def newest(tmp_path: Path, served: Served) -> Place:
    return place(tmp_path, needed(STRIPE), served)


@asynccontextmanager
async def up(
    at: Place, forward_to: str, patience: Patience = QUICK, key: str | None = None
) -> AsyncIterator[tuple[Listening, AsyncGenerator[Happened, None]]]:
    listener = Listener("stripe:listen", "STRIPE_WEBHOOK_SECRET", forward_to, ())
    listening = Listening(at.cli(key), [listener], patience)
    async with aclosing(listening.events()) as events:
        yield listening, events


def programs() -> list[psutil.Process]:
    """Return the Stripe CLIs that descend from us."""
    found = psutil.Process().children(recursive=True)
    return [one for one in found if one.is_running() and "/stripe" in "".join(one.cmdline()[:1])]


async def answer(at: Place) -> int:
    """Send an event and return what the app behind the listener said."""
    delivery = at.stripe.emit("invoice.paid")
    answers = await asyncio.to_thread(at.stripe.wait_for_answers, delivery)
    return answers[0].status


@pytest.mark.parts
async def test_a_listener_that_is_killed_comes_back_and_forwards_again(real: Place) -> None:
    with serve(App(real.stripe.account.webhook_secret)) as app:
        async with up(real, f"{app.url}/hook") as (_, events):
            _, secret = await real.until(events, "ready")
            assert secret == Secret(real.stripe.account.webhook_secret)
            assert await answer(real) == 200
            (before,) = programs()
            before.kill()
            ended = (await real.until(events, "progress"))[0]
            assert "exit -9" in ended.text
            assert "starts again" in ended.text
            await real.until(events, "ready")
            assert await asyncio.to_thread(real.stripe.wait_for_listeners)
            assert await answer(real) == 200
        assert programs() == []
    assert real.stripe.account.webhook_secret not in real.texts()


@pytest.mark.long
@pytest.mark.parts
async def test_an_expired_session_is_renewed_and_another_secret_is_told(newest: Place) -> None:
    account, before = newest.stripe.account, newest.stripe.account.webhook_secret
    async with up(newest, "http://localhost:9/hook") as (_, events):
        await newest.until(events, "ready")
        assert await asyncio.to_thread(newest.stripe.wait_for_listeners)
        account.webhook_secret = "whsec_" + "1" * 64
        newest.stripe.expire_sessions()
        event, secret = await newest.until(events, "ready")

    assert secret == Secret(account.webhook_secret) != Secret(before)
    assert event.data["changed"] is True
    assert "another secret" in event.text
    assert account.webhook_secret not in newest.texts()


@pytest.mark.long
@pytest.mark.parts
async def test_a_service_that_is_down_is_tried_until_it_is_back(newest: Place) -> None:
    newest.served.fault = Fault.FAILING
    async with up(newest, "http://localhost:9/hook") as (_, events):
        assert "starts again" in (await newest.until(events, "progress"))[0].text
        newest.served.fault = Fault.NONE
        assert (await newest.until(events, "ready"))[1] is not None


@pytest.mark.parts
async def test_a_listener_that_is_never_ready_is_started_anew(newest: Place) -> None:
    newest.served.fault = Fault.MUTE
    async with up(newest, "http://localhost:9/hook", Patience(first=0.05, silent=1)) as (_, events):
        assert "not ready after 1 s" in (await newest.until(events, "progress"))[0].text
        newest.served.fault = Fault.NONE
        await newest.until(events, "ready")


@pytest.mark.parts
@pytest.mark.parametrize("case", ["expired", "unknown", "too many sessions", "no key of Stripe's"])
async def test_a_refusal_is_explained_and_not_tried_again(real: Place, case: str) -> None:
    key = real.stripe.secret_key
    match case:
        case "expired":
            real.stripe.revoke(key)
            says = "the key has expired"
        case "unknown":
            key, says = "sk_test_" + "a" * 40, "did not take the key"
        case "too many sessions":
            real.stripe.too_many_sessions, says = True, "other `stripe listen` commands are running"
        case _:
            key, says = "pk_test_" + "a" * 40, "is no secret key of Stripe's"
    async with up(real, "http://localhost:9/hook", key=key) as (_, events):
        last = (await real.until(events, "exit"))[0]
        rest = [happened async for happened in events]

    assert last.level is Status.FAIL
    assert says in last.text
    assert rest == []
    assert "starts again" not in real.texts()


@pytest.mark.parts
async def test_listeners_follow_the_app_to_another_port(newest: Place) -> None:
    with serve(App(newest.stripe.account.webhook_secret)) as app:
        async with up(newest, "http://localhost:9/hook") as (listening, events):
            await newest.until(events, "ready")
            await listening.forward(f"http://localhost:{app.port}")
            event, _ = await newest.until(events, "ready")
            assert event.data["forward_to"] == f"http://localhost:{app.port}/hook"
            assert await asyncio.to_thread(newest.stripe.wait_for_listeners)
            assert await answer(newest) == 200
            assert len(programs()) == 1


async def test_the_pause_doubles_up_to_its_limit_and_starts_anew_after_a_good_time(
    tmp_path: Path, served: Served
) -> None:
    script = (
        'case "$*" in *--help*) exit 0;; esac; n=$(cat "$HOME/n" 2>/dev/null || echo 0); echo $((n+1)) > "$HOME/n"; '
        'if [ "$n" = 4 ]; then echo "Your webhook signing secret is whsec_00" >&2; sleep 0.4; fi; exit 1'
    )
    at = place(tmp_path, script, served)
    pauses: list[int] = []
    async with up(at, "http://localhost:9/hook", Patience(first=0.01, most=0.04, steady=0.3)) as (_, events):
        while len(pauses) < 6:
            event, _ = await at.until(events, "progress")
            pauses.append(int(event.data["again_in_ms"] or 0))

    assert pauses == [10, 20, 40, 40, 10, 20]


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ('msg="Error while authenticating with Stripe: Authorization failed, status=500, body={}"', False),
        (
            'msg="Error while authenticating with Stripe: Post "http://127.0.0.1:1/": connect: connection refused"',
            False,
        ),
        ("Session expired, reconnecting...", False),
        ("Authorization failed, status=429, body={}", False),
        ("you have too many `stripe listen` sessions open, please close some and try again", True),
        ("you have too many stripe listen sessions open, please close some and try again", True),
        ("The API key for the default profile has expired. Run stripe login", True),
        ("You have not configured API keys yet", True),
        ("must specify events to forward using --events, --all-snapshot, or --all-thin", True),
    ],
)
def test_only_what_a_second_try_cannot_help_is_a_refusal(text: str, refused: bool) -> None:
    assert bool(refusal(text)) is refused


def test_a_claim_names_its_holder_and_ends_with_it(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib; from onboard.claim import Claim\n"
        "print(Claim(pathlib.Path(sys.argv[1]), 'x').take('onboard listen', '14:02'), flush=True); input()"
    )
    argv = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "None\n"
        mine = Claim(tmp_path, "x")
        held = mine.take("onboard dev", "15:00")
        assert str(held) == f"onboard listen (process {other.pid}, since 14:02)"
        assert Claim(tmp_path, "another folder").take("onboard dev", "15:00") is None
        other.send_signal(signal.SIGKILL)
    assert mine.take("onboard dev", "15:00") is None
    held = Claim(tmp_path, "x").take("onboard listen", "15:01")
    assert held is not None
    assert held.pid == os.getpid()
    mine.release()
    assert Claim(tmp_path, "x").take("onboard listen", "15:02") is None
    assert all(file.stat().st_mode & 0o777 == 0o600 for file in (tmp_path / "claims").iterdir())


def test_a_note_that_somebody_scribbled_on_is_not_believed(tmp_path: Path) -> None:
    first = Claim(tmp_path, "x")
    assert first.take("onboard listen", "now") is None
    next((tmp_path / "claims").iterdir()).write_bytes(b'{"pid": "\x1b]52;c;x"}')

    assert str(Claim(tmp_path, "x").take("onboard dev", "now")) == "another onboard (another process)"


async def test_a_machine_without_the_cli_says_so_before_anything_runs(tmp_path: Path, served: Served) -> None:
    at = place(tmp_path, "exit 0", served)
    (tmp_path / "bin" / "stripe").unlink()
    with pytest.raises(ProcessError, match="not on this machine"):
        async with up(at, "http://localhost:9/hook") as (_, events):
            await anext(events)
