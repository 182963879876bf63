"""Compose files: which one is for development, its services, ports and env files."""

from __future__ import annotations

import re
from dataclasses import dataclass

from onboard.project import outline
from onboard.project.files import Tree

_NAME = re.compile(r"^(docker-)?compose([.-][\w.-]+)?\.ya?ml$")
_ASIDE = re.compile(r"prod|test|ci\b|e2e|stag|build|override|deploy|swarm|preview|example|gpu|bench", re.I)
_FOLDER_ASIDE = re.compile(
    r"(^|/)(prod\w*|tests?|e2e|examples?|templates?|deploy\w*|self-?host\w*|\.github|selfhost|fixtures?|charts?)(/|$)",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Compose:
    """A compose file for development."""

    path: str
    services: tuple[str, ...]
    ports: tuple[tuple[str, int], ...]
    """(service, port on this machine)."""
    aside: tuple[str, ...]
    """Services that have a profile: they are not started unless they are asked for."""
    env_files: tuple[str, ...]
    text: str


def find(tree: Tree, app: str, readme: str) -> Compose | None:
    """Return the compose file that a developer starts: the app's, the root's, else the nearest."""
    candidates = tree.once(
        "compose",
        lambda: [path for path in tree.files() if path.count("/") <= 4 and _NAME.match(path.rpartition("/")[2])],
    )
    best = min(candidates, key=lambda path: _rank(path, app, readme), default=None)
    if best is None or (_ASIDE.search(best.rpartition("/")[2]) and not re.search(r"dev|local", best)):
        return None
    if _FOLDER_ASIDE.search(best.rpartition("/")[0]) and best not in readme:
        return None
    return parse(best, tree.text(best) or "")


def parse(path: str, text: str) -> Compose:
    """Return what the compose file at `path` says."""
    node = outline.parse(text)
    services = node.get("services", {}) if isinstance(node, dict) else {}
    if not isinstance(services, dict):
        services = {}
    ports: list[tuple[str, int]] = []
    aside: list[str] = []
    env_files: list[str] = []
    for name, service in services.items():
        if not isinstance(service, dict):
            continue
        if service.get("profiles"):
            aside.append(name)
        for port in outline.strings(service.get("ports", [])):
            match = re.match(r"^(?:\[?[\d.:a-f]*\]?:)?(?:\$\{[^}]*?:?-?(\d+)\}|(\d+)):", port)
            if match:
                ports.append((name, int(match[1] or match[2])))
        env_files += outline.strings(service.get("env_file", []))
    return Compose(path, tuple(services), tuple(ports), tuple(aside), tuple(env_files), text)


def _rank(path: str, app: str, readme: str) -> tuple[bool, bool, int, bool, int, str]:
    folder, _, name = path.rpartition("/")
    plain = name in ("compose.yml", "compose.yaml", "docker-compose.yml", "docker-compose.yaml")
    development = bool(re.search(r"dev|local", path))
    place = 0 if folder == app or (app == "." and not folder) else 1 if not folder else 2
    return (
        bool(_FOLDER_ASIDE.search(folder)),
        bool(_ASIDE.search(name)),
        place,
        not (plain or development) or (not development and f"{name}" not in readme and False),
        0 if development and name in readme else 1 if plain else 2,
        path,
    )
