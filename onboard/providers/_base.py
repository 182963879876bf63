"""Provider: what we know of a service. Facts first, code only where facts do not suffice.

A file in this folder is a provider: it defines one subclass of Provider and ends with `provider = ThatClass()`.
Every fact comes from the service's own documents or clients; one that is not sure may only lead to "could not tell".
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from onboard.errors import NetworkError, OnboardError
from onboard.model import Kind, Secret, Shape, Status, Step, Verdict
from onboard.network import Reply, Request, Unreachable

if TYPE_CHECKING:
    from pathlib import Path

    from onboard.machine import Machine

PUBLIC_PREFIXES = (
    "NEXT_PUBLIC_",
    "VITE_",
    "PUBLIC_",
    "NUXT_PUBLIC_",
    "EXPO_PUBLIC_",
    "REACT_APP_",
    "GATSBY_",
    "ASTRO_PUBLIC_",
)
"""Of names whose values are sent to the browser."""
_ELSEWHERE = r"(?!(?:PROD|PRODUCTION|LIVE|STAGING|OLD|LEGACY)_)"
"""Not before a name: such a key is another environment's, and no second one of this."""


@dataclass(frozen=True, slots=True)
class Key:
    """One kind of value that a service hands out."""

    id: str
    """Within its provider: `secret`, `publishable`, `webhook`, `url`."""
    title: str
    """As the service calls it: "secret key"."""
    names: tuple[str, ...]
    """Regexes that match a whole variable name without its public prefix, the usual name first."""
    kind: Kind
    looks_like: str
    """How it starts or reads, for people: `sk_test_…`."""
    page: str
    """The https page where a person gets it; empty: it is made here."""
    steps: tuple[str, ...] = ()
    """What to do on that page, for somebody without an account yet."""
    made_here: bool = False
    """It is random and made on this machine."""


@dataclass(frozen=True, slots=True)
class Credential:
    """What is asked about in one request: one finding `live.<provider>[.<part>]`."""

    part: str
    """Empty for the provider's first credential."""
    title: str
    needs: tuple[str, ...]
    """Ids of the keys without which nothing can be asked."""
    hosts: tuple[str, ...]
    """Where the values go, for the approval screen and for the network's own gate."""
    uses: tuple[str, ...] = ()
    """Ids of further keys that sharpen the question where they are there."""
    seconds: float = 10.0
    endpoints: tuple[str, ...] = ()
    """Under which ids a stand-in takes its place; empty: the provider's own id."""
    own_host: bool = False
    """The value itself names the host (`postgres://…`): it goes there and nowhere else."""
    offline: bool = False
    """Nothing can be asked without creating data or cost: the verdict is made from the values alone and is never OK."""


@dataclass(frozen=True, slots=True)
class Held:
    """A value that is there, and under which name."""

    variable: str
    value: Secret


class Values:
    """The values that a project holds for one provider, by key id."""

    def __init__(self, held: Iterable[tuple[str, Held]] = ()) -> None:
        self._held: dict[str, list[Held]] = {}
        for key, one in held:
            self._held.setdefault(key, []).append(one)

    def __contains__(self, key: str) -> bool:
        return key in self._held

    def __iter__(self) -> Iterator[str]:
        return iter(self._held)

    def text(self, key: str) -> str:
        """Return the first value of `key`; empty where there is none. Reveals it."""
        held = self._held.get(key)
        return held[0].value.reveal() if held else ""

    def variable(self, key: str) -> str:
        """Return the name under which the first value of `key` stands; empty where there is none."""
        held = self._held.get(key)
        return held[0].variable if held else ""

    def all(self, key: str) -> tuple[Held, ...]:
        """Return every value of `key`, in the order of the env file."""
        return tuple(self._held.get(key, ()))


@dataclass(frozen=True, slots=True)
class Rotation:
    """How one key is changed."""

    key: str
    how: str
    """`api`: we can do it; `guided`: on the service's page; `local`: made here."""
    breaks: str
    """What stops working for whom, until they have the new one. One sentence."""
    old_dies: str
    """When the old one stops: "at once", "when you delete it", …"""
    page: str = ""
    steps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fresh:
    """New values that a service made for us; the old ones still work unless `old_dead`."""

    values: Mapping[str, Secret]
    """By key id."""
    retire: str = ""
    """What `retire` needs to end the old one (an id, never a value)."""
    old_dead: bool = False


@dataclass(frozen=True, slots=True)
class Provision:
    """Something that a service can make for this developer, always shown first."""

    id: str
    title: str
    """"a Neon branch of your own"."""
    needs: tuple[str, ...]
    """Ids of the keys that allow it."""
    gives: tuple[str, ...]
    """Ids of the keys that come out."""
    note: str
    """What it creates, how long it lives, what it costs."""


