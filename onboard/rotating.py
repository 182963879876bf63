"""The talk of changing one credential, the same at the command line and in the app: told, tried, stored, then ended."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import TYPE_CHECKING, Protocol

from onboard.clean import clean, line
from onboard.errors import NetworkError, OnboardError
from onboard.model import Secret, Status, Verdict
from onboard.rotation import Change, Holds, Place, Stage

if TYPE_CHECKING:
    from onboard.entry import Trial
    from onboard.session import Session


class Ended(Enum):
    """How the talk ended."""

    DONE = "done"
    """The new one is in use, the old one is dead, or nobody can be asked about it."""
    LIVES = "lives"
    """The new one is in use; the old one works still, or that could not be told."""
    DECLINED = "declined"
    """Nothing was changed."""


class Person(Protocol):
    """Who changes it, at whichever front end. Nothing that is said holds a value."""

    def head(self, text: str) -> None:
        """Begin something new."""

    def say(self, text: str, status: Status | None = None) -> None:
        """Tell one thing, maybe with how it stands."""

    def guide(self, page: str, steps: tuple[str, ...]) -> None:
        """Tell what is to be done on a service's page; empty: there is none."""

    async def agree(self, question: str, *, word: str = "") -> bool:
        """Ask for a yes, which is never the default. `word`: it has to be typed."""

    async def enter(self, name: str, question: str) -> Secret | None:
        """Take a value unseen, cleaned as one of `name`; `None`: the person has none."""


