"""Entering values: what a form shows, and what is found out about a value before it is saved."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from onboard import checks as all_checks
from onboard import doctor, paste
from onboard.approval import OWN_HOST
from onboard.checks import variables as variable_checks
from onboard.checks._base import Check, View
from onboard.checks.live import live_id
from onboard.model import Finding, Need, Secret, Shape, Status, Variable
from onboard.project.trust import host_in_words
from onboard.understanding import shape, whose


@dataclass(frozen=True, slots=True)
class Trial:
    """What was found out about values before they are saved."""

    findings: tuple[Finding, ...]
    """Shape, mode, live verdict and pair, in that order."""
    may_save: bool
    """Accepted, or nothing to ask: saving needs no further word."""
    may_insist: bool
    """Could not tell, or accepted with a doubt: the person may save it. False with `may_save` false: it is refused."""
    identity: Mapping[str, str]
    """Whose it is, for "Acme Inc. · acct_1A… · test mode"."""

    @property
    def verified(self) -> bool:
        """Whether a service accepted the values."""
        return any(f.id.startswith("live.") and f.status in (Status.OK, Status.WARN) for f in self.findings)


@dataclass(frozen=True, slots=True)
class Field:
    """What an entry form shows of one variable."""

    variable: Variable
    title: str
    """"Stripe secret key", or the variable's name where no provider knows it."""
    looks_like: str
    """How a right value starts or reads; empty: not known."""
    state: str
    """`ok missing placeholder malformed refused unverified`, as `list --json` says."""
    can_generate: bool
    default: str | None


@dataclass(frozen=True, slots=True)
class Form:
    """Everything an Ask step needs on one screen: the variables of one service."""

    title: str
    """"Stripe" or the variable's name."""
    purpose: str
    """What it is for, in a few words; empty: not known."""
    page: str | None
    """Where the values are to be had."""
    instructions: tuple[str, ...]
    """What to do on that page, for somebody without an account yet."""
    hosts: tuple[str, ...]
    """Where the values will be sent to be checked; empty: nowhere."""
    fields: tuple[Field, ...]
    optional: bool
    """The app runs without this service: skipping it costs a feature, nothing more."""
    limits: str
    """The free plan's limits; empty: not known."""
    ways: tuple[str, ...] = ()
    """The alternatives of which one is enough, this one among them; empty: there is no other way."""


_HERE = ("127.0.0.1", "localhost")
_FOR_MACHINES = ("branch_id", "endpoint", "endpoint_id", "version", "project_id", "default", "protected")
"""Facts of an identity by which no person recognises an account."""


def form(view: View, names: Sequence[str]) -> Form:
    """Return what an entry screen shows for these variables."""
    wanted = [variable for name in names if (variable := view.variable(name)) is not None]
    known = next((found for variable in wanted if (found := whose(variable)) is not None), None)
    provider = known[0] if known else None
    pages = [variable.link for variable in wanted if variable.link]
    steps: list[str] = []
    for variable in wanted:
        found = whose(variable)
        steps += [step for step in (found[1].steps if found else ()) if step not in steps]
    return Form(
        title=provider.title if provider else ", ".join(names),
        purpose=provider.purpose if provider else (wanted[0].description if wanted else ""),
        page=pages[0] if pages else None,
        instructions=tuple(steps),
        hosts=_hosts(view, names),
        fields=tuple(_field(view, variable) for variable in wanted),
        optional=all(variable.need is Need.OPTIONAL for variable in wanted),
        limits=provider.limits if provider else "",
        ways=_ways(view, wanted),
    )


def _ways(view: View, wanted: Sequence[Variable]) -> tuple[str, ...]:
    """Return the services of the alternatives that these variables belong to, by title."""
    groups = {variable.one_of for variable in wanted} - {None}
    firsts = [
        next((v for name in names if (v := view.variable(name)) is not None), None)
        for alternative in view.app.alternatives
        if alternative.name in groups
        for _, names in alternative.options
    ]
    titles = (found[0].title if (found := whose(one)) else one.name for one in firsts if one is not None)
    return tuple(dict.fromkeys(titles))


