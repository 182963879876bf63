"""Models of the JavaScript readers: dotenv, dotenv-expand, Next, Vite, dotenvx and node's own parser.

Sources: dotenv 18 (and 16, which reads alike) `parse`; dotenv-expand 12; @next/env 16; dotenvx 2;
`src/node_dotenv.cc` of node 20 and 22.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from onboard.envfile.readers._base import CannotTell, Reading, Refuses

_SPACE = "\t\n\v\f\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
"""What JavaScript's `\\s` and `trim` take as white space."""
_STRIP = "\t\n\v\f\r \u00a0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff" + "".join(map(chr, range(0x2000, 0x200B)))
_START = "(?<![^\n\r\u2028\u2029])"
_END = "(?=[\n\r\u2028\u2029]|\\Z)"

_LINE = re.compile(
    rf"{_START}[{_SPACE}]*(?:export[{_SPACE}]+)?([A-Za-z0-9_.-]+)(?:[{_SPACE}]*=[{_SPACE}]*?|:[{_SPACE}]+?)"
    rf"([{_SPACE}]*'(?:\\'|[^'])*'|[{_SPACE}]*\"(?:\\\"|[^\"])*\"|[{_SPACE}]*`(?:\\`|[^`])*`|[^#\r\n]+)?"
    rf"[{_SPACE}]*(?:#[^\n\r\u2028\u2029]*)?{_END}"
)
_QUOTED = re.compile(rf"{_START}(['\"`])(.*)\1{_END}", re.DOTALL)
_PROTOTYPE = re.compile(
    r"__(?:proto|defineGetter|defineSetter|lookupGetter|lookupSetter)__"
    r"|constructor|hasOwnProperty|isPrototypeOf|propertyIsEnumerable|toLocaleString|toString|valueOf"
)
_STEPS = 500
"""Replacements in one value after which a model gives up; the readers recurse and overflow at about 10,000."""


def _pairs(text: str) -> list[tuple[str, str, str]]:
    """Return name, text and opening quote of each line that dotenv's expression takes."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    pairs = []
    for match in _LINE.finditer(text):
        value = (match[2] or "").strip(_STRIP)
        pairs.append((match[1], _QUOTED.sub(r"\2", value), value[:1]))
    return pairs


def ordered(values: dict[str, str]) -> dict[str, str] | CannotTell:
    """Return `values` in the order of a JavaScript object: whole numbers first."""
    if any(_PROTOTYPE.fullmatch(name) for name in values):
        return CannotTell("a name that every JavaScript object has")
    numbers = sorted((name for name in values if name == "0" or (name.isdigit() and name[0] != "0")), key=int)
    return {name: values[name] for name in numbers} | values


def dotenv(text: str, environ: Mapping[str, str]) -> Reading:
    """Read as dotenv does: no `$` at all."""
    values: dict[str, str] = {}
    for name, value, quote in _pairs(text):
        values[name] = value.replace("\\n", "\n").replace("\\r", "\r") if quote == '"' else value
    return ordered(values)


_UNESCAPED = re.compile(r"(?<!\\)\$")
_NEXT = re.compile(r"(?<!\\)\$\{?([A-Za-z0-9_]+)(?::-([^}\\]*))?\}?")


def next_env(text: str, environ: Mapping[str, str]) -> Reading:
    """Read as @next/env does: dotenv, then its own expansion, from the last `$` of a value to the first."""
    values = dotenv(text, environ)
    if not isinstance(values, dict):
        return values
    for name, value in values.items():
        expanded = _next_value(value, values, environ)
        if not isinstance(expanded, str):
            return expanded
        values[name] = expanded.replace("\\$", "$")
    return values


def _next_value(value: str, values: Mapping[str, str], environ: Mapping[str, str]) -> str | Refuses | CannotTell:
    seen = set()
    for _ in range(_STEPS):
        if "$" not in value:
            return value
        dollars = [found.start() for found in _UNESCAPED.finditer(value)]
        match = _NEXT.search(value[dollars[-1] :]) if dollars else None
        if match is None:
            return value
        if value in seen:
            return Refuses("a value refers to itself: Next logs an error and drops the whole file")
        seen.add(value)
        name = match[1]
        if _PROTOTYPE.fullmatch(name):
            return CannotTell("a reference to a name that every JavaScript object has")
        new = environ.get(name) or match[2] or values.get(name) or ""
        value = _replace(value, match[0], new)
        if len(value) > 1_000_000:
            return CannotTell("a value that grows as it is expanded")
    return CannotTell("a value with very many references, or one that refers to itself")


def _replace(text: str, old: str, new: str) -> str:
    """Do what JavaScript's `text.replace(old, new)` does: once, and `$$`, `$&`, `` $` ``, `$'` in `new` are special."""
    before, _, after = text.partition(old)
    if "$" in new:
        special = {"$$": "$", "$&": old, "$`": before, "$'": after}
        new = re.sub(r"\$[$&`']", lambda match: special[match[0]], new)
    return before + new + after


