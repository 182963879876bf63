"""What lies elsewhere already: read on request, shown by name, and each refusal of a tool in words of its own.

The tools are small programs that print what the real ones are documented to print, their failures too.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from onboard import keepers
from onboard.errors import NeedsPerson, NetworkError, OnboardError, ProcessError, UsageError
from onboard.machine import Machine
from onboard.model import Event, Secret, Status
from onboard.sandbox.invented import alnum
from onboard.sandbox.standins.vercel import VercelStandIn
from onboard.session import Session
from tests.rotating import machine
from tests.rotation_world import Place, place

KEY = "sk_test_51" + alnum(40)
PASSWORD = "p$a{{ ss'\nw\"ord" + alnum(12)


class Desk:
    """An approved project on a machine whose only programs are git and those that are put there."""

    def __init__(self, here: Place, *, terminal: bool = True, env: Mapping[str, str] | None = None) -> None:
        self.here, self.tools = here, here.folder / "bin"
        self.tools.mkdir(exist_ok=True)
        self.machine: Machine = machine(here.folder, terminal=terminal)
        self.machine.env |= {"PATH": f"{self.tools}:/usr/bin:/bin", "HOME": str(here.folder), **(env or {})}
        self.session = Session.open(self.machine, here.project)
        self.session.approve(self.session.approval().hash)
        self.told: list[Event] = []

    def program(self, name: str, script: str, folder: Path | None = None) -> None:
        """Put a program there that notes its words, its environment and its input before it answers."""
        note = (self.here.folder / f"{name}.ran").absolute()
        head = (
            f'#!/bin/sh\nprintf "%s\\n" "$@" >> {note}\nenv | sort > {note}.env\nreadlink /proc/self/fd/0 > {note}.in\n'
        )
        file = (folder or self.tools) / name
        file.write_text(head + script + "\n")
        file.chmod(0o755)

    def ran(self, name: str, what: str = "") -> str:
        path = self.here.folder / f"{name}.ran{what}"
        return path.read_text() if path.exists() else ""

    async def read(self, source: str, *names: str, typed: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return what is found there, by name; where it lies is in `places`."""
        given = {key: Secret(text) for key, text in (typed or {}).items()}
        found = await self.session.read_source(source, names, given, self.told.append)
        self.places = {one.name: one.place for one in found}
        return {one.name: one.value.reveal() for one in found}

    @property
    def words(self) -> str:
        return " | ".join(event.text for event in self.told)


def desk(folder: Path, template: str, *, terminal: bool = True, env: Mapping[str, str] | None = None) -> Desk:
    here = Place(folder)
    (here.project / ".env.local.example").write_text(template)
    return Desk(here, terminal=terminal, env=env)


OP_TEMPLATE = """\
STRIPE_SECRET_KEY="op://dev/Stripe/secret-key"
DATABASE_URL="postgresql://app:{{ op://dev/db.main/password }}@$HOST:5432/app"
NOTE="{{ op://Private Things/My note/text }}"
AUTH_SECRET="change-me"
"""


def op_answers(folder: Path) -> str:
    """A program that fills in references as `op inject` and `op read` do."""
    script = folder / "op.py"
    known = {
        "op://dev/Stripe/secret-key": KEY,
        "op://dev/db.main/password": PASSWORD,
        "op://Private Things/My note/text": "a note\n",
    }
    script.write_text(
        "import re, sys\n"
        f"known = {known!r}\n"
        "if sys.argv[1] == 'read':\n"
        "    sys.stdout.write(known[sys.argv[3]])\n"
        "else:\n"
        "    sys.stdout.write(re.sub(r'\\{\\{ (op://\\S+) \\}\\}', lambda m: known[m[1]], sys.stdin.read()))\n"
    )
    return f'exec /usr/bin/env python3 {shlex.quote(str(script))} "$@"'


@pytest.mark.anyio
async def test_references_are_filled_in_one_run_and_what_stands_around_them_stays(tmp_path: Path) -> None:
    made = desk(tmp_path, OP_TEMPLATE, env={"OP_SESSION_my": "session-token", "OP_ACCOUNT": "my", "STRIPE_X": "y"})
    made.program("op", op_answers(tmp_path))

    values = await made.read("op")

    assert values == {
        "STRIPE_SECRET_KEY": KEY,
        "DATABASE_URL": f"postgresql://app:{PASSWORD}@$HOST:5432/app",
        "NOTE": "a note",
    }
    assert made.places["STRIPE_SECRET_KEY"] == "op://dev/Stripe/secret-key"
    asked = made.ran("op").split("\n")
    assert asked.count("inject") == 1
    assert asked.count("read") == 1
    assert KEY not in made.ran("op")
    env = made.ran("op", ".env")
    assert "OP_SESSION_my=session-token" in env
    assert "STRIPE_X" not in env
    await made.session.close()


