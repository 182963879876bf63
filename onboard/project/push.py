"""How the database gets the schema: a script or the tool's own command, never one that throws data away."""

from __future__ import annotations

import re
from dataclasses import dataclass

from onboard.project.commands import Commands, Leaf
from onboard.project.files import Tree
from onboard.project.packages import Package
from onboard.project.readme import Readme
from onboard.project.values import Push

_DESTRUCTIVE = re.compile(
    r"(?<![\w-])(reset|drop|fresh|wipe|nuke|destroy|rollback|refresh|down|revert|undo|truncate|clean|teardown)(?![\w-])|--force|--accept-data-loss|"
    r"--force-reset|force[_-]reset|--hard|migrate:reset|db:reset|drizzle-kit drop|dropdb|\brm -|redo|schema:drop|"
    r"schema-delete",
    re.I,
)
_ELSEWHERE = re.compile(r"prod|stag|remote|preview|test|ci\b|e2e|deploy|:d1|turso:prod", re.I)
_RANK_WORDS = ("push", "migrate", "setup", "sync", "up", "deploy", "init")


@dataclass(frozen=True)
class _Candidate:
    package: Package
    script: str
    tool: str
    action: str
    mixed: bool = False
    """It does more than bring the schema in: it installs, starts services, builds."""


def find(tree: Tree, commands: Commands, app: str, readme: Readme, manager: str | None) -> Push | None:
    """Return the schema push of an app; `None`: nothing is to be pushed.

    A script of the root or the app that reaches the tool comes first, told by the README before others; else the tool's
    own command in the folder where its schema lies.
    """
    members = commands.packages.members
    near = [members[folder] for folder in dict.fromkeys([".", app]) if folder in members]
    rest = [member for member in members.values() if member not in near]
    found = [candidate for package in near for candidate in _of(tree, package, commands)]
    if not found:
        found = [candidate for package in rest for candidate in _of(tree, package, commands)]
    tool = tree.once("push.tool", lambda: _tool(tree))
    if tool and tool[0] == "wasp":
        return Push("wasp db migrate-dev", None, "wasp", tool[1])
    if found:
        migrations = tree.once("push.migrations", lambda: _has_migrations(tree))
        best = min(found, key=lambda candidate: _rank(candidate, readme, migrations, tool[0] if tool else None))
        return Push(_typed(best, manager), best.script, best.tool, best.package.dir)
    if tool is None:
        return None
    name, folder = tool
    own = _own_command(tree, name, folder, readme)
    if own is None:
        return None
    through = {"pnpm": "pnpm exec", "yarn": "yarn", "bun": "bunx"}.get(manager or "", "npx")
    return Push(f"{through} {own}", None, name, folder)


def _own_command(tree: Tree, tool: str, folder: str, readme: Readme) -> str | None:
    """Return the tool's own command: what the README says, else migrations where the repository has them."""
    ways = {
        "prisma": ("prisma db push", "prisma migrate deploy", r"(^|/)migrations/[^/]+/migration\.sql$"),
        "drizzle": ("drizzle-kit push", "drizzle-kit migrate", r"(^|/)meta/_journal\.json$"),
        "supabase": ("supabase db push", None, ""),
        "convex": ("convex dev --once", None, ""),
    }.get(tool)
    if ways is None:
        return None
    push, migrate, files = ways
    if migrate is None:
        return push
    told = readme.command_at(push)
    also = readme.command_at(migrate, "prisma migrate dev" if tool == "prisma" else migrate)
    if told is not None and (also is None or told < also):
        return push
    return migrate if also is not None or any(re.search(files, path) for path in tree.below(folder)) else push


