"""Developing: the dev server, its listeners and what else belongs beside it, under one supervisor.

Everything is a child of ours and ends with us. The dev server alone decides when all of it is over.
"""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from onboard import children, devserver, output, production, roundtrip
from onboard.checks._base import View
from onboard.claim import Claim
from onboard.devserver import Whereabouts
from onboard.errors import OnboardError, ProcessError
from onboard.listeners import Listener, Stripe
from onboard.listening import Listening, Patience
from onboard.model import Event, Secret, Status
from onboard.output import Ring
from onboard.process import Running
from onboard.project.beside import Beside

_LOOKS_EACH = 0.5
"""Seconds between two looks at the env file."""
_ARRIVES_WITHIN = 15.0
"""Seconds for an event to come back from Stripe."""
_LISTENERS_WITHIN = 20.0
"""Seconds that the finish line waits for listeners that are not ready yet."""


@dataclass(frozen=True)
class Desk:
    """What the sitting lends: the project as it is now, and what only it may do."""

    look: Callable[[], View]
    stripe: Stripe
    listeners: Sequence[Listener]
    caught: Callable[[Event, Secret], Awaitable[Event]]
    """Stores a signing secret that a listener told; returns what to say of it."""
    approved: Callable[[], bool]
    """Whether the repository, as it is on the disk now, is approved: what is started anew may run other words."""
    secrets: Callable[[], AsyncGenerator[Event, None]]
    """Asks for the listeners' signing secret and stores it under each of their variables. Raises ProcessError."""
    claim: Claim
    now: Callable[[], str]
    beside: Sequence[Beside] = ()
    patience: Patience = field(default_factory=Patience)


