"""The push's screen by itself, for `onboard push` at a terminal: the tool's questions, and nothing around them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from onboard import children
from onboard.errors import OnboardError
from onboard.model import Event, Status
from onboard.tui import text
from onboard.tui.console import Console
from onboard.tui.safe import SafeApp, signals_as_before

_LEAVE = "Keys go to the tool, Ctrl-C too. Esc twice ends it."


class PushApp(SafeApp):
    """One command on a terminal of its own, drawn by us."""

    CSS = """
    #console { height: 1fr; }
    #title, #status { height: auto; max-height: 3; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c", "interrupt", "Interrupt", show=False, priority=True),
    ]

    def __init__(
        self,
        reports: Path,
        title: str,
        push: Callable[[children.Terminal], AsyncGenerator[Event, None]],
        *,
        plain: bool,
    ) -> None:
        """`push` starts it, given where it is shown; `plain`: the person wants no colours."""
        super().__init__(reports, ansi_color=True if plain else None)
        self._about = title
        self._push = push
        self.events: list[Event] = []
        self.error: OnboardError | None = None
        self.said: list[str] = []
        """What the tool showed, redacted."""

    def compose(self) -> ComposeResult:
        """Lay out what runs, its screen, and one line below."""
        yield Static(text.line(self._about, text.STRONG), id="title", markup=False)
        yield Console()
        yield Static(Content(_LEAVE), id="status", markup=False)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Colours of ours that themes do not have."""
        return {"quiet": "ansi_default", "edge": "ansi_bright_black"}

    def sit(self) -> None:
        """Run it to its end, or until the person leaves."""
        with signals_as_before():
            asyncio.run(self._sit())

    async def _sit(self) -> None:
        self.catch_signals()
        await self.run_async()

    def on_mount(self) -> None:
        """Start once there is a size to tell the tool."""
        self.query_one(Console).focus()
        self.call_after_refresh(self.run_it)

    @work(exclusive=True, exit_on_error=False)
    async def run_it(self) -> None:
        """Show what happens; then leave."""
        console = self.query_one(Console)
        try:
            async with aclosing(self._push(console)) as events:
                async for event in events:
                    self.events.append(event)
                    if event.kind == "asks":
                        self._status(f"{event.text}. {_LEAVE}", Status.WARN)
        except OnboardError as error:
            self.error = error
        self.said = console.said
        self.exit()

    def _status(self, words: str, state: Status) -> None:
        self.query_one("#status", Static).update(text.join(text.sign(state), text.say(words)))

    @on(Console.LeaveAsked)
    def leave_asked(self, event: Console.LeaveAsked) -> None:
        """Esc twice ends the tool."""
        if event.sure:
            self.said = self.query_one(Console).said
            self.exit()
        else:
            self._status("Esc once more ends the tool. Any other key goes to it.", Status.WARN)

    def action_interrupt(self) -> None:
        """Ctrl-C is the tool's."""
        self.query_one(Console).interrupt()
