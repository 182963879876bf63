"""Programs that a repository's own scripts run beside the dev server: Inngest's, and what onboard.toml names."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from onboard.project.files import Tree, join
from onboard.project.values import App

_INNGEST = re.compile(r"\binngest(?:-cli)?(?:@[\w.^~-]+)?\s+dev\b")


@dataclass(frozen=True, slots=True)
class Beside:
    """One such program."""

    name: str
    command: str
    """What a person types, from `dir`."""
    script: str
    dir: str = "."


def find(tree: Tree, app: App) -> tuple[Beside, ...]:
    """Return the scripts, of the app or the root, that run beside it: those that onboard.toml names, else Inngest's.

    Nothing that the dev script starts by itself, unless it is named.
    """
    manager = app.package_manager.name if app.package_manager else "npm"
    through = {"npm": "npm run", "bun": "bun run"}.get(manager, manager)
    if app.dev is not None and app.dev.beside is not None:
        folders = [(folder, _scripts(tree, folder)) for folder in dict.fromkeys((app.dir, "."))]
        places = {name: folder for folder, scripts in reversed(folders) for name in scripts}
        return tuple(Beside(name, f"{through} {name}", name, places[name]) for name in app.dev.beside if name in places)
    for folder in dict.fromkeys((app.dir, ".")):
        scripts = _scripts(tree, folder)
        named = [name for name, text in scripts.items() if _INNGEST.search(text)]
        dev = app.dev.script if app.dev else None
        started = _behind(scripts, dev) if dev and app.dev and app.dev.dir == folder else ""
        if named and not _INNGEST.search(started):
            return (Beside("inngest", f"{through} {named[0]}", named[0], folder),)
        if named:
            break
    return ()


def _behind(scripts: dict[str, str], name: str) -> str:
    """Return the text of a script with those that it names."""
    text, waiting, seen = "", [name], set[str]()
    while waiting:
        one = waiting.pop()
        if one in scripts and one not in seen:
            seen.add(one)
            text += f" {scripts[one]} "
            waiting += re.split(r"[\s;&|'\"():]+", scripts[one]) + re.split(r"[\s;&|'\"()]+", scripts[one])
    return text


def _scripts(tree: Tree, folder: str) -> dict[str, str]:
    try:
        package = json.loads(tree.text(join(folder, "package.json")) or "{}")
    except (ValueError, RecursionError):
        return {}
    scripts = package.get("scripts") if isinstance(package, dict) else None
    return {name: text for name, text in scripts.items() if isinstance(text, str)} if isinstance(scripts, dict) else {}