class Provider:
    """One service. Subclasses state facts; methods are overridden where facts do not suffice."""

    id: ClassVar[str]
    """The file's name."""
    title: ClassVar[str]
    keys: ClassVar[tuple[Key, ...]]
    credentials: ClassVar[tuple[Credential, ...]] = ()
    rotations: ClassVar[tuple[Rotation, ...]] = ()
    provisions: ClassVar[tuple[Provision, ...]] = ()
    account: ClassVar[str] = ""
    """The https page where an account is opened."""
    brands: ClassVar[tuple[str, ...] | None] = None
    """How names of its further settings begin (`STRIPE` for `STRIPE_PRICE_ID`); `None`: with its id in capitals."""
    purpose: ClassVar[str] = ""
    """What apps use it for: "payments"."""
    borrows: ClassVar[Mapping[str, str]] = {}
    """Id in Values -> `provider.key` whose value serves here too (one company, two services); none of `keys`."""
    limits: ClassVar[str] = ""
    """The free plan's limits, with the month in which they were read."""

    def key(self, id: str) -> Key:
        """Return the key of that id."""
        return next(key for key in self.keys if key.id == id)

    def claim(self, name: str, value: str) -> tuple[str, int] | None:
        """Return the id of the key that `name` = `value` is, and how sure: 3 the value's structure proves it
        (scheme, host), 2 the name is this service's own, 1 a general name or a prefix that others share.

        Pure, and nothing is sent to find out. The default knows names only: its own, and those behind one or two words
        of the app's (`NUXT_STRIPE_SECRET_KEY`, `ACME_STRIPE_SECRET_KEY`).
        """
        bare = without_public_prefix(name)
        if (key := self._named(bare)) is not None:
            return key, 2
        own = (self.id.upper(),) if self.brands is None else self.brands
        inner = re.match(rf"{_ELSEWHERE}(?:[A-Z0-9]+_){{1,2}}?(?=(?:{'|'.join(own)})_)", bare) if own else None
        key = self._named(bare[inner.end() :]) if inner else None
        return (key, 1) if key is not None else None

    def _named(self, name: str) -> str | None:
        return next((key.id for key in self.keys if any(re.fullmatch(each, name) for each in key.names)), None)

    def shape(self, key: Key, value: str) -> Shape:
        """Say what `value` looks like, or what is wrong with it and how the right one looks. Pure; never repeats it."""
        raise NotImplementedError

    async def verify(self, credential: Credential, values: Values, machine: Machine) -> Verdict:
        """Ask the service whether the credential works, by the cheapest request that changes nothing.

        Never raises for what the service or the network does: that is a Verdict, UNKNOWN where it could not be told.
        """
        raise NotImplementedError

    def compare(self, values: Values, verdicts: Mapping[str, Verdict]) -> Verdict | None:
        """Say whether the values belong together (one account, one project), from the values and from the identities
        in `verdicts` (by part); `None`: there is nothing to compare. The finding is `pair.<provider>`.
        """
        return None

    def production(self, values: Values) -> str:
        """Return the id of a key whose value is for production (a live key); empty where none is.

        No request ever carries such a value. The finding is `mode.<provider>`.
        """
        for id in values:
            for held in values.all(id):
                if self.shape(self.key(id), held.value.reveal()).mode == "live":
                    return id
        return ""

    async def tables(self, values: Values, machine: Machine) -> tuple[str, ...] | None:
        """Return the names of the database's own tables (`schema.table`, sorted); `None`: they could not be listed.

        For providers of a database; changes nothing.
        """
        return None

    async def renew(self, key: str, values: Values, machine: Machine) -> Fresh:
        """Make a new value of `key` through the service's API. The old one must go on working unless `old_dead`.

        Raises OnboardError where the service refuses.
        """
        raise NotImplementedError

    async def retire(self, key: str, fresh: Fresh, old: Values, new: Values, machine: Machine) -> Verdict:
        """End the old value of `key` and prove it dead with a request that it should no longer pass.

        The default only proves: for guided rotations a person ends it on the service's page.
        """
        return await self.dead(key, old, machine)

    async def dead(self, key: str, old: Values, machine: Machine) -> Verdict:
        """Ask with the old value of `key`: OK where the service refuses it, WARN where it still works."""
        for credential in self.credentials:
            if key in credential.needs and not credential.offline:
                verdict = await self.verify(credential, old, machine)
                if verdict.status is Status.FAIL:
                    return accepted(f"the old {self.key(key).title} is dead: {self.title} refuses it")
                if verdict.status in (Status.OK, Status.WARN):
                    return limited(f"{self.title} still accepts the old {self.key(key).title}")
                return verdict
        return unclear(f"{self.title} cannot be asked whether the old {self.key(key).title} still works")

    def found(self, root: Path) -> Mapping[str, Secret]:
        """Return values by key id that the service's own tools left in the project's folder `root`."""
        return {}

    async def provision(self, offer: str, values: Values, machine: Machine) -> Mapping[str, Secret]:
        """Make what the offer says, and return new values by key id. Raises OnboardError where the service refuses."""
        raise NotImplementedError


