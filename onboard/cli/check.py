"""`onboard check`: the offline part, silent when all is well. No network, no keyring, no child process."""

from __future__ import annotations

from onboard.cli import common, report


def main(verb: str, words: list[str]) -> int:
    """Run the verb; return the exit code."""
    parser = common.parser(verb, "Look at what files alone can tell; made for predev and git hooks.")
    parser.add_argument("--json", action="store_true", help="the JSON of the contract")
    options = parser.parse_args(words)
    session = common.open_session(options)
    from onboard import checks
    from onboard.model import Status

    view = session.view()
    findings = checks.look_offline(view, checks.everything(view))
    code = report.exit_code(findings)
    if options.json:
        import json

        common.out(json.dumps(report.as_json(session.project, findings, code), ensure_ascii=False, indent=1))
        return code
    for finding in findings:
        if finding.status in (Status.FAIL, Status.WARN):
            place = finding.evidence.get("file") or session.env_path.name
            line = finding.evidence.get("line")
            where = f"{place}:{line}" if line else str(place)
            step = f" → {report.step_text(finding.step)}" if finding.step else ""
            common.note(f"{where}: {finding.title}: {finding.summary}{step}")
    return code
