"""How the readers of env files read them: small models of one interface, each held against the real reader by tests."""

from __future__ import annotations

from collections.abc import Iterable

from onboard.envfile.readers import bun, compose, javascript, python, shell
from onboard.envfile.readers._base import CannotTell, Reader, Reading, Refuses

__all__ = ["READERS", "CannotTell", "Reader", "Reading", "Refuses", "known", "unpromised"]

READERS: dict[str, Reader] = {
    reader.id: reader
    for reader in (
        Reader("next", "Next.js", javascript.next_env, expands=True),
        Reader("vite", "Vite", javascript.vite, expands=True),
        Reader("node22", "node --env-file (22 and later)", javascript.node22),
        Reader("node20", "node --env-file (20)", javascript.node20),
        Reader("dotenv", "dotenv", javascript.dotenv),
        Reader("dotenv-expand", "dotenv-expand", javascript.dotenv_expand, expands=True),
        Reader("dotenvx", "dotenvx", javascript.dotenvx, expands=True),
        Reader("bun", "Bun", bun.bun, expands=True),
        Reader("python-dotenv", "python-dotenv", python.python_dotenv, expands=True, strict=True),
        Reader("compose", "Docker Compose", compose.compose, expands=True),
        Reader("docker-run", "docker run --env-file", compose.docker_run),
        Reader("bash", "bash", shell.bash, expands=True),
    )
}
"""By id. `node20` and `node22` also stand for `util.parseEnv`; `bash` for any shell that sources the file."""

_ALIASES = {
    "node": "node22",
    "node24": "node22",
    "pydantic-settings": "python-dotenv",
    "environs": "python-dotenv",
}


def known(ids: Iterable[str]) -> tuple[str, ...]:
    """Return the ids of the models of these readers, each once, in order; plain dotenv where none is known."""
    found = dict.fromkeys(_ALIASES.get(id, id) for id in ids)
    return tuple(id for id in found if id in READERS) or ("dotenv",)


def unpromised(ids: Iterable[str]) -> tuple[str, ...]:
    """Return those of `ids` that no model reads as."""
    return tuple(id for id in ids if _ALIASES.get(id, id) not in READERS)
