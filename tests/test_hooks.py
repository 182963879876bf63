"""Hooks go in as one stretch of text and come out byte for byte; they never block, nor reach beyond the repository."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onboard import hooks
from onboard.errors import ProjectError
from onboard.machine import Machine
from onboard.project import Project, understand
from onboard.session import Session

PACKAGE = """\
{
	"name": "shop",
	"scripts": {
		"build": "next build",
		"dev": "next dev"
	},
	"dependencies": {"next": "16"}
}"""
COMMAND = hooks.COMMAND.format(where="", well="true")


def repository(root: Path, *, package: str = PACKAGE) -> Path:
    (root / ".git/hooks").mkdir(parents=True)
    (root / ".git/HEAD").write_text("ref: refs/heads/main\n")
    (root / ".git/config").write_text("[core]\n\tbare = false\n")
    (root / "package.json").write_bytes(package.encode())
    (root / ".env.example").write_text("APP_NAME=shop\n")
    return root


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return repository(tmp_path / "shop")


def files(root: Path) -> dict[str, tuple[bytes, int]]:
    return {
        str(path.relative_to(root)): (path.read_bytes(), path.stat().st_mode)
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def hook(project: Project) -> tuple[str, ...]:
    offer = hooks.offer(project)
    for change in offer.changes:
        hooks.apply(change)
    return offer.notes


def unhook(project: Project) -> None:
    for change in hooks.undo(project):
        hooks.apply(change)


LEFTHOOK = "# ours\npre-commit:\n  commands:\n    lint:\n      run: eslint .\n"
PRE_COMMIT = (
    "repos:\n  - repo: https://github.com/a/b\n    rev: v1\n    hooks:\n      - id: x\n\nci:\n  autofix: true\n"
)
RUNNERS = {
    "plain": {},
    "plain, with a hook of one's own": {
        ".git/hooks/post-merge": "#!/usr/bin/env bash\nset -e\nexec git lfs post-merge\n"
    },
    "husky": {".husky/pre-commit": "npx lint-staged\n"},
    "husky, with a hook of one's own": {".husky/post-merge": "npm install"},
    "lefthook": {"lefthook.yml": LEFTHOOK},
    "lefthook, no newline at the end": {".lefthook.yaml": LEFTHOOK.rstrip()},
    "pre-commit": {".pre-commit-config.yaml": PRE_COMMIT},
    "pre-commit, flush, at the end": {".pre-commit-config.yaml": "repos:\n- repo: meta\n  hooks:\n  - id: identity"},
}


@pytest.mark.parametrize("runner", RUNNERS)
def test_unhooking_gives_every_file_back(root: Path, runner: str) -> None:
    for name, text in RUNNERS[runner].items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text)
        (root / name).chmod(0o755)
    before = files(root)
    project = understand(root)

    hook(project)
    between = files(root)
    again = hooks.offer(project).changes
    unhook(project)

    changed = {name for name in between if between[name] != before.get(name)}
    hooked = "".join(between[name][0].decode() for name in changed)
    assert "package.json" in changed
    assert all(event in hooked + "".join(changed) for event in hooks.EVENTS)
    assert again == ()
    assert files(root) == before


def test_what_was_edited_since_stays(root: Path) -> None:
    project = understand(root)
    hook(project)
    path = root / ".git/hooks/post-merge"
    path.write_text(path.read_text() + "echo mine\n")
    package = root / "package.json"
    package.write_text(package.read_text().replace("next build", "next build --turbo"))

    unhook(project)

    assert path.read_text().endswith("echo mine\n")
    assert "onboard check" not in path.read_text()
    assert package.read_text() == PACKAGE.replace("next build", "next build --turbo")
    assert not (root / ".git/hooks/post-checkout").exists()


@pytest.mark.parametrize(
    "package",
    [
        PACKAGE,
        PACKAGE.replace("\n", "\r\n"),
        '{"scripts":{"dev":"next dev"}}',
        '{"x": {"scripts": {"dev": "no"}}, "scripts": {"a": "\\"dev\\": {", "dev": "next dev"} }\n',
    ],
)
def test_package_json_keeps_its_form(package: str) -> None:
    new = hooks.with_script(package, "dev", "true")

    assert new is not None
    assert json.loads(new)["scripts"]["predev"] == "true"
    assert [key for key in json.loads(new)["scripts"] if key != "predev"] == [*json.loads(package)["scripts"]]
    assert (new.count("\n") > new.count("\r\n")) == (package.count("\n") > package.count("\r\n"))
    assert hooks.without_script(new, "dev", "true") == package


@pytest.mark.parametrize(
    "package",
    [
        '{"scripts": {"predev": "mine", "dev": "next dev"}}',
        '{"scripts": {"dev": "a", "dev": "b"}}',
        '{"scripts": {"dev": }}',
        '{"scripts": ["dev"]}',
        "[]",
        "",
    ],
)
def test_a_package_json_that_leaves_no_place_is_left_alone(package: str) -> None:
    assert hooks.with_script(package, "dev", "true") is None


JSON = st.recursive(
    st.none() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8
)


@given(
    st.dictionaries(st.text(), JSON),
    st.dictionaries(st.text().filter(lambda name: name != "predev"), st.text()),
    st.sampled_from([None, 1, 2, "\t"]),
)
def test_any_package_json_comes_back(
    rest: dict[str, object], scripts: dict[str, str], indent: int | str | None
) -> None:
    text = json.dumps({**rest, "scripts": {**scripts, "dev": "next dev"}}, indent=indent)

    new = hooks.with_script(text, "dev", "true")

    assert new is not None
    assert hooks.without_script(new, "dev", "true") == text


@given(st.sampled_from(["", "#!/bin/sh", "#!/bin/sh\n", "#!/usr/bin/env bash\r\n", "# no shebang\n"]), st.text())
def test_any_script_comes_back(head: str, rest: str) -> None:
    new = hooks.with_line(head + rest, COMMAND)

    assert new is None or hooks.without_line(new, COMMAND) == head + rest


@given(
    st.lists(st.sampled_from(["  - repo: x\n", "    hooks: []\n", "\n", "# note\n", "  # in\n", "ci: 1\n"])),
    st.booleans(),
)
def test_any_pre_commit_file_comes_back(rows: list[str], newline: bool) -> None:
    block = "- repo: local\n  hooks: []\n"
    text = "repos:\n" + "".join(rows)
    text = text if newline else text.rstrip("\n")

    new = hooks.with_item(text, block)

    assert new is None or hooks.without_item(new, block) == text


def ran(root: Path, event: str, path: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(root / ".git/hooks" / event)], cwd=root, env={"PATH": path}, capture_output=True, text=True, check=False
    )


def test_a_hook_does_no_harm_where_onboard_is_missing_or_fails(root: Path, tmp_path: Path) -> None:
    hook(understand(root))
    for event in hooks.EVENTS:
        done = ran(root, event, "/usr/bin:/bin")
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    program = tmp_path / "bin/onboard"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\necho "$@"\nexit 1\n')
    program.chmod(0o755)

    done = ran(root, "post-merge", f"{program.parent}:/usr/bin:/bin")

    assert (done.returncode, done.stdout) == (0, "check\n")
    script = json.loads((root / "package.json").read_text())["scripts"]["predev"]
    shell = subprocess.run(
        ["/bin/sh", "-c", script], env={"PATH": str(program.parent)}, check=False, capture_output=True
    )
    assert (shell.returncode, shell.stdout) == (0, b"check\n")


def test_git_itself_runs_the_hook(tmp_path: Path) -> None:
    root = repository(tmp_path / "shop")
    shutil.rmtree(root / ".git")
    env = {"PATH": f"{tmp_path}:/usr/bin:/bin", "HOME": str(tmp_path), "GIT_CONFIG_NOSYSTEM": "1"}
    program = tmp_path / "onboard"
    program.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/told\n')
    program.chmod(0o755)
    for words in (["init", "-q"], ["add", "."], ["-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "-qm", "x"]):
        subprocess.run(["git", *words], cwd=root, env=env, check=True)
    hook(understand(root))

    subprocess.run(["git", "checkout", "-q", "-b", "next"], cwd=root, env=env, check=True)

    assert (tmp_path / "told").read_text() == "check\n"


def test_an_app_below_the_git_root_is_named(tmp_path: Path) -> None:
    top = tmp_path / "mono"
    root = repository(top / "web app")
    shutil.move(root / ".git", top / ".git")
    (root / "pnpm-lock.yaml").write_text("")

    hook(understand(root))

    assert "onboard check --path 'web app' || true" in (top / ".git/hooks/post-merge").read_text()


def test_a_link_out_of_the_repository_is_not_followed(root: Path, tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    (root / ".husky").symlink_to(tmp_path / "theirs")
    project = understand(root)

    with pytest.raises(ProjectError):
        hook(project)

    assert list((tmp_path / "theirs").iterdir()) == []


def test_hooks_shared_with_other_repositories_are_left_alone(root: Path, tmp_path: Path) -> None:
    (root / ".git/config").write_text(f"[core]\n\thooksPath = {tmp_path}/shared\n")

    hook(understand(root))

    assert not (tmp_path / "shared").exists()
    assert list((root / ".git/hooks").iterdir()) == []


def test_a_file_that_changed_after_it_was_shown_is_left_alone(root: Path) -> None:
    offer = hooks.offer(understand(root))
    (root / "package.json").write_text("{}")

    with pytest.raises(ProjectError, match="changed meanwhile"):
        hooks.apply(next(change for change in offer.changes if change.path.name == "package.json"))

    assert (root / "package.json").read_text() == "{}"


def test_the_command_shows_the_diff_and_does_nothing_without_a_yes(root: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    machine = Machine(env={}, home=home, state=home / ".local/state/onboard", config=home)
    session = Session.open(machine, root)
    session.approve(session.approval().hash)
    before = files(root)

    def onboard(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", "from onboard.cli import main; main()", "init", *words, "--path", str(root)],
            env={"HOME": str(home), "PATH": os.defpath},
            capture_output=True,
            text=True,
            check=False,
        )

    asked = onboard("--hooks")
    assert asked.returncode == 4
    assert '+\t\t"predev": ' in asked.stdout
    assert "+++ b/.git/hooks/post-merge" in asked.stdout
    assert files(root) == before
    assert onboard("--hooks", "--yes").returncode == 0
    assert files(root) != before
    session = Session.open(machine, root)
    assert not session.trusted, "predev is run by the package manager: it belongs to what is approved"
    session.approve(session.approval().hash)
    assert onboard("--unhook").returncode == 0
    assert files(root) == before
