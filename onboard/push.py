"""The schema push, guarded: the right database first, the tool's own word of success, and a look afterwards."""

from __future__ import annotations

import re
import shlex
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from onboard import children, way_back
from onboard import target as targets
from onboard.checks._base import View
from onboard.clean import plain
from onboard.errors import NeedsPerson
from onboard.model import Event, Status
from onboard.target import Target

_SUCCESS = {
    "drizzle": re.compile(r"\[✓\] Changes applied|\[i\] No changes detected|migrations applied successfully"),
    "prisma": re.compile(
        r"now in sync with your|already in sync|No pending migrations|successfully applied|Already in sync"
    ),
    "supabase": re.compile(
        r"Finished supabase (db push|migration up)|(database|Database) is up to date|Applying migration \S+\.sql"
    ),
}
"""What each tool prints when it has done its work: its exit code says too little (drizzle-kit's is 0 in any case)."""

_REFUSED = re.compile(
    r"Interactive prompts require a TTY|environment is non-interactive|use the --accept-data-loss flag"
    r"|Please use `--force`|--allow-reset|Confirmation required|can't ask because",
    re.I,
)
"""The tool wanted to ask and nobody was there, or it asks for a flag that only a person may add."""
_DECLINED = re.compile(
    r"All changes were aborted|(db )?push cancell?ed|Aborted|Reset cancell?ed|context canceled", re.I
)
_LOSES = re.compile(
    r"data-loss statements|DATA LOSS|lose data|(?<!--force-reset\nAll )data will be lost|might be data loss"
    r"|Do you want to truncate|want to (truncate|remove|delete)",
    re.I,
)
_ASKS = re.compile(
    r"Do you (still )?want to|created or renamed|Apply \d+ migrations? on .*\?|Are you sure|\[[yY]/[nN]\]"
    r"|\? .{3,200}[›»:?]\s*$",
    re.M,
)
_KEPT = 1 << 16
"""Characters of what the tool said that are searched for its word of success."""


async def push(
    view: View,
    *,
    confirmed: str = "",
    shown: Target | None = None,
    way: str = "",
    terminal: children.Terminal | None = None,
) -> AsyncGenerator[Event, None]:
    """Push the schema and yield what happens, the last event being `done` or `failed`.

    Raises NeedsPerson where the database is production's by any sign, or is not known: `confirmed` must then be a name
    of it, typed by a person. `shown`: what the person agreed to; another database than that one is not touched.
    `way`: the way back to make first. `terminal`: where the tool's own questions reach the person; without one nobody
    answers them, and the tools then apply nothing.
    """
    if view.app.push is None:
        yield Event("this project has no schema push", level=Status.FAIL, kind="failed")
        return
    target = await targets.look(view, confirmed=confirmed)
    for text in target.lines():
        yield Event(text)
    if target.stopped:
        why = f"nothing was pushed: {target.stopped}"
        yield Event(why, level=Status.FAIL, kind="failed", data={"hint": target.hint})
        return
    if target.names and confirmed not in target.names:
        raise NeedsPerson(
            f"{target.production}; nothing was pushed", f"a person who means it types its name: {target.names[0]}"
        )
    if shown is not None and (shown.url, shown.push) != (target.url, target.push):
        why = "nothing was pushed: the connection string changed since it was shown"
        yield Event(why, level=Status.FAIL, kind="failed")
        return
    if way:
        yield Event("makes a way back first")
        made = await way_back.make(view, target, way)
        yield Event(made.text)
        yield Event(f"back with: {made.restore}")
    yield Event(f"runs {target.push.command}")
    said, code = _Said(), -1
    argv = tuple(shlex.split(target.push.command))
    env = {**children.variables(view, secrets=True), **target.gives}
    folder, hidden = target.push.dir, target.secrets
    if terminal is None:
        async with aclosing(children.run(view, argv, env, folder=folder, hidden=hidden)) as events:
            async for event in events:
                if event.kind == "exit":
                    code = int(event.data["code"] or 0)
                else:
                    said.hears(event.text + "\n")
                    yield event
    else:
        async with aclosing(children.on_terminal(view, argv, env, terminal, folder=folder, hidden=hidden)) as pieces:
            async for piece in pieces:
                if isinstance(piece, int):
                    code = piece
                elif question := said.hears(piece):
                    yield question
    yield await _outcome(view, target, code, said.text, asked=terminal is not None)


class _Said:
    """The end of what a tool said, and the questions in it."""

    def __init__(self) -> None:
        self._all = ""
        self._told: set[bool] = set()

    @property
    def text(self) -> str:
        """Without colours and without what was drawn over."""
        return _plain(self._all)

    def hears(self, piece: str) -> Event | None:
        """Take more of it; return what a person should be told of a question in it, once for each kind."""
        self._all = (self._all + piece)[-_KEPT:]
        fresh = _plain(self._all[-4_000:])
        loses = bool(_LOSES.search(fresh))
        if not (loses or _ASKS.search(fresh)) or loses in self._told:
            return None
        self._told |= {loses, False}
        what = "whether data may be lost" if loses else "something"
        text = f"the tool asks {what}; only you answer"
        return Event(text, level=Status.WARN, kind="asks", data={"data_loss": loses})


def _plain(text: str) -> str:
    return "\n".join(plain(row) for row in text.replace("\r\n", "\n").split("\n"))


