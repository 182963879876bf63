"""What every provider promises; each provider's test inherits it and says only what is its own.

class TestStripe(LiveContract):
    provider = stripe.provider
    stand_in = StripeStandIn
    bad = {"secret": ("pk_test_…", …)}

    def good(self, service):           # values that the stand-in knows, by key id
        return {"secret": service.secret_key}

    def revoke(self, service, part):   # from now on it refuses the credential `part`
        service.revoke(service.secret_key)
"""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar
from urllib.parse import urlsplit

import pytest

from onboard.machine import Machine
from onboard.model import Kind, Status, Verdict
from onboard.network import host_fits
from onboard.providers._base import Credential, Provider
from onboard.sandbox.served import Fault, Request, Response, Served, StandIn, serve
from tests.parts.ports import free_port
from tests.providers.outside import Recording, a_machine, held, leaks, secret_texts, shown

SHORT = 0.6
"""Seconds given to a service that never answers, so that the tests need not wait for the real deadline."""


class ProviderContract:
    """What holds for a provider's facts and shapes."""

    provider: ClassVar[Provider]
    shapes: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    """More values by key id that fit, beside those of `good`."""
    bad: ClassVar[Mapping[str, tuple[str, ...]]]
    """Values by key id that do not fit."""
    claims: ClassVar[Mapping[tuple[str, str], tuple[str, int] | None]] = {}
    """What `claim(name, value)` says."""
    live: ClassVar[Mapping[str, str]] = {}
    """Values by key id that are for production."""

    def samples(self) -> Mapping[str, str]:
        """Return one fitting value for each key that has a shape."""
        return {id: texts[0] for id, texts in self.shapes.items()}

    def test_the_facts_are_complete(self) -> None:
        provider = self.provider
        assert re.fullmatch(r"[a-z][a-z0-9_]*", provider.id)
        assert type(provider).__module__ == f"onboard.providers.{provider.id}"
        assert provider.title
        assert provider.keys
        assert provider.purpose
        assert provider.account.startswith("https://") or all(key.made_here for key in provider.keys)
        ids = [key.id for key in provider.keys]
        assert len(ids) == len(set(ids))
        parts = [credential.part for credential in provider.credentials]
        assert len(parts) == len(set(parts))

    def test_every_key_says_where_to_get_it(self) -> None:
        for key in self.provider.keys:
            assert key.title, key.id
            assert key.looks_like, key.id
            assert key.made_here or key.page.startswith("https://"), key.id
            assert key.made_here or key.steps, key.id
            for pattern in key.names:
                re.compile(pattern)
            assert re.fullmatch(r"[A-Z][A-Z0-9_]*", key.names[0]), f"{key.id}: the usual name comes first, as a name"

    def test_every_usual_name_is_claimed_for_its_own_key(self) -> None:
        for key in self.provider.keys:
            claimed = self.provider.claim(key.names[0], "")
            assert claimed is not None, key.id
            assert claimed[0] == key.id

    def test_names_and_values_are_claimed_as_stated(self) -> None:
        for (name, value), expected in self.claims.items():
            assert self.provider.claim(name, value) == expected, name

    def test_credentials_rotations_and_provisions_name_real_keys(self) -> None:
        ids = {key.id for key in self.provider.keys}
        for credential in self.provider.credentials:
            assert credential.needs, credential.part
            assert set(credential.needs) | set(credential.uses) <= ids, credential.part
            assert credential.hosts or credential.offline or credential.own_host, credential.part
            assert 0 < credential.seconds <= 15, credential.part
            assert credential.title, credential.part
        for rotation in self.provider.rotations:
            assert rotation.key in ids
            assert rotation.how in ("api", "guided", "local")
            assert rotation.breaks, rotation.key
            assert rotation.old_dies, rotation.key
            assert rotation.how != "guided" or (rotation.page.startswith("https://") and rotation.steps), rotation.key
        for offer in self.provider.provisions:
            assert set(offer.needs) | set(offer.gives) <= ids, offer.id
            assert offer.note, offer.id
            assert offer.gives, offer.id

    def test_good_shapes_fit(self) -> None:
        samples = [*self.samples().items(), *((id, text) for id, texts in self.shapes.items() for text in texts)]
        assert samples
        for id, text in samples:
            shape = self.provider.shape(self.provider.key(id), text)
            assert shape.fits, f"{id}: {shape.text}"

    def test_bad_shapes_do_not_fit_and_say_why(self) -> None:
        for id, texts in self.bad.items():
            for text in texts:
                shape = self.provider.shape(self.provider.key(id), text)
                assert not shape.fits, f"{id}: {text!r} fits: {shape.text}"
                assert len(shape.text) > 10

    def test_no_shape_text_repeats_the_value(self) -> None:
        provider = self.provider
        for value in [*self.samples().values(), *(t for texts in self.bad.values() for t in texts)]:
            for key in provider.keys:
                text = provider.shape(key, value).text
                assert len(value) < 12 or value not in text, key.id
                assert not leaks(text, secret_texts(provider, {key.id: value})) or len(value) < 12, key.id

    def test_any_text_at_all_has_a_shape_in_every_key(self) -> None:
        odd = ("", " ", "\0", "ü" * 50, "a" * 100_000, "://", "https://[", "postgres://[::1", "%", "eyJ.eyJ.x", "_" * 9)
        for key in self.provider.keys:
            for value in odd:
                self.provider.shape(key, value)
                self.provider.claim(key.names[0], value)
                self.provider.claim("SOME_NAME", value)

    def test_a_live_value_is_for_production(self) -> None:
        for id, text in self.live.items():
            assert self.provider.production(held({id: text}, self.provider)) == id
        assert self.provider.production(held(self.samples(), self.provider)) == ""


