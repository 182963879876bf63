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
    ({".dev.vars.example": "A_KEY=\n"}, ".dev.vars", "template"),
    (
        {".env.example": "A=\n", "drizzle.config.ts": "url: process.env.DATABASE_URL", ".gitignore": ".env\n"},
        ".env",
        "habit",
    ),
    (
        {
            "package.json": next_app(dev="dotenv -e .env -e .env.local -- next dev"),
            ".env.example": "A_KEY=\n",
            "README.md": "cp .env.example .env\n",
        },
        ".env",
        "scripts",
    ),
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


@pytest.mark.parametrize("name", ["local_env_template", ".env.dev", "env-example-sql"])
def test_a_file_that_people_are_told_to_copy_is_the_template(tmp_path: Path, name: str) -> None:
    files = {
        "package.json": next_app(),
        ".env.example": "A=\n",
        name: "B=\n",
        "docs/installing.md": f"cp {name} .env\n",
    }

    found = understood(tmp_path, files)

    assert (found.app.template, found.app.env_file) == (name, ".env")
    assert found.troubles == ()  # it is said which of the two is used


def test_an_ignored_file_is_no_template_even_where_the_readme_copies_it(tmp_path: Path) -> None:
    files = {"package.json": next_app(), ".gitignore": ".env*\n", "README.md": "cp .env.shared .env\n"}

    assert app(tmp_path / "a", {**files, ".env.shared": "A_KEY=real\n"}).template is None
    assert app(tmp_path / "b", {**files, ".gitignore": "dist\n", ".env.shared": "A_KEY=\n"}).template == ".env.shared"


def test_names_alone_in_the_readme_are_variables_too(tmp_path: Path) -> None:
    readme = "## Environment variables\n\n```\nDATABASE_URL (postgres)\nMAIL_KEY\n```\n\n```\nnpm run dev\n```\n"
    found = app(tmp_path, {"package.json": next_app(), "README.md": readme})

    assert [(each.name, each.description, each.sample) for each in found.variables] == [
        ("DATABASE_URL", "postgres", ""),
        ("MAIL_KEY", "", ""),
    ]


def test_without_a_template_the_readme_s_env_file_lists_the_variables(tmp_path: Path) -> None:
    readme = (
        "## Set up the .env file\n\n```js\n# mail\nMAIL_KEY=\nAPP_URL=http://localhost:3000\n```\n\n"
        "## Start\n\n```sh\nFOO=1 npm run dev\n```\n\nSome words\nand more\nand more\nand more\nand more\n"
        "```\nOTHER_KEY=1\n```\n"
    )
    found = understood(tmp_path, {"package.json": next_app(), "README.md": readme, "a.ts": "process.env.CODE_KEY!"})
    said = {each.name: (each.default, each.declared_in) for each in found.app.variables}

    assert found.app.template is None
    assert said == {
        "MAIL_KEY": (None, ("README.md:5",)),
        "APP_URL": ("http://localhost:3000", ("README.md:6",)),
        "CODE_KEY": (None, ()),
    }
    assert "README.md" in {source.path for source in found.sources}


def test_what_only_compose_and_python_read_stays_in_the_committed_file(tmp_path: Path) -> None:
    files = {
        ".env": "SECRET_KEY=changethis\n",
        "compose.yml": "services:\n  api:\n    env_file: [.env]\n",
        "web/package.json": next_app(),
        "web/.env": "NEXT_PUBLIC_API=http://localhost:8000\n",
    }

    assert {each.dir: each.env_file for each in understood(tmp_path, files).apps} == {
        ".": ".env",
        "web": "web/.env.local",
    }


def test_an_id_beside_a_secret_s_sample_is_another_account_s(tmp_path: Path) -> None:
    template = (
        "ACME_APP_ID=tmr2mq7j3o\nACME_SECRET=41860e58c256a3d7ad8267d3c1939a4a\nTEAM_APP_ID=ours42x\nTEAM_SECRET=\n"
    )
    found = {each.name: each for each in app(tmp_path, {".env.example": template}).variables}

    assert (found["ACME_APP_ID"].placeholder, found["ACME_APP_ID"].default) == (True, None)
    assert (found["TEAM_APP_ID"].placeholder, found["TEAM_APP_ID"].default) == (False, "ours42x")


