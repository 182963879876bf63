from pathlib import Path

import pytest

from onboard.project import understand
from tests.project.making import Files, app, next_app, repository, understood

PRISMA_APP = {**next_app(), "devDependencies": {"prisma": "6"}}
TARGETS = [
    ({".env.local.example": "A_KEY=\n"}, ".env.local", "template"),
    ({".env.example": "A_KEY=\n"}, ".env.local", "habit"),
    ({".env.example": "A_KEY=\n", "README.md": "    cp .env.example .env\n"}, ".env", "README"),
    ({".env.example": "A_KEY=\n", "README.md": "Copy `.env.example` to `.env.local`.\n"}, ".env.local", "README"),
    ({".env.example": "A_KEY=\n", "README.md": "Run `vercel env pull` first.\n"}, ".env.local", "README"),
    ({".env.example": "# Create a copy of this file named `.env` and fill it in.\n\nA_KEY=\n"}, ".env", "template"),
    ({".env.example": "# this must be .env, not .env.local\nA_KEY=\n"}, ".env", "template"),
    ({"env.example": "A_KEY=\n", ".gitignore": ".env*\n", "package.json": PRISMA_APP}, ".env", "habit"),
    ({".env.example": "A=\n", "package.json": next_app(dev="dotenv -e .env.dev -- next dev")}, ".env.dev", "scripts"),
    ({".env": "A_KEY=\n"}, ".env.local", "template"),
    ({".env.dev.example": "A_KEY=\n", "README.md": "cp .env.dev.example .env\n"}, ".env", "README"),
    ({".env.server.example": "A_KEY=\n"}, ".env.server", "template"),
]  # fmt: skip


@pytest.mark.parametrize(("files", "target", "source"), TARGETS)
def test_the_env_file_is_what_the_project_reads(tmp_path: Path, files: Files, target: str, source: str) -> None:
    found = app(tmp_path, {"package.json": next_app(), **files})

    assert (found.env_file, found.env_file_source) == (target, source)


def test_a_developer_s_own_env_file_is_no_template(tmp_path: Path) -> None:
    found = app(tmp_path, {"package.json": next_app(), ".env": "A_KEY=real\n", ".gitignore": "node_modules\n.env*\n"})

    assert found.template is None
    assert found.variables == ()


def test_of_several_templates_the_one_for_development_is_used_and_the_others_are_named(tmp_path: Path) -> None:
    files = {
        "package.json": next_app(),
        ".env.production.example": "P=\n",
        ".env.example": "A=\n",
        ".env.sample": "S=\n",
    }
    found = understood(tmp_path, files)

    assert found.app.template == ".env.example"
    assert [trouble.kind for trouble in found.troubles] == ["template.several"]


def test_a_client_s_and_a_server_s_template_make_two_files(tmp_path: Path) -> None:
    found = understood(
        tmp_path, {".env.server.example": "A_KEY=\n", ".env.client.example": "REACT_APP_ID=\n", ".wasproot": ""}
    )

    assert [app.env_file for app in found.apps] == [".env.server", ".env.client"]
    assert found.app.dev is not None
    assert (found.app.dev.command, found.app.dev.port) == ("wasp start", 3000)


def test_the_readme_s_table_says_what_can_be_left_out(tmp_path: Path) -> None:
    table = (
        "| name | |\n|---|---|\n| `A_KEY` | Required |\n| `B_KEY` | optional, for mail |\n| `C_KEY` | what it is |\n"
    )
    found = app(tmp_path, {".env.example": "A_KEY=\nB_KEY=\nC_KEY=\n", "README.md": table})

    assert [(each.need.value, each.probably) for each in found.variables] == [
        ("required", False), ("optional", False), ("required", True),
    ]  # fmt: skip


READERS = [
    (next_app(), ("next",)),
    (next_app(dev="dotenv -e .env.local -- next dev"), ("next", "dotenv-expand")),
    ({"scripts": {"dev": "vite"}, "devDependencies": {"vite": "8"}}, ("vite",)),
    ({"scripts": {"dev": "node --env-file=.env --watch server.js"}}, ("node",)),
    ({"scripts": {"dev": "dotenvx run -- node --watch server.js"}}, ("dotenvx",)),
    ({"scripts": {"dev": "tsx watch server.ts"}, "dependencies": {"dotenv": "16"}}, ("dotenv",)),
    (next_app(deploy="source .env.local && ./deploy.sh"), ("next", "bash")),
]  # fmt: skip


@pytest.mark.parametrize(("package", "readers"), READERS)
def test_readers_are_known_and_the_one_that_runs_the_app_is_first(
    tmp_path: Path, package: dict[str, object], readers: tuple[str, ...]
) -> None:
    assert app(tmp_path, {"package.json": package, ".env.example": "A_KEY=\n"}).readers == readers


PORTS = [
    ({"package.json": next_app(dev="next dev --port 3100")}, 3100),
    ({"package.json": next_app(dev="next dev -p3100")}, 3100),
    ({"package.json": next_app(dev="PORT=3100 next dev")}, 3100),
    ({"package.json": next_app(dev="next dev -p ${PORT:-3100}")}, 3100),
    (
        {"package.json": {"scripts": {"dev": "vite"}}, "vite.config.ts": "export default { server: { port: 3100 } };"},
        3100,
    ),
    ({"package.json": {"scripts": {"dev": "vite"}}}, 5173),
    ({"package.json": {"scripts": {"dev": "astro dev"}}}, 4321),
    ({"package.json": {"scripts": {"dev": "tsx watch server.ts"}}, ".env.example": "PORT=3100\n"}, 3100),
    ({"package.json": {"scripts": {"start:dev": "nest start --watch"}}}, 3000),
    ({"package.json": {"scripts": {"build": "tsc"}}}, None),
]


