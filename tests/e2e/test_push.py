"""The push on real parts: PostgreSQL, pnpm and drizzle-kit, in a real terminal and without one."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

from tests.e2e.light import Light, gone
from tests.e2e.pushing import DOWN, ENTER, ESCAPE, Person, Pushing, person
from tests.parts import PROJECT, STORE, missing, node_path, program
from tests.parts.postgres import PostgresServer
from tests.tui.terminal import LEFT_ON

pytestmark = pytest.mark.parts

PACKAGE = {
    "name": "shop",
    "private": True,
    "type": "module",
    "packageManager": "pnpm@10.34.9",
    "scripts": {"db:push": "drizzle-kit push"},
    "dependencies": {"drizzle-orm": "0.45.4", "postgres": "3.4.9"},
    "devDependencies": {"dotenv": "18.0.10", "drizzle-kit": "0.31.11"},
}
CONFIG = """\
import { config } from "dotenv";
config({ path: ".env.local", quiet: true });
export default {
  dialect: "postgresql",
  schema: "./schema.ts",
  dbCredentials: { url: process.env.DATABASE_URL! },
};
"""
NAMED, RENAMED, WITHOUT = (
    'import { pgTable, serial, text } from "drizzle-orm/pg-core";\n'
    f'export const users = pgTable("users", {{ id: serial("id").primaryKey(){column} }});\n'
    for column in (', name: text("name")', ', fullName: text("full_name")', "")
)


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Drizzle and its driver, installed once from the parts' store."""
    if not STORE.exists():
        missing("the packages of the sample project")
    folder = tmp_path_factory.mktemp("packages")
    for name in ("package.json", "pnpm-lock.yaml"):
        shutil.copy(PROJECT / name, folder)
    (folder / ".npmrc").write_text(f"store-dir={STORE}\noffline=true\n")
    env = {"PATH": node_path(), "HOME": str(folder)}
    argv = ["pnpm", "install", "--frozen-lockfile"]
    subprocess.run(argv, cwd=folder, env=env, check=True, capture_output=True, timeout=120)
    return folder


class Drizzle(Pushing):
    """A repository with Drizzle."""

    def schema(self, text: str) -> None:
        (self.at.project / "schema.ts").write_text(text)


@pytest.fixture
def drizzle(shop: Light, packages: Path, postgres: PostgresServer) -> Drizzle:
    """An approved repository whose `.env.local` leads to an empty database of its own."""
    for name in ("node", "pnpm", "stripe"):
        shop.tool(name, None)
    shop.env["PATH"] = os.pathsep.join([str(shop.tools), node_path()])
    shop.template('DATABASE_URL="postgresql://user:password@localhost:5432/shop"\n')
    (shop.project / "package.json").write_text(json.dumps(PACKAGE))
    (shop.project / "drizzle.config.ts").write_text(CONFIG)
    (shop.project / "node_modules").symlink_to(packages / "node_modules")
    url = postgres.make_database().replace("sslmode=require", "sslmode=prefer")
    made = Drizzle(shop, postgres, url)
    made.schema(NAMED)
    made.enter(url)
    shop.trust()
    return made


