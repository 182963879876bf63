"""Target: the database that a schema push will really touch, found before anybody is asked to agree to it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from onboard import providers
from onboard.checks import database
from onboard.clean import line
from onboard.model import Secret, Status
from onboard.project import connection
from onboard.project.connection import Connection, Load
from onboard.project.files import Tree, join
from onboard.project.values import Push
from onboard.providers._base import Held, Provider, Values
from onboard.providers._url import LOCAL_HOSTS, Url, parse, scheme_of, supabase_ref
from onboard.understanding import held
from onboard.winning import Source, Winning, database_of, folder, is_url, read, sources

if TYPE_CHECKING:
    from onboard.checks._base import View

_PRODUCTION = re.compile(
    r"production|(?<![a-z])(prod|prd|live)(?![a-z])|(?<![a-z])prod(?=db|pg|sql|app)|(?<=db)prod(?![a-z])"
)
_MAIN = ("main", "master")
"""As a database's whole name; in the middle of one it says nothing."""
_SPARE = re.compile(r"example|sample|template|dist|vault")


@dataclass(frozen=True, slots=True)
class Target:
    """The database of one push. Everything but `url` and `gives` may be shown."""

    push: Push
    url: Secret | None = None
    """`None`: the tool goes by other means (a linked project), or it could not be told."""
    origin: str = ""
    """Which value wins and who reads it, for people."""
    identity: Mapping[str, str] = field(default_factory=dict)
    """host, database, user, branch, project, …; as far as the URL and its service tell."""
    production: str = ""
    """By which sign it is production's, a whole sentence; empty: by none."""
    names: tuple[str, ...] = ()
    """A person has to type one of these, the first is asked for; empty: a plain yes is enough."""
    stopped: str = ""
    """Why nothing can be pushed now; empty: it can."""
    hint: str = ""
    notes: tuple[str, ...] = ()
    """What a person should know before agreeing."""
    tables: tuple[str, ...] | None = None
    """Before the push; `None`: not known."""
    gives: Mapping[str, Secret] = field(default_factory=dict)
    """Variables for the tool, so that it finds exactly what was looked at."""

    @property
    def where(self) -> str:
        """Database, host and what the service calls it, in one line."""
        told = self.identity
        named = told.get("database", "")
        host = told.get("host", "")
        at = f"{named} on {host}" if named and host else named or host or "not known"
        branch = told.get("branch", "")
        kind = (
            " (default)" if told.get("default") == "true" else " (protected)" if told.get("protected") == "true" else ""
        )
        of = f"project {told['project']}" if told.get("project") else ""
        return " · ".join(filter(None, (at, f"branch {branch}{kind}" if branch else "", of)))

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """What the tool holds and must not show: another file's or the shell's, too."""
        given = (
            one for name, one in self.gives.items() if "://" in one.reveal() or re.search(r"PASS|PWD|SECRET", name)
        )
        return (*((self.url,) if self.url is not None else ()), *given)

    def lines(self) -> tuple[str, ...]:
        """Return what a person reads before agreeing: the database, where its URL comes from, and what to know."""
        count = () if self.tables is None else (f"tables now: {len(self.tables) or 'none'}",)
        told = (f"database: {self.where}", *((f"from: {self.origin}",) if self.origin else ()), *count, *self.notes)
        return tuple(line(text) for text in told)


