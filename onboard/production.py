"""Production: would this touch it? Asked before the app is started, and stopped where any sign says so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from onboard import checks as all_checks
from onboard import doctor, target
from onboard.checks import database
from onboard.checks._base import View
from onboard.errors import NeedsPerson, OnboardError
from onboard.model import Event, Status
from onboard.winning import Source


async def stopped(view: View, confirmed: str) -> AsyncGenerator[Event, None]:
    """Yield what is known of the app's database. Raises NeedsPerson where it would, and `confirmed` is not its name."""
    found = database.database(view)
    typed = ""
    if found is not None and (value := view.values.get(found[1])):
        sign, typed = target.by_name(view, Source(found[1], value, view.env_path.name))
        if sign and confirmed != typed:
            raise NeedsPerson(
                f"{found[1]} is a production database ({sign}); nothing was started",
                f"a person who means it types its name: {typed}",
            )
    checks = all_checks.everything(view)
    ids = [check.id for check in checks if check.id.startswith("mode.")]
    ids += ["database.target", f"live.{found[0]}"] if found else []
    view.verdicts.clear()
    if not ids:
        return
    async with aclosing(doctor.look(view, doctor.selected(checks, ids, exactly=True))) as findings:
        async for finding in findings:
            if finding.status is Status.FAIL and finding.id.startswith("mode."):
                raise NeedsPerson(
                    f"{finding.summary}; nothing was started", "replace it by a test key, then come again"
                )
            if finding.id != "database.target":
                continue
            if finding.status is Status.FAIL:
                name = finding.evidence.get("branch") or finding.evidence.get("database") or "production"
                if confirmed not in {name, typed} - {""}:
                    raise NeedsPerson(
                        f"{finding.summary}; nothing was started", f"a person who means it types its name: {name}"
                    )
            elif finding.status is Status.OK:
                yield Event(f"database: {finding.detail or finding.summary}")
            else:
                text = f"which database the app will touch could not be told: {finding.summary}"
                yield Event(text, level=Status.WARN)


async def tables(view: View) -> int | None:
    """Return how many tables the app's database has; `None`: there is none, or it did not say."""
    found = database.database(view)
    provider = next((service.provider for service in view.services if found and service.provider.id == found[0]), None)
    if found is None or provider is None:
        return None
    try:
        async with asyncio.timeout(15):
            found_tables = await provider.tables(found[2], view.machine)
    except (OnboardError, TimeoutError):
        return None
    return None if found_tables is None else len(found_tables)
