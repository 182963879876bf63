"""The vault: what it keeps, what it never writes over, and what it says when the keyring fails."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from onboard.errors import VaultError
from onboard.model import Secret
from onboard.process import Runner
from onboard.stores import HELPER
from onboard.vault import Entry, KeyringVault, MemoryStore, StoreVault, Trouble, Unusable, Vault
from tests import keyring_parts
from tests.keyring_parts import MUTE_AT, Bus, mute_bus, need
from tests.vaults import (
    SECONDS,
    ForgetfulStore,
    LosesParts,
    VaultContract,
    absent_vault,
    entry,
    locked_vault,
    memory_vault,
    mute_vault,
)

ROOT = Path(__file__).parents[1]


class TestMemory(VaultContract):
    @pytest.fixture
    def vault(self, tmp_path: Path) -> Vault:
        return memory_vault(tmp_path)


class TestInParts(VaultContract):
    """A store whose items are as small as those of the Windows Credential Manager."""

    @pytest.fixture
    def vault(self, tmp_path: Path) -> Vault:
        return memory_vault(tmp_path, limit=1200)


@pytest.fixture(scope="module")
def bus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bus]:
    with keyring_parts.keyring(tmp_path_factory.mktemp("home")) as made:
        yield made


@pytest.fixture
def kept_vault(tmp_path: Path, bus: Bus) -> Iterator[KeyringVault]:
    made = KeyringVault(state=tmp_path / "state", env=bus.env)
    yield made
    empty(made)


def empty(vault: StoreVault) -> None:
    async def forget_all() -> None:
        for name in ("p", "P", "p#a0", "p/apps/web", "日本語", "with blank"):
            await vault.forget(name)

    asyncio.run(forget_all())
    vault.close()


@pytest.mark.parts
class TestGnomeKeyring(VaultContract):
    @pytest.fixture
    def vault(self, kept_vault: KeyringVault) -> Vault:
        return kept_vault


@pytest.mark.parts
class TestGnomeKeyringInParts(VaultContract):
    @pytest.fixture
    def vault(self, tmp_path: Path, bus: Bus) -> Iterator[Vault]:
        made = KeyringVault(state=tmp_path / "state", env=bus.env, limit=20_000)
        yield made
        empty(made)


def trouble(error: BaseException) -> Trouble:
    assert isinstance(error, Unusable)
    assert error.message
    assert error.hint
    return error.trouble


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def asked(vault: Vault) -> tuple[Trouble, float]:
    """Return what is wrong with a vault, and the longest that any of its answers took."""
    found, longest = set(), 0.0
    for question in (vault.get("p"), vault.update("p", {"A": entry("v")})):
        start = time.monotonic()
        with pytest.raises(VaultError) as raised:
            await question
        longest = max(longest, time.monotonic() - start)
        found.add(trouble(raised.value))
    assert len(found) == 1
    return found.pop(), longest


@pytest.mark.anyio
async def test_each_failure_has_its_own_words(tmp_path: Path) -> None:
    assert (await asked(absent_vault(tmp_path)))[0] is Trouble.ABSENT
    assert (await asked(locked_vault(tmp_path)))[0] is Trouble.LOCKED
    start, silent = time.monotonic(), mute_vault(tmp_path)
    found, _ = await asked(silent)
    assert found is Trouble.MUTE
    for question in (silent.backend(), silent.forget("p")):
        with pytest.raises(Unusable):
            await question
    assert time.monotonic() - start < SECONDS + 1  # four questions cost the time of one
    said = {(Unusable(t).message, Unusable(t).hint) for t in Trouble}
    assert len({message for message, _ in said}) == len(Trouble)


@pytest.mark.anyio
async def test_a_store_that_keeps_nothing_is_not_believed(tmp_path: Path) -> None:
    with pytest.raises(Unusable) as raised:
        await StoreVault(ForgetfulStore(), tmp_path).update("p", {"A": entry("v")})
    assert trouble(raised.value) is Trouble.UNSAVED


WHOLE = json.dumps({"onboard": 1, "values": {"A": {"value": "v", "set_at": "", "verified_at": None}}})
FULL = {"value": "v", "set_at": "2026", "verified_at": None, "source": "", "folder": ""}
BAD = {
    "cut": (WHOLE[:40], Trouble.CORRUPT),
    "field missing": (WHOLE, Trouble.CORRUPT),
    "value no text": (json.dumps({"onboard": 1, "values": {"A": FULL | {"value": 5}}}), Trouble.CORRUPT),
    "values a list": (json.dumps({"onboard": 1, "values": []}), Trouble.CORRUPT),
    "no values": (json.dumps({"onboard": 1}), Trouble.CORRUPT),
    "parts without number": ('{"onboard": 1, "parts": "x", "tag": "a", "sum": ""}', Trouble.CORRUPT),
    "too many parts": ('{"onboard": 1, "parts": 99999, "tag": "a", "sum": ""}', Trouble.CORRUPT),
    "parts cut": ('{"onboard": 1, "parts": 3, "ta', Trouble.CORRUPT),
    "parts missing": ('{"onboard": 1, "parts": 3, "tag": "a", "sum": "0"}', Trouble.HALF_WRITTEN),
    "somebody's password": ("hunter2", Trouble.FOREIGN),
    "somebody's JSON": ('{"token": "x"}', Trouble.FOREIGN),
    "a newer onboard's": ('{"onboard": 2, "sealed": "x"}', Trouble.FOREIGN),
    "empty": ("", Trouble.FOREIGN),
    "a number": ("5", Trouble.FOREIGN),
    "deep": ("[" * 100_000, Trouble.FOREIGN),
}


@pytest.mark.anyio
@pytest.mark.parametrize("kind", BAD)
async def test_what_we_did_not_write_whole_is_named_and_never_written_over(tmp_path: Path, kind: str) -> None:
    text, expected = BAD[kind]
    store = MemoryStore()
    store.texts["p"] = text
    vault = StoreVault(store, tmp_path)
    assert (await asked(vault))[0] is expected
    assert store.texts == {"p": text}
    assert await vault.forget("p")
    assert store.texts == {}


@pytest.mark.anyio
async def test_a_write_in_parts_that_is_ended_half_way_leaves_the_old_values(tmp_path: Path) -> None:
    old, new = {"A": entry("old" * 1000)}, {"A": entry("new" * 2000)}
    for survives in range(9):
        store = LosesParts(1200, 100)
        vault = StoreVault(store, tmp_path)
        await vault.update("p", old)
        store.survives = survives
        try:
            await vault.update("p", new)
            expected = new
        except Unusable:
            expected = old
        assert await vault.get("p") == expected, survives
        store.survives = 100
        assert await vault.update("p", new) == new
        assert await vault.forget("p")
        assert store.texts == {}
    assert expected == new


@pytest.mark.anyio
async def test_an_item_that_grows_and_shrinks_leaves_no_parts_behind(tmp_path: Path) -> None:
    store = MemoryStore(1200)
    vault = StoreVault(store, tmp_path)
    for size in (10, 5000, 9000, 2000, 10, 3000):
        await vault.update("p", {"A": entry("x" * size)})
        assert (await vault.get("p"))["A"].value == Secret("x" * size)
        assert all(len(text) <= 1200 for text in store.texts.values())
    await vault.update("p", {"A": entry("x")})
    assert list(store.texts) == ["p"]


@pytest.mark.anyio
async def test_a_state_folder_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    vault = memory_vault(tmp_path / "file" / "state")
    assert await vault.update("p", {"A": entry("v")}) == {"A": entry("v")}


@pytest.mark.anyio
async def test_where_there_is_no_session_bus_that_is_said_in_plain_words(tmp_path: Path) -> None:
    vault = KeyringVault(state=tmp_path / "state", env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)})
    assert "no session bus here, as over SSH" in (await vault.backend()).reason
    vault.close()


@pytest.mark.anyio
async def test_no_keyring_is_said_at_once_and_nothing_is_written_in_clear(tmp_path: Path) -> None:
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent"}
    vault = KeyringVault(state=tmp_path / "state", env=env)
    backend = await vault.backend()
    assert not backend.usable
    assert "no OS keyring" in backend.reason
    found, longest = await asked(vault)
    vault.close()
    assert found is Trouble.ABSENT
    assert longest < 1
    assert not [path for path in files(tmp_path) if path.name not in ("vault.lock", "vault.queue")]


@pytest.mark.anyio
@pytest.mark.parametrize("stage", MUTE_AT)
async def test_a_mute_bus_is_left_after_three_seconds_and_the_loop_stays_alive(tmp_path: Path, stage: str) -> None:
    gaps = []

    async def beat() -> None:
        last = time.monotonic()
        while True:
            await asyncio.sleep(0.01)
            gaps.append(time.monotonic() - last)
            last = time.monotonic()

    with mute_bus(tmp_path, stage) as env:
        vault = KeyringVault(state=tmp_path / "state", env=env)
        heart = asyncio.create_task(beat())
        start = time.monotonic()
        try:
            with pytest.raises(Unusable) as raised:
                await vault.get("p")
            assert trouble(raised.value) in (Trouble.MUTE, Trouble.ABSENT)
            if stage == "hello":
                assert trouble(raised.value) is Trouble.MUTE
        finally:
            heart.cancel()
            vault.close()
        assert time.monotonic() - start < 4
        assert max(gaps) < 0.2
    assert not helpers(str(tmp_path))


def helpers(home: str, seconds: float = 2) -> list[psutil.Process]:
    """Return helper processes of that home that are still there after `seconds`."""
    until = time.monotonic() + seconds
    while True:
        found = []
        for process in psutil.process_iter():
            try:
                if "_vault_helper.py" in " ".join(process.cmdline()) and process.environ().get("HOME") == home:
                    found.append(process)
            except psutil.Error:
                continue
        if not found or time.monotonic() > until:
            return found
        time.sleep(0.02)


@pytest.mark.parts
@pytest.mark.anyio
async def test_a_locked_keyring_is_called_locked_and_loses_nothing(tmp_path: Path) -> None:
    with keyring_parts.keyring(tmp_path / "home", unlocked=False) as locked:
        vault = KeyringVault(state=tmp_path / "state", env=locked.env)
        found, longest = await asked(vault)
        assert (found, longest < 4) == (Trouble.LOCKED, True)
        with pytest.raises(Unusable):
            await vault.backend()
        locked.kill_keyring()
        locked.start_keyring()
        assert await vault.get("p") == {}
        vault.close()


@pytest.mark.parts
@pytest.mark.anyio
async def test_a_keyring_killed_between_two_calls_is_noticed_and_found_again(tmp_path: Path) -> None:
    with keyring_parts.keyring(tmp_path / "home") as made:
        vault = KeyringVault(state=tmp_path / "state", env=made.env)
        await vault.update("p", {"A": entry("v")})
        made.kill_keyring()
        found, longest = await asked(vault)
        assert found is Trouble.ABSENT
        assert longest < 4
        made.start_keyring()
        assert await vault.get("p") == {"A": entry("v")}
        made.process.kill()
        made.process.wait()
        found, longest = await asked(vault)
        assert found in (Trouble.ABSENT, Trouble.BROKEN)
        assert longest < 4
        vault.close()


@pytest.mark.parts
@pytest.mark.anyio
async def test_a_keyring_that_falls_silent_in_the_middle_is_asked_once_and_found_again(tmp_path: Path) -> None:
    with keyring_parts.keyring(tmp_path / "home") as made:
        vault = KeyringVault(state=tmp_path / "state", env=made.env)
        await vault.update("p", {"A": entry("v")})
        (daemon,) = made.daemons
        daemon.send_signal(signal.SIGSTOP)
        try:
            found, longest = await asked(vault)
            assert (found, longest < 4) == (Trouble.MUTE, True)
            start = time.monotonic()
            with pytest.raises(Unusable):
                await vault.backend()
            assert time.monotonic() - start < 0.1
        finally:
            daemon.send_signal(signal.SIGCONT)
        await vault.unlock()  # a person looked at it: it is asked again at once
        assert await vault.get("p") == {"A": entry("v")}
        vault.close()


@pytest.mark.parts
@pytest.mark.anyio
async def test_a_keyring_that_was_never_made_and_cannot_ask_is_dismissed(tmp_path: Path) -> None:
    with keyring_parts.bus(tmp_path / "home") as made:
        made.start_keyring(unlocked=False)
        vault = KeyringVault(state=tmp_path / "state", env=made.env)
        assert await vault.get("p") == {}  # a look opens no window
        with pytest.raises(Unusable) as raised:
            await vault.update("p", {"A": entry("v")})
        assert trouble(raised.value) is Trouble.DISMISSED
        vault.close()


@pytest.mark.parts
@pytest.mark.anyio
async def test_an_item_that_somebody_deleted_is_nothing_there(kept_vault: KeyringVault, bus: Bus) -> None:
    need("secret-tool")
    await kept_vault.update("p", {"A": entry("v")})
    words = (shutil.which("secret-tool") or "", "clear", "service", "onboard", "username", "p")
    assert (await Runner(bus.env).run(words, cwd=ROOT, env=bus.env)).code == 0
    assert await kept_vault.get("p") == {}


WRITER = """
import asyncio, os, sys
from pathlib import Path
from onboard.model import Secret
from onboard.stores import HELPER
from onboard.vault import Entry, KeyringVault

