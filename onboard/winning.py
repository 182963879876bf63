"""Winning: which connection string the tool that pushes the schema really gets, and where that one stands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from onboard.checks import database
from onboard.envfile.readers import READERS
from onboard.model import Secret
from onboard.project.connection import Connection, Load
from onboard.project.files import Tree, join
from onboard.project.terms import Term
from onboard.providers._base import Held
from onboard.providers._url import parse, scheme_of
from onboard.understanding import held

if TYPE_CHECKING:
    from onboard.checks._base import View

_POSTGRES = ("postgres", "postgresql")


@dataclass(frozen=True, slots=True)
class Source:
    """One connection string, and where it stands."""

    variable: str
    """Empty: it is written in the repository, or put together from several variables."""
    url: Secret
    place: str
    """`.env.local`, `your shell`, `the keyring`, a config's path."""
    mixed: bool = False
    """Its host stands in the repository and its password does not: who wrote the one must not be sent the other."""

    @property
    def called(self) -> str:
        """What people call it."""
        return self.variable or "the connection string"


class Winning:
    """What a variable holds for the tool, by the order in which the tool finds it."""

    def __init__(self, view: View, tree: Tree, found: Connection) -> None:
        self._view = view
        self._found = found
        self._sets = dict(found.sets)
        self._files = [(load, read(tree, load)) for load in found.loads]
        self._own = {name: one.value for name, one in view.held().items()}
        self._stored = {name: entry.value for name, entry in (view.stored or {}).items()}

    def find(self, name: str, depth: int = 0) -> Source | None:
        """Return the value that wins: the command's own, an overriding file, the shell, a loaded file, ours."""
        if name in self._sets:
            reference = re.fullmatch(r"\$\{?(\w+)\}?", self._sets[name])
            if reference is None:
                return Source("", Secret(self._sets[name]), "the command itself")
            return self.find(reference[1], depth + 1) if depth < 4 and reference[1] != name else None
        for load, values in reversed(self._files):
            if load.overrides and values.get(name):
                return Source("", Secret(values[name]), load.path)
        if value := self._view.machine.env.get(name):
            return Source(name, Secret(value), "your shell")
        for load, values in self._files:
            if values.get(name):
                return Source(name, Secret(values[name]), load.path)
        return self._ours(name)

    def _ours(self, name: str) -> Source | None:
        if name in self._own:
            return Source(name, self._own[name], self._view.env_path.name)
        return Source(name, self._stored[name], "the keyring") if name in self._stored else None

    def first(self, terms: Sequence[Term]) -> Source | None:
        """Return the first alternative that has a value."""
        for term in terms:
            if term.text is not None:
                return Source("", term.text, "")
            if found := self.find(term.variable):
                return found
        return None

    def gives(self) -> dict[str, Secret]:
        """Return the values of all variables that the tool may read, so that it gets exactly those."""
        terms = (*self._found.url, *(term for _, terms in self._found.parts for term in terms))
        names = [term.variable for term in terms if term.variable] + list(self._found.further)
        return {one.variable: one.url for name in names if (one := self.find(name)) and one.variable}

    def rivals(self, source: Source) -> Iterator[str]:
        """Yield a sentence where the app itself reads another value than the tool."""
        names = [source.variable] if source.variable else list(self._own)
        for name in names:
            ours = self._ours(name)
            if source.variable and ours and ours.url != source.url and database_of(ours.url) != database_of(source.url):
                yield f"{name} in {ours.place} leads to another database; the tool takes the one in {source.place}"


def read(tree: Tree, load: Load) -> Mapping[str, str]:
    """Return what a file that the tool loads gives it; nothing where there is none, or it cannot be told."""
    data = tree.data(load.path, matters=False)
    reading = READERS[load.reader].read(data) if data is not None else {}
    return reading if isinstance(reading, Mapping) else {}


def sources(view: View, tree: Tree, found: Connection, values: Winning) -> tuple[list[Source], str]:
    """Return the connection strings to look at, the one that wins first, and why that is not certain."""
    unsure = found.unsure
    winner: Source | None = None
    if found.local:
        port = re.search(
            r"(?ms)^\[db\].*?^port\s*=\s*(\d+)",
            tree.text(join(folder(view), "supabase/config.toml"), matters=False) or "",
        )
        url = f"postgresql://postgres:postgres@127.0.0.1:{port[1] if port else 54322}/postgres"
        return [Source("", Secret(url), "Supabase's local stack")], ""
    if found.url:
        winner = values.first(found.url)
        if winner is None:
            unsure = f"{' and '.join(term.variable for term in found.url if term.variable)} has no value"
        elif not winner.place:
            winner = replace(winner, place=found.source)
    elif found.parts:
        winner = _composed(found, values)
        unsure = "" if winner else f"not all of what {found.source} reads has a value"
    further = [one for name in found.further if (one := values.find(name)) and is_url(one.url)]
    if winner is not None:
        return _distinct([winner, *further]), unsure
    if found.url and any(term.variable for term in found.url):
        return [], unsure
    own = database.database(view)
    names = [own[1]] if own else []
    names += [one.variable for id in ("neon", "postgres") for one in _held(view, id)]
    known = [one for name in names if (one := values.find(name))]
    return _distinct([*known, *further]), unsure


def folder(view: View) -> str:
    """Return the folder in which the push runs."""
    return view.app.push.dir if view.app.push else "."


def _held(view: View, id: str) -> list[Held]:
    services = [service for service in view.services if service.provider.id == id]
    values = [held(service, view.held()) for service in services]
    return [one for each in values for key in ("url", "direct") for one in each.all(key)]


def _distinct(sources: Iterable[Source]) -> list[Source]:
    return list({source.url: source for source in reversed(list(sources))}.values())[::-1]


def _composed(found: Connection, values: Winning) -> Source | None:
    """Return a URL made of host, user and the rest."""
    from urllib.parse import quote

    texts: dict[str, str] = {}
    places: dict[str, None] = {}
    ours: set[str] = set()
    for name, terms in found.parts:
        part = values.first(terms)
        if part is None and name in ("host", "database"):
            return None
        texts[name] = part.url.reveal() if part else ""
        if part and part.place:
            places[part.place] = None
            ours.add(name)
    user, password = quote(texts.get("user", ""), safe=""), quote(texts.get("password", ""), safe="")
    who = f"{user}:{password}@" if password else f"{user}@" if user else ""
    port = f":{texts['port']}" if texts.get("port") else ""
    url = f"postgresql://{who}{texts['host']}{port}/{texts['database']}"
    return Source("", Secret(url), " and ".join(places) or found.source, "password" in ours and "host" not in ours)


def is_url(value: Secret) -> bool:
    """Whether it is a URL of PostgreSQL."""
    return scheme_of(value.reveal()) in _POSTGRES


def database_of(value: Secret) -> tuple[str, str] | str:
    """Return what makes two URLs the same database, whoever logs in."""
    url = parse(value.reveal())
    return value.reveal() if isinstance(url, str) else (url.host.replace("-pooler.", ".", 1), url.path)
