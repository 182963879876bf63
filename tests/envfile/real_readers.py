"""The real readers of env files, each behind one call; `tests/envfile/install.sh` puts them into `.cache/envfile`."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from tests.parts.docker import EMPTY, Engine, docker_engine

ROOT = Path(__file__).parents[2]
CACHE = ROOT / ".cache" / "envfile"
HERE = Path(__file__).parent
ENVIRON = {"HOME": "/home/dev", "USER": "dev", "EMPTY_ONE": ""}
"""The process environment that every reader, real or modelled, is given."""

Outcome = dict[str, str] | None
"""Name to value, or `None` where the reader refused the file."""

NODE_READERS = {
    "next": ("node24", "next"),
    "vite": ("node24", "vite"),
    "node22": ("node22", "node"),
    "node24": ("node24", "node"),
    "node20": ("node20", "node"),
    "dotenv": ("node24", "dotenv"),
    "dotenv-expand": ("node24", "dotenv-expand"),
    "dotenvx": ("node24", "dotenvx"),
}


class Missing(Exception):
    """A real reader is not installed; says which and what installs it."""


class RealReaders:
    """Starts each real reader when it is first asked and keeps it: one long-lived process for each node."""

    def __init__(self) -> None:
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._folder = Path(tempfile.mkdtemp(prefix="onboard-real-"))
        self._ends = ExitStack()
        self._engine: Engine | None = None

    def close(self) -> None:
        for process in self._processes.values():
            assert process.stdin is not None
            process.stdin.close()
            process.wait(timeout=10)
            if process.stdout is not None:
                process.stdout.close()
        self._ends.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def read(self, reader: str, data: bytes, environ: Mapping[str, str] = ENVIRON) -> Outcome:
        """Return what the real `reader` makes of `data`."""
        return self.read_many(reader, [data], environ)[0]

    def read_many(self, reader: str, files: Sequence[bytes], environ: Mapping[str, str] = ENVIRON) -> list[Outcome]:
        """Return what the real `reader` makes of each of `files`."""
        if reader in NODE_READERS:
            return [self._node(*NODE_READERS[reader], data, environ) for data in files]
        if reader == "python-dotenv":
            return self._python(files, environ)
        if reader == "bash":
            return [self._bash(data, environ) for data in files]
        if reader == "bun":
            return [self._bun(data, environ) for data in files]
        if reader == "docker-run":
            return self._docker_run(files, environ)
        if reader == "compose":
            return self._compose(files, environ)
        raise KeyError(reader)

    def _node(self, node: str, reader: str, data: bytes, environ: Mapping[str, str]) -> Outcome:
        process = self._processes.get(node)
        if process is None:
            binary = CACHE / "node" / "node_modules" / node / "bin" / "node"
            if not binary.exists():
                raise Missing(f"{node} is not installed: run tests/envfile/install.sh")
            process = self._processes[node] = subprocess.Popen(
                [str(binary), str(HERE / "node" / "readers.mjs"), str(CACHE / "node")],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={"PATH": "/nonexistent", "HOME": str(self._folder), "TMPDIR": str(self._folder)},
                cwd=self._folder,
            )
        assert process.stdin is not None
        assert process.stdout is not None
        request = {"id": 1, "reader": reader, "text": base64.b64encode(data).decode(), "environ": dict(environ)}
        process.stdin.write(json.dumps(request).encode() + b"\n")
        process.stdin.flush()
        reply = json.loads(process.stdout.readline())
        if "refused" in reply:
            return None
        return {name: base64.b64decode(value).decode() for name, value in reply["values"]}

    def _python(self, files: Sequence[bytes], environ: Mapping[str, str]) -> list[Outcome]:
        code = (
            "import sys, json, base64, dotenv\n"
            "for line in sys.stdin:\n"
            "    open('f.env', 'wb').write(base64.b64decode(line))\n"
            "    try: print(json.dumps(dotenv.dotenv_values('f.env')))\n"
            "    except UnicodeDecodeError: print('null')\n"
        )
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-X", "utf8", "-c", code],
            input=b"".join(base64.b64encode(data) + b"\n" for data in files),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=dict(environ),
            cwd=self._folder,
            check=True,
        )
        outcomes: list[Outcome] = []
        for line in done.stdout.splitlines():
            values = json.loads(line)
            outcomes.append(None if values is None else {k: v for k, v in values.items() if v is not None})
        return outcomes

    def _bash(self, data: bytes, environ: Mapping[str, str]) -> Outcome:
        """Only for files that run no command: a shell does what it reads."""
        bash = shutil.which("bash")
        if bash is None:
            raise Missing("bash is not installed")
        (self._folder / "sourced").write_bytes(data)
        dump = self._folder / "dump"
        with dump.open("wb") as out:
            done = subprocess.run(
                [bash, "--norc", "--noprofile", "-c", "set -a; . ./sourced; exec /usr/bin/env -0"],
                stdout=out,
                stderr=subprocess.PIPE,
                stdin=subprocess.DEVNULL,
                env={**environ, "PATH": "/nonexistent"},
                cwd=self._folder,
                timeout=20,
            )
        values: dict[str, str] = {}
        for entry in dump.read_bytes().split(b"\0")[:-1]:
            key, _, text = entry.partition(b"=")
            values[key.decode()] = text.decode(errors="surrogateescape")
        for own in ("PATH", "PWD", "OLDPWD", "SHLVL", "_", *environ):
            values.pop(own, None)
        return None if done.stderr or done.returncode else values

    def _bun(self, data: bytes, environ: Mapping[str, str]) -> Outcome:
        """It reads env files at its start alone."""
        binary = CACHE / "node" / "node_modules" / "bun" / "bin" / "bun"
        if not binary.exists():
            raise Missing("Bun is not installed: run tests/envfile/install.sh")
        (self._folder / "bun.env").write_bytes(data)
        done = subprocess.run(
            [str(binary), "--env-file=bun.env", str(HERE / "node" / "env.mjs")],
            stdout=subprocess.PIPE,
            env=dict(environ),
            cwd=self._folder,
            timeout=20,
            check=True,
        )
        values: dict[str, str] = json.loads(done.stdout)
        return {name: value for name, value in values.items() if name not in environ}

    def _docker_run(self, files: Sequence[bytes], environ: Mapping[str, str]) -> list[Outcome]:
        """As far as the container that is made: what it is started with is what it then has."""
        engine = self._engine = self._engine or self._ends.enter_context(docker_engine())
        outcomes: list[Outcome] = []
        for data in files:
            (self._folder / "docker.env").write_bytes(data)
            made = engine.run(
                "create", f"--env-file={self._folder}/docker.env", "--name=reads", EMPTY, "nothing", env=environ
            )
            if made.returncode:
                outcomes.append(None)
                continue
            told = engine.run("inspect", "--format={{json .Config.Env}}", "reads").stdout
            engine.run("rm", "reads")
            outcomes.append(dict(entry.split("=", 1) for entry in json.loads(told) or ()))
        return outcomes

    def _compose(self, files: Sequence[bytes], environ: Mapping[str, str]) -> list[Outcome]:
        binary = CACHE / "docker-compose"
        if not binary.exists():
            raise Missing("the docker compose plugin is not installed: run tests/envfile/install.sh")
        folder = self._folder / "compose"
        folder.mkdir(exist_ok=True)
        services = []
        for number, data in enumerate(files):
            (folder / f"f{number}.env").write_bytes(data)
            services.append(f"  s{number}:\n    image: x\n    env_file: [f{number}.env]\n")
        (folder / "compose.yaml").write_text("name: x\nservices:\n" + "".join(services))
        done = subprocess.run(
            [str(binary), "config", "--format", "json"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**environ, "PATH": "/nonexistent"},
            cwd=folder,
        )
        if done.returncode == 0:
            read = json.loads(done.stdout)["services"]
            environments = [read[f"s{number}"].get("environment") or {} for number in range(len(files))]
            return [{k: v.replace("$$", "$") for k, v in values.items()} for values in environments]
        if len(files) == 1:
            return [None]
        half = len(files) // 2
        return self._compose(files[:half], environ) + self._compose(files[half:], environ)
