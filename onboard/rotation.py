"""Changing a credential without being locked out: the new one is stored and tried before the old one is ended.

Each step is noted before it is done, so that whatever breaks off is named at the next start and can go on from there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from onboard import elsewhere, entry
from onboard.changing import Change, described
from onboard.checks._base import View
from onboard.checks.database import production_sign
from onboard.checks.rotation import JOURNAL, Stage, journal
from onboard.elsewhere import Holds, Place
from onboard.entry import Trial
from onboard.errors import NeedsPerson, NetworkError, OnboardError, VaultError
from onboard.holdings import with_stored
from onboard.model import Secret, Status, Verdict
from onboard.providers import provider as provider_of
from onboard.providers._base import Fresh, Provider, Values, accepted, unclear
from onboard.providers._url import Url, parse, with_password
from onboard.provisioning import known

if TYPE_CHECKING:
    from onboard.choices import Choices
    from onboard.holdings import Holdings

__all__ = ["Change", "Holds", "Place", "Rotator", "Stage"]

_OLD, _NEW = "@old.", "@new."
"""How the vault's entries for a credential under change begin; no variable has such a name."""


@dataclass(frozen=True, slots=True)
class Committed:
    """What was stored."""

    names: tuple[str, ...]
    warnings: tuple[str, ...]
    can_undo: bool
    """The old value is kept in the vault until it is proven dead."""
    old_dead: bool
    """The service ended the old one when it made the new one."""


