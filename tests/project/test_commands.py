from pathlib import Path

import pytest

from onboard.project.commands import Commands, split
from onboard.project.files import Tree
from onboard.project.packages import workspaces
from onboard.project.push import action
from tests.project.making import Files, app, next_app, repository, understood


def commands(folder: Path, files: Files) -> Commands:
    return Commands(workspaces(Tree(repository(folder, files))))


SCRIPTS = [
    "next dev -p 4000",
    "PORT=1 next dev -p 4000",
    "cross-env A=b next dev --port=4000",
    "dotenv -e .env.local -- next dev -p 4000",
    "npm run inner",
    "run-p inner other",
    'concurrently -k -n a,b "npm:inner" "tsc -w"',
    "concurrently 'next dev -p 4000' 'npm run other'",
    "tsc && next dev -p 4000",
    "bash -c 'next dev -p 4000'",
    "npx next dev -p 4000",
    "npm run with-env next dev -- -p 4000",
]


@pytest.mark.parametrize("text", SCRIPTS)
def test_a_script_is_followed_to_the_server_it_starts(tmp_path: Path, text: str) -> None:
    scripts = {"dev": text, "inner": "next dev -p 4000", "other": "tsc -w", "with-env": "dotenv -e .env.local --"}
    found = app(tmp_path, {"package.json": {"scripts": scripts, "dependencies": {"next": "15"}}})

    assert found.dev is not None
    assert (found.dev.script, found.dev.port) == ("dev", 4000)


MONOREPO: Files = {
    "package.json": {"scripts": {"dev": "RUN"}, "workspaces": ["apps/*", "packages/*"]},
    "apps/web/package.json": {
        "name": "@acme/web",
        "scripts": {"dev": "next dev -p 4001"},
        "dependencies": {"next": "15"},
    },
    "apps/docs/package.json": {
        "name": "@acme/docs",
        "scripts": {"dev": "next dev -p 4002"},
        "dependencies": {"next": "15"},
    },
    "packages/db/package.json": {"name": "@acme/db", "scripts": {"push": "drizzle-kit push"}},
}


@pytest.mark.parametrize(
    ("text", "folders"),
    [
        ("turbo dev", {"apps/web", "apps/docs"}),
        ("turbo run dev --filter=@acme/web", {"apps/web"}),
        ("turbo watch dev -F @acme/web...", {"apps/web"}),
        ("turbo dev --filter !@acme/docs", {"apps/web"}),
        ("turbo dev --filter ./apps/*", {"apps/web", "apps/docs"}),
        ("pnpm --filter @acme/web dev", {"apps/web"}),
        ("pnpm -F web dev", {"apps/web"}),
        ("pnpm -r dev", {"apps/web", "apps/docs"}),
        ("yarn workspace @acme/web dev", {"apps/web"}),
        ("npm run dev -w @acme/web", {"apps/web"}),
        ("npm --prefix apps/web run dev", {"apps/web"}),
        ("cd apps/web && npm run dev", {"apps/web"}),
        ("nx dev web", {"apps/web"}),
        ("bun --cwd apps/web dev", {"apps/web"}),
    ],
)
def test_filters_select_packages(tmp_path: Path, text: str, folders: set[str]) -> None:
    files = {**MONOREPO, "package.json": {"scripts": {"dev": text}, "workspaces": ["apps/*", "packages/*"]}}
    found = commands(tmp_path, files)
    root = found.packages.root

    assert root is not None
    assert {leaf.dir for leaf in found.script(root, "dev") if leaf.program == "next"} == folders


def test_scripts_that_call_each_other_end(tmp_path: Path) -> None:
    scripts = {f"s{at}": " & ".join(f"npm run s{other}" for other in range(12)) for at in range(12)}
    found = commands(tmp_path, {"package.json": {"scripts": scripts}})

    assert found.packages.root is not None
    assert found.script(found.packages.root, "s0") == ()


@pytest.mark.parametrize("text", ["'unclosed", "", "&&", "a | b > c & d", "((", "\\", "x" * 50_000])
def test_a_broken_command_line_is_no_error(text: str) -> None:
    split(text)


