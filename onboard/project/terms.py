"""What the text of a config's code says, read without running it: its objects, and what an expression comes to."""

from __future__ import annotations

import re
from dataclasses import dataclass

from onboard.model import Secret

_READ = (
    r"""(?:process\.env|Bun\.env|import\.meta\.env|\b\w*[eE]nv(?:ironment)?(?:\(\))?)"""
    r"""(?:\?\.|!?\.)(?:(?:server|client)\.)?([A-Za-z_]\w*)"""
    r"""|(?:process\.env|\benv)\[\s*["'](\w+)["']\s*\]|\benv\(\s*["'](\w+)["']\s*\)"""
)
_TERM = re.compile(
    rf"""\s*(?:(?:String\()?(?:{_READ})|"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|`([^`$]*)`|(\d+)|([A-Za-z_]\w*))"""
    r"""\)?\s*!?\s*(?:\bas\s+(?:string|any|unknown|never|const)\s*)*"""
)
_DEEPEST = 4


@dataclass(frozen=True, slots=True)
class Term:
    """One way to the value: a variable, or a text in the repository itself. Tried in order."""

    variable: str = ""
    text: Secret | None = None


def reads_in(text: str) -> list[str]:
    """Return the variables that code reads, by name, in the order of the text."""
    return [name for found in re.findall(_READ, text) for name in found if name and name.isupper()]


def terms_of(text: str, expression: str, depth: int = 0) -> tuple[Term, ...] | None:
    """Return the alternatives of `a ?? b || "c"`; `None`: there is more to it."""
    found: list[Term] = []
    expression = expression.strip()
    if expression.startswith("(") and balanced(expression, 0) == expression[1:-1]:
        expression = expression[1:-1]
    for one in re.split(r"\|\||\?\?", expression):
        part = re.sub(r"^\s*(?:Number|parseInt|String)\(", "", one)
        match = _TERM.match(part)
        if match is None or part[match.end() :].strip(" \t\n,;)").strip():
            return None
        *names, double, single, back, number, identifier = match.groups()
        if name := next((each for each in names if each), ""):
            found.append(Term(name))
        elif identifier:
            more = r"[^;\n]+(?:\n\s*(?:\|\||\?\?)[^;\n]+)*"
            said = re.search(rf"\b(?:const|let|var)\s+{identifier}\s*(?::[^=\n]+)?=\s*({more})", text)
            inner = terms_of(text, said[1], depth + 1) if said and depth < _DEEPEST else None
            if inner is None and re.search(rf"\{{[^}}]*\b{identifier}\b[^}}]*\}}\s*=\s*process\.env", text):
                inner = (Term(identifier),)
            if inner is None:
                return None
            found += inner
        else:
            literal = next((each for each in (double, single, back, number) if each is not None), "")
            if literal:
                found.append(Term(text=Secret(literal)))
    return tuple(found) or None


def terms_of_shell(word: str) -> tuple[Term, ...]:
    """Return what a word of a command line stands for; `$NAME` is the shell's."""
    if name := re.fullmatch(r"\$\{?(\w+)\}?", word):
        return (Term(name[1]),)
    return (Term(text=Secret(word)),)


def code(text: str) -> str:
    """Return code without its comments; what stands in strings stays."""
    return re.sub(
        r"""("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`)|/\*.*?\*/|//[^\n]*""",
        lambda found: found[1] or " ",
        text,
        flags=re.S,
    )


def object_in(text: str, name: str) -> str:
    """Return what stands between the braces of `name: {…}`; empty where there is none."""
    found = re.search(rf"""["']?\b{name}["']?\s*:\s*\{{""", text)
    return balanced(text, found.end() - 1) if found else ""


def balanced(text: str, start: int) -> str:
    """Return what the bracket at `start` encloses."""
    depth, quote, at = 0, "", start
    while at < len(text):
        char = text[at]
        if quote:
            if char == "\\":
                at += 1
            elif char == quote:
                quote = ""
        elif char in "\"'`":
            quote = char
        elif char in "{[(":
            depth += 1
        elif char in "}])":
            depth -= 1
            if depth == 0:
                return text[start + 1 : at]
        at += 1
    return text[start + 1 :]


def fields_of(settings: str) -> dict[str, str]:
    """Return the fields of an object literal, as text; `{ url }` is `url: url`."""
    fields: dict[str, str] = {}
    depth, quote, start = 0, "", 0
    pieces: list[str] = []
    for at, char in enumerate(settings):
        if quote:
            quote = "" if char == quote else quote
        elif char in "\"'`":
            quote = char
        elif char in "{[(":
            depth += 1
        elif char in "}])":
            depth -= 1
        elif char == "," and depth == 0:
            pieces.append(settings[start:at])
            start = at + 1
    for piece in (*pieces, settings[start:]):
        if named := re.match(r"""\s*["']?(\w+)["']?\s*:(.*)""", piece, re.S):
            fields[named[1]] = named[2].strip()
        elif re.fullmatch(r"\s*\w+\s*", piece):
            fields[piece.strip()] = piece.strip()
    return fields
