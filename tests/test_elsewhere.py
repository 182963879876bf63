"""The team's other places after a change: found by what they hold, given the new value only where a person asks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import ExitStack

import pytest

from onboard.errors import NeedsPerson
from onboard.model import Status
from onboard.rotation import Change, Holds, Place, Rotator
from onboard.sandbox.served import Fault, serve
from onboard.sandbox.standins.resend import ResendStandIn
from onboard.session import Session
from tests.remote_world import World, world

__all__ = ["world"]

pytestmark = pytest.mark.anyio

NAME = "RESEND_API_KEY"
USES_IT = "on: push\njobs:\n  send:\n    env:\n      KEY: ${{ secrets.RESEND_API_KEY }}\n"


class Team:
    """A developer whose key is at Vercel and at GitHub too."""

    def __init__(self, world: World, resend: ResendStandIn) -> None:
        self.world, self.resend, self.old = world, resend, resend.key
        world.oracle.know(self.old, name="old", allowed=("file:tmp/shop/.env.local", "host:resend"))
        template = world.project / ".env.local.example"
        template.write_text(template.read_text() + f'{NAME}="re_..."\n')
        world.set(NAME, "here", self.old)
        self.session: Session | None = None

    async def changed(self) -> tuple[Rotator, Change]:
        """Change the key here, by the service's API."""
        self.session = self.world.session(terminal=True)
        rotator = self.session.rotate()
        (change,) = await rotator.changes(NAME)
        new = await rotator.begin(change)
        assert new is not None
        self.world.oracle.know(self.new, name="new", allowed=("file:tmp/shop/.env.local", "host:*"))
        await rotator.commit(change, new, await rotator.attempt(new))
        return rotator, (await rotator.changes(NAME))[0]

    @property
    def new(self) -> str:
        return next(key for key in self.resend.keys.values() if key != self.old)

    def at(self, place: str) -> str:
        """Return what one environment at Vercel has."""
        rows = [row for row in self.world.vercel.env if row["key"] == NAME and place in row["target"]]
        return str(self.world.vercel.sealed.get(rows[0]["id"], rows[0]["value"]))


@pytest.fixture
async def team(world: World) -> AsyncIterator[Team]:
    with ExitStack() as ends:
        resend = ResendStandIn()
        world.served["resend"] = ends.enter_context(serve(resend))
        made = Team(world, resend)
        yield made
        if made.session is not None:
            await made.session.close()
            world.shown(made.session, {})


def titles(places: tuple[Place, ...], *holds: Holds) -> set[str]:
    return {place.title for place in places if place.holds in holds}


async def test_only_places_that_have_the_old_value_are_owed_and_they_get_the_new_one(team: Team) -> None:
    team.world.set(NAME, "preview", team.old)
    team.world.set(NAME, "development", f"{team.old}\n")
    team.world.set(NAME, "production", team.world.secret("re_"))
    production = team.at("production")
    rotator, change = await team.changed()

    places = await rotator.elsewhere(change)

    assert titles(places, Holds.OLD) == {"Vercel, preview", "Vercel, development"}
    assert titles(places, Holds.ANOTHER) == {"Vercel, production"}
    assert not any(place.why_not for place in places)
    for place in places:
        if place.owed:
            assert (await rotator.give(change, place)).status is Status.OK
    assert (team.at("preview"), team.at("development"), team.at("production")) == (team.new, team.new, production)
    assert not any(place.owed for place in await rotator.elsewhere(change))


async def test_a_value_that_nobody_can_read_is_named_and_given_once(team: Team) -> None:
    team.world.set(NAME, "preview", team.old, "sensitive")
    team.world.gh()
    team.world.github.secrets.append(NAME)
    team.world.workflow(USES_IT)
    rotator, change = await team.changed()

    places = await rotator.elsewhere(change)

    assert titles(places, Holds.UNREAD) == {"Vercel, preview", "GitHub Actions of wavepoint/shop"}
    for place in places:
        assert (await rotator.give(change, place)).status is Status.OK
    assert team.at("preview") == team.new
    assert team.world.github.values == {NAME: team.new}
    assert await rotator.elsewhere(change) == ()


async def test_what_holds_the_same_value_under_another_name_is_found(team: Team) -> None:
    team.world.set("MAIL_KEY", "preview", team.old)
    rotator, change = await team.changed()

    (place,) = await rotator.elsewhere(change)

    assert (place.variable, place.source, place.holds) == ("MAIL_KEY", NAME, Holds.OLD)


async def test_before_a_change_the_places_of_the_same_value_are_told(team: Team) -> None:
    team.world.set(NAME, "preview", team.old)
    team.session = team.world.session(terminal=True)
    rotator = team.session.rotate()
    (change,) = await rotator.changes(NAME)

    assert titles(await rotator.elsewhere(change), Holds.OLD) == {"Vercel, preview"}


async def test_nothing_is_asked_of_a_place_that_has_nothing_to_do_with_it(team: Team) -> None:
    team.world.workflow(USES_IT.replace(NAME, "OTHER"))
    rotator, change = await team.changed()

    assert await rotator.elsewhere(change) == ()


