"""Where each assignment of an env file stands: bytes in, offsets out, nothing imported: `onboard check` is fast.

Two kinds of readers disagree on where a quoted value ends: those like dotenv (the last quote that ends its line) and
those that take the first closing quote (node) or the first unescaped one (python-dotenv, Compose, shells). A statement
on whose end they disagree is a *trouble*: its bytes are kept, and nothing is edited inside it.
"""

from __future__ import annotations

QUOTES = b"'\"`"
_BLANKS = b" \t\x0b\x0c\r"
_NAME = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-"

Assignment = tuple[bytes, int, int, int, int, int]
"""Name; line (from 1); offsets of the statement, its value's text, the end of that text, the end of the statement."""

Trouble = tuple[int, str, int, int]
"""Line (from 1); what is so, without any value; offsets of the stretch that is not edited."""

UNCLOSED = "the quote that opens here is not closed on every reader's terms"
AFTER_QUOTE = "text follows the closing quote"
ENDS_DIFFER = "readers disagree on where this value ends"
YAML_STYLE = "some readers take `NAME: value` as a variable, others skip it"
STRAY_QUOTE = "a line that starts with a quote: some readers take it as the value above"
STRAY_EQUALS = "a line that starts with `=`: some readers take the word above as its name"
LONE_CR = "a carriage return that ends no line: some readers start a new line there"
NOT_UTF8 = "not UTF-8"
UTF16 = "UTF-16, not UTF-8 (PowerShell's `>` writes it)"
NUL = "a NUL byte: node cuts the value there, bash drops it"


def scan(data: bytes) -> tuple[list[Assignment], list[Trouble]]:
    """Return the assignments and the troubles of `data`, each in file order, in one linear pass."""
    found: list[Assignment] = []
    troubles: list[Trouble] = []
    position = 3 if data[:3] == b"\xef\xbb\xbf" else 0
    lines = data[position:].split(b"\n")
    count = len(lines)
    number = 0
    empty_above = -1
    while number < count:
        line = lines[number]
        number += 1
        begin = position
        position += len(line) + 1
        head, equals, text = line.partition(b"=")
        name = head
        if not equals or not name.replace(b"_", b"").isalnum():
            name = _name(head) if equals else b""
            if not name:
                stripped = line.strip()
                if stripped and stripped[0] != 35:
                    _other(stripped, number, begin, position, empty_above, troubles)
                    empty_above = -1
                if b"\r" in line[:-1]:
                    troubles.append((number, LONE_CR, begin, position))
                continue
        value = text.strip()
        at = begin + len(head) + 1
        if not value:
            empty_above = begin
            found.append((name, number, begin, at, at, position))
            continue
        empty_above = -1
        first = value[0]
        start = at + text.index(value)
        if first not in QUOTES:
            stop = start + len(value)
            if b"#" in value:
                length = _bare(value, start > at)
                start, stop = (start, start + length) if length else (at, at)
            if b"\r" in value:
                troubles.append((number, LONE_CR, begin, position))
            found.append((name, number, begin, start, stop, position))
            continue
        close = text.find(value[:1], start - at + 1)
        if close == len(text) - 1 and text[close - 1] != 92:  # the common case: closed where the line ends
            found.append((name, number, begin, start, at + close + 1, position))
            continue
        stop, end, trouble, far = _quoted(data, start)
        found.append((name, number, begin, start, stop, end))
        if trouble:
            troubles.append((number, trouble, begin, far))
        while position < end and number < count:
            position += len(lines[number]) + 1
            number += 1
    troubles += _encoding(data)
    return found, troubles


def _name(head: bytes) -> bytes:
    """Return the name in what stands before `=`, or nothing where it is a comment or no name."""
    name = head.strip()
    if name[:6] == b"export" and name[6:7] in (b" ", b"\t"):
        name = name[7:].strip()
    return name if name and not name.strip(_NAME) else b""


def _bare(value: bytes, spaced: bool) -> int:
    """Return how many bytes of an unquoted value come before its ` # comment`."""
    at = value.find(b"#")
    if at == 0 and spaced:
        return 0
    while at > 0 and value[at - 1] not in _BLANKS:
        at = value.find(b"#", at + 1)
    return len(value) if at <= 0 else len(value[:at].rstrip())


