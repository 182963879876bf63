"""Every screen and state as a scene: what is so, and what the person does. Shown by the pictures, held by the tests."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from html import unescape
from pathlib import Path

from textual import events
from textual.pilot import Pilot

from onboard.model import Event, Secret, Shape, Status
from onboard.tui import Demo
from onboard.tui.app import OnboardApp
from onboard.tui.board import BoardScreen
from onboard.tui.parts import Output
from tests.tui.fake import (
    APPROVAL,
    AUTH,
    BRANCH,
    FILE,
    LOGIN,
    NEON,
    OUTPUT,
    PNPM,
    PUSH,
    STRIPE,
    WAYS,
    all_well,
    only,
)
from tests.tui.fake import FakeSession as Fake
from tests.tui.hostile import hostile

KEY = "sk_test_51QsynthetiCq8xR2vLm"
"""A key of nobody's."""


@dataclass
class Breaking(Fake):
    """Ours breaks off while a value is in hand."""

    def fits(self, name: str, text: str) -> Shape:
        if len(text) > 8:
            value = text
            raise ValueError(value)
        return super().fits(name, text)


SMALL, LARGE, VAST = (80, 24), (120, 40), (200, 50)

Press = str
"""A key as Textual names it, or `paste:` and what is pasted."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One picture."""

    name: str
    make: Callable[[Path], Fake]
    presses: tuple[Press, ...] = ()
    demo: Demo | None = None
    shows: tuple[str, ...] = ()
    """Words that must be readable at every size."""


def _push(folder: Path, **named: object) -> Fake:
    world = only(PNPM)
    world["database.schema"] = replace(
        world["database.schema"], status=Status.FAIL, summary="4 of 7 tables are missing", step=PUSH
    )
    world["tool.pnpm"] = replace(world["tool.pnpm"], status=Status.OK, step=None, summary="9.7.1")
    return Fake(folder, world, **named)  # type: ignore[arg-type]


_LOUD = replace(
    APPROVAL,
    id_is_own=False,
    keyring_folder="/home/ada/src/payroll",
    project_id="github.com/bigcorp/payroll",
    keyring_item="onboard: github.com/bigcorp/payroll",
    changed=("changed: command pnpm db:push", "new: host keys.example.net"),
)

_HEARD = (
    Event("forwards to http://localhost:3000/api/webhooks/stripe", "stripe:listen", kind="ready"),
    Event("STRIPE_WEBHOOK_SECRET saved", "stripe:listen", kind="secret", data={"new": True}),
    Event("forwards to http://localhost:3000/api/signal/webhooks/stripe", "stripe:listen:signal", kind="ready"),
    Event("checkout.session.completed → 200", "stripe:listen", kind="webhook"),
    Event("invoice.paid → 500", "stripe:listen:signal", Status.WARN, kind="webhook"),
)

RUNS = (
    Event("▲ Next.js 16.4.6 (Turbopack)", "dev"),
    *_HEARD[:2],
    Event("ready: the app answers at http://localhost:3000 (200)", "dev", kind="ready",
          data={"url": "http://localhost:3000", "answer": 200, "port": 3000}),
    *_HEARD[2:],
    Event("GET /shop 200 in 31ms", "dev"),
    Event("customer.created → 200", "stripe:listen", kind="webhook"),
    Event("the app answers at http://localhost:3000 (200), database has 7 tables, 2 listeners ready; after 4.2 s",
          kind="finish", data={"url": "http://localhost:3000"}),
)  # fmt: skip

_DEMO = Demo({"STRIPE_SECRET_KEY": Secret(KEY), "NEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY": Secret("pk_test_51Qsynthetic")})

_ELSEWHERE: Mapping[str, Mapping[str, str]] = {
    "AUTH_SECRET": {"vault": "another", "vercel.preview": "sensitive", "vercel.production": "sensitive"},
    "STRIPE_SECRET_KEY": {"vercel.development": "same", "vercel.preview": "same", "vercel.production": "another"},
    "NEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY": {"vercel.development": "same", "vercel.production": "another"},
    "APP_URL": {"shell": "wins", "vercel.production": "another"},
}

