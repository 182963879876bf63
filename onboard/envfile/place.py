"""Where an env file lies: read it and replace it whole, never through a link that leaves the project, never half."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass

from onboard.errors import EnvFileError

try:
    import fcntl
except ImportError:  # Windows: no flock; `locked` then says that it could not lock
    fcntl = None  # type: ignore[assignment]

TEMPORARY = (".env.onboard-tmp-", ".local")
"""Prefix and suffix that the usual ignore lines (`.env*.local`, `.env*`) match."""
_LOCK = ".env.onboard-lock.local"
_LARGEST = 64 << 20
"""Bytes; a larger env file is read by nobody."""
_WAIT = 5.0
"""Seconds that a second onboard waits for the first."""

_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)
_CLOEXEC = getattr(os, "O_CLOEXEC", 0)
_NONBLOCK = getattr(os, "O_NONBLOCK", 0)
_DIRECTORY = getattr(os, "O_DIRECTORY", 0)
_BY_FD = os.open in os.supports_dir_fd


class UnsafePlace(EnvFileError):
    """The path is a link out of the project, no regular file, shared with another name, or another user's."""


class Busy(EnvFileError):
    """Another onboard holds the file."""


class Changed(EnvFileError):
    """Another program wrote the file before ours could replace it; nothing is lost, ours is not there yet."""


@dataclass(frozen=True, slots=True)
class Found:
    """A file as it was when it was read."""

    data: bytes
    mode: int
    """Permission bits."""
    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Replaced:
    """What came of putting new bytes in place of a file."""

    notes: tuple[str, ...]
    """What a person should know: about the mode, about the disk."""
    late: bytes | None
    """What another program wrote into the old file while it was being replaced, to be merged; `None`: nothing."""


