"""The services that onboard knows: a file in this folder is one. Nothing here lists them."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from onboard.providers._hints import possible

if TYPE_CHECKING:
    from onboard.providers._base import Provider


@cache
def names() -> tuple[str, ...]:
    """Return the ids of all providers, importing none."""
    return tuple(sorted(file.stem for file in Path(__file__).parent.glob("[a-z]*.py")))


@cache
def provider(id: str) -> Provider:
    """Return the provider of that id. Raises KeyError where there is none."""
    if id not in names():
        raise KeyError(id)
    found: Provider = import_module(f"onboard.providers.{id}").provider
    return found


def recognise(name: str, value: str = "") -> tuple[Provider, str] | None:
    """Return whose the variable is and which of its keys; `None` where no provider claims it.

    `value` may be a template's placeholder: its scheme, host or prefix still tell. The surest claim wins; a name
    that is a service's own beats a value that merely starts like one (`sk_test_` is Stripe's and Clerk's).
    """
    best: tuple[int, Provider, str] | None = None
    for id in names():
        if not possible(id, name, value):
            continue
        one = provider(id)
        claim = one.claim(name, value)
        if claim is not None and (best is None or claim[1] > best[0]):
            best = (claim[1], one, claim[0])
    return (best[1], best[2]) if best else None