_TYPED = (f'paste:STRIPE_SECRET_KEY="{KEY}"\n', "enter", "paste:pk_test_51Qsynthetic")

_TO_KEY = ("v", "slash", *"stripe_sec", "enter", "c")
"""From the board to the change of Stripe's key."""

SCENES: tuple[Scene, ...] = (
    Scene("approval", lambda f: Fake(f, approved=False), shows=("May onboard do this", "No, leave", "Yes,")),
    Scene(
        "approval-changed",
        lambda f: Fake(f, approved=False, asked=_LOUD),
        shows=("It calls itself", "github.com/bigcorp/payroll", "pnpm db:push", "No, leave"),
    ),
    Scene("ask", lambda f: Fake(f, only(STRIPE)), shows=("Stripe", "STRIPE_SECRET_KEY", "api.stripe.com", "^o")),
    Scene(
        "ask-typed",
        lambda f: Fake(f, only(STRIPE)),
        _TYPED[:1],
        shows=("••••••••••••", "a Stripe test secret key", "Taken off"),
    ),
    Scene("ask-wrong", lambda f: Fake(f, only(STRIPE)), ("w", "h", "o"), shows=("it starts with",)),
    Scene(
        "ask-asking",
        lambda f: Fake(f, only(STRIPE), answer="mute"),
        (*_TYPED, "enter"),
        shows=("Asking api.stripe.com", "Esc stops it"),
    ),
    Scene(
        "ask-accepted",
        lambda f: Fake(f, only(STRIPE)),
        (*_TYPED, "enter"),
        shows=("account Acme Inc. · id acct_1A2b3C · mode", "Save"),
    ),
    Scene(
        "ask-refused",
        lambda f: Fake(f, only(STRIPE), answer="refused"),
        (*_TYPED, "enter"),
        shows=("Stripe refused it", "Nothing was saved", "Change what I typed"),
    ),
    Scene(
        "ask-untold",
        lambda f: Fake(f, only(STRIPE), answer="untold"),
        (*_TYPED, "enter"),
        shows=("did not answer", "Ask again", "Save it unverified"),
    ),
    Scene("ask-generate", lambda f: Fake(f, only(AUTH)), ("ctrl+g",), shows=("AUTH_SECRET", "made on this machine")),
    Scene("offers", lambda f: Fake(f, only(STRIPE), ways=WAYS), ("ctrl+e",), shows=("signing in at Stripe", "90 days")),
    Scene(
        "offers-needs",
        lambda f: Fake(f, only(STRIPE), ways=WAYS),
        ("ctrl+e", "down", "down", "enter"),
        shows=("VERCEL_TOKEN", "used for this and not kept", "Do it"),
    ),
    Scene(
        "offers-page",
        lambda f: Fake(f, only(STRIPE), ways=WAYS, answer="mute"),
        ("ctrl+e", "enter", "down", "enter"),
        shows=("warm-lucky-rain-dear", "confirm_auth"),
    ),
    Scene(
        "offers-made",
        lambda f: Fake(f, only(STRIPE), ways=WAYS),
        ("ctrl+e", "enter", "down", "enter"),
        shows=("Nothing is saved yet",),
    ),
    Scene("ask-demo", lambda f: Fake(f, only(STRIPE)), ("ctrl+d",), _DEMO, shows=("demo: stand-ins", "••••")),
    Scene("run", lambda f: Fake(f, only(PNPM)), shows=("npm install -g pnpm@9.7.1", "Run it", "Leave it")),
    Scene("run-running", lambda f: _push(f, ends="never"), ("enter",), shows=("Pulling schema", "Esc ends it")),
    Scene(
        "run-failed",
        lambda f: _push(f, ends="failed", output=(*OUTPUT[:3], "Error: connect ECONNREFUSED")),
        ("enter",),
        shows=("ECONNREFUSED", "exit code 1", "Run it again"),
    ),
    Scene("run-confirm", lambda f: _push(f, ends="confirm"), ("enter",), shows=("main is a production branch",)),
    Scene("write", lambda f: Fake(f, only(FILE)), shows=("+ DATABASE_URL", "~ APP_URL", "Write it")),
    Scene("open", lambda f: Fake(f, only(BRANCH), browser=True), shows=("neon.tech/app/projects", "Open the")),
    Scene("tell", lambda f: Fake(f, only(LOGIN)), shows=("stripe login", "Copy the address", "look again")),
    Scene("board", lambda f: Fake(f, all_well()), shows=("All is well", "Prerequisites", "17 of 17 fine")),
    Scene("board-owed", lambda f: Fake(f), ("escape",), shows=("steps are owed", "Install pnpm 9.7.1")),
    Scene(
        "board-drift",
        lambda f: Fake(f, only(NEON), elsewhere=_ELSEWHERE),
        ("escape", "v"),
        shows=("templ", "ring", "≠", "18 d"),
    ),
    Scene("board-filter", lambda f: Fake(f), ("escape", "slash", *"stripe"), shows=("Stripe CLI", "Stripe login")),
    Scene("detail", lambda f: Fake(f), ("escape", "enter"), shows=("tool.pnpm", "Do it now")),
    Scene("rotate", lambda f: Fake(f, all_well()), _TO_KEY, shows=("breaks:", "Go on?", "No")),
    Scene("rotate-new", lambda f: Fake(f, all_well()), (*_TO_KEY, "down", "enter"), shows=("Rotate key", "hidden")),
    Scene(
        "rotate-place",
        lambda f: Fake(f, all_well()),
        (*_TO_KEY, "down", "enter", "paste:sk_test_51new", "enter"),
        shows=("Vercel, preview", "Put the new one there?"),
    ),
    Scene("listeners", lambda f: Fake(f, all_well(), hears=_HEARD), ("e",), shows=("2 webhooks", "invoice")),
    Scene(
        "app",
        lambda f: Fake(f, all_well(), hears=RUNS),
        ("d", "down"),
        shows=("3 webhooks", "the app answers at", "GET /shop 200"),
    ),
    Scene("help", lambda f: Fake(f, only(STRIPE)), ("f1",), shows=("Type or paste", "Open page")),
    Scene("leave", lambda f: Fake(f, only(STRIPE)), ("s", "k", "ctrl+q"), shows=("not saved yet", "Stay")),
)  # fmt: skip

