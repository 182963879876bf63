"""Where a repository is deployed and built, from files alone: the linked Vercel project, and what its workflows use."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from onboard.project import Project
from onboard.project.files import Tree, join

VERCEL_LOGIN = "the Vercel CLI's login"
GITHUB_LOGIN = "the login of gh"
WORKFLOWS = ".github/workflows"
_MOST_WORKFLOWS = 30
_LARGEST = 128 << 10
"""Bytes of one workflow."""
_BY_ITSELF = ("GITHUB_TOKEN", "ACTIONS_STEP_DEBUG", "ACTIONS_RUNNER_DEBUG")
"""What GitHub gives, or what nobody sets but to look for a fault."""
_DECLARED = re.compile(r"(?m)^[ \t]+([A-Za-z_]\w{0,254}):[ \t]*$", re.A)
_ID = re.compile(r"[A-Za-z0-9_]{4,80}")
_USE = re.compile(r"\b(secrets|vars)\s*(?:\.\s*([A-Za-z_]\w{0,254})\b|\[\s*'([A-Za-z_]\w{0,254})'\s*\])", re.A)


@dataclass(frozen=True, slots=True)
class Workflows:
    """What the workflows of GitHub Actions use."""

    secrets: Mapping[str, str]
    """Name in capitals → `file:line` of its first use. Without what GitHub gives by itself."""
    variables: Mapping[str, str]
    environments: bool
    """Some job runs in an environment, which has secrets of its own."""

    def __bool__(self) -> bool:
        return bool(self.secrets or self.variables)


def vercel(project: Project) -> Mapping[str, str]:
    """Return the Vercel project that the app's folder is linked to: `project`, maybe `org`; empty: none."""
    tree = Tree(Path(project.root))
    for folder in dict.fromkeys((project.app.dir, ".")):
        if found := _linked(_text(tree, join(folder, ".vercel/project.json"))):
            return found
    return _in_repository(_text(tree, ".vercel/repo.json"), project.app.dir)


def hints_at_vercel(project: Project) -> bool:
    """Whether the repository is made for Vercel, linked here or not."""
    return any(os.path.isfile(Path(project.root) / join(folder, "vercel.json")) for folder in (project.app.dir, "."))


def github(project: Project) -> str:
    """Return `owner/name` of the git remote where it is at github.com; empty: it is elsewhere, or there is none."""
    host, _, rest = (project.remote_id or "").partition("#")[0].partition("/")
    return rest if host == "github.com" and rest.count("/") == 1 else ""


def workflows(project: Project) -> Workflows:
    """Return the names that the workflows take from `secrets` and `vars`. Found by their look: YAML is not run."""
    found: dict[str, dict[str, str]] = {"secrets": {}, "vars": {}}
    environments = False
    root = _top(project)
    names = sorted(os.listdir(root / WORKFLOWS)) if os.path.isdir(root / WORKFLOWS) else []
    tree = Tree(root)
    for name in [name for name in names if name.endswith((".yml", ".yaml"))][:_MOST_WORKFLOWS]:
        text = tree.text(f"{WORKFLOWS}/{name}", cap=_LARGEST, matters=False) or ""
        environments |= re.search(r"(?m)^[ \t]+environment[ \t]*:", text) is not None
        # A workflow that others call declares what it is given by them.
        given = {name.upper() for name in _DECLARED.findall(text)} if "workflow_call" in text else set()
        for at, row in enumerate(text.split("\n"), 1):
            if row.lstrip().startswith("#"):
                continue
            for use in _USE.finditer(row):
                own = (use[2] or use[3]).upper()  # GitHub keeps names in capitals
                if own not in given and own not in _BY_ITSELF:
                    found[use[1]].setdefault(own, f"{WORKFLOWS}/{name}:{at}")
    return Workflows(found["secrets"], found["vars"], environments)


def hosts(project: Project) -> dict[str, tuple[str, ...]]:
    """Return the hosts that are asked what is set there, with what is sent to them: a token of the project's own, else
    the login of the service's CLI.
    """
    found: dict[str, tuple[str, ...]] = {}
    if vercel(project):
        found["api.vercel.com"] = ("VERCEL_TOKEN", VERCEL_LOGIN)
    if github(project) and workflows(project):
        found["api.github.com"] = ("GITHUB_TOKEN", GITHUB_LOGIN)
    return found


def _top(project: Project) -> Path:
    """Return the git root: workflows lie there, whichever folder of it the project is."""
    folder = (project.remote_id or "").partition("#")[2]
    root = Path(project.root)
    return root.parents[folder.count("/")] if folder and root.as_posix().endswith(f"/{folder}") else root


def _text(tree: Tree, path: str) -> str | None:
    # Asked first, so that nothing is opened where nothing is.
    return tree.text(path, matters=False) if os.path.isfile(tree.root / path) else None


def _object(text: str | None) -> Mapping[str, object]:
    try:
        found = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _linked(text: str | None) -> Mapping[str, str]:
    return _ids(_object(text), "projectId", {})


def _in_repository(text: str | None, folder: str) -> Mapping[str, str]:
    """Read the link of a whole repository: one project for each folder, maybe of different teams."""
    whole = _object(text)
    listed = whole.get("projects")
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, dict) and one.get("directory") == folder:
            return _ids(one, "id", whole)
    return {}


def _ids(found: Mapping[str, object], project: str, whole: Mapping[str, object]) -> Mapping[str, str]:
    named = {"project": found.get(project), "org": found.get("orgId") or whole.get("orgId")}
    ids = {key: id for key, id in named.items() if isinstance(id, str) and _ID.fullmatch(id)}
    return ids if "project" in ids else {}
