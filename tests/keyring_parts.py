"""The real gnome-keyring on a bus of its own, and buses that never answer.

A fixture gives the environment in which a keyring is to be found; nothing of the machine's own session is touched.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import pytest

PASSWORD = "login-password"


def need(*tools: str) -> None:
    """Skip where a real part is missing, saying which; under CI that is a failure."""
    missing = [tool for tool in tools if shutil.which(tool) is None]
    if missing:
        told = f"needs {', '.join(missing)} (Debian: gnome-keyring, dbus)"
        if os.environ.get("CI"):
            pytest.fail(told)
        pytest.skip(told)


@dataclass
class Bus:
    """A session bus of its own with, maybe, a gnome-keyring on it."""

    home: Path
    address: str
    process: subprocess.Popen[bytes]
    daemons: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def env(self) -> dict[str, str]:
        """The environment in which it is the session's bus."""
        run = self.home / "run"
        run.mkdir(mode=0o700, exist_ok=True)
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "XDG_RUNTIME_DIR": str(run),
            "DBUS_SESSION_BUS_ADDRESS": self.address,
        }

    def start_keyring(self, *, unlocked: bool = True) -> None:
        """Start the daemon; `unlocked` makes the login collection at its first start."""
        daemon = subprocess.Popen(
            ["gnome-keyring-daemon", "--foreground", "--components=secrets", *(["--unlock"] if unlocked else [])],
            env=self.env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self.daemons.append(daemon)
        assert daemon.stdin is not None
        if unlocked:
            daemon.stdin.write(PASSWORD.encode())
        daemon.stdin.close()
        until = time.monotonic() + 20
        while b"true" not in self._said("NameHasOwner", "string:org.freedesktop.secrets"):
            assert time.monotonic() < until
            time.sleep(0.01)

    def _said(self, method: str, *words: str) -> bytes:
        name = "org.freedesktop.DBus"
        send = ["dbus-send", "--session", "--print-reply", f"--dest={name}", "/org/freedesktop/DBus"]
        done = subprocess.run([*send, f"{name}.{method}", *words], env=self.env, capture_output=True, timeout=20)
        return done.stdout

    def kill_keyring(self) -> None:
        """End the daemons as a crash would."""
        for daemon in self.daemons:
            daemon.kill()
            daemon.wait()
            _close(daemon.stdout)
        self.daemons.clear()


def _close(pipe: IO[bytes] | None) -> None:
    if pipe is not None:
        pipe.close()


@contextlib.contextmanager
def bus(home: Path) -> Iterator[Bus]:
    """Give a bus on which no service is ever started by itself."""
    need("dbus-daemon", "gnome-keyring-daemon", "dbus-send")
    home.mkdir(parents=True, exist_ok=True)
    config = home / "bus.conf"
    config.write_text(
        '<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"'
        ' "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">'
        "<busconfig><type>session</type><listen>unix:tmpdir=/tmp</listen><auth>EXTERNAL</auth>"
        '<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/>'
        '<allow own="*"/></policy></busconfig>'
    )
    process = subprocess.Popen(
        ["dbus-daemon", f"--config-file={config}", "--nofork", "--print-address"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdout is not None
    made = Bus(home, process.stdout.readline().decode().strip(), process)
    try:
        yield made
    finally:
        made.kill_keyring()
        process.kill()
        process.wait()
        process.stdout.close()


@contextlib.contextmanager
def keyring(home: Path, *, unlocked: bool = True) -> Iterator[Bus]:
    """Give a bus with a gnome-keyring; where not `unlocked`, its login collection exists and is locked."""
    with bus(home) as made:
        made.start_keyring()
        if not unlocked:
            _store_something(made)
            made.kill_keyring()
            made.start_keyring(unlocked=False)
        yield made


def _store_something(made: Bus) -> None:
    need("secret-tool")
    subprocess.run(
        ["secret-tool", "store", "--label=x", "a", "b"], env=made.env, input=b"value", check=True, timeout=20
    )


MUTE_AT = ("connect", "authentication", "hello")
"""Where a mute bus stops answering."""


@contextlib.contextmanager
def mute_bus(folder: Path, stage: str) -> Iterator[dict[str, str]]:
    """Give the environment of a bus that goes silent: it does not accept, not authenticate, or not greet."""
    path = folder / "mute"
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(path))
    server.listen(8)
    open_ones: list[socket.socket] = []

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = server.accept()
                open_ones.append(connection)
                if stage == "hello":
                    threading.Thread(target=_authenticate, args=(connection,), daemon=True).start()

    if stage != "connect":
        threading.Thread(target=serve, daemon=True).start()
    try:
        yield {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "DBUS_SESSION_BUS_ADDRESS": f"unix:path={path}",
        }
    finally:
        with contextlib.suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)
        server.close()
        for connection in open_ones:
            connection.close()


def _authenticate(connection: socket.socket) -> None:
    """Answer as far as BEGIN, then nothing."""
    heard = b""
    with contextlib.suppress(OSError):
        while data := connection.recv(4096):
            heard += data
            while b"\r\n" in heard:
                line, _, heard = heard.partition(b"\r\n")
                line = line.lstrip(b"\0")
                if line.startswith(b"AUTH"):
                    connection.sendall(b"OK 0123456789abcdef0123456789abcdef\r\n")
                elif line.startswith(b"NEGOTIATE"):
                    connection.sendall(b"AGREE_UNIX_FD\r\n")