def with_password(url: str, password: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{parts.username}:{password}@{parts.hostname}:{parts.port}"))


def test_the_tables_are_made_and_named(drizzle: Drizzle) -> None:
    pushed = drizzle.at.onboard("push", "--yes")

    assert pushed.code == 0, pushed.err
    assert f"database: {drizzle.database} on 127.0.0.1" in pushed.err
    assert "from: DATABASE_URL in .env.local, as drizzle.config.ts reads it" in pushed.err
    assert "1 tables (+ users)" in pushed.err
    assert drizzle.server.tables(drizzle.database) == ["users"]


REFUSED: dict[str, tuple[Callable[[str], str], str]] = {
    "wrong password": (lambda url: with_password(url, "not-the-password-at-all"), "wrong password"),
    "no such database": (lambda url: re.sub(r"/db_\w+", "/db_nowhere", url), "there is no database “db_nowhere”"),
    "nothing listens": (lambda url: re.sub(r":\d+/", ":1/", url), "nothing listens there"),
    "a raw # in the password": (lambda url: with_password(url, "long-enough#raw-password"), "raw #"),
}


@pytest.mark.long
@pytest.mark.parametrize("what", REFUSED)
def test_why_nothing_can_be_pushed_is_said_before_the_tool_runs(drizzle: Drizzle, what: str) -> None:
    change, reason = REFUSED[what]
    drizzle.enter(change(drizzle.url))
    pushed = drizzle.at.onboard("push", "--yes")

    assert pushed.code == 1
    assert reason in pushed.err
    assert "nothing was pushed" in pushed.err
    assert "runs pnpm" not in pushed.err


@pytest.mark.long
def test_a_reason_that_the_tool_keeps_to_itself_is_found(drizzle: Drizzle) -> None:
    # libpq and onboard know the parameter; the driver hands it to the server, and drizzle-kit shows only a spinner.
    drizzle.enter(f"{drizzle.url}&channel_binding=prefer")
    pushed = drizzle.at.onboard("push", "--yes")

    assert pushed.code == 1
    assert "onboard itself gets in with the same connection string" in pushed.err
    assert "channel_binding" in pushed.err
    assert drizzle.server.tables(drizzle.database) == []


@pytest.mark.parametrize("schema", [RENAMED, WITHOUT], ids=["rename", "data loss"])
def test_where_nobody_can_answer_nothing_is_applied_and_that_is_said(drizzle: Drizzle, schema: str) -> None:
    drizzle.has(rows=3)
    drizzle.schema(schema)
    pushed = drizzle.at.onboard("push", "--yes")

    assert pushed.code == 1
    assert "the tool asks something that only you can answer; nothing was applied" in pushed.err
    assert drizzle.columns == ["id", "name"]


@pytest.mark.long
def test_what_the_tool_really_reads_is_what_is_shown_and_pushed_to(drizzle: Drizzle) -> None:
    other = drizzle.server.make_database().replace("sslmode=require", "sslmode=prefer")
    drizzle.enter(other, ".env")
    config = drizzle.at.project / "drizzle.config.ts"
    config.write_text(CONFIG.replace('config({ path: ".env.local", quiet: true });', "config({ quiet: true });"))
    with config.open("a") as file:  # a tool that tells what it should not
        file.write("console.log(`it is ${new URL(process.env.DATABASE_URL!).password}`);\n")
    pushed = drizzle.at.onboard("push", "--yes")

    assert "it is [secret]" in pushed.err
    assert pushed.code == 0, pushed.err
    assert f"database: {urlsplit(other).path.lstrip('/')} on" in pushed.err
    assert "DATABASE_URL in .env.local leads to another database; the tool takes the one in .env" in pushed.err
    assert drizzle.server.tables(drizzle.database) == []
    assert drizzle.server.tables(urlsplit(other).path.lstrip("/")) == ["users"]


@pytest.mark.long
def test_a_person_at_the_shell_renames_after_a_dump_that_brings_the_old_state_back(drizzle: Drizzle) -> None:
    drizzle.has(rows=3)
    drizzle.schema(RENAMED)
    with person(drizzle, "push") as at:
        at.until("there? [y/N]")
        at.types("y", ENTER)
        at.until("A way back first?")
        at.types("1", ENTER)
        at.until("created or renamed", 30)
        at.until("only you answer")
        at.types(DOWN)
        at.until(lambda: "❯ ~ name › full_name" in at.text)
        at.types(ENTER)
        code = at.end(30)
        told = at.text

    assert code == 0, told
    assert "Changes applied" in told, "what the tool said stays on the screen"
    assert drizzle.columns == ["full_name", "id"]
    assert all(code.encode() in at.raw for code in LEFT_ON)
    (dump,) = (drizzle.at.home / ".local/state/onboard/dumps").iterdir()
    assert dump.stat().st_mode & 0o777 == 0o600
    command = [program("pg_restore", "postgresql-client"), "--clean", "--if-exists", "--no-owner"]
    url = urlsplit(drizzle.url)
    login = ["--host", str(url.hostname), "--port", str(url.port), "--username", str(url.username)]
    where = ["--dbname", drizzle.database, *login]
    assert " ".join(where) in re.sub(r"\s*\n\s*", " ", told), "how to go back is said"
    secret = {"PATH": node_path(), "PGPASSWORD": str(url.password)}
    restored = subprocess.run([*command, *where, str(dump)], env=secret, capture_output=True, text=True, check=False)
    assert restored.returncode == 0, restored.stderr
    assert drizzle.columns == ["id", "name"]
    assert drizzle.sql("select count(*) from users") == [(3,)]


def test_in_the_app_data_loss_is_asked_about_on_the_tools_own_screen(drizzle: Drizzle) -> None:
    assert drizzle.at.onboard("push", "--yes").code == 0
    drizzle.sql("insert into users (name) values ('Ada')")
    drizzle.schema(WITHOUT)
    drizzle.at.file.chmod(0o600)
    drizzle.at.session().choose_file_only()  # so that the push is the next step
    with person(drizzle, size=(90, 26)) as at:
        at.until("the schema's files changed", 40)
        at.types("n")
        at.until("Push to this database", 20)
        assert drizzle.database in at.text
        at.types(ENTER)
        at.until("No, abort", 30)
        at.until("whether data may be lost; only you answer")
        at.resize(120, 40)
        at.until(lambda: "No, abort" in at.text)
        at.types(ENTER)
        at.until("answered with no; nothing was applied", 30)
        assert drizzle.columns == ["id", "name"]

        at.types(ENTER)  # look again, and push
        at.until("Push to this database", 30)
        at.types(ENTER)
        at.until("No, abort", 30)
        at.until(lambda: chosen(at))
        at.types(ENTER)
        at.until("All is well", 40)
        at.types("q")
        assert at.end() == 0, at.text

    assert drizzle.columns == ["id"]


def chosen(at: Person) -> bool:
    """Move down until the tool shows that it heard: it takes no key while it still draws.

    A second key is only sent where the first was surely not heard: with two on their way the choice wraps.
    """
    if not yes(at):
        at.types(DOWN)
        with suppress(AssertionError):
            at.until(lambda: yes(at), 3)
    return yes(at)


def yes(at: Person) -> bool:
    return re.search(r"❯ +Yes", at.text) is not None


@pytest.mark.long
def test_production_is_pushed_to_by_its_typed_name_alone_and_no_flag_types_it(drizzle: Drizzle) -> None:
    drizzle.server.run(f'alter database "{drizzle.database}" rename to "{drizzle.database}_production"')
    drizzle.url = drizzle.url.replace(drizzle.database, f"{drizzle.database}_production")
    drizzle.enter(drizzle.url)
    refused = drizzle.at.onboard("push", "--yes")
    assert refused.code == 4
    assert f"the database is called {drizzle.database}" in refused.err
    for typed, code in (("yes", 4), (drizzle.database, 0)):
        with person(drizzle, "push") as at:
            at.until("types its name")
            at.types(typed, ENTER)
            assert at.end(30) == code, at.text
        assert drizzle.server.tables(drizzle.database) == (["users"] if code == 0 else [])
    again = drizzle.at.onboard("push", "--yes")
    assert again.code == 4, "a name is typed each time"


@pytest.mark.long
@pytest.mark.parametrize("how", ["the terminal is closed", "Esc twice"])
def test_a_tool_that_waits_for_an_answer_ends_with_us(drizzle: Drizzle, how: str) -> None:
    drizzle.has(rows=3)
    drizzle.schema(WITHOUT)
    with person(drizzle, "push") as at:
        at.until("there? [y/N]")
        at.types("y", ENTER)
        at.until("A way back first?")
        at.types(ENTER)
        at.until("No, abort", 30)
        assert any("drizzle-kit" in command for command in drizzle.at.left())
        if how == "Esc twice":
            at.types(ESCAPE)
            at.until("Esc once more")
            at.types(ESCAPE)
            assert at.end() == 1, at.text
            assert "ended before it was through" in at.text
        else:
            at.resize(60, 12)
            at.hang_up()

    assert gone(drizzle.at.left) == []
    assert drizzle.columns == ["id", "name"]
