"""Model of how Bun reads its `.env` files and `--env-file`. Source: the answers of Bun 1.4.5."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from onboard.envfile.readers._base import CannotTell, Reading
from onboard.envfile.readers.javascript import ordered

_BLANKS = "\t\v\f \n\r"
_KEY = re.compile(r"[A-Za-z0-9_.-]+")
_BRACED = re.compile(r"(\w*)(?::-(.*))?", re.A | re.S)
_BARE = re.compile(r"\$(\w+)", re.A)
_NESTED = 200
"""References in one value after which the model gives up: each may stand in the default of the one before."""


def bun(text: str, environ: Mapping[str, str]) -> Reading:
    """Read as Bun does: quoted values may start on a later line, and `$NAME` is replaced between any quotes."""
    source = text.removeprefix("\ufeff")
    values: dict[str, str] = {}
    at = 0
    while at < len(source):
        key, at = _key(source, at)
        if key:
            values[key], at = _value(source, at)
        else:
            at = _until(source, at, "\r\n") + 1
    for name, value in values.items():
        if value.count("${") > _NESTED:
            return CannotTell("a value with very many references")
        values[name] = _expanded(value, lambda name: environ.get(name, values.get(name)))
        if len(values[name]) > 1_000_000:
            return CannotTell("a value that grows as it is expanded")
    return ordered(values)


def _skip(source: str, at: int) -> int:
    return len(source) - len(source[at:].lstrip(_BLANKS))


def _until(source: str, at: int, stops: str) -> int:
    while at < len(source) and source[at] not in stops:
        at += 1
    return at


def _key(source: str, at: int) -> tuple[str, int]:
    """Return the name at the next word and where its value starts; without a name, where that word starts."""
    start = _skip(source, at)
    word = _KEY.match(source, start)
    if word is None:
        return "", start
    sign = _skip(source, word.end())
    if word[0] == "export" and sign > word.end() and (inner := _KEY.match(source, sign)):
        after = _signed(source, _skip(source, inner.end()))
        if after >= 0:
            return inner[0], after
    after = _signed(source, sign)
    return (word[0], after) if after >= 0 else ("", start)


def _signed(source: str, at: int) -> int:
    """Return where the value after `=`, or after a colon and a blank, starts; -1: there is none."""
    if source[at : at + 1] == "=":
        return at + 1
    return at + 2 if source[at : at + 1] == ":" and source[at + 1 : at + 2] in tuple(_BLANKS) else -1


def _value(source: str, start: int) -> tuple[str, int]:
    at = _skip(source, start)
    if at >= len(source):
        return "", at
    if source[at] in "'\"`" and (quoted := _quoted(source, at)):
        return quoted
    end = _until(source, start, "#\r\n")
    return source[start:end].strip(_BLANKS), end


def _quoted(source: str, start: int) -> tuple[str, int] | None:
    """Return what the quote at `start` encloses, and the end of the line that it closes on; `None`: it never closes."""
    quote, end = source[start], start + 1
    while end < len(source):
        if source[end] == "\\":
            end += 1
        elif source[end] == quote:
            inside = re.sub(r"\\.|\r\n?" if quote == '"' else r"\r\n?", _escape, source[start + 1 : end], flags=re.S)
            return inside, _until(source, end, "\r\n")
        end += 1
    return None


def _escape(found: re.Match[str]) -> str:
    return {"\\n": "\n", "\\r": "\r", "\r": "\n", "\r\n": "\n"}.get(found[0], found[0])


def _expanded(value: str, look: Callable[[str], str | None]) -> str:
    """Replace references from left to right; what is put in is not looked at again."""
    done, at = [], 0
    while at < len(value):
        start = at
        if value.startswith("\\$", at):
            done.append("$")
            at += 2
        elif value.startswith("${", at):
            close = _closing(value, at + 2)
            if close < 0:
                return "".join(done) + value[start:]
            inner, at = _BRACED.fullmatch(value, at + 2, close), close + 1
            known = look(inner[1]) if inner else value[start:at]
            done.append(_expanded(inner[2] or "", look) if inner and known is None else known or "")
        elif found := _BARE.match(value, at):
            done.append(look(found[1]) or "")
            at = found.end()
        else:
            done.append(value[at])
            at += 1
    return "".join(done)


def _closing(value: str, at: int) -> int:
    """Return where the brace that was opened before `at` closes; -1: nowhere."""
    depth = 1
    while at < len(value):
        if value[at] == "\\":
            at += 1
        elif value.startswith("${", at):
            depth += 1
            at += 1
        elif value[at] == "}":
            depth -= 1
            if depth == 0:
                return at
        at += 1
    return -1