class Place:
    """One env file's folder, held open so that a swapped parent cannot lead elsewhere, and its name there."""

    def __init__(self, folder: str, name: str, fd: int | None) -> None:
        self.folder = folder
        self.name = name
        self._fd = fd

    def _args(self) -> dict[str, int]:
        return {} if self._fd is None else {"dir_fd": self._fd}

    def _path(self, name: str) -> str:
        return name if self._fd is not None else os.path.join(self.folder, name)

    def read(self) -> Found | None:
        """Return the file, or `None` where there is none. Raises UnsafePlace, EnvFileError."""
        try:
            fd = os.open(self._path(self.name), os.O_RDONLY | _NOFOLLOW | _NONBLOCK | _CLOEXEC, **self._args())
        except FileNotFoundError:
            return None
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise UnsafePlace(f"{self.name} is a symbolic link that changed while it was read") from None
            if error.errno in (errno.ENXIO, errno.ENODEV):
                raise UnsafePlace(f"{self.name} is not a regular file") from None
            raise _failed("read", self.name, error) from None
        try:
            info = os.fstat(fd)
            _regular(self.name, info)
            data = _read_all(fd, self.name)
        except OSError as error:
            raise _failed("read", self.name, error) from None
        finally:
            os.close(fd)
        return Found(data, stat.S_IMODE(info.st_mode), info.st_uid, info.st_gid)

    def replace(self, data: bytes, old: Found | None) -> Replaced:
        """Put `data` in place of the file, whole or not at all, provided that it still is `old`.

        The mode is the old one's, never wider than 0600. Raises Changed, EnvFileError; the file is then untouched.
        """
        temporary = f"{TEMPORARY[0]}{secrets.token_hex(6)}{TEMPORARY[1]}"
        mode = 0o600 if old is None else (old.mode & 0o600) or 0o400
        try:
            fd = os.open(
                self._path(temporary), os.O_RDWR | os.O_CREAT | os.O_EXCL | _NOFOLLOW | _CLOEXEC, 0o600, **self._args()
            )
        except OSError as error:
            raise _failed("written", self.name, error) from None
        held: int | None = None
        try:
            try:
                self._fill(fd, data, mode, old)
            finally:
                os.close(fd)
            held = self._hold(old)
            self._rename(temporary)
        except OSError as error:
            self._remove(temporary)
            _close(held)
            raise _failed("written", self.name, error) from None
        except BaseException:
            self._remove(temporary)
            _close(held)
            raise
        try:
            notes = self._settle(mode)
            return Replaced(tuple(notes), self._late(held, old))
        finally:
            _close(held)

    def _fill(self, fd: int, data: bytes, mode: int, old: Found | None) -> None:
        if old is not None and hasattr(os, "fchown") and (old.uid, old.gid) != (os.geteuid(), os.getegid()):
            _keep_owner(fd, old)
        if hasattr(os, "fchmod"):
            os.fchmod(fd, mode)
        view = memoryview(data)
        while view:
            view = view[os.write(fd, view) :]
        os.fsync(fd)
        os.lseek(fd, 0, os.SEEK_SET)
        if _read_all(fd, self.name) != data:
            raise OSError(errno.EIO, "the disk did not keep what was written")

    def _hold(self, old: Found | None) -> int | None:
        """Return the file opened, so that what is written into it until the rename is seen; raises Changed."""
        try:
            held = os.open(self._path(self.name), os.O_RDONLY | _NOFOLLOW | _NONBLOCK | _CLOEXEC, **self._args())
        except FileNotFoundError:
            if old is None:
                return None
            raise Changed(f"{self.name} was removed by another program meanwhile") from None
        try:
            if old is None or _read_all(held, self.name) != old.data:
                raise Changed(f"{self.name} was written by another program meanwhile", "try again")
        except BaseException:
            os.close(held)
            raise
        return held

    def _late(self, held: int | None, old: Found | None) -> bytes | None:
        if held is None or old is None:
            return None
        try:
            os.lseek(held, 0, os.SEEK_SET)
            data = _read_all(held, self.name)
        except (OSError, EnvFileError):
            return None
        return None if data == old.data else data

    def _rename(self, temporary: str) -> None:
        if self._fd is None:
            os.replace(self._path(temporary), self._path(self.name))
        else:
            os.replace(temporary, self.name, src_dir_fd=self._fd, dst_dir_fd=self._fd)

    def _settle(self, mode: int) -> list[str]:
        """Make the rename last through a power cut, and look at what mode the file really has."""
        notes: list[str] = []
        if self._fd is not None:
            try:
                os.fsync(self._fd)
            except OSError as error:
                if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP):
                    notes.append(f"{self.name} is written, but the disk did not confirm it: {error.strerror}")
        try:
            real = stat.S_IMODE(os.stat(self._path(self.name), follow_symlinks=False, **self._args()).st_mode)
        except OSError:
            return notes
        if real & 0o077:
            notes.append(
                f"{self.name} is readable by others ({real:04o}): this file system keeps no permissions, "
                f"so onboard could not make it {mode:04o}"
            )
        return notes

    def delete(self) -> None:
        """Remove the file. Raises EnvFileError."""
        try:
            os.unlink(self._path(self.name), **self._args())
        except OSError as error:
            raise _failed("removed", self.name, error) from None

    def _remove(self, name: str) -> None:
        with contextlib.suppress(OSError):
            os.unlink(self._path(name), **self._args())

    @contextlib.contextmanager
    def locked(self, wait: float = _WAIT) -> Iterator[list[str]]:
        """Hold the folder against a second onboard; yields what a person should know (nothing: it is held).

        Raises Busy after `wait` seconds, EnvFileError where the folder cannot be written.
        """
        if fcntl is None:
            yield []
            return
        deadline = time.monotonic() + wait
        while True:
            fd = self._open_lock()
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = _holder(fd)
                os.close(fd)
                if time.monotonic() >= deadline:
                    raise Busy(
                        f"another onboard{holder} is writing {self.name}", "wait for it to end, then try again"
                    ) from None
                time.sleep(0.02)
                continue
            except OSError as error:
                self._remove(_LOCK)
                os.close(fd)
                yield [f"this file system cannot lock ({error.strerror}): do not run two onboards at once here"]
                return
            if self._is_lock(fd):
                break
            os.close(fd)  # the holder before us removed the file that we had opened
        try:
            with contextlib.suppress(OSError):
                os.ftruncate(fd, 0)
                os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
            yield []
        finally:
            self._remove(_LOCK)
            os.close(fd)

    def _open_lock(self) -> int:
        try:
            return os.open(
                self._path(_LOCK), os.O_RDWR | os.O_CREAT | _NOFOLLOW | _NONBLOCK | _CLOEXEC, 0o600, **self._args()
            )
        except OSError as error:
            raise _failed("locked", self.name, error) from None

    def _is_lock(self, fd: int) -> bool:
        try:
            there = os.stat(self._path(_LOCK), follow_symlinks=False, **self._args())
        except FileNotFoundError:
            return False
        return os.path.samestat(there, os.fstat(fd))

    def sweep(self) -> int:
        """Remove what a killed onboard left in the folder; return how many. Nothing where another one is at work."""
        if not self._leftovers() and not os.path.lexists(os.path.join(self.folder, _LOCK)):
            return 0
        try:
            with self.locked(wait=0) as notes:
                return 0 if notes else self.sweep_now()
        except EnvFileError:
            return 0

    def sweep_now(self) -> int:
        """Do the same for a caller that holds the lock."""
        return sum(self._sweep_one(name) for name in self._leftovers())

    def _leftovers(self) -> list[str]:
        names = os.listdir(self.folder if self._fd is None else self._fd)
        return [name for name in names if name.startswith(TEMPORARY[0]) and name.endswith(TEMPORARY[1])]

    def _sweep_one(self, name: str) -> bool:
        try:
            info = os.stat(self._path(name), follow_symlinks=False, **self._args())
            if not stat.S_ISREG(info.st_mode) or (hasattr(os, "geteuid") and info.st_uid != os.geteuid()):
                return False
            os.unlink(self._path(name), **self._args())
        except OSError:
            return False
        return True


