"""Typed and pasted text becomes a value: what does not belong to it is taken off, and said. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from onboard.model import Secret

_ASSIGNMENT = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*[=:]\s*(?=\S)")
_QUOTES = {'"': '"', "'": "'", "`": "`", "“": "”", "‘": "’"}
_TERMINAL = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_INVISIBLE = "\ufeff\u200b\u200c\u200d\u2060\u00ad"
_WHITE = " \t\r\n\f\v\u00a0\u2007\u202f\u3000\u2028\u2029\x00"


@dataclass(frozen=True, slots=True)
class Pasted:
    """A typed or pasted value after cleaning."""

    value: Secret
    removed: tuple[str, ...]
    """What was taken off, in words: `KEY=`, `quotes`, `a line end`, `Bearer`. Empty: nothing."""


def cleaned(name: str, text: str) -> Pasted:
    """Return what a person meant by `text` as the value of `name`.

    Taken off: terminal paste marks, blanks and line ends around it, invisible characters at its ends, `NAME=`
    (this name, or any written like one), a pair of quotes, `Bearer `. Of several lines the one for `name`, else
    the first, is taken; a PEM block or JSON keeps its lines.
    """
    removed: list[str] = []

    def note(word: str, before: str, after: str) -> str:
        if after != before and word not in removed:
            removed.append(word)
        return after

    text = note("terminal codes", text, _TERMINAL.sub("", text))
    text = note("a line end", text, text.rstrip("\r\n"))
    text = note("blanks around it", text, text.strip(_WHITE))
    text = note("invisible characters", text, text.strip(_INVISIBLE).strip(_WHITE))
    if "\n" in text or "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        if not _keeps_lines(_without_name(name, text)):
            lines = [line for line in text.split("\n") if line.strip(_WHITE)]
            chosen = next((line for line in lines if _without_name(name, line) != line and name in line), lines[0])
            left = len(lines) - 1
            removed.append(f"{left} more line{'s' if left > 1 else ''}")
            text = chosen.strip(_WHITE)
    text = note(f"{name}=", text, _without_name(name, text))
    text = note("quotes", text, _unquoted(text))
    # `NAME="NAME=value"`: pasted twice over.
    text = note(f"{name}=", text, _without_name(name, text))
    text = note("quotes", text, _unquoted(text))
    if text[:7].lower() == "bearer ":
        text = note("Bearer", text, text[7:].strip(_WHITE))
    return Pasted(Secret(text), tuple(removed))


def _without_name(name: str, text: str) -> str:
    match = _ASSIGNMENT.match(text)
    if match is None:
        return text
    written = match[1]
    like_a_name = written == written.upper() and "_" in written and len(written) >= 5 and ":" not in match[0]
    return text[match.end() :] if written == name or like_a_name else text


def _unquoted(text: str) -> str:
    closing = _QUOTES.get(text[:1])
    if closing is not None and len(text) >= 2 and text.endswith(closing) and closing not in text[1:-1]:
        return text[1:-1].strip(_WHITE)
    return text


def _keeps_lines(text: str) -> bool:
    text = _unquoted(text)
    return text.startswith(("-----BEGIN ", "{", "["))