def _hosts(view: View, names: Sequence[str]) -> tuple[str, ...]:
    """Return where these values would be sent, in words."""
    found: dict[str, None] = {}
    for service in view.services:
        keys = {service.keys[name] for name in names if name in service.keys}
        for credential in service.provider.credentials if keys else ():
            there = set(credential.needs) <= set(service.keys.values())
            if there and keys & {*credential.needs, *credential.uses}:
                own = (OWN_HOST,) if credential.own_host else ()
                here = ("this machine" if host in _HERE else host_in_words(host) for host in credential.hosts)
                found |= dict.fromkeys((*own, *here))
    return tuple(found)


def _field(view: View, variable: Variable) -> Field:
    found = whose(variable)
    return Field(
        variable,
        f"{found[0].title} {found[1].title}" if found else variable.name,
        found[1].looks_like if found else "",
        variable_checks.state(view, variable),
        variable.generate is not None,
        variable.default,
    )


def fits(variable: Variable | None, text: str) -> Shape:
    """Say what a value looks like: pure, sends nothing."""
    if not text:
        return Shape(False, "nothing entered yet")
    if "\x00" in text:
        return Shape(False, "holds a NUL character, which no env file can carry")
    if variable is None:
        return Shape(True, "this project does not declare it")
    if variable.sample and text == variable.sample and variable.placeholder:
        return Shape(False, "this is the template's placeholder")
    if wrong := variable_checks.wrong(variable, text):
        return Shape(False, wrong)
    return shape(variable, text) or Shape(True, "")


def generate(variable: Variable | None) -> Secret:
    """Return a new random value: 32 bytes, in the alphabet that the repository's own instruction uses."""
    how = (variable.generate or "") if variable else ""
    if "hex" in how:
        size = next((int(word) for word in how.replace(")", " ").replace("(", " ").split() if word.isdigit()), 32)
        return Secret(secrets.token_hex(max(size, 16)))
    import base64

    return Secret(base64.b64encode(secrets.token_bytes(32)).decode())


async def attempt(view: View, values: Mapping[str, Secret], *, verify: bool = True) -> Trial:
    """Check values without saving: shape, mode, then the service, then whether they belong to the others."""
    trial = replace(view, values={**view.values, **values}, verdicts={})
    shapes = tuple(_shape_finding(trial, name, value) for name, value in values.items())
    if any(finding.status is Status.FAIL for finding in shapes):
        return Trial(shapes, False, False, {})
    live, beside = _asked_about(trial, values)
    found: dict[str, Finding] = {}
    if live:
        families = ("variable", "mode", "live", "pair")
        checks = [check for check in all_checks.everything(trial) if check.id.split(".")[0] in families]
        chosen = doctor.selected(checks, (*live, *beside), exactly=True)
        async for finding in doctor.look(trial, chosen, allowed=verify, reason="not asked, as you wished"):
            if not finding.id.startswith("variable."):
                found[finding.id] = finding
    order = [found[id] for id in (*beside[:1], *live, *beside[1:]) if id in found]
    refused = any(f.status is Status.FAIL and not f.id.startswith("pair.") for f in order)
    untold = any(f.status is Status.UNKNOWN and f.id in live for f in order)
    mixed = any(f.status is Status.FAIL for f in order)
    identity = next((v.identity for id, v in trial.verdicts.items() if id in live and v.identity), {})
    identity = {name: text for name, text in identity.items() if name not in _FOR_MACHINES}
    return Trial((*shapes, *order), not (mixed or untold), not refused, identity)


def _asked_about(view: View, values: Mapping[str, Secret]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the ids of the live checks that these values take part in, and of their services' mode and pair checks."""
    live: list[str] = []
    beside: list[str] = []
    for service in view.services:
        keys = {service.keys[name] for name in values if name in service.keys}
        if not keys:
            continue
        beside += [f"mode.{service.provider.id}", f"pair.{service.provider.id}"]
        live += [
            live_id(service, credential)
            for credential in service.provider.credentials
            if keys & {*credential.needs, *credential.uses} and not credential.offline
        ]
    return tuple(live), tuple(beside)


def _shape_finding(view: View, name: str, value: Secret) -> Finding:
    seen = fits(view.variable(name), value.reveal())
    check = Check(f"variable.{name}", name, partial(lambda _view: None))
    return check.says(Status.OK if seen.fits else Status.FAIL, seen.text, variable=name)


def cleaned(name: str, text: str) -> paste.Pasted:
    """Return typed or pasted text without what does not belong to the value."""
    return paste.cleaned(name, text)


def is_secret(view: View, name: str) -> bool:
    """Whether the value of `name` rests in the vault and is masked."""
    return view.is_secret(name)
