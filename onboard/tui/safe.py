"""What keeps an app from showing more than it should when it breaks off, is photographed, or is told to end."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, ClassVar

from textual.app import App
from textual.binding import Binding, BindingType

from onboard.tui import crash

_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT") if hasattr(signal, name))

_PATIENCE = 2.0
"""Seconds that leaving may take after a signal; then the terminal is restored by hand and the process ends."""


@contextmanager
def signals_as_before() -> Iterator[None]:
    """Put the handlers of the signals that end us back afterwards."""
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    try:
        yield
    finally:
        crash.left_in_time()
        for number, handler in before.items():
            signal.signal(number, handler)


class SafeApp(App[None], inherit_bindings=False):
    """An app whose errors, pictures and end give no value away, and whose fields get what was meant for them."""

    # Before all else, so that what is typed or pasted right behind a Tab goes where the Tab leads.
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "focus_next", "", show=False, priority=True),
        Binding("shift+tab", "focus_previous", "", show=False, priority=True),
    ]

    def __init__(self, reports: Path, *, ansi_color: bool | None = None) -> None:
        super().__init__(ansi_color=ansi_color)
        self._reports = reports
        self.signal: int | None = None
        """What ended it; `None`: it was left."""
        self.broke = ""
        """The sentence to say where it broke off; empty: it did not."""

    def catch_signals(self) -> None:
        """Leave cleanly on the signals that end a program, and within a bounded time whatever hangs."""
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _loop, context: self._unseen(context))

        def caught(number: int, _frame: FrameType | None) -> None:
            crash.leave_soon(number, _PATIENCE)
            loop.call_soon_threadsafe(self.interrupted, number)

        crash.remember_terminal()
        for number in _SIGNALS:
            signal.signal(number, caught)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave the keys that move on to a tool that has a screen of its own here."""
        if action in ("focus_next", "focus_previous"):
            return not getattr(self.focused, "TAKES_TAB", False)
        return super().check_action(action, parameters)

    def interrupted(self, number: int) -> None:
        """Leave because of a signal."""
        self.signal = number
        self.exit()

    def deliver_screenshot(self, *_args: object, **_named: object) -> None:
        """No picture is taken: a value could be on it."""

    def save_screenshot(self, *_args: object, **_named: object) -> str:
        """No picture is taken: a value could be on it."""
        return ""

    def _handle_exception(self, error: Exception) -> None:
        """End without showing the error: its text and its frames may hold values."""
        self._return_code = 1
        if self._exception is None:
            self._exception = error
            self._exception_event.set()
        self._break(error)

    def _fatal_error(self) -> None:
        error = sys.exc_info()[1]
        self._break(error if error is not None else RuntimeError())

    def panic(self, *_renderables: object) -> None:
        """End without showing what was handed in."""
        self._fatal_error()

    def _break(self, error: BaseException) -> None:
        if not self.broke:
            where = crash.report(error, self._reports)
            self.broke = f"onboard broke off; that is a fault of onboard. {where}"
        self._close_messages_no_wait()

    def _unseen(self, context: Mapping[str, Any]) -> None:
        """A task nobody waited for failed: its text is shown nowhere."""
        error = context.get("exception")
        if isinstance(error, Exception):
            crash.report(error, self._reports)
