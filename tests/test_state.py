"""Our own files in the state folder: whole or not at all, the user's alone, and never believed when odd."""

import json
import os
import stat
from pathlib import Path

import pytest

from onboard import statefile
from onboard.choices import Choices
from onboard.model import Secret

ODD = [
    pytest.param(b"", id="empty"),
    pytest.param(b"{", id="broken"),
    pytest.param(b"[1, 2]", id="no-object"),
    pytest.param(b"\xff\xfe", id="not-text"),
    pytest.param(b"[" * 100_000, id="deep"),
    pytest.param(b"x" * (statefile.LARGEST + 1), id="huge"),
]


def test_a_state_file_is_the_users_alone(tmp_path: Path) -> None:
    path = tmp_path / "state" / "a.json"
    statefile.write(path, {"a": 1})

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert statefile.read(path) == {"a": 1}
    assert os.listdir(path.parent) == ["a.json"]


@pytest.mark.parametrize("content", ODD)
def test_an_odd_state_file_is_moved_aside(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(content)

    assert statefile.read(path) == {}
    assert not path.exists()
    assert (tmp_path / "a.json.odd").exists()


def test_a_link_in_place_of_a_state_file_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text('{"approvals": {}}')
    path = tmp_path / "a.json"
    path.symlink_to(tmp_path / "elsewhere")

    assert statefile.read(path) == {}


def test_the_machines_key_is_made_once(tmp_path: Path) -> None:
    assert statefile.machine_key(tmp_path) == statefile.machine_key(tmp_path)
    assert len(statefile.machine_key(tmp_path)) == 32
    assert statefile.machine_key(tmp_path / "other") != statefile.machine_key(tmp_path)


def test_choices_are_found_again_and_hold_no_value(tmp_path: Path) -> None:
    secret = Secret("canary-" + "x" * 30)
    first = Choices(tmp_path, "github.com/a/b")
    first.skip("upstash", "BREVO_API_KEY")
    first.dated("KEY", "set", "2026-11-21T10:00:00+00:00", secret)
    again = Choices(tmp_path, "github.com/a/b")

    assert again.skipped == {"upstash", "BREVO_API_KEY"}
    assert again.is_same("KEY", secret)
    assert not again.is_same("KEY", Secret("another"))
    assert all(secret.reveal().encode() not in file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())


def test_a_new_value_is_not_verified_because_the_old_one_was(tmp_path: Path) -> None:
    choices = Choices(tmp_path, "p")
    choices.dated("KEY", "verified", "2026-01-01", Secret("old"))
    choices.dated("KEY", "set", "2026-02-02", Secret("new"))

    assert choices.date("KEY", "verified") is None


def test_a_fingerprint_is_keyed_to_this_machine(tmp_path: Path) -> None:
    here, there = Choices(tmp_path / "a", "p"), Choices(tmp_path / "b", "p")

    assert here.fingerprint(Secret("same")) == here.fingerprint(Secret("same"))
    assert here.fingerprint(Secret("same")) != there.fingerprint(Secret("same"))


def test_odd_choices_are_choices_never_made(tmp_path: Path) -> None:
    choices = Choices(tmp_path, "p")
    choices.skip("x")
    file = next((tmp_path / "projects").glob("*.json"))
    file.write_text(json.dumps({"skipped": "all", "dates": [1], "template": 3}))
    again = Choices(tmp_path, "p")

    assert (again.skipped, again.date("KEY", "set"), again.template) == (frozenset(), None, None)


def test_two_onboards_at_once_keep_each_others_choices(tmp_path: Path) -> None:
    one, two = Choices(tmp_path, "p"), Choices(tmp_path, "p")
    assert one.skipped == two.skipped == frozenset()
    one.skip("x")
    two.dated("KEY", "verified", "2026-01-01", Secret("v"))
    one.put("file_only", True)

    assert two.skipped == {"x"}
    assert one.date("KEY", "verified") == "2026-01-01"
    two.erase()
    assert one.get("file_only") is None
