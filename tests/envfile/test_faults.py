"""Every system call of a save fails once, in every way: the file is old or new, and no secret is left lying about."""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from onboard.envfile import place
from tests.envfile.conftest import missing

ROOT = Path(__file__).parents[2]
OLD = b"# top\nA=old\nB='keep'\n"
NEW = OLD.replace(b"A=old", b"A='canary " + b"x" * 5000 + b"'")

_SAVE = """
import os, sys
from pathlib import Path
from onboard.envfile.save import save
from onboard.envfile.readers import READERS
from onboard.errors import EnvFileError
from onboard.model import Secret
import secrets, hashlib, dotenv.parser
path = Path(sys.argv[1])
os.path.exists("/onboard-save-begins")  # a mark in the trace
try:
    save(path, {"A": Secret("canary " + "x" * 5000)}, ["next", "python-dotenv"], root=path.parent)
except EnvFileError as error:
    assert "canary" not in error.message + error.hint
    sys.exit(7)
"""

CALLS = (
    "openat,newfstatat,fstat,read,write,pwrite64,fsync,fchmod,"
    "rename,renameat,renameat2,unlink,unlinkat,flock,ftruncate,close"
)
_LINE = re.compile(r"^(?:\d+ +)?(\w+)\(")


def _traced(folder: Path, extra: list[str]) -> tuple[int, list[str]]:
    log = folder.parent / "strace.log"
    done = subprocess.run(
        [
            *("strace", "-f", "-qq", "-o", str(log), "-e", f"trace={CALLS}", *extra),
            *(sys.executable, "-c", _SAVE, str(folder / ".env.local")),
        ],
        cwd=ROOT,
        capture_output=True,
        timeout=60,
    )
    assert b"canary" not in done.stdout + done.stderr
    return done.returncode, log.read_text(errors="replace").splitlines()


def _points(lines: list[str]) -> list[tuple[str, int]]:
    """Return each call of the save as its name and its number among calls of that name, from the marker on."""
    counts: dict[str, int] = {}
    points = []
    begun = False
    for line in lines:
        match = _LINE.match(line)
        if match is None:
            continue
        name = match[1]
        counts[name] = counts.get(name, 0) + 1
        begun = begun or "onboard-save-begins" in line
        if begun and "onboard-save-begins" not in line and ".pyc" not in line and ".so" not in line:
            points.append((name, counts[name]))
    return points


@pytest.fixture(scope="module")
def points(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, int]]:
    if shutil.which("strace") is None:
        missing("strace is not installed")
    folder = tmp_path_factory.mktemp("clean") / "project"
    folder.mkdir()
    (folder / ".env.local").write_bytes(OLD)
    code, lines = _traced(folder, [])
    if code != 0:
        missing("strace cannot trace here")
    assert (folder / ".env.local").read_bytes() == NEW
    found = _points(lines)
    names = {name for name, _ in found}
    assert {"openat", "write", "fsync", "fchmod", "flock", "close"} <= names, names
    assert any(name.startswith("rename") for name in names)
    return found


@pytest.mark.long
@pytest.mark.parametrize("fault", ["error=ENOSPC", "error=EIO", "signal=KILL", "retval=1"])
def test_no_fault_at_any_call_tears_the_file_or_leaves_a_secret(
    points: list[tuple[str, int]], fault: str, tmp_path: Path
) -> None:
    outcomes = {"old": 0, "new": 0}
    chosen = [point for point in points if fault != "retval=1" or point[0] == "write"]
    for number, (call, when) in enumerate(chosen):
        folder = tmp_path / str(number) / "project"
        folder.mkdir(parents=True)
        path = folder / ".env.local"
        path.write_bytes(OLD)
        inject = f"inject={call}:{fault}:when={when}"
        code, _ = _traced(folder, ["-e", inject])
        data = path.read_bytes()
        assert data in (OLD, NEW), f"torn by {inject}"
        outcomes["old" if data == OLD else "new"] += 1
        assert code in (0, 7, 1, 120, 137, -9), f"{code} after {inject}"
        assert code != 0 or data == NEW, f"{inject}: it said that it had saved"
        place.sweep(folder)
        left = [entry.name for entry in folder.iterdir() if entry.name != ".env.local"]
        assert left == [], f"{inject} left {left}"
    assert sum(outcomes.values()) == len(chosen)
    assert outcomes["old"]
    assert outcomes["new"] or fault == "retval=1"


def test_a_file_system_without_locks_degrades_and_says_so(points: list[tuple[str, int]], tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / ".env.local").write_bytes(OLD)
    code, _ = _traced(folder, ["-e", "inject=flock:error=ENOLCK"])
    assert code == 0
    assert (folder / ".env.local").read_bytes() == NEW
    assert [entry.name for entry in folder.iterdir()] == [".env.local"]


@pytest.mark.parametrize("limit", [0, 1, 24, 4096])
def test_a_write_that_the_kernel_cuts_short_leaves_the_old_file(limit: int, tmp_path: Path) -> None:
    path = tmp_path / ".env.local"
    path.write_bytes(OLD)
    code = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))\n" + _SAVE
    done = subprocess.run([sys.executable, "-B", "-c", code, str(path)], cwd=ROOT, capture_output=True, timeout=60)
    assert done.returncode == 7, done.stderr
    assert path.read_bytes() == OLD
    assert [entry.name for entry in tmp_path.iterdir()] == [".env.local"]


_RENAMES = {"x86_64": {"82", "264", "316"}, "aarch64": {"38", "276"}}
"""Numbers of the rename calls, as `/proc/PID/syscall` shows them."""


def _words(path: Path) -> list[str]:
    try:
        return path.read_text().split()
    except OSError:  # the process has just come or gone
        return []


def test_a_line_appended_between_the_last_look_and_the_rename_is_merged(
    points: list[tuple[str, int]], tmp_path: Path
) -> None:
    numbers = _RENAMES.get(platform.machine())
    if numbers is None:
        missing("the numbers of the rename calls are known for x86_64 and aarch64 only")
    assert numbers is not None
    assert points
    path = tmp_path / ".env.local"
    path.write_bytes(OLD)
    renames = ",".join({call for call, _ in points if call.startswith("rename")})
    traced = subprocess.Popen(
        [
            *("strace", "-qq", "-o", "/dev/null", "-e", f"trace={renames}"),
            *("-e", f"inject={renames}:delay_enter=400000:when=1", sys.executable, "-B", "-c", _SAVE, str(path)),
        ],
        cwd=ROOT,
    )
    children = Path(f"/proc/{traced.pid}/task/{traced.pid}/children")
    while traced.poll() is None:
        found = _words(children)
        call = _words(Path(f"/proc/{found[0]}/syscall"))[:1] if found else []
        if call and call[0] in numbers:
            with path.open("ab") as theirs:
                theirs.write(b"THEIRS=1\n")
            break
    assert traced.wait(30) == 0
    assert path.read_bytes() == NEW + b"THEIRS=1\n"