class Development:
    """One run of `onboard dev`; `events` does it all."""

    def __init__(self, desk: Desk, *, prove: bool = False) -> None:
        self._desk = desk
        self._prove = prove
        self._view = desk.look()
        self._argv = devserver.argv(self._view)
        self.name = (self._view.app.dev.script if self._view.app.dev else None) or "dev"
        """What the dev server is called among the others."""
        self.logs: dict[str, Ring] = {}
        """What each process said last, without secrets."""
        self._happened: asyncio.Queue[Event] = asyncio.Queue(1000)
        self._hide = children.redactor(self._view)
        self._server: Running | None = None
        self._again = False
        self._listening: Listening | None = None
        self._ready: set[str] = set()
        self._given_up: set[str] = set()
        self._settled = asyncio.Event()
        self._made: set[object] = set()
        self._answered: list[int] = []
        self._arrived = asyncio.Event()
        self._url = ""
        self._healthy: dict[str, int | None] = {}

    async def events(self, confirmed: str = "") -> AsyncGenerator[Event, None]:
        """Run everything until the dev server ends, by itself (an `exit` event of its name) or because we are left.

        Raises NeedsPerson before production (`confirmed` as for a push), ProcessError where it cannot be begun.
        """
        self._begun = asyncio.get_running_loop().time()
        async for event in production.stopped(self._view, confirmed):
            yield event
        await asyncio.to_thread(devserver.conflict, self._view)
        async for event in self._secrets_first():
            yield event
        tasks = [asyncio.create_task(one) for one in (self._serve(), self._listen(), self._watch())]
        tasks += [asyncio.create_task(self._run_beside(one)) for one in self._desk.beside]
        try:
            while True:
                event = await self._happened.get()
                yield event
                if event.kind == "exit" and event.source == self.name:
                    return
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _secrets_first(self) -> AsyncGenerator[Event, None]:
        """Have the signing secrets before the app starts that may refuse to without them; else they come as told."""
        held = self._view.held()
        if all(listener.variable in held for listener in self._desk.listeners):
            return
        if self._desk.claim.take("onboard dev", self._desk.now()) is not None:
            return  # the other onboard, whose listeners run, stores them
        yield Event("asks the Stripe CLI for the signing secrets that are missing")
        try:
            async for event in self._desk.secrets():
                yield event
        except OnboardError as error:
            yield Event(f"{error.message}; {error.hint}", level=Status.WARN)
        except BaseException:
            self._desk.claim.release()
            raise
        self._hide = children.redactor(self._desk.look())

    async def _tell(
        self, text: str, source: str = "onboard", level: Status = Status.OK, kind: str = "line",
        data: Mapping[str, str | int | bool | None] | None = None,
    ) -> None:  # fmt: skip
        await self._happened.put(Event(text, source, level, kind, data or {}))

    async def _said(self, name: str, running: Running) -> None:
        """Pass on what a child prints until it has ended."""
        ring = self.logs.setdefault(name, Ring())
        async for text in output.lines(running, lambda: self._hide):
            if name == self.name:
                self._where.hear(text, asyncio.get_running_loop().time())
            ring.add(text)
            await self._tell(text, name)

    # the dev server

    async def _serve(self) -> None:
        try:
            while await self._serve_once():
                await self._tell(f"{self.name} starts again")
        except OnboardError as error:
            await self._tell(error.message, self.name, Status.FAIL, "exit", {"code": None, "hint": error.hint})

    async def _serve_once(self) -> bool:
        """Run the dev server to its end; whether it is to be started again."""
        view = self._desk.look()
        dev = view.app.dev
        assert dev is not None  # noqa: S101 -- `devserver.argv` has looked
        self._again = False
        self._where = Whereabouts(dev.port)
        await self._tell(f"runs {dev.command}")
        self._server = running = await view.machine.runner.start(
            children.program(view, self._argv),
            cwd=Path(view.project.root) / dev.dir,
            env=devserver.environment(view),
        )
        waiting = asyncio.create_task(self._until_ready(view))
        try:
            await self._said(self.name, running)
            code = await running.wait()
        finally:
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
            await running.stop()
            self._server = None
        if self._again:
            return True
        why = devserver.ending("\n".join(self.logs[self.name].last(50)))
        text = f"{dev.command} ended by itself (exit {code})" + (f": {why}" if why else "")
        await self._tell(text, self.name, Status.FAIL, "exit", {"code": code})
        return False

    async def _until_ready(self, view: View) -> None:
        network = view.machine.network
        url, status = await devserver.until_ready(network, self._where, self._happened.put)
        first, before, self._url = not self._url, self._url, url
        port = urlsplit(url).port
        data: dict[str, str | int | bool | None] = {"url": url, "answer": status, "port": port}
        await self._tell(f"ready: the app answers at {url} ({status})", self.name, kind="ready", data=data)
        planned = view.app.dev.port if view.app.dev else None
        expected = before or (f"http://localhost:{planned}" if planned else "")
        if url != expected:
            await self._moved(expected, url)
        await self._look_at_health(view)
        if first:
            await self._finish(view, url, status)

    async def _moved(self, expected: str, url: str) -> None:
        before, port = urlsplit(expected).port, urlsplit(url).port
        if before is not None and port != before:
            text = f"THE APP IS NOT ON PORT {before} BUT ON {port}: somebody else holds {before}, so it moved"
            await self._tell(text, level=Status.WARN, kind="moved", data={"from": before, "to": port})
        if self._listening is not None:
            self._ready.clear()
            self._settled.clear()
            await self._tell(f"the listeners start again and forward to {url}", level=Status.WARN)
            await self._listening.forward(url)

    async def _look_at_health(self, view: View) -> None:
        found = await devserver.health(view.machine.network, self._url, view.app.health)
        for path, status in found.items():
            if self._healthy.get(path, "new") != status:
                await self._happened.put(devserver.health_event(path, status))
        self._healthy = found

    # its env file

    async def _watch(self) -> None:
        """Start the dev server anew when the env file's values change and it would not see that by itself."""
        before = self._desk.look()
        name, known = before.env_path.name, before.values
        while True:
            await asyncio.sleep(_LOOKS_EACH)
            view = self._desk.look()
            if view.values == known:
                continue
            known = view.values
            self._hide = children.redactor(view)
            if devserver.reloads(view):
                await self._tell(f"{name} changed; the dev server takes it up by itself")
                if self._url:
                    await self._look_at_health(view)
            elif not self._desk.approved():
                text = f"{name} changed, but the repository did too and is not approved: nothing is started again"
                await self._tell(text, level=Status.WARN)
            elif self._server is not None:
                await self._tell(f"{name} changed; the dev server is started again, since it does not look by itself")
                self._again = True
                await self._server.stop()

    # what is beside it

    async def _listen(self) -> None:
        desk = self._desk
        try:
            if not desk.listeners:
                return
            held = desk.claim.take("onboard dev", desk.now())
            if held is not None:
                await self._tell(f"the listeners run already: {held}; that one goes on, and is used", level=Status.WARN)
                self._settled.set()
            while held is not None:
                await asyncio.sleep(1)
                if (held := desk.claim.take("onboard dev", desk.now())) is None:
                    await self._tell("the other onboard's listeners have ended; this one's start")
            await self._forward()
        except OnboardError as error:
            await self._tell(f"the listeners do not run: {error.message}; {error.hint}", level=Status.WARN)
        finally:
            self._settled.set()
            self._listening = None
            desk.claim.release()

    async def _forward(self) -> None:
        desk, wanted = self._desk, list(self._desk.listeners)
        if self._prove:
            wanted = [roundtrip.hears_trial(one) for one in wanted]
        self._listening = Listening(desk.stripe, wanted, desk.patience)
        if self._url:
            self._listening.aim(self._url)
        async with aclosing(self._listening.events()) as happened:
            async for event, secret in happened:
                self.logs.setdefault(event.source, Ring()).add(event.text)
                await self._happened.put(event)
                if secret is not None:
                    await self._happened.put(await desk.caught(event, secret))
                if event.kind == "ready":
                    self._ready.add(event.source)
                elif event.kind == "webhook":
                    self._through(event)
                elif event.kind in ("exit", "progress"):
                    self._ready.discard(event.source)
                    self._given_up |= {event.source} if event.kind == "exit" else set()
                if len(self._ready | self._given_up) >= len(wanted):
                    self._settled.set()

    async def _run_beside(self, one: Beside) -> None:
        """Keep a further program up; the app can do without, so that its end is only told."""
        loop, pause = asyncio.get_running_loop(), self._desk.patience.first
        while True:
            begun = loop.time()
            view = self._desk.look()
            try:
                argv = children.program(view, shlex.split(one.command))
                folder = Path(view.project.root) / one.dir
                running = await view.machine.runner.start(argv, cwd=folder, env=devserver.environment(view))
            except ProcessError as error:
                await self._tell(f"{one.name} does not run: {error.message}; {error.hint}", level=Status.WARN)
                return
            try:
                await self._said(one.name, running)
                code = await running.wait()
            finally:
                await running.stop()
            if not self._desk.approved():
                await self._tell(f"{one.name} ended (exit {code}); not started again: not approved", level=Status.WARN)
                return
            if loop.time() - begun >= self._desk.patience.steady:
                pause = self._desk.patience.first
            await self._tell(f"ended (exit {code}); starts again in {pause:g} s", one.name, Status.WARN, "progress")
            await asyncio.sleep(pause)
            pause = min(pause * 2, self._desk.patience.most)

    # the finish line

    async def _finish(self, view: View, url: str, status: int) -> None:
        tables = asyncio.create_task(production.tables(view))
        try:
            async with asyncio.timeout(_LISTENERS_WITHIN):
                await self._settled.wait()
        except TimeoutError:
            pass
        parts = [f"the app answers at {url} ({status})"]
        count = await tables
        if count is not None:
            parts.append(f"database has {count} tables")
        data: dict[str, str | int | bool | None] = {"url": url, "answer": status, "tables": count}
        wanted = len(self._desk.listeners)
        if wanted:
            up = len(self._ready)
            parts.append(
                f"{up} listener{'s' * (up != 1)} ready" if up == wanted else f"{up} of {wanted} listeners ready"
            )
            data |= {"listeners": up}
        if self._prove and wanted:
            answers = [event async for event in self._proofs(url)]
            data |= {"proven": sum(answers), "routes": len(answers)}
            said = "signed event answered" if len(answers) == 1 else "signed events answered"
            parts.append(f"{said} {sum(answers)} of {len(answers)}")
        seconds = asyncio.get_running_loop().time() - self._begun
        await self._tell(
            f"{', '.join(parts)}; after {seconds:.1f} s", kind="finish", data=data | {"ms": round(seconds * 1000)}
        )

    async def _proofs(self, url: str) -> AsyncGenerator[bool, None]:
        """Send the signed events; yield for each route whether it is proven."""
        view = self._desk.look()
        async with aclosing(roundtrip.prove(view, self._desk.listeners, url)) as said:
            async for event in said:
                await self._happened.put(event)
                if event.kind == "proof":
                    yield bool(event.data.get("proven"))
        if self._ready and self._listening is not None:
            await self._prove_through_stripe(view)

    async def _prove_through_stripe(self, view: View) -> None:
        self._made.clear()
        self._answered.clear()
        level = Status.OK
        async for event in roundtrip.trigger(view, self._desk.stripe):
            await self._happened.put(event)
            level = event.level
        if level is not Status.OK:
            return
        try:
            async with asyncio.timeout(_ARRIVES_WITHIN):
                while len(self._answered) < len(self._ready):
                    await self._arrived.wait()
                    self._arrived.clear()
        except TimeoutError:
            pass
        answers = ", ".join(map(str, self._answered))
        if answers:
            await self._tell(
                f"through Stripe: {roundtrip.TRIGGERED} arrived and was answered {answers}", kind="through"
            )
        else:
            await self._tell("through Stripe: nothing arrived in time", level=Status.WARN, kind="through")

    def _through(self, event: Event) -> None:
        """Note what becomes of the event that we let Stripe send."""
        id, code = event.data.get("id"), event.data.get("answer")
        if event.data.get("event") == roundtrip.TRIGGERED:
            self._made.add(id)
        elif id in self._made and isinstance(code, int):
            self._answered.append(code)
            self._arrived.set()
