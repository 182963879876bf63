"""Changing a credential: what it means, the new value, the team's other places, and the end of the old one."""

from __future__ import annotations

from asyncio import Future, get_running_loop
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from onboard.errors import OnboardError
from onboard.model import Secret, Status
from onboard.rotating import Ended, Talk
from onboard.tui import text
from onboard.tui.entry import Changed, PublicField, SecretField, Submitted
from onboard.tui.frame import Frame
from onboard.tui.messages import Copy, Look, OpenPage, Overview
from onboard.tui.parts import Choices
from onboard.tui.sitting import Sitting


class RotateScreen(Frame):
    """One talk, from what a change means to the end of the old value."""

    ABOUT: ClassVar[str] = (
        "A credential is changed here without locking you out: the new value is stored and tried before the old one "
        "ends. You are told first what breaks and where else it is used; nothing happens without a yes, and no is "
        "what Enter takes. Broken off, it goes on where it was."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Stop here", id="back"),
        Binding("o,ctrl+o", "open", "Open page", id="open"),
        Binding("c,ctrl+y", "copy", "Copy address", id="copy"),
        Binding("pagedown", "page(1)", "Read on", show=False, id="page.down"),
        Binding("pageup", "page(-1)", "Read back", show=False, id="page.up"),
    ]

    def __init__(self, sitting: Sitting, words: tuple[str, ...]) -> None:
        """Change what these words name: variables, or services."""
        super().__init__(sitting)
        self.words = words
        self._told: list[Content] = []
        self._page = ""
        self._answer: Future[object] | None = None
        """What the person is asked now; `None`: onboard is at work."""
        self._word = ""

    def body(self) -> ComposeResult:
        """Lay out what was told, and below it the question."""
        with VerticalScroll(id="form", can_focus=False):
            yield Static(Content(""), id="told", markup=False)
        with Vertical(id="verdict"):
            yield Static(Content(""), id="found", markup=False)
            yield Vertical(id="wants")
            yield Choices(())

    def on_mount(self) -> None:
        """Begin."""
        super().on_mount()
        self._quiet()
        self.talk()

    @work(exclusive=True, exit_on_error=False)
    async def talk(self) -> None:
        """Change one after the other; whatever happens, look at what it touched."""
        talk = Talk(self.sitting.session, self)
        ids: list[str] = ["rotation"]
        try:
            for change in await talk.changes(*self.words):
                families = ("live", "pair", "mode") if change.provider else ()
                ids += [f"{family}.{change.provider}" for family in families]
                ids += [f"{family}.{name}" for family in ("variable", "drift", "age") for name in change.names]
                if await talk.change(change) is not Ended.DECLINED:
                    self.sitting.did(f"{', '.join(change.names)} changed")
        finally:
            self.post_message(Look(*ids))
        self._close()

    def _close(self) -> None:
        self.status("")
        self._ask("", ("close", "Back to the overview"))

    # what the talk says and asks

    def head(self, text_: str) -> None:
        """Begin something new."""
        self._add(Content(""), text.say(text_, text.STRONG))

    def say(self, text_: str, status: Status | None = None) -> None:
        """Tell one thing, maybe with how it stands."""
        self._add(text.join(text.sign(status), text.say(text_)) if status else text.say(text_))

    def guide(self, page: str, steps: tuple[str, ...]) -> None:
        """Tell what is to be done on a service's page."""
        self._add(*(text.join(text.say(f"{n}.", text.QUIET), text.say(one)) for n, one in enumerate(steps, 1)))
        if page:
            self._page = page
            self._add(text.line(page, text.LINK, limit=4000))
            self.refresh_bindings()

    async def agree(self, question: str, *, word: str = "") -> bool:
        """Ask for a yes, or for a word."""
        if word:
            typed = await self._field(PublicField("", self.sitting.session.clean, hint=f"type {word}"), question)
            return typed is not None and typed.reveal().strip() == word
        self._ask(question, ("no", "No"), ("yes", "Yes"))
        return await self._wait() == "yes"

    async def enter(self, name: str, question: str) -> Secret | None:
        """Take a value unseen."""
        typed = await self._field(SecretField(name, self.sitting.session.clean), question)
        return None if typed is None else self.sitting.session.clean(name, typed.reveal()).value

    # asking

    async def _field(self, field: SecretField | PublicField, question: str) -> Secret | None:
        wants = self.query_one("#wants", Vertical)
        await wants.mount(field)
        self._ask(question)
        self.set_focus(field)
        await self._wait()
        typed = field.secret() if field.filled else None
        await wants.remove_children()
        return typed

    def _ask(self, question: str, *choices: tuple[str, str]) -> None:
        self._answer = get_running_loop().create_future()
        self.query_one("#verdict").display = True
        self.query_one("#found", Static).update(text.say(question))
        offered = self.query_one(Choices)
        offered.display = bool(choices)
        offered.offer(choices)
        if choices:
            self.set_focus(offered)
        self.status("")
        self.refresh_bindings()
        self.call_after_refresh(self._to_the_end)

    async def _wait(self) -> object:
        assert self._answer is not None  # noqa: S101 -- nobody waits who did not ask
        try:
            return await self._answer
        finally:
            self._answer = None
            self._quiet()

    def _quiet(self) -> None:
        """Take the question away; onboard is at work."""
        self.query_one("#verdict").display = False
        self.status("Working …")
        self.refresh_bindings()

    def _reply(self, answer: object) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(answer)

    @on(Choices.Made)
    def chosen(self, event: Choices.Made) -> None:
        """Answer; after the talk, leave."""
        event.stop()
        if event.choice == "close":
            self.post_message(Overview())
        else:
            self._reply(event.choice)

    @on(Submitted)
    def submitted(self, event: Submitted) -> None:
        """Answer with what was typed."""
        event.stop()
        self._reply("typed")

    @on(Changed)
    def changed(self, event: Changed) -> None:
        """Say what a paste brought along."""
        event.stop()
        if event.removed:
            self.status(f"Taken off what you pasted: {', '.join(event.removed)}.", Status.OK)

    def _add(self, *rows: Content) -> None:
        self._told += rows
        if self._told and not self._told[0].plain:
            self._told = self._told[1:]
        self.query_one("#told", Static).update(text.lines(*self._told))
        self._to_the_end()

    def _to_the_end(self) -> None:
        """Keep what was told last in sight, whatever room the question leaves."""
        self.query_one("#form", VerticalScroll).scroll_end(animate=False)

    # keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what is possible now: what is being done is not broken off."""
        match action:
            case "open" | "copy":
                return bool(self._page)
            case "back":
                return self._answer is not None
        return True

    def action_open(self) -> None:
        """Open the page on which it is done."""
        self.post_message(OpenPage(self._page))

    def action_copy(self) -> None:
        """Copy that page's address."""
        self.post_message(Copy(self._page))

    def action_page(self, pages: int) -> None:
        """Read on, or back."""
        area = self.query_one("#form", VerticalScroll)
        area.scroll_relative(y=pages * max(area.size.height - 2, 1), animate=False)

    def action_back(self) -> None:
        """Stop at a question: what is done is done, and the next time goes on from there."""
        self.workers.cancel_node(self)
        self.post_message(Overview())

    def unsaved(self) -> str:
        """A change that is being made."""
        at_work = self._answer is None and any(not worker.is_finished for worker in self.workers if worker.node is self)
        return "A change is being made right now. Leave all the same? It can go on later." if at_work else ""

    def failed(self, error: OnboardError) -> None:
        """Say what went wrong; what is stored works."""
        self._close()
        super().failed(error)
