"""`onboard import`: many values at once, from an old env file or JSON."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from pathlib import Path

from onboard.clean import line
from onboard.cli import common, report
from onboard.entry import Trial
from onboard.errors import OnboardError, UsageError
from onboard.model import Secret, Status
from onboard.session import Session

LARGEST = 8 << 20
"""Bytes of one import."""


def main(verb: str, words: list[str]) -> int:
    """Run the verb; return the exit code: 1 where a value was refused, 3 where one could not be checked."""
    parser = common.parser(verb, "Take many values at once; says what it took, changed or refused.")
    parser.add_argument(
        "words", nargs="*", metavar="FILE", help="an env file, a JSON object of names and values, or - for stdin"
    )
    parser.add_argument(
        "--from",
        nargs="?",
        const="",
        dest="source",
        metavar="SOURCE",
        help="where values lie already, with NAMEs after it; alone, it lists what there is",
    )
    parser.add_argument(
        "--format", choices=("env", "json"), default=None, help="default: by the file's ending, else env"
    )
    parser.add_argument("--no-verify", action="store_true", help="save without asking the services")
    options = parser.parse_args(words)
    if options.source is not None:
        from onboard.cli import sourcing

        return asyncio.run(sourcing.main(options))
    if len(options.words) != 1:
        raise UsageError("import takes one FILE, or --from SOURCE", "`onboard import --from` lists the sources")
    return asyncio.run(_main(options))


async def _main(options: argparse.Namespace) -> int:
    file = options.words[0]
    data = _read(file)
    form = options.format or ("json" if file.endswith(".json") else "env")
    session = common.trusted_session(options)
    try:
        values = _from_json(data) if form == "json" else session.parse(data)
        if not values:
            raise UsageError("there is no variable in it; nothing was changed")
        return await take(session, values, exact=form == "json", verify=not options.no_verify)
    finally:
        await session.close()


def _read(file: str) -> bytes:
    try:
        if file == "-":
            data = sys.stdin.buffer.read(LARGEST + 1)
        else:
            with Path(file).open("rb") as stream:
                data = stream.read(LARGEST + 1)
    except OSError as error:
        raise UsageError(f"{line(file, limit=200)} cannot be read: {error.strerror}") from None
    if len(data) > LARGEST:
        raise UsageError("more than 8 MiB is no env file")
    return data


def _from_json(data: bytes) -> dict[str, Secret]:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        raise UsageError("this is not JSON") from None
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise UsageError("the JSON must be one object of names and texts")
    return {name: Secret(value) for name, value in found.items()}


async def take(session: Session, values: dict[str, Secret], *, exact: bool, verify: bool) -> int:
    """Check and save the values, those of one service together; name what was refused."""
    code = common.OK
    waiting = list(session.grouped(values))
    while waiting:
        names = waiting.pop(0)
        shown = ", ".join(line(name, limit=80) for name in names)
        try:
            group = {name: values[name] if exact else _meant(session, name, values[name]) for name in names}
            trial = await session.attempt(group, verify=verify)
            taken, why = _decided(trial)
            if not taken:
                # One bad value of a service must not keep its good ones out.
                bad = {f.variable for f in trial.findings if f.status is Status.FAIL} & set(names) or set(names)
                waiting += [rest] if (rest := tuple(name for name in names if name not in bad)) else []
                common.note(f"refused   {', '.join(line(name, limit=80) for name in names if name in bad)}: {why}")
                code = common.FAILED
                continue
            warnings = await session.save(group, trial)
            common.note(f"taken     {shown}" + (f": {why}" if why else ""))
            for warning in warnings:
                common.note(f"          note: {warning}")
        except OnboardError as error:
            common.note(f"refused   {shown}: {error.message}" + (f" ({error.hint})" if error.hint else ""))
            code = common.FAILED
    return code


def _meant(session: Session, name: str, value: Secret) -> Secret:
    """Return what an old env file's value was meant to be; say where that is not what stands there."""
    pasted = session.clean(name, value.reveal())
    if pasted.removed:
        common.note(f"changed   {line(name, limit=80)}: taken off: {', '.join(pasted.removed)}")
    return pasted.value


def _decided(trial: Trial) -> tuple[bool, str]:
    """Return whether a group is taken and the words for it: what could not be checked is taken and said."""
    problems = [f for f in trial.findings if f.status not in (Status.OK, Status.SKIPPED)]
    words = "; ".join(f"{report.WORDS[f.status]}: {f.summary}" for f in problems)
    return trial.may_save or trial.may_insist, words
