"""Changing a credential: at every instant one that works is stored, and the next start says the truth and goes on."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from onboard.checks.rotation import journal
from onboard.choices import Choices
from onboard.envfile.document import EnvFile
from onboard.errors import NeedsPerson, OnboardError, UsageError, VaultError
from onboard.model import Secret, Status
from onboard.rotation import Stage
from onboard.sandbox.served import Fault, Served, StandIn, serve
from onboard.sandbox.standins.neon import NeonStandIn
from onboard.sandbox.standins.resend import ResendStandIn
from onboard.sandbox.standins.stripe import StripeStandIn
from onboard.session import Session
from tests.rotating import DONE, change, opened, undone

MOST_STEPS = 40
"""More than any change takes; a count that reaches it would run for ever."""


class Place:
    """A project with its env file, vault and services."""

    def __init__(self, folder: Path, package: Mapping[str, str] | None = None) -> None:
        self.folder, self.project = folder, folder / "project"
        self.project.mkdir(parents=True)
        content = {"name": "x", "scripts": {"dev": "next dev"}, "dependencies": package or {"next": "15.0.0"}}
        (self.project / "package.json").write_text(json.dumps(content))

    def holds(self, **values: str) -> None:
        """Write the template and the env file."""
        (self.project / ".env.local.example").write_text("".join(f"{name}=\n" for name in values))
        (self.project / ".env.local").write_text("".join(f'{name}="{text}"\n' for name, text in values.items()))

    def value(self, name: str) -> str:
        found = EnvFile.parse((self.project / ".env.local").read_bytes()).get(name)
        return found.reveal() if found else ""

    @property
    def vault(self) -> dict[str, str]:
        path = self.folder / "vault.json"
        texts = json.loads(path.read_text()) if path.exists() else {}
        return {n: one["value"] for text in texts.values() for n, one in json.loads(text)["values"].items()}

    @property
    def stored(self) -> str:
        """All that is stored anywhere."""
        return (self.project / ".env.local").read_text() + json.dumps(self.vault)

    @property
    def in_use(self) -> str:
        """All that is stored but what `onboard env --undo` needs."""
        values = {name: text for name, text in self.vault.items() if name != "@undo"}
        return (self.project / ".env.local").read_text() + json.dumps(values)

    @property
    def noted(self) -> Mapping[str, Mapping[str, Any]]:
        session = opened(self.folder)
        return journal(Choices(session.machine.state, session.project.id))


@contextmanager
def place(
    folder: Path, *stand_ins: StandIn, package: Mapping[str, str] | None = None
) -> Iterator[tuple[Place, Served]]:
    with ExitStack() as ends:
        made = Place(folder, package)
        served = [ends.enter_context(serve(one)) for one in stand_ins]
        endpoints = {id: url for one in served for id, url in one.endpoints.items()}
        (folder / "endpoints.json").write_text(json.dumps(endpoints))
        yield made, served[0] if served else None  # type: ignore[misc]


@pytest.fixture(scope="module")
def forks() -> Iterator[Callable[..., int]]:
    """Does jobs, each in a process of its own, and says how it ended."""
    argv = [sys.executable, "-m", "tests.rotating"]
    pipe = subprocess.PIPE
    with subprocess.Popen(argv, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdin is not None

        def work(place: Place, name: str, **job: Any) -> int:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps({"folder": str(place.folder), "name": name, "at": 0, **job}) + "\n")
            process.stdin.flush()
            return int(process.stdout.readline())

        yield work
        process.stdin.close()


async def findings(folder: Path) -> dict[str, Status]:
    session = opened(folder)
    try:
        return {f.id: f.status async for f in session.look("rotation")}
    finally:
        await session.close()


# an API service


@pytest.mark.long
@pytest.mark.anyio
async def test_a_working_key_is_stored_whatever_instant_an_api_change_is_killed_at(
    tmp_path: Path, forks: Callable[..., int]
) -> None:
    for at in range(1, MOST_STEPS):
        service = ResendStandIn()
        with place(tmp_path / str(at), service) as (here, _):
            here.holds(RESEND_API_KEY=service.key)
            old = service.key

            code = forks(here, "RESEND_API_KEY", kind="kill", at=at)

            assert code in (-9, DONE)
            assert any(key in here.stored for key in service.keys.values()), at
            assert here.value("RESEND_API_KEY") in service.keys.values(), at
            told = await findings(here.folder)
            unfinished = len(service.keys) > 1 or here.value("RESEND_API_KEY") != here.vault.get("RESEND_API_KEY")
            if code != DONE and unfinished and here.noted:
                assert told == {"rotation.RESEND_API_KEY": Status.WARN}, at
            assert not unfinished or told or here.value("RESEND_API_KEY") == old, at

            if here.noted or here.value("RESEND_API_KEY") == old:
                await change(opened(here.folder), "RESEND_API_KEY")
            if here.noted:  # two keys at the service: which one was the old one, only a person can tell
                service.keys = {id: key for id, key in service.keys.items() if key != old}
                await change(opened(here.folder), "RESEND_API_KEY", by_hand=True)

            assert here.value("RESEND_API_KEY") == here.vault["RESEND_API_KEY"] != old, at
            assert here.value("RESEND_API_KEY") in service.keys.values(), at
            assert not here.noted, at
            assert code != DONE or not [name for name in here.vault if name.startswith(("@old", "@new"))], at
        if code == DONE:
            assert at > 8
            return
    raise AssertionError("no end")


@pytest.mark.long
@pytest.mark.anyio
async def test_a_key_that_was_made_before_a_kill_is_taken_up_instead_of_another(
    tmp_path: Path, forks: Callable[..., int]
) -> None:
    most = 0
    for at in range(1, 12):
        service = ResendStandIn()
        with place(tmp_path / str(at), service) as (here, _):
            here.holds(RESEND_API_KEY=service.key)
            if forks(here, "RESEND_API_KEY", kind="kill", at=at) == DONE:
                break
            waiting = "@new.RESEND_API_KEY" in here.vault and len(service.keys) == 2
            if waiting:
                most += 1
                made = json.loads(here.vault["@new.RESEND_API_KEY"])["RESEND_API_KEY"]
                await change(opened(here.folder), "RESEND_API_KEY")
                assert here.value("RESEND_API_KEY") == made
    assert most >= 3


@pytest.mark.anyio
async def test_a_new_key_that_is_refused_changes_nothing(tmp_path: Path) -> None:
    service = ResendStandIn()
    with place(tmp_path, service) as (here, _):
        here.holds(RESEND_API_KEY=service.key)
        session = opened(tmp_path)
        rotator = session.rotate()
        (one,) = await rotator.changes("resend")
        new = await rotator.begin(one)
        assert new is not None
        service.keys = {id: key for id, key in service.keys.items() if key not in {v.reveal() for v in new.values()}}

        with pytest.raises(OnboardError, match="not accepted"):
            await rotator.commit(one, new, await rotator.attempt(new))

        assert here.value("RESEND_API_KEY") == service.key
        assert "RESEND_API_KEY" not in here.vault
        assert await rotator.undo("RESEND_API_KEY") == ()
        assert not here.noted
        await session.close()


@pytest.mark.anyio
async def test_the_old_key_is_back_after_undo_as_long_as_it_lives(tmp_path: Path) -> None:
    service = ResendStandIn()
    with place(tmp_path, service) as (here, _):
        here.holds(RESEND_API_KEY=service.key)
        old = service.key
        await change(opened(tmp_path), "RESEND_API_KEY", end=False)
        assert here.value("RESEND_API_KEY") != old

        session = opened(tmp_path)
        assert await session.rotate().undo("RESEND_API_KEY") == ("RESEND_API_KEY",)

        assert here.value("RESEND_API_KEY") == here.vault["RESEND_API_KEY"] == old
        assert not here.noted

        await change(opened(tmp_path), "RESEND_API_KEY", end=False)
        new = here.value("RESEND_API_KEY")
        service.keys = {id: key for id, key in service.keys.items() if key != old}
        with pytest.raises(OnboardError, match="dead already"):
            await undone(opened(tmp_path), "RESEND_API_KEY")
        assert here.value("RESEND_API_KEY") == new
        await session.close()


@pytest.mark.anyio
async def test_an_old_key_that_somebody_put_back_is_not_ended(tmp_path: Path) -> None:
    service = ResendStandIn()
    with place(tmp_path, service) as (here, _):
        here.holds(RESEND_API_KEY=service.key)
        old = service.key
        await change(opened(tmp_path), "RESEND_API_KEY", end=False)
        here.holds(RESEND_API_KEY=old)

        with pytest.raises(OnboardError, match="nothing is ended"):
            await change(opened(tmp_path), "RESEND_API_KEY")

        assert old in service.keys.values()
        assert await undone(opened(tmp_path), "RESEND_API_KEY") == ("RESEND_API_KEY",)
        assert here.value("RESEND_API_KEY") == here.vault["RESEND_API_KEY"] == old
        assert not here.noted


@pytest.mark.anyio
async def test_a_change_that_env_undo_took_back_ends_nothing_and_can_be_closed(tmp_path: Path) -> None:
    service = ResendStandIn()
    with place(tmp_path, service) as (here, _):
        here.holds(RESEND_API_KEY=service.key)
        old = service.key
        await change(opened(tmp_path), "RESEND_API_KEY", end=False)
        session = opened(tmp_path)
        await session.undo()
        await session.close()
        assert here.value("RESEND_API_KEY") == old

        for by_hand in (False, True):
            with pytest.raises(OnboardError, match="nothing is ended"):
                await change(opened(tmp_path), "RESEND_API_KEY", by_hand=by_hand)

        assert old in service.keys.values()
        await undone(opened(tmp_path), "RESEND_API_KEY")
        assert here.value("RESEND_API_KEY") == old
        assert not here.noted


@pytest.mark.anyio
async def test_the_old_password_of_neon_ends_at_once_and_every_variable_that_holds_it_follows(tmp_path: Path) -> None:
    service = NeonStandIn()
    with place(tmp_path, service) as (here, _):
        old = service.development.passwords[-1]
        here.holds(
            DATABASE_URL=service.url(pooled=True),
            DATABASE_URL_UNPOOLED=service.url(),
            PGPASSWORD=old,
            NEON_API_KEY=service.api_key,
        )

        assert await change(opened(tmp_path), "DATABASE_URL") is Status.OK

        new = service.development.passwords[-1]
        assert new != old
        assert here.value("DATABASE_URL") == service.url(pooled=True)
        assert here.value("DATABASE_URL_UNPOOLED") == service.url()
        assert here.value("PGPASSWORD") == new
        assert old not in here.in_use


@pytest.mark.anyio
async def test_a_key_for_the_api_that_is_typed_once_is_kept_nowhere(tmp_path: Path) -> None:
    service = NeonStandIn()
    with place(tmp_path, service) as (here, _):
        here.holds(DATABASE_URL=service.url())
        session = opened(tmp_path)
        rotator = session.rotate()
        (one,) = await rotator.changes("neon")
        assert one.wants == (("api", "NEON_API_KEY"),)
        with pytest.raises(OnboardError, match="NEON_API_KEY"):
            await rotator.begin(one)
        assert journal(Choices(session.machine.state, session.project.id)) == {}

        new = await rotator.begin(one, {"api": Secret(service.api_key)})

        assert new == {"DATABASE_URL": Secret(service.url())}
        assert service.api_key not in here.stored
        done = await rotator.commit(one, new, await rotator.attempt(new))
        assert done.old_dead
        assert not done.can_undo
        await session.close()


@pytest.mark.anyio
async def test_the_password_of_the_default_branch_is_not_reset_from_here(tmp_path: Path) -> None:
    service = NeonStandIn()
    with place(tmp_path, service) as (here, _):
        here.holds(DATABASE_URL=service.url(service.main), NEON_API_KEY=service.api_key)
        before = list(service.main.passwords)

        with pytest.raises(NeedsPerson, match="default branch"):
            await change(opened(tmp_path), "DATABASE_URL")

        assert service.main.passwords == before


@pytest.mark.long
@pytest.mark.anyio
async def test_a_neon_password_that_was_reset_just_before_a_kill_is_not_lost(
    tmp_path: Path, forks: Callable[..., int]
) -> None:
    lost, stored = 0, False
    for at in range(1, MOST_STEPS):
        service = NeonStandIn()
        with place(tmp_path / str(at), service) as (here, _):
            here.holds(DATABASE_URL=service.url(), NEON_API_KEY=service.api_key)
            old = service.development.passwords[-1]
            forks(here, "DATABASE_URL", kind="kill", at=at)
            new = service.development.passwords[-1]
            if new != old and new not in here.stored:
                # One place: the service has answered, the keyring has not. What can make another one is stored.
                lost += 1
                assert service.api_key in here.stored
                assert await findings(here.folder) == {"rotation.DATABASE_URL": Status.WARN}
            elif new != old:
                await change(opened(here.folder), "DATABASE_URL", by_hand=True) if here.noted else None
                assert here.value("DATABASE_URL") == here.vault["DATABASE_URL"] == service.url()
            stored = new != old and new in here.stored
        if stored:
            break
    assert lost <= 2
    assert stored


# a guided one


@pytest.mark.long
@pytest.mark.anyio
async def test_a_working_key_is_stored_whatever_instant_a_guided_change_is_killed_at(
    tmp_path: Path, forks: Callable[..., int]
) -> None:
    for at in range(1, MOST_STEPS):
        service = StripeStandIn()
        with place(tmp_path / str(at), service) as (here, _):
            old, new = service.secret_key, service.issue(service.account, "sk_test")
            here.holds(STRIPE_SECRET_KEY=old)

            code = forks(here, "STRIPE_SECRET_KEY", kind="kill", at=at, typed=new, end=False)

            assert here.value("STRIPE_SECRET_KEY") in (old, new), at
            told = await findings(here.folder)
            if here.value("STRIPE_SECRET_KEY") != here.vault.get("STRIPE_SECRET_KEY", old):
                assert told == {"rotation.STRIPE_SECRET_KEY": Status.WARN}, at
            await change(opened(here.folder), "STRIPE_SECRET_KEY", new, end=False)
            assert here.value("STRIPE_SECRET_KEY") == here.vault["STRIPE_SECRET_KEY"] == new, at
            assert await change(opened(here.folder), "STRIPE_SECRET_KEY", by_hand=True) is Status.WARN
            service.revoke(old)
            assert await change(opened(here.folder), "STRIPE_SECRET_KEY", by_hand=True) is Status.OK
            assert not here.noted
            assert old not in here.in_use
        if code == DONE:
            assert at > 6
            return
    raise AssertionError("no end")


@pytest.mark.anyio
async def test_a_mistyped_key_and_a_live_one_stay_out(tmp_path: Path) -> None:
    service = StripeStandIn()
    with place(tmp_path, service) as (here, served):
        here.holds(STRIPE_SECRET_KEY=service.secret_key)
        for wrong in (service.account.new_key("sk_test"), service.account.new_key("sk_live")):
            with pytest.raises(OnboardError, match="not accepted"):
                await change(opened(tmp_path), "STRIPE_SECRET_KEY", wrong)
            assert here.value("STRIPE_SECRET_KEY") == service.secret_key
        assert not any("sk_live" in str(dict(request.headers)) for request in served.requests)


@pytest.mark.anyio
async def test_without_a_keyring_an_unverified_value_does_not_take_the_place_of_the_old_one(tmp_path: Path) -> None:
    service = StripeStandIn()
    with place(tmp_path, service) as (here, served):
        here.holds(STRIPE_SECRET_KEY=service.secret_key)
        new = service.issue(service.account, "sk_test")
        served.fault = Fault.FAILING
        session = opened(tmp_path, absent=True)
        rotator = session.rotate()
        (one,) = await rotator.changes("STRIPE_SECRET_KEY")
        values = {"STRIPE_SECRET_KEY": Secret(new)}
        trial = await rotator.attempt(values)
        with pytest.raises(VaultError):
            await rotator.commit(one, values, trial, insisted=True)
        assert here.value("STRIPE_SECRET_KEY") == service.secret_key

        served.fault = Fault.NONE
        done = await rotator.commit(one, values, await rotator.attempt(values))

        assert here.value("STRIPE_SECRET_KEY") == new
        assert not done.can_undo
        assert any("keyring" in warning for warning in done.warnings)
        await session.close()


@pytest.mark.anyio
async def test_an_env_file_that_cannot_be_written_leaves_both_keys_stored(
    tmp_path: Path, forks: Callable[..., int]
) -> None:
    service = StripeStandIn()
    with place(tmp_path, service) as (here, _):
        old, new = service.secret_key, service.issue(service.account, "sk_test")
        here.holds(STRIPE_SECRET_KEY=old)

        assert forks(here, "STRIPE_SECRET_KEY", kind="refuse", onto=".env.local", typed=new, end=False) != DONE

        assert here.value("STRIPE_SECRET_KEY") == old
        assert here.vault["STRIPE_SECRET_KEY"] == new
        assert await findings(tmp_path) == {"rotation.STRIPE_SECRET_KEY": Status.WARN}
        session = opened(tmp_path)
        assert await session.rotate().undo("STRIPE_SECRET_KEY") == ("STRIPE_SECRET_KEY",)
        assert here.value("STRIPE_SECRET_KEY") == here.vault["STRIPE_SECRET_KEY"] == old
        await session.close()


# a generated one

AUTH_5 = {"next": "15.0.0", "next-auth": "^5.0.0-beta.25"}
AUTH_4 = {"next": "15.0.0", "next-auth": "^4.24.0"}


@pytest.mark.long
@pytest.mark.anyio
async def test_nobody_is_signed_out_whatever_instant_the_change_of_an_auth_secret_is_killed_at(
    tmp_path: Path, forks: Callable[..., int]
) -> None:
    old = "k3J9sLq0Zr7Xv1Bn5Mw8Ty2Ui6Op4As+Df/Gh=Jk3lQ="
    for at in range(1, MOST_STEPS):
        with place(tmp_path / str(at), package=AUTH_5) as (here, _):
            here.holds(AUTH_SECRET=old)

            code = forks(here, "AUTH_SECRET", kind="kill", at=at)

            assert here.value("AUTH_SECRET") == old
            if here.value("AUTH_SECRET_1") != here.vault.get("AUTH_SECRET_1", ""):
                assert await findings(here.folder) == {"rotation.AUTH_SECRET": Status.WARN}, at
            if not here.value("AUTH_SECRET_1"):
                await change(opened(here.folder), "AUTH_SECRET")
            assert here.value("AUTH_SECRET") == old
            assert len(here.value("AUTH_SECRET_1")) == 44
        if code == DONE:
            return
    raise AssertionError("no end")


@pytest.mark.anyio
async def test_an_older_auth_js_has_no_list_and_says_that_everybody_is_signed_out(tmp_path: Path) -> None:
    with place(tmp_path, package=AUTH_4) as (here, _):
        here.holds(
            AUTH_SECRET="k3J9sLq0Zr7Xv1Bn5Mw8Ty2Ui6Op4As+Df/Gh=Jk3lQ=", NEXTAUTH_SECRET="q" * 20 + "wertzuiop12345"
        )
        session = opened(tmp_path)
        for name in ("AUTH_SECRET", "NEXTAUTH_SECRET"):
            old = here.value(name)
            (one,) = await session.rotate().changes(name)
            assert one.how == "local"
            assert "signed out" in one.breaks
            await change(opened(tmp_path), name)
            assert here.value(name) != old
            assert await undone(opened(tmp_path), name) == (name,)
            assert here.value(name) == old
        assert not here.value("AUTH_SECRET_1")
        await session.close()


@pytest.mark.anyio
async def test_the_list_of_auth_secrets_holds_the_last_four_and_the_newest_signs(tmp_path: Path) -> None:
    with place(tmp_path, package=AUTH_5) as (here, _):
        here.holds(AUTH_SECRET="k3J9sLq0Zr7Xv1Bn5Mw8Ty2Ui6Op4As+Df/Gh=Jk3lQ=")
        signed = [here.value("AUTH_SECRET")]
        for _ in range(5):
            await change(opened(tmp_path), "AUTH_SECRET")
            names = ("AUTH_SECRET", "AUTH_SECRET_1", "AUTH_SECRET_2", "AUTH_SECRET_3")
            listed = [text for name in names if (text := here.value(name))]
            signed.append(listed[-1])
            assert listed == signed[-4:]
        assert len(set(signed)) == 6


# five faults at each of the six steps

FAULTS = ("kill", "interrupt", "fail", "readonly", "offline")
STEPS = {
    "api": {"note it": 1, "get it": 3, "keep it": 4, "try and store it": 6, "write the file": 7, "end the old": 12},
    "guided": {"try it": 1, "note it": 3, "keep it": 4, "store it": 5, "write the file": 6, "note the end": 9},
    "made here": {"note it": 1, "keep it": 2, "note that": 3, "store it": 4, "write the file": 5, "note the end": 7},
}
"""Before which rename or connection each step of a change begins; `STAGES` holds it true."""
STAGES = {
    "api": (None, "asked", "asked", "made", "made", "saved"),
    "guided": (None, "asked", "asked", "made", "made", "saved"),
    "made here": (None, "asked", "asked", "made", "made", "made"),
}
TRUE_OF = {
    "asked": "whether there is one is not known",
    "made": "not in use yet",
    "saved": "the old one is not proven dead yet",
    "in use": "the new one is in use",
}


@pytest.mark.long
@pytest.mark.anyio
@pytest.mark.parametrize("service", STEPS)
async def test_after_a_fault_at_any_step_a_working_value_is_stored_and_the_next_start_says_how_far_it_is(
    service: str, tmp_path: Path, forks: Callable[..., int]
) -> None:
    for fault in FAULTS:
        for (step, at), stage in zip(STEPS[service].items(), STAGES[service], strict=True):
            where = f"{fault} at {step}"
            resend, stripe = ResendStandIn(), StripeStandIn()
            answering = {"api": (resend,), "guided": (stripe,)}.get(service, ())
            with place(tmp_path / where, *answering) as (here, _):
                name, old, more = _held(here, service, resend, stripe)
                code = forks(here, name, kind=fault, at=at, **more)

                working = {*resend.keys.values(), *stripe.keys} if answering else {old, here.vault.get(name, old)}
                assert here.value(name) in working, where
                if fault == "kill":
                    assert (code, here.noted.get(name, {}).get("stage")) == (-9, stage), where
                await _says_the_truth(here, name, old, where)


def _held(here: Place, service: str, resend: ResendStandIn, stripe: StripeStandIn) -> tuple[str, str, dict[str, Any]]:
    """Let the project hold a value; return its name, the value, and what the change needs besides."""
    if service == "api":
        here.holds(RESEND_API_KEY=resend.key)
        return "RESEND_API_KEY", resend.key, {}
    if service == "guided":
        here.holds(STRIPE_SECRET_KEY=stripe.secret_key)
        return "STRIPE_SECRET_KEY", stripe.secret_key, {"typed": stripe.issue(stripe.account, "sk_test"), "end": False}
    here.holds(CRON_SECRET="o" * 44)
    (here.project / ".env.local.example").write_text("# openssl rand -hex 32\nCRON_SECRET=\n")
    return "CRON_SECRET", "o" * 44, {}


async def _says_the_truth(here: Place, name: str, old: str, where: str) -> None:
    session = opened(here.folder)
    told = {finding.id: finding.summary async for finding in session.look("rotation")}
    await session.close()
    stage, new, vault = here.noted.get(name, {}).get("stage"), here.value(name) != old, here.vault
    if stage in (None, "kept"):
        assert told == {}, where
        assert here.value(name) == vault.get(name, old), where  # not begun, or over
        return
    assert set(told) == {f"rotation.{name}"}, where
    so = "in use" if new and stage != "saved" else stage
    assert TRUE_OF[so] in told[f"rotation.{name}"], where
    assert not new or vault.get(name) == here.value(name), where
    if so == "made":
        assert f"@new.{name}" in vault, where
    if so in ("in use", "saved"):
        assert new and f"@old.{name}" in vault, where  # noqa: PT018 -- one claim: it is in use, and there is a way back


# what is told, and who may


@pytest.mark.anyio
async def test_an_agent_is_told_what_to_do_and_changes_nothing(tmp_path: Path) -> None:
    service = ResendStandIn()
    with place(tmp_path, service) as (here, served):
        here.holds(RESEND_API_KEY=service.key)
        session = opened(tmp_path, terminal=False)
        rotator = session.rotate()
        (one,) = await rotator.changes("RESEND_API_KEY")
        for act in (rotator.begin(one), rotator.end(one), rotator.undo("RESEND_API_KEY")):
            with pytest.raises(NeedsPerson):
                await act
        assert len(service.keys) == 1
        assert not served.requests
        await session.close()


@pytest.mark.anyio
async def test_it_is_told_before_where_the_old_one_is_used(tmp_path: Path) -> None:
    with place(tmp_path, StripeStandIn()) as (here, _):
        here.holds(STRIPE_SECRET_KEY="sk_test_51Abcdefghijklmnopqrst", NEXT_PUBLIC_X="1")
        workflows = here.project / ".github" / "workflows"
        workflows.mkdir(parents=True)
        (workflows / "ci.yml").write_text("env:\n  KEY: ${{ secrets.STRIPE_SECRET_KEY }}\n")
        (here.project / ".vercel").mkdir()
        (here.project / ".vercel" / "project.json").write_text('{"projectId":"prj_abcdefgh","orgId":"team_abcdefgh"}')
        session = opened(tmp_path)

        rotator = session.rotate()
        (one,) = await rotator.changes("STRIPE_SECRET_KEY")
        commands = {place.command for place in await rotator.elsewhere(one)}

        assert one.how == "guided"
        assert one.page.startswith("https://dashboard.stripe.com/")
        assert "gh secret set STRIPE_SECRET_KEY" in commands
        assert "vercel env update STRIPE_SECRET_KEY preview" in commands
        assert any("dev server" in text for text in one.holds)
        assert "sk_test_51Abc" not in repr(one)
        for word in ("NEXT_PUBLIC_X", "NOTHING", "neon"):
            with pytest.raises(UsageError):
                await session.rotate().changes(word)
        await session.close()


@pytest.mark.anyio
async def test_what_was_set_long_ago_is_due(tmp_path: Path) -> None:
    with place(tmp_path) as (here, _):
        here.holds(AUTH_SECRET="x" * 44, NEXTAUTH_SECRET="y" * 44, BETTER_AUTH_SECRET="z" * 44)
        session: Session = opened(tmp_path)
        choices = Choices(session.machine.state, session.project.id)
        choices.dated("AUTH_SECRET", "set", "2026-07-01T00:00:00+00:00", Secret("x" * 44))
        choices.dated("NEXTAUTH_SECRET", "set", "2026-11-01T00:00:00+00:00", Secret("y" * 44))
        choices.dated("BETTER_AUTH_SECRET", "set", "2020-01-01T00:00:00+00:00", Secret("another value"))

        due, undated = await opened(tmp_path).rotate().due(90)

        assert due == ("AUTH_SECRET",)
        assert undated == ("BETTER_AUTH_SECRET",)
        await session.close()


def test_the_stages_are_those_that_are_told() -> None:
    assert {stage.value for stage in Stage} == {"asked", "made", "saved", "kept"}
