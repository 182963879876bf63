"""Local stacks: does Supabase's run, where the project's values lead to it?"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from onboard import ports
from onboard.checks._base import Check, View
from onboard.model import Finding, Run, Status
from onboard.project.files import Tree
from onboard.understanding import held

_THROUGH = {"pnpm": ("pnpm", "exec"), "yarn": ("yarn",), "bun": ("bunx",)}
"""How each package manager runs a program that the repository depends on; npm: `npx`."""


def checks(view: View) -> tuple[Check, ...]:
    """Return the check of Supabase's local stack; none where the repository has none or its values lead elsewhere."""
    if _address(view) is None or not Tree(Path(view.project.root)).has("supabase/config.toml"):
        return ()
    return (Check("local.supabase", "Supabase's local stack", _look, outside=True, seconds=5),)


def _address(view: View) -> tuple[str, int] | None:
    """Return the variable with the local stack's address, and its port; `None`: it is not local."""
    for service in view.services:
        if service.provider.id == "supabase":
            values = held(service, view.held())
            try:
                url = urlsplit(values.text("url"))
                port = url.port or (443 if url.scheme == "https" else 80)
            except ValueError:
                return None
            return (values.variable("url"), port) if url.hostname in ("localhost", "127.0.0.1") else None
    return None


async def _look(view: View) -> Finding | None:
    import asyncio

    (check,) = checks(view) or (None,)
    found = _address(view)
    if check is None or found is None:
        return None
    name, port = found
    if await asyncio.to_thread(ports.taken, port):
        return check.says(Status.OK, f"answers on port {port}", variable=name, provider="supabase")
    return check.says(
        Status.FAIL,
        f"does not run: {name} leads to port {port} of this machine, and nothing answers there",
        detail="it runs in Docker; the first start downloads its images, some gigabytes",
        step=Run("Start Supabase's local stack", command(view)),
        variable=name,
        provider="supabase",
    )


def command(view: View) -> tuple[str, ...]:
    """Return what starts the stack: with the CLI of this machine, else with the repository's own."""
    if view.machine.runner.find("supabase", root=Path(view.project.root)).path is not None:
        return ("supabase", "start")
    manager = view.app.package_manager.name if view.app.package_manager else "npm"
    return (*_THROUGH.get(manager, ("npx",)), "supabase", "start")
