"""Where a Neon stand-in's SQL ends: a real PostgreSQL through libpq, or SQLite for the demo."""

from __future__ import annotations

import re
import sqlite3
import weakref
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit


class SqlError(Exception):
    """The database said no: `fields` is the error as Neon's JSON has it, without what is empty."""

    def __init__(self, message: str, code: str = "", **fields: str) -> None:
        super().__init__(message)
        self.fields = {"message": message, "code": code, "severity": "ERROR", **fields}


@dataclass(frozen=True)
class Login:
    """What a connection string says."""

    role: str
    password: str
    host: str
    database: str

    @classmethod
    def of(cls, url: str) -> Login:
        """Read a connection string; what it lacks is empty."""
        parts = urlsplit(url)
        if parts.scheme not in ("postgres", "postgresql"):
            raise SqlError("invalid header: neon-connection-string")
        name, word = unquote(parts.username or ""), unquote(parts.password or "")
        return cls(name, word, parts.hostname or "", unquote(parts.path.lstrip("/")))


@dataclass
class Table:
    """What one statement gave, every value as PostgreSQL's own text."""

    command: str = "SELECT"
    columns: list[tuple[str, int]] = field(default_factory=list)
    """Name and type oid."""
    rows: list[list[str | None]] = field(default_factory=list)
    count: int | None = None


Statement = tuple[str, Sequence[str | None]]
"""SQL with `$1`, and its parameters as text."""


class Engine(Protocol):
    """Runs statements as one transaction."""

    def run(self, login: Login, statements: Sequence[Statement], *, read_only: bool) -> list[Table]:
        """Return one table a statement; nothing is kept where one fails. Raises SqlError."""
        ...


class Postgres:
    """A real server. Text in, text out, so that a client sees what the server says, whatever the type."""

    def __init__(self, url: str) -> None:
        """Take the server's URL; the role, the password and the database come with each question."""
        self._url = url

    def run(self, login: Login, statements: Sequence[Statement], *, read_only: bool) -> list[Table]:
        """Return one table a statement. Raises SqlError, with SQLSTATE where the server gave one."""
        from psycopg import pq

        connection = pq.PGconn.connect(self._as(login).encode())
        try:
            if connection.status != pq.ConnStatus.OK:
                raise _connect_error(connection.error_message.decode("utf-8", "replace"))
            many = len(statements) > 1 or read_only
            if many:
                connection.exec_(b"begin read only" if read_only else b"begin")
            tables = [self._one(connection, sql, values) for sql, values in statements]
            if many:
                connection.exec_(b"commit")
            return tables
        finally:
            connection.finish()

    def _as(self, login: Login) -> str:
        parts = urlsplit(self._url)
        place = parts.netloc.rpartition("@")[2]
        who = f"{quote(login.role, safe='')}:{quote(login.password, safe='')}"
        query = urlencode({**dict(parse_qsl(parts.query)), "connect_timeout": "5"})
        return urlunsplit(("postgresql", f"{who}@{place}", "/" + quote(login.database, safe=""), query, ""))

    def _one(self, connection: Any, sql: str, values: Sequence[str | None]) -> Table:
        from psycopg import pq

        packed = [None if value is None else value.encode() for value in values]
        result = connection.exec_params(sql.encode(), packed, result_format=pq.Format.TEXT)
        if result.status not in (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK, pq.ExecStatus.EMPTY_QUERY):
            raise _statement_error(result)
        status = (result.command_status or b"").decode()
        return Table(
            status.split(" ")[0],
            [(result.fname(i).decode(), result.ftype(i)) for i in range(result.nfields)],
            [[_text(result.get_value(row, i)) for i in range(result.nfields)] for row in range(result.ntuples)],
            int(found[0]) if (found := re.findall(r"\d+$", status)) else None,
        )


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("utf-8", "replace")


def _connect_error(text: str) -> SqlError:
    """Restore what Neon says: no code for a refused password, 3D000 for a missing database (libpq has text only)."""
    message = text.strip().rpartition("FATAL:  ")[2].splitlines()[0] if text.strip() else "connection failed"
    if re.fullmatch(r'database "[^"]*" does not exist', message):
        return SqlError(message, "3D000")
    if message.startswith("password authentication failed") or re.fullmatch(r'role "[^"]*" does not exist', message):
        return SqlError(message.replace('"', "'"))
    return SqlError(message, "08006")


