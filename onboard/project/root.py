"""Where the repository begins and what it is called, from files alone: git is never run."""

from __future__ import annotations

import os
import re
from pathlib import Path

from onboard.clean import line
from onboard.errors import ProjectError
from onboard.project import packages
from onboard.project.files import Tree
from onboard.project.readme import EXAMPLE

_CAP = 256 << 10
_URL = re.compile(
    r"^(?:[a-z][a-z0-9+.-]*://)?(?:[^@/]*@)?(?P<host>[^/:]+)(?::\d+)?[:/]+(?P<path>.+?)(?:\.git)?/*$", re.I
)


def find(start: Path) -> Path:
    """Return the project's root: the git root above `start`, or a folder below it that stands alone, or `start`.

    Alone stands what has a lock file, an onboard.toml or a template of its own and is no member of a workspace above
    it. Never a folder above a git root. Raises ProjectError where `start` is no folder, or where the root belongs to
    someone else (git's own rule): a file that a stranger left in a shared parent folder must not steer us.
    """
    folder = Path(os.path.realpath(start))
    if not folder.is_dir():
        raise ProjectError(f"{line(str(start))} is not a folder", "name the repository's folder with --path")
    top = git_root(folder)
    root = folder if top is None else next((each for each in _up(folder, top) if _alone(each, top)), top)
    for each in {root, top or root}:
        if not _ours(each):
            raise ProjectError(
                f"{line(str(each))} belongs to another user",
                "work in a clone of your own, or take over the folder (chown)",
            )
    return root


def git_root(folder: Path) -> Path | None:
    """Return the nearest folder at or above `folder` that has a `.git`; `None`: there is none."""
    return next((above for above in (folder, *folder.parents) if (above / ".git").exists()), None)


def _up(folder: Path, top: Path) -> list[Path]:
    above = [folder, *folder.parents]
    return above[: above.index(top)]


def _alone(folder: Path, top: Path) -> bool:
    tree = Tree(folder)
    names = tree.names()
    if not (
        names & _OWN or ("package.json" in names and any("env" in name and EXAMPLE.search(name) for name in names))
    ):
        return False
    for above in (each for each in folder.parents if each == top or top in each.parents):
        outer = Tree(above)
        patterns = packages.patterns(outer, packages.read(outer, "."))
        inner = folder.relative_to(above).as_posix()
        if any(packages.glob(pattern)(inner) for pattern in patterns if not pattern.startswith("!")):
            return False
    return True


_OWN = {"onboard.toml", "pnpm-workspace.yaml", ".wasproot", *packages.LOCKS}


def _ours(folder: Path) -> bool:
    return not hasattr(os, "getuid") or folder.stat().st_uid == os.getuid()


def remote(root: Path) -> str | None:
    """Return the normalized remote (`github.com/owner/name`), read from .git/config as text; `None`: there is none.

    A root below the git root adds its folder: `github.com/owner/name#frontend`.
    """
    top = git_root(root)
    own = _remote(top) if top else None
    if own is None or top is None or top == root:
        return own
    return f"{own}#{root.relative_to(top).as_posix()}"


def settings(root: Path) -> tuple[Path, ...]:
    """Return the files that say what the git root's remote is, the settings themselves last."""
    folder = root / ".git"
    if not folder.is_file():
        return (folder / "HEAD", folder / "config")
    # A worktree or a submodule: the file names the real folder.
    pointer = _text(folder)
    if not pointer.startswith("gitdir:"):
        return (folder,)
    real = root / pointer.partition(":")[2].strip()
    common = _text(real / "commondir").strip()
    return (folder, real / "commondir", (real / common if common else real) / "config")


def _remote(root: Path) -> str | None:
    file = settings(root)[-1]
    if file.name != "config":
        return None
    section = ""
    urls: dict[str, str] = {}
    for row in _text(file).splitlines():
        row = row.strip()
        if row.startswith("["):
            section = row
        elif row.partition("=")[0].strip() == "url" and section.startswith('[remote "'):
            urls.setdefault(section[9:].rstrip('"]'), row.partition("=")[2].strip().strip('"'))
    url = urls.get("origin") or urls.get("upstream") or next(iter(urls.values()), None)
    return normalized(url) if url else None


def normalized(url: str) -> str | None:
    """Return `host/owner/name` of a remote URL without user, password, port and `.git`; `None` for a local path."""
    match = None if url.startswith(("/", ".", "~", "file:")) else _URL.match(url)
    if not match or "\\" in url:
        return None
    return line(f"{match['host'].lower()}/{match['path'].strip('/')}", limit=200)


def _text(path: Path) -> str:
    try:
        with open(path, "rb") as file:
            return file.read(_CAP).decode("utf-8", "replace")
    except (OSError, ValueError):
        return ""
