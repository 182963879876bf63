"""The command line, on the real program: exit codes, what goes to which stream, and terminals that are not there."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from onboard.cli import VERBS
from onboard.sandbox.served import Fault
from tests.e2e.light import ONBOARD, TEMPLATE, Light


@pytest.fixture
def trusted(shop: Light) -> Light:
    shop.trust()
    return shop


# words

WRONG = [
    ("dance",),
    ("doctor", "--dance"),
    ("doctor", "--json", "--markdown"),
    ("set", "A", "B"),
    ("set", "A-B"),
    ("env", "--write", "--undo"),
    ("run", "ls"),
    ("wait",),
    ("wait", "NOT_DECLARED", "--timeout", "0"),
    ("explain", "NOT_DECLARED"),
    ("trust", "--show", "--revoke"),
    ("list", "--path", "/nowhere"),
    ("completion", "ksh"),
]


@pytest.mark.parametrize("words", WRONG, ids=" ".join)
def test_wrong_words_are_exit_2_with_a_sentence_and_nothing_on_stdout(trusted: Light, words: tuple[str, ...]) -> None:
    ran = trusted.onboard(*words)

    assert ran.code == 2
    assert ran.out == ""
    assert ran.err.startswith(("onboard: ", "stand-ins: "))
    assert not trusted.file.exists()


@pytest.mark.parametrize("verb", ["", *VERBS])
def test_every_verb_says_what_it_takes_and_needs_no_repository(tmp_path: Path, verb: str) -> None:
    done = subprocess.run(
        [str(ONBOARD), *([verb] if verb else []), "--help"],
        cwd=tmp_path,
        env={"PATH": "/usr/bin", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout) > 100
    assert list(tmp_path.iterdir()) == []


def test_a_word_that_is_no_command_is_shown_without_its_codes(shop: Light) -> None:
    ran = shop.onboard("\x1b]52;c;ZXZpbA==\x07\u202e")

    assert ran.code == 2
    assert not {"\x1b", "\x07", "\u202e"} & set(ran.err)


# JSON

SPEAKS_JSON = [
    ("doctor", "--json"),
    ("check", "--json"),
    ("project", "--json"),
    ("list", "--json"),
    ("trust", "--show", "--json"),
    ("explain", "STRIPE_SECRET_KEY", "--json"),
]


def _odd_file(shop: Light) -> None:
    shop.trust()
    shop.file.write_bytes(b"STRIPE_SECRET_KEY='unterminated\nA=\xff\xfe\n=\n\x00\nTEAM_NOTE=\x1b[2J\n")


STATES: dict[str, Callable[[Light], object]] = {
    "not approved": lambda shop: None,
    "a broken env file": _odd_file,
    "a folder for an env file": lambda shop: shop.file.mkdir(),
    "a template of nonsense": lambda shop: shop.template(b"\x00\xff\x1b]0;x\x07=\nA\x00B=1\n" + TEMPLATE.encode()),
}


@pytest.mark.parametrize(
    "state", [next(iter(STATES)), *(pytest.param(one, marks=pytest.mark.long) for one in list(STATES)[1:])]
)
def test_json_alone_is_on_stdout_whatever_is_wrong(shop: Light, state: str) -> None:
    STATES[state](shop)
    for words in SPEAKS_JSON:
        ran = shop.onboard(*words)
        document = ran.json()

        assert document["schema_version"] == 1, words
        assert ran.code == document.get("exit_code", 0), words
        assert not any(ord(c) < 32 and c != "\n" for c in ran.out), words


def test_without_a_repository_json_is_absent_and_the_reason_is_on_stderr(tmp_path: Path) -> None:
    for words in SPEAKS_JSON[1:3]:
        done = subprocess.run(
            [str(ONBOARD), *words],
            cwd=tmp_path,
            env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
            timeout=20,
        )
        if done.stdout:
            json.loads(done.stdout)
        else:
            assert done.returncode == 2, words
            assert done.stderr.startswith("onboard: "), words


def test_the_counts_and_the_exit_code_are_those_of_the_findings(trusted: Light) -> None:
    document = trusted.onboard("doctor", "--json").json()
    statuses = [one["status"] for one in document["findings"]]

    assert document["counts"] == {s: statuses.count(s) for s in ("ok", "warn", "fail", "unknown", "skipped")}
    assert document["exit_code"] == (1 if "fail" in statuses else 3 if "unknown" in statuses else 0)
    assert len({one["id"] for one in document["findings"]}) == len(statuses)


def test_only_these_ids_and_what_they_need(trusted: Light) -> None:
    document = trusted.onboard("doctor", "--json", "--only", "tool.node", "env", "no.such").json()

    assert {one["id"].split(".")[0] for one in document["findings"]} == {"tool", "env"}
    assert [one["id"] for one in document["findings"] if one["id"].startswith("tool")] == ["tool.node"]


# streams

SHUT = {
    "stdout is a pipe that closed": '"$@" | true',
    "stdout is read to its first line": '"$@" | head -1 > /dev/null',
    "stdout is closed": '"$@" >&-',
    "stdout is full": '"$@" > /dev/full',
    "stdin is closed": '"$@" <&-',
    "stderr is closed": '"$@" 2>&-',
    "all are closed": '"$@" <&- >&- 2>&-',
}
ASKED = [("list",), ("set", "TEAM_NOTE"), ()]


@pytest.mark.parametrize("shut", SHUT)
def test_a_stream_that_is_not_there_is_no_fault_of_anyone(trusted: Light, shut: str) -> None:
    for words in (*ASKED, *([("import", "-")] if "stdin" in shut else [])):
        ran = trusted.onboard(*words, wrap=["sh", "-c", SHUT[shut], "sh"], seconds=20)

        assert ran.code in (0, 1, 2, 3, 4), (words, ran.err)
        assert "Exception ignored" not in ran.err, words
        assert not any(bad in ran.err for bad in ("NoneType", "Errno", "BrokenPipe")), words
    assert not trusted.file.exists()


@pytest.mark.parametrize("term", ["dumb", None])
def test_without_a_terminal_the_plan_is_printed_and_a_person_is_needed(trusted: Light, term: str | None) -> None:
    ran = trusted.onboard(env={"TERM": term}, seconds=20)

    assert ran.code == 4
    assert "\x1b" not in ran.out + ran.err
    assert "→" in ran.out
    assert "needs a terminal" in ran.err


def test_a_value_that_never_came_is_owed_by_a_person(trusted: Light) -> None:
    ran = trusted.onboard("set", "TEAM_NOTE")

    assert ran.code == 4
    assert "onboard set TEAM_NOTE" in ran.err


def test_a_wait_ends_when_the_value_is_there_and_names_it_when_it_is_not(trusted: Light) -> None:
    late = trusted.onboard("wait", "TEAM_NOTE", "--timeout", "0.1")
    trusted.onboard("set", "TEAM_NOTE", "--no-verify", stdin="here it is")
    there = trusted.onboard("wait", "TEAM_NOTE", "--timeout", "5")

    assert (late.code, there.code) == (4, 0)
    assert "still missing: TEAM_NOTE" in late.err


def test_a_wait_asks_the_service_about_a_value_that_it_has_not_seen_and_only_once(trusted: Light) -> None:
    key = trusted.services.anthropic.api_key
    trusted.file.write_text(f"ANTHROPIC_API_KEY={key}\n")

    first = trusted.onboard("wait", "ANTHROPIC_API_KEY", "--timeout", "0")
    asked = len(trusted.services.requests())
    again = trusted.onboard("wait", "ANTHROPIC_API_KEY", "--timeout", "0")

    assert (first.code, again.code) == (0, 0)
    assert "accepted" in first.err
    assert (asked, len(trusted.services.requests())) == (1, 1)


def test_a_wait_says_refused_and_could_not_tell_apart(trusted: Light) -> None:
    trusted.file.write_text("ANTHROPIC_API_KEY=sk-ant-api03-" + "x" * 93 + "AA\n")
    refused = trusted.onboard("wait", "ANTHROPIC_API_KEY", "--timeout", "5")
    trusted.services.misbehave(Fault.FAILING)
    unclear = trusted.onboard("wait", "ANTHROPIC_API_KEY", "--timeout", "5")

    assert (refused.code, unclear.code) == (1, 3)


def test_a_wait_before_approval_asks_nobody_and_says_what_is_owed(shop: Light) -> None:
    shop.file.write_text(f"ANTHROPIC_API_KEY={shop.services.anthropic.api_key}\n")
    ran = shop.onboard("wait", "ANTHROPIC_API_KEY", "--timeout", "0")

    assert ran.code == 4
    assert "onboard trust" in ran.err
    assert shop.services.requests() == []


# homes


HOMES: dict[str, dict[str, str | None]] = {
    "no HOME": {"HOME": None},
    "HOME is no folder": {"HOME": "{root}/file"},
    "odd HOME": {"HOME": "{root}/wîth blank\nand line 🔑"},
    "state is a file": {"XDG_STATE_HOME": "{root}/file"},
    "relative state": {"XDG_STATE_HOME": "state"},
    "state in /proc": {"XDG_STATE_HOME": "/proc/1/nowhere"},
    "temporary folder absent": {"TMPDIR": "/nowhere"},
    "odd locale": {"LANG": "xx_YY.NONSENSE", "LC_ALL": "C"},
}


@pytest.mark.long
@pytest.mark.parametrize("home", HOMES)
def test_an_odd_home_is_worked_with_or_refused_in_words(shop: Light, home: str) -> None:
    (shop.root / "file").write_text("")
    env = {name: value and value.replace("{root}", str(shop.root)) for name, value in HOMES[home].items()}
    assert shop.onboard("check", env=env).code in (0, 1)
    shown = shop.onboard("trust", "--show", "--json", env=env).json()
    accepted = shop.onboard("trust", "--accept", shown["hash"], env=env)
    entered = shop.onboard("set", "TEAM_NOTE", "--no-verify", stdin="a small note", env=env)

    assert (accepted.code, entered.code) in ((0, 0), (1, 4)), accepted.err + entered.err
    if accepted.code:
        assert "cannot be used" in accepted.err
        assert "XDG_STATE_HOME" in accepted.err
    assert sorted(p.name for p in shop.project.iterdir() if p.name.startswith("state")) in ([], ["state"])


def test_a_path_with_blanks_lines_and_keys_works(shop: Light) -> None:
    odd = shop.root / "wîth blank\n🔑 $(touch x) %s"
    shutil.copytree(shop.project, odd)
    shown = shop.onboard("trust", "--show", "--json", cwd=odd).json()
    accepted = shop.onboard("trust", "--accept", shown["hash"], cwd=odd)
    entered = shop.onboard("set", "TEAM_NOTE", "--no-verify", stdin="a small note", cwd=odd)
    listed = shop.onboard("list", "--path", str(odd), cwd=shop.root)

    assert (accepted.code, entered.code, listed.code) == (0, 0, 0), accepted.err + entered.err
    assert "TEAM_NOTE" in (odd / ".env.local").read_text()


def test_the_folder_below_and_the_folder_named_are_the_same_repository(trusted: Light) -> None:
    below = trusted.project / "src" / "deep"
    below.mkdir(parents=True)
    inside = trusted.onboard("project", "--json", cwd=below).json()
    named = trusted.onboard("project", "--json", "--path", str(trusted.project), cwd=trusted.root).json()

    assert inside == named


def test_an_agent_is_never_asked(trusted: Light) -> None:
    leader, follower = os.openpty()
    with subprocess.Popen(
        [str(ONBOARD), "set", "TEAM_NOTE", "--agent"],
        cwd=trusted.project,
        env=trusted.env,
        stdin=follower,
        stdout=follower,
        stderr=subprocess.PIPE,
    ) as child:
        assert child.stderr is not None
        said = child.stderr.read()
        code = child.wait(20)
    os.close(leader)
    os.close(follower)

    assert code == 4
    assert b"a person has to type this value" in said