PUSHES = [
    ({"db:push": "drizzle-kit push"}, "db:push", "drizzle"),
    ({"db:migrate": "drizzle-kit migrate"}, "db:migrate", "drizzle"),
    ({"db:push": "prisma db push"}, "db:push", "prisma"),
    ({"db:migrate": "prisma migrate dev"}, "db:migrate", "prisma"),
    ({"migration:up": "supabase migration up --linked && npm run types", "types": "tsc"}, "migration:up", "supabase"),
    ({"db:reset": "prisma migrate reset --force", "db:push": "prisma db push"}, "db:push", "prisma"),
    ({"db:fresh": "drizzle-kit drop && drizzle-kit push", "migrate": "drizzle-kit migrate"}, "migrate", "drizzle"),
    ({"db:push:prod": "prisma db push", "db:push": "prisma db push"}, "db:push", "prisma"),
    ({"dx": "npm ci && docker compose up -d && npm run db:it", "db:it": "prisma db push"}, "db:it", "prisma"),
    (
        {
            "orm": "env-cmd ts-node ./node_modules/typeorm/cli.js",
            "migration:run": "npm run orm -- -d src/data.ts migration:run",
        },
        "migration:run",
        "typeorm",
    ),
]


@pytest.mark.parametrize(("scripts", "script", "tool"), PUSHES)
def test_the_push_is_the_script_that_reaches_the_tool(
    tmp_path: Path, scripts: dict[str, str], script: str, tool: str
) -> None:
    found = app(
        tmp_path, {"package.json": {"scripts": scripts, "dependencies": {tool: "1"}}, "pnpm-lock.yaml": ""}
    ).push

    assert found is not None
    assert (found.script, found.tool, found.command) == (script, tool, f"pnpm {script}")


DESTRUCTIVE = [
    "prisma migrate reset",
    "prisma db push --force-reset",
    "prisma db push --accept-data-loss",
    "drizzle-kit push --force",
    "drizzle-kit drop",
    "supabase db reset",
    "knex migrate:rollback",
    "dropdb shop && prisma db push",
    "npm run wipe && prisma db push",
    "npm run first && prisma db push",
]


@pytest.mark.parametrize("text", DESTRUCTIVE)
def test_what_throws_data_away_is_never_the_push(tmp_path: Path, text: str) -> None:
    files = {
        "package.json": {
            "scripts": {
                "db:push": text,
                "wipe": "prisma migrate reset",
                "first": "sh -c 'prisma db execute && npm run wipe'",
            },
            "dependencies": {"prisma": "6"},
        }
    }

    assert app(tmp_path, files).push is None


def test_without_a_script_the_tool_s_own_command_is_the_push(tmp_path: Path) -> None:
    found = app(tmp_path, {"package.json": next_app(), "prisma/schema.prisma": "", "pnpm-lock.yaml": ""}).push

    assert found is not None
    assert (found.script, found.tool, found.command) == (None, "prisma", "pnpm exec prisma db push")


OWN = [
    ({"prisma/migrations/1_init/migration.sql": ""}, "npx prisma migrate deploy"),
    ({"README.md": "npx prisma migrate dev\n"}, "npx prisma migrate deploy"),
    ({"prisma/migrations/1_init/migration.sql": "", "README.md": "npx prisma db push\n"}, "npx prisma db push"),
    ({}, "npx prisma db push"),
]


@pytest.mark.parametrize(("files", "command"), OWN)
def test_a_repository_with_migrations_is_migrated(tmp_path: Path, files: Files, command: str) -> None:
    found = app(tmp_path, {"package.json": next_app(), "prisma/schema.prisma": "", **files}).push

    assert found is not None
    assert found.command == command


def test_a_push_through_turbo_is_found_in_the_package_that_does_it(tmp_path: Path) -> None:
    root = {"scripts": {"db:push": "turbo -F @acme/db push"}, "workspaces": ["apps/*", "packages/*"]}
    found = understood(tmp_path, {**MONOREPO, "package.json": root}).app.push

    assert found is not None
    assert (found.script, found.tool, found.dir) == ("db:push", "drizzle", ".")


def test_no_database_needs_no_push(tmp_path: Path) -> None:
    assert app(tmp_path, {"package.json": next_app()}).push is None


def test_an_action_is_known_by_its_words() -> None:
    from onboard.project.commands import Leaf

    assert action(Leaf(("prisma", "db", "push", "--skip-generate"), ".")) == ("prisma", "push")
    assert action(Leaf(("prisma", "studio"), ".")) is None
