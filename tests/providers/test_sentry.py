"""Sentry: DSNs taken apart, tokens by kind, and a project's client keys."""

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest

from onboard.errors import OnboardError
from onboard.machine import Machine
from onboard.model import Secret, Status
from onboard.providers import sentry
from onboard.providers._base import Held, Values
from onboard.sandbox.served import Response, Served
from onboard.sandbox.standins.sentry import SentryStandIn
from tests.providers.answers import reading, words
from tests.providers.contract import LiveContract
from tests.providers.outside import Recording, held

HEX = "0123456789abcdef0123456789abcdef"
DSN = f"https://{HEX}@o447951.ingest.us.sentry.io/5429219"
USER_TOKEN = f"sntryu_{HEX}{HEX}"
SCOPED = "You do not have permission to perform this action."


def org_token(**says: object) -> str:
    packed = base64.b64encode(json.dumps({"iat": 1, "url": "https://sentry.io"} | says).encode()).decode()
    return f"sntrys_{packed}_{'A' * 43}"


ORG_TOKEN = org_token(org="wavepoint", region_url="https://us.sentry.io")
ROWS = [
    (Response.json({"version": "0", "auth": {"scopes": ["org:ci"]}, "user": None}), Status.OK),
    (Response.json({"version": "0", "auth": {"scopes": []}, "user": {"id": "1", "email": "a@b.example"}}), Status.OK),
    (Response.json({"version": "0", "auth": None, "user": None}), Status.UNKNOWN),
    (Response.json({"version": "0", "auth": {"scopes": []}, "user": None}), Status.UNKNOWN),
    (Response.json({"version": "0"}), Status.UNKNOWN),
    (Response.json({"detail": "Invalid token"}, 401), Status.FAIL),
    (Response.json({"detail": {"code": "x", "message": "y"}}, 401), Status.FAIL),
    (Response.json({}, 401), Status.UNKNOWN),
    (words("Unauthorized", 401), Status.UNKNOWN),
    (Response.json({"detail": SCOPED}, 403), Status.WARN),
    (Response.json({"detail": {"code": "sso-required", "message": "…"}}, 403), Status.UNKNOWN),
    (Response.json({"detail": "not found"}, 404), Status.UNKNOWN),
]


def row(**more: object) -> dict[str, object]:
    return {"id": HEX, "public": HEX, "projectId": 5429219, "isActive": True, "name": "Default"} | more


DSN_ROWS: list[tuple[Response, Status]] = [
    (Response.json([row()]), Status.OK),
    (Response.json([row(public="f" * 32), row()]), Status.OK),
    (Response.json([row(isActive=False)]), Status.FAIL),
    (Response.json([row(public="f" * 32)]), Status.FAIL),
    (
        Response.json([row(public="f" * 32)], 200, {"Link": '<https://x>; rel="next"; results="true"; cursor="1"'}),
        Status.UNKNOWN,
    ),
    (Response.json([row(public="f" * 32, projectId=7)]), Status.WARN),
    (Response.json([]), Status.UNKNOWN),
    (Response.json([row(isActive=None)]), Status.UNKNOWN),
    (Response.json({"keys": []}), Status.UNKNOWN),
    (Response.json({"detail": SCOPED}, 403), Status.UNKNOWN),
    (Response.json({"detail": "The requested resource does not exist"}, 404), Status.UNKNOWN),
    (Response.json({"detail": "Invalid token"}, 401), Status.FAIL),
]


