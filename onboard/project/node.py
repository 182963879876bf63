"""Which Node.js and which package manager a repository asks for, and where its files disagree."""

from __future__ import annotations

import re
from collections.abc import Mapping

from onboard.clean import line
from onboard.project.files import Tree
from onboard.project.packages import LOCKS, Package
from onboard.project.values import NodeSpec, PackageManager

_VERSION = re.compile(r"v?(\d+)(?:\.(\d+))?(?:\.(\d+))?")
_NODE_WORDS = re.compile(
    r"\bnode(?:\.?js)?(?:\*\*|`|\])?(?:\([^)]*\))?\s*(?:\(?version\)?:?\s*|:\s*)?\(?`?(?P<spec>(?:>=|≥|\^|~)?\s?v?\d{2}(?:\.\d+){0,2}(?:\.x)?\+?)",
    re.I,
)


def package_manager(tree: Tree, root: Package | None, app: Package | None, readme: str) -> PackageManager | None:
    """Return what installs the dependencies; `None` where nothing is to be installed by one."""
    if root is None and app is None:
        return None
    packages = [package for package in (root, app) if package]
    stated: PackageManager | None = None
    for package in packages:
        value = package.data.get("packageManager")
        match = re.match(r"(npm|pnpm|yarn|bun)@\^?v?([^+\s]+)", value) if isinstance(value, str) else None
        if match and not stated:
            stated = PackageManager(match[1], line(match[2]), "packageManager")
        dev = package.data.get("devEngines")
        engine = dev.get("packageManager") if isinstance(dev, Mapping) else None
        if isinstance(engine, Mapping) and isinstance(engine.get("name"), str) and not stated:
            version = engine.get("version")
            stated = PackageManager(str(engine["name"]), str(version) if version else None, "devEngines")
    folders = _up(app)
    locks = [
        (name, lock if folder == "." else f"{folder}/{lock}")
        for folder in folders
        for lock, name in LOCKS.items()
        if tree.has(lock if folder == "." else f"{folder}/{lock}")
    ]
    names = list(dict.fromkeys(name for name, _ in locks))
    if len(names) > 1 or (stated and names and stated.name not in names):
        tree.trouble(
            "lockfile.conflict",
            f"{' and '.join(path for _, path in locks)} belong to {' and '.join(names)}"
            + (f", packageManager says {stated.name}" if stated else "") + "; one of them is stale",
            *(path for _, path in locks),
        )  # fmt: skip
    if stated:
        return stated
    said = _in_readme(readme)
    if not names and any("pnpm-workspace.yaml" in tree.names(folder) for folder in folders):
        names = ["pnpm"]
    if len(names) > 1 and said in names:
        name: str | None = said
    else:
        name = names[0] if names else said
    source = next((path for owner, path in locks if owner == name), "README" if name and name == said else None)
    name = name or "npm"
    version, version_source = _engine(packages, name)
    if version is None:
        version, version_source = _pinned(tree, packages, name)
    return PackageManager(name, version, version_source or source)


def node(tree: Tree, root: Package | None, app: Package | None, readme: str) -> NodeSpec:
    """Return the Node.js spec: a pin, unless a range says that it is stale; a range; the README as a last resort."""
    folders = _up(app)
    pins: list[tuple[str, str, str]] = []
    for folder in folders:
        for name in (".nvmrc", ".node-version"):
            path = name if folder == "." else f"{folder}/{name}"
            text = tree.text(path)
            spec = next(
                (row.split("#")[0].strip() for row in (text or "").splitlines() if row.split("#")[0].strip()), ""
            )
            if spec and len(spec) < 40:
                pins.append((line(spec), name, path))
    packages = [package for package in (app, root) if package]
    for package in packages:
        volta = package.data.get("volta")
        if isinstance(volta, Mapping) and isinstance(volta.get("node"), str):
            pins.append((line(str(volta["node"])), "volta", package.path))
    for name in ("node", "nodejs"):
        spec_or_none, source = _tool_versions(tree, name)
        if spec_or_none and source:
            pins.append((spec_or_none, source, source))
    ranges: list[tuple[str, str, str]] = []
    for package in packages:
        for key in ("engines", "devEngines"):
            spec_or_none = _engine_of(package, key, "node")
            if spec_or_none:
                ranges.append((spec_or_none, key, package.path))
    stale = [(pin, want) for pin in pins for want in ranges if satisfies(pin[0], want[0]) is False]
    stale += [(pin, other) for pin in pins[:1] for other in pins[1:] if _major(pin[0]) != _major(other[0])]
    for one, other in stale:
        tree.trouble(
            "node.conflict",
            f"Node {one[0]} in {one[1]} against {other[0]} in {other[1]}",
            _place(tree, one), _place(tree, other),
        )  # fmt: skip
    good = [pin for pin in pins if all(pin is not bad for bad, want in stale if want in ranges)]
    for found in (*good, *ranges, *pins):
        return NodeSpec(found[0], found[1])
    match = _NODE_WORDS.search(readme)
    if match:
        spec = re.sub(r"\s", "", match["spec"]).replace("≥", ">=")
        later = re.match(
            r"(?:\.x)?(?:\+|\W{0,3}(?:or|and) (?:higher|later|newer|above|greater|up))", readme[match.end() :], re.I
        )
        return NodeSpec(f">={spec}" if later and spec[:1].isdigit() else spec, "README")
    return NodeSpec(None, None)