@pytest.mark.anyio
async def test_a_reference_of_a_template_is_no_value_and_never_reaches_the_env_file(tmp_path: Path) -> None:
    made = desk(tmp_path, OP_TEMPLATE)
    await made.session.write_env()
    assert "op://" not in made.here.project.joinpath(".env.local").read_text()
    await made.session.close()


@pytest.mark.anyio
async def test_a_reference_in_the_env_file_is_neither_missing_nor_sent_to_a_service(tmp_path: Path) -> None:
    made = desk(tmp_path, "STRIPE_SECRET_KEY=\n")
    (made.here.project / ".env.local").write_text("STRIPE_SECRET_KEY=op://dev/Stripe/secret-key\n")
    found = {f.id: f async for f in made.session.look("variable", "live", "mode")}
    assert found["variable.STRIPE_SECRET_KEY"].status is Status.SKIPPED
    assert "op run" in found["variable.STRIPE_SECRET_KEY"].summary
    assert found["live.stripe"].status is Status.SKIPPED
    made.program("op", op_answers(tmp_path))
    assert await made.read("op") == {"STRIPE_SECRET_KEY": KEY}
    await made.session.close()


@pytest.mark.anyio
async def test_an_item_gives_the_fields_that_are_called_like_variables(tmp_path: Path) -> None:
    made = desk(tmp_path, "STRIPE_SECRET_KEY=\nAUTH_SECRET=\n")
    fields = [
        {"id": "notesPlain", "type": "STRING", "purpose": "NOTES", "label": "notesPlain"},
        {"id": "x", "type": "CONCEALED", "label": "STRIPE_SECRET_KEY", "value": KEY, "reference": "op://dev/shop/x"},
        {"id": "y", "type": "STRING", "label": "username", "value": "someone"},
    ]
    (tmp_path / "item.json").write_text(json.dumps({"id": "abc", "title": "shop", "fields": fields}))
    made.program("op", f"cat {tmp_path}/item.json")

    assert await made.read("op://dev/shop") == {"STRIPE_SECRET_KEY": KEY}

    assert made.ran("op").split("\n")[:7] == ["item", "get", "shop", "--vault", "dev", "--format", "json"]
    assert made.ran("op", ".in").strip() == "/dev/null"
    assert "1 more there" in made.words
    assert await made.read("op://dev/shop", "username") == {"username": "someone"}
    for odd in ("op://dev", "op:///x", "op://dev/--help", "op://a/b/c"):
        with pytest.raises(UsageError):
            await made.read(odd)
    await made.session.close()


STORE = {"STRIPE_SECRET_KEY": KEY, "AUTH_SECRET": "another", "DOPPLER_PROJECT": "shop", "CRON_SECRET": "", "LONG": "x"}
SHAPES = {
    "doppler": (json.dumps(STORE), ["secrets", "download", "--no-file", "--format", "json"]),
    "infisical": (
        json.dumps([{"key": k, "value": v, "type": "shared", "tags": []} for k, v in STORE.items()]),
        ["export", "--format=json"],
    ),
}


@pytest.mark.anyio
@pytest.mark.parametrize("tool", SHAPES)
async def test_of_a_teams_store_comes_what_is_missing_here_and_nothing_else_unless_it_is_named(
    tool: str, tmp_path: Path
) -> None:
    answer, words = SHAPES[tool]
    made = desk(tmp_path, "STRIPE_SECRET_KEY=\nAUTH_SECRET=\nCRON_SECRET=\n")
    (made.here.project / ".env.local").write_text("AUTH_SECRET=mine-and-long-enough\n")
    (tmp_path / "answer").write_text(answer)
    made.program(tool, f"cat {tmp_path}/answer")

    assert await made.read(tool) == {"STRIPE_SECRET_KEY": KEY}

    assert made.ran(tool).split("\n")[: len(words)] == words
    assert made.ran(tool, ".in").strip() == "/dev/null"
    assert "AUTH_SECRET is another one there; yours stays" in made.words
    assert "CRON_SECRET is empty there" in made.words
    assert "2 more there" in made.words
    assert await made.read(tool, "AUTH_SECRET", "LONG") == {"AUTH_SECRET": "another", "LONG": "x"}
    assert KEY not in made.words
    await made.session.close()


