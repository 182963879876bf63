"""Session: one sitting, with a vault in memory, stand-ins, and no child but the tools' own scripts."""

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from onboard.errors import EnvFileError, NeedsPerson, OnboardError
from onboard.model import Ask, Event, Finding, Run, Secret, Status, Step, Write
from onboard.plan import Stage
from onboard.sandbox.served import Fault
from onboard.session import Session
from onboard.vault import Vault
from tests.e2e.light import TEMPLATE, Light
from tests.vaults import absent_vault, memory_vault, mute_vault

pytestmark = pytest.mark.anyio

VALUES = ("variable", "mode", "live", "pair", "env", "drift")
"""What can be looked at without any tool."""


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return memory_vault(tmp_path / "vault")


_OPENED: list[Session] = []


@pytest.fixture(autouse=True)
async def _closed() -> AsyncIterator[None]:
    yield
    for session in _OPENED:
        await session.close()
    _OPENED.clear()


def opened(shop: Light, vault: Vault, folder: Path | None = None) -> Session:
    session = shop.session(vault=vault, folder=folder)
    session.approve(session.approval().hash)
    _OPENED.append(session)
    return session


async def look(session: Session, *only: str) -> dict[str, Finding]:
    return {finding.id: finding async for finding in session.look(*(only or VALUES))}


async def enter(session: Session, **values: str) -> tuple[str, ...]:
    return await session.save({name: Secret(value) for name, value in values.items()})


async def do(session: Session, step: Step) -> list[Event]:
    return [event async for event in session.do(step)]


def asked(session: Session) -> list[tuple[str, ...]]:
    return [owed.step.variables for owed in session.plan() if isinstance(owed.step, Ask)]


# looking and planning


async def test_what_is_owed_comes_in_the_order_of_the_stages_and_once(shop: Light, vault: Vault) -> None:
    session = opened(shop, vault)
    await look(session, *VALUES, "deps", "database")
    stages = [owed.stage for owed in session.plan()]
    order = list(Stage)

    assert stages == sorted(stages, key=order.index)
    assert len({owed.step for owed in session.plan()}) == len(stages)
    assert ("STRIPE_SECRET_KEY", "NEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY") in asked(session), "one form for one service"
    assert stages[0] is Stage.TOOLS


async def test_what_fails_comes_before_what_only_could_be_better(shop: Light, vault: Vault) -> None:
    (shop.project / "onboard.toml").write_text('[variables.TEAM_NOTE]\nneed = "required"\n')
    session = opened(shop, vault)
    await look(session, "variable")
    weights = [owed.finding.status is not Status.FAIL for owed in session.plan() if owed.stage is Stage.CREDENTIALS]

    assert weights == sorted(weights)
    assert not weights[0]
    assert weights[-1]


async def test_before_approval_only_files_are_looked_at_and_nothing_is_done(shop: Light, vault: Vault) -> None:
    session = shop.session(vault=vault)
    found = await look(session, "trust", *VALUES)
    events: list[type[OnboardError]] = []
    for attempt in (
        session.save({"TEAM_NOTE": Secret("x")}),
        session.attempt({"TEAM_NOTE": Secret("x")}),
        session.unset("TEAM_NOTE"),
        session.write_env(),
        session.undo(),
        session.forget(),
    ):
        with pytest.raises(NeedsPerson) as caught:
            await attempt
        events.append(caught.type)

    assert len(events) == 6
    assert found["trust.project"].status is Status.UNKNOWN
    assert {f.status for id, f in found.items() if id.startswith("live.")} == {Status.SKIPPED}
    assert not shop.file.exists()
    assert shop.services.requests() == []


async def test_a_glance_brings_files_up_to_date_and_goes_nowhere(shop: Light, vault: Vault) -> None:
    session = opened(shop, vault)
    await look(session)
    before = len(shop.services.requests())
    shop.file.write_text("TEAM_NOTE=by hand\n")
    session.glance()

    assert session.findings["variable.TEAM_NOTE"].status is Status.OK
    assert session.findings["env.file"].status is Status.OK
    assert len(shop.services.requests()) == before


async def test_what_is_put_off_is_not_owed_until_it_is_asked_for_again(shop: Light, vault: Vault) -> None:
    session = opened(shop, vault)
    await look(session, "variable")
    step = next(
        owed.step for owed in session.plan() if isinstance(owed.step, Ask) and "stripe" in owed.step.text.lower()
    )
    session.skip(step)
    await look(session, "variable")
    put_off = asked(session)
    again = opened(shop, vault)
    await look(again, "variable")
    remembered = asked(again)
    again.unskip()
    await look(again, "variable")

    assert not any("STRIPE_SECRET_KEY" in names for names in put_off)
    assert remembered == put_off
    assert any("STRIPE_SECRET_KEY" in names for names in asked(again))


