"""`onboard import --from SOURCE`: values that lie elsewhere already, shown by name, taken after a yes."""

from __future__ import annotations

import argparse
import re
from functools import partial

from onboard.clean import clean, line
from onboard.cli import common, provision
from onboard.cli.importing import take
from onboard.errors import NeedsPerson, UsageError
from onboard.session import Session


async def main(options: argparse.Namespace) -> int:
    """List the sources, or read one; return the exit code."""
    for name in options.words:
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
            raise UsageError(f"{line(name, limit=80)} is no variable's name")
    if not options.source:
        return await _list(options)
    session = common.trusted_session(options)
    try:
        return await _from(session, options)
    finally:
        await session.close()


async def _list(options: argparse.Namespace) -> int:
    session = common.trusted_session(options)
    try:
        for source in session.sources():
            common.out(f"{line(source.id, limit=40):<10} {clean(source.text)}" + _why(source.missing))
        common.note("`onboard import --from SOURCE [NAME…]` shows what is there by name, and asks before it takes it")
        return common.OK
    finally:
        await session.close()


def _why(missing: str) -> str:
    return f"  (not now: {clean(missing)})" if missing else ""


async def _from(session: Session, options: argparse.Namespace) -> int:
    tell = partial(provision.tell, session)
    await session.listed()  # what the keyring holds is here already
    offer = session.source_offer(options.source, options.words)
    typed = provision.typed(offer) if offer is not None and session.machine.terminal else {}
    found = await session.read_source(options.source, options.words, typed, tell)
    if not found:
        common.note("nothing there that is missing here; nothing was saved")
        return common.FAILED if options.words else common.OK
    present = {row.name: row.fingerprint for row in session.rows() if row.state not in ("missing", "placeholder")}
    for one in found:
        mark = session.fingerprint(one.value)
        old = f", in place of {present[one.name]}" if one.name in present else ""
        common.out(f"{one.name}  {mark}  from {clean(one.place)}{old}")
    if not common.confirm("Take them over?"):
        raise NeedsPerson("nothing was saved")
    values = {one.name: one.value for one in found}
    return await take(session, values, exact=False, verify=not options.no_verify)
