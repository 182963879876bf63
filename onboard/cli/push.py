"""`onboard push`: the schema push, guarded."""

from __future__ import annotations

import argparse
import asyncio
import sys

from onboard.clean import line
from onboard.cli import common
from onboard.errors import NeedsPerson


def main(verb: str, words: list[str]) -> int:
    """Run the verb; return the exit code."""
    parser = common.parser(verb, "Push the schema to the database that the project's URL names.")
    parser.add_argument("--yes", action="store_true", help="do not ask; a production database is refused all the same")
    return asyncio.run(_main(parser.parse_args(words)))


async def _main(options: argparse.Namespace) -> int:
    session = common.trusted_session(options)
    try:
        push = session.app.push
        if push is None:
            common.note("this project has no schema push")
            return common.USAGE
        async for finding in session.look("database.target"):
            common.note(f"{line(finding.title)}: {line(finding.detail or finding.summary)}")
        typed = ""
        if not options.yes:
            if not session.machine.terminal:
                raise NeedsPerson(
                    "a push changes a database; nobody confirmed it", "run `onboard push` in a terminal, or --yes"
                )
            if not common.confirm(f"Run `{line(push.command)}` there?"):
                common.note("not run")
                return common.PERSON
        try:
            return await _show(session.push(confirmed=typed))
        except NeedsPerson as stop:
            if options.yes or not session.machine.terminal:
                raise
            common.note(f"{stop.message}\n{stop.hint}")
            sys.stderr.write("> ")
            sys.stderr.flush()
            return await _show(session.push(confirmed=sys.stdin.readline().strip()))
    finally:
        await session.close()


async def _show(events: common.Events) -> int:
    code = common.FAILED
    async for event in events:
        common.note(f"  {event.text}")
        if event.kind == "done":
            code = common.OK
    return code
