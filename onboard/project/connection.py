"""Where the tool that pushes the schema gets its connection string: read from its config as text, never executed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from onboard.model import Secret
from onboard.project import packages
from onboard.project.commands import Commands, Leaf
from onboard.project.files import Tree, join
from onboard.project.push import action
from onboard.project.terms import Term, balanced, code, fields_of, object_in, reads_in, terms_of, terms_of_shell
from onboard.project.values import Push

_FORCE = re.compile(r"^--(force|accept-data-loss|force-reset)(=|$)")
_THROWS_AWAY = ("reset", "drop", "fresh", "migrate:reset", "db:drop", "push-force")
_CONFIGS = {
    "drizzle": tuple(f"drizzle.config.{end}" for end in ("ts", "js", "mjs", "cjs", "json", "mts", "cts")),
    "prisma": tuple(f"prisma.config.{end}" for end in ("ts", "js", "mjs", "cjs", "mts", "cts")),
}
_SCHEMAS = ("prisma/schema.prisma", "schema.prisma", "prisma/schema/schema.prisma", "src/prisma/schema.prisma")
_PARTS = ("host", "port", "user", "password", "database")
_FILES = {
    "development": (".env.development.local", ".env.local", ".env.development", ".env"),
    "production": (".env.production.local", ".env.local", ".env.production", ".env"),
}
"""What Next and Bun load, the one that wins first."""


@dataclass(frozen=True, slots=True)
class Load:
    """An env file that the tool, or what starts it, loads by itself."""

    path: str
    """Relative to the root."""
    overrides: bool = False
    """What it sets wins over what is set already."""
    reader: str = "dotenv"


@dataclass(frozen=True, slots=True)
class Connection:
    """How the tool comes to its connection string."""

    source: str = ""
    """The file that says so; empty: none was found."""
    url: tuple[Term, ...] = ()
    """Of the URL as a whole; empty where it is put together from `parts`, or could not be told."""
    parts: tuple[tuple[str, tuple[Term, ...]], ...] = ()
    """`host`, `port`, `user`, `password`, `database`."""
    further: tuple[str, ...] = ()
    """Variables of which the tool may take its URL instead, or besides."""
    loads: tuple[Load, ...] = ()
    """In the order in which they are loaded."""
    sets: tuple[tuple[str, str], ...] = ()
    """Variables that the command itself sets; they win over everything."""
    flags: tuple[str, ...] = ()
    """Flags and words by which the command throws data away without asking."""
    project: str = ""
    """Ref of the Supabase project that the folder is linked to, where the tool goes there."""
    local: bool = False
    """The tool's own local stack, whatever the variables say."""
    unsure: str = ""
    """Why the connection string could not be told; empty: it could."""


def find(tree: Tree, push: Push) -> Connection:
    """Return where the tool of `push` gets its connection string."""
    commands = Commands(packages.workspaces(tree))
    leaves = _leaves(commands, push)
    leaf = next((leaf for leaf in leaves if action(leaf) or _throws_away(leaf)), leaves[-1] if leaves else None)
    if leaf is None:
        return Connection(unsure="what the command starts could not be followed")
    words = [word for each in leaves for word in each.argv[1:]]
    flags = tuple(dict.fromkeys(word for word in words if _FORCE.match(word) or word in _THROWS_AWAY))
    wins = _wrapper_wins(commands, push)
    loads = [Load(path, wins, "dotenv-expand") for path in leaf.env_files]
    if "bun" in leaf.loaders and not leaf.env_files:
        mode = "production" if ("NODE_ENV", "production") in leaf.env else "development"
        loads += [Load(join(leaf.dir, name), reader="bun") for name in _FILES[mode]]
    match push.tool:
        case "drizzle" | "prisma" if leaf.program in ("drizzle-kit", "prisma"):
            found = _configured(tree, leaf, push.tool)
        case "supabase":
            found = _supabase(tree, leaf, _major(commands, push.dir, "supabase"))
        case _:
            found = _script(tree, leaf)
    return Connection(
        found.source,
        found.url,
        found.parts,
        found.further,
        (*loads, *found.loads),
        leaf.env,
        flags,
        found.project,
        found.local,
        found.unsure,
    )


def _leaves(commands: Commands, push: Push) -> tuple[Leaf, ...]:
    package = commands.packages.members.get(push.dir)
    if push.script is not None and package is not None and push.script in package.scripts:
        return commands.script(package, push.script)
    return commands.text(push.command, push.dir)


def _major(commands: Commands, folder: str, name: str) -> int:
    """Return the major version of a package that the app or the whole repository depends on; 0: it is not told."""
    for package in (commands.packages.members.get(folder), commands.packages.members.get(".")):
        if package is not None and (found := re.match(r"[\^~>=v]*\s*(\d+)", package.dependencies.get(name, ""))):
            return int(found[1])
    return 0


def _throws_away(leaf: Leaf) -> bool:
    return bool(set(leaf.argv[1:]) & set(_THROWS_AWAY))


