"""`onboard check`: the offline part, silent when all is well. No network, no keyring, no child process."""

from __future__ import annotations

import argparse

from onboard import checks, holdings
from onboard.choices import Choices
from onboard.cli import common, report
from onboard.model import Finding, Status
from onboard.project import Project, understand
from onboard.understanding import variables


def main(verb: str, words: list[str]) -> int:
    """Run the verb; return the exit code."""
    parser = common.parser(verb, "Look at what files alone can tell; made for predev and git hooks.")
    parser.add_argument("--json", action="store_true", help="the JSON of the contract")
    options = parser.parse_args(words)
    project, env_file, findings = _look(options)
    code = report.exit_code(findings)
    if options.json:
        import json

        common.out(json.dumps(report.as_json(project, findings, code), ensure_ascii=False, indent=1))
        return code
    for finding in findings:
        if finding.status in (Status.FAIL, Status.WARN):
            place = finding.evidence.get("file") or env_file
            line = finding.evidence.get("line")
            where = f"{place}:{line}" if line else str(place)
            step = f" → {report.step_text(finding.step)}" if finding.step else ""
            common.note(f"{where}: {finding.title}: {finding.summary}{step}")
    return code


def _look(options: argparse.Namespace) -> tuple[Project, str, list[Finding]]:
    """Return the project, its env file's name and the findings. Made without a Session, which brings an event loop."""
    machine = common.machine(options)
    project = understand(common.folder(options))
    held = holdings.Holdings(machine, project)
    view = holdings.view(machine, project, variables(project.app), held, choices=Choices(machine.state, project.id))
    return project, held.path.name, checks.look_offline(view, checks.everything(view))
