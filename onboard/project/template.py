"""Env templates: what their lines, comments and sections say of each variable."""

from __future__ import annotations

import re
from dataclasses import dataclass

from onboard.clean import line as one_line

_ASSIGNMENT = re.compile(r"^\s*(?:export\s+)?(?P<name>[A-Za-z_][A-Za-z0-9_.-]*)\s*=(?P<value>.*)$", re.S)
_COMMENTED = re.compile(r"^\s*#+\s?(?:export )?(?P<name>[A-Z][A-Z0-9_]{2,})\s?=(?P<value>.*)$")
_RULE = re.compile(r"^[\s#=*\-_~+─━═/]*$")
_BOXED = re.compile(r"^\s*#+\s*(?:[#=*\-─━═~]{2,})\s*(?P<title>[^#=*─━═~].*?)\s*(?:[#=*\-─━═~]{2,})?\s*$")
_BRACKETS = re.compile(r"^\[\[?\s*(?P<title>[^\[\]]+?)\s*\]\]?$")
_MOST_LINES = 120_000
_MOST_VALUE_LINES = 200
_URL = re.compile(r"https?://[^\s)\"'`<>,]+")


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
        bare = value.strip()
        return not bare or bare[0] in "\"'`" or len(bare.split(" #")[0].split()) <= 2

    def _comment(self, text: str) -> None:
        boxed = _BOXED.match(text)
        body = text.strip().strip("#").strip()
        if _RULE.match(text):
            self.ruled = True
            return
        if boxed and boxed["title"]:
            self.ruled = True
            body = boxed["title"].strip("#=*-─━═~ ")
        elif re.match(r"^\s*#{2,}\s", text) and is_title(body, loose=True):
            self.ruled = True
        elif brackets := _BRACKETS.match(body):
            self.ruled = True
            body = brackets["title"]
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
                self.floating = not self.ruled
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


_VERBS = re.compile(
    r"\b(is|are|was|be|get|set|use|used|uses|see|create|generate|run|copy|add|make|update|change|replace|you|your|this|the|"
    r"if|when|must|should|will|can|need|needed|please|note|e\.g)\b",
    re.I,
)
_TITLE_ASIDE = re.compile(r"\s*[\(\[–—:-]+\s*(optional|required|[^()]*)\s*[\)\]]?\s*$", re.I)


def is_title(text: str, *, loose: bool = False) -> bool:
    """Whether a comment line is a heading: short, no sentence, no URL."""
    if not text or _URL.search(text) or len(text) > 90 or text.endswith((".", ",", ";")):
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


_OPTIONAL = re.compile(
    r"\boptional(ly)?\b|\bleave (this |it |them )?(blank|empty|unset|as is)\b|\bonly (needed|required|used|"
    r"necessary) (for|if|when|in|on)\b|"
    r"\bnot (strictly )?(required|needed|necessary|mandatory)\b|\bif (you|you'?d|you're|you are) (want|wish|use|"
    r"using|like|need|plan|prefer|"
    r"don'?t need)\b|\bif (unset|not set|empty|omitted|absent|missing)\b|\bif using\b|\bfalls? back\b|\bdefaults? to\b|"
    r"\byou can (safely )?(skip|ignore|omit|remove)\b|\bdo not need\b|\bdon'?t need\b|\bproduction only\b|"
    r"\b(used|needed|necessary|required|applies|relevant|only) (only )?(if|when)\b|\bset (this|these|it) (to|if|"
    r"only)\b|\bto enable\b|"
    r"\bonly in production\b|\bin production only\b|\bself[- ]host(ed|ing) only\b",
    re.I,
)
_FEATURE_SECTION = re.compile(
    r"\b(e2e|tests?|testing|playwright|cypress|analytics|monitoring|error tracking|observability|telemetry|tracing|"
    r"logging|"
    r"enterprise|ee only|experimental|deploy(ment)?|ci|ci/cd|production|extras?|advanced|debug(ging)?|misc optional)\b",
    re.I,
)
"""What such a section holds is a feature, a test's or a server's; the app starts without."""
_REQUIRED = re.compile(
    r"\b(required|mandatory|must be set|must set|needs? to be set|is necessary)\b(?! (for|if|when|only|in|on|by|"
    r"to use|unless)\b)",
    re.I,
)


def need(entry: Entry) -> str | None:
    """Return `optional` or `required` where the template says so of this variable, `None` where it is silent."""
    for said in (entry.comment, entry.heading):
        if re.search(r"\bnot (strictly )?(required|needed|mandatory)\b", said, re.I):
            return "optional"
        explicit = _OPTIONAL.search(said)
        if _REQUIRED.search(said) and not explicit:
            return "required"
        if explicit and not (said is not entry.comment and entry.zone == "required"):
            return "optional"
    if entry.commented:
        return "optional"
    if entry.zone != "required" and _FEATURE_SECTION.search(re.split(r"\s[–—-]\s|\(|:", entry.heading)[0]):
        return "optional"
    if entry.group != entry.comment and _OPTIONAL.search(entry.group.split("\n")[0]) and not entry.comment:
        return "optional"
    return entry.zone


