"""Values that need not be typed: made by a service for this developer, found on this machine, or made here.

An offer is shown first, with what it creates, where, for how long and at what cost; making it saves nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from onboard import entry, providers, remotes, stripe_login, supabase_local
from onboard.checks._base import View
from onboard.clean import line
from onboard.errors import NeedsPerson, NetworkError, OnboardError
from onboard.model import Event, Kind, Secret, Status, Verdict
from onboard.providers._base import Held, Provider, Values
from onboard.understanding import Service, is_live, whose

Tell_ = Callable[[Event], None]


@dataclass(frozen=True, slots=True)
class Want:
    """A value that an offer needs: typed for this once, used, and not kept."""

    key: str
    """Of its provider."""
    name: str
    """What it is asked for as: mostly the variable that would keep it, NEON_API_KEY."""
    title: str
    secret: bool
    page: str


@dataclass(frozen=True, slots=True)
class Offer:
    """Something that can be had without typing it."""

    id: str
    """`neon.branch`, `stripe.login`, `vercel.development`, `made.CRON_SECRET`, …"""
    title: str
    note: str
    """What it creates, where, how long it lives, what it costs."""
    gives: tuple[str, ...]
    """Variables that get a value."""
    wants: tuple[Want, ...] = ()
    hosts: tuple[str, ...] = ()
    """Where it is asked for; empty: it stays on this machine."""
    outside: bool = True
    """A person has to want it: it creates something, or brings a credential from elsewhere."""


_EMAIL = (Want("email", "e-mail", "your e-mail address", secret=False, page=""),)


def offers(view: View, names: Sequence[str]) -> tuple[Offer, ...]:
    """Return what could be made or found for these variables. Looks at files at most; nothing is sent or run."""
    found: list[Offer] = []
    for service in _services(view, names):
        provider = service.provider
        left = provider.found(Path(view.project.root))
        if given := _given(service, tuple(left), names):
            note = f"Reads what {provider.title}'s own tool left in this folder; makes nothing."
            found.append(Offer(f"{provider.id}.found", f"the {provider.title} keys in this folder", note, given))
        for one in provider.provisions:
            if given := _given(service, one.gives, names):
                wants = _wants(view, provider, one.needs)
                hosts = _hosts(provider, one.id, one.needs)
                offer = Offer(f"{provider.id}.{one.id}", one.title, one.note, given, wants, hosts, bool(hosts))
                found.append(offer)
        if provider.id == "stripe" and (given := _given(service, ("secret", "publishable"), names)):
            found += [
                Offer(id, title, note, given, _EMAIL if id == "stripe.sandbox" else ())
                for id, title, note in stripe_login.ways(view)
            ]
        if provider.id == "supabase" and supabase_local.is_there(view):
            given = _given(service, tuple(supabase_local.KEYS), names)
            note = "Reads them from `supabase status`; the stack has to run (`supabase start`). Makes nothing."
            found += [Offer("supabase.local", "the keys of the local stack", note, given)] if given else []
    found += [made for name in names if (made := _made_here(view, name, found)) is not None]
    return (*found, *_of_vercel(view, names))


async def make(
    view: View, offer: Offer, typed: Mapping[str, Secret], tell: Tell_ = lambda event: None
) -> Mapping[str, Secret]:
    """Make what was offered and return values by variable; saves nothing. `typed`: what it wants, by key id.

    `tell` gets what a person must see meanwhile (a page and a pairing code). Raises OnboardError.
    """
    if offer.outside and not view.machine.terminal:
        raise NeedsPerson("a person decides about this", f"run `onboard set {offer.gives[0]} --make` in your terminal")
    source, _, what = offer.id.partition(".")
    if source == "made":
        return {what: entry.generate(view.variable(what))}
    if offer.id == "vercel.development":
        return await _from_vercel(view, offer, typed, tell)
    provider = providers.provider(source)
    if what == "found":
        made: Mapping[str, Secret] = provider.found(Path(view.project.root))
    elif source == "stripe":
        made = await stripe_login.keys(view, what, typed, tell)
    elif offer.id == "supabase.local":
        made = await supabase_local.keys(view)
    else:
        made = await provider.provision(what, known(view, provider, typed), view.machine)
    return _by_name(view, provider, made, offer.gives)


def known(view: View, provider: Provider, typed: Mapping[str, Secret] | None = None, *, first: str = "") -> Values:
    """Return all values of a provider, and those that it borrows: of the env file, else of the vault, else typed.

    Variables that the project does not declare count too. `first`: a variable that comes before others of its kind.
    """
    held = view.held()
    for name, stored in (view.stored or {}).items():
        held.setdefault(name, Held(name, stored.value))
    order = sorted(held.values(), key=lambda one: one.variable != first)
    found: list[tuple[str, Held]] = []
    for one in order:
        seen = _of(view, one)
        if seen is None:
            continue
        if seen[0] == provider.id:
            found.append((seen[1], one))
        found += [(id, one) for id, source in provider.borrows.items() if source == ".".join(seen)]
    there = {key for key, _ in found}
    extra = [(key, Held(_usual_name(provider, key), value)) for key, value in (typed or {}).items() if key not in there]
    return Values([*found, *extra])


def _of(view: View, held: Held) -> tuple[str, str] | None:
    """Return provider and key of a value under its name."""
    variable = view.variable(held.variable)
    if variable is not None:
        own = whose(variable, held.value.reveal())
        return (own[0].id, own[1].id) if own else None
    seen = providers.recognise(held.variable, held.value.reveal())
    return (seen[0].id, seen[1]) if seen else None


def _usual_name(provider: Provider, key: str) -> str:
    return next((one.names[0] for one in provider.keys if one.id == key), key.upper())


def _services(view: View, names: Sequence[str]) -> list[Service]:
    """Return the services of these variables; a PostgreSQL is Neon's too, where there is a key to ask Neon with."""
    found = [service for service in view.services if any(name in service.keys for name in names)]
    neon = providers.provider("neon")
    ours = "api" in known(view, neon)
    also = [Service(neon, s.variables, s.required, s.keys) for s in found if ours and s.provider.id == "postgres"]
    return found + also


