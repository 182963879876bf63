"""With what a remote place is asked: a token of the project's own, else the login of the service's own CLI."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from onboard import providers, remotes
from onboard.checks._base import View
from onboard.errors import ProcessError
from onboard.model import Secret

_LARGEST = 64 << 10
_PATIENCE = 8.0
"""Seconds for gh, whose own keyring may hang."""
_FOR_GH = ("GH_CONFIG_DIR", "DBUS_SESSION_BUS_ADDRESS")


@dataclass(frozen=True, slots=True)
class Login:
    """A token, or why there is none."""

    token: Secret | None
    source: str
    """What it is: a variable's name, or whose login."""
    help: str = ""
    """Where there is none: what would bring one. A command."""


def vercel(view: View, *, linked: bool) -> Login:
    """Return the token to ask Vercel with. The CLI's login is read only where the folder is linked."""
    own = _own(view, "vercel", "VERCEL_TOKEN")
    if own is not None or not linked:
        return own or Login(None, "there is no VERCEL_TOKEN, and the folder is not linked", "vercel link")
    folder = _data(view) / "com.vercel.cli"
    stored = _json(folder / "auth.json")
    storage = view.machine.env.get("VERCEL_TOKEN_STORAGE") or _json(folder / "config.json").get("credStorage")
    token, ends = stored.get("token"), stored.get("expiresAt")
    if storage == "keyring":
        return Login(None, "the Vercel CLI keeps its login in a keyring of its own", "onboard set VERCEL_TOKEN")
    if not isinstance(token, str) or not token:
        return Login(None, "there is no VERCEL_TOKEN, and the Vercel CLI is not signed in", "vercel login")
    if isinstance(ends, (int, float)) and ends <= view.machine.now().timestamp() + 5:
        # Only the CLI renews it: whoever else did would end the CLI's own login.
        return Login(None, "the Vercel CLI's login has run out; any command of it renews it", "vercel whoami")
    return Login(Secret(token), remotes.VERCEL_LOGIN)


async def github(view: View) -> Login:
    """Return the token to ask GitHub with. For a repository at github.com only."""
    own = _own(view, "github", "GITHUB_TOKEN", "GH_TOKEN")
    if own is not None:
        return own
    gh = view.machine.runner.find("gh", root=Path(view.project.root)).path
    if gh is None:
        return Login(None, "there is no GITHUB_TOKEN, and no gh that could be signed in", "onboard set GITHUB_TOKEN")
    env = {name: view.machine.env[name] for name in _FOR_GH if name in view.machine.env}
    env |= {"GH_PROMPT_DISABLED": "1", "GH_NO_UPDATE_NOTIFIER": "1"}
    argv = (str(gh), "auth", "token", "--hostname", "github.com")
    try:
        done = await view.machine.runner.run(argv, cwd=view.machine.home, env=env, timeout=_PATIENCE)
    except ProcessError as error:
        return Login(None, error.message, "gh auth status")
    token = done.out.strip()
    if done.code != 0 or not re.fullmatch(r"[\x21-\x7e]{20,2000}", token):
        why = "gh did not answer" if done.timed_out else "there is no GITHUB_TOKEN, and gh is not signed in"
        return Login(None, why, "gh auth login")
    return Login(Secret(token), remotes.GITHUB_LOGIN)


def _own(view: View, id: str, *usual: str) -> Login | None:
    """Return the project's own token, of its variables before the keyring; one that looks wrong is not sent."""
    provider = providers.provider(id)
    declared = [n for s in view.services if s.provider.id == id for n, key in s.keys.items() if key == "token"]
    held = view.held()
    for name in dict.fromkeys((*declared, *usual)):
        stored = (view.stored or {}).get(name)
        value = held[name].value if name in held else stored.value if stored else None
        if value is not None and provider.shape(provider.key("token"), value.reveal()).fits:
            return Login(value, name)
    return None


def _data(view: View) -> Path:
    """Return the folder in which the OS keeps programs' data, as the Vercel CLI finds it."""
    env, home = view.machine.env, view.machine.home
    if folder := env.get("XDG_DATA_HOME"):
        return Path(folder)
    if view.machine.platform == "darwin":
        return home / "Library" / "Application Support"
    if view.machine.platform == "win32":
        return Path(env.get("APPDATA") or home / "AppData" / "Roaming") / "xdg.data"
    return home / ".local" / "share"


def _json(path: Path) -> Mapping[str, object]:
    """Return the object in a file of the user's own; empty where there is none."""
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except OSError:
        return {}
    with os.fdopen(handle, "rb") as file:
        try:
            found = json.loads(file.read(_LARGEST))
        except (OSError, ValueError, RecursionError):
            return {}
    return found if isinstance(found, dict) else {}
