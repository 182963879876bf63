"""Credentials against the services that issued them: accepted, refused, or could not tell."""

from __future__ import annotations

from functools import partial

from onboard.checks._base import Check, View
from onboard.model import Ask, Finding, Status, Tell, Verdict
from onboard.providers._base import Credential, Provider, Values
from onboard.understanding import Service, held


def checks(view: View) -> tuple[Check, ...]:
    """Return for each service: its mode, each credential to ask about, and whether they belong together."""
    return tuple(check for service in view.services for check in _of(view, service))


def live_id(service: Service, credential: Credential) -> str:
    """Return `live.<provider>` or `live.<provider>.<part>`."""
    return f"live.{service.provider.id}" + (f".{credential.part}" if credential.part else "")


def _of(view: View, service: Service) -> list[Check]:
    id, title = service.provider.id, service.provider.title
    mode = Check(f"mode.{id}", f"{title} mode", partial(_mode, service=service))
    found = [mode]
    values = held(service, view.read(), view.services)
    asked = []
    for credential in service.provider.credentials:
        if not all(any(key == need for key in service.keys.values()) for need in credential.needs):
            continue  # the project has no variable for it
        owed = tuple(
            f"variable.{name}" for name, key in service.keys.items() if key in credential.needs and key not in values
        )
        check = Check(
            live_id(service, credential),
            f"{title} {credential.title}".strip(),
            partial(_live, service=service, credential=credential),
            needs=(mode.id, *owed),
            outside=True,
            seconds=credential.seconds + 0.5,
        )
        found.append(check)
        asked.append(check.id)
        for extra in _further(values, credential):
            name = extra.variable(credential.needs[0])
            found.append(
                Check(
                    f"live.{id}.{name}",
                    name,
                    partial(_live, service=service, credential=credential, values=extra),
                    needs=(mode.id,),
                    outside=True,
                    seconds=credential.seconds + 0.5,
                )
            )
    if type(service.provider).compare is not Provider.compare:
        look = partial(_pair, service=service)
        one = Check(f"pair.{id}", f"{title}: one account", look, after=tuple(asked), unless=(mode.id,), outside=True)
        found.append(one)
    return found


def _further(values: Values, credential: Credential) -> list[Values]:
    """Return the further values of a credential of one key, where they differ, each with what sharpens the question."""
    if len(credential.needs) != 1:
        return []
    key = credential.needs[0]
    distinct = {one.value: one for one in reversed(values.all(key))}
    first = values.all(key)[:1]
    beside = [(id, one) for id in credential.uses for one in values.all(id)[:1]]
    return [Values([(key, one), *beside]) for one in values.all(key) if one in distinct.values() and one not in first]


def _mode(view: View, service: Service) -> Finding | None:
    check = Check(f"mode.{service.provider.id}", f"{service.provider.title} mode", partial(_mode, service=service))
    values = held(service, view.read(), view.services)
    key = service.provider.production(values)
    if not key:
        return None
    name = values.variable(key)
    return check.says(
        Status.FAIL,
        f"{name} is for production (live mode); on this machine it could touch real money and real people",
        step=Ask(f"Replace {name} by a test key", (name,), service.provider.key(key).page or None),
        variable=name,
        provider=service.provider.id,
        evidence={"mode": "live"},
    )


async def _live(view: View, service: Service, credential: Credential, values: Values | None = None) -> Finding | None:
    base = live_id(service, credential)
    provider = service.provider
    further = values is not None
    values = values if values is not None else held(service, view.read(), view.services)
    absent = [key for key in credential.needs if key not in values]
    name = values.variable(credential.needs[0]) or None
    check = Check(
        f"live.{provider.id}.{name}" if further and name else base,
        f"{provider.title} {credential.title}".strip(),
        _nothing,
    )
    says = partial(check.says, variable=name, provider=provider.id)
    if absent:
        missing = ", ".join(variable for variable, key in service.keys.items() if key in absent)
        return says(Status.SKIPPED, f"not asked: {missing} is not set")
    if not all(provider.shape(provider.key(key), values.text(key)).fits for key in credential.needs):
        return says(Status.SKIPPED, "not asked: the value does not look right")
    verdict = await provider.verify(credential, values, view.machine)
    if credential.offline and verdict.status is Status.UNKNOWN:
        # Asking would create data or cost: that is no trouble of anyone's, and looking again would not help.
        return says(Status.SKIPPED, verdict.summary, detail=verdict.detail)
    view.verdicts[check.id] = verdict
    step = verdict.step
    if step is None and verdict.status is Status.FAIL:
        key = provider.key(credential.needs[0])
        names = tuple(values.variable(one) for one in credential.needs)
        step = Ask(f"Enter the {provider.title} credentials", names, key.page or None)
    if step is None and verdict.status is Status.UNKNOWN and not credential.offline:
        step = Tell("Look again in a while", command=f"onboard doctor --only {check.id}")
    return says(verdict.status, verdict.summary, detail=verdict.detail, step=step, evidence=dict(verdict.identity))


def _pair(view: View, service: Service) -> Finding | None:
    provider = service.provider
    check = Check(f"pair.{provider.id}", f"{provider.title}: one account", _nothing)
    verdicts: dict[str, Verdict] = {
        credential.part: view.verdicts[live_id(service, credential)]
        for credential in provider.credentials
        if live_id(service, credential) in view.verdicts
    }
    verdict = provider.compare(held(service, view.read(), view.services), verdicts)
    if verdict is None:
        return None
    step = verdict.step
    if step is None and verdict.status in (Status.FAIL, Status.WARN):
        listened = {hook.variable for hook in view.app.webhooks}
        names = tuple(name for name in service.variables if name not in listened)
        step = Ask(f"Enter the {provider.title} credentials", names, provider.key(service.keys[names[0]]).page or None)
    return check.says(
        verdict.status,
        verdict.summary,
        detail=verdict.detail,
        step=step,
        provider=provider.id,
        evidence=dict(verdict.identity),
    )


def _nothing(view: View) -> Finding | None:
    return None
