"""Session: one sitting at one project, and the only object that a front end talks to.

look → plan → do → look again. Front ends hold no logic of their own: what they show comes from here as values.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, BinaryIO

from onboard import children, listeners
from onboard import push as pushing
from onboard.checks import webhooks
from onboard.claim import Claim
from onboard.entry import Field, Form, Trial
from onboard.errors import NeedsPerson, OnboardError, ProcessError, VaultError
from onboard.keeping import Keeping
from onboard.model import Ask, Event, Open, Run, Secret, Status, Step, Tell, Write
from onboard.paste import Pasted

if TYPE_CHECKING:
    from onboard.output import Ring
    from onboard.provisioning import Offer
    from onboard.rotation import Rotator
    from onboard.sources import Found, Source
    from onboard.target import Target
    from onboard.way_back import WayBack


class Session(Keeping):
    """One sitting. Made with `Session.open`; used by one front end at a time, in one event loop."""

    logs: Mapping[str, Ring] = MappingProxyType({})
    """What the processes of `dev` said last, by name, without secrets."""

    # do

    def usual(self, step: Step) -> float | None:
        """Return how many seconds a command took the last time it ended well; `None`: it was never run here."""
        return self._choices.seconds(step.command) if isinstance(step, Run) else None

    async def do(self, step: Step, *, confirmed: str = "") -> AsyncGenerator[Event, None]:
        """Do a step and yield what happens, the last event being `done` or `failed`.

        `confirmed`: what the person typed where the step asked for it (a production branch's name).
        Leaving the generator ends the command and all its children.
        """
        self._require_trust()
        began = time.monotonic()
        try:
            match step:
                case Run(argv=("onboard", "push")):
                    async for event in self.push(confirmed=confirmed):
                        yield event
                case Run(argv=("onboard", "listen", "--secrets")):
                    async for event in self.listener_secrets():
                        yield event
                case Run():
                    async for event in children.run_step(self.view(), step):
                        if event.kind == "done":
                            self._choices.took(step.command, time.monotonic() - began)
                        yield event
                case Write():
                    yield await self._write(step)
                case Open(url=url):
                    opened = self.machine.open_url(url)
                    yield Event(f"opened {url}" if opened else f"open this page: {url}", kind="done")
                case Ask() | Tell():
                    yield Event(step.text, kind="failed", level=Status.WARN)
        except NeedsPerson:
            raise  # a front end that has a person asks them, and comes again with `confirmed`
        except OnboardError as error:
            yield Event(error.message, level=Status.FAIL, kind="failed", data={"hint": error.hint})
        finally:
            self.glance()

    async def _write(self, step: Write) -> Event:
        if step.what == "mode":
            self._holdings.narrow()
            return Event(f"{self.env_name} is readable by you alone", kind="done")
        if step.what == "ignore":
            self._holdings.ignore()
            return Event(f"{self.env_name} stands in .gitignore", kind="done")
        if step.what == "generate":
            warnings = await self.save({name: self.generate(name) for name in step.variables})
            text = f"{', '.join(step.variables)} made here and saved"
        else:
            names, warnings = await self.write_env(step.variables)
            text = f"{self.env_name} is written" + (f": {', '.join(names)}" if names else "")
        return Event("; ".join((text, *warnings)), kind="done", level=Status.WARN if warnings else Status.OK)

    async def push_target(self) -> tuple[Target, tuple[WayBack, ...]]:
        """Return the database that a push would touch, and the ways back that can be made. Raises NeedsPerson."""
        from onboard import target, way_back

        self._require_trust()
        await self._read_vault()
        view = self.view()
        if view.app.push is None:
            raise ProcessError("this project has no schema push")
        view.places |= self.places
        found = await target.look(view)
        return found, way_back.ways(view, found)

    def push(
        self,
        *,
        confirmed: str = "",
        shown: Target | None = None,
        way: str = "",
        terminal: children.Terminal | None = None,
    ) -> AsyncGenerator[Event, None]:
        """Push the schema, guarded; events as `do` yields them. Raises NeedsPerson before a production database.

        `shown`: the target that the person agreed to. `way`: the way back to make first. `terminal`: where the tool's
        own questions reach the person; without one nobody answers them.
        """
        return self._push(confirmed, shown, way, terminal)

    async def _push(
        self, confirmed: str, shown: Target | None, way: str, terminal: children.Terminal | None
    ) -> AsyncGenerator[Event, None]:
        self._require_trust()
        await self._read_vault()
        view = self.view()
        view.places |= self.places
        pushed = pushing.push(view, confirmed=confirmed, shown=shown, way=way, terminal=terminal)
        async with aclosing(pushed) as events:
            async for event in events:
                if event.kind == "done":
                    from onboard.checks.database import schema_mark

                    self._choices.put("schema", schema_mark(view))
                yield event

    async def listener_secrets(self) -> AsyncGenerator[Event, None]:
        """Ask the Stripe CLI for its signing secret and store it under every listener's variable."""
        self._require_trust()
        view = self.view()
        secret = await webhooks.present_secret(view)
        names = list(dict.fromkeys(listener.variable for listener in listeners.of(self.app)))
        warnings = await self.save(dict.fromkeys(names, secret))
        yield Event(
            "; ".join((f"{', '.join(names)} saved", *warnings)), kind="done", data={"variables": ", ".join(names)}
        )

    async def listen(self) -> AsyncGenerator[Event, None]:
        """Run all listeners until the generator is left: `ready`, `secret`, `webhook`, `line` and `exit` events."""
        from onboard.listening import Listening

        self._require_trust()
        await self._read_vault()
        wanted = listeners.of(self.app)
        if not wanted:
            raise ProcessError("this project has no listeners", "onboard.toml can name some: [[webhooks]]")
        claim = self._claim_listeners()
        if (held := claim.take("onboard listen", self._now())) is not None:
            raise ProcessError(f"the listeners of this folder run already: {held}", "use that one, or end it first")
        try:
            async with aclosing(Listening(self._stripe(), wanted).events()) as happened:
                async for event, secret in happened:
                    yield event
                    if secret is not None:
                        yield await self._caught(event, secret)
        finally:
            claim.release()

    async def dev(self, *, prove: bool = False, confirmed: str = "") -> AsyncGenerator[Event, None]:
        """Run dev server and listeners until the generator is left or the dev server has ended (its `exit` event).

        `prove`: send signed test events once the app answers. `confirmed`: as for `push`. Leaving ends every child.
        Raises NeedsPerson before production, ProcessError where the port is held or there is no dev server.
        """
        from onboard.developing import Desk, Development
        from onboard.project import beside
        from onboard.project.files import Tree

        self._require_trust()
        await self._read_vault()
        desk = Desk(
            look=self.view,
            stripe=self._stripe(),
            listeners=tuple(one for one in listeners.of(self.app) if not self._started_by_dev(one)),
            caught=self._caught,
            approved=self._approved_now,
            secrets=self.listener_secrets,
            claim=self._claim_listeners(),
            now=self._now,
            beside=beside.find(Tree(Path(self.project.root)), self.app),
        )
        development = Development(desk, prove=prove)
        self.logs = development.logs
        async with aclosing(development.events(confirmed)) as happened:
            async for event in happened:
                yield event

    async def prove(self, url: str = "") -> AsyncGenerator[Event, None]:
        """Send a signed test event to each webhook route of the app that is up, on its own port unless `url` says."""
        from onboard import roundtrip

        self._require_trust()
        wanted = listeners.of(self.app)
        port = (self.app.dev.port if self.app.dev else None) or 3000
        async with aclosing(roundtrip.prove(self.view(), wanted, url or f"http://localhost:{port}")) as happened:
            async for event in happened:
                yield event

    def _stripe(self) -> listeners.Stripe:
        return listeners.Stripe(self.machine, self.project, webhooks.stripe_key(self.view()))

    def _started_by_dev(self, listener: listeners.Listener) -> bool:
        """Whether the dev script brings this listener up by itself."""
        return any(hook.started_by_dev for hook in self.app.webhooks if hook.variable == listener.variable)

    def _approved_now(self) -> bool:
        """Whether the repository as it is on the disk now is approved."""
        try:
            return type(self).open(self.machine, Path(self.project.root) / self.app.dir).trusted
        except OnboardError:
            return False

    def _claim_listeners(self) -> Claim:
        return Claim(self.machine.state, f"listeners {self.env_path}")

    async def _caught(self, event: Event, secret: Secret) -> Event:
        """Store the signing secret that a listener told, where it is another than before."""
        name = str(event.data["variable"])
        if self.view().values.get(name) == secret:
            return Event(f"{name} is up to date", event.source, kind="secret", data={"variable": name, "new": False})
        warnings = await self.save({name: secret})
        changed = "Stripe's signing secret is another now: " if event.data.get("changed") else ""
        text = f"{changed}{name} saved; an app that runs already reads it after its env file is reloaded"
        return Event("; ".join((text, *warnings)), event.source, kind="secret", data={"variable": name, "new": True})

    async def run(self, argv: Sequence[str], out: BinaryIO | None, err: BinaryIO | None) -> int:
        """Run a person's command with the project's variables; return its exit code.

        `None` for both streams: it takes over this terminal and does not come back. Else its output is redacted.
        """
        self._require_trust()
        await self._read_vault()
        if self._stored is None and self._choices.without_secrets:
            raise VaultError(
                "the secrets rest in the keyring alone, and it could not be read", "`onboard doctor` says why"
            )
        view = self.view()
        if out is None or err is None:
            self.machine.vault.close()
            self.machine.runner.become(children.program(view, argv), cwd=Path.cwd(), env=children.everything(view))
        return await children.redacted(view, argv, out, err)

    async def forget(self) -> None:
        """Remove this project's secrets from the vault, and what was remembered of it. The env file stays."""
        self._require_trust()
        await self.machine.vault.forget(self.project.id)
        self._choices.erase()
        self._stored = None

    async def close(self) -> None:
        """End what still runs."""
        if "network" in vars(self.machine):
            await self.machine.network.close()
        if "vault" in vars(self.machine):
            self.machine.vault.close()

    # change and make

    def rotate(self) -> Rotator:
        """Return what changes credentials: each new one is stored and tried before the old one is ended."""
        from onboard.rotation import Rotator

        self._require_trust()
        return Rotator(self.view, self._holdings, self._choices)

    def offers(self, names: Sequence[str]) -> tuple[Offer, ...]:
        """Return what could be made or found for these variables instead of typing them; nothing is sent or run."""
        from onboard import provisioning

        return provisioning.offers(self.view(), names) if self.trusted else ()

    async def make(
        self, offer: Offer, typed: Mapping[str, Secret], tell: Callable[[Event], None]
    ) -> Mapping[str, Secret]:
        """Make what was offered and return values by variable, to be tried and saved; `tell` shows what happens."""
        from onboard import provisioning

        self._require_trust()
        await self._read_vault()
        return await provisioning.make(self.view(), offer, typed, tell)

    def sources(self) -> tuple[Source, ...]:
        """Return where values may lie already; looks at files at most."""
        from onboard import sources

        return sources.sources(self.view()) if self.trusted else ()

    def source_offer(self, source: str, names: Sequence[str]) -> Offer | None:
        """Return the offer behind a source, with what it wants typed; `None`: it wants nothing. Raises UsageError."""
        from onboard import sources

        return sources.offer(self.view(), source, names)

    async def read_source(
        self, source: str, names: Sequence[str], typed: Mapping[str, Secret], tell: Callable[[Event], None]
    ) -> tuple[Found, ...]:
        """Return what lies there of `names`, or of what is missing here, to be shown, tried and saved."""
        from onboard import sources

        self._require_trust()
        return await sources.read(self.view(), source, names, self.parse, typed, tell)


__all__ = ["Field", "Form", "Pasted", "Session", "Trial"]