def _up(app: Package | None) -> list[str]:
    """Return the app's folder and those above it, the root last."""
    parts = app.dir.split("/") if app and app.dir != "." else []
    return [*("/".join(parts[:end]) for end in range(len(parts), 0, -1)), "."]


def satisfies(pin: str, spec: str) -> bool | None:
    """Whether a pinned version lies in an npm range; `None` where one of them is beyond us (`lts/*`, `latest`).

    Only the parts that the pin states are compared: `20` lies in `>=20.10`.
    """
    have = _VERSION.match(pin.strip())
    if not have or not _VERSION.search(spec):
        return None
    for alternative in spec.split("||"):
        conditions = re.findall(
            r"(>=|<=|>|<|\^|~|=)?\s*v?(\d+(?:\.(?:\d+|x|\*))*)\+?", re.sub(r"(\S+) - (\S+)", r">=\1 <=\2", alternative)
        )
        if conditions and all(_holds(have, sign, version) for sign, version in conditions):
            return True
    return False


def _holds(have: re.Match[str], sign: str, version: str) -> bool:
    want = [int(part) for part in version.split(".") if part.isdigit()]
    parts = [int(part) for part in have.groups() if part is not None]
    shared = min(len(want), len(parts))
    mine, theirs = parts[:shared], want[:shared]
    if sign == ">=":
        return mine >= theirs
    if sign == ">":
        return mine > theirs or len(parts) < len(want) or (mine == theirs and len(parts) > len(want))
    if sign == "<=":
        return mine <= theirs
    if sign == "<":
        return mine < theirs
    if sign == "^":
        return parts[0] == want[0] and mine >= theirs
    if sign == "~":
        return parts[:1] == want[:1] and parts[1:2] == want[1 : 1 + len(parts[1:2])] and mine >= theirs
    return mine == theirs


def _major(spec: str) -> str:
    match = _VERSION.search(spec)
    return match[1] if match else spec


def _place(tree: Tree, found: tuple[str, str, str]) -> str:
    rows = (tree.text(found[2]) or "").splitlines()
    if found[2].endswith("package.json"):
        start = next((at for at, row in enumerate(rows) if f'"{found[1]}"' in row), 0)
        return f"{found[2]}:{next((at for at in range(start, len(rows)) if found[0] in rows[at]), start) + 1}"
    return f"{found[2]}:{next((at for at, row in enumerate(rows) if found[0] in row), 0) + 1}"


def _engine(packages: list[Package], name: str) -> tuple[str | None, str | None]:
    for package in packages:
        for key in ("engines", "devEngines"):
            if spec := _engine_of(package, key, name):
                return spec, key
    return None, None


def _engine_of(package: Package, key: str, name: str) -> str | None:
    value = package.data.get(key)
    if not isinstance(value, Mapping):
        return None
    if key == "devEngines":
        kind = "runtime" if name == "node" else "packageManager"
        engine = value.get(kind)
        engines = engine if isinstance(engine, list) else [engine]
        value = next((item for item in engines if isinstance(item, Mapping) and item.get("name") == name), {})
        spec = value.get("version")
    else:
        spec = value.get(name)
    if not isinstance(spec, str) or not spec.strip() or not re.search(r"\d|lts", spec) or "please-use" in spec:
        return None
    return line(spec)


def _pinned(tree: Tree, packages: list[Package], name: str) -> tuple[str | None, str | None]:
    for package in packages:
        volta = package.data.get("volta")
        if isinstance(volta, Mapping) and isinstance(volta.get(name), str):
            return line(str(volta[name])), "volta"
    return _tool_versions(tree, name)


def _tool_versions(tree: Tree, name: str) -> tuple[str | None, str | None]:
    for row in (tree.text(".tool-versions") or "").splitlines():
        words = row.split("#")[0].split()
        if len(words) > 1 and words[0] == name:
            return line(words[1]), ".tool-versions"
    for path in ("mise.toml", ".mise.toml", ".config/mise.toml"):
        section = ""
        for row in (tree.text(path) or "").splitlines():
            if row.startswith("["):
                section = row.strip()
            elif section == "[tools]" and row.partition("=")[0].strip(" \"'") == name:
                version = re.search(r"[\"']([^\"']+)[\"']", row.partition("=")[2])
                if version:
                    return line(version[1]), path
    return None, None


def _in_readme(readme: str) -> str | None:
    counts = {
        name: len(re.findall(rf"(?m)^\s*(?:\$ )?{name} (?:install|i|ci|run|dev)\b|^\s*(?:\$ )?{name}\s*$", readme))
        for name in ("pnpm", "yarn", "bun", "npm")
    }
    best = max(counts, key=lambda name: counts[name])
    return best if counts[best] else None
