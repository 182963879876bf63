"""Vaults for tests, named by how they fail, and the contract that every vault that works fulfils."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from onboard.model import Secret
from onboard.vault import SECONDS, Entry, MemoryStore, StoreVault, Trouble, Unusable, Vault


class AbsentStore(MemoryStore):
    """There is no keyring on this machine."""

    trouble = Trouble.ABSENT

    def state(self, until: float) -> tuple[str, int | None]:
        raise Unusable(self.trouble)

    def get(self, user: str, until: float) -> str | None:
        raise Unusable(self.trouble)

    def set(self, user: str, text: str, until: float) -> None:
        raise Unusable(self.trouble)

    def delete(self, user: str, until: float) -> bool:
        raise Unusable(self.trouble)


class LockedStore(AbsentStore):
    """The keyring is there and locked."""

    trouble = Trouble.LOCKED


class MuteStore(AbsentStore):
    """The keyring never answers: each question takes its whole time."""

    trouble = Trouble.MUTE

    def state(self, until: float) -> tuple[str, int | None]:
        time.sleep(max(0, until - time.monotonic()))
        raise Unusable(self.trouble)

    def get(self, user: str, until: float) -> str | None:
        time.sleep(max(0, until - time.monotonic()))
        raise Unusable(self.trouble)


class ForgetfulStore(MemoryStore):
    """It says yes and keeps nothing, as keyring's null backend does."""

    def set(self, user: str, text: str, until: float) -> None:
        return


class LosesParts(MemoryStore):
    """It is ended while the parts of a long item are written: only the first `survives` writes arrive."""

    def __init__(self, limit: int, survives: int) -> None:
        super().__init__(limit)
        self.survives = survives

    def set(self, user: str, text: str, until: float) -> None:
        if self.survives <= 0:
            raise Unusable(Trouble.BROKEN)
        self.survives -= 1
        super().set(user, text, until)


def memory_vault(state: Path, limit: int | None = None) -> StoreVault:
    """Return a vault that works and forgets all when it is dropped."""
    return StoreVault(MemoryStore(limit), state)


def absent_vault(state: Path) -> StoreVault:
    """Return the vault of a machine without a keyring."""
    return StoreVault(AbsentStore(), state)


def locked_vault(state: Path) -> StoreVault:
    """Return the vault of a locked keyring."""
    return StoreVault(LockedStore(), state)


def mute_vault(state: Path) -> StoreVault:
    """Return a vault that takes its whole 3 seconds and then has not answered."""
    return StoreVault(MuteStore(), state)


def entry(value: str, **more: str) -> Entry:
    """Return an entry with the value."""
    return Entry(Secret(value), "2026-11-21T12:00:00+00:00", **more)


DIFFICULT = {
    "blanks": " \t leading and trailing \t ",
    "quotes": "\"'`$HOME \\n \\ ${x} #",
    "lines": "one\ntwo\r\nthree\r",
    "unicode": "pässwörd-日本語-🔑-é-\u202e-\ufeff",
    "control": "\x00\x01\x1b[0m\x7f\u009b",
    "json": '{"onboard": 1, "parts": 9}',
    "lone half": "\ud800",
    "empty": "",
    "64 KB": "".join(chr(33 + i * 7 % 90) for i in range(65_536)),
}


class VaultContract:
    """What every vault that works does. A subclass brings the fixture `vault`."""

    @pytest.fixture
    def vault(self) -> Iterator[Vault]:
        raise NotImplementedError

    @pytest.mark.anyio
    @pytest.mark.parametrize("kind", DIFFICULT)
    async def test_a_difficult_value_comes_back_as_it_was(self, vault: Vault, kind: str) -> None:
        put = entry(DIFFICULT[kind], source="typed", folder="/home/x/ü", verified_at="2026-11-21T12:00:01+00:00")
        assert await vault.update("p", {"A": put}) == {"A": put}
        assert await vault.get("p") == {"A": put}

    @pytest.mark.anyio
    async def test_nothing_is_there_at_first(self, vault: Vault) -> None:
        assert await vault.get("github.com/acme/shop") == {}
        assert not await vault.forget("github.com/acme/shop")

    @pytest.mark.anyio
    async def test_a_change_leaves_the_rest_as_it_was(self, vault: Vault) -> None:
        await vault.update("p", {"A": entry("1"), "B": entry("2"), "C": entry("3")})
        await vault.update("p", {"B": entry("new")}, removed=("C", "not there"))
        assert {name: kept.value.reveal() for name, kept in (await vault.get("p")).items()} == {"A": "1", "B": "new"}

    @pytest.mark.anyio
    async def test_taking_the_last_value_away_takes_the_item_away(self, vault: Vault) -> None:
        await vault.update("p", {"A": entry("1")})
        assert await vault.update("p", {}, removed=("A",)) == {}
        assert not await vault.forget("p")

    @pytest.mark.anyio
    async def test_projects_do_not_see_each_other(self, vault: Vault) -> None:
        names = ("p", "p#a0", "P", "p/apps/web", "日本語", "with blank")
        for name in names:
            await vault.update(name, {"A": entry(name)})
        assert await vault.forget("p")
        assert await vault.get("p") == {}
        for name in names[1:]:
            assert (await vault.get(name))["A"].value == Secret(name), name

    @pytest.mark.anyio
    async def test_what_is_forgotten_is_gone(self, vault: Vault) -> None:
        await vault.update("p", {f"A{i}": entry("x" * 3000) for i in range(10)})
        assert await vault.forget("p")
        assert await vault.get("p") == {}
        assert not await vault.forget("p")

    @pytest.mark.anyio
    async def test_of_writers_at_once_none_loses_anything(self, vault: Vault) -> None:
        await asyncio.gather(*(vault.update("p", {f"A{i}": entry(str(i))}) for i in range(8)))
        assert {name: kept.value.reveal() for name, kept in (await vault.get("p")).items()} == {
            f"A{i}": str(i) for i in range(8)
        }

    @pytest.mark.anyio
    async def test_the_store_has_a_name(self, vault: Vault) -> None:
        backend = await vault.backend()
        assert backend.usable
        assert backend.name
        assert not backend.reason


__all__ = ["SECONDS", "VaultContract"]
