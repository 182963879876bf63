"""A command of the repository's, run with what it needs in its environment, its output cleaned and redacted."""

from __future__ import annotations

import asyncio
import codecs
from collections.abc import AsyncGenerator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol

from onboard.checks._base import View
from onboard.clean import plain
from onboard.errors import ProcessError
from onboard.model import Event, Kind, Run, Secret, Status
from onboard.redact import Redactor
from onboard.which import DOCKER

if TYPE_CHECKING:
    from onboard.running import Running

_PIECE = 2048
"""Bytes that are drawn at once."""


class Terminal(Protocol):
    """A place of a front end's where a child's screen is drawn and a person types to it."""

    @property
    def rows_and_columns(self) -> tuple[int, int]:
        """Its size now."""
        ...

    def opened(self, child: Running, hide: Redactor) -> None:
        """The child is up: keys and sizes go to it, and what it draws is shown through `hide`."""
        ...

    def feed(self, data: bytes) -> None:
        """Take what the child printed, as it came."""
        ...

    def closed(self) -> None:
        """The child is gone."""
        ...


def redactor(view: View, *more: Secret) -> Redactor:
    """Return what hides every secret that this project holds, and `more`."""
    secrets = [*more, *(value for name, value in view.values.items() if _is_secret(view, name))]
    secrets += [entry.value for entry in (view.stored or {}).values()]
    return Redactor(secrets)


def variables(view: View, *, secrets: bool) -> Mapping[str, str | Secret]:
    """Return the project's variables for a child's environment; `secrets` false: only those that may be shown.

    An install runs scripts of packages from everywhere: none of the keys is its business.
    """
    return {name: value for name, value in view.values.items() if value and (secrets or not _is_secret(view, name))}


def everything(view: View) -> Mapping[str, str | Secret]:
    """Return the person's own environment with the project's variables over it, for a command they run themselves.

    A secret that rests in the vault alone is among them: that is how an app runs without a file.
    """
    stored = {name: entry.value for name, entry in (view.stored or {}).items() if not view.values.get(name)}
    return {**view.machine.env, **stored, **variables(view, secrets=True)}


def program(view: View, argv: Sequence[str]) -> tuple[str, ...]:
    """Return `argv` with its program as an absolute path outside the repository. Raises ProcessError."""
    found = view.machine.runner.find(argv[0], root=Path(view.project.root))
    if found.path is None:
        raise ProcessError(f"{argv[0]} is not on this machine", found.reason)
    return (str(found.path), *argv[1:])


async def run(
    view: View,
    argv: Sequence[str],
    env: Mapping[str, str | Secret],
    *,
    folder: str = ".",
    hidden: Sequence[Secret] = (),
) -> AsyncGenerator[Event, None]:
    """Run a command and yield its lines, the last event being `exit` with its code. Leaving early ends it.

    `hidden`: secrets besides the project's own that its output must not show.
    """
    hide = redactor(view, *hidden)
    running = await view.machine.runner.start(program(view, argv), env=env, cwd=Path(view.project.root) / folder)
    try:
        async for output in running.lines():
            text = hide.text(plain(output.text))
            if text.strip():
                yield Event(text, argv[0])
        code = await running.wait()
        yield Event(f"exit {code}", argv[0], Status.OK if code == 0 else Status.FAIL, "exit", {"code": code})
    finally:
        await running.stop()


async def on_terminal(
    view: View,
    argv: Sequence[str],
    env: Mapping[str, str | Secret],
    terminal: Terminal,
    *,
    folder: str = ".",
    hidden: Sequence[Secret] = (),
) -> AsyncGenerator[str | int, None]:
    """Run a command on a terminal of its own; leaving early ends it.

    Yields what it prints as it came, to be searched and never to be shown; the last is its exit code.
    """
    decode = codecs.getincrementaldecoder("utf-8")("replace").decode
    # What it draws is drawn anew by us: it need not know which terminal the person has.
    env = {**env, "TERM": "xterm-256color", "COLORTERM": ""}
    cwd = Path(view.project.root) / folder
    running = await view.machine.runner.start(program(view, argv), env=env, cwd=cwd, terminal=terminal.rows_and_columns)
    try:
        terminal.opened(running, redactor(view, *hidden))
        async for _, data in running.chunks():
            for at in range(0, len(data), _PIECE):
                terminal.feed(data[at : at + _PIECE])
                await asyncio.sleep(0)  # a child that floods us must not keep keys waiting
            yield decode(data)
        yield await running.wait()
    finally:
        terminal.closed()
        await running.stop()


def _is_secret(view: View, name: str) -> bool:
    variable = view.variable(name)
    return variable is None or variable.kind is Kind.SECRET


async def run_step(view: View, step: Run) -> AsyncGenerator[Event, None]:
    """Run a step's command without the secrets; the last event is `done` or `failed`."""
    yield Event(f"runs {step.command}")
    env = dict(variables(view, secrets=False))
    if {"docker", "supabase"} & {*step.argv}:  # the engine that was looked at
        env |= {name: view.machine.env[name] for name in DOCKER if name in view.machine.env}
    async for event in run(view, step.argv, env):
        if event.kind != "exit":
            yield event
        elif event.data["code"] == 0:
            yield Event(f"{step.text}: done", kind="done")
        else:
            text = f"{step.text}: the command ended with exit code {event.data['code']}"
            yield Event(text, level=Status.FAIL, kind="failed")


async def redacted(view: View, argv: Sequence[str], out: BinaryIO, err: BinaryIO) -> int:
    """Run a person's command with `everything`, its output without secrets; return its exit code."""
    hides = {"out": redactor(view), "err": redactor(view)}
    places = {"out": out, "err": err}
    argv = program(view, argv)
    running = await view.machine.runner.start(argv, env=everything(view), cwd=Path.cwd(), piped=False)
    try:
        async for source, data in running.chunks():
            places[source].write(hides[source].feed(data).encode("utf-8", "replace"))
            places[source].flush()
        for source, hide in hides.items():
            places[source].write(hide.finish().encode("utf-8", "replace"))
            places[source].flush()
        code = await running.wait()
        return 128 - code if code < 0 else code
    finally:
        await running.stop()
