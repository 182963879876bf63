"""A coding agent sets a project up, with two hand-overs to a person; nothing that it could see holds a secret."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pexpect
import pytest

from tests.e2e.light import ONBOARD, Light, Ran, Services, light
from tests.keyring_parts import keyring
from tests.oracle import Oracle

SECRETS = ("STRIPE_SECRET_KEY", "DATABASE_URL", "ANTHROPIC_API_KEY")


class Agent:
    """Works without a terminal, knows three commands, and sees all that they print."""

    def __init__(self, shop: Light) -> None:
        self.shop = shop
        self.env = {"CLAUDECODE": "1"}

    def runs(self, *words: str) -> Ran:
        return self.shop.onboard(*words, env=self.env)

    def reads(self, *words: str) -> Any:
        return self.runs(*words, "--json").json()

    def handed_over(self, *only: str) -> list[str]:
        """Return the commands that `doctor --json` says a person has to type."""
        steps = [finding["step"] for finding in self.reads("doctor", "--only", *only)["findings"]]
        asked = [step["command"] for step in steps if step and step["who"] == "person" and step["command"]]
        return list(dict.fromkeys(asked))

    def starts(self, *words: str) -> subprocess.Popen[bytes]:
        """Start a command in the background."""
        return subprocess.Popen(
            [str(ONBOARD), *words],
            cwd=self.shop.project,
            env=self.shop.environment(self.env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def ended(self, process: subprocess.Popen[bytes]) -> int:
        out, err = process.communicate(timeout=30)
        self.shop.oracle.saw("stdout", out)
        self.shop.oracle.saw("stderr", err)
        return process.returncode


class Person:
    """Sits at a terminal of their own and types the commands that the agent passes on."""

    def __init__(self, shop: Light) -> None:
        self.shop = shop

    def types(self, command: str, question: str, answer: str, code: int = 0) -> str:
        """Answer the one question of a command, which ends with `code`; return what was on the screen."""
        words = shlex.split(command)
        assert words[0] == "onboard"
        log = self.shop.oracle.terminal(columns=120, rows=60)
        child = pexpect.spawn(
            str(ONBOARD),
            words[1:],
            cwd=str(self.shop.project),
            env=self.shop.environment(),
            timeout=30,
            dimensions=(60, 120),
        )
        child.logfile_read = log
        child.delaybeforesend = None
        child.expect_exact(question)
        shown = repr(child.before)
        if "hidden" in question:
            child.waitnoecho(5)
        child.sendline(answer)
        child.expect(pexpect.EOF)
        child.close()
        log.close()
        assert child.exitstatus == code, command
        return shown


@pytest.fixture
def shop(tmp_path: Path, stand_ins: Services, oracle: Oracle) -> Iterator[Light]:
    """A light world with a real gnome-keyring, not approved yet."""
    with keyring(tmp_path / "home") as bus, light(tmp_path, stand_ins, oracle, bus.env) as made:
        needed = "".join(f'[variables.{name}]\nneed = "required"\n' for name in SECRETS)
        (made.project / "onboard.toml").write_text(needed)
        yield made


@pytest.mark.parts
def test_an_agent_finishes_the_set_up_with_two_hand_overs_and_sees_no_secret(shop: Light) -> None:
    agent, person = Agent(shop), Person(shop)

    # The first hand-over: approval.
    refused = agent.runs("setup", "--yes")
    assert refused.code == 4
    assert "onboard trust" in refused.err
    (command,) = agent.handed_over("trust")
    assert command == "onboard trust"
    person.types(command, "Approve exactly this? [y/N]", "y")

    # What needs no person, the agent has done; the rest it passes on, by name.
    made = agent.runs("setup", "--yes")
    assert made.code == 4
    assert "onboard set STRIPE_SECRET_KEY" in made.err
    assert len(shop.values()["AUTH_SECRET"]) == 44
    owed = agent.handed_over("variable")
    assert {"onboard set STRIPE_SECRET_KEY", "onboard set DATABASE_URL"} <= set(owed)

    # The second: secrets, typed where the agent is not.
    waiting = agent.starts("wait", *SECRETS, "--timeout", "60")
    for name in SECRETS:
        assert waiting.poll() is None
        person.types(f"onboard set {name}", f"{name} (hidden):", shop.credentials[name])
    started = time.monotonic()
    assert agent.ended(waiting) == 0
    assert time.monotonic() - started < 15
    shop.onboard("set", "NEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY", stdin=shop.services.stripe.publishable_key)
    for name in SECRETS:
        assert shop.values()[name] == shop.credentials[name]

    # All is well, and the agent can tell.
    told = {
        finding["id"]: finding["status"] for finding in agent.reads("doctor", "--only", "variable", "live")["findings"]
    }
    assert (told["live.stripe"], told["live.anthropic"], told["variable.AUTH_SECRET"]) == ("ok", "ok", "ok")
    states = {row["name"]: (row["state"], row["sources"]) for row in agent.reads("list")["variables"]}
    assert states["STRIPE_SECRET_KEY"] == ("ok", ["env_file", "vault"])

    # What it may not do is a sentence with the person's command, and does nothing.
    file = shop.file.read_bytes()
    for words, said in REFUSED.items():
        ran = agent.runs(*words)
        assert ran.code == 4, (words, ran.err)
        assert said in ran.err, (words, ran.err)
    assert shop.file.read_bytes() == file

    # However it asks, no value is shown.
    for words in LOOKS:
        agent.runs(*words)
    ran = agent.runs("run", "--", "sh", "-c", SCRIPT)
    assert ran.code == 0
    assert len(ran.out.splitlines()) > 20
    shop.oracle.know(shop.values()["AUTH_SECRET"], name="AUTH_SECRET", allowed=("file:*/.env.local",))


REFUSED: dict[tuple[str, ...], str] = {
    ("set", "ANTHROPIC_API_KEY"): "onboard set ANTHROPIC_API_KEY",
    ("set", "STRIPE_SECRET_KEY", "--make"): "in a terminal",
    ("rotate", "STRIPE_SECRET_KEY"): "terminal",
    ("import", "--from", "gh"): "onboard import --from gh",
    ("forget",): "terminal",
}
LOOKS = (
    ("doctor", "--json"),
    ("check", "--json"),
    ("explain", "STRIPE_SECRET_KEY", "--json"),
    ("env",),
    ("import", "--from"),
)
SCRIPT = """
env; cat .env.local; printenv STRIPE_SECRET_KEY | base64; printenv DATABASE_URL | od -An -tx1 | tr -d ' \\n'
"""
"""What prints every secret that there is, raw, in base64, and in hex."""


@pytest.mark.parts
def test_a_person_sees_what_a_store_holds_by_name_and_place_before_it_is_taken(shop: Light) -> None:
    shop.trust()
    agent, person = Agent(shop), Person(shop)
    store = {name: shop.credentials[name] for name in ("STRIPE_SECRET_KEY", "ANTHROPIC_API_KEY")}
    kept = shop.root.parent / f"{shop.root.name}-store"  # where the team's store is: no place of ours
    kept.write_text(json.dumps({**store, "DOPPLER_CONFIG": "dev"}))
    shop.tool("doppler", f'echo "$@" >> "$HOME/doppler-ran"; cat {shlex.quote(str(kept))}')

    refused = agent.runs("import", "--from", "doppler")
    assert refused.code == 4
    assert "onboard import --from doppler" in refused.err
    assert not (shop.home / "doppler-ran").exists()

    shown = person.types("onboard import --from doppler", "Take them over? [y/N]", "n", code=4)
    assert re.search(r"STRIPE_SECRET_KEY  [0-9a-f]{12}  from Doppler", shown)
    assert "1 more there" in shown
    assert shop.values() == {}

    person.types("onboard import --from doppler STRIPE_SECRET_KEY", "Take them over? [y/N]", "y")
    assert shop.values()["STRIPE_SECRET_KEY"] == store["STRIPE_SECRET_KEY"]
    assert "ANTHROPIC_API_KEY" not in shop.values()
    assert agent.runs("wait", "STRIPE_SECRET_KEY", "--timeout", "0").code == 0
