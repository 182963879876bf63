"""Vercel's environments compared with each other, with the template and with this machine. Pure; says no value."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from onboard.checks._base import View
from onboard.envfile.names import refusal
from onboard.model import Need, Secret, Status, Variable
from onboard.providers._base import without_public_prefix
from onboard.providers._url import LOCAL_HOSTS, parse, supabase_ref
from onboard.understanding import whose

SCOPES = ("production", "preview", "development")
_DATABASES = {"neon": ("url", "direct"), "postgres": ("url", "direct"), "supabase": ("url",)}
"""Keys whose value says which database it is."""
_MODED = ("stripe", "clerk")
"""Services whose every key belongs to one mode."""
_ADDRESS = re.compile(
    r"((NEXT)?AUTH|BETTER_AUTH|APP|SITE|BASE|WEB|WEBSITE|FRONTEND|CLIENT|PUBLIC)_(URL|ORIGIN|HOST|DOMAIN)"
)
"""Names, without their public prefix, of the address at which the app itself is reached."""
_PAGE = "on the project's page at Vercel (Settings, Environment Variables)"


@dataclass(frozen=True, slots=True)
class Scope:
    """One environment as Vercel tells it."""

    types: Mapping[str, str]
    """Name → `plain`, `encrypted`, `sensitive`, `system`, `shared`."""
    values: Mapping[str, Secret]
    """Those that may be read."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that is wrong with one name in one place."""

    status: Status
    kind: str
    """`missing`, `placeholder`, `local`, `mode`, `same`, `production`."""
    name: str
    place: str
    """A scope, or `here`."""
    text: str
    command: str


def troubles(view: View, scopes: Mapping[str, Scope], entries: Mapping[str, frozenset[str]]) -> tuple[Trouble, ...]:
    """Return what is wrong, the worst first.

    `scopes`: those that could be listed, by name. `entries`: name → the scopes of one entry that holds for several.
    """
    found: list[Trouble] = []
    for scope, there in scopes.items():
        found += _missing(view, scope, there)
    for variable in view.variables:
        if _is_ours(variable):
            found += _of_values(view, variable, scopes, entries.get(variable.name, frozenset()))
    order = {place: at for at, place in enumerate(("here", *SCOPES))}
    return tuple(sorted(found, key=lambda one: (one.status is not Status.FAIL, order[one.place], one.kind)))


def uncompared(view: View, scopes: Mapping[str, Scope]) -> tuple[str, ...]:
    """Return the names that have to differ and of which some scope gives the value to nobody."""
    return tuple(
        variable.name
        for variable in view.variables
        if _is_ours(variable)
        and _differs(view, variable, None)
        and any(variable.name in there.types and variable.name not in there.values for there in scopes.values())
    )


def place(view: View, there: Scope) -> dict[str, str]:
    """Return what one scope holds, by name: `same` as here, `another`, `set` (not compared), `sensitive`."""
    here = view.held()
    found = {}
    for name, type in there.types.items():
        value = there.values.get(name)
        if value is None:
            found[name] = "sensitive" if type == "sensitive" else "set"
        elif name not in here:
            found[name] = "set"
        else:
            found[name] = "same" if same(here[name].value, value) else "another"
    return found


def _is_ours(variable: Variable) -> bool:
    """Whether it is for the app: not for tools on a developer's machine, and not Vercel's own."""
    return variable.provider not in ("vercel", "github") and not refusal(variable.name, "")


def _missing(view: View, scope: str, there: Scope) -> Iterator[Trouble]:
    wanted = [v for v in view.variables if _is_ours(v) and _needed(view, v, scope, there)]
    lacking = [v for v in wanted if v.name not in there.types]
    if scope == "development" and wanted and len(lacking) == len(wanted):
        return  # nobody keeps anything there: this machine's env file is used instead
    for variable in lacking:
        ways = f" (or another way to have {variable.one_of})" if variable.one_of else ""
        probably = ways or (" (probably needed)" if variable.probably else "")
        yield Trouble(
            Status.WARN,
            "missing",
            variable.name,
            scope,
            f"{scope.title()} has no {variable.name}{probably}",
            f"vercel env add {variable.name} {scope}",
        )


def _needed(view: View, variable: Variable, scope: str, there: Scope) -> bool:
    if variable.need is not Need.REQUIRED or variable.commented or variable.name == "NODE_ENV":
        return False
    ready = variable.ready
    if ready is not None and not _local(Secret(ready)):
        return False
    told = dict(view.app.scopes).get(variable.name)
    if told and scope not in dict(told):
        return False
    group = next((one for one in view.app.alternatives if one.name == variable.one_of), None)
    if group is None:
        return True
    # One way is enough; where there is none, what the repository names first is asked for.
    enough = any(all(name in there.types for name in names) for _, names in group.options)
    return not enough and variable.name in group.options[0][1]