class Talk:
    """One sitting's changes, one after the other."""

    def __init__(self, session: Session, person: Person) -> None:
        self._session = session
        self._person = person
        self._rotator = session.rotate()

    async def changes(self, *words: str) -> tuple[Change, ...]:
        """Return what these words mean: variables, or services. Raises UsageError."""
        return await self._rotator.changes(*words)

    def show(self, change: Change) -> None:
        """Tell what a change means, before anything happens."""
        say = self._person.say
        self._person.head(f"{clean(change.title)}: {', '.join(map(line, change.names))}; {_HOW[change.how]}")
        if change.stage is not None and change.stage is not Stage.KEPT:
            say(f"under way since {line(change.since[:10])}: {_STAGES[change.stage]}")
            if change.stage is Stage.ASKED and change.page:
                say(change.page)
        say(f"breaks: {change.breaks}")
        say(f"the old one ends: {change.old_dies}")
        for text in change.holds:
            say(f"- {text}")

    async def change(self, change: Change) -> Ended:
        """Change one credential with the person. Raises OnboardError; what is stored works whatever happens."""
        person, rotator = self._person, self._rotator
        self.show(change)
        if change.stage is Stage.SAVED:
            await self._places(change)
            return await self._end(change, dead=change.old_dead)
        for place in await rotator.elsewhere(change):
            if place.holds is Holds.OLD:
                then = "it can get the new one too" if not place.why_not else place.why_not
                person.say(f"- {place.variable} at {place.title} has the same value; {then}")
        if not await person.agree("Go on?"):
            person.say("not changed")
            return Ended.DECLINED
        new = await self._new(change)
        if new is None:
            person.say("not changed; the old one stays")
            return Ended.DECLINED
        trial, insisted = await self._tried(new)
        while change.how == "guided" and not (trial.may_save or insisted):
            person.say("the old one stays; another new one?")
            new = await self._typed(change)
            if new is None:
                person.say("not changed; the old one stays")
                return Ended.DECLINED
            trial, insisted = await self._tried(new)
        done = await rotator.commit(change, new, trial, insisted=insisted)
        for warning in done.warnings:
            person.say(f"note: {warning}")
        person.head(f"{', '.join(done.names)} saved in {self._session.env_name}")
        if done.can_undo:
            person.say(f"`onboard rotate --undo {change.name}` goes back to the old one, as long as it lives")
        for text in change.holds:
            person.say(f"now: {text}")
        await self._places(change)
        return await self._end(change, dead=done.old_dead)

    async def _tried(self, new: Mapping[str, Secret]) -> tuple[Trial, bool]:
        """Have new values asked about; return what was found, and whether the person insists on what is untold."""
        trial = await self._rotator.attempt(new)
        for finding in trial.findings:
            if finding.summary:
                self._person.say(finding.summary, finding.status)
        insists = not trial.may_save and trial.may_insist and await self._person.agree("Use it all the same?")
        return trial, insists

    async def _new(self, change: Change) -> Mapping[str, Secret] | None:
        """Return the new values by variable; `None`: the person has none."""
        typed: dict[str, Secret] = {}
        if change.stage is not Stage.MADE:
            for key, name in change.wants:
                value = await self._person.enter(name, f"{name} (hidden, used once, not kept; empty: by hand)")
                if value is not None:
                    typed[key] = value
        try:
            new = await self._rotator.begin(change, typed)
        except NetworkError:
            raise
        except OnboardError as error:
            if not change.page:
                raise
            for text in filter(None, (error.message, error.hint, "so it is done by hand:")):
                self._person.say(text)
            new = None
        if new is not None:
            return new
        self._person.guide(change.page, change.steps)
        return await self._typed(change)

    async def _typed(self, change: Change) -> dict[str, Secret] | None:
        while True:
            value = await self._person.enter(change.name, f"the new {change.name} (hidden; empty: not now)")
            if value is None:
                return None
            shape = self._session.fits(change.name, value.reveal())
            if self._rotator.holds(change.name, value):
                self._person.say("this is the old one")
            elif not shape.fits:
                self._person.say(shape.text)
            else:
                return dict.fromkeys(change.names, value)

    async def _places(self, change: Change) -> None:
        """Offer to give the team's other places the new value, one by one; name what is left."""
        places = await self._rotator.elsewhere(change)
        if any(place.owed for place in places):
            self._person.head("where the old one may be in use too:")
        for place in places:
            said = f"{place.variable} at {place.title}"
            if not place.owed:
                self._person.say(f"{said}: {_HOLDS[place.holds]}")
            elif place.why_not:
                self._person.say(f"{said}: {place.why_not}" + (f"; `{place.command}`" if place.command else ""))
            elif await self._wanted(place, said):
                self._said(await self._rotator.give(change, place))
            else:
                self._person.say(f"left as it is; `{place.command}` changes it")

    async def _wanted(self, place: Place, said: str) -> bool:
        question = f"{said}: {_HOLDS[place.holds]}. Put the new one there?"
        if not place.production:
            return await self._person.agree(question)
        return await self._person.agree(f"{question} Customers' traffic uses it.", word="production")

    async def _end(self, change: Change, *, dead: bool) -> Ended:
        """End the old value, and prove it dead."""
        person, rotator = self._person, self._rotator
        if change.generated or (change.how == "local" and not change.asked):
            verdict = await rotator.end(change)
            person.say(verdict.summary)
            return Ended.DONE
        if dead or change.how == "api":
            question = "Does everything that you need run with the new one? Then end the old one now?"
            if not dead and not await person.agree(question):
                return self._later(change)
            verdict = await rotator.end(change)
            self._said(verdict)
            if verdict.status is Status.OK:
                return Ended.DONE
            if dead:
                return self._later(change)
        person.guide(change.page, change.steps)
        if not await person.agree("Is the old one ended there?"):
            return self._later(change)
        verdict = await rotator.end(change, by_hand=True)
        if change.name not in await rotator.pending():
            person.say(verdict.summary, Status.OK)
            return Ended.DONE
        self._said(verdict)
        return self._later(change)

    def _said(self, verdict: Verdict) -> None:
        self._person.say(verdict.summary, verdict.status)
        if verdict.detail:
            self._person.say(verdict.detail)
        if verdict.step is not None:
            places = (verdict.step.text, verdict.step.url, verdict.step.command)
            self._person.say(f"→ {' '.join(place for place in places if place)}")

    def _later(self, change: Change) -> Ended:
        self._person.say(f"the old one lives on; it ends {change.old_dies}. `onboard rotate {change.name}` goes on")
        return Ended.LIVES


_HOW = {"api": "the service makes a new one", "guided": "you make a new one", "local": "a new one is made here"}
_STAGES = {
    Stage.ASKED: "it broke off while a new one was made; there may be one that nobody holds: end it on the page",
    Stage.MADE: "the new one rests in the keyring and is not in use yet",
    Stage.SAVED: "the new one is in use, the old one is not proven dead",
}
_HOLDS = {
    Holds.OLD: "it has the old one",
    Holds.NEW: "it has the new one",
    Holds.ANOTHER: "it has another value, which stays",
    Holds.UNREAD: "nobody can read what it has",
    Holds.UNTOLD: "what it has could not be read",
}
