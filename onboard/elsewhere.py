"""The team's other places that hold a credential which has changed here: looked at, and given the new one where asked.

A place of the team's is never changed by itself: a person says so of each one.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from onboard import remotes
from onboard.checks._base import View
from onboard.checks._scopes import SCOPES, same
from onboard.model import Secret, Verdict
from onboard.providers._base import Held, Values, unclear
from onboard.understanding import whose

if TYPE_CHECKING:
    from onboard.providers._vercel_env import EnvName


class Holds(StrEnum):
    """What a place has now."""

    OLD = "old"
    """The old value, read and compared."""
    NEW = "new"
    ANOTHER = "another"
    """A value of its own, which stays."""
    UNREAD = "unread"
    """A value that nobody can read back."""
    UNTOLD = "untold"
    """It could not be looked at, or what it has may not be read."""


@dataclass(frozen=True, slots=True)
class Place:
    """One place that holds a variable which has changed here. Nothing in it is a value."""

    id: str
    """`vercel.<entry>` or `github.<NAME>`."""
    title: str
    """"Vercel, preview and development"."""
    variable: str
    """Its name there."""
    source: str
    """The variable here whose new value belongs there."""
    holds: Holds
    command: str
    """By which a person gives it the new value; it asks for it, and holds none."""
    production: bool
    """What runs for customers reads it."""
    why_not: str = ""
    """Why onboard does not give it the new value itself; empty: it does where asked."""

    @property
    def owed(self) -> bool:
        """Whether it has, or may have, the old value."""
        return self.holds in (Holds.OLD, Holds.UNREAD, Holds.UNTOLD)


async def look(view: View, old: Mapping[str, Secret], new: Mapping[str, Secret], own: bool) -> tuple[Place, ...]:
    """Return where else the repository shows these variables to be kept. By name the values before and after; they
    are the same where nothing has changed yet.

    `own`: the value is made at random for each place, so that one which cannot be read is left alone.
    """
    found = [*await _vercel(view, old, new), *await _github(view, new)]
    return tuple(_judged(view, place, new[place.source], own) for place in found)


async def give(view: View, place: Place, value: Secret) -> Verdict:
    """Give one place the new value. OK: it says that it has it."""
    from onboard.checks import _logins
    from onboard.providers import _vercel_env, github

    service, _, id = place.id.partition(".")
    login = await _logins.github(view) if service == "github" else _logins.vercel(view, linked=True)
    if login.token is None:
        return unclear(login.source, detail=f"`{login.help}` brings one")
    if service == "github":
        values = Values([("token", Held(login.source, login.token))])
        return await github.set_secret(view.machine, values, remotes.github(view.project), id, value)
    values = _values(remotes.vercel(view.project), login.token)
    return await _vercel_env.set_env(view.machine, values, id, value)


def _judged(view: View, place: Place, value: Secret, own: bool) -> Place:
    """Say of a place that may have another value whether the new one belongs there at all."""
    if place.holds not in (Holds.UNREAD, Holds.UNTOLD):
        return place
    variable = view.variable(place.source)
    found = whose(variable, value.reveal()) if variable else None
    if place.production and found is not None and found[0].shape(found[1], value.reveal()).mode == "test":
        return replace(place, why_not="a test key does not belong there", command="")
    if own and not place.why_not:
        return replace(place, why_not="each place may well have a random value of its own")
    return place


async def _vercel(view: View, old: Mapping[str, Secret], new: Mapping[str, Secret]) -> Sequence[Place]:
    from asyncio import gather

    from onboard.checks import _logins
    from onboard.providers._vercel_env import env_names, env_pulled

    link = remotes.vercel(view.project)
    if not link:
        return ()
    login = _logins.vercel(view, linked=True)
    if login.token is None:
        return [*_unseen(new, f"not looked at: {login.source}; `{login.help}` brings one")]
    values = _values(link, login.token)
    listed = await env_names(view.machine, values)
    if isinstance(listed, Verdict):
        return [*_unseen(new, f"not looked at: {listed.summary}")]
    pulled = await gather(*(env_pulled(view.machine, values, scope) for scope in SCOPES))
    scopes = {scope: one for scope, one in zip(SCOPES, pulled, strict=True) if not isinstance(one, Verdict)}
    own = {entry.name for entry in listed}
    found = [place for entry in listed if (place := _entry(entry, scopes, old, new)) is not None]
    return [*found, *(place for scope, there in scopes.items() for place in _shared(scope, there, own, old))]


def _shared(
    scope: str, there: Mapping[str, Secret | None], own: Container[str], old: Mapping[str, Secret]
) -> Iterator[Place]:
    """Return what the team shares between its projects, and so stands in no entry of this one."""
    why_not = "the team shares it between projects: change it on the team's page, for all of them"
    for name, value in there.items():
        source = next((one for one in old if value is not None and same(value, old[one])), None)
        if source is not None and name not in own:
            yield Place("", f"Vercel, {scope}", name, source, Holds.OLD, "", scope == "production", why_not)


def _entry(
    entry: EnvName,
    scopes: Mapping[str, Mapping[str, Secret | None]],
    old: Mapping[str, Secret],
    new: Mapping[str, Secret],
) -> Place | None:
    """Return the place that one entry at Vercel is; `None`: it has nothing to do with what has changed."""
    value = None
    if not entry.branch:
        read = (scopes[target].get(entry.name) for target in entry.targets if target in scopes)
        value = next((one for one in read if one is not None), None)
    alike = (name for name in old if name in new and value is not None and same(value, old[name]))
    source = next(alike, entry.name)
    if source not in new:
        return None
    holds = Holds.UNTOLD if entry.readable else Holds.UNREAD
    if value is not None:
        was = old.get(source)
        if was is not None and same(value, was):
            holds = Holds.OLD
        elif same(value, new[source]):
            holds = Holds.NEW
        elif was is not None:
            holds = Holds.ANOTHER
    where = " and ".join(one if one in SCOPES else "a custom environment" for one in entry.targets)
    branch = f" (branch {entry.branch})" if entry.branch else ""
    why_not = "an integration keeps it at Vercel: change it there" if entry.managed else "" if entry.id else "no id"
    scope = next((one for one in entry.targets if one in SCOPES), "")
    return Place(
        f"vercel.{entry.id}",
        f"Vercel, {where}{branch}",
        entry.name,
        source,
        holds,
        f"vercel env update {entry.name} {scope} {entry.branch}".rstrip(),
        "production" in entry.targets,
        why_not,
    )


def _unseen(names: Iterable[str], why: str) -> Iterator[Place]:
    """Return what may be at Vercel, where nobody could look."""
    for name in names:
        for scope in SCOPES:
            command = f"vercel env update {name} {scope}"
            yield Place("", f"Vercel, {scope}", name, name, Holds.UNTOLD, command, scope == "production", why)


async def _github(view: View, new: Mapping[str, Secret]) -> Sequence[Place]:
    used = remotes.workflows(view.project).secrets
    names = [name for name in new if name.upper() in used]
    if not names:
        return ()
    there = await _secrets(view)
    repository = remotes.github(view.project)
    title = f"GitHub Actions of {repository}" if repository else "GitHub Actions"
    return [_secret(title, name, there) for name in names]


async def _secrets(view: View) -> frozenset[str] | str:
    """Return the secrets that the repository itself has at GitHub, in capitals; a text: why they cannot be listed."""
    from onboard.checks import _logins
    from onboard.providers.github import own_secrets

    repository = remotes.github(view.project)
    if not repository:
        return "the repository is not at github.com"
    login = await _logins.github(view)
    if login.token is None:
        return f"{login.source}; `{login.help}` brings one"
    found = await own_secrets(view.machine, Values([("token", Held(login.source, login.token))]), repository)
    return found.summary if isinstance(found, Verdict) else frozenset(name.upper() for name in found)


def _secret(title: str, source: str, there: frozenset[str] | str) -> Place:
    name, why_not = source.upper(), ""
    if isinstance(there, str):
        why_not = f"not looked at: {there}"
    elif name not in there:
        why_not = "the repository itself has none; an environment or the organization lends it"
    holds = Holds.UNTOLD if why_not else Holds.UNREAD
    return Place(f"github.{name}", title, name, source, holds, f"gh secret set {name}", False, why_not)


def _values(link: Mapping[str, str], token: Secret) -> Values:
    held = {key: Secret(id) for key, id in link.items()} | {"token": token}
    return Values((key, Held(key, value)) for key, value in held.items())
