"""What each screen and state looks like."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.pictures import ALSO_LARGE, FOLDER, TOUR, tour
from tests.tui.scenes import BY_NAME, HOSTILE, LARGE, SCENES, SMALL, VAST, Scene, picture, playing, words

pytestmark = pytest.mark.anyio

TINY = ((20, 5), (1, 1))


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
async def test_the_picture_in_the_docs_is_what_the_program_shows_and_every_size_shows_what_matters(
    scene: Scene, tmp_path: Path
) -> None:
    kept = words((FOLDER / f"{scene.name}.svg").read_text())
    async with playing(scene, SMALL, tmp_path) as window:
        drawn = await window.words()
        assert drawn == kept, "if the change is meant: .venv/bin/python -m benchmarks.pictures"
        focused = window.pilot.app.focused
        for size in (SMALL, LARGE, VAST):
            drawn = await window.words(size)
            for word in scene.shows:
                assert word in drawn, size
        for size in TINY:
            await window.words(size)
        drawn = await window.words(SMALL)
        assert window.pilot.app.focused is focused
        for word in scene.shows:
            assert word in drawn, "after the smallest window"


@pytest.mark.parametrize("scene", HOSTILE, ids=lambda scene: scene.name)
async def test_no_size_is_too_small_to_live(scene: Scene, tmp_path: Path) -> None:
    async with playing(scene, SMALL, tmp_path) as window:
        for size in TINY:
            await window.words(size)


@pytest.mark.parametrize("scene", SCENES[:1], ids=lambda scene: scene.name)
@pytest.mark.parametrize("size", TINY, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_it_can_be_started_in_the_smallest_window(scene: Scene, size: tuple[int, int], tmp_path: Path) -> None:
    assert await picture(scene, size, tmp_path)


@pytest.mark.parametrize("name", ALSO_LARGE)
async def test_the_large_pictures_too(name: str, tmp_path: Path) -> None:
    assert words(await picture(BY_NAME[name], LARGE, tmp_path)) == words((FOLDER / f"{name}-large.svg").read_text())


def test_no_picture_is_left_of_a_scene_that_is_gone() -> None:
    wanted = {f"{scene.name}.svg" for scene in SCENES} | {f"{name}-large.svg" for name in ALSO_LARGE}
    wanted.add("tour.svg")
    assert {path.name for path in FOLDER.glob("*.svg")} == wanted


def test_the_tour_is_made_of_the_pictures_and_moves_without_a_script() -> None:
    kept = (FOLDER / "tour.svg").read_text()
    assert kept == tour(), "if the change is meant: .venv/bin/python -m benchmarks.pictures approval"
    assert kept.count('<g class="frame"') == len(TOUR)
    assert kept.count('visibility="hidden"') == len(TOUR) - 1
    assert "<script" not in kept
    assert len(kept) < 400_000


async def test_each_state_can_be_told_without_colour(tmp_path: Path) -> None:
    drawn = words(await picture(BY_NAME["board-owed"], LARGE, tmp_path))
    for sign, name in (("✓", "Node.js"), ("✗", "pnpm"), ("–", "Schema"), ("!", "Webhook port")):
        assert any(f"{sign} {name}" in line for line in drawn.splitlines())
