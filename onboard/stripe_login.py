"""Stripe's keys from its CLI: of the login that there is, or after a new one in the browser."""

from __future__ import annotations

import json
import shlex
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from onboard.checks._base import View
from onboard.clean import line
from onboard.errors import NeedsPerson, OnboardError, ProcessError
from onboard.listeners import CHILD_ENV, Stripe, why_not
from onboard.machine import is_loopback
from onboard.model import Event, Secret, Status
from onboard.process import Done

_KEYS_PAGE = "https://dashboard.stripe.com/test/apikeys"
_PATIENCE = 300.0
"""Seconds for a person to approve the login in the browser."""
_EXPIRY = "Its test key ends 90 days after the login"


def ways(view: View) -> tuple[tuple[str, str, str], ...]:
    """Return id, title and note of what the Stripe CLI of this machine offers; none where it is not there."""
    if view.machine.runner.find("stripe", root=Path(view.project.root)).path is None:
        return ()
    login = (
        "stripe.login",
        "test keys by signing in at Stripe",
        f"Opens a page of Stripe where you compare a code and choose the account. {_EXPIRY}; it costs nothing.",
    )
    if not _config(view).is_file():
        return (login,)
    there = (
        "stripe.cli",
        "the test keys of the Stripe CLI's login",
        f"Reads them from the login on this machine; makes nothing. {_EXPIRY}.",
    )
    return there, login


def _config(view: View) -> Path:
    folder = view.machine.env.get("XDG_CONFIG_HOME") or str(view.machine.home / ".config")
    return Path(folder) / "stripe" / "config.toml"


async def keys(view: View, *, log_in: bool, tell: Callable[[Event], None]) -> Mapping[str, Secret]:
    """Return the CLI's test keys by key id (`secret`, maybe `publishable`); with `log_in`, after a new login.

    Raises ProcessError, NeedsPerson where nobody approved it in time, OnboardError where the login has no such key.
    """
    if log_in:
        await _log_in(view, tell)
    done = await _stripe(view, "config", "--list", timeout=12)
    try:
        found = tomllib.loads(done.out)
    except tomllib.TOMLDecodeError:
        raise ProcessError("the Stripe CLI gave a configuration that we do not know") from None
    profile = found.get(view.machine.env.get("STRIPE_PROJECT_NAME") or "default")
    profile = profile if isinstance(profile, dict) else {}
    values = {"secret": profile.get("test_mode_api_key"), "publishable": profile.get("test_mode_pub_key")}
    texts = {key: value for key, value in values.items() if isinstance(value, str) and "_test_" in value}
    if "secret" not in texts or "*" in texts["secret"]:
        raise OnboardError("the Stripe CLI's login holds no test key for apps", f"copy one from {_KEYS_PAGE}")
    ends = profile.get("test_mode_key_expires_at")
    when = f"on {line(str(ends), limit=20)}" if ends else "90 days after the login"
    account = line(str(profile.get("display_name") or profile.get("account_id") or "your account"), limit=80)
    tell(Event(f"the key of {account} ends {when}; a key of your own from {_KEYS_PAGE} does not", level=Status.WARN))
    return {key: Secret(value) for key, value in texts.items()}


async def _log_in(view: View, tell: Callable[[Event], None]) -> None:
    """Ask for a pairing, show its page and code, and wait until it is approved."""
    asked = await _stripe(view, "login", "--non-interactive", timeout=30)
    try:
        told = json.loads(asked.out)
        page, code, words = str(told["browser_url"]), str(told["verification_code"]), shlex.split(told["next_step"])
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ProcessError("the Stripe CLI offered no login", why_not(asked.out + asked.err)) from None
    # Its next step is a command line from outside: only what the CLI documents is run, and at Stripe's own addresses.
    if words[:2] != ["stripe", "login"] or not words[2:3] or not words[2].startswith("--complete") or len(words) > 4:
        raise ProcessError("the Stripe CLI offered a login that we do not know", "run `stripe login` by hand")
    if not all(_is_stripes(view, url) for url in (page, *words[3:])):
        raise ProcessError("the Stripe CLI named a page that is not Stripe's", "run `stripe login` by hand")
    shown = line(code, limit=80)
    data: dict[str, str | int | bool | None] = {"url": page, "code": shown}
    tell(
        Event(f"approve it on this page, if it shows the code {shown}: {line(page, limit=500)}", kind="page", data=data)
    )
    view.machine.open_url(page)
    done = await _stripe(view, *words[1:], timeout=_PATIENCE)
    if done.timed_out:
        raise NeedsPerson("nobody approved the login in time; nothing was changed", "try again")
    if done.code != 0 or "Done!" not in done.out + done.err:
        raise ProcessError("the login at Stripe did not come about", why_not(done.out + done.err))


def _is_stripes(view: View, url: str) -> bool:
    parts = urlsplit(url)
    host = parts.hostname or ""
    if view.machine.stripe_arguments:
        return is_loopback(url)
    return (
        parts.scheme == "https" and (host == "stripe.com" or host.endswith(".stripe.com")) and "@" not in parts.netloc
    )


async def _stripe(view: View, *words: str, timeout: float) -> Done:
    """Run the real Stripe CLI with its own login, whatever key the project has."""
    root = Path(view.project.root)
    binary = Stripe(view.machine, view.project, None).binary()
    argv = (binary, *words, *view.machine.stripe_arguments)
    return await view.machine.runner.run(argv, env=CHILD_ENV, cwd=root, timeout=timeout)
