"""The demo: a sample project in a folder of its own, its services as stand-ins, its tools as small scripts.

Nothing of the person's own is read or written: home, state, keyring and PATH are the demo's, and all of it is removed
at the end. What a killed demo left behind is removed by the next one.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import socket
import sys
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from onboard.machine import Machine, config_folder, state_folder
from onboard.model import Secret
from onboard.sandbox.served import Served, StandIn, serve
from onboard.sandbox.standins.anthropic import AnthropicStandIn
from onboard.sandbox.standins.brevo import BrevoStandIn
from onboard.sandbox.standins.neon import NeonStandIn
from onboard.sandbox.standins.printful import PrintfulStandIn
from onboard.sandbox.standins.stripe import StripeStandIn
from onboard.sandbox.standins.upstash import UpstashStandIn
from onboard.stores import MemoryStore
from onboard.vault import StoreVault
from onboard.which import find

if TYPE_CHECKING:
    from onboard.session import Session

PROJECT = Path(__file__).with_name("project")
"""WavePoint, as it is cloned; the tests use the same folder."""

TOOLS = ("node", "pnpm", "stripe")
_PREFIX = "onboard-demo-"
_KEPT = ("TERM", "COLORTERM", "NO_COLOR", "FORCE_COLOR", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "TZ")
_KEPT_WINDOWS = ("SYSTEMROOT", "SYSTEMDRIVE", "COMSPEC", "PATHEXT", "TEMP", "TMP")
_REMOTE = "https://github.com/wavepoint-example/wavepoint.git"


class Demo:
    """A sample project ready to be onboarded. A context manager; everything is gone when it ends."""

    banner = "demo: stand-ins on this machine, nothing leaves it"

    def __init__(self, machine: Machine | None = None, *, port: int = 3000) -> None:
        """Take the machine that it runs on, and the port that the sample app wants; where it is taken, any other."""
        self._outer = machine or Machine.here()
        self._wanted = port
        self._end = ExitStack()
        self.stripe = StripeStandIn("WavePoint (demo)")
        self.neon = NeonStandIn()
        self.upstash = UpstashStandIn()
        self.printful = PrintfulStandIn()
        self.anthropic = AnthropicStandIn()
        self.brevo = BrevoStandIn()
        self.served: dict[type[StandIn], Served] = {}
        """What is served, by the stand-in's class."""

    def __enter__(self) -> Demo:
        _sweep()
        self.folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-")).resolve()
        """All of the demo: `wavepoint` (the clone), `home`, `bin`."""
        self._end.callback(shutil.rmtree, self.folder, ignore_errors=True)
        try:
            self._make()
        except BaseException:
            self._end.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end.close()

    @property
    def values(self) -> Mapping[str, Secret]:
        """What a person would find on the services' pages, by variable name."""
        texts = {
            "DATABASE_URL": self.neon.url(),
            "UPSTASH_REDIS_REST_URL": self.upstash.url,
            "UPSTASH_REDIS_REST_TOKEN": self.upstash.token,
            "STRIPE_SECRET_KEY": self.stripe.secret_key,
            "NEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY": self.stripe.publishable_key,
            "PRINTFUL_API_KEY": self.printful.token,
            "ANTHROPIC_API_KEY": self.anthropic.api_key,
            "BREVO_API_KEY": self.brevo.api_key,
        }
        return {name: Secret(text) for name, text in texts.items()}

    def machine(self) -> Machine:
        """Return the machine as the demo has it: its own home, PATH and stand-ins, and a vault in memory."""
        state = state_folder(self.env, self.home)
        return Machine(
            env=self.env,
            home=self.home,
            state=state,
            config=config_folder(self.env, self.home),
            platform=self._outer.platform,
            terminal=self._outer.terminal,
            vault=StoreVault(self._store, state),
            open_url=lambda url: False,
        )

    def session(self) -> Session:
        """Return a sitting at the sample project. A second one finds what the first left."""
        from onboard.session import Session

        return Session.open(self.machine(), self.root)

    def _make(self) -> None:
        for stand_in in (self.stripe, self.neon, self.upstash, self.printful, self.anthropic, self.brevo):
            self.served[type(stand_in)] = self._end.enter_context(serve(stand_in))
        self._store = MemoryStore()
        self.root = self.folder / "wavepoint"
        shutil.copytree(PROJECT, self.root, ignore=shutil.ignore_patterns("node_modules", ".next", ".env.local"))
        _clone(self.root)
        self.port = _free(self._wanted)
        if self.port != 3000:
            _move(self.root, self.port)
        self.home = self.folder / "home"
        tools = self.folder / "bin"
        for folder in (self.home, tools):
            folder.mkdir(mode=0o700)
        endpoints = self.folder / "endpoints.json"
        endpoints.write_text(json.dumps({k: v for served in self.served.values() for k, v in served.endpoints.items()}))
        for name in TOOLS:
            _script(tools, name, endpoints)
        if git := find("git", path=self._outer.env.get("PATH", os.defpath), root=None).path:
            _script(tools, "git", endpoints, program=git)
        self.env = {name: value for name in _KEPT if (value := self._outer.env.get(name)) is not None}
        if self._outer.platform == "win32":
            self.env |= {name: self._outer.env[name] for name in _KEPT_WINDOWS if name in self._outer.env}
        self.env |= {
            "PATH": str(tools),
            "HOME": str(self.home),
            "USERPROFILE": str(self.home),
            "XDG_STATE_HOME": str(self.home / "state"),
            "XDG_CONFIG_HOME": str(self.home / "config"),
            "XDG_DATA_HOME": str(self.home / "data"),
            "XDG_CACHE_HOME": str(self.home / "cache"),
            "ONBOARD_ENDPOINTS": str(endpoints),
            "ONBOARD_STRIPE_CLI_ARGS": f"--api-base {self.served[StripeStandIn].url}",
        }


