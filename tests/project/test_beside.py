"""Which program runs beside the dev server, and which the dev script starts already."""

import json
from pathlib import Path

import pytest

from onboard.project import beside, understand
from onboard.project.files import Tree
from onboard.project.trust import commands


@pytest.mark.parametrize(
    ("scripts", "command"),
    [
        ({"dev": "next dev", "jobs": "npx inngest-cli@latest dev"}, "pnpm jobs"),
        (
            {"dev": "next dev", "inngest:dev": "inngest-cli dev -u http://localhost:3000/api/inngest"},
            "pnpm inngest:dev",
        ),
        ({"dev": "next dev", "inngest": "inngest dev"}, "pnpm inngest"),
        ({"dev": "concurrently 'next dev' 'npx inngest-cli dev'"}, None),
        ({"dev": "concurrently npm:web npm:jobs", "web": "next dev", "jobs": "inngest-cli dev"}, None),
        ({"dev": "next dev", "build": "next build", "send": "node inngest/send.js dev"}, None),
        ({"dev": "next dev", "jobs": ["inngest-cli dev"]}, None),
    ],
)
def test_inngests_dev_server_is_found_in_the_scripts(
    tmp_path: Path, scripts: dict[str, object], command: str | None
) -> None:
    package = {"name": "x", "packageManager": "pnpm@10.34.9", "scripts": scripts, "dependencies": {"next": "16"}}
    (tmp_path / "package.json").write_text(json.dumps(package))
    project = understand(tmp_path)
    found = beside.find(Tree(tmp_path), project.app)

    assert [one.command for one in found] == ([command] if command else [])
    if command:
        approved = dict(commands(project, project.app))[command].split("; ")
        assert scripts[found[0].script] in approved


@pytest.mark.parametrize(
    ("named", "commands"),
    [('["mail", "gone"]', ["pnpm mail"]), ("[]", []), ('["jobs", "mail"]', ["pnpm jobs", "pnpm mail"])],
)
def test_what_onboard_toml_names_counts_and_nothing_else(tmp_path: Path, named: str, commands: list[str]) -> None:
    scripts = {"dev": "next dev", "jobs": "npx inngest-cli dev", "mail": "email dev"}
    package = {"name": "x", "packageManager": "pnpm@10.34.9", "scripts": scripts, "dependencies": {"next": "16"}}
    (tmp_path / "package.json").write_text(json.dumps(package))
    (tmp_path / "onboard.toml").write_text(f"[dev]\nbeside = {named}\n")

    assert [one.command for one in beside.find(Tree(tmp_path), understand(tmp_path).app)] == commands
