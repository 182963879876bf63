"""Listeners: the Stripe CLI forwarding webhooks to the dev server, its signing secret caught from the stream."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from onboard.clean import line, plain
from onboard.errors import ProcessError
from onboard.model import Event, Secret, Status
from onboard.project.values import App, Project, Webhook

if TYPE_CHECKING:
    from onboard.machine import Machine

_SECRET = re.compile(r"whsec_[A-Za-z0-9+/=]+")
_ARRIVED = re.compile(r"-->\s+(?:connect\s+)?(\S+)\s+\[(evt_\w+)\]")
_ANSWERED = re.compile(r"<--\s+\[(\d{3})\]\s+(\S+)\s+(\S+)(?:\s+\[(evt_\w+)\])?")
_FAILED = re.compile(r"\[ERROR\]\s+(Failed to POST:.*)")

NO_BUS = {"DBUS_SESSION_BUS_ADDRESS": "disabled:"}
"""Without an address the Stripe CLI starts a session bus and a keyring of its own, and waits three seconds for them."""
CHILD_ENV = {"STRIPE_CLI_TELEMETRY_OPTOUT": "1", "DO_NOT_TRACK": "1", "NO_COLOR": "1", **NO_BUS}


_REFUSALS = tuple(
    (re.compile(sign, re.IGNORECASE), advice)
    for sign, advice in (
        ("have not configured API keys", "run `stripe login`, or enter STRIPE_SECRET_KEY first"),
        (
            "too many `?stripe listen`? sessions",
            "other `stripe listen` commands are running; close some and try again",
        ),
        (
            "api_key_expired|key .*has expired",
            "the key has expired; enter a new one, or run `stripe login` again",
        ),
        ("status=40[13]", "Stripe did not take the key; run `onboard doctor --only live.stripe`"),
        (
            "API key provided is too short|only supports using a secret or restricted key",
            "STRIPE_SECRET_KEY is no secret key of Stripe's; enter it again",
        ),
        (
            "must specify events to forward|unknown flag|invalid API base URL",
            "this Stripe CLI does not take what onboard asks; bring it up to date",
        ),
    )
)
"""What the CLI prints where no second try can help (1.45 to 1.52), and what to do. 5xx and no network are not here."""


@dataclass(frozen=True, slots=True)
class Listener:
    """One `stripe listen`: what it forwards, and which variable takes its signing secret."""

    name: str
    """`stripe:listen`, or the route where the repository brings no script."""
    variable: str
    forward_to: str
    """URL on this machine."""
    events: tuple[str, ...]
    """Empty: all."""


def of(app: App) -> tuple[Listener, ...]:
    """Return the app's listeners. Each forwards to the dev server's own port, whatever an old script says."""
    return tuple(
        Listener(hook.script or hook.path, hook.variable, _url(app, hook), hook.events)
        for hook in app.webhooks
        if hook.variable is not None
    )


def _url(app: App, hook: Webhook) -> str:
    port = (app.dev.port if app.dev else None) or hook.port or 3000
    return f"http://localhost:{port}{hook.path}"


class Stripe:
    """The Stripe CLI of this machine, used with the project's own key, so that key and listener are of one account."""

    def __init__(self, machine: Machine, project: Project, key: Secret | None) -> None:
        self._machine = machine
        self._root = Path(project.root)
        self._key = key
        self._binary: str | None = None
        self._takes_snapshot_flag: bool | None = None

    @property
    def env(self) -> Mapping[str, str | Secret]:
        """The child's own variables. Without a key the CLI uses its login."""
        return CHILD_ENV | ({"STRIPE_API_KEY": self._key} if self._key else {})

    def binary(self) -> str:
        """Return the real program: npm's wrapper script leaves an orphan when it is stopped. Raises ProcessError."""
        if self._binary is None:
            found = self._machine.runner.find("stripe", root=self._root)
            if found.path is None:
                raise ProcessError("the Stripe CLI is not on this machine", found.reason)
            self._binary = str(_behind_wrapper(found.path))
        return self._binary

    async def secret(self) -> Secret:
        """Return the account's present signing secret (`listen --print-secret`). Raises ProcessError."""
        argv = (self.binary(), "listen", "--print-secret", *self._machine.stripe_arguments)
        done = await self._machine.runner.run(argv, env=self.env, cwd=self._root, timeout=12)
        match = _SECRET.search(done.out)
        if match is None:
            raise ProcessError(
                "the Stripe CLI gave no signing secret", why_not(done.out + done.err, timed_out=done.timed_out)
            )
        return Secret(match[0])

    async def arguments(self, listener: Listener) -> tuple[str, ...]:
        """Return the whole command of a listener, in words that old and new CLIs both take."""
        events: tuple[str, ...] = ("--events", ",".join(listener.events)) if listener.events else ()
        if not events and await self._snapshot_flag():
            events = ("--all-snapshot",)
        if listener.forward_to.startswith("https:"):
            events += ("--skip-verify",)  # a dev server's certificate is of its own making
        return (
            self.binary(),
            "listen",
            "--skip-update",
            *events,
            "--forward-to",
            listener.forward_to,
            *self._machine.stripe_arguments,
        )

    async def _snapshot_flag(self) -> bool:
        """Since 1.51 the CLI refuses to forward without an event choice; before, it does not know the flag."""
        if self._takes_snapshot_flag is None:
            done = await self._machine.runner.run(
                (self.binary(), "listen", "--help"), env=CHILD_ENV, cwd=self._root, timeout=10
            )
            self._takes_snapshot_flag = "--all-snapshot" in done.out + done.err
        return self._takes_snapshot_flag

    async def listen(self, listener: Listener) -> AsyncGenerator[tuple[Event, Secret | None], None]:
        """Run one listener until the generator is left; yield what happens, with the secret where it is told.

        Ends after an `exit` event when the CLI ends by itself.
        """
        argv = await self.arguments(listener)
        running = await self._machine.runner.start(argv, env=self.env, cwd=self._root)
        try:
            async for output in running.lines():
                yield read(listener, output.text)
            code = await running.wait()
            yield Event(f"stopped (exit {code})", listener.name, Status.FAIL, "exit", {"code": code}), None
        finally:
            await running.stop()


