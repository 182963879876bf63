"""The app over an invented project, for a real terminal: `python -m tests.tui.program SCENE`."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from onboard import tui

if __name__ == "__main__":
    tui.scrub()  # the scenes import Textual
    from tests.tui.scenes import BY_NAME

    scene = BY_NAME[sys.argv[1]]
    with tempfile.TemporaryDirectory() as folder:
        session = scene.make(Path(folder))
        session.machine.env.update(os.environ)
        outcome = tui.run(session.real(), demo=scene.demo)
        last = f"closed={session.closed} ended={session.ended} code={outcome.code}"
        sys.stdout.write("\n".join((*outcome.lines, last, "")))
        sys.stdout.flush()
    sys.exit(outcome.code)