async def look(view: View, *, confirmed: str = "") -> Target:
    """Return the target of the app's push, asked about at its service.

    A database that is production's by its name or its surroundings is not contacted before `confirmed` names it.
    """
    push = view.app.push
    assert push is not None  # noqa: S101 -- whoever pushes has looked
    tree = Tree(Path(view.project.root))
    found = connection.find(tree, push)
    values = Winning(view, tree, found)
    target = Target(push, notes=tuple(_notes(found)))
    if found.project:
        project, origin = found.project, found.source
        other = values.find("SUPABASE_PROJECT_ID")
        if other and origin != "the command itself":  # its CLI takes this before what is linked
            project, origin = line(other.url.reveal(), limit=40), f"SUPABASE_PROJECT_ID of {other.place}"
        why = f"it is the Supabase project {project}, as {origin} says"
        target = replace(target, identity={"project": project}, origin=origin, names=(project,), production=why)
        return target if not _resets(found) else _refused(target, "a reset of a remote database is never run from here")
    found_urls, unsure = sources(view, tree, found, values)
    if not found_urls:
        return replace(
            target,
            names=(push.tool,),
            production=f"which database this push would touch could not be told: {unsure or 'no variable names it'}",
        )
    first = found_urls[0]
    notes = (*target.notes, *values.rivals(first), *((unsure,) if unsure else ()))
    gives = {**values.gives(), **({first.variable: first.url} if first.variable else {})}
    target = replace(target, url=first.url, origin=_origin(first, found), notes=notes, gives=gives)
    if _resets(found) and not _local(first):
        return _refused(target, "a reset of a remote database is never run from here")
    asked = [(each, _identity(each)) for each in found_urls]
    target = replace(target, identity=asked[0][1])
    surroundings = _surroundings(view, tree, found, first)
    for source, identity in asked:
        if sign := _named(source, identity) or _elsewhere(view, tree, source) or surroundings:
            target = _production(target, source, identity, sign)
            if confirmed not in target.names:
                return target
            break
    target = await _contacted(view, target, found_urls)
    if not target.production and unsure and found.source:
        # Code decides which database it is: only a person knows.
        names = tuple(filter(None, (target.identity.get("database", ""), push.tool)))
        target = replace(target, names=names, production=f"which database this push would touch is uncertain: {unsure}")
    if not target.names and found.flags and (name := target.identity.get("database")):
        target = replace(
            target, names=(name,), production=f"the command has {', '.join(found.flags)}: it drops data unasked"
        )
    return target


def _refused(target: Target, why: str) -> Target:
    return replace(target, stopped=why, hint="run it yourself, where you mean it")


def _notes(found: Connection) -> Iterator[str]:
    if found.flags:
        yield f"the command has {', '.join(found.flags)}: the tool will not ask before it drops data"


def _resets(found: Connection) -> bool:
    return "reset" in found.flags


def _origin(source: Source, found: Connection) -> str:
    verb = "takes" if found.source == "the command itself" else "reads"
    reader = f", as {found.source} {verb} it" if found.source and source.place != found.source else ""
    return line(f"{source.called} in {source.place}{reader}" if source.place else source.called)


# what it is


def _identity(source: Source) -> dict[str, str]:
    text = source.url.reveal()
    url = parse(text)
    if isinstance(url, str):
        return {"database": line(text[5:], limit=80), "host": "this machine"} if text.startswith("file:") else {}
    told = {"host": url.host, "database": url.path, "user": url.user, "project": supabase_ref(url)}
    return {name: line(value, limit=120) for name, value in told.items() if value}


def _local(source: Source) -> bool:
    url = parse(source.url.reveal())
    return source.url.reveal().startswith("file:") or (isinstance(url, Url) and url.host in LOCAL_HOSTS)


def by_name(view: View, source: Source) -> tuple[str, str]:
    """Return by which sign a remote database is production's before it is contacted, and what a person types for it.

    Both are empty where no name and no other env file says so.
    """
    identity = _identity(source)
    if _local(source):
        return "", ""
    sign = _named(source, identity) or _elsewhere(view, Tree(Path(view.project.root)), source)
    return (sign, identity.get("database") or identity.get("host", "")) if sign else ("", "")


def _named(source: Source, identity: Mapping[str, str]) -> str:
    """Return by which name it is production's; empty: none says so."""
    host = identity.get("host", "")
    if _PRODUCTION.search(source.variable.lower()):
        return f"its variable is called {source.variable}"
    if _PRODUCTION.search(source.place.lower()):
        return f"its connection string stands in {source.place}"
    if not host.endswith((".neon.tech", ".neon.build")) and _PRODUCTION.search(host):
        return f"its host is called {host}"  # the hosts of Neon's computes are made of random words
    name = identity.get("database", "").lower()
    if _PRODUCTION.search(name) or name in _MAIN:
        return f"the database is called {name}"
    if _PRODUCTION.search(identity.get("user", "").lower()):
        return f"its user is called {identity['user']}"
    return ""


def _elsewhere(view: View, tree: Tree, source: Source) -> str:
    """Return whose production this very database is: another env file's, or the host's of the deployed app."""
    for place, names in view.places.items():
        if "production" in place and source.variable and names.get(source.variable) == "same":
            return f"{place.split('.')[0].capitalize()} has the same {source.variable} for production"
    for place in dict.fromkeys((".", view.app.dir, folder(view))):
        for name in sorted(tree.names(place)):
            if name.startswith(".env") and _PRODUCTION.search(name) and not _SPARE.search(name):
                path = join(place, name)
                for value in read(tree, Load(path)).values():
                    if is_url(Secret(value)) and database_of(Secret(value)) == database_of(source.url):
                        return f"{path} names the same database"
    return ""


