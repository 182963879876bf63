"""An env file without secrets: they rest in the keyring alone, and `run` hands them over."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from onboard import checks as all_checks
from onboard import devserver, holdings
from onboard.choices import Choices
from onboard.errors import OnboardError, VaultError
from onboard.model import Finding, Secret, Status
from onboard.sandbox.standins.resend import ResendStandIn
from onboard.session import Session
from onboard.vault import Vault
from tests.e2e.light import Light
from tests.rotating import change, opened
from tests.rotation_world import place
from tests.vaults import absent_vault, locked_vault, memory_vault

pytestmark = pytest.mark.anyio

URL = "postgresql://me:a-local-password@localhost:5432/shop"


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return memory_vault(tmp_path / "vault")


@pytest.fixture
async def session(shop: Light, vault: Vault) -> AsyncIterator[Session]:
    made = approved(shop, vault)
    shop.file.write_text(
        f'STRIPE_SECRET_KEY="{shop.services.stripe.secret_key}"\n'
        f'ANTHROPIC_API_KEY="{shop.services.anthropic.api_key}"\n'
        'APP_URL="http://localhost:4000"\nNOBODY_DECLARES_ME=another-kept-value\n# a note of mine\n'
    )
    yield made
    await made.close()


def approved(shop: Light, vault: Vault) -> Session:
    made = shop.session(vault=vault)
    made.approve(made.approval().hash)
    return made


async def look(session: Session, *only: str) -> dict[str, Finding]:
    return {f.id: f async for f in session.look(*(only or ("variable", "live", "drift", "env", "shadow", "mode")))}


async def test_secrets_leave_the_file_everything_else_stays_and_a_child_gets_them(
    shop: Light, session: Session
) -> None:
    before = shop.values()
    moved, _ = await session.place_secrets(in_file=False)

    assert {"STRIPE_SECRET_KEY", "ANTHROPIC_API_KEY", "NOBODY_DECLARES_ME"} <= set(moved)
    assert "# a note of mine" in shop.file.read_text()
    assert shop.values()["APP_URL"] == "http://localhost:4000"
    assert not {"STRIPE_SECRET_KEY", "ANTHROPIC_API_KEY", "NOBODY_DECLARES_ME"} & shop.values().keys()
    wanted = {name: before[name] for name in ("STRIPE_SECRET_KEY", "NOBODY_DECLARES_ME", "APP_URL")}
    out = io.BytesIO()
    marks = {name: len(text) for name, text in wanted.items()}
    script = f"import json,os; print(json.dumps({{k: len(os.environ.get(k, '')) for k in {list(marks)!r}}}))"
    assert await session.run(("python3", "-c", script), out, io.BytesIO()) == 0
    assert json.loads(out.getvalue()) == marks
    out = io.BytesIO()
    await session.run(("sh", "-c", 'echo "key $STRIPE_SECRET_KEY"'), out, io.BytesIO())
    assert b"key" in out.getvalue()
    assert before["STRIPE_SECRET_KEY"].encode() not in out.getvalue()


async def test_the_dev_server_gets_what_the_file_does_not_hold_and_nothing_that_it_reads_itself(
    shop: Light, session: Session
) -> None:
    await session.place_secrets(in_file=False)
    given = devserver.environment(session.view())
    assert given["STRIPE_SECRET_KEY"] == Secret(shop.services.stripe.secret_key)
    assert "APP_URL" not in given  # Next would expand it a second time


async def test_they_come_back_into_the_file_as_they_were(shop: Light, session: Session) -> None:
    before = shop.values()
    await session.place_secrets(in_file=False)
    await session.place_secrets(in_file=True)
    assert {name: shop.values().get(name) for name in before} == before
    assert "env.secrets" not in await look(session)


async def test_the_doctor_asks_with_them_and_calls_nothing_missing(shop: Light, session: Session) -> None:
    await session.place_secrets(in_file=False)
    found = await look(session)

    assert found["variable.STRIPE_SECRET_KEY"].status is Status.OK
    assert found["live.anthropic"].status is Status.OK
    assert found["env.secrets"].status is Status.OK
    assert not [id for id in found if id.startswith("drift.")]
    row = next(row for row in session.rows() if row.name == "ANTHROPIC_API_KEY")
    assert (row.sources, row.wins, row.state) == (("vault",), "vault", "ok")
    assert row.verified_at
    assert session.env_diff() == ()


async def test_an_offline_check_knows_what_rests_in_the_keyring_without_reading_it(
    shop: Light, session: Session
) -> None:
    await session.place_secrets(in_file=False)
    choices = Choices(session.machine.state, session.project.id)
    held = holdings.Holdings(session.machine, session.project)
    view = holdings.view(session.machine, session.project, session.variables, held, choices=choices)
    found = {f.id: f for f in all_checks.look_offline(view, all_checks.everything(view))}

    assert found["variable.STRIPE_SECRET_KEY"].status is Status.SKIPPED
    assert "keyring" in found["variable.STRIPE_SECRET_KEY"].summary
    assert found["variable.DATABASE_URL"].status is Status.WARN  # that one was never stored


async def test_a_new_value_goes_to_the_keyring_alone_and_an_unset_one_is_gone(shop: Light, session: Session) -> None:
    await session.place_secrets(in_file=False)
    await session.save({"DATABASE_URL": Secret(URL), "APP_URL": Secret("http://localhost:5000")})
    assert "DATABASE_URL" not in shop.values()
    assert shop.values()["APP_URL"] == "http://localhost:5000"
    assert (await look(session))["variable.DATABASE_URL"].status is Status.OK

    await session.unset("STRIPE_SECRET_KEY")
    assert (await look(session))["variable.STRIPE_SECRET_KEY"].status is Status.WARN


async def test_a_secret_that_somebody_writes_into_the_file_is_named_and_moved(shop: Light, session: Session) -> None:
    await session.place_secrets(in_file=False)
    shop.file.write_text(shop.file.read_text() + f"DATABASE_URL={URL}\n")
    told = (await look(session))["env.secrets"]
    assert told.status is Status.WARN
    assert "DATABASE_URL" in told.summary
    assert told.step is not None
    assert [event.kind async for event in session.do(told.step)] == ["done"]
    assert "DATABASE_URL" not in shop.values()
    assert (await look(session))["env.secrets"].status is Status.OK


async def test_without_a_keyring_nothing_is_moved_and_no_child_runs_without_its_secrets(
    shop: Light, session: Session, tmp_path: Path
) -> None:
    before = shop.file.read_bytes()
    absent = approved(shop, absent_vault(tmp_path))
    with pytest.raises(VaultError, match="nothing was changed"):
        await absent.place_secrets(in_file=False)
    assert shop.file.read_bytes() == before
    await session.place_secrets(in_file=False)

    locked = approved(shop, locked_vault(tmp_path))
    with pytest.raises(VaultError, match="could not be read"):
        await locked.run(("true",), io.BytesIO(), io.BytesIO())
    found = await look(locked)
    assert found["variable.STRIPE_SECRET_KEY"].status is Status.SKIPPED
    with pytest.raises(VaultError, match="to hold no secret"):
        await locked.save({"DATABASE_URL": Secret(URL)})
    assert "DATABASE_URL" not in shop.values()
    told = await locked.settled("STRIPE_SECRET_KEY")
    assert told is not None
    assert told.status is Status.UNKNOWN
    await absent.close()
    await locked.close()


async def test_values_that_differ_are_a_persons_decision(shop: Light, session: Session) -> None:
    await session.save({"DATABASE_URL": Secret(URL)})
    shop.file.write_text(shop.file.read_text().replace("localhost", "127.0.0.1"))
    before = shop.file.read_bytes()
    with pytest.raises(OnboardError, match="DATABASE_URL"):
        await session.place_secrets(in_file=False)
    assert shop.file.read_bytes() == before
    assert not Choices(session.machine.state, session.project.id).without_secrets


async def test_a_credential_is_changed_without_the_file(tmp_path: Path) -> None:
    service = ResendStandIn()
    with place(tmp_path, service) as (here, _):
        here.holds(RESEND_API_KEY=service.key)
        old = service.key
        session = opened(tmp_path)
        await session.place_secrets(in_file=False)
        await session.close()

        assert await change(opened(tmp_path), "RESEND_API_KEY") is Status.OK

        assert here.value("RESEND_API_KEY") == ""
        assert here.vault["RESEND_API_KEY"] in service.keys.values()
        assert old not in service.keys.values()
        assert not here.noted