def _quoted(data: bytes, start: int) -> tuple[int, int, str, int]:
    """Return the end of the value's text, the end of the statement, what is wrong, and how far a reader may go."""
    quote = data[start : start + 1]
    line_end = _line_end(data, start)
    first = data.find(quote, start + 1)
    if first < 0:
        return _trim(data, start, line_end), line_end, UNCLOSED, line_end
    unescaped, escaped = _closings(data, start, quote)
    node_end = _line_end(data, first)
    paired = _paired(data, start, quote)
    python_end = line_end if quote == b"`" or paired < 0 else _line_end(data, paired)
    closing = next((at for at in (*((unescaped,) if unescaped >= 0 else ()), *escaped) if _ends_line(data, at)), -1)
    own_end = line_end if closing < 0 else _line_end(data, closing)
    stop = _trim(data, start, line_end) if closing < 0 else closing + 1
    far = max(node_end, python_end, own_end)
    if paired < 0 and quote != b"`":
        return stop, own_end, UNCLOSED, far
    if closing < 0:
        return stop, own_end, AFTER_QUOTE, far
    if not node_end == python_end == own_end:
        return stop, own_end, ENDS_DIFFER, far
    return stop, own_end, "", far


def _closings(data: bytes, start: int, quote: bytes) -> tuple[int, list[int]]:
    """Return the first quote without a backslash before it (-1: none), and those with one up to there, last first."""
    escaped: list[int] = []
    at = data.find(quote, start + 1)
    while at >= 0 and at - 1 > start and data[at - 1] == 92:
        escaped.append(at)
        at = data.find(quote, at + 1)
    escaped.reverse()
    return at, escaped[:64]


def _paired(data: bytes, start: int, quote: bytes) -> int:
    """Return the closing quote where each backslash takes the character after it along; -1: there is none."""
    at = start + 1
    while True:
        close = data.find(quote, at)
        if close < 0:
            return -1
        slashes = close
        while slashes > at and data[slashes - 1] == 92:
            slashes -= 1
        if (close - slashes) % 2 == 0:
            return close
        at = close + 1


def _ends_line(data: bytes, closing: int) -> bool:
    rest = data[closing + 1 : _line_end(data, closing)].strip()
    return not rest or rest[0] == 35


def _line_end(data: bytes, at: int) -> int:
    newline = data.find(b"\n", at)
    return len(data) + 1 if newline < 0 else newline + 1


def _trim(data: bytes, start: int, end: int) -> int:
    return start + len(data[start:end].rstrip())


def _other(stripped: bytes, number: int, begin: int, end: int, empty_above: int, troubles: list[Trouble]) -> None:
    """Note a line that is neither assignment nor comment, where readers do not all skip it."""
    if stripped[0] in QUOTES:
        troubles.append((number, STRAY_QUOTE, begin if empty_above < 0 else empty_above, end))
        return
    if stripped[0] == 61:
        troubles.append((number, STRAY_EQUALS, begin, end))
        return
    name, colon, rest = stripped.partition(b":")
    if colon and rest[:1] in (b"", b" ", b"\t") and _name(name):
        troubles.append((number, YAML_STYLE, begin, end))


def _encoding(data: bytes) -> list[Trouble]:
    whole = len(data) + 1
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return [(1, UTF16, 0, whole)]
    if b"\0" in data:
        return [(data.count(b"\n", 0, data.index(b"\0")) + 1, NUL, 0, whole)]
    try:
        data.decode()
    except UnicodeDecodeError as error:
        return [(data.count(b"\n", 0, error.start) + 1, NOT_UTF8, 0, whole)]
    return []


def plain_values(data: bytes) -> dict[str, str] | None:
    """Return name and value of each assignment where all readers read the same; `None`: this file needs a model.

    Last of duplicates wins. Only shells do not share it where lines end in CR LF: they keep the CR.
    The models in `readers` are held against this by a test.
    """
    if b"$" in data or b"\\" in data or b"`" in data:
        return None
    values: dict[str, str] = {}
    try:
        lines = data.decode("ascii").replace("\r\n", "\n").split("\n")
    except UnicodeDecodeError:
        return None
    if lines[-1][:1] == "#":
        return None  # node 20 makes a name of a comment that the file ends with
    for line in lines:
        if not line or (line[0] == "#" and line.isprintable()):
            continue
        name, equals, value = line.partition("=")
        if not equals or not name.isidentifier() or not value.isprintable():
            return None
        if value:
            first = value[0]
            if first in "'\"":
                value = value[1:-1]
                if line[-1] != first or first in value or len(line) < len(name) + 3:
                    return None
            elif not value.strip(_SAFE):
                pass
            else:
                return None
        values[name] = value
    return values


_SAFE = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./:@%+,=-"
"""Characters that need no quotes for any reader."""
