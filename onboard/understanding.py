"""What the repository says joined with what we know of services: variables with providers, kinds and placeholders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from onboard import providers
from onboard.model import Kind, Need, Secret, Shape, Variable
from onboard.project.values import App
from onboard.providers._base import Held, Key, Provider, Values, without_public_prefix

PROVEN = 3
"""How sure a claim is that a value's own structure proves."""


@dataclass(frozen=True, slots=True)
class Service:
    """A provider as one app uses it."""

    provider: Provider
    variables: tuple[str, ...]
    required: bool
    keys: dict[str, str]
    """Variable name → id of the provider's key."""


def variables(app: App) -> tuple[Variable, ...]:
    """Return the app's variables with their provider; kind, placeholder, generator and link are corrected by it."""
    return tuple(map(_known, app.variables))


def services(variables: tuple[Variable, ...], values: Mapping[str, Secret] | None = None) -> tuple[Service, ...]:
    """Return the services behind `variables`, in their order.

    `values`: what is really there; where its structure proves another service than the template's sample suggests
    (a `DATABASE_URL` that is Neon's), it is that one's.
    """
    grouped: dict[str, list[tuple[Variable, str]]] = {}
    for variable in variables:
        value = (values or {}).get(variable.name)
        found = whose(variable, value.reveal() if value else "")
        if found is not None:
            grouped.setdefault(found[0].id, []).append((variable, found[1].id))
    return tuple(
        Service(
            providers.provider(id),
            tuple(variable.name for variable, _ in members),
            any(variable.need is Need.REQUIRED for variable, _ in members),
            {variable.name: key for variable, key in members},
        )
        for id, members in grouped.items()
    )


def whose(variable: Variable, value: str = "") -> tuple[Provider, Key] | None:
    """Return the provider and key of a variable, by a value that proves them, else by its template; `None`: unknown."""
    if value and (proven := providers.recognise(variable.name, value)) is not None:
        claim = proven[0].claim(variable.name, value)
        if claim is not None and claim[1] == PROVEN:
            return proven[0], proven[0].key(claim[0])
    if variable.provider is not None:
        try:
            provider = providers.provider(variable.provider)
        except KeyError:
            return None
        claim = provider.claim(variable.name, variable.sample) or provider.claim(variable.name, "")
        return (provider, provider.key(claim[0])) if claim else None
    found = providers.recognise(variable.name, variable.sample)
    return (found[0], found[0].key(found[1])) if found else None


def with_brands(variables: tuple[Variable, ...]) -> tuple[Variable, ...]:
    """Return `variables` with those settings named too that are no keys of their service (a price id).

    For telling what a repository needs; it loads every provider, so no check does it.
    """
    return tuple(v if v.provider is not None else replace(v, provider=_brand(v.name)) for v in variables)


def _brand(name: str) -> str | None:
    bare = without_public_prefix(name)
    for id in providers.names():
        own = providers.provider(id).brands
        if bare.startswith(tuple(f"{word}_" for word in ((id.upper(),) if own is None else own))):
            return id
    return None


def held(service: Service, values: Mapping[str, Held], among: tuple[Service, ...] = ()) -> Values:
    """Return the service's values out of `values` (by variable name), with what it borrows from `among`."""
    own = [(key, values[name]) for name, key in service.keys.items() if name in values]
    lent = [
        (id, values[name])
        for id, source in service.provider.borrows.items()
        for other in among
        for name, key in other.keys.items()
        if name in values and source == f"{other.provider.id}.{key}"
    ]
    return Values([*own, *lent])


def shape(variable: Variable, value: str) -> Shape | None:
    """Say what `value` looks like for this variable; `None` where nothing is known of it."""
    found = whose(variable, value)
    if found is None:
        return None
    provider, key = found
    if key.kind is Kind.SECRET and variable.exposed:
        return Shape(False, f"a {key.title} must never stand in a variable that the browser sees")
    return provider.shape(key, value)


def is_live(variable: Variable | None, value: Secret) -> bool:
    """Whether the value is a live-mode key."""
    own = whose(variable, value.reveal()) if variable else None
    return own is not None and own[0].shape(own[1], value.reveal()).mode == "live"


def _known(variable: Variable) -> Variable:
    found = whose(variable)
    if found is None:
        return variable
    provider, key = found
    fits = bool(variable.sample) and provider.shape(key, variable.sample).fits
    placeholder = variable.placeholder or (bool(variable.sample) and not fits)
    return replace(
        variable,
        provider=provider.id,
        kind=key.kind,
        placeholder=placeholder,
        default=None if placeholder else variable.default,
        generate=variable.generate or ("a random value, made on this machine" if key.made_here else None),
        link=variable.link or key.page or None,
    )
