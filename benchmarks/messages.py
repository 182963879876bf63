"""Write every word that the program shows to people into docs/messages.md, out of the code, to be read as a whole.

    .venv/bin/python -m benchmarks.messages

Nothing of it is run: the files are read with `ast`. Shown is a text that is handed to something known to speak to
people (`SPEAKERS`), or that reads like a sentence; a value that comes in at run time stands there as `{…}`.
`tests/test_messages.py` holds the page against the code, and rules of style against the page.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from onboard.errors import OnboardError

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "messages.md"

PARTS = (
    ("What a check finds", ("checks/", "doctor.py", "plan.py", "listing.py", "remotes.py", "production.py")),
    ("What a service says of a key", ("providers/", "entry.py", "paste.py", "provisioning.py")),
    ("What changing a key says", ("rotation.py", "changing.py")),
    ("What is understood of a repository", ("project/", "approval.py", "claim.py", "understanding.py")),
    ("The terminal app", ("tui/",)),
    ("The command line", ("cli/", "sandbox/")),
    ("Everything else: files, keyring, commands, network", ("",)),
)  # fmt: skip
"""Heading, and how the paths begin that belong to it; the first that fits."""

SILENT = (
    *("sandbox/standins/", "sandbox/tools/", "sandbox/sql.py", "sandbox/resp.py", "sandbox/served.py"),
    *("providers/_table.py", "cli/completion.py", "redact.py", "which.py", "model.py", "project/naming.py"),
)
"""Those that play a service for the demo speak its words; the rest says nothing of its own."""

ERRORS = frozenset({*(kind.__name__ for kind in OnboardError.__subclasses__()), "OnboardError", "Unreachable"})

SPEAKERS: dict[str, tuple[int | str, ...]] = {
    "says": ("summary", 1, "detail"),
    "Finding": ("title", 1, "summary", 3, "detail"),
    "Check": ("title", 1),
    "Ask": (0, "text"),
    "Run": (0, "text"),
    "Open": (0, "text"),
    "Write": (0, "text"),
    "Tell": (0, "text"),
    "Shape": (1, "text"),
    "Verdict": (1, "summary", "detail"),
    "accepted": (0, "detail"),
    "limited": (0, "detail"),
    "refused": (0, "detail"),
    "unclear": (0, "detail"),
    "kept_back": (0, "detail"),
    "Event": (0, "text"),
    "note": (0,),
    "out": (0,),
    "confirm": (0,),
    "answer": (0,),
    "Binding": (2, "description"),
    "Static": (0,),
    "status": (0,),
    "say": (0,),
}
"""What shows its arguments to people, and which of them, however short they are."""

INNER = frozenset({"TypeError", "ValueError", "AssertionError", "RuntimeError", "NotImplementedError", "KeyError"})
"""Errors that tell a programmer, and that no person sees."""

QUIET = frozenset(
    {"compile", "match", "fullmatch", "search", "sub", "split", "findall", "finditer", "startswith", "endswith"}
    | {"removeprefix", "removesuffix", "replace", "encode", "fetch", "execute", "query", "getattr", "cast"}
)
"""What takes patterns, queries and types: no words."""


@dataclass(frozen=True, slots=True)
class Message:
    """One text, and the hint beside it."""

    text: str
    hint: str = ""


def spoken(node: ast.expr) -> str | None:
    """Return a string's text with `{…}` for what comes in at run time; `None`: it is no string."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=values):
            return "".join(spoken(one) or "" if isinstance(one, ast.Constant) else "{…}" for one in values)
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            parts = spoken(left), spoken(right)
            return None if parts == (None, None) else "".join(part if part is not None else "{…}" for part in parts)
    return None


def messages(tree: ast.Module) -> Iterator[Message]:
    """Yield the texts of one file, in its order. What is compared with texts of others is not shown."""
    heard = {
        name.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Compare)
        for name in ast.walk(node)
        if isinstance(name, ast.Name)
    }
    for node in tree.body:
        if not (
            isinstance(node, ast.Assign) and any(isinstance(one, ast.Name) and one.id in heard for one in node.targets)
        ):
            yield from _within(node)


def _within(node: ast.AST, told: bool = False) -> Iterator[Message]:
    match node:
        case ast.Expr(value=ast.Constant()) | ast.Compare() | ast.Assert() | ast.MatchValue() | ast.Subscript():
            return
        case ast.Call():
            yield from _call(node)
            return
        case ast.Assign(targets=[ast.Name(id=("ABOUT" | "HELP")), *_], value=value):
            yield from _within(value, told=True)
            return
        case ast.Constant() | ast.JoinedStr() | ast.BinOp() if (text := spoken(node)) is not None:
            if told or _sentence(text):
                yield Message(text)
            for part in ast.walk(node):
                if isinstance(part, ast.FormattedValue):
                    yield from _within(part.value)
            return
        case ast.arg() | ast.FunctionDef() | ast.AsyncFunctionDef() | ast.AnnAssign():
            for field, child in ast.iter_fields(node):
                if field not in ("annotation", "returns", "decorator_list"):
                    yield from _all(child)
            return
    for _, child in ast.iter_fields(node):
        yield from _all(child, told and isinstance(node, ast.IfExp | ast.BoolOp | ast.Tuple))