def _wrapper_wins(commands: Commands, push: Push) -> bool:
    """Whether what loads files around the tool lets them win over what is set: env-cmd does, others when told."""
    package = commands.packages.members.get(push.dir)
    text = package.scripts.get(push.script or "", "") if package else push.command
    if re.search(r"\benv-cmd\b", text):
        return "--no-override" not in text
    return bool(re.search(r"\bdotenv\b.*\s(-o|--override)\b|\bdotenvx\b.*\s--overload\b", text))


def _configured(tree: Tree, leaf: Leaf, tool: str) -> Connection:
    if url := leaf.option("--url", "--connection-string"):
        return Connection("the command itself", terms_of_shell(url))
    named = leaf.option("--config")
    config = join(leaf.dir, named) if named else _first(tree, leaf.dir, _CONFIGS[tool])
    text = code(tree.text(config, matters=False) or "") if config else ""
    loads = _loads(text, config or "", leaf.dir)
    if tool == "drizzle":
        if not text:
            return Connection(unsure=f"there is no {named or 'drizzle.config'} to read the connection string from")
        return _of(text, config or "", loads, object_in(text, "dbCredentials"))
    if re.search(r"\badapter\s*(?:\(|:(?!\s*true\b))", text):
        return _of_adapter(text, config or "", loads)
    schema = _schema(tree, leaf, text)
    if text and (settings := object_in(text, "datasource")):
        found = _of(text, config or "", loads, settings)
        if found.url or found.parts:
            return found
    else:
        # Without a config file of its own Prisma loads .env beside package.json and beside the schema.
        folders = dict.fromkeys([leaf.dir, (schema or "").rpartition("/")[0] or "."])
        loads = (*loads, *(() if text else (Load(join(folder, ".env"), reader="dotenv-expand") for folder in folders)))
    if schema is None:
        return Connection(config or "", loads=loads, unsure="there is no schema.prisma to read the datasource from")
    return _of_schema(tree, schema, loads)


def _of_adapter(text: str, path: str, loads: tuple[Load, ...]) -> Connection:
    """Read what a `prisma.config` hands to the driver adapter it makes: no url of the schema is used then."""
    made = re.search(r"\bnew\s+Prisma\w+\s*\(", text)
    given = balanced(text, made.end() - 1).strip() if made else ""
    if given.startswith("{"):
        return _of(text, path, loads, balanced(given, 0))
    if terms := terms_of(text, given):
        return Connection(path, terms, loads=loads)
    reads = tuple(dict.fromkeys(reads_in(text)))
    return Connection(path, further=reads, loads=loads, unsure=f"the driver adapter in {path} is made by code")


def _schema(tree: Tree, leaf: Leaf, config: str) -> str | None:
    named = leaf.option("--schema")
    said = re.search(r"""\bschema\s*:\s*(?:[\w.]+\(\s*)?["'`]([^"'`]+)["'`]""", config)
    for path in (named, said[1] if said else None):
        if path:
            full = join(leaf.dir, path)
            if full.endswith(".prisma"):
                return full if tree.has(full) else None
            inside = [each for each in tree.below(full) if each.endswith(".prisma")]
            return next((p for p in inside if "datasource" in (tree.text(p, matters=False) or "")), None)
    return _first(tree, leaf.dir, _SCHEMAS)


def _of_schema(tree: Tree, schema: str, loads: tuple[Load, ...]) -> Connection:
    text = re.sub(r"//[^\n]*", "", tree.text(schema, matters=False) or "")
    block = re.search(r"\bdatasource\s+\w+\s*\{([^}]*)\}", text)
    if block is None:
        return Connection(schema, loads=loads, unsure=f"{schema} has no datasource")
    terms: dict[str, tuple[Term, ...]] = {}
    for name, variable, literal in re.findall(
        r"""\b(url|directUrl)\s*=\s*(?:env\(\s*"(\w+)"\s*\)|"([^"]*)")""", block[1]
    ):
        terms[name] = (Term(variable) if variable else Term(text=Secret(literal)),)
    # The command line tool goes past the pooler where a direct URL is there.
    chosen = terms.get("directUrl") or terms.get("url") or ()
    further = tuple(term.variable for term in terms.get("url", ()) if term.variable and term not in chosen)
    return Connection(
        schema, chosen, further=further, loads=loads, unsure="" if chosen else f"the url in {schema} could not be read"
    )


def _supabase(tree: Tree, leaf: Leaf, major: int) -> Connection:
    """Read where Supabase's CLI goes. `major`: its version in the repository, which decides what a bare push means."""
    base = leaf.option("--workdir")
    folder = join(leaf.dir, base) if base else leaf.dir
    remote = _remote(leaf.argv)
    url = leaf.option("--db-url") or (remote if remote and re.match(r"postgres(ql)?://|\$", remote) else None)
    if url:
        return Connection("the command itself", terms_of_shell(url))
    if remote and re.fullmatch(r"[a-z]{20}", remote):
        return Connection("the command itself", project=remote)
    if remote:
        return Connection(unsure="--remote names a branch of a Supabase project, and only its CLI knows which")
    linked = remote is not None or "--linked" in leaf.argv
    if not linked and ("--local" in leaf.argv or leaf.argv[1:2] == ("migration",) or major >= 3):
        return Connection("the command itself", local=True)
    path = join(folder, "supabase/.temp/project-ref")
    ref = (tree.text(path, matters=False) or "").strip()
    if re.fullmatch(r"[a-z]{20}", ref):
        return Connection(path, project=ref)
    if linked:
        return Connection(unsure="the folder is not linked to a Supabase project (supabase link)")
    return Connection(unsure="`supabase db push` goes to the local stack with CLI 3 and to a linked project with CLI 2")


