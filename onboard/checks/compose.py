"""Compose: are the services of the project's compose file up, and is Docker there to start them?"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from onboard import ports
from onboard.checks._base import Check, View
from onboard.clean import line
from onboard.errors import ProcessError
from onboard.model import Finding, Open, Run, Status, Step, Tell
from onboard.project import compose
from onboard.project.files import Tree
from onboard.which import DOCKER

if TYPE_CHECKING:
    from onboard.process import Done

_PAGE = "https://docs.docker.com/get-docker/"
_TLS = (443, 8443)
_LOCAL = ("localhost", "127.0.0.1", "::1", "0.0.0.0", "host.docker.internal")  # noqa: S104 -- compared, not bound
_PLAIN = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")

_TROUBLES = (
    (
        r"Cannot connect to the Docker daemon|[Ii]s the docker daemon running|docker daemon is not running"
        r"|error during connect|dockerDesktop\w*Engine|failed to connect to the docker API",
        "Docker is not running",
        "Start Docker: open Docker Desktop, or on Linux `sudo systemctl start docker`",
    ),
    (
        r"permission denied while trying to connect|[Gg]ot permission denied",
        "Docker runs, but your user may not talk to it",
        "Put yourself into the group docker (`sudo usermod -aG docker $USER`), then sign out and in",
    ),
    (
        r"is not a docker command|unknown shorthand flag: 'f'|unknown command: docker compose",
        "Docker is here without its compose plugin",
        "Install the compose plugin: https://docs.docker.com/compose/install/",
    ),
    (
        r"no configuration file provided|validating |yaml: |mapping values|undefined (?:service|volume|network)"
        r"|required variable|env file .* not found|invalid (?:spec|interpolation)|Additional property",
        "Docker cannot read the compose file",
        "Correct the compose file, or the env file that it names",
    ),
)
"""What Docker prints (its CLI 20 to 29, compose 2), what is so, and what to do."""


@dataclass(frozen=True, slots=True)
class Service:
    """One service, as far as it can be told."""

    name: str
    ports: tuple[int, ...]
    up: bool

    def __str__(self) -> str:
        return self.name + (f" ({', '.join(map(str, self.ports))})" if self.ports else "")


def checks(view: View) -> tuple[Check, ...]:
    """Return the check of the compose file's services; none where the project has no such file."""
    if view.app.compose_file is None:
        return ()
    return (Check("compose.services", "Docker Compose", _look, outside=True, seconds=14),)


def command(view: View) -> tuple[str, ...]:
    """Return `docker compose` for the project's file, to be run at its root."""
    file = view.app.compose_file or ""
    return ("docker", "compose", *(() if file in _PLAIN else ("-f", file)))


async def _look(view: View) -> Finding | None:
    import asyncio

    file = view.app.compose_file or ""
    text = Tree(Path(view.project.root)).text(file, matters=False)
    found = compose.parse(file, text or "")
    wanted = [name for name in found.services if name not in found.aside]
    if not wanted:
        return None
    answering = {port for _, port in found.ports if await asyncio.to_thread(ports.taken, port)}
    services = [Service(name, _ports(found, name), _answers(found, name, answering)) for name in wanted]
    note = await in_front(view, sorted(answering & set(_TLS)))
    if all(service.up for service in services) and all(service.ports for service in services):
        return _says(view, services, Status.OK, f"up: {_list(services)}", note)
    docker = view.machine.runner.find("docker", root=Path(view.project.root))
    if docker.path is None:
        text = f"Docker is not on this machine; {_down(services)}"
        return _says(view, services, _grade(view, services), text, note, Open("Install Docker", _PAGE))
    kept = {name: view.machine.env[name] for name in DOCKER if name in view.machine.env}
    words = (*command(view)[1:], "ps", "--all", "--format", "json")
    try:
        done = await view.machine.runner.run(
            (str(docker.path), *words), cwd=Path(view.project.root), env=kept, timeout=10
        )
    except ProcessError as error:
        return _says(view, services, Status.UNKNOWN, error.message, error.hint)
    if done.code != 0 or done.timed_out:
        return _trouble(view, services, done, note)
    states = _states(done.out)
    if states is None:
        return _says(view, services, Status.UNKNOWN, "what Docker answered could not be read", note)
    services = [Service(one.name, one.ports, _well(one, states.get(one.name))) for one in services]
    if all(service.up for service in services):
        return _says(view, services, Status.OK, f"up: {_list(services)}", note)
    step = Run("Start the project's services", (*command(view), "up", "-d"))
    return _says(view, services, _grade(view, services), _down(services), note, step)