@pytest.mark.parametrize(
    ("first", "second"),
    [(("ALPHA_URL",), ("BETA_URL",)), (("UPSTASH_REDIS_REST_URL", "UPSTASH_REDIS_REST_TOKEN"), ("REDIS_URL",))],
    ids=["services that nobody knows", "known services"],
)
async def test_of_alternatives_one_is_enough(
    shop: Light, vault: Vault, first: tuple[str, ...], second: tuple[str, ...]
) -> None:
    lists = "\n".join(f"{option} = {list(names)}" for option, names in (("one", first), ("two", second)))
    more = "\n".join(f'[variables.{name}]\nneed = "required"' for name in (*first, *second))
    (shop.project / "onboard.toml").write_text(f"{more}\n[one_of.store]\n{lists}\n")
    session = opened(shop, vault)
    before = await look(session, "variable")
    shop.file.write_text(f"{second[0]}=redis://localhost:6379\n")
    after = await look(session, "variable")
    shop.file.write_text(f"{first[0]}=https://us1-right-one.upstash.io\n")
    other = await look(session, "variable")

    assert before[f"variable.{first[0]}"].status is Status.FAIL
    assert {after[f"variable.{name}"].status for name in first} == {Status.SKIPPED}
    assert "alternative" in after[f"variable.{first[0]}"].summary
    expected = Status.SKIPPED if len(first) == 1 else Status.FAIL
    assert other[f"variable.{second[0]}"].status is expected, "half an alternative is none"


# saving


async def test_what_was_saved_is_in_the_file_the_vault_and_the_list(shop: Light, vault: Vault) -> None:
    session = opened(shop, vault)
    warnings = await enter(session, TEAM_NOTE="the note of the team")
    kept = await vault.get(session.project.id)
    row = next(row for row in await session.listed() if row.name == "TEAM_NOTE")

    assert warnings == ()
    assert shop.values()["TEAM_NOTE"] == "the note of the team"
    assert kept["TEAM_NOTE"].value == Secret("the note of the team")
    assert kept["TEAM_NOTE"].folder == str(shop.project)
    assert (row.state, row.sources, row.wins) == ("ok", ("env_file", "vault"), "env_file")
    assert row.set_at is not None
    assert "note" not in repr(row).replace("TEAM_NOTE", "")


async def test_without_a_keyring_the_file_is_written_and_it_is_said(shop: Light, tmp_path: Path) -> None:
    session = opened(shop, absent_vault(tmp_path / "vault"))
    warnings = await enter(session, TEAM_NOTE="the note of the team")

    assert any("not kept in the keyring" in warning for warning in warnings)
    assert shop.values()["TEAM_NOTE"] == "the note of the team"
    assert await session.undo() == ("TEAM_NOTE",), "the sitting itself still knows how to take it back"
    assert "TEAM_NOTE" not in shop.values()


async def test_a_mute_keyring_is_waited_for_once(shop: Light, tmp_path: Path) -> None:
    import time

    session = opened(shop, mute_vault(tmp_path / "vault"))
    started = time.monotonic()
    await enter(session, TEAM_NOTE="the note of the team")
    await enter(session, APP_URL="http://localhost:4000")

    assert time.monotonic() - started < 4.5
    assert shop.values()["APP_URL"] == "http://localhost:4000"


async def test_what_cannot_be_written_is_not_kept_and_changes_nothing(shop: Light, vault: Vault) -> None:
    session = opened(shop, vault)
    await enter(session, TEAM_NOTE="first")
    before = shop.file.read_bytes()
    with pytest.raises(EnvFileError) as caught:
        await enter(session, APP_URL="http://localhost:1", NODE_OPTIONS="--require ./x.js")

    assert "NODE_OPTIONS" in caught.value.message
    assert "x.js" not in caught.value.message
    assert shop.file.read_bytes() == before
    assert set(await vault.get(session.project.id)) == {"TEAM_NOTE", "@undo", "@before"}


async def test_a_live_key_cannot_be_saved_even_without_a_trial(shop: Light, vault: Vault) -> None:
    session = opened(shop, vault)
    key = "sk_live_" + shop.services.stripe.secret_key[8:]
    shop.typed.append(key)
    with pytest.raises(NeedsPerson) as caught:
        await enter(session, STRIPE_SECRET_KEY=key)

    assert "live" in caught.value.message
    assert await vault.get(session.project.id) == {}
    assert not shop.file.exists()


