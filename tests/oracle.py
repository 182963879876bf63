"""The leak oracle: fresh secrets in, everything that came out of a run searched for them.

Take the fixture `oracle` (import it into conftest.py). Make values with `canary`, hand over what the run printed, drew
and sent; files and command lines are watched by themselves. At the end of the test a trace outside `allowed` fails it.
"""

from __future__ import annotations

import base64
import io
import json
import os
import re
import secrets
import shutil
import string
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from urllib.parse import quote

import pyte
import pytest

LONG_ENOUGH = 12
"""Characters in a row that count as a leak of the value."""
EVERY = 0.02
"""Seconds between two looks at the command lines of all processes."""
LARGEST = 64 << 20
"""Bytes; anything larger is a finding by itself."""

_LETTERS = string.ascii_letters + string.digits

SHAPES: Mapping[str, str] = {
    "stripe": "sk_test_{}",
    "stripe live": "sk_live_{}",
    "webhook": "whsec_{}",
    "anthropic": "sk-ant-api03-{}",
    "neon": "postgresql://neondb_owner:npg_{}@ep-cool-rain-123456.us-east-1.aws.neon.tech/neondb?sslmode=require",
    "upstash": "AX{}",
    "brevo": "xkeysib-{}",
    "printful": "{}",
    "auth": "{}",
    "clerk": "sk_test_{}",
    "slack": "https://hooks.slack.com/services/T00000000/B00000000/{}",
    "difficult": "{}+/=&\"'\\ $é",
}
"""By shape, the value around its random letters."""


@dataclass(frozen=True)
class Leak:
    """One trace of a value where it must not be."""

    channel: str
    """`file:HOME/.bash_history`, `terminal`, `clipboard`, `screen`, `argv`, `host:evil.test`, `stderr`, …"""
    value: str
    """The name of the value; never the value."""
    form: str


@dataclass(frozen=True)
class _Canary:
    name: str
    forms: tuple[tuple[str, bytes], ...]
    allowed: tuple[str, ...]


