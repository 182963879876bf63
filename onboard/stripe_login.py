"""Stripe's keys from its CLI: of the login that there is, after a new one in the browser, or of a new sandbox."""

from __future__ import annotations

import json
import re
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
_WORK = 120.0
"""Seconds for the CLI's proof of work, with which Stripe pays for a sandbox without an account."""
_BASES = ("--base-url", "--dashboard-base")
_EMAIL = re.compile(r"[^@\s\-][^@\s]{0,200}@[^@\s]{1,200}")
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
        sandbox = (
            "stripe.sandbox",
            "a sandbox without an account, for now",
            "Stripe makes a test account at your e-mail address. It ends after 7 days, unless you claim it with "
            "`stripe sandbox claim`; it costs nothing. The Stripe CLI is signed in to it.",
        )
        return login, sandbox
    there = (
        "stripe.cli",
        "the test keys of the Stripe CLI's login",
        f"Reads them from the login on this machine; makes nothing. {_EXPIRY}.",
    )
    return there, login


def _config(view: View) -> Path:
    folder = view.machine.env.get("XDG_CONFIG_HOME") or str(view.machine.home / ".config")
    return Path(folder) / "stripe" / "config.toml"


async def keys(
    view: View, way: str, typed: Mapping[str, Secret], tell: Callable[[Event], None]
) -> Mapping[str, Secret]:
    """Return the CLI's test keys by key id (`secret`, maybe `publishable`).

    `way`: `cli`, the login that there is; `login`, a new one; `sandbox`, a new one for `typed["email"]`.
    Raises ProcessError, NeedsPerson where nobody approved it in time, OnboardError where the login has no such key.
    """
    if way == "login":
        await _log_in(view, tell)
    elif way == "sandbox":
        await _make_sandbox(view, typed["email"].reveal())
    done = await _stripe(view, "config", "--list", timeout=12)
    try:
        found = tomllib.loads(done.out)
    except tomllib.TOMLDecodeError:
        raise ProcessError("the Stripe CLI gave a configuration that onboard does not know") from None
    profile = found.get(view.machine.env.get("STRIPE_PROJECT_NAME") or "default")
    profile = profile if isinstance(profile, dict) else {}
    values = {"secret": profile.get("test_mode_api_key"), "publishable": profile.get("test_mode_pub_key")}
    texts = {
        key: value
        for key, value in values.items()
        if isinstance(value, str) and ("_test_" in value or value.startswith("rkcs_"))
    }
    if "secret" not in texts or "*" in texts["secret"]:
        raise OnboardError("the Stripe CLI's login holds no test key for apps", f"copy one from {_KEYS_PAGE}")
    tell(Event(_ending(profile, texts["secret"]), level=Status.WARN))
    return {key: Secret(value) for key, value in texts.items()}


def _ending(profile: Mapping[str, object], secret: str) -> str:
    """Say whose the keys are, and until when."""
    account = line(str(profile.get("display_name") or profile.get("account_id") or "your account"), limit=80)
    if secret.startswith("rkcs_"):
        ends = line(str(profile.get("sandbox_expires_at") or "after 7 days"), limit=40)
        return f"the sandbox {account} ends {ends}, unless you claim it: `stripe sandbox claim` opens the page"
    until = profile.get("test_mode_key_expires_at")
    when = f"on {line(str(until), limit=20)}" if until else "90 days after the login"
    return f"the key of {account} ends {when}; a key of your own from {_KEYS_PAGE} does not"


async def _make_sandbox(view: View, email: str) -> None:
    """Have the CLI make a claimable sandbox. It signs itself in to it; an existing login is never replaced."""
    if not _EMAIL.fullmatch(email):
        raise OnboardError("that is no e-mail address; nothing was made")
    words = ("sandbox", "create", "--email", email, "--non-interactive")
    done = await _stripe(view, *words, bases=_BASES, timeout=_WORK)
    said = done.out + done.err
    if "already authenticated" in said or "already have an active sandbox" in said:
        raise OnboardError("the Stripe CLI is signed in already; no sandbox was made", "take the keys of its login")
    if done.timed_out or ("This sandbox" not in said and "Claim your sandbox" not in said):
        raise ProcessError("Stripe made no sandbox", "sign in at Stripe instead, or try again later")


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
        raise ProcessError("the Stripe CLI offered a login that onboard does not know", "run `stripe login` by hand")
    if not all(_is_stripes(view, url) for url in (page, *words[3:])):
        raise ProcessError("the Stripe CLI named a page that is not Stripe's", "run `stripe login` by hand")
    shown = line(code, limit=80)
    data: dict[str, str | int | bool | None] = {"url": page, "code": shown}
    tell(
        Event(f"approve it on this page, if it shows the code {shown}: {line(page, limit=500)}", kind="page", data=data)
    )
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


async def _stripe(view: View, *words: str, bases: tuple[str, ...] = (), timeout: float) -> Done:
    """Run the real Stripe CLI with its own login, whatever key the project has.

    `bases`: the flags by which this command is pointed at a stand-in, where they are not `stripe listen`'s.
    """
    root = Path(view.project.root)
    binary = Stripe(view.machine, view.project, None).binary()
    aimed = view.machine.stripe_arguments
    if bases and aimed:
        url = next(word.partition("=")[2] or word for word in aimed if is_loopback(word.partition("=")[2] or word))
        aimed = tuple(word for flag in bases for word in (flag, url))
    bus = view.machine.env.get("DBUS_SESSION_BUS_ADDRESS")  # there the CLI keeps a live key out of its plain file
    env = {**CHILD_ENV, **({"DBUS_SESSION_BUS_ADDRESS": bus} if bus else {})}
    return await view.machine.runner.run((binary, *words, *aimed), env=env, cwd=root, timeout=timeout)
