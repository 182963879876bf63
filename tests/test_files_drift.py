"""Drift that files alone tell: between two apps, between readers, and against the template as it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from onboard.machine import Machine
from onboard.model import Finding, Status
from onboard.session import Session
from tests.vaults import memory_vault

pytestmark = pytest.mark.anyio

APP = '{"name": "%s", "scripts": {"dev": "next dev"}, "dependencies": {"next": "16.0.0"}}'
KEY, OTHER = "sk_test_51Hq3mKw9ZtVbN4cXyRdPfGsLj", "sk_test_51Jx8pLm2QwErTyUiOpAsDfGhK"


def made(root: Path, **files: str) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def session(folder: Path, root: Path) -> Session:
    state = folder / "state"
    machine = Machine(env={}, home=folder, state=state, config=folder / "c", vault=memory_vault(folder / "vault"))
    opened = Session.open(machine, root)
    opened.approve(opened.approval().hash)
    return opened


async def look(folder: Path, root: Path) -> dict[str, Finding]:
    sitting = session(folder, root)
    try:
        return {f.id: f async for f in sitting.look(offline=True)}
    finally:
        await sitting.close()


async def test_two_apps_with_two_keys_of_one_service_are_told_and_with_one_are_not(tmp_path: Path) -> None:
    template = "STRIPE_SECRET_KEY=sk_test_...\nAUTH_SECRET=\n"
    root = made(
        tmp_path / "mono",
        **{
            ".git/HEAD": "ref: refs/heads/main\n",
            "package.json": '{"name": "mono", "packageManager": "pnpm@10.1.0"}',
            "pnpm-workspace.yaml": "packages:\n  - apps/*\n",
            "apps/web/package.json": APP % "web",
            "apps/web/.env.example": template,
            "apps/web/.env.local": f"STRIPE_SECRET_KEY={KEY}\nAUTH_SECRET={'a' * 40}\n",
            "apps/admin/package.json": APP % "admin",
            "apps/admin/.env.example": template,
            "apps/admin/.env.local": f"STRIPE_SECRET_KEY={OTHER}\nAUTH_SECRET={'b' * 40}\n",
        },
    )
    found = await look(tmp_path, root / "apps/web")
    assert {id for id in found if id.startswith("apps.")} == {"apps.STRIPE_SECRET_KEY"}
    told = found["apps.STRIPE_SECRET_KEY"]
    assert told.status is Status.WARN
    assert "apps/admin/.env.local has another STRIPE_SECRET_KEY" in told.summary
    assert KEY not in repr(told)
    assert OTHER not in repr(told)

    made(root, **{"apps/admin/.env.local": f"STRIPE_SECRET_KEY={KEY}\n"})
    assert not [id for id in await look(tmp_path, root / "apps/web") if id.startswith("apps.")]


async def test_each_reader_takes_a_variable_from_the_file_that_wins_in_its_own_order(tmp_path: Path) -> None:
    files = {
        "package.json": APP % "shop",
        ".env.local.example": "APP_URL=http://localhost:3000\n",
        ".env.local": "APP_URL=http://localhost:1\n",
        ".env.development": "APP_URL=http://localhost:2\n",
    }
    next_app = session(tmp_path, made(tmp_path / "next", **files)).readings("APP_URL")[0]
    vite = files | {"package.json": (APP % "shop").replace("next", "vite")}
    vite_app = session(tmp_path, made(tmp_path / "vite", **vite)).readings("APP_URL")[0]

    assert (next_app.reader, next_app.wins) == ("next", ".env.local")
    assert (vite_app.reader, vite_app.wins) == ("vite", ".env.development")
    assert ".env.local has it too" in vite_app.why


async def test_what_the_template_lost_or_renamed_is_told_as_long_as_the_env_file_still_has_it(tmp_path: Path) -> None:
    root = made(
        tmp_path / "shop",
        **{
            "package.json": APP % "shop",
            ".env.local.example": "OLD_MODE=fast\nSHOP_TITLE=Shore\nAPP_URL=http://localhost:3000\n",
            ".env.local": "OLD_MODE=fast\nSHOP_TITLE=Shore\nAPP_URL=http://localhost:3000\n",
        },
    )
    await look(tmp_path, root)
    made(root, **{".env.local.example": "SHOP_NAME=Shore\nAPP_URL=http://localhost:3000\n"})
    told = (await look(tmp_path, root))["template.changed"]
    assert told.status is Status.WARN
    assert "renamed: SHOP_TITLE → SHOP_NAME" in told.summary
    assert "removed: OLD_MODE" in told.summary
    made(root, **{".env.local": "SHOP_NAME=Shore\nAPP_URL=http://localhost:3000\n"})
    assert (await look(tmp_path, root))["template.changed"].status is Status.OK
