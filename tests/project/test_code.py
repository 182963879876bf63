import time
from pathlib import Path

import pytest

from onboard.model import Kind, Need
from onboard.project.code import violates
from onboard.project.schema import read
from onboard.understanding import variables as known
from tests.project.making import Files, app, next_app, repository, understood

SCHEMAS = [
    ("z.string()", True, None, ()),
    ("z.string().min(32)", True, None, ("min:32",)),
    ("z.string().url().optional()", False, None, ("url",)),
    ("z.url()", True, None, ("url",)),
    ("z.string().startsWith('sk_')", True, None, ("startswith:sk_",)),
    ("z.string().length(32)", True, None, ("min:32", "length:32")),
    ("z.string().optional().default('x')", False, "x", ()),
    ("z.coerce.number().int().default(3000)", False, "3000", ("int",)),
    ("z.preprocess((v) => v || undefined, z.string().url())", True, None, ("url",)),
    ("process.env.NODE_ENV === 'production' ? z.string() : z.string().optional()", False, None, ()),
    ("process.env.NODE_ENV !== 'production' ? z.string().optional() : z.string()", False, None, ()),
    ("z.union([z.string().url(), z.literal('')]).optional()", False, None, ("url",)),
    ("z.string().or(z.undefined())", False, None, ()),
    ("z.string().transform((v) => v === 'true').nullish()", False, None, ()),
    ("z.optional(z.string())", False, None, ()),
    ("later", False, None, ("min:1",)),
    ("v.pipe(v.string(), v.url(), v.minLength(8))", True, None, ("url", "min:8")),
    ("v.optional(v.string(), 'x')", False, "x", ()),
    ("Joi.string().uri().required()", True, None, ("url",)),
    ("Joi.string()", False, None, ()),
    ("port({ devDefault: 3001 })", False, "3001", ("int",)),
    ("envalid.email()", True, None, ("email",)),
    ("'string.url'", True, None, ("url",)),
    ("z.string().email().min(5)", True, None, ("email", "min:5")),
]


@pytest.mark.parametrize(("expression", "required", "default", "rules"), SCHEMAS)
def test_a_schema_s_words_are_read(
    expression: str, required: bool, default: str | None, rules: tuple[str, ...]
) -> None:
    later = "const later = z.string().min(1).optional();\n"
    source = f"{later}export const env = createEnv({{ server: {{ THE_KEY: {expression} }} }});\n"
    (rule,) = read(source.encode())

    assert (rule.name, rule.required, rule.default, rule.rules) == ("THE_KEY", required, default, rules)
    assert (rule.line, rule.client) == (2, False)


def test_enums_and_the_browser_s_part_are_read() -> None:
    rules = read(
        b"createEnv({ client: { NEXT_PUBLIC_MODE: z.enum(['a', 'b']) }, shared: { LEVEL: v.picklist(['x', 'y']) } })"
    )

    assert [(rule.name, rule.choices, rule.client) for rule in rules] == [
        ("NEXT_PUBLIC_MODE", ("a", "b"), True), ("LEVEL", ("x", "y"), None),
    ]  # fmt: skip


def test_what_is_no_schema_is_left_alone() -> None:
    assert read(b"const CONFIG = { API_URL: process.env.API_URL, LIMIT: 3, NAME: fetch('x'), OK: run() };") == ()


@pytest.mark.parametrize("source", [b"", b"((((", b"{" * 20_000, b"\xff\xfe{}", b"createEnv({ A_KEY: " + b"f(" * 5_000])
def test_broken_source_is_no_error(source: bytes) -> None:
    read(source)


TEMPLATE = "# optional\nUPSTASH_URL=\n# optional\nAPI_KEY=\nMODE=fast\n"
SCHEMA = """import { z } from "zod";
export const env = createEnv({
  server: { UPSTASH_URL: z.string().url().optional(), API_KEY: z.string().min(1), MODE: z.enum(["slow", "quick"]),
    LATER: z.string() },
});
"""


