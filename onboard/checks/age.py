"""How old each secret is, and when one ends by itself: the keys of the Stripe CLI's login do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from onboard.checks._base import Check, View
from onboard.model import Finding, Kind, Secret, Status, Tell

OLD = timedelta(days=90)
_SOON = timedelta(days=14)


def checks(view: View) -> tuple[Check, ...]:
    """Return one check for each secret that somebody entered or that was made here; a listener's is never old.

    They are `outside` for the clock: an answer that is given again must not depend on the day.
    """
    listened = {hook.variable for hook in view.app.webhooks}
    return tuple(
        Check(
            f"age.{v.name}",
            v.name,
            partial(_look, name=v.name),
            unless=(f"variable.{v.name}", *((f"live.{v.provider}", f"mode.{v.provider}") if v.provider else ())),
            outside=True,
            seconds=2,
        )
        for v in view.variables
        if v.kind is Kind.SECRET and v.name in view.held() and v.name not in listened
    )


def set_at(view: View, name: str) -> datetime | None:
    """Return when the present value of `name` was entered or made; `None`: not known."""
    value = view.values.get(name)
    if value is None:
        return None
    stored = (view.stored or {}).get(name)
    said = stored.set_at if stored is not None and stored.value == value else None
    if view.choices is not None and view.choices.is_same(name, value):
        said = view.choices.date(name, "set") or said
    return _moment(said)


async def _look(view: View, name: str) -> Finding | None:
    check = Check(f"age.{name}", name, partial(_look, name=name))
    says = partial(check.says, variable=name)
    now = view.machine.now()
    ends = _ends(view, view.values[name])
    if ends is not None and ends - now < _SOON:
        past = ends <= now
        return says(
            Status.WARN,
            f"the Stripe CLI's login, of which it is, {'ended' if past else 'ends'} on {ends:%Y-%m-%d}",
            step=Tell(f"Sign in again, or enter a key of your own as {name}", command=f"onboard set {name} --make"),
            evidence={"ends": f"{ends:%Y-%m-%d}"},
        )
    since = set_at(view, name)
    if since is None or now - since < OLD:
        return None
    days = (now - since).days
    return says(
        Status.WARN,
        f"is {days} days old",
        step=Tell(f"Change {name}", command=f"onboard rotate {name}"),
        evidence={"set_at": f"{since:%Y-%m-%d}", "days": days},
    )


def _ends(view: View, value: Secret) -> datetime | None:
    """Return when the Stripe CLI's login ends whose key `value` is; `None`: it is none of it."""
    import tomllib

    folder = view.machine.env.get("XDG_CONFIG_HOME") or str(view.machine.home / ".config")
    try:
        found = tomllib.loads((Path(folder) / "stripe" / "config.toml").read_text("utf-8"))
    except (OSError, ValueError):
        return None
    for profile in found.values():
        if isinstance(profile, dict) and profile.get("test_mode_api_key") == value.reveal():
            return _moment(str(profile.get("sandbox_expires_at") or profile.get("test_mode_key_expires_at") or ""))
    return None


def _moment(text: str | None) -> datetime | None:
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
