"""The trust gate: what a person approves before anything of a repository is run, asked, sent or written."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from onboard import statefile
from onboard.clean import line
from onboard.project import beside
from onboard.project.files import Tree, join
from onboard.project.values import App, Project

_MOST_SCRIPTS = 100
"""Scripts behind one command; a crafted set that calls ever more ends there."""

_VERSION = 1
"""Of what the hash covers; raised when more is covered, so that everybody is asked again."""


@dataclass(frozen=True, slots=True)
class Approval:
    """What will happen if it is approved; its hash is bound to the folder and to exactly these bytes."""

    hash: str
    root: str
    project_id: str
    commands: tuple[tuple[str, str], ...]
    """What would be run, and what it runs in turn: (`pnpm db:push`, `drizzle-kit push`)."""
    hosts: tuple[tuple[str, tuple[str, ...]], ...]
    """Hosts, with the variables whose values go there."""
    files: tuple[str, ...]
    """What we would write."""
    keyring_item: str
    """Name of the item whose values would be read."""
    keyring_folder: str | None
    """The folder in which that item's values were entered; `None`: there is no such item yet."""
    id_is_own: bool
    """The project id is the folder's own remote or path. False: the repository chose it, which is said loudly."""
    changed: tuple[str, ...]
    """What is different from the last approval here, in words; empty: never approved before."""
    parts: Mapping[str, str]
    """What the hash covers, by name."""

    @property
    def sends(self) -> tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]:
        """Variables whose values go to the same hosts, with those hosts (`*.neon.tech`: any below it)."""
        found: dict[tuple[str, ...], list[str]] = {}
        for host, names in self.hosts:
            found.setdefault(names, []).append(host_in_words(host))
        return tuple((names, tuple(hosts)) for names, hosts in found.items())


def host_in_words(host: str) -> str:
    """Return a host as people write it: `*.neon.tech` for `.neon.tech`."""
    return f"*{host}" if host.startswith(".") else host


class Gate:
    """The approvals of this user, in the state folder; nothing in a repository can change them."""

    def __init__(self, state: Path) -> None:
        self._path = state / "trust.json"

    def ask(
        self,
        project: Project,
        *,
        commands: Sequence[tuple[str, str]],
        hosts: Mapping[str, Sequence[str]],
        files: Sequence[str],
        keyring_folder: str | None,
    ) -> Approval:
        """Return what would be approved. Pure but for reading the last approval of this folder."""
        parts = {"folder": project.root, "project id": project.id}
        watched = {project.manifest, *(app.template for app in project.apps)}
        parts |= {source.path: source.sha256 for source in project.sources if source.path in watched}
        parts |= {f"command {typed}": runs for typed, runs in commands}
        parts |= {f"host {host}": " ".join(sorted(names)) for host, names in sorted(hosts.items())}
        parts |= {f"file {file}": "written" for file in files}
        known = self._known(project.root)
        before = known.get("parts") if known else None
        return Approval(
            hash=_hash(parts),
            root=project.root,
            project_id=project.id,
            commands=tuple(commands),
            hosts=tuple((host, tuple(names)) for host, names in sorted(hosts.items())),
            files=tuple(files),
            keyring_item=f"onboard: {project.id}",
            keyring_folder=keyring_folder,
            id_is_own=project.id_source != "manifest" or project.id == project.remote_id,
            changed=_changes(before, parts) if isinstance(before, dict) else (),
            parts=parts,
        )

    def approved(self, approval: Approval) -> bool:
        """Whether exactly this was approved, in this folder."""
        known = self._known(approval.root)
        return known is not None and known.get("hash") == approval.hash

    def approve(self, approval: Approval, when: str) -> None:
        """Remember the approval."""
        content = statefile.read(self._path)
        folders = content.setdefault("approvals", {})
        folders[approval.root] = {"hash": approval.hash, "at": when, "parts": dict(approval.parts)}
        statefile.write(self._path, content)

    def revoke(self, root: str) -> bool:
        """Forget the approval of a folder; `False`: there was none."""
        content = statefile.read(self._path)
        folders = content.get("approvals")
        if not isinstance(folders, dict) or folders.pop(root, None) is None:
            return False
        statefile.write(self._path, content)
        return True

    def _known(self, root: str) -> dict[str, object] | None:
        folders = statefile.read(self._path).get("approvals")
        found = folders.get(root) if isinstance(folders, dict) else None
        return found if isinstance(found, dict) else None


