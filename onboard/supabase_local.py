"""The keys of Supabase's local stack, as its own CLI tells them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

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
_SECONDS = 30.0


def is_there(view: View) -> bool:
    """Whether the repository has a local stack and this machine the CLI."""
    root = Path(view.project.root)
    return Tree(root).has("supabase/config.toml") and view.machine.runner.find("supabase", root=root).path is not None


async def keys(view: View) -> Mapping[str, Secret]:
    """Return the running stack's values by key id. Raises ProcessError where it does not run."""
    root = Path(view.project.root)
    found = view.machine.runner.find("supabase", root=root)
    if found.path is None:
        raise ProcessError("the Supabase CLI is not on this machine", found.reason)
    done = await view.machine.runner.run((str(found.path), "status", "-o", "env"), cwd=root, timeout=_SECONDS)
    told = dict(re.findall(r'^([A-Z0-9_]+)="?([^"\n]*)"?$', done.out, re.MULTILINE))
    values = {key: next((told[name] for name in names if told.get(name)), "") for key, names in KEYS.items()}
    if done.code != 0 or not is_loopback(values["url"]):
        raise ProcessError("the local stack does not run", "start it: supabase start")
    return {key: Secret(value) for key, value in values.items() if value}