@dataclass
class Oracle:
    """What one run gave away. Thread-safe for the looks it takes by itself."""

    folders: Mapping[str, Path]
    """Watched, by the name that stands for them in `file:NAME/path`."""
    _canaries: list[_Canary] = field(default_factory=list)
    _seen: dict[tuple[str, bytes], None] = field(default_factory=dict)
    _lines: set[bytes] = field(default_factory=set)
    _terminals: list[Terminal] = field(default_factory=list)
    _before: dict[Path, tuple[int, int, int]] = field(default_factory=dict)
    _others: set[str] = field(default_factory=set)
    """Processes that are not of the run, by their numbers."""
    _began: int = 0

    def canary(self, shape: str, *, allowed: tuple[str, ...] = (), name: str | None = None) -> str:
        """Return a fresh value of a shape in `SHAPES`. `allowed`: patterns of channels where it may be."""
        core = "".join(secrets.choice(_LETTERS) for _ in range(32))
        self.know(core if shape != "difficult" else SHAPES[shape].format(core), name=name or shape, allowed=allowed)
        return SHAPES[shape].format(core)

    def know(self, value: str, *, name: str, allowed: tuple[str, ...] = ()) -> None:
        """Look for a value that was made elsewhere too (generated, captured)."""
        self._canaries.append(_Canary(name, tuple(_forms(value)), allowed))

    def saw(self, channel: str, data: bytes | str) -> None:
        """Hand over what went through a channel: `stdout`, `stderr`, `json`, `exception`, …"""
        self._seen[channel, data if isinstance(data, bytes) else data.encode("utf-8", "surrogatepass")] = None

    def sent(self, host: str, data: bytes) -> None:
        """Hand over all bytes that arrived at a stand-in or a sink."""
        self.saw(f"host:{host}", data)

    def terminal(self, *, columns: int = 80, rows: int = 24) -> Terminal:
        """Return a file that takes all that a program writes to its terminal (pexpect's `logfile_read`)."""
        self._terminals.append(made := Terminal(self, columns, rows))
        return made

    def leaks(self) -> list[Leak]:
        """Return all traces so far, outside of what each value allows."""
        streams = [stream for terminal in self._terminals for stream in terminal.streams()]
        lines = [("argv", line) for line in self._lines.copy()]
        everything = [*self._seen, *streams, *lines, *self._files(), *self._objects()]
        found = {Leak(channel, "?", "too large to be searched") for channel, data in everything if len(data) > LARGEST}
        needles: dict[bytes, list[tuple[_Canary, str]]] = {}
        for canary in self._canaries:
            for form, needle in canary.forms:
                needles.setdefault(needle, []).append((canary, form))
        lengths = {len(needle) for needle in needles}
        for channel, data in everything:
            for needle in _seen_in(data, needles, lengths):
                found |= {
                    Leak(channel, canary.name, form)
                    for canary, form in needles[needle]
                    if not any(fnmatch(channel, pattern) for pattern in canary.allowed)
                }
        return sorted(found, key=lambda leak: (leak.channel, leak.value, leak.form))

    def check(self) -> None:
        """Fail where anything leaked."""
        assert not (found := self.leaks()), "\n".join(f"{leak.value} in {leak.channel} ({leak.form})" for leak in found)

    def look_at_command_lines(self) -> None:
        """Note the command line of each process that was started during the run."""
        now = {name for name in os.listdir("/proc") if name.isdigit()}  # a glob stops at a process that ends meanwhile
        self._others &= now  # a number that is given again is another process
        for name in now - self._others:
            try:
                self._lines.add(Path(f"/proc/{name}/cmdline").read_bytes())
            except OSError:
                continue

    def begin(self) -> None:
        """Note what there is before the run: only what changes is searched.

        A file that was last written before the run (a package out of a store) and a process that was started before
        it cannot hold what the run invented.
        """
        self._others = {name for name in os.listdir("/proc") if name.isdigit()}
        self._began = time.time_ns() - 60 * 10**9
        self._before = {path: stamp for _, path, stamp in self._walk()}

    def _walk(self) -> Iterator[tuple[str, Path, tuple[int, int, int]]]:
        for name, folder in self.folders.items():
            for path in folder.rglob("*"):
                try:
                    about = path.lstat()
                except OSError:
                    continue
                if path.is_file():
                    yield (
                        f"file:{name}/{path.relative_to(folder)}",
                        path,
                        (
                            about.st_ino,
                            about.st_size,
                            about.st_mtime_ns,
                        ),
                    )

    def _files(self) -> Iterator[tuple[str, bytes]]:
        changed = [
            (channel, path)
            for channel, path, stamp in self._walk()
            if self._before.get(path) != stamp and stamp[-1] >= self._began
        ]
        suspects = self._suspects([path for _, path in changed])
        for channel, path in changed:
            yield f"name of {channel}", str(path).encode("utf-8", "surrogateescape")
            if suspects is None or path in suspects:
                try:
                    with path.open("rb") as file:
                        yield channel, file.read(LARGEST + 1)
                except OSError:
                    continue

    def _suspects(self, files: Sequence[Path]) -> set[Path] | None:
        """Return those in which grep sees any spelling: we are too slow for a tree of packages. `None`: no grep."""
        needles = {needle for canary in self._canaries for _, needle in canary.forms if b"\n" not in needle}
        grep, xargs = shutil.which("grep"), shutil.which("xargs")
        if grep is None or xargs is None or not needles:
            return None
        with tempfile.TemporaryDirectory(dir="/var/tmp") as outside:  # in none of the folders that are searched
            patterns = Path(outside) / "patterns"
            patterns.write_bytes(b"\n".join(sorted(needles)))
            words = [xargs, "-0", grep, "-laZF", "-f", str(patterns), "--"]
            names = b"\0".join(map(os.fsencode, files))
            done = subprocess.run(
                words, input=names, capture_output=True, env={"LC_ALL": "C"}, timeout=300, check=False
            )
        return {Path(os.fsdecode(name)) for name in done.stdout.split(b"\0") if name}

    def _objects(self) -> Iterator[tuple[str, bytes]]:
        """Yield what git keeps, also what nothing refers to any more."""
        git = shutil.which("git")
        for name, folder in self.folders.items():
            for inside in [path.parent for path in folder.rglob(".git")] if git else []:
                words = [str(git), "-C", str(inside), "cat-file", "--batch-all-objects", "--batch"]
                done = subprocess.run(words, capture_output=True, timeout=60, check=False)
                yield f"git:{name}/{inside.relative_to(folder)}", done.stdout


