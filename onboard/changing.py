"""What changing a credential would mean: how it is done, what stops working for whom, and where else it has to go."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from onboard import listeners, providers
from onboard.checks._base import View
from onboard.checks.rotation import Stage
from onboard.entry import is_secret
from onboard.errors import UsageError
from onboard.project import packages
from onboard.project.files import Tree
from onboard.providers._base import Provider, Rotation
from onboard.providers._url import Url, parse
from onboard.provisioning import known
from onboard.understanding import whose

_TOGETHER = {
    ("neon", "direct"): "url",
    ("postgres", "direct"): "url",
    ("upstash", "read_only"): "token",
    **{("authsecret", f"auth_{n}"): "auth" for n in (1, 2, 3)},
}
"""Keys that change with another one of the same service."""
_AUTH_5 = ("@auth/core", "@auth/sveltekit", "@auth/express", "@auth/solid-start", "@auth/qwik")
"""Packages that read the list AUTH_SECRET, AUTH_SECRET_1 to _3."""


@dataclass(frozen=True, slots=True)
class Change:
    """What changing one credential would mean; told to a person before anything happens."""

    name: str
    names: tuple[str, ...]
    """All variables that hold the same value, `name` first; they change with it."""
    title: str
    """"Stripe secret key", or the variable's name where no provider knows it."""
    provider: str | None
    key: str
    """Of the provider; empty without one."""
    how: str
    """`api`: the service makes the new one; `guided`: a person, on `page`; `local`: made here."""
    generated: bool
    """It is random and nobody but the app knows it."""
    asked: bool
    """A service can say whether a value works, so that the old one can be proven dead."""
    breaks: str
    old_dies: str
    page: str
    steps: tuple[str, ...]
    holds: tuple[str, ...]
    """What goes on with the old value until a person acts: the dev server, listeners, the shell, other files."""
    wants: tuple[tuple[str, str], ...]
    """What the service's API needs and nobody has entered, by key id and usual name: typed for this once, or it is
    guided."""
    stage: Stage | None
    """How far an earlier change is; `None`: none is under way."""
    old_dead: bool
    """The service ended the old one when it made the new one."""
    since: str
    """When that one began, ISO 8601; empty: none."""


def described(view: View, journal: Mapping[str, Mapping[str, Any]], words: Sequence[str]) -> tuple[Change, ...]:
    """Return what changing these variables, or all of these providers' credentials, would mean. Raises UsageError."""
    names = [name for word in words for name in _names(view, journal, word)]
    found: dict[str, Change] = {}
    covered: set[str] = set()
    for name in dict.fromkeys(names):
        if name not in covered:
            change = _change(view, journal.get(name), name)
            found[name] = change
            covered |= {*change.names, *_with_it(view, change)}
    return tuple(found.values())


def _names(view: View, journal: Mapping[str, Mapping[str, Any]], word: str) -> list[str]:
    if word in view.held() or word in journal:
        if word not in journal and not is_secret(view, word):
            raise UsageError(f"{word} is no secret", f"`onboard set {word}` changes it")
        return [word]
    of_service = [s for s in view.services if word.lower() in (s.provider.id, s.provider.title.lower())]
    if of_service:
        service = of_service[0]
        changing = {rotation.key for rotation in service.provider.rotations}
        found = [name for name, key in service.keys.items() if key in changing and name in view.held()]
        if found:
            return found
        raise UsageError(f"there is no value of {service.provider.title} to change")
    if view.variable(word) is not None:
        raise UsageError(f"{word} has no value yet", f"`onboard set {word}` takes the first one")
    raise UsageError(f"{word[:80]!r} is neither a variable here nor a service of this project", "`onboard list`")


