"""The dev server's port: free, or held by this project's own server?"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from onboard import ports
from onboard.checks._base import Check, View
from onboard.clean import line
from onboard.model import Finding, Status, Tell


def checks(view: View) -> tuple[Check, ...]:
    """Return the check of the dev server's port."""
    if view.app.dev is None or view.app.dev.port is None:
        return ()
    port = view.app.dev.port
    return (Check(f"port.{port}", f"Port {port}", partial(_look, port=port), outside=True, seconds=5),)


async def _look(view: View, port: int) -> Finding:
    import asyncio

    check = Check(f"port.{port}", f"Port {port}", partial(_look, port=port))
    if not await asyncio.to_thread(ports.taken, port):
        return check.says(Status.OK, "free")
    holder = await asyncio.to_thread(ports.holder, port)
    name = line(holder.name, limit=40)
    root = Path(view.project.root)
    if holder.cwd is not None and Path(holder.cwd).is_relative_to(root):
        return check.says(Status.OK, f"held by this project's own server ({name})", evidence={"pid": holder.pid})
    who = f"{name} (process {holder.pid})" if holder.pid else name
    return check.says(
        Status.WARN,
        f"held by {who}; the app would move to another port, and webhooks would miss it",
        step=Tell(
            f"Stop {who}, or start the app on another port", command=f"kill {holder.pid}" if holder.pid else None
        ),
        evidence={"pid": holder.pid, "name": name},
    )
