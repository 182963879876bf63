"""PostgreSQL: every way in which a log-in goes wrong, with a real server."""

import asyncio
import contextlib
import json
import logging
import os
import socket
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import asyncpg
import pytest

from onboard.errors import OnboardError
from onboard.machine import Machine
from onboard.model import Status, Verdict
from onboard.providers import postgres as subject
from onboard.providers._url import parse
from onboard.sandbox.served import serve
from onboard.sandbox.standins.brevo import BrevoStandIn
from tests.parts.ports import free_port
from tests.providers.contract import ProviderContract
from tests.providers.outside import a_machine, held, leaks, shown
from tests.providers.servers import PostgresServer

REF = "abcdefghijklmnopqrst"


def open_sockets() -> set[str]:
    """Return the connections of this process, as Linux calls them."""
    found = set()
    for link in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):  # the handle of this very look is gone by now
            found.add(os.readlink(link))
    return {name for name in found if name.startswith("socket:")}


class TestPostgres(ProviderContract):
    provider = subject.provider
    shapes: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "url": (
            "postgresql://u:p@localhost:5432/db",
            "postgres://u:p%23%40@db.example.com/db?sslmode=verify-full&channel_binding=require",
            "postgres://localhost/db",
            "postgresql:///db?host=/run/postgresql",
            f"postgresql://postgres.{REF}:pw@aws-0-eu-central-1.pooler.supabase.com:6543/postgres?pgbouncer=true",
        ),
        "direct": ("postgresql://u:p@localhost:5432/db",),
    }
    bad: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "url": (
            "",
            "mysql://u:p@localhost/db",
            "postgres://u:p#x@localhost/db",
            "postgres://u:p@x@localhost/db",
            "postgres://u:p/x@localhost/db",
            "postgres://u:p?x@localhost/db",
            "postgres://u:p%x@localhost/db",
            "postgres://u:p@localhost:54a/db",
            "postgres://u:p@localhost:99999/db",
            "postgres://u:p@localhost",
            "postgres://u:p@/db",
            "postgres://u:p@localhost/db?sslmode=on",
            "postgres://u:[YOUR-PASSWORD]@db.example.com/db",
            "postgres://[user]:[password]@[neon_hostname]/[dbname]",
            "postgres://<USER-HERE>:p@localhost/db",
            "psql 'postgres://u:p@localhost/db'",
            "postgres://postgres:pw@aws-0-eu-central-1.pooler.supabase.com:6543/postgres",
        )
    }
    claims: ClassVar[Mapping[tuple[str, str], tuple[str, int] | None]] = {
        ("DATABASE_URL", ""): ("url", 1),
        ("POSTGRES_PRISMA_URL", ""): ("url", 1),
        ("NEXT_PRIVATE_DATABASE_URL", ""): ("url", 1),
        ("DIRECT_URL", ""): ("direct", 1),
        ("DATABASE_URL_UNPOOLED", "postgres://u:p@h/d"): ("direct", 3),
        ("DATABASE_URL", "postgres://u:p@localhost/d"): ("url", 3),
        ("WHATEVER", "postgresql://u:p@h/d"): ("url", 3),
        ("SUPABASE_STAGING_DB_URL", "postgresql://u:p@h/d"): ("url", 3),
        ("DATABASE_URL", "postgresql://u:p@ep-a-b-1.eu.aws.neon.tech/d"): None,
        ("DATABASE_URL", "mysql://u:p@h/d"): None,
        ("DATABASE_URL", "https://x.turso.io"): None,
        ("DATABASE_URL", "file:./dev.db"): None,
        ("APP_URL", "http://localhost:3000"): None,
    }

    @pytest.fixture
    def machine(self, tmp_path: Path) -> Machine:
        return a_machine(tmp_path, {})

    async def verdict(self, url: str, machine: Machine, *, seconds: float = 5.0) -> Verdict:
        credential = replace(self.provider.credentials[0], seconds=seconds)
        before = open_sockets()
        verdict = await self.provider.verify(credential, held({"url": url}, self.provider), machine)
        async with asyncio.timeout(10):
            # A refused log-in over TLS is open until the server has left too: asyncpg waits for its last word.
            while open_sockets() - before:  # noqa: ASYNC110 -- nothing tells that a socket has gone
                await asyncio.sleep(0.002)
        parts = parse(url)
        password = parts.password if not isinstance(parts, str) else None
        if password and len(password) >= 6:
            assert not leaks(shown(verdict), [password])
        return verdict

    @pytest.mark.anyio
    async def test_a_good_one_says_who_where_and_which_version(
        self, postgres: PostgresServer, machine: Machine
    ) -> None:
        verdict = await self.verdict(postgres.url(), machine)
        assert verdict.status is Status.OK, verdict
        assert verdict.identity["user"] == "wave"
        assert verdict.identity["database"] == "wavepoint"
        assert verdict.identity["version"].startswith("PostgreSQL 1")

    @pytest.mark.anyio
    @pytest.mark.parametrize(
        "query",
        [
            "?channel_binding=require",
            "?sslmode=require&channel_binding=require",
            "?pgbouncer=true&connection_limit=1",
            "?connect_timeout=10",
            "?options=-c%20search_path%3Dpublic",
            "?sslmode=disable",
            "?sslmode=prefer",
            "?sslmode=allow",
            "?ssl=true",
            "?schema=public",
        ],
    )
    async def test_parameters_of_other_clients_do_not_stop_a_log_in(
        self, query: str, postgres: PostgresServer, machine: Machine
    ) -> None:
        assert (await self.verdict(postgres.url(query=query), machine)).status is Status.OK

    @pytest.mark.anyio
    async def test_verify_full_takes_only_a_certificate_of_its_ca_and_name(
        self, postgres: PostgresServer, machine: Machine
    ) -> None:
        right = f"?sslmode=verify-full&sslrootcert={postgres.ca}"
        assert (await self.verdict(postgres.url(host="localhost", query=right), machine)).status is Status.OK
        unknown_ca = await self.verdict(postgres.url(query="?sslmode=verify-full"), machine)
        assert unknown_ca.status is Status.UNKNOWN
        assert "certificate" in unknown_ca.summary
        missing = await self.verdict(postgres.url(query="?sslmode=verify-ca&sslrootcert=/no/such.crt"), machine)
        assert missing.status is Status.UNKNOWN
        assert "CA file" in missing.summary

    @pytest.mark.anyio
    async def test_a_wrong_password_and_an_unknown_user_are_refused(
        self, postgres: PostgresServer, machine: Machine, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        for change in ({"password": "wr0ng-pass-word"}, {"user": "nobody-here"}):
            verdict = await self.verdict(postgres.url(**change), machine)
            assert verdict.status is Status.FAIL, verdict
            assert "%23" in verdict.detail
        assert not leaks(caplog.text, ["wr0ng-pass-word", postgres.password])

    @pytest.mark.anyio
    async def test_a_missing_database_is_a_warning_since_the_log_in_is_right(
        self, postgres: PostgresServer, machine: Machine
    ) -> None:
        verdict = await self.verdict(postgres.url(database="not_there"), machine)
        assert verdict.status is Status.WARN
        assert "createdb not_there" in verdict.detail

    @pytest.mark.anyio
    async def test_a_full_server_proves_nothing(self, postgres: PostgresServer, machine: Machine) -> None:
        postgres.sql("create role crowded login password 'cr0wd3d' connection limit 0")
        verdict = await self.verdict(postgres.url(user="crowded", password="cr0wd3d"), machine)
        assert verdict.status is Status.UNKNOWN
        assert "too many connections" in verdict.summary

    @pytest.mark.anyio
    async def test_a_role_that_may_not_log_in_proves_nothing_of_the_password(
        self, postgres: PostgresServer, machine: Machine
    ) -> None:
        postgres.sql("create role mute nologin password 'm0te-p4ss'")
        verdict = await self.verdict(postgres.url(user="mute", password="m0te-p4ss"), machine)
        assert verdict.status is Status.UNKNOWN

    @pytest.mark.anyio
    async def test_a_read_only_log_in_is_a_warning(self, postgres: PostgresServer, machine: Machine) -> None:
        postgres.sql("create role reader login password 're4d-only'")
        postgres.sql("alter role reader set default_transaction_read_only = on")
        verdict = await self.verdict(postgres.url(user="reader", password="re4d-only"), machine)
        assert verdict.status is Status.WARN
        assert "read-only" in verdict.summary

    @pytest.mark.anyio
    async def test_a_server_that_shuts_down_proves_nothing(self, postgres: PostgresServer, machine: Machine) -> None:
        open_one = await asyncpg.connect(postgres.url(), ssl=False)
        try:
            postgres.stop("smart")
            verdict = await self.verdict(postgres.url(), machine)
        finally:
            open_one.terminate()
            with contextlib.suppress(RuntimeError):
                postgres.stop("fast")
            postgres.start()
        assert verdict.status is Status.UNKNOWN
        assert "shutting down" in verdict.summary

    @pytest.mark.anyio
    async def test_a_server_without_tls_is_told_where_the_url_asks_for_it(
        self, postgres: PostgresServer, machine: Machine
    ) -> None:
        with postgres.setting(ssl="off"):
            for mode in ("require", "verify-full"):
                verdict = await self.verdict(postgres.url(query=f"?sslmode={mode}"), machine)
                assert verdict.status is Status.UNKNOWN
                assert "no TLS" in verdict.summary
            assert (await self.verdict(postgres.url(), machine)).status is Status.OK

    @pytest.mark.anyio
    async def test_an_old_tls_is_told(self, postgres: PostgresServer, machine: Machine) -> None:
        with postgres.setting(ssl_min_protocol_version="TLSv1", ssl_max_protocol_version="TLSv1.1"):
            verdict = await self.verdict(postgres.url(query="?sslmode=require"), machine)
        assert verdict.status is Status.UNKNOWN
        assert "TLS" in verdict.summary

    @pytest.mark.anyio
    async def test_a_unix_socket_is_asked(self, postgres: PostgresServer, machine: Machine) -> None:
        url = f"postgresql://wave:w%40ve%23pass%2F1%3F@/wavepoint?host={postgres.folder}&port={postgres.port}"
        assert (await self.verdict(url, machine)).status is Status.OK

    @pytest.mark.anyio
    async def test_nobody_there_no_answer_and_another_protocol_prove_nothing(
        self, machine: Machine, silent: int
    ) -> None:
        with serve(BrevoStandIn()) as http:
            for port in (free_port(), silent, http.port):
                for query in ("", "?sslmode=require", "?sslmode=disable"):
                    url = f"postgresql://wave:s3cret-word@127.0.0.1:{port}/db{query}"
                    assert (await self.verdict(url, machine, seconds=0.4)).status is Status.UNKNOWN
        gone = await self.verdict("postgresql://wave:s3cret-word@no-such-host.invalid/db", machine)
        assert gone.status is Status.UNKNOWN
        assert "name was not found" in gone.summary

    @pytest.fixture
    def silent(self) -> Iterator[int]:
        """A port that accepts and never says a word."""
        with socket.create_server(("127.0.0.1", 0)) as server:
            yield server.getsockname()[1]

    @pytest.mark.anyio
    async def test_a_raw_character_in_the_password_is_explained_and_nothing_is_sent(self, machine: Machine) -> None:
        for char, code in (("#", "%23"), ("@", "%40"), ("/", "%2F"), ("?", "%3F")):
            verdict = await self.verdict(f"postgres://u:secr{char}et@127.0.0.1:1/db", machine)
            assert verdict.status is Status.SKIPPED
            assert code in verdict.summary

    @pytest.mark.anyio
    async def test_a_new_local_password_works_the_old_one_is_dead_and_no_log_holds_it(
        self, postgres: PostgresServer, machine: Machine
    ) -> None:
        postgres.sql("create role turner login password 'turn-me-0ver'")
        url = postgres.url(user="turner", password="turn-me-0ver", query="?channel_binding=require")
        old = held({"url": url, "direct": url}, self.provider)
        fresh = await self.provider.renew("url", old, machine)
        assert set(fresh.values) == {"url", "direct"}
        new_url = fresh.values["url"].reveal()
        assert new_url.endswith("/wavepoint?channel_binding=require")
        assert (await self.verdict(new_url, machine)).status is Status.OK
        new = held({"url": new_url}, self.provider)
        assert (await self.provider.retire("url", fresh, old, new, machine)).status is Status.OK
        parts = parse(new_url)
        assert not isinstance(parts, str)
        assert parts.password
        assert not leaks((postgres.folder / "log").read_text(), [parts.password])

    @pytest.mark.anyio
    async def test_a_password_elsewhere_is_not_changed_from_here(self, machine: Machine) -> None:
        values = held({"url": "postgres://u:p@db.example.com/db"}, self.provider)
        with pytest.raises(OnboardError):
            await self.provider.renew("url", values, machine)

    @pytest.mark.anyio
    async def test_the_tables_of_a_database_are_listed_and_a_wrong_log_in_lists_none(
        self, postgres: PostgresServer, machine: Machine
    ) -> None:
        connection = await asyncpg.connect(postgres.url(), ssl=False)
        await connection.execute("create schema if not exists shop; create table if not exists shop.orders (id int)")
        await connection.close()
        found = await self.provider.tables(held({"url": postgres.url()}, self.provider), machine)
        assert found is not None
        assert any("orders" in name for name in found)
        wrong = held({"url": postgres.url(password="wr0ng-pass-word")}, self.provider)
        assert await self.provider.tables(wrong, machine) is None

    def test_two_strings_for_one_database_are_compared(self) -> None:
        pooled = f"postgres://postgres.{REF}:pw@aws-0-eu.pooler.supabase.com:6543/postgres"
        direct = f"postgres://postgres:pw@db.{REF}.supabase.co:5432/postgres"
        same = self.provider.compare(held({"url": pooled, "direct": direct}, self.provider), {})
        assert same is not None
        assert same.status is Status.OK
        other = self.provider.compare(held({"url": pooled, "direct": direct.replace("abc", "xyz")}, self.provider), {})
        assert other is not None
        assert other.status is Status.WARN
        assert "pw@" not in json.dumps(other.summary)
