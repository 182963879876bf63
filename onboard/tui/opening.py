"""The first frame: shown while the repository is read, so that nobody looks at an empty terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from onboard.tui import text

if TYPE_CHECKING:
    from pathlib import Path


class OpeningScreen(Screen[None]):
    """What is being read."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    def compose(self) -> ComposeResult:
        """Lay out the heading and the one line there is to say."""
        yield Static(text.say("onboard", text.STRONG), id="heading", markup=False)
        yield Static(
            text.lines(Content(""), text.line(f"Reading {self._folder} …", text.QUIET, limit=400)),
            id="step",
            markup=False,
        )