S = TypeVar("S", bound=StandIn)


class LiveContract(ProviderContract, Generic[S]):
    """What holds for a provider that is asked over HTTP."""

    stand_in: type[S]
    carriers: ClassVar[tuple[str, ...]] = ("authorization",)
    """Names of the headers (or `body`) in which a secret may travel."""
    never_refused: ClassVar[tuple[str, ...]] = ()
    """Parts of which no verified fact says how the service refuses them."""

    def good(self, service: S) -> Mapping[str, str]:
        """Return values by key id that `service` accepts."""
        raise NotImplementedError

    def revoke(self, service: S, part: str) -> None:
        """Make `service` refuse the credential `part`."""
        raise NotImplementedError

    def samples(self) -> Mapping[str, str]:
        """Return what a fresh stand-in would accept."""
        with serve(self.stand_in()) as served:
            return dict(self.good(served.stand_in))  # type: ignore[arg-type]

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        asked = [c.part for c in self.provider.credentials if not c.offline]
        if "part" in metafunc.fixturenames:
            metafunc.parametrize("part", asked, ids=[part or "first" for part in asked])
        if "fault" in metafunc.fixturenames:
            metafunc.parametrize("fault", [f for f in Fault if f not in (Fault.NONE, Fault.SLOW)], ids=str)

    @pytest.fixture
    def served(self) -> Iterator[Served]:
        """The stand-in, running."""
        with serve(self.stand_in()) as served:
            yield served

    @pytest.fixture
    async def machine(self, served: Served, tmp_path: Path, anyio_backend: str) -> AsyncIterator[Machine]:
        """A machine that knows the service only as its stand-in."""
        machine = a_machine(tmp_path, served.endpoints)
        yield machine
        await machine.network.close()

    @pytest.fixture
    def values(self, served: Served) -> dict[str, str]:
        """Good values, by key id."""
        return dict(self.good(served.stand_in))  # type: ignore[arg-type]

    def credential(self, part: str) -> Credential:
        """Return the credential of that part."""
        return next(c for c in self.provider.credentials if c.part == part)

    async def verdict(
        self, part: str, values: Mapping[str, str], machine: Machine, *, seconds: float | None = None
    ) -> Verdict:
        """Verify `part` with only the values that it needs or uses."""
        credential = self.credential(part)
        mine = {id: text for id, text in values.items() if id in (*credential.needs, *credential.uses)}
        if seconds is not None:
            credential = replace(credential, seconds=seconds)
        try:
            return await self.provider.verify(credential, held(mine, self.provider), machine)
        finally:
            await machine.network.close()

    @pytest.mark.anyio
    async def test_a_good_one_is_accepted_and_says_whose_it_is(
        self, part: str, values: dict[str, str], machine: Machine
    ) -> None:
        verdict = await self.verdict(part, values, machine)
        assert verdict.status is Status.OK, verdict
        assert verdict.identity
        assert all(verdict.identity.values())

    @pytest.mark.anyio
    async def test_a_refused_one_fails(
        self, part: str, served: Served, values: dict[str, str], machine: Machine
    ) -> None:
        self.revoke(served.stand_in, part)  # type: ignore[arg-type]
        verdict = await self.verdict(part, values, machine)
        assert verdict.status is (Status.UNKNOWN if part in self.never_refused else Status.FAIL), verdict

    @pytest.mark.anyio
    async def test_a_service_that_misbehaves_proves_nothing(
        self, part: str, fault: Fault, served: Served, values: dict[str, str], machine: Machine
    ) -> None:
        with serve(_Sink()) as sink:
            served.fault, served.elsewhere = fault, sink.url + "/"
            started = time.monotonic()
            verdict = await self.verdict(part, values, machine, seconds=SHORT)
            assert verdict.status is Status.UNKNOWN, verdict
            assert time.monotonic() - started < SHORT + 1
            assert sink.requests == []

    @pytest.mark.anyio
    async def test_no_route_proves_nothing(self, part: str, values: dict[str, str], tmp_path: Path) -> None:
        nowhere = f"http://127.0.0.1:{free_port()}"
        stand_in = self.stand_in()
        verdict = await self.verdict(part, values, a_machine(tmp_path, dict.fromkeys(stand_in.endpoints, nowhere)))
        assert verdict.status is Status.UNKNOWN, verdict

    @pytest.mark.anyio
    async def test_a_slow_answer_still_counts(
        self, part: str, served: Served, values: dict[str, str], machine: Machine
    ) -> None:
        served.fault, served.delay = Fault.SLOW, 0.2
        assert (await self.verdict(part, values, machine)).status is Status.OK

    @pytest.mark.anyio
    async def test_only_declared_hosts_are_asked_and_secrets_travel_only_where_declared(
        self, part: str, served: Served, values: dict[str, str], machine: Machine
    ) -> None:
        await self.verdict(part, values, machine)
        credential = self.credential(part)
        network = machine.network
        assert isinstance(network, Recording)
        assert network.wanted
        endpoints = credential.endpoints or (self.provider.id,)
        for request in network.wanted:
            assert set(request.hosts) <= set(credential.hosts)
            assert host_fits(urlsplit(request.base).hostname or "", credential.hosts), request.base
            assert request.endpoint in endpoints
        assert len(served.requests) == len(network.wanted), "a stand-in must take the place of every endpoint"
        assert len(served.requests) <= 3, "a refused value must not lock its owner out"
        secrets = secret_texts(self.provider, values)
        for asked in served.requests:
            assert not leaks(asked.path + json.dumps(dict(asked.query)), secrets)
            for name, text in [*asked.headers.items(), ("body", asked.body.decode("utf-8", "replace"))]:
                assert name in self.carriers or not leaks(text, secrets), name
            assert "mozilla" not in asked.headers.get("user-agent", "").lower()

    @pytest.mark.anyio
    @pytest.mark.parametrize("state", ["accepted", "refused", "misbehaving"])
    async def test_nothing_that_anyone_sees_holds_the_value(
        self,
        part: str,
        state: str,
        served: Served,
        values: dict[str, str],
        machine: Machine,
        caplog: pytest.LogCaptureFixture,
        capfd: pytest.CaptureFixture[str],
    ) -> None:
        caplog.set_level(logging.DEBUG)
        if state == "refused":
            self.revoke(served.stand_in, part)  # type: ignore[arg-type]
        served.stand_in = _Echo() if state == "misbehaving" else _Parrot(served.stand_in)
        verdict = await self.verdict(part, values, machine)
        out, err = capfd.readouterr()
        seen = shown(verdict) + caplog.text + out + err
        assert not leaks(seen, secret_texts(self.provider, values)), seen
        assert "\x1b" not in seen

    @pytest.mark.anyio
    async def test_a_value_that_cannot_be_sent_is_never_shown(
        self, part: str, values: dict[str, str], machine: Machine, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        for tail in ("\n", "\0", "\u201d", "\r\nX-Evil: 1"):
            spoilt = {
                id: text + tail
                if id in self.credential(part).needs and self.provider.key(id).kind is Kind.SECRET
                else text
                for id, text in values.items()
            }
            verdict = await self.verdict(part, spoilt, machine)
            assert verdict.status is not Status.OK or spoilt == values
            assert not leaks(shown(verdict) + caplog.text, secret_texts(self.provider, values))

    @pytest.mark.anyio
    async def test_a_live_value_is_never_sent(self, served: Served, values: dict[str, str], machine: Machine) -> None:
        for id, text in self.live.items():
            for credential in self.provider.credentials:
                if id in (*credential.needs, *credential.uses):
                    await self.verdict(credential.part, {**values, id: text}, machine)
            assert not leaks(repr(served.requests), [text])

    @pytest.mark.anyio
    async def test_where_nothing_can_be_asked_nothing_is_sent_and_it_is_never_ok(
        self, served: Served, values: dict[str, str], machine: Machine
    ) -> None:
        for credential in self.provider.credentials:
            if credential.offline:
                verdict = await self.verdict(credential.part, values, machine)
                assert verdict.status is not Status.OK
                assert served.requests == []


class _Sink(StandIn):
    """A second host, where nothing may arrive."""

    def answer(self, request: Request) -> Response:
        return Response.json({})


def _sent(request: Request) -> str:
    """Return all that a request carried, with a control character before it."""
    return "\x1b[31m" + json.dumps({**request.headers, "body": request.body.decode("utf-8", "replace")})


class _Parrot(StandIn):
    """The real service, which repeats all that it was sent in every text that is meant for people."""

    def __init__(self, real: StandIn) -> None:
        self.real = real

    def answer(self, request: Request) -> Response:
        right = self.real.answer(request)
        try:
            body = json.dumps(self._spoilt(json.loads(right.body), _sent(request))).encode()
        except ValueError:
            body = right.body
        return Response(right.status, right.headers, body)

    def _spoilt(self, found: Any, text: str) -> Any:
        if isinstance(found, list):
            return [self._spoilt(one, text) for one in found]
        if not isinstance(found, dict):
            return found
        words = ("message", "long_message", "detail", "hint", "title", "error_description", "msg", "description")
        return {
            name: f"{one} {text}" if name in words and isinstance(one, str) else self._spoilt(one, text)
            for name, one in found.items()
        }


class _Echo(StandIn):
    """A service that answers nothing but what it was sent."""

    def answer(self, request: Request) -> Response:
        text = _sent(request)
        error = {"message": text, "code": text, "type": text, "detail": text}
        return Response.json({**error, "error": error, "errors": [error], "result": text, "name": text}, 401)
