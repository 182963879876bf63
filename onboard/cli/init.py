"""`onboard init`: writes onboard.toml, with what inference cannot know."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from onboard.cli import common
from onboard.errors import ProjectError


def main(verb: str, words: list[str]) -> int:
    """Run the verb; return the exit code."""
    parser = common.parser(verb, "Write onboard.toml: what could not be understood from the repository alone.")
    parser.add_argument("--force", action="store_true", help="write it anew; edits of yours are kept")
    options = parser.parse_args(words)
    session = common.trusted_session(options)
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
