"""The terminal app: what it is given, what it gives back. Textual is imported in this folder and nowhere else."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from onboard.machine import Machine
    from onboard.model import Secret
    from onboard.session import Session


@dataclass(frozen=True, slots=True)
class Demo:
    """The demo's credentials, filled in on a key press."""

    values: Mapping[str, Secret]
    """By variable name."""
    banner: str = "demo: stand-ins on this machine, nothing leaves it"


@dataclass(frozen=True, slots=True)
class Opening:
    """A sitting that is still to be opened: reading the repository takes longer than showing the first frame."""

    machine: Machine
    folder: Path
    """What is read."""
    read: Callable[[], Session]
    """Reads it; called once, in a thread. Raises OnboardError."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the sitting ended, for the normal screen."""

    code: int
    """0 nothing owed that fails; 1 onboard broke off; 3 something could not be asked; 4 a person is needed;
    128+n ended by signal n, so 130 interrupted."""
    lines: tuple[str, ...]
    """What was done, what is owed and how to go on; cleaned, one sentence a line."""


def scrub() -> None:
    """Take Textual's switches out of the environment: they log every key, import a module, or press keys."""
    for name in [name for name in os.environ if name == "TEXTUAL" or name.startswith("TEXTUAL_")]:
        del os.environ[name]


def run(session: Session | Opening, *, demo: Demo | None = None) -> Outcome:
    """Show the app until the person leaves, and close the session. Raises what `Opening.read` raises."""
    scrub()  # before Textual is imported: it reads them then
    gc.disable()  # until the first frame: collecting while a hundred classes are made finds nothing
    from onboard.tui.app import OnboardApp

    return OnboardApp(session, demo).sit()
