"""Redis: every way in which a log-in goes wrong, with a real server."""

import contextlib
import logging
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pytest

from onboard.machine import Machine
from onboard.model import Status, Verdict
from onboard.providers import redis as subject
from onboard.providers._url import parse
from onboard.sandbox.served import serve
from onboard.sandbox.standins.brevo import BrevoStandIn
from tests.parts.ports import free_port
from tests.providers.contract import ProviderContract
from tests.providers.outside import a_machine, held, leaks, shown
from tests.providers.servers import RedisServer, certificate, redis_server

Speaker = Callable[[bytes], int]


class TestRedis(ProviderContract):
    provider = subject.provider
    shapes: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "url": (
            "redis://localhost:6379",
            "redis://localhost",
            "redis://:secr3t@localhost:6379/0",
            "rediss://default:secr3t@eu1-calm-bee-31234.upstash.io:6379",
            "redis://user:p%40ss@[::1]:6379/3",
        )
    }
    bad: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "url": (
            "",
            "localhost:6379",
            "https://eu1-calm-bee-31234.upstash.io",
            "redis://default:secr3t@eu1-calm-bee-31234.upstash.io:6379",
            "redis://:se#cret@localhost",
            "redis://:se@cret@localhost",
            "redis://localhost:abc",
            "redis://localhost/mydb",
            "redis://",
            "redis://default:<password>@host:6379",
            "redis-cli -u redis://localhost",
        )
    }
    claims: ClassVar[Mapping[tuple[str, str], tuple[str, int] | None]] = {
        ("REDIS_URL", ""): ("url", 1),
        ("KV_URL", ""): ("url", 1),
        ("REDISCLOUD_URL", ""): ("url", 1),
        ("REDIS_TLS_URL", ""): ("url", 1),
        ("REDIS_URL", "redis://default:password@host:6379"): ("url", 3),
        ("UPSTASH_REDIS_URL", "rediss://default:pw@eu1-calm-bee-31234.upstash.io:6379"): ("url", 3),
        ("UPSTASH_REDIS_REST_URL", "rediss://default:pw@eu1-calm-bee-31234.upstash.io:6379"): None,
        ("REDIS_URL", "https://eu1-calm-bee-31234.upstash.io"): None,
        ("REDIS_REST_URL", ""): None,
    }

    @pytest.fixture
    def machine(self, tmp_path: Path) -> Machine:
        return a_machine(tmp_path, {})

    async def verdict(self, url: str, machine: Machine, *, seconds: float = 5.0) -> Verdict:
        credential = replace(self.provider.credentials[0], seconds=seconds)
        verdict = await self.provider.verify(credential, held({"url": url}, self.provider), machine)
        parts = parse(url)
        if not isinstance(parts, str) and parts.password and len(parts.password) >= 6:
            assert not leaks(shown(verdict), [parts.password])
        return verdict

    @pytest.mark.anyio
    async def test_a_good_one_says_host_user_and_version(self, redis: RedisServer, machine: Machine) -> None:
        verdict = await self.verdict(redis.url(), machine)
        assert verdict.status is Status.OK, verdict
        assert verdict.identity["user"] == "default"
        assert verdict.identity["version"].count(".") == 2
        assert verdict.identity["host"] == f"127.0.0.1:{redis.port}"

    @pytest.mark.anyio
    @pytest.mark.parametrize(("password", "user"), [("", ""), ("wr0ng-word", ""), ("wr0ng-word", "nobody")])
    async def test_a_missing_or_wrong_password_is_refused(
        self, password: str, user: str, redis: RedisServer, machine: Machine, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        verdict = await self.verdict(redis.url(user=user, password=password), machine)
        assert verdict.status is Status.FAIL, verdict
        assert ("wants a password" in verdict.summary) == (password == "")
        assert not leaks(caplog.text, [redis.password])

    @pytest.mark.anyio
    async def test_a_user_that_may_do_nothing_is_real_but_limited(self, redis: RedisServer, machine: Machine) -> None:
        assert redis.command("ACL", "SETUSER", "poor", "on", ">p00r-word", "nocommands") == b"+OK\r\n"
        verdict = await self.verdict(redis.url(user="poor", password="p00r-word"), machine)
        assert verdict.status is Status.WARN

    @pytest.mark.anyio
    async def test_a_user_that_may_only_ping_is_accepted_without_a_name(
        self, redis: RedisServer, machine: Machine
    ) -> None:
        assert redis.command("ACL", "SETUSER", "pinger", "on", ">p1ng-word", "+ping") == b"+OK\r\n"
        verdict = await self.verdict(redis.url(user="pinger", password="p1ng-word"), machine)
        assert verdict.status is Status.OK
        assert set(verdict.identity) == {"host"}

    @pytest.mark.anyio
    async def test_a_database_that_is_not_there_is_a_warning(self, redis: RedisServer, machine: Machine) -> None:
        assert (await self.verdict(redis.url(database="/3"), machine)).status is Status.OK
        assert (await self.verdict(redis.url(database="/99"), machine)).status is Status.WARN

    @pytest.mark.anyio
    async def test_a_full_server_proves_nothing(self, machine: Machine) -> None:
        with redis_server("--maxclients", "1") as full, full.connection():
            verdict = await self.verdict(full.url(), machine)
        assert verdict.status is Status.UNKNOWN
        assert "too many connections" in verdict.summary

    @pytest.mark.anyio
    async def test_a_password_that_the_server_does_not_have_is_a_warning(self, machine: Machine) -> None:
        with redis_server(password="") as open_one:
            assert (await self.verdict(open_one.url(), machine)).status is Status.OK
            verdict = await self.verdict(open_one.url(password="n0t-needed"), machine)
        assert verdict.status is Status.WARN, verdict

    @pytest.mark.anyio
    async def test_tls_on_a_plain_port_and_a_strange_certificate_prove_nothing(
        self, redis: RedisServer, machine: Machine, tmp_path: Path
    ) -> None:
        url = redis.url().replace("redis://", "rediss://")
        assert (await self.verdict(url, machine, seconds=1)).status is Status.UNKNOWN
        crt, key, port = tmp_path / "crt", tmp_path / "key", free_port()
        certificate(key, crt)
        tls = ("--tls-port", str(port), "--tls-cert-file", str(crt), "--tls-key-file", str(key))
        with redis_server(*tls, "--tls-auth-clients", "no", "--tls-ca-cert-file", str(crt)) as server:
            plain_url = server.url().replace(str(server.port), str(port))
            verdict = await self.verdict(plain_url.replace("redis://", "rediss://"), machine)
            plain = await self.verdict(plain_url, machine, seconds=1)
        assert verdict.status is Status.UNKNOWN
        assert "certificate" in verdict.summary
        assert plain.status is Status.UNKNOWN

    @pytest.mark.anyio
    async def test_nobody_there_no_answer_and_another_protocol_prove_nothing(
        self, machine: Machine, speaker: Speaker
    ) -> None:
        with serve(BrevoStandIn()) as http:
            for port in (free_port(), speaker(b""), http.port, speaker(b"HTTP/1.1 400 Bad Request\r\n\r\n")):
                verdict = await self.verdict(f"redis://:s3cret-word@127.0.0.1:{port}", machine, seconds=0.5)
                assert verdict.status is Status.UNKNOWN, verdict
        gone = await self.verdict("redis://:s3cret-word@no-such-host.invalid", machine)
        assert gone.status is Status.UNKNOWN
        assert "was not found" in gone.summary

    @pytest.mark.anyio
    @pytest.mark.parametrize(
        "answer",
        [
            b"-LOADING Redis is loading the dataset in memory\r\n",
            b"-DENIED Redis is running in protected mode because protected mode is enabled\r\n",
            b"-ERR max number of clients reached\r\n",
            b"-MOVED 1 127.0.0.1:1\r\n",
            b"+" + b"x" * 200_000,
            b"$999999999\r\n",
            b"$5\r\nhel",
            b"*3\r\n",
            b"\x16\x03\x01",
            b"\xff\xfe\r\n",
            b"+PONG\r\n",
        ],
    )
    async def test_any_other_answer_to_a_log_in_proves_nothing(
        self, answer: bytes, machine: Machine, speaker: Speaker
    ) -> None:
        verdict = await self.verdict(f"redis://:s3cret-word@127.0.0.1:{speaker(answer)}", machine, seconds=0.7)
        assert verdict.status is Status.UNKNOWN, verdict
        assert verdict.summary.isprintable()

    @pytest.fixture
    def speaker(self) -> Iterator[Speaker]:
        """Make servers that say one thing to whoever comes, and then nothing until the other side leaves."""
        servers: list[socket.socket] = []
        threads: list[threading.Thread] = []

        def serve_one(server: socket.socket, answer: bytes) -> None:
            with contextlib.suppress(OSError):
                connection, _ = server.accept()
                with connection:
                    connection.recv(1000)
                    connection.sendall(answer)
                    while connection.recv(1000):
                        pass

        def start(answer: bytes) -> int:
            server = socket.create_server(("127.0.0.1", 0))
            servers.append(server)
            threads.append(threading.Thread(target=serve_one, args=(server, answer)))
            threads[-1].start()
            return int(server.getsockname()[1])

        yield start
        for server in servers:
            with contextlib.suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)
            server.close()
        for thread in threads:
            thread.join()

    def test_a_plain_address_of_upstash_is_named_a_mistake(self) -> None:
        shape = self.provider.shape(self.provider.key("url"), "redis://default:pw@eu1-calm-bee-31234.upstash.io:6379")
        assert "rediss://" in shape.text
