"""Redactor: secrets taken out of text on its way to a screen or a log, whole, split, wrapped or encoded. Pure."""

from __future__ import annotations

import base64
import codecs
import json
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from urllib.parse import quote, quote_plus, unquote, urlsplit

from onboard.model import Secret

MASK = "[secret]"
SHORTEST = 6
"""Characters; a shorter value occurs in ordinary text, and masking it would tear that to pieces."""
_WINDOW = 256
"""Characters; of a longer value its pieces of this length are looked for, so that little text has to be held back."""

_WORDS = """
true false none null undefined enabled disabled default localhost development production preview staging
testing secret password postgres postgresql supabase neondb username example changeme public private
"""
_ORDINARY = frozenset(_WORDS.split())
"""Values that are words of ordinary text."""

_STYLE = (
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-Z\\^_]"  # colours, links, cursor moves
    r"|[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f\u200b-\u200f\u2060\ufeff]"
)
_STYLED = re.compile(_STYLE)
_WRAPPED = re.compile(_STYLE + r"|[ \t]*[\r\n]+[ \t]*")
"""What may stand inside a secret: left out for the search, kept in the text."""
_OPEN = re.compile(r"(?:\x1b(?:\[[0-?]{0,64}[ -/]{0,8}|\][^\x07\x1b]{0,512}\x1b?)?|[ \t]{1,64})\Z")
"""The end of a chunk that may become such a thing with the next one."""

_KEYS = (
    ("whsec_", r"[A-Za-z0-9+/=]{4,256}"),
    *((f"{kind}_{mode}_", r"[A-Za-z0-9]{4,256}") for kind in ("sk", "rk") for mode in ("test", "live")),
    ("sk-ant-", r"[A-Za-z0-9_-]{8,256}"),
    ("npg_", r"[A-Za-z0-9]{6,64}"),
    ("napi_", r"[a-z0-9]{16,128}"),
    ("xkeysib-", r"[A-Za-z0-9-]{8,128}"),
    ("sb_secret_", r"[A-Za-z0-9_-]{8,128}"),
    ("github_pat_", r"[A-Za-z0-9_]{16,128}"),
    *((f"gh{kind}_", r"[A-Za-z0-9]{16,128}") for kind in "opsu"),
    *((f"xox{kind}-", r"[A-Za-z0-9-]{10,128}") for kind in "abp"),
    ("://", r"[^\s:/@'\"]{0,128}:[^\s/@'\"]{1,256}@"),
)
"""How keys start and go on that are recognised by their look, known to us or not; and `user:password@` in a URL."""
_PATTERN = re.compile("|".join(rf"(?<=://){rest[:-1]}(?=@)" if head == "://" else head + rest for head, rest in _KEYS))
_LONGEST_KEY = 400
_HEAD = re.compile(r"[a-z0-9+]{2,20}://|" + "|".join(re.escape(head) for head, _ in _KEYS))


