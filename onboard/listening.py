"""Listening: all listeners of a project kept up, until whoever asked for them leaves.

A listener that ends is started again after a pause that doubles; one that was told no is not, and says why.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from onboard.errors import ProcessError
from onboard.listeners import Listener, Stripe, refusal
from onboard.model import Event, Secret, Status

Happened = tuple[Event, Secret | None]


@dataclass(frozen=True, slots=True)
class Patience:
    """How long we wait for what; all in seconds."""

    first: float = 1.0
    """Before a listener that ended is started again; doubled each time."""
    most: float = 30.0
    """The longest such pause."""
    steady: float = 60.0
    """After which a listener that is ready counts as well, so that the next pause is the first one again."""
    silent: float = 40.0
    """For a listener to be ready: the Stripe CLI itself waits for ever for a service that never answers."""


class Listening:
    """Listeners that are up. Made in an event loop; `events` starts them, and leaving it ends them."""

    def __init__(self, stripe: Stripe, wanted: Sequence[Listener], patience: Patience | None = None) -> None:
        self._stripe = stripe
        self._wanted = list(wanted)
        self._patience = patience or Patience()
        self._happened: asyncio.Queue[Happened | ProcessError] = asyncio.Queue(1000)
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._told: dict[str, Secret] = {}

    async def events(self) -> AsyncGenerator[Happened, None]:
        """Yield what happens in any listener, a secret beside the event that told it, until none is up or wanted.

        An `exit` event is the last of its listener. Raises ProcessError where one cannot be started at all.
        """
        self._stripe.binary()
        try:
            for number in range(len(self._wanted)):
                self._start(number)
            up = len(self._wanted)
            while up:
                got = await self._happened.get()
                if isinstance(got, ProcessError):
                    raise got
                yield got
                up -= got[0].kind == "exit"
        finally:
            await self._end(*self._tasks.values())

    async def forward(self, url: str) -> None:
        """Let every listener forward to the app at `url` from now on: each is started anew."""
        running = {number: task for number, task in self._tasks.items() if not task.done()}
        await self._end(*running.values())
        self.aim(url)
        for number in running:
            self._start(number)

    def aim(self, url: str) -> None:
        """Set where listeners forward to that are started from now on: `http://localhost:3000`."""
        for number, listener in enumerate(self._wanted):
            path = urlsplit(listener.forward_to).path
            self._wanted[number] = replace(listener, forward_to=f"{url}{path}")

    def _start(self, number: int) -> None:
        self._tasks[number] = asyncio.create_task(self._kept_up(self._wanted[number]))

    async def _end(self, *tasks: asyncio.Task[None]) -> None:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _kept_up(self, listener: Listener) -> None:
        pause = self._patience.first
        try:
            while True:
                said, code, steady = await self._once(listener)
                if reason := refusal(said):
                    data: Mapping[str, str | int | bool | None] = {"code": code, "reason": reason}
                    event = Event(f"stopped (exit {code}): {reason}", listener.name, Status.FAIL, "exit", data)
                    await self._happened.put((event, None))
                    return
                if steady:
                    pause = self._patience.first
                why = f"exit {code}" if code is not None else f"not ready after {self._patience.silent:g} s"
                text = f"ended ({why}); starts again in {pause:g} s"
                data = {"code": code, "again_in_ms": round(pause * 1000)}
                await self._happened.put((Event(text, listener.name, Status.WARN, "progress", data), None))
                await asyncio.sleep(pause)
                pause = min(pause * 2, self._patience.most)
        except ProcessError as error:
            await self._happened.put(error)

    async def _once(self, listener: Listener) -> tuple[str, int | None, bool]:
        """Run a listener to its end; return what it said last, its exit code, and whether it was well for long.

        The code is `None` where it was ended because it was never ready.
        """
        loop = asyncio.get_running_loop()
        said: deque[str] = deque(maxlen=20)
        ready_at: float | None = None
        code: int | None = None
        try:
            async with asyncio.timeout(self._patience.silent) as limit:
                async for event, secret in self._stripe.listen(listener):
                    said.append(event.text)
                    if event.kind == "exit":
                        code = int(event.data["code"] or 0)
                        continue
                    if event.kind == "ready":
                        limit.reschedule(None)
                        ready_at = loop.time()
                        if secret is not None:
                            event = self._known(event, secret)
                    await self._happened.put((event, secret))
        except TimeoutError:
            pass
        return "\n".join(said), code, ready_at is not None and loop.time() - ready_at >= self._patience.steady

    def _known(self, event: Event, secret: Secret) -> Event:
        """Return a ready event that says so where the secret is another than the one told before."""
        before = self._told.get(event.source)
        self._told[event.source] = secret
        if before is None or before == secret:
            return event
        text = f"{event.text}; Stripe signs with another secret than before"
        return replace(event, text=text, level=Status.WARN, data={**event.data, "changed": True})
