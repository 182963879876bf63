"""`onboard set NAME --make`: a value that a service makes, that lies on this machine, or that is made here."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from functools import partial

from onboard.clean import clean, line
from onboard.cli import common, report
from onboard.cli.entering import decided
from onboard.errors import NeedsPerson, OnboardError
from onboard.model import Event, Secret
from onboard.provisioning import Offer, Want
from onboard.session import Session


async def make(options: argparse.Namespace) -> int:
    """Show what can be made, make what the person chooses, try it and save it; return the exit code."""
    session = common.trusted_session(options)
    try:
        await session.listed()  # the vault may hold the key that a service is asked with
        offers = session.offers((options.name,))
        if not offers:
            page = session.form((options.name,)).page
            raise OnboardError(f"{options.name} cannot be made from here", f"get it at {page}" if page else "")
        return await make_one(session, offers, verify=not options.no_verify)
    finally:
        await session.close()


async def make_one(session: Session, offers: Sequence[Offer], *, verify: bool = True) -> int:
    """Let the person choose one of the offers, make it, try what came of it and save it; return the exit code."""
    offer = _chosen(session, offers)
    if offer is None:
        common.note("nothing was made")
        return common.PERSON
    values = await session.make(offer, typed(offer), partial(tell, session))
    return await _save(session, offer, values, verify=verify)


def _chosen(session: Session, offers: Sequence[Offer]) -> Offer | None:
    """Show the offers and return the one that the person wants; what only this machine does needs no question."""
    for number, offer in enumerate(offers, 1):
        common.note(f"{number}. {clean(offer.title)}, for {', '.join(offer.gives)}")
        common.note(f"   {clean(offer.note)}")
        if offer.hosts:
            common.note(f"   asks {', '.join(offer.hosts)}")
        for want in offer.wants:
            common.note(f"   needs {want.name} ({line(want.title)}), for this once: {clean(want.page)}")
    if not session.machine.terminal:
        here = [offer for offer in offers if not offer.outside]
        if len(here) == 1:
            return here[0]
        raise NeedsPerson(
            "a person chooses what is made", f"run `onboard set {offers[0].gives[0]} --make` in a terminal"
        )
    if len(offers) == 1:
        return offers[0] if common.confirm("Make it?") else None
    answer = common.answer(f"Which one? [1-{len(offers)}, empty: none] ").strip()
    return offers[int(answer) - 1] if answer.isdecimal() and 0 < int(answer) <= len(offers) else None


def typed(offer: Offer) -> dict[str, Secret]:
    """Ask for what an offer wants and return it, by key id. Raises NeedsPerson where nothing was typed."""
    given: dict[str, Secret] = {}
    for want in offer.wants:
        text = _asked(want)
        if not text:
            raise NeedsPerson(f"without {want.name} it cannot be made; nothing was", want.page)
        given[want.key] = Secret(text)
    return given


def _asked(want: Want) -> str:
    if want.secret:
        return common.answer(f"{want.name} (hidden, used once, not kept): ", hidden=True).strip()
    return common.answer(f"{clean(want.title)}: ").strip()


def tell(session: Session, event: Event) -> None:
    """Show what happens meanwhile, and open the page that it names."""
    common.note(f"   {clean(event.text)}")
    if event.kind == "page":
        session.machine.open_url(str(event.data["url"]))


async def _save(session: Session, offer: Offer, values: Mapping[str, Secret], *, verify: bool) -> int:
    if not values:
        common.note("nothing came of it; nothing was saved")
        return common.FAILED
    present = {row.name for row in session.rows() if row.state not in ("missing", "placeholder")}
    common.note("now: " + ", ".join(f"{n} (in place of the present one)" if n in present else n for n in values))
    if offer.outside and (len(values) > 1 or present & set(values)) and not common.confirm("Take them over?"):
        common.note("nothing was saved")
        return common.PERSON
    worst = common.OK
    for names in session.grouped(values):
        some = {name: values[name] for name in names if name in values}
        trial = await session.attempt(some, verify=verify)
        for finding in trial.findings:
            if finding.summary:
                common.note(f"{report.WORDS[finding.status]}: {clean(finding.summary)}")
        code = decided(trial)
        if code == common.OK:
            for warning in await session.save(some, trial):
                common.note(f"note: {clean(warning)}")
            common.note(f"{', '.join(some)} saved in {session.env_name}")
        worst = code if code != common.OK else worst
    return worst