class Terminal(io.RawIOBase):
    """What a program writes to its terminal: the bytes, the screens that a person sees, the clipboard."""

    def __init__(self, oracle: Oracle, columns: int, rows: int) -> None:
        super().__init__()
        self._oracle = oracle
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._raw = b""

    def write(self, data: bytes) -> int:  # type: ignore[override]  # bytes is what pexpect writes
        """Take output."""
        self._raw += data
        self._stream.feed(data)
        rows: list[str] = list(self._screen.display)
        oracle = self._oracle
        oracle.saw("screen", "".join(rows))
        oracle.saw("screen", re.sub(r"[\s\u2500-\u259f|]+", "", "".join(rows)))
        return len(data)

    def streams(self) -> Iterator[tuple[str, bytes]]:
        """Yield the whole stream, as it came and without its codes (a value may come in pieces), and the clipboard."""
        yield "terminal", self._raw
        yield "terminal", re.sub(rb"\x1b\[[0-?]*[ -/]*[@-~]|[\r\n]", b"", self._raw)
        for match in re.finditer(rb"\x1b\]52;[^;]*;([A-Za-z0-9+/=]*)", self._raw):
            yield "clipboard", base64.b64decode(match[1] + b"=" * (-len(match[1]) % 4))


def _seen_in(data: bytes, needles: Mapping[bytes, object], lengths: set[int]) -> list[bytes]:
    """Return which needles stand in `data`: for a screen, looking up each of its stretches is far quicker."""
    if len(data) > 50_000:
        return [needle for needle in needles if needle in data]
    return [*({data[at : at + n] for n in lengths for at in range(len(data) - n + 1)} & needles.keys())]


def _forms(value: str) -> Iterator[tuple[str, bytes]]:
    """Yield every spelling in which a value is looked for."""
    data = value.encode()
    for at in range(max(1, len(value) - LONG_ENOUGH + 1)):
        piece = value[at : at + LONG_ENOUGH]
        yield "raw", piece.encode()
        yield "reversed", piece[::-1].encode()
        yield "UTF-16", piece.encode("utf-16-le")
        yield "hex", piece.encode().hex().encode()
        yield "HEX", piece.encode().hex().upper().encode()
    yield "URL", quote(value, safe="").encode()
    yield "JSON", json.dumps(value)[1:-1].encode()
    for offset, first in ((0, 0), (1, 2), (2, 3)):
        last = (offset + len(data)) * 8 // 6
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            inner = encode(b"\0" * offset + data)[first:last]
            for at in range(0, len(inner) - 15, 4):
                yield "base64", inner[at : at + 16]


@contextmanager
def watch(folders: Mapping[str, Path]) -> Iterator[Oracle]:
    """Give an oracle over `folders` that looks at all command lines every 20 ms. Call `check` on it at the end."""
    oracle, over = Oracle(folders), threading.Event()
    oracle.begin()

    def look() -> None:
        while not over.wait(EVERY):
            oracle.look_at_command_lines()

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield oracle
    finally:
        over.set()
        thread.join()


@pytest.fixture
def oracle(tmp_path: Path) -> Iterator[Oracle]:
    """Watch the test's own folder (put HOME, TMPDIR, XDG folders and the repository there) and shared memory."""
    folders = {"tmp": tmp_path}
    if Path("/dev/shm").is_dir():
        folders["shm"] = Path("/dev/shm")
    with watch(folders) as made:
        yield made
        made.check()
