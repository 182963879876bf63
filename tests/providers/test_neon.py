"""Neon: asked as its own driver asks, its errors read by their words, branches and passwords through its API."""

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit

import pytest

from onboard.errors import OnboardError
from onboard.machine import Machine
from onboard.model import Status
from onboard.providers import neon
from onboard.providers._base import accepted
from onboard.sandbox.served import Request, Response, Served, serve
from onboard.sandbox.standins.neon import NeonStandIn
from tests.providers.answers import Answers
from tests.providers.contract import LiveContract
from tests.providers.outside import a_machine, held
from tests.providers.servers import PostgresServer

HOST = "ep-cool-darkness-12345678.us-east-1.aws.neon.tech"
POOLED = "ep-cool-darkness-12345678-pooler.us-east-1.aws.neon.tech"
URL = f"postgresql://neondb_owner:npg_aB3dE6gH9jK2@{POOLED}/neondb?sslmode=require&channel_binding=require"
DIRECT = URL.replace("-pooler", "")


class TestNeon(LiveContract[NeonStandIn]):
    provider = neon.provider
    stand_in = NeonStandIn
    carriers = ("authorization", "neon-connection-string")
    shapes: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "url": (URL, DIRECT, f"postgres://u:p@{HOST}/db", "postgres://u:p@ep-a-b-1.c-2.eu-central-1.aws.neon.tech/d"),
        "direct": (DIRECT, URL),
        "api": ("napi_" + "0a1b2c3d4e5f6g7h8i9j" * 3, "0a1b2c3d4e5f6g7h8i9jklmnopqrstuvwxyz"),
        "project": ("wispy-river-12345678",),
    }
    bad: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "url": (
            "",
            "postgresql://user:pass@ep-xxx.us-east-1.aws.neon.tech/neondb?sslmode=require",
            f"psql '{URL}'",
            URL.replace("npg_aB3", "npg_a#B3"),
            URL.replace("npg_aB3dE6gH9jK2", "********"),
            f"postgresql://neondb_owner@{HOST}/neondb",
            f"postgresql://neondb_owner:pw@{HOST}/",
            f"postgresql://neondb_owner:pw@{HOST}.evil.example/neondb",
            "postgresql://neondb_owner:pw@evil.example/.neon.tech",
            "postgresql://neondb_owner:pw@neon.tech/neondb",
            f"https://{HOST}/sql",
        ),
        "api": ("", "napi_...", URL, "your-neon-api-key", "x" * 40),
        "project": ("", "My Project"),
    }
    claims: ClassVar[Mapping[tuple[str, str], tuple[str, int] | None]] = {
        ("DATABASE_URL", URL): ("url", 3),
        ("DATABASE_URL", "postgresql://user:pass@ep-xxx.us-east-1.aws.neon.tech/neondb?sslmode=require"): ("url", 3),
        ("DATABASE_URL_UNPOOLED", DIRECT): ("direct", 3),
        ("DIRECT_URL", DIRECT): ("direct", 3),
        ("POSTGRES_PRISMA_URL", URL): ("url", 3),
        ("DATABASE_URL", ""): None,
        ("DATABASE_URL", "postgresql://u:p@localhost/db"): None,
        ("DATABASE_URL", f"postgresql://u:p@{HOST}.evil.example/db"): None,
        ("NEON_DATABASE_URL", ""): ("url", 2),
        ("NEON_API_KEY", ""): ("api", 2),
        ("DB_ADMIN", "napi_0a1b2c3d4e5f6g7h8i9jklmn"): ("api", 1),
    }

    def good(self, service: NeonStandIn) -> Mapping[str, str]:
        return {
            "url": service.url(pooled=True),
            "direct": service.url(),
            "api": service.api_key,
            "project": service.project_id,
        }

    def revoke(self, service: NeonStandIn, part: str) -> None:
        if part == "api":
            service.api_keys.clear()
        else:
            service.development.passwords[:] = ["npg_another0ne"]

    @pytest.mark.anyio
    async def test_the_branch_is_named_with_an_api_key(
        self, served: Served, values: dict[str, str], machine: Machine
    ) -> None:
        verdict = await self.verdict("", values, machine)
        assert verdict.identity["branch"] == "development"
        assert verdict.identity["branch_id"] == service(served).development.id
        assert verdict.identity["default"] == "false"
        assert verdict.identity["project"] == service(served).project_id
        assert verdict.identity["host"] == urlsplit(values["url"]).hostname

    @pytest.mark.anyio
    async def test_the_default_branch_is_told(self, served: Served, values: dict[str, str], machine: Machine) -> None:
        values["url"] = service(served).url(service(served).main)
        verdict = await self.verdict("", values, machine)
        assert verdict.status is Status.OK
        assert verdict.identity["default"] == "true"
        assert "default branch" in verdict.detail

    @pytest.mark.anyio
    async def test_without_an_api_key_it_is_said_that_production_cannot_be_told(
        self, values: dict[str, str], machine: Machine
    ) -> None:
        verdict = await self.verdict("", {"url": values["url"]}, machine)
        assert verdict.status is Status.OK
        assert "default" not in verdict.identity
        assert "NEON_API_KEY" in verdict.detail

    @pytest.mark.anyio
    async def test_a_key_that_does_not_see_the_project_is_noticed(
        self, served: Served, values: dict[str, str], machine: Machine
    ) -> None:
        with serve(NeonStandIn()) as other:
            machine.network.endpoints["neon.api"] = other.url
            verdict = await self.verdict("", {"url": values["url"], "api": other_key(other)}, machine)
        assert verdict.status is Status.OK
        pair = self.provider.compare(held(values, self.provider), {"": verdict})
        assert pair is not None
        assert pair.status is Status.WARN

    @pytest.mark.anyio
    async def test_a_real_server_behind_it_gives_the_same_verdicts(
        self, postgres: PostgresServer, tmp_path: Path
    ) -> None:
        with serve(NeonStandIn(postgres.url(user="admin", password="admin", database="postgres"))) as served:
            machine = a_machine(tmp_path, served.endpoints)
            host = service(served).development.host
            right = postgres.url(host=host, port="5432").replace(":5432/", "/")
            for url, expected in (
                (right, Status.OK),
                (right.replace("wave:", "wave:not-"), Status.FAIL),
                (right.replace("/wavepoint", "/nowhere"), Status.WARN),
                (right.replace(host, f"ep-no-such-12345678.{host.partition('.')[2]}"), Status.FAIL),
            ):
                verdict = await self.verdict("", {"url": url}, machine)
                assert verdict.status is expected, verdict
            assert await self.provider.tables(held({"url": right}, self.provider), machine) is not None
            wrong = held({"url": right.replace("wave:", "wave:not-")}, self.provider)
            assert await self.provider.tables(wrong, machine) is None
            await machine.network.close()

    @pytest.mark.anyio
    @pytest.mark.parametrize(
        ("status", "body", "expected"),
        [
            (400, {"message": "password authentication failed for user 'x'", "code": ""}, Status.FAIL),
            (400, {"message": 'database "x" does not exist', "code": "3D000"}, Status.WARN),
            (400, {"message": "This IP address 198.51.100.7 is not allowed to connect"}, Status.UNKNOWN),
            (400, {"message": "Control plane request failed: endpoint is disabled"}, Status.WARN),
            (500, {"message": "Control plane request failed: endpoint is disabled"}, Status.WARN),
            (400, {"message": "invalid header: neon-connection-string"}, Status.UNKNOWN),
            (400, {"message": "permission denied", "code": "42501"}, Status.UNKNOWN),
            (402, {"message": "Your project has exceeded the data transfer quota. Upgrade your plan."}, Status.WARN),
            (500, {"message": "Your account has exceeded the compute time quota."}, Status.WARN),
            (500, {"message": "Too many connections to this endpoint"}, Status.UNKNOWN),
            (500, {"msg": "Control plane request failed"}, Status.UNKNOWN),
            (507, {"message": "response is too large"}, Status.UNKNOWN),
            (401, {"message": "password authentication failed"}, Status.UNKNOWN),
            (200, {"results": []}, Status.UNKNOWN),
            (200, {"results": [{"rows": [["a", "b"]]}]}, Status.UNKNOWN),
            (200, {"rows": [[None, None, None, None, None, None]]}, Status.UNKNOWN),
        ],
    )
    async def test_an_error_is_read_by_its_words(
        self, status: int, body: object, expected: Status, served: Served, values: dict[str, str], machine: Machine
    ) -> None:
        served.stand_in = Answers(Response.json(body, status))
        assert (await self.verdict("", {"url": values["url"]}, machine)).status is expected

    @pytest.mark.anyio
    async def test_a_string_for_another_host_is_not_sent(
        self, served: Served, values: dict[str, str], machine: Machine
    ) -> None:
        for url in self.bad["url"]:
            assert (await self.verdict("", {"url": url}, machine)).status is Status.SKIPPED, url
        assert served.requests == []

    def test_the_request_goes_to_the_api_host_of_the_region(self) -> None:
        url = self.provider.shape(self.provider.key("url"), URL)
        assert url.text == "a pooled connection string of Neon"
        assert "pooled" in self.provider.shape(self.provider.key("direct"), URL).text

    def test_pooled_and_direct_strings_are_one_database(self) -> None:
        for direct, expected in (
            (DIRECT, Status.OK),
            (DIRECT.replace("darkness", "light"), Status.WARN),
            (DIRECT.replace("/neondb", "/other"), Status.WARN),
            (DIRECT.replace("npg_", "npx_"), Status.WARN),
        ):
            verdict = self.provider.compare(held({"url": URL, "direct": direct}, self.provider), {})
            assert verdict is not None
            assert verdict.status is expected
        seen = {"": accepted("", {"branch": "development", "default": "false"})}
        pair = self.provider.compare(held({"url": URL}, self.provider), seen)
        assert pair is not None
        assert pair.status is Status.OK

    @pytest.mark.anyio
    async def test_a_new_password_waits_for_the_old_one_to_end(
        self, served: Served, values: dict[str, str], machine: Machine
    ) -> None:
        old = held(values, self.provider)
        fresh = await self.provider.renew("url", old, machine)
        assert fresh.old_dead
        assert {id: text.reveal() for id, text in fresh.values.items()} == {
            "url": service(served).url(pooled=True),
            "direct": service(served).url(),
        }
        new = {**values, **{id: text.reveal() for id, text in fresh.values.items()}}
        assert (await self.provider.retire("url", fresh, old, held(new, self.provider), machine)).status is Status.OK
        assert (await self.verdict("", new, machine)).status is Status.OK

    @pytest.mark.anyio
    async def test_a_lost_answer_to_a_reset_locks_nobody_out(
        self, served: Served, values: dict[str, str], machine: Machine
    ) -> None:
        served.stand_in = LosesTheReset(service(served))
        fresh = await self.provider.renew("url", held(values, self.provider), machine)
        assert (await self.verdict("", {"url": fresh.values["url"].reveal()}, machine)).status is Status.OK

    @pytest.mark.anyio
    async def test_a_second_api_key_replaces_the_only_one(
        self, served: Served, values: dict[str, str], machine: Machine
    ) -> None:
        old = held(values, self.provider)
        fresh = await self.provider.renew("api", old, machine)
        new = held({"api": fresh.values["api"].reveal()}, self.provider)
        assert not fresh.old_dead
        assert (await self.provider.retire("api", fresh, old, new, machine)).status is Status.OK
        assert list(service(served).api_keys) == [fresh.values["api"].reveal()]

    @pytest.mark.anyio
    async def test_which_of_several_api_keys_is_the_old_one_is_not_guessed(
        self, served: Served, values: dict[str, str], machine: Machine
    ) -> None:
        service(served).new_api_key("another")
        old = held(values, self.provider)
        fresh = await self.provider.renew("api", old, machine)
        new = held({"api": fresh.values["api"].reveal()}, self.provider)
        assert (await self.provider.retire("api", fresh, old, new, machine)).status is Status.WARN
        assert values["api"] in service(served).api_keys

    @pytest.mark.anyio
    async def test_a_branch_of_ones_own_starts_from_development_and_ends_by_itself(
        self, served: Served, values: dict[str, str], tmp_path: Path
    ) -> None:
        machine = a_machine(tmp_path, served.endpoints, {"USER": "ada"})
        for _ in range(2):  # the second time it is found, not made
            made = await self.provider.provision("branch", held({"api": values["api"]}, self.provider), machine)
        branch = service(served).branches[-1]
        assert [one.name for one in service(served).branches] == ["main", "development", "dev/ada"]
        assert branch.parent == service(served).development.id
        assert branch.expires_at
        assert made["url"].reveal() == service(served).url(branch, pooled=True)
        assert made["direct"].reveal() == service(served).url(branch)
        assert (await self.verdict("", {"url": made["url"].reveal()}, machine)).status is Status.OK

    @pytest.mark.anyio
    async def test_a_key_that_is_refused_makes_nothing(self, machine: Machine) -> None:
        with pytest.raises(OnboardError) as raised:
            await self.provider.provision("branch", held({"api": "napi_wr0ng-but-long-enough"}, self.provider), machine)
        assert "napi_" not in raised.value.message + raised.value.hint


def service(served: Served) -> NeonStandIn:
    assert isinstance(served.stand_in, NeonStandIn)
    return served.stand_in


def other_key(served: Served) -> str:
    return service(served).api_key


class LosesTheReset(NeonStandIn):
    """Resets a password, and its answer never arrives as it should."""

    def __init__(self, real: NeonStandIn) -> None:
        self.real = real

    def answer(self, request: Request) -> Response:
        right = self.real.answer(request)
        return Response.text("Bad gateway", 502) if request.path.endswith("/reset_password") else right