HOSTILE: tuple[Scene, ...] = (
    Scene("hostile-approval", lambda f: hostile(f, approved=False), ("space", "f1", "escape", "ctrl+p", "escape")),
    Scene("hostile-ask", lambda f: hostile(f, "ask"), ("x", "tab", "x", "enter", "down", "enter", "f1")),
    Scene("hostile-run", lambda f: hostile(f, "run"), ("enter",)),
    Scene("hostile-write", lambda f: hostile(f, "write"), ("enter",)),
    Scene("hostile-open", lambda f: hostile(f, "open"), ("enter", "l")),
    Scene("hostile-tell", lambda f: hostile(f, "tell"), ("enter", "l", "l")),
    Scene("hostile-board", lambda f: hostile(f), ("escape", "end", "enter", "escape", "v", "end", "slash", *"a[/]")),
    Scene("hostile-listeners", lambda f: hostile(f), ("escape", "e")),
)  # fmt: skip
"""Not pictures: every text from outside tries to be more than text."""

BROKEN: tuple[Scene, ...] = (
    Scene("crash", lambda f: Breaking(f, only(STRIPE))),
    Scene("mute-vault", lambda f: Fake(f, only(STRIPE), raises=RuntimeError(KEY))),
)

BY_NAME: Mapping[str, Scene] = {scene.name: scene for scene in (*SCENES, *HOSTILE, *BROKEN)}


