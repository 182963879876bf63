"""A save is whole or not at all, loses nobody's lines, and stays inside the project."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from onboard.envfile import place
from onboard.envfile.document import EnvFile
from onboard.envfile.ignore import ignores, offered_line, with_line
from onboard.envfile.place import Busy, UnsafePlace
from onboard.envfile.save import EditedElsewhere, Saved, Undo, load, save, take_back
from onboard.errors import EnvFileError
from onboard.model import Secret

ROOT = Path(__file__).parents[2]
READERS = ("next", "node22")


def put(path: Path, root: Path, base: EnvFile | None = None, **values: str | None) -> Saved:
    changes = {name: None if value is None else Secret(value) for name, value in values.items()}
    return save(path, changes, READERS, root=root, base=base)


def test_a_new_file_is_0600_whatever_the_umask(tmp_path: Path) -> None:
    path = tmp_path / ".env.local"
    old = os.umask(0)
    try:
        put(path, tmp_path, A="1")
    finally:
        os.umask(old)
    assert path.read_bytes() == b"A=1\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == [".env.local"]


@pytest.mark.parametrize(("mode", "after"), [(0o644, 0o600), (0o600, 0o600), (0o400, 0o400), (0o777, 0o600)])
def test_a_narrower_mode_is_kept_and_a_wider_one_is_not(tmp_path: Path, mode: int, after: int) -> None:
    path = tmp_path / ".env.local"
    path.write_bytes(b"A=1\n")
    path.chmod(mode)
    assert not put(path, tmp_path, A="2").notes
    assert stat.S_IMODE(path.stat().st_mode) == after


def test_a_file_that_others_can_still_read_is_said_not_claimed(tmp_path: Path) -> None:
    path = tmp_path / ".env.local"
    with place.at(path, tmp_path) as there:
        assert there.replace(b"A=1\n", None).notes == ()
        path.chmod(0o644)  # what a file system without modes shows
        assert "readable by others (0644)" in " ".join(there._settle(0o600))


def test_a_file_system_without_modes_is_said(tmp_path: Path) -> None:
    mount = tmp_path / "vfat"
    mount.mkdir()
    image = tmp_path / "image"
    commands = (["mkfs.vfat", "-C", str(image), "512"], ["mount", "-o", "loop,umask=000", str(image), str(mount)])
    for command in commands:
        if shutil.which(command[0]) is None or subprocess.run(command, capture_output=True).returncode:
            pytest.skip("no file system without modes can be mounted here (needs root, loop devices and dosfstools)")
    try:
        saved = put(mount / ".env.local", mount, A="1")
        assert any("keeps no permissions" in note for note in saved.notes)
    finally:
        subprocess.run(["umount", str(mount)], check=True)


def test_a_link_within_the_project_is_followed_and_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    target = tmp_path / "shared" / "env"
    target.write_bytes(b"A=1\n")
    link = tmp_path / ".env.local"
    link.symlink_to(target)
    put(link, tmp_path, A="2")
    assert link.is_symlink()
    assert target.read_bytes() == b"A=2\n"


@pytest.mark.parametrize(
    "trick", ["link", "dangling", "relative", "parent", "dots", "folder", "fifo", "socket", "hard"]
)
def test_nothing_outside_the_project_or_odd_is_written(tmp_path: Path, trick: str) -> None:
    root = tmp_path / "project"
    root.mkdir()
    outside = tmp_path / "bashrc"
    outside.write_bytes(b"alias x=y\n")
    path = root / ".env.local"
    if trick == "link":
        path.symlink_to(outside)
    elif trick == "dangling":
        path.symlink_to(tmp_path / "not-there")
    elif trick == "relative":
        path.symlink_to("../bashrc")
    elif trick == "parent":
        (root / "apps").symlink_to(tmp_path)
        path = root / "apps" / "bashrc"
    elif trick == "dots":
        path = root / ".." / "bashrc"
    elif trick == "folder":
        path.mkdir()
    elif trick == "fifo":
        os.mkfifo(path)
    elif trick == "socket":
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(path))
    else:
        path.write_bytes(b"A=1\n")
        (root / "second").hardlink_to(path)
    with pytest.raises(EnvFileError) as caught:
        put(path, root, A="canary")
    assert isinstance(caught.value, UnsafePlace) or trick in ("folder", "socket")
    assert outside.read_bytes() == b"alias x=y\n"
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["bashrc", "project"]
    assert b"canary" not in b"".join(entry.read_bytes() for entry in root.iterdir() if entry.is_file())


def test_a_device_is_refused_and_a_missing_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(UnsafePlace):
        save(Path("/dev/null"), {"A": Secret("1")}, READERS, root=Path("/dev"))
    with pytest.raises(EnvFileError, match="No such file"):
        put(tmp_path / "gone" / ".env", tmp_path, A="1")


def test_what_another_program_added_meanwhile_is_kept(tmp_path: Path) -> None:
    path = tmp_path / ".env.local"
    path.write_bytes(b"A=1\nB=2\n")
    base = load(path, root=tmp_path)
    path.write_bytes(b"# theirs\nA=1\nB=22\nC=3\n")
    put(path, tmp_path, base, A="9")
    assert path.read_bytes() == b"# theirs\nA=9\nB=22\nC=3\n"


_APPEND = """
import os, sys, time, random
for number in range(int(sys.argv[2])):
    sys.stdin.buffer.read(1)
    end = time.perf_counter() + random.random() * 0.004
    while time.perf_counter() < end:
        pass
    fd = os.open(sys.argv[1], os.O_WRONLY | os.O_APPEND)
    late = os.fstat(fd).st_nlink == 0  # opened before the file was replaced, and asleep since: nobody sees that line
    os.write(fd, f"THEIRS_{number}=1\\n".encode())
    os.close(fd)
    sys.stdout.write("l" if late else "x")
    sys.stdout.flush()
