"""Which program a name means, never one that the repository brought along, and which environment a child gets."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from onboard.clean import line
from onboard.model import Secret

_KEPT = """
HOME USER LOGNAME SHELL LANG LANGUAGE TZ TERM COLORTERM NO_COLOR FORCE_COLOR TMPDIR TMP TEMP
http_proxy https_proxy all_proxy no_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY
SSL_CERT_FILE SSL_CERT_DIR NODE_EXTRA_CA_CERTS
NVM_DIR FNM_DIR FNM_MULTISHELL_PATH VOLTA_HOME ASDF_DIR ASDF_DATA_DIR MISE_DATA_DIR N_PREFIX PNPM_HOME COREPACK_HOME
SYSTEMROOT SYSTEMDRIVE COMSPEC PATHEXT USERPROFILE APPDATA LOCALAPPDATA PROGRAMDATA PROGRAMFILES HOMEDRIVE HOMEPATH
"""
KEPT = frozenset(_KEPT.split())
"""What every child inherits, besides PATH, `LC_*` and `XDG_*`. No token, no agent socket, nothing that loads code."""
DOCKER = ("DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH")
"""What leads Docker's CLI to its engine and its plugins."""


@dataclass(frozen=True, slots=True)
class Found:
    """Where a program is."""

    path: Path | None
    """Absolute; `None`: there is none that may be run."""
    reason: str
    """Why not, or which ones were passed over; empty: nothing to say."""


def find(tool: str, *, path: str, root: Path | None) -> Found:
    """Return the first `tool` on `path` (as in PATH) that is not the repository's own.

    Passed over: folders of `path` that are empty or relative (they mean the current folder), whatever lies in `root` or
    leads into it, and `node_modules/.bin` of a folder above `root`. `root` is `None` outside a repository.
    """
    passed: list[str] = []
    if not tool or os.path.basename(tool) != tool:
        return Found(None, "a tool is named without a folder")
    for entry in path.split(os.pathsep):
        if not os.path.isabs(entry):
            if _program(Path(entry or ".") / tool):
                passed.append(f"{line(entry or 'an empty entry')} in PATH means the current folder")
            continue
        for name in _spellings(tool):
            if not _program(candidate := Path(entry) / name):
                continue
            if root is not None and (why := _owned(candidate, root)):
                passed.append(f"{line(str(candidate))} {why}")
                continue
            return Found(candidate, _join(passed))
    return Found(None, _join(passed) or f"no {line(tool)} in any folder of PATH")


def environment(env: Mapping[str, str], added: Mapping[str, str | Secret], *own: Path) -> dict[str, str]:
    """Return the environment of a child: what every child inherits of `env`, then `added`.

    PATH loses its empty and relative entries and those in or around the folders `own`, as `find` has it, so that a
    script's `#!/usr/bin/env node` cannot find the repository's `node` either.
    """
    kept = {name: value for name, value in env.items() if name in KEPT or name.startswith(("LC_", "XDG_"))}
    entries = (e for e in env.get("PATH", os.defpath).split(os.pathsep) if os.path.isabs(e))
    kept["PATH"] = os.pathsep.join(e for e in entries if not any(_owned(Path(e) / "x", folder) for folder in own))
    return kept | {name: value.reveal() if isinstance(value, Secret) else value for name, value in added.items()}


def _owned(candidate: Path, root: Path) -> str:
    """Return why `candidate` is the repository's own; empty: it is not."""
    if _inside(candidate, root):
        return "belongs to the repository"
    if candidate.parent.parts[-2:] == ("node_modules", ".bin") and _inside(root, candidate.parents[2]):
        return "comes from the node_modules around the repository"
    return ""


def _inside(path: Path, folder: Path) -> bool:
    """Whether `path` is in `folder`, as it is written or where its links lead."""
    return path.is_relative_to(folder) or path.resolve().is_relative_to(folder.resolve())


def _program(path: Path) -> bool:
    try:
        return path.is_file() and os.access(path, os.X_OK)
    except (OSError, ValueError):
        return False


def _spellings(tool: str) -> Iterator[str]:
    if sys.platform == "win32":
        for ending in (".exe", ".cmd", ".bat"):
            yield tool + ending
    else:
        yield tool


def _join(passed: list[str]) -> str:
    return "not run: " + "; ".join(passed[:3]) if passed else ""
