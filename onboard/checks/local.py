"""Local stacks: does Supabase's run, where the project's values lead to it? What its own CLI tells of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from onboard import ports
from onboard.checks._base import Check, View
from onboard.clean import line
from onboard.errors import ProcessError
from onboard.model import Finding, Run, Status, Step, Tell
from onboard.project.files import Tree
from onboard.understanding import held
from onboard.which import DOCKER

_THROUGH = {"pnpm": ("pnpm", "exec"), "yarn": ("yarn",), "bun": ("bunx",)}
"""How each package manager runs a program that the repository depends on; npm: `npx`."""
_SECONDS = 30.0
_QUIET = {"DO_NOT_TRACK": "1", "SUPABASE_NO_UPDATE_NOTIFIER": "1"}
_START, _AGAIN = "start it: supabase start", "start it anew: supabase stop, then supabase start"
_NOT = "it does not run"
_DOCKER = "https://docs.docker.com/get-docker/"
_SIGNS = (
    (r"docker: command not found", "Docker is not on this machine, and the stack runs in it", f"install it: {_DOCKER}"),
    (r"permission denied", "Docker runs, but your user may not talk to it", "put yourself into the group docker"),
    (
        r"Cannot connect to the Docker daemon|docker daemon (is not )?running|error during connect"
        r"|failed to connect to the docker API",
        "Docker is not running, and the stack runs in it",
        "start Docker, then the stack: supabase start",
    ),
    (r"No such (container|object)", _NOT, _START),
    (r"container is not running", "its database has stopped", _START),
    (r"container is not ready: starting", "it is still starting", "look again in a moment"),
    (r"container is not ready", "its database is not well", _AGAIN),
)
"""What `supabase status` 3.1 says where it exits with 1, what is so, and what to do."""
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t"}


@dataclass(frozen=True, slots=True)
class Stack:
    """What `supabase status` tells."""

    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    """By name: `API_URL`, `SECRET_KEY`. Empty: it does not run. Without `API_URL`: its gateway does not."""
    why: str = ""
    """Where its address cannot be had: what is so."""
    todo: str = ""

    @property
    def anew(self) -> bool:
        """Whether `supabase start` alone would leave it as it is."""
        return self.todo == _AGAIN


def checks(view: View) -> tuple[Check, ...]:
    """Return the check of Supabase's local stack; none where the repository has none or its values lead elsewhere."""
    if _address(view) is None or not Tree(Path(view.project.root)).has("supabase/config.toml"):
        return ()
    return (Check("local.supabase", "Supabase's local stack", _look, outside=True, seconds=8),)


def _address(view: View) -> tuple[str, int] | None:
    """Return the variable with the local stack's address, and its port; `None`: it is not local."""
    for service in view.services:
        if service.provider.id == "supabase":
            values = held(service, view.read())
            try:
                url = urlsplit(values.text("url"))
                port = url.port or (443 if url.scheme == "https" else 80)
            except ValueError:
                return None
            return (values.variable("url"), port) if url.hostname in ("localhost", "127.0.0.1") else None
    return None


async def _look(view: View) -> Finding | None:
    import asyncio

    (check,) = checks(view) or (None,)
    found = _address(view)
    if check is None or found is None:
        return None
    name, port = found
    if await asyncio.to_thread(ports.taken, port):
        return check.says(Status.OK, f"answers on port {port}", variable=name, provider="supabase")
    start = command(view)
    said = "it runs in Docker; the first start downloads its images, some gigabytes"
    step: Step = Run("Start Supabase's local stack", start)
    if start[0] == "supabase":
        try:
            told = await stack(view, seconds=5)
        except ProcessError as error:
            told = Stack(why=error.message)
        if told.why and told.why != _NOT:
            said = told.why + (f"; {told.todo}" if told.todo else "")
        if told.anew:
            step = Run("Stop what is left of Supabase's local stack", (*start[:-1], "stop"))
        elif told.todo and told.todo != _START:
            step = Tell(told.todo[0].upper() + told.todo[1:])
        elif told.values:
            said = f"it runs at {line(told.values['API_URL'], limit=80)}: {name} has another address"
            step = Tell(f"Take its address over: onboard set {name}", command=f"onboard set {name}")
    return check.says(
        Status.FAIL,
        f"does not answer: {name} leads to port {port} of this machine, and nothing answers there",
        detail=said,
        step=step,
        variable=name,
        provider="supabase",
    )


def command(view: View) -> tuple[str, ...]:
    """Return what starts the stack: with the CLI of this machine, else with the repository's own."""
    if view.machine.runner.find("supabase", root=Path(view.project.root)).path is not None:
        return ("supabase", "start")
    manager = view.app.package_manager.name if view.app.package_manager else "npm"
    return (*_THROUGH.get(manager, ("npx",)), "supabase", "start")


async def stack(view: View, *, seconds: float = _SECONDS) -> Stack:
    """Ask the Supabase CLI of this machine for the stack. Raises ProcessError where it is not here."""
    root = Path(view.project.root)
    found = view.machine.runner.find("supabase", root=root)
    if found.path is None:
        raise ProcessError("the Supabase CLI is not on this machine", found.reason)
    env = {name: view.machine.env[name] for name in DOCKER if name in view.machine.env} | _QUIET
    words = (str(found.path), "status", "-o", "env")
    done = await view.machine.runner.run(words, cwd=root, env=env, timeout=seconds)
    if done.timed_out:
        return Stack(why=f"the Supabase CLI did not answer within {seconds:.0f} seconds")
    if done.code != 0:
        for sign, why, todo in _SIGNS:
            if re.search(sign, done.err):
                return Stack(why=why, todo=todo)
        return Stack(why=line((done.err.strip().splitlines() or ["the Supabase CLI said nothing"])[0], limit=200))
    values = {name: _unquoted(text) for name, text in re.findall(r"^([A-Z0-9_]+)=(.*)$", done.out, re.MULTILINE)}
    if not values.get("API_URL"):
        return Stack(values, "it runs without its API gateway", _AGAIN)
    return Stack(values)


def _unquoted(text: str) -> str:
    """Return a value as it was before it was written in double quotes; a whole number stands without them."""
    inner = re.fullmatch(r'"(.*)"', text)
    return re.sub(r"\\(.)", lambda match: _ESCAPED.get(match[1], match[1]), inner[1]) if inner else text
