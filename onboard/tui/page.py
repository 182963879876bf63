"""Something that a person does elsewhere: the page to open, or the command to type."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from onboard import clean
from onboard.plan import Owed
from onboard.tui import text
from onboard.tui.frame import Frame
from onboard.tui.messages import Copy, Done, OpenPage, PutOff
from onboard.tui.parts import Choices
from onboard.tui.sitting import Sitting


class PageScreen(Frame):
    """Where to go, and what to do there."""

    ABOUT: ClassVar[str] = (
        "Something that only you can do, outside this app. The address is shown whole: open it here, or copy it to a "
        "browser on another machine. When it is done, onboard looks again."
    )

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("o,ctrl+o", "open", "Open page", id="open"),
        Binding("c,ctrl+y", "copy", "Copy", id="copy"),
        Binding("r,f5", "look", "Look again", id="look"),
        Binding("s,ctrl+s", "skip", "Skip", id="skip", show=False),
        Binding("l,ctrl+l", "later", "Later", id="later"),
    ]

    def __init__(self, sitting: Sitting, owed: Owed) -> None:
        super().__init__(sitting, owed.stage)
        self.owed = owed

    def body(self) -> ComposeResult:
        """Lay out the reason, the place, and the choice."""
        step, finding = self.owed.step, self.owed.finding
        rows: list[Content | str] = [
            text.line(step.text, text.STRONG),
            text.join(text.sign(finding.status), text.line(finding.summary, text.QUIET)),
        ]
        if finding.detail:
            rows += ["", text.say(clean.clean(finding.detail, limit=2000))]
        if step.url:
            rows += ["", text.line(step.url, text.LINK, limit=4000)]
        if step.command:
            rows += ["", text.join(text.say("$", text.QUIET), text.line(step.command, text.LINK, limit=4000))]
        with VerticalScroll(id="form", can_focus=False):
            yield Static(text.lines(*rows), id="intro", markup=False)
        choices = [("look", "It is done: look again"), ("later", "Leave it for later")]
        if step.command:
            choices.insert(0, ("command", "Copy the command"))
        if step.url and self.sitting.session.machine.has_browser:
            choices.insert(0, ("open", "Open the page in the browser"))
        elif step.url:
            choices.insert(0, ("copy", "Copy the address; there is no browser here"))
        yield Choices(choices)

    def on_mount(self) -> None:
        """Start at the choice."""
        super().on_mount()
        self.set_focus(self.query_one(Choices))

    @on(Choices.Made)
    def chosen(self, event: Choices.Made) -> None:
        """Do what was chosen."""
        event.stop()
        match event.choice:
            case "open":
                self.action_open()
            case "copy":
                self.action_copy()
            case "command":
                self.post_message(Copy(self.owed.step.command or ""))
            case "look":
                self.action_look()
            case "later":
                self.action_later()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what is possible here."""
        match action:
            case "open":
                return bool(self.owed.step.url)
            case "copy":
                return bool(self.owed.step.url or self.owed.step.command)
        return True

    def action_open(self) -> None:
        """Open the page; the next choice is then to look again."""
        if self.owed.step.url:
            self.post_message(OpenPage(self.owed.step.url))
            choices = self.query_one(Choices)
            choices.highlighted = choices.get_option_index("look")

    def action_copy(self) -> None:
        """Copy the address, or the command where there is none."""
        self.post_message(Copy(self.owed.step.url or self.owed.step.command or ""))

    def action_look(self) -> None:
        """Look again."""
        self.status("Looking again …")
        self.post_message(Done(self.owed))

    def action_skip(self) -> None:
        """Put it off for good."""
        self.post_message(PutOff(self.owed, for_good=True))

    def action_later(self) -> None:
        """Put it off for this sitting."""
        self.post_message(PutOff(self.owed, for_good=False))
