"""Machine: all that is outside our process, in one object that is handed in and never reached for."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from onboard.errors import UsageError

if TYPE_CHECKING:
    from datetime import datetime

    from onboard.network import Network
    from onboard.process import Runner
    from onboard.vault import Vault

_AGENTS = ("CLAUDECODE", "CURSOR_AGENT", "GEMINI_CLI", "OPENCODE", "CLINE_ACTIVE", "ANTIGRAVITY_CLI_ALIAS")
"""Set by coding agents for their children; `CODEX_*` too. A hint, never a boundary."""


class Machine:
    """The environment, folders, vault, commands, network, browser and clock of one sitting.

    The expensive parts are made when they are first asked for, so that `check` never loads them.
    """

    def __init__(
        self,
        *,
        env: Mapping[str, str],
        home: Path,
        state: Path,
        config: Path,
        platform: str = sys.platform,
        terminal: bool = False,
        vault: Vault | None = None,
        open_url: Callable[[str], bool] | None = None,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        self.env = dict(env)
        self.home = home
        self.state = state
        """Ours, 0700: trust, choices, the last seen template. Never a secret."""
        self.config = config
        """The user's own settings: keymap, theme."""
        self.platform = platform
        """As `sys.platform`."""
        self.terminal = terminal
        """A person can be asked: stdin and stdout are a terminal, and no coding agent is at it."""
        self._vault = vault
        self._open_url = open_url
        self._now = now

    @classmethod
    def here(cls, *, agent: bool = False) -> Machine:
        """Return this machine. `agent`: `--agent` was given, so nobody is to be asked."""
        env = dict(os.environ)
        home = Path(env.get("HOME") or os.path.expanduser("~"))
        agent = agent or any(name in env for name in _AGENTS) or any(name.startswith("CODEX_") for name in env)
        return cls(
            env=env,
            home=home,
            state=state_folder(env, home),
            config=config_folder(env, home),
            terminal=not agent and all(s is not None and s.isatty() for s in (sys.stdin, sys.stdout, sys.stderr)),
        )

    @cached_property
    def vault(self) -> Vault:
        """Where secrets rest."""
        if self._vault is not None:
            return self._vault
        from onboard.vault import KeyringVault

        return KeyringVault(state=self.state, env=self.env)

    @cached_property
    def runner(self) -> Runner:
        """How commands are run."""
        from onboard.process import Runner

        return Runner(env=self.env)

    @cached_property
    def network(self) -> Network:
        """How services are asked."""
        from onboard.network import Network

        return Network(self.endpoints)

    @cached_property
    def endpoints(self) -> Mapping[str, str]:
        """Stand-ins by id, from the file that ONBOARD_ENDPOINTS names. Raises UsageError on anything not loopback."""
        return _endpoints(self.env.get("ONBOARD_ENDPOINTS", ""))

    @cached_property
    def stripe_arguments(self) -> tuple[str, ...]:
        """Arguments added to every Stripe CLI call, from ONBOARD_STRIPE_CLI_ARGS; only loopback URLs are taken."""
        return _stripe_arguments(self.env.get("ONBOARD_STRIPE_CLI_ARGS", ""))

    @property
    def stand_ins(self) -> bool:
        """Whether services are replaced by local stand-ins; said to the user as long as it is so."""
        return bool(self.endpoints or self.stripe_arguments)

    def now(self) -> datetime:
        """Return the time, with its zone."""
        from datetime import UTC, datetime

        return self._now() if self._now else datetime.now(UTC)

    @property
    def has_browser(self) -> bool:
        """Whether opening a page here reaches the person: not over SSH, in a container or without a display."""
        env = self.env
        if self._open_url is not None:
            return True
        if any(name in env for name in ("SSH_CONNECTION", "SSH_TTY", "REMOTE_CONTAINERS", "CODESPACES")):
            return False
        return self.platform in ("darwin", "win32") or any(
            n in env for n in ("DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME")
        )

    def open_url(self, url: str) -> bool:
        """Open `url` in the browser; `False`: it was not opened, show it. Only https pages and this machine's own."""
        from urllib.parse import urlsplit

        parts = urlsplit(url)
        if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost"):
            return False
        if not self.has_browser:
            return False
        if self._open_url is not None:
            return self._open_url(url)
        import webbrowser

        return webbrowser.open(url)


def state_folder(env: Mapping[str, str], home: Path) -> Path:
    """Return `$XDG_STATE_HOME/onboard` or what the OS has instead."""
    if value := env.get("XDG_STATE_HOME"):
        return Path(value) / "onboard"
    if sys.platform in ("darwin", "win32"):
        import platformdirs

        return Path(platformdirs.user_state_dir("onboard", appauthor=False))
    return home / ".local" / "state" / "onboard"


def config_folder(env: Mapping[str, str], home: Path) -> Path:
    """Return `$XDG_CONFIG_HOME/onboard` or what the OS has instead."""
    if value := env.get("XDG_CONFIG_HOME"):
        return Path(value) / "onboard"
    if sys.platform in ("darwin", "win32"):
        import platformdirs

        return Path(platformdirs.user_config_dir("onboard", appauthor=False))
    return home / ".config" / "onboard"


def is_loopback(url: str) -> bool:
    """Whether `url` is http(s) to this machine itself, without user info."""
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    return (
        parts.scheme in ("http", "https", "ws", "wss")
        and host in ("127.0.0.1", "localhost", "::1")
        and not parts.username
        and not parts.password
    )


def _endpoints(path: str) -> Mapping[str, str]:
    if not path:
        return {}
    import json

    try:
        found = json.loads(Path(path).read_bytes())
    except (OSError, ValueError):
        raise UsageError(
            "the file that ONBOARD_ENDPOINTS names cannot be read as JSON",
            "unset ONBOARD_ENDPOINTS to ask the real services",
        ) from None
    if not isinstance(found, dict) or not all(isinstance(v, str) for v in found.values()):
        raise UsageError("ONBOARD_ENDPOINTS must be a JSON object of ids and URLs")
    for name, url in found.items():
        if not is_loopback(url):
            raise UsageError(
                f"ONBOARD_ENDPOINTS sends {name[:40]!r} to another machine; only loopback addresses are taken",
                "a stand-in runs on 127.0.0.1",
            )
    return found


def _stripe_arguments(text: str) -> tuple[str, ...]:
    if not text.strip():
        return ()
    import shlex

    try:
        words = shlex.split(text)
    except ValueError:
        words = [""]
    expecting_url = False
    for word in words:
        flag, _, value = word.partition("=")
        if expecting_url:
            value, expecting_url = word, False
        elif not flag.startswith("--") or not flag.endswith(("-base", "-url")):
            raise UsageError("ONBOARD_STRIPE_CLI_ARGS takes only flags whose value is a loopback URL")
        elif not value:
            expecting_url = True
            continue
        if not is_loopback(value):
            raise UsageError("ONBOARD_STRIPE_CLI_ARGS names an address that is not on this machine")
    if expecting_url:
        raise UsageError("ONBOARD_STRIPE_CLI_ARGS ends with a flag that has no value")
    return tuple(words)
