"""Quick: the last answer of `onboard check`, given again while nothing that it rests on has changed.

A stamp in the user's state folder holds the answer and a mark of every file, folder and absence that was looked at.
It says what `check` printed, and no value. An unequal mark, a variable in the shell, anything odd: it is not believed.
Nothing but built-ins is imported: this is the whole cost of a check when all is well.
"""

import os
import sys
from _imp import source_hash  # what Python's own .pyc files are checked by; built in, unlike zlib

from onboard import __version__

TYPE_CHECKING = False  # `typing` alone would cost a third of a check
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ABSENT = "-"
LARGEST = 4 << 20
"""Bytes of a stamp."""
MOST = 20_000
"""Marks of a stamp: beyond, comparing them is no quicker than looking."""
_KEY = 0x6F6E626F617264
_FORMAT = f"onboard {__version__} check 1 {sys.version_info[:2]}"
_STEERING = ("ONBOARD_ENDPOINTS", "ONBOARD_STRIPE_CLI_ARGS")
"""Variables that change what is said whatever the project."""
_MARGIN, _COARSE_MARGIN = 100_000_000, 2_500_000_000
"""Nanoseconds: what changed so shortly before it was read could change again and keep its time; disks that count whole
seconds need the longer one."""


def mark(path: str) -> str:
    """Return what changes whenever the file or folder does; `-`: there is none; `?`: it could not be told."""
    try:
        found = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return ABSENT
    except (OSError, ValueError):
        return "?"
    return f"{found.st_mtime_ns} {found.st_ctime_ns} {found.st_ino} {found.st_size}"


def answer(env: "Mapping[str, str]", folder: str) -> tuple[int, str] | None:
    """Return the exit code and the text of the last check in `folder` where they still hold; `None`: look anew."""
    path = place(env, folder)
    content = _read(path) if path else None
    if content is None:
        return None
    try:
        head, code, text, names, paths, marks = content.split("\0\0")
        fits = head == f"{_FORMAT} {folder}" and not any(name in env for name in names.split("\0"))
        if fits and "\0".join(map(mark, paths.split("\0"))) == marks:
            return int(code), text
    except ValueError:
        pass
    return None


def place(env: "Mapping[str, str]", folder: str) -> str | None:
    """Return where the stamp of a folder lies or would lie; `None`: none is kept on this system."""
    if not hasattr(os, "getuid") or any(name in env for name in _STEERING):
        return None
    if not (state := env.get("XDG_STATE_HOME")):
        home = env.get("HOME")
        if not home:
            return None
        state = f"{home}/Library/Application Support" if sys.platform == "darwin" else f"{home}/.local/state"
    return f"{state}/onboard/check/{source_hash(_KEY, os.fsencode(folder)).hex()}"


def stamp(
    folder: str, code: int, text: str, names: "Iterable[str]", seen: "Mapping[str, str]", now: int
) -> bytes | None:
    """Return the stamp of an answer, given at `now` (nanoseconds since 1970); `None`: this answer is not to be kept.

    `seen`: path -> its mark, taken before it was read. `names`: variables that must not stand in the shell.
    """
    if len(seen) > MOST or not all(_settled(each, now) for each in seen.values()):
        return None
    parts = (f"{_FORMAT} {folder}", str(code), text, "\0".join(names), "\0".join(seen), "\0".join(seen.values()))
    if any("\0\0" in part for part in parts):
        return None
    data = "\0\0".join(parts).encode("utf-8", "surrogateescape")
    return source_hash(_KEY, data) + data if len(data) < LARGEST else None


def _settled(mark: str, now: int) -> bool:
    """Whether a later change is sure to give another mark."""
    if mark == ABSENT:
        return True
    if mark == "?":
        return False
    changed = [int(part) for part in mark.split(" ")[:2]]
    coarse = all(time % 1_000_000_000 == 0 for time in changed)
    return max(changed) < now - (_COARSE_MARGIN if coarse else _MARGIN)


def _read(path: str) -> str | None:
    """Return the stamp's content where it is ours, ours alone, and whole."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        about = os.fstat(handle)
        if about.st_uid != os.getuid() or about.st_mode != 0o100600 or about.st_size > LARGEST:
            return None
        data = os.read(handle, LARGEST + 1)
    except OSError:
        return None
    finally:
        os.close(handle)
    if source_hash(_KEY, data[8:]) != data[:8]:
        return None
    return data[8:].decode("utf-8", "surrogateescape")
