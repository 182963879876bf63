"""The app: it holds the sitting, turns the next step into a screen, and ends cleanly however it ends."""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import Iterable
from contextlib import aclosing, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual import work
from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen, Screen, SystemModalScreen
from textual.worker import Worker, WorkerState

from onboard import clean
from onboard.errors import NeedsPerson, OnboardError
from onboard.model import Status
from onboard.tui import Demo, Opening, Outcome, crash, messages, settings
from onboard.tui.aside import aside
from onboard.tui.frame import Frame
from onboard.tui.opening import OpeningScreen
from onboard.tui.parts import Stages
from onboard.tui.safe import SafeApp, signals_as_before
from onboard.tui.sitting import Sitting, left_early
from onboard.tui.themes import THEMES

if TYPE_CHECKING:
    from onboard.plan import Owed, Stage
    from onboard.session import Session


def _read(opening: Opening) -> Session:
    """Load what the screens are made of, and read the repository: the first frame has need of neither."""
    import onboard.tui.screens  # noqa: F401

    return opening.read()


class OnboardApp(SafeApp):
    """One sitting in the terminal."""

    CSS_PATH = "onboard.tcss"
    TITLE = "onboard"
    HORIZONTAL_BREAKPOINTS = [(0, "-sliver"), (24, "-slim"), (64, "-narrow"), (100, "-wide"), (160, "-vast")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-flat"), (18, "-short"), (32, "-tall")]  # noqa: RUF012 -- Textual's own types
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark,f1", "help", "Help", id="help"),
        Binding("ctrl+p", "command_palette", "All actions", id="palette"),
        Binding("q,ctrl+q", "leave", "Quit", id="quit"),
        Binding("ctrl+c", "interrupt", "Interrupt", show=False, priority=True, id="interrupt"),
        Binding("ctrl+z", "suspend_process", "Suspend", show=False, priority=True, id="suspend"),
    ]

    sitting: Sitting
    """There once the repository is read."""

    def __init__(self, session: Session | Opening, demo: Demo | None = None) -> None:
        machine, env = session.machine, session.machine.env
        chosen = settings.load(machine.config)
        super().__init__(machine.state, ansi_color=True if env.get("NO_COLOR") else None)
        self._opening = session if isinstance(session, Opening) else None
        self._demo = demo
        self._refused: OnboardError | None = None
        if not isinstance(session, Opening):
            self.sitting = Sitting(session, demo)
        for theme in THEMES:
            self.register_theme(theme)
        wanted = chosen.theme if chosen.theme in self.available_themes else None
        self.theme = settings.suits(env) if env.get("NO_COLOR") or wanted is None else wanted
        self.set_keymap(dict(chosen.keymap))
        self._trouble = chosen.trouble
        self._onward = False
        """The next step is gone to when the present look ends; any move of the person's takes it back."""
        self.awake = False
        """The first frame was shown."""

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Colours of ours that other themes do not have."""
        quiet = "ansi_default" if self.native_ansi_color else "#8b93b5"  # bright black is invisible in some palettes
        return {"quiet": quiet, "edge": "ansi_bright_black"}

    # one sitting

    def sit(self) -> Outcome:
        """Run until the person leaves, and return how it ended."""
        with signals_as_before():
            asyncio.run(self._sit())
        if self._refused is not None:
            raise self._refused
        if not self._is_open:
            return left_early(self.signal, self.broke)
        return self.sitting.outcome(signal=self.signal, broke=self.broke)

    @property
    def _is_open(self) -> bool:
        return hasattr(self, "sitting")

    async def _sit(self) -> None:
        self.catch_signals()
        try:
            await self.run_async()
        finally:
            if self._is_open:
                with suppress(TimeoutError, OnboardError):
                    await asyncio.wait_for(self.sitting.session.close(), 5)

    def on_mount(self) -> None:
        """Show the first screen; what takes time begins once it can be seen."""
        if self._opening is None:
            self._begin()
        else:
            self.push_screen(OpeningScreen(self._opening.folder))
            self.call_after_refresh(self._open, self._opening)

    @work(exit_on_error=False)
    async def _open(self, opening: Opening) -> None:
        """Read the repository beside the loop, which goes on taking keys."""
        try:
            self.sitting = Sitting(await aside(partial(_read, opening)), self._demo)
        except OnboardError as error:
            self._refused = error
            self.exit()
        else:
            self._begin()

    def _begin(self) -> None:
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
            self._show(self._screen_for(None))
        else:
            from onboard.tui.approval import ApprovalScreen

            self._show(ApprovalScreen(self.sitting, self.sitting.session.approval(), note))

    # from step to screen

    def _show(self, screen: Frame) -> None:
        """Put a screen in the place of the one that is there; dialogs over it are closed."""
        while isinstance(self.screen, ModalScreen) and not isinstance(self.screen, SystemModalScreen):
            self.pop_screen()  # a dialog is never the first
        if isinstance(self.screen, Frame | OpeningScreen):
            self.switch_screen(screen)
        else:
            self.push_screen(screen)

    def _screen_for(self, owed: Owed | None, only: Stage | None = None) -> Frame:
        """Return the screen that does a step; the board where there is none."""
        from onboard.tui.screens import board, screen_for

        return screen_for(self.sitting, owed) if owed is not None else board(self.sitting, only)

    def _go_on(self) -> None:
        """Go to the next step; the board where nothing is left to stop at."""
        self._show(self._screen_for(self.sitting.next()))

    def _tell(self) -> None:
        for screen in self.screen_stack:
            if isinstance(screen, Frame):
                screen.tell()

    @work(exclusive=True, group="look", exit_on_error=False)
    async def _look(self, ids: tuple[str, ...], *, what: str, onward: bool = False, offline: bool = False) -> None:
        """Look, telling each finding that is news as it lands; then go on, unless the person went elsewhere."""
        self._onward = onward
        self.sitting.looking, self.sitting.landed = what, 0
        self._tell()
        known = dict(self.sitting.session.findings)
        try:
            async with aclosing(self.sitting.session.look(*ids, offline=offline)) as landing:
                async for finding in landing:
                    self.sitting.landed += 1
                    before = known.get(finding.id)
                    news = before is None or (before.status, before.summary) != (finding.status, finding.summary)
                    if news and finding.status is not Status.SKIPPED:
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
        self._show(self._screen_for(None))
        self._look((), what="everything", onward=True)

    def on_approval_screen_refused(self) -> None:
        """Leave without anything having happened."""
        self.exit()

    def on_take(self, event: messages.Take) -> None:
        """Go to a step that was chosen."""
        self._onward = False
        self._show(self._screen_for(event.owed))

    def on_done(self, event: messages.Done) -> None:
        """Look at what a step touched, and go on."""
        if event.did:
            self.sitting.did(event.did)
        self._look(
            self.sitting.session.touched(event.owed), what=clean.line(event.owed.finding.title, limit=60), onward=True
        )

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
        self._show(self._screen_for(None))

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

    def on_live(self, event: messages.Live) -> None:
        """Show what runs."""
        self._onward = False
        from onboard.tui.live import LiveScreen

        self._show(LiveScreen(self.sitting, event.what))

    def on_rotate(self, event: messages.Rotate) -> None:
        """Change credentials."""
        self._onward = False
        from onboard.tui.screens import rotating

        self._show(rotating(self.sitting, *event.words))

    def on_stages_chosen(self, event: Stages.Chosen) -> None:
        """Go to the first step of a stage; the board where none is owed."""
        self._onward = False
        if not self.sitting.session.trusted:
            return
        owed = next((owed for owed in self.sitting.session.plan() if owed.stage is event.stage), None)
        self._show(self._screen_for(owed, event.stage))

    def on_full(self, event: messages.Full) -> None:
        """Show a finding in full, and do what the person then chooses."""
        from onboard.tui.board import is_held, owed_for, rotatable
        from onboard.tui.dialogs import Detail

        finding, trusted = event.finding, self.sitting.session.trusted
        owed = owed_for(self.sitting, finding) if trusted else None

        def then(choice: str | None) -> None:
            if choice == "do" and owed is not None:
                self.on_take(messages.Take(owed))
            elif choice == "rotate":
                self.on_rotate(messages.Rotate(rotatable(self.sitting, finding)))
            elif choice == "look":
                self._look((finding.id,), what=clean.line(finding.title, limit=60))

        may_rotate = trusted and is_held(self.sitting, rotatable(self.sitting, finding))
        self.push_screen(Detail(finding, may_do=owed is not None, may_rotate=may_rotate), then)

    @work(exit_on_error=False)
    async def on_open_page(self, event: messages.OpenPage) -> None:
        """Open a page and say so; where that did not reach the person, the address goes to the clipboard."""
        try:
            opened = await aside(partial(self.sitting.session.machine.open_url, event.url))
        except Exception:
            opened = False
        if opened:
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
        from onboard.tui.dialogs import Leave

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
        elif not (isinstance(self.screen, Frame) and self.screen.interrupt()):
            self.interrupted(signal.SIGINT)

    def action_help(self) -> None:
        """Tell what this place is for, and its keys."""
        screen = self.screen
        if not isinstance(screen, Frame):
            return
        from onboard.tui.dialogs import Help

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
