"""Supabase: old and new keys, the local stack, what each 401 means, keys through the access token."""

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import pytest

from onboard.errors import OnboardError
from onboard.machine import Machine
from onboard.model import Secret, Status
from onboard.providers import supabase
from onboard.providers._base import Held, Values, accepted
from onboard.sandbox.served import Served
from onboard.sandbox.standins.supabase import SupabaseStandIn, jwt
from tests.providers.contract import LiveContract
from tests.providers.outside import a_machine, held

REF, OTHER = "abcdefghijklmnopqrst", "zyxwvutsrqponmlkjihg"
URL = f"https://{REF}.supabase.co"
LOCAL_SECRET = "sb_secret_N7UND0UgjKTVK-Uodkm0Hg_xSvEMPvz"
LOCAL_PUBLIC = "sb_publishable_ACJWlzQHlZjBrEguHvfOxg_3BJgxAaH"


def old_key(role: str, ref: str = REF, exp: int = 2_000_000_000) -> str:
    return jwt({"iss": "supabase", "ref": ref, "role": role, "exp": exp})


DEMO = jwt({"iss": "supabase-demo", "role": "anon", "exp": 1983812996})


class TestSupabase(LiveContract[SupabaseStandIn]):
    provider = supabase.provider
    stand_in = SupabaseStandIn
    carriers = ("authorization", "apikey")
    shapes: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "url": (URL, f"{URL}/", "http://127.0.0.1:54321", "http://localhost:54321", "https://db.wavepoint.example"),
        "public": ("sb_publishable_aB3dE6gH9jK2mN5pQ8sT1v_W4yZ7cF0", LOCAL_PUBLIC, old_key("anon"), DEMO),
        "secret": ("sb_secret_aB3dE6gH9jK2mN5pQ8sT1v_W4yZ7cF0", LOCAL_SECRET, old_key("service_role")),
        "token": ("sbp_" + "0123456789" * 4, "sbp_oauth_" + "0123456789" * 4),
        "project": (REF,),
        "jwt": ("super-secret-jwt-token-with-at-least-32-characters-long",),
        "password": ("aB3dE6gH9jK2",),
    }
    bad: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "url": (
            "",
            "https://your-project.supabase.co",
            "https://xxxxxxxxxxxxxxxxxxxx.supabase.co",
            f"https://supabase.com/dashboard/project/{REF}",
            f"postgresql://postgres:pw@db.{REF}.supabase.co:5432/postgres",
            f"http://{REF}.supabase.co",
            f"{URL}/rest/v1",
            f"https://user@{REF}.supabase.co",
        ),
        "public": (
            "",
            "your-anon-key",
            "eyJ.eyJ.x",
            old_key("service_role"),
            "sb_secret_aB3dE6gH9jK2mN5pQ8sT1v_W4yZ7cF0",
            "sbp_" + "0123456789" * 4,
        ),
        "secret": ("", old_key("anon"), "sb_publishable_aB3dE6gH9jK2mN5pQ8sT1v_W4yZ7cF0", "sb_secret_..."),
        "token": ("", "sbp_...", old_key("anon")),
        "project": ("my-project", ""),
        "password": ("[YOUR-PASSWORD]",),
    }
    claims: ClassVar[Mapping[tuple[str, str], tuple[str, int] | None]] = {
        ("NEXT_PUBLIC_SUPABASE_URL", ""): ("url", 2),
        ("NEXT_PUBLIC_SUPABASE_ANON_KEY", ""): ("public", 2),
        ("NEXT_PUBLIC_SUPABASE_PUBLISHABLE_KEY", ""): ("public", 2),
        ("NEXT_PUBLIC_SUPABASE_PUBLISHABLE_DEFAULT_KEY", ""): ("public", 2),
        ("SUPABASE_SERVICE_ROLE_KEY", ""): ("secret", 2),
        ("SUPABASE_SECRET_KEY", ""): ("secret", 2),
        ("SUPABASE_ACCESS_TOKEN", ""): ("token", 2),
        ("SUPABASE_JWT_SECRET", ""): ("jwt", 2),
        ("BACKEND", URL): ("url", 3),
        ("SOME_KEY", LOCAL_SECRET): ("secret", 1),
        ("SUPABASE_DB_URL", f"postgresql://postgres:pw@db.{REF}.supabase.co:5432/postgres"): None,
        ("SUPABASE_DB_URL", ""): None,
        ("DATABASE_URL", f"postgresql://postgres:pw@db.{REF}.supabase.co:5432/postgres"): None,
    }

    def good(self, service: SupabaseStandIn) -> Mapping[str, str]:
        return {
            "url": service.url,
            "public": service.publishable_key,
            "secret": service.secret_key,
            "token": service.access_token,
        }

    def revoke(self, service: SupabaseStandIn, part: str) -> None:
        if part == "api":
            service.access_token = service.new_access_token()
        service.keys.clear()

    @pytest.mark.anyio
    async def test_old_keys_travel_as_bearer_too_and_new_ones_never(
        self, served: Served, values: dict[str, str], machine: Machine
    ) -> None:
        assert (await self.verdict("secret", values, machine)).status is Status.OK
        assert "authorization" not in served.requests[-1].headers
        old = {**values, "public": service(served).anon_key, "secret": service(served).service_key}
        for part in ("", "secret"):
            verdict = await self.verdict(part, old, machine)
            assert verdict.status is Status.OK
            assert served.requests[-1].bearer == served.requests[-1].headers["apikey"]
            assert verdict.identity["project"] == service(served).ref
            assert verdict.identity["role"] in ("anon", "service_role")

    @pytest.mark.anyio
    async def test_disabled_old_keys_are_refused_with_what_to_put_in_their_place(
        self, served: Served, values: dict[str, str], machine: Machine
    ) -> None:
        service(served).legacy = False
        verdict = await self.verdict("", {**values, "public": service(served).anon_key}, machine)
        assert verdict.status is Status.FAIL
        assert "sb_publishable_" in verdict.detail

    @pytest.mark.anyio
    async def test_a_paused_project_and_an_empty_401_prove_nothing(
        self, served: Served, values: dict[str, str], machine: Machine
    ) -> None:
        service(served).paused = True
        verdict = await self.verdict("", values, machine)
        assert verdict.status is Status.UNKNOWN
        assert "paused" in verdict.summary
        service(served).paused, service(served).mute_401 = False, True
        assert (await self.verdict("secret", values, machine)).status is Status.UNKNOWN

    @pytest.mark.anyio
    async def test_a_key_that_has_run_out_is_refused_without_asking(
        self, served: Served, values: dict[str, str], machine: Machine
    ) -> None:
        verdict = await self.verdict("", {**values, "public": old_key("anon", exp=1)}, machine)
        assert verdict.status is Status.FAIL
        assert served.requests == []

    @pytest.mark.anyio
    async def test_keys_go_to_no_other_host(self, served: Served, values: dict[str, str], machine: Machine) -> None:
        for url in (
            *self.bad["url"],
            "https://db.wavepoint.example",
            f"https://{REF}.supabase.co.evil.example",
            f"https://{REF}.supabase.co@evil.example",
            "https://evil.example/.supabase.co",
        ):
            verdict = await self.verdict("secret", {**values, "url": url}, machine)
            assert verdict.status in (Status.UNKNOWN, Status.SKIPPED), url
        assert served.requests == []

    @pytest.mark.anyio
    async def test_the_local_stack_is_asked_where_it_is(self, served: Served, tmp_path: Path) -> None:
        service(served).keys.append({"api_key": LOCAL_PUBLIC, "type": "publishable", "id": "x"})
        machine = a_machine(tmp_path, {})
        verdict = await self.verdict("", {"url": served.url, "public": LOCAL_PUBLIC}, machine)
        assert verdict.status is Status.OK

    @pytest.mark.parametrize(
        ("values", "expected"),
        [
            ({"url": URL, "public": old_key("anon")}, Status.OK),
            ({"url": URL, "public": old_key("anon", OTHER)}, Status.FAIL),
            ({"url": URL, "secret": old_key("service_role", OTHER), "public": old_key("anon")}, Status.FAIL),
            ({"url": URL, "public": LOCAL_PUBLIC}, Status.FAIL),
            ({"url": URL, "public": DEMO}, Status.FAIL),
            ({"url": "http://127.0.0.1:54321", "public": old_key("anon")}, Status.FAIL),
            ({"url": "http://127.0.0.1:54321", "public": LOCAL_PUBLIC, "secret": LOCAL_SECRET}, None),
            ({"url": URL, "public": "sb_publishable_aB3dE6gH9jK2mN5pQ8sT1v_W4yZ7cF0"}, None),
            ({"public": old_key("anon")}, None),
        ],
    )
    def test_keys_are_held_against_the_project_of_the_url(
        self, values: dict[str, str], expected: Status | None
    ) -> None:
        verdict = self.provider.compare(held(values, self.provider), {})
        assert (verdict.status if verdict else None) is expected

    def test_a_connection_string_of_another_project_is_a_warning(self) -> None:
        assert self.provider.borrows == {"database": "postgres.url"}
        for database in (
            f"postgresql://postgres:pw@db.{OTHER}.supabase.co:5432/postgres",
            f"postgresql://postgres.{OTHER}:pw@aws-0-eu.pooler.supabase.com:6543/postgres",
        ):
            texts = {"url": URL, "database": database}
            values = Values((id, Held(id.upper(), Secret(text))) for id, text in texts.items())
            verdict = self.provider.compare(values, {"": accepted("")})
            assert verdict is not None
            assert verdict.status is Status.WARN

    @pytest.mark.anyio
    async def test_a_project_of_another_account_is_noticed(self, values: dict[str, str], machine: Machine) -> None:
        verdict = await self.verdict("api", {**values, "url": URL}, machine)
        pair = self.provider.compare(held({**values, "url": URL}, self.provider), {"api": verdict})
        assert pair is not None
        assert pair.status is Status.WARN

    @pytest.mark.anyio
    async def test_the_access_token_gives_url_and_keys(self, values: dict[str, str], machine: Machine) -> None:
        made = await self.provider.provision("keys", held({"token": values["token"]}, self.provider), machine)
        assert {id: text.reveal() for id, text in made.items()} == {k: values[k] for k in ("url", "public", "secret")}

    @pytest.mark.anyio
    async def test_a_second_secret_key_replaces_the_first_without_a_gap(
        self, served: Served, values: dict[str, str], machine: Machine
    ) -> None:
        old = held(values, self.provider)
        fresh = await self.provider.renew("secret", old, machine)
        new = {**values, "secret": fresh.values["secret"].reveal()}
        assert not fresh.old_dead
        for both in (values, new):
            assert (await self.verdict("secret", both, machine)).status is Status.OK
        dead = await self.provider.retire("secret", fresh, old, held(new, self.provider), machine)
        assert dead.status is Status.OK
        assert (await self.verdict("secret", new, machine)).status is Status.OK

    @pytest.mark.anyio
    async def test_an_old_jwt_key_is_replaced_but_not_ended_from_here(
        self, served: Served, values: dict[str, str], machine: Machine
    ) -> None:
        old = held({**values, "secret": service(served).service_key}, self.provider)
        fresh = await self.provider.renew("secret", old, machine)
        verdict = await self.provider.retire("secret", fresh, old, old, machine)
        assert verdict.status is Status.WARN

    @pytest.mark.anyio
    async def test_without_an_access_token_nothing_is_made(self, values: dict[str, str], machine: Machine) -> None:
        with pytest.raises(OnboardError):
            await self.provider.renew("secret", held({"url": URL, "secret": values["secret"]}, self.provider), machine)


def service(served: Served) -> SupabaseStandIn:
    assert isinstance(served.stand_in, SupabaseStandIn)
    return served.stand_in