def action(leaf: Leaf) -> tuple[str, str] | None:
    """Return (tool, action) of a command that brings a schema into a database; `None`: it does not, or it destroys."""
    words = [word for word in leaf.argv[1:] if not word.startswith("-")]
    if _DESTRUCTIVE.search(" ".join(leaf.argv)):
        return None
    two = tuple(words[:2])
    match leaf.program:
        case "drizzle-kit":
            verb = (words or [""])[0].partition(":")[0]
            return ("drizzle", verb) if verb in ("push", "migrate") else None
        case "prisma":
            if two == ("db", "push"):
                return "prisma", "push"
            if two in (("migrate", "dev"), ("migrate", "deploy")):
                return "prisma", "migrate"
        case "supabase":
            if two in (("db", "push"), ("migration", "up")):
                return "supabase", "push" if words[0] == "db" else "migrate"
        case "wasp":
            return ("wasp", "migrate") if two == ("db", "migrate-dev") else None
        case "kysely" | "kysely-ctl":
            return ("kysely", "migrate") if words[:1] == ["migrate:latest"] or two == ("migrate", "latest") else None
        case "knex":
            return ("knex", "migrate") if words[:1] == ["migrate:latest"] else None
        case "sequelize" | "sequelize-cli":
            return ("sequelize", "migrate") if words[:1] == ["db:migrate"] else None
        case "typeorm" | "typeorm-ts-node-commonjs" | "typeorm-ts-node-esm":
            return ("typeorm", "migrate") if {"migration:run", "schema:sync"} & set(words) else None
        case "ts-node" | "node" | "tsx" if any("typeorm/cli" in word for word in words):
            return ("typeorm", "migrate") if {"migration:run", "schema:sync"} & set(words) else None
        case "mikro-orm":
            return ("mikro-orm", "migrate") if words[:1] in (["migration:up"], ["schema:update"]) else None
        case "payload":
            return ("payload", "migrate") if words[:1] == ["migrate"] else None
        case "medusa":
            return ("medusa", "migrate") if words[:1] in (["db:migrate"], ["db:setup"]) else None
        case "convex":
            return ("convex", "push") if "--once" in leaf.argv else None
        case "node-pg-migrate" | "dbmate" | "atlas" | "graphile-migrate" | "db-migrate":
            return (leaf.program, "migrate") if {"up", "migrate", "apply"} & set(words) else None
        case "keystone":
            return ("keystone", "migrate") if two == ("prisma", "migrate") else None
        case "zenstack" | "zen":
            return ("zenstack", "push") if two == ("db", "push") else None
        case "strapi" | "directus":
            return None
        case "alembic":
            return ("alembic", "migrate") if words[:1] == ["upgrade"] else None
        case "blitz":
            return ("prisma", "migrate") if two == ("prisma", "migrate") else None
        case "rw" | "redwood":
            return ("prisma", "migrate") if two == ("prisma", "migrate") else None
    return None


def _of(tree: Tree, package: Package, commands: Commands) -> list[_Candidate]:
    return tree.once(f"push.of {package.dir}", lambda: _candidates(package, commands))


def _candidates(package: Package, commands: Commands) -> list[_Candidate]:
    found: list[_Candidate] = []
    for name, text in package.scripts.items():
        if name in package.targets or name in (
            "dev",
            "build",
            "start",
            "postinstall",
            "prepare",
            "test",
            "vercel-build",
            "postbuild",
            "prebuild",
            "predev",
        ):
            continue
        if _DESTRUCTIVE.search(name.replace(":", " ")) or _DESTRUCTIVE.search(text):
            continue
        leaves = commands.script(package, name)
        if any(_DESTRUCTIVE.search(" ".join(leaf.argv)) for leaf in leaves):
            continue
        hits = [hit for leaf in leaves if (hit := action(leaf))]
        if not hits and (own := _own_code(package, commands, name, leaves)):
            hits = [own]
        if hits:
            found.append(_Candidate(package, name, *hits[0], mixed=any(map(_more, leaves))))
    return found


