"""The demo's `pnpm`: install, and the sample project's own scripts, with the lines of the tools behind them."""

from __future__ import annotations

import json
import re
import shlex
import sys
import time
from collections.abc import Callable

from onboard.sandbox.tools import dev, stripe
from onboard.sandbox.tools.words import Place, ask, say

VERSION = "10.34.9"


def main(place: Place, words: list[str]) -> int:
    """Run it."""
    if words in (["--version"], ["-v"]):
        say(VERSION)
        return 0
    if words[:1] in (["install"], ["i"]):
        return _install(place)
    name = words[1] if words[:1] == ["run"] and len(words) > 1 else (words or [""])[0]
    script = place.package().get("scripts", {}).get(name)
    if script is None:
        say(f' ERR_PNPM_RECURSIVE_EXEC_FIRST_FAIL  Command "{name}" not found')
        return 254
    package = place.package()
    say(f"\n> {package.get('name')}@{package.get('version')} {name} {place.folder}\n> {script}\n")
    program, *rest = shlex.split(script)
    code = _PROGRAMS.get(program, _unknown)(place, rest)
    if code:
        say(f"\u2009ELIFECYCLE\u2009 Command failed with exit code {code}.")
    return code


def _unknown(place: Place, words: list[str]) -> int:
    say("(demo) the demo has no such program")
    return 127


def _install(place: Place) -> int:
    begun = time.monotonic()
    package = place.package()
    wanted = {**package.get("dependencies", {}), **package.get("devDependencies", {})}
    say("Lockfile is up to date, resolution step is skipped")
    say("(demo) nothing is downloaded: the packages are empty folders")
    modules = place.folder / "node_modules"
    for name in wanted:
        (modules / name).mkdir(parents=True, exist_ok=True)
    say(f"Packages: +{len(wanted)}")
    for name, version in sorted(wanted.items()):
        say(f"+ {name} {version}")
    (modules / ".modules.yaml").write_text(json.dumps({"layoutVersion": 5, "packageManager": f"pnpm@{VERSION}"}))
    say(f"Done in {time.monotonic() - begun:.1f}s using pnpm v{VERSION}")
    return 0


def _drizzle(place: Place, words: list[str]) -> int:
    """Make the tables of the schema that are not there yet. Where it cannot: exit 1 and no reason, as the real one."""
    if words != ["push"]:
        return _unknown(place, words)
    say("No config path provided, using default 'drizzle.config.ts'")
    say(f"Reading config file '{place.folder / 'drizzle.config.ts'}'")
    url = place.variables().get("DATABASE_URL", "")
    if not url:
        say("Error  Please provide required params for Postgres driver:\n    [x] url: ''")
        return 1
    say("Using 'postgres' driver for database querying")
    schema = (place.folder / "src" / "db" / "schema.ts").read_text("utf-8")
    query = "select tablename from pg_catalog.pg_tables"
    rows = _sql(place, url, query)
    if rows is None:
        sys.stdout.write("[⣷] Pulling schema from database...\n")
        return 1
    say("[✓] Pulling schema from database...")
    here = {row["tablename"] for row in rows}
    owed = {name: statement for name, statement in tables(schema).items() if name not in here}
    for statement in owed.values():
        if _sql(place, url, statement) is None:
            return 1
    say("[✓] Changes applied" if owed else "[i] No changes detected")
    return 0


def _seed(place: Place, words: list[str]) -> int:
    say("(demo) the demo seeds nothing")
    return 0


def _sql(place: Place, url: str, query: str) -> list[dict[str, str]] | None:
    """Return the rows; `None`: the database refused."""
    body = json.dumps({"query": query, "params": []}).encode()
    status, reply = ask(place.endpoints["neon.sql"], body, {"Neon-Connection-String": url})
    if status != 200:
        return None
    rows: list[dict[str, str]] = json.loads(reply)["rows"]
    return rows


def tables(schema: str) -> dict[str, str]:
    """Return a `create table` by name for each `pgTable` of a Drizzle schema, as the sample project writes them."""
    found = {}
    for name, body in re.findall(r'pgTable\("(\w+)", \{(.*?)\n\}\)', schema, re.S):
        columns = [_column(*parts) for parts in re.findall(r'\w+: (\w+)\("(\w+)"\)(.*?),\n', body + "\n")]
        found[name] = f'create table "{name}" ({", ".join(columns)})'
    return found


def _column(kind: str, name: str, more: str) -> str:
    words = [f'"{name}" {kind}']
    words += [sql for call, sql in _CONSTRAINTS.items() if call in more]
    return " ".join(words)


_CONSTRAINTS = {
    ".primaryKey()": "primary key",
    ".notNull()": "not null",
    ".unique()": "unique",
    ".default(false)": "default false",
    ".defaultNow()": "default now()",
}

_PROGRAMS: dict[str, Callable[[Place, list[str]], int]] = {
    "next": dev.main,
    "drizzle-kit": _drizzle,
    "tsx": _seed,
    "stripe": stripe.main,
}