async def settle(pilot: Pilot[None]) -> None:
    """Wait until what was begun is shown: nothing is looked at, no row and no line is due."""
    app = pilot.app
    assert isinstance(app, OnboardApp)
    calm = 0
    before: object = None
    end = time.monotonic() + 10
    while time.monotonic() < end:
        for _turn in range(20):  # a key comes to its widget, and what it does to its screen, over many turns
            await asyncio.sleep(0)
        await pilot.pause(0.002)
        screen = app.screen
        due = isinstance(screen, BoardScreen) and screen.stale
        for output in screen.query(Output):
            output.draw()
        still = app.awake and not app.sitting.looking and not due and screen is before and screen.is_mounted
        calm = calm + 1 if still else 0
        before = screen
        if calm == 3:
            break
    await pilot.pause(0)


async def play(pilot: Pilot[None], scene: Scene) -> None:
    """Do what the person does."""
    await settle(pilot)
    for press in scene.presses:
        if press.startswith("paste:"):
            # In a window too small for the field nothing has the focus: the paste then goes to the screen.
            (pilot.app.focused or pilot.app.screen).post_message(events.Paste(press.removeprefix("paste:")))
        else:
            await pilot.press(press)
        await settle(pilot)


@dataclass(frozen=True, slots=True)
class Window:
    """A scene that is being shown, in a window whose size changes."""

    pilot: Pilot[None]
    name: str

    def svg(self) -> str:
        return straight(self.pilot.app.export_screenshot(title=f"onboard · {self.name}"))

    async def words(self, size: tuple[int, int] | None = None) -> str:
        """Return the text of the window, after a change to `size`."""
        if size is not None and size != tuple(self.pilot.app.size):
            await self.pilot.resize_terminal(*size)
            await settle(self.pilot)
        return words(self.svg())


@asynccontextmanager
async def playing(scene: Scene, size: tuple[int, int], folder: Path) -> AsyncGenerator[Window, None]:
    """Start a scene in a window of `size`, and do what the person does."""
    app = OnboardApp(scene.make(folder).real(), scene.demo)
    async with app.run_test(size=size) as pilot:
        await play(pilot, scene)
        yield Window(pilot, scene.name)


async def picture(scene: Scene, size: tuple[int, int], folder: Path) -> str:
    """Return the SVG of a scene."""
    async with playing(scene, size, folder) as window:
        return window.svg()


_TEXT = re.compile(
    r'(<text class="[^"]*-matrix"|<text [^>]*?) x="([\d.]+)" y="([\d.]+)" textLength="([\d.]+)"([^>]*)>([^<]*)</text>'
)
_CELL = 12.2
"""Width of a character in Rich's SVG."""


def straight(svg: str) -> str:
    """Return the SVG with leading blanks as places: some viewers collapse them. Ids depend on the content alone."""

    def moved(found: re.Match[str]) -> str:
        start, x, y, length, rest, said = found.groups()
        bare = said.replace("&#160;", "\u00a0")
        lead = len(bare) - len(bare.lstrip("\u00a0"))
        tail = bare.strip("\u00a0")
        if not tail:
            return ""
        shown = tail.replace("\u00a0", "&#160;")
        width = float(length) * len(unescape(tail)) / max(len(unescape(bare)), 1)
        return f'{start} x="{float(x) + lead * _CELL:g}" y="{y}" textLength="{width:.1f}"{rest}>{shown}</text>'

    return re.sub(r"terminal-\d+-", "t-", _TEXT.sub(moved, svg))


def words(svg: str) -> str:
    """Return the text of a picture as the screen's lines."""
    rows: dict[float, list[tuple[float, str]]] = {}
    for found in _TEXT.finditer(svg):
        if "clip-path" in found[5]:
            rows.setdefault(float(found[3]), []).append((float(found[2]), unescape(found[6]).replace("\u00a0", " ")))
    lines: list[str] = []
    for y in sorted(rows):
        line = ""
        for x, said in sorted(rows[y]):
            line = line.ljust(round(x / _CELL)) + said
        lines.append(line.rstrip())
    return "\n".join(lines) + "\n"
