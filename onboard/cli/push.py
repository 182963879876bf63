"""`onboard push`: the schema push, guarded."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from onboard.clean import clean, line
from onboard.cli import common
from onboard.errors import NeedsPerson
from onboard.model import Status

if TYPE_CHECKING:
    from onboard.model import Event
    from onboard.session import Session
    from onboard.target import Target
    from onboard.way_back import WayBack

_SHOWN = 40
"""Rows of what the tool said that stay on the screen afterwards."""


def main(verb: str, words: list[str]) -> int:
    """Run the verb; return the exit code."""
    parser = common.parser(verb, "Push the schema to the database that the project's URL names.")
    parser.add_argument("--yes", action="store_true", help="do not ask; a production database is refused all the same")
    options = parser.parse_args(words)
    session = common.trusted_session(options)
    if session.app.push is None:
        common.note("this project has no schema push")
        return common.USAGE
    target, ways = asyncio.run(_target(session))
    for text in target.lines():
        common.note(line(text))
    if target.stopped:
        hint = f"\n{line(target.hint)}" if target.hint else ""
        common.note(f"nothing was pushed: {line(target.stopped)}{hint}")
        return common.FAILED
    person = session.machine.terminal
    screen = person and session.machine.env.get("TERM", "dumb") != "dumb"
    confirmed, way = "", ""
    if target.names:
        confirmed = _typed(target, person=person, yes=options.yes)
    elif not options.yes:
        if not person:
            raise NeedsPerson(
                "a push changes a database; nobody confirmed it", "run `onboard push` in a terminal, or --yes"
            )
        if not common.confirm(f"Run `{line(target.push.command)}` there?"):
            common.note("not run")
            return common.PERSON
    if person and ways and not options.yes:
        way = _chosen(ways)
    while True:
        try:
            return (
                _on_terminal(session, target, confirmed, way) if screen else _without(session, target, confirmed, way)
            )
        except NeedsPerson as stop:
            if not person or confirmed == (confirmed := _asked(stop)):
                raise


async def _target(session: Session) -> tuple[Target, tuple[WayBack, ...]]:
    try:
        return await session.push_target()
    finally:
        await session.close()


def _typed(target: Target, *, person: bool, yes: bool) -> str:
    """Return the name that a person typed; no flag does it for them. Raises NeedsPerson."""
    stop = NeedsPerson(
        f"{target.production}; nothing was pushed", f"a person who means it types its name: {target.names[0]}"
    )
    if yes or not person:
        raise stop
    typed = _asked(stop)
    if typed not in target.names:
        raise stop
    return typed


def _asked(stop: NeedsPerson) -> str:
    common.note(f"{stop.message}\n{stop.hint}")
    return common.answer("> ").strip()


def _chosen(ways: tuple[WayBack, ...]) -> str:
    """Ask whether a way back is to be made first; Enter is no."""
    for at, way in enumerate(ways, 1):
        common.note(f"  {at}  {line(way.text)}")
    typed = common.answer(f"A way back first? [1{'-' + str(len(ways)) if len(ways) > 1 else ''}, Enter: none] ").strip()
    return ways[int(typed) - 1].id if typed.isdecimal() and 0 < int(typed) <= len(ways) else ""


def _without(session: Session, target: Target, confirmed: str, way: str) -> int:
    """Push where nobody can be asked: the tool has no terminal, and applies nothing that it must ask about."""

    async def run() -> int:
        code = common.FAILED
        try:
            async for event in session.push(confirmed=confirmed, shown=target, way=way):
                if event.text not in target.lines():
                    code = _told(event, code)
        finally:
            await session.close()
        return code

    return asyncio.run(run())


def _on_terminal(session: Session, target: Target, confirmed: str, way: str) -> int:
    """Push on a screen of its own, so that the tool's questions reach the person; then say how it ended."""
    from onboard import tui

    tui.scrub()
    from onboard.tui.alone import PushApp

    env = session.machine.env
    app = PushApp(
        session.machine.state,
        f"{target.push.command} → {target.where}",
        lambda terminal: session.push(confirmed=confirmed, shown=target, way=way, terminal=terminal),
        plain=bool(env.get("NO_COLOR")),
    )
    try:
        app.sit()
    finally:
        asyncio.run(session.close())
    if app.error is not None:
        raise app.error
    for row in app.said[-_SHOWN:]:
        common.note(f"  │ {row}")
    code = common.FAILED
    for event in app.events:
        if event.text not in target.lines() and event.kind != "asks":
            code = _told(event, code)
    if app.broke:
        common.note(app.broke)
    elif app.signal is not None:
        return 128 + app.signal
    elif not app.events or app.events[-1].kind not in ("done", "failed"):
        common.note("ended before it was through; look at the database: onboard doctor --only database")
    return code


def _told(event: Event, code: int) -> int:
    """Print an event and return the exit code after it."""
    sign = "✗ " if event.level is Status.FAIL else ""
    common.note(f"  {sign}{clean(event.text)}")
    if event.kind == "failed" and (hint := event.data.get("hint")):
        common.note(f"  {line(str(hint))}")
    return common.OK if event.kind == "done" else code