_EXPAND = re.compile(r"(?<!\\)\$\{([^{}]+)\}|(?<!\\)\$([A-Za-z_][A-Za-z0-9_]*)")
_OPERATOR = re.compile(r":\+|\+|:-|-")


def _expand(values: Mapping[str, str], done: dict[str, str], environ: Mapping[str, str]) -> Reading:
    """Expand as dotenv-expand 12 does: `done` is what a reference sees, and takes each value once it is expanded."""
    for name, value in values.items():
        expanded = _expand_value(value, done, environ)
        if isinstance(expanded, CannotTell):
            return expanded
        done[name] = expanded.replace("\\$", "$")
    return done


def _expand_value(value: str, done: Mapping[str, str], environ: Mapping[str, str]) -> str | CannotTell:
    seen: set[str] = set()
    for _ in range(_STEPS):
        match = _EXPAND.search(value)
        if match is None:
            return value
        seen.add(value)
        key, operator, default = _operands(match[1] or match[2])
        if _PROTOTYPE.fullmatch(key):
            return CannotTell("a reference to a name that every JavaScript object has")
        known = environ.get(key, done.get(key, ""))
        if operator in (":+", "+"):
            new = default if known else ""
        else:
            new = default if not known or known in seen else known
        value = _replace(value, match[0], new)
        if key in done and value == done[key]:
            return value
        if len(value) > 1_000_000:
            return CannotTell("a value that grows as it is expanded")
    return CannotTell("a value with very many references, or one that refers to itself without end")


def _operands(expression: str) -> tuple[str, str, str]:
    match = _OPERATOR.search(expression)
    if match is None:
        return expression, "", ""
    return expression[: match.start()], match[0], expression[match.end() :]


def dotenv_expand(text: str, environ: Mapping[str, str]) -> Reading:
    """Read as dotenv with dotenv-expand does."""
    values = dotenv(text, environ)
    return _expand(values, {}, environ) if isinstance(values, dict) else values


def vite(text: str, environ: Mapping[str, str]) -> Reading:
    """Read as Vite 8 on node 22 or later does: node's parser, then a dotenv-expand that sees later names too."""
    values = node22(text, environ)
    if not isinstance(values, dict):
        return values
    values = ordered(dict(sorted(values.items(), key=lambda pair: pair[0].encode())))  # node keeps a sorted map
    return values if isinstance(values, CannotTell) else _expand(values, dict(values), environ)


def dotenvx(text: str, environ: Mapping[str, str]) -> Reading:
    """Read as dotenvx does; it runs `$(…)` everywhere but in single quotes, so there the model cannot tell."""
    done: dict[str, str] = {}
    literals: dict[str, str] = {}
    for name, value, quote in _pairs(text):
        if quote == "'":
            value = value.replace("\\'", "'")
            literals[name] = value
        else:
            if quote == '"':
                value = value.replace("\\n", "\n").replace("\\r", "\r").replace("\\t", "\t")
            if value.startswith("encrypted:"):
                return CannotTell("an encrypted value")
            if "$(" in value:
                return CannotTell("dotenvx would run a command")
            expanded = _dotenvx_value(value, done, literals, environ)
            if isinstance(expanded, CannotTell):
                return expanded
            value = expanded.replace("\\$", "$")
        done[name] = value
    return ordered(done)


