"""The app: it holds the sitting, turns the next step into a screen, and ends cleanly however it ends."""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
from collections.abc import Iterable, Mapping
from contextlib import aclosing, suppress
from types import FrameType
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on, work
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.theme import Theme
from textual.worker import Worker, WorkerState

from onboard import clean
from onboard.errors import NeedsPerson, OnboardError
from onboard.model import Ask, Open, Run, Status, Tell, Write
from onboard.plan import Owed
from onboard.tui import Demo, Outcome, crash, messages, settings
from onboard.tui.approval import ApprovalScreen
from onboard.tui.ask import AskScreen
from onboard.tui.board import BoardScreen, owed_for
from onboard.tui.dialogs import Detail, Help, Leave
from onboard.tui.frame import Frame
from onboard.tui.listeners import ListenersScreen
from onboard.tui.page import PageScreen
from onboard.tui.parts import Stages
from onboard.tui.running import RunScreen, WriteScreen
from onboard.tui.sitting import Sitting

if TYPE_CHECKING:
    from onboard.session import Session

_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT")

_PATIENCE = 2.0
"""Seconds that leaving may take after a signal; then the terminal is restored by hand and the process ends."""

THEMES = (
    Theme(
        name="onboard-dark",
        primary="#7aa2f7",
        secondary="#9aa5ce",
        accent="#7dcfff",
        warning="#e0af68",
        error="#f7768e",
        success="#9ece6a",
        foreground="#d5daf0",
        background="#16171f",
        surface="#1b1d28",
        panel="#24283b",
        variables={
            "quiet": "#8b93b5",
            "edge": "#3b4261",
            "block-cursor-background": "#364a82",
            "block-cursor-foreground": "#ffffff",
            "block-cursor-text-style": "bold",
            "block-cursor-blurred-background": "#292e42",
            "block-cursor-blurred-text-style": "none",
        },
    ),
    Theme(
        name="onboard-light",
        primary="#2959aa",
        secondary="#545c7e",
        accent="#006c86",
        warning="#8f5e15",
        error="#b3244b",
        success="#3a6b17",
        foreground="#24273a",
        background="#f6f6fa",
        surface="#ececf3",
        panel="#dfe0ea",
        variables={
            "quiet": "#5f657f",
            "edge": "#b4b8cc",
            "block-cursor-background": "#c5d4f5",
            "block-cursor-foreground": "#16171f",
            "block-cursor-text-style": "bold",
            "block-cursor-blurred-background": "#dfe0ea",
            "block-cursor-blurred-text-style": "none",
        },
        dark=False,
    ),
)


