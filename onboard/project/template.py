"""Env templates: their assignments, with the comments and sections that belong to each."""

from __future__ import annotations

import re
from dataclasses import dataclass

from onboard.clean import line as one_line

_ASSIGNMENT = re.compile(r"^\s*(?:export\s+)?(?P<name>[A-Za-z_][A-Za-z0-9_.-]*)\s*=(?P<value>.*)$", re.S)
_COMMENTED = re.compile(r"^\s*#+\s?(?:export )?(?P<name>[A-Z][A-Z0-9_]{2,})\s?=(?P<value>.*)$")
_RULE = re.compile(r"^[\s#=*\-–—_~+─━═/]*$")
_BOXED = re.compile(r"^\s*#+\s*(?:[#=*\-–—─━═~]{2,})\s*(?P<title>[^#=*–—─━═~].*?)\s*(?:[#=*\-–—─━═~]{2,})?\s*$")
_BRACKETS = re.compile(r"^\[\[?\s*(?P<title>[^\[\]]+?)\s*\]\]?$")
_MOST_LINES = 120_000
_MOST_VALUE_LINES = 200
_LONGEST_COMMENT = 1_000
"""Characters of a comment line that are looked at; a longer one is nothing that a person wrote for people."""
URL = re.compile(r"https?://[^\s)\"'`<>,]+")


@dataclass(frozen=True, slots=True)
class Entry:
    """One variable as a template shows it."""

    name: str
    value: str
    """Without quotes and inline comment."""
    line: int
    commented: bool = False
    comment: str = ""
    """Own comment: the lines directly above and the one behind the value."""
    group: str = ""
    """Comment above the run of lines in which it stands, where it has none above itself."""
    section: str | None = None
    heading: str = ""
    """The section's title where it speaks of this line beyond doubt: a ruled one, or one of the same paragraph."""
    zone: str | None = None
    """`required` or `optional` where a heading says so for all that follows."""
    above: tuple[str, ...] = ()
    """The last headings before it, the nearest last."""


@dataclass(frozen=True, slots=True)
class Template:
    """What a template says."""

    entries: tuple[Entry, ...]
    head: str
    """The comment at the top, which speaks of the file as a whole."""
    odd: tuple[int, ...] = ()
    """Lines that are neither comment nor assignment."""
    duplicates: tuple[tuple[str, int], ...] = ()

    @property
    def opening(self) -> str:
        """All that stands above the first variable: what is said of the file as a whole."""
        return f"{self.head}\n{self.entries[0].group}" if self.entries else self.head


def parse(text: str) -> Template:
    """Read a template in one pass; the last of several lines of one name wins, an active one before a commented one."""
    return _Reader(text.split("\n")[:_MOST_LINES]).read()


