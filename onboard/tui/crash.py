"""Ending badly but cleanly: a report without values, and a terminal that is put back whatever happens."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

_OFF = (2004, 1000, 1002, 1003, 1006, 1015, 1016, 1004, 2048)
"""Paste marks, mouse, focus and size reports."""

_RESTORE = "".join(f"\x1b[?{mode}l" for mode in _OFF) + "\x1b[<u\x1b[?7h\x1b[?1049l\x1b[?25h"
"""Those off; key protocol, wrap, screen and cursor as a shell expects them."""

_before: list[Any] | None = None
_timer: threading.Timer | None = None


def report(error: BaseException, folder: Path) -> str:
    """Write what broke where, as kinds of errors and places in code only, and return a sentence that says where it is.

    No message and no local is written: either may hold a value.
    """
    path = folder / "crash.txt"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0), 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write("\n".join(_told(error)) + "\n")
    except OSError:
        return f"It was {_kind(error)}; no report could be written."
    return f"What broke where, without any value: {path}"


def _told(error: BaseException | None) -> list[str]:
    lines: list[str] = []
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        lines.append(_kind(error))
        trace = error.__traceback__
        while trace is not None:
            code = trace.tb_frame.f_code
            lines.append(f"  {Path(code.co_filename).name}:{trace.tb_lineno} {code.co_name}")
            trace = trace.tb_next
        error = error.__cause__ or error.__context__
    return lines


def _kind(error: BaseException) -> str:
    return f"{type(error).__module__}.{type(error).__qualname__}"


def remember_terminal() -> None:
    """Keep the terminal's settings, for `leave_soon`."""
    global _before
    _before = None
    if sys.__stdin__ is not None and sys.__stdin__.isatty() and sys.platform != "win32":
        import termios

        _before = termios.tcgetattr(sys.__stdin__.fileno())


def leave_soon(number: int, seconds: float) -> None:
    """End the process `seconds` from now with the terminal put back, should leaving by itself not get that far."""

    def leave() -> None:
        with suppress(Exception):  # the terminal may be gone
            os.write(2, _RESTORE.encode())
            if _before is not None and sys.__stdin__ is not None and sys.platform != "win32":
                import termios

                termios.tcsetattr(sys.__stdin__.fileno(), termios.TCSANOW, _before)
        os._exit(128 + number)

    global _timer
    left_in_time()
    _timer = threading.Timer(seconds, leave)
    _timer.daemon = True
    _timer.start()


def left_in_time() -> None:
    """Leaving got far enough by itself."""
    if _timer is not None:
        _timer.cancel()
