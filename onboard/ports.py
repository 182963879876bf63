"""Who listens on a port of this machine."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Holder:
    """What holds a port."""

    pid: int | None
    """`None`: another user's, or this system does not tell."""
    name: str
    cwd: str | None


def taken(port: int) -> bool:
    """Whether something answers on the port, on either loopback address."""
    for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        try:
            with socket.socket(family, socket.SOCK_STREAM) as probe:
                probe.settimeout(0.5)
                # A port that the system also gives to callers may be given to this very call, which then meets itself.
                if probe.connect_ex((host, port)) == 0 and probe.getsockname() != probe.getpeername():
                    return True
        except OSError:
            continue
    return False


def holder(port: int) -> Holder:
    """Return who holds the port, as far as this system tells without a privilege (Linux: /proc)."""
    inodes = _listening(port)
    if inodes:
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if any(_link(link) in inodes for link in (process / "fd").iterdir()):
                    name = (process / "comm").read_text("utf-8", "replace").strip()
                    return Holder(int(process.name), name, os.readlink(process / "cwd"))
            except OSError:
                continue
    return Holder(None, "another program", None)


def _link(path: Path) -> str:
    """Return where a link leads; empty where it has gone meanwhile, as a busy server's files do."""
    try:
        return os.readlink(path)
    except OSError:
        return ""


def _listening(port: int) -> set[str]:
    found: set[str] = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            rows = Path(table).read_text("ascii").splitlines()[1:]
        except OSError:
            continue
        for row in rows:
            cells = row.split()
            if cells[3] == "0A" and int(cells[1].rsplit(":", 1)[1], 16) == port:
                found.add(f"socket:[{cells[9]}]")
    return found