class OnboardApp(App[None], inherit_bindings=False):
    """One sitting in the terminal."""

    CSS_PATH = "onboard.tcss"
    TITLE = "onboard"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark,f1", "help", "Help", id="help"),
        Binding("ctrl+p", "command_palette", "All actions", id="palette"),
        Binding("q,ctrl+q", "leave", "Quit", id="quit"),
        Binding("ctrl+c", "interrupt", "Interrupt", show=False, priority=True, id="interrupt"),
        Binding("ctrl+z", "suspend_process", "Suspend", show=False, priority=True, id="suspend"),
    ]

    def __init__(self, session: Session, demo: Demo | None = None) -> None:
        chosen = settings.load(session.machine.config)
        env = session.machine.env
        super().__init__(ansi_color=True if env.get("NO_COLOR") else None)
        self.sitting = Sitting(session, demo)
        for theme in THEMES:
            self.register_theme(theme)
        wanted = chosen.theme if chosen.theme in self.available_themes else None
        self.theme = settings.suits(env) if env.get("NO_COLOR") or wanted is None else wanted
        self.set_keymap(dict(chosen.keymap))
        self._trouble = chosen.trouble
        self._onward = False
        """The next step is gone to when the present look ends; any move of the person's takes it back."""
        self._signal: int | None = None
        self._broke = ""
        self.awake = False
        """The first frame was shown."""

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Colours of ours that other themes do not have."""
        return {"quiet": "ansi_bright_black" if self.native_ansi_color else "#8b93b5", "edge": "ansi_bright_black"}

    # one sitting

    def sit(self) -> Outcome:
        """Run until the person leaves, and return how it ended."""
        before = {name: signal.getsignal(getattr(signal, name)) for name in _SIGNALS if hasattr(signal, name)}
        try:
            asyncio.run(self._sit())
        finally:
            for name, handler in before.items():
                signal.signal(getattr(signal, name), handler)
        return self.sitting.outcome(signal=self._signal, broke=self._broke)

    async def _sit(self) -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _loop, context: self._unseen(context))

        def caught(number: int, _frame: FrameType | None) -> None:
            crash.leave_soon(number, _PATIENCE)
            loop.call_soon_threadsafe(self.interrupted, number)

        for name in _SIGNALS:
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), caught)
        crash.remember_terminal()
        try:
            await self.run_async()
        finally:
            with suppress(TimeoutError):
                await asyncio.wait_for(self.sitting.session.close(), 5)

    def interrupted(self, number: int) -> None:
        """Leave because of a signal."""
        self._signal = number
        self.exit()

    def on_mount(self) -> None:
        """Show the first screen, and start looking once it can be seen."""
        if self._trouble:
            self.sitting.note(self._trouble, Status.WARN)
        self._start()
        self.call_after_refresh(self._awake)

    def _awake(self) -> None:
        gc.freeze()
        gc.enable()
        self.awake = True
        if self.sitting.session.trusted:
            self._look((), what="everything", onward=True)
        else:
            self._look((), what="the files of this repository", offline=True)

    def _start(self, note: str = "") -> None:
        if self.sitting.session.trusted:
            self._show(BoardScreen(self.sitting))
        else:
            self._show(ApprovalScreen(self.sitting, self.sitting.session.approval(), note))

    # from step to screen

    def screen_for(self, owed: Owed) -> Frame:
        """Return the screen that does a step."""
        match owed.step:
            case Ask():
                return AskScreen(self.sitting, owed)
            case Run():
                return RunScreen(self.sitting, owed)
            case Write():
                return WriteScreen(self.sitting, owed)
            case Open() | Tell():
                return PageScreen(self.sitting, owed)

    def _show(self, screen: Frame) -> None:
        """Put a screen in the place of the one that is there; dialogs over it are closed."""
        while isinstance(self.screen, Detail | Help | Leave) and len(self.screen_stack) > 1:
            self.pop_screen()
        if isinstance(self.screen, Frame):
            self.switch_screen(screen)
        else:
            self.push_screen(screen)

    def _go_on(self) -> None:
        """Go to the next step; the board where nothing is left to stop at."""
        owed = self.sitting.next()
        self._show(self.screen_for(owed) if owed is not None else BoardScreen(self.sitting))

    def _tell(self) -> None:
        for screen in self.screen_stack:
            if isinstance(screen, Frame):
                screen.tell()

    @work(exclusive=True, group="look", exit_on_error=False)
    async def _look(self, ids: tuple[str, ...], *, what: str, onward: bool = False, offline: bool = False) -> None:
        """Look, telling each finding that is news as it lands; then go on, unless the person went elsewhere."""
        self._onward = onward
        self.sitting.looking = what
        self._tell()
        known = dict(self.sitting.session.findings)
        try:
            async with aclosing(self.sitting.session.look(*ids, offline=offline)) as landing:
                async for finding in landing:
                    before = known.get(finding.id)
                    if before is None or (before.status, before.summary) != (finding.status, finding.summary):
                        self.sitting.note(f"{finding.title}: {finding.summary}", finding.status)
                    self._tell()
        finally:
            self.sitting.looking = ""
        self._tell()
        for screen in self.screen_stack:
            screen.refresh_bindings()
        if self._onward:
            self._go_on()

    # what screens say

    def on_approved(self, event: messages.Approved) -> None:
        """Remember the approval, and begin."""
        try:
            self.sitting.session.approve(event.hash)
        except NeedsPerson as error:
            self._start(note=error.message)
            return
        self.sitting.note("Approved: exactly these bytes, in this folder")
        self._show(BoardScreen(self.sitting))
        self._look((), what="everything", onward=True)

    def on_approval_screen_refused(self) -> None:
        """Leave without anything having happened."""
        self.exit()

    def on_take(self, event: messages.Take) -> None:
        """Go to a step that was chosen."""
        self._onward = False
        self._show(self.screen_for(event.owed))

    def on_done(self, event: messages.Done) -> None:
        """Look at what a step touched, and go on."""
        if event.did:
            self.sitting.did(event.did)
        self._look(self.sitting.touched(event.owed), what=clean.line(event.owed.finding.title, limit=60), onward=True)

    def on_put_off(self, event: messages.PutOff) -> None:
        """Leave a step, and go on."""
        if event.for_good:
            self.sitting.session.skip(event.owed.step)
            self.sitting.note(f"Skipped: {event.owed.step.text}", Status.SKIPPED)
            self._look(event.owed.findings, what="what is left", onward=True)
        else:
            self.sitting.put_off.add(event.owed.step)
            self.sitting.note(f"For later: {event.owed.step.text}", Status.SKIPPED)
            self._go_on()

    def on_overview(self) -> None:
        """Show the board."""
        self._onward = False
        self._show(BoardScreen(self.sitting))

    def on_stay(self) -> None:
        """The person is reading."""
        self._onward = False

    def on_look(self, event: messages.Look) -> None:
        """Look again, and stay."""
        self._look(event.ids, what="everything" if not event.ids else "it")

    def on_onward(self) -> None:
        """Go to the next step, those put off too where nothing else is left."""
        owed = self.sitting.next()
        if owed is None:
            self.sitting.put_off.clear()
            owed = next(iter(self.sitting.ahead()), None)
        if owed is not None:
            self.on_take(messages.Take(owed))

    def on_listen(self) -> None:
        """Show the listeners."""
        self._onward = False
        self._show(ListenersScreen(self.sitting))

    def on_stages_chosen(self, event: Stages.Chosen) -> None:
        """Go to the first step of a stage; the board where none is owed."""
        self._onward = False
        if not self.sitting.session.trusted:
            return
        owed = next((owed for owed in self.sitting.session.plan() if owed.stage is event.stage), None)
        self._show(self.screen_for(owed) if owed else BoardScreen(self.sitting, only=event.stage))

    @on(BoardScreen.Chosen)
    def finding_chosen(self, event: BoardScreen.Chosen) -> None:
        """Show a finding in full, and do what the person then chooses."""
        finding = event.finding

        def then(choice: str | None) -> None:
            owed = owed_for(self.sitting, finding)
            if choice == "do" and owed is not None:
                self.on_take(messages.Take(owed))
            elif choice == "look":
                self._look((finding.id,), what=clean.line(finding.title, limit=60))

        self.push_screen(Detail(finding), then)

    @work(group="page", exit_on_error=False)
    async def on_open_page(self, event: messages.OpenPage) -> None:
        """Open a page; where that does not reach the person, the address goes to the clipboard."""
        if await asyncio.to_thread(self.sitting.session.machine.open_url, event.url):
            self._status("Opened in the browser.", Status.OK)
        else:
            self.on_copy(messages.Copy(event.url))

    def on_copy(self, event: messages.Copy) -> None:
        """Give an address or a command to the terminal's clipboard."""
        self.copy_to_clipboard(clean.line(event.text, limit=8_000))
        self._status("Sent to the terminal's clipboard. If it does not arrive, hold Shift and select the text.")

    def _status(self, words: str, state: Status | None = None) -> None:
        if isinstance(self.screen, Frame):
            self.screen.status(words, state)

    # leaving, help, palette

    def action_leave(self) -> None:
        """Leave; asks first where something typed or running would be lost."""
        question = self.screen.unsaved() if isinstance(self.screen, Frame) else ""
        if isinstance(self.screen, Leave):
            return
        if question:
            self.push_screen(Leave(question), lambda sure: self.exit() if sure else None)
        else:
            self.exit()

    def action_interrupt(self) -> None:
        """Ctrl-C: copy what is selected; end what runs; else leave."""
        if self.screen.get_selected_text():
            self.screen.action_copy_text()
        elif isinstance(self.screen, RunScreen) and self.screen.running:
            self.screen.action_end()
        else:
            self.interrupted(signal.SIGINT)

    def action_help(self) -> None:
        """Tell what this place is for, and its keys."""
        screen = self.screen
        if not isinstance(screen, Frame):
            return
        keys: dict[str, list[str]] = {}
        for key, active in screen.active_bindings.items():
            if active.enabled and active.binding.description and (active.binding.show or active.binding.id):
                keys.setdefault(active.binding.description, []).append(key)
        self.push_screen(Help(screen.ABOUT, [(",".join(dict.fromkeys(found)), does) for does, found in keys.items()]))

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Offer every action of where you are, and the themes; nothing that takes a picture of the screen."""
        seen: set[str] = set()
        for active in screen.active_bindings.values():
            binding, node = active.binding, active.node
            if (
                binding.description
                and active.enabled
                and binding.action not in seen
                and binding.action != "command_palette"
            ):
                seen.add(binding.action)
                action = binding.action

                async def call(action: str = action, node: Any = node) -> None:
                    await self.run_action(action, default_namespace=node)

                yield SystemCommand(binding.description, "", call)
        yield SystemCommand("Theme", "Change the colours for this sitting", self.action_change_theme)

    def deliver_screenshot(self, *_args: object, **_named: object) -> None:
        """No picture is taken: a value could be on it."""

    def save_screenshot(self, *_args: object, **_named: object) -> str:
        """No picture is taken: a value could be on it."""
        return ""

    # what goes wrong

    def on_failed(self, event: messages.Failed) -> None:
        """A worker of a screen ended with an error."""
        self._failed(event.error)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """A worker of ours ended with an error."""
        if event.state is WorkerState.ERROR and event.worker.error is not None:
            self._failed(event.worker.error)

    def _failed(self, error: BaseException) -> None:
        if not isinstance(error, OnboardError):
            where = crash.report(error, self.sitting.session.machine.state)
            error = OnboardError("That broke off; it is a fault of onboard. Nothing was lost.", where)
        self.sitting.note(error.message, Status.FAIL)
        self._tell()
        if isinstance(self.screen, Frame):
            self.screen.failed(error)

    def _handle_exception(self, error: Exception) -> None:
        """End without showing the error: its text and its frames may hold values."""
        self._return_code = 1
        if self._exception is None:
            self._exception = error
            self._exception_event.set()
        self._break(error)

    def _fatal_error(self) -> None:
        error = sys.exc_info()[1]
        self._break(error if error is not None else RuntimeError())

    def panic(self, *_renderables: object) -> None:
        """End without showing what was handed in."""
        self._fatal_error()

    def _break(self, error: BaseException) -> None:
        if not self._broke:
            where = crash.report(error, self.sitting.session.machine.state)
            self._broke = f"onboard broke off; that is a fault of onboard. {where}"
        self._close_messages_no_wait()

    def _unseen(self, context: Mapping[str, Any]) -> None:
        """A task nobody waited for failed: its text is shown nowhere."""
        error = context.get("exception")
        if isinstance(error, Exception):
            crash.report(error, self.sitting.session.machine.state)
