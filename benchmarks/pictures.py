"""Render every screen and state of the terminal app from the running program into docs/pictures/.

    .venv/bin/python -m benchmarks.pictures [NAME…]

The same scenes are played by tests/tui/test_pictures.py, which compares the text of these files with what is drawn now.
"""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
from pathlib import Path

from tests.tui.scenes import LARGE, SCENES, SMALL, picture

FOLDER = Path(__file__).parents[1] / "docs" / "pictures"

ALSO_LARGE = ("approval", "ask-accepted", "run-running", "board-owed", "board", "listeners")


TOUR = {
    "approval": "nothing happens before a yes to exactly this",
    "run": "a command is seen before it is run",
    "ask-typed": "what is typed is told at each key, and never shown",
    "ask-accepted": "whose key it is, before it is saved",
    "write": "the env file, by name, before it is written",
    "listeners": "webhooks forwarded, their signing secrets caught",
    "board": "all is well",
    "board-drift": "any later day: what differs, and where",
}
"""Scenes of docs/pictures/tour.svg, with a word on each."""
SECONDS = 2.5
"""Each scene of the tour is seen."""


def tour() -> str:
    """Return the pictures of TOUR as one that moves by CSS alone; where nothing may move, it is the first of them."""
    classes: dict[str, str] = {}
    frames: list[str] = []
    first = (FOLDER / f"{next(iter(TOUR))}.svg").read_text()
    for at, (name, words) in enumerate(TOUR.items()):
        svg = (FOLDER / f"{name}.svg").read_text()
        styles = dict(re.findall(r"\.(t-r\d+) \{ (.*?) \}", svg))
        for style in styles.values():
            classes.setdefault(style, f"c{len(classes)}")
        body = svg[svg.index('<g transform="translate(9, 41)"') : svg.rindex("</svg>")].strip()
        body = re.sub(r' clip-path="url\(#t-line-\d+\)"| shape-rendering="crispEdges"', "", body)
        body = re.sub(r'class="(t-r\d+)"', lambda found, own=styles: f'class="{classes[own[found[1]]]}"', body)
        title = f'<text class="t-title" fill="#c5c8c6" text-anchor="middle" x="496" y="27">{words}</text>'
        hidden = f' visibility="hidden" style="animation-delay:{at * SECONDS:g}s"' if at else ""
        frames.append(f'<g class="frame"{hidden}>{title}\n{body}</g>')
    rules = [f".{name} {{ {style} }}" for style, name in classes.items()]
    rules += [
        "rect { shape-rendering: crispEdges }",
        f".frame {{ animation: seen {len(TOUR) * SECONDS:g}s step-end infinite }}",
        f"@keyframes seen {{ 0% {{ visibility: visible }} {100 / len(TOUR):g}% {{ visibility: hidden }} }}",
        "@media (prefers-reduced-motion: reduce) { .frame { animation: none } }",
    ]
    head = re.sub(r"\s*\.t-r\d+ \{.*?\}", "", first[: first.index('<text class="t-title"')])
    head = re.sub(r'<clipPath id="t-line-\d+">.*?</clipPath>\s*', "", head, flags=re.DOTALL)
    head = head.replace("</style>", "\n".join((*rules, "</style>")))
    lights = first[first.index('<g transform="translate(26,22)">') : first.index('<g transform="translate(9, 41)"')]
    return "\n".join((head.rstrip(), lights.strip(), *frames, "</svg>")) + "\n"


async def main(names: list[str]) -> None:
    """Render the scenes of these names and the tour; none: all, and remove what is no scene any more."""
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
    (FOLDER / "tour.svg").write_text(tour())
    if not names:
        for path in set(FOLDER.glob("*.svg")) - written - {FOLDER / "tour.svg"}:
            path.unlink()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
