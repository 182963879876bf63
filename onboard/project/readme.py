"""What the README tells a newcomer to type: prose is the weakest witness and never overrules a file."""

from __future__ import annotations

import re
from dataclasses import dataclass

from onboard.project.files import Tree

_CAP = 512 << 10
_LONGEST_LINE = 1_500
"""Characters; what follows in a line is no instruction to a newcomer."""
_COPY = re.compile(
    r"\b(?:cp|copy|Copy-Item|mv|move|ln -s|"
    r"install)\s+(?:-[a-zA-Z]+\s+)*(?P<source>[\w./-]*env[\w.-]*)\s+(?P<target>[\w./-]*\.env[\w.-]*)",
    re.I,
)
_SAID = re.compile(
    r"(?:copy|rename|duplicate|move)\b[^\n]{0,40}?[`\"'*\[(]{1,3}(?P<source>[\w./-]*env[\w.-]*)[`\"'*\])]{1,3}"
    r"[^\n]{0,60}?\b(?:to|as|into|and (?:re)?name (?:it|the copy)(?: to| as)?|named|called)\b"
    r"[^\n]{0,20}?[`\"'*\[(]{1,3}(?P<target>[\w./-]*\.env[\w.-]*)[`\"'*\])]",
    re.I,
)
_CREATE = re.compile(
    r"(?:create|make|add|set ?up|fill|edit|update|in|to|into)\b[^\n`]{0,40}`(?P<target>[\w./-]*\.env[\w.-]*)`", re.I
)
_PULL = re.compile(r"vercel env pull(?:\s+(?P<target>[\w./-]*\.env[\w.-]*))?")
_DEVELOPMENT = re.compile(r"(^|/)\.dev\.vars$|(^|/)\.env(\.local|\.dev|\.development)?(\.local)?$")
_PAGES = re.compile(
    r"^(install\w*|(installing|getting|quick)-?[\w-]*|set-?up|develop\w*|local-?[\w-]*|contributing)\.mdx?$", re.I
)
"""Pages in `docs/` that speak of set-up."""
_FENCE = re.compile(r"^\s*(`{3,}|~{3,})")
_LINE = re.compile(r"^(?:export )?[A-Z][A-Z0-9_]{2,}\s?=")
_BARE = re.compile(r"^(?P<name>[A-Z][A-Z0-9]*_[A-Z0-9_]+)\s*(?:[(:–-]+\s*(?P<note>[^()]*)\)?)?$")
"""A name without a value, with or without a word about it."""
LISTEN = re.compile(r"stripe listen[^\n`\"']*")
EXAMPLE = re.compile(r"(example|sample|template|dist|defaults?|tpl)", re.I)


@dataclass(frozen=True, slots=True)
class Readme:
    """The parts of the README that speak of set-up."""

    path: str | None
    text: str

    def target(self, template: str | None, *, only: bool = False) -> str | None:
        """Return the env file that the README tells to make from `template` (a base name); `None`: it is silent.

        `only`: copies of that very template count, nothing else.
        """
        copies = [match for match in self._copies() if not EXAMPLE.search(match["target"])]
        fitting = [match for match in copies if EXAMPLE.search(match["source"])]
        named = [match for match in copies if template and match["source"].rpartition("/")[2] == template]
        for match in named if only else (*named, *fitting):
            return match["target"].removeprefix("./").rstrip(".")
        if only:
            return None
        for match in _PULL.finditer(self.text):
            return match["target"] or ".env.local"
        created = [match["target"].rstrip(".") for match in _CREATE.finditer(self.text)]
        created = [name for name in created if not EXAMPLE.search(name) and not re.search(r"prod|test|stag", name)]
        return created[0].removeprefix("./") if created else None

    def templates(self) -> tuple[str, ...]:
        """Return the files (relative to the root, as told) that become the env file for development, in order."""
        told = [match["source"] for match in self._copies() if _DEVELOPMENT.search(match["target"].rstrip("."))]
        return tuple(dict.fromkeys(source.removeprefix("./") for source in told))

    def _copies(self) -> list[re.Match[str]]:
        return [*_COPY.finditer(self.text), *_SAID.finditer(self.text)]

    def listeners(self) -> list[str]:
        """Return `stripe listen …` command lines."""
        return [match.group(0) for match in LISTEN.finditer(self.text)][:10]

    def need(self, name: str) -> str | None:
        """Return `optional` or `required` where the lines that name a variable say so, all of one mind."""
        if name not in self.text:
            return None
        said = set()
        for row in re.findall(rf"(?m)^.*(?<![A-Z0-9_]){re.escape(name)}(?![A-Z0-9_]).*$", self.text)[:20]:
            if re.search(r"\boptional(ly)?\b|\bnot required\b|\bif you (want|need|use)\b", row, re.I):
                said.add("optional")
            elif re.search(r"\brequired\b(?! (for|if|when|in|only)\b)|\bmandatory\b", row, re.I):
                said.add("required")
        return said.pop() if len(said) == 1 else None

    def script_at(self, name: str) -> int | None:
        """Where a package.json script is first told to be run; `None`: nowhere."""
        match = re.search(
            rf"\b(?:npm run|pnpm(?: run)?|yarn(?: run)?|bun(?: run)?)(?: -[\w-]+)* {re.escape(name)}(?![\w:-])",
            self.text,
        )
        return match.start() if match else None

    def command_at(self, *texts: str) -> int | None:
        """Where one of the commands is first told to be run."""
        places = [self.text.find(text) for text in texts]
        return min((place for place in places if place >= 0), default=None)


def read(tree: Tree, folder: str = ".") -> Readme:
    """Read the folder's README and the root's set-up documents."""
    names = {name.lower(): name for name in tree.names(folder)}
    name = next(
        (names[each] for each in ("readme.md", "readme.mdx", "readme.rst", "readme.txt", "readme") if each in names),
        None,
    )
    path = None if name is None else name if folder == "." else f"{folder}/{name}"
    text = (tree.text(path, cap=_CAP, matters=False) if path else None) or ""
    if folder == ".":
        more = [names[each] for each in ("contributing.md", "development.md", "setup.md") if each in names]
        more += sorted(f"docs/{each}" for each in tree.names("docs") if _PAGES.match(each))[:5]
        for each in more:
            text += "\n" + (tree.text(each, cap=_CAP, matters=False) or "")
    return Readme(path, "\n".join(row[:_LONGEST_LINE] for row in text.split("\n")))


def template(text: str) -> str:
    """Return the env files that a README spells out in its code blocks, each line in its own place; empty: none.

    A block counts that holds nothing but assignments and comments, where the words above it speak of an env file.
    """
    rows = [row[:_LONGEST_LINE] for row in text.split("\n")]
    kept = [""] * len(rows)
    at = 0
    while at < len(rows):
        if not (fence := _FENCE.match(rows[at])):
            at += 1
            continue
        end = next((to for to in range(at + 1, len(rows)) if rows[to].strip().startswith(fence[1])), len(rows))
        block = [row.strip() for row in rows[at + 1 : end]]
        above = " ".join(rows[max(0, at - 5) : at])
        block = [_BARE.sub(r"\g<name>= # \g<note>", row) for row in block]
        said = [row for row in block if row and not row.startswith("#")]
        if said and all(map(_LINE.match, said)) and re.search(r"\.env\b|\benv(ironment)?\b", above, re.I):
            kept[at + 1 : end] = block
        at = end + 1
    return "\n".join(kept).rstrip()
