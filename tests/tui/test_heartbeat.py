"""The app answers within 100 ms whatever a service, a child or a listener does."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from textual import events

from onboard.model import Event, Finding, Step
from onboard.tui.app import OnboardApp
from onboard.tui.entry import SecretField
from onboard.tui.parts import Output
from tests.tui.fake import PNPM, STRIPE, FakeSession, all_well, only
from tests.tui.scenes import KEY, LARGE, settle

pytestmark = pytest.mark.anyio

LIMIT = 0.1
"""Seconds."""


@asynccontextmanager
async def heartbeat(beats: list[float]) -> AsyncGenerator[None, None]:
    """Note how much processor time of ours passed while a 5 ms sleeper slept: other programs do not count.

    A wait that blocks takes no processor time, so the clock on the wall is held too, with room for a busy machine.
    """

    async def beat() -> None:
        while True:
            used, began = time.process_time(), time.monotonic()
            await asyncio.sleep(0.005)
            beats.append(time.process_time() - used)
            assert time.monotonic() - began < 1.5

    task = asyncio.create_task(beat())
    try:
        yield
    finally:
        assert not task.done(), "the loop stood still"
        task.cancel()


@dataclass
class MuteLook(FakeSession):
    """A check never comes back."""

    async def look(self, *only: str, offline: bool = False) -> AsyncGenerator[Finding, None]:
        async for finding in super().look("tool"):
            yield finding
        await asyncio.Event().wait()


@dataclass
class Flood(FakeSession):
    """A child never stops saying things, as fast as they are read."""

    said: int = 0
    """Lines."""

    async def do(self, step: Step, *, confirmed: str = "") -> AsyncGenerator[Event, None]:
        line = "x" * 250
        while True:
            self.said += 1
            yield Event(line, "pnpm")


async def test_a_mute_service_keeps_no_key_waiting(tmp_path: Path) -> None:
    beats: list[float] = []
    app = OnboardApp(FakeSession(tmp_path, only(STRIPE), "mute").real())
    async with app.run_test(size=LARGE) as pilot:
        await settle(pilot)
        field = app.screen.query(SecretField).first()
        field.post_message(events.Paste(KEY))
        await pilot.press("enter", "tab", "x", "enter")
        async with heartbeat(beats):
            for key in "abcdefgh":
                await pilot.press(key)
        await pilot.press("escape", "escape")
        await settle(pilot)
    assert max(beats) < LIMIT


async def test_a_look_that_never_ends_leaves_every_key_working(tmp_path: Path) -> None:
    beats: list[float] = []
    app = OnboardApp(MuteLook(tmp_path).real())
    async with app.run_test(size=LARGE) as pilot:
        for _ in range(20):
            await pilot.pause(0.01)
        async with heartbeat(beats):
            await pilot.press("j", "k", "v", "v", "slash", "p", "escape")
        await pilot.press("n")
        await pilot.pause()
        assert "Install pnpm" in app.export_screenshot().replace("&#160;", " ")
    assert max(beats) < LIMIT


async def test_a_child_that_says_50_mb_can_be_watched_and_ended(tmp_path: Path) -> None:
    beats: list[float] = []
    session = Flood(tmp_path, only(PNPM))
    app = OnboardApp(session.real())
    async with app.run_test(size=LARGE) as pilot:
        await settle(pilot)
        output = app.screen.query_one(Output)
        async with heartbeat(beats):
            await pilot.press("enter")
            for _ in range(2000):
                await asyncio.sleep(0.01)
                if session.said * 250 > 50_000_000:
                    break
        assert output.line_count == Output.KEPT
        await pilot.press("escape")
        assert "Ended" in app.export_screenshot()
    assert max(beats) < LIMIT


async def test_a_thousand_findings_are_drawn_without_a_stop(tmp_path: Path) -> None:
    beats: list[float] = []
    world = all_well()
    for n in range(1000):
        one = world["tool.git"]
        world[f"tool.{n}"] = Finding(f"tool.{n}", f"Tool {n}", one.status, one.summary)
    app = OnboardApp(FakeSession(tmp_path, world).real())
    async with app.run_test(size=LARGE) as pilot:
        await settle(pilot)
        async with heartbeat(beats):
            await pilot.press("slash", "9", "9", "escape", "end", "home")
    assert max(beats) < LIMIT
