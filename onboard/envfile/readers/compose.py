"""Models of Docker's two readers: Compose (`env_file:` and `.env`) and `docker run --env-file`.

Sources: compose-go `dotenv/parser.go`, `dotenv/godotenv.go`, `template/template.go`;
the answers of `docker run` 20.10 and 28.2.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from onboard.envfile.readers._base import CannotTell, Reading, Refuses, number_of_line

_SPACES = "\t\v\f\r \x85\xa0"
"""What its `isSpace` takes; a byte at a time where names are read, so the last two only where a rune is."""
_UNICODE_SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))


def compose(text: str, environ: Mapping[str, str]) -> Reading:
    """Read as Compose reads an `env_file:`; one line it does not like and the whole file is refused."""
    text = text.removeprefix("\ufeff")
    values: dict[str, str] = {}
    at = 0
    while True:
        at = _statement(text, at)
        if at < 0:
            return values
        start = at
        export = _EXPORT.match(text, at)
        if export is not None and "\n" in export[0]:
            return CannotTell("`export` with nothing on its line")
        at = _skip(text, export.end() if export else at, _SPACES)
        if not text.isascii():
            name_line = text[at : text.find("\n", at)] if text.find("\n", at) >= 0 else text[at:]
            if not re.split("[=:]", name_line, maxsplit=1)[0].isascii():
                return CannotTell("a name that is not ASCII")
        name, at, inherited = _name(text, at)
        if name is None:
            return Refuses("Compose takes only letters, digits, `_` and `.` before `=`", number_of_line(text, start))
        if " " in name:
            return Refuses("Compose takes no blank within a name", number_of_line(text, start))
        if inherited:
            if name in environ:
                values[name] = environ[name]
            continue
        value, at = _value(text, at, values, environ)
        if not isinstance(value, str):
            return Refuses(value.reason, number_of_line(text, start)) if isinstance(value, Refuses) else value
        values[name] = value


_EXPORT = re.compile(r"export[\t\n\f\r ]+")


def _statement(text: str, at: int) -> int:
    """Return where the next statement starts, past blanks and whole-line comments; -1: there is none."""
    while True:
        at = _skip(text, at, _UNICODE_SPACE)
        if at >= len(text):
            return -1
        if text[at] != "#":
            return at
        at = text.find("\n", at)
        if at < 0:
            return -1


def _skip(text: str, at: int, blanks: str) -> int:
    while at < len(text) and text[at] in blanks:
        at += 1
    return at


def _name(text: str, start: int) -> tuple[str | None, int, bool]:
    """Return the name, where its value starts, and whether it is a bare name (taken from the environment)."""
    if start >= len(text):
        return None, start, False
    for at in range(start, len(text)):
        char = text[at]
        if char in "\t\v\f\r " or char in "_.-[]" or (char.isascii() and char.isalnum()):
            continue
        if char in "=:\n":
            name = text[start:at].rstrip(_UNICODE_SPACE)
            return name, _skip(text, at + 1, _SPACES), char == "\n"
        return None, at, False
    return "", _skip(text, start, _SPACES), False


def _value(
    text: str, at: int, values: Mapping[str, str], environ: Mapping[str, str]
) -> tuple[str | Refuses | CannotTell, int]:
    quote = text[at : at + 1]
    if quote not in ("'", '"'):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        bare = text[at:end].split(" #", 1)[0].rstrip(_UNICODE_SPACE)
        return _substitute(bare, values, environ), end
    chars: list[str] = []
    escaped = False
    for index in range(at + 1, len(text)):
        char = text[index]
        if char != quote:
            if not escaped and char == "\\":
                escaped = True
                continue
            if escaped:
                escaped = False
                chars.append("\\")
            chars.append(char)
            continue
        if escaped:
            escaped = False
            chars.append(char)
            continue
        value = "".join(chars)
        if quote == '"':
            expanded = _ESCAPE.sub(_escape, value)
            return _substitute(expanded, values, environ), index + 1
        return value, index + 1
    return Refuses("a quote is not closed"), len(text)


_ESCAPE = re.compile(r"\\([abcfnrtv$\"\\]|0[0-9]{0,3})")
_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_ESCAPES |= {"$": "$$", '"': '"', "\\": "\\"}


def _escape(match: re.Match[str]) -> str:
    what = match[1]
    if what[0] == "0":
        digits = what[1:]
        octal = len(digits) == 3 and not set(digits) & set("89") and int(digits, 8) < 256
        return chr(int(digits, 8)) if octal else "\\" + digits
    return _ESCAPES.get(what, match[0])


_NAMED = re.compile(r"[_a-z][_a-z0-9]*", re.IGNORECASE | re.ASCII)


def _substitute(value: str, values: Mapping[str, str], environ: Mapping[str, str]) -> str | Refuses | CannotTell:
    """Replace `$NAME` and `${NAME}`; of the forms with operators the model says nothing."""
    parts: list[str] = []
    at = 0
    while True:
        dollar = value.find("$", at)
        if dollar < 0:
            return "".join([*parts, value[at:]])
        parts.append(value[at:dollar])
        if value.startswith("$$", dollar):
            parts.append("$")
            at = dollar + 2
            continue
        braced = value.startswith("${", dollar)
        match = _NAMED.match(value, dollar + (2 if braced else 1))
        if match is None and not braced:
            parts.append("$")
            at = dollar + 1
            continue
        if match is None or (braced and not value.startswith("}", match.end())):
            if match is not None and value[match.end() : match.end() + 1] in (":", "-", "?", "+"):
                return CannotTell("an operator within `${…}`")
            return Refuses("`${` that starts no reference")
        parts.append(environ.get(match[0], values.get(match[0], "")))
        at = match.end() + braced


def docker_run(text: str, environ: Mapping[str, str]) -> Reading:
    """Read as `docker run --env-file` does: raw lines, quotes and all."""
    values: dict[str, str] = {}
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        line = line.removesuffix("\r").lstrip(_UNICODE_SPACE)
        if len(line.encode()) > 65_534:
            return Refuses("docker takes lines of at most 64 KiB", number)
        if not line or line[0] == "#":
            continue
        name, equals, value = line.partition("=")
        if not name:
            return Refuses("a line without a name", number)
        if " " in name or "\t" in name:
            return Refuses("docker takes no blanks within a name", number)
        if equals:
            values[name] = value
        elif name in environ:
            values[name] = environ[name]
    return values
