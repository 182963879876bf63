"""`onboard dev`: the dev server and its listeners under one supervisor, until Ctrl-C."""

from __future__ import annotations

import argparse
import asyncio
import sys
from contextlib import aclosing

from onboard.cli import common
from onboard.errors import NeedsPerson
from onboard.model import Event

_OURS = "onboard"


def main(verb: str, words: list[str]) -> int:
    """Run the verb; return the exit code."""
    parser = common.parser(
        verb, "The dev server and its listeners, until Ctrl-C; each line with the name of its process."
    )
    parser.add_argument("--prove", action="store_true", help="send signed test events once the app answers")
    return asyncio.run(_main(parser.parse_args(words)))


async def _main(options: argparse.Namespace) -> int:
    session = common.trusted_session(options)
    try:
        try:
            return await _show(session.dev(prove=options.prove))
        except NeedsPerson as stop:
            if not session.machine.terminal:
                raise
            common.note(f"{stop.message}\n{stop.hint}")
            sys.stderr.write("> ")
            sys.stderr.flush()
            typed = await asyncio.to_thread(sys.stdin.readline)
            return await _show(session.dev(prove=options.prove, confirmed=typed.strip()))
    finally:
        await session.close()


async def _show(events: common.Events) -> int:
    """Print what happens: what the processes say to stdout, what we say of them to stderr."""
    width = len(_OURS)
    last: Event | None = None
    async with aclosing(events):
        async for event in events:
            width = max(width, min(len(event.source), 24))
            text = f"{event.source:<{width}} | {event.text}"
            if event.source == _OURS or event.kind != "line":
                common.note(text)
            else:
                common.out(text)
                sys.stdout.flush()
            last = event
    if last is not None and last.kind == "exit" and (hint := last.data.get("hint")):
        common.note(f"   hint: {hint}")
    return common.FAILED  # nothing but the dev server's own end brings us here
