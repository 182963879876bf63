"""`onboard explain`: one variable: where it is declared, needed, found and used, and which source wins."""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Iterable
from dataclasses import asdict
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
        session.glance()
        found = _facts(session, options.name)
    finally:
        await session.close()
    if options.json:
        common.out(json.dumps({"schema_version": SCHEMA_VERSION} | found, indent=1))
        return common.OK
    for name, value in found.items():
        if value not in (None, "", [], False):
            text = _words(value)
            common.out(f"{name.replace('_', ' '):<14} {clean(text)}")
    return common.OK


def _words(value: object) -> str:
    """Return a fact in words: a reader's choice, a place's state and a finding each on a line of its own."""
    if isinstance(value, dict):
        return _lines(f"{place}: {word}" for place, word in value.items())
    if not isinstance(value, list):
        return str(value)
    if value and isinstance(value[0], dict):
        if "reader" in value[0]:
            return _lines(f"{one['reader']} takes it from {one['wins'] or 'nowhere'}: {one['why']}" for one in value)
        return _lines(f"{one['status']}: {one['summary']} ({one['id']})" for one in value)
    return ", ".join(map(str, value))


def _lines(texts: Iterable[str]) -> str:
    return ("\n" + " " * 15).join(texts)


def _facts(session: Session, name: str) -> dict[str, Any]:
    row = next((row for row in session.rows() if row.name == name), None)
    variable = next((v for v in session.variables if v.name == name), None)
    if row is None:
        raise UsageError(f"{line(name, limit=80)} is not known here", "`onboard list` shows the names")
    board = next((line for line in session.matrix().lines if line.name == name), None)
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
        "read_by": session.app.readers[0] if session.app.readers else None,
        "readings": [asdict(reading) for reading in session.readings(name)],
        "places": dict(board.cells) if board else {},
        "findings": [
            {"id": f.id, "status": f.status.value, "summary": f.summary}
            for f in session.findings.values()
            if f.variable == name
        ],
        "set_at": row.set_at,
        "verified_at": row.verified_at,
        "fingerprint": row.fingerprint,
        "where_to_get": variable.link if variable else None,
    }