_MAKE = re.compile(
    r"(openssl\s+rand\s+-(?:hex|base64)\s+\d+|openssl\s+genrsa[^`'\"|;]*|openssl\s+ecparam[^`'\"|;]*|"
    r"(?:npx|pnpm dlx|bunx|pnpx)\s+(?:--yes\s+)?(?:auth|@better-auth/cli(?:@latest)?|web-push|nanoid|"
    r"uuid)\s+[\w -]*?(?:secret|generate(?:-vapid-keys)?)\b|"
    r"npx auth secret|"
    r"node\s+-e\s+(?P<q>[\"']).*?randomBytes.*?\)\)?(?P=q)|node -p \S*randomBytes\S*|"
    r"(?:head -c \d+ /dev/u?random[^#\n]*)|uuidgen|pwgen[^#\n`]*|"
    r"python3? -c ['\"].*?(?:secrets|token_)[^#\n]*)",
    re.I,
)
_MAKE_SITE = re.compile(r"https?://(generate-secret\.(?:vercel|now)\.(?:app|sh))(?:/(\d+))?", re.I)
_RANDOM_WORDS = re.compile(
    r"\brandom(ly)?\b|\b\d{2} (random )?(char(acter)?s?|bytes)\b|\bgenerate (a|an|some|your own|any|this|random)\b|"
    r"\bany (long |random |secret )?string\b|\bmake up\b|\blong string\b",
    re.I,
)
_MAKEABLE = re.compile(r"(SECRET|SALT|PEPPER|ENCRYPTION\w*|CRON\w*|_KEY|SECRET_KEY|PASSWORD|PRIVATE_KEY)$")


def generator(entry: Entry, secret: bool) -> str | None:
    """Return how the comments say to make it; `None`: they do not."""
    for said in (entry.comment, entry.group):
        made = _MAKE.search(said)
        if made and (secret or said is entry.comment):
            return one_line(made.group(0).strip(" `'\".)") if not made.group(0).startswith("node") else made.group(0))
        if secret and _MAKE_SITE.search(said):
            return "openssl rand -base64 32"
    if secret and _MAKEABLE.search(entry.name) and _RANDOM_WORDS.search(entry.comment or entry.group):
        return "openssl rand -base64 32"
    return None


_ENUM_BARE = re.compile(r"(?<![\w|])([\w.-]+(?: \(default\))?(?:\s*\|\s*[\w.-]+(?: \(default\))?)+)(?![\w|])")
_ENUM_QUOTED = re.compile(r"(['\"`])([\w.-]+)\1(?:,? (?:or|and) |, |/| \| )(?=['\"`])")
_ENUM_SAID = re.compile(
    r"\b(?:options|values|supported values|one of|allowed values|possible values|valid values|can be|"
    r"either)\b:?\s*(?P<list>[^.\n]+)",
    re.I,
)


def choices(entry: Entry) -> tuple[str, ...]:
    """Return the values that the comments allow; empty where they do not list them beyond doubt."""
    said = entry.comment
    if bare := _ENUM_BARE.search(said):
        return tuple(part.replace("(default)", "").strip() for part in bare.group(1).split("|"))
    if _ENUM_QUOTED.search(said):
        return tuple(dict.fromkeys(match[1] for match in re.findall(r"(['\"`])([\w.-]+)\1", said)))
    if (listed := _ENUM_SAID.search(said)) and ":" in listed.group(0)[: -len(listed["list"]) or None]:
        parts = [part.strip(" `'\"()") for part in re.split(r",|\bor\b|/|\|", listed["list"])]
        if len(parts) > 1 and all(re.fullmatch(r"[\w.-]+(?: \(default\))?", part) for part in parts):
            return tuple(part.replace(" (default)", "") for part in parts)
    return ()


_NOT_A_LINK = re.compile(
    r"callback|redirect|\be\.g\b|for example|\[your|<your|/your[-_]|localhost|127\.0\.0\.1|xxx|\*\*|/\.\.\.", re.I
)
_KEY_PAGE = re.compile(r"key|token|credential|dashboard|console|setting|account|secret|//app\.|/new\b|generate", re.I)


def link(entry: Entry) -> str | None:
    """Return where to get it, from the comments: a page with keys before a page with documentation."""
    own = _links(entry.comment)
    links = own or _links(entry.group)
    if not links:
        return None
    words = [word.lower() for word in re.split(r"_+", entry.name) if len(word) > 3]
    return max(
        enumerate(links),
        key=lambda item: (any(word in item[1].lower() for word in words), bool(_KEY_PAGE.search(item[1])), -item[0]),
    )[1]


def _links(text: str) -> list[str]:
    return [
        one_line(url.rstrip(".;:!?*]`'\""), limit=300)
        for row in text.split("\n")
        for url in _URL.findall(row)
        if not _NOT_A_LINK.search(url) and not (_NOT_A_LINK.search(row.replace(url, "")) and "key" not in row.lower())
    ]


def description(entry: Entry) -> str:
    """Return the comments as one paragraph."""
    return one_line(
        " ".join(row.removeprefix("@see").strip() for row in (entry.comment or entry.group).split("\n")), limit=600
    )