@pytest.mark.anyio
async def test_a_live_key_of_a_store_is_left_out(tmp_path: Path) -> None:
    made = desk(tmp_path, "STRIPE_SECRET_KEY=\n")
    made.program("doppler", "echo '" + json.dumps({"STRIPE_SECRET_KEY": "sk_live_51" + alnum(40)}) + "'")
    assert await made.read("doppler") == {}
    assert await made.read("doppler", "STRIPE_SECRET_KEY") == {}
    assert "live key" in made.words
    await made.session.close()


@pytest.mark.anyio
@pytest.mark.parametrize("key", ["apiUrl", "domain", "backend"])
async def test_a_repository_cannot_send_the_infisical_login_elsewhere(key: str, tmp_path: Path) -> None:
    made = desk(tmp_path, "STRIPE_SECRET_KEY=\n")
    (made.here.project / ".infisical.json").write_text(json.dumps({"workspaceId": "1", key: "https://evil.test/api"}))
    made.program("infisical", "echo '[]'")
    with pytest.raises(NeedsPerson, match=r"evil\.test"):
        await made.read("infisical")
    assert made.ran("infisical") == ""
    await made.session.close()


@pytest.mark.anyio
@pytest.mark.parametrize("name", ["INFISICAL_DOMAIN", "INFISICAL_API_URL"])
async def test_a_server_that_the_shell_names_is_asked_and_a_machines_token_is_told_the_project(
    name: str, tmp_path: Path
) -> None:
    shell = {name: "https://team.example", "INFISICAL_TOKEN": "of a machine"}
    made = desk(tmp_path, "STRIPE_SECRET_KEY=\n", env=shell)
    link = {"workspaceId": "62faf98a-3a7c-4f1e", "domain": "https://evil.test"}
    (made.here.project / ".infisical.json").write_text(json.dumps(link))
    made.program("infisical", "echo '[]'")
    await made.read("infisical")
    env = made.ran("infisical", ".env")
    assert all(f"{one}={text}" in env for one, text in shell.items())
    assert made.ran("infisical").split() == ["export", "--format=json", "--projectId=62faf98a-3a7c-4f1e"]
    await made.session.close()


@pytest.mark.anyio
async def test_the_token_of_the_github_cli_is_for_the_variable_that_is_one(tmp_path: Path) -> None:
    made = desk(tmp_path, "GITHUB_TOKEN=\nGITHUB_CLIENT_SECRET=\n", env={"GH_TOKEN": "of the shell"})
    token = "gho_" + alnum(36)
    made.program("gh", f"echo {token}")
    assert await made.read("gh") == {"GITHUB_TOKEN": token}
    assert "all that you may" in made.places["GITHUB_TOKEN"]
    assert made.ran("gh").split() == ["auth", "token", "--hostname", "github.com"]
    assert "GH_TOKEN" not in made.ran("gh", ".env")  # it would be printed back instead of the login's
    await made.session.close()


