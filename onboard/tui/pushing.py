"""The schema push: the database that it will really touch, consent, and the tool's own screen for its questions."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, Static

from onboard.errors import NeedsPerson, OnboardError
from onboard.model import Event, Status
from onboard.plan import Owed
from onboard.tui import text
from onboard.tui.console import Console
from onboard.tui.parts import Choices
from onboard.tui.running import RunScreen
from onboard.tui.sitting import Sitting

if TYPE_CHECKING:
    from onboard.target import Target
    from onboard.way_back import WayBack

_LEAVE = "Keys go to the tool; Esc twice ends it."


class PushScreen(RunScreen):
    """The schema is pushed here."""

    ABOUT: ClassVar[str] = (
        "The schema goes into a database. First you see which one, and which value of which file leads there; a "
        "production database needs its name typed. Then the tool runs on a screen of its own: its questions, about "
        "renamed columns or lost data, are yours, and onboard answers none of them. Ctrl-C goes to the tool; Esc twice "
        "ends it with all that it started. Afterwards the tables are listed anew."
    )

    def __init__(self, sitting: Sitting, owed: Owed) -> None:
        super().__init__(sitting, owed)
        self.target: Target | None = None
        self._ways: tuple[WayBack, ...] = ()
        self._way = ""
        self._notes: list[str] = []

    def pane(self) -> Widget:
        """Return the tool's own screen."""
        return Console()

    def begin(self) -> None:
        """Look first, ask then."""
        self.query_one(Console).display = False
        self.query_one("#confirmed").display = False
        self.query_one(Choices).display = False
        self.find_target()

    def intro(self) -> Content:
        """Return the database, where its URL comes from, and the command."""
        if self.target is None:  # nothing to decide on yet
            return Content("")
        rows: list[Content | str] = [text.line(self.owed.step.text, text.STRONG)]
        if self.target.production:
            rows.append(text.join(text.sign(Status.FAIL), text.line(self.target.production)))
        rows += [text.line(said, "" if at == 0 else text.QUIET) for at, said in enumerate(self.target.lines())]
        rows.append(text.join(text.say("$", text.QUIET), text.line(self.target.push.command, text.LINK, limit=4000)))
        return text.lines(*rows, *(text.line(said) for said in self._notes), "")

    def choices(self) -> tuple[tuple[str, str], ...]:
        """Return what can be chosen before it runs."""
        ways = tuple((f"way:{way.id}", f"First make a way back: {way.text}; then push") for way in self._ways)
        return (("run", "Push to this database"), *ways, ("later", "Leave it for later"))

    @work(exclusive=True, exit_on_error=False)
    async def find_target(self) -> None:
        """Find out which database it is, and offer what can be done."""
        self.status("Looks which database this would touch …")
        self.target, self._ways = await self.sitting.session.push_target()
        self.query_one("#intro", Static).update(self.intro())
        if self.target.stopped:
            hint = f"\n{self.target.hint}" if self.target.hint else ""
            self.status(f"Nothing can be pushed: {self.target.stopped}{hint}", Status.FAIL)
            self._offer(("next", "It is mended: look again"), ("later", "Leave it for later"))
        elif self.target.names:
            self._confirm(NeedsPerson(f"Type {self.target.names[0]} to push there all the same."))
        else:
            self.status("")
            self._offer(*self.choices())

    def choose(self, choice: str) -> None:
        """Do it."""
        if choice.startswith("way:"):
            self._way = choice.removeprefix("way:")
            self.run_it()
        elif choice == "again":
            self._way, self._notes = "", []
            self.query_one(Console).display = False
            self.query_one(Choices).display = False
            self.query_one("#form").display = True
            self.find_target()
        else:
            super().choose(choice)

    @work(exclusive=True, exit_on_error=False)
    async def run_it(self, confirmed: str = "") -> None:
        """Push, with the tool's screen in the middle; leaving ends it."""
        console = self.query_one(Console)
        for other in ("#form", "#confirmed", "#choices"):
            self.query_one(other).display = False
        console.display = True
        self.set_focus(console)
        self.running = True
        self.set_class(True, "-tool")
        self.refresh_bindings()
        self.status(_LEAVE)
        last = Event("", kind="failed")
        pushed = self.sitting.session.push(confirmed=confirmed, shown=self.target, way=self._way, terminal=console)
        try:
            async with aclosing(pushed) as events:
                async for event in events:
                    last = event
                    self._happened_here(event)
        except NeedsPerson as error:
            console.display = False
            self.query_one("#form").display = True
            self._confirm(error)
            return
        finally:
            self.running = False
            self.set_class(False, "-tool")
            if self.is_mounted:
                self.refresh_bindings()
        self.query_one("#intro", Static).update(self.intro())
        self._ended(last)

    def _happened_here(self, event: Event) -> None:
        if event.kind == "asks":
            self.status(f"{event.text[0].upper()}{event.text[1:]}. {_LEAVE}", Status.WARN)
        elif event.text.startswith(("the dump ", "the branch ", "back with: ")):
            self._notes.append(event.text)
            self.sitting.note(event.text)
            self.tell()

    def _confirm(self, error: NeedsPerson) -> None:
        """A person has to type which database it is."""
        self.status(f"{error.message}\n{error.hint}" if error.hint else error.message, Status.WARN)
        field = self.query_one("#confirmed", Input)
        field.value = ""
        field.display = True
        self._offer(("later", "Leave it for later"))
        self.set_focus(field)

    def _ended(self, last: Event) -> None:
        super()._ended(last)
        if last.kind != "done":
            if self._notes:
                self.query_one("#form").display = True
            self._offer(("again", "Look again, and push"), ("next", "It is done otherwise"), ("later", "Leave it"))

    @on(Console.LeaveAsked)
    def leave_asked(self, event: Console.LeaveAsked) -> None:
        """Esc twice ends the tool."""
        event.stop()
        if event.sure:
            self.action_end()
        else:
            self.status("Esc once more ends the tool. Any other key goes to it.", Status.WARN)

    def action_end(self) -> None:
        """End the tool with all that it started."""
        super().action_end()
        self._offer(("again", "Look again, and push"), ("later", "Leave it for later"))

    def interrupt(self) -> bool:
        """Ctrl-C is the tool's."""
        if self.running:
            self.query_one(Console).interrupt()
        return self.running

    def failed(self, error: OnboardError) -> None:
        """Say why it could not be started."""
        self.query_one("#form").display = True
        super().failed(error)
        self._offer(("again", "Try again"), ("later", "Leave it for later"))
