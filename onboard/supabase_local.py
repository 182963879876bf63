"""The keys of Supabase's local stack, as its own CLI tells them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from onboard.checks import local
from onboard.checks._base import View
from onboard.errors import ProcessError
from onboard.machine import is_loopback
from onboard.model import Secret
from onboard.project.files import Tree

KEYS: Mapping[str, tuple[str, ...]] = {
    "url": ("API_URL",),
    "public": ("PUBLISHABLE_KEY", "ANON_KEY"),
    "secret": ("SECRET_KEY", "SERVICE_ROLE_KEY"),
    "jwt": ("JWT_SECRET",),
}
"""Key of the provider → what `supabase status -o env` calls it, the new name first."""


def is_there(view: View) -> bool:
    """Whether the repository has a local stack and this machine the CLI."""
    root = Path(view.project.root)
    return Tree(root).has("supabase/config.toml") and view.machine.runner.find("supabase", root=root).path is not None


async def keys(view: View) -> Mapping[str, Secret]:
    """Return the running stack's values by key id. Raises ProcessError where it does not run, and says why."""
    told = await local.stack(view)
    if told.why:
        raise ProcessError(f"Supabase's local stack gave no keys: {told.why}", told.todo)
    values = {
        key: next((told.values[name] for name in names if told.values.get(name)), "") for key, names in KEYS.items()
    }
    if not is_loopback(values["url"]):
        raise ProcessError("the local stack's address is not of this machine; nothing was taken over")
    return {key: Secret(value) for key, value in values.items() if value}
