"""Round trip: what each answer to a signed event proves, with signatures checked by Stripe's own library."""

import json
from collections.abc import Iterator

import pytest
import stripe as stripe_library

from onboard.errors import NeedsPerson
from onboard.listeners import Listener
from onboard.model import Event, Status
from onboard.network import Network, Trouble, Unreachable
from onboard.roundtrip import SENT, TRIGGERED, hears_trial
from onboard.sandbox.served import Request, Response, Served, StandIn, serve
from tests.e2e.light import Light
from tests.test_dev import Run, make
from tests.vaults import memory_vault

pytestmark = pytest.mark.anyio

SECRET = "whsec_" + "0a" * 32
OTHER = "whsec_" + "0b" * 32


class App(StandIn):
    """An app with a route that checks, one that takes all, and those that answer what they are called."""

    def __init__(self, secret: str = SECRET) -> None:
        self.secret = secret
        self.taken: list[str] = []

    def answer(self, request: Request) -> Response:
        name = request.parts[-1]
        if name.isdigit():
            return Response.text("", int(name))
        if name == "hook":
            try:
                event = stripe_library.Webhook.construct_event(
                    request.body, request.headers["stripe-signature"], self.secret
                )
            except stripe_library.SignatureVerificationError:
                return Response.json({"error": "signature"}, 400)
            self.taken.append(event.type)
        return Response.json({"received": True})


@pytest.fixture
def shop(shop: Light) -> Iterator[Light]:
    yield shop
    (shop.home / "whsec").unlink(missing_ok=True)  # what the Stripe CLI of these tests reads


async def proofs(shop: Light, path: str, url: str, secret: str = SECRET) -> list[Event]:
    """Return what is said while one route is tried."""
    make(shop, hooks=(path,))
    if secret:
        shop.typed.append(secret)
        shop.file.write_text(f"STRIPE_WEBHOOK_SECRET={secret}\n")
    session = shop.session(vault=memory_vault(shop.root / "vault"))
    session.approve(session.approval().hash)
    try:
        return [event async for event in session.prove(url)]
    finally:
        await session.close()


async def test_the_stored_secret_is_proven_by_an_answer_that_a_wrong_one_does_not_get(shop: Light) -> None:
    app = App()
    with serve(app) as served:
        events = await proofs(shop, "/api/hook", served.url.replace("127.0.0.1", "localhost"))
        sent = [json.loads(request.body) for request in served.requests]

    assert (events[-1].kind, events[-1].level) == ("proof", Status.OK)
    assert events[-1].data == {
        "variable": "STRIPE_WEBHOOK_SECRET", "verdict": "proven", "answer": 200, "proven": True,
    }  # fmt: skip
    assert "sends a signed test event" in events[0].text, "said before it is sent"
    assert app.taken == [SENT]
    assert [event["type"] for event in sent] == [SENT, SENT]
    assert not any(event["livemode"] for event in sent)
    assert SECRET not in str(events)


@pytest.mark.parametrize(
    ("path", "secret", "verdict", "level", "says"),
    [
        ("/api/hook", OTHER, "secret", Status.FAIL, "the route's secret is not the one in STRIPE_WEBHOOK_SECRET"),
        ("/api/open", SECRET, "unchecked", Status.WARN, "does not check signatures"),
        ("/api/400", SECRET, "secret", Status.FAIL, "started again"),
        ("/api/401", SECRET, "secret", Status.FAIL, "a sign-in in front"),
        ("/api/403", SECRET, "secret", Status.FAIL, "a sign-in in front"),
        ("/api/404", SECRET, "url", Status.FAIL, "the URL is wrong"),
        ("/api/405", SECRET, "url", Status.FAIL, "takes no POST"),
        ("/api/307", SECRET, "redirect", Status.FAIL, "elsewhere"),
        ("/api/500", SECRET, "app", Status.FAIL, "a fault of the app's own"),
        ("/api/503", SECRET, "app", Status.FAIL, "a fault of the app's own"),
    ],
)
async def test_what_an_answer_proves(
    shop: Light, path: str, secret: str, verdict: str, level: Status, says: str
) -> None:
    with serve(App()) as served:
        last = (await proofs(shop, path, served.url, secret))[-1]

    assert (last.data["verdict"], last.level, last.data["proven"]) == (verdict, level, False)
    assert says in last.text


async def test_an_app_that_is_not_up_is_told_as_that(shop: Light) -> None:
    with serve(App()) as served:
        url = served.url
    last = (await proofs(shop, "/api/hook", url))[-1]

    assert (last.data["verdict"], last.data["answer"]) == ("down", None)
    assert "not up" in last.text


async def test_without_a_stored_secret_nothing_is_sent(shop: Light) -> None:
    with serve(App()) as served:
        (only,) = await proofs(shop, "/api/hook", served.url, secret="")
        assert served.requests == []

    assert "holds no secret yet" in only.text


async def test_without_approval_nothing_is_sent(shop: Light) -> None:
    make(shop, hooks=("/api/hook",))
    with serve(App()) as served:
        with pytest.raises(NeedsPerson):
            await anext(shop.session().prove(served.url))
        assert served.requests == []


@pytest.mark.parametrize("url", ["http://192.0.2.1:3000/", "https://shop.example/", "http://localhost.evil.test:3000/"])
async def test_no_event_leaves_this_machine(url: str) -> None:
    network = Network()
    with pytest.raises(Unreachable) as stopped:
        await network.loopback(url, method="POST", body=b"{}")
    await network.close()

    assert stopped.value.trouble is Trouble.HOST


async def test_a_redirect_is_not_followed() -> None:
    class Away(StandIn):
        def answer(self, request: Request) -> Response:
            return Response(307, {"Location": elsewhere.url})

    elsewhere: Served
    with serve(App()) as elsewhere, serve(Away()) as away:
        network = Network()
        assert (await network.loopback(f"{away.url}/x")).status == 307
        await network.close()
        assert elsewhere.requests == []


@pytest.mark.parametrize(
    ("events", "heard"),
    [((), ()), (("invoice.paid",), ("invoice.paid", TRIGGERED)), ((TRIGGERED,), (TRIGGERED,))],
)
def test_a_listener_hears_the_event_that_stripe_is_asked_for(events: tuple[str, ...], heard: tuple[str, ...]) -> None:
    listener = Listener("hook", "STRIPE_WEBHOOK_SECRET", "http://localhost:3000/hook", events)

    assert hears_trial(listener).events == heard


async def test_the_finish_line_tells_how_many_routes_are_proven(shop: Light) -> None:
    run: Run = make(shop, hooks=("/hook", "/trusting"))
    second = "# Printed by: pnpm hook1\nSTRIPE_TWO_WEBHOOK_SECRET=whsec_...\n"
    shop.template("# Printed by: pnpm hook\nSTRIPE_WEBHOOK_SECRET=whsec_...\n" + second)
    shop.typed.append(SECRET)
    async with run.up(prove=True) as events:
        finish = await run.until(events, "finish", 40)

    assert "2 listeners ready, signed events answered 1 of 2" in finish.text
    assert {event.text.split()[0]: event.data["verdict"] for event in run.seen if event.kind == "proof"} == {
        "/hook": "proven",
        "/trusting": "unchecked",
    }