class Redactor:
    """Takes known secrets, and keys that look like one, out of one stream of text. One object a stream.

    Found are: the value raw, percent-encoded, JSON-escaped, in hex, in base64 at any of the three offsets; the password
    of a connection string by itself; all of these split over chunks, wrapped over lines, or with colours in between.
    """

    def __init__(self, secrets: Mapping[str, Secret] | Iterable[Secret]) -> None:
        named = secrets.items() if isinstance(secrets, Mapping) else ((f"#{i}", s) for i, s in enumerate(secrets, 1))
        needles: set[str] = set()
        unmasked: list[str] = []
        for name, secret in named:
            if _maskable(value := secret.reveal()):
                needles.update(_needles(value))
            else:
                unmasked.append(name)
        self.unmasked = tuple(unmasked)
        """Names (or numbers, from `#1`) of values too short or too ordinary to be masked without tearing other text."""
        self._by_first: dict[str, list[str]] = {}
        for needle in needles:
            self._by_first.setdefault(needle[0], []).append(needle)
        self._longest = max(map(len, needles), default=0)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._held = ""

    def fresh(self) -> Redactor:
        """Return a redactor of the same secrets for another stream."""
        other = object.__new__(Redactor)
        other.__dict__.update(self.__dict__, _held="", _decoder=codecs.getincrementaldecoder("utf-8")("replace"))
        return other

    def text(self, text: str) -> str:
        """Return a whole text without secrets."""
        other = self.fresh()
        return other.feed(text) + other.finish()

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Return where secrets stand in a whole text, (start, end) in order, with an end that is part of one."""
        spans, _, cut_off = self._look(text)
        return _merged([*spans, *cut_off])

    def feed(self, chunk: str | bytes) -> str:
        """Return what can be shown of the stream so far; the end that may be the start of a secret is held back."""
        text = self._held + (chunk if isinstance(chunk, str) else self._decoder.decode(chunk))
        unsure = _OPEN.search(text)
        body = text[: unsure.start()] if unsure else text
        spans, hold, _ = self._look(body)
        for start, end in spans:
            if start < hold < end:
                hold = start
        self._held = text[hold:]
        return _masked(body[:hold], [span for span in spans if span[0] < hold])

    def finish(self) -> str:
        """Return the rest. What can only be the first part of a secret stays masked."""
        text, self._held = self._held + self._decoder.decode(b"", final=True), ""
        spans, _, cut_off = self._look(text)
        return _masked(text, _merged([*spans, *cut_off]))

    def _look(self, text: str) -> tuple[list[tuple[int, int]], int, list[tuple[int, int]]]:
        """Return where secrets are, where the end begins that may become one, and that end where it gives one away."""
        bare, place = _without(_WRAPPED, text)
        spans = [
            (place(at), place(at + len(needle) - 1) + 1)
            for needles in self._by_first.values()
            for needle in needles
            for at in _finds(bare, needle)
        ]
        hold, cut_off = len(text), []
        for at in range(max(0, len(bare) - self._longest + 1), len(bare)):
            tail = bare[at:]
            if any(len(n) > len(tail) and n.startswith(tail) for n in self._by_first.get(tail[0], ())):
                hold = place(at)
                head = _HEAD.match(tail)
                if len(tail) >= (head.end() if head else 0) + SHORTEST + 2:
                    cut_off = [(hold, len(text))]
                break
        plain, place = _without(_STYLED, text)
        spans += [(place(m.start()), place(m.end() - 1) + 1) for m in _PATTERN.finditer(plain)]
        for at in range(max(0, len(plain) - _LONGEST_KEY), len(plain)):
            if plain[at] in _FIRST and _may_become_key(plain[at:]):
                hold = min(hold, place(at))
                break
        return _merged(spans), hold, cut_off


_FIRST = frozenset(head[0] for head, _ in _KEYS)
_GROWING = [(head, re.compile(re.escape(head) + r"[^\s'\"@]*\Z")) for head, _ in _KEYS]


def _may_become_key(tail: str) -> bool:
    return any(head.startswith(tail) or growing.match(tail) for head, growing in _GROWING)


def _maskable(value: str) -> bool:
    bare = _WRAPPED.sub("", value).strip()
    return len(bare) >= SHORTEST and bare.lower() not in _ORDINARY


def _needles(value: str) -> Iterator[str]:
    """Yield every form in which the value may stand in a text, without what `_WRAPPED` leaves out."""
    for part in (value, *_parts(value)):
        for form in _forms(part):
            bare = _WRAPPED.sub("", form).strip(" \t")
            if len(bare) >= SHORTEST:
                yield from (bare[i : i + _WINDOW] for i in range(0, max(1, len(bare) - _WINDOW + 1), _WINDOW))
                yield bare[-_WINDOW:]


def _parts(value: str) -> Iterator[str]:
    """Yield what is secret by itself: a URL's password, as written and decoded; the lines of a longer text."""
    if "://" in value:
        try:
            password = urlsplit(value.strip()).password or ""
        except ValueError:
            password = ""
        yield from (found for found in {password, unquote(password)} if _maskable(found))
    if "\n" in value.strip():
        yield from (line.strip() for line in value.splitlines() if len(line.strip()) >= 16 and "-----" not in line)


def _forms(value: str) -> Iterator[str]:
    data = value.encode("utf-8", "surrogatepass")
    quoted = quote(data, safe="")
    yield from (value, quoted, re.sub("%..", lambda m: m[0].lower(), quoted), quote(data), quote_plus(data))
    for ascii_only in (True, False):
        escaped = json.dumps(value, ensure_ascii=ascii_only)[1:-1]
        yield from (escaped, escaped.replace("/", "\\/"))
    yield repr(value)[1:-1]
    yield from (data.hex(), data.hex().upper())
    for offset, first in ((0, 0), (1, 2), (2, 3)):
        last = (offset + len(data)) * 8 // 6
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            inner = encode(b"\0" * offset + data).decode()[first:last]
            if len(inner) >= SHORTEST + 2:
                yield inner


def _without(breaks: re.Pattern[str], text: str) -> tuple[str, Callable[[int], int]]:
    """Return `text` without `breaks`, and the function from a place in that to the place in `text`."""
    kept, starts, origins, at, size = [], [0], [0], 0, 0
    for match in breaks.finditer(text):
        kept.append(text[at : match.start()])
        size += match.start() - at
        at = match.end()
        if starts[-1] == size:
            origins[-1] = at
        else:
            starts.append(size)
            origins.append(at)
    if not kept:
        return text, lambda place: place

    def place(index: int) -> int:
        segment = bisect_right(starts, index) - 1
        return origins[segment] + index - starts[segment]

    return "".join([*kept, text[at:]]), place


def _finds(text: str, needle: str) -> Iterator[int]:
    at = text.find(needle)
    while at >= 0:
        yield at
        at = text.find(needle, at + 1)


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _masked(text: str, spans: list[tuple[int, int]]) -> str:
    shown, at = [], 0
    for start, end in spans:
        shown += [text[at:start], MASK, *_WRAPPED.findall(text[start:end])]
        at = end
    return "".join([*shown, text[at:]])
