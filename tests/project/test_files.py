import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onboard.errors import ProjectError
from onboard.project import outline, understand
from onboard.project.files import MOST_FILES, Tree
from onboard.project.root import find, normalized
from tests.project.making import next_app, repository, understood


def kinds(folder: Path) -> set[str]:
    return {trouble.kind for trouble in understand(folder).troubles}


def test_a_file_is_read_once_and_its_hash_is_of_the_bytes_that_were_used(tmp_path: Path) -> None:
    tree = Tree(repository(tmp_path, {"a": "first"}))
    assert tree.text("a") == "first"
    (tmp_path / "a").write_text("second")

    assert tree.text("a") == "first"
    assert tree.sources[0].sha256 == "a7937b64b8caa58f03721bb6bacf5c78cb235febe0e70b1b84cd99541461a08e"


def test_a_huge_template_is_a_trouble_and_not_read(tmp_path: Path) -> None:
    repository(tmp_path, {"package.json": next_app()})
    with (tmp_path / ".env.example").open("wb") as file:
        file.truncate(50 << 20)

    assert kinds(tmp_path) == {"file.too_large"}


def test_bytes_that_are_not_utf8_are_named_with_their_line(tmp_path: Path) -> None:
    found = understood(tmp_path, {".env.example": b"A_KEY=1\nB_KEY=gr\xfc\xdfe\n"})

    assert [trouble.places for trouble in found.troubles] == [(".env.example:2",)]
    assert [variable.name for variable in found.app.variables] == ["A_KEY", "B_KEY"]


def test_links_that_loop_or_leave_the_repository_are_not_followed(tmp_path: Path) -> None:
    outside = repository(tmp_path / "outside", {"secret": "A_KEY=stolen\n", "deep/.env.example": "B_KEY=\n"})
    inside = repository(tmp_path / "inside", {"package.json": next_app()})
    (inside / ".env.example").symlink_to(outside / "secret")
    (inside / "loop").symlink_to(inside)
    (inside / "other").symlink_to(outside)
    (inside / "self").symlink_to("self")
    found = understand(inside)

    assert {trouble.kind for trouble in found.troubles} == {"file.outside"}
    assert found.app.variables == ()


HOSTILE_LINES = ["# " + "a." * 500_000, "# " + "| a " * 300_000, "# = " + " " * 900_000 + "x", "A=" + "x" * 1_000_000,
                 "# " + "http://" * 150_000, "#" * 1_000_000, "A='" + "your" * 250_000,
                 "# Option A: " + "one of " * 100_000]  # fmt: skip


@pytest.mark.parametrize("line", HOSTILE_LINES, ids=range(len(HOSTILE_LINES)))
def test_one_endless_line_does_not_hang(tmp_path: Path, line: str) -> None:
    files = {
        "package.json": next_app(),
        ".env.example": f"{line}\nB_KEY=\n",
        "README.md": line[2:500_000],
        ".nvmrc": line,
    }
    started = time.perf_counter()
    found = understood(tmp_path, files)

    assert "B_KEY" in {variable.name for variable in found.app.variables}
    assert time.perf_counter() - started < 3


def test_a_pipe_in_a_template_s_place_does_not_hang(tmp_path: Path) -> None:
    repository(tmp_path, {"package.json": next_app()})
    os.mkfifo(tmp_path / ".env.example")

    assert understand(tmp_path).app.variables == ()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        '{"scripts": 3, "dependencies": ["x"], "workspaces": {"packages": 1}}',
        "{" * 100_000,
        '{"name": "x"',
    ],
)
def test_a_broken_package_json_is_no_error(tmp_path: Path, text: str) -> None:
    understood(tmp_path, {"package.json": text, ".env.example": "A_KEY=\n"})


def test_a_deep_and_wide_tree_ends(tmp_path: Path) -> None:
    folder = tmp_path
    for _ in range(40):
        folder = folder / "d"
    folder.mkdir(parents=True)
    (folder / "x.ts").touch()
    tree = Tree(tmp_path)

    assert len(tree.files()) <= MOST_FILES
    assert {trouble.kind for trouble in tree.troubles} == {"tree.deep"}


