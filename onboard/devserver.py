"""Dev server: how the app is started, where it says that it listens, and what it really answers there."""

from __future__ import annotations

import re
import shlex
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from onboard import children, ports
from onboard.checks._base import View
from onboard.clean import line
from onboard.errors import ProcessError
from onboard.model import Event, Secret, Status
from onboard.network import Network, Reply, Trouble, Unreachable

_HOST = r"(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1?\])"
_LOCAL = re.compile(rf"\bLocal:?\s+(https?)://{_HOST}:(\d{{2,5}})", re.IGNORECASE)
"""As Next, Vite, Nuxt and Astro tell their address."""
_ADDRESS = re.compile(rf"\b(https?)://{_HOST}:(\d{{2,5}})")
_TAKEN = re.compile(r"\bport (\d{2,5}) is (?:already )?(?:in use|being used|taken)", re.IGNORECASE)

_REPEATED = 5.0
"""Seconds after which another address that was told counts, where the expected one does not answer."""
_SLOW = 60.0
"""Seconds for one answer: the first page is compiled for it."""

_USUAL = ("/api/health", "/healthz", "/readyz")
_MOST_HEALTH = 12

_OPT_OUTS = ("DO_NOT_TRACK", "NEXT_TELEMETRY_DISABLED", "ASTRO_TELEMETRY_DISABLED", "TURBO_TELEMETRY_DISABLED",
             "NUXT_TELEMETRY_DISABLED", "STORYBOOK_DISABLE_TELEMETRY")  # fmt: skip
"""What a person has said no to stays said, though a child gets little else of their environment."""

_ENDINGS = (
    (re.compile(r"EADDRINUSE|address already in use", re.I), "its port is taken"),
    (re.compile(r"Another next dev server is already running", re.I), "another one runs in this folder already"),
    (
        re.compile(
            r"Cannot find (?:module|package)|command not found|: not found|node_modules missing|ERR_MODULE_NOT_FOUND"
        ),
        "a package is missing: install the dependencies first",
    ),
    (re.compile(r"heap out of memory|ENOSPC|EMFILE"), "this machine ran out of memory, files or space"),
)


def argv(view: View) -> tuple[str, ...]:
    """Return the command of the dev server. Raises ProcessError where the project has none."""
    if view.app.dev is None:
        raise ProcessError("this project has no dev server that onboard knows", "onboard.toml can name it: [dev]")
    return tuple(shlex.split(view.app.dev.command))


def reloads(view: View) -> bool:
    """Whether the dev server takes up a changed env file by itself: Next and what is built on Vite do."""
    return view.app.readers[:1] in (("next",), ("vite",))


def environment(view: View) -> Mapping[str, str | Secret]:
    """Return the variables for the dev server, besides what every child gets.

    What rests in the keyring alone; and the env file's values where the app would not see them change by itself.
    A framework that reloads the file reads it itself: in its environment a value would stand still.
    """
    alone = {n: e.value for n, e in (view.stored or {}).items() if n in view.apart or not view.values.get(n)}
    held = {} if reloads(view) else children.variables(view, secrets=True)
    said = {name: view.machine.env[name] for name in _OPT_OUTS if name in view.machine.env}
    return {**said, **alone, **held}


def conflict(view: View) -> None:
    """Raise ProcessError where somebody holds the dev server's port, and say who and what to do."""
    port = view.app.dev.port if view.app.dev else None
    if port is None or not ports.taken(port):
        return
    holder = ports.holder(port)
    name = line(holder.name, limit=40)
    who = f"{name} (process {holder.pid})" if holder.pid else name
    stop = f"end it: kill {holder.pid}" if holder.pid else "end it"
    if holder.cwd is not None and Path(holder.cwd).is_relative_to(Path(view.project.root)):
        raise ProcessError(
            f"port {port} is held by this project's own server, {who}", f"{stop}; or keep it and run `onboard listen`"
        )
    raise ProcessError(f"port {port} is held by {who}", f"{stop}; or start the app on another port")


