"""Which tables a schema declares, read as text from Drizzle, Prisma and Supabase files; nothing is run."""

from __future__ import annotations

import re
from collections.abc import Iterator

from onboard.project.files import Tree

_CAP = 1 << 20
_MOST = 4_000
"""Files read for one schema."""
_ASIDE = re.compile(
    r"(^|/)(node_modules|__tests__|tests?|e2e|fixtures?|examples?|dist|build)/|\.(test|spec|d)\.[a-z]+$"
)
_DRIZZLE = re.compile(
    rb"(?<![\w.])(?:pg|mysql|sqlite|singlestore)Table\(\s*[\"'`](?P<own>[\w$]+)[\"'`]"
    rb"|(?P<named>\w+)\.table\(\s*[\"'`](?P<inside>[\w$]+)[\"'`]"
)
_DRIZZLE_SCHEMA = re.compile(rb"(\w+)\s*=\s*(?:pg|mysql)Schema\(\s*[\"'`]([\w$]+)[\"'`]")
_CONFIGURED = re.compile(rb"\bschema\s*:\s*[\"'`]([^\"'`]+)[\"'`]")
_MADE_UP = re.compile(rb"(?:pg|mysql|sqlite)TableCreator\(")
_MODEL = re.compile(rb"^\s*model\s+(\w+)\s*\{(.*?)^\s*\}", re.M | re.S)
_MAP, _SCHEMA = re.compile(rb"@@map\(\s*(?:name:\s*)?\"([^\"]+)\""), re.compile(rb"@@schema\(\s*\"([^\"]+)\"")
_SQL = re.compile(
    rb"\b(?P<what>create\s+table(?:\s+if\s+not\s+exists)?|drop\s+table(?:\s+if\s+exists)?|alter\s+table(?:\s+if\s+exists)?)\s+"
    rb"(?:\"?(?P<schema>\w+)\"?\.)?\"?(?P<name>\w+)\"?(?P<rename>\s+rename\s+to\s+\"?(?P<new>\w+)\"?)?",
    re.I,
)


def declared(tree: Tree, tool: str, folder: str) -> tuple[str, ...] | None:
    """Return the tables (`schema.table`, sorted) that the schema in `folder` declares.

    `None`: it cannot be told from the text (names that code makes up, a tool that we do not read, no table found).
    """
    reads = {"drizzle": _drizzle, "prisma": _prisma, "supabase": _supabase}.get(tool)
    found = reads(tree, folder) if reads is not None else None
    return tuple(sorted(found)) if found else None


def _files(tree: Tree, folder: str, *endings: str) -> Iterator[bytes]:
    read = 0
    for path in tree.below(folder):
        if path.endswith(endings) and not _ASIDE.search(path):
            read += 1
            data = tree.data(path, cap=_CAP, matters=False) if read <= _MOST else None
            if data is not None:
                yield data


def _drizzle(tree: Tree, folder: str) -> set[str] | None:
    found: set[str] = set()
    for data in _files(tree, _configured(tree, folder), ".ts", ".js", ".mts", ".mjs"):
        if b"Table(" not in data and b".table(" not in data:
            if _MADE_UP.search(data):
                return None
            continue
        if _MADE_UP.search(data):
            return None
        schemas = {match[1]: match[2].decode() for match in _DRIZZLE_SCHEMA.finditer(data)}
        for match in _DRIZZLE.finditer(data):
            if match["own"]:
                found.add(f"public.{match['own'].decode()}")
            elif match["named"] in schemas:
                found.add(f"{schemas[match['named']]}.{match['inside'].decode()}")
    return found


def _configured(tree: Tree, folder: str) -> str:
    """Return the folder in which drizzle.config says the schema lies; `folder` where it does not say so plainly."""
    for ending in ("ts", "js", "mjs", "mts"):
        config = f"drizzle.config.{ending}" if folder == "." else f"{folder}/drizzle.config.{ending}"
        data = tree.data(config, matters=False)
        match = _CONFIGURED.search(data) if data else None
        if match is not None:
            parts = [part for part in match[1].decode("utf-8", "replace").split("/") if part not in ("", ".")]
            plain = [part for part in parts[:-1] if not re.search(r"[*{?]|^\.\.$", part)]
            if len(plain) == len(parts) - 1:
                return "/".join(plain if folder == "." else [folder, *plain]) or "."
    return folder


def _prisma(tree: Tree, folder: str) -> set[str] | None:
    found: set[str] = set()
    for data in _files(tree, folder, ".prisma"):
        for model in _MODEL.finditer(data):
            mapped, schema = _MAP.search(model[2]), _SCHEMA.search(model[2])
            name = mapped[1] if mapped else model[1]
            found.add(f"{schema[1].decode() if schema else 'public'}.{name.decode('utf-8', 'replace')}")
    return found


def _supabase(tree: Tree, folder: str) -> set[str] | None:
    """Follow the migrations in their order: what they make, drop and rename."""
    found: set[str] = set()
    home = "supabase/migrations" if folder == "." else f"{folder}/supabase/migrations"
    for data in _files(tree, home, ".sql"):
        for match in _SQL.finditer(re.sub(rb"--[^\n]*|/\*.*?\*/", b"", data, flags=re.S)):
            schema = (match["schema"] or b"public").decode().lower()
            name = f"{schema}.{match['name'].decode().lower()}"
            what = match["what"].split()[0].lower()
            if what == b"create" and schema == "public":
                found.add(name)
            elif what == b"drop":
                found.discard(name)
            elif match["rename"] and name in found:
                found.discard(name)
                found.add(f"{schema}.{match['new'].decode().lower()}")
    return found
