"""The wizard line by line: the same session for screen readers and terminals that cannot draw."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing

from onboard.clean import clean, line
from onboard.cli import common, report
from onboard.cli.provision import make_one
from onboard.cli.trust import ask as ask_trust
from onboard.entry import Field, Trial
from onboard.errors import OnboardError
from onboard.model import Ask, Event, Finding, Open, Run, Secret, Status, Step, Tell, Write
from onboard.plan import Owed
from onboard.provisioning import Offer
from onboard.session import Session


def run(session: Session, demo: Mapping[str, Secret]) -> int:
    """Go through what is owed, one question at a time; return the exit code. `demo`: values that `d` fills in."""
    try:
        return asyncio.run(_run(session, demo))
    except KeyboardInterrupt:
        common.note("\nleft; nothing is lost. `onboard` goes on from here")
        return common.INTERRUPTED


async def _run(session: Session, demo: Mapping[str, Secret]) -> int:
    try:
        if not session.trusted and not ask_trust(session):
            common.note("not approved; nothing was done")
            return common.PERSON
        passed: set[Step] = set()
        told: dict[str, Finding] = {}
        while True:
            common.out("Looking…")
            async for finding in session.look():
                _news(finding, told)
            owed = [one for one in session.plan() if one.step not in passed]
            if not owed:
                break
            answer = await _one(session, owed[0], len(owed), demo)
            if answer == "q":
                break
            if answer != "look":
                passed.add(owed[0].step)
        left = session.plan()
        many = "1 step is left" if len(left) == 1 else f"{len(left)} steps are left"
        common.out(many if left else "All is well.")
        return common.PERSON if left else common.OK
    finally:
        await session.close()


def _news(finding: Finding, told: dict[str, Finding]) -> None:
    """Say what is owed, once, and when it is no longer so."""
    before = told.get(finding.id)
    owed = finding.status in (Status.FAIL, Status.UNKNOWN, Status.WARN)
    same = before is not None and (before.status, before.summary) == (finding.status, finding.summary)
    if (owed or before is not None) and not same:
        common.out(f"{report.WORDS[finding.status]}: {line(finding.title)}: {clean(finding.summary)}")
        told[finding.id] = finding


async def _one(session: Session, owed: Owed, count: int, demo: Mapping[str, Secret]) -> str:
    """Show one step and do what the person wants. `q`: leave; `look`: it is asked again where it is owed still."""
    common.out(f"\n{owed.stage.value}, {count} to go: {line(owed.step.text)}")
    common.out(f"Because: {clean(owed.finding.summary)}")
    match owed.step:
        case Ask():
            await _ask(session, owed.step, demo)
            return ""
        case Run() | Write():
            if isinstance(owed.step, Run):
                common.out(f"This would run: {clean(owed.step.command)}")
            elif owed.step.what in ("values", "generate"):
                names = owed.step.variables or [name for name, _ in session.env_diff()]
                common.out(f"This would write: {', '.join(map(line, names)) or 'the file, with no value yet'}")
            answer = _question("Do it? [y]es, [s]kip, [q]uit: ")
            if answer == "y":
                await _show(session.do(owed.step))
            return answer
        case Open() | Tell():
            common.out(report.step_text(owed.step))
            return _question("Press Enter when it is done, [s]kip, [q]uit: ") or "look"


async def _ask(session: Session, step: Ask, demo: Mapping[str, Secret]) -> None:
    form = session.form(step.variables)
    common.out(f"{line(form.title)}{f', for {line(form.purpose)}' if form.purpose else ''}")
    if len(form.ways) > 1:
        common.out(f"One of these is enough: {', '.join(map(line, form.ways))}")
    for number, text in enumerate(form.instructions, 1):
        common.out(f"  {number}. {clean(text)}")
    if form.page:
        common.out(f"  {clean(form.page)}")
    if form.hosts:
        common.out(f"  It is checked with {', '.join(map(line, form.hosts))}.")
    made_here = {field.variable.name for field in form.fields if field.can_generate}
    ways = [way for way in session.offers(step.variables) if not made_here.issuperset(way.gives)]
    offered = " or ".join(line(way.title) for way in ways)
    if ways and _question(f"Get them without typing ({offered})? [y/N]: ") == "y" and await _make(session, ways):
        return
    values: dict[str, Secret] = {}
    for field in form.fields:
        value = _field(session, field, demo.get(field.variable.name))
        if value is None:
            return
        values[field.variable.name] = value
    trial = await session.attempt(values)
    for finding in trial.findings:
        common.out(f"{report.WORDS[finding.status]}: {clean(finding.summary)}")
    if trial.may_save or (trial.may_insist and _question("Save it all the same? [y/N]: ") == "y"):
        try:
            await _save(session, values, trial)
        except OnboardError as error:
            common.failed(error)


async def _make(session: Session, ways: Sequence[Offer]) -> bool:
    """Have them made; `False`: nothing came of it, so that they can still be typed."""
    try:
        return await make_one(session, ways) == common.OK
    except OnboardError as error:
        common.failed(error)
        return False


async def _save(session: Session, values: dict[str, Secret], trial: Trial) -> None:
    for warning in await session.save(values, trial):
        common.out(f"note: {clean(warning)}")
    common.out("saved")


def _field(session: Session, field: Field, demo: Secret | None) -> Secret | None:
    """Return the value that the person gives; `None`: skipped."""
    name = field.variable.name
    looks = f", looks like {field.looks_like}" if field.looks_like else ""
    made = (", g makes one" if field.can_generate else "") + (", d takes the demo's" if demo else "")
    while True:
        text = common.answer(f"{name} (hidden{looks}{made}; empty skips): ", hidden=True)
        if not text.strip():
            return None
        if text.strip() == "g" and field.can_generate:
            return session.generate(name)
        if text.strip() == "d" and demo is not None:
            return demo
        pasted = session.clean(name, text)
        if pasted.removed:
            common.out(f"taken off: {', '.join(pasted.removed)}")
        shape = session.fits(name, pasted.value.reveal())
        common.out(clean(shape.text))
        if shape.fits:
            return pasted.value


def _question(text: str) -> str:
    answer = common.answer(text)
    return "q" if not answer else answer.strip().lower()[:1]


async def _show(events: AsyncGenerator[Event, None]) -> None:
    async with aclosing(events):
        async for event in events:
            common.out(f"  {clean(event.text)}")
