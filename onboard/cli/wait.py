"""`onboard wait`: returns when a person has entered the variables, so that a coding agent can hand over."""

from __future__ import annotations

import argparse
import asyncio
import time

from onboard.clean import clean, line
from onboard.cli import common, report
from onboard.errors import UsageError
from onboard.model import Finding, Status
from onboard.session import Session

POLL = 0.5
"""Seconds between two looks at the files."""


def main(verb: str, words: list[str]) -> int:
    """Run the verb; return 0 once all are there and accepted, 1 where one is refused, 3 where a service could not
    tell, 4 after the timeout.
    """
    parser = common.parser(verb, "Wait until a person has entered these variables and their services accepted them.")
    parser.add_argument("names", nargs="+", metavar="NAME")
    parser.add_argument("--timeout", type=float, default=600.0, metavar="S", help="seconds (default 600)")
    return asyncio.run(_main(parser.parse_args(words)))


async def _main(options: argparse.Namespace) -> int:
    session = common.open_session(options)
    known = {row.name for row in session.rows()}
    for name in options.names:
        if name not in known and all(v.name != name for v in session.variables):
            raise UsageError(f"this project does not know {line(name, limit=80)}", "`onboard list` shows the names")
    common.note(f"waiting for a person: onboard set {' '.join(map(line, options.names))}")
    try:
        return await _wait(session, tuple(dict.fromkeys(options.names)), time.monotonic() + options.timeout)
    finally:
        await session.close()


async def _wait(session: Session, names: tuple[str, ...], until: float) -> int:
    told: dict[str, tuple[str | None, Finding]] = {}
    """By name: the value's fingerprint, and what is so of it. Each value is asked about once."""
    while True:
        marks = {row.name: (row.fingerprint, row.state) for row in session.rows()}
        for name in names:
            if name in told and told[name][0] == marks.get(name, (None, ""))[0]:
                continue
            told.pop(name, None)
            if (found := await session.settled(name)) is not None:
                told[name] = marks[name][0], found
                common.note(f"{report.WORDS[found.status]}: {line(name)}: {clean(found.summary)}")
        status = {found.status for _, found in told.values()}
        if Status.FAIL in status:
            return common.FAILED
        if len(told) == len(names):
            return common.UNKNOWN if Status.UNKNOWN in status else common.OK
        if time.monotonic() >= until:
            return _gave_up(session, [name for name in names if name not in told])
        await asyncio.sleep(min(POLL, max(until - time.monotonic(), 0.01)))


def _gave_up(session: Session, names: list[str]) -> int:
    common.note(f"still missing: {', '.join(map(line, names))}")
    if not session.trusted:
        common.note("   hint: this repository is not approved yet: a person runs `onboard trust` first")
    return common.PERSON