def test_the_schema_corrects_the_template_and_a_conflict_is_told(tmp_path: Path) -> None:
    found = understood(tmp_path, {"package.json": next_app(), ".env.example": TEMPLATE, "src/env.ts": SCHEMA})
    by_name = {variable.name: variable for variable in found.app.variables}

    assert found.app.env_schema_file == "src/env.ts"
    assert (by_name["UPSTASH_URL"].need, by_name["UPSTASH_URL"].rules) == (Need.OPTIONAL, ("url",))
    assert (by_name["API_KEY"].need, by_name["API_KEY"].probably) == (Need.REQUIRED, False)
    assert (by_name["MODE"].choices, by_name["MODE"].placeholder, by_name["MODE"].default) == (
        ("slow", "quick"),
        True,
        None,
    )
    assert by_name["API_KEY"].declared_in == (".env.example:4", "src/env.ts:3")
    assert by_name["LATER"].need is Need.REQUIRED
    assert {(trouble.kind, trouble.variable) for trouble in found.troubles} == {
        ("need.conflict", "API_KEY"), ("template.lacks", "LATER"),
    }  # fmt: skip


def test_without_a_template_the_variables_come_from_schema_and_code(tmp_path: Path) -> None:
    files: Files = {
        "package.json": next_app(),
        "src/env.ts": "export const env = createEnv({ server: { AUTH_SECRET: z.string(), LOG: "
        "z.string().optional() } });",
        "src/mail.ts": 'if (!process.env.MAIL_KEY) {\n  throw new Error("no mail");\n}\n',
    }
    found = app(tmp_path, files)

    assert found.template is None
    assert {variable.name: variable.need for variable in found.variables} == {
        "AUTH_SECRET": Need.REQUIRED, "LOG": Need.OPTIONAL, "MAIL_KEY": Need.REQUIRED,
    }  # fmt: skip
    assert found.variables[0].generate is not None


def test_a_workspace_package_brings_its_schema(tmp_path: Path) -> None:
    files: Files = {
        "package.json": {"workspaces": ["apps/*", "packages/*"]},
        ".env.example": "AUTH_KEY=\n",
        "apps/web/package.json": {
            "name": "@a/web", "scripts": {"dev": "next dev"}, "dependencies": {"next": "15", "@a/auth": "workspace:*"},
        },
        "apps/web/src/env.ts": "import { authEnv } from '@a/auth/env';\nexport const env = createEnv({ extends: "
        "[authEnv()], server: {} });",
        "packages/auth/package.json": {"name": "@a/auth"},
        "packages/auth/env.ts": "export const authEnv = () => createEnv({ server: { AUTH_KEY: z.string().min(1) } });",
        "packages/other/package.json": {"name": "@a/other"},
        "packages/other/env.ts": "export const env = createEnv({ server: { NOT_OURS: z.string() } });",
    }  # fmt: skip
    found = app(tmp_path, files)

    assert found.env_schema_file == "apps/web/src/env.ts"
    assert [(variable.name, variable.need, variable.probably) for variable in found.variables] == [
        ("AUTH_KEY", Need.REQUIRED, False)
    ]


READS = [
    ("process.env.THE_KEY!", "required"),
    ("process.env['THE_KEY']", "unknown"),
    ("import.meta.env.THE_KEY", "unknown"),
    ("Bun.env.THE_KEY ?? 'x'", "optional"),
    ("Deno.env.get('THE_KEY')", "unknown"),
    ("const { OTHER, THE_KEY = 'x' } = process.env", "optional"),
    ("requireEnv('THE_KEY')", "required"),
    ("if (process.env.THE_KEY) start()", "optional"),
    ("if (!process.env.THE_KEY) throw new Error('x')", "required"),
    ("if (!process.env.THE_KEY) {\n  throw new Error('x');\n}", "required"),
    ("process.env.THE_KEY || throwError('x')", "required"),
    ("const on = process.env.THE_KEY === 'true'", "optional"),
    ("new Client(process.env.THE_KEY || '')", "unknown"),
    ("new Client(process.env.OTHER ?? process.env.THE_KEY!)", "required"),
    ("import { THE_KEY } from '$env/static/private';", "required"),
    ("import {\n  THE_KEY as key\n} from '$env/static/public';", "required"),
    ('import { THE_KEY } from "astro:env/server";', "required"),
    ("import { env } from '$env/dynamic/private'; env.THE_KEY ?? 'x';", "optional"),
]


