"""The doctor runs checks together, and no check can break it."""

import asyncio
import graphlib
from contextlib import aclosing
from typing import cast

import pytest

from onboard import doctor
from onboard.checks import look_offline
from onboard.checks._base import Check, View
from onboard.model import Finding, Status

VIEW = cast(View, object())
"""The checks below look at nothing."""


def says(id: str, status: Status, needs: tuple[str, ...] = (), *, outside: bool = True, **more: object) -> Check:
    async def later(view: View) -> Finding:
        await asyncio.sleep(0)
        return Finding(id, id.title(), status, "said")

    def now(view: View) -> Finding:
        return Finding(id, id.title(), status, "said")

    return Check(id, id.title(), later if outside else now, needs, outside=outside, **more)  # type: ignore[arg-type]


def crashes(id: str, *, outside: bool = True) -> Check:
    def broken(view: View) -> Finding:
        raise RuntimeError("sk_test_canary")

    return Check(id, id.title(), broken, outside=outside)


def mute(id: str, seconds: float = 0.05) -> Check:
    async def never(view: View) -> Finding:
        await asyncio.Event().wait()
        raise AssertionError

    return Check(id, id.title(), never, outside=True, seconds=seconds)


async def looked(*checks: Check, allowed: bool = True) -> dict[str, Finding]:
    return {f.id: f async for f in doctor.look(VIEW, checks, allowed=allowed, reason="not approved")}


@pytest.mark.anyio
async def test_every_check_gives_its_finding() -> None:
    found = await looked(says("a", Status.OK), says("b", Status.FAIL), says("c", Status.WARN, outside=False))

    assert {id: f.status for id, f in found.items()} == {"a": Status.OK, "b": Status.FAIL, "c": Status.WARN}


@pytest.mark.anyio
@pytest.mark.parametrize("status", [Status.FAIL, Status.UNKNOWN, Status.SKIPPED])
async def test_a_check_is_skipped_with_the_reason_when_what_it_needs_is_missing(status: Status) -> None:
    found = await looked(says("later", Status.OK, ("first",)), says("first", status))

    assert found["later"].status is Status.SKIPPED
    assert "First" in found["later"].summary


@pytest.mark.anyio
async def test_a_check_goes_on_when_what_it_needs_only_warns() -> None:
    found = await looked(says("later", Status.OK, ("first",)), says("first", Status.WARN))

    assert found["later"].status is Status.OK


@pytest.mark.anyio
@pytest.mark.parametrize("status", [Status.FAIL, Status.WARN])
async def test_a_check_says_nothing_when_another_told_the_cause(status: Status) -> None:
    found = await looked(says("drift", Status.WARN, unless=("live",)), says("live", status))

    assert "drift" not in found


@pytest.mark.anyio
@pytest.mark.parametrize("outside", [True, False])
async def test_a_check_that_crashes_is_unknown_and_tells_nothing_of_its_error(outside: bool) -> None:
    found = await looked(crashes("broken", outside=outside), says("other", Status.OK))

    assert found["broken"].status is Status.UNKNOWN
    assert "canary" not in repr(found["broken"])
    assert found["other"].status is Status.OK


@pytest.mark.anyio
async def test_a_check_that_never_answers_could_not_tell() -> None:
    found = await looked(mute("mute"), says("other", Status.OK))

    assert found["mute"].status is Status.UNKNOWN


@pytest.mark.anyio
async def test_without_approval_nothing_outside_is_looked_at() -> None:
    found = await looked(crashes("outside"), says("file", Status.OK, outside=False), allowed=False)

    assert found["outside"].status is Status.SKIPPED
    assert found["outside"].summary == "not approved"
    assert found["file"].status is Status.OK


@pytest.mark.anyio
async def test_needs_that_run_in_a_circle_are_refused() -> None:
    with pytest.raises(graphlib.CycleError):
        await looked(says("a", Status.OK, ("b",)), says("b", Status.OK, ("a",)))


@pytest.mark.anyio
async def test_leaving_early_ends_what_still_runs() -> None:
    ended = asyncio.Event()

    async def long(view: View) -> Finding:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        raise AssertionError

    async with aclosing(
        doctor.look(VIEW, [says("quick", Status.OK), Check("long", "Long", long, outside=True)])
    ) as found:
        await anext(found)

    assert ended.is_set()


@pytest.mark.anyio
async def test_checks_run_together() -> None:
    together = asyncio.Barrier(12)

    async def meets(view: View) -> Finding:
        await together.wait()
        return Finding("x", "X", Status.OK, "met the eleven others")

    found = [f async for f in doctor.look(VIEW, [Check(f"c{n}", "C", meets, outside=True) for n in range(12)])]

    assert [f.summary for f in found] == ["met the eleven others"] * 12


@pytest.mark.parametrize(
    ("only", "expected"),
    [
        (["live"], {"live.stripe", "live.neon", "variable.KEY"}),
        (["live.stripe"], {"live.stripe", "variable.KEY"}),
        (["live.str"], set()),
        (["nothing.here"], set()),
        ([], {"live.stripe", "live.neon", "variable.KEY", "port.3000"}),
    ],
)
def test_an_id_selects_itself_what_is_below_it_and_what_it_needs(only: list[str], expected: set[str]) -> None:
    checks = [
        says("live.stripe", Status.OK, ("variable.KEY",)),
        says("live.neon", Status.OK),
        says("variable.KEY", Status.OK),
        says("port.3000", Status.OK),
    ]

    assert {check.id for check in doctor.selected(checks, only)} == expected


def test_the_offline_look_needs_no_event_loop() -> None:
    found = look_offline(VIEW, [says("a", Status.OK, outside=False), says("b", Status.OK), crashes("c", outside=False)])

    assert {f.id: f.status for f in found} == {"a": Status.OK, "c": Status.UNKNOWN}