@pytest.mark.parametrize(("files", "port"), PORTS)
def test_the_port_is_that_of_the_dev_server(tmp_path: Path, files: Files, port: int | None) -> None:
    found = app(tmp_path, files).dev

    assert (found.port if found else None) == port


MONOREPO: Files = {
    "package.json": {"name": "acme", "scripts": {"dev": "turbo dev"}},
    "pnpm-workspace.yaml": "packages:\n  - apps/*   # the apps\n  - 'packages/*'\n",
    ".git/config": '[remote "origin"]\n\turl = git@github.com:acme/mono.git\n',
    "apps/web/package.json": next_app(),
    "apps/web/.env.example": "DATABASE_URL=\nWEB_ONLY=\n",
    "apps/docs/package.json": {"name": "docs", "scripts": {"dev": "next dev -p 3001"}, "dependencies": {"next": "15"}},
    "apps/mobile/package.json": {"name": "mobile", "scripts": {"dev": "expo start"}, "dependencies": {"expo": "52"}},
    "apps/admin/package.json": {
        "name": "admin",
        "scripts": {"dev": "next dev -p 3002"},
        "dependencies": {"next": "15"},
    },
    "apps/admin/.env.example": "DATABASE_URL=\n",
    "packages/db/package.json": {"name": "db"},
}


def test_a_monorepo_has_a_main_app_and_one_app_a_template(tmp_path: Path) -> None:
    found = understood(tmp_path, MONOREPO)

    assert (found.workspaces, found.main_app) == (True, "apps/web")
    assert [(app.dir, app.env_file, app.dev.port if app.dev else None) for app in found.apps] == [
        ("apps/web", "apps/web/.env.local", 3000), ("apps/admin", "apps/admin/.env.local", 3002),
    ]  # fmt: skip
    assert found.id == "github.com/acme/mono#apps/web"


@pytest.mark.parametrize("path", ["apps/admin", "apps/admin/src"])
def test_a_path_chooses_the_app(tmp_path: Path, path: str) -> None:
    repository(tmp_path, {**MONOREPO, "apps/admin/src/a.ts": ""})

    for found in (understand(tmp_path, Path(path)), understand(tmp_path / path)):
        assert (found.main_app, found.app.dir, found.id) == (
            "apps/admin",
            "apps/admin",
            "github.com/acme/mono#apps/admin",
        )
        assert found.apps[0] is found.app


def test_one_template_at_the_root_is_the_main_app_s(tmp_path: Path) -> None:
    files = {name: text for name, text in MONOREPO.items() if not name.endswith(".env.example")}
    found = understood(tmp_path, {**files, ".env.example": "DATABASE_URL=\n"})

    assert [(app.dir, app.template, app.env_file) for app in found.apps] == [("apps/web", ".env.example", ".env")]


@pytest.mark.parametrize(
    "files",
    [
        {"package.json": {"workspaces": ["apps/*"]}},
        {"package.json": {"workspaces": {"packages": ["apps/**"]}}},
        {"package.json": {}, "lerna.json": {"packages": ["apps/*"]}},
        {"package.json": {}, "nx.json": {}},
        {"package.json": {}, "pnpm-workspace.yaml": 'packages: ["apps/*", "!apps/old"]\n'},
    ],
)
def test_workspaces_of_every_manager_are_known(tmp_path: Path, files: Files) -> None:
    found = understood(tmp_path, {**files, "apps/web/package.json": next_app()})

    assert (found.workspaces, found.main_app) == (True, "apps/web")


def test_workspace_patterns_without_packages_are_no_monorepo(tmp_path: Path) -> None:
    assert not understood(tmp_path, {"package.json": {**next_app(), "workspaces": [".wasp/out/*"]}}).workspaces


def test_two_hundred_apps_are_each_understood(tmp_path: Path) -> None:
    files: dict[str, str | dict[str, object]] = {
        "package.json": {"workspaces": ["apps/*"], "scripts": {"dev": "turbo dev"}}
    }
    for at in range(200):
        files[f"apps/a{at}/package.json"] = {
            "name": f"a{at}",
            "scripts": {"dev": f"next dev -p {3000 + at}"},
            "dependencies": {"next": "15"},
        }
        files[f"apps/a{at}/.env.example"] = "".join(f"V_{at}_{line}=\n" for line in range(40))
    found = understood(tmp_path, files)

    assert len(found.apps) == 200
    assert all(len(app.variables) == 40 and app.dev and app.dev.port == 3000 + int(app.dir[6:]) for app in found.apps)


ALTERNATIVES = """\
# Mail: one of the following
# Option A: SMTP
SMTP_URL=
# Option B: Resend
RESEND_API_KEY=
RESEND_FROM=

# Other
A_KEY=
"""


def test_alternatives_that_the_template_names_are_one_group(tmp_path: Path) -> None:
    found = app(tmp_path, {".env.example": ALTERNATIVES})

    assert [(each.name, each.options) for each in found.alternatives] == [
        ("mail", (("smtp", ("SMTP_URL",)), ("resend", ("RESEND_API_KEY", "RESEND_FROM"))))
    ]
    assert [variable.one_of for variable in found.variables] == ["mail", "mail", "mail", None]
