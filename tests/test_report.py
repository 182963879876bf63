"""What is told, in the words of the one who reads it: which variable, which file, and what it means for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from onboard.cli.report import step_text
from onboard.model import Ask, Status, Tell
from tests.e2e.light import Light
from tests.test_files_drift import APP, look, made
from tests.vaults import memory_vault

pytestmark = pytest.mark.anyio

STRIPE = Ask("Enter the Stripe credentials", ("STRIPE_SECRET_KEY", "NEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY"))


@pytest.mark.parametrize(
    ("variable", "said"),
    [
        ("STRIPE_SECRET_KEY", "Enter the Stripe credentials: `onboard set STRIPE_SECRET_KEY`"),
        (
            "NEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY",
            "Enter the Stripe credentials: `onboard set NEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY`",
        ),
        (
            None,
            "Enter the Stripe credentials (STRIPE_SECRET_KEY, NEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY): "
            "`onboard set STRIPE_SECRET_KEY`",
        ),
    ],
)
def test_a_step_for_several_variables_names_the_one_that_it_is_told_for_or_all(variable: str | None, said: str) -> None:
    assert step_text(STRIPE, variable) == said
    assert step_text(Tell("Look again", command="onboard doctor"), variable) == "Look again: `onboard doctor`"


async def test_the_env_file_of_an_app_is_named_with_its_folder(tmp_path: Path) -> None:
    root = made(
        tmp_path / "mono",
        **{
            ".git/HEAD": "ref: refs/heads/main\n",
            "package.json": '{"name": "mono", "packageManager": "pnpm@10.1.0"}',
            "pnpm-workspace.yaml": "packages:\n  - apps/*\n",
            "apps/web/package.json": APP % "web",
            "apps/web/.env.example": "# A code of six\nDOOR_CODE=\nSTRIPE_SECRET_KEY=sk_test_...\n",
            "apps/web/.env.local": "STRIPE_SECRET_KEY=sk_test_...\n",
        },
    )
    (root / "apps/web/.env.local").chmod(0o644)
    found = await look(tmp_path, root)

    assert "apps/web/.env.local" in found["variable.DOOR_CODE"].summary
    mode = found["env.permissions"].step
    assert mode is not None
    assert mode.command == "chmod 600 apps/web/.env.local"


async def test_of_several_templates_it_is_said_which_is_used_and_nobody_is_told_to_correct_one(tmp_path: Path) -> None:
    root = made(
        tmp_path / "shop",
        **{"package.json": APP % "shop", ".env.example": "A_NAME=1\n", ".env.sample": "A_NAME=2\n"},
    )
    told = (await look(tmp_path, root))["repository.template.several"]

    assert (told.status, told.step) == (Status.OK, None)
    assert ".env.example is used" in told.summary


async def test_a_version_that_only_the_readme_speaks_of_is_no_failure(shop: Light) -> None:
    shop.package(engines={})
    (shop.project / "README.md").write_text("# Shop\n\n## Prerequisites\n\n- Node.js 22 or higher\n")
    for version, status in (("v18.0.0", Status.WARN), ("v24.1.0", Status.OK)):
        shop.tool("node", f"echo {version}")
        session = shop.session(vault=memory_vault(shop.root / "vault"))
        session.approve(session.approval().hash)
        (found,) = [finding async for finding in session.look("tool.node")]
        await session.close()
        assert (found.status, found.evidence["source"]) == (status, "README"), found.summary


async def test_a_value_of_another_length_than_the_schema_says_is_told(tmp_path: Path) -> None:
    root = made(
        tmp_path / "shop",
        **{
            "package.json": (APP % "shop").replace('"next"', '"zod": "4.0.0", "@t3-oss/env-nextjs": "0.13.0", "next"'),
            ".env.example": "DOOR_CODE=\n",
            ".env.local": "DOOR_CODE=1234567\n",
            "src/env.ts": 'import { createEnv } from "@t3-oss/env-nextjs";\nimport { z } from "zod";\n'
            "export const env = "
            "createEnv({ server: { DOOR_CODE: z.string().length(6) }, client: {}, runtimeEnv: {} });\n",
        },
    )
    found = (await look(tmp_path, root))["variable.DOOR_CODE"]

    assert (found.status, found.summary) == (Status.FAIL, "must have exactly 6 characters")