async def test_a_variable_taken_out_is_gone_from_both_places_and_comes_back(shop: Light, vault: Vault) -> None:
    session = opened(shop, vault)
    await enter(session, TEAM_NOTE="the note of the team")
    await session.unset("TEAM_NOTE")

    assert "TEAM_NOTE" not in shop.values()
    assert "TEAM_NOTE" not in await vault.get(session.project.id)
    assert await session.undo() == ("TEAM_NOTE",)
    assert shop.values()["TEAM_NOTE"] == "the note of the team"


async def test_a_key_that_another_value_replaced_meanwhile_is_not_written_over(shop: Light, vault: Vault) -> None:
    session = opened(shop, vault)
    await enter(session, TEAM_NOTE="ours")
    shop.file.write_text(shop.file.read_text() + "# theirs\nOTHER=kept\n")
    await enter(session, TEAM_NOTE="ours, again")

    assert shop.values()["OTHER"] == "kept"
    assert "# theirs" in shop.file.read_text()
    assert shop.values()["TEAM_NOTE"] == "ours, again"


# undo


async def test_the_last_write_is_taken_back_once_also_by_another_sitting(shop: Light, vault: Vault) -> None:
    session = opened(shop, vault)
    await enter(session, TEAM_NOTE="first")
    before = shop.file.read_bytes()
    await enter(session, TEAM_NOTE="second", APP_URL="http://localhost:9")
    names = await opened(shop, vault).undo()

    assert set(names) == {"TEAM_NOTE", "APP_URL"}
    assert shop.file.read_bytes() == before
    assert await opened(shop, vault).undo() == (), "there is one step back, not two"


async def test_what_another_program_wrote_since_stays_when_ours_is_taken_back(shop: Light, vault: Vault) -> None:
    session = opened(shop, vault)
    await enter(session, TEAM_NOTE="first")
    await enter(session, TEAM_NOTE="second")
    shop.file.write_text("# theirs\n" + shop.file.read_text() + "OTHER=kept\n")
    await session.undo()

    assert shop.values() == {**shop.values(), "TEAM_NOTE": "first", "OTHER": "kept"}
    assert shop.file.read_text().startswith("# theirs\n")


async def test_a_value_that_another_program_changed_is_not_taken_back(shop: Light, vault: Vault) -> None:
    session = opened(shop, vault)
    await enter(session, TEAM_NOTE="first")
    await enter(session, TEAM_NOTE="second")
    shop.file.write_text(shop.file.read_text().replace("second", "theirs"))
    with pytest.raises(EnvFileError) as caught:
        await session.undo()

    assert "TEAM_NOTE" in caught.value.message
    assert "theirs" not in caught.value.message
    assert shop.values()["TEAM_NOTE"] == "theirs"


async def test_the_vault_follows_when_a_write_is_taken_back(shop: Light, vault: Vault) -> None:
    session = opened(shop, vault)
    await enter(session, TEAM_NOTE="first")
    await enter(session, TEAM_NOTE="second", APP_URL="http://localhost:9")
    await session.undo()
    found = await look(session)
    kept = {name: entry.value.reveal() for name, entry in (await vault.get(session.project.id)).items()}

    assert kept == {"TEAM_NOTE": "first"}
    assert "drift.TEAM_NOTE" not in found


async def test_the_vault_keeps_its_own_when_what_was_taken_from_it_is_taken_back(shop: Light, vault: Vault) -> None:
    session = opened(shop, vault)
    await enter(session, TEAM_NOTE="kept")
    shop.file.write_text("TEAM_NOTE=edited\n")
    await session.write_env(["TEAM_NOTE"])
    await opened(shop, vault).undo()

    assert shop.values()["TEAM_NOTE"] == "edited"
    assert (await vault.get(session.project.id))["TEAM_NOTE"].value == Secret("kept")


# a second clone, and drift


async def test_a_second_clone_needs_nothing_typed_again(shop: Light, vault: Vault) -> None:
    await enter(opened(shop, vault), TEAM_NOTE="the note of the team", AUTH_SECRET="a" * 40)
    shop.typed.append("a" * 40)
    second = shop.root / "second"
    shutil.copytree(shop.project, second, ignore=shutil.ignore_patterns(".env.local"))
    session = opened(shop, vault, second)
    names, warnings = await session.write_env()

    assert {"TEAM_NOTE", "AUTH_SECRET"} <= set(names)
    assert warnings == ()
    assert session.view().values["TEAM_NOTE"] == Secret("the note of the team")


