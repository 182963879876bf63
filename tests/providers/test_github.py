"""GitHub: tokens by prefix, whose they are, and refusals that are none."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

import pytest

from onboard.machine import Machine
from onboard.model import Status, Verdict
from onboard.providers import github
from onboard.sandbox.served import Response, Served
from onboard.sandbox.standins.github import GitHubStandIn
from tests.providers.answers import reading, words
from tests.providers.contract import LiveContract
from tests.providers.outside import held

PAT = "github_pat_11ABCDEFG0abcdefghijkl_" + "Ab3" * 19
ROWS = [
    (Response.json({"login": "a", "id": 1}), Status.OK),
    (Response.json({"message": "Bad credentials"}, 401), Status.FAIL),
    (Response.json({"message": "Requires authentication"}, 401), Status.UNKNOWN),
    (Response.json({"message": "API rate limit exceeded"}, 403, {"X-RateLimit-Remaining": "0"}), Status.UNKNOWN),
    (Response.json({"message": "SAML"}, 403, {"X-GitHub-SSO": "required; url=https://github.com"}), Status.WARN),
    (Response.json({"message": "Resource not accessible by personal access token"}, 403), Status.WARN),
    (Response.json({"message": "Forbidden"}, 403), Status.UNKNOWN),
    (Response.json({"message": "Not Found"}, 404), Status.UNKNOWN),
    (Response.json({"login": "", "id": 1}), Status.UNKNOWN),
    (Response.json({"id": 1}), Status.UNKNOWN),
    (words("Request forbidden by administrative rules.", 403), Status.UNKNOWN),
    (words('{"login":"a","id":1}'), Status.UNKNOWN),
]


class TestGitHub(LiveContract[GitHubStandIn]):
    provider = github.provider
    stand_in = GitHubStandIn
    shapes: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "token": (PAT, "gho_" + "a1B2" * 9, "ghs_123456_eyJh.bGci." + "x1Y2" * 120),
        "client_id": ("Ov23liAbCdEfGhIjKlMn", "Iv1.0123456789abcdef", "Iv23liAbCdEfGhIjKl", "0123456789abcdef0123"),
        "client_secret": ("0123456789abcdef0123456789abcdef01234567",),
    }
    bad: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "token": (
            "",
            "ghp_short",
            "ghr_" + "a1B2" * 9,
            "sk-proj-abc",
            "Ov23liAbCdEfGhIjKlMn",
            "0123456789abcdef0123456789abcdef01234567",
            "ghp_" + "a b2" * 9,
        ),
        "client_id": ("123456", "", "ghp_" + "a1B2" * 9),
        "client_secret": ("ghp_" + "a1B2" * 9, "short"),
    }
    claims: ClassVar[Mapping[tuple[str, str], tuple[str, int] | None]] = {
        ("GITHUB_TOKEN", ""): ("token", 2),
        ("GH_TOKEN", ""): ("token", 2),
        ("GITHUB_OAUTH_TOKEN", ""): ("token", 2),
        ("GITHUB_PAT", ""): ("token", 2),
        ("AUTH_GITHUB_ID", ""): ("client_id", 2),
        ("GITHUB_ID", ""): ("client_id", 2),
        ("GITHUB_CLIENT_SECRET", ""): ("client_secret", 2),
        ("AUTH_GITHUB_SECRET", ""): ("client_secret", 2),
        ("RELEASE_TOKEN", PAT): ("token", 1),
        ("RELEASE_TOKEN", "abc"): None,
        ("GITLAB_TOKEN", ""): None,
    }

    def good(self, service: GitHubStandIn) -> Mapping[str, str]:
        return {"token": service.token}

    def revoke(self, service: GitHubStandIn, part: str) -> None:
        service.revoked.add(service.token)

    @pytest.mark.anyio
    @pytest.mark.parametrize(("answer", "status"), ROWS)
    async def test_each_answer_means_what_the_facts_say(self, answer: Response, status: Status, tmp_path: Path) -> None:
        verdict = await reading(self.provider, {"token": PAT}, tmp_path, answer)
        assert verdict.status is status, verdict

    @pytest.mark.anyio
    async def test_an_installation_token_is_asked_for_its_repositories(self, served: Served, machine: Machine) -> None:
        verdict = await self.verdict("", {"token": standin(served).installation_token}, machine)
        assert verdict.status is Status.OK
        assert verdict.identity == {"installation": "wavepoint", "repositories": "1"}
        assert [one.path for one in served.requests] == ["/installation/repositories"]

    @pytest.mark.anyio
    async def test_scopes_wider_than_needed_are_named(
        self, served: Served, values: dict[str, str], machine: Machine
    ) -> None:
        standin(served).scopes = "repo, delete_repo, gist"
        verdict = await self.verdict("", values, machine)
        assert "repo, delete_repo" in verdict.detail
        assert "gist" not in verdict.detail

    @pytest.mark.anyio
    @pytest.mark.parametrize(
        ("expires", "status"),
        [
            ("2026-11-22 09:00:00 UTC", Status.WARN),
            ("2026-11-22 11:00:00 +0200", Status.WARN),
            ("2027-11-22 09:00:00 UTC", Status.OK),
            ("never", Status.OK),
        ],
    )
    async def test_a_token_that_ends_within_a_week_is_a_warning(
        self, expires: str, status: Status, served: Served, values: dict[str, str], machine: Machine
    ) -> None:
        standin(served).expires = expires
        machine._now = lambda: datetime(2026, 11, 20, tzinfo=UTC)
        assert (await self.verdict("", values, machine)).status is status

    @pytest.mark.anyio
    async def test_the_names_of_actions_secrets_are_listed_page_by_page(
        self, served: Served, values: dict[str, str], machine: Machine
    ) -> None:
        standin(served).secrets = [f"SECRET_{number}" for number in range(230)]
        names = await github.actions_names(machine, held(values, self.provider), "wavepoint/shop")
        await machine.network.close()
        assert not isinstance(names, Verdict)
        assert len(names) == 230
        assert [one.query["page"] for one in served.requests] == ["1", "2", "3", "1"]

    @pytest.mark.anyio
    async def test_what_an_organization_lends_and_what_environments_hold_counts_too(
        self, served: Served, values: dict[str, str], machine: Machine
    ) -> None:
        service, mine = standin(served), held(values, self.provider)
        service.lent, service.environments = ["NPM_TOKEN"], {"production eu": ["NEON_API_KEY"]}
        everywhere = await github.actions_names(machine, mine, "wavepoint/shop", environments=True)
        plainly = await github.actions_names(machine, mine, "wavepoint/shop")
        variables = await github.actions_names(machine, mine, "wavepoint/shop", "variables", environments=True)
        await machine.network.close()
        assert everywhere == frozenset({*service.secrets, "NPM_TOKEN", "NEON_API_KEY"})
        assert plainly == frozenset({*service.secrets, "NPM_TOKEN"})
        assert variables == frozenset({"APP_URL"})

    @pytest.mark.anyio
    async def test_a_used_up_limit_says_nothing_of_what_there_is(
        self, served: Served, values: dict[str, str], machine: Machine
    ) -> None:
        standin(served).used_up = True
        found = await github.actions_names(machine, held(values, self.provider), "wavepoint/shop")
        await machine.network.close()
        assert isinstance(found, Verdict)
        assert found.status is Status.UNKNOWN

    @pytest.mark.anyio
    async def test_a_token_without_leave_to_list_is_no_refusal(
        self, served: Served, values: dict[str, str], machine: Machine
    ) -> None:
        standin(served).may_list = False
        found = await github.actions_names(machine, held(values, self.provider), "wavepoint/shop")
        await machine.network.close()
        assert isinstance(found, Verdict)
        assert found.status is Status.WARN

    @pytest.mark.anyio
    @pytest.mark.parametrize("name", ["", "shop", "wavepoint/shop/../..", "wavepoint/..", "a/b?x=1", "évil/x"])
    async def test_a_name_that_is_no_repository_is_not_asked_for(
        self, name: str, served: Served, values: dict[str, str], machine: Machine
    ) -> None:
        found = await github.actions_names(machine, held(values, self.provider), name)
        assert isinstance(found, Verdict)
        assert served.requests == []


def standin(served: Served) -> GitHubStandIn:
    assert isinstance(served.stand_in, GitHubStandIn)
    return served.stand_in