def commands(project: Project, app: App) -> tuple[tuple[str, str], ...]:
    """Return what onboard may run here, each with the text behind it, read from package.json as it is now.

    Reading it now, at every question, is meant: the package manager will read it once more when it runs.
    """
    tree = Tree(Path(project.root))
    found: dict[str, str] = {}
    manager = app.package_manager
    if manager is not None:
        hooks = _scripts(tree, ".", "preinstall", "install", "postinstall", "prepare")
        found[f"{manager.name} install"] = "; ".join(hooks) or "no scripts of this repository"
    if app.push is not None:
        found[app.push.command] = (
            "; ".join(_scripts(tree, app.push.dir, *_with_hooks(app.push.script))) or app.push.command
        )
    if app.dev is not None:
        found[app.dev.command] = "; ".join(_scripts(tree, app.dev.dir, *_with_hooks(app.dev.script))) or app.dev.command
    for one in beside.find(tree, app):
        found[one.command] = "; ".join(_scripts(tree, one.dir, *_with_hooks(one.script)))
    if tree.has("supabase/config.toml"):
        config = tree.data("supabase/config.toml") or b""
        found["supabase start"] = f"what supabase/config.toml says now ({_digest(config)})"
    if app.compose_file is not None:
        file = tree.data(app.compose_file) or b""
        services = ", ".join(app.compose_services) or "services"
        found[f"docker compose, {app.compose_file}"] = f"{services}, as the file says now ({_digest(file)})"
    for hook in app.webhooks:
        if hook.variable is not None:
            found[f"stripe listen, for {hook.variable}"] = f"forwards to this machine, {hook.path}"
    return tuple((line(typed, limit=200), _exactly(runs)) for typed, runs in found.items())


def _exactly(text: str) -> str:
    """Return a script's text as it is shown; where that is not all of it to the letter, with the digest of all."""
    shown = line(text, limit=600)
    if shown == text:
        return shown
    return f"{shown} (not all of it is shown; {_digest(text.encode('utf-8', 'surrogatepass'))})"


def _digest(content: bytes) -> str:
    """Return what tells these bytes from any others, for the person to see that there is such a thing."""
    return f"exactly these bytes, sha256 {hashlib.sha256(content).hexdigest()[:32]}"


def _with_hooks(script: str | None) -> tuple[str, ...]:
    return (f"pre{script}", script, f"post{script}") if script else ()


def _scripts(tree: Tree, folder: str, *names: str) -> list[str]:
    text = tree.text(join(folder, "package.json"))
    try:
        package = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return []
    scripts = package.get("scripts") if isinstance(package, dict) else None
    if not isinstance(scripts, dict):
        return []
    found: dict[str, str] = {}
    waiting = [name for name in names if name in scripts]
    while waiting and len(found) < _MOST_SCRIPTS:
        name = waiting.pop(0)
        if name not in found:
            found[name] = str(scripts[name])
            # A script that names others runs them; naming one too many here costs nothing.
            words = re.split(r"[\s;&|'\"()]+", found[name])
            waiting += [own for word in words if word in scripts for own in _with_hooks(word) if own in scripts]
    return list(found.values())


def _hash(parts: Mapping[str, str]) -> str:
    text = json.dumps([_VERSION, sorted(parts.items())], ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _changes(before: dict[str, str], now: Mapping[str, str]) -> tuple[str, ...]:
    added = [f"new: {name}" for name in now if name not in before]
    gone = [f"gone: {name}" for name in before if name not in now]
    other = [f"changed: {name}" for name in now if name in before and before[name] != now[name]]
    return tuple(other + added + gone)
