"""`onboard run -- CMD`: a command with the project's variables; its exit code is ours."""

from __future__ import annotations

import asyncio
import sys

from onboard.cli import common
from onboard.errors import UsageError


def main(verb: str, words: list[str]) -> int:
    """Run the verb; return the command's exit code."""
    own, separator, argv = _split(words)
    options = common.parser(verb, "A command with the project's variables: run -- CMD …").parse_args(own)
    if not separator or not argv:
        raise UsageError("run takes a command after --", "for example: onboard run -- pnpm dev")
    session = common.trusted_session(options)
    # A terminal is the person's own: the command gets it whole, with its signals. What is captured is redacted.
    streams = (None, None) if sys.stdout.isatty() else (sys.stdout.buffer, sys.stderr.buffer)
    return asyncio.run(session.run(argv, *streams))


def _split(words: list[str]) -> tuple[list[str], bool, list[str]]:
    if "--" not in words:
        return words, False, []
    at = words.index("--")
    return words[:at], True, words[at + 1 :]
