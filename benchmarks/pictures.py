"""Render every screen and state of the terminal app from the running program into docs/pictures/.

    .venv/bin/python -m benchmarks.pictures [NAME…]

The same scenes are played by tests/tui/test_pictures.py, which compares the text of these files with what is drawn now.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from tests.tui.scenes import LARGE, SCENES, SMALL, picture

FOLDER = Path(__file__).parents[1] / "docs" / "pictures"

ALSO_LARGE = ("approval", "ask-accepted", "run-running", "board-owed", "board", "listeners")


async def main(names: list[str]) -> None:
    """Render the scenes of these names; none: all, and remove what is no scene any more."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    written: set[Path] = set()
    for scene in SCENES:
        if names and scene.name not in names:
            continue
        sizes = (SMALL, LARGE) if scene.name in ALSO_LARGE else (SMALL,)
        for size in sizes:
            path = FOLDER / (f"{scene.name}.svg" if size is SMALL else f"{scene.name}-large.svg")
            with tempfile.TemporaryDirectory() as folder:
                path.write_text(await picture(scene, size, Path(folder)))
            written.add(path)
            print(path.relative_to(FOLDER.parents[1]))
    if not names:
        for path in set(FOLDER.glob("*.svg")) - written:
            path.unlink()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