def _surroundings(view: View, tree: Tree, found: Connection, source: Source) -> str:
    """Return what else in the same scope is production's: a live key beside it, or the mode of the command."""
    for name, value in found.sets:
        if name in ("NODE_ENV", "APP_ENV", "ENV", "STAGE", "VERCEL_ENV") and value.lower() in ("production", "prod"):
            return f"the command sets {name}={value}"
    scopes = [view]
    if source.place != view.env_path.name and (values := read(tree, Load(source.place))):
        scopes.append(replace(view, values={name: Secret(value) for name, value in values.items()}))
    for scope in scopes:
        for service in scope.services:
            beside = held(service, scope.held(), scope.services)
            if key := service.provider.production(beside):
                return f"{beside.variable(key)} beside it is a live app's key"
    return ""


def _production(target: Target, source: Source, identity: Mapping[str, str], sign: str) -> Target:
    names = tuple(filter(None, (identity.get(key, "") for key in ("branch", "database", "host"))))
    why = line(f"{source.called} is a production database ({sign}); local work must not touch it")
    known = replace(target, production=why, names=names or (target.push.tool,))
    return replace(known, identity=identity) if source.url == target.url or not target.identity else known


# what its service says


def asks(view: View, url: Secret, variable: str = "") -> tuple[Provider, Values] | None:
    """Return the provider that can be asked about a PostgreSQL URL, and its values; `None`: no PostgreSQL."""
    if not is_url(url):
        return None
    name = variable or "DATABASE_URL"
    provider = next(one for id in ("neon", "postgres") if (one := providers.provider(id)).claim(name, url.reveal()))
    beside = [
        (key, one)
        for service in view.services
        if service.provider.id == provider.id
        for key in ("api", "project")
        for one in held(service, view.held()).all(key)
    ]
    return provider, Values([(provider.credentials[0].needs[0], Held(name, url)), *beside])


async def _contacted(view: View, target: Target, sources: Sequence[Source]) -> Target:
    """Return the target with what its service says of it; each further connection string is looked at too."""
    for at, source in enumerate(sources):
        asked = asks(view, source.url, source.variable)
        if asked is None:
            if at == 0:
                target = _unasked(target, source)
            continue
        provider, values = asked
        first = provider.credentials[0]
        shape = provider.shape(provider.key(first.needs[0]), source.url.reveal())
        if not shape.fits:
            if at == 0:
                return replace(target, stopped=f"{source.called}: {shape.text}")
            continue
        if source.mixed and not _local(source):
            if at == 0:
                return _untold(target, "its host stands in the repository and its password does not: it was not asked")
            continue
        verdict = await provider.verify(first, values, view.machine)
        identity = {**(target.identity if at == 0 else _identity(source)), **verdict.identity}
        if at == 0:
            target = replace(target, identity=identity)
            if verdict.status in (Status.FAIL, Status.UNKNOWN, Status.SKIPPED):
                return replace(target, stopped=verdict.summary, hint=verdict.detail)
            tables = await provider.tables(values, view.machine)
            if tables is None and verdict.status is Status.WARN:
                return replace(target, stopped=verdict.summary, hint=verdict.detail)
            notes = tuple(filter(None, (verdict.detail, verdict.summary if verdict.status is Status.WARN else "")))
            target = replace(target, tables=tables, notes=(*target.notes, *notes))
        if not target.production and (sign := database.production_sign(identity)):
            target = _production(target, source, identity, sign)
    return target


def _unasked(target: Target, source: Source) -> Target:
    """A database that is not PostgreSQL cannot be asked; on this machine a yes is enough."""
    kind = line(scheme_of(source.url.reveal()) or source.url.reveal().partition(":")[0], limit=20)
    if _local(source):
        return replace(
            target, notes=(*target.notes, f"onboard cannot ask a {kind} database; its tables are not listed")
        )
    return _untold(target, f"onboard cannot ask a {kind} database")


def _untold(target: Target, why: str) -> Target:
    names = tuple(filter(None, (target.identity.get("database", ""), target.identity.get("host", ""))))
    production = target.production or f"whether this database is production's could not be told: {why}"
    return replace(target, names=target.names or names or (target.push.tool,), production=production)
