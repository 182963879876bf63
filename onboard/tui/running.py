"""A command: shown with its reason, run on consent, its output live, ended at any moment."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, Static

from onboard import clean
from onboard.errors import NeedsPerson, OnboardError
from onboard.model import Event, Status, Write
from onboard.plan import Owed
from onboard.tui import text
from onboard.tui.frame import Frame
from onboard.tui.messages import Copy, Done, PutOff
from onboard.tui.parts import Choices, Output
from onboard.tui.sitting import Sitting

_LONG = 5.0
"""Seconds after which a person wants to know whether it is still getting on."""


def _time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"


class RunScreen(Frame):
    """A command is run here."""

    ABOUT: ClassVar[str] = (
        "A command that gets you further. You see it as it will be run, and why; it runs when you say so. Its output "
        "appears as it comes, secrets blotted out. Esc ends it with all that it started. Questions that it asks are "
        "yours: onboard answers none of them."
    )

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "end", "End it", id="end"),
        Binding("escape", "back", "Overview", id="back"),
        Binding("c,ctrl+y", "copy", "Copy command", id="copy"),
        Binding("l,ctrl+l", "later", "Later", id="later"),
        Binding("r,f5", "look", "Look again", id="look", show=False),
    ]

    def __init__(self, sitting: Sitting, owed: Owed) -> None:
        super().__init__(sitting, owed.stage)
        self.owed = owed
        self.running = False

    def body(self) -> ComposeResult:
        """Lay out the command, the choice, and the place for its output."""
        with VerticalScroll(id="form", can_focus=False):
            yield Static(self.intro(), id="intro", markup=False)
        yield self.pane()
        yield Input(id="confirmed", compact=True, placeholder="type it here, then Enter")
        yield Choices(self.choices())

    def pane(self) -> Widget:
        """Return the place for what the command says."""
        return Output()

    def on_mount(self) -> None:
        """Begin."""
        super().on_mount()
        self.begin()

    def begin(self) -> None:
        """Ask first."""
        self.query_one("#output").display = False
        self.query_one("#confirmed").display = False
        self.set_focus(self.query_one(Choices))

    def intro(self) -> Content:
        """Return what is done, why, and the command."""
        step, finding = self.owed.step, self.owed.finding
        rows: list[Content | str] = [
            text.line(step.text, text.STRONG),
            text.join(text.sign(finding.status), text.line(finding.summary, text.QUIET)),
        ]
        if finding.detail:
            rows.append(text.say(clean.clean(finding.detail, limit=600), text.QUIET))
        rows += ["", text.join(text.say("$", text.QUIET), text.line(step.command or "", text.LINK, limit=4000)), ""]
        return text.lines(*rows)

    def choices(self) -> tuple[tuple[str, str], ...]:
        """Return what can be chosen before it runs."""
        return (("run", "Run it"), ("later", "Leave it for later"))

    @on(Choices.Made)
    def chosen(self, event: Choices.Made) -> None:
        """Do what was chosen."""
        event.stop()
        self.choose(event.choice)

    def choose(self, choice: str) -> None:
        """Do it."""
        match choice:
            case "run":
                self.run_it()
            case "later":
                self.action_later()
            case "next":
                self.action_look()

    @work(exclusive=True, exit_on_error=False)
    async def run_it(self, confirmed: str = "") -> None:
        """Do the step, showing what happens; leaving ends it."""
        output = self.query_one(Output)
        output.display = True
        self.query_one("#confirmed").display = False
        self.query_one(Choices).display = False
        output.empty()
        self.set_focus(output)
        self.running = True
        self.refresh_bindings()
        self.status("Running … Esc ends it.")
        began, usual = time.monotonic(), self.sitting.session.usual(self.owed.step)
        clock = self.set_interval(1, lambda: self.tick(time.monotonic() - began, usual))
        last = Event("", kind="failed")
        try:
            async with aclosing(self.sitting.session.do(self.owed.step, confirmed=confirmed)) as events:
                async for event in events:
                    last = event
                    self._happened(event, output)
                    await asyncio.sleep(0)  # a child that floods us must not keep keys waiting
        except NeedsPerson as error:
            self._confirm(error)
            return
        finally:
            clock.stop()
            self.running = False
            self.refresh_bindings()
        self._ended(last)

    def tick(self, seconds: float, usual: float | None) -> None:
        """Say for how long it has been running, once that is long, and how long it took before."""
        if seconds < _LONG:
            return
        before = f"; it took {_time(usual)} the last time" if usual is not None else ""
        self.status(f"Running for {_time(seconds)}{before} … Esc ends it.")

    def _happened(self, event: Event, output: Output) -> None:
        if event.kind == "progress":
            self.status(f"{clean.line(event.text)}  Esc ends it.")
        elif event.text and event.kind not in ("done", "failed"):
            output.say(event.text)

    def _ended(self, last: Event) -> None:
        if last.kind == "done":
            self.status(last.text or "Done.", Status.OK)
            self.post_message(Done(self.owed, clean.line(self.owed.step.text)))
            return
        hint = str(last.data.get("hint") or "")
        said = last.text or "It did not end well."
        self.status(f"{said}\n{hint}" if hint else said, Status.FAIL)
        self.sitting.note(last.text or "A command did not end well", Status.FAIL)
        self.tell()
        self._offer(("run", "Run it again"), ("next", "It is done otherwise: look again"), ("later", "Leave it"))

    def _offer(self, *choices: tuple[str, str]) -> None:
        offered = self.query_one(Choices)
        offered.offer(choices)
        offered.display = True
        self.set_focus(offered)

    def _confirm(self, error: NeedsPerson) -> None:
        """The step asks that a person types something, such as a branch's name."""
        self.query_one("#output").display = False
        self.status(f"{error.message}\n{error.hint}" if error.hint else error.message, Status.WARN)
        field = self.query_one("#confirmed", Input)
        field.value = ""
        field.display = True
        self._offer(("later", "Leave it for later"))
        self.set_focus(field)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Run it with what was typed."""
        event.stop()
        if event.value:
            self.run_it(event.value)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what is possible here and now."""
        match action:
            case "copy":
                return bool(self.owed.step.command)
            case "end":
                return self.running
            case "later" | "look" | "back":
                return not self.running
        return True

    def action_copy(self) -> None:
        """Copy the command."""
        if self.owed.step.command:
            self.post_message(Copy(self.owed.step.command))

    def action_later(self) -> None:
        """Put it off for this sitting."""
        self.post_message(PutOff(self.owed, for_good=False))

    def action_look(self) -> None:
        """Look again: it may have been done elsewhere."""
        self.post_message(Done(self.owed))

    def action_end(self) -> None:
        """End what runs."""
        self.workers.cancel_node(self)
        self.running = False
        self.sitting.note("Ended before it was through", Status.WARN)
        self.status("Ended, with all that it had started.", Status.WARN)
        self.tell()
        self._offer(("run", "Run it again"), ("later", "Leave it for later"))
        self.refresh_bindings()

    def interrupt(self) -> bool:
        """Ctrl-C ends what runs."""
        if self.running:
            self.action_end()
            return True
        return False

    def unsaved(self) -> str:
        """What runs ends with the app."""
        return "The command still runs. Leaving ends it. Leave?" if self.running else ""

    def failed(self, error: OnboardError) -> None:
        """Say why it could not be started."""
        super().failed(error)
        self._offer(("run", "Try again"), ("later", "Leave it for later"))


