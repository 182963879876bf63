"""The arrows of the house, and one door a library."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "onboard"

LAYERS = {
    0: "errors model clean redact versions paste",
    1: "envfile vault stores _vault_helper process running _guard which network statefile choices ports project quick"
    " claim output",
    2: "machine",
    3: "providers understanding approval remotes",
    4: "checks listeners",
    5: "doctor plan hooks entry listing matrix holdings children push target winning way_back"
    " rotation changing elsewhere provisioning keepers sources waiting stripe_login supabase_local"
    " listening devserver developing production roundtrip",
    6: "looking keeping session rotating",
    7: "cli tui sandbox",
}
"""A module imports its own layer and those above it in this table, never below; not even for types."""

LAYER = {name: number for number, names in LAYERS.items() for name in names.split()}

DOORS = {
    "textual": ("tui",),
    "rich": ("tui",),
    "httpx": ("network",),
    "truststore": ("network",),
    "keyring": ("_vault_helper",),
    "secretstorage": ("_vault_helper",),
    "subprocess": ("process", "running"),
    "webbrowser": ("machine",),
    "dotenv": ("envfile",),
    "pydantic": ("project",),
    "pyte": ("tui",),
    "tree_sitter": ("project",),
    "tree_sitter_typescript": ("project",),
    "pathspec": ("project", "envfile"),
    "asyncpg": ("providers",),
    "nacl": ("providers", "sandbox"),
    "psycopg": ("sandbox",),
    "argparse": ("cli", "sandbox"),
    "pickle": (),
    "yaml": (),
}
"""Where a library may be imported at all."""


@cache
def modules() -> list[tuple[str, Path, ast.Module]]:
    found = []
    for file in sorted(PACKAGE.rglob("*.py")):
        part = file.relative_to(PACKAGE).with_suffix("").parts[0]
        if part != "__init__":
            found.append((part, file, ast.parse(file.read_text("utf-8"))))
    return found


def imported(tree: ast.AST) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module, node.lineno
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


def test_every_part_of_the_house_has_its_layer() -> None:
    parts = {part for part, _, _ in modules()}

    assert parts <= LAYER.keys()


def test_nobody_imports_from_a_layer_below() -> None:
    wrong = [
        f"{file.relative_to(PACKAGE)}:{line} imports {name}"
        for part, file, tree in modules()
        for name, line in imported(tree)
        if name.startswith("onboard.") and (target := name.split(".")[1]) in LAYER and LAYER[target] > LAYER[part]
    ]

    assert wrong == []


def test_front_ends_do_not_import_each_other() -> None:
    allowed = {("cli", "tui"), ("cli", "sandbox")}
    wrong = [
        f"{file.relative_to(PACKAGE)}:{line} imports {name}"
        for part, file, tree in modules()
        for name, line in imported(tree)
        if LAYER[part] == 7
        and name.startswith("onboard.")
        and LAYER.get(target := name.split(".")[1]) == 7
        and target != part
        and (part, target) not in allowed
    ]

    assert wrong == []


def test_a_library_has_one_door() -> None:
    wrong = [
        f"{file.relative_to(PACKAGE)}:{line} imports {name}"
        for part, file, tree in modules()
        for name, line in imported(tree)
        if (library := name.split(".")[0]) in DOORS and part not in DOORS[library]
    ]

    assert wrong == []


def calls(tree: ast.AST, *names: str) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            text = ast.unparse(node.func)
            if text in names:
                yield text, node.lineno


def test_only_the_command_line_prints_and_ends_the_program() -> None:
    wrong = [
        f"{file.relative_to(PACKAGE)}:{line} calls {name}"
        for part, file, tree in modules()
        if part not in ("cli", "_guard", "_vault_helper", "sandbox")
        for name, line in calls(tree, "print", "sys.exit", "exit", "quit", "os._exit")
        # A terminal app that a second signal finds stuck has no other way out.
        if not (file.name == "crash.py" and name == "os._exit")
    ]

    assert wrong == []


@pytest.mark.parametrize("word", ["os.environ", "os.getenv", "os.putenv"])
def test_the_environment_is_read_by_the_machine_alone(word: str) -> None:
    allowed = ("machine", "cli", "tui", "_vault_helper", "_guard")
    wrong = [
        f"{file.relative_to(PACKAGE)}:{node.lineno}"
        for part, file, tree in modules()
        if part not in allowed
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and word.endswith(f".{node.attr}") and ast.unparse(node) == word
    ]

    assert wrong == []


HEAVY = ("textual", "rich", "httpx", "ssl", "asyncio", "pydantic", "keyring", "subprocess", "argparse.gettext")


def test_check_loads_nothing_heavy(tmp_path: Path) -> None:
    """The guard of speed: what `onboard check` imports, not how long it takes."""
    (tmp_path / ".env.example").write_text("DATABASE_URL=\nSTRIPE_SECRET_KEY=sk_test_...\n")
    (tmp_path / "package.json").write_text('{"dependencies": {"next": "16"}, "scripts": {"dev": "next dev"}}')
    code = (
        "import sys; sys.argv=['onboard','check']\n"
        "from onboard.cli.common import run\n"
        "run(['check'])\n"
        "print(*sys.modules, file=sys.stdout)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    loaded = set(done.stdout.split())

    assert "onboard.checks" in loaded, done.stderr
    assert [name for name in HEAVY if name in loaded] == []


def test_help_and_version_load_nothing_of_ours_but_the_command_line() -> None:
    code = (
        "import sys; from onboard.cli import main; sys.argv[1:] = ['--version']\n"
        "try: main()\nfinally: print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert {name for name in done.stdout.split() if name.startswith("onboard.")} == {"onboard.cli"}
