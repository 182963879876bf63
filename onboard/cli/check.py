"""`onboard check`: the offline part, silent when all is well. No network, no keyring, no child process.

It says what `doctor --offline` says, the search of the code included; `onboard.quick` gives the same answer again as
long as nothing that it rests on has changed.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from onboard import approval, checks, holdings, quick
from onboard.checks._base import View
from onboard.checks.repository import LOOKED_AT
from onboard.choices import Choices
from onboard.cli import common, report
from onboard.model import Finding, Status
from onboard.project import understand
from onboard.project.root import git_root, settings
from onboard.project.trust import Gate
from onboard.understanding import variables

_STEERING = ("package.json", "pnpm-workspace.yaml", "lerna.json")
"""Beside `.git`, what says whether a folder stands alone or is part of one above it."""


def main(verb: str, words: list[str]) -> int:
    """Run the verb; return the exit code."""
    parser = common.parser(verb, "Look at what files alone can tell; made for predev and git hooks.")
    parser.add_argument("--json", action="store_true", help="the JSON of the contract")
    options = parser.parse_args(words)
    now = time.time_ns()
    seen = _around(common.folder(options))
    view, choices = _view(options, seen)
    findings = checks.look_offline(view, checks.everything(view))
    code = report.exit_code(findings)
    if options.json:
        import json

        common.out(json.dumps(report.as_json(view.project, findings, code), ensure_ascii=False, indent=1))
        return code
    text = "".join(f"{line}\n" for line in _lines(view, findings))
    common.note(text, end="")
    if not words and code in (0, 1):
        _remember(view, choices, seen, code, text, now)
    return code


def _lines(view: View, findings: list[Finding]) -> Iterator[str]:
    for finding in findings:
        if finding.status in (Status.FAIL, Status.WARN):
            place = finding.evidence.get("file") or view.env_name
            line = finding.evidence.get("line")
            where = f"{place}:{line}" if line else str(place)
            step = f" → {report.step_text(finding.step, finding.variable)}" if finding.step else ""
            yield f"{where}: {finding.title}: {finding.summary}{step}"


def _view(options: argparse.Namespace, seen: dict[str, str]) -> tuple[View, Choices]:
    """Return what the checks may see. Made without a Session, which brings an event loop."""
    machine = common.machine(options)
    project = understand(common.folder(options))
    held = holdings.Holdings(machine, project)
    seen |= project.seen
    choices = Choices(machine.state, project.id)
    beside = (Path(project.root) / name for name in LOOKED_AT)
    _mark(seen, *map(str, (*held.files(), choices.path, *beside)))
    known = variables(project.app)
    return holdings.view(machine, project, known, held, choices=choices, skipped=choices.skipped), choices


def _around(start: Path) -> dict[str, str]:
    """Return the marks of what decides where the project begins and what its remote is."""
    inside = git_root(start)
    if inside is None:
        return {str(folder / ".git"): quick.ABSENT for folder in (start, *start.parents)}
    seen: dict[str, str] = {}
    for folder in (start, *start.parents):
        _mark(seen, str(folder), *(str(folder / name) for name in _STEERING))
        if folder == inside:
            break
        seen[str(folder / ".git")] = quick.ABSENT
    for file in settings(inside):
        _mark(seen, str(file))
    return seen


def _mark(seen: dict[str, str], *paths: str) -> None:
    for path in paths:
        seen.setdefault(path, quick.mark(path))


def _remember(view: View, choices: Choices, seen: dict[str, str], code: int, text: str, now: int) -> None:
    """Keep the answer; only where a person approved this repository, for before that nothing is written."""
    folder = os.getcwd()
    path = quick.place(view.machine.env, folder)
    names = {*view.values, *view.nearer, *view.farther, *(variable.name for variable in view.variables)}
    if path is None or names & view.machine.env.keys():
        return
    env_file = str(view.env_path.relative_to(view.project.root))
    gate = Gate(view.machine.state)
    if not gate.approved(approval.ask(gate, view.project, view.variables, env_file, choices)):
        return
    _mark(seen, *_code())
    data = quick.stamp(folder, code, text, sorted(names), seen, now)
    if data is not None:
        from onboard import statefile

        with suppress(OSError):  # the next check looks again
            statefile.write_bytes(Path(path), data)


def _code() -> list[str]:
    """Return our own files: an installation is replaced whole, an editable one module by module."""
    package = str(sys.modules["onboard"].__file__)
    if "site-packages" in package:
        return [package]
    return [str(module.__file__) for name, module in sys.modules.items() if name.partition(".")[0] == "onboard"]
