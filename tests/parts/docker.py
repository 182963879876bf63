"""A private Docker engine, with images made here and without firewall rules, gone when its block ends."""

import io
import os
import shutil
import signal
import subprocess
import tarfile
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.parts import ROOT, missing, program, with_us

EMPTY, SLEEPER = "empty:1", "sleeper:1"
"""Images: nothing at all, and `sleep` with what it needs."""
_COMPOSE = ROOT / ".cache" / "envfile" / "docker-compose"


class Engine:
    """A running engine. `env` leads a `docker` there, with a `compose`."""

    def __init__(self, folder: Path) -> None:
        self.docker = program("docker", "docker.io")
        self.env = {"DOCKER_HOST": f"unix://{folder}/docker.sock", "DOCKER_CONFIG": str(folder / "config")}
        self._flags = [f"--config={folder}/config", f"--host=unix://{folder}/docker.sock"]

    def run(
        self, *words: str, env: Mapping[str, str] | None = None, stdin: bytes = b""
    ) -> "subprocess.CompletedProcess[bytes]":
        """Run `docker`; `env` is all that it gets."""
        argv = [self.docker, *self._flags, *words]
        return subprocess.run(argv, env=dict(env or {}), input=stdin, capture_output=True, timeout=60, check=False)

    def make(self, image: str, programs: Sequence[str] = ()) -> None:
        """Make an image of programs of this machine and the libraries that they name."""
        files = set(programs)
        for path in programs:
            named = subprocess.run(["ldd", path], capture_output=True, text=True, check=True).stdout
            files |= {word for word in named.split() if word.startswith("/")}
        text = io.BytesIO()
        with tarfile.open(fileobj=text, mode="w", dereference=True) as tar:
            tar.addfile(tarfile.TarInfo("nothing"))
            for path in sorted(files):
                tar.add(path)
        done = self.run("import", "-", image, stdin=text.getvalue())
        assert done.returncode == 0, done.stderr

    def clear(self) -> None:
        """Remove all containers, and the networks that none uses."""
        if ids := self.run("ps", "--all", "--quiet").stdout.decode().split():
            self.run("rm", "--force", *ids)
            self.run("network", "prune", "--force")


@contextmanager
def docker_engine() -> Iterator[Engine]:
    """Start an engine of its own, with both images."""
    dockerd = program("dockerd", "docker.io", ("/usr/sbin",))
    if os.getuid() != 0:
        missing("the right to start a Docker engine", "running as root")
    if not _COMPOSE.exists():
        missing("the compose plugin", "tests/envfile/install.sh")
    folder = Path(tempfile.mkdtemp(prefix="onboard-docker-"))
    (folder / "config/cli-plugins").mkdir(parents=True)
    (folder / "config/cli-plugins/docker-compose").symlink_to(_COMPOSE)
    places = [f"--{name}={folder}/{name}" for name in ("data-root", "exec-root", "pidfile")]
    alone = ["--iptables=false", "--ip6tables=false", "--bridge=none", "--storage-driver=vfs"]
    argv = with_us(dockerd, f"--host=unix://{folder}/docker.sock", *places, *alone)
    with subprocess.Popen(argv, cwd=folder, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        seen: list[str] = []
        for line in process.stderr:
            seen.append(line)
            if "API listen on" in line:
                break
        else:
            # No set-up brings this: a machine lets an engine run, or it does not.
            pytest.skip(
                f"a Docker engine may not run on this machine: {seen[-1].strip() if seen else 'it said nothing'}"
            )
        reader = threading.Thread(target=seen.extend, args=(process.stderr,))
        reader.start()
        engine = Engine(folder)
        try:
            engine.make(EMPTY)
            engine.make(SLEEPER, ["/usr/bin/sleep"])
            yield engine
        finally:
            engine.clear()
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=30)
            reader.join()
            shutil.rmtree(folder, ignore_errors=True)
