"""The model of bash and POSIX shells reading a file (`set -a; . file`), for files that only assign.

A shell runs what stands there, so the model knows assignments, comments and blank lines; where a line would run a
command, it names what and says nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from onboard.envfile.readers._base import CannotTell, Reading, Refuses, number_of_line

_ASSIGNMENT = re.compile(r"[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)=")
_SKIPPED = re.compile(r"[ \t]*(?:#[^\n]*)?(?:\n|\Z)")
_BARE = re.compile(r"[^ '\"\\$`;&|<>()*?\[\]{}~!#\x00-\x0c\x0e-\x1f]+|(?<=[^\s])#|[!\[\]{}*?~]")
_REFERENCE = re.compile(r"\$(?:([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)\})")
_DOUBLE = re.compile(r"[^\"\\$`]+")
_END = re.compile(r"[ \t]*(?:[ \t]#[^\n]*)?(?:\n|\Z)")
_OPEN = "a quote is not closed"
_READ_ONLY = {"UID", "EUID", "PPID", "BASHOPTS", "SHELLOPTS", "BASH_VERSINFO"}
_LIVE = {"IFS", "RANDOM", "SECONDS", "LINENO", "PWD", "OLDPWD", "SHLVL", "_", "OPTIND", "BASHPID", "EPOCHSECONDS"}
"""Names that a shell changes or reads differently once they are assigned."""


_AFTER_LITERAL_DOLLAR = ("", " ", "\t", "\n", "/", "=", ":", ",", ".", "%", "+", "^", "]", "}", ")", "~")


class _Stop(Exception):
    """Carries what the model says of the file; not an error."""

    def __init__(self, reading: Refuses | CannotTell) -> None:
        self.reading = reading


def bash(text: str, environ: Mapping[str, str]) -> Reading:
    """Read as bash does, or say where it would run something."""
    values: dict[str, str] = {}
    at = 0
    try:
        while at < len(text):
            skipped = _SKIPPED.match(text, at)
            if skipped is not None and skipped.end() > at:
                at = skipped.end()
                continue
            match = _ASSIGNMENT.match(text, at)
            if match is None:
                raise _Stop(Refuses("a shell would run this line as a command", number_of_line(text, at)))
            if match[1] in _READ_ONLY or match[1] in _LIVE or match[1].startswith("BASH"):
                raise _Stop(CannotTell("a name with a meaning of its own in a shell"))
            start = at
            word, at = _word(text, match.end(), values, environ)
            end = _END.match(text, at)
            if end is None:
                raise _Stop(Refuses("a shell would run a part of this line", number_of_line(text, start)))
            at = end.end()
            values[match[1]] = word
    except _Stop as stop:
        return stop.reading
    return values


def runs(text: str) -> bool:
    """Return whether a shell that sources `text` would run something in its first statement.

    Where a quote stays open to the end, a shell stops with an error before it runs anything of it.
    """
    match = _ASSIGNMENT.match(text)
    if match is None:
        return True
    try:
        _, at = _word(text, match.end(), {}, {})
    except _Stop as stop:
        return isinstance(stop.reading, Refuses) and stop.reading.reason != _OPEN
    return _END.match(text, at) is None


def _word(text: str, at: int, values: Mapping[str, str], environ: Mapping[str, str]) -> tuple[str, int]:
    """Return the value of the word at `at`, unquoted and expanded, and where it ends."""
    parts: list[str] = []
    start = at
    while at < len(text):
        char = text[at]
        if char == "'":
            end = text.find("'", at + 1)
            if end < 0:
                raise _Stop(Refuses(_OPEN, number_of_line(text, at)))
            parts.append(text[at + 1 : end])
            at = end + 1
        elif char == '"':
            at = _double(text, at + 1, parts, values, environ)
        elif char == "\\":
            if at + 1 >= len(text):
                raise _Stop(CannotTell("a backslash at the end of the file"))
            if text[at + 1] != "\n":
                parts.append(text[at + 1])
            at += 2
        elif char in "$`":
            at = _reference(text, at, parts, values, environ, quoted=False)
        else:
            match = _BARE.match(text, at)
            if match is None:
                break
            if match[0] == "~" and (at == start or text[at - 1] == ":"):
                raise _Stop(CannotTell("a tilde that a shell expands"))
            parts.append(match[0])
            if "~" in match[0][1:] or (match[0][-1:] == ":" and text[match.end() : match.end() + 1] == "~"):
                raise _Stop(CannotTell("a tilde that a shell may expand"))
            at = match.end()
    return "".join(parts), at


def _double(text: str, at: int, parts: list[str], values: Mapping[str, str], environ: Mapping[str, str]) -> int:
    opening = at
    while at < len(text):
        char = text[at]
        if char == '"':
            return at + 1
        if char == "\\":
            following = text[at + 1 : at + 2]
            if following == "\n":
                pass
            elif following and following in '$`"\\':
                parts.append(following)
            else:
                parts.append("\\" + following)
            at += 2
        elif char in "$`":
            at = _reference(text, at, parts, values, environ, quoted=True)
        else:
            match = _DOUBLE.match(text, at)
            if match is None:
                break
            parts.append(match[0])
            at = match.end()
    raise _Stop(Refuses(_OPEN, number_of_line(text, opening)))


def _reference(
    text: str, at: int, parts: list[str], values: Mapping[str, str], environ: Mapping[str, str], *, quoted: bool
) -> int:
    if text[at] == "`" or text.startswith("$(", at):
        raise _Stop(Refuses("a shell would run a command here", number_of_line(text, at)))
    match = _REFERENCE.match(text, at)
    if match is not None:
        name = match[1] or match[2]
        if name in _LIVE or name in _READ_ONLY or name.startswith("BASH"):
            raise _Stop(CannotTell("a variable that the shell itself sets"))
        parts.append(values.get(name, environ.get(name, "")))
        return match.end()
    following = text[at + 1 : at + 2]
    if following in _AFTER_LITERAL_DOLLAR or (quoted and following in ('"', "'", "\\")):
        parts.append("$")
        return at + 1
    raise _Stop(CannotTell("a `$` form with a meaning of its own in a shell"))