def _given(service: Service, keys: Sequence[str], names: Sequence[str]) -> tuple[str, ...]:
    """Return the project's variables for these keys, if one of `names` is among them.

    Keys for which the project has none stand for all of the service's (INNGEST_DEV instead of two keys).
    """
    found = tuple(name for name, key in service.keys.items() if key in keys)
    if found:
        return found if set(found) & set(names) else ()
    return tuple(_usual_name(service.provider, key) for key in keys)


def _by_name(view: View, provider: Provider, made: Mapping[str, Secret], gives: Sequence[str]) -> dict[str, Secret]:
    """Return values by variable, of those that were offered."""
    found: dict[str, Secret] = {}
    for service in _services(view, gives):
        if service.provider.id == provider.id:
            found |= {name: made[key] for name, key in service.keys.items() if key in made and name in gives}
    usual = {_usual_name(provider, key): value for key, value in made.items()}
    return found or {name: value for name, value in usual.items() if name in gives}


def _wants(view: View, provider: Provider, needs: Sequence[str]) -> tuple[Want, ...]:
    have = known(view, provider)
    keys = [provider.key(id) for id in needs if id not in have]
    return tuple(Want(k.id, k.names[0], f"{provider.title} {k.title}", k.kind is Kind.SECRET, k.page) for k in keys)


def _hosts(provider: Provider, offer: str, needs: Sequence[str]) -> tuple[str, ...]:
    if provider.id in ("authsecret", "inngest") or offer == "encryption":
        return ()
    asked = [c for c in provider.credentials if set(needs) & set(c.needs)] or provider.credentials[:1]
    return tuple(dict.fromkeys(host for credential in asked for host in credential.hosts))


def _made_here(view: View, name: str, already: Sequence[Offer]) -> Offer | None:
    variable = view.variable(name)
    if variable is None or variable.generate is None or any(name in offer.gives for offer in already):
        return None
    note = f"Made on this machine ({line(variable.generate, limit=60)}). Nobody else has it."
    return Offer(f"made.{name}", "a random value", note, (name,), outside=False)


def _vercel(view: View, typed: Mapping[str, Secret]) -> Values:
    from onboard.checks import _logins

    link = {key: Secret(id) for key, id in remotes.vercel(view.project).items()}
    token = _logins.vercel(view, linked=True).token if link else None
    login = {"token": token} if token is not None else {}
    return known(view, providers.provider("vercel"), {**link, **login, **typed})


def _of_vercel(view: View, names: Sequence[str]) -> tuple[Offer, ...]:
    provider = providers.provider("vercel")
    values = _vercel(view, {})
    asked = tuple(name for name in names if (own := view.variable(name)) is None or own.provider != "vercel")
    if "project" not in values or not asked:
        return ()
    wants = () if "token" in values else _wants(view, provider, ("token",))
    note = (
        "Reads the variables that the linked Vercel project has for development, and takes those that are missing "
        "here. Makes nothing; what Vercel shows to nobody stays missing."
    )
    title = "what Vercel has for development"
    return (Offer("vercel.development", title, note, asked, wants, ("api.vercel.com",)),)


async def _from_vercel(view: View, offer: Offer, typed: Mapping[str, Secret], tell: Tell_) -> Mapping[str, Secret]:
    from onboard.providers._vercel_env import env_values

    given = await env_values(view.machine, _vercel(view, typed), "development")
    if isinstance(given, Verdict):
        error = NetworkError if given.status is Status.UNKNOWN else OnboardError
        raise error(f"Vercel's variables: {given.summary}", given.detail)
    read = {one.name for one in view.app.undeclared}
    present = view.held()
    found: dict[str, Secret] = {}
    for name, value in given.items():
        variable = view.variable(name)
        if variable is None and name not in read:
            continue
        if name in present and name not in offer.gives:
            if present[name].value != value:
                tell(Event(f"{name} is another one at Vercel; yours stays", level=Status.WARN))
        elif is_live(variable, value):
            tell(Event(f"{name} is a live key at Vercel, and is left out", level=Status.WARN))
        else:
            found[name] = value
    missing = [name for name in offer.gives if name not in found]
    if missing:
        tell(Event(f"Vercel does not give {', '.join(missing)} for development", level=Status.WARN))
    return found
