"""`onboard set` and `onboard unset`: one value in, checked and saved; one variable out."""

from __future__ import annotations

import argparse
import asyncio
import re
import sys

from onboard.clean import line
from onboard.cli import common, report
from onboard.entry import Trial
from onboard.errors import NeedsPerson, UsageError
from onboard.model import Status

LARGEST = 1 << 20
"""Bytes of one value."""


def main(verb: str, words: list[str]) -> int:
    """Run the verb; return the exit code."""
    about = (
        "Take a value from stdin or a hidden prompt." if verb == "set" else "Take a variable out of file and keyring."
    )
    parser = common.parser(verb, about)
    parser.add_argument("name", metavar="NAME")
    if verb == "set":
        parser.add_argument("--no-verify", action="store_true", help="save without asking the service")
        parser.add_argument("--make", action="store_true", help="have it made or found instead of typing it")
    options = parser.parse_args(words)
    if "=" in options.name:
        raise UsageError(
            "a value on the command line can be read by everybody on this machine; nothing was saved",
            f"`onboard set {line(options.name.split('=')[0], limit=80)}` asks for it; change that key",
        )
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", options.name):
        raise UsageError("a variable's name has letters, digits and underscores")
    if verb == "set" and options.make:
        from onboard.cli import provision

        return asyncio.run(provision.make(options))
    return asyncio.run(_set(options) if verb == "set" else _unset(options))


async def _set(options: argparse.Namespace) -> int:
    session = common.trusted_session(options)
    name = options.name
    try:
        text = _read(name, session.machine.terminal)
        pasted = session.clean(name, text)
        if pasted.removed:
            common.note(f"taken off: {', '.join(pasted.removed)}")
        values = {name: pasted.value}
        trial = await session.attempt(values, verify=not options.no_verify)
        for finding in trial.findings:
            if finding.summary:
                common.note(f"{report.WORDS[finding.status]}: {finding.summary}")
        code = decided(trial)
        if code != common.OK:
            if code == common.FAILED and (page := session.form((name,)).page):
                common.note(f"   → {page}")
            return code
        for warning in await session.save(values, trial):
            common.note(f"note: {warning}")
        common.note(f"{name} saved in {session.env_name}")
        return common.OK
    finally:
        await session.close()


def decided(trial: Trial) -> int:
    """Return the exit code that a trial means where nobody can be asked; say what was not done."""
    if trial.may_save:
        return common.OK
    if trial.may_insist and any(f.status is Status.UNKNOWN for f in trial.findings):
        common.note("could not tell whether it works; nothing was saved. `--no-verify` saves it unverified")
        return common.UNKNOWN
    common.note("refused; nothing was saved")
    return common.FAILED


def _read(name: str, terminal: bool) -> str:
    if sys.stdin is not None and not sys.stdin.isatty():
        data = sys.stdin.buffer.read(LARGEST + 1)
        if len(data) > LARGEST:
            raise UsageError("a value has at most 1 MiB")
        if not data:
            raise NeedsPerson("nothing came on stdin", f"run `onboard set {name}` in your terminal")
        return data.decode("utf-8", "surrogateescape")
    if not terminal:
        raise NeedsPerson("a person has to type this value", f"run `onboard set {name}` in your terminal")
    return common.answer(f"{name} (hidden): ", hidden=True)


async def _unset(options: argparse.Namespace) -> int:
    session = common.trusted_session(options)
    try:
        for warning in await session.unset(options.name):
            common.note(f"note: {warning}")
        common.note(f"{options.name} taken out")
        return common.OK
    finally:
        await session.close()