"""


@pytest.mark.long
def test_lines_appended_at_any_moment_of_a_save_are_kept(tmp_path: Path) -> None:
    path = tmp_path / ".env.local"
    path.write_bytes(b"A=0\n")
    rounds = 300
    with subprocess.Popen(
        [sys.executable, "-c", _APPEND, str(path), str(rounds)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        late = set()
        for number in range(rounds):
            child.stdin.write(b"x")
            child.stdin.flush()
            put(path, tmp_path, A=str(number + 1))
            late |= {f"THEIRS_{number}"} if child.stdout.read(1) == b"l" else set()
    file = EnvFile(path.read_bytes())
    assert file.duplicates() == {}
    assert len(late) < rounds / 10
    assert {f"THEIRS_{number}" for number in range(rounds)} - late <= set(file.names())
    assert (value := file.get("A")) is not None
    assert value.reveal() == str(rounds)


def test_a_variable_that_both_changed_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / ".env.local"
    path.write_bytes(b"A=1\n")
    base = load(path, root=tmp_path)
    path.write_bytes(b"A=theirs\n")
    with pytest.raises(EditedElsewhere) as caught:
        put(path, tmp_path, base, A="ours")
    assert caught.value.names == ("A",)
    assert path.read_bytes() == b"A=theirs\n"
    put(path, tmp_path, base, A="theirs")
    assert path.read_bytes() == b"A=theirs\n"


def test_an_undo_gives_the_same_bytes_and_goes_through_the_vault_as_one_text(tmp_path: Path) -> None:
    path = tmp_path / ".env.local"
    before = b"\xef\xbb\xbf# top\r\nA='old'  # c\r\nB=2\r\nA=dup\r\n# C="
    path.write_bytes(before)
    saved = put(path, tmp_path, A="new", B=None, C="three", D="four")
    assert saved.undo is not None
    assert "old" not in repr(saved)
    undo = Undo.from_secret(saved.undo.secret())
    take_back(path, undo, root=tmp_path)
    assert path.read_bytes() == before


def test_an_undo_of_a_new_file_removes_it(tmp_path: Path) -> None:
    path = tmp_path / ".env.local"
    saved = put(path, tmp_path, A="1")
    assert saved.undo is not None
    take_back(path, saved.undo, root=tmp_path)
    assert not path.exists()


def test_an_undo_after_a_foreign_edit_takes_back_only_its_own_variables(tmp_path: Path) -> None:
    path = tmp_path / ".env.local"
    path.write_bytes(b"A='old'\nB=2\n")
    saved = put(path, tmp_path, A="new", C="3")
    assert saved.undo is not None
    path.write_bytes(path.read_bytes() + b"D=theirs\n")
    take_back(path, saved.undo, root=tmp_path)
    assert path.read_bytes() == b"A='old'\nB=2\n\nD=theirs\n"
    again = put(path, tmp_path, A="new")
    assert again.undo is not None
    path.write_bytes(b"A=theirs\n")
    with pytest.raises(EditedElsewhere):
        take_back(path, again.undo, root=tmp_path)


def test_no_text_of_an_undo_lies_in_the_work_tree(tmp_path: Path) -> None:
    path = tmp_path / ".env.local"
    path.write_bytes(b"A=canary\n")
    put(path, tmp_path, A="new")
    assert b"canary" not in b"".join(entry.read_bytes() for entry in tmp_path.rglob("*") if entry.is_file())


_ADD = """
import sys
from pathlib import Path
from onboard.envfile.save import save
from onboard.model import Secret
sys.stdin.read(1)
save(Path(sys.argv[1]), {sys.argv[2]: Secret("1")}, ["next"], root=Path(sys.argv[1]).parent, wait=30)
"""


@pytest.mark.long
def test_eight_at_once_lose_no_variable(tmp_path: Path) -> None:
    path = tmp_path / ".env.local"
    for round in range(6):
        children = [
            subprocess.Popen(
                [sys.executable, "-c", _ADD, str(path), f"V{round}_{number}"], stdin=subprocess.PIPE, cwd=ROOT
            )
            for number in range(8)
        ]
        for child in children:
            assert child.stdin is not None
            child.stdin.write(b"x")
            child.stdin.close()
        assert [child.wait(60) for child in children] == [0] * 8
    names = EnvFile(path.read_bytes()).names()
    assert set(names) == {f"V{round}_{number}" for round in range(6) for number in range(8)}
    assert [entry.name for entry in tmp_path.iterdir()] == [".env.local"]


def test_a_second_onboard_is_told_who_holds_the_file(tmp_path: Path) -> None:
    path = tmp_path / ".env.local"
    with place.at(path, tmp_path) as there, there.locked():
        with pytest.raises(Busy, match=f"process {os.getpid()}"):
            save(path, {"A": Secret("1")}, READERS, root=tmp_path, wait=0.05)
        assert place.sweep(tmp_path) == 0
    assert not path.exists()
    put(path, tmp_path, A="1")


def test_the_lock_of_a_killed_onboard_holds_nobody(tmp_path: Path) -> None:
    (tmp_path / ".env.onboard-lock.local").write_bytes(b"4194304\n")
    put(tmp_path / ".env.local", tmp_path, A="1")
    assert [entry.name for entry in tmp_path.iterdir()] == [".env.local"]


def test_what_a_killed_onboard_left_is_swept_but_nobody_elses(tmp_path: Path) -> None:
    ours = tmp_path / ".env.onboard-tmp-0123456789ab.local"
    ours.write_bytes(b"A=canary\n")
    (tmp_path / ".env.onboard-lock.local").write_bytes(b"")
    for name in (".env.local", ".env.tmp.local", "x.env.onboard-tmp-1.local"):
        (tmp_path / name).write_bytes(b"B=1\n")
    (tmp_path / ".env.onboard-tmp-link.local").symlink_to(tmp_path / ".env.local")
    assert place.sweep(tmp_path) == 1
    assert not ours.exists()
    assert not (tmp_path / ".env.onboard-lock.local").exists()
    assert len(list(tmp_path.iterdir())) == 4
    assert place.sweep(tmp_path / "not-there") == 0


def test_an_unreadable_file_is_never_taken_for_an_empty_one(tmp_path: Path) -> None:
    path = tmp_path / ".env.local"
    path.write_bytes("A=caf\u00e9\n".encode("latin-1"))
    saved = put(path, tmp_path, B="1")
    assert set(saved.written.refused) == {"B"}
    assert "line 1" in saved.written.refused["B"].lower()
    assert saved.undo is None
    assert path.read_bytes() == "A=caf\u00e9\n".encode("latin-1")


@pytest.mark.parametrize(
    ("name", "line"), [(".env.local", ".env*.local"), (".env.development.local", ".env*.local"), (".env", "/.env")]
)
def test_the_offered_ignore_line_covers_the_file_and_what_onboard_puts_beside_it(name: str, line: str) -> None:
    assert offered_line(name) == line
    text = with_line("node_modules\r\n# x", line)
    assert text == f"node_modules\r\n# x\r\n{line}\r\n"
    assert ignores(text, name)
    assert not ignores(text, ".env.example")
    if name != ".env":
        assert ignores(text, ".env.onboard-tmp-0123456789ab.local")


def test_a_lock_is_refused_only_while_it_is_held(tmp_path: Path) -> None:
    lock = tmp_path / ".env.onboard-lock.local"
    with lock.open("wb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(Busy):
            save(tmp_path / ".env", {"A": Secret("1")}, READERS, root=tmp_path, wait=0)
    put(tmp_path / ".env", tmp_path, A="1")


def test_another_users_file_is_left_alone(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can make another user's file")
    folder = Path("/tmp") / f"onboard-owner-{os.getpid()}"
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)
    try:
        path = folder / ".env"
        path.write_bytes(b"A=1\n")
        os.chown(path, 65534, 65534)
        put(path, folder, A="2")
        assert (path.stat().st_uid, path.read_bytes()) == (65534, b"A=2\n"), "root keeps the owner"
        os.chown(path, 12345, 12345)
        path.chmod(0o644)
        code = (
            "import os, sys; sys.path.insert(0, '.')\n"
            "from pathlib import Path; from onboard.envfile import place\n"
            "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
            f"with place.at(Path({str(path)!r}), Path({str(folder)!r})) as there:\n"
            "    try: there.read()\n"
            "    except place.UnsafePlace as error: print(error.message)\n"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
        assert "belongs to another user" in done.stdout
    finally:
        shutil.rmtree(folder)


def test_a_file_that_is_not_there_yet_starts_from_what_it_is_given(tmp_path: Path) -> None:
    path = tmp_path / ".env.local"
    start = b"# Keys\n# TOKEN=\n\nPORT=3000\n"

    save(path, {"TOKEN": Secret("abc")}, ["next"], root=tmp_path, start=start)
    assert path.read_bytes() == b"# Keys\nTOKEN=abc\n\nPORT=3000\n"

    save(path, {"TOKEN": Secret("def")}, ["next"], root=tmp_path, start=b"OTHER=1\n")
    assert path.read_bytes() == b"# Keys\nTOKEN=def\n\nPORT=3000\n"


def test_a_start_without_changes_is_written_all_the_same(tmp_path: Path) -> None:
    save(tmp_path / ".env.local", {}, ["next"], root=tmp_path, start=b"PORT=3000\n")

    assert (tmp_path / ".env.local").read_bytes() == b"PORT=3000\n"