def test_nothing_of_the_repository_is_run(tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    command = f"touch {marker}"
    files = {
        "package.json": {"scripts": {"dev": command, "postinstall": command, "db:push": command}},
        ".env.example": f"A_KEY=$({command})\nB_KEY=`{command}`\n",
        "src/env.ts": f"require('child_process').execSync('{command}'); createEnv({{ server: {{ C_KEY: z.string() "
        "}} }})",
        ".git/config": f"[core]\n\tfsmonitor = {command}\n\thooksPath = .\n",
    }
    understood(tmp_path, files)

    assert not marker.exists()


def test_the_root_is_the_git_root_and_never_above_it(tmp_path: Path) -> None:
    repository(tmp_path, {"onboard.toml": "[project]\nname = 'evil'\n", "repo/.git/config": "", "repo/src/a/x.ts": ""})

    assert find(tmp_path / "repo" / "src" / "a") == tmp_path / "repo"
    assert understand(tmp_path / "repo" / "src").name == "repo"


def test_a_project_inside_a_repository_stands_alone_and_a_workspace_member_does_not(tmp_path: Path) -> None:
    files = {
        ".git/config": "",
        "package.json": {"workspaces": ["apps/*"]},
        "apps/web/package.json": next_app(),
        "apps/web/package-lock.json": "",
        "demo/shop/package.json": next_app(),
        "demo/shop/package-lock.json": "",
    }
    repository(tmp_path, files)

    assert find(tmp_path / "apps" / "web") == tmp_path
    assert find(tmp_path / "demo" / "shop") == tmp_path / "demo" / "shop"


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder away")
@pytest.mark.parametrize("owned", ["repo", "repo/inner"])
def test_a_folder_of_someone_else_is_refused(tmp_path: Path, owned: str) -> None:
    repository(tmp_path, {"repo/.git/config": "", "repo/inner/package-lock.json": ""})
    os.chown(tmp_path / owned, 12345, 12345)

    with pytest.raises(ProjectError, match="belongs to another user"):
        find(tmp_path / "repo" / "inner")


def test_what_is_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="is not a folder"):
        find(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("git@github.com:acme/shop.git", "github.com/acme/shop"),
        ("https://user:token@GitHub.com/acme/shop.git", "github.com/acme/shop"),
        ("ssh://git@gitlab.example.org:2222/group/sub/shop", "gitlab.example.org/group/sub/shop"),
        ("https://github.com/acme/shop/", "github.com/acme/shop"),
        ("/srv/git/shop.git", None),
        ("../shop", None),
    ],
)
def test_one_remote_has_one_name_without_credentials(url: str, name: str | None) -> None:
    assert normalized(url) == name


def test_a_worktree_and_a_second_clone_are_the_same_project(tmp_path: Path) -> None:
    config = '[remote "upstream"]\n\turl = x:other\n[remote "origin"]\n\turl = git@github.com:acme/shop.git\n'
    files = {
        "one/.git/config": config,
        "one/.git/worktrees/two/commondir": "../..\n",
        "two/.git": f"gitdir: {tmp_path}/one/.git/worktrees/two\n",
        "three/.git/config": config.replace("git@github.com:", "https://github.com/"),
        "four/.git/config": "",
    }
    repository(tmp_path, files)
    ids = [understand(tmp_path / name) for name in ("one", "two", "three", "four")]

    assert [found.id for found in ids[:3]] == ["github.com/acme/shop"] * 3
    assert ids[0].name == "acme/shop"
    assert (ids[3].id, ids[3].id_source, ids[3].remote_id) == (f"path:{tmp_path}/four", "path", None)


def test_text_from_files_is_made_safe_to_show(tmp_path: Path) -> None:
    files = {
        ".env.example": "# \x1b[31mred\x1b[0m \u202eevil\nA_KEY=\n",
        ".nvmrc": "20\x1b[2J\n",
        "package.json": next_app(),
    }
    found = understood(tmp_path, files)
    shown = f"{found.app.variables[0].description}{found.app.node.spec}"

    assert "\x1b" not in shown
    assert "\u202e" not in shown


YAML = """\
version: "3.8"
services:
  db:   # the database
    image: postgres:16
    environment:
      POSTGRES_PASSWORD: "post:gres"
    ports:
      - "127.0.0.1:5433:5432"
      - 8080:80
    command: |
      services:
        fake: {}
  web:
    ports: ["3000:3000", '${WEB_PORT:-4000}:80']
    env_file: .env
volumes:
  db:
"""


def test_a_compose_file_s_services_and_ports_are_read(tmp_path: Path) -> None:
    found = understood(tmp_path, {"package.json": next_app(), "docker-compose.yml": YAML, ".env.example": "A_KEY=\n"})

    assert found.app.compose_file == "docker-compose.yml"
    assert found.app.compose_services == ("db", "web")
    assert "compose" in found.app.readers or found.app.env_file == ".env.local"


def test_the_file_for_development_is_chosen(tmp_path: Path) -> None:
    files = {
        "package.json": next_app(),
        "docker-compose.prod.yml": YAML,
        "docker-compose.dev.yml": YAML,
        "deploy/docker-compose.yml": YAML,
    }

    assert understood(tmp_path, files).app.compose_file == "docker-compose.dev.yml"


@given(st.text(alphabet="ab:-[]{}'\"#|>&* \n\t", max_size=300))
def test_any_yaml_like_text_ends_without_an_error(text: str) -> None:
    outline.parse(text)


def test_yaml_that_nests_without_end_ends_at_once() -> None:
    started = time.perf_counter()
    outline.parse("\n".join(" " * at + "a:" for at in range(5_000)))
    outline.parse("- " * 5_000)

    assert time.perf_counter() - started < 2