class Rotator:
    """Changes the credentials of one sitting. A front end shows a Change, then calls begin, attempt, commit, end."""

    def __init__(self, view: Callable[[], View], holdings: Holdings, choices: Choices) -> None:
        """`view`: returns what there is now."""
        self._now_view = view
        self._holdings = holdings
        self._choices = choices
        self._machine = view().machine
        self._project = view().project
        self._got: set[str] = set()
        """Variables whose new value came in this sitting or rests in the vault."""

    async def changes(self, *words: str) -> tuple[Change, ...]:
        """Return what changing these would mean: variables, or ids of providers. Raises UsageError."""
        return described(await self._view(), journal(self._choices), words)

    async def due(self, days: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the secrets that were set more than `days` days ago, and those whose date is not known."""
        from datetime import datetime, timedelta

        view = await self._view()
        before = self._machine.now() - timedelta(days=days)
        due, undated = [], []
        for name, held in view.held().items():
            if not entry.is_secret(view, name):
                continue
            stored = (view.stored or {}).get(name)
            date = self._choices.date(name, "set") if self._choices.is_same(name, held.value) else None
            date = date or (stored.set_at if stored and stored.value == held.value else None)
            if date is None:
                undated.append(name)
            elif datetime.fromisoformat(date) < before:
                due.append(name)
        return tuple(due), tuple(undated)

    async def pending(self) -> tuple[str, ...]:
        """Return the variables whose change broke off or whose old value is not proven dead."""
        return tuple(name for name, one in journal(self._choices).items() if one["stage"] != Stage.KEPT)

    async def begin(self, change: Change, typed: Mapping[str, Secret] | None = None) -> Mapping[str, Secret] | None:
        """Get the new values, by variable: made by the service or here; `None`: a person gets it on `change.page`.

        What a change that broke off had got already is taken up. `typed`: values by key id for this once.
        Raises OnboardError where the service refuses: nothing is changed then; NetworkError: it cannot be told.
        """
        self._person()
        view = await self._view()
        if change.stage is Stage.KEPT:
            self._forget(change.name)
        waiting = await self._kept(_NEW + change.name)
        if waiting is not None and change.stage in (Stage.ASKED, Stage.MADE):
            self._got.add(change.name)
            return {name: Secret(text) for name, text in waiting.items() if text is not None}
        if change.how == "guided":
            return None
        await self._not_production(change, view, typed)
        if change.generated:
            fresh = Fresh({"": entry.generate(view.variable(change.name))})
            new = dict.fromkeys(change.names, fresh.values[""])
        else:
            self._note(change, Stage.ASKED)
            provider, values = self._held(view, change, typed)
            try:
                fresh = await provider.renew(change.key, values, self._machine)
            except NetworkError:
                raise
            except OnboardError:
                if change.stage is None:  # else an earlier attempt may have made one all the same
                    self._forget(change.name)
                raise
            new = _named(fresh, values, provider)
            new |= _spread(view, values, fresh, new)
        await self._store_new(change, new, fresh)
        return new

    def holds(self, name: str, value: Secret) -> bool:
        """Whether this is the value that the app reads now."""
        return self._now_view().values.get(name) == value

    async def attempt(self, values: Mapping[str, Secret]) -> Trial:
        """Hold new values against shape, mode, service and pair. Saves nothing."""
        return await entry.attempt(await self._view(), values)

    async def commit(
        self, change: Change, new: Mapping[str, Secret], trial: Trial, *, insisted: bool = False
    ) -> Committed:
        """Put the new values into vault and env file in one commit; the old ones stay in the vault.

        Raises OnboardError where the new value is refused, or could not be told and nobody insisted: the old one then
        stays in both places, unless the service has ended it already.
        """
        self._person()
        noted = journal(self._choices).get(change.name, {})
        dead = bool(noted.get("old_dead"))
        if not trial.may_save and not dead and not (insisted and trial.may_insist):
            raise OnboardError(
                "the new value is not accepted; the old one stays where it was",
                f"`onboard rotate {change.name}` tries again, `onboard rotate --undo {change.name}` gives it up",
            )
        view = await self._view()
        if change.name not in self._got:
            await self._store_new(change, new, Fresh(new))
        already = await self._kept(_OLD + change.name)
        current = {name: view.values.get(name) for name in new}
        resumed = already is not None and all(current[name] == value for name, value in new.items())
        old = already if already is not None and resumed else {n: v.reveal() if v else None for n, v in current.items()}
        if not trial.verified and not dead and change.asked and not await self._usable():
            raise VaultError(
                "without a keyring the old value cannot be kept, so one that is not verified does not take its place",
                "try again when the service can be asked",
            )
        now = self._now()
        keep = {**new, _OLD + change.name: _packed(old)}
        warnings = await self._holdings.put(new, keep, view.variables, now, "rotated")
        marks = {name: self._choices.fingerprint(value) for name, value in new.items()}
        self._note(change, Stage.KEPT if change.how == "local" and not change.asked else Stage.SAVED, marks=marks)
        kept = await self._kept(_OLD + change.name) == old
        await self._drop(_NEW + change.name)
        for name, value in new.items():
            self._choices.dated(name, "set", now, value)
            if trial.verified:
                self._choices.dated(name, "verified", now, value)
        return Committed(tuple(new), warnings, kept and not dead, dead)

    async def elsewhere(self, change: Change) -> tuple[Place, ...]:
        """Return the team's other places that hold what changes; before it is committed, what they hold is the old."""
        noted = journal(self._choices).get(change.name, {})
        view = await self._view()
        if noted.get("stage") in (Stage.SAVED, Stage.KEPT):
            names = noted.get("marks", ())
            former = await self._kept(_OLD + change.name) or {}
            old = {name: Secret(text) for name, text in former.items() if text}
        else:
            names = change.names
            old = {name: view.values[name] for name in names if name in view.values}
        new = {name: view.values[name] for name in names if name in view.values}
        found = await elsewhere.look(view, old, new, change.generated)
        return tuple(place for place in found if place.id not in noted.get("given", ()))

    async def give(self, change: Change, place: Place) -> Verdict:
        """Give one of those places the new value, as a person asked. OK: it says that it has it."""
        self._person()
        view = await self._view()
        verdict = await elsewhere.give(view, place, view.values[place.source])
        if verdict.status is Status.OK:
            noted = journal(self._choices)[change.name]
            self._note(change, Stage(noted["stage"]), marks=noted["marks"], given=[*noted.get("given", ()), place.id])
        return verdict

    async def end(self, change: Change, *, by_hand: bool = False) -> Verdict:
        """End the old value and prove it dead: OK; WARN: it still works; else it could not be told.

        `by_hand`: a person has ended it on the service's page, so it is only proven.
        """
        self._person()
        noted = journal(self._choices).get(change.name, {})
        kept = await self._kept(_OLD + change.name)
        if not await self._in_use(noted):
            raise OnboardError(
                f"{change.name} is not the one any more that the change put there, so nothing is ended",
                f"`onboard rotate --undo {change.name}` closes the change",
            )
        if change.generated:
            return accepted("the old value is in use nowhere any more, once the app has started again")
        if by_hand and (kept is None or not change.asked):
            await self._over(change.name)
            return unclear("nobody can be asked whether the old value still works; you said that it is ended")
        if change.provider is None or not change.asked:
            return unclear("nobody can be asked whether the old value still works", detail=change.old_dies)
        if kept is None:
            return unclear("the old value was not kept, so it cannot be asked about", detail=change.old_dies)
        view = await self._view()
        provider, new = self._held(view, change, None)
        former = {**view.values, **{name: Secret(text) for name, text in kept.items() if text}}
        _, old = self._held(replace(view, values=former), change, None)
        fresh = Fresh({}, str(noted.get("retire", "")), bool(noted.get("old_dead")))
        try:
            if by_hand or fresh.old_dead:
                verdict = await provider.dead(change.key, old, self._machine)
            else:
                verdict = await provider.retire(change.key, fresh, old, new, self._machine)
                if verdict.status is not Status.OK:  # an earlier attempt may have ended it
                    proof = await provider.dead(change.key, old, self._machine)
                    verdict = proof if proof.status is Status.OK else verdict
        except OnboardError as error:
            return unclear(error.message, detail=error.hint)
        if verdict.status is Status.OK:
            await self._over(change.name)
        return verdict

    async def undo(self, name: str) -> tuple[str, ...]:
        """Go back to the old value, in the vault and the env file; return the names that changed.

        Raises OnboardError where there is nothing to go back to, or the old value is dead.
        """
        self._person()
        noted = journal(self._choices).get(name)
        if noted is None:
            raise OnboardError(f"no change of {name} is under way, or its old value is dead", "`onboard env --undo`")
        kept = await self._kept(_OLD + name)
        if kept is None:
            begun = noted["stage"] in (Stage.ASKED, Stage.MADE) and not noted.get("old_dead")
            if begun or not await self._in_use(noted):
                await self._over(name)
                return ()
            raise OnboardError(f"the old value of {name} is not kept any more", f"`onboard rotate {name}` goes on")
        view = await self._view()
        change = described(view, journal(self._choices), (name,))[0]
        if noted.get("old_dead"):
            raise OnboardError(f"the old value of {name} is dead already; the new one stays")
        back = {each: Secret(text) if text is not None else None for each, text in kept.items()}
        if change.provider is not None and change.asked:
            former = {**view.values, **{each: value for each, value in back.items() if value}}
            provider, old = self._held(replace(view, values=former), change, None)
            if (await provider.dead(change.key, old, self._machine)).status is Status.OK:
                raise OnboardError(f"the old value of {name} is dead already; the new one stays")
        keep = {each: value for each, value in back.items() if value is not None}
        await self._holdings.put(back, keep, view.variables, self._now(), "undone")
        for each, value in keep.items():
            self._choices.dated(each, "set", self._now(), value)
        await self._over(name)
        return tuple(back)

    async def _not_production(self, change: Change, view: View, typed: Mapping[str, Secret] | None) -> None:
        """Raise NeedsPerson where changing it from here would hit production."""
        if change.provider is None:
            return
        provider, values = self._held(view, change, typed)
        if provider.production(values) == change.key:
            raise NeedsPerson("this is a live key; it is changed on the service's page", change.page)
        if (parse(values.text(change.key))) and provider.id in ("neon", "postgres") and change.key == "url":
            credential = next((c for c in provider.credentials if c.needs[0] in values and c.needs[0] != "api"), None)
            seen = (await provider.verify(credential, values, self._machine)).identity if credential else {}
            if sign := production_sign(seen):
                raise NeedsPerson(f"this is a production database ({sign}); its password is not reset from here")

    async def _store_new(self, change: Change, new: Mapping[str, Secret], fresh: Fresh) -> None:
        """Note that there is a new value, and rest it in the vault, so that it is not lost before it is committed."""
        from onboard.vault import Entry

        self._got.add(change.name)
        marks = {name: self._choices.fingerprint(value) for name, value in new.items()}
        self._note(change, Stage.ASKED, retire=fresh.retire, old_dead=fresh.old_dead, marks=marks)
        packed = _packed({name: value.reveal() for name, value in new.items()})
        made = Entry(packed, self._now(), source="rotated", folder=self._project.root)
        try:
            await self._machine.vault.update(self._project.id, {_NEW + change.name: made})
        except VaultError:
            return  # it is in this process alone: a kill before the commit loses it, and the next start says so
        self._note(change, Stage.MADE, marks=marks)

    async def _view(self) -> View:
        return with_stored(self._now_view(), await self._holdings.stored())

    def _held(self, view: View, change: Change, typed: Mapping[str, Secret] | None) -> tuple[Provider, Values]:
        """Return the provider and its values, the one to be changed before others of its kind."""
        provider = provider_of(change.provider or "")
        return provider, known(view, provider, typed, first=change.name)

    async def _kept(self, name: str) -> dict[str, str | None] | None:
        """Return the values by variable in an entry of ours; `None`: it is not there."""
        import json

        try:
            found = (await self._machine.vault.get(self._project.id)).get(name)
            read = None if found is None else json.loads(found.value.reveal())
        except (VaultError, ValueError):
            return None
        return read if isinstance(read, dict) else None

    async def _drop(self, *names: str) -> None:
        try:
            await self._machine.vault.update(self._project.id, {}, names)
        except VaultError:
            return

    async def _over(self, name: str) -> None:
        self._forget(name)  # first: what breaks off here leaves a dead value in the vault, and nothing to wonder about
        await self._drop(_OLD + name, _NEW + name)

    async def _usable(self) -> bool:
        try:
            return (await self._machine.vault.backend()).usable
        except VaultError:
            return False

    def _person(self) -> None:
        if not self._machine.terminal:
            raise NeedsPerson("a person changes a credential, at a terminal", "run `onboard rotate` in your terminal")

    async def _in_use(self, noted: Mapping[str, Any]) -> bool:
        """Whether the app still reads what a change put there."""
        values, marks = (await self._view()).values, noted.get("marks")
        marks = marks if isinstance(marks, dict) else {}
        return all(name in values and self._choices.fingerprint(values[name]) == mark for name, mark in marks.items())

    def _note(self, change: Change, stage: Stage, **more: str | bool | Mapping[str, str] | list[str]) -> None:
        """Write down how far it is, before or after a step; no value is in it."""
        all_ = journal(self._choices)
        base = all_.get(change.name, {"since": self._now()})
        same = {key: base[key] for key in ("retire", "old_dead") if key in base}
        record: dict[str, Any] = {"stage": stage.value, "since": base["since"], "page": change.page} | same | more
        self._choices.put(JOURNAL, all_ | {change.name: record})

    def _forget(self, name: str) -> None:
        self._choices.put(JOURNAL, {n: one for n, one in journal(self._choices).items() if n != name})

    def _now(self) -> str:
        return self._machine.now().isoformat(timespec="seconds")


def _named(fresh: Fresh, values: Values, provider: Provider) -> dict[str, Secret]:
    """Return the new values by variable: each that held the old value, or the key's usual name; only what changes."""
    found: dict[str, Secret] = {}
    for key, value in fresh.values.items():
        held = values.all(key)
        names = [one.variable for one in held if one.value == held[0].value] or [provider.key(key).names[0]]
        found |= {name: value for name in names if not held or held[0].value != value}
    return found


def _spread(view: View, values: Values, fresh: Fresh, new: Mapping[str, Secret]) -> dict[str, Secret]:
    """Return the other variables that hold a password which has just ended: alone, or in a URL of the same user."""
    found: dict[str, Secret] = {}
    for key, value in fresh.values.items():
        old, now = parse(values.text(key)), parse(value.reveal())
        if isinstance(old, str) or isinstance(now, str) or not old.password or not now.password:
            continue
        for name, held in view.held().items():
            text, other = held.value.reveal(), parse(held.value.reveal())
            same = isinstance(other, Url) and (other.user, other.password) == (old.user, old.password)
            if name not in new and same:
                found[name] = Secret(with_password(text, now.password))
            elif name not in new and text == old.password:
                found[name] = Secret(now.password)
    return found


def _packed(values: Mapping[str, str | None]) -> Secret:
    import json

    return Secret(json.dumps(dict(values)))
