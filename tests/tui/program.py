"""The app over an invented project, as a program of its own for a real terminal: `python -m tests.tui.program SCENE`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from onboard import tui
from tests.tui.scenes import BY_NAME

if __name__ == "__main__":
    scene = BY_NAME[sys.argv[1]]
    with tempfile.TemporaryDirectory() as folder:
        session = scene.make(Path(folder))
        outcome = tui.run(session.real(), demo=scene.demo)
        print("\n".join(outcome.lines))
        print(f"closed={session.closed} ended={session.ended} code={outcome.code}", flush=True)
    sys.exit(outcome.code)
