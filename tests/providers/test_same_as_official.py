"""Our requests beside those of the services' own clients, at the same stand-in: same place, same key, same header."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import pytest
import stripe as official_stripe

from onboard.network import Request as Ours
from onboard.providers import provider
from onboard.sandbox.served import Request, Served, StandIn, serve
from onboard.sandbox.standins.anthropic import AnthropicStandIn
from onboard.sandbox.standins.brevo import BrevoStandIn
from onboard.sandbox.standins.clerk import ClerkStandIn
from onboard.sandbox.standins.neon import NeonStandIn
from onboard.sandbox.standins.stripe import StripeStandIn
from onboard.sandbox.standins.supabase import SupabaseStandIn
from onboard.sandbox.standins.upstash import UpstashStandIn
from tests.parts import MODULES, NODE_FOLDER, needed
from tests.providers.outside import Recording, a_machine, held

HERE = Path(__file__).parent
T = TypeVar("T", bound=StandIn)


def by_their_client(served: Served, service: str, package: str, **keys: str) -> tuple[list[Request], str]:
    """Return what the official npm client asked, and what the script printed."""
    needed(MODULES / package)
    asked = {"service": service, "base": served.url, "modules": str(MODULES), **keys}
    done = subprocess.run(
        [needed(NODE_FOLDER / "node"), str(HERE / "clients.mjs")],
        env={"ASKED": json.dumps(asked), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    found = list(served.requests)
    served.requests.clear()
    return found, done.stdout.strip()


async def by_us(
    served: Served, id: str, values: Mapping[str, str], folder: Path, part: str = ""
) -> tuple[list[Request], list[Ours]]:
    """Return what we asked, as it arrived and as it was meant."""
    machine = a_machine(folder, served.endpoints)
    credential = next(one for one in provider(id).credentials if one.part == part)
    await provider(id).verify(credential, held(values, provider(id)), machine)
    await machine.network.close()
    assert isinstance(machine.network, Recording)
    return served.requests, machine.network.wanted


def essence(request: Request, *carriers: str) -> tuple[Any, ...]:
    """Return what makes two requests the same: where they go and which key they carry."""
    return (request.method, request.path, dict(request.query), [request.headers.get(name) for name in carriers])


@pytest.mark.anyio
async def test_stripe(tmp_path: Path) -> None:
    with serve(StripeStandIn()) as served:
        key = stand_in(served, StripeStandIn).secret_key
        client = official_stripe.StripeClient(key, base_addresses={"api": served.url})
        client.v1.accounts.retrieve_current()
        theirs = served.requests.pop()
        ours, _ = await by_us(served, "stripe", {"secret": key}, tmp_path)
    assert essence(ours[0], "authorization") == essence(theirs, "authorization")


@pytest.mark.anyio
async def test_stripe_from_node(tmp_path: Path) -> None:
    with serve(StripeStandIn()) as served:
        key = stand_in(served, StripeStandIn).secret_key
        theirs, _ = by_their_client(served, "stripe", "stripe", secret=key)
        ours, _ = await by_us(served, "stripe", {"secret": key}, tmp_path)
    assert essence(ours[0], "authorization") == essence(theirs[0], "authorization")


@pytest.mark.anyio
async def test_neon_asks_the_same_host_with_the_same_headers(tmp_path: Path) -> None:
    with serve(NeonStandIn()) as served:
        url = stand_in(served, NeonStandIn).url(pooled=True)
        host = urlsplit(url).hostname or ""
        theirs, endpoint = by_their_client(served, "neon", "@neondatabase/serverless", url=url, host=host)
        ours, wanted = await by_us(served, "neon", {"url": url}, tmp_path)
    assert wanted[0].base + wanted[0].path == endpoint
    names = ("neon-raw-text-output", "neon-array-mode", "neon-batch-read-only", "neon-batch-isolation-level")
    assert essence(ours[0], *names) == essence(theirs[0], *names)
    assert "authorization" not in {**ours[0].headers, **theirs[0].headers}
    # Their driver adds its own name to the end of the string.
    assert theirs[0].headers["neon-connection-string"].startswith(ours[0].headers["neon-connection-string"])
    assert ours[0].data["queries"][0].keys() == theirs[0].data["queries"][0].keys()


@pytest.mark.anyio
async def test_upstash(tmp_path: Path) -> None:
    with serve(UpstashStandIn()) as served:
        service = stand_in(served, UpstashStandIn)
        theirs, _ = by_their_client(served, "upstash", "@upstash/redis", token=service.token)
        ours, _ = await by_us(served, "upstash", {"url": service.url, "token": service.token}, tmp_path)
    assert essence(ours[0], "authorization", "content-type") == essence(theirs[0], "authorization", "content-type")
    assert [word.upper() for word in theirs[0].data] == ours[0].data


@pytest.mark.anyio
async def test_brevo(tmp_path: Path) -> None:
    with serve(BrevoStandIn()) as served:
        key = stand_in(served, BrevoStandIn).api_key
        theirs, _ = by_their_client(served, "brevo", "@getbrevo/brevo", secret=key)
        ours, _ = await by_us(served, "brevo", {"secret": key}, tmp_path)
    assert essence(ours[0], "api-key") == essence(theirs[0], "api-key")


@pytest.mark.anyio
async def test_anthropic_asks_the_same_in_the_documented_header(tmp_path: Path) -> None:
    with serve(AnthropicStandIn()) as served:
        key = stand_in(served, AnthropicStandIn).api_key
        theirs, _ = by_their_client(served, "anthropic", "@anthropic-ai/sdk", secret=key)
        ours, _ = await by_us(served, "anthropic", {"secret": key}, tmp_path)
    assert essence(ours[0]) == essence(theirs[0])
    # Since 1.0 the client sends the key as a bearer with a newer version; the documentation still says x-api-key.
    assert ours[0].headers["x-api-key"] == theirs[0].bearer


@pytest.mark.anyio
async def test_clerk(tmp_path: Path) -> None:
    with serve(ClerkStandIn()) as served:
        key = stand_in(served, ClerkStandIn).secret_key
        theirs, _ = by_their_client(served, "clerk", "@clerk/backend", secret=key)
        ours, _ = await by_us(served, "clerk", {"secret": key}, tmp_path)
    assert [essence(one, "authorization") for one in ours] == [essence(one, "authorization") for one in theirs]


@pytest.mark.anyio
async def test_supabase_sends_the_key_as_its_client_does(tmp_path: Path) -> None:
    with serve(SupabaseStandIn()) as served:
        service = stand_in(served, SupabaseStandIn)
        theirs, _ = by_their_client(served, "supabase", "@supabase/supabase-js", secret=service.service_key)
        values = {"url": service.url, "secret": service.service_key}
        ours, _ = await by_us(served, "supabase", values, tmp_path, "secret")
    assert theirs[0].path.startswith("/auth/v1/")
    assert ours[0].path.startswith("/auth/v1/")
    for name in ("apikey", "authorization"):
        assert ours[0].headers[name] == theirs[0].headers[name]


def stand_in(served: Served, kind: type[T]) -> T:
    assert isinstance(served.stand_in, kind)
    return served.stand_in
