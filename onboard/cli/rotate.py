"""`onboard rotate`: change a credential; the old one ends only when the new one is stored and works."""

from __future__ import annotations

import argparse
import asyncio
import re
from collections.abc import Mapping

from onboard.clean import clean, line
from onboard.cli import common, report
from onboard.errors import NeedsPerson, NetworkError, OnboardError, UsageError
from onboard.model import Secret, Status, Verdict
from onboard.rotation import Change, Holds, Place, Rotator, Stage
from onboard.session import Session

_HOW = {"api": "the service makes a new one", "guided": "you make a new one", "local": "a new one is made here"}


def main(verb: str, words: list[str]) -> int:
    """Run the verb; return the exit code."""
    parser = common.parser(verb, "Change credentials. The old one ends when the new one is stored and works.")
    parser.add_argument("names", nargs="*", metavar="NAME|PROVIDER", help="variables, or services (stripe, neon)")
    parser.add_argument("--older-than", metavar="90d", help="all secrets that were set longer ago")
    parser.add_argument("--undo", action="store_true", help="go back to the old one, as long as it lives")
    options = parser.parse_args(words)
    if options.undo and (options.older_than or not options.names):
        raise UsageError("--undo takes the names of variables", "`onboard rotate --undo NAME`")
    return asyncio.run(_main(options))


def days(text: str) -> int:
    """Return the days that `90d`, `12w` or `90` mean. Raises UsageError."""
    match = re.fullmatch(r"(\d{1,5})([dw]?)", text.strip().lower())
    if match is None:
        raise UsageError("an age is a number of days or weeks: 90d, 12w")
    return int(match[1]) * (7 if match[2] == "w" else 1)


async def _main(options: argparse.Namespace) -> int:
    session = common.trusted_session(options)
    try:
        rotator = session.rotate()
        if options.undo:
            return await _undo(session, rotator, options.names)
        words = list(options.names)
        if options.older_than:
            due, undated = await rotator.due(days(options.older_than))
            if undated:
                common.note(f"since when is not known: {', '.join(map(line, undated))}")
            words += due
        if not words:
            words += await rotator.pending()
        if not words:
            common.note("nothing is that old" if options.older_than else "nothing is under way; name what to change")
            return common.OK if options.older_than else common.USAGE
        changes = await rotator.changes(*words)
        if not session.machine.terminal:
            for change in changes:
                _show(change)
            raise NeedsPerson(
                "a person changes a credential; nothing was changed",
                f"run `onboard rotate {' '.join(change.name for change in changes)}` in your terminal",
            )
        return max([await _one(session, rotator, change) for change in changes], default=common.OK)
    finally:
        await session.close()


async def _undo(session: Session, rotator: Rotator, names: list[str]) -> int:
    for name in names:
        back = await rotator.undo(name)
        if not back:
            common.note(f"{name}: the change is closed, nothing was put back; end the new one where it was made")
        else:
            common.note(f"{', '.join(back)}: back to the old one, in {session.env_path.name} and the keyring")
            common.note("   the new one still works at the service, until it is ended there")
    return common.OK


def _show(change: Change) -> None:
    """Tell what the change means, before anything happens."""
    common.note(f"\n{clean(change.title)}: {', '.join(map(line, change.names))}; {_HOW[change.how]}")
    if change.stage is not None and change.stage is not Stage.KEPT:
        common.note(f"   under way since {line(change.since[:10])}: {_STAGES[change.stage]}")
        if change.stage is Stage.ASKED and change.page:
            common.note(f"   {clean(change.page)}")
    common.note(f"   breaks: {clean(change.breaks)}")
    common.note(f"   the old one ends: {clean(change.old_dies)}")
    for text in change.holds:
        common.note(f"   - {clean(text)}")


_STAGES = {
    Stage.ASKED: "it broke off while a new one was made; there may be one that nobody holds: end it on the page",
    Stage.MADE: "the new one rests in the keyring and is not in use yet",
    Stage.SAVED: "the new one is in use, the old one is not proven dead",
}


async def _one(session: Session, rotator: Rotator, change: Change) -> int:
    _show(change)
    if change.stage is Stage.SAVED:
        await _elsewhere(rotator, change)
        return await _end(rotator, change, dead=change.old_dead)
    for place in await rotator.elsewhere(change):
        if place.holds is Holds.OLD:
            common.note(f"   - {place.variable} at {clean(place.title)} has the same value; it can get the new one too")
    if not common.confirm("Go on?"):
        common.note("not changed")
        return common.PERSON
    new = await _new(session, rotator, change)
    if new is None:
        common.note("not changed; the old one stays")
        return common.PERSON
    trial = await rotator.attempt(new)
    for finding in trial.findings:
        if finding.summary:
            common.note(f"{report.WORDS[finding.status]}: {clean(finding.summary)}")
    insisted = not trial.may_save and trial.may_insist and common.confirm("Use it all the same?")
    done = await rotator.commit(change, new, trial, insisted=insisted)
    for warning in done.warnings:
        common.note(f"note: {clean(warning)}")
    common.note(f"{', '.join(done.names)} saved in {session.env_path.name}")
    if done.can_undo:
        common.note(f"   `onboard rotate --undo {change.name}` goes back to the old one, as long as it lives")
    for text in change.holds:
        common.note(f"   now: {clean(text)}")
    await _elsewhere(rotator, change)
    return await _end(rotator, change, dead=done.old_dead)


