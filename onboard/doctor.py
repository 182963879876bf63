"""The doctor runs checks together and gives their findings as they land."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import suppress
from inspect import isawaitable

from onboard.checks import crashed, elapsed_ms, plain
from onboard.checks._base import Check, View
from onboard.model import Finding, Status

AT_ONCE = 12
"""Checks that ask something outside at one time: two cores are kept free for the screen."""

TOTAL_SECONDS = 40.0
"""After which what has not answered is "could not tell"."""

_STOPS = (Status.FAIL, Status.UNKNOWN, Status.SKIPPED)


def selected(checks: Iterable[Check], only: Sequence[str], *, exactly: bool = False) -> tuple[Check, ...]:
    """Return the checks that the ids in `only` name: an id selects itself and those below it (not with `exactly`).

    Empty: all.

    What a selected check needs is looked at too, without being told.
    """
    everything = tuple(checks)
    if not only:
        return everything
    wanted = {
        check.id
        for check in everything
        if check.id in only or (not exactly and check.id.startswith(tuple(id + "." for id in only)))
    }
    needed = set(wanted)
    while True:
        more = {need for check in everything if check.id in needed for need in check.needs + check.after} - needed
        if not more:
            break
        needed |= more
    return tuple(check for check in everything if check.id in needed)


async def look(
    view: View, checks: Sequence[Check], *, allowed: bool = True, reason: str = ""
) -> AsyncGenerator[Finding, None]:
    """Yield every finding as it lands: the offline ones first, the others as their services answer.

    `allowed` false: checks that go outside are skipped, with `reason`. A check whose need failed is skipped with that
    reason; one that crashes or takes too long is UNKNOWN. Leaving the generator early cancels what still runs.
    """
    landed: dict[str, Finding | None] = {}
    for check in checks:
        if not check.outside:
            landed[check.id] = finding = plain(view, check)
            if finding is not None:
                yield finding
    outside = [check for check in checks if check.outside]
    if not allowed:
        for check in outside:
            yield check.says(Status.SKIPPED, reason)
        return
    slots = asyncio.Semaphore(AT_ONCE)
    deadline = time.monotonic() + TOTAL_SECONDS
    waiting = {check.id: asyncio.Event() for check in outside}
    results: asyncio.Queue[Finding | None] = asyncio.Queue()

    async def one(check: Check) -> None:
        finding: Finding | None = None
        try:
            for need in check.needs + check.after + check.unless:
                if need in waiting:
                    await waiting[need].wait()
            if not any(_tells(landed.get(id)) for id in check.unless):
                finding = _skip(check, landed) or await _asked(view, check, slots, deadline)
        finally:
            landed[check.id] = finding
            waiting[check.id].set()
            results.put_nowait(finding)

    tasks = [asyncio.create_task(one(check)) for check in _ordered(outside)]
    try:
        for _ in tasks:
            landing = await results.get()
            if landing is not None:
                yield landing
    finally:
        for task in tasks:
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks, return_exceptions=True)


def _ordered(checks: Sequence[Check]) -> list[Check]:
    """Return the checks with what is needed first. Raises graphlib.CycleError where needs run in a circle."""
    from graphlib import TopologicalSorter

    by_id = {check.id: check for check in checks}
    order = TopologicalSorter(
        {c.id: [id for id in c.needs + c.after + c.unless if id in by_id] for c in checks}
    ).static_order()
    return [by_id[id] for id in order]


def _tells(finding: Finding | None) -> bool:
    return finding is not None and finding.status in (Status.FAIL, Status.WARN)


def _skip(check: Check, landed: dict[str, Finding | None]) -> Finding | None:
    for need in check.needs:
        before = landed.get(need)
        if before is not None and before.status in _STOPS:
            skipped = before.status is Status.SKIPPED
            reason = f"{before.title}: {before.summary}" if skipped else f"not looked at: {before.title} comes first"
            return check.says(Status.SKIPPED, reason, variable=before.variable)
    return None


async def _asked(view: View, check: Check, slots: asyncio.Semaphore, deadline: float) -> Finding | None:
    async with slots:
        started = time.perf_counter()
        seconds = min(check.seconds, deadline - time.monotonic())
        try:
            async with asyncio.timeout(max(seconds, 0.01)):
                outcome = check.look(view)
                finding = await outcome if isawaitable(outcome) else outcome
        except TimeoutError:
            finding = check.says(Status.UNKNOWN, f"no answer within {check.seconds:g} s")
        except Exception as error:
            finding = crashed(check, error)
        return finding.with_time(elapsed_ms(started)) if finding else None
