"""`onboard explain`: one variable: where it is declared, needed, found and used, and which source wins."""

from __future__ import annotations

import argparse
import asyncio
import json
from typing import Any

from onboard.clean import clean, line
from onboard.cli import common
from onboard.errors import UsageError
from onboard.model import SCHEMA_VERSION
from onboard.session import Session


def main(verb: str, words: list[str]) -> int:
    """Run the verb; return the exit code."""
    parser = common.parser(verb, "Everything about one variable but its value.")
    parser.add_argument("name", metavar="NAME")
    parser.add_argument("--json", action="store_true", help="as JSON")
    return asyncio.run(_main(parser.parse_args(words)))


async def _main(options: argparse.Namespace) -> int:
    session = common.open_session(options)
    try:
        await session.listed()
        found = _facts(session, options.name)
    finally:
        await session.close()
    if options.json:
        common.out(json.dumps({"schema_version": SCHEMA_VERSION} | found, indent=1))
        return common.OK
    for name, value in found.items():
        if value not in (None, "", [], False):
            text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
            common.out(f"{name.replace('_', ' '):<14} {clean(text)}")
    return common.OK


def _facts(session: Session, name: str) -> dict[str, Any]:
    row = next((row for row in session.rows() if row.name == name), None)
    variable = next((v for v in session.variables if v.name == name), None)
    if row is None:
        raise UsageError(f"{line(name, limit=80)} is not known here", "`onboard list` shows the names")
    reader = session.app.readers[0] if session.app.readers else None
    return {
        "name": row.name,
        "state": row.state,
        "provider": row.provider,
        "kind": row.kind,
        "need": ("probably " if variable and variable.probably else "") + row.need,
        "about": variable.description if variable else "",
        "section": variable.section if variable else None,
        "declared_in": list(variable.declared_in) if variable else [],
        "rules": list(variable.rules) if variable else [],
        "used_in": list(variable.used_in) if variable else [],
        "sources": list(row.sources),
        "wins": row.wins,
        "read_by": reader,
        "set_at": row.set_at,
        "verified_at": row.verified_at,
        "fingerprint": row.fingerprint,
        "where_to_get": variable.link if variable else None,
    }
