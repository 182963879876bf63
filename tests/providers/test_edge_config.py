"""Edge Config: three forms of one connection string, and tokens that are changed with another service's token."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest

from onboard.errors import OnboardError
from onboard.machine import Machine
from onboard.model import Secret, Status
from onboard.providers import edge_config
from onboard.providers._base import Held, Values
from onboard.sandbox.served import Response, Served, serve
from onboard.sandbox.standins.edge_config import EdgeConfigStandIn
from onboard.sandbox.standins.vercel import VercelStandIn
from tests.providers.answers import reading, words
from tests.providers.contract import LiveContract
from tests.providers.outside import Recording, a_machine

ID, READ = "ecfg_abcdefgh12345678", "01234567-89ab-cdef-0123-456789abcdef"
URL = f"https://edge-config.vercel.com/{ID}?token={READ}"
NEW = f"https://global-config.vercel.com/{ID}?token={READ}"
SHORT = f"edge-config:id={ID}&token={READ}"
KIND = {"Content-Type": "application/json"}
ROWS = [
    (Response(200, KIND, b'"0123456789abcdef0123456789abcdef"'), Status.OK),
    (Response.json({"error": {"code": "unauthorized"}}, 401), Status.FAIL),
    (Response.json({"error": {"code": "edge_config_not_found"}}, 404), Status.FAIL),
    (Response.json({"error": {"code": "x"}}, 404, {"x-edge-config-digest": "0123"}), Status.UNKNOWN),
    (Response.json({"error": {"code": "forbidden"}}, 403), Status.UNKNOWN),
    (words("Not Found", 404), Status.UNKNOWN),
    (words("Unauthorized", 401), Status.UNKNOWN),
    (Response.json({"digest": "0123456789abcdef"}), Status.UNKNOWN),
    (Response(200, KIND, b'""'), Status.UNKNOWN),
    (words("0123456789abcdef0123456789abcdef"), Status.UNKNOWN),
]


class TestEdgeConfig(LiveContract[EdgeConfigStandIn]):
    provider = edge_config.provider
    stand_in = EdgeConfigStandIn
    shapes: ClassVar[Mapping[str, tuple[str, ...]]] = {"url": (URL, NEW, SHORT)}
    bad: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "url": (
            "",
            f"https://edge-config.vercel.com/{ID}",
            f"https://edge-config.vercel.com/{ID}?token=",
            f"https://edge-config.vercel.com/{ID}?token=xxx",
            f"https://edge-config.vercel.com/config?token={READ}",
            f"http://edge-config.vercel.com/{ID}?token={READ}",
            f"https://edge-config.vercel.com.evil.example/{ID}?token={READ}",
            f"https://edge-config.vercel.com@evil.example/{ID}?token={READ}",
            f"https://x@edge-config.vercel.com/{ID}?token={READ}",
            f"https://edge-config.vercel.com:8443/{ID}?token={READ}",
            f"https://edge-config.vercel.com/{ID}/items?token={READ}",
            f"https://edge-config.vercel.com/{ID}#?token={READ}",
            f"edge-config:token={READ}",
            ID,
            READ,
            "https://[",
        )
    }
    claims: ClassVar[Mapping[tuple[str, str], tuple[str, int] | None]] = {
        ("EDGE_CONFIG", ""): ("url", 2),
        ("GLOBAL_CONFIG", ""): ("url", 2),
        ("EDGE_CONFIG_URL", ""): ("url", 2),
        ("FLAGS", URL): ("url", 3),
        ("FLAGS", NEW): ("url", 3),
        ("FLAGS", SHORT): ("url", 3),
        ("FLAGS", "https://edge-config.example/x"): None,
        ("VERCEL_TOKEN", ""): None,
    }

    def good(self, service: EdgeConfigStandIn) -> Mapping[str, str]:
        return {"url": service.url}

    def revoke(self, service: EdgeConfigStandIn, part: str) -> None:
        service.tokens = {"id-2": service.new_token()}

    @pytest.mark.anyio
    @pytest.mark.parametrize(("answer", "status"), ROWS)
    async def test_each_answer_means_what_the_facts_say(self, answer: Response, status: Status, tmp_path: Path) -> None:
        verdict = await reading(self.provider, {"url": URL}, tmp_path, answer)
        assert verdict.status is status, verdict

    @pytest.mark.anyio
    @pytest.mark.parametrize(
        ("url", "host"),
        [
            (URL, "edge-config.vercel.com"),
            (NEW, "global-config.vercel.com"),
            (SHORT, "edge-config.vercel.com"),
        ],
    )
    async def test_each_form_asks_its_own_host_with_the_token_in_a_header(
        self, url: str, host: str, served: Served, machine: Machine
    ) -> None:
        service: Any = served.stand_in
        service.id, service.tokens = ID, {"id-1": READ}
        assert (await self.verdict("", {"url": url}, machine)).status is Status.OK
        assert isinstance(machine.network, Recording)
        assert machine.network.wanted[0].base == f"https://{host}"
        assert READ not in served.requests[0].path + repr(served.requests[0].query)

    @pytest.mark.anyio
    @pytest.mark.parametrize("form", [URL, NEW, SHORT])
    async def test_a_token_is_changed_with_the_developers_vercel_token(
        self, form: str, served: Served, tmp_path: Path
    ) -> None:
        store: Any = served.stand_in
        store.id, store.tokens = ID, {"id-1": READ}
        with serve(VercelStandIn()) as vercel:
            account: Any = vercel.stand_in
            account.configs[ID] = store.tokens
            machine = a_machine(tmp_path, served.endpoints | vercel.endpoints)
            extra = ("vercel", Held("VERCEL_TOKEN", Secret(account.token)))
            old = Values([("url", Held("EDGE_CONFIG", Secret(form))), extra])
            fresh = await self.provider.renew("url", old, machine)
            text = fresh.values["url"].reveal()
            assert text.partition("token=")[0] == form.partition("token=")[0]
            new = Values([("url", Held("EDGE_CONFIG", Secret(text))), extra])
            for values in (old, new):
                assert (await self.provider.verify(self.credential(""), values, machine)).status is Status.OK
            assert (await self.provider.retire("url", fresh, old, new, machine)).status is Status.OK
            assert (await self.provider.verify(self.credential(""), new, machine)).status is Status.OK
            assert READ not in store.tokens.values()
            await machine.network.close()

    @pytest.mark.anyio
    async def test_an_edge_that_still_answers_is_not_taken_for_a_failure(self, served: Served, tmp_path: Path) -> None:
        store: Any = served.stand_in
        store.id, store.tokens = ID, {"id-1": READ}
        with serve(VercelStandIn()) as vercel:
            account: Any = vercel.stand_in
            account.configs[ID] = {"id-1": READ}  # the edge has a copy of its own
            machine = a_machine(tmp_path, served.endpoints | vercel.endpoints)
            extra = ("vercel", Held("VERCEL_TOKEN", Secret(account.token)))
            old = Values([("url", Held("EDGE_CONFIG", Secret(URL))), extra])
            fresh = await self.provider.renew("url", old, machine)
            verdict = await self.provider.retire("url", fresh, old, old, machine)
            await machine.network.close()
            assert verdict.status is Status.UNKNOWN
            assert "some seconds" in verdict.summary

    @pytest.mark.anyio
    async def test_without_a_vercel_token_a_person_has_to_make_it(self, served: Served, machine: Machine) -> None:
        with pytest.raises(OnboardError, match="Vercel token is needed"):
            await self.provider.renew("url", Values([("url", Held("EDGE_CONFIG", Secret(URL)))]), machine)
        assert served.requests == []
