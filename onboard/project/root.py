"""Where the repository begins and what it is called, from files alone: git is never run."""

from __future__ import annotations

import os
import re
from pathlib import Path

from onboard.clean import line
from onboard.errors import ProjectError

_CAP = 256 << 10
_URL = re.compile(
    r"^(?:[a-z][a-z0-9+.-]*://)?(?:[^@/]*@)?(?P<host>[^/:]+)(?::\d+)?[:/]+(?P<path>.+?)(?:\.git)?/*$", re.I
)
_NAMES = ("onboard.toml", "package.json", "pyproject.toml")


def find(start: Path) -> Path:
    """Return the git root above `start`, else `start` itself; never a folder above a git root.

    Raises ProjectError where `start` is no folder, or where the root belongs to someone else (git's own rule): a file that
    a stranger left in a shared parent folder must not steer us.
    """
    folder = Path(os.path.realpath(start))
    if not folder.is_dir():
        raise ProjectError(f"{line(str(start))} is not a folder", "Name the repository's folder with --path.")
    root = next((above for above in (folder, *folder.parents) if (above / ".git").exists()), folder)
    if hasattr(os, "getuid"):
        owner = root.stat().st_uid
        sudo = os.environ.get("SUDO_UID", "") if os.getuid() == 0 else ""
        if owner not in (os.getuid(), int(sudo) if sudo.isdigit() else os.getuid()):
            raise ProjectError(
                f"{line(str(root))} belongs to another user",
                "Work in a clone of your own, or take over the folder (chown).",
            )
    return root


def remote(root: Path) -> str | None:
    """Return the normalized remote (`github.com/owner/name`), read from .git/config as text; `None`: there is none."""
    folder = root / ".git"
    if folder.is_file():  # a worktree or a submodule: the file names the real folder
        pointer = _text(folder)
        if not pointer.startswith("gitdir:"):
            return None
        folder = root / pointer.partition(":")[2].strip()
        common = _text(folder / "commondir").strip()
        if common:
            folder = folder / common
    section = ""
    urls: dict[str, str] = {}
    for row in _text(folder / "config").splitlines():
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
