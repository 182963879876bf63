"""The listeners: which run, and the webhooks as they come."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from onboard import clean
from onboard.errors import OnboardError
from onboard.model import Event, Status
from onboard.plan import Stage
from onboard.tui import text
from onboard.tui.frame import Frame
from onboard.tui.messages import Look
from onboard.tui.parts import Choices, Output
from onboard.tui.sitting import Sitting


class ListenersScreen(Frame):
    """The listeners run as long as this screen is open."""

    ABOUT: ClassVar[str] = (
        "Each listener passes the webhooks of a service on to your dev server, and its signing secret is stored under "
        "the right variable. They run as long as this screen is open; Esc ends them. To have them in a terminal of "
        "their own: `onboard listen`."
    )

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "back", "Stop and go back", id="back")]

    def __init__(self, sitting: Sitting) -> None:
        super().__init__(sitting, Stage.WEBHOOKS)
        self._states: dict[str, tuple[Status, str]] = {}
        self._count = 0
        self.running = False

    def body(self) -> ComposeResult:
        """Lay out the listeners and the events."""
        yield Static(Content(""), id="title", markup=False)
        yield Choices(())
        yield Output()

    def on_mount(self) -> None:
        """Start them."""
        super().on_mount()
        self.query_one(Choices).display = False
        self.set_focus(self.query_one(Output))
        self.listen()

    @work(exclusive=True, exit_on_error=False)
    async def listen(self) -> None:
        """Run the listeners until the screen is left."""
        self.query_one(Choices).display = False
        self.running = True
        self._draw()
        try:
            async with aclosing(self.sitting.session.listen()) as happened:
                async for event in happened:
                    self._happened(event)
                    await asyncio.sleep(0)
        finally:
            self.running = False
        self._draw()
        self._offer()

    def _happened(self, event: Event) -> None:
        said = clean.line(event.text)
        source = clean.line(event.source, limit=60)
        match event.kind:
            case "ready":
                self._states[source] = (Status.OK, said)
            case "exit" | "failed":
                self._states[source] = (Status.FAIL, said)
            case "secret":
                self.sitting.did(said)
                self.tell()
            case _:
                self._states.setdefault(source, (Status.UNKNOWN, "starting …"))
        if event.kind == "webhook":
            self._count += 1
        if said and event.kind != "ready":
            at = f"{self.sitting.session.machine.now():%H:%M:%S}"
            self.query_one(Output).say(f"{at} {text.fit(source, 13)}  {said}")
        self._draw()

    def _draw(self) -> None:
        passed = "1 event" if self._count == 1 else f"{self._count} events"
        head = f"Listening · {passed} so far" if self.running else "The listeners are stopped"
        rows: list[Content | str] = [text.line(head, text.STRONG)]
        for name, (state, said) in self._states.items():
            shown = state if self.running or state is Status.FAIL else Status.SKIPPED
            rows.append(text.join(text.sign(shown), text.line(name), text.line(said, text.QUIET)))
        self.query_one("#title", Static).update(text.lines(*rows, ""))

    def _offer(self) -> None:
        choices = self.query_one(Choices)
        choices.offer((("again", "Start them again"), ("back", "Back to the overview")))
        choices.display = True
        self.set_focus(choices)

    @on(Choices.Made)
    def chosen(self, event: Choices.Made) -> None:
        """Do what was chosen."""
        event.stop()
        if event.choice == "again":
            self.listen()
        else:
            self.action_back()

    def action_back(self) -> None:
        """End the listeners, and look at what they changed."""
        self.workers.cancel_node(self)
        self.post_message(Look("webhook", "env", "variable"))
        super().action_back()

    def unsaved(self) -> str:
        """What runs ends with the app."""
        return "The listeners run. Leaving ends them. Leave?" if self.running else ""

    def failed(self, error: OnboardError) -> None:
        """Say why they could not be started."""
        super().failed(error)
        self._draw()
        self._offer()
