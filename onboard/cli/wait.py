"""`onboard wait`: returns when a person has entered the variables, so that a coding agent can hand over."""

from __future__ import annotations

import argparse
import time

from onboard.clean import line
from onboard.cli import common
from onboard.errors import UsageError


def main(verb: str, words: list[str]) -> int:
    """Run the verb; return 0 once all are there and look right, 4 after the timeout."""
    parser = common.parser(verb, "Wait until a person has entered these variables.")
    parser.add_argument("names", nargs="+", metavar="NAME")
    parser.add_argument("--timeout", type=float, default=600.0, metavar="S", help="seconds (default 600)")
    return _main(parser.parse_args(words))


def _main(options: argparse.Namespace) -> int:
    session = common.open_session(options)
    known = {row.name for row in session.rows()}
    for name in options.names:
        if name not in known and all(v.name != name for v in session.variables):
            raise UsageError(f"this project does not know {line(name, limit=80)}", "`onboard list` shows the names")
    common.note(f"waiting for a person: onboard set {' '.join(map(line, options.names))}")
    until = time.monotonic() + options.timeout
    while True:
        states = {row.name: row.state for row in session.rows()}
        missing = [name for name in options.names if states.get(name) not in ("ok", "unverified")]
        if not missing:
            return common.OK
        if time.monotonic() >= until:
            common.note(f"still missing: {', '.join(map(line, missing))}")
            return common.PERSON
        time.sleep(min(1.0, max(until - time.monotonic(), 0.01)))
