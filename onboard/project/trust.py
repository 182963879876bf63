"""The trust gate: what a person approves before anything of a repository is run, asked, sent or written."""

from __future__ import annotations

from dataclasses import dataclass


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
    """The project id is the folder's own remote. False: the repository chose it, which is said loudly."""
    changed: tuple[str, ...]
    """What is different from the last approval here, in words; empty: never approved before."""