@pytest.mark.parametrize(("code", "need"), READS)
def test_a_read_in_code_is_found_with_what_happens_without_it(tmp_path: Path, code: str, need: str) -> None:
    found = app(
        tmp_path,
        {
            "package.json": next_app(),
            ".env.example": "OTHER=\n",
            "src/a.ts": f"// first\nexport const x = 1;\n{code}\n",
        },
    )
    (read_there,) = found.undeclared

    assert (read_there.name, read_there.need, read_there.places) == ("THE_KEY", need, ("src/a.ts:3",))


HOSTILE_CODE = [
    "process.env.THE_KEY;" * 15_000, "env" * 100_000 + "('THE_KEY')", "{" * 300_000 + "process.env.THE_KEY",
    "{ A_B, " * 40_000 + "} = process.env", "//" + "x" * 300_000 + "\nprocess.env.THE_KEY",
]  # fmt: skip


@pytest.mark.parametrize("code", HOSTILE_CODE, ids=range(len(HOSTILE_CODE)))
def test_code_of_one_endless_line_does_not_hang(tmp_path: Path, code: str) -> None:
    started = time.perf_counter()
    app(
        tmp_path,
        {"package.json": next_app(), ".env.example": "OTHER=\n", "src/a.ts": code, "src/env.ts": f"z.object({code}"},
    )

    assert time.perf_counter() - started < 5


def test_tests_ignored_files_comments_and_what_the_platform_sets_are_not_searched(tmp_path: Path) -> None:
    files: Files = {
        "package.json": next_app(),
        ".env.example": "USED=\nSPARE=\n",
        ".gitignore": "generated/\n",
        "src/a.ts": "// process.env.IN_COMMENT\nprocess.env.USED; process.env.NODE_ENV; process.env.VERCEL_URL;\n",
        "src/a.test.ts": "process.env.IN_TEST",
        "src/generated/b.ts": "process.env.IN_IGNORED",
        "node_modules/x/index.js": "process.env.IN_MODULES",
    }
    found = app(tmp_path, files)

    assert found.undeclared == ()
    assert found.unused == ("SPARE",)
    assert found.variables[0].used_in == ("src/a.ts:2",)


def test_a_config_file_below_src_is_the_app_s_own_and_one_beside_package_json_a_tool_s(tmp_path: Path) -> None:
    files = {
        "package.json": next_app(),
        ".env.example": "OTHER=\n",
        "src/auth/auth.config.ts": "process.env.APP_KEY!;",
        "some.config.ts": "process.env.TOOL_KEY!;",
    }

    assert [read.name for read in app(tmp_path, files).undeclared] == ["APP_KEY"]


def test_a_schema_s_library_may_come_by_require(tmp_path: Path) -> None:
    source = "const Joi = require('joi');\nconst all = Joi.object().keys({ A_KEY: Joi.string().required() }).unknown();"
    found = app(tmp_path, {"package.json": next_app(), "src/config/config.js": f"{source}\nall.validate(process.env);"})

    assert found.env_schema_file == "src/config/config.js"
    assert [(each.name, each.need, each.probably) for each in found.variables] == [("A_KEY", Need.REQUIRED, False)]


def test_what_is_made_here_has_the_length_that_the_schema_demands(tmp_path: Path) -> None:
    schema = "createEnv({ server: { ENCRYPTION_SECRET: z.string().length(32), AUTH_SECRET: z.string().min(1) } });"
    found = app(tmp_path, {"package.json": next_app(), ".env.example": "ENCRYPTION_SECRET=\n", "env.ts": schema})

    assert {each.name: each.generate for each in found.variables} == {
        "ENCRYPTION_SECRET": "openssl rand -hex 16",
        "AUTH_SECRET": "openssl rand -base64 32",
    }