def read(listener: Listener, text: str) -> tuple[Event, Secret | None]:
    """Return what one line of the CLI says, without the secret in it, and that secret."""
    found = _SECRET.search(text)
    shown = line(_SECRET.sub("whsec_…", plain(text)))
    if found is not None:
        data: dict[str, str | int | bool | None] = {"variable": listener.variable, "forward_to": listener.forward_to}
        return Event(f"ready: forwards to {listener.forward_to}", listener.name, Status.OK, "ready", data), Secret(
            found[0]
        )
    if match := _ARRIVED.search(text):
        return Event(shown, listener.name, Status.OK, "webhook", {"event": match[1], "id": match[2]}), None
    if match := _ANSWERED.search(text):
        code = int(match[1])
        level = Status.OK if code < 400 else Status.FAIL
        return Event(shown, listener.name, level, "webhook", {"answer": code, "id": match[4]}), None
    if match := _FAILED.search(text):
        return Event(f"{line(match[1])}: is the app running?", listener.name, Status.WARN, "webhook", {}), None
    level = Status.WARN if "expired" in text.lower() or "error" in text.lower() else Status.OK
    return Event(shown, listener.name, level), None


def why_not(text: str, *, timed_out: bool = False) -> str:
    """Return what to do about a Stripe CLI that gave up, from what it printed."""
    if timed_out:
        return "Stripe did not answer in time; look at the network and try again"
    return refusal(text) or "run `stripe listen` by hand to see what it says"


def refusal(text: str) -> str:
    """Return what to do about a Stripe CLI that was told no, so that trying again changes nothing; empty: try again."""
    return next((advice for sign, advice in _REFUSALS if sign.search(text)), "")


def _behind_wrapper(path: Path) -> Path:
    real = path.resolve()
    try:
        with real.open("rb") as file:
            if file.read(2) != b"#!":
                return real
    except OSError:
        return path
    for folder in real.parents:
        for candidate in sorted(folder.glob("@stripe/cli-*/bin/stripe*")):
            if candidate.is_file():
                return candidate
        if folder.name == "node_modules":
            break
    return path
