"""Vercel: tokens of three kinds, one of which is refused where it asks for its user; and a project's variables."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest

from onboard.errors import OnboardError
from onboard.machine import Machine
from onboard.model import Secret, Status, Verdict
from onboard.providers import _vercel_env, vercel
from onboard.providers._base import Held, Values
from onboard.sandbox.served import Fault, Response, Served
from onboard.sandbox.standins.vercel import VercelStandIn
from tests.providers.answers import reading
from tests.providers.contract import LiveContract
from tests.providers.outside import held

TOKEN, PROJECT, TEAM = "vcp_" + "aB3x" * 14, "prj_aB3xaB3xaB3xaB3x", "team_aB3xaB3xaB3xaB3x"


def error(status: int, code: str, **more: object) -> Response:
    return Response.json({"error": {"code": code, "message": "…", **more}}, status)


FORBIDDEN, DEAD = error(403, "forbidden"), error(403, "forbidden", invalidToken=True)
ROWS: list[tuple[tuple[Response, ...], Status]] = [
    ((Response.json({"user": {"id": "u", "username": "a"}}),), Status.OK),
    ((Response.json({"user": {"id": "u", "username": "a", "limited": True}}),), Status.OK),
    ((DEAD,), Status.FAIL),
    ((FORBIDDEN, Response.json({"id": PROJECT, "name": "shop"})), Status.WARN),
    ((FORBIDDEN, Response.json({"id": "prj_another", "name": "shop"})), Status.UNKNOWN),
    ((FORBIDDEN, FORBIDDEN), Status.WARN),
    ((FORBIDDEN, error(404, "not_found")), Status.WARN),
    ((FORBIDDEN, DEAD), Status.FAIL),
    ((FORBIDDEN, Response.json({}, 500)), Status.UNKNOWN),
    ((error(403, "team_unauthorized"), FORBIDDEN), Status.WARN),
    ((error(401, "unauthorized"),), Status.UNKNOWN),
    ((error(429, "rate_limited"),), Status.UNKNOWN),
    ((Response.json({"message": "no"}, 403),), Status.UNKNOWN),
    ((Response.json({"user": {}}),), Status.UNKNOWN),
    ((Response.json({}),), Status.UNKNOWN),
]


class TestVercel(LiveContract[VercelStandIn]):
    provider = vercel.provider
    stand_in = VercelStandIn
    shapes: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "token": (TOKEN, "aB3xaB3xaB3xaB3xaB3xaB3x", "vca_" + "aB3x" * 14),
        "project": (PROJECT,),
        "org": (TEAM, "aB3xaB3xaB3xaB3xaB3xaB3x"),
        "oidc": ("eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4In0.c2ln",),
    }
    bad: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "token": ("", PROJECT, TEAM, "vck_" + "aB3x" * 14, "vcp_", "your_vercel_token", "short"),
        "project": (TEAM, "my-app", ""),
        "org": (PROJECT, "team_", "my team", ""),
        "oidc": (TOKEN, ""),
    }
    claims: ClassVar[Mapping[tuple[str, str], tuple[str, int] | None]] = {
        ("VERCEL_TOKEN", ""): ("token", 2),
        ("VERCEL_API_KEY", ""): ("token", 2),
        ("VERCEL_AUTH_BEARER_TOKEN", ""): ("token", 2),
        ("VERCEL_ORG_ID", ""): ("org", 2),
        ("VERCEL_TEAM_ID", ""): ("org", 2),
        ("VERCEL_PROJECT_ID", ""): ("project", 2),
        ("VERCEL_OIDC_TOKEN", ""): ("oidc", 2),
        ("DEPLOY_TOKEN", TOKEN): ("token", 1),
        ("DEPLOY_TOKEN", "aB3xaB3xaB3xaB3xaB3xaB3x"): None,
        ("VERCEL_URL", ""): None,
        ("VERCEL_ENV", ""): None,
    }

    def good(self, service: VercelStandIn) -> Mapping[str, str]:
        return {"token": service.token, "project": service.project, "org": service.team}

    def revoke(self, service: VercelStandIn, part: str) -> None:
        service.tokens = {"other": service.new_token()}

    @pytest.mark.anyio
    @pytest.mark.parametrize(("answers", "status"), ROWS)
    async def test_each_answer_means_what_the_facts_say(
        self, answers: tuple[Response, ...], status: Status, tmp_path: Path
    ) -> None:
        values = {"token": TOKEN, "project": PROJECT, "org": TEAM}
        verdict = await reading(self.provider, values, tmp_path, *answers)
        assert verdict.status is status, verdict

    @pytest.mark.anyio
    async def test_a_token_for_one_project_is_real(
        self, served: Served, values: dict[str, str], machine: Machine
    ) -> None:
        standin(served).scoped.add(values["token"])
        verdict = await self.verdict("", values, machine)
        assert verdict.status is Status.WARN
        assert verdict.identity == {"access": "scoped", "project": "shop"}
        alone = await self.verdict("", {"token": values["token"]}, machine)
        assert alone.status is Status.WARN
        assert "project" not in alone.identity

    @pytest.mark.anyio
    async def test_a_teams_id_goes_along_where_a_project_is_asked_for(
        self, served: Served, values: dict[str, str], machine: Machine
    ) -> None:
        standin(served).scoped.add(values["token"])
        await self.verdict("", values, machine)
        assert [one.query for one in served.requests] == [{}, {"teamId": values["org"]}]

    @pytest.mark.anyio
    async def test_the_variables_of_each_scope_are_listed_without_a_value(
        self, served: Served, values: dict[str, str], machine: Machine
    ) -> None:
        mine = held(values, self.provider)
        found = {}
        for target in ("production", "preview", "development", ""):
            rows = await _vercel_env.env_names(machine, mine, target)
            assert not isinstance(rows, Verdict)
            found[target] = [(row.name, row.type) for row in rows]
            assert all(row.readable == (row.type != "sensitive") for row in rows)
        await machine.network.close()
        assert found["development"] == [("DATABASE_URL", "encrypted"), ("APP_URL", "plain")]
        assert found["preview"] == [("STRIPE_SECRET_KEY", "sensitive"), ("APP_URL", "plain")]
        assert len(found[""]) == 4
        assert all("decrypt" not in one.query for one in served.requests)

    @pytest.mark.anyio
    async def test_sensitive_and_empty_values_are_missing(
        self, served: Served, values: dict[str, str], machine: Machine
    ) -> None:
        service = standin(served)
        service.env += [
            {"key": "LOCKED", "type": "sensitive", "target": ["development"], "value": ""},
            {"key": "bad name", "type": "plain", "target": ["development"], "value": "x"},
        ]
        found = await _vercel_env.env_values(machine, held(values, self.provider))
        await machine.network.close()
        assert found == {"DATABASE_URL": Secret("postgresql://development"), "APP_URL": Secret("http://localhost:3000")}

    @pytest.mark.anyio
    async def test_a_value_that_nobody_may_read_is_there_all_the_same(
        self, served: Served, values: dict[str, str], machine: Machine
    ) -> None:
        found = await _vercel_env.env_pulled(machine, held(values, self.provider), "preview")
        await machine.network.close()
        assert found == {"STRIPE_SECRET_KEY": None, "APP_URL": Secret("http://localhost:3000")}

    @pytest.mark.anyio
    @pytest.mark.parametrize("function", [_vercel_env.env_names, _vercel_env.env_values])
    async def test_what_cannot_be_listed_is_no_empty_list(
        self, function: Any, served: Served, values: dict[str, str], machine: Machine
    ) -> None:
        mine = held(values, self.provider)
        standin(served).challenge = True
        challenged = await function(machine, mine)
        standin(served).challenge = False
        without_team = await function(machine, held({k: v for k, v in values.items() if k != "org"}, self.provider))
        served.fault = Fault.HTML
        walled = await function(machine, mine)
        nowhere = await function(machine, held(values | {"project": "../../x"}, self.provider))
        await machine.network.close()
        for verdict in (challenged, walled, nowhere):
            assert isinstance(verdict, Verdict)
            assert verdict.status is Status.UNKNOWN
        assert isinstance(without_team, Verdict)
        assert without_team.status is Status.WARN, "the token is real, and may not"
        assert "sign in again" in challenged.summary

    @pytest.mark.anyio
    async def test_a_token_is_changed_without_a_gap_and_the_old_one_proven_dead(
        self, served: Served, values: dict[str, str], machine: Machine
    ) -> None:
        old = held(values, self.provider)
        fresh = await self.provider.renew("token", old, machine)
        assert fresh.retire == "tok_0001"
        assert (await self.provider.verify(self.credential(""), old, machine)).status is Status.OK
        new = held(values | {"token": fresh.values["token"].reveal()}, self.provider)
        verdict = await self.provider.retire("token", fresh, old, new, machine)
        assert verdict.status is Status.OK
        assert list(standin(served).tokens) == ["tok_0002"]
        made = next(one for one in served.requests if one.method == "POST")
        lives = made.data["expiresAt"] - machine.now().timestamp() * 1000
        assert 8_640_000_000 - 60_000 < lives <= 8_640_000_000
        await machine.network.close()

    @pytest.mark.anyio
    async def test_a_limited_token_cannot_make_another_and_nothing_changes(
        self, served: Served, values: dict[str, str], machine: Machine
    ) -> None:
        standin(served).limited.add(values["token"])
        with pytest.raises(OnboardError) as trouble:
            await self.provider.renew("token", held(values, self.provider), machine)
        await machine.network.close()
        assert values["token"] not in trouble.value.message + trouble.value.hint
        assert len(standin(served).tokens) == 1

    @pytest.mark.parametrize(
        ("rows", "status"),
        [
            ([("project", "VERCEL_PROJECT_ID", PROJECT)], None),
            ([("project", "VERCEL_PROJECT_ID", PROJECT), ("project", ".vercel/project.json", PROJECT)], Status.OK),
            ([("project", "VERCEL_PROJECT_ID", PROJECT), ("project", ".vercel/project.json", "prj_x")], Status.WARN),
            ([("org", "VERCEL_ORG_ID", TEAM), ("org", ".vercel/project.json", "team_x")], Status.WARN),
        ],
    )
    def test_variables_and_the_folders_link_have_to_agree(
        self, rows: list[tuple[str, str, str]], status: Status | None
    ) -> None:
        values = Values((key, Held(name, Secret(text))) for key, name, text in rows)
        verdict = self.provider.compare(values, {})
        assert (verdict.status if verdict else None) is status


def standin(served: Served) -> VercelStandIn:
    assert isinstance(served.stand_in, VercelStandIn)
    return served.stand_in
