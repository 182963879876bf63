"""`onboard trust`: what this repository would do, approved by a person for exactly these bytes."""

from __future__ import annotations

import json
import sys
from typing import Any

from onboard.clean import clean, line
from onboard.cli import common
from onboard.errors import NeedsPerson
from onboard.model import SCHEMA_VERSION
from onboard.project.trust import Approval
from onboard.session import Session


def main(verb: str, words: list[str]) -> int:
    """Run the verb; return the exit code."""
    parser = common.parser(verb, "Approve what onboard may run, ask and write here. There is no blanket yes.")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--show", action="store_true", help="show it, with its hash; approve nothing")
    which.add_argument("--accept", metavar="HASH", help="approve what has exactly this hash")
    which.add_argument("--revoke", action="store_true", help="take the approval back")
    parser.add_argument("--json", action="store_true", help="with --show: as JSON")
    options = parser.parse_args(words)
    session = common.open_session(options)
    if options.revoke:
        common.note("approval taken back" if session.revoke() else "there was no approval")
        return common.OK
    if options.accept is not None:
        session.approve(options.accept)
        common.note("approved")
        return common.OK
    if options.show:
        approval = session.approval()
        if options.json:
            common.out(json.dumps(as_json(approval, session.trusted), ensure_ascii=False, indent=1))
        else:
            common.out("\n".join(lines(approval)))
            common.out(f"\nhash   {approval.hash}")
        return common.OK
    if session.trusted:
        common.note("approved already: exactly these bytes, in this folder")
        return common.OK
    if not session.machine.terminal:
        raise NeedsPerson(
            "approval needs a person at a terminal",
            "run `onboard trust` there; or read `onboard trust --show` and give its hash to --accept",
        )
    return common.OK if ask(session) else common.PERSON


def ask(session: Session) -> bool:
    """Show what would happen and ask; `True`: approved."""
    approval = session.approval()
    sys.stderr.write("\n".join(lines(approval)) + "\n\n")
    if not common.confirm("Approve exactly this?"):
        return False
    session.approve(approval.hash)
    return True


def lines(approval: Approval) -> list[str]:
    """Return what a person has to read before saying yes."""
    found = ["In this repository, onboard would", f"  folder  {line(approval.root)}"]
    found += [f"  run     {line(typed)}\n            which is: {clean(runs)}" for typed, runs in approval.commands]
    for names, hosts in approval.sends:
        found.append(f"  send    {', '.join(map(line, names))}")
        found.append(f"            to {', '.join(map(line, hosts))}, to ask about it")
    found += [f"  write   {line(file)}" for file in approval.files]
    found.append(f"  keep    secrets in the keyring, item {line(approval.keyring_item)}")
    if approval.keyring_folder:
        found.append(f"            which holds values that were entered in {line(approval.keyring_folder)}")
    if not approval.id_is_own:
        found.append(
            "  LOOK    this id was chosen by the repository's onboard.toml and is not its own git remote:\n"
            "            saying yes gives this folder the secrets that are kept under that id"
        )
    if approval.changed:
        found += [
            "",
            "Different from what was approved here before:",
            *(f"  {line(text)}" for text in approval.changed),
        ]
    return found


def as_json(approval: Approval, trusted: bool) -> dict[str, Any]:
    """Return the document of `trust --show --json`."""
    return {
        "schema_version": SCHEMA_VERSION,
        "hash": approval.hash,
        "trusted": trusted,
        "root": approval.root,
        "project_id": approval.project_id,
        "id_is_own": approval.id_is_own,
        "keyring_item": approval.keyring_item,
        "keyring_folder": approval.keyring_folder,
        "commands": [{"command": typed, "runs": runs} for typed, runs in approval.commands],
        "hosts": [{"host": host, "variables": list(names)} for host, names in approval.hosts],
        "files": list(approval.files),
        "changed": list(approval.changed),
    }