TABLES = (
    "select schemaname || '.' || tablename from pg_catalog.pg_tables"
    " where schemaname not in ('pg_catalog', 'information_schema') order by 1 limit 1000"
)
"""What `Provider.tables` asks of a PostgreSQL."""


def without_public_prefix(name: str) -> str:
    """Return `name` without the prefix that sends it to the browser."""
    for prefix in PUBLIC_PREFIXES:
        if name.startswith(prefix):
            return name[len(prefix) :]
    return name


def accepted(summary: str, identity: Mapping[str, str] | None = None, *, detail: str = "") -> Verdict:
    """Return the verdict that the service knows the credential and says whose it is."""
    return Verdict(Status.OK, summary, identity or {}, detail)


def limited(
    summary: str, identity: Mapping[str, str] | None = None, *, detail: str = "", step: Step | None = None
) -> Verdict:
    """Return the verdict that it is real, but cannot do all that the app needs, or not for long."""
    return Verdict(Status.WARN, summary, identity or {}, detail, step)


def refused(summary: str, *, detail: str = "", step: Step | None = None) -> Verdict:
    """Return the verdict that the service said no. Only on a fact that is verified."""
    return Verdict(Status.FAIL, summary, {}, detail, step)


def unclear(summary: str, *, detail: str = "", step: Step | None = None) -> Verdict:
    """Return the verdict that it could not be told."""
    return Verdict(Status.UNKNOWN, summary, {}, detail, step)


def kept_back(summary: str, *, detail: str = "") -> Verdict:
    """Return the verdict that nothing was asked on purpose: the value must not be sent from here."""
    return Verdict(Status.SKIPPED, summary, {}, detail)


async def ask(machine: Machine, request: Request, *, own: Collection[int] = (), words: bool = False) -> Reply | Verdict:
    """Send `request`; return the reply where it is one of this service's own, else why it could not be told.

    What no service answers on purpose is sorted out here once: no route, 3xx, 429, 5xx, HTML whatever its status,
    a cut body. All else (400, 401, 403, 404, 2xx in its own type) is the provider's to read; `own` names further
    statuses by which this service says something in its body; `words`: it answers by bare words, whatever type it
    declares them as, and the provider compares them as a whole.
    """
    host = request.base.removeprefix("https://").removeprefix("http://")
    try:
        reply = await machine.network.ask(request)
    except Unreachable as trouble:
        return unclear(trouble.message, detail=trouble.hint)
    if 300 <= reply.status < 400:
        return unclear(f"{host} answered with a redirect, which is not followed with a key")
    if reply.status == 429 and 429 not in own:
        wait = reply.headers.get("retry-after", "")
        return unclear(
            f"{host} asks to slow down (429)",
            detail=f"try again in {wait} s" if wait.isdigit() and len(wait) < 5 else "",
        )
    if reply.status >= 500 and reply.status not in own:
        return unclear(f"{host} has a fault of its own ({reply.status})")
    declared = reply.content_type in ("text/html", "application/xhtml+xml") and not words
    if declared or reply.body.lstrip()[:9].lower().startswith((b"<!doctype", b"<html", b"<?xml")):
        return unclear(f"a web page answered instead of {host}", detail="this network may ask for a sign-in first")
    if reply.cut:
        return unclear(f"the answer of {host} was not whole")
    return reply


async def obtain(machine: Machine, request: Request, *, doing: str) -> Any:
    """Send `request`, which changes something or fetches what we need; return the JSON of a 2xx answer.

    Raises OnboardError where the service refuses, NetworkError where it could not be told. `doing` opens the message.
    """
    host = request.base.removeprefix("https://").removeprefix("http://")
    reply = await ask(machine, request)
    if isinstance(reply, Verdict):
        raise NetworkError(f"{doing}: {reply.summary}", reply.detail)
    if reply.status in (401, 403):
        raise OnboardError(f"{doing}: {host} does not allow it with this key ({reply.status})")
    if not 200 <= reply.status < 300:
        raise OnboardError(f"{doing}: {host} declined ({reply.status})")
    found = reply.json()
    if found is None and reply.body:
        raise NetworkError(f"{doing}: {host} gave an answer that onboard does not know")
    return found


def odd(host: str, reply: Reply) -> Verdict:
    """Return the verdict for an answer that no document describes."""
    return unclear(f"{host} gave an answer that onboard does not know ({reply.status})")