async def _new(session: Session, rotator: Rotator, change: Change) -> Mapping[str, Secret] | None:
    """Return the new values by variable; `None`: the person has none."""
    typed: dict[str, Secret] = {}
    if change.stage is not Stage.MADE:
        for key, name in change.wants:
            text = common.answer(f"{name} (hidden, used once, not kept; empty: by hand): ", hidden=True)
            if text.strip():
                typed[key] = Secret(text.strip())
    try:
        new = await rotator.begin(change, typed)
    except NetworkError:
        raise
    except OnboardError as error:
        if not change.page:
            raise
        common.note(f"{clean(error.message)}. {clean(error.hint)}".rstrip(". "))
        common.note("so it is done by hand:")
        new = None
    if new is not None:
        return new
    _guide(change)
    return _ask(session, change)


def _guide(change: Change) -> None:
    for number, text in enumerate(change.steps, 1):
        common.note(f"   {number}. {clean(text)}")
    if change.page:
        common.note(f"   {clean(change.page)}")


def _ask(session: Session, change: Change) -> dict[str, Secret] | None:
    held = session.view().values.get(change.name)
    while True:
        text = common.answer(f"the new {change.name} (hidden; empty: not now): ", hidden=True)
        if not text.strip():
            return None
        pasted = session.clean(change.name, text)
        shape = session.fits(change.name, pasted.value.reveal())
        if pasted.value == held:
            common.note("this is the old one")
        elif not shape.fits:
            common.note(clean(shape.text))
        else:
            return dict.fromkeys(change.names, pasted.value)


async def _elsewhere(rotator: Rotator, change: Change) -> None:
    """Offer to give the team's other places the new value, one by one; name what is left."""
    places = await rotator.elsewhere(change)
    if any(place.owed for place in places):
        common.note("where the old one may be in use too:")
    for place in places:
        said = f"{place.variable} at {clean(place.title)}"
        if not place.owed:
            common.note(f"   {said}: {_HOLDS[place.holds]}")
        elif place.why_not:
            common.note(f"   {said}: {clean(place.why_not)}" + (f"; `{clean(place.command)}`" if place.command else ""))
        elif not _wanted(place, said):
            common.note(f"   left as it is; `{clean(place.command)}` changes it")
        else:
            _said(await rotator.give(change, place))


def _wanted(place: Place, said: str) -> bool:
    question = f"   {said}: {_HOLDS[place.holds]}. Put the new one there?"
    if not place.production:
        return common.confirm(question)
    return (
        common.answer(f"{question} Customers' traffic uses it: type production, or Enter for no: ").strip()
        == "production"
    )


_HOLDS = {
    Holds.OLD: "it has the old one",
    Holds.NEW: "it has the new one",
    Holds.ANOTHER: "it has another value, which stays",
    Holds.UNREAD: "nobody can read what it has",
    Holds.UNTOLD: "what it has could not be read",
}


async def _end(rotator: Rotator, change: Change, *, dead: bool) -> int:
    """End the old value, and prove it dead; return 3 where that could not be told."""
    if change.generated or (change.how == "local" and not change.asked):
        verdict = await rotator.end(change)
        common.note(clean(verdict.summary))
        return common.OK
    if dead or change.how == "api":
        if not dead and not common.confirm(
            "Does everything that you need run with the new one? Then end the old one now?"
        ):
            return _later(change)
        verdict = await rotator.end(change)
        if verdict.status is Status.OK:
            common.note(f"ok: {clean(verdict.summary)}")
            return common.OK
        _said(verdict)
        if dead:
            return _later(change)
    _guide(change)
    if not common.confirm("Is the old one ended there?"):
        return _later(change)
    verdict = await rotator.end(change, by_hand=True)
    if change.name not in await rotator.pending():
        common.note(f"ok: {clean(verdict.summary)}")
        return common.OK
    _said(verdict)
    return _later(change)


def _said(verdict: Verdict) -> None:
    common.note(f"{report.WORDS[verdict.status]}: {clean(verdict.summary)}")
    if verdict.detail:
        common.note(f"   {clean(verdict.detail)}")
    if verdict.step is not None:
        common.note(f"   → {report.step_text(verdict.step)}")


def _later(change: Change) -> int:
    common.note(f"the old one lives on; it ends {clean(change.old_dies)}. `onboard rotate {change.name}` goes on")
    return common.UNKNOWN
