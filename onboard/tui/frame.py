"""What every screen has: a heading, the stages, a place for the step, the activity and the keys."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static
from textual.worker import Worker, WorkerState

from onboard.errors import OnboardError
from onboard.model import Status
from onboard.plan import Stage
from onboard.tui import text
from onboard.tui.focus import Steady
from onboard.tui.messages import Failed, Overview
from onboard.tui.parts import Activity, Heading, Keys, Stages
from onboard.tui.sitting import Sitting


class Frame(Steady[None]):
    """One screen of the app. What waits runs in its workers and ends with it."""

    AUTO_FOCUS = ""
    ABOUT: ClassVar[str] = ""
    """What this screen is for, for the help."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "back", "Overview", id="back")]

    def __init__(self, sitting: Sitting, stage: Stage | None = None) -> None:
        super().__init__()
        self.sitting = sitting
        self.stage = stage

    def compose(self) -> ComposeResult:
        """Lay out the parts; `body()` fills the middle."""
        yield Heading(self.sitting)
        with Horizontal(id="desk"):
            yield Stages()
            with Vertical(id="step"):
                yield from self.body()
                yield Static(Content(""), id="status", markup=False)
        yield Activity(self.sitting)
        yield Keys()

    def body(self) -> ComposeResult:
        """Return the widgets of the step. Each screen has its own."""
        raise NotImplementedError

    def on_mount(self) -> None:
        """Show what is known."""
        self._tell()

    def tell(self) -> None:
        """Draw what is so now."""
        if self.is_mounted:
            self._tell()

    def _tell(self) -> None:
        self.query_one(Stages).show(self.sitting.session.stages(), self.stage)
        self.query_one(Heading).refresh()
        self.query_one(Activity).refresh()

    def status(self, words: str, state: Status | None = None) -> None:
        """Say one thing below the step; empty takes it away."""
        said = text.join(text.sign(state), text.say(words)) if state and words else text.say(words)
        self.query_one("#status", Static).update(said)

    def unsaved(self) -> str:
        """Return the question to ask before leaving the app from here; empty: nothing would be lost."""
        return ""

    def interrupt(self) -> bool:
        """End what runs here, as Ctrl-C asks; `False`: nothing does."""
        return False

    def failed(self, error: OnboardError) -> None:
        """Say that what was asked could not be done, and what to do."""
        self.status(f"{error.message}\n{error.hint}" if error.hint else error.message, Status.FAIL)

    def action_back(self) -> None:
        """Go to the overview."""
        self.post_message(Overview())

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """A worker that failed is told by the app, once for all screens."""
        if event.state is WorkerState.ERROR and event.worker.error is not None:
            self.post_message(Failed(event.worker.error))
