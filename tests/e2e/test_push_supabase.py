"""The push with the real Supabase CLI 3.1.0 on a real PostgreSQL: its own texts, without a terminal and in one."""

from __future__ import annotations

import json
import os

import pytest

from tests.e2e.light import Light
from tests.e2e.pushing import ENTER, Pushing, person
from tests.parts import SUPABASE, needed, node_path
from tests.parts.postgres import PostgresServer

pytestmark = pytest.mark.parts

PACKAGE = {
    "name": "shop",
    "private": True,
    "packageManager": "pnpm@10.34.9",
    "scripts": {"db:push": 'supabase db push --remote="$DATABASE_URL"'},
}


class Supabase(Pushing):
    """A repository with migrations of Supabase's."""

    def migration(self, number: int, text: str) -> None:
        folder = self.at.project / "supabase" / "migrations"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"2026010{number}000000_step.sql").write_text(text)


@pytest.fixture
def supabase(shop: Light, postgres: PostgresServer) -> Supabase:
    """An approved repository whose `.env.local` leads to an empty database of its own."""
    for name in ("node", "pnpm", "stripe"):
        shop.tool(name, None)
    (shop.tools / "supabase").symlink_to(needed(SUPABASE))
    shop.env["PATH"] = os.pathsep.join([str(shop.tools), node_path()])
    shop.template('DATABASE_URL="postgresql://user:password@localhost:5432/shop"\n')
    (shop.project / "package.json").write_text(json.dumps(PACKAGE))
    made = Supabase(shop, postgres, postgres.make_database())
    made.migration(1, "create table users (id serial primary key, name text);\n")
    (shop.project / "supabase" / "config.toml").write_text("project_id = 'shop'\n")
    # Not as a value that may stand nowhere else: the team's own script puts it among the words of its command.
    shop.file.write_text(f"DATABASE_URL='{made.url}'\n")
    shop.trust()
    return made


def test_nothing_is_applied_unless_a_person_answers_the_clis_own_question(supabase: Supabase) -> None:
    unasked = supabase.at.onboard("push", "--yes")
    none = supabase.columns
    for answer, code, told, columns in (
        ("n", 1, "nothing was applied", []),
        ("y", 0, "the database has 2 tables (+ users, + supabase_migrations.schema_migrations)", ["id", "name"]),
    ):
        with person(supabase, "push") as at:
            at.until("there? [y/N]")
            at.types("y", ENTER)
            at.until("Apply 1 migration on", 30)
            at.until("only you answer")
            at.types(answer)
            assert at.end(30) == code, at.text
            assert told in at.text, at.text
        assert supabase.columns == columns
    again = supabase.at.onboard("push", "--yes")
    supabase.migration(2, "create tabel;\n")
    broken = supabase.at.onboard("push", "--yes")

    assert unasked.code == 1
    assert "the tool asks something that only you can answer; nothing was applied" in unasked.err
    assert none == []
    assert again.code == 0, again.err
    assert "Remote database is up to date." in again.err
    assert "2 tables (as before)" in again.err
    assert broken.code == 1