def test_another_database_s_address_is_not_taken_for_postgresql_s(tmp_path: Path) -> None:
    source = 'datasource db {\n  provider = "%s"\n  url = env("DATABASE_URL")\n}\n'
    mine = app(tmp_path / "a", {"package.json": next_app(), "prisma/schema.prisma": source % "mysql"})
    both = {"a/schema.prisma": source % "mysql", "b/schema.prisma": source % "postgresql"}
    other = app(tmp_path / "b", {"package.json": next_app(), **both})

    assert [each.provider for each in known(mine)] == ["mysql"]
    assert [each.provider for each in known(other)] == ["postgres"]


def test_what_a_template_lacks_is_told_once_for_a_schema_with_the_template_to_be_corrected(tmp_path: Path) -> None:
    names = "".join(f"K{at}_KEY: z.string(), " for at in range(5))
    schema = (
        f"createEnv({{ server: {{ NODE_ENV: z.enum(['development', 'production']), A_KEY: z.string(), {names} }} }});"
    )
    files = {"package.json": next_app(), ".env.example": "A_KEY=\nNODE_ENV=development\n", "env.ts": schema}
    found = understood(tmp_path, files)
    (trouble,) = found.troubles

    assert trouble.text == "K0_KEY, K1_KEY, K2_KEY and 2 more are required by env.ts and stand in no template"
    assert trouble.places[0] == ".env.example"
    assert [each.need for each in found.app.variables if each.name == "NODE_ENV"] == [Need.OPTIONAL]


def test_what_libraries_read_by_themselves_is_not_said_to_be_unread(tmp_path: Path) -> None:
    names = ("OTEL_EXPORTER_OTLP_ENDPOINT", "PGSSLMODE", "NUXT_STRIPE_KEY", "LEFT_OVER")
    template = "".join(f"{name}=\n" for name in names)
    found = app(tmp_path, {"package.json": next_app(), ".env.example": template, "a.ts": "process.env.OTHER"})

    assert found.unused == ("LEFT_OVER",)


def test_code_settles_what_the_template_leaves_open(tmp_path: Path) -> None:
    files: Files = {
        "package.json": next_app(),
        ".env.example": "MAIL_KEY=\nLOG_KEY=\n",
        "a.ts": "new Mail(process.env.MAIL_KEY!); log(process.env.LOG_KEY ?? 'none');",
    }
    mail, log = app(tmp_path, files).variables

    assert (mail.need, mail.probably, log.need, log.probably) == (Need.REQUIRED, False, Need.OPTIONAL, False)


def test_astro_s_access_says_what_is_secret(tmp_path: Path) -> None:
    config = (
        "export default { env: { schema: { SHOP_CODE: envField.string({ context: 'server', access: 'secret' }) } } };"
    )
    found = app(
        tmp_path,
        {"package.json": {"scripts": {"dev": "astro dev"}, "dependencies": {"astro": "5"}}, "astro.config.mjs": config},
    )

    assert [(variable.name, variable.kind) for variable in found.variables] == [("SHOP_CODE", Kind.SECRET)]


@pytest.mark.parametrize(
    ("value", "rules", "choices", "bad"),
    [
        ("https://x.dev", ("url",), (), False), ("x.dev", ("url",), (), True), ("abc", ("min:4",), (), True),
        ("sk_x", ("startswith:sk_",), (), False), ("3", ("int",), (), False), ("x", ("number",), (), True),
        ("b", (), ("a",), True), ("a@b.dev", ("email",), (), False),
    ],
)  # fmt: skip
def test_a_value_is_held_against_the_rules(
    value: str, rules: tuple[str, ...], choices: tuple[str, ...], bad: bool
) -> None:
    assert violates(value, rules, choices) is bad


def test_only_what_mattered_is_part_of_what_is_approved(tmp_path: Path) -> None:
    repository(
        tmp_path,
        {"package.json": next_app(), ".env.example": "A_KEY=\n", "src/a.ts": "process.env.A_KEY", "README.md": "hi"},
    )
    found = understood(tmp_path, {})

    assert {source.path for source in found.sources} == {"package.json", ".env.example"}
