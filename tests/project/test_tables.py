"""Which tables a schema declares, by its text."""

from __future__ import annotations

from pathlib import Path

import pytest

from onboard.project.files import Tree
from onboard.project.tables import declared

PRISMA = """\
model User {
  id Int @id
  posts Post[]
}
/// model Ghost {
model Post {
  id Int @id
  @@map("posts")
  @@schema("blog")
}
enum Role { USER }
"""
FIRST = """\
-- create table commented (id int);
CREATE TABLE IF NOT EXISTS public.Users (id int);
create table "orders" (id int);
create table auth.hidden (id int);
"""
SECOND = "drop table if exists orders;\nalter table users rename to people;\n"

CASES: list[tuple[str, str, dict[str, str], tuple[str, ...] | None]] = [
    (
        "drizzle",
        ".",
        {
            "drizzle.config.ts": 'export default { schema: "./src/db/schema.ts" };',
            "src/db/schema.ts": 'export * from "./shop";\nexport const a = pgTable("users", {});\n',
            "src/db/shop.ts": "const mine = pgSchema('shop');\nexport const b = mine.table(`orders`, {});",
            "src/other.ts": 'export const c = sqliteTable("cache", {});',
            "src/db/schema.test.ts": 'pgTable("only_a_test", {})',
        },
        ("public.users", "shop.orders"),
    ),
    ("drizzle", ".", {"db/schema.ts": 'const t = pgTableCreator((n) => `p_${n}`); t("users", {}); pgTable("x")'}, None),
    ("drizzle", ".", {"db/schema.ts": "export const nothing = 1;"}, None),
    ("drizzle", "packages/db", {"packages/db/src/s.ts": 'pgTable("in", {})', "apps/s.ts": 'pgTable("out", {})'},
     ("public.in",)),
    ("prisma", ".", {"prisma/schema.prisma": PRISMA}, ("blog.posts", "public.User")),
    (
        "supabase",
        ".",
        {"supabase/migrations/20240101_a.sql": FIRST, "supabase/migrations/20240202_b.sql": SECOND},
        ("public.people",),
    ),
    ("convex", ".", {"convex/schema.ts": 'pgTable("x", {})'}, None),
]  # fmt: skip


@pytest.mark.parametrize(("tool", "folder", "files", "expected"), CASES)
def test_the_tables_are_those_that_the_text_declares(
    tmp_path: Path, tool: str, folder: str, files: dict[str, str], expected: tuple[str, ...] | None
) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert declared(Tree(tmp_path), tool, folder) == expected