def _more(leaf: Leaf) -> bool:
    verbs = [word for word in leaf.argv[1:] if not word.startswith("-")][:1]
    return leaf.program in ("docker", "docker-compose", "playwright", "podman") or (
        leaf.program in ("npm", "pnpm", "yarn", "bun") and verbs in (["install"], ["ci"], ["i"])
    )


def _own_code(package: Package, commands: Commands, name: str, leaves: tuple[Leaf, ...]) -> tuple[str, str] | None:
    """A script of the repository's own that migrates (`tsx lib/db/migrate.ts`), where its name and the ORM say so."""
    if not re.match(
        r"^(db|database|prisma|drizzle|schema)?[:_-]?(migrate|push|migrations?)([:_-](up|run|latest|dev|local))?$", name
    ):
        return None
    if not any(leaf.program in ("tsx", "node", "ts-node", "bun", "vite-node", "jiti", "esr") for leaf in leaves):
        return None
    everyone = [package, *commands.packages.members.values()]
    for tool, dependencies in _TOOLS.items():
        if any(member.depends_on(*dependencies) for member in everyone):
            return tool, "migrate"
    return None


_TOOLS = {
    "drizzle": ("drizzle-kit", "drizzle-orm"),
    "prisma": ("prisma", "@prisma/client"),
    "kysely": ("kysely",),
    "knex": ("knex",),
    "typeorm": ("typeorm",),
    "mikro-orm": ("@mikro-orm/core",),
    "sequelize": ("sequelize",),
}


def _tool(tree: Tree) -> tuple[str, str] | None:
    """Return the tool that a schema file names, and its folder."""
    best: tuple[int, str, str] | None = None
    for path in tree.files():
        folder, _, name = path.rpartition("/")
        where = folder or "."
        tool = None
        if name == "schema.prisma":
            tool = "prisma"
            where = re.sub(r"(^|/)prisma(/schema)?$", "", folder) or "."
        elif name.startswith("drizzle.config."):
            tool = "drizzle"
        elif name in ("main.wasp", "main.wasp.ts", ".wasproot"):
            tool = "wasp"
        elif path.endswith("supabase/config.toml") or re.search(r"(^|/)supabase/migrations/[^/]+\.sql$", path):
            tool = "supabase"
            where = re.sub(r"(^|/)supabase(/migrations)?$", "", folder) or "."
        elif re.search(r"(^|/)convex/schema\.[jt]s$", path):
            tool = "convex"
            where = re.sub(r"(^|/)convex$", "", folder) or "."
        if tool is None or re.search(r"(^|/)(examples?|templates?|tests?|fixtures?|__tests__)/", path):
            continue
        order = ("wasp", "prisma", "drizzle", "supabase", "convex").index(tool) + 10 * min(path.count("/") // 4, 2)
        if best is None or order < best[0]:
            best = (order, tool, where)
    return best[1:] if best else None


def _has_migrations(tree: Tree) -> bool:
    return any(
        re.search(r"(^|/)(migrations|drizzle)/([^/]+/)?[^/]*\.sql$", path) and "/supabase/" not in f"/{path}"
        for path in tree.files()
    )


def _rank(candidate: _Candidate, readme: Readme, migrations: bool, tool: str | None) -> tuple[object, ...]:
    name = candidate.script
    told = readme.script_at(name)
    elsewhere = bool(_ELSEWHERE.search(name))
    preferred = "migrate" if migrations else "push"
    return (
        elsewhere and told is None,
        candidate.mixed,
        told is None,
        tool is not None and candidate.tool != tool,
        candidate.action != preferred,
        candidate.package.dir != ".",
        len(name.split(":")) > 2,
        next((at for at, word in enumerate(_RANK_WORDS) if word in name), len(_RANK_WORDS)),
        told or 0,
        len(name),
    )


def _typed(candidate: _Candidate, manager: str | None) -> str:
    through = {"npm": "npm run", None: "npm run"}.get(manager, f"{manager} run" if manager == "bun" else manager)
    return f"{through} {candidate.script}"
