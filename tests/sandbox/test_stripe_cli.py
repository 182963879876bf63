"""The real Stripe CLI against the stand-in: sessions, signed events, refusals."""

import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import stripe as stripe_library

from onboard.sandbox.served import Request, Response, Served, StandIn, serve
from onboard.sandbox.standins.stripe import StripeStandIn
from tests.parts import STRIPE_OLD, needed

pytestmark = pytest.mark.parts


class App(StandIn):
    """A webhook route as WavePoint has it: 400 unless the signature is right, by Stripe's own library."""

    def __init__(self, secret: str) -> None:
        self.secret = secret

    def answer(self, request: Request) -> Response:
        try:
            event = stripe_library.Webhook.construct_event(
                request.body, request.headers["stripe-signature"], self.secret
            )
        except stripe_library.SignatureVerificationError:
            return Response.json({"error": "signature"}, 400)
        return Response.json({"received": event["id"]})


@pytest.fixture
def served() -> Iterator[tuple[StripeStandIn, Served]]:
    stand_in = StripeStandIn()
    with serve(stand_in) as served:
        yield stand_in, served


def environment(tmp_path: Path) -> dict[str, str]:
    return {"PATH": os.defpath, "HOME": str(tmp_path), "STRIPE_CLI_TELEMETRY_OPTOUT": "1"}


@contextlib.contextmanager
def listening(cli: Path, served: Served, key: str, forward: str, tmp_path: Path, *more: str) -> Iterator[str]:
    """Run `stripe listen`; give its ready line. It must end well on SIGINT."""
    argv = [str(cli), "listen", "--skip-update", "--api-base", served.url, "--forward-to", forward, *more]
    pipe = subprocess.PIPE
    env = {**environment(tmp_path), "STRIPE_API_KEY": key}
    with subprocess.Popen(argv, env=env, stdout=subprocess.DEVNULL, stderr=pipe, text=True) as process:
        assert process.stderr is not None
        seen = []
        for line in process.stderr:
            seen.append(line)
            if "Ready!" in line:
                break
        else:
            raise AssertionError("the Stripe CLI was never ready:\n" + "".join(seen))
        try:
            yield seen[-1]
        finally:
            process.send_signal(signal.SIGINT)
            process.stderr.read()
    assert process.returncode == 0


