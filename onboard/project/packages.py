"""package.json files and the workspaces that join them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from onboard.project.files import Tree
from onboard.project.outline import parse, strings

LOCKS = {
    "pnpm-lock.yaml": "pnpm",
    "bun.lockb": "bun",
    "bun.lock": "bun",
    "yarn.lock": "yarn",
    "package-lock.json": "npm",
    "npm-shrinkwrap.json": "npm",
}
"""Lock file → package manager."""
_ASIDE = re.compile(
    r"(^|/)(examples?|templates?|fixtures?|__tests__|__fixtures__|tests?|e2e|playground|sandbox-templates)/"
)


@dataclass(frozen=True)
class Package:
    """One package.json, whatever is missing in it."""

    dir: str
    name: str
    scripts: Mapping[str, str] = field(default_factory=dict)
    dependencies: Mapping[str, str] = field(default_factory=dict)
    """All kinds together: name → range."""
    data: Mapping[str, object] = field(default_factory=dict)
    targets: tuple[str, ...] = ()
    """Those of `scripts` that are Nx targets: no package manager runs them."""

    @property
    def path(self) -> str:
        """Of the file, relative to the root."""
        return "package.json" if self.dir == "." else f"{self.dir}/package.json"

    def depends_on(self, *names: str) -> bool:
        """Whether any of `names` is a dependency; a name that ends in `/` or `*` is a prefix."""
        return any(
            name in self.dependencies
            if name[-1] not in "/*"
            else any(dependency.startswith(name.rstrip("*")) for dependency in self.dependencies)
            for name in names
        )


@dataclass(frozen=True)
class Workspaces:
    """The root package and those that its workspace patterns name, or, without patterns, those that lie around."""

    root: Package | None
    members: Mapping[str, Package]
    """By folder, the root (`.`) too."""
    declared: bool
    """A workspace file names at least one package that is there."""

    def named(self, name: str) -> Package | None:
        """Return the member of that package name, or whose last part it is."""
        exact = next((member for member in self.members.values() if member.name == name), None)
        return exact or next(
            (member for member in self.members.values() if name in (member.name.split("/")[-1], member.dir)), None
        )

    def selected(self, pattern: str) -> list[Package]:
        """Return members that a turbo or pnpm filter selects: a name, a glob, `./folder/*`, with or without `...`."""
        pattern = pattern.strip("\"'").replace("...", "").strip("^{}").split("[")[0]
        if pattern.startswith(("./", "/")):
            matches = glob(pattern.removeprefix("./").strip("/"))
            return [member for member in self.members.values() if matches(member.dir)]
        if "*" in pattern:
            matches = glob(pattern)
            return [member for member in self.members.values() if matches(member.name)]
        named = self.named(pattern)
        return [named] if named else []


def read(tree: Tree, folder: str) -> Package | None:
    """Read a folder's package.json; `None` where there is none or it is no object."""
    path = "package.json" if folder == "." else f"{folder}/package.json"
    text = tree.text(path)
    if text is None:
        return None
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        at = getattr(error, "lineno", 1)
        tree.trouble("file.invalid", f"{path} is not JSON (line {at})", f"{path}:{at}")
        return None
    if not isinstance(data, dict):
        return None
    dependencies: dict[str, str] = {}
    for kind in ("peerDependencies", "optionalDependencies", "devDependencies", "dependencies"):
        dependencies.update(_strings(data.get(kind)))
    name = data.get("name")
    return Package(folder, name if isinstance(name, str) else "", _strings(data.get("scripts")), dependencies, data)


def workspaces(tree: Tree) -> Workspaces:
    """Find the packages: by pnpm-workspace.yaml, `workspaces`, lerna, else by nx or by folder."""
    root = read(tree, ".")
    folders = [
        path.rpartition("/")[0] for path in tree.files() if path.endswith("/package.json") and path.count("/") <= 5
    ]
    matchers = [(not each.startswith("!"), glob(each.removeprefix("!"))) for each in patterns(tree, root)]
    members: dict[str, Package] = {".": root} if root else {}
    for folder in folders:
        if matchers:
            keep = False
            for positive, matches in matchers:
                if matches(folder):
                    keep = positive
            if not keep:
                continue
        elif _ASIDE.search(folder + "/") or folder.count("/") > 2:
            continue
        package = read(tree, folder)
        if package:
            members[folder] = package
    if tree.has("nx.json"):
        from onboard.project import nx

        members.update(nx.projects(tree, root, members))
    return Workspaces(root, members, bool(matchers) and any(folder != "." for folder in members))


def patterns(tree: Tree, root: Package | None) -> tuple[str, ...]:
    """Return the workspace patterns of a root: pnpm, package.json, lerna, else what nx means without any."""
    found: tuple[str, ...] = ()
    text = tree.text("pnpm-workspace.yaml")
    if text is not None:
        node = parse(text)
        found = strings(node.get("packages", [])) if isinstance(node, dict) else ()
    if not found and root:
        value = root.data.get("workspaces")
        if isinstance(value, dict):
            value = value.get("packages")
        found = tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()
    if not found and (text := tree.text("lerna.json")) is not None:
        try:
            value = json.loads(text).get("packages", ["packages/*"])
        except (ValueError, RecursionError, AttributeError):
            value = []
        found = tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()
    if not found and tree.has("nx.json"):
        found = ("apps/*", "packages/*", "libs/*")
    return tuple(pattern.removeprefix("./").rstrip("/") for pattern in found[:200])


@cache
def _pattern(text: str) -> re.Pattern[str]:
    parts = re.split(r"(\*\*/?|\*|\?)", text[:300])
    wild = {"**/": "(?:[^/]+/)*", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(wild.get(part, re.escape(part)) for part in parts) + r"\Z")


def glob(text: str) -> _Glob:
    """Return a matcher of a workspace pattern: `*` stays within a folder, `**` does not."""
    return _Glob(text)


class _Glob:
    def __init__(self, text: str) -> None:
        self._plain = text if not set(text) & set("*?") else None
        self._text = text

    def __call__(self, path: str) -> bool:
        return path == self._plain if self._plain is not None else _pattern(self._text).match(path) is not None


def _strings(value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        return {}
    return {key: item for key, item in value.items() if isinstance(item, str)}
