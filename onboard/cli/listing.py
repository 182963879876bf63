"""`onboard list`: each variable with its state, its places and its age. Never a value."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict

from onboard.clean import line
from onboard.cli import common
from onboard.model import SCHEMA_VERSION


def main(verb: str, words: list[str]) -> int:
    """Run the verb; return the exit code."""
    parser = common.parser(verb, "Each variable: state, where its value lives, which source wins, age.")
    parser.add_argument("--json", action="store_true", help="the JSON of the contract")
    options = parser.parse_args(words)
    session = common.open_session(options)

    async def rows() -> list[dict[str, object]]:
        try:
            return [asdict(row) for row in await session.listed()]
        finally:
            await session.close()

    found = asyncio.run(rows())
    if options.json:
        common.out(json.dumps({"schema_version": SCHEMA_VERSION, "variables": found}, ensure_ascii=False, indent=1))
        return common.OK
    for row in found:
        sources = row["sources"]
        places = ", ".join(sources) if isinstance(sources, (list, tuple)) and sources else "nowhere"
        date = str(row["set_at"] or "")[:10]
        common.out(f"{line(str(row['name'])):<42} {row['state']!s:<12} {places:<24} {row['provider'] or '':<12} {date}")
    return common.OK
