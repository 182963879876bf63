"""What is shown over a screen: one finding in full, help for where you are, a question before leaving."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from onboard.model import Finding
from onboard.tui import text
from onboard.tui.focus import Steady
from onboard.tui.parts import Choices, Keys


class Detail(Steady[str], ModalScreen[str]):
    """A finding in full; gives back what is to be done: `do`, `rotate`, `look`, or nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss('')", "Close"),
        Binding("r,f5", "dismiss('look')", "Look again"),
    ]

    def __init__(self, finding: Finding, *, may_do: bool, may_rotate: bool) -> None:
        super().__init__()
        self._may_rotate = may_rotate
        self._finding = finding
        self._may_do = may_do

    def compose(self) -> ComposeResult:
        """Lay out the finding."""
        finding, step = self._finding, self._finding.step
        rows: list[Content | str] = [
            text.join(text.sign(finding.status), text.line(finding.title, text.STRONG)),
            text.line(f"{finding.id} · {text.WORDS[finding.status]}", text.QUIET),
            "",
            text.say(finding.summary),
        ]
        if finding.detail:
            rows.append(text.say(finding.detail, text.QUIET))
        facts = [(name, value) for name, value in finding.evidence.items() if value not in (None, "")]
        if facts:
            rows.append("")
        for name, value in facts:
            rows.append(text.join(text.line(name.replace("_", " "), text.QUIET), text.line(str(value), limit=2000)))
        if step is not None:
            rows += ["", text.line(step.text)]
            rows += [text.line(place, text.LINK, limit=4000) for place in (step.url, step.command) if place]
        with Vertical(id="dialog"):
            with VerticalScroll(id="form", can_focus=False):
                yield Static(text.lines(*rows), markup=False)
            doing = "Do it now" if step is not None else "Enter a value"
            choices = [("do", doing)] if self._may_do else []
            choices += [("rotate", "Rotate it: a new value, then the end of the old one")] if self._may_rotate else []
            yield Choices([*choices, ("look", "Look again"), ("", "Close")])

    @on(Choices.Made)
    def chosen(self, event: Choices.Made) -> None:
        """Give back what was chosen."""
        event.stop()
        self.dismiss(event.choice)


class Help(Steady[None], ModalScreen[None]):
    """What this place is for, and every key that works in it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,question_mark,f1,enter", "dismiss", "Close")]

    def __init__(self, about: str, keys: list[tuple[str, str]]) -> None:
        super().__init__()
        self._about = about
        self._keys = keys

    def compose(self) -> ComposeResult:
        """Lay out the words and the keys."""
        rows: list[Content | str] = [text.say(self._about), ""]
        for keys, does in self._keys:
            shown = " ".join(Keys.label(key) for key in keys.split(","))
            rows.append(text.join(text.say(shown.ljust(12), "bold $text-accent"), text.line(does)))
        rows += [
            "",
            text.say("Where a value is typed, letters are typed: the ^ (ctrl) and F keys work there.", text.QUIET),
        ]
        with Vertical(id="dialog"), VerticalScroll(id="form"):
            yield Static(text.lines(*rows), markup=False)


class Leave(Steady[bool], ModalScreen[bool]):
    """A question before something typed or running is lost; no is the default."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,n", "dismiss(False)", "Stay"),
        Binding("y", "dismiss(True)", "Leave"),
    ]

    def __init__(self, question: str) -> None:
        super().__init__()
        self._question = question

    def compose(self) -> ComposeResult:
        """Lay out the question."""
        with Vertical(id="dialog"):
            yield Static(text.say(self._question), markup=False)
            yield Choices((("no", "Stay"), ("yes", "Leave")))

    @on(Choices.Made)
    def chosen(self, event: Choices.Made) -> None:
        """Give back the answer."""
        event.stop()
        self.dismiss(event.choice == "yes")