def _script(folder: Path, name: str, endpoints: Path, program: Path | None = None) -> None:
    """Write a program into the demo's PATH: a tool of ours, or a real one under its own name."""
    words = [str(program)] if program else [sys.executable, "-I", "-m", "onboard.sandbox.tools", str(endpoints), name]
    if sys.platform == "win32":
        quoted = " ".join(f'"{word}"' for word in words)
        (folder / f"{name}.cmd").write_text(f"@{quoted} %*\r\n")
        return
    file = folder / name
    file.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n')
    file.chmod(0o700)


def _clone(root: Path) -> None:
    """Make `root` look freshly cloned, with no need for git."""
    for folder in ("objects/info", "objects/pack", "refs/heads"):
        (root / ".git" / folder).mkdir(parents=True)
    (root / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    config = f'[core]\n\trepositoryformatversion = 0\n\tbare = false\n[remote "origin"]\n\turl = {_REMOTE}\n'
    (root / ".git" / "config").write_text(config)


def _free(wanted: int) -> int:
    """Return `wanted` where it is free, else any port that is."""
    for port in (wanted, 0):
        with socket.socket() as trial, suppress(OSError):
            trial.bind(("127.0.0.1", port))
            return int(trial.getsockname()[1])
    raise OSError("no port is free on this machine")


def _move(root: Path, port: int) -> None:
    """Let the sample project live on another port, as a person with a busy 3000 would write it."""
    for name in ("package.json", ".env.local.example"):
        file = root / name
        text = file.read_text("utf-8").replace("localhost:3000", f"localhost:{port}")
        file.write_text(text.replace('"dev": "next dev"', f'"dev": "next dev -p {port}"'), "utf-8")


def _sweep() -> None:
    """Remove what demos left behind whose process is gone."""
    if sys.platform == "win32":
        return  # there, asking for a process by its number may end it
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        number = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if folder.is_symlink() or not number.isdigit():
            continue
        with suppress(OSError):
            if folder.stat().st_uid != os.getuid():
                continue
            try:
                os.kill(int(number), 0)
            except ProcessLookupError:
                shutil.rmtree(folder, ignore_errors=True)