class _Reader:
    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.found: dict[str, Entry] = {}
        self.odd: list[int] = []
        self.duplicates: list[tuple[str, int]] = []
        self.block: list[str] = []
        """Comment lines since the last blank line or assignment."""
        self.ruled = False
        """The block has a rule line or a boxed title."""
        self.group = ""
        self.ruled_section: str | None = None
        self.plain_section: str | None = None
        """Of a title without rules: it ends where the next comment begins."""
        self.near = False
        """The plain title stands in this paragraph."""
        self.floating = False
        """The plain title has a blank line below it and belongs to what comes next."""
        self.wide = False
        """It had one: the section may have several paragraphs."""
        self.apart = False
        """There is a blank line since the last variable."""
        self.members: list[str] = []
        """Names in the plain title's section."""
        self.carried: tuple[str, list[str]] = ("", [])
        """The comment above the last paragraph that has one, and the names below it."""
        self.titles: list[str] = []
        self.zone: str | None = None
        self.head = ""

    def read(self) -> Template:
        at = 0
        while at < len(self.lines):
            text = self.lines[at]
            if not text.strip():
                self._end_of_block()
                self.group = ""
                self.apart = True
                self.near = self.near and self.floating
            elif commented := _COMMENTED.match(text):
                if self._is_variable(commented["value"]):
                    self._add(commented["name"], *_value(commented["value"]), at + 1, commented=True)
                else:
                    self._comment(text)
            elif text.lstrip().startswith("#"):
                self._comment(text)
            elif active := _ASSIGNMENT.match(text):
                raw, more = self._whole_value(active["value"], at)
                self._add(active["name"], *_value(raw), at + 1, commented=False)
                at += more
            else:
                self.odd.append(at + 1)
            at += 1
        self._end_of_block()
        return Template(tuple(self.found.values()), self.head, tuple(self.odd[:50]), tuple(self.duplicates[:50]))

    def _is_variable(self, value: str) -> bool:
        """Whether `# NAME=value` is a variable rather than a sentence."""
        bare = f" {value.strip()}".split(" #")[0].strip()
        return not bare or bare[0] in "\"'`" or len(bare.split()) <= 2

    def _comment(self, text: str) -> None:
        text = text[:_LONGEST_COMMENT]
        boxed = _BOXED.match(text)
        body = text.strip().strip("#").strip()
        if _RULE.match(text):
            self.ruled = self.ruled or text.strip() != "#"  # a lone one parts paragraphs, it underlines nothing
            return
        if boxed and boxed["title"]:
            self.ruled = True
            body = boxed["title"].strip("#=*-–—─━═~ ")
        elif re.match(r"^\s*#{2,}\s", text) and is_title(body, loose=True):
            self.ruled = True
        elif brackets := _BRACKETS.match(body):
            self.ruled = True
            body = brackets["title"]
        if not self.block and self.ruled and body.endswith((".", ",", ";")):
            self.ruled = False  # a sentence between rules is no title
        self.block.append(body)
        if self.ruled and len(self.block) == 1:
            self._zone(body)

    def _zone(self, title: str) -> None:
        said = zone(title)
        if said:
            self.zone = said

    def _section(self, title: str) -> None:
        section = one_line(title, limit=120)
        if self.ruled:
            self.ruled_section, self.plain_section = section, None
        else:
            self.plain_section, self.near = section, True
            self.members, self.wide = [], False
        self.titles = [*self.titles[-2:], section]
        self._zone(title)

    def _title(self) -> None:
        """See whether the block begins with a title; a ruled one is no part of the comment."""
        first = self.block[0]
        if self.ruled or is_title(first):
            self._section(first)
        if self.ruled:
            del self.block[0]

    def _end_of_block(self) -> None:
        """A block that no assignment follows directly: a heading, or the file's own head."""
        if self.block:
            if not self.found and len(self.block) > 1 and not self.ruled:
                self.head += "\n".join(self.block) + "\n"
            elif self.ruled or is_title(self.block[0], loose=True):
                self._section(self.block[0])
                self.floating = self.wide = not self.ruled
                if len(self.block) > 1 and not self.found:
                    self.head += "\n".join(self.block) + "\n"
            elif not self.found:
                self.head += "\n".join(self.block) + "\n"
        self.block = []
        self.ruled = False

    def _add(self, name: str, value: str, note: str, line: int, *, commented: bool) -> None:
        above = ""
        if self.block:
            whole = "\n".join(self.block)
            if not self.group or self.ruled:  # a comment after a blank line; one between two variables is no title
                if not self.floating:
                    self.plain_section, self.near = None, False
                self._title()
            above = "\n".join(self.block)
            self.group = whole
            self.carried = (whole, [])
        elif not self.group:
            self.group = self.carried[0] if self._goes_on(name) else ""
        if self.apart and not above and self.plain_section and not self.wide and not _kin(name, self.members):
            self.plain_section = None  # the next paragraph, and about something else
        self.apart = False
        self.members.append(name)
        self.carried = (self.group, [*self.carried[1], name]) if self.group else ("", [])
        note = note[:_LONGEST_COMMENT]
        section = self.plain_section or self.ruled_section
        heading = (self.plain_section or "") if self.near else "" if self.plain_section else self.ruled_section or ""
        self.floating = False
        entry = Entry(
            name, value, line, commented, "\n".join(filter(None, (above, note))), self.group, section, heading,
            self.zone, tuple(self.titles),
        )  # fmt: skip
        self.block = []
        self.ruled = False
        known = self.found.get(name)
        if known and not known.commented:
            if not commented:
                self.duplicates.append((name, line))
            else:
                return
        self.found[name] = entry

    def _goes_on(self, name: str) -> bool:
        """Whether the comment above the last paragraph speaks of this one too: of its kind, and of no one name."""
        said, names = self.carried
        named = {_bare(each).split("_")[0].lower() for each in names}
        return _kin(name, names, ends=True) and not any(re.search(rf"\b{word}", said, re.I) for word in named)

    def _whole_value(self, raw: str, at: int) -> tuple[str, int]:
        """Return a value with the lines that its quotes span, and how many more lines those are."""
        bare = raw.lstrip()
        if not bare or bare[0] not in "\"'`" or bare.find(bare[0], 1) > 0:
            return raw, 0
        for more in range(1, min(_MOST_VALUE_LINES, len(self.lines) - at)):
            if bare[0] in self.lines[at + more]:
                return "\n".join([raw, *self.lines[at + 1 : at + more + 1]]), more
            if _ASSIGNMENT.match(self.lines[at + more]) and more > 60:
                break
        return raw, 0


