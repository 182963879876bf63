"""Round trip: a properly signed test event to each webhook route, and what its answer proves.

The direct event goes to this machine alone and is of a type that apps ignore; another can be made in Stripe's sandbox.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from pathlib import Path
from secrets import token_hex
from urllib.parse import urlsplit

from onboard.checks._base import View
from onboard.listeners import Listener, Stripe, why_not
from onboard.model import Event, Secret, Status
from onboard.network import Trouble, Unreachable

SENT = "balance.available"
"""News that nothing follows from: apps take it and answer, or leave it."""
TRIGGERED = "setup_intent.created"
"""Made by one request to Stripe, and by that alone: `stripe trigger` of most others makes payments on the way."""

_SECONDS = 60.0
"""For one answer: the route may be compiled for it."""


def signature(payload: bytes, secret: Secret, now: int) -> str:
    """Return the `Stripe-Signature` header of `payload` at `now` (Unix seconds). Source: Stripe's documentation."""
    digest = hmac.new(secret.reveal().encode(), b"%d." % now + payload, hashlib.sha256).hexdigest()
    return f"t={now},v1={digest}"


def hears_trial(listener: Listener) -> Listener:
    """Return the listener so that the event made through Stripe reaches its route too."""
    events = listener.events
    return replace(listener, events=(*events, TRIGGERED)) if events and TRIGGERED not in events else listener


def routes(view: View, listeners: Sequence[Listener]) -> tuple[Listener, ...]:
    """Return the listeners whose routes check Stripe's signatures: the variable that holds the secret is Stripe's."""
    return tuple(
        one for one in listeners if (variable := view.variable(one.variable)) and variable.provider == "stripe"
    )


async def prove(view: View, listeners: Sequence[Listener], url: str) -> AsyncGenerator[Event, None]:
    """Send a signed event to each route of the app at `url` (`http://localhost:3000`) and yield what happens.

    One `proof` event a route: `proven` in its data is true where a right signature is taken and a wrong one is not.
    """
    for listener in routes(view, listeners):
        path = urlsplit(listener.forward_to).path
        secret = view.values.get(listener.variable)
        if not secret:
            text = f"{path}: {listener.variable} holds no secret yet; `onboard listen` stores it"
            yield _proof(listener, text, "secret", None, Status.WARN)
            continue
        yield Event(f"sends a signed test event ({SENT}, which apps ignore) to {url}{path}", listener.name)
        status, trouble = await _post(view, url + path, secret)
        if status is not None and 200 <= status < 300:
            yield Event(f"sends the same with a wrong signature to {url}{path}: it has to be refused", listener.name)
            wrong, _ = await _post(view, url + path, Secret("whsec_" + token_hex(32)))
            yield _accepted(listener, path, status, wrong)
        else:
            yield _refused(listener, path, status, trouble)


async def _post(view: View, url: str, secret: Secret) -> tuple[int | None, Trouble | None]:
    """Return the status of the answer, or why there is none."""
    now = int(view.machine.now().timestamp())
    event = {
        "id": f"evt_onboard_{token_hex(8)}",
        "object": "event",
        "api_version": None,
        "created": now,
        "data": {"object": {"object": "balance", "available": [], "pending": [], "livemode": False}},
        "livemode": False,
        "pending_webhooks": 0,
        "request": {"id": None, "idempotency_key": None},
        "type": SENT,
    }
    payload = json.dumps(event, indent=2).encode()
    headers = {"content-type": "application/json; charset=utf-8", "stripe-signature": signature(payload, secret, now)}
    try:
        reply = await view.machine.network.loopback(url, method="POST", headers=headers, body=payload, seconds=_SECONDS)
    except Unreachable as error:
        return None, error.trouble
    return reply.status, None


def _accepted(listener: Listener, path: str, status: int, wrong: int | None) -> Event:
    if wrong is not None and 200 <= wrong < 300:
        text = f"{path} answered {status}, and {wrong} to a wrong signature too: the route does not check signatures"
        return _proof(listener, text, "unchecked", status, Status.WARN)
    return _proof(listener, f"{path} answered {status}: its secret is {listener.variable}'s", "proven", status)


def _refused(listener: Listener, path: str, status: int | None, trouble: Trouble | None) -> Event:
    if status is None:
        if trouble is Trouble.REFUSED:
            return _proof(listener, f"{path}: the app is not up; nothing listens there", "down", None, Status.FAIL)
        return _proof(listener, f"{path}: no answer in time; nothing is proven", "silent", None, Status.UNKNOWN)
    if status in (400, 401, 403):
        text = (
            f"{path} answered {status}: the route's secret is not the one in {listener.variable}."
            " An app that was started before it was stored has to be started again"
        )
        if status != 400:
            text += "; a sign-in in front of the route would say the same"
        return _proof(listener, text, "secret", status, Status.FAIL)
    if status in (404, 405):
        text = f"{path} answered {status}: the URL is wrong; the app takes no POST there"
        return _proof(listener, text, "url", status, Status.FAIL)
    if 300 <= status < 400:
        text = f"{path} answered {status}: it sends Stripe elsewhere, as a sign-in in front of the route does"
        return _proof(listener, text, "redirect", status, Status.FAIL)
    text = f"{path} answered {status}: a fault of the app's own, past the signature or before it; its output says which"
    return _proof(listener, text, "app", status, Status.FAIL)


def _proof(listener: Listener, text: str, verdict: str, status: int | None, level: Status = Status.OK) -> Event:
    data: dict[str, str | int | bool | None] = {
        "variable": listener.variable,
        "verdict": verdict,
        "answer": status,
        "proven": verdict == "proven",
    }
    return Event(text, listener.name, level, "proof", data)


async def trigger(view: View, stripe: Stripe) -> AsyncGenerator[Event, None]:
    """Let Stripe itself send an event, and yield what happens; the last event's level is OK where Stripe did."""
    yield Event(f"asks Stripe for a test event ({TRIGGERED}): it makes a SetupIntent in your sandbox, no payment")
    argv = (stripe.binary(), "trigger", TRIGGERED, *view.machine.stripe_arguments)
    done = await view.machine.runner.run(argv, cwd=Path(view.project.root), env=stripe.env, timeout=30)
    if done.code == 0 and not done.timed_out:
        yield Event("Stripe sends it; the listeners' lines show it arrive")
        return
    reason = why_not(done.out + done.err, timed_out=done.timed_out)
    yield Event(f"Stripe sent nothing: {reason}", level=Status.WARN)
