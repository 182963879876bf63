"""`onboard init`: writes onboard.toml, with what inference cannot know."""

from __future__ import annotations

import argparse
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from onboard.clean import clean
from onboard.cli import common
from onboard.errors import NeedsPerson, ProjectError

if TYPE_CHECKING:
    from onboard.hooks import Change
    from onboard.session import Session


def main(verb: str, words: list[str]) -> int:
    """Run the verb; return the exit code."""
    parser = common.parser(verb, "Write onboard.toml: what could not be understood from the repository alone.")
    parser.add_argument("--force", action="store_true", help="write it anew; edits of yours are kept")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--hooks", action="store_true", help="`onboard check` before the dev server and after a pull")
    which.add_argument("--unhook", action="store_true", help="take exactly that away again")
    parser.add_argument("--yes", action="store_true", help="with --hooks: do not ask")
    options = parser.parse_args(words)
    session = common.trusted_session(options)
    if options.hooks or options.unhook:
        return _hook(session, options)
    from onboard.project import init

    path = Path(session.project.root) / "onboard.toml"
    before = path.read_text("utf-8") if path.is_file() else None
    if before is not None and not options.force:
        raise ProjectError("onboard.toml is there already", "`onboard init --force` keeps your edits")
    text = init.render(session.project)
    if before is not None:
        text = init.merge(before, text)
    temporary = path.with_name(f".onboard.toml.{secrets.token_hex(4)}")
    temporary.write_text(text, "utf-8")
    os.replace(temporary, path)
    common.note(f"{path.name} written; it is part of what is approved, so `onboard trust` will ask again")
    return common.OK


def _hook(session: Session, options: argparse.Namespace) -> int:
    from onboard import hooks

    offer = hooks.offer(session.project) if options.hooks else None
    changes = offer.changes if offer else hooks.undo(session.project)
    for text in _diff(session.project.root, changes):
        common.out(text)
    for note in offer.notes if offer else ():
        common.note(note)
    if not changes:
        common.note("nothing to change")
        return common.OK
    if options.hooks and not options.yes:
        if not session.machine.terminal:
            raise NeedsPerson("hooks are put in only after a yes", "`onboard init --hooks --yes` does not ask")
        if not common.confirm("Change these files?"):
            raise NeedsPerson("nothing was changed")
    for change in changes:
        hooks.apply(change)
    common.note("hooked" if options.hooks else "taken away")
    return common.OK


def _diff(root: str, changes: tuple[Change, ...]) -> Iterator[str]:
    import difflib

    for change in changes:
        name = os.path.relpath(change.path, root)
        old, new = ((data or b"").decode().splitlines() for data in (change.before, change.after))
        before = f"a/{name}" if change.before is not None else "/dev/null"
        after = f"b/{name}" if change.after is not None else "/dev/null"
        yield from (clean(text, limit=400) for text in difflib.unified_diff(old, new, before, after, lineterm=""))