def _of_values(
    view: View, variable: Variable, scopes: Mapping[str, Scope], together: frozenset[str]
) -> Iterator[Trouble]:
    name = variable.name
    values = {scope: there.values[name] for scope, there in scopes.items() if name in there.values}
    live = values.get("production")
    for scope in scopes:
        value = values.get(scope)
        trouble = _alone(variable, scope, value) if value is not None else None
        if trouble is None and scope != "production" and (kind := _differs(view, variable, scope)):
            alike = live is not None and value is not None and _alike(kind, live, value)
            # A mode and an address of its own have been told by themselves.
            alike = alike and value is not None and not _mode(variable, value.reveal()) and not _local(value)
            unread = (live is None or value is None) and {scope, "production"} <= together
            if alike or unread:
                trouble = _shared(variable, kind, scope, together)
        if trouble is not None:
            yield trouble
    here = view.held().get(name)
    kind = _differs(view, variable, "local")
    if here is None or live is None or kind in ("", "address") or _local(live) or _mode(variable, live.reveal()):
        return
    if _alike(kind, live, here.value):
        said = f"{name} here is Production's: what is done on this machine is done there"
        yield Trouble(Status.FAIL, "production", name, "here", said, f"onboard set {name}")


def _alone(variable: Variable, scope: str, value: Secret) -> Trouble | None:
    """Say what is wrong with one value in one scope by itself."""
    name, text = variable.name, value.reveal().strip()
    worst = Status.FAIL if scope == "production" else Status.WARN
    command = f"vercel env update {name} {scope}"
    if variable.placeholder and text == variable.sample:
        said = f"{name} in {scope.title()} is still the template's placeholder"
        return Trouble(worst, "placeholder", name, scope, said, command)
    if scope != "development" and _local(value):
        said = f"{name} in {scope.title()} points to localhost, which is the machine that it runs on"
        return Trouble(worst, "local", name, scope, said, command)
    mode = _mode(variable, text)
    if mode == "test" and scope == "production":
        said = f"{name} in Production is a test key: nothing that is done with it is real"
        return Trouble(Status.WARN, "mode", name, scope, said, command)
    if mode == "live" and scope != "production":
        said = f"{name} in {scope.title()} is a live key: a trial run there is real"
        return Trouble(Status.FAIL, "mode", name, scope, said, command)
    return None


def _shared(variable: Variable, kind: str, scope: str, together: frozenset[str]) -> Trouble | None:
    name, command = variable.name, f"vercel env update {variable.name} {scope}"
    said = {
        "database": f"{name} in {scope.title()} is Production's database: a trial run there changes real data",
        "key": f"{name} in {scope.title()} is the same as in Production; each has its own",
        "address": f"{name} in {scope.title()} is the same as in Production; links there would lead to Production",
        "declared": f"{name} in {scope.title()} is the same as in Production; onboard.toml says that they differ",
    }[kind]
    if {scope, "production"} <= together:
        said += f" (one entry for both: take {scope.title()} off it {_PAGE}, then add its own)"
        command = f"vercel env add {name} {scope}"
    status = Status.FAIL if kind == "database" else Status.WARN
    return Trouble(status, "same", name, scope, said, command)


def _differs(view: View, variable: Variable, scope: str | None) -> str:
    """Return by what kind of thing a variable has to be another one in production; empty: it may be the same.

    `scope`: `preview`, `development` or `local`; `None`: any of them.
    """
    told = dict(dict(view.app.scopes).get(variable.name, ()))
    asked = (scope,) if scope else ("local", "preview", "development")
    others = [words for place, words in told.items() if place in asked]
    if "production" not in told or not others:
        return _kind(variable)
    return (_kind(variable) or "declared") if any(words != told["production"] for words in others) else ""


def _kind(variable: Variable) -> str:
    found = whose(variable)
    if found is not None:
        provider, key = found
        if key.id in _DATABASES.get(provider.id, ()):
            return "database"
        return "key" if provider.id in _MODED else ""
    return "address" if _ADDRESS.fullmatch(without_public_prefix(variable.name)) else ""


def _mode(variable: Variable, text: str) -> str | None:
    found = whose(variable, text)
    return found[0].shape(found[1], text).mode if found else None


def same(one: Secret, other: Secret) -> bool:
    """Whether two places have the same value; what a paste brought along around it does not count."""
    return one.reveal().strip() == other.reveal().strip()


def _alike(kind: str, live: Secret, value: Secret) -> bool:
    if same(live, value):
        return True
    return kind == "database" and _database(live.reveal()) == _database(value.reveal()) != ""


def _database(text: str) -> str:
    """Return which database a connection string names, whoever connects and however: pooled or not."""
    url = parse(text.strip())
    if isinstance(url, str) or not url.host:
        return ""
    if ref := supabase_ref(url) or (url.host.partition(".")[0] if url.host.endswith(".supabase.co") else ""):
        return f"supabase {ref}"
    first, dot, rest = url.host.partition(".")
    port = 5432 if url.port in (None, 6543) else url.port
    return f"{first.removesuffix('-pooler')}{dot}{rest} {port} {url.path}"


def _local(value: Secret) -> bool:
    """Whether it is an address on whatever machine reads it."""
    try:
        return urlsplit(value.reveal().strip()).hostname in LOCAL_HOSTS
    except ValueError:
        return False