async def test_another_repository_gets_none_of_it(shop: Light, vault: Vault) -> None:
    await enter(opened(shop, vault), TEAM_NOTE="the note of the team")
    other = shop.root / "other"
    shutil.copytree(shop.project, other, ignore=shutil.ignore_patterns(".env.local", ".git"))
    session = opened(shop, vault, other)
    names, _ = await session.write_env()

    assert "TEAM_NOTE" not in names


async def test_a_value_edited_by_hand_is_drift_and_either_side_can_win(shop: Light, vault: Vault) -> None:
    session = opened(shop, vault)
    await enter(session, TEAM_NOTE="kept")
    shop.file.write_text(shop.file.read_text().replace("kept", "edited"))
    found = await look(session)
    step = found["drift.TEAM_NOTE"].step
    changes = await session.env_changes()

    assert found["drift.TEAM_NOTE"].status is Status.WARN
    assert "edited" not in repr(found)
    assert ("~", "TEAM_NOTE") in changes
    assert isinstance(step, Write)
    assert (await do(session, step))[-1].kind == "done"
    assert shop.values()["TEAM_NOTE"] == "kept"
    assert "drift.TEAM_NOTE" not in await look(session)


async def test_what_was_deleted_from_the_file_comes_back_from_the_vault(shop: Light, vault: Vault) -> None:
    (shop.project / "onboard.toml").write_text('[variables.TEAM_NOTE]\nneed = "required"\n')
    session = opened(shop, vault)
    await enter(session, TEAM_NOTE="kept")
    shop.file.write_text("")
    found = await look(session)
    step = found["variable.TEAM_NOTE"].step

    assert "in the keyring" in found["variable.TEAM_NOTE"].summary
    assert isinstance(step, Write)
    assert (await do(session, step))[-1].kind == "done"
    assert shop.values()["TEAM_NOTE"] == "kept"


# made here, and caught


async def test_a_secret_made_here_is_long_and_never_the_same(shop: Light, vault: Vault) -> None:
    session = opened(shop, vault)
    await look(session, "variable")
    step = session.findings["variable.AUTH_SECRET"].step
    assert isinstance(step, Write)
    event = (await do(session, step))[-1]
    value = shop.values()["AUTH_SECRET"]
    shop.typed.append(value)

    assert event.kind == "done"
    assert len(value) >= 32
    assert value not in event.text
    assert len({session.generate("AUTH_SECRET").reveal() for _ in range(50)}) == 50
    assert session.findings["variable.AUTH_SECRET"].status is Status.OK


@pytest.fixture
def listening(shop: Light) -> Iterator[Light]:
    """A project with two listeners, and a CLI that tells the secret of the account whose key it is given."""
    scripts = {
        "dev": "next dev",
        "hook": "stripe listen --forward-to localhost:3000/api/hook",
        "hook:two": "stripe listen --forward-to localhost:3000/api/two",
    }
    shop.package(scripts=scripts)
    names = "# Printed by: pnpm hook\nSTRIPE_WEBHOOK_SECRET=whsec_...\n"
    shop.template(TEMPLATE + names + "# Printed by: pnpm hook:two\nSTRIPE_TWO_WEBHOOK_SECRET=whsec_...\n")
    account = shop.services.stripe.account
    shop.tool(
        "stripe",
        f'echo "$@" >> "{shop.root}/stripe-argv"\ncase "$*" in *--print-secret*) '
        f'[ "$STRIPE_API_KEY" = {account.secret_key} ] && echo {account.webhook_secret} || exit 1;; '
        "*) echo stripe version 1.33.0;; esac",
    )
    yield shop
    shop.tool("stripe", None)  # the script knows a key


async def test_the_listeners_secret_is_stored_under_every_listeners_variable(listening: Light, vault: Vault) -> None:
    shop, account = listening, listening.services.stripe.account
    session = opened(shop, vault)
    shop.file.write_text(f"STRIPE_SECRET_KEY={account.secret_key}\n")
    events = [event async for event in session.listener_secrets()]
    names = ("STRIPE_WEBHOOK_SECRET", "STRIPE_TWO_WEBHOOK_SECRET")
    kept = await vault.get(session.project.id)

    assert events[-1].kind == "done"
    assert [shop.values()[name] for name in names] == [account.webhook_secret] * 2
    assert [kept[name].value.reveal() for name in names] == [account.webhook_secret] * 2
    assert account.webhook_secret not in str(events)
    assert account.secret_key not in (shop.root / "stripe-argv").read_text()


