"""A private PostgreSQL with TLS and passwords, as a user that is not root, gone when its block ends."""

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from tests.parts import missing, program, with_us
from tests.parts.ports import free_port

NAMES = "DNS:localhost,IP:127.0.0.1,DNS:*.us-east-1.aws.neon.tech"
"""What its certificate is for: this machine, and the names that Neon's computes have."""


class PostgresServer:
    """A running server. `admin` may do all; passwords are made on each run."""

    admin = "postgres"

    def __init__(self, port: int, password: str, certificate: Path) -> None:
        self.port = port
        self.password = password
        self.certificate = certificate
        """Of its own authority: nobody trusts it unless told."""

    def url(
        self,
        role: str = "",
        password: str = "",
        database: str = "postgres",
        *,
        host: str = "127.0.0.1",
        query: str = "",
    ) -> str:
        """Return a connection string; the admin's where no role is given."""
        who = f"{role or self.admin}:{quote(password or self.password, safe='')}"
        return f"postgresql://{who}@{host}:{self.port}/{database}?{query or 'sslmode=require'}"

    def run(self, statement: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """Run one statement as admin and return its rows."""
        with psycopg.connect(self.url(database=database), autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def make_role(self, options: str = "login") -> tuple[str, str]:
        """Return name and password of a new role; `options` as in `create role`: `nologin`, `valid until '…'`."""
        name, password = f"role_{secrets.token_hex(4)}", secrets.token_urlsafe(12)
        words = sql.SQL("create role {} {} password {}").format(
            sql.Identifier(name),
            sql.SQL(options),
            sql.Literal(password),
        )
        self.run(words.as_string(None))
        return name, password

    def make_database(self) -> str:
        """Return the connection string of a new, empty database that its own new role owns."""
        role, password = self.make_role()
        database = f"db_{secrets.token_hex(4)}"
        self.run(f'create database "{database}" owner "{role}"')
        return self.url(role, password, database)

    def tables(self, database: str) -> list[str]:
        """Return the names of the tables in the public schema."""
        query = "select table_name from information_schema.tables where table_schema = 'public' order by 1"
        return [str(row[0]) for row in self.run(query, database)]


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """Start a server on a free port of 127.0.0.1."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    initdb = program("initdb", "postgresql", tuple(map(str, versions)))
    server, openssl = Path(initdb).with_name("postgres"), program("openssl", "openssl")
    user = _user()
    folder = Path(tempfile.mkdtemp(prefix="onboard-postgres-"))
    password = secrets.token_urlsafe(18)
    try:
        os.chown(folder, user.pw_uid, user.pw_gid)
        who = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if os.getuid() == 0 else {}
        secret = folder / "password"
        secret.write_text(password)
        os.chown(secret, user.pw_uid, user.pw_gid)
        data = folder / "data"
        options = ["--auth=scram-sha-256", f"--pwfile={secret}", "--no-sync", "--locale=C", "--encoding=UTF8"]
        _run([initdb, "-D", str(data), "-U", PostgresServer.admin, *options], folder, who)
        key, certificate = data / "server.key", data / "server.crt"
        request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
        files = ["-keyout", str(key), "-out", str(certificate), "-addext", f"subjectAltName={NAMES}"]
        _run([openssl, *request, *files], folder, who)
        port = free_port()
        settings = {"listen_addresses": "127.0.0.1", "port": str(port), "unix_socket_directories": str(folder)}
        settings |= {"ssl": "on", "fsync": "off", "max_connections": "60"}
        argv = [*with_us(str(server), "-D", str(data)), *(f"--{name}={value}" for name, value in settings.items())]
        with subprocess.Popen(argv, cwd=folder, stderr=subprocess.PIPE, text=True, **who) as process:  # type: ignore[call-overload]
            try:
                _ready(process)
                yield PostgresServer(port, password, certificate)
            finally:
                process.send_signal(signal.SIGINT)
                process.communicate(timeout=20)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _user() -> pwd.struct_passwd:
    """Return who runs the server: it refuses to be root."""
    if os.getuid() != 0:
        return pwd.getpwuid(os.getuid())
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    return missing("a user that is not root", "apt-get install postgresql")


def _run(argv: list[str], folder: Path, who: dict[str, object]) -> None:
    subprocess.run(argv, cwd=folder, check=True, capture_output=True, timeout=60, **who)  # type: ignore[call-overload]


def _ready(process: "subprocess.Popen[str]") -> None:
    assert process.stderr is not None
    seen = []
    for line in process.stderr:
        seen.append(line)
        if "ready to accept connections" in line:
            return
    raise AssertionError("PostgreSQL did not start:\n" + "".join(seen))
