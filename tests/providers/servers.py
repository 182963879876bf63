"""Real PostgreSQL and Redis servers of the tests' own: private folders, free ports, ended with the tests."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from tests.parts.ports import free_port

POSTGRES = sorted(Path("/usr/lib/postgresql").glob("*/bin")) if Path("/usr/lib/postgresql").is_dir() else []
REDIS = shutil.which("redis-server")


class PostgresServer:
    """A server with TLS and SCRAM, its settings changeable while it runs."""

    user, password, database = "wave", "w@ve#pass/1?", "wavepoint"

    def __init__(self, folder: Path, programs: Path) -> None:
        self.folder, self.programs, self.port = folder, programs, free_port()
        self.ca = folder / "ca.crt"

    def url(self, **changes: str) -> str:
        """Return a connection string; `changes` replace `user`, `password`, `host`, `port`, `database`, `query`."""
        parts = {
            "user": self.user,
            "password": quote(self.password, safe=""),
            "host": "127.0.0.1",
            "port": str(self.port),
            "database": self.database,
            "query": "",
        } | changes
        return "postgresql://{user}:{password}@{host}:{port}/{database}{query}".format(**parts)

    def _as_user(self, *command: str, env: dict[str, str] | None = None) -> str:
        runner = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        done = subprocess.run(
            [*runner, *command], capture_output=True, text=True, cwd="/", env={**os.environ, **(env or {})}, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{command[0]}: {done.stderr}{done.stdout}")
        return done.stdout

    def make(self) -> None:
        """Create the cluster, a certificate for localhost, a role and a database."""
        data = self.folder / "data"
        (self.folder / "pw").write_text("admin")
        certificate(self.folder / "ca.key", self.ca)
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres")
            for file in self.folder.iterdir():
                shutil.chown(file, "postgres")
        (self.folder / "ca.key").chmod(0o600)
        initdb = str(self.programs / "initdb")
        self._as_user(
            initdb, "-D", str(data), "-U", "admin", "--auth=scram-sha-256", f"--pwfile={self.folder}/pw", "--no-sync"
        )
        with (data / "postgresql.conf").open("a") as conf:
            conf.write(
                f"port={self.port}\nlisten_addresses='127.0.0.1'\nunix_socket_directories='{self.folder}'\nfsync=off\n"
                f"ssl=on\nssl_cert_file='{self.ca}'\nssl_key_file='{self.folder}/ca.key'\nlog_statement=all\n"
            )
        self.start()
        password = self.password.replace("'", "''")
        self.sql(f"create role {self.user} login password '{password}'")
        self.sql(f"create database {self.database} owner {self.user}")

    def start(self) -> None:
        """Start and wait until it answers."""
        self._control("start")

    def stop(self, mode: str = "immediate") -> None:
        """Stop it; with `smart` it only begins to, as long as somebody is connected."""
        self._control("stop", "-m", mode, *(["-W"] if mode == "smart" else []))

    def _control(self, verb: str, *more: str) -> None:
        # -w waits; -l, or the server would hold our end of the pipe open.
        control = str(self.programs / "pg_ctl")
        wait = [] if "-W" in more else ["-w"]
        self._as_user(control, verb, "-D", str(self.folder / "data"), "-l", str(self.folder / "log"), *wait, *more)

    def sql(self, statement: str) -> None:
        """Run one statement as the administrator."""
        psql = str(self.programs / "psql")
        env = {"PGPASSWORD": "admin"}
        self._as_user(
            psql,
            "-h",
            str(self.folder),
            "-p",
            str(self.port),
            "-U",
            "admin",
            "-d",
            "postgres",
            "-qc",
            statement,
            env=env,
        )

    @contextmanager
    def setting(self, **settings: str) -> Iterator[None]:
        """Run the block with other server settings."""
        for name, value in settings.items():
            self.sql(f"alter system set {name} = '{value}'")
        self.sql("select pg_reload_conf(), pg_sleep(0.2)")
        try:
            yield
        finally:
            self.sql("alter system reset all")
            self.sql("select pg_reload_conf(), pg_sleep(0.2)")


def certificate(key: Path, crt: Path) -> None:
    """Write a self-signed certificate for localhost and 127.0.0.1, and its key."""
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *names]
    subprocess.run([*command, "-keyout", str(key), "-out", str(crt)], capture_output=True, check=True)


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """Run a private PostgreSQL until the block ends."""
    with tempfile.TemporaryDirectory(prefix="onboard-pg-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        server = PostgresServer(Path(folder), POSTGRES[-1])
        try:
            server.make()
            yield server
        finally:
            server.stop()


class RedisServer:
    """A server with a password."""

    def __init__(self, port: int, password: str, process: subprocess.Popen[bytes]) -> None:
        self.port, self.password, self.process = port, password, process

    def url(self, user: str = "", password: str | None = None, host: str = "127.0.0.1", database: str = "") -> str:
        """Return its address."""
        password = self.password if password is None else password
        login = f"{user}:{quote(password, safe='')}@" if user or password else ""
        return f"redis://{login}{host}:{self.port}{database}"

    def command(self, *words: str) -> bytes:
        """Send one command as the administrator and return the raw answer."""
        with self.connection() as connection:
            connection.sendall(packed(*words))
            return connection.recv(65536)

    def connection(self) -> socket.socket:
        """Return a connection that is logged in; waits until the server has a place for it."""
        deadline = time.monotonic() + 10
        while True:
            connection = socket.create_connection(("127.0.0.1", self.port), timeout=5)
            try:
                connection.sendall(packed("AUTH", self.password))
                answer = connection.recv(100)
            except ConnectionError:
                answer = b""
            if answer == b"+OK\r\n":
                return connection
            connection.close()
            assert time.monotonic() < deadline, answer


def packed(*words: str) -> bytes:
    """Return one command in RESP."""
    parts = [f"${len(word.encode())}\r\n{word}\r\n" for word in words]
    return (f"*{len(words)}\r\n" + "".join(parts)).encode()


@contextmanager
def redis_server(*options: str, password: str = "r3dis-p@ss-word") -> Iterator[RedisServer]:
    """Run a private Redis until the block ends."""
    assert REDIS
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="onboard-redis-") as folder:
        command = [REDIS, "--port", str(port), "--dir", folder, "--save", "", *options]
        command += ["--requirepass", password] if password else []
        if "--bind" not in options:
            command += ["--bind", "127.0.0.1"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            deadline = time.monotonic() + 10
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port), timeout=1).close()
                    break
                except OSError:
                    assert time.monotonic() < deadline, "redis-server did not start"
                    assert process.poll() is None, "redis-server ended"
            yield RedisServer(port, password, process)
        finally:
            process.terminate()
            process.wait(10)