async def test_a_cli_that_gives_no_secret_changes_nothing(listening: Light, vault: Vault) -> None:
    session = opened(listening, vault)
    events = await do(session, Run("Get the signing secrets", ("onboard", "listen", "--secrets")))

    assert events[-1].kind == "failed"
    assert "no signing secret" in events[-1].text
    assert events[-1].data["hint"]
    assert not listening.file.exists()


# trying a value


async def test_a_right_key_is_accepted_with_whose_it_is_and_remembered_as_verified(shop: Light, vault: Vault) -> None:
    session = opened(shop, vault)
    values = {"STRIPE_SECRET_KEY": Secret(shop.services.stripe.secret_key)}
    trial = await session.attempt(values)
    await session.save(values, trial)
    row = next(row for row in session.rows() if row.name == "STRIPE_SECRET_KEY")

    assert (trial.may_save, trial.verified) == (True, True)
    assert shop.services.stripe.account.id in trial.identity.values()
    assert (row.state, bool(row.verified_at)) == ("ok", True)


async def test_keys_of_two_accounts_are_told_apart_before_they_are_saved(shop: Light, vault: Vault) -> None:
    stripe = shop.services.stripe
    other = stripe.open_account("Somebody else's")
    session = opened(shop, vault)
    trial = await session.attempt(
        {
            "STRIPE_SECRET_KEY": Secret(stripe.secret_key),
            "NEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY": Secret(other.publishable_key),
        }
    )
    pair = next(f for f in trial.findings if f.id == "pair.stripe")

    assert pair.status in (Status.WARN, Status.FAIL)
    assert trial.may_insist


@pytest.mark.parametrize("fault", [Fault.RATE_LIMITED, Fault.HTML_401, Fault.CUT])
async def test_a_service_that_could_not_tell_may_be_insisted_against_but_is_not_verified(
    shop: Light, vault: Vault, fault: Fault
) -> None:
    session = opened(shop, vault)
    shop.services.misbehave(fault)
    trial = await session.attempt({"ANTHROPIC_API_KEY": Secret(shop.services.anthropic.api_key)})

    assert (trial.may_save, trial.may_insist, trial.verified) == (False, True, False)


async def test_forgetting_leaves_the_file_and_nothing_else(shop: Light, vault: Vault) -> None:
    session = opened(shop, vault)
    await enter(session, TEAM_NOTE="the note of the team")
    await session.forget()

    assert await vault.get(session.project.id) == {}
    assert shop.values()["TEAM_NOTE"] == "the note of the team"
    assert await opened(shop, vault).undo() == ()


async def test_a_new_file_is_the_template_with_only_what_is_ready_in_it(shop: Light, vault: Vault) -> None:
    shop.template(TEMPLATE + "NODE_OPTIONS=--require ./x.js\nLD_PRELOAD=./x.so\nPATH=.\nNODE_OPTIONS=--again\n")
    session = opened(shop, vault)
    await enter(session, TEAM_NOTE="the note of the team")

    assert set(session.view().values) <= {"TEAM_NOTE", "APP_URL"}
    shop.file.unlink()
    shop.template(TEMPLATE + "NODE_OPTIONS=--require ./x.js\nPATH=.\n")
    again = opened(shop, vault)
    await enter(again, TEAM_NOTE="the note of the team")

    assert set(again.view().values) == {"TEAM_NOTE", "APP_URL"}
    assert "# Make one with: openssl rand -base64 32" in shop.file.read_text()


async def test_a_form_says_that_one_of_several_ways_is_enough_and_where_each_value_goes(
    shop: Light, vault: Vault, tmp_path: Path
) -> None:
    folder = tmp_path / "cloudgreet"
    shutil.copytree(Path(__file__).parent / "projects" / "cloudgreet", folder)
    session = opened(shop, vault, folder)
    ways = ("Vercel Edge Config", "Upstash", "Redis")

    assert session.form(("EDGE_CONFIG_URL",)).ways == ways
    assert session.form(("REDIS_REST_URL", "REDIS_REST_TOKEN")).ways == ways
    assert session.form(("REDIS_URL",)).hosts == ("the server that the value itself names",)
    assert session.form(("REDIS_REST_URL", "REDIS_REST_TOKEN")).hosts == ("*.upstash.io", "this machine")
    assert session.form(("SLACK_WEBHOOK_URL",)).ways == ()
