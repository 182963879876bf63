"""`onboard rotate` and `onboard set --make` at a real terminal, on the real keyring: done, and nothing leaks."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pexpect
import pytest

from onboard.sandbox.served import serve
from onboard.sandbox.standins.resend import ResendStandIn
from onboard.sandbox.standins.stripe import StripeStandIn
from onboard.sandbox.standins.vercel import VercelStandIn
from tests.e2e.test_first_day import Typist
from tests.keyring_parts import Bus, keyring
from tests.oracle import Oracle, oracle
from tests.rotation_world import Place

__all__ = ["oracle"]

ONBOARD = str(Path(sys.executable).with_name("onboard"))


class Desk:
    """A person at a terminal, in front of a project with two services."""

    def __init__(
        self, here: Place, bus: Bus, oracle: Oracle, stripe: StripeStandIn, resend: ResendStandIn, vercel: VercelStandIn
    ) -> None:
        self.here, self.oracle = here, oracle
        self.stripe, self.resend, self.vercel = stripe, resend, vercel
        self.env = bus.env | {"ONBOARD_ENDPOINTS": str(here.folder / "endpoints.json"), "PATH": os.defpath}
        self.trust()

    def trust(self) -> None:
        shown = json.loads(self.run("trust", "--show", "--json").stdout)
        assert self.run("trust", "--accept", shown["hash"]).returncode == 0

    def link(self) -> None:
        """Link the folder to its project at Vercel."""
        link = {"projectId": self.vercel.project, "orgId": self.vercel.team}
        put(self.here.project / ".vercel/project.json", link)
        self.trust()

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
    services = stripe, resend, vercel = StripeStandIn(), ResendStandIn(), VercelStandIn()
    vercel.env.clear()
    with keyring(tmp_path / "home") as bus, ExitStack() as ends:
        served = {one.endpoints[0]: ends.enter_context(serve(one)) for one in services}
        here = Place(tmp_path / "work")
        endpoints = {id: url for one in served.values() for id, url in one.endpoints.items()}
        (here.folder / "endpoints.json").write_text(json.dumps(endpoints))
        put(tmp_path / "home/.local/share/com.vercel.cli/auth.json", {"token": vercel.token})
        here.holds(STRIPE_SECRET_KEY=stripe.secret_key, RESEND_API_KEY=resend.key, CRON_SECRET="")
        template = here.project / ".env.local.example"
        template.write_text(template.read_text().replace("CRON_SECRET", "# openssl rand -hex 32\nCRON_SECRET"))
        yield Desk(here, bus, oracle, *services)
        know(oracle, stripe, resend, vercel)
        for name, one in served.items():
            for request in one.requests:
                sent = f"{request.method} {request.path} {dict(request.headers)}".encode() + request.body
                oracle.sent(name, sent)


def put(path: Path, content: Mapping[str, str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


def know(oracle: Oracle, stripe: StripeStandIn, resend: ResendStandIn, vercel: VercelStandIn) -> None:
    """Name every key of the run, with where it may be."""
    oracle.know(vercel.token, name="vercel", allowed=("file:*/auth.json", "host:vercel"))
    for key in stripe.keys:
        if key.startswith("sk_"):
            oracle.know(key[26:], name="stripe", allowed=("file:*/.env.local", "host:stripe"))
    for key in resend.keys.values():
        oracle.know(key, name="resend", allowed=("file:*/.env.local", "host:resend", "host:vercel"))


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


def test_the_teams_other_places_get_the_new_key_one_by_one_where_the_person_says_so(desk: Desk) -> None:
    old, name = desk.resend.key, "RESEND_API_KEY"
    desk.link()
    desk.vercel.env += [
        {"id": f"entry_{place}", "key": name, "type": "encrypted", "target": [place], "value": old}
        for place in ("production", "preview", "development")
    ]
    code, text = desk.talk(
        "rotate",
        name,
        answers=[
            ("Go on? [y/N]", "y"),
            ("Vercel, production: it has the old one. Put the new one there? Customers' traffic uses it", "y"),
            ("Vercel, preview: it has the old one. Put the new one there? [y/N]", "y"),
            ("Vercel, development: it has the old one. Put the new one there? [y/N]", "n"),
            ("end the old one now? [y/N]", "n"),
        ],
    )

    new = desk.here.value(name)
    assert code == 3, text
    assert {row["target"][0]: row["value"] == new for row in desk.vercel.env} == {
        "production": False,
        "preview": True,
        "development": False,
    }
    assert "Vercel, production has the same value" in text
    assert "`vercel env update RESEND_API_KEY development` changes it" in text

    code, text = desk.talk(
        "rotate",
        answers=[
            ("Type production, or Enter for no:", "production"),
            ("Vercel, development: it has the old one. Put the new one there? [y/N]", "y"),
            ("end the old one now? [y/N]", "y"),
        ],
    )
    assert code == 0, text
    assert {row["value"] for row in desk.vercel.env} == {new}
    assert "Vercel, preview" not in text


def test_a_guided_change_waits_for_the_person_and_can_be_taken_back(desk: Desk) -> None:
    old, new = desk.stripe.secret_key, desk.stripe.issue(desk.stripe.account, "sk_test")
    mistyped = desk.stripe.account.new_key("sk_test")
    ask = "the new STRIPE_SECRET_KEY (hidden; empty: not now):"
    code, text = desk.talk("rotate", "stripe", answers=[("Go on? [y/N]", "y"), (ask, mistyped), (ask, "")])
    assert code == 4, text
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


def test_of_several_offers_the_one_that_is_made_here_needs_no_person(desk: Desk) -> None:
    again = desk.run("set", "STRIPE_SECRET_KEY", "--make")
    assert again.returncode == 1
    assert "dashboard.stripe.com" in again.stderr
    desk.link()
    again = desk.run("set", "STRIPE_SECRET_KEY", "--make")
    assert again.returncode == 4
    assert "what Vercel has for development" in again.stderr

    done = desk.run("set", "CRON_SECRET", "--make")

    assert done.returncode == 0, done.stderr
    assert len(desk.here.value("CRON_SECRET")) == 64
    desk.oracle.know(desk.here.value("CRON_SECRET"), name="cron", allowed=("file:*/.env.local",))


def test_in_the_app_a_key_is_rotated_and_no_screen_ever_shows_one(desk: Desk) -> None:
    old = desk.resend.key
    log = desk.oracle.terminal(columns=100, rows=30)
    at = Typist([ONBOARD], desk.env, (100, 30), cwd=desk.here.project, log=log)  # type: ignore[arg-type]
    try:
        at.sees("CRON_SECRET")  # a step is owed first
        at.types("\x1b")
        at.sees("owed.")
        for key in ("v", "/", "resend", "\r", "c"):
            at.types(key)
        at.sees("Go on?")
        at.types("\x1b[B\r")
        at.sees("old one now?")
        assert set(desk.resend.keys.values()) == {old, desk.here.value("RESEND_API_KEY")}
        at.types("\x1b[B\r")
        at.sees("refuses it")
        at.types("\x11")
        at.end()
    finally:
        at.child.close(force=True)
        log.close()

    assert list(desk.resend.keys.values()) == [desk.here.value("RESEND_API_KEY")] != [old]