async def main():
    vault = KeyringVault(state=Path(sys.argv[1]), env=os.environ)
    for i in range(int(sys.argv[3])):
        await vault.update("p", {f"{sys.argv[2]}{i}": Entry(Secret("v"), "2026")})
    vault.close()

asyncio.run(main())
"""


ROUNDS = 100


def write(bus: Bus, state: Path, who: str) -> None:
    words = [sys.executable, "-c", WRITER, str(state), who, str(ROUNDS)]
    subprocess.run(words, cwd=ROOT, env=bus.env, check=True, timeout=120)


@pytest.mark.long
@pytest.mark.parts
@pytest.mark.anyio
async def test_two_onboards_at_once_lose_nothing(kept_vault: KeyringVault, bus: Bus, tmp_path: Path) -> None:
    await asyncio.gather(*(asyncio.to_thread(write, bus, tmp_path / "state", who) for who in "AB"))
    assert set(await kept_vault.get("p")) == {f"{who}{i}" for who in "AB" for i in range(ROUNDS)}


EVIL = "from pathlib import Path\nPath({marker!r}).touch()\nclass Keyring: ...\n"


@pytest.mark.anyio
async def test_nothing_that_the_environment_or_the_folder_names_is_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo, marker = tmp_path / "repo", tmp_path / "marker"
    repo.mkdir()
    for name in ("evilkr", "keyring", "json", "copy", "tomllib", "secretstorage", "sitecustomize"):
        (repo / f"{name}.py").write_text(EVIL.format(marker=str(marker)))
    monkeypatch.chdir(repo)
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "PYTHONPATH": str(repo),
        "PYTHON_KEYRING_BACKEND": "evilkr.Keyring",
        "KEYRING_PROPERTY_SCHEME": "x",
    }
    vault = KeyringVault(state=tmp_path / "state", env=env)
    backend = await vault.backend()
    vault.close()
    assert not marker.exists()
    assert backend.ignored == ("KEYRING_PROPERTY_SCHEME", "PYTHON_KEYRING_BACKEND")


PLUGIN = """
from keyring.backend import KeyringBackend
class PlaintextKeyring(KeyringBackend):
    priority = 9
    def __init__(self): open({marker!r}, "w").close()
    def get_password(self, service, username): return None
    def set_password(self, service, username, password): open({marker!r}, "w").write(password)
