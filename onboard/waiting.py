"""Waiting for a person: whether a variable is there, and whether its service accepts it."""

from __future__ import annotations

from onboard import entry, listing
from onboard.checks._base import View
from onboard.entry import Trial
from onboard.model import Finding, Status

_WRONG = ("placeholder", "malformed")


async def settled(view: View, name: str) -> Finding | None:
    """Say of a variable that is there: accepted (OK), refused (FAIL), or could not tell (UNKNOWN). `None`: not there.

    Its service is asked, but not where it accepted this value before, or where the rest that it needs is missing.
    """
    row = next((row for row in listing.rows(view, {}) if row.name == name), None)
    if row is None or row.state == "missing" or row.state in _WRONG:
        return None
    if view.unread(name):
        return _says(name, Status.UNKNOWN, "it rests in the keyring, which could not be read")
    if row.state == "ok":
        return _says(name, Status.OK, "accepted by its service" if row.verified_at else "there; no service is asked")
    trial = await entry.attempt(view, {name: view.values[name]})
    return _says(name, *_told(trial), asked=trial.verified)


def _told(trial: Trial) -> tuple[Status, str]:
    for status in (Status.FAIL, Status.UNKNOWN):
        if found := next((one for one in trial.findings if one.status is status), None):
            return status, found.summary
    if trial.verified:
        return Status.OK, "accepted by its service"
    why = next((one.summary for one in trial.findings if one.id.startswith("live.")), "no service is asked")
    return Status.OK, f"there; {why}"


def _says(name: str, status: Status, summary: str, *, asked: bool = False) -> Finding:
    return Finding(f"variable.{name}", name, status, summary, variable=name, evidence={"asked": asked})