FAILURES: dict[str, tuple[str, str, type[OnboardError], str]] = {
    "op: signed out": ("op", "[ERROR] 2026/09/10 10:00:00 You are not currently signed in.", NeedsPerson, "op signin"),
    "op: no account": ("op", "No accounts configured for use with 1Password CLI.", NeedsPerson, "op signin"),
    "op: fingerprint refused": (
        "op",
        "[ERROR] 2026/08/28 20:00:00 error initializing client: authorization prompt dismissed, please try again",
        NeedsPerson,
        "approval",
    ),
    "op: no such item": (
        "op",
        '[ERROR] 2026/09/10 10:00:00 could not resolve item UUID for item Stripe: "Stripe" isn\'t an item in "dev".',
        NetworkError,
        r"gave nothing: could not resolve item .* isn't an item",
    ),
    "doppler: signed out": ("doppler", "Doppler Error: you must provide a token", NeedsPerson, "doppler login"),
    "doppler: token refused": (
        "doppler",
        "Unable to fetch secrets\nDoppler Error: Invalid Auth token",
        NeedsPerson,
        "doppler login",
    ),
    "doppler: not set up": ("doppler", "Doppler Error: You must specify a project", NeedsPerson, "doppler setup"),
    "doppler: no network": (
        "doppler",
        "Unable to fetch secrets\nDoppler Error: dial tcp: lookup",
        NetworkError,
        "fetch",
    ),
    "infisical: signed out": (
        "infisical",
        "You must be logged in to run this command. To login, run [infisical login]",
        NeedsPerson,
        "infisical login",
    ),
    "infisical: expired": (
        "infisical",
        "error: Your login session has expired, please run [infisical login] and try again",
        NeedsPerson,
        "infisical login",
    ),
    "infisical: no session": (
        "infisical",
        "INF No valid login session found, triggering login flow\n^D\nerror: ^D",
        NeedsPerson,
        "infisical login",
    ),
    "infisical: token refused": (
        "infisical",
        "╭────────╮\n│ Request: GET https://us.infisical.com/api/v3/secrets │\n│ Response Code: 401 Unauthorized │\n"
        "│ Message: Token missing │\n╰────────╯",
        NeedsPerson,
        "infisical login",
    ),
    "infisical: not allowed": (
        "infisical",
        "╭────────╮\n│ Request: GET https://us.infisical.com/api/v3/secrets │\n│ Response Code: 403 Forbidden │\n"
        "│ Message: You are not a member of this project │\n╰────────╯",
        NetworkError,
        "gave nothing: You are not a member of this project$|gave nothing: You are not a member of this project ",
    ),
    "infisical: not linked, with a machine's token": (
        "infisical",
        "Project ID is required when using machine identity",
        NeedsPerson,
        "infisical init",
    ),
    "infisical: not linked": (
        "infisical",
        "Please either run infisical init to connect to a project or pass in project id with --projectId flag",
        NeedsPerson,
        "infisical init",
    ),
    "infisical: not linked, before": (
        "infisical",
        "It looks you have not yet connected this project to Infisical\nTo do so, run [infisical init] then run again",
        NeedsPerson,
        "infisical init",
    ),
    "gh: signed out": ("gh", "no oauth token found for github.com", NeedsPerson, "gh auth login"),
}
VARIABLES = 'STRIPE_SECRET_KEY="op://dev/Stripe/secret-key"\nGITHUB_TOKEN=\n'


@pytest.mark.anyio
@pytest.mark.parametrize("kind", FAILURES)
async def test_each_refusal_of_a_tool_is_told_in_words_of_its_own(kind: str, tmp_path: Path) -> None:
    tool, text, error, told = FAILURES[kind]
    made = desk(tmp_path, VARIABLES)
    made.program(tool, f"echo {KEY}\ncat >&2 <<'X'\n{text}\nX\nexit 1")
    with pytest.raises(error) as raised:
        await made.read(tool)
    said = f"{raised.value.message} {raised.value.hint}"
    assert re.search(told, said)
    assert "[ERROR]" not in said
    assert KEY not in said
    await made.session.close()


@pytest.mark.anyio
@pytest.mark.parametrize("tool", ["op", "doppler", "infisical", "gh"])
async def test_a_tool_that_is_missing_odd_or_the_repositorys_own_is_not_believed(tool: str, tmp_path: Path) -> None:
    made = desk(tmp_path, VARIABLES)
    path = made.machine.env["PATH"]
    made.machine.env["PATH"] = f"{made.here.project}:{made.tools}"  # the system may have the real one
    made.program(tool, f"echo {KEY}", made.here.project)
    with pytest.raises(ProcessError, match="not on this machine"):
        await made.read(tool)
    assert made.ran(tool) == ""
    made.machine.env["PATH"] = f"{made.here.project}:{path}"

    for answer in ("echo", "echo two words", "echo '\"text\"'", "echo '{\"A\": 1}'"):
        made.program(tool, answer)
        with pytest.raises(ProcessError, match="does not know"):
            await made.read(tool)

    slow = replace(keepers.KEEPERS[tool], seconds=0.2)
    made.program(tool, "exec sleep 60")
    with pytest.raises(NetworkError, match="did not answer"):
        await keepers.ask(made.session.view(), slow, "anything")
    await made.session.close()


# worktrees