def run(cli: Path, served: Served, key: str, tmp_path: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    argv = [str(cli), *words, "--api-base", served.url]
    env = {**environment(tmp_path), "STRIPE_API_KEY": key}
    return subprocess.run(argv, env=env, capture_output=True, text=True, timeout=30, stdin=subprocess.DEVNULL)


@pytest.mark.parametrize("release", ["1.52.0", "1.45.2"])
def test_an_event_reaches_the_app_signed_under_the_secret_that_the_cli_shows(
    release: str, stripe_cli: Path, served: tuple[StripeStandIn, Served], tmp_path: Path
) -> None:
    stand_in, server = served
    cli = stripe_cli if release == "1.52.0" else needed(STRIPE_OLD)
    with (
        serve(App(stand_in.account.webhook_secret)) as app,
        listening(
            cli, server, stand_in.secret_key, f"{app.url}/hook", tmp_path, "--events", "checkout.session.completed"
        ) as ready,
    ):
        assert stand_in.account.webhook_secret in ready
        assert stand_in.wait_for_listeners()
        answers = stand_in.wait_for_answers(stand_in.emit("checkout.session.completed"))
        assert [(a.status, a.forward_url) for a in answers] == [(200, f"{app.url}/hook")]
        (request,) = app.requests
        assert request.headers["content-type"].startswith("application/json")
        assert json.loads(request.body)["type"] == "checkout.session.completed"


def test_a_listener_forwards_the_events_that_it_named_and_no_others(
    stripe_cli: Path, served: tuple[StripeStandIn, Served], tmp_path: Path
) -> None:
    stand_in, server = served
    key, secret = stand_in.secret_key, stand_in.account.webhook_secret
    with (
        serve(App(secret)) as shop,
        serve(App(secret)) as signal_app,
        listening(stripe_cli, server, key, shop.url, tmp_path, "--events", "checkout.session.completed"),
        listening(stripe_cli, server, key, signal_app.url, tmp_path, "--events", "invoice.paid"),
    ):
        assert stand_in.wait_for_listeners(2)
        stand_in.wait_for_answers(stand_in.emit("invoice.paid"))
        stand_in.wait_for_answers(stand_in.emit("checkout.session.completed"))
        assert [json.loads(r.body)["type"] for r in shop.requests] == ["checkout.session.completed"]
        assert [json.loads(r.body)["type"] for r in signal_app.requests] == ["invoice.paid"]


def test_a_wrong_secret_in_the_app_is_a_400_that_comes_back(
    stripe_cli: Path, served: tuple[StripeStandIn, Served], tmp_path: Path
) -> None:
    stand_in, server = served
    with (
        serve(App("whsec_" + "0" * 64)) as app,
        listening(stripe_cli, server, stand_in.secret_key, app.url, tmp_path, "--all-snapshot"),
    ):
        assert stand_in.wait_for_listeners()
        answers = stand_in.wait_for_answers(stand_in.emit("invoice.paid"))
        assert [a.status for a in answers] == [400]


def test_trigger_makes_an_event_that_arrives(
    stripe_cli: Path, served: tuple[StripeStandIn, Served], tmp_path: Path
) -> None:
    stand_in, server = served
    key = stand_in.secret_key
    with (
        serve(App(stand_in.account.webhook_secret)) as app,
        listening(stripe_cli, server, key, app.url, tmp_path, "--all-snapshot"),
    ):
        assert stand_in.wait_for_listeners()
        assert run(stripe_cli, server, key, tmp_path, "trigger", "customer.created").returncode == 0
        assert [a.status for a in stand_in.wait_for_answers(stand_in.deliveries[0])] == [200]


def test_print_secret_prints_the_secret_alone(
    stripe_cli: Path, served: tuple[StripeStandIn, Served], tmp_path: Path
) -> None:
    stand_in, server = served
    done = run(stripe_cli, server, stand_in.secret_key, tmp_path, "listen", "--print-secret")
    assert (done.returncode, done.stdout.strip()) == (0, stand_in.account.webhook_secret)


def test_the_cli_says_why_it_was_refused(
    stripe_cli: Path, served: tuple[StripeStandIn, Served], tmp_path: Path
) -> None:
    stand_in, server = served
    key = stand_in.secret_key
    stand_in.too_many_sessions = True
    many = run(stripe_cli, server, key, tmp_path, "listen", "--print-secret")
    assert "too many `stripe listen` sessions" in many.stderr
    stand_in.revoke(key)
    expired = run(stripe_cli, server, key, tmp_path, "listen", "--print-secret")
    assert "status=401" in expired.stderr
    assert "api_key_expired" in expired.stderr
    assert (many.returncode, expired.returncode) == (1, 1)


def test_stripes_own_library_reads_the_stand_ins_answers(served: tuple[StripeStandIn, Served]) -> None:
    stand_in, server = served
    client = stripe_library.StripeClient(stand_in.secret_key, base_addresses={"api": server.url})
    account = client.v1.accounts.retrieve_current()
    assert (account.id, account.charges_enabled) == (stand_in.account.id, True)
    assert client.v1.balance.retrieve().livemode is False
    made = client.v1.webhook_endpoints.create({"url": "https://wavepoint.example/hook", "enabled_events": ["*"]})
    assert made.secret is not None
    assert [one.id for one in client.v1.webhook_endpoints.list().data] == [made.id]
    assert client.v1.webhook_endpoints.delete(made.id).deleted
    stand_in.revoke(stand_in.secret_key)
    with pytest.raises(stripe_library.AuthenticationError) as refused:
        client.v1.balance.retrieve()
    assert '"code": "api_key_expired"' in str(refused.value.http_body)
