"""URL paths of POST routes that code declares by name: Express and its like, Hono, Fastify, Nest."""

from __future__ import annotations

import re

from onboard.project.files import Tree, within

_CAP = 256 << 10
SERVER = re.compile(r"(^|/)(app|server|index|main)\.[cm]?[jt]s$")
_POST = re.compile(r"\b(?P<on>\w+)\s*\.\s*(?:post|all)\(\s*[\"'`](?P<path>/[\w./-]*)[\"'`]", re.I)
_HOOK = re.compile(r"stripe|hook|billing|payment", re.I)
_CONTROLLER = re.compile(r"@Controller\(\s*(?:\{[^}]*?path:\s*)?[\"'`](?P<path>[\w./-]*)[\"'`]")
_NEST_POST = re.compile(r"@Post\(\s*(?:[\"'`](?P<path>[\w./-]*)[\"'`])?\s*\)")
_PREFIX = re.compile(r"setGlobalPrefix\(\s*[\"'`]([\w./-]+)[\"'`]")
_MOUNT = re.compile(r"\.(?:use|route|register)\(\s*[\"'`](?P<path>/[\w./-]*)[\"'`]\s*,(?P<what>[^;\n]{0,200})")


def declared(tree: Tree, app: str, path: str, text: str) -> list[str]:
    """Return the paths of routes in a file that could take webhooks; empty where their prefix cannot be told."""
    if controller := _CONTROLLER.search(text):
        own = [controller["path"], ""]
        routes = [match["path"] or "" for match in _NEST_POST.finditer(text)]
        found = ["/".join([*_global(tree, app), own[0], route]) for route in routes]
    else:
        found = []
        for match in _POST.finditer(text):
            on_server = match["on"].lower() in ("app", "server", "fastify", "api") and SERVER.search(path)
            prefix = "" if on_server else _mounted(tree, app, path)
            if prefix is not None:
                found.append(prefix + match["path"])
    clean = ["/" + "/".join(part for part in each.split("/") if part) for each in found]
    hooks = [each for each in clean if _HOOK.search(each)]
    return list(dict.fromkeys(hooks))


def _global(tree: Tree, app: str) -> list[str]:
    """Return Nest's global prefix, where its main file sets one as text."""
    for text in _servers(tree, app):
        if match := _PREFIX.search(text):
            return [match[1]]
    return []


def _mounted(tree: Tree, app: str, path: str) -> str | None:
    """Return under which path the router in a file is mounted; `None`: no server file says so as text."""
    stem = re.sub(r"\.(routes?|router|controller)$", "", path.rpartition("/")[2].rpartition(".")[0])
    if stem == "index":
        stem = path.rpartition("/")[0].rpartition("/")[2]
    for text in _servers(tree, app):
        for match in _MOUNT.finditer(text):
            if len(stem) > 2 and re.search(rf"(?<![a-z]){re.escape(stem)}", match["what"], re.I):
                return match["path"]
    return None


def _servers(tree: Tree, app: str) -> list[str]:
    def look() -> list[str]:
        paths = [path for path in tree.below(app) if SERVER.search(path) and path.count("/") <= app.count("/") + 3]
        texts = (tree.text(path, cap=_CAP, matters=False) for path in paths[:40] if within(path, app))
        return [text for text in texts if text]

    return tree.once(f"routes.servers {app}", look)
