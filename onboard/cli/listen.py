"""`onboard listen`: all listeners until Ctrl-C, their signing secrets caught."""

from __future__ import annotations

import argparse
import asyncio
from contextlib import aclosing

from onboard.cli import common


def main(verb: str, words: list[str]) -> int:
    """Run the verb; return the exit code."""
    parser = common.parser(verb, "Forward webhooks to the dev server; the signing secret is stored as it is told.")
    parser.add_argument("--secrets", action="store_true", help="only get and store the signing secrets")
    return asyncio.run(_main(parser.parse_args(words)))


async def _main(options: argparse.Namespace) -> int:
    session = common.trusted_session(options)
    code = common.OK
    try:
        events = session.listener_secrets() if options.secrets else session.listen()
        async with aclosing(events):
            async for event in events:
                common.note(f"{event.source}: {event.text}")
                if event.kind == "exit":
                    code = common.FAILED
        return code
    finally:
        await session.close()