def _statement_error(result: Any) -> SqlError:
    from psycopg.pq import DiagnosticField as D

    wanted = {"detail": D.MESSAGE_DETAIL, "hint": D.MESSAGE_HINT, "position": D.STATEMENT_POSITION}
    wanted |= {"schema": D.SCHEMA_NAME, "table": D.TABLE_NAME, "column": D.COLUMN_NAME, "constraint": D.CONSTRAINT_NAME}
    found = {name: _text(result.error_field(value)) for name, value in wanted.items()}
    message, code = _text(result.error_field(D.MESSAGE_PRIMARY)) or "", _text(result.error_field(D.SQLSTATE)) or ""
    return SqlError(message, code, **{name: value for name, value in found.items() if value})


class Lite:
    """SQLite behind PostgreSQL's words, one database a branch: what a demo's push and probe need, and no more."""

    version = "PostgreSQL 17.5 (stand-in) on x86_64-pc-linux-gnu"

    def __init__(self, settings: dict[str, str]) -> None:
        """Take what `current_setting()` says."""
        self._settings = settings
        self._database = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        weakref.finalize(self, self._database.close)

    @property
    def tables(self) -> list[str]:
        """The names of the tables that were made."""
        return [row[0] for row in self._database.execute("select name from sqlite_master where type = 'table'")]

    def run(self, login: Login, statements: Sequence[Statement], *, read_only: bool) -> list[Table]:
        """Return one table a statement. Raises SqlError."""
        database = self._database
        database.create_function("current_setting", 1, self._settings.get)
        database.create_function("current_setting", 2, lambda name, _missing_ok: self._settings.get(name))
        database.create_function("current_role_", 0, lambda: login.role)
        database.create_function("current_database", 0, lambda: login.database)
        database.create_function("version", 0, lambda: self.version)
        database.create_function("pg_is_in_recovery", 0, lambda: False)
        database.execute("begin")
        try:
            return [self._one(sql, values, read_only=read_only) for sql, values in statements]
        except sqlite3.Error as error:
            database.execute("rollback")
            raise _lite_error(str(error)) from None
        finally:
            if database.in_transaction:
                database.execute("commit")

    def _one(self, sql: str, values: Sequence[str | None], *, read_only: bool) -> Table:
        command = sql.split(maxsplit=1)[0].upper() if sql.strip() else ""
        if read_only and command not in ("SELECT", "WITH", "SHOW"):
            raise SqlError(f"cannot execute {command} in a read-only transaction", "25006")
        for pattern, replacement in _WORDS:
            sql = pattern.sub(replacement, sql)
        cursor = self._database.execute(sql, [*values])
        columns = [(column[0], 25) for column in cursor.description or ()]
        rows = [[_lite_text(value) for value in row] for row in cursor.fetchall()]
        return Table(command, columns, rows, len(rows) if columns else max(cursor.rowcount, 0))


_WORDS = [
    (re.compile(r"\b(?:current|session)_user\b(?!\s*\()", re.I), "current_role_()"),
    (re.compile(r"::\s*[a-z_][a-z0-9_]*(\[\])?", re.I), ""),
    (
        re.compile(r"\binformation_schema\.tables\b", re.I),
        "(select 'public' as table_schema, name as table_name, 'BASE TABLE' as table_type"
        " from sqlite_master where type = 'table' and name not like 'sqlite_%')",
    ),
    (
        re.compile(r"\bpg_(?:catalog\.pg_)?tables\b", re.I),
        "(select 'public' as schemaname, name as tablename"
        " from sqlite_master where type = 'table' and name not like 'sqlite_%')",
    ),
    (re.compile(r"\bserial\b", re.I), "integer"),
    (re.compile(r"\bdefault now\(\)", re.I), "default current_timestamp"),
    (re.compile(r"\$(\d+)"), r"?\1"),
]
"""What SQLite does not know, in its words."""


def _lite_text(value: object) -> str | None:
    if value is None:
        return None
    return {True: "t", False: "f"}[value] if isinstance(value, bool) else str(value)


def _lite_error(text: str) -> SqlError:
    if found := re.fullmatch(r"no such table: (\S+)", text):
        return SqlError(f'relation "{found[1]}" does not exist', "42P01")
    if found := re.fullmatch(r"table \"?(\S+?)\"? already exists", text):
        return SqlError(f'relation "{found[1]}" already exists', "42P07")
    if "UNIQUE constraint" in text:
        return SqlError("duplicate key value violates unique constraint", "23505")
    return SqlError(f"syntax error ({text})", "42601")
