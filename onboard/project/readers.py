"""Which readers of env files a project has, the one that runs the app first."""

from __future__ import annotations

import re

from onboard.project.commands import Leaf
from onboard.project.compose import Compose
from onboard.project.files import Tree
from onboard.project.packages import Package

_SOURCED = r"(?m)^\s*(source|\.)\s+\S*\.env\b"
_BY_PROGRAM = {
    "next": "next", "blitz": "next", "vite": "vite", "astro": "vite", "svelte-kit": "vite", "react-router": "vite",
    "vinxi": "vite", "solid-start": "vite", "qwik": "vite", "vike": "vite", "analog": "vite", "hydrogen": "vite",
    "react-scripts": "dotenv-expand", "craco": "dotenv-expand", "expo": "dotenv-expand", "gatsby": "dotenv",
    "nuxt": "dotenv", "nuxi": "dotenv", "remix": "dotenv", "nest": "dotenv", "wasp": "dotenv", "medusa": "dotenv",
    "strapi": "dotenv", "wrangler": "dotenv", "vue-cli-service": "dotenv-expand", "uvicorn": "python-dotenv",
    "fastapi": "python-dotenv",
}  # fmt: skip


def find(
    tree: Tree,
    framework: str | None,
    leaves: tuple[Leaf, ...],
    packages: list[Package],
    compose: Compose | None,
    env_file: str,
) -> tuple[str, ...]:
    """Return reader ids: of the dev server, of the wrappers and scripts around it, of what else reads the same file."""
    found: dict[str, None] = {}
    if framework in _BY_PROGRAM:
        found[_BY_PROGRAM[framework]] = None
    for leaf in leaves:
        for loader in leaf.loaders:
            # The command-line `dotenv` expands references as dotenv-expand does.
            found["dotenv-expand" if loader == "dotenv" else loader] = None
    for package in packages:
        if "next" in package.dependencies and framework is None:
            found["next"] = None
        for dependency, reader in (
            ("@next/env", "next"), ("vite", "vite"), ("dotenv", "dotenv"), ("@nestjs/config", "dotenv"),
            ("prisma", "dotenv"), ("dotenv-flow", "dotenv"), ("env-cmd", "dotenv"), ("dotenv-cli", "dotenv-expand"),
            ("dotenv-expand", "dotenv-expand"), ("@dotenvx/dotenvx", "dotenvx"),
        ):  # fmt: skip
            # Vite beside Next is a test runner's; it does not run the app.
            if dependency in package.dependencies and not (
                reader == "vite" and (framework or "next" in package.dependencies)
            ):
                found[reader] = None
        for text in package.scripts.values():
            if re.search(r"(^|[\s;&])(source|\.)\s+\S*\.env|set -a|export \$\((cat|grep|xargs)", text):
                found["bash"] = None
            if "--env-file" in text and re.search(r"\b(node|tsx|nodemon)\b", text):
                found["node"] = None
            if re.search(r"docker compose|docker-compose", text) and compose and _compose_reads(compose, env_file):
                found["compose"] = None
            if re.match(r"bun(x)? (--bun |--hot |--watch |run )", text):
                found["bun"] = None
    if compose and _compose_reads(compose, env_file):
        found["compose"] = None
    folder = env_file.rpartition("/")[0] or "."
    for path in tree.below(folder):
        if path.count("/") > 3:
            continue
        name = path.rpartition("/")[2]
        if name in ("pyproject.toml", "requirements.txt", "requirements-dev.txt", "Pipfile"):
            if re.search(
                r"python-dotenv|pydantic[-_]settings|environs|python-decouple|django-environ",
                tree.text(path, matters=False) or "",
            ):
                found["python-dotenv"] = None
        elif name.endswith(".sh") and re.search(_SOURCED, tree.text(path, matters=False) or ""):
            found["bash"] = None
    return tuple(found) or ("dotenv",)


def _compose_reads(compose: Compose, env_file: str) -> bool:
    """Whether Compose reads the file: `env_file:` names it, or `${NAME}` is filled from a `.env` beside it."""
    folder, _, name = env_file.rpartition("/")
    if any(each.rpartition("/")[2] == name for each in compose.env_files):
        return True
    return name == ".env" and compose.path.rpartition("/")[0] == folder and "${" in compose.text