_REFERENCE = re.compile(r"\$\{[^}]+\}|\$[A-Za-z_][A-Za-z0-9_]*")


def _dotenvx_value(
    value: str, done: Mapping[str, str], literals: Mapping[str, str], environ: Mapping[str, str]
) -> str | CannotTell:
    for _ in range(_STEPS):
        match = _EXPAND.search(value)
        if match is None:
            return value
        key, operator, default = _operands(match[1] or match[2])
        if _PROTOTYPE.fullmatch(key):
            return CannotTell("a reference to a name that every JavaScript object has")
        known = environ.get(key, done.get(key))
        if operator in (":+", "+"):
            new = default if (known if operator == ":+" else known is not None) else ""
        elif operator == "-":
            new = default if known is None else known
        else:
            new = known or default
        value = _replace(value, match[0], new)
        if value == known or (key in literals and literals[key] and _REFERENCE.search(literals[key])):
            return value
        if len(value) > 1_000_000:
            return CannotTell("a value that grows as it is expanded")
    return CannotTell("a value with very many references, or one that refers to itself without end")


def node20(text: str, environ: Mapping[str, str]) -> Reading:
    """Read as `node --env-file` and `util.parseEnv` of node 20 do: only blanks are trimmed, names swallow lines."""
    values: dict[str, str] = {}
    content = text.replace("\r", "").strip(" ")
    at, size = 0, len(content)
    while at < size:
        newline = content.find("\n", at)
        if content[at] in "\n#" and newline >= 0:
            at = newline + 1
            continue
        equal = content.find("=", at)
        if equal < 0:
            if newline < 0:
                break
            at = newline + 1
            continue
        key = content[at:equal].strip(" ")
        if not key and equal > at:
            return CannotTell("blanks where a name should be")  # node 20 reads past the end of its own text there
        at = _skip(content, equal + 1, " ")
        if not key:
            break
        key = key.removeprefix("export ")
        if at >= size:
            values[key] = ""
            break
        values[key], at = _node_value(content, at, " ")
        if at < 0:
            return CannotTell("an unclosed quote at the end of the file")
    return ordered(values)


def node22(text: str, environ: Mapping[str, str]) -> Reading:
    """Read as `node --env-file` and `util.parseEnv` of node 22 and later do."""
    blanks = " \t\n"
    values: dict[str, str] = {}
    content = text.replace("\r", "").strip(blanks)
    at, size = 0, len(content)
    while at < size:
        newline = content.find("\n", at)
        if content[at] in "\n#":
            if newline < 0:
                break
            at = newline + 1
            continue
        equal = content.find("=", at, newline if newline >= 0 else size)
        if equal < 0:
            if newline < 0:
                break
            at = _skip(content, newline + 1, blanks)
            continue
        key = content[at:equal].strip(blanks)
        at = equal + 1
        if at >= size or content[at] == "\n":
            values[key] = ""
            continue
        at = _skip(content, at, blanks)
        if not key:
            continue
        if key.startswith("export "):
            key = key[7:].strip(blanks)
        if at >= size:
            values[key] = ""
            break
        quoted = content[at] in "'\"`" and content.find(content[at], at + 1) >= 0
        values[key], at = _node_value(content, at, blanks)
        if at < 0:
            break
        if not quoted:
            at = _skip(content, at, blanks)
    return ordered(values)


def _skip(text: str, at: int, blanks: str) -> int:
    while at < len(text) and text[at] in blanks:
        at += 1
    return at


def _node_value(content: str, at: int, blanks: str) -> tuple[str, int]:
    """Return the value that starts at `at` and where the next statement does; -1: the text ends in an open quote."""
    quote = content[at]
    newline = content.find("\n", at)
    if quote in "'\"`":
        close = content.find(quote, at + 1)
        if close >= 0:
            value = content[at + 1 : close]
            end = content.find("\n", close + 1)
            return value.replace("\\n", "\n") if quote == '"' else value, len(content) if end < 0 else end + 1
        if newline < 0:
            return content[at:], -1
        return content[at:newline], newline + 1
    end = len(content) if newline < 0 else newline
    return content[at:end].partition("#")[0].strip(blanks), end + 1