async def _outcome(view: View, target: Target, code: int, said: str, *, asked: bool) -> Event:
    """Say how it ended, by the tool's own words and by a look at the database."""
    after = await _tables(view, target)
    told = _changes(target.tables, after)
    known = _SUCCESS.get(target.push.tool)
    succeeded = code == 0 and (known is None or known.search(said) is not None)
    if not succeeded:
        changed = after is not None and target.tables is not None and after != target.tables
        what = f"; even so the tables are others now ({told})" if changed else "; nothing was applied"
        if _REFUSED.search(said) and not asked:
            return _failed(
                f"the tool asks something that only you can answer{what}", "run `onboard push` in a terminal"
            )
        if _REFUSED.search(said):
            return _failed(f"the tool would lose data and goes no further without a flag of your own{what}")
        if _DECLINED.search(said):
            return Event(f"it was answered with no{what}", level=Status.WARN, kind="failed")
        if code in (-2, 130):
            return Event(f"it was interrupted{what}", level=Status.WARN, kind="failed")
        why, hint = await _reason(view, target, said)
        return _failed(
            f"the tool did not say that it had applied the schema (exit {code}): {why}{what if changed else ''}", hint
        )
    if after is None:
        text = "the schema is pushed; the tables could not be listed afterwards"
        return Event(text, level=Status.WARN, kind="done")
    if not after:
        return _failed("the tool says done, but the database has no tables")
    new, gone = set(after) - set(target.tables or ()), set(target.tables or ()) - set(after)
    text = f"the database has {len(after)} tables ({told})"
    if known is None and not new and not gone:
        text = f"the command ended well; the database has {len(after)} tables, as before"
    return Event(text, kind="done", data={"tables": len(after), "new": len(new), "gone": len(gone)})


def _failed(text: str, hint: str = "") -> Event:
    return Event(text, level=Status.FAIL, kind="failed", data={"hint": hint} if hint else {})


async def _tables(view: View, target: Target) -> tuple[str, ...] | None:
    asked = targets.asks(view, target.url) if target.url is not None else None
    return await asked[0].tables(asked[1], view.machine) if asked else None


def _changes(before: Sequence[str] | None, after: Sequence[str] | None) -> str:
    """Return `+ users, − posts`: names only."""
    if before is None or after is None:
        return "before: not known"
    signs = [f"+ {_short(name)}" for name in sorted(set(after) - set(before))]
    signs += [f"− {_short(name)}" for name in sorted(set(before) - set(after))]
    more = f" and {len(signs) - 20} more" if len(signs) > 20 else ""
    return ", ".join(signs[:20]) + more if signs else "as before"


def _short(name: str) -> str:
    return name.removeprefix("public.")


_KNOWN = (
    (
        re.compile(r"packageManager|npm registry signature could not be verified|ERR_PNPM_UNSUPPORTED_ENGINE"),
        "the package manager did not start it",
        "the version that package.json names is not the one that is installed",
    ),
    (
        re.compile(r"install either 'pg'|driver .*not found|Please install", re.I),
        "the tool has no driver for PostgreSQL",
        "install the dependencies",
    ),
    (
        re.compile(r"command not found|not found: |ERR_PNPM_RECURSIVE_EXEC|ENOENT.*bin", re.I),
        "the tool is not installed",
        "install the dependencies",
    ),
    (re.compile(r"ERR_INVALID_URL|Invalid URL"), "the connection string that it got is not a URL", ""),
    (
        re.compile(r"P1001|P1000|P1003|P1017|Can't reach database server at"),
        "Prisma could not reach the database",
        "onboard gets in with the same connection string; look at sslmode and at the pooler",
    ),
    (
        re.compile(r"binaries\.prisma\.sh|schema-engine.*(ENOTFOUND|download)|getaddrinfo", re.I),
        "Prisma's engine could not be downloaded",
        "its host has to be reachable once: binaries.prisma.sh",
    ),
)

_PRISMA = (
    (re.compile(r"changes that cannot be executed:\s+• (\S.+)"), "a default value, or other rows, have to come first"),
    (re.compile(r"^Error: (P\d{4}\s+\S.+)", re.M), ""),
)
"""Where Prisma gives its reason: in the first of its bullets, or in the paragraph after a number."""


async def _reason(view: View, target: Target, said: str) -> tuple[str, str]:
    """Return why it failed and what to do, by asking the database ourselves: most tools do not say."""
    asked = targets.asks(view, target.url) if target.url is not None else None
    if asked is not None:
        provider, values = asked
        verdict = await provider.verify(provider.credentials[0], values, view.machine)
        if verdict.status is not Status.OK and verdict.summary and not verdict.identity.get("version"):
            return verdict.summary, verdict.detail
    for pattern, why, hint in _KNOWN:
        if pattern.search(said):
            return why, hint
    for pattern, hint in _PRISMA:
        if found := pattern.search(said):
            return " ".join(found[1].split())[:300], hint
    rows = [
        row.strip() for row in said.splitlines() if re.search(r"\b(error|failed|fatal|could not|cannot)\b", row, re.I)
    ]
    rows = [row for row in rows if "ELIFECYCLE" not in row]
    named = [row for row in rows if re.match(r"\w*Error: |error: |ERROR:? ", row)]
    if rows:
        return (named or rows[-1:])[0][:300], ""
    if asked is None:
        return "it gave no reason", ""
    hint = "the driver treats parts of the URL otherwise: try it without channel_binding, or with another sslmode"
    return "it gave no reason; onboard itself gets in with the same connection string", hint
