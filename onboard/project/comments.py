"""What a template's comments say of a variable: whether it is needed, how it is made, where it is to be had."""

from __future__ import annotations

import re

from onboard.clean import line as one_line
from onboard.project.template import URL, Entry

_OPTIONAL = re.compile(
    r"\boptional(ly)?\b|\bleave (this |it |them )?(blank|empty|unset|as is)\b|\bonly (needed|required|used|"
    r"necessary) (for|if|when|in|on)\b|"
    r"\bnot (strictly )?(required|needed|necessary|mandatory)\b|\bif (you|you'?d|you're|you are) (want|wish|use|"
    r"using|like|need|plan|prefer|"
    r"don'?t need)\b(?![^.\n]{0,80}\byou (can|could|will|may) (also )?(retrieve|find|get|copy|take|see|use)\b)|"
    r"\bif (unset|not set|empty|omitted|absent|missing)\b|\bif using\b|\bfalls? back\b|\bdefaults? to\b|"
    r"\bnot need to be set\b|\b(can|may) be (left )?(empty|blank|omitted|unset|skipped)\b|"
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
    r"^\s*[A-Z][A-Z0-9_]{2,}\s?=|//([\w-]+\.)?example\.(com|org|net)\b|"
    r"callback|redirect|\be\.g\b|for example|\[your|<your|/your[-_]|localhost|127\.0\.0\.1|xxx|\*\*|/\.\.\.",
    re.I,
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
        for url in URL.findall(row)
        if not _NOT_A_LINK.search(url) and not (_NOT_A_LINK.search(row.replace(url, "")) and "key" not in row.lower())
    ]


def description(entry: Entry) -> str:
    """Return the comments as one paragraph."""
    return one_line(
        " ".join(row.removeprefix("@see").strip() for row in (entry.comment or entry.group).split("\n")), limit=600
    )
