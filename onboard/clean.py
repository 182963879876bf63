"""Text from outside made safe to show: no control byte, no hidden direction change, bounded length.

Everything that comes from a file, a service, a child or the environment goes through here before it reaches a terminal.
"""

import re
import unicodedata

_CODES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]*[0-~])|\x9b[0-?]*[ -/]*[@-~]")
"""Whole terminal sequences: colours, cursor moves, titles."""

_LIMIT = 20_000
"""Characters; longer text is cut with a note, so that one reply cannot flood a screen."""


def clean(text: str, *, limit: int = _LIMIT) -> str:
    """Return `text` with every character that a terminal could act on made visible.

    Newline and tab stay. Other C0, DEL and C1 become caret notation (`^[`), format characters
    (bidi controls, zero width, BOM, tags) and line separators become `<U+202E>`, lone surrogates too.
    """
    cut = len(text) > limit
    if cut:
        text = text[:limit]
    if not text.isprintable():
        text = "".join(map(_visible, text))
    return f"{text} … ({limit:,} characters shown)" if cut else text


def line(text: str, *, limit: int = 500) -> str:
    """Return `clean(text)` as one line: every run of white space is one blank."""
    return " ".join(clean(text[: limit * 4], limit=limit * 4).split())[:limit]


def plain(text: str) -> str:
    """Return one line of a child's output without colours and without what it drew over by carriage returns."""
    text = _CODES.sub("", text.rstrip("\r\n"))
    return clean(text.rsplit("\r", 1)[-1])


def _visible(char: str) -> str:
    code = ord(char)
    if char in "\n\t" or char.isprintable():
        return char
    if code < 0x20:
        return "^" + chr(code + 0x40)
    if code == 0x7F:
        return "^?"
    if 0x80 <= code < 0xA0:
        return f"<U+{code:04X}>"
    if unicodedata.category(char) in ("Cf", "Cs", "Co", "Cn", "Zl", "Zp"):
        return f"<U+{code:04X}>"
    return char  # other blanks: no terminal acts on them