def _change(view: View, noted: Mapping[str, Any] | None, name: str) -> Change:
    held = view.held()
    value = held[name].value if name in held else None
    names = (name, *(n for n, one in held.items() if n != name and value is not None and one.value == value))
    variable = view.variable(name)
    own = whose(variable, value.reveal() if value else "") if variable else None
    if own is None and value is not None and (seen := providers.recognise(name, value.reveal())) is not None:
        own = seen[0], seen[0].key(seen[1])
    provider = own[0] if own else None
    key = _TOGETHER.get((provider.id, own[1].id), own[1].id) if provider and own else ""
    rotation = next((one for one in provider.rotations if one.key == key), None) if provider else None
    in_list = provider is not None and provider.id == "authsecret" and key == "auth" and _signs_by_list(view)
    generated = not in_list and (own[1].made_here if own else bool(variable and variable.generate))
    if rotation is None or (generated and key == "auth"):
        rotation = _usual(generated, variable.link if variable else None)
    return Change(
        name,
        names,
        _title(provider, key) if provider else name,
        provider.id if provider else None,
        key,
        rotation.how,
        generated,
        provider is not None and any(key in c.needs and not c.offline for c in provider.credentials),
        rotation.breaks,
        rotation.old_dies,
        rotation.page or (own[1].page if own else ""),
        rotation.steps,
        _holds(view, names, provider, generated),
        _wants(view, provider, key) if provider and rotation.how == "api" else (),
        Stage(noted["stage"]) if noted else None,
        bool(noted and noted.get("old_dead")),
        str(noted["since"]) if noted else "",
    )


def _usual(generated: bool, page: str | None) -> Rotation:
    """Return how a value changes of which we know nothing more."""
    if generated:
        return Rotation(
            "", "local", "What it signed or encrypted is void: whoever is signed in is signed out.", "at once"
        )
    return Rotation(
        "",
        "guided",
        "Everything else that uses the same value, until it has the new one.",
        "when it is ended where it was made",
        page or "",
        ("make a new one where the old one was made", "enter it here", "end the old one"),
    )


def _with_it(view: View, change: Change) -> list[str]:
    """Return the variables whose keys change with this one."""
    return [
        name
        for service in view.services
        if service.provider.id == change.provider
        for name, key in service.keys.items()
        if _TOGETHER.get((service.provider.id, key), "") == change.key
    ]


def _wants(view: View, provider: Provider, key: str) -> tuple[tuple[str, str], ...]:
    """Return what the service's API needs to be asked for anything, and nobody has entered."""
    needs = {need for offer in provider.provisions for need in offer.needs} - {key}
    return tuple((id, provider.key(id).names[0]) for id in sorted(needs - set(known(view, provider))))


def _signs_by_list(view: View) -> bool:
    """Whether the project's Auth.js is 5 or later, which opens what any of its list of secrets signed."""
    tree = Tree(Path(view.project.root))
    found = [package for folder in {".", view.app.dir} if (package := packages.read(tree, folder)) is not None]
    return any(
        package.depends_on(*_AUTH_5)
        or re.match(r"[\^~>=v ]*([5-9]|[1-9]\d)\b|beta|experimental", package.dependencies.get("next-auth", ""))
        for package in found
    )


def _title(provider: Provider, key: str) -> str:
    found = provider.key(key)
    return found.title if found.made_here else f"{provider.title} {found.title}"


def _holds(view: View, names: Sequence[str], provider: Provider | None, generated: bool) -> tuple[str, ...]:
    found = [f"the shell has {name} too, and it wins over the env file" for name in names if name in view.machine.env]
    found += [
        f"{view.nearer[name]} has {name} too, and it wins over the env file" for name in names if name in view.nearer
    ]
    if view.app.dev is not None:
        found.append(f"the dev server ({view.app.dev.command}) reads it at its start: start it again")
    if provider is not None and provider.id == "stripe" and listeners.of(view.app):
        found.append("running listeners: end them, then `onboard listen`")
    held = view.held()
    passwords = {u.password for n in names if n in held and isinstance(u := parse(held[n].value.reveal()), Url)} - {
        None
    }
    found += [
        f"{name} holds the same password and changes with it"
        for name, one in held.items()
        if name not in names
        and (
            one.value.reveal() in passwords
            or (isinstance(u := parse(one.value.reveal()), Url) and u.password in passwords)
        )
    ]
    if not generated:  # of what is made at random, each machine has one of its own
        found.append("teammates who use the same one need the new one: each enters it with `onboard set`")
    return tuple(found)
