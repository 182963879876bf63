"""Findings become steps. Pure: no clock, no files, no network."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from onboard.model import Finding, Status, Step


class Stage(StrEnum):
    """A part of the way, in order."""

    TRUST = "Approval"
    TOOLS = "Prerequisites"
    ACCOUNTS = "Accounts"
    CREDENTIALS = "Credentials"
    ENV_FILE = "Env file"
    DATABASE = "Database"
    WEBHOOKS = "Webhooks"
    APP = "App"


_STAGES: Mapping[str, Stage] = {
    "trust": Stage.TRUST,
    "tool": Stage.TOOLS,
    "deps": Stage.TOOLS,
    "compose": Stage.TOOLS,
    "local": Stage.TOOLS,
    "account": Stage.ACCOUNTS,
    "variable": Stage.CREDENTIALS,
    "live": Stage.CREDENTIALS,
    "pair": Stage.CREDENTIALS,
    "mode": Stage.CREDENTIALS,
    "age": Stage.CREDENTIALS,
    "rotation": Stage.CREDENTIALS,
    "schema": Stage.CREDENTIALS,
    "env": Stage.ENV_FILE,
    "vault": Stage.ENV_FILE,
    "drift": Stage.ENV_FILE,
    "shadow": Stage.ENV_FILE,
    "duplicate": Stage.ENV_FILE,
    "template": Stage.ENV_FILE,
    "apps": Stage.ENV_FILE,
    "code": Stage.ENV_FILE,
    "remote": Stage.ENV_FILE,
    "database": Stage.DATABASE,
    "webhook": Stage.WEBHOOKS,
    "port": Stage.APP,
    "app": Stage.APP,
}

OWED = (Status.FAIL, Status.WARN, Status.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Owed:
    """A step that is still to be done, and why."""

    step: Step
    finding: Finding
    """The first finding that asks for it."""
    stage: Stage
    findings: tuple[str, ...]
    """Ids of all findings that it ends."""


@dataclass(frozen=True, slots=True)
class StageState:
    """How far one stage is."""

    stage: Stage
    done: int
    total: int
    """Without what was skipped: put off, optional, or waiting for something else."""
    status: Status
    """The worst of its findings; SKIPPED where nothing of it could be looked at."""


def stage_of(finding_id: str) -> Stage:
    """Return the stage that a finding belongs to."""
    if finding_id == "webhook.port":
        return Stage.WEBHOOKS
    return _STAGES.get(finding_id.split(".", 1)[0], Stage.APP)


def plan(findings: Iterable[Finding]) -> tuple[Owed, ...]:
    """Return the steps still owed, in order of stages; the same step is owed once.

    What fails comes before what only could be better, a program before the dependencies that it installs. A skipped
    finding owes nothing: what it waits for does.
    """
    order = {stage: position for position, stage in enumerate(Stage)}
    weight = {status: position for position, status in enumerate(OWED)}
    owed: dict[Step, list[Finding]] = {}
    for finding in sorted(
        (f for f in findings if f.status in OWED and f.step is not None),
        key=lambda f: (order[stage_of(f.id)], weight[f.status], f.id.startswith("deps.")),
    ):
        assert finding.step is not None  # noqa: S101 -- filtered above; told to mypy
        owed.setdefault(finding.step, []).append(finding)
    return tuple(
        Owed(step, found[0], stage_of(found[0].id), tuple(f.id for f in found)) for step, found in owed.items()
    )


def stages(findings: Iterable[Finding]) -> tuple[StageState, ...]:
    """Return every stage that has findings, in order, with its count of what is fine."""
    worst = (Status.FAIL, Status.UNKNOWN, Status.WARN, Status.OK, Status.SKIPPED)
    by_stage: dict[Stage, list[Finding]] = {}
    for finding in findings:
        by_stage.setdefault(stage_of(finding.id), []).append(finding)
    return tuple(
        StageState(
            stage,
            sum(f.status in (Status.OK, Status.WARN) for f in by_stage[stage]),
            sum(f.status is not Status.SKIPPED for f in by_stage[stage]),
            next(status for status in worst if any(f.status is status for f in by_stage[stage])),
        )
        for stage in Stage
        if stage in by_stage
    )
