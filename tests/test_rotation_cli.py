"""`onboard rotate` and `onboard set --make` at a real terminal, on the real keyring: done, and nothing leaks."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

from onboard.sandbox.served import Served, serve
from onboard.sandbox.standins.resend import ResendStandIn
from onboard.sandbox.standins.stripe import StripeStandIn
from tests.keyring_parts import Bus, keyring
from tests.oracle import Oracle, oracle
from tests.test_rotation import Place

__all__ = ["oracle"]

ONBOARD = str(Path(sys.executable).with_name("onboard"))


class Desk:
    """A person at a terminal, in front of a project with two services."""

    def __init__(self, here: Place, bus: Bus, oracle: Oracle, stripe: StripeStandIn, resend: ResendStandIn) -> None:
        self.here, self.oracle, self.stripe, self.resend = here, oracle, stripe, resend
        self.env = bus.env | {"ONBOARD_ENDPOINTS": str(here.folder / "endpoints.json"), "PATH": os.defpath}
        shown = json.loads(self.run("trust", "--show", "--json").stdout)
        assert self.run("trust", "--accept", shown["hash"]).returncode == 0

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run onboard as a script does, with nobody at the terminal."""
        done = subprocess.run(
            [ONBOARD, *words],
            cwd=self.here.project,
            env=self.env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        self.oracle.saw("stdout", done.stdout)
        self.oracle.saw("stderr", done.stderr)
        return done

    def talk(self, *words: str, answers: list[tuple[str, str]]) -> tuple[int, str]:
        """Run onboard in a terminal; give each answer where its question stands. Return exit code and screen."""
        child = pexpect.spawn(
            ONBOARD, list(words), cwd=str(self.here.project), env=self.env, timeout=30, dimensions=(60, 200)
        )
        seen = io.BytesIO()
        child.logfile_read = seen
        for question, answer in answers:
            child.expect_exact(question)
            if "hidden" in question:
                child.waitnoecho(5)
            child.sendline(answer)
        child.expect(pexpect.EOF)
        child.close()
        self.oracle.saw("terminal", seen.getvalue())
        return int(child.exitstatus if child.exitstatus is not None else -1), seen.getvalue().decode()


@pytest.fixture
def desk(tmp_path: Path, oracle: Oracle) -> Iterator[Desk]:
    stripe, resend = StripeStandIn(), ResendStandIn()
    with keyring(tmp_path / "home") as bus, serve(stripe) as one, serve(resend) as other:
        here = Place(tmp_path / "work")
        (here.folder / "endpoints.json").write_text(json.dumps({**one.endpoints, **other.endpoints}))
        here.holds(STRIPE_SECRET_KEY=stripe.secret_key, RESEND_API_KEY=resend.key, CRON_SECRET="")
        template = here.project / ".env.local.example"
        template.write_text(template.read_text().replace("CRON_SECRET", "# openssl rand -hex 32\nCRON_SECRET"))
        yield Desk(here, bus, oracle, stripe, resend)
        know(oracle, stripe, resend, one, other)


def know(oracle: Oracle, stripe: StripeStandIn, resend: ResendStandIn, one: Served, other: Served) -> None:
    """Name every key of the run, and hand over what the services were sent."""
    for key in stripe.keys:
        if key.startswith("sk_"):
            oracle.know(key[26:], name="stripe", allowed=("file:*/.env.local", "host:stripe"))
    for key in resend.keys.values():
        oracle.know(key, name="resend", allowed=("file:*/.env.local", "host:resend"))
    for name, served in (("stripe", one), ("resend", other)):
        for request in served.requests:
            sent = f"{request.method} {request.path} {dict(request.headers)}".encode() + request.body
            oracle.sent(name, sent)


def test_an_api_change_at_a_terminal_ends_the_old_key_when_the_new_one_works(desk: Desk) -> None:
    old = desk.resend.key
    code, text = desk.talk(
        "rotate", "RESEND_API_KEY", answers=[("Go on? [y/N]", "y"), ("end the old one now? [y/N]", "y")]
    )

    assert code == 0, text
    assert "breaks: Every app that sends" in text
    assert "refuses it" in text
    assert list(desk.resend.keys.values()) == [desk.here.value("RESEND_API_KEY")]
    assert desk.here.value("RESEND_API_KEY") != old


def test_a_guided_change_waits_for_the_person_and_can_be_taken_back(desk: Desk) -> None:
    old, new = desk.stripe.secret_key, desk.stripe.issue(desk.stripe.account, "sk_test")
    mistyped = desk.stripe.account.new_key("sk_test")
    ask = "the new STRIPE_SECRET_KEY (hidden; empty: not now):"
    code, text = desk.talk("rotate", "stripe", answers=[("Go on? [y/N]", "y"), (ask, mistyped)])
    assert code == 1, text
    assert desk.here.value("STRIPE_SECRET_KEY") == old

    code, text = desk.talk("rotate", "stripe", answers=[("Go on? [y/N]", "y"), (ask, new), ("ended there? [y/N]", "n")])
    assert code == 3, text
    assert "dashboard.stripe.com" in text
    assert "goes on" in text
    assert desk.here.value("STRIPE_SECRET_KEY") == new
    told = desk.run("doctor", "--only", "rotation", "--json")
    assert json.loads(told.stdout)["findings"][0]["step"]["command"] == "onboard rotate STRIPE_SECRET_KEY"

    assert desk.talk("rotate", "--undo", "STRIPE_SECRET_KEY", answers=[])[0] == 0
    assert desk.here.value("STRIPE_SECRET_KEY") == old
    assert json.loads(desk.run("doctor", "--only", "rotation", "--json").stdout)["findings"] == []
    assert "@old" not in desk.run("list", "--json").stdout

    desk.talk("rotate", "stripe", answers=[("Go on? [y/N]", "y"), (ask, new), ("ended there? [y/N]", "n")])
    desk.stripe.revoke(old)
    code, text = desk.talk("rotate", answers=[("ended there? [y/N]", "y")])
    assert code == 0, text
    assert "is dead" in text


def test_an_agent_gets_exit_4_and_the_command_for_the_person(desk: Desk) -> None:
    done = desk.run("rotate", "RESEND_API_KEY")

    assert done.returncode == 4
    assert "run `onboard rotate RESEND_API_KEY` in your terminal" in done.stderr
    assert "breaks:" in done.stderr
    assert len(desk.resend.keys) == 1
    assert desk.run("rotate").returncode == 2
    assert desk.run("rotate", "--older-than", "long").returncode == 2
    assert desk.run("rotate", "--older-than", "90d").returncode == 0


def test_a_value_that_is_made_here_needs_no_person(desk: Desk) -> None:
    done = desk.run("set", "CRON_SECRET", "--make")

    assert done.returncode == 0, done.stderr
    assert len(desk.here.value("CRON_SECRET")) == 64
    desk.oracle.know(desk.here.value("CRON_SECRET"), name="cron", allowed=("file:*/.env.local",))
    again = desk.run("set", "STRIPE_SECRET_KEY", "--make")
    assert again.returncode == 1
    assert "dashboard.stripe.com" in again.stderr