"""


def test_an_installed_plaintext_store_is_never_used(tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    (tmp_path / "plain.py").write_text(PLUGIN.format(marker=str(marker)))
    about = tmp_path / "plain-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: plain\nVersion: 1\n")
    (about / "entry_points.txt").write_text("[keyring.backends]\nplain = plain\n")
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(tmp_path)}
    question = b'{"do": "set", "user": "p", "text": "secret", "store": null}\n'
    asked = subprocess.run(
        [sys.executable, "-P", str(HELPER)], env=env, input=question, capture_output=True, check=True
    )
    assert json.loads(asked.stdout)["trouble"] == "absent"
    assert not marker.exists()
    words = [sys.executable, "-P", "-c", "import keyring; print(keyring.get_keyring())"]
    assert b"PlaintextKeyring" in subprocess.run(words, env=env, capture_output=True, check=True).stdout
    assert marker.exists()  # it is what keyring itself would have taken


@pytest.mark.anyio
@pytest.mark.parametrize("named", ["keyrings.alt.file.PlaintextKeyring", "keyring.backends.null.Keyring", "evil.X"])
async def test_a_store_in_clear_is_refused_even_where_the_user_settings_name_it(tmp_path: Path, named: str) -> None:
    config = tmp_path / "config" / "python_keyring"
    config.mkdir(parents=True)
    (config / "keyringrc.cfg").write_text(f"[backend]\ndefault-keyring={named}\nkeyring-path={tmp_path}\n")
    marker = tmp_path / "marker"
    (tmp_path / "evil.py").write_text(EVIL.format(marker=str(marker)))
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "config")}
    vault = KeyringVault(state=tmp_path / "state", env=env)
    backend = await vault.backend()
    assert (backend.usable, named in backend.reason) == (False, True)
    assert (await asked(vault))[0] is Trouble.REFUSED
    vault.close()
    assert not marker.exists()


@pytest.mark.parts
@pytest.mark.anyio
async def test_the_store_that_holds_the_secrets_is_never_changed_silently(kept_vault: KeyringVault, bus: Bus) -> None:
    await kept_vault.update("p", {"A": entry("v")})
    state = kept_vault._state
    assert json.loads((state / "keyring.json").read_text()) == {"store": "keyring.backends.SecretService.Keyring"}
    (state / "keyring.json").write_text('{"store": "keyring.backends.kwallet.DBusKeyring"}')
    other = KeyringVault(state=state, env=bus.env)
    with pytest.raises(Unusable, match="kwallet") as raised:
        await other.get("p")
    assert trouble(raised.value) is Trouble.ABSENT
    other.close()
    (state / "keyring.json").write_text('{"store": "keyring.backends.null.Keyring"}')
    third = KeyringVault(state=state, env=bus.env)
    with pytest.raises(Unusable) as raised:
        await third.get("p")
    assert trouble(raised.value) is Trouble.REFUSED
    third.close()
    (state / "keyring.json").unlink()


@pytest.mark.parts
@pytest.mark.anyio
async def test_no_value_is_in_a_command_line_or_a_file_of_ours(
    kept_vault: KeyringVault, bus: Bus, tmp_path: Path
) -> None:
    canary = "canary" + os.urandom(8).hex()
    await kept_vault.update("p", {"A": entry(canary)})
    lines = [" ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"])]
    assert not [line for line in lines if canary in line]
    assert not [path for path in files(tmp_path) if canary.encode() in path.read_bytes()]


@pytest.mark.parts
@pytest.mark.anyio
async def test_forty_secrets_cost_one_question(kept_vault: KeyringVault) -> None:
    await kept_vault.update("p", {f"A{i}": entry("x" * 40) for i in range(40)})
    start = time.monotonic()
    assert len(await kept_vault.get("p")) == 40
    assert time.monotonic() - start < 0.25


@pytest.mark.parts
def test_the_helper_does_not_outlive_us(tmp_path: Path) -> None:
    with keyring_parts.keyring(tmp_path / "home") as made:
        script = WRITER.replace("vault.close()", "print('up', flush=True); await asyncio.sleep(300)")
        with subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path / "state"), "A", "1"],
            cwd=ROOT,
            env=made.env,
            stdout=subprocess.PIPE,
        ) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == b"up\n"
            assert helpers(str(made.home), 0)
            child.kill()
        assert not helpers(str(made.home))


def test_an_entry_shows_no_value() -> None:
    assert "hidden" not in repr(Entry(Secret("hidden"), "2026"))
