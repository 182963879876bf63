"""Ten supervisors as `onboard dev` makes them, forked from one process: `dev_supervisors.py STATE HOME FOLDER…`.

Each says `up PID` once its dev server and its listener are up, and is then left to its end.
"""

import asyncio
import os
import sys
from contextlib import aclosing
from pathlib import Path

from onboard.machine import Machine
from onboard.session import Session


async def supervise(machine: Machine, folder: Path) -> None:
    """Run `onboard dev` of one folder for ever."""
    session = Session.open(machine, folder)
    session.approve(session.approval().hash)
    seen: set[str] = set()
    async with aclosing(session.dev()) as events:
        async for event in events:
            seen |= {event.source} if event.text == "up" or event.kind == "ready" else set()
            if len(seen) == 2:
                os.write(1, f"up {os.getpid()}\n".encode())
                seen.clear()


def main() -> None:
    """Fork, and wait for all of them."""
    state, home, *folders = map(Path, sys.argv[1:])
    machine = Machine(env=dict(os.environ), home=home, state=state, config=state)
    for number, folder in enumerate(folders):
        if os.fork() == 0:
            machine.state = state / str(number)
            asyncio.run(supervise(machine, folder))
    for _ in folders:
        os.wait()


if __name__ == "__main__":
    main()