def git(folder: Path, *words: str) -> None:
    env = {"PATH": os.defpath, "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"}
    who = ("-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "init.defaultBranch=main")
    subprocess.run(["git", *who, *words], cwd=folder, env=env, check=True, capture_output=True)


@pytest.mark.anyio
async def test_another_worktrees_env_file_is_read_the_main_ones_first(tmp_path: Path) -> None:
    made = desk(tmp_path / "one", "STRIPE_SECRET_KEY=\nAUTH_SECRET=\n")
    main = made.here.project
    git(main, "init")
    git(main, "add", ".")
    git(main, "commit", "-m", "x")
    git(main, "worktree", "add", str(tmp_path / "two"))
    git(main, "worktree", "add", str(tmp_path / "three"))
    other = Session.open(machine(tmp_path / "one"), tmp_path / "two")
    other.machine.env["PATH"] = os.defpath
    other.approve(other.approval().hash)

    with pytest.raises(UsageError, match="no other worktree"):
        await other.read_source("worktree", (), {}, made.told.append)
    (tmp_path / "three" / ".env.local").write_text("AUTH_SECRET=of-the-third\n")
    found = await other.read_source("worktree", (), {}, made.told.append)
    assert [(one.name, one.value.reveal()) for one in found] == [("AUTH_SECRET", "of-the-third")]
    (main / ".env.local").write_text(f"STRIPE_SECRET_KEY={KEY}\nELSE=x\n")
    found = await other.read_source("worktree", (), {}, made.told.append)
    assert [(one.name, one.value.reveal()) for one in found] == [("STRIPE_SECRET_KEY", KEY)]
    assert found[0].place == str(main / ".env.local")
    assert KEY not in repr(found)

    (tmp_path / "two" / ".env.local").write_text("AUTH_SECRET=of-the-second\n")
    (main / ".env.local").unlink()
    made.session = Session.open(made.machine, main)
    with pytest.raises(UsageError, match="2 worktrees") as raised:
        await made.read("worktree")
    assert "three/.env.local" in raised.value.hint
    assert "worktree" in [source.id for source in made.session.sources() if not source.missing]
    await other.close()
    await made.session.close()


@pytest.mark.anyio
async def test_a_repository_without_worktrees_or_git_says_so(tmp_path: Path) -> None:
    made = desk(tmp_path, "A=\n")
    assert {source.id: source.missing for source in made.session.sources()}["worktree"]
    with pytest.raises(ProcessError, match="could not list"):
        await made.read("worktree")
    await made.session.close()


# the rest


@pytest.mark.anyio
async def test_an_old_env_file_of_the_folder_is_listed_and_read_by_name(tmp_path: Path) -> None:
    made = desk(tmp_path, "STRIPE_SECRET_KEY=\n")
    (made.here.project / ".env.old").write_text(f"STRIPE_SECRET_KEY={KEY}\nOTHER=x\n")
    (made.here.project / ".env.sample").write_text("STRIPE_SECRET_KEY=...\n")
    listed = [source.id for source in made.session.sources()]
    assert ".env.old" in listed
    assert ".env.sample" not in listed
    assert await made.read(".env.old") == {"STRIPE_SECRET_KEY": KEY}
    with pytest.raises(UsageError, match="is no source"):
        await made.read("lastpass")
    await made.session.close()


@pytest.mark.anyio
async def test_what_can_be_made_or_found_by_an_offer_is_a_source_too(tmp_path: Path) -> None:
    service = VercelStandIn()
    with place(tmp_path, service) as (here, _):
        here.holds(DATABASE_URL="", APP_URL="http://localhost:4000")
        (here.project / ".vercel").mkdir()
        link = {"projectId": service.project, "orgId": service.team}
        made = Desk(here)
        with pytest.raises(UsageError, match="not linked"):
            made.session.source_offer("vercel", ())
        (here.project / ".vercel" / "project.json").write_text(json.dumps(link))
        made = Desk(here)
        offer = made.session.source_offer("vercel", ())
        assert offer is not None
        assert [want.key for want in offer.wants] == ["token"]
        assert await made.read("vercel", typed={"token": service.token}) == {"DATABASE_URL": "postgresql://development"}
        assert made.places["DATABASE_URL"] == "what Vercel has for development"
        await made.session.close()


@pytest.mark.anyio
@pytest.mark.parametrize("source", ["worktree", "op", "doppler", "infisical", "gh", "op://a/b", ".env.old"])
async def test_an_agent_is_given_the_persons_command_and_nothing_runs(source: str, tmp_path: Path) -> None:
    made = desk(tmp_path, VARIABLES, terminal=False)
    (made.here.project / ".env.old").write_text("A=b\n")
    for tool in ("op", "doppler", "infisical", "gh", "git"):
        made.program(tool, "echo")
    with pytest.raises(NeedsPerson) as raised:
        await made.read(source, "STRIPE_SECRET_KEY")
    assert f"onboard import --from {source} STRIPE_SECRET_KEY" in raised.value.hint
    assert not [name for name in os.listdir(tmp_path) if name.endswith(".ran")]
    await made.session.close()


@pytest.mark.anyio
async def test_before_approval_nothing_is_listed_or_read(tmp_path: Path) -> None:
    made = desk(tmp_path, VARIABLES)
    made.session.revoke()
    assert made.session.sources() == ()
    with pytest.raises(NeedsPerson, match="not approved"):
        await made.read("doppler")
    await made.session.close()
