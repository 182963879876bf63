"""Small JSON files of ours in the user's state folder: 0600, written whole or not at all, never trusted when odd."""

from __future__ import annotations

import json
import os
import secrets
import stat
from pathlib import Path
from typing import Any

LARGEST = 4 << 20
"""Bytes; a larger state file is not ours."""


def read(path: Path) -> dict[str, Any]:
    """Return the JSON object in `path`; empty where there is none.

    A file that is broken, too large, or another user's is moved aside as `<name>.odd` and counts as absent:
    nothing in it is ever believed.
    """
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except FileNotFoundError:
        return {}
    except OSError:
        _aside(path)
        return {}
    with os.fdopen(handle, "rb") as file:
        about = os.fstat(handle)
        mine = not hasattr(os, "getuid") or about.st_uid == os.getuid()
        if mine and stat.S_ISREG(about.st_mode) and about.st_size <= LARGEST:
            try:
                found = json.loads(file.read(LARGEST + 1))
            except (ValueError, RecursionError):
                found = None
            if isinstance(found, dict):
                return found
    _aside(path)
    return {}


def write(path: Path, content: dict[str, Any]) -> None:
    """Put `content` into `path`: a new file beside it, 0600 from its first instant, then renamed over it.

    Raises OSError where the folder cannot be written.
    """
    write_bytes(path, json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True).encode())


def write_bytes(path: Path, data: bytes) -> None:
    """Put `data` into `path`, in the same way. Raises OSError where the folder cannot be written."""
    folder(path.parent)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(handle)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def folder(path: Path) -> Path:
    """Make a state folder that only its owner can enter, and return it."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def machine_key(state: Path) -> bytes:
    """Return this machine's own 32 random bytes, made at first use. They key fingerprints: none is a bare hash."""
    path = state / "key"
    folder(state)
    for _ in range(2):
        try:
            handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
        except FileNotFoundError:
            temporary = state / f".key.{secrets.token_hex(4)}"
            with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(secrets.token_bytes(32))
            try:
                os.link(temporary, path)  # the first of two onboards wins; the other reads its key
            except FileExistsError:
                pass
            finally:
                temporary.unlink()
            continue
        with os.fdopen(handle, "rb") as file:
            key = file.read(33)
        if len(key) == 32:
            return key
        _aside(path)
    return secrets.token_bytes(32)


def _aside(path: Path) -> None:
    try:
        os.replace(path, path.with_name(path.name + ".odd"))
    except OSError:
        return
