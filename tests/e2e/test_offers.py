"""Keys that nobody types: signing in at Stripe from the entry form, in a real terminal, with the real Stripe CLI."""

import os
from contextlib import ExitStack
from pathlib import Path

import pytest

from onboard.sandbox.served import serve
from onboard.sandbox.standins.anthropic import AnthropicStandIn
from onboard.sandbox.standins.neon import NeonStandIn
from tests.e2e.light import ONBOARD, Services, light
from tests.e2e.test_first_day import ENTER, Typist
from tests.e2e.world import secret_part
from tests.oracle import Oracle
from tests.parts import STRIPE, needed
from tests.test_provisioning import LoginStandIn

CTRL_E, DOWN = "\x05", "\x1b[B"


@pytest.mark.parts
def test_a_login_at_stripe_is_shown_with_its_code_and_its_keys_are_checked_before_they_are_saved(
    tmp_path: Path, oracle: Oracle
) -> None:
    stripe = LoginStandIn()
    with ExitStack() as ends:
        served = [ends.enter_context(serve(one)) for one in (stripe, AnthropicStandIn(), NeonStandIn())]
        world = ends.enter_context(
            light(tmp_path, Services(stripe, served[1].stand_in, served[2].stand_in, served), oracle)  # type: ignore[arg-type]
        )
        world.template('STRIPE_SECRET_KEY="sk_test_..."\nNEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY="pk_test_..."\n')
        world.package(scripts={"dev": "next dev"}, dependencies={"stripe": "23.1.0"}, devDependencies={})
        (world.project / "app").mkdir()
        (world.project / "app" / "pay.ts").write_text("export const key = process.env.STRIPE_SECRET_KEY!;\n")
        (world.project / "node_modules" / "stripe").mkdir(parents=True)
        world.trust()
        env = world.env | {
            "ONBOARD_STRIPE_CLI_ARGS": f"--api-base {served[0].url} --dashboard-base {served[0].url}",
            "PATH": os.pathsep.join([str(needed(STRIPE).parent), world.env["PATH"]]),
        }
        log = oracle.terminal(columns=80, rows=24)
        at = Typist([str(ONBOARD)], env, cwd=world.project, log=log)  # type: ignore[arg-type]
        try:
            at.sees("gets them for you")
            at.types(CTRL_E)
            at.sees("90 days after the login")
            assert not stripe.polls
            at.types(ENTER)
            at.sees("Do it")
            at.types(DOWN)
            at.types(ENTER)
            at.sees("warm-lucky-rain-dear")
            at.sees("Nothing is saved yet")
            assert world.values() == {}
            at.types(ENTER)
            at.sees("Save")
            at.types(ENTER)
            at.until("PUBLISHABLE_KEY saved")
            at.types("\x11")
            at.end()
        finally:
            at.child.close(force=True)
            log.close()
        own = ("file:*/.env.local", "file:*/.config/stripe/config.toml", "host:stripe")
        oracle.know(secret_part(stripe.restricted), name="the login's key", allowed=own)
        assert world.values() == {
            "STRIPE_SECRET_KEY": stripe.restricted,
            "NEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY": stripe.publishable_key,
        }
