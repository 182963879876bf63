"""`onboard forget`: this project's secrets leave the keyring; the env file stays."""

from __future__ import annotations

import asyncio

from onboard.clean import line
from onboard.cli import common
from onboard.errors import NeedsPerson


def main(verb: str, words: list[str]) -> int:
    """Run the verb; return the exit code."""
    parser = common.parser(verb, "Remove this project's secrets from the keyring. The env file stays as it is.")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    options = parser.parse_args(words)
    session = common.trusted_session(options)
    if not options.yes:
        if not session.machine.terminal:
            raise NeedsPerson("forgetting cannot be taken back; nobody confirmed it", "run it in a terminal, or --yes")
        if not common.confirm(f"Remove the keyring item of {line(session.project.id)}?"):
            return common.PERSON

    async def forget() -> None:
        try:
            await session.forget()
        finally:
            await session.close()

    asyncio.run(forget())
    common.note("the keyring holds nothing of this project any more")
    return common.OK
