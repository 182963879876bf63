"""How remote places are asked: with which login, after which approval, and what their answers do not say."""

from __future__ import annotations

import time

import pytest

from onboard import remotes
from onboard.model import Status, Tell
from onboard.project import understand
from onboard.sandbox.invented import alnum
from onboard.sandbox.served import Fault, Request, Response, StandIn, serve
from tests.remote_world import WORKFLOW, World, told, world

__all__ = ["world"]

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    "fault", [Fault.RATE_LIMITED, Fault.FAILING, Fault.HTML, Fault.HTML_401, Fault.RESET, Fault.CUT]
)
async def test_what_could_not_be_told_is_never_a_failure(world: World, fault: Fault) -> None:
    world.workflow(WORKFLOW)
    world.gh()
    for served in world.served.values():
        served.fault = fault
    session = world.session()
    found = await world.look(session=session)

    assert {id: one.status for id, one in found.items()} == dict.fromkeys(
        ("remote.vercel", "remote.github"), Status.UNKNOWN
    )
    assert session.places == {}


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (Response.json({"error": {"code": "rate_limited", "message": "…"}}, 429), Status.UNKNOWN),
        (Response.json({"error": {"code": "challenge_required", "message": "…"}}, 403), Status.UNKNOWN),
        (Response.json({"error": {"code": "forbidden", "message": "…"}}, 403), Status.OK),
    ],
)
async def test_names_are_compared_where_values_may_not_be_read(world: World, answer: Response, status: Status) -> None:
    class Closed(StandIn):
        def answer(self, request: Request) -> Response:
            return answer if request.path.endswith("/production") else world.vercel.answer(request)

    with serve(Closed()) as served:
        world.served["vercel"] = served
        finding = (await world.look())["remote.vercel"]
        world.unset("DATABASE_URL", "preview")
        lacking = (await world.look())["remote.vercel"]

    assert finding.status is status, finding.summary
    assert "Production: its values were not read" in finding.detail
    assert told(lacking) == {("missing", "DATABASE_URL", "preview")}


async def test_a_refused_token_and_one_that_may_not_look_are_told_apart(world: World) -> None:
    world.vercel.tokens["tok_0001"] = world.vercel.new_token()
    refused = (await world.look())["remote.vercel"]
    world.log_in()
    world.vercel.team = f"team_{alnum(24)}"
    may_not = (await world.look())["remote.vercel"]

    assert (refused.status, refused.step) == (
        Status.UNKNOWN,
        Tell("Get a token that works", command="vercel login"),
    )
    assert may_not.status is Status.SKIPPED
    assert "ask someone who may" in may_not.detail


async def test_what_the_workflows_use_and_the_repository_lacks_is_told(world: World) -> None:
    world.workflow(WORKFLOW)
    world.gh()
    session = world.session()
    finding = (await world.look("remote.github", session))["remote.github"]

    assert finding.status is Status.WARN
    assert finding.evidence["missing"] == "NEON_API_KEY, NEON_PROJECT_ID"
    assert ".github/workflows/ci.yml:7: `gh secret set NEON_API_KEY`" in finding.detail
    assert ".github/workflows/ci.yml:5: `gh variable set NEON_PROJECT_ID`" in finding.detail
    assert finding.step is not None
    assert finding.step.command == "gh secret set NEON_API_KEY"
    assert session.places["github"] == dict.fromkeys(("APP_URL", "DATABASE_URL", "STRIPE_SECRET_KEY"), "set")


@pytest.mark.parametrize("where", ["repository", "organization", "environment"])
async def test_a_secret_counts_wherever_a_workflow_finds_it(world: World, where: str) -> None:
    world.workflow(WORKFLOW + ("    environment: production\n" if where == "environment" else ""))
    world.gh()
    world.github.variables.append("NEON_PROJECT_ID")
    places = {
        "repository": world.github.secrets,
        "organization": world.github.lent,
        "environment": world.github.environments.setdefault("production", []),
    }
    places[where].append("NEON_API_KEY")
    finding = (await world.look("remote.github"))["remote.github"]

    assert finding.status is Status.OK, finding.summary


async def test_a_login_that_may_not_list_is_no_trouble_of_the_repository(world: World) -> None:
    world.workflow(WORKFLOW)
    world.gh()
    world.github.may_list = False
    finding = (await world.look("remote.github"))["remote.github"]

    assert finding.status is Status.SKIPPED


@pytest.mark.parametrize("signed_in", [None, False])
async def test_without_a_login_of_gh_github_is_not_asked(world: World, signed_in: bool | None) -> None:
    world.workflow(WORKFLOW)
    if signed_in is not None:
        world.gh(signed_in=signed_in)
    else:
        world.env["PATH"] = str(world.root / "bin")
    finding = (await world.look("remote.github"))["remote.github"]

    assert finding.status is Status.SKIPPED
    assert "gh" in finding.summary
    assert world.served["github"].requests == []