class Whereabouts:
    """Where a dev server is expected, and where its own lines say that it is."""

    def __init__(self, expected: int | None) -> None:
        self.expected = expected
        self._told: dict[int, tuple[str, float]] = {}
        self._lost = False

    def hear(self, text: str, now: float) -> None:
        """Take in one line that it printed."""
        taken = _TAKEN.search(text)
        if taken is not None and int(taken[1]) == self.expected:
            self._lost = True
        found = _LOCAL.search(text) or (_ADDRESS.search(text) if self.expected is None else None)
        if found is not None:
            self._told.setdefault(int(found[2]), (found[1], now))

    def candidates(self, now: float) -> tuple[str, ...]:
        """Return the addresses worth asking now, the likeliest first. None is believed before it answers."""
        found = []
        if self.expected is not None and not self._lost:
            scheme = self._told.get(self.expected, ("http", now))[0]
            found.append(f"{scheme}://localhost:{self.expected}")
        for port, (scheme, since) in self._told.items():
            other = self.expected is None or self._lost or now - since >= _REPEATED
            if port != self.expected and other:
                found.append(f"{scheme}://localhost:{port}")
        return tuple(found)


async def answer(network: Network, url: str, seconds: float = _SLOW) -> tuple[str, Reply]:
    """Ask for a page, over TLS too where the port turns out to speak that; return where it was. Raises Unreachable."""
    try:
        return url, await network.loopback(url, seconds=seconds)
    except Unreachable as error:
        if error.trouble is not Trouble.CUT or urlsplit(url).scheme != "http":
            raise
        url = "https" + url.removeprefix("http")
        return url, await network.loopback(url, seconds=seconds)


async def until_ready(
    network: Network, where: Whereabouts, tell: Callable[[Event], Awaitable[None]]
) -> tuple[str, int]:
    """Return the address and the status of the first answer under 500. What it answers until then is told."""
    import asyncio

    loop = asyncio.get_running_loop()
    begun, said, pause, patient = loop.time(), 0, 0.2, True
    while True:
        for url in where.candidates(loop.time()):
            try:
                asked, reply = await answer(network, f"{url}/")
            except Unreachable:
                continue
            if reply.status < 500:
                return asked.removesuffix("/"), reply.status
            pause = 2.0  # each question makes it compile and log again
            if said != reply.status:
                said = reply.status
                text = f"the app answers {said} at {url}/: a fault of its own; its output says which"
                await tell(Event(text, level=Status.FAIL, kind="health", data={"path": "/", "answer": said}))
        if patient and loop.time() - begun > _SLOW:
            patient = False
            await tell(
                Event(f"the app has not answered for {_SLOW:g} s; still waiting", level=Status.WARN, kind="progress")
            )
        await asyncio.sleep(pause)


async def health(network: Network, url: str, declared: tuple[str, ...]) -> dict[str, int | None]:
    """Return what the health endpoints answer, by path; `None`: nothing. The usual ones only where they are there."""
    found: dict[str, int | None] = {}
    paths = [path for path in declared if path.startswith("/")][:_MOST_HEALTH]
    for path in dict.fromkeys((*paths, *_USUAL)):
        try:
            _, reply = await answer(network, url + path, seconds=20)
        except Unreachable:
            if path in paths:
                found[path] = None
            continue
        # An app that answers any path with its page has no such endpoint; nor has one that sends us to its sign-in.
        page = reply.content_type == "text/html" or 300 <= reply.status < 500
        if path in paths or not page:
            found[path] = reply.status
    return found


def health_event(path: str, status: int | None) -> Event:
    """Return in words what a health endpoint answered."""
    data = {"path": path, "answer": status}
    if status is None:
        return Event(f"{path} does not answer", level=Status.WARN, kind="health", data=data)
    return Event(f"{path} answers {status}", level=Status.OK if status < 400 else Status.WARN, kind="health", data=data)


def ending(text: str) -> str:
    """Return why a dev server ended, from what it printed last; empty: it did not say anything that we know."""
    return next((why for sign, why in _ENDINGS if sign.search(text)), "")