def test_a_secret_whose_sample_is_made_up_is_made_here_unless_a_service_issues_it(tmp_path: Path) -> None:
    template = "HONEYPOT_SECRET=super-duper-s3cret\nACME_CLIENT_ID=x\nACME_SECRET=super-secret\nMAIL_KEY=abc\n"
    found = {each.name: each.generate for each in app(tmp_path, {".env.example": template}).variables}

    assert found == {
        "HONEYPOT_SECRET": "openssl rand -base64 32",
        "ACME_CLIENT_ID": None,
        "ACME_SECRET": None,
        "MAIL_KEY": None,
    }


def test_an_address_given_in_parts_need_not_be_given_whole(tmp_path: Path) -> None:
    found = app(tmp_path, {".env.example": "DATABASE_HOST=localhost\nDATABASE_PORT=5432\nDATABASE_URL=\nMAIL_URL=\n"})

    assert [each.need.value for each in found.variables] == ["required", "required", "optional", "required"]


def test_a_host_that_compose_does_not_know_is_no_service_of_this_machine(tmp_path: Path) -> None:
    files = {
        ".env.example": "SMTP_HOST=mail-hub\nSMTP_PASSWORD=hub-password\nREDIS_HOST=cache\nREDIS_PASSWORD=pw1\n",
        "compose.yml": "services:\n  cache:\n    image: redis\n",
    }

    assert [each.placeholder for each in app(tmp_path, files).variables] == [False, True, False, False]


def test_the_compose_file_is_the_one_that_the_scripts_start(tmp_path: Path) -> None:
    files = {
        "package.json": next_app(infra="docker compose -f docker-compose.dev.yml up -d"),
        "docker-compose.yml": "services:\n  web:\n    image: shop\n",
        "docker-compose.dev.yml": "services:\n  db:\n    image: postgres\n",
    }

    assert app(tmp_path, files).compose_file == "docker-compose.dev.yml"


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
    ({"package.json": {"scripts": {"dev": "nodemon app.js"}}, "app.js": "listen(process.env.PORT || 3100)"}, 3100),
    ({"package.json": {"scripts": {"dev": "nodemon app.js"}}, "app.js": "app.listen(3100, done)"}, 3100),
    (
        {
            "package.json": {"scripts": {"dev": "bun --hot src/index.ts"}},
            "src/index.ts": "export default { port: 3100 }",
        },
        3100,
    ),
    (
        {
            "package.json": {"scripts": {"dev": "node ./server/dev-server.js"}},
            "server/index.ts": "getPort({ port: Number(process.env.PORT ?? '3100') });",
        },
        3100,
    ),
    (
        {
            "package.json": {"scripts": {"start:dev": "nest start --watch"}},
            "src/main.ts": "await app.listen(process.env['PORT'] ?? 3100);",
        },
        3100,
    ),
    (
        {
            "package.json": {"scripts": {"dev": "tsx watch server.ts"}},
            ".env.example": "BASE_URL=http://localhost:3100\n",
        },
        3100,
    ),
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


def test_an_nx_project_without_a_package_json_is_an_app(tmp_path: Path) -> None:
    files = {
        "package.json": {"dependencies": {"@nestjs/core": "11"}, "scripts": {"start:shop": "nx run shop:serve"}},
        "nx.json": {},
        "apps/shop/project.json": {
            "name": "shop", "targets": {"serve": {"executor": "@nx/next:server", "options": {"port": 4300}}},
        },
        "apps/api/project.json": {"name": "api", "targets": {"serve": {"executor": "@nx/js:node"}}},
    }  # fmt: skip
    found = understood(tmp_path, files)
    api = understand(tmp_path, Path("apps/api")).app

    assert (found.main_app, found.workspaces) == ("apps/shop", True)
    assert found.app.dev is not None
    assert (found.app.dev.command, found.app.dev.port) == ("npm run start:shop", 4300)
    assert api.dev is not None
    assert (api.dev.command, api.dev.script, api.dev.port) == ("npx nx serve api", None, 3000)


def test_javascript_in_a_folder_has_its_own_manager_and_node(tmp_path: Path) -> None:
    files = {
        "server/pyproject.toml": "[project]\n",
        "clients/package.json": {"packageManager": "pnpm@10.1.0", "engines": {"node": "24"}},
        "clients/pnpm-workspace.yaml": "packages: ['apps/*']\n",
        "clients/apps/web/package.json": next_app(),
        "clients/apps/web/.env.template": "A_KEY=\n",
    }
    found = app(tmp_path, files)

    assert found.package_manager is not None
    assert (found.dir, found.package_manager.name, found.package_manager.version) == (
        "clients/apps/web",
        "pnpm",
        "10.1.0",
    )
    assert found.node.spec == "24"


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
