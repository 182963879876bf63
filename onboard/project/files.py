"""The one door to a repository's files: each is read once, within caps, never through a link that leaves the root."""

from __future__ import annotations

import hashlib
import os
import stat
from bisect import bisect_left
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from onboard import quick
from onboard.clean import line
from onboard.project.values import Source, Trouble

T = TypeVar("T")
SMALL = 1 << 20
"""Bytes: cap for files that people write (templates, package.json, onboard.toml, README)."""
MOST_FILES = 60_000
DEEPEST = 16
SKIPPED = frozenset(
    [
        "node_modules",
        ".git",
        ".next",
        ".turbo",
        ".cache",
        ".venv",
        "venv",
        "__pycache__",
        ".svelte-kit",
        ".nuxt",
        ".output",
        ".vercel",
        ".wasp",
        "dist",
        "build",
        "out",
        "coverage",
        "vendor",
        "target",
        ".pnpm-store",
        ".yarn",
        ".idea",
        ".vscode",
        ".expo",
        ".docusaurus",
        "storybook-static",
        ".contentlayer",
        "bower_components",
        ".terraform",
        ".gradle",
        "Pods",
    ]
)
"""Folders that hold no source of the repository's own."""


class Tree:
    """A repository's files under `root`."""

    def __init__(self, root: Path) -> None:
        self.root = Path(os.path.realpath(root))
        self._bytes: dict[str, bytes | None] = {}
        self._texts: dict[str, str | None] = {}
        self._names: dict[str, frozenset[str]] = {}
        self._files: tuple[str, ...] | None = None
        self._sources: dict[str, Source] = {}
        self._made: dict[str, Any] = {}
        self.troubles: list[Trouble] = []
        self.seen: dict[str, str] = {}
        """Absolute path of each file read and each folder listed -> its mark, taken just before."""

    @property
    def sources(self) -> tuple[Source, ...]:
        """The files that were read and mattered, by path."""
        return tuple(self._sources[path] for path in sorted(self._sources))

    def names(self, folder: str = ".") -> frozenset[str]:
        """Names in a folder; empty where there is none."""
        if folder not in self._names:
            self._mark(folder)
            try:
                self._names[folder] = frozenset(os.listdir(self.root / folder)) if self._inside(folder) else frozenset()
            except (OSError, ValueError):
                self._names[folder] = frozenset()
        return self._names[folder]

    def has(self, path: str) -> bool:
        """Whether a name exists, without reading it."""
        folder, _, name = path.rpartition("/")
        return name in self.names(folder or ".")

    def data(self, path: str, *, cap: int = SMALL, matters: bool = True) -> bytes | None:
        """Return the file's bytes; `None` where it is absent, no regular file, over `cap`, or outside the root.

        `matters=False`: code that was searched only, and is no part of what a person approves.
        """
        if path not in self._bytes:
            self._bytes[path] = self._read(path, cap)
        data = self._bytes[path]
        if data is not None and matters and path not in self._sources:
            self._sources[path] = Source(path, hashlib.sha256(data).hexdigest())
        return data

    def text(self, path: str, *, cap: int = SMALL, matters: bool = True) -> str | None:
        """Return the file as text; bytes that are not UTF-8 become U+FFFD, with a trouble."""
        data = self.data(path, cap=cap, matters=matters)
        if data is None:
            return None
        if path not in self._texts:
            try:
                text = data.decode("utf-8-sig")
            except UnicodeDecodeError as error:
                text = data.decode("utf-8-sig", "replace")
                if matters:
                    at = data.count(b"\n", 0, error.start) + 1
                    self.trouble("file.not_utf8", f"{path} is not UTF-8 (line {at}); save it as UTF-8", f"{path}:{at}")
            self._texts[path] = text.replace("\r\n", "\n").replace("\r", "\n")
        return self._texts[path]

    def files(self) -> tuple[str, ...]:
        """All files but those of `SKIPPED` folders, sorted, links to folders not followed, within the caps."""
        if self._files is None:
            self._files = tuple(sorted(self._walk()))
        return self._files

    def below(self, folder: str) -> tuple[str, ...]:
        """Those of `files()` that lie in a folder or below it."""
        files = self.files()
        if folder == ".":
            return files
        start = bisect_left(files, folder + "/")
        return files[start : bisect_left(files, folder + "0", start)]  # "0" is what follows "/"

    def once(self, key: str, make: Callable[[], T]) -> T:
        """Return what `make` gives, made once for this tree: what all apps share is not looked up for each of them."""
        if key not in self._made:
            self._made[key] = make()
        made: T = self._made[key]
        return made

    def trouble(self, kind: str, text: str, *places: str, variable: str | None = None) -> None:
        """Note something once."""
        trouble = Trouble(kind, line(text), tuple(line(place) for place in places), variable)
        if trouble not in self.troubles:
            self.troubles.append(trouble)

    def place(self, path: str, word: str) -> str:
        """Return `path:line` of the first line that has `word`; the path alone where none has."""
        rows = (self.text(path) or "").split("\n")
        at = next((at for at, row in enumerate(rows, 1) if word in row), None)
        return f"{path}:{at}" if at else path

    def _mark(self, path: str) -> None:
        full = str(self.root) if path == "." else f"{self.root}/{path}"
        if full not in self.seen:
            self.seen[full] = quick.mark(full)

    def _inside(self, path: str) -> bool:
        real = os.path.realpath(self.root / path)
        return real == str(self.root) or real.startswith(str(self.root) + os.sep)

    def _read(self, path: str, cap: int) -> bytes | None:
        if not self.has(path):
            return None
        self._mark(path)
        full = self.root / path
        try:
            if not self._inside(path):
                self.trouble("file.outside", f"{path} is a link that leaves the repository; it is not read", path)
                return None
            # No waiting on a FIFO that someone committed the name of.
            handle = os.open(full, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
        except (OSError, ValueError) as error:
            self.trouble("file.unreadable", f"{path} cannot be read: {getattr(error, 'strerror', error)}", path)
            return None
        with os.fdopen(handle, "rb") as file:
            try:
                if not stat.S_ISREG(os.fstat(handle).st_mode):
                    return None
                data = file.read(cap + 1)
            except OSError as error:
                self.trouble("file.unreadable", f"{path} cannot be read: {error.strerror}", path)
                return None
        if len(data) > cap:
            self.trouble("file.too_large", f"{path} is larger than {cap >> 10} KiB; it is not read", path)
            return None
        return data

    def _walk(self) -> list[str]:
        found: list[str] = []
        folders = [("", 0)]
        while folders:
            folder, depth = folders.pop()
            self._mark(folder.rstrip("/") or ".")
            try:
                with os.scandir(self.root / folder) as entries:
                    for entry in entries:
                        path = f"{folder}{entry.name}"
                        if entry.is_dir(follow_symlinks=False):
                            if entry.name in SKIPPED:
                                continue
                            if depth < DEEPEST:
                                folders.append((path + "/", depth + 1))
                            else:
                                self.trouble("tree.deep", f"folders deeper than {DEEPEST} are not searched", path)
                        else:
                            found.append(path)
            except OSError:
                continue
            if len(found) > MOST_FILES:
                self.trouble("tree.large", f"only {MOST_FILES:,} files of the repository were searched")
                break
        return found[:MOST_FILES]


def join(folder: str, path: str) -> str:
    """Return `folder/path` normalized, relative to the root; paths that climb above it keep their `..`."""
    return os.path.normpath(os.path.join(folder, path)).replace(os.sep, "/")


def within(path: str, folder: str) -> bool:
    """Whether `path` is `folder` or lies below it."""
    return folder == "." or path == folder or path.startswith(folder + "/")
