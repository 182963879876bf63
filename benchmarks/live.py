"""How long twelve live checks take together, beside the slowest of them alone: `python benchmarks/live.py [RUNS]`.

Eight stand-ins with twelve credentials answer each request after half a second. Some checks ask twice; Neon's is one of
them. Each figure is the median of a new process's first sitting: imports, TLS context and connections included.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # a checkout that is not installed will do

DELAY = 0.5
SERVICES = ("stripe", "neon", "upstash", "supabase", "clerk", "anthropic", "brevo", "printful")
PARTS = {"neon": ("", "api"), "upstash": ("", "api"), "supabase": ("", "secret"), "clerk": ("", "publishable")}


def child(which: str) -> None:
    """Verify the credentials named by `which` (`all`, or one id) against the stand-ins of the parent; print seconds."""
    setup = json.loads(sys.stdin.read())
    started = time.perf_counter()
    from onboard.machine import Machine
    from onboard.model import Secret, Status
    from onboard.network import Network
    from onboard.providers import provider
    from onboard.providers._base import Held, Values

    async def ask() -> list[str]:
        with tempfile.TemporaryDirectory() as folder:
            machine = Machine(env={}, home=Path(folder), state=Path(folder), config=Path(folder))
            machine.network = Network(setup["endpoints"])
            wanted = [
                (id, credential)
                for id in SERVICES
                for credential in provider(id).credentials
                if credential.part in PARTS.get(id, ("",)) and which in ("all", f"{id}.{credential.part}")
            ]
            checks = [
                provider(id).verify(
                    credential,
                    Values((key, Held(key, Secret(text))) for key, text in setup["values"][id].items()),
                    machine,
                )
                for id, credential in wanted
            ]
            verdicts = await asyncio.gather(*checks)
            await machine.network.close()
            return [
                f"{id}: {v.summary}" for (id, _), v in zip(wanted, verdicts, strict=True) if v.status is not Status.OK
            ]

    wrong = asyncio.run(ask())
    print(time.perf_counter() - started)
    if wrong:
        sys.exit("not accepted: " + "; ".join(wrong))


def main(runs: int) -> None:
    """Serve, run both ways, and print the ratio."""
    from onboard.sandbox.served import Fault, serve
    from onboard.sandbox.standins.anthropic import AnthropicStandIn
    from onboard.sandbox.standins.brevo import BrevoStandIn
    from onboard.sandbox.standins.clerk import ClerkStandIn
    from onboard.sandbox.standins.neon import NeonStandIn
    from onboard.sandbox.standins.printful import PrintfulStandIn
    from onboard.sandbox.standins.stripe import StripeStandIn
    from onboard.sandbox.standins.supabase import SupabaseStandIn
    from onboard.sandbox.standins.upstash import UpstashStandIn

    stripe, neon, upstash, supabase = StripeStandIn(), NeonStandIn(), UpstashStandIn(), SupabaseStandIn()
    clerk, anthropic, brevo, printful = ClerkStandIn(), AnthropicStandIn(), BrevoStandIn(), PrintfulStandIn()
    values = {
        "stripe": {"secret": stripe.secret_key},
        "neon": {"url": neon.url(), "api": neon.api_key},
        "upstash": {"url": upstash.url, "token": upstash.token, "email": upstash.email, "api": upstash.api_key},
        "supabase": {"url": supabase.url, "public": supabase.publishable_key, "secret": supabase.secret_key},
        "clerk": {"secret": clerk.secret_key, "publishable": clerk.publishable_key},
        "anthropic": {"secret": anthropic.api_key},
        "brevo": {"secret": brevo.api_key},
        "printful": {"token": printful.token},
    }
    together, slowest = [], []
    with ExitStack() as stack:
        endpoints: dict[str, str] = {}
        for one in (stripe, neon, upstash, supabase, clerk, anthropic, brevo, printful):
            served = stack.enter_context(serve(one))
            served.fault, served.delay = Fault.SLOW, DELAY
            endpoints |= served.endpoints
        given = json.dumps({"endpoints": endpoints, "values": values})
        for _ in range(runs):
            together.append(_timed("all", given))
            slowest.append(_timed("neon.", given))
    both = statistics.median(together), statistics.median(slowest)
    print(f"twelve checks together {both[0]:.3f} s, the slowest alone {both[1]:.3f} s: {both[0] / both[1]:.2f} ×")


def _timed(which: str, given: str) -> float:
    done = subprocess.run(
        [sys.executable, __file__, "--child", which], input=given, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(done.stderr)
    return float(done.stdout)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(sys.argv[2])
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
