from pathlib import Path

import pytest

from onboard.project.node import satisfies
from tests.project.making import app, next_app, understood

PACKAGE = {"name": "shop", "scripts": {"dev": "next dev"}, "dependencies": {"next": "15"}}


@pytest.mark.parametrize(
    ("files", "name", "version", "source"),
    [
        ({"package.json": {**PACKAGE, "packageManager": "pnpm@9.7.1+sha512.abc"}}, "pnpm", "9.7.1", "packageManager"),
        ({"package.json": PACKAGE, "yarn.lock": ""}, "yarn", None, "yarn.lock"),
        ({"package.json": PACKAGE, "bun.lock": ""}, "bun", None, "bun.lock"),
        ({"package.json": {**PACKAGE, "engines": {"pnpm": ">=9"}}, "pnpm-lock.yaml": ""}, "pnpm", ">=9", "engines"),
        ({"package.json": {**PACKAGE, "volta": {"yarn": "4.1.0"}}, "yarn.lock": ""}, "yarn", "4.1.0", "volta"),
        ({"package.json": PACKAGE, ".tool-versions": "npm 9.1.0\n"}, "npm", "9.1.0", ".tool-versions"),
        ({"package.json": PACKAGE, "mise.toml": '[tools]\nnpm = "10"\n'}, "npm", "10", "mise.toml"),
        ({"package.json": PACKAGE, "README.md": "```\npnpm install\n```\n"}, "pnpm", None, "README"),
        ({"package.json": PACKAGE}, "npm", None, None),
        (
            {"package.json": {**PACKAGE, "devEngines": {"packageManager": {"name": "pnpm", "version": "^10"}}}},
            "pnpm", "^10", "devEngines",
        ),
    ],
)  # fmt: skip
def test_the_package_manager_is_what_the_strongest_witness_says(
    tmp_path: Path, files: dict[str, str], name: str, version: str | None, source: str | None
) -> None:
    found = app(tmp_path, files).package_manager

    assert found is not None
    assert (found.name, found.version, found.source) == (name, version, source)


@pytest.mark.parametrize(
    ("files", "spec", "source"),
    [
        ({".nvmrc": "v24.1.0\n"}, "v24.1.0", ".nvmrc"),
        ({".node-version": "22\n"}, "22", ".node-version"),
        ({".tool-versions": "nodejs 20.11.1\n"}, "20.11.1", ".tool-versions"),
        ({"mise.toml": '[tools]\nnode = "24"\n'}, "24", "mise.toml"),
        ({"README.md": "You need Node.js >= 20.9 and git.\n"}, ">=20.9", "README"),
        ({"README.md": "- Node.js 22 or higher\n"}, ">=22", "README"),
        ({"README.md": "Needs Node 20.x (or later).\n"}, ">=20.x", "README"),
        ({"README.md": "See the nodes in the graph, 3000 of them.\n"}, None, None),
        ({}, None, None),
    ],
)
def test_the_node_version_is_read_where_it_is_stated(
    tmp_path: Path, files: dict[str, str], spec: str | None, source: str | None
) -> None:
    found = app(tmp_path, {"package.json": PACKAGE, **files}).node

    assert (found.spec, found.source) == (spec, source)


def test_a_pin_is_preferred_to_a_range_that_allows_it(tmp_path: Path) -> None:
    found = understood(tmp_path, {"package.json": {**PACKAGE, "engines": {"node": ">=18"}}, ".nvmrc": "20.10\n"})

    assert (found.app.node.spec, found.app.node.source) == ("20.10", ".nvmrc")
    assert found.troubles == ()


def test_a_stale_pin_gives_way_to_the_range_and_both_places_are_named(tmp_path: Path) -> None:
    package = '{\n  "engines": {\n    "node": ">=20"\n  },\n  "scripts": {}\n}'
    found = understood(tmp_path, {"package.json": package, ".nvmrc": "16\n"})

    assert (found.app.node.spec, found.app.node.source) == (">=20", "engines")
    assert [(trouble.kind, trouble.places) for trouble in found.troubles] == [
        ("node.conflict", (".nvmrc:1", "package.json:3"))
    ]


def test_two_lock_files_are_a_contradiction(tmp_path: Path) -> None:
    found = understood(tmp_path, {"package.json": PACKAGE, "package-lock.json": "{}", "pnpm-lock.yaml": ""})

    assert [trouble.kind for trouble in found.troubles] == ["lockfile.conflict"]
    assert set(found.troubles[0].places) == {"package-lock.json", "pnpm-lock.yaml"}


def test_the_readme_decides_between_two_lock_files(tmp_path: Path) -> None:
    files = {"package.json": PACKAGE, "package-lock.json": "", "pnpm-lock.yaml": "", "README.md": "    npm install\n"}
    found = app(tmp_path, files).package_manager

    assert found is not None
    assert found.name == "npm"


def test_a_project_without_packages_has_no_package_manager(tmp_path: Path) -> None:
    found = app(
        tmp_path, {".env.example": "TOKEN=\n", "pyproject.toml": '[project]\ndependencies = ["python-dotenv"]\n'}
    )

    assert found.package_manager is None
    assert found.node.spec is None
    assert found.readers == ("python-dotenv",)


@pytest.mark.parametrize(
    ("pin", "spec", "holds"),
    [
        ("20.10", ">=v18.17.1", True), ("16.18.0", ">=20", False), ("20", ">=20.10", True),
        ("22.21.0", "^22.21.0", True),
        ("22.3.0", "^22.21.0", False), ("24", "20.x", False), ("20.5", "20.x || 22.x", True), ("lts/*", ">=18", None),
        ("18.2.0", ">=18 <20", True), ("20.1.0", ">=18 <20", False), ("20", "18 - 20", True),
    ],
)  # fmt: skip
def test_a_pin_is_compared_with_a_range_as_npm_does(pin: str, spec: str, holds: bool | None) -> None:
    assert satisfies(pin, spec) is holds


def test_tools_are_those_that_the_project_uses(tmp_path: Path) -> None:
    files = {
        "package.json": next_app(stripe_listen="stripe listen --forward-to localhost:3000/api/hook"),
        "compose.yml": "services:\n  db:\n    image: postgres\n    ports:\n      - 5432:5432\n",
        "pnpm-lock.yaml": "",
        ".nvmrc": "24",
    }
    found = understood(tmp_path, files)

    assert [(tool.name, tool.spec) for tool in found.tools] == [
        ("git", None), ("node", "24"), ("pnpm", None), ("docker", None), ("stripe", None),
    ]  # fmt: skip
