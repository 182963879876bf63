"""What need not be typed: each way is shown with what it makes and costs, and made after a yes; Esc stops it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.worker import Worker, WorkerState

from onboard.clean import line
from onboard.errors import OnboardError
from onboard.model import Event, Secret, Status
from onboard.tui import text
from onboard.tui.entry import Entry, PublicField, SecretField, Submitted
from onboard.tui.focus import Steady
from onboard.tui.messages import Copy, Failed, OpenPage
from onboard.tui.parts import Choices
from onboard.tui.sitting import Sitting

if TYPE_CHECKING:
    from onboard.entry import Field
    from onboard.provisioning import Offer, Want


class Offers(Steady[Mapping[str, Secret]], ModalScreen[Mapping[str, Secret]]):
    """Ways to have a value made or found; gives back values by variable, none of them saved."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back"),
        Binding("o,ctrl+o", "open", "Open page"),
        Binding("c,ctrl+y", "copy", "Copy address"),
    ]

    def __init__(self, sitting: Sitting, offers: Sequence[Offer]) -> None:
        super().__init__()
        self._sitting = sitting
        self._offers = tuple(offers)
        self._chosen: Offer | None = None
        self._page = ""
        """The service's page on which the person approves what is being made."""

    def compose(self) -> ComposeResult:
        """Lay out the ways; the chosen one's needs and progress come below."""
        with Vertical(id="dialog"):
            with VerticalScroll(id="form", can_focus=False):
                yield Static(Content(""), id="intro", markup=False)
                yield Vertical(id="wants")
                yield Static(Content(""), id="told", markup=False)
            yield Choices(())

    def on_mount(self) -> None:
        """Start with the ways."""
        self._list()

    def _list(self) -> None:
        self._chosen = None
        self._page = ""
        self.query_one("#told", Static).update(Content(""))
        self.query_one("#wants", Vertical).remove_children()
        choices = self.query_one(Choices)
        choices.display = True
        choices.offer([(str(n), offer.title) for n, offer in enumerate(self._offers)])
        self.set_focus(choices)
        self._describe(self._offers[0])

    @on(OptionList.OptionHighlighted)
    def highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Say what the highlighted way makes and costs."""
        event.stop()
        if self._chosen is None and event.option_id is not None:
            self._describe(self._offers[int(event.option_id)])

    def _describe(self, offer: Offer) -> None:
        rows: list[Content | str] = [
            text.line(offer.title, text.STRONG),
            text.join(text.say("for", text.QUIET), text.line(", ".join(offer.gives), limit=400)),
            "",
            text.say(offer.note),
        ]
        if offer.hosts:
            rows.append(text.line(f"Asked of {', '.join(offer.hosts)}, nobody else.", text.QUIET))
        if offer.wants:
            needs = ", ".join(want.name for want in offer.wants)
            rows.append(text.line(f"Needs {needs}, used for this and not kept.", text.QUIET))
        self.query_one("#intro", Static).update(text.lines(*rows))

    @on(Choices.Made)
    async def picked(self, event: Choices.Made) -> None:
        """Show what the chosen way needs, then make it."""
        event.stop()
        if event.choice == "back":
            self._list()
        elif event.choice == "make":
            self._begin()
        else:
            await self._prepare(self._offers[int(event.choice)])

    async def _prepare(self, offer: Offer) -> None:
        self._chosen = offer
        self._describe(offer)
        await self.query_one("#wants", Vertical).mount_all(self._field(want) for want in offer.wants)
        choices = self.query_one(Choices)
        choices.offer((("back", "Back, nothing is made"), ("make", "Do it")))
        fields = self._fields()
        self.set_focus(fields[0] if fields else choices)

    def _field(self, want: Want) -> Entry:
        clean = self._sitting.session.clean
        entry: Entry = SecretField(want.name, clean) if want.secret else PublicField(want.name, clean)
        entry.border_title = text.join(text.line(want.name, text.STRONG), text.line(want.title, text.QUIET), gap=" · ")
        entry.border_subtitle = text.line(want.page, text.QUIET)
        return entry

    def _fields(self) -> list[Entry]:
        return [entry for entry in self.query(".entry") if isinstance(entry, SecretField | PublicField)]

    @on(Submitted)
    def submitted(self, event: Submitted) -> None:
        """Go to the next thing that is needed, or begin."""
        event.stop()
        empty = next((entry for entry in self._fields() if not entry.filled), None)
        if empty is not None:
            self.set_focus(empty)
        else:
            self._begin()

    def _begin(self) -> None:
        fields = self._fields()
        empty = next((entry for entry in fields if not entry.filled), None)
        if empty is not None:
            self.set_focus(empty)
            self._say(f"{empty.name} is needed first", Status.WARN)
            return
        assert self._chosen is not None  # noqa: S101 -- there is a choice before there is a yes
        clean = self._sitting.session.clean
        typed = {
            want.key: clean(want.name, entry.secret().reveal()).value
            for want, entry in zip(self._chosen.wants, fields, strict=True)
        }
        self.query_one(Choices).display = False
        self._say("Asking … Esc stops it.")
        self.make(self._chosen, typed)

    @work(exclusive=True, exit_on_error=False)
    async def make(self, offer: Offer, typed: Mapping[str, Secret]) -> None:
        """Make it, and give the values back."""
        self.dismiss(await self._sitting.session.make(offer, typed, self._tell))

    def _tell(self, event: Event) -> None:
        """Show what happens; a page to approve it on is opened where there is a browser."""
        self._sitting.note(event.text, event.level)
        if event.kind != "page":
            self._say(event.text, event.level)
            return
        self._page = str(event.data["url"])
        rows = (
            text.line("Approve it in the browser, if the page shows this code:"),
            text.line(str(event.data["code"]), text.STRONG),
            text.line(self._page, text.LINK, limit=4000),
            text.line("o opens it, c copies the address, Esc stops waiting.", text.QUIET),
        )
        self.query_one("#told", Static).update(text.lines(*rows))
        if self._sitting.session.machine.has_browser:
            self.app.post_message(OpenPage(self._page))

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Say why it could not be made; nothing was saved."""
        if event.state is not WorkerState.ERROR:
            return
        error = event.worker.error
        if not isinstance(error, OnboardError):
            self.app.post_message(Failed(error or RuntimeError()))
            self.dismiss({})
            return
        self._list()
        self._say("\n".join(filter(None, (error.message, error.hint))), Status.FAIL)

    def _say(self, words: str, status: Status | None = None) -> None:
        said = text.join(text.sign(status), text.say(words)) if status else text.say(words)
        self.query_one("#told", Static).update(said)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what is possible now."""
        return bool(self._page) if action in ("open", "copy") else True

    def action_open(self) -> None:
        """Open the page on which it is approved."""
        self.app.post_message(OpenPage(self._page))

    def action_copy(self) -> None:
        """Copy that page's address."""
        self.app.post_message(Copy(self._page))

    def action_leave(self) -> None:
        """Stop what is being made; else go back to the form."""
        if any(not worker.is_finished for worker in self.workers if worker.node is self):
            self.workers.cancel_node(self)
            self._list()
            self._say("Stopped. Nothing was saved; what the service made meanwhile stays there.", Status.WARN)
        elif self._chosen is not None and len(self._offers) > 1:
            self._list()
        else:
            self.dismiss({})


def worth(offers: Sequence[Offer], fields: Sequence[Field]) -> tuple[Offer, ...]:
    """Return the offers beside what the form's own key makes."""
    made_here = {field.variable.name for field in fields if field.can_generate}
    return tuple(offer for offer in offers if not made_here.issuperset(offer.gives))


def ways(offers: Sequence[Offer]) -> Content:
    """Return the line that says what there is beside typing."""
    titles = "; ".join(line(offer.title, limit=80) for offer in offers)
    return text.join(text.say("^e", "bold $text-accent"), text.say(f"gets them for you: {titles}"))
