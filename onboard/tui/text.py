"""Text as the app shows it: cleaned, never markup, cut so that names stay recognisable."""

from __future__ import annotations

from textual.content import Content

from onboard import clean
from onboard.model import Status

SIGNS = {Status.OK: "✓", Status.WARN: "!", Status.FAIL: "✗", Status.UNKNOWN: "?", Status.SKIPPED: "–"}
"""Each state has its own sign, so that nothing depends on colour."""

COLOURS = {
    Status.OK: "$text-success",
    Status.WARN: "$text-warning",
    Status.FAIL: "$text-error",
    Status.UNKNOWN: "$text-secondary",
    Status.SKIPPED: "$quiet",
}

WORDS = {
    Status.OK: "fine",
    Status.WARN: "could be better",
    Status.FAIL: "owed",
    Status.UNKNOWN: "could not tell",
    Status.SKIPPED: "not looked at",
}

STRONG = "bold"
QUIET = "$quiet"
LINK = "$text-accent"


def say(text: str, style: str = "") -> Content:
    """Return text from anywhere, cleaned, as content that is only text. Lines stay."""
    return Content.styled(clean.clean(text), style) if text else Content("")


def line(text: str, style: str = "", limit: int = 500) -> Content:
    """Return text from anywhere as one cleaned line."""
    return Content.styled(clean.line(text, limit=limit), style) if text else Content("")


def sign(status: Status) -> Content:
    """Return the sign of a state in its colour."""
    return Content.styled(SIGNS[status], COLOURS[status])


def join(*parts: Content | str, gap: str = " ") -> Content:
    """Return the parts that are not empty, with `gap` between them."""
    shown = [part if isinstance(part, Content) else say(part) for part in parts if part]
    return Content(gap).join(shown)


def lines(*parts: Content | str) -> Content:
    """Return the parts below each other; an empty one is an empty line."""
    return Content("\n").join([part if isinstance(part, Content) else say(part) for part in parts])


def cut(text: str, width: int) -> str:
    """Return one cleaned line of at most `width` characters, cut at its end: for sentences."""
    text = clean.line(text)
    return text if len(text) <= width else text[: max(width - 1, 0)].rstrip() + "…"


def fit(text: str, width: int) -> str:
    """Return one cleaned line of at most `width` characters; what is cut is cut from the middle, for both ends tell."""
    text = clean.line(text)
    if len(text) <= width:
        return text
    if width < 5:
        return text[: max(width, 0)]
    head = (width - 1) // 2
    return f"{text[:head]}…{text[-(width - 1 - head) :]}"
