"""`onboard` by itself: the wizard or the board in the terminal; the plan where there is none."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from onboard import tui
from onboard.cli import common
from onboard.tui import Opening

if TYPE_CHECKING:
    from onboard.model import Secret
    from onboard.session import Session


def main(verb: str, words: list[str]) -> int:
    """Run the wizard; return the exit code."""
    parser = common.parser("", "The wizard where something is owed, the status board where all is well.")
    parser.add_argument("--plain", action="store_true", help="line by line, for screen readers and simple terminals")
    options = parser.parse_args(words)
    machine, folder = common.machine(options), common.folder(options)
    return start(Opening(machine, folder, partial(common.read, machine, folder)), plain=options.plain)


def start(opening: Opening, *, plain: bool = False, demo: Mapping[str, Secret] | None = None) -> int:
    """Open a sitting in the form that this terminal allows; return the exit code.

    `demo`: the values that the sample project's services would hand out, filled in on a key press.
    """
    if not opening.machine.terminal:
        return asyncio.run(_plan(opening.read()))
    if plain or os.environ.get("TERM", "dumb") == "dumb":
        from onboard.cli import plain as plainly

        return plainly.run(opening.read(), demo or {})
    outcome = tui.run(opening, demo=tui.Demo(demo) if demo is not None else None)
    for text in outcome.lines:
        common.note(text)
    return outcome.code


async def _plan(session: Session) -> int:
    """Print what is owed: without a terminal nobody can be asked."""
    from onboard.cli import report
    from onboard.model import Status

    try:
        async for _finding in session.look():
            pass
        owed = session.plan()
        for one in owed:
            common.out(f"{report.WORDS[one.finding.status]}: {one.finding.title}: {one.finding.summary}")
            common.out(f"   → {report.step_text(one.step)}")
        if owed:
            common.note("onboard needs a terminal to go on; `onboard setup --yes` does what needs no person")
            return common.PERSON
        common.note("nothing is owed")
        unknown = any(f.status is Status.UNKNOWN for f in session.findings.values())
        return common.UNKNOWN if unknown else common.OK
    finally:
        await session.close()