class WriteScreen(RunScreen):
    """A file of the developer's is written here."""

    ABOUT: ClassVar[str] = (
        "What would change in the file, by name: + new, ~ changed, - taken out. Values are not shown. Comments, order "
        "and names that onboard does not know stay as they are. It is written when you say so, and can be taken back "
        "with `onboard env --undo`."
    )

    def intro(self) -> Content:
        """Return what would change, without values."""
        step, finding = self.owed.step, self.owed.finding
        rows: list[Content | str] = [
            text.line(step.text, text.STRONG),
            text.join(text.sign(finding.status), text.line(finding.summary, text.QUIET)),
            "",
        ]
        changes: tuple[tuple[str, str], ...] = ()
        if isinstance(step, Write) and step.what == "values":
            changes = self.sitting.session.env_diff()
            changes = tuple(change for change in changes if not step.variables or change[1] in step.variables)
        elif isinstance(step, Write):
            changes = tuple(("+", name) for name in step.variables)
        rows += [
            text.join(text.say(how, _DIFF.get(how, "")), text.line(name, limit=120)) for how, name in changes[:_MOST]
        ]
        if len(changes) > _MOST:
            rows.append(text.say(f"and {len(changes) - _MOST} more", text.QUIET))
        return text.lines(*rows, "")

    def choices(self) -> tuple[tuple[str, str], ...]:
        """Return what can be chosen."""
        return (("run", "Write it"), ("later", "Leave it for later"))


_MOST = 200
_DIFF = {"+": "$text-success", "-": "$text-error", "~": "$text-warning"}
