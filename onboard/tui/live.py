"""What runs beside you: the listeners alone, or the app with all that belongs to it; a log for each, to be searched."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import ClassVar, Literal

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from onboard import clean
from onboard.errors import NeedsPerson, OnboardError
from onboard.model import Event, Status
from onboard.output import Ring
from onboard.plan import Stage
from onboard.tui import text
from onboard.tui.frame import Frame
from onboard.tui.messages import Copy, Look, OpenPage
from onboard.tui.parts import MOVES, Choices, Output
from onboard.tui.sitting import Sitting

What = Literal["listen", "dev"]

_ALL = "everything"
_STATES = {"ready": Status.OK, "exit": Status.FAIL, "failed": Status.FAIL, "progress": Status.WARN}
"""What an event's kind says of the process that it is about."""


class Processes(OptionList):
    """What runs, and how it is; the highlighted one's log is shown."""

    BINDINGS: ClassVar[list[BindingType]] = MOVES

    def __init__(self) -> None:
        super().__init__(id="processes", markup=False, compact=True)


class LiveScreen(Frame):
    """It runs as long as this screen is open."""

    ABOUT: ClassVar[str] = (
        "What runs here runs as long as this screen is open; Esc ends all of it. The list says how each process is; "
        "the highlighted one's log is below, and `/` leaves the lines that hold a word. A listener passes a service's "
        "webhooks on to your app, and its signing secret is stored under the right variable. `t` sends a signed test "
        "event to each route. In a terminal of its own: `onboard dev`, or `onboard listen` for the listeners alone."
    )

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Stop and go back", id="back"),
        Binding("slash,ctrl+f", "filter", "Search", id="filter"),
        Binding("t", "prove", "Test event", id="prove"),
        Binding("o,ctrl+o", "open", "Open the app", id="open"),
        Binding("c,ctrl+y", "copy", "Copy its address", id="copy", show=False),
    ]

    def __init__(self, sitting: Sitting, what: What) -> None:
        super().__init__(sitting, Stage.APP if what == "dev" else Stage.WEBHOOKS)
        self._what = what
        self._states: dict[str, tuple[Status, str]] = {}
        self._logs: dict[str, Ring] = {_ALL: Ring()}
        self._count = 0
        self._url = ""
        """Where the app answers; empty: it does not yet."""
        self._told = ""
        """The finish line."""
        self.running = False

    def body(self) -> ComposeResult:
        """Lay out the processes, the search and the log."""
        yield Static(Content(""), id="title", markup=False)
        yield Processes()
        yield Input(id="filter", compact=True, placeholder="lines that hold … · Esc shows all")
        yield Input(id="confirmed", compact=True, placeholder="type it here, then Enter")
        yield Output()
        yield Choices(())

    def on_mount(self) -> None:
        """Start."""
        super().on_mount()
        for part in ("#filter", "#confirmed"):
            self.query_one(part).display = False
        self.query_one("#filter", Input).can_focus = False
        self.set_focus(self.query_one(Processes))
        self.begin()

    @work(exclusive=True, group="live", exit_on_error=False)
    async def begin(self, confirmed: str = "") -> None:
        """Run it until the screen is left."""
        self.query_one(Choices).display = False
        self.query_one("#confirmed").display = False
        self.query_one(Output).display = True
        self.running = True
        self._draw()
        try:
            async with aclosing(self._events(confirmed)) as happened:
                async for event in happened:
                    self._happened(event)
                    await asyncio.sleep(0)
        except NeedsPerson as error:
            self._confirm(error)
            return
        finally:
            self.running = False
            self._url = ""
        self._draw()
        self._offer()

    def _events(self, confirmed: str) -> AsyncGenerator[Event, None]:
        session = self.sitting.session
        return session.dev(confirmed=confirmed) if self._what == "dev" else session.listen()

    def _happened(self, event: Event) -> None:
        said = clean.line(event.text, limit=2_000)
        source = clean.line(event.source, limit=40)
        if event.kind in _STATES:
            self._states[source] = (_STATES[event.kind], said)
        elif source != "onboard":
            self._states.setdefault(source, (Status.UNKNOWN, "starting …"))
        match event.kind:
            case "ready":
                self._url = str(event.data.get("url") or self._url)
            case "secret" if event.data.get("new"):
                self.sitting.did(said)
                self.tell()
            case "finish":
                self._told = said
                self.sitting.did(said)
                self.tell()
            case "webhook":
                self._count += 1
        if said:
            self._log(source, said)
        self._draw()

    def _log(self, source: str, said: str) -> None:
        """Keep a line, and show it where its log is the one that is looked at."""
        at = f"{self.sitting.session.machine.now():%H:%M:%S}"
        self._logs.setdefault(source, Ring()).add(f"{at} {said}")
        everything = f"{at} {text.fit(source, 13).ljust(13)} {said}"
        self._logs[_ALL].add(everything)
        shown, wanted = self._shown(), self._wanted()
        line = everything if shown == _ALL else f"{at} {said}"
        if shown in (_ALL, source) and wanted in line.casefold():
            self.query_one(Output).say(line)

    def _shown(self) -> str:
        option = self.query_one(Processes).highlighted_option
        return (option.id if option else None) or _ALL

    def _wanted(self) -> str:
        return self.query_one("#filter", Input).value.strip().casefold()

    def _show_log(self) -> None:
        output = self.query_one(Output)
        output.empty()
        for said in self._logs.get(self._shown(), Ring()).search(self._wanted()):
            output.say(said)
        output.draw()

    def _draw(self) -> None:
        what = "The app" if self._what == "dev" else "The listeners"
        passed = "1 webhook" if self._count == 1 else f"{self._count} webhooks"
        doing = "runs" if self._what == "dev" else "run"
        head = f"{what} {doing} · {passed} so far" if self.running else f"{what} {doing} no more"
        told = text.join(text.sign(Status.OK), text.say(self._told)) if self._told else Content("")
        self.query_one("#title", Static).update(text.lines(text.line(head, text.STRONG), told))
        self._list()

    def _list(self) -> None:
        processes = self.query_one(Processes)
        rows = [(_ALL, text.line(f"  {_ALL}", text.QUIET))]
        for name, (state, said) in self._states.items():
            shown = state if self.running or state is Status.FAIL else Status.SKIPPED
            room = max(processes.size.width - len(name) - 5, 8)
            rows.append(
                (name, text.join(text.sign(shown), text.line(name), text.line(text.cut(said, room), text.QUIET)))
            )
        at = processes.highlighted or 0
        if processes.option_count == len(rows):
            for index, (_, drawn) in enumerate(rows):
                processes.replace_option_prompt_at_index(index, drawn)
            return
        processes.clear_options()
        processes.add_options(Option(drawn, name) for name, drawn in rows)
        processes.highlighted = min(at, len(rows) - 1)

    def on_resize(self) -> None:
        """Draw for the new width."""
        super().on_resize()
        self.call_after_refresh(self._list)

    def _offer(self) -> None:
        choices = self.query_one(Choices)
        choices.offer((("again", "Start again"), ("back", "Back to the overview")))
        choices.display = True
        self.set_focus(choices)

    def _confirm(self, error: NeedsPerson) -> None:
        """Production: a person who means it types its name."""
        self.query_one(Output).display = False
        self.failed(error)
        field = self.query_one("#confirmed", Input)
        field.value = ""
        field.display = True
        self.set_focus(field)

    @on(Input.Submitted, "#confirmed")
    def confirmed(self, event: Input.Submitted) -> None:
        """Run it with what was typed."""
        event.stop()
        if event.value:
            self.status("")
            self.begin(event.value)

    @on(OptionList.OptionHighlighted, "#processes")
    def highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Show that one's log."""
        event.stop()
        self._show_log()

    @on(Input.Changed, "#filter")
    def filtered(self, event: Input.Changed) -> None:
        """Leave the lines that match."""
        event.stop()
        self._show_log()

    @on(Input.Submitted, "#filter")
    def through(self, event: Input.Submitted) -> None:
        """Go from the search to the log."""
        event.stop()
        self.set_focus(self.query_one(Output))

    @on(Choices.Made)
    def chosen(self, event: Choices.Made) -> None:
        """Do what was chosen."""
        event.stop()
        if event.choice == "again":
            self._states.clear()
            self._told = ""
            self.begin()
        else:
            self.action_back()

    def action_filter(self) -> None:
        """Type what to look for."""
        field = self.query_one("#filter", Input)
        field.display = field.can_focus = True
        self.set_focus(field)

    @work(exclusive=True, group="proof", exit_on_error=False)
    async def action_prove(self) -> None:
        """Send a signed test event to each webhook route, and say what came back."""
        async with aclosing(self.sitting.session.prove(self._url)) as happened:
            async for event in happened:
                self._log(clean.line(event.source, limit=40), clean.line(event.text, limit=2_000))
                self.status(clean.line(event.text, limit=400), event.level)

    def action_open(self) -> None:
        """Open the app in the browser."""
        self.post_message(OpenPage(self._url))

    def action_copy(self) -> None:
        """Copy the app's address."""
        self.post_message(Copy(self._url))

    def action_back(self) -> None:
        """Take the search away; else end what runs, and look at what it changed."""
        field = self.query_one("#filter", Input)
        if field.display:
            field.value = ""
            field.display = field.can_focus = False
            self.set_focus(self.query_one(Processes))
            return
        self.workers.cancel_node(self)
        self.post_message(Look("webhook", "env", "variable", "port"))
        super().action_back()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what is possible here and now."""
        if action in ("open", "copy"):
            return bool(self._url)
        return True

    def unsaved(self) -> str:
        """What runs ends with the app."""
        return "What runs here ends when you leave. Leave?" if self.running else ""

    def failed(self, error: OnboardError) -> None:
        """Say why it could not be started."""
        super().failed(error)
        self._draw()
        if not isinstance(error, NeedsPerson):
            self._offer()