async def test_where_nobody_can_look_each_place_is_named_with_its_command(team: Team) -> None:
    team.world.workflow(USES_IT)
    team.world.gh(signed_in=False)
    (team.world.root / "home/.local/share/com.vercel.cli/auth.json").unlink()
    rotator, change = await team.changed()

    places = await rotator.elsewhere(change)

    assert {place.holds for place in places} == {Holds.UNTOLD}
    assert all(place.why_not.startswith("not looked at: ") for place in places)
    assert {place.command for place in places} == {
        f"vercel env update {NAME} production",
        f"vercel env update {NAME} preview",
        f"vercel env update {NAME} development",
        f"gh secret set {NAME}",
    }


@pytest.mark.parametrize("fault", [Fault.HTML, Fault.FAILING, Fault.EMPTY])
async def test_where_the_answer_is_lost_nothing_is_claimed_and_the_next_look_tells(team: Team, fault: Fault) -> None:
    team.world.set(NAME, "preview", team.old)
    rotator, change = await team.changed()
    (place,) = await rotator.elsewhere(change)
    team.world.served["vercel"].fault = fault

    verdict = await rotator.give(change, place)

    assert verdict.status is Status.UNKNOWN
    team.world.served["vercel"].fault = Fault.NONE
    assert [one.holds for one in await rotator.elsewhere(change)] == [Holds.NEW]


async def test_a_token_that_may_only_read_is_told_so(team: Team) -> None:
    team.world.set(NAME, "preview", team.old)
    team.world.vercel.readers.add(team.world.vercel.token)
    team.world.gh()
    team.world.github.secrets.append(NAME)
    team.world.github.may_write = False
    team.world.workflow(USES_IT)
    rotator, change = await team.changed()

    for place in await rotator.elsewhere(change):
        assert (await rotator.give(change, place)).status is Status.WARN
    assert team.at("preview") == team.old
    assert team.world.github.values == {}


async def test_what_an_integration_keeps_and_what_another_lends_is_left_to_a_person(team: Team) -> None:
    team.world.set(NAME, "preview", team.old)
    team.world.vercel.env[-1]["configurationId"] = "icfg_0123456789"
    team.world.gh()
    team.world.github.lent.append(NAME)
    team.world.workflow(USES_IT)
    rotator, change = await team.changed()

    places = {place.title: place.why_not for place in await rotator.elsewhere(change)}

    assert places["Vercel, preview"].startswith("an integration keeps it")
    assert places["GitHub Actions of wavepoint/shop"].startswith("the repository itself has none")


async def test_what_the_team_shares_between_projects_is_named_and_left_to_a_person(team: Team) -> None:
    team.world.vercel.shared["preview"] = {NAME: team.old}
    rotator, change = await team.changed()

    (place,) = await rotator.elsewhere(change)

    assert (place.title, place.holds) == ("Vercel, preview", Holds.OLD)
    assert place.why_not.startswith("the team shares it between projects")


async def test_where_the_login_has_gone_meanwhile_nothing_is_sent(team: Team) -> None:
    team.world.set(NAME, "preview", team.old)
    rotator, change = await team.changed()
    (place,) = await rotator.elsewhere(change)
    (team.world.root / "home/.local/share/com.vercel.cli/auth.json").unlink()
    before = len(team.world.served["vercel"].requests)

    verdict = await rotator.give(change, place)

    assert verdict.status is Status.UNKNOWN
    assert len(team.world.served["vercel"].requests) == before


async def test_a_test_key_is_not_offered_to_production(world: World) -> None:
    for name, kind in (("STRIPE_SECRET_KEY", "sensitive"), ("AUTH_SECRET", "sensitive")):
        world.set(name, "production", world.secret(), kind)
    session = world.session(terminal=True)
    rotator = session.rotate()
    changes = await rotator.changes("STRIPE_SECRET_KEY", "AUTH_SECRET")
    places = {change.name: await rotator.elsewhere(change) for change in changes}
    await session.close()

    stripe = next(place for place in places["STRIPE_SECRET_KEY"] if place.production)
    assert (stripe.why_not, stripe.command) == ("a test key does not belong there", "")
    own = next(place for place in places["AUTH_SECRET"] if place.production)
    assert own.why_not == "each place may well have a random value of its own"
    world.shown(session, {})


async def test_no_place_is_written_where_nobody_is_at_the_terminal(team: Team) -> None:
    team.world.set(NAME, "preview", team.old)
    rotator, change = await team.changed()
    (place,) = await rotator.elsewhere(change)
    alone = team.world.session()

    with pytest.raises(NeedsPerson):
        await alone.rotate().give(change, place)
    await alone.close()
    assert team.at("preview") == team.old


async def test_the_journal_of_a_change_holds_no_value(team: Team) -> None:
    team.world.set(NAME, "preview", team.old)
    rotator, change = await team.changed()
    for place in await rotator.elsewhere(change):
        await rotator.give(change, place)

    kept = "".join(path.read_text() for path in (team.world.root / "state").rglob("*.json"))
    assert '"given"' in kept
    assert team.new not in kept
    assert team.old not in kept
