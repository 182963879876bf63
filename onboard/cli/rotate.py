"""`onboard rotate`: change a credential; the old one ends only when the new one is stored and works."""

from __future__ import annotations

import argparse
import asyncio
import re

from onboard.clean import clean, line
from onboard.cli import common, report
from onboard.errors import NeedsPerson, UsageError
from onboard.model import Secret, Status
from onboard.rotating import Ended, Talk
from onboard.rotation import Rotator
from onboard.session import Session


def main(verb: str, words: list[str]) -> int:
    """Run the verb; return the exit code."""
    parser = common.parser(verb, "Change credentials. The old one ends when the new one is stored and works.")
    parser.add_argument("names", nargs="*", metavar="NAME|PROVIDER", help="variables, or services (stripe, neon)")
    parser.add_argument("--older-than", metavar="90d", help="all secrets that were set longer ago")
    parser.add_argument("--undo", action="store_true", help="go back to the old one, as long as it lives")
    options = parser.parse_args(words)
    if options.undo and (options.older_than or not options.names):
        raise UsageError("--undo takes the names of variables", "`onboard rotate --undo NAME`")
    return asyncio.run(_main(options))


def days(text: str) -> int:
    """Return the days that `90d`, `12w` or `90` mean. Raises UsageError."""
    match = re.fullmatch(r"(\d{1,5})([dw]?)", text.strip().lower())
    if match is None:
        raise UsageError("an age is a number of days or weeks: 90d, 12w")
    return int(match[1]) * (7 if match[2] == "w" else 1)


async def _main(options: argparse.Namespace) -> int:
    session = common.trusted_session(options)
    try:
        rotator = session.rotate()
        if options.undo:
            return await _undo(session, rotator, options.names)
        words = list(options.names)
        if options.older_than:
            due, undated = await rotator.due(days(options.older_than))
            if undated:
                common.note(f"since when is not known: {', '.join(map(line, undated))}")
            words += due
        if not words:
            words += await rotator.pending()
        if not words:
            common.note("nothing is that old" if options.older_than else "nothing is under way; name what to change")
            return common.OK if options.older_than else common.USAGE
        talk = Talk(session, _Terminal(session))
        changes = await talk.changes(*words)
        if not session.machine.terminal:
            for change in changes:
                talk.show(change)
            raise NeedsPerson(
                "a person changes a credential; nothing was changed",
                f"run `onboard rotate {' '.join(change.name for change in changes)}` in your terminal",
            )
        return max([_CODES[await talk.change(change)] for change in changes], default=common.OK)
    finally:
        await session.close()


async def _undo(session: Session, rotator: Rotator, names: list[str]) -> int:
    for name in names:
        back = await rotator.undo(name)
        if not back:
            common.note(f"{name}: the change is closed, nothing was put back; end the new one where it was made")
        else:
            common.note(f"{', '.join(back)}: back to the old one, in {session.env_name} and the keyring")
            common.note("   the new one still works at the service, until it is ended there")
    return common.OK


class _Terminal:
    """The person at the terminal: told on stderr, asked on stdin."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def head(self, text: str) -> None:
        common.note(f"\n{clean(text)}")

    def say(self, text: str, status: Status | None = None) -> None:
        common.note(f"{report.WORDS[status]}: {clean(text)}" if status else f"   {clean(text)}")

    def guide(self, page: str, steps: tuple[str, ...]) -> None:
        for number, text in enumerate(steps, 1):
            self.say(f"{number}. {text}")
        if page:
            self.say(page)

    async def agree(self, question: str, *, word: str = "") -> bool:
        if not word:
            return common.confirm(clean(question))
        return common.answer(f"{clean(question)} Type {word}, or Enter for no: ").strip() == word

    async def enter(self, name: str, question: str) -> Secret | None:
        text = common.answer(f"{clean(question)}: ", hidden=True)
        return self._session.clean(name, text).value if text.strip() else None


_CODES = {Ended.DONE: common.OK, Ended.LIVES: common.UNKNOWN, Ended.DECLINED: common.PERSON}
