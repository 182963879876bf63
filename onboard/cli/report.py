"""Findings as lines for people, as Markdown, and as the JSON of the contract."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from onboard import __version__
from onboard.clean import clean, line
from onboard.model import SCHEMA_VERSION, Ask, Finding, Status, Step
from onboard.plan import stage_of
from onboard.project.values import Project

WORDS = {
    Status.OK: "ok",
    Status.WARN: "warn",
    Status.FAIL: "FAIL",
    Status.UNKNOWN: "unclear",
    Status.SKIPPED: "skipped",
}
_SIGNS = {Status.OK: "✓", Status.WARN: "!", Status.FAIL: "✗", Status.UNKNOWN: "?", Status.SKIPPED: "·"}
_COLOURS = {Status.OK: "32", Status.WARN: "33", Status.FAIL: "31", Status.UNKNOWN: "35", Status.SKIPPED: "2"}


def exit_code(findings: Iterable[Finding]) -> int:
    """Return 1 where something fails, 4 where approval is owed, 3 where something could not be told, else 0."""
    found = list(findings)
    if any(f.status is Status.FAIL for f in found):
        return 1
    if any(f.id == "trust.project" and f.status is not Status.OK for f in found):
        return 4
    return 3 if any(f.status is Status.UNKNOWN for f in found) else 0


def as_json(project: Project, findings: Sequence[Finding], code: int) -> dict[str, Any]:
    """Return the document of `doctor --json` and `check --json`."""
    return {
        "schema_version": SCHEMA_VERSION,
        "onboard": __version__,
        "project": {"id": project.id, "name": project.name, "path": project.root},
        "findings": [_finding(f) for f in findings],
        "counts": {status.value: sum(f.status is status for f in findings) for status in Status},
        "exit_code": code,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "id": finding.id,
        "title": finding.title,
        "status": finding.status.value,
        "summary": finding.summary,
        "detail": finding.detail,
        "variable": finding.variable,
        "provider": finding.provider,
        "evidence": dict(finding.evidence),
        "step": _step(finding.step),
        "took_ms": finding.took_ms,
    }


def _step(step: Step | None) -> dict[str, Any] | None:
    if step is None:
        return None
    return {"kind": step.kind, "who": step.who.value, "text": step.text, "command": step.command, "url": step.url}


def lines(findings: Iterable[Finding], *, colour: bool) -> list[str]:
    """Return findings as lines, by stage, each problem with its step; what was skipped comes last, by its reason."""
    found: list[str] = []
    for stage, members in groupby(findings, key=lambda finding: stage_of(finding.id)):
        skipped: dict[str, list[str]] = {}
        found += ["", stage.value]
        for finding in members:
            if finding.status is Status.SKIPPED:
                skipped.setdefault(finding.summary.removeprefix(f"{finding.title}: "), []).append(finding.title)
            else:
                found += _lines(finding, colour)
        word = _word(Status.SKIPPED, colour)
        found += [f"  {word} {clean(reason)}: {', '.join(map(line, titles))}" for reason, titles in skipped.items()]
    return found[1:]


def _word(status: Status, colour: bool) -> str:
    word = f"{_SIGNS[status]} {WORDS[status]:<7}"
    return f"\x1b[{_COLOURS[status]}m{word}\x1b[0m" if colour else word


def _lines(finding: Finding, colour: bool) -> list[str]:
    word = _word(finding.status, colour)
    found = [f"  {word} {line(finding.title):<34} {clean(finding.summary)}"]
    if finding.status in (Status.FAIL, Status.WARN, Status.UNKNOWN):
        found += [f"            {clean(text)}" for text in finding.detail.splitlines()]
        if finding.step is not None:
            found.append(f"            → {step_text(finding.step, finding.variable)}")
    return found


def step_text(step: Step, variable: str | None = None) -> str:
    """Return what to do, with the command and the page. `variable`: the one it is told for, of several; `None`: all."""
    command, text = step.command, clean(step.text)
    if isinstance(step, Ask) and variable in step.variables:
        command = f"onboard set {variable}"
    elif isinstance(step, Ask) and len(step.variables) > 1:
        text += f" ({', '.join(map(line, step.variables))})"
    ways = [f"`{clean(command)}`"] if command else []
    ways += [clean(step.url)] if step.url else []
    return text + (f": {' · '.join(ways)}" if ways else "")


def markdown(project: Project, findings: Iterable[Finding]) -> str:
    """Return a table to paste into a chat; value-free like the findings."""
    rows = ["| | what | finding | step |", "|---|---|---|---|"]
    for f in findings:
        step = step_text(f.step, f.variable) if f.step and f.status not in (Status.OK, Status.SKIPPED) else ""
        cells = (f"{_SIGNS[f.status]} {WORDS[f.status]}", f"`{f.id}`", clean(f.summary), step)
        rows.append("| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |")
    return f"**onboard {__version__}** · {line(project.name)}\n\n" + "\n".join(rows)


def wants_colour(stream: Any = None, env: Mapping[str, str] | None = None) -> bool:
    """Whether lines may be coloured: NO_COLOR, FORCE_COLOR and TERM=dumb are honoured."""
    env = os.environ if env is None else env
    if env.get("NO_COLOR"):
        return False
    if env.get("FORCE_COLOR"):
        return True
    return bool((stream or sys.stdout).isatty()) and env.get("TERM") != "dumb"
