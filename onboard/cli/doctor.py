"""`onboard doctor`: every check, live ones too."""

from __future__ import annotations

import argparse
import asyncio
import json

from onboard.cli import common, report
from onboard.model import Finding, Run, Status, Step, Who, Write
from onboard.session import Session

_PROBLEMS = (Status.FAIL, Status.WARN, Status.UNKNOWN)


def main(verb: str, words: list[str]) -> int:
    """Run the verb; return the exit code."""
    parser = common.parser(verb, "Look at everything: tools, variables, live credentials, database, webhooks.")
    parser.add_argument("--offline", action="store_true", help="no network, keyring or child process")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="the JSON of the contract")
    form.add_argument("--markdown", action="store_true", help="a value-free table to paste into a chat")
    parser.add_argument("--only", nargs="+", default=[], metavar="ID", help="these checks and those below them")
    parser.add_argument("--problems", action="store_true", help="only what is not fine")
    parser.add_argument("--fix", action="store_true", help="do what needs no person, then look again")
    options = parser.parse_args(words)
    return asyncio.run(_main(options))


async def _main(options: argparse.Namespace) -> int:
    session = common.trusted_session(options) if options.fix else common.open_session(options)
    try:
        findings = await _look(session, options)
        if options.fix and await fix(session, findings):
            findings = await _look(session, options)
    finally:
        await session.close()
    code = report.exit_code(findings)
    shown = [f for f in findings if f.status in _PROBLEMS] if options.problems else findings
    if options.json:
        common.out(json.dumps(report.as_json(session.project, shown, code), ensure_ascii=False, indent=1))
    elif options.markdown:
        common.out(report.markdown(session.project, shown))
    else:
        for text in report.lines(shown, colour=report.wants_colour()):
            common.out(text)
        common.out(_total(findings))
    return code


async def _look(session: Session, options: argparse.Namespace) -> list[Finding]:
    """Return all findings in steady order: by stage, then as the checks are listed."""
    from onboard.plan import Stage, stage_of

    found = [finding async for finding in session.look(*options.only, offline=options.offline)]
    order = {stage: position for position, stage in enumerate(Stage)}
    return sorted(found, key=lambda finding: (order[stage_of(finding.id)], finding.id))


async def fix(session: Session, findings: list[Finding]) -> bool:
    """Do each owed step that needs no person, once; return whether there was one."""
    done: list[Step] = []
    for owed in session.plan():
        step = owed.step
        if step in done or step.who is not Who.ANYONE or not isinstance(step, (Write, Run)):
            continue
        done.append(step)
        async for event in session.do(step):
            common.note(f"  {event.source}: {event.text}")
    return bool(done)


def _total(findings: list[Finding]) -> str:
    counts = [(sum(f.status is status for f in findings), report.WORDS[status]) for status in Status]
    return "\n" + " · ".join(f"{count} {word}" for count, word in counts if count)
