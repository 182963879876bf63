"""What each screen and state looks like."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.pictures import ALSO_LARGE, FOLDER
from tests.tui.scenes import BY_NAME, HOSTILE, LARGE, SCENES, SMALL, VAST, Scene, picture, words

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
async def test_the_picture_in_the_docs_is_what_the_program_shows(scene: Scene, tmp_path: Path) -> None:
    drawn = words(await picture(scene, SMALL, tmp_path))
    kept = words((FOLDER / f"{scene.name}.svg").read_text())
    assert drawn == kept, "if the change is meant: .venv/bin/python -m benchmarks.pictures"
    for word in scene.shows:
        assert word in drawn


@pytest.mark.parametrize("name", ALSO_LARGE)
async def test_the_large_pictures_too(name: str, tmp_path: Path) -> None:
    assert words(await picture(BY_NAME[name], LARGE, tmp_path)) == words((FOLDER / f"{name}-large.svg").read_text())


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
@pytest.mark.parametrize("size", [LARGE, VAST], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_what_matters_can_be_read_at_every_size(scene: Scene, size: tuple[int, int], tmp_path: Path) -> None:
    drawn = words(await picture(scene, size, tmp_path))
    for word in scene.shows:
        assert word in drawn


@pytest.mark.parametrize("scene", [*SCENES, *HOSTILE], ids=lambda scene: scene.name)
@pytest.mark.parametrize("size", [(1, 1), (20, 5)], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_no_size_is_too_small_to_live(scene: Scene, size: tuple[int, int], tmp_path: Path) -> None:
    assert await picture(scene, size, tmp_path)


def test_no_picture_is_left_of_a_scene_that_is_gone() -> None:
    wanted = {f"{scene.name}.svg" for scene in SCENES} | {f"{name}-large.svg" for name in ALSO_LARGE}
    assert {path.name for path in FOLDER.glob("*.svg")} == wanted


async def test_each_state_can_be_told_without_colour(tmp_path: Path) -> None:
    drawn = words(await picture(BY_NAME["board-owed"], LARGE, tmp_path))
    for sign, name in (("✓", "Node.js"), ("✗", "pnpm"), ("–", "Schema"), ("!", "Webhook port")):
        assert any(f"{sign} {name}" in line for line in drawn.splitlines())
