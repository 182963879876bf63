"""Somebody at the app, for the pilot tests: sits down, presses keys, pastes, reads."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from textual import events
from textual.pilot import Pilot

from onboard.tui import Demo
from onboard.tui.app import OnboardApp
from tests.tui.fake import FakeSession
from tests.tui.scenes import KEY, LARGE, settle, words

PUBLISHABLE = "pk_test_51Qsynthetic"


@asynccontextmanager
async def at(session: FakeSession, demo: Demo | None = None) -> AsyncGenerator[Pilot[None], None]:
    """Sit down at a session, large enough to read everything."""
    async with OnboardApp(session.real(), demo).run_test(size=LARGE) as pilot:
        await settle(pilot)
        yield pilot


async def press(pilot: Pilot[None], *keys: str) -> None:
    for key in keys:
        await pilot.press(key)
        await settle(pilot)


async def paste(pilot: Pilot[None], text: str) -> None:
    assert pilot.app.focused is not None
    pilot.app.focused.post_message(events.Paste(text))
    await settle(pilot)


def shown(pilot: Pilot[None]) -> str:
    return words(pilot.app.export_screenshot())


async def until(pilot: Pilot[None], so: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        if so():
            return
        await pilot.pause(0.002)
    raise AssertionError(shown(pilot))


async def stripe(pilot: Pilot[None]) -> None:
    """Type both keys of Stripe, and have them checked."""
    await paste(pilot, KEY)
    await press(pilot, "enter")
    await paste(pilot, PUBLISHABLE)
    await press(pilot, "enter")