def _all(child: object, told: bool = False) -> Iterator[Message]:
    for one in child if isinstance(child, list) else [child]:
        if isinstance(one, ast.AST):
            yield from _within(one, told)


def _call(node: ast.Call) -> Iterator[Message]:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if name in INNER or name == "Keeper":  # what a keeper's program says is compared, not shown
        return
    if isinstance(node.func, ast.Attribute):
        yield from _within(node.func.value)
    if name in ERRORS:
        yield from _error(node)
        return
    shown = SPEAKERS.get(name, ())
    for at, argument in enumerate(node.args):
        if not (name in QUIET and isinstance(argument, ast.Constant | ast.JoinedStr | ast.BinOp)):
            yield from _within(argument, told=at in shown)
    for keyword in node.keywords:
        yield from _within(keyword.value, told=keyword.arg in shown)


def _error(node: ast.Call) -> Iterator[Message]:
    texts = [spoken(argument) for argument in node.args]
    texts += [spoken(keyword.value) for keyword in node.keywords if keyword.arg == "hint"]
    if texts and texts[0] is not None:
        yield Message(texts[0], (texts[1] or "") if len(texts) > 1 else "")
        for at, argument in enumerate(node.args):
            if texts[at] is None or isinstance(argument, ast.JoinedStr | ast.BinOp):
                inner = [one.value for one in ast.walk(argument) if isinstance(one, ast.FormattedValue)]
                yield from _all(inner if texts[at] is not None else argument)
    else:
        yield from _all(list(node.args))


_WORDS = re.compile(r"[A-Za-z{…}'’`)]+[,;:.]? [a-z{(`]")
_CODE = re.compile(
    r"\\[sdwb]|\(\?|\[\^|^[A-Z]+ [A-Z]|^[\w.-]+/[\w.+-]+|=\{…\}|^#!|^[a-z-]+: [a-z-]+$|^(Bearer|Basic) |^\{ "
    r"|(?i:^\s*(select|insert|with|set|show|create|drop|alter|begin) \S+.*(from|into|as|table|branch|role|transaction"
    r"|session|user|sequence|read|_\w+|\(\))\b)"
    r"|^(onboard (set|env|doctor|listen|setup|rotate|import|trust|project|check|push|\{)|vercel (env|link|login|whoami)"
    r"|gh (auth|secret|\{)|git rm|kill|openssl|npm|bun|pnpm|wasp|prisma|drizzle-kit|convex|supabase (db|\{)|unset|echo"
    r"|stripe listen|chmod) ?[-{\w]|\w\|\w|`\?"
)
"""Patterns, queries, headers; and commands, which the documents name where they belong."""


def _sentence(text: str) -> bool:
    return "\n" not in text and bool(_WORDS.search(text)) and not _CODE.search(text)


def page() -> str:
    """Return the page."""
    lines = [
        "# Every message",
        "",
        "All that onboard says to people, file by file, as it stands in the code. `{…}` comes in at run time, an arrow",
        "leads to the hint. Made with `make messages`, and a test compares: words are changed in the code, not here.",
        "What to do about the likeliest ones: [troubleshooting.md](troubleshooting.md).",
    ]
    left = [path for path in sorted((ROOT / "onboard").rglob("*.py")) if not _name(path).startswith(SILENT)]
    for heading, starts in PARTS:
        mine = [path for path in left if _name(path).startswith(starts)]
        left = [path for path in left if path not in mine]
        lines += ["", f"## {heading}"]
        for path in mine:
            tree = ast.parse(path.read_text("utf-8"))
            found = dict.fromkeys(one for one in messages(tree) if re.search(r"[A-Za-z]{2}", one.text))
            if found:
                about = (ast.get_docstring(tree) or "").partition("\n")[0]
                lines += ["", f"### `{_name(path)}`", "", about, ""] if about else ["", f"### `{_name(path)}`", ""]
                lines += [_row(one) for one in found]
    return "\n".join(lines) + "\n"


def _name(path: Path) -> str:
    return path.relative_to(ROOT / "onboard").as_posix()


def _row(message: Message) -> str:
    hint = f" → {_flat(message.hint)}" if message.hint else ""
    return f"- {_flat(message.text)}{hint}"


def _flat(text: str) -> str:
    """Return `text` on one line, the angle brackets written so that they are shown."""
    return " ⏎ ".join(row.strip() for row in text.strip().splitlines()).replace("<", "\\<")


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
    print(PAGE.relative_to(ROOT))