def _remote(argv: Sequence[str]) -> str | None:
    """Return what `--remote` names; empty: the linked project; `None`: it is not there."""
    for at, word in enumerate(argv):
        if word.startswith("--remote="):
            return word.partition("=")[2]
        if word == "--remote":
            after = argv[at + 1] if at + 1 < len(argv) else ""
            return "" if after.startswith("-") else after
    return None


def _script(tree: Tree, leaf: Leaf) -> Connection:
    """A command without a config that we know: a script of the repository's own, psql, another tool."""
    for word in leaf.argv[1:]:
        if re.match(r"postgres(ql)?://|\$\{?\w+\}?$", word):
            return Connection("the command itself", terms_of_shell(word))
    for word in leaf.argv[1:]:
        path = join(leaf.dir, word)
        if re.search(r"\.[cm]?[jt]s$", word) and (text := code(tree.text(path, matters=False) or "")):
            names = tuple(dict.fromkeys(reads_in(text)))
            urls = tuple(name for name in names if re.search(r"(URL|URI|DSN|CONNECTION_STRING)$", name))
            loads = _loads(text, path, leaf.dir)
            if len(urls) == 1:
                return Connection(path, (Term(urls[0]),), loads=loads)
            return Connection(path, further=urls, loads=loads, unsure=f"{path} is a program of its own")
    return Connection(unsure=f"{leaf.program} has a configuration of its own")


def _of(text: str, path: str, loads: tuple[Load, ...], settings: str) -> Connection:
    """Read the settings of a config: `url`, else host and the rest."""
    fields = fields_of(settings)
    reads = tuple(dict.fromkeys(reads_in(text)))
    for name in ("url", "connectionString"):
        if name in fields:
            terms = terms_of(text, fields[name])
            if terms is not None:
                return Connection(path, terms, loads=loads)
            return Connection(path, further=reads, loads=loads, unsure=f"the {name} in {path} is computed")
    parts = {name: terms_of(text, fields[name]) for name in _PARTS if name in fields}
    if "host" in parts and "database" in parts and all(parts.values()):
        return Connection(path, parts=tuple((name, terms or ()) for name, terms in parts.items()), loads=loads)
    return Connection(path, further=reads, loads=loads, unsure=f"how {path} comes to its database could not be read")


def _loads(text: str, path: str, cwd: str) -> tuple[Load, ...]:
    """Return the env files that a config loads, in the order of its text."""
    own = path.rpartition("/")[0] or "."
    found: list[tuple[int, Load]] = []
    expands = "dotenv-expand" if re.search(r"dotenv-expand|\bexpand\(", text) else "dotenv"
    at_once = re.finditer(r"""["']dotenvx?/config["']|["']@dotenvx/dotenvx/config["']""", text)
    found += [(match.start(), Load(join(cwd, ".env"), reader=expands)) for match in at_once]
    if re.search(r"""["'](?:@dotenvx/)?dotenvx?["']""", text):
        for match in re.finditer(r"\b(?:config|configDotenv|loadEnv|dotenv)\s*\(", text):
            inside = balanced(text, match.end() - 1)
            before = text[max(0, match.start() - 12) : match.start()]
            if re.search(r"(function|const|import)\s+$", before):
                continue
            overrides = bool(re.search(r"\boverride\s*:\s*true", inside))
            said = re.search(r"\bpath\s*:\s*(.*)", inside, re.S)
            names = re.findall(r"""["'`]([^"'`]*\.env[^"'`]*)["'`]""", said[1]) if said else [".env"]
            base = own if said and re.search(r"__dirname|import\.meta", said[1]) else cwd
            names = list(reversed(names)) if overrides else names
            found += [(match.start(), Load(join(base, name), overrides, expands)) for name in names]
    for match in re.finditer(r"\bloadEnvConfig\s*\(", text):
        inside = balanced(text, match.end() - 1)
        # Without its second argument it takes the production files: that is how @next/env is.
        development = bool(re.search(r",\s*(true|[^,]*(!==?\s*[\"']production|===?\s*[\"']development))", inside))
        names = list(_FILES["development" if development else "production"])
        found += [(match.start(), Load(join(cwd, name), reader="next")) for name in names]
    for match in re.finditer(r"\bloadEnvFile\s*\(\s*(?:[\"'`]([^\"'`]*)[\"'`])?", text):
        found.append((match.start(), Load(join(cwd, match[1] or ".env"), reader="node22")))
    return tuple(load for _, load in sorted(found, key=lambda each: each[0]))


def _first(tree: Tree, folder: str, names: tuple[str, ...]) -> str | None:
    return next((path for name in names if tree.has(path := join(folder, name))), None)
