"""The server under every stand-in: it records what was asked, and misbehaves as told."""

import json
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from onboard.machine import Machine
from onboard.model import Secret
from onboard.network import Network, Reply, Unreachable
from onboard.network import Request as Question
from onboard.sandbox.served import Fault, Request, Response, Served, StandIn, serve


class Echo(StandIn):
    endpoints = ("stripe",)

    def answer(self, request: Request) -> Response:
        if request.path == "/fault":
            raise ZeroDivisionError("the stand-in itself is wrong")
        return Response.json({"path": request.path, "query": dict(request.query), "body": request.body.decode()})


@pytest.fixture
def echo() -> Iterator[Served]:
    with serve(Echo()) as served:
        yield served


async def ask(served: Served, seconds: float = 5) -> Reply:
    network = Network(served.endpoints)
    try:
        return await network.ask(
            Question(
                "stripe",
                "https://api.stripe.com",
                "/v1/thing?a=1&b=",
                ("api.stripe.com",),
                "POST",
                {"authorization": Secret("Bearer sk_test_x")},
                b"x=1",
                seconds=seconds,
            )
        )
    finally:
        await network.close()


@pytest.mark.anyio
async def test_all_that_was_asked_is_written_down(echo: Served) -> None:
    reply = await ask(echo)
    assert reply.json() == {"path": "/v1/thing", "query": {"a": "1", "b": ""}, "body": "x=1"}
    (request,) = echo.requests
    assert (request.method, request.bearer, request.form) == ("POST", "sk_test_x", {"x": "1"})


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("fault", "status"), [(Fault.RATE_LIMITED, 429), (Fault.FAILING, 500), (Fault.HTML, 200), (Fault.HTML_401, 401)]
)
async def test_an_answering_fault_has_its_status(echo: Served, fault: Fault, status: int) -> None:
    echo.fault = fault
    reply = await ask(echo)
    assert reply.status == status
    assert reply.object().get("path") is None
    assert len(echo.requests) == 1


@pytest.mark.anyio
@pytest.mark.parametrize("fault", [Fault.MUTE, Fault.DRIP, Fault.SLOW])
async def test_a_server_that_does_not_finish_ends_the_question_at_its_deadline(echo: Served, fault: Fault) -> None:
    echo.fault = fault
    begun = time.monotonic()
    with pytest.raises(Unreachable):
        await ask(echo, seconds=0.5)
    assert time.monotonic() - begun < 2


@pytest.mark.anyio
@pytest.mark.parametrize("fault", [Fault.RESET, Fault.CUT])
async def test_an_answer_that_breaks_off_is_no_answer(echo: Served, fault: Fault) -> None:
    echo.fault = fault
    with pytest.raises(Unreachable):
        await ask(echo)


@pytest.mark.anyio
@pytest.mark.parametrize("fault", [Fault.HUGE, Fault.BOMB])
async def test_a_flood_is_cut_at_the_limit(echo: Served, fault: Fault) -> None:
    echo.fault = fault
    reply = await ask(echo)
    assert reply.cut
    assert len(reply.body) <= 256 * 1024


@pytest.mark.anyio
@pytest.mark.parametrize("fault", [Fault.WRONG_JSON, Fault.BROKEN_JSON, Fault.EMPTY])
async def test_a_malformed_answer_is_200_and_holds_no_object(echo: Served, fault: Fault) -> None:
    echo.fault = fault
    reply = await ask(echo)
    assert (reply.status, reply.object()) == (200, {})


@pytest.mark.anyio
async def test_a_redirect_points_elsewhere_and_nothing_follows_it(echo: Served) -> None:
    with serve(Echo()) as other:
        echo.fault, echo.elsewhere = Fault.REDIRECT, other.url + "/steal"
        reply = await ask(echo)
        assert (reply.status, reply.headers["location"]) == (307, other.url + "/steal")
        assert other.requests == []


def test_a_fault_of_the_stand_in_itself_is_raised_where_it_is_served() -> None:
    with pytest.raises(ZeroDivisionError), serve(Echo()) as served, pytest.raises(urllib.error.HTTPError) as told:
        urllib.request.urlopen(served.url + "/fault")
    told.value.close()


def test_closing_ends_connections_that_still_wait() -> None:
    with serve(Echo()) as served:
        served.fault = Fault.MUTE
        waiting = socket.create_connection(("127.0.0.1", served.port))
        waiting.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert served.wait_for_requests(1)
        begun = time.monotonic()
    assert waiting.recv(1) == b""
    assert time.monotonic() - begun < 2
    waiting.close()


def test_its_addresses_are_what_onboard_accepts_as_stand_ins(echo: Served, tmp_path: Path) -> None:
    path = tmp_path / "endpoints.json"
    path.write_text(json.dumps(echo.endpoints))
    machine = Machine(env={"ONBOARD_ENDPOINTS": str(path)}, home=path, state=path, config=path)
    assert machine.endpoints == {"stripe": echo.url}
