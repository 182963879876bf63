"""Stands between onboard and one child, so that the child and all it started end when onboard does, by any death.

Executed by path, `python -I -S _guard.py LIFELINE PLACE PROGRAM ARGUMENT…`, and imports nothing that is slow.

LIFELINE is one end of a socket pair whose other end only onboard has. What comes in, a byte each: a signal's number,
for the child's process group; with the high bit set, the same and then KILL for everything after 3 s. End of file:
onboard is gone; TERM, and KILL half a second later. What goes out, a line each: `pid N`, or `error ERRNO` where the
program could not be started, then `exit CODE` or `signal N`.

PLACE: `session`, the child gets a session of its own; `terminal`, and standard input as its controlling terminal.
"""

import _signal  # type: ignore[import-not-found]  # `signal` itself imports enum, 5 ms
import posix
import select
import sys
import time

STOP_AFTER = 3.0
"""Seconds between a polite stop and KILL."""
GONE_AFTER = 0.5
"""The same when onboard is gone, or the child has left others behind."""
GIVE_UP_AFTER = 2.0
"""Seconds after KILL that we wait for processes that cannot be killed (another user's)."""

_RESTORED = (_signal.SIGHUP, _signal.SIGINT, _signal.SIGQUIT, _signal.SIGTERM, _signal.SIGPIPE, _signal.SIGCHLD)


def main() -> None:
    """Start the program, then wait for it or for the end of onboard."""
    lifeline, place, argv = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
    posix.set_inheritable(lifeline, False)
    adopts = _prctl(36, 1)  # PR_SET_CHILD_SUBREAPER: whoever leaves the session still becomes ours
    woken, wake = posix.pipe()
    posix.set_blocking(wake, False)
    posix.set_blocking(woken, False)
    failed, fail = posix.pipe()
    child = posix.fork()
    if child == 0:
        _become(argv, place, fail)
    for number in _RESTORED:
        _signal.signal(number, _ignore)
    _signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    nothing = posix.open("/dev/null", posix.O_RDWR)
    for stream in (0, 1, 2):
        posix.dup2(nothing, stream)
    posix.close(fail)
    error = posix.read(failed, 16)
    _say(lifeline, b"error " + error if error else b"pid %d" % child)
    _watch(child, lifeline, woken, adopts)


def _become(argv: list[str], place: str, fail: int) -> None:
    """Turn into the program. Never returns."""
    try:
        if place == "terminal":
            posix.login_tty(0)
        else:
            posix.setsid()
        for number in _RESTORED:
            _signal.signal(number, _signal.SIG_DFL)
        _signal.pthread_sigmask(_signal.SIG_SETMASK, [])
        _prctl(1, _signal.SIGKILL)  # PR_SET_PDEATHSIG: should the guard itself be killed
        posix.execve(argv[0], argv, posix.environ)
    except OSError as error:
        posix.write(fail, b"%d" % (error.errno or 0))
    finally:
        posix._exit(127)


def _watch(child: int, lifeline: int, woken: int, adopts: bool) -> None:
    """Pass signals on, tell how the child ended, and leave when nothing of it is left."""
    kill_at = give_up_at = float("inf")
    ended = gone = False
    while True:
        now = time.monotonic()
        if not ended and (ended := _has_ended(child, lifeline)):
            _signal_all(child, _signal.SIGTERM, adopts)
            kill_at = min(kill_at, now + GONE_AFTER)
        if ended and adopts and not _descendants(child):
            return
        if now >= kill_at:
            _signal_all(child, _signal.SIGKILL, adopts)
            if ended and not adopts:
                return
            give_up_at = min(give_up_at, now + GIVE_UP_AFTER)
            kill_at = now + 0.02  # some may have been born meanwhile
        if now >= give_up_at:
            return
        pause = min(kill_at, give_up_at, now + 0.02 if ended else float("inf")) - now
        ready = select.select([woken] if gone else [lifeline, woken], [], [], None if pause == float("inf") else pause)
        now = time.monotonic()
        if woken in ready[0] and _signal.SIGTERM in posix.read(woken, 512):
            gone = True  # somebody ends the guard: as if onboard were gone
            _signal_all(child, _signal.SIGTERM, adopts)
            kill_at = min(kill_at, now + GONE_AFTER)
        if lifeline in ready[0] and not gone:
            words = _hear(lifeline)
            gone = not words
            for number in words or [_signal.SIGTERM]:
                if number & 0x80 or gone:
                    kill_at = min(kill_at, now + (GONE_AFTER if gone else STOP_AFTER))
                if number & 0x7F == _signal.SIGKILL:
                    kill_at = now
                elif gone:
                    _signal_all(child, number, adopts)
                else:
                    _signal_group(child, number & 0x7F)


def _has_ended(child: int, lifeline: int) -> bool:
    """Tell how the child ended. It stays a zombie, so that its number cannot become another's while we signal it."""
    about = posix.waitid(posix.P_PID, child, posix.WEXITED | posix.WNOHANG | posix.WNOWAIT)
    if about is None:
        return False
    _say(lifeline, b"%s %d" % (b"exit" if about.si_code == posix.CLD_EXITED else b"signal", about.si_status))
    return True


def _signal_all(child: int, number: int, adopts: bool) -> None:
    _signal_group(child, number)
    if adopts:
        for process in _descendants(child):
            try:
                posix.kill(process, number)
                posix.kill(process, _signal.SIGCONT)  # a stopped one would keep TERM waiting
            except OSError:
                continue


def _signal_group(child: int, number: int) -> None:
    try:
        posix.killpg(child, number)
        if number == _signal.SIGTERM:
            posix.killpg(child, _signal.SIGCONT)
    except OSError:
        return


def _descendants(child: int) -> list[int]:
    """Return all that descends from us and lives, from /proc; buries the dead that came to us, save `child`."""
    parents = {}
    for name in posix.listdir("/proc"):
        if name.isdigit():
            try:
                handle = posix.open(f"/proc/{name}/stat", posix.O_RDONLY)
            except OSError:
                continue
            try:
                state, parent = posix.read(handle, 512).rpartition(b")")[2].split()[:2]
            except (OSError, ValueError):
                continue
            finally:
                posix.close(handle)
            parents[int(name)] = (int(parent), state)
    found: list[int] = []
    new = {posix.getpid()}
    while new:
        new = {process for process, (parent, _) in parents.items() if parent in new}
        found.extend(new)
    for process in found:
        if parents[process] == (posix.getpid(), b"Z") and process != child:
            try:
                posix.waitpid(process, posix.WNOHANG)
            except OSError:
                continue
    return [process for process in found if parents[process][1] not in (b"Z", b"X")]


def _hear(lifeline: int) -> bytes:
    try:
        return posix.read(lifeline, 64)
    except OSError:
        return b""


def _say(lifeline: int, words: bytes) -> None:
    try:
        posix.write(lifeline, words + b"\n")
    except OSError:
        return


def _ignore(number: int, frame: object) -> None:
    """Only wakes: TERM is read from the wake-up pipe; the others are meant for people's programs, not for us."""


def _prctl(option: int, value: int) -> bool:
    """Call Linux's prctl; `False` where there is none. `_ctypes` alone costs 1 ms, `ctypes` 12."""
    if sys.platform != "linux":
        return False
    try:
        import _ctypes

        address = _ctypes.dlsym(_ctypes.dlopen(None, 0), "prctl")  # type: ignore[arg-type]  # None: this program
        return bool(_ctypes.call_function(address, (option, value, 0, 0, 0)) == 0)
    except (ImportError, OSError, AttributeError):
        return False


if __name__ == "__main__":
    main()