def _value(raw: str) -> tuple[str, str]:
    """Split what follows `=` into the value and the comment behind it."""
    bare = raw.strip()
    if not bare:
        return "", ""
    if bare[0] == "#":
        return "", bare.lstrip("# ")
    if bare[0] in "\"'`":
        closing = bare.find(bare[0], 1)
        if closing > 0:
            rest = bare[closing + 1 :].strip()
            return bare[1:closing], rest.lstrip("# ") if rest.startswith("#") else ""
    value, hash_mark, note = bare.partition(" #")
    if not hash_mark:
        value, hash_mark, note = bare.partition("\t#")
    return value.strip(), note.strip(" #") if hash_mark else ""


def _kin(name: str, others: list[str], *, ends: bool = False) -> bool:
    """Whether a name begins or ends as one of `others` does; `ends`: only how it ends counts."""
    words = _bare(name).split("_")
    return any(
        (not ends and words[0] == other[0]) or (len(words) > 2 and words[-2:] == other[-2:])
        for other in (_bare(each).split("_") for each in others)
    )


def _bare(name: str) -> str:
    return re.sub(r"^(NEXT_|NUXT_|EXPO_)?(PUBLIC|PRIVATE)_|^(VITE|NUXT|REACT_APP)_", "", name)


_VERBS = re.compile(
    r"\b(is|are|was|be|get|set|use|used|uses|see|create|generate|run|copy|add|make|update|change|replace|you|your|this|the|"
    r"if|when|must|should|will|can|need|needed|please|note|e\.g)\b",
    re.I,
)


def is_title(text: str, *, loose: bool = False) -> bool:
    """Whether a comment line is a heading: short, no sentence, no URL."""
    if not text or URL.search(text) or len(text) > 90 or text.endswith((".", ",", ";")) or text.count('"') > 1:
        return False
    head = re.split(r"\s[–—-]\s|\s*\(|:\s|,", text, maxsplit=1)[0].strip("[]*= -:")
    words = head.split()
    if not words or len(words) > (6 if loose else 4):
        return False
    return loose or not _VERBS.search(head)


_ZONE_FILLER = {
    "env", "environment", "environmental", "var", "vars", "variable", "variables", "setting", "settings", "config",
    "configuration", "the", "following", "below", "everything", "all", "feature", "features", "integration",
    "integrations",
    "service", "services", "is", "are", "for", "local", "development", "dev", "values", "and", "begin", "end",
    "section",
    "to", "run", "app", "core", "extras", "these", "keys", "secrets", "not", "things", "stuff",
}  # fmt: skip


def zone(title: str) -> str | None:
    """Return `optional` or `required` where a heading is about nothing else: it holds until the next such one."""
    words = [word for word in re.split(r"[^a-z]+", re.sub(r"\(.*?\)", "", title.lower())) if word]
    said = [word for word in words if word in ("optional", "required", "mandatory")]
    if re.search(r"\binternal use only\b", title, re.I):
        return "optional"
    if len(set(said)) != 1 or any(word not in _ZONE_FILLER and word not in said for word in words):
        return None
    return "optional" if said[0] == "optional" else "required"
