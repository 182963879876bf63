"""Which screen does which step. Those that few need are loaded when they are gone to."""

from __future__ import annotations

from onboard.model import Ask, Open, Run, Tell, Write
from onboard.plan import Owed, Stage
from onboard.tui.ask import AskScreen
from onboard.tui.board import BoardScreen
from onboard.tui.frame import Frame
from onboard.tui.page import PageScreen
from onboard.tui.running import RunScreen, WriteScreen
from onboard.tui.sitting import Sitting

_ROTATES = "onboard rotate "
"""How the command of a step begins that changes a credential."""


def screen_for(sitting: Sitting, owed: Owed) -> Frame:
    """Return the screen that does a step."""
    match owed.step:
        case Ask():
            return AskScreen(sitting, owed)
        case Run(argv=("onboard", "push")):
            from onboard.tui.pushing import PushScreen  # with the terminal emulator

            return PushScreen(sitting, owed)
        case Run():
            return RunScreen(sitting, owed)
        case Write():
            return WriteScreen(sitting, owed)
        case Tell(command=str(command)) if command.startswith(_ROTATES):
            return rotating(sitting, *command.removeprefix(_ROTATES).split())
        case Open() | Tell():
            return PageScreen(sitting, owed)


def board(sitting: Sitting, only: Stage | None = None) -> Frame:
    """Return the board, of one stage or of all."""
    return BoardScreen(sitting, only=only)


def rotating(sitting: Sitting, *words: str) -> Frame:
    """Return the screen that changes these credentials: variables, or services."""
    from onboard.tui.rotating import RotateScreen  # with all that changing one needs

    return RotateScreen(sitting, words)