@pytest.mark.parametrize(
    ("text", "secrets", "variables"),
    [
        ("run: x ${{ secrets.A }} ${{ secrets.b }}", {"A", "B"}, set()),
        ("if: ${{ vars.ON == 'yes' && secrets [ 'KEY' ] }}", {"KEY"}, {"ON"}),
        ("# run: ${{ secrets.OLD }}\nenv: {T: '${{ secrets.GITHUB_TOKEN }}'}", set(), set()),
        (
            "on:\n  workflow_call:\n    secrets:\n      GIVEN:\n        required: true\nx: ${{ secrets.GIVEN }}",
            set(),
            set(),
        ),
        ("secrets: inherit\nx: ${{ secrets.É }} my_secrets.NO", set(), set()),
        ("\0" * 1000 + "secrets." + "A" * 5000, set(), set()),
    ],
)
def test_workflows_are_read_by_their_look(world: World, text: str, secrets: set[str], variables: set[str]) -> None:
    world.workflow(text)
    found = remotes.workflows(understand(world.project))

    assert (set(found.secrets), set(found.variables)) == (secrets, variables)


@pytest.mark.parametrize("text", ["\n" * 120_000, "secrets.A " * 12_000, "   x\n" * 20_000, " " * 120_000 + ":"])
def test_a_hostile_workflow_costs_no_time(world: World, text: str) -> None:
    world.workflow("on: workflow_call\n" + text)
    project = understand(world.project)
    started = time.process_time()
    remotes.workflows(project)

    assert time.process_time() - started < 1


# approval


async def test_the_approval_names_each_host_and_what_goes_there_and_no_other_is_asked(world: World) -> None:
    plain = dict(world.session().approval().hosts)
    world.workflow(WORKFLOW)
    world.gh()
    session = world.session(trusted=False)
    hosts = dict(session.approval().hosts)
    before = await world.look(session=session)

    assert hosts.keys() - plain.keys() == {"api.github.com"}
    assert hosts["api.github.com"] == ("GITHUB_TOKEN", remotes.GITHUB_LOGIN)
    assert hosts["api.vercel.com"] == ("VERCEL_TOKEN", remotes.VERCEL_LOGIN)
    assert {one.status for one in before.values()} == {Status.SKIPPED}
    assert not any(served.requests for served in world.served.values())
    (world.project / ".vercel/project.json").unlink()
    assert "api.vercel.com" not in dict(world.session().approval().hosts)


async def test_only_questions_are_sent_that_change_nothing(world: World) -> None:
    world.workflow(WORKFLOW)
    world.gh()
    await world.look()
    asked = {request.path for served in world.served.values() for request in served.requests}

    assert {request.method for served in world.served.values() for request in served.requests} == {"GET"}
    assert asked == {
        f"/v10/projects/{world.vercel.project}/env",
        *(f"/v3/env/pull/{world.vercel.project}/{scope}" for scope in ("production", "preview", "development")),
        *(
            f"/repos/wavepoint/shop/actions/{kind}"
            for kind in ("secrets", "variables", "organization-secrets", "organization-variables")
        ),
    }


async def test_what_is_remembered_of_a_look_holds_nothing_of_the_remote_values(world: World) -> None:
    await world.look()
    live = world.values["DATABASE_URL", "production"]

    assert not any(live.encode() in path.read_bytes() for path in world.root.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("files", "found"),
    [
        (
            {".vercel/project.json": '{"projectId": "prj_aaaa", "orgId": "team_bbbb"}'},
            {"project": "prj_aaaa", "org": "team_bbbb"},
        ),
        ({".vercel/project.json": '{"projectId": "../../x"}'}, {}),
        ({".vercel/project.json": '{"orgId": "team_bbbb"}'}, {}),
        ({".vercel/project.json": "[" * 100_000}, {}),
        (
            {".vercel/repo.json": '{"orgId": "team_b", "projects": [{"id": "prj_a", "directory": "."}]}'},
            {"project": "prj_a", "org": "team_b"},
        ),
        ({".vercel/repo.json": '{"projects": [{"id": "prj_a", "directory": "apps/web"}, 7]}'}, {}),
        ({".vercel/repo.json": '{"projects": 7}'}, {}),
    ],
)
def test_links_are_read_without_trust(world: World, files: dict[str, str], found: dict[str, str]) -> None:
    (world.project / ".vercel/project.json").unlink()
    for name, text in files.items():
        (world.project / name).write_text(text)

    assert remotes.vercel(understand(world.project)) == found


def test_a_link_that_leads_out_of_the_repository_is_not_read(world: World) -> None:
    (world.root / "outside.json").write_text('{"projectId": "prj_aaaa"}')
    (world.project / ".vercel/project.json").unlink()
    (world.project / ".vercel/project.json").symlink_to(world.root / "outside.json")

    assert remotes.vercel(understand(world.project)) == {}