@contextlib.contextmanager
def at(path: str | os.PathLike[str], root: str | os.PathLike[str]) -> Iterator[Place]:
    """Open the place of `path`, links resolved. Raises UnsafePlace where that is outside `root` or no folder."""
    home = os.path.realpath(root)
    if os.path.basename(path) in ("", ".", ".."):
        raise UnsafePlace("that is a folder, not an env file")
    real = os.path.realpath(path)
    if os.path.commonpath([home, real]) != home or real == home:
        raise UnsafePlace(
            f"{os.path.basename(path)} leads out of the project", "make it a file of the project, then try again"
        )
    folder, name = os.path.split(real)
    fd = None
    try:
        if _BY_FD and _DIRECTORY:
            fd = os.open(folder, os.O_RDONLY | _DIRECTORY | _NOFOLLOW | _CLOEXEC)
    except OSError as error:
        raise _failed("opened", name, error) from None
    try:
        yield Place(folder, name, fd)
    finally:
        if fd is not None:
            os.close(fd)


def sweep(folder: str | os.PathLike[str]) -> int:
    """Remove temporary files that a killed onboard left in `folder`; return how many. Raises nothing."""
    try:
        with at(os.path.join(folder, ".env"), folder) as place:
            return place.sweep()
    except (EnvFileError, OSError):
        return 0


def _close(fd: int | None) -> None:
    if fd is not None:
        with contextlib.suppress(OSError):
            os.close(fd)


def _regular(name: str, info: os.stat_result) -> None:
    if not stat.S_ISREG(info.st_mode):
        raise UnsafePlace(f"{name} is not a regular file")
    if info.st_nlink > 1:
        raise UnsafePlace(f"{name} has a second name (hard link), which would keep the old values", "remove the link")
    if hasattr(os, "geteuid") and info.st_uid != os.geteuid() and os.geteuid() != 0:
        raise UnsafePlace(f"{name} belongs to another user", "take it over (chown) or remove it")


def _read_all(fd: int, name: str) -> bytes:
    parts: list[bytes] = []
    size = 0
    while part := os.read(fd, 1 << 20):
        parts.append(part)
        size += len(part)
        if size > _LARGEST:
            raise EnvFileError(f"{name} is larger than {_LARGEST >> 20} MiB")
    return b"".join(parts)


def _keep_owner(fd: int, old: Found) -> None:
    """Give the new file the old one's owner and group; where only root may, the group is left as it is."""
    try:
        os.fchown(fd, old.uid, old.gid)
    except PermissionError:
        if old.uid != os.geteuid():
            raise


def _holder(fd: int) -> str:
    with contextlib.suppress(OSError):
        pid = os.pread(fd, 20, 0).strip()
        if pid.isdigit():
            return f" (process {pid.decode()})"
    return ""


def _failed(verb: str, name: str, error: OSError) -> EnvFileError:
    hints = {
        errno.ENOSPC: "free some space, then try again",
        errno.EDQUOT: "your quota is used up",
        errno.EROFS: "the file system is read-only",
        errno.EACCES: "the folder belongs to someone else, or is write-protected",
        errno.EPERM: "the folder belongs to someone else, or is write-protected",
    }
    return EnvFileError(f"{name} cannot be {verb}: {error.strerror}", hints.get(error.errno or 0, ""))