def _ports(found: compose.Compose, name: str) -> tuple[int, ...]:
    return tuple(port for service, port in found.ports if service == name)


def _answers(found: compose.Compose, name: str, answering: set[int]) -> bool:
    return bool(own := _ports(found, name)) and set(own) <= answering


def _trouble(view: View, services: list[Service], done: Done, note: str) -> Finding:
    if done.timed_out:
        return _says(view, services, Status.UNKNOWN, "Docker did not answer within 10 s", note)
    said = done.err + done.out
    for sign, what, todo in _TROUBLES:
        if re.search(sign, said):
            detail = line(said.strip().splitlines()[-1], limit=200)
            return _says(view, services, _grade(view, services), f"{what}; {_down(services)}", detail, Tell(todo))
    detail = line((said.strip().splitlines() or [""])[-1], limit=200)
    return _says(view, services, Status.UNKNOWN, f"Docker gave up (exit {done.code})", detail)


def _says(
    view: View, services: list[Service], status: Status, summary: str, detail: str = "", step: Step | None = None
) -> Finding:
    (check,) = checks(view)
    port = view.app.dev.port if view.app.dev else None
    own = next((one.name for one in services if port in one.ports), None)
    if own and isinstance(step, Run):
        text = f"{own} has the app's own port {port}: with it up, the dev server has no place"
        detail = f"{detail}; {text}" if detail else text
    evidence = {one.name: "up" if one.up else "down" for one in services}
    return check.says(status, summary, detail=detail, step=step, evidence=evidence)


def _list(services: list[Service]) -> str:
    return ", ".join(map(str, services))


def _down(services: list[Service]) -> str:
    up = [one for one in services if one.up]
    text = f"down: {_list([one for one in services if not one.up])}"
    return text + (f"; up: {_list(up)}" if up else "")


def _grade(view: View, services: list[Service]) -> Status:
    """Return FAIL where a value of the env file leads to a service that is down; else the project can do without."""
    missing = {port for one in services if not one.up for port in one.ports}
    return Status.FAIL if missing & _used(view) else Status.WARN


def _used(view: View) -> set[int]:
    """Return the ports of this machine that values of the env file lead to, but for the app's own."""
    usual: Mapping[str, int] = {"postgresql": 5432, "postgres": 5432, "redis": 6379, "https": 443, "http": 80}
    found: set[int] = set()
    for held in view.held().values():
        try:
            parts = urlsplit(held.value.reveal())
            port = parts.port or usual.get(parts.scheme, 0)
        except ValueError:
            continue
        if parts.hostname in _LOCAL and port:
            found.add(port)
    return found - {view.app.dev.port if view.app.dev else None}


async def in_front(view: View, answering: Sequence[int]) -> str:
    """Return what the server in front of the app (Caddy, mostly) answers over TLS, under a certificate of its own."""
    from onboard.network import Unreachable

    for port in answering:
        url = "https://localhost" + ("" if port == 443 else f":{port}")
        try:
            reply = await view.machine.network.loopback(f"{url}/", seconds=3)
        except Unreachable as error:
            return f"{url}: {error.message}"
        if reply.status in (502, 503, 504):
            return f"{url} answers {reply.status}: it is up, and the app behind it is not"
        return f"{url} answers {reply.status}, with a certificate of its own"
    return ""


def _well(service: Service, state: str | None) -> bool:
    """Whether a service is as it should be: up; or done, where it is one that nobody can talk to: a job, not a server.

    `None`: Docker does not know it.
    """
    if state is None:
        return service.up and bool(service.ports)
    return state == "up" or (state == "done" and not service.ports)


def _states(text: str) -> dict[str, str] | None:
    """Return for each service `up`, `done` (ended with 0) or `down`, from `ps --format json`; `None`: unreadable.

    One array up to compose 2.20, one object a line since. A service that restarts or is unhealthy is down, and one of
    several containers that is worse than the others tells of all.
    """
    try:
        rows = (
            json.loads(text) if text.lstrip().startswith("[") else [json.loads(row) for row in text.splitlines() if row]
        )
        found: dict[str, str] = {}
        for row in rows:
            well = row["State"] == "running" and row.get("Health") != "unhealthy"
            state = "up" if well else "done" if (row["State"], row.get("ExitCode")) == ("exited", 0) else "down"
            name = str(row["Service"])
            found[name] = min(found.get(name, state), state, key=("down", "done", "up").index)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return found
