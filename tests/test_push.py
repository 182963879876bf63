"""The push: which database it is, what stops it, how its end is told, and the screen that its tool gets."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual import events
from textual.app import App, ComposeResult

from onboard import way_back, winning
from onboard.errors import NeedsPerson
from onboard.model import Event, Secret
from onboard.project import connection
from onboard.project.files import Tree
from onboard.project.terms import Term, code, object_in
from onboard.project.values import Push
from onboard.redact import Redactor
from onboard.session import Session
from onboard.target import Target
from onboard.tui.console import Console
from onboard.tui.emulator import Emulator
from tests.e2e.light import TEMPLATE, Light, Services, light, services
from tests.envfile.real_readers import CACHE
from tests.oracle import Oracle, oracle
from tests.parts import missing

__all__ = ["oracle"]


@pytest.fixture(scope="module")
def stand_ins() -> Iterator[Services]:
    with services() as made:
        yield made


@pytest.fixture
def shop(tmp_path: Path, stand_ins: Services, oracle: Oracle) -> Iterator[Light]:
    with light(tmp_path, stand_ins, oracle) as made:
        made.template(TEMPLATE + "NEON_API_KEY=\n")
        yield made


# where the tool gets its URL

DRIZZLE, PRISMA = "drizzle-kit push", "prisma db push"
FIELDS = "dialect: 'postgresql', schema: './schema.ts'"


@dataclass(frozen=True)
class Config:
    """A repository, and what its tool is known to do with it."""

    files: dict[str, str]
    url: tuple[str, ...] = ()
    """Names of variables in order, or `=text` for a literal."""
    loads: tuple[str, ...] = ()
    script: str = DRIZZLE
    tool: str = "drizzle"
    unsure: bool = False
    further: tuple[str, ...] = ()


def drizzle(credentials: str, before: str = "", **named: object) -> Config:
    text = f"{before}\nexport default defineConfig({{ {FIELDS}, dbCredentials: {credentials} }});"
    return Config({"drizzle.config.ts": text}, **named)  # type: ignore[arg-type]


CONFIGS: dict[str, Config] = {
    "a variable": drizzle("{ url: process.env.DATABASE_URL! }", url=("DATABASE_URL",)),
    "dotenv/config": drizzle(
        "{ url: process.env.DATABASE_URL as string }", "import 'dotenv/config';", url=("DATABASE_URL",), loads=(".env",)
    ),
    "a path": drizzle(
        "{ url: process.env['DB'] }",
        "import { config } from 'dotenv'; config({ path: '.env.local' });",
        url=("DB",),
        loads=(".env.local",),
    ),
    "@next/env without its second argument takes production's files": drizzle(
        "{ url: process.env.DB! }",
        "import { loadEnvConfig } from '@next/env'; loadEnvConfig(process.cwd());",
        url=("DB",),
        loads=(".env.production.local", ".env.local", ".env.production", ".env"),
    ),
    "@next/env in development": drizzle(
        "{ url: process.env.DB! }",
        "import { loadEnvConfig } from '@next/env'; loadEnvConfig(process.cwd(), true);",
        url=("DB",),
        loads=(".env.development.local", ".env.local", ".env.development", ".env"),
    ),
    "an alternative": drizzle("{ url: process.env.A ?? process.env.B! }", url=("A", "B")),
    "a validated env": drizzle("{ url: env.DATABASE_URL }", "import { env } from '@/env';", url=("DATABASE_URL",)),
    "a name in between": drizzle(
        "{ url }", "const url = process.env.A || 'postgres://x/y';", url=("A", "=postgres://x/y")
    ),
    "a literal": drizzle("{ url: 'postgresql://a:b@c/d' }", url=("=postgresql://a:b@c/d",)),
    "a comment says nothing": drizzle("{ /* url: 'no' */ url: process.env.A }", "// url: process.env.B", url=("A",)),
    "computed": drizzle(
        "{ url: pick() }", "const pick = () => process.env.PROD_DB;", unsure=True, further=("PROD_DB",)
    ),
    "put together": drizzle("{ url: `${process.env.DB}?x=1` }", unsure=True, further=("DB",)),
    "another config": Config(
        {"drizzle.prod.ts": "export default { dbCredentials: { url: process.env.PROD } }"},
        ("PROD",),
        script="drizzle-kit push --config=drizzle.prod.ts",
    ),
    "a wrapper": Config(
        {"drizzle.config.ts": "export default { dbCredentials: { url: process.env.DB } }"},
        ("DB",),
        (".env.staging",),
        "dotenv -e .env.staging -- drizzle-kit push",
    ),
    "no config": Config({}, unsure=True),
    "schema.prisma": Config(
        {"prisma/schema.prisma": 'datasource db {\n provider = "postgresql"\n url = env("DATABASE_URL")\n}'},
        ("DATABASE_URL",),
        (".env", "prisma/.env"),
        PRISMA,
        "prisma",
    ),
    "directUrl is what the command line takes": Config(
        {"prisma/schema.prisma": 'datasource db {\n url = env("POOLED")\n directUrl = env("DIRECT_URL")\n}'},
        ("DIRECT_URL",),
        (".env", "prisma/.env"),
        PRISMA,
        "prisma",
        further=("POOLED",),
    ),
    "prisma.config.ts loads nothing by itself": Config(
        {
            "prisma.config.ts": "export default defineConfig({ datasource: { url: env('DATABASE_URL') } })",
            "prisma/schema.prisma": 'datasource db {\n provider = "postgresql"\n}',
        },
        ("DATABASE_URL",),
        (),
        PRISMA,
        "prisma",
    ),
    "prisma's adapter, not its schema": Config(
        {
            "prisma.config.ts": "export default defineConfig({ experimental: { adapter: true }, engine: 'js',\n"
            "adapter: async () => new PrismaPg({ connectionString: process.env.DIRECT, max: 1 }) })",
            "prisma/schema.prisma": 'datasource db {\n url = env("DATABASE_URL")\n}',
        },
        ("DIRECT",),
        script=PRISMA,
        tool="prisma",
    ),
    "prisma's adapter over a pool of its own": Config(
        {
            "prisma.config.ts": "const pool = new Pool({ connectionString: process.env.PROD });\n"
            "export default defineConfig({ engine: 'js', async adapter() { return new PrismaPg(pool) } })",
            "prisma/schema.prisma": 'datasource db {\n url = env("DATABASE_URL")\n}',
        },
        script=PRISMA,
        tool="prisma",
        unsure=True,
        further=("PROD",),
    ),
    "experimental.adapter alone": Config(
        {
            "prisma.config.ts": "export default defineConfig({ experimental: { adapter: true } })",
            "prisma/schema.prisma": 'datasource db {\n url = env("DATABASE_URL")\n}',
        },
        ("DATABASE_URL",),
        script=PRISMA,
        tool="prisma",
    ),
    "bun hands its env files to no tool": Config(
        {"drizzle.config.ts": "export default { dbCredentials: { url: process.env.DB } }"},
        ("DB",),
        script="bun drizzle-kit push",
    ),
    "supabase --db-url": Config({}, ("DB",), script="supabase db push --db-url $DB", tool="supabase"),
    "supabase not linked": Config({}, script="supabase db push", tool="supabase", unsure=True),
    "supabase --linked, and not linked": Config({}, script="supabase db push --linked", tool="supabase", unsure=True),
    "supabase, a branch": Config({}, script="supabase db push --remote=main", tool="supabase", unsure=True),
    "psql": Config({}, ("DB",), script="psql $DB -f schema.sql", tool="psql"),
    "a program of its own": Config(
        {"migrate.ts": "import 'dotenv/config'; const sql = postgres(process.env.DATABASE_URL!)"},
        ("DATABASE_URL",),
        (".env",),
        "tsx migrate.ts",
    ),
}


def written(folder: Path, config: Config) -> Push:
    (folder / "package.json").write_text(json.dumps({"name": "shop", "scripts": {"db:push": config.script}}))
    for name, text in config.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return Push("pnpm db:push", "db:push", config.tool)


def spelled(terms: tuple[Term, ...]) -> tuple[str, ...]:
    return tuple(term.variable if term.text is None else f"={term.text.reveal()}" for term in terms)


@pytest.mark.parametrize("name", CONFIGS)
def test_where_the_tool_gets_its_url_is_read_from_its_config(tmp_path: Path, name: str) -> None:
    config = CONFIGS[name]
    found = connection.find(Tree(tmp_path), written(tmp_path, config))

    assert spelled(found.url) == config.url
    assert tuple(load.path for load in found.loads) == config.loads
    assert bool(found.unsure) == config.unsure
    assert found.further == config.further


@pytest.mark.parts
@pytest.mark.parametrize("mode", ["", "production"])
def test_of_the_files_that_bun_loads_by_itself_the_one_that_wins_comes_first(tmp_path: Path, mode: str) -> None:
    bun = CACHE / "node" / "node_modules" / "bun" / "bin" / "bun"
    if not bun.exists():
        missing("Bun of tests/envfile/node")
    (tmp_path / "migrate.ts").write_text("console.log(process.env.DATABASE_URL)")
    for file in (f".env{end}{local}" for end in ("", ".development", ".production") for local in ("", ".local")):
        (tmp_path / file).write_text(f"DATABASE_URL={file}\n")
    script = f"NODE_ENV={mode} bun migrate.ts" if mode else "bun migrate.ts"
    loads = connection.find(Tree(tmp_path), written(tmp_path, Config({}, script=script, tool="bun"))).loads
    env, winners = {"NODE_ENV": mode} if mode else {}, []
    for _ in loads:
        read = subprocess.run([bun, "migrate.ts"], cwd=tmp_path, env=env, capture_output=True, text=True, check=True)
        winners.append(read.stdout.strip())
        (tmp_path / winners[-1]).unlink()

    assert [(load.path, load.reader) for load in loads] == [(file, "bun") for file in winners]


@given(st.text(alphabet="{}()[]'\"`$:,.ab/*\\\n envprocess", max_size=120))
def test_no_config_makes_the_reading_break_off(text: str) -> None:
    for start in ("dbCredentials: {", "dbCredentials: { url: ", ""):
        connection._of(code(start + text), "x", (), object_in(start + text, "dbCredentials"))


OTHER, MINE = "postgresql://u:secret-of-other@other.invalid/theirs", "postgresql://u:secret-of-mine@mine.invalid/mine"
WINS: dict[str, tuple[dict[str, str], dict[str, str], str, str]] = {
    "the app's own file": ({".env.local": MINE}, {}, "", ".env.local"),
    "a file that the tool loads and the app does not": ({".env.local": MINE, ".env": OTHER}, {}, "", ".env"),
    "the shell before every file": ({".env.local": MINE, ".env": MINE}, {"DATABASE_URL": OTHER}, "", "your shell"),
    "a file that overrides": ({".env": OTHER}, {"DATABASE_URL": MINE}, "override: true", ".env"),
}


@pytest.mark.parametrize("name", WINS)
def test_the_value_that_wins_is_the_one_that_is_looked_at(shop: Light, name: str) -> None:
    files, shell, option, place = WINS[name]
    for file, url in files.items():
        (shop.project / file).write_text(f"DATABASE_URL='{url}'\n")
    config = f"import {{ config }} from 'dotenv'; config({{ {option} }});\n"
    (shop.project / "drizzle.config.ts").write_text(config + CONFIG)
    shop.env |= shell
    shop.trust()
    view = shop.session().view()
    tree = Tree(shop.project)
    assert view.app.push is not None
    found = connection.find(tree, view.app.push)
    (first, *_), unsure = winning.sources(view, tree, found, winning.Winning(view, tree, found))

    assert (first.place, first.url.reveal(), unsure) == (
        place,
        OTHER if OTHER in {**files, **shell}.values() else MINE,
        "",
    )


# production


@dataclass(frozen=True)
class Sign:
    """A production-like target: what the repository and the machine hold, and the name that must be typed."""

    url: str | Callable[[Light], str]
    name: str | None = None
    variables: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    env: dict[str, str] = field(default_factory=dict)
    script: str = DRIZZLE
    file: str = ".env.local"


def local(database: str, user: str = "dev") -> str:
    return f"postgresql://{user}:pass-word-1234@127.0.0.1:1/{database}"


LIVE = "sk_live_" + "51Qx7Yb2" * 3
READ, PROD = "process.env.DATABASE_URL", "postgresql://u:pass-word-1234@prod.acme.invalid/shop"
SAFE = "postgresql://dev:pass-word-1234@127.0.0.1:1/shop"
CONFIG = "export default { dbCredentials: { url: process.env.DATABASE_URL } };\n"
PLACE = {"drizzle.config.ts": CONFIG}

SIGNS: dict[str, Sign] = {
    "the project's default branch": Sign(lambda s: s.services.neon.url(s.services.neon.main), "main", files=PLACE),
    "the default branch, without a config": Sign(lambda s: s.services.neon.url(s.services.neon.main), "main"),
    "the default branch, pooled": Sign(
        lambda s: s.services.neon.url(s.services.neon.main, pooled=True), "main", files=PLACE
    ),
    "a host called prod": Sign("postgresql://u:pass-word-1234@prod-db.acme.invalid/shop", "shop", files=PLACE),
    "a host called production": Sign(
        "postgresql://u:pass-word-1234@db.production.acme.invalid/shop", "shop", files=PLACE
    ),
    "a host called live": Sign("postgresql://u:pass-word-1234@live.acme.invalid/shop", "shop", files=PLACE),
    "RDS with prd": Sign(
        "postgresql://u:pass-word-1234@shop-prd.x.us-east-1.rds.amazonaws.com/shop", "shop", files=PLACE
    ),
    "a database called production": Sign(local("shop_production"), "shop_production", files=PLACE),
    "a database called prod": Sign(local("shop-prod"), "shop-prod", files=PLACE),
    "a database called proddb": Sign(local("proddb"), "proddb", files=PLACE),
    "a database called main": Sign(local("main"), "main", files=PLACE),
    "a tunnel to a database called live": Sign(local("live"), "live", files=PLACE),
    "a user called prod": Sign(local("shop", "prod_app"), "shop", files=PLACE),
    "a live key beside it": Sign(SAFE, "shop", {"STRIPE_SECRET_KEY": LIVE}, PLACE),
    "the same database in .env.production": Sign(
        SAFE, "shop", files=PLACE | {".env.production": f"DATABASE_URL={SAFE}\n"}
    ),
    "the same under another name and user": Sign(
        SAFE, "shop", files=PLACE | {".env.prod": "POSTGRES_URL=postgresql://root@127.0.0.1/shop\n"}
    ),
    "the tool loads production's file": Sign(
        SAFE,
        "shop",
        files={
            "drizzle.config.ts": "import { loadEnvConfig } from '@next/env'; loadEnvConfig('.');\n" + CONFIG,
            ".env.production": f"DATABASE_URL={local('shop')}\n",
        },
        file=".env.development",
    ),
    "a script for production": Sign(SAFE, "shop", files=PLACE, script="NODE_ENV=production drizzle-kit push"),
    "a wrapper with production's file": Sign(
        SAFE,
        "shop",
        files=PLACE | {".env.production": f"DATABASE_URL={local('shop')}\n"},
        script="env-cmd -f .env.production drizzle-kit push",
    ),
    "the shell has production's": Sign(
        SAFE, "app_production", files=PLACE, env={"DATABASE_URL": local("app_production")}
    ),
    "a variable called PROD_DATABASE_URL": Sign(
        SAFE,
        "shop",
        {"PROD_DATABASE_URL": SAFE},
        {"drizzle.config.ts": CONFIG.replace("DATABASE_URL", "PROD_DATABASE_URL")},
    ),
    "a literal in the config": Sign(SAFE, "shop", files={"drizzle.config.ts": CONFIG.replace(READ, f"'{PROD}'")}),
    "a linked Supabase project": Sign(
        SAFE,
        "abcdefghijklmnopqrst",
        files={"supabase/.temp/project-ref": "abcdefghijklmnopqrst"},
        script="supabase db push",
    ),
    "a Supabase project that the shell names instead": Sign(
        SAFE,
        "zyxwvutsrqponmlkjihg",
        files={"supabase/.temp/project-ref": "abcdefghijklmnopqrst"},
        script="supabase migration up --remote",
        env={"SUPABASE_PROJECT_ID": "zyxwvutsrqponmlkjihg"},
    ),
    "code decides": Sign(SAFE, None, files={"drizzle.config.ts": CONFIG.replace(READ, "pick()")}),
    "MySQL somewhere": Sign("mysql://u:pass-word-1234@db.acme.invalid/shop", "shop", files=PLACE),
    "a flag that drops data": Sign(
        lambda s: s.services.neon.url(), "neondb", files=PLACE, script="drizzle-kit push --force"
    ),
}


def prepared(shop: Light, sign: Sign) -> Session:
    neon = shop.services.neon
    url = sign.url if isinstance(sign.url, str) else sign.url(shop)
    values = {"DATABASE_URL": url, **sign.variables}
    if sign.file == ".env.local":
        values["NEON_API_KEY"] = neon.api_key
    shop.template(TEMPLATE + "NEON_API_KEY=\nPROD_DATABASE_URL=\n")
    shop.typed.append(neon.api_key)
    (shop.project / sign.file).write_text("".join(f"{name}='{value}'\n" for name, value in values.items()))
    for name, text in sign.files.items():
        (shop.project / name).parent.mkdir(parents=True, exist_ok=True)
        (shop.project / name).write_text(text)
    shop.package(scripts={"db:push": sign.script})
    if "--force" in sign.script or "NODE_ENV" in sign.script:
        (shop.project / "onboard.toml").write_text('[push]\nscript = "db:push"\n')
    shop.env |= sign.env
    shop.trust()
    return shop.session()


async def pushed(session: Session, **how: str) -> list[Event]:
    async with aclosing(session.push(**how)) as happening:  # type: ignore[arg-type]
        return [event async for event in happening]


@pytest.mark.anyio
@pytest.mark.parametrize("name", SIGNS)
async def test_nothing_is_pushed_to_what_may_be_production(shop: Light, name: str) -> None:
    sign = SIGNS[name]
    session, hints = prepared(shop, sign), set[str]()
    try:
        target, _ = await session.push_target()
        for typed in ("", "yes", "y", "production", "--force"):
            if typed in target.names:
                continue
            try:
                last = (await pushed(session, confirmed=typed))[-1]
                assert last.kind == "failed", f"{typed!r}: {last.text}"
                assert target.stopped
            except NeedsPerson as stop:
                hints.add(stop.hint)
    finally:
        await session.close()

    assert not (shop.home / "pnpm-ran").exists()
    assert target.names or target.stopped, target.where
    if sign.name is not None:
        assert target.names[0] == sign.name, (target.production, target.stopped)
        assert hints == {f"a person who means it types its name: {sign.name}"}


@pytest.mark.anyio
async def test_a_value_that_the_deployed_app_has_too_is_production(shop: Light) -> None:
    session = prepared(shop, Sign(lambda s: s.services.neon.url(), files=PLACE))
    session.places["vercel.production"] = {"DATABASE_URL": "same"}
    target, _ = await session.push_target()
    await session.close()

    assert "Vercel has the same DATABASE_URL for production" in target.production
    assert target.names[0] == "neondb"


@pytest.mark.anyio
async def test_what_is_the_developers_own_is_pushed_to_without_a_name(shop: Light) -> None:
    session = prepared(shop, Sign(lambda s: s.services.neon.url(), files=PLACE))
    target, _ = await session.push_target()
    last = (await pushed(session))[-1]
    await session.close()

    assert (target.names, target.stopped) == ((), "")
    assert "branch development" in target.where
    assert (shop.home / "pnpm-ran").read_text() == "db:push\n", last.text


@pytest.mark.anyio
async def test_whoever_types_the_branchs_name_pushes(shop: Light) -> None:
    session = prepared(shop, SIGNS["the project's default branch"])
    await pushed(session, confirmed="main")
    await session.close()

    assert (shop.home / "pnpm-ran").exists()


@pytest.mark.anyio
async def test_another_database_than_the_one_shown_is_not_touched(shop: Light) -> None:
    session = prepared(shop, Sign(lambda s: s.services.neon.url(), files=PLACE))
    shown, _ = await session.push_target()
    shop.file.write_text(f"DATABASE_URL='{shop.services.neon.url(pooled=True)}'\n")
    async with aclosing(session.push(shown=shown)) as happening:
        last = [event async for event in happening][-1]
    await session.close()

    assert (last.kind, "changed since it was shown" in last.text) == ("failed", True)
    assert not (shop.home / "pnpm-ran").exists()


def test_a_target_shows_no_value(shop: Light) -> None:
    target = Target(Push("pnpm db:push", None, "drizzle"), url=Secret("postgresql://u:hidden-password@h/d"))

    assert "hidden-password" not in repr(target) + " ".join(target.lines())


@pytest.mark.anyio
async def test_names_of_files_that_are_shown_hold_no_control_character(shop: Light) -> None:
    path = ".env.production\x1b]52;c;ZXZpbA==\x07"
    session = prepared(shop, Sign(SAFE, files=PLACE | {path: f"DATABASE_URL={SAFE}\n"}))
    target, _ = await session.push_target()
    await session.close()

    assert "names the same database" in target.production
    assert all(text.isprintable() for text in (target.production, *target.lines()))


# how it ended

ENDED: dict[str, tuple[str, str, int, str, str]] = {
    "prisma pushed": (
        "prisma",
        "Your database is now in sync with your Prisma schema. Done in 45ms",
        0,
        "done",
        "tables",
    ),
    "prisma has nothing to do": (
        "prisma",
        "The database is already in sync with the Prisma schema.",
        0,
        "done",
        "tables",
    ),
    "prisma migrated": ("prisma", "All migrations have been successfully applied.", 0, "done", "tables"),
    "prisma, a reason after its number": (
        "prisma",
        "1 migration found\\n\\nError: P3005\\n\\nThe database schema is not empty. Read more",
        1,
        "failed",
        "(exit 1): P3005 The database schema is not empty.",
    ),
    "prisma asks for its flag": (
        "prisma",
        "There might be data loss when applying the changes\\nError: Use the --accept-data-loss flag to ignore it",
        1,
        "failed",
        "only you can answer; nothing was applied",
    ),
    "prisma wants to ask": (
        "prisma",
        "Error: Prisma Migrate has detected that the environment is non-interactive, which is not supported.",
        1,
        "failed",
        "only you can answer; nothing was applied",
    ),
    "supabase 3 wants to ask": (
        "supabase",
        "Confirmation required: Apply 1 migration (target: custom Postgres (127.0.0.1:5432)). This run can'\\''t ask "
        "because stdout is not a terminal. Nothing was changed.\\nRe-run with --yes to confirm.",
        1,
        "failed",
        "only you can answer; nothing was applied",
    ),
    "supabase pushed": ("supabase", "Finished supabase db push.", 0, "done", "tables"),
    "supabase has nothing to do": ("supabase", "Remote database is up to date.", 0, "done", "tables"),
    "drizzle has nothing to do": ("drizzle", "[i] No changes detected", 0, "done", "as before"),
    "drizzle says nothing": ("drizzle", "[1/2] Pulling schema from database...", 0, "failed", "did not say"),
    "drizzle, aborted": (
        "drizzle",
        "[x] All changes were aborted",
        0,
        "failed",
        "answered with no; nothing was applied",
    ),
    "an end without success": ("drizzle", "[✓] Changes applied", 1, "failed", "did not say"),
}


@pytest.mark.anyio
@pytest.mark.parametrize("name", ENDED)
async def test_the_end_is_told_by_the_tools_own_words(shop: Light, name: str) -> None:
    """Prisma's words are those of 6.19.3, Supabase's those of 3.1.0 (tests/e2e/test_push_{prisma,supabase}.py)."""
    tool, said, code, kind, words = ENDED[name]
    files = PLACE if tool == "drizzle" else {}
    script = {"drizzle": DRIZZLE, "prisma": PRISMA, "supabase": "supabase db push --db-url $DATABASE_URL"}[tool]
    if tool == "prisma":
        files = {"prisma/schema.prisma": 'datasource db {\n url = env("DATABASE_URL")\n}'}
    neon = shop.services.neon
    neon._engine(neon.development)._database.execute("create table if not exists users (id integer)")
    session = prepared(shop, Sign(lambda s: s.services.neon.url(), files=files, script=script))
    shop.tool("pnpm", f"printf '{said}\\n'; exit {code}")
    last = (await pushed(session))[-1]
    await session.close()

    assert last.kind == kind, last.text
    assert words in last.text


# the way back


@pytest.mark.anyio
async def test_a_branch_at_neon_is_made_of_the_branch_that_is_pushed_to(shop: Light) -> None:
    neon = shop.services.neon
    neon._engine(neon.development)._database.execute("create table if not exists users (id integer)")
    session = prepared(shop, Sign(lambda s: s.services.neon.url(), files=PLACE))
    before = {branch.id for branch in neon.branches}
    target, ways = await session.push_target()
    made = await way_back.make(session.view(), target, "neon")
    await session.close()
    (new,) = [branch for branch in neon.branches if branch.id not in before]
    neon.branches.remove(new)

    assert "neon" in {way.id for way in ways}
    assert new.name in made.text
    assert new.name.startswith("before-push-")
    assert new.parent in (neon.development.id, neon.development.name)


# the tool's screen

SECRET = "hunter2-correct-horse-battery"


def emulator(rows: int = 8, columns: int = 40) -> Emulator:
    return Emulator(rows, columns, Redactor([Secret(SECRET)]), lambda text: None)


def shown(screen: Emulator) -> str:
    return "\n".join("".join(cell.text for cell in row) for row in screen.cells())


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.binary(max_size=40),
            st.sampled_from(
                [b"\x1b[", b"\x1b]0;", b"\x1b[?3h", b"\x1b[999;999H", b"\x1b[5L", b"\x1bP", b"\x9b", b"\x1b[?1;2r"]
            ),
            st.text(max_size=10).map(lambda text: text.encode("utf-8", "surrogatepass")),
        ),
        max_size=12,
    )
)
def test_whatever_a_child_prints_only_printable_cells_come_out(chunks: list[bytes]) -> None:
    screen = emulator()
    for chunk in chunks:
        screen.feed(chunk)
    screen.resize(5, 17)
    screen.feed(b"end")
    rows = screen.cells()

    assert len(rows) == 5
    assert all(cell.text.isprintable() and len(cell.text) <= 5 for row in rows for cell in row)
    assert all(row.isprintable() for row in screen.said())


HIDDEN: dict[str, bytes] = {
    "in a row": f"key: {SECRET}!".encode(),
    "over the end of a row": b"x" * 30 + SECRET.encode(),
    "in two pieces with colour between": f"{SECRET[:9]}\x1b[31m{SECRET[9:]}".encode(),
    "drawn backwards": b"\x1b[1;20H" + SECRET[19:].encode() + b"\x1b[1;1H" + SECRET[:19].encode(),
    "half out at the top": b"\r\n" * 7 + b"x" * 30 + SECRET.encode() + b"\r\n" * 7,
}


@pytest.mark.parametrize("how", HIDDEN)
def test_a_secret_that_a_tool_draws_is_blotted_out(how: str) -> None:
    screen = emulator()
    screen.feed(HIDDEN[how])
    drawn = shown(screen).replace("\n", "")

    assert not any(SECRET[at : at + 6] in drawn for at in range(len(SECRET) - 5)), drawn
    assert not any(SECRET[at : at + 6] in "".join(screen.said()) for at in range(len(SECRET) - 5))


def test_what_cannot_be_printed_takes_nothing_else_with_it() -> None:
    screen = emulator()
    screen.feed("a\u200bb\u202ec e\u0301\u0301\u0301\u0301\u0301\u0301 日本 \x07 d".encode())

    assert shown(screen).startswith("a\ufffdb\ufffdc é")
    assert "日本  d" in shown(screen)


def test_a_sequence_that_never_ends_is_given_up_and_a_flood_is_bounded() -> None:
    screen = emulator()
    screen.feed(b"\x1b]0;")
    for _ in range(20):
        screen.feed(b"x" * 4096)
    screen.feed(b"\r\nback again")
    begun = time.monotonic()
    for _ in range(50):
        screen.feed(b"line of a flood\r\n" * 240)

    assert len(screen.said()) < 600
    assert time.monotonic() - begun < 10
    screen.feed(b"\x1b[2J\x1b[Hback again")
    assert "back again" in shown(screen)


class Child:
    """As much of a running child as a screen talks to."""

    def __init__(self) -> None:
        self.got = ""
        self.sizes: list[tuple[int, int]] = []

    def write(self, text: str) -> None:
        self.got += text

    def resize(self, rows: int, columns: int) -> None:
        self.sizes.append((rows, columns))


class Bench(App[None]):
    """The console alone."""

    left: list[bool]

    def compose(self) -> ComposeResult:
        yield Console()

    def on_mount(self) -> None:
        self.left = []
        self.query_one(Console).focus()

    def on_console_leave_asked(self, event: Console.LeaveAsked) -> None:
        self.left.append(event.sure)


@pytest.mark.anyio
async def test_keys_pastes_and_sizes_reach_the_child_and_escape_does_not() -> None:
    app, child = Bench(), Child()
    async with app.run_test(size=(40, 10)) as pilot:
        console = app.query_one(Console)
        console.opened(child, Redactor([]))  # type: ignore[arg-type]
        await pilot.press("y", "enter", "down", "ctrl+a", "tab", "backspace", "é")
        console.feed(b"\x1b[?1h\x1b[?2004h")
        await pilot.press("up")
        console.post_message(events.Paste("a\x1b[201~b\nc"))
        await pilot.press("escape", "x", "escape", "escape")
        await pilot.resize_terminal(60, 20)
        await pilot.pause()
        console.closed()
        await pilot.press("z")

    assert child.got == "y\r\x1b[B\x01\t\x7fé\x1bOA\x1b[200~a[201~b\rc\x1b[201~x"
    assert app.left == [False, False, True]
    assert child.sizes[-1] == (20, 60)


def test_the_terminal_emulator_is_loaded_by_the_push_alone() -> None:
    words = "import sys, onboard.tui.app; print('pyte' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False"
