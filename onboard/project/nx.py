"""Nx projects: a `project.json`, with or without a package.json beside it, whose targets are run as scripts are."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from onboard.project.files import Tree
from onboard.project.packages import Package

_SERVERS = {
    "next": "next dev", "vite": "vite", "angular": "ng serve", "build-angular": "ng serve", "remix": "remix dev",
    "webpack": "webpack-dev-server", "rspack": "rspack serve", "expo": "expo start", "nuxt": "nuxt dev",
    "react": "webpack-dev-server", "js": "node --watch main.js", "node": "node --watch main.js",
}  # fmt: skip
"""Plugin -> what its serving executor starts."""
_SERVING = ("dev-server", "server", "serve", "dev", "node", "execute", "start")


def projects(tree: Tree, root: Package | None, members: Mapping[str, Package]) -> dict[str, Package]:
    """Return a package for each project.json; its own scripts come before the targets."""
    found: dict[str, Package] = {}
    for path in tree.files():
        folder, _, name = path.rpartition("/")
        if name != "project.json" or not folder or path.count("/") > 5:
            continue
        data = _object(tree.text(path))
        targets = data.get("targets")
        if not isinstance(targets, dict):
            continue
        nest = root is not None and root.depends_on("@nestjs/core")
        scripts = {key: text for key, value in targets.items() if (text := _command(value, nest=nest))}
        named = data.get("name")
        own = members.get(folder) or Package(
            folder, named if isinstance(named, str) else folder.rpartition("/")[2],
            dependencies=root.dependencies if root else {},
        )  # fmt: skip
        targets_only = tuple(key for key in scripts if key not in own.scripts)
        found[folder] = replace(own, scripts={**scripts, **own.scripts}, targets=targets_only)
    return found


def _command(target: object, *, nest: bool) -> str | None:
    """Return the command line that a target stands for; `None`: it serves nothing that we know."""
    if not isinstance(target, dict):
        return None
    options = target.get("options")
    options = options if isinstance(options, dict) else {}
    plugin, _, executor = str(target.get("executor", "")).rpartition(":")
    if executor == "run-commands" or isinstance(target.get("command"), str):
        given = options.get("commands") or [options.get("command") or target.get("command")]
        lines = [each.get("command") if isinstance(each, dict) else each for each in given or ()]
        return " & ".join(each for each in lines if isinstance(each, str)) or None
    server = _SERVERS.get(plugin.rpartition("/")[2])
    if server is None or executor not in _SERVING:
        return None
    if server.startswith("node") and nest:
        server = "nest start"
    port = options.get("port")
    return f"{server} --port {port}" if isinstance(port, int) else server


def _object(text: str | None) -> dict[str, Any]:
    try:
        data = json.loads(text or "")
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}
