"""Bad input: each gets a plain sentence with the way out; nothing is lost, half-written, left running, or told."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from onboard.sandbox.served import Fault
from tests.e2e.light import TEMPLATE, Light, gone

pytestmark = pytest.mark.long

# values


def _truncated(shop: Light) -> str:
    return shop.services.stripe.secret_key[:-20]


def _revoked(shop: Light) -> str:
    stripe = shop.services.stripe
    key = stripe.issue(stripe.account, "sk_test")
    stripe.revoke(key)
    return key


def _of_another_service(shop: Light) -> str:
    return shop.services.anthropic.api_key


def _publishable(shop: Light) -> str:
    return shop.services.stripe.publishable_key


def _live(shop: Light) -> str:
    return "sk_live_" + shop.services.stripe.secret_key[8:]


REFUSED: dict[str, tuple[Callable[[Light], str], str, bool]] = {
    "truncated": (_truncated, "does not know this key", True),
    "revoked": (_revoked, "expired", True),
    "of another service": (_of_another_service, "starts with sk_test_", False),
    "publishable": (_publishable, "publishable", False),
    "live": (_live, "live", False),
    "placeholder": (lambda _: "sk_test_...", "placeholder", False),
    "with a NUL": (lambda shop: shop.services.stripe.secret_key + "\0x", "NUL", False),
    "empty": (lambda _: "\n", "nothing entered", False),
}
"""By kind: the key, words that say what is wrong, whether the service has to be asked to know it."""


@pytest.mark.parametrize("kind", REFUSED)
def test_a_key_that_is_no_good_is_refused_in_words_and_saved_nowhere(trusted: Light, kind: str) -> None:
    key, words, asked = REFUSED[kind]
    ran = trusted.set("STRIPE_SECRET_KEY", key(trusted))

    assert ran.code == 1
    assert words in ran.err
    assert "nothing was saved" in ran.err
    assert "https://dashboard.stripe.com/" in ran.err, "the way out: where a right one is to be had"
    assert ran.out == ""
    assert not trusted.file.exists()
    assert bool(trusted.services.requests()) is asked


def test_a_secret_key_is_never_taken_for_a_variable_that_the_browser_sees(trusted: Light) -> None:
    ran = trusted.set("NEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY", trusted.services.stripe.secret_key)

    assert ran.code == 1
    assert "must never reach the browser" in ran.err
    assert (trusted.file.exists(), trusted.services.requests()) == (False, [])


PASTED = {
    "an assignment": 'STRIPE_SECRET_KEY="{}"\n',
    "blanks and a byte order mark": "\ufeff  {}  \n\n",
    "a whole file": "# keys\nOTHER_NAME=x\nSTRIPE_SECRET_KEY={}\nANTHROPIC_API_KEY=y\n",
    "bracketed paste": "\x1b[200~{}\x1b[201~\n",
}


@pytest.mark.parametrize("kind", PASTED)
def test_what_was_pasted_around_a_key_is_taken_off_and_said(trusted: Light, kind: str) -> None:
    ran = trusted.onboard("set", "STRIPE_SECRET_KEY", stdin=PASTED[kind].format(trusted.services.stripe.secret_key))

    assert ran.code == 0, ran.err
    assert "taken off: " in ran.err
    assert trusted.values()["STRIPE_SECRET_KEY"] == trusted.services.stripe.secret_key
    assert set(trusted.values()) <= {"STRIPE_SECRET_KEY", "APP_URL"}


def test_a_value_on_the_command_line_is_refused_and_not_repeated(trusted: Light) -> None:
    ran = trusted.onboard("set", "TEAM_NOTE=correct-horse-battery")

    assert ran.code == 2
    assert "correct-horse" not in ran.err + ran.out
    assert "can be read by everybody" in ran.err
    assert not trusted.file.exists()


def test_dollars_quotes_and_backslashes_come_back_as_they_were_typed(trusted: Light) -> None:
    value = 'pa$HOME "q" # é'
    ran = trusted.set("TEAM_NOTE", value)

    assert ran.code == 0, ran.err
    reading = trusted.session().view().values["TEAM_NOTE"]
    assert reading.reveal() == value


def test_what_no_spelling_can_carry_is_refused_and_kept_nowhere(keyring_shop: Light) -> None:
    ran = keyring_shop.set("TEAM_NOTE", 'pa$HOME\'s `id` "q" # and a long rest', "--no-verify")
    rows = keyring_shop.onboard("list", "--json").json()["variables"]

    assert ran.code == 1
    assert "TEAM_NOTE cannot be written" in ran.err
    assert "TEAM_NOTE" not in keyring_shop.values()
    assert [row["sources"] for row in rows if row["name"] == "TEAM_NOTE"] == [[]]


@pytest.mark.parametrize("name", ["NODE_OPTIONS", "PATH"])
def test_a_name_that_decides_which_programs_run_is_never_written(trusted: Light, name: str) -> None:
    ran = trusted.set(name, "--require ./x.js", "--no-verify")

    assert ran.code == 1
    assert "never writes it" in ran.err
    assert not trusted.file.exists()


# live keys and production


def test_a_live_key_that_stands_in_the_file_already_is_a_finding_and_no_request_carries_it(trusted: Light) -> None:
    key = _live(trusted)
    trusted.typed.append(key)
    trusted.file.write_text(f"STRIPE_SECRET_KEY={key}\n")
    ran = trusted.onboard("doctor", "--json", "--only", "mode", "live", "pair")
    found = {one["id"]: one for one in ran.json()["findings"]}

    assert ran.code == 1
    assert found["mode.stripe"]["status"] == "fail"
    assert "live mode" in found["mode.stripe"]["summary"]
    assert found["mode.stripe"]["step"]["kind"] == "ask"
    assert found["live.stripe"]["status"] == "skipped"
    assert key.encode()[8:] not in trusted.services.sent()


def test_an_import_keeps_a_services_good_value_when_its_other_one_is_bad(trusted: Light) -> None:
    good = trusted.services.stripe.publishable_key
    data = json.dumps({"STRIPE_SECRET_KEY": "no key at all", "NEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY": good})
    ran = trusted.onboard("import", "-", "--format", "json", stdin=data)

    assert ran.code == 1
    assert "refused   STRIPE_SECRET_KEY" in ran.err
    assert trusted.values()["NEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY"] == good
    assert "STRIPE_SECRET_KEY" not in trusted.values()


def test_an_import_of_an_old_file_says_what_it_changed(trusted: Light) -> None:
    text = f'ANTHROPIC_API_KEY="Bearer {trusted.services.anthropic.api_key}"\n'
    ran = trusted.onboard("import", "-", stdin=text)

    assert ran.code == 0, ran.err
    assert "changed   ANTHROPIC_API_KEY: taken off: Bearer" in ran.err
    assert trusted.values()["ANTHROPIC_API_KEY"] == trusted.services.anthropic.api_key


def test_an_import_takes_the_rest_and_names_the_live_key(trusted: Light) -> None:
    live = _live(trusted)
    trusted.typed.append(live)
    text = f"ANTHROPIC_API_KEY={trusted.services.anthropic.api_key}\nSTRIPE_SECRET_KEY={live}\nTEAM_NOTE=hello there\n"
    ran = trusted.onboard("import", "-", stdin=text)

    assert ran.code == 1
    assert "refused   STRIPE_SECRET_KEY" in ran.err
    assert "taken     ANTHROPIC_API_KEY" in ran.err
    assert "taken     TEAM_NOTE" in ran.err
    assert "STRIPE_SECRET_KEY" not in trusted.values()
    assert trusted.values()["TEAM_NOTE"] == "hello there"
    assert not any(path.startswith("/v1/") and "account" in path for _, path in trusted.services.requests())


def test_not_even_insisting_saves_a_live_key(trusted: Light) -> None:
    ran = trusted.set("STRIPE_SECRET_KEY", _live(trusted), "--no-verify")

    assert ran.code in (1, 4)
    assert not trusted.file.exists()


@pytest.mark.parametrize("sign", ["default", "protected"])
def test_a_production_branch_is_a_finding_and_nothing_pushes_to_it(shop: Light, sign: str) -> None:
    neon = shop.services.neon
    branch = neon.main if sign == "default" else neon.development
    branch.protected = sign == "protected"
    try:
        shop.template(TEMPLATE + "NEON_API_KEY=\n")
        shop.trust()
        shop.typed += [neon.api_key, neon.url(branch)]
        shop.file.write_text(f"DATABASE_URL='{neon.url(branch)}'\nNEON_API_KEY={neon.api_key}\n")
        looked = shop.onboard("doctor", "--json", "--only", "database.target")
        pushed = shop.onboard("push", "--yes")
    finally:
        branch.protected = False
    found = {one["id"]: one for one in looked.json()["findings"]}

    assert found["database.target"]["status"] == "fail"
    assert sign in found["database.target"]["summary"]
    assert pushed.code == 4
    assert "nothing was pushed" in pushed.err
    assert branch.name in pushed.err, "what to type, for a person who means it"
    assert not (shop.home / "pnpm-ran").exists()


def test_a_production_branch_behind_the_direct_string_stops_a_push_too(shop: Light) -> None:
    neon = shop.services.neon
    shop.template(TEMPLATE + "DATABASE_URL_UNPOOLED=\nNEON_API_KEY=\n")
    shop.trust()
    own, production = neon.url(neon.development), neon.url(neon.main)
    shop.typed += [neon.api_key, own, production]
    shop.file.write_text(f"DATABASE_URL='{own}'\nDATABASE_URL_UNPOOLED='{production}'\nNEON_API_KEY={neon.api_key}\n")
    pushed = shop.onboard("push", "--yes")

    assert pushed.code == 4
    assert "DATABASE_URL_UNPOOLED is a production database" in pushed.err
    assert not (shop.home / "pnpm-ran").exists()


def test_a_further_credential_that_is_not_set_stops_no_push(shop: Light) -> None:
    neon = shop.services.neon
    shop.template(TEMPLATE + "DATABASE_URL_UNPOOLED=\nNEON_API_KEY=\n")
    shop.trust()
    url = neon.url(neon.development)
    shop.typed.append(url)
    shop.file.write_text(f"DATABASE_URL='{url}'\n")
    pushed = shop.onboard("push", "--yes")

    assert "runs " in pushed.err
    assert "nothing was pushed" not in pushed.err


def test_a_push_to_a_database_that_no_variable_names_is_a_persons(shop: Light) -> None:
    shop.template("TEAM_NOTE=\n")
    shop.trust()
    pushed = shop.onboard("push", "--yes")

    assert pushed.code == 4
    assert "could not be told" in pushed.err
    assert not (shop.home / "pnpm-ran").exists()


# import


def test_json_is_exact_and_what_cannot_be_written_is_refused_by_name(trusted: Light) -> None:
    text = '{"TEAM_NOTE": "  two blanks, \\"quotes\\"  ", "APP_URL": "http://localhost:3000", "BAD": "a\\u0000b"}'
    ran = trusted.onboard("import", "-", "--format", "json", stdin=text)

    assert ran.code == 1
    assert "refused   BAD" in ran.err
    assert trusted.session().view().values["TEAM_NOTE"].reveal() == '  two blanks, "quotes"  '
    assert "BAD" not in trusted.values()


def test_a_value_of_64_kilobytes_is_taken_and_comes_back(trusted: Light) -> None:
    value = "".join(chr(97 + i * 7 % 26) for i in range(65_536))
    ran = trusted.onboard("import", "-", "--format", "json", stdin=f'{{"TEAM_NOTE": "{value}"}}')

    assert ran.code == 0, ran.err
    assert trusted.values()["TEAM_NOTE"] == value


NOT_IMPORTED: dict[str, tuple[str, str | bytes]] = {
    "no JSON": ("json", "{"),
    "a list": ("json", '["x"]'),
    "a number": ("json", '{"A": 1}'),
    "very deep": ("json", "[" * 200_000),
    "not UTF-8": ("json", b'{"A": "\xff"}'),
    "nothing": ("json", "{}"),
}


@pytest.mark.parametrize("kind", NOT_IMPORTED)
def test_what_is_no_import_is_our_own_input_gone_wrong(trusted: Light, kind: str) -> None:
    form, data = NOT_IMPORTED[kind]
    ran = trusted.onboard("import", "-", "--format", form, stdin=data)

    assert ran.code == 2
    assert "JSON" in ran.err or "no variable in it" in ran.err
    assert not trusted.file.exists()


def test_text_that_is_no_unicode_is_refused_by_name(trusted: Light) -> None:
    text = '{"TEAM_NOTE": "half \\ud800 of a pair", "APP_URL": "http://localhost:3000"}'
    imported = trusted.onboard("import", "-", "--format", "json", stdin=text)
    entered = trusted.onboard("set", "TEAM_NOTE", stdin=b"caf\xe9 in Latin-1")

    assert (imported.code, entered.code) == (1, 1)
    assert "refused   TEAM_NOTE" in imported.err
    assert "taken     APP_URL" in imported.err
    assert "TEAM_NOTE" not in trusted.values()


def test_a_file_that_is_not_there_is_named(trusted: Light) -> None:
    ran = trusted.onboard("import", "nowhere.env")

    assert ran.code == 2
    assert "nowhere.env cannot be read: No such file" in ran.err


# the repository

HOSTILE = (
    "# get it \x1b]52;c;ZXZpbA==\x07here \x1b]8;;https://evil.test\x1b\\stripe.com\x1b]8;;\x1b\\\n"
    '# [@click="app.quit"]docs[/] [$x] \u009b2J \x9d0;x\x9c \x1b[6n\n'
    'STRIPE_SECRET_KEY="sk_test_..."\n'
    "# label STRIPE_KEY\u202eyek_evil \u200bhidden\n"
    'ALPHA="\x1b[2J\u202e\x9b31m"\n'
    "A\nB=\n"
    "NODE_OPTIONS=--require ./x.js\nPATH=.:/evil\n"
    'NEXT_PUBLIC_NAME="\x1b]0;title\x07shop"\n'
)


@pytest.mark.parametrize("words", [("check",), ("project",), ("list",), ("doctor", "--offline"), ("trust", "--show")])
def test_nothing_that_a_template_says_reaches_the_terminal_as_a_code(shop: Light, words: tuple[str, ...]) -> None:
    shop.template(HOSTILE)
    for more in ((), ("--json",)) if words[0] in ("check", "project") else ((),):
        ran = shop.onboard(*words, *more)
        bad = {
            c for c in ran.out + ran.err if (ord(c) < 32 and c != "\n") or 127 <= ord(c) < 160 or c in "\u202e\u200b"
        }

        assert ran.code in (0, 1, 3)
        assert bad == set(), (words, more)


def test_a_template_cannot_have_a_dangerous_name_or_a_second_line_written(shop: Light) -> None:
    shop.template(HOSTILE)
    shop.trust()
    ran = shop.onboard("env", "--write")
    names = set(shop.session().view().values)

    assert ran.code in (0, 1), ran.err
    assert names <= {"ALPHA", "NEXT_PUBLIC_NAME"}
    assert "NODE_OPTIONS=--require" not in [line.strip() for line in shop.file.read_text().splitlines()]


UNREADABLE = {
    "not UTF-8": b"ALPHA=\xff\xfe\x00caf\xe9\nTEAM_NOTE=\n",
    "UTF-16": "ALPHA=x\n".encode("utf-16"),
    "empty": b"",
    "no line end": b"ALPHA=x",
    "CR only": b"ALPHA=x\rBETA=y\r",
    "very long line": b"ALPHA=" + b"x" * 2_000_000,
    "a million lines": b"A=\n" * 300_000,
}


@pytest.mark.parametrize("kind", UNREADABLE)
def test_an_odd_template_is_read_or_said_to_be_odd(shop: Light, kind: str) -> None:
    shop.template(UNREADABLE[kind])
    ran = shop.onboard("check", seconds=10)

    assert ran.code in (0, 1, 2)
    assert ran.code == 0 or ran.err.strip()


MANIFESTS = {
    "50 MB": b"# " + b"x" * (50 << 20),
    "100,000 deep": b"a = " + b"[" * 100_000,
    "a million keys": b"".join(b"k%d = 1\n" % number for number in range(1_000_000)),
    "not TOML": b"[project\nid = ",
    "not UTF-8": b'[project]\nid = "\xff"\n',
    "unknown word": b'[project]\nide = "x"\n',
    "a path that leaves": b'env_file = "../../.bashrc"\n',
}


@pytest.mark.parametrize("kind", MANIFESTS)
def test_a_hostile_manifest_is_exit_2_in_two_seconds(shop: Light, kind: str) -> None:
    (shop.project / "onboard.toml").write_bytes(MANIFESTS[kind])
    limits = ["prlimit", f"--as={1 << 30}", "--cpu=3", "--"] if shutil.which("prlimit") else []
    ran = shop.onboard("check", wrap=limits, seconds=10)

    assert ran.code == 2
    assert "onboard.toml" in ran.err
    assert len(ran.err) < 2_000


def test_a_manifest_cannot_approve_itself(shop: Light) -> None:
    (shop.project / "onboard.toml").write_text(
        'trust = true\nyes = true\ntrusted_paths = ["/"]\n[settings]\nyes = true\n'
    )
    ran = shop.onboard("setup", "--yes")

    assert ran.code in (2, 4)
    assert "onboard trust" in ran.err or "onboard.toml" in ran.err
    assert not (shop.home / "pnpm-ran").exists()
    assert not shop.file.exists()


# places


def _link_out(shop: Light) -> None:
    shop.file.symlink_to(shop.home / ".bashrc")
    (shop.home / ".bashrc").write_text("alias ll=ls\n")


def _dangling(shop: Light) -> None:
    shop.file.symlink_to(shop.home / "not-there")


def _fifo(shop: Light) -> None:
    os.mkfifo(shop.file)


def _folder(shop: Light) -> None:
    shop.file.mkdir()


def _hard_link(shop: Light) -> None:
    (shop.home / ".bashrc").write_text("alias ll=ls\n")
    os.link(shop.home / ".bashrc", shop.file)


PLACES = {"link out": _link_out, "dangling link": _dangling, "fifo": _fifo, "folder": _folder, "hard link": _hard_link}


@pytest.mark.parametrize("kind", PLACES)
def test_an_env_file_that_is_no_plain_file_is_refused_and_what_is_behind_it_stays(trusted: Light, kind: str) -> None:
    PLACES[kind](trusted)
    before = _tree(trusted.home)
    ran = trusted.set("TEAM_NOTE", "a note of ours", "--no-verify")
    looked = trusted.onboard("check")

    assert ran.code == 1
    assert ".env.local" in ran.err
    assert looked.code in (0, 1)
    assert _tree(trusted.home) == before
    assert trusted.temporary() == []


def _tree(folder: Path) -> dict[str, bytes]:
    """Return the files that are not ours (the state folder is)."""
    return {
        str(path): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".local/state" not in str(path)
    }


ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: mounts a small file system, or takes another uid")


@ROOT
def test_a_full_disk_leaves_the_old_file(trusted: Light) -> None:
    trusted.file.write_text("TEAM_NOTE=old\n")
    shutil.rmtree(trusted.project / ".git" / "hooks")
    script = (
        'cp -a "$PWD" "$TMPDIR/copy" && mount -t tmpfs -o size=256k none "$PWD" && cd "$PWD" && '
        'cp -a "$TMPDIR/copy/." . && { head -c 1000000 /dev/zero > fill; } 2>/dev/null; '
        '"$@"; code=$?; rm -f fill; cat .env.local > "$TMPDIR/after"; ls -a > "$TMPDIR/names"; exit $code'
    )
    ran = trusted.onboard(
        "set", "TEAM_NOTE", "--no-verify", stdin="x" * 30_000, wrap=["unshare", "-m", "sh", "-c", script, "sh"]
    )

    assert ran.code == 1
    assert "No space left" in ran.err
    assert "free some space" in ran.err
    assert (trusted.root / "tmp" / "after").read_text() == "TEAM_NOTE=old\n"
    assert "onboard-tmp" not in (trusted.root / "tmp" / "names").read_text()


@ROOT
def test_a_read_only_folder_is_said_and_the_old_file_stays(trusted: Light) -> None:
    trusted.file.write_text("TEAM_NOTE=old\n")
    script = 'mount --bind "$PWD" "$PWD" && mount -o remount,bind,ro "$PWD" && cd "$PWD" && exec "$@"'
    ran = trusted.onboard(
        "set", "TEAM_NOTE", "--no-verify", stdin="a new note", wrap=["unshare", "-m", "sh", "-c", script, "sh"]
    )

    assert ran.code == 1
    assert "read-only" in ran.err.lower()
    assert trusted.file.read_text() == "TEAM_NOTE=old\n"


# tools


def _tool(shop: Light, name: str) -> dict[str, object]:
    ran = shop.onboard("doctor", "--json", "--only", f"tool.{name}")
    found: dict[str, object] = next(one for one in ran.json()["findings"] if one["id"] == f"tool.{name}")
    return found | {"exit": ran.code}


TOOLS = {
    "no Node": ("node", None, "fail", "is not on this machine"),
    "an old Node": ("node", "echo v18.19.0", "fail", "asks for >=24"),
    "pnpm that fails": ("pnpm", "echo 'cannot find module' >&2; exit 1", "fail", "does not run"),
    "pnpm that prints 50 MB": ("pnpm", "head -c 50000000 /dev/zero | tr '\\0' x; exit 1", "fail", "does not run"),
    "pnpm that is a broken script": ("pnpm", "exec /nowhere/node", "fail", "does not run"),
}


@pytest.mark.parametrize("kind", TOOLS)
def test_a_tool_that_is_absent_old_or_broken_is_said_with_one_way_out(trusted: Light, kind: str) -> None:
    name, script, status, words = TOOLS[kind]
    trusted.tool(name, script)
    if script is None:
        trusted.env["PATH"] = trusted.alone()
    found = _tool(trusted, name)

    assert (found["status"], found["exit"]) == (status, 1)
    assert words in str(found["summary"])
    assert found["step"], "the way out"


def test_a_tool_that_hangs_is_unknown_and_nothing_of_it_is_left(trusted: Light) -> None:
    trusted.tool("pnpm", "trap '' TERM; sleep 1000 & sleep 1000")
    found = _tool(trusted, "pnpm")

    assert (found["status"], found["exit"]) == ("unknown", 3)
    assert " s" in str(found["summary"])
    assert gone(trusted.left) == []


def test_without_the_stripe_cli_listening_says_where_to_get_it(shop: Light) -> None:
    shop.package(scripts={"dev": "next dev", "hook": "stripe listen --forward-to localhost:3000/api/hook"})
    shop.template(TEMPLATE + "# Printed by: pnpm hook\nSTRIPE_WEBHOOK_SECRET=whsec_...\n")
    shop.tool("stripe", None)
    shop.trust()
    shop.file.write_text(f"STRIPE_SECRET_KEY={shop.services.stripe.secret_key}\n")
    ran = shop.onboard("listen")
    looked = shop.onboard("doctor", "--json", "--only", "tool.stripe")

    assert ran.code == 1
    assert "stripe" in ran.err.lower()
    assert "not on this machine" in ran.err
    assert "docs.stripe.com" in looked.out


# the network

WORDLESS = {
    Fault.REDIRECT: "redirect",
    Fault.HTML: "sign-in",
    Fault.RATE_LIMITED: "429",
    Fault.FAILING: "500",
    Fault.RESET: "",
}


@pytest.mark.parametrize("fault", WORDLESS)
def test_a_service_that_says_nothing_of_the_key_is_could_not_tell_and_saves_nothing(
    trusted: Light, fault: Fault
) -> None:
    trusted.services.misbehave(fault)
    key = trusted.services.anthropic.api_key
    ran = trusted.set("ANTHROPIC_API_KEY", key)

    assert ran.code == 3
    assert "could not tell" in ran.err
    assert "--no-verify" in ran.err
    assert "refused" not in ran.err
    assert not trusted.file.exists()
    assert len(trusted.services.requests()) <= 3


@ROOT
def test_without_a_network_a_key_is_kept_only_by_choice_and_nothing_is_called_wrong(trusted: Light) -> None:
    alone = ["unshare", "-n", "--"]
    key = trusted.services.stripe.secret_key
    told = trusted.onboard("set", "STRIPE_SECRET_KEY", stdin=key, wrap=alone)
    absent = not trusted.file.exists()
    chosen = trusted.onboard("set", "STRIPE_SECRET_KEY", "--no-verify", stdin=key, wrap=alone)
    looked = trusted.onboard("doctor", "--json", "--only", "live", wrap=alone)
    statuses = {one["id"]: one["status"] for one in looked.json()["findings"] if one["id"].startswith("live.")}

    assert (told.code, absent) == (3, True)
    assert chosen.code == 0, chosen.err
    assert trusted.values()["STRIPE_SECRET_KEY"] == key
    assert statuses["live.stripe"] == "unknown"
    assert "fail" not in statuses.values()
    assert looked.code == 3
    assert trusted.services.requests() == []


def test_a_black_hole_ends_in_time_and_is_unknown(trusted: Light) -> None:
    trusted.services.misbehave(Fault.MUTE)
    trusted.file.write_text(f"STRIPE_SECRET_KEY={trusted.services.stripe.secret_key}\n")
    ran = trusted.onboard("doctor", "--json", "--only", "live", seconds=20)
    found = {one["id"]: one["status"] for one in ran.json()["findings"]}

    assert ran.code == 3
    assert found["live.stripe"] == "unknown"


def test_a_redirect_carries_nothing_elsewhere(trusted: Light) -> None:
    stripe, anthropic, _ = trusted.services.served
    anthropic.fault, anthropic.elsewhere = Fault.REDIRECT, stripe.url
    ran = trusted.set("ANTHROPIC_API_KEY", trusted.services.anthropic.api_key)

    assert ran.code == 3
    assert stripe.requests == []


# ports


def test_a_port_that_a_stranger_holds_is_said_with_who_it_is(trusted: Light) -> None:
    code = "import socket; s = socket.create_server(('127.0.0.1', 0)); print(s.getsockname()[1], flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd="/"
    ) as stranger:
        assert stranger.stdout is not None
        port = int(stranger.stdout.readline())
        trusted.package(scripts={"dev": f"next dev -p {port}", "db:push": "drizzle-kit push"})
        trusted.trust()
        ran = trusted.onboard("doctor", "--json", "--only", "port")
        stranger.communicate("\n")
    found = {one["id"]: one for one in ran.json()["findings"]}[f"port.{port}"]

    assert found["status"] in ("warn", "fail")
    assert str(stranger.pid) in str(found["evidence"]) + str(found["summary"]) + str(found["detail"])
