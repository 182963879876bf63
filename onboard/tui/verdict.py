"""What is said about values that were tried, and what can be done about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from onboard.model import Status
from onboard.tui import text

if TYPE_CHECKING:
    from onboard.entry import Trial

_CHANGE, _LATER = ("change", "Change what I typed"), ("later", "Leave it for later")


def verdict(trial: Trial) -> tuple[list[Content | str], tuple[tuple[str, str], ...]]:
    """Return the lines that tell a verdict, and the choices (word for us, words for the person) that it leaves."""
    rows: list[Content | str] = []
    if trial.identity:
        facts = [
            text.join(text.line(name.replace("_", " "), text.QUIET), text.line(value, text.STRONG))
            for name, value in trial.identity.items()
        ]
        whose = text.join(*facts, gap=" · ")
        rows.append(text.join(text.sign(Status.OK if trial.may_save else Status.WARN), whose))
    for finding in trial.findings:
        if finding.status is Status.OK and trial.identity:
            continue
        rows.append(text.join(text.sign(finding.status), text.say(finding.summary)))
        if finding.detail:
            rows.append(text.say(finding.detail, text.QUIET))
    if trial.may_save:
        rows = rows or [text.join(text.sign(Status.OK), text.say("Nothing speaks against it."))]
        return rows, (("save", "Save"), _CHANGE, _LATER)
    if trial.may_insist:
        rows.append(text.say("That says nothing about the value itself.", text.QUIET))
        insist = ("save", "Save it unverified; onboard asks again next time")
        return rows, (("again", "Ask again"), insist, _CHANGE, _LATER)
    rows.append(text.say("Nothing was saved.", text.QUIET))
    return rows, (_CHANGE, _LATER)