class TestSentry(LiveContract[SentryStandIn]):
    provider = sentry.provider
    stand_in = SentryStandIn
    shapes: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "dsn": (
            DSN,
            f"https://{HEX}@o1.ingest.sentry.io/1",
            f"https://{HEX}@o1.ingest.de.sentry.io/1",
            f"https://{HEX}:{HEX}@sentry.io/1",
            f"https://{HEX}@errors.my-company.example/path/4",
        ),
        "token": (USER_TOKEN, ORG_TOKEN, HEX * 2, f"sntryi_{HEX}{HEX}", f"sntrya_{HEX}{HEX}"),
        "org": ("wavepoint", "my-company-2"),
        "project": ("shop",),
        "url": ("https://sentry.io/", "https://errors.my-company.example"),
    }
    bad: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "dsn": (
            "",
            USER_TOKEN,
            "https://sentry.io/5429219",
            f"https://{HEX}@o447951.ingest.us.sentry.io",
            f"https://{HEX}@o447951.ingest.us.sentry.io/shop",
            "https://xxx@o1.ingest.sentry.io/1",
            "https://examplePublicKey@o0.ingest.sentry.io/0",
        ),
        "token": ("", DSN, "sntryu_short", ORG_TOKEN[:-3], "sntrys_abc", "sntrys_e30=_" + "A" * 43, "my-token"),
        "org": ("My Company", "", "https://sentry.io/wavepoint"),
        "project": ("", "Shop!"),
        "url": ("sentry.io", "https://user@sentry.io", ""),
    }
    claims: ClassVar[Mapping[tuple[str, str], tuple[str, int] | None]] = {
        ("SENTRY_DSN", ""): ("dsn", 2),
        ("NEXT_PUBLIC_SENTRY_DSN", ""): ("dsn", 2),
        ("VITE_SENTRY_DSN", ""): ("dsn", 2),
        ("SENTRY_AUTH_TOKEN", ""): ("token", 2),
        ("SENTRY_ORG", ""): ("org", 2),
        ("SENTRY_PROJECT", ""): ("project", 2),
        ("ERRORS_URL", DSN): ("dsn", 3),
        ("ERRORS_URL", f"https://{HEX}@errors.example/1"): None,
        ("BUILD_TOKEN", ORG_TOKEN): ("token", 1),
    }

    def good(self, service: SentryStandIn) -> Mapping[str, str]:
        return {
            "token": service.token,
            "dsn": service.dsn,
            "org": service.organization,
            "project": service.project,
        }

    def revoke(self, service: SentryStandIn, part: str) -> None:
        if part == "dsn":
            service.keys[0]["isActive"] = False
        else:
            service.token = f"sntryu_{HEX}{HEX}"

    @pytest.mark.anyio
    @pytest.mark.parametrize(("answer", "status"), ROWS)
    async def test_each_answer_to_a_token_means_what_the_facts_say(
        self, answer: Response, status: Status, tmp_path: Path
    ) -> None:
        verdict = await reading(self.provider, {"token": USER_TOKEN}, tmp_path, answer)
        assert verdict.status is status, verdict

    @pytest.mark.anyio
    @pytest.mark.parametrize(("answer", "status"), DSN_ROWS)
    async def test_each_answer_to_a_dsn_means_what_the_facts_say(
        self, answer: Response, status: Status, tmp_path: Path
    ) -> None:
        values = {"dsn": DSN, "token": USER_TOKEN, "org": "wavepoint", "project": "shop"}
        verdict = await reading(self.provider, values, tmp_path, answer, part="dsn")
        assert verdict.status is status, verdict

    @pytest.mark.anyio
    async def test_an_organization_token_says_its_organization_and_for_the_dsn_may_not_look(
        self, served: Served, machine: Machine
    ) -> None:
        token = standin(served).organization_token
        verdict = await self.verdict("", {"token": token}, machine)
        assert verdict.status is Status.OK
        assert verdict.identity == {"organization": "wavepoint", "scopes": "org:ci"}
        verdict = await self.verdict("dsn", {"token": token, "dsn": standin(served).dsn}, machine)
        assert verdict.status is Status.UNKNOWN

    @pytest.mark.anyio
    @pytest.mark.parametrize(
        "address",
        [
            "https://errors.my-company.example",
            "http://sentry.io",
            "https://sentry.io.evil.example",
            "https://sentry.io@evil.example",
            "https://evil.example/sentry.io",
            "https://sentry.io:8443",
            "https://[",
        ],
    )
    async def test_a_token_never_leaves_for_another_server(
        self, address: str, served: Served, machine: Machine
    ) -> None:
        for values in (
            {"token": USER_TOKEN, "url": address, "dsn": DSN, "org": "wavepoint"},
            {"token": org_token(org="wavepoint", region_url=address), "dsn": DSN},
        ):
            for part in ("", "dsn"):
                assert (await self.verdict(part, values, machine)).status in (Status.SKIPPED, Status.UNKNOWN)
        assert served.requests == []

    @pytest.mark.anyio
    async def test_the_region_of_the_token_is_asked(self, served: Served, machine: Machine) -> None:
        token = org_token(org="wavepoint", region_url="https://de.sentry.io")
        await self.verdict("", {"token": token}, machine)
        assert isinstance(machine.network, Recording)
        assert machine.network.wanted[0].base == "https://de.sentry.io"

    @pytest.mark.anyio
    async def test_the_dsn_is_read_with_the_token_and_nothing_is_created(
        self, served: Served, values: dict[str, str], machine: Machine
    ) -> None:
        del values["dsn"]
        made = await self.provider.provision("dsn", held(values, self.provider), machine)
        await machine.network.close()
        assert made == {"dsn": Secret(standin(served).dsn)}
        assert {one.method for one in served.requests} == {"GET"}

    @pytest.mark.anyio
    async def test_without_organization_and_project_nothing_is_provisioned(self, machine: Machine) -> None:
        with pytest.raises(OnboardError):
            await self.provider.provision("dsn", held({"token": USER_TOKEN}, self.provider), machine)

    @pytest.mark.anyio
    async def test_a_dsn_is_changed_without_a_gap_and_the_old_one_is_switched_off(
        self, served: Served, values: dict[str, str], machine: Machine
    ) -> None:
        old = held(values, self.provider)
        fresh = await self.provider.renew("dsn", old, machine)
        keys = standin(served).keys
        assert [key["isActive"] for key in keys] == [True, True]
        new = held(values | {"dsn": fresh.values["dsn"].reveal()}, self.provider)
        assert (await self.provider.retire("dsn", fresh, old, new, machine)).status is Status.OK
        assert [key["isActive"] for key in keys] == [False, True]
        assert (await self.provider.verify(self.credential("dsn"), new, machine)).status is Status.OK
        assert (await self.provider.verify(self.credential("dsn"), old, machine)).status is Status.FAIL
        await machine.network.close()

    @pytest.mark.parametrize(
        ("values", "status"),
        [
            ({"SENTRY_DSN": DSN, "NEXT_PUBLIC_SENTRY_DSN": DSN}, Status.OK),
            ({"SENTRY_DSN": DSN, "NEXT_PUBLIC_SENTRY_DSN": DSN.replace("://0", "://1")}, Status.FAIL),
            ({"SENTRY_DSN": DSN, "NEXT_PUBLIC_SENTRY_DSN": DSN[:-1] + "0"}, Status.FAIL),
            ({"SENTRY_DSN": DSN.replace("@", f":{HEX}@"), "NEXT_PUBLIC_SENTRY_DSN": DSN}, Status.OK),
            ({"SENTRY_DSN": DSN}, None),
            ({"SENTRY_DSN": DSN, "SENTRY_AUTH_TOKEN": ORG_TOKEN, "SENTRY_ORG": "wavepoint"}, None),
            ({"SENTRY_DSN": DSN, "SENTRY_AUTH_TOKEN": ORG_TOKEN, "SENTRY_ORG": "another"}, Status.WARN),
            (
                {"SENTRY_DSN": DSN, "SENTRY_AUTH_TOKEN": org_token(org="w", region_url="https://de.sentry.io")},
                Status.WARN,
            ),
        ],
    )
    def test_all_have_to_belong_to_one_project(self, values: dict[str, str], status: Status | None) -> None:
        rows = []
        for name, text in values.items():
            claimed = self.provider.claim(name, text)
            assert claimed is not None
            rows.append((claimed[0], Held(name, Secret(text))))
        verdict = self.provider.compare(Values(rows), {})
        assert (verdict.status if verdict else None) is status


def standin(served: Served) -> Any:
    return served.stand_in
