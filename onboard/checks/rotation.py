"""Credentials whose change broke off, or whose old value is not proven dead yet."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any

from onboard.checks._base import Check, View
from onboard.model import Finding, Status, Tell

if TYPE_CHECKING:
    from onboard.choices import Choices

JOURNAL = "rotations"
"""Under which name the choices keep how far each change is; no value is in it."""


class Stage(StrEnum):
    """How far the change of a credential is."""

    ASKED = "asked"
    """The service was asked for a new one; what it said is not stored."""
    MADE = "made"
    """The new one rests in the vault, not yet in use."""
    SAVED = "saved"
    """The new one is in use; the old one is kept until it is proven dead."""
    KEPT = "kept"
    """Done; the old one is kept for an undo, and no service could say more of it."""


_SAID = {
    Stage.ASKED: "its change broke off on {since} while a new one was made; whether there is one is not known",
    Stage.MADE: "its change broke off on {since}; the new one rests in the keyring and is not in use yet",
    Stage.SAVED: "was changed on {since}; the old one is not proven dead yet",
}


_IN_USE = "the new one is in use since {since}; its change broke off before it was finished"
"""Said where the env file was written already and the note of it was not."""


def journal(choices: Choices | None) -> dict[str, Mapping[str, Any]]:
    """Return how far each change is, by variable: `stage`, `since`, `page`, maybe `retire`, `old_dead` and
    `marks`, the fingerprints of the new values.
    """
    found = choices.get(JOURNAL) if choices else None
    stages = tuple(stage.value for stage in Stage)
    return {
        name: one
        for name, one in (found.items() if isinstance(found, dict) else ())
        if isinstance(one, dict) and one.get("stage") in stages and isinstance(one.get("since"), str)
    }


def checks(view: View) -> tuple[Check, ...]:
    """Return one check for each change that is not over."""
    return tuple(
        Check(f"rotation.{name}", name, partial(_look, name=name, noted=noted))
        for name, noted in journal(view.choices).items()
        if noted["stage"] != Stage.KEPT
    )


def _look(view: View, name: str, noted: Mapping[str, Any]) -> Finding:
    check = Check(f"rotation.{name}", name, partial(_look, name=name, noted=noted))
    stage = Stage(noted["stage"])
    lost = " and the old one does not work any more" if noted.get("old_dead") and stage is not Stage.SAVED else ""
    return check.says(
        Status.WARN,
        (_IN_USE if _in_use(view, stage, noted) else _SAID[stage]).format(since=noted["since"][:10]) + lost,
        step=Tell(f"Go on with the change of {name}", command=f"onboard rotate {name}"),
        variable=name,
        evidence={"stage": stage.value, "since": noted["since"]},
    )


def _in_use(view: View, stage: Stage, noted: Mapping[str, Any]) -> bool:
    """Whether the env file holds a new value that is only noted as on its way."""
    marks = noted.get("marks")
    if stage is Stage.SAVED or not isinstance(marks, dict) or not marks or view.choices is None:
        return False
    return all(name in view.values and view.choices.fingerprint(view.values[name]) == marks[name] for name in marks)
