"""`onboard setup`: headless; the steps that need no person are done, what is left is said."""

from __future__ import annotations

import argparse
import asyncio

from onboard.cli import common, report
from onboard.model import Run, Status, Step, Who, Write
from onboard.session import Session

_ROUNDS = 8
"""Looks at most: each round of steps can make others possible (a file, then a push)."""


def main(verb: str, words: list[str]) -> int:
    """Run the verb; return the exit code: 4 where a person is needed for the rest."""
    parser = common.parser(verb, "Do what needs no person, and say what is left.")
    parser.add_argument("--yes", action="store_true", help="run the commands too (install, push), not only write files")
    parser.add_argument("--file-only", action="store_true", help="no keyring here: keep secrets in the env file alone")
    return asyncio.run(_main(parser.parse_args(words)))


async def _main(options: argparse.Namespace) -> int:
    session = common.trusted_session(options)
    try:
        if options.file_only:
            session.choose_file_only()
        await _do_all(session, options.yes)
        owed = session.plan()
        for one in owed:
            common.note(f"{report.WORDS[one.finding.status]}: {one.finding.title}: {one.finding.summary}")
            common.note(f"   → {report.step_text(one.step)}")
        if not owed:
            common.note("nothing is owed")
        code = report.exit_code(session.findings.values())
        needs_person = any(one.step.who is Who.PERSON and one.finding.status is Status.FAIL for one in owed)
        return common.PERSON if needs_person else code
    finally:
        await session.close()


async def _do_all(session: Session, commands: bool) -> None:
    tried: set[Step] = set()
    for _ in range(_ROUNDS):
        async for _finding in session.look():
            pass
        step = next(
            (
                owed.step
                for owed in session.plan()
                if owed.step not in tried
                and owed.step.who is Who.ANYONE
                and (isinstance(owed.step, Write) or (commands and isinstance(owed.step, Run)))
            ),
            None,
        )
        if step is None:
            return
        tried.add(step)
        common.note(f"{step.text}")
        async for event in session.do(step):
            common.note(f"  {event.text}")
