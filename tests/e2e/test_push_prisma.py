"""The push with the real Prisma 6.19.3 on a real PostgreSQL: its own texts, without a terminal and in one.

Its schema engine is the one of WebAssembly that the package carries (`engine: "js"`): the binary is a download.
"""

from __future__ import annotations

import json
import os

import pytest

from tests.e2e.light import Light
from tests.e2e.pushing import ENTER, Pushing, person
from tests.parts import MODULES, needed, node_path
from tests.parts.postgres import PostgresServer

pytestmark = pytest.mark.parts

PACKAGE = {
    "name": "shop",
    "private": True,
    "packageManager": "pnpm@10.34.9",
    "scripts": {"db:push": "prisma db push --skip-generate"},
    "dependencies": {"@prisma/adapter-pg": "6.19.3", "pg": "8.23.1"},
    "devDependencies": {"prisma": "6.19.3"},
}
CONFIG = """\
import { PrismaPg } from "@prisma/adapter-pg";
import pg from "pg";
import { defineConfig } from "prisma/config";

process.loadEnvFile(".env.local");
// The adapter knows no column of the types "char" and name, which the engine asks of the catalog.
const { addFields } = pg.Result.prototype;
pg.Result.prototype.addFields = function (fields) {
  for (const field of fields) field.dataTypeID = { 18: 1042, 19: 25 }[field.dataTypeID] ?? field.dataTypeID;
  return addFields.call(this, fields);
};
// The engine leaves a timer of a minute behind, which keeps Node up.
const later = globalThis.setTimeout;
globalThis.setTimeout = (run, wait, ...rest) => {
  const timer = later(run, wait, ...rest);
  return wait === 60_000 ? timer.unref() : timer;
};

export default defineConfig({
  experimental: { adapter: true },
  engine: "js",
  schema: "schema.prisma",
  adapter: async () => new PrismaPg({ connectionString: process.env.DATABASE_URL, allowExitOnIdle: true }),
});
"""
HEAD = """\
generator client {
  provider   = "prisma-client"
  output     = "generated"
  engineType = "client"
}
datasource db {
  provider = "postgresql"
  url      = "postgresql://nobody@unused.invalid/nothing"
}
"""


class Prisma(Pushing):
    """A repository with Prisma."""

    def schema(self, *columns: str) -> None:
        fields = "".join(f"  {column}\n" for column in ("id Int @id @default(autoincrement())", *columns))
        (self.at.project / "schema.prisma").write_text(f"{HEAD}model users {{\n{fields}}}\n")


@pytest.fixture
def prisma(shop: Light, postgres: PostgresServer) -> Prisma:
    """An approved repository whose `.env.local` leads to an empty database of its own."""
    needed(MODULES / "prisma" / "build" / "schema_engine_bg.wasm")
    for name in ("node", "pnpm", "stripe"):
        shop.tool(name, None)
    shop.env["PATH"] = os.pathsep.join([str(shop.tools), node_path()])
    shop.env["CHECKPOINT_DISABLE"] = "1"
    shop.template('DATABASE_URL="postgresql://user:password@localhost:5432/shop"\n')
    (shop.project / "package.json").write_text(json.dumps(PACKAGE))
    (shop.project / "prisma.config.ts").write_text(CONFIG)
    (shop.project / "node_modules").symlink_to(MODULES)
    # Its driver takes every other sslmode for verify-full.
    url = postgres.make_database().replace("sslmode=require", "sslmode=disable")
    made = Prisma(shop, postgres, url)
    made.schema("name String?")
    made.enter(url)
    shop.trust()
    return made


def test_tables_made_and_nothing_to_do_are_told_apart(prisma: Prisma) -> None:
    made, again = prisma.at.onboard("push", "--yes"), prisma.at.onboard("push", "--yes")

    assert made.code == 0, made.err
    assert "from: DATABASE_URL in .env.local, as prisma.config.ts reads it" in made.err
    assert "Your database is now in sync with your Prisma schema." in made.err
    assert "1 tables (+ users)" in made.err
    assert prisma.columns == ["id", "name"]
    assert again.code == 0, again.err
    assert "The database is already in sync with the Prisma schema." in again.err
    assert "1 tables (as before)" in again.err


def test_data_loss_without_a_person_and_a_step_that_cannot_be_done_apply_nothing(prisma: Prisma) -> None:
    prisma.has(rows=2)
    prisma.schema()
    unasked = prisma.at.onboard("push", "--yes")
    prisma.schema("name String?", "email String")
    undoable = prisma.at.onboard("push", "--yes")

    assert unasked.code == 1
    assert "You are about to drop the column `name`" in unasked.err
    assert "the tool asks something that only you can answer; nothing was applied" in unasked.err
    assert undoable.code == 1
    assert "(exit 1): Added the required column `email` to the `users` table" in undoable.err
    assert "a default value, or other rows, have to come first" in undoable.err
    assert prisma.columns == ["id", "name"]


def test_a_persons_answer_in_a_terminal_is_what_happens(prisma: Prisma) -> None:
    prisma.has(rows=2)
    prisma.schema()
    for answer, code, told, columns in (
        ("n", 1, "it was answered with no; nothing was applied", ["id", "name"]),
        ("y", 0, "the database has 1 tables", ["id"]),
    ):
        with person(prisma, "push") as at:
            at.until("there? [y/N]")
            at.types("y", ENTER)
            at.until("A way back first?")
            at.types(ENTER)
            at.until("Do you want to ignore the warning(s)?", 30)
            at.until("whether data may be lost; only you answer")
            at.types(answer)
            assert at.end(30) == code, at.text
            assert told in at.text
        assert prisma.columns == columns


@pytest.mark.long
def test_where_there_is_nothing_to_ask_nobody_is_told_that_it_asks(prisma: Prisma) -> None:
    prisma.has(rows=2)
    prisma.schema("name String?", "email String")
    with person(prisma, "push") as at:
        at.until("there? [y/N]")
        at.types("y", ENTER)
        at.until("A way back first?")
        at.types(ENTER)
        assert at.end(30) == 1, at.text
    assert "only you answer" not in at.raw.decode(errors="replace")
    assert "Added the required column" in at.text


@pytest.mark.long
def test_migrations_are_applied_and_a_database_that_has_tables_already_is_said(prisma: Prisma) -> None:
    package = PACKAGE | {"scripts": {"db:push": "prisma migrate deploy"}}
    (prisma.at.project / "package.json").write_text(json.dumps(package))
    folder = prisma.at.project / "migrations"
    (folder / "20260101000000_init").mkdir(parents=True)
    (folder / "migration_lock.toml").write_text('provider = "postgresql"\n')
    (folder / "20260101000000_init" / "migration.sql").write_text("create table users (id serial primary key);\n")
    prisma.at.trust()
    done, again = prisma.at.onboard("push", "--yes"), prisma.at.onboard("push", "--yes")
    prisma.sql("drop table _prisma_migrations")
    refused = prisma.at.onboard("push", "--yes")

    assert done.code == 0, done.err
    assert "+ users" in done.err
    assert "All migrations have been successfully applied." in done.err
    assert again.code == 0, again.err
    assert "No pending migrations to apply." in again.err
    assert refused.code == 1
    assert "(exit 1): P3005 The database schema is not empty." in refused.err
