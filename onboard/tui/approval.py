"""The first screen of a repository: what will happen if it is approved. Nothing happens before."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from onboard.plan import Stage
from onboard.tui import text
from onboard.tui.frame import Frame
from onboard.tui.messages import Approved
from onboard.tui.parts import Choices
from onboard.tui.sitting import Sitting

if TYPE_CHECKING:
    from onboard.project.trust import Approval


class ApprovalScreen(Frame):
    """Yes or no to exactly what this repository would have done."""

    ABOUT: ClassVar[str] = (
        "A repository can say which commands are run and where keys are sent, so you see it all before anything "
        "happens. Yes covers exactly what is shown, in this folder; when a byte of it changes you are asked again. "
        "Until then nothing is run, sent, read from the keyring or written."
    )

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,n", "no", "No", id="no"),
        Binding("y", "yes", "Yes", id="yes"),
        Binding("pagedown,space", "page(1)", "More", id="more"),
        Binding("pageup", "page(-1)", "", show=False),
    ]

    class Refused(Message):
        """The person said no."""

    def __init__(self, sitting: Sitting, approval: Approval, note: str = "") -> None:
        super().__init__(sitting, Stage.TRUST)
        self.approval = approval
        self.said = note

    def body(self) -> ComposeResult:
        """Lay out what will happen, and the choice."""
        yield Static(self._question(), id="title", markup=False)
        with VerticalScroll(id="form", can_focus=False):
            yield Static(self._what(), id="what", markup=False)
        yield Choices((("no", "No, leave everything as it is"), ("yes", "Yes, this may happen here")))

    def on_mount(self) -> None:
        """Start at No."""
        super().on_mount()
        self.set_focus(self.query_one(Choices))
        if self.said:
            self.status(self.said)

    def _question(self) -> Content:
        asked = self.approval
        return text.lines(
            text.line("May onboard do this in this folder?", text.STRONG),
            text.line(text.fit(asked.root, 120), text.QUIET),
        )

    def _warnings(self) -> list[Content | str]:
        asked = self.approval
        rows: list[Content | str] = []
        if not asked.id_is_own:
            rows += [
                text.join(
                    text.say("! It calls itself", "bold $text-error"),
                    text.line(asked.project_id, "bold $text-error", limit=200),
                ),
                text.say("That is not this folder's own remote: the repository chose the name, and with it whose"),
                text.say("saved values would be read. Say yes only if you expected that."),
            ]
        for changed in asked.changed[:6]:
            rows.append(text.join(text.say("~", "bold $text-warning"), text.line(changed)))
        if len(asked.changed) > 6:
            rows.append(text.say(f"~ and {len(asked.changed) - 6} more changes since you approved it"))
        return [*rows, ""] if rows else []

    def _what(self) -> Content:
        asked = self.approval
        rows = [*self._warnings(), _head("Runs, when you choose a step", len(asked.commands))]
        for command, runs in asked.commands:
            rows.append(text.join("  ", text.line(command, text.LINK, limit=400)))
            if runs and runs != command:
                rows.append(text.join("    ", text.line(f"→ {runs}", text.QUIET, limit=800)))
        rows += ["", _head("Sends a value to be checked, to nobody else", len(asked.sends))]
        for names, hosts in asked.sends:
            rows.append(text.join("  ", text.line(", ".join(names), text.LINK, limit=800)))
            rows.append(text.join("    ", text.line(f"→ {', '.join(hosts)}", text.QUIET, limit=800)))
        rows += ["", _head("Writes", len(asked.files))]
        rows += [text.join("  ", text.line(file, limit=400)) for file in asked.files]
        rows += ["", _head("Keeps your secrets in the keyring", 1), text.join("  ", text.line(asked.keyring_item))]
        if asked.keyring_folder:
            rows.append(
                text.join("    ", text.line(f"there since it was set up in {asked.keyring_folder}", text.QUIET))
            )
        else:
            rows.append(text.join("    ", text.say("a new item; no saved value is read", text.QUIET)))
        return text.lines(*rows)

    @on(Choices.Made)
    def chosen(self, event: Choices.Made) -> None:
        """Take yes for yes, and anything else for no."""
        event.stop()
        if event.choice == "yes":
            self.action_yes()
        else:
            self.action_no()

    def action_yes(self) -> None:
        """Approve exactly what was shown."""
        self.post_message(Approved(self.approval.hash))

    def action_no(self) -> None:
        """Leave without anything having happened."""
        self.post_message(self.Refused())

    def action_page(self, pages: int) -> None:
        """Read on."""
        area = self.query_one("#form", VerticalScroll)
        area.scroll_relative(y=pages * max(area.size.height - 1, 1), animate=False)


def _head(words: str, count: int) -> Content:
    return text.join(text.line(words, text.STRONG), text.line(f"({count})" if count != 1 else "", text.QUIET))
