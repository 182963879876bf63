"""`onboard env`: the env file made from template and keyring; its value-free diff; the last write taken back."""

from __future__ import annotations

import argparse
import asyncio

from onboard.clean import line
from onboard.cli import common
from onboard.errors import UsageError


def main(verb: str, words: list[str]) -> int:
    """Run the verb; return the exit code."""
    parser = common.parser(verb, "The env file: by default, what would be written.")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--write", action="store_true", help="write it")
    which.add_argument("--diff", action="store_true", help="the names that a write would change (the default)")
    which.add_argument("--undo", action="store_true", help="take the last write back")
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--without-secrets", action="store_true", help="with --write: secrets leave the file, and rest in the keyring"
    )
    where.add_argument("--with-secrets", action="store_true", help="with --write: they come back into the file")
    options = parser.parse_args(words)
    if (options.without_secrets or options.with_secrets) and not options.write:
        raise UsageError("where the secrets rest is chosen together with --write", "`onboard env --write …`")
    return asyncio.run(_main(options))


async def _main(options: argparse.Namespace) -> int:
    if not (options.write or options.undo):
        session = common.open_session(options)
        try:
            changes = await session.env_changes()
            for sign, name in changes:
                common.out(f"{sign} {line(name)}")
            if not changes:
                common.note(f"{session.env_name} needs no change")
            return common.OK
        finally:
            await session.close()
    session = common.trusted_session(options)
    try:
        if options.undo:
            names = await session.undo()
            common.note(f"taken back: {', '.join(map(line, names))}" if names else "there is nothing to take back")
            return common.OK if names else common.FAILED
        if options.without_secrets or options.with_secrets:
            names, warnings = await session.place_secrets(in_file=options.with_secrets)
            if options.without_secrets:
                common.note("the secrets rest in the keyring alone from now on: `onboard run -- CMD` hands them over")
        else:
            names, warnings = await session.write_env()
        for warning in warnings:
            common.note(f"note: {warning}")
        common.note(f"{session.env_name} written" + (f": {', '.join(map(line, names))}" if names else ", as it was"))
        return common.OK
    finally:
        await session.close()
