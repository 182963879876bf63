"""The session secret: random enough, made here, and rotated without signing anybody out where that is possible."""

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onboard.model import Status
from onboard.providers import authsecret
from tests.providers.contract import ProviderContract
from tests.providers.outside import a_machine, held

GOOD = "kX7w3JmQ0pVb9ZtYcF2hLs8RdN6gEuA1oTiM4yKfWxE="


class TestAuthSecret(ProviderContract):
    provider = authsecret.provider
    shapes: ClassVar[Mapping[str, tuple[str, ...]]] = dict.fromkeys(
        ("auth", "nextauth", "better"),
        (GOOD, "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "correct horse battery staple 42!!"),
    )
    bad: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "auth": (
            "",
            "secret",
            "supersecret",
            "your-random-secret-here-min-32-chars",
            "UPDATE_THIS_wITH_YOUR_secret_that_is_long",
            "generate-with-openssl-rand-base64-32",
            "x" * 44,
            "abababababababababababababababababab",
            "sk_test_51QwErTyUiOpAsDfGhJkLzXcVbNm0123456789",
            "postgresql://user:password@localhost:5432/database",
        )
    }
    claims: ClassVar[Mapping[tuple[str, str], tuple[str, int] | None]] = {
        ("AUTH_SECRET", ""): ("auth", 2),
        ("AUTH_SECRET_1", ""): ("auth_1", 2),
        ("NEXTAUTH_SECRET", ""): ("nextauth", 2),
        ("BETTER_AUTH_SECRET", ""): ("better", 2),
        ("AUTH_GITHUB_SECRET", ""): None,
        ("AUTH_URL", ""): None,
    }

    @pytest.mark.anyio
    async def test_what_is_made_here_fits_and_differs_each_time(self, tmp_path: Path) -> None:
        machine = a_machine(tmp_path, {})
        made = [await self.provider.provision("auth", held({}, self.provider), machine) for _ in range(50)]
        texts = {one["auth"].reveal() for one in made}
        assert len(texts) == 50
        for text in texts:
            assert self.provider.shape(self.provider.key("auth"), text).fits
            assert len(text) == 44

    @pytest.mark.anyio
    async def test_the_new_secret_stands_above_the_old_ones_and_only_the_oldest_falls_off(self, tmp_path: Path) -> None:
        machine = a_machine(tmp_path, {})
        values = {"auth": "first"}
        for turn in range(1, 6):
            before = [*values.values()]
            fresh = await self.provider.renew("auth", held(values, self.provider), machine)
            values = {id: secret.reveal() for id, secret in fresh.values.items()}
            after = [*values.values()]
            assert after[:-1] == before[-3:]
            assert len(after[-1]) == 44
            assert list(values) == ["auth", "auth_1", "auth_2", "auth_3"][: turn + 1]
            assert not fresh.old_dead

    @pytest.mark.anyio
    async def test_where_there_is_no_list_the_old_secret_is_dead_at_once(self, tmp_path: Path) -> None:
        machine = a_machine(tmp_path, {})
        old = held({"nextauth": GOOD}, self.provider)
        fresh = await self.provider.renew("nextauth", old, machine)
        assert fresh.old_dead
        new = held({"nextauth": fresh.values["nextauth"].reveal()}, self.provider)
        assert (await self.provider.retire("nextauth", fresh, old, new, machine)).status is Status.OK

    @given(st.text(max_size=31))
    def test_nothing_short_is_a_secret(self, text: str) -> None:
        assert not self.provider.shape(self.provider.key("auth"), text).fits
