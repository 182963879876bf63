"""Write every key of the terminal app into docs/keys.md, out of the bindings in the code.

    .venv/bin/python -m benchmarks.keys

`tests/test_words.py` holds the page against the code.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "keys.md"

HEAD = """\
# Keys

Every key of the terminal app, made with `make messages`; a test compares. `?` (F1 where a value is typed) shows those
that work where you are, `ctrl+p` offers them as words, and the mouse does all of it too. Where a value is typed,
letters are typed: the `ctrl` and F keys work there. Arrows, Tab and Enter do what they do everywhere.

Keys and colours can be yours, in `config.toml` of the user's config folder (`~/.config/onboard/` on Linux). A key is
named by the id in the last column. A file that cannot be read is told, and the usual keys work.

```toml
theme = "onboard-light"      # onboard-dark, or any theme that ctrl+p, Theme, offers

[keymap]
later = "ctrl+l,f8"
```
"""

SIGNS = {
    "question_mark": "?",
    "slash": "/",
    "escape": "Esc",
    "enter": "Enter",
    "space": "Space",
    "up": "↑",
    "down": "↓",
    "pagedown": "PgDn",
    "pageup": "PgUp",
    "backspace": "Backspace",
    "delete": "Del",
}


def bindings(node: ast.AST) -> Iterator[tuple[str, str, str]]:
    """Yield keys, words and id of each binding below `node`; those without words are for no person."""
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "Binding":
            keys, _, words = (ast.literal_eval(argument) for argument in call.args)
            named = {keyword.arg: keyword.value for keyword in call.keywords}
            id = ast.literal_eval(named["id"]) if "id" in named else ""
            if words:
                yield keys, words, id


def places() -> Iterator[tuple[str, list[tuple[str, str, str]]]]:
    """Yield each place of the app, in its own words, with its bindings."""
    for path in sorted((ROOT / "onboard" / "tui").glob("*.py")):
        for node in ast.parse(path.read_text("utf-8")).body:
            found = list(bindings(node))
            if found:
                about = ast.get_docstring(node) if isinstance(node, ast.ClassDef) else None
                words = (about or "In every list, besides the arrows.").partition("\n")[0]
                yield words.partition(". ")[0].partition(";")[0].rstrip("."), found


def page() -> str:
    """Return the page."""
    lines = [HEAD]
    for about, found in places():
        lines += [f"## {about}", "", "| keys | what it does | id |", "|---|---|---|"]
        for keys, words, id in found:
            shown = " ".join(f"`{_sign(key)}`" for key in keys.split(","))
            lines.append(f"| {shown} | {words} | {f'`{id}`' if id else ''} |")
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _sign(key: str) -> str:
    return SIGNS.get(key, key.upper() if key.startswith("f") and key[1:].isdecimal() else key)


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
    print(PAGE.relative_to(ROOT))
