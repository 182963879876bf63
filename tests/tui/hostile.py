"""Texts from outside that try to be more than text, and a sitting in which every text is one of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from onboard.entry import Field, Form, Trial
from onboard.errors import VaultError
from onboard.model import Ask, Event, Finding, Kind, Need, Open, Run, Secret, Shape, Status, Step, Tell, Variable, Write
from tests.tui.fake import APPROVAL, FakeSession, Project

_ESCAPES = (
    "\x1b]52;c;ZXZpbA==\x07",
    "\x1b]52;c;ZXZpbA==\x1b\\",
    "\x1b]0;owned\x07",
    "\x1b]2;owned\x07",
    "\x1b]8;;https://evil.test\x1b\\stripe.com\x1b]8;;\x1b\\",
    "\x1b]1337;File=inline=1:AAAA\x07",
    "\x1b]777;notify;a;b\x07",
    "\x1b]10;?\x07",
    "\x1b]4;1;rgb:ff/00/00\x07",
    "\x1b[2J",
    "\x1b[3J",
    "\x1b[6n",
    "\x1b[5n",
    "\x1b[c",
    "\x1b[>0q",
    "\x1b[21t",
    "\x1b[8;1;1t",
    "\x1b[?47h",
    "\x1b[4h",
    "\x1b[20h",
    "\x1b[!p",
    "\x1bc",
    "\x1bP+q544e\x1b\\",
    "\x1bP$qm\x1b\\",
    "\x1b_Gf=24;AAAA\x1b\\",
    "\x1b^private\x1b\\",
    "\x1bXstring\x1b\\",
    "\x1b#8",
    "\x1b(0",
    "\x1bN\x1bO",
)
_CONTROLS = (
    "a\x9b2Jb",
    "a\x9d0;owned\x9cb",
    "a\x90q\x9cb",
    "a\x85b",
    "a\x84b\x8d",
    "a\x00b",
    "a\x07\x07b",
    "a\x08\x08b",
    "a\x0bb\x0cc",
    "a\x0e\x0fb",
    "a\x7fb",
    "a\rb",
    "a\u202eb\u202c",
    "a\u2066b\u2069",
    "a\u200bb\u200d",
    "a\ufeffb",
    "a\u2028b\u2029c",
    "a\U000e0041b",
    "a\ud800b",
    "a\u061cb",
)
_MARKUP = (
    '[@click="app.quit"]docs[/]',
    "[@click=app.exit]x[/]",
    "[@click=\"app.screenshot('pwn.svg','/tmp')\"]y[/]",
    "[/]",
    "[/b]",
    "[b",
    "sk[test]_x",
    "[$x]gone[/]",
    "[red]no[/red]",
    '[link="https://evil.test"]stripe.com[/link]',
    "[on red]x",
    "\\[b]x",
)
PAYLOADS = _ESCAPES + _CONTROLS + _MARKUP

_UNSENT = (
    *("\x1b]52;c;ZXZpbA==", "\x1b]0;", "\x1b]2;owned", "\x1b]8;", "\x1b]1337", "\x1b]777", "\x1b]10;?", "\x1b]4;1"),
    *("\x1b[2J", "\x1b[3J", "\x1b[6n", "\x1b[5n", "\x1b[21t", "\x1b[8;1;1t", "\x1b[?47h", "\x1b[4h", "\x1b[20h"),
    *("\x1b[!p", "\x1bc", "\x1bP", "\x1b_", "\x1b^", "\x1bX", "\x1b#8", "\x1b(0", "\x1bN", "\x9b", "\x9d", "\x9c"),
    *("\x90", "\x85", "\x84", "\x00", "\x0b", "\x0c", "\x0e", "\x7f", "\u202e", "\u2066", "\u200b", "\ufeff"),
    *("\u2028", "\U000e0041", "\ud800", "\u061c"),
)

MARKS = tuple(found.encode("utf-8", "surrogatepass") for found in _UNSENT)
"""Bytes that the app itself never sends."""


@dataclass
class Hostile(FakeSession):
    """Every text that comes from a file, a service, a child or an error is hostile."""

    def form(self, names: Sequence[str]) -> Form:
        fields = tuple(
            Field(variable, variable.description, variable.description, "missing", True, variable.default)
            for variable in self.variables[:4]
        )
        return Form(_all(0), _all(1), _url(2), PAYLOADS, PAYLOADS[:5], fields, True, _all(3))

    def fits(self, name: str, text: str) -> Shape:
        return Shape(False, _all(4))

    async def attempt(self, values: Mapping[str, Secret], *, verify: bool = True) -> Trial:
        return Trial(_findings("live", None), False, True, {payload: payload for payload in PAYLOADS})

    async def save(self, values: Mapping[str, Secret], trial: Trial | None = None) -> tuple[str, ...]:
        raise VaultError(_all(5), _all(6))

    def env_diff(self) -> tuple[tuple[str, str], ...]:
        return tuple(("+", payload) for payload in PAYLOADS)


def _all(shift: int) -> str:
    """Return many payloads in one text, others first each time."""
    turned = PAYLOADS[shift * 9 :] + PAYLOADS[: shift * 9]
    return " ".join(turned[:12])


def _url(n: int) -> str:
    return f"https://console.example/{PAYLOADS[n]}"


def _findings(family: str, kind: str | None) -> tuple[Finding, ...]:
    steps: dict[str, Callable[[str], Step]] = {
        "ask": lambda p: Ask(p, (p,), p),
        "run": lambda p: Run(p, (p, p)),
        "open": lambda p: Open(p, p),
        "tell": lambda p: Tell(p, p, p),
        "write": lambda p: Write(p, ()),
    }
    return tuple(
        Finding(
            f"{family}.{n}{payload}",
            payload,
            tuple(Status)[n % 4],
            payload,
            payload,
            payload,
            payload,
            {payload: payload},
            steps[kind](payload) if kind else None,
        )
        for n, payload in enumerate(PAYLOADS)
    )


def hostile(folder: Path, kind: str = "tell", *, approved: bool = True) -> Hostile:
    """Return a sitting whose first step is of this kind."""
    variables = tuple(
        Variable(p, Kind.SECRET if n % 2 else Kind.PUBLIC, Need.REQUIRED, p, default=p, description=p)
        for n, p in enumerate(PAYLOADS)
    )
    asked = replace(
        APPROVAL,
        root=_all(0),
        project_id=_all(1),
        commands=tuple((payload, payload) for payload in PAYLOADS),
        hosts=tuple((payload, (payload,)) for payload in PAYLOADS),
        files=PAYLOADS,
        keyring_item=_all(2),
        keyring_folder=_all(3),
        id_is_own=False,
        changed=PAYLOADS,
    )
    heard = tuple(
        Event(payload, payload, Status.OK, ("ready", "webhook", "line", "secret", "exit")[n % 5])
        for n, payload in enumerate(PAYLOADS)
    )
    world = {finding.id: finding for finding in (*_findings("tool", kind), *_findings("webhook", None))}
    return Hostile(
        folder,
        world,
        "untold",
        approved,
        asked,
        PAYLOADS,
        "failed",
        heard,
        variables=variables,
        project=Project(_all(7)),
    )
