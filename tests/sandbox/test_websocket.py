"""Our own RFC 6455, against the `websockets` library as the other side."""

import socket
import threading
from collections.abc import Iterator

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.sync.server import Server, ServerConnection
from websockets.sync.server import serve as serve_theirs

from onboard.sandbox.served import Request, Served, StandIn, serve
from onboard.sandbox.websocket import WebSocket, accept_key, client_key

TEXTS = ["", "a", "ö€🔑", "x" * 125, "x" * 126, "x" * 65535, "x" * 65536, "ü" * 200_000]


class Echo(StandIn):
    def open_socket(self, request: Request) -> str | None:
        return "echo-v1" if request.path == "/echo" else None

    def on_socket(self, request: Request, websocket: WebSocket) -> None:
        while (text := websocket.receive()) is not None:
            if text == "fault":
                raise ZeroDivisionError("the stand-in itself is wrong")
            websocket.send(text)


@pytest.fixture
def echo() -> Iterator[Served]:
    with serve(Echo()) as served:
        yield served


def client(served: Served) -> ClientConnection:
    return connect(served.url.replace("http", "ws") + "/echo", subprotocols=["echo-v1"], proxy=None)  # type: ignore[list-item]


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: f"{len(text.encode())}-bytes")
def test_a_text_comes_back_as_it_went(echo: Served, text: str) -> None:
    with client(echo) as theirs:
        theirs.send(text)
        assert theirs.recv(timeout=10) == text
        assert theirs.subprotocol == "echo-v1"


def test_a_text_in_fragments_is_one_text_and_a_ping_between_them_is_answered(echo: Served) -> None:
    with client(echo) as theirs:
        theirs.send(["one ", "two ", "three"])
        assert theirs.recv(timeout=10) == "one two three"
        assert theirs.ping().wait(10)


def test_a_goodbye_is_returned(echo: Served) -> None:
    with client(echo) as theirs:
        theirs.close(1000)
    assert theirs.close_code == 1000


def break_in_a_socket() -> None:
    with serve(Echo()) as served, client(served) as theirs:
        theirs.send("fault")
        with pytest.raises(ConnectionClosed):
            theirs.recv(timeout=10)


def test_a_fault_of_the_stand_in_in_a_socket_is_raised_where_it_is_served() -> None:
    with pytest.raises(ZeroDivisionError):
        break_in_a_socket()


def test_our_client_masks_what_it_sends_so_that_another_server_takes_it() -> None:
    def answer(theirs: ServerConnection) -> None:
        for message in theirs:
            theirs.send(message)

    with serve_theirs(answer, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            for text in TEXTS:
                assert spoken_to(server, text) == text
        finally:
            server.shutdown()
            thread.join()


def spoken_to(server: Server, text: str) -> str | None:
    port = server.socket.getsockname()[1]
    key = client_key()
    with socket.create_connection(("127.0.0.1", port)) as connection, connection.makefile("rb") as stream:
        head = ["GET / HTTP/1.1", "Host: 127.0.0.1", "Upgrade: websocket", "Connection: Upgrade"]
        head += ["Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {key}", "", ""]
        connection.sendall("\r\n".join(head).encode())
        lines = iter(stream.readline, b"\r\n")
        assert f"Sec-WebSocket-Accept: {accept_key(key)}\r\n".encode() in list(lines)
        ours = WebSocket(connection, stream, client=True)
        ours.ping()
        ours.send(text)
        told = ours.receive()
        ours.close()
        return told
