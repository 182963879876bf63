"""What the push's tests on real parts share: the repository with its database, and somebody at the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from tests.e2e.light import ONBOARD, Light
from tests.parts.postgres import PostgresServer
from tests.tui.terminal import Terminal

ENTER, DOWN, ESCAPE = "\r", "\x1b[B", "\x1b"


@dataclass
class Pushing:
    """A repository with a schema tool on a machine, and its database."""

    at: Light
    server: PostgresServer
    url: str

    @property
    def database(self) -> str:
        return urlsplit(self.url).path.lstrip("/")

    def enter(self, url: str, name: str = ".env.local") -> None:
        if name == ".env.local" and "#" not in url:  # elsewhere it is meant to stand
            self.at.typed.append(url)
        (self.at.project / name).write_text(f"DATABASE_URL='{url}'\n")

    def has(self, rows: int = 0) -> None:
        """Let the database have the table already, with rows."""
        self.sql("create table users (id serial primary key, name text)")
        self.sql(f'alter table users owner to "{urlsplit(self.url).username}"')
        self.sql(f"insert into users (name) select 'Ada' from generate_series(1, {rows})")

    def sql(self, statement: str) -> list[tuple[object, ...]]:
        return self.server.run(statement, self.database)

    @property
    def columns(self) -> list[object]:
        query = "select column_name from information_schema.columns where table_name = 'users' order by 1"
        return [row[0] for row in self.sql(query)]


class Person(Terminal):
    """Somebody who types, and looks before the next key."""

    def types(self, *keys: str) -> None:
        for key in keys:
            self.child.send(key)
            self.read(0.15)


@contextmanager
def person(pushing: Pushing, *words: str, size: tuple[int, int] = (100, 30)) -> Iterator[Person]:
    """Start onboard for somebody at a terminal, under the oracle's eyes."""
    log = pushing.at.oracle.terminal(columns=size[0], rows=size[1])
    at = Person([str(ONBOARD), *words], pushing.at.environment(), size, cwd=pushing.at.project, log=log)  # type: ignore[arg-type]
    try:
        yield at
    finally:
        if not at.gone:
            at.child.close(force=True)
        log.close()
