"""`onboard check` answers from its stamp only while a full look would say the same."""

import json
import os
import random
import shutil
import subprocess
import sys
from _imp import source_hash
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from onboard import __version__, quick
from onboard.choices import Choices
from onboard.machine import Machine
from onboard.session import Session

SECRET = "sk_test_51Hq3mKw9ZtVbN4cXyRdPfGsLj"
ENV = f"""\
STRIPE_SECRET_KEY={SECRET}
APP_URL=http://localhost:3000
SESSION_NAME=shop
"""
FILES = {
    ".git/HEAD": "ref: refs/heads/main\n",
    ".git/config": '[remote "origin"]\n\turl = https://github.com/acme/shop.git\n',
    ".gitignore": "node_modules\n.env*.local\n",
    ".env.local.example": 'STRIPE_SECRET_KEY="sk_test_..."\nAPP_URL=http://localhost:3000\nSESSION_NAME=shop\nTHEME_TOKEN=\n',
    "package.json": json.dumps(
        {
            "name": "shop",
            "packageManager": "pnpm@10.1.0",
            "engines": {"node": ">=20"},
            "scripts": {"dev": "next dev"},
            "dependencies": {"next": "16.0.0", "@t3-oss/env-nextjs": "0.13.0", "zod": "4.0.0"},
        }
    ),
    "pnpm-lock.yaml": "lockfileVersion: '9.0'\n",
    "node_modules/.modules.yaml": "{}\n",
    "src/env.ts": 'import { createEnv } from "@t3-oss/env-nextjs";\nimport { z } from "zod";\n'
    "export const env = createEnv({ server: { STRIPE_SECRET_KEY: z.string() }, client: {}, runtimeEnv: {} });\n",
    "src/page.ts": "export const theme = 1;\n",
}
RUN = "import sys; sys.argv[0] = 'onboard'; from onboard.cli import main; main()"


@dataclass
class Said:
    code: int
    text: str
    out: str
    modules: frozenset[str]

    @property
    def from_stamp(self) -> bool:
        return "onboard.checks" not in self.modules

    @property
    def told(self) -> tuple[int, str]:
        return self.code, self.text


@dataclass
class World:
    root: Path
    home: Path

    @property
    def machine(self) -> Machine:
        state = self.home / ".local/state/onboard"
        return Machine(env={}, home=self.home, state=state, config=self.home / "config")

    def approve(self) -> None:
        session = Session.open(self.machine, self.root)
        session.approve(session.approval().hash)

    def check(self, *words: str, folder: str = ".", **env: str) -> Said:
        done = subprocess.run(
            [sys.executable, "-X", "importtime", "-c", RUN, "check", *words],
            cwd=self.root / folder,
            env={"HOME": str(self.home), "PATH": "/usr/bin:/bin", **env},
            capture_output=True,
            text=True,
            check=False,
        )
        lines = done.stderr.splitlines(keepends=True)
        modules = frozenset(line.rpartition("|")[2].strip() for line in lines if line.startswith("import time:"))
        text = "".join(line for line in lines if not line.startswith("import time:"))
        return Said(done.returncode, text, done.stdout, modules)

    def looked(self, folder: str = ".", **env: str) -> Said:
        """What a full look says: with words of its own, `check` never asks the stamp."""
        said = self.check("--path", str(self.root / folder), folder=folder, **env)
        assert not said.from_stamp
        return said

    def settled(self, folder: str = ".") -> Said:
        """Check until the stamp is kept: what was written an instant ago is not believed to rest."""
        for _ in range(40):
            said = self.check(folder=folder)
            if said.from_stamp:
                return said
        raise AssertionError("no stamp is ever believed")

    @property
    def stamps(self) -> list[Path]:
        return sorted((self.home / ".local/state/onboard/check").glob("*"))


@pytest.fixture
def world(tmp_path: Path) -> World:
    root, home = tmp_path / "shop", tmp_path / "home"
    home.mkdir()
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    (root / ".env.local").write_text(ENV)
    (root / ".env.local").chmod(0o600)
    world = World(root, home)
    world.approve()
    return world


def add(name: str, text: str) -> Callable[[World], None]:
    def change(world: World) -> None:
        with (world.root / name).open("a") as file:
            file.write(text)

    return change


def replaced(name: str, old: str, new: str) -> Callable[[World], None]:
    def change(world: World) -> None:
        path = world.root / name
        before = path.read_text()
        assert old in before
        path.write_text(before.replace(old, new))

    return change


def same_size_and_time(world: World) -> None:
    path = world.root / ".env.local"
    about = path.stat()
    path.write_text(ENV.replace("sk_test_51Hq", "xk_tset_51Hq"))
    os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns))
    after = path.stat()
    assert (after.st_size, after.st_mtime_ns, after.st_ino) == (about.st_size, about.st_mtime_ns, about.st_ino)


def younger_lock(world: World) -> None:
    now = (world.root / "node_modules/.modules.yaml").stat().st_mtime
    os.utime(world.root / "pnpm-lock.yaml", (now + 60, now + 60))


def swapped_for_an_older_copy(world: World) -> None:
    path = world.root / ".env.local"
    about = path.stat()
    copy = path.with_name("copy")
    copy.write_text(ENV.replace("SESSION_NAME=shop", "SESSION_NAMF=shop"))
    copy.chmod(0o600)
    os.utime(copy, ns=(about.st_atime_ns, about.st_mtime_ns))
    copy.replace(path)


MUTATIONS: dict[str, Callable[[World], None]] = {
    "the template gains a variable": add(".env.local.example", "MAIL_TOKEN=\n"),
    "the template loses a variable": replaced(".env.local.example", "THEME_TOKEN=\n", ""),
    "a later env file has what was missing": add(".env", "THEME_TOKEN=dark\n"),
    "the env file loses a variable": replaced(".env.local", "SESSION_NAME=shop\n", ""),
    "the env file is edited, same size, time set back": same_size_and_time,
    "the env file is another file of the same size and time": swapped_for_an_older_copy,
    "the env file is gone": lambda world: (world.root / ".env.local").unlink(),
    "the env file can be read by others": lambda world: (world.root / ".env.local").chmod(0o644),
    "another env file wins": add(".env.development.local", "SESSION_NAME=other\n"),
    "package.json names another manager": replaced("package.json", "pnpm@10.1.0", "npm@10.1.0"),
    "a version file contradicts": add(".nvmrc", "18\n"),
    "the lock file is newer": younger_lock,
    "nothing is installed": lambda world: shutil.rmtree(world.root / "node_modules"),
    "the schema asks for more": replaced("src/env.ts", "server: {", "server: { QUEUE_TOKEN: z.string(),"),
    "the code demands a variable": replaced("src/page.ts", "= 1", "= process.env.THEME_TOKEN!"),
    "new code demands a variable": add("src/new.ts", "export const theme = process.env.THEME_TOKEN!;\n"),
    "onboard.toml": add("onboard.toml", '[variables.EXTRA_TOKEN]\nneed = "required"\n'),
    "the env file is put off": lambda world: Choices(world.machine.state, "github.com/acme/shop").skip("THEME_TOKEN"),
}  # fmt: skip


@pytest.mark.parametrize("what", MUTATIONS)
def test_no_stamp_hides_a_change(world: World, what: str) -> None:
    before = world.settled()
    MUTATIONS[what](world)

    now = world.check()

    assert now.told == world.looked().told
    assert now.told != before.told, "this change does not matter: the case proves nothing"


def test_the_stamp_says_what_a_full_look_says(world: World) -> None:
    assert world.settled().told == world.looked().told


def test_a_remote_that_changes_brings_another_projects_choices(world: World) -> None:
    Choices(world.machine.state, "github.com/acme/other").skip("THEME_TOKEN")
    before = world.settled()
    replaced(".git/config", "acme/shop", "acme/other")(world)

    now = world.check()

    assert now.told == world.looked().told != before.told


def test_a_folder_that_comes_to_stand_alone_is_looked_at_alone(world: World) -> None:
    before = world.settled("src")
    (world.root / "src/pnpm-lock.yaml").write_text("")

    assert world.check(folder="src").told == world.looked("src").told != before.told


@pytest.mark.long
def test_any_series_of_changes_is_seen(world: World) -> None:
    choose = random.Random(20)
    changes = [*MUTATIONS.values()]
    for _ in range(8):
        world.settled()
        try:
            choose.choice(changes)(world)
        except (AssertionError, FileNotFoundError):
            continue  # an earlier change took away what this one changes
        world.approve()

        assert world.check().told == world.looked().told


def test_a_variable_of_the_shell_is_seen(world: World) -> None:
    before = world.settled()

    assert world.check(SESSION_NAME="other").told == world.looked(SESSION_NAME="other").told != before.told
    assert world.check(THEME_TOKEN="here").told == world.looked(THEME_TOKEN="here").told != before.told
    assert world.check(UNRELATED="x").from_stamp
    assert world.check().told == before.told


def test_stand_ins_are_said_whatever_the_stamp(world: World, tmp_path: Path) -> None:
    world.settled()
    (tmp_path / "endpoints.json").write_text('{"stripe": "http://127.0.0.1:1"}')

    assert "stand-ins" in world.check(ONBOARD_ENDPOINTS=str(tmp_path / "endpoints.json")).text


def forged(stamp: Path, old: bytes, new: bytes) -> None:
    data = stamp.read_bytes()[8:]
    assert old in data
    data = data.replace(old, new)
    stamp.write_bytes(source_hash(quick._KEY, data) + data)


def flipped(stamp: Path) -> None:
    data = bytearray(stamp.read_bytes())
    data[len(data) // 3] ^= 1
    stamp.write_bytes(bytes(data))


def linked(stamp: Path) -> None:
    target = stamp.with_name("elsewhere")
    stamp.rename(target)
    stamp.symlink_to(target)


def a_folder(stamp: Path) -> None:
    stamp.unlink()
    stamp.mkdir()


ODD: dict[str, Callable[[Path], object]] = {
    "of another onboard": lambda stamp: forged(stamp, f"onboard {__version__}".encode(), b"onboard 99.0.0"),
    "of another folder": lambda stamp: forged(stamp, b"shop\0\0", b"shoq\0\0"),
    "cut": lambda stamp: stamp.write_bytes(stamp.read_bytes()[:-20]),
    "empty": lambda stamp: stamp.write_bytes(b""),
    "a flipped bit": flipped,
    "no text": lambda stamp: stamp.write_bytes(b"\xff" * 400),
    "whole, of no form of ours": lambda stamp: forged(stamp, b"\0\0", b"\0"),
    "writable by others": lambda stamp: stamp.chmod(0o666),
    "a link": linked,
    "a folder": a_folder,
}


@pytest.mark.parametrize("what", ODD)
def test_an_odd_stamp_is_not_believed_and_replaced(world: World, what: str) -> None:
    before = world.settled()
    ODD[what](world.stamps[0])

    now = world.check()

    assert not now.from_stamp
    assert now.told == before.told
    if what != "a folder":
        assert world.settled().told == before.told


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a file to another user")
def test_another_users_stamp_is_not_believed(world: World) -> None:
    world.settled()
    os.chown(world.stamps[0], 12345, -1)

    assert not world.check().from_stamp


def test_nothing_is_written_before_approval(world: World) -> None:
    shutil.rmtree(world.home / ".local")

    for _ in range(3):
        assert not world.check().from_stamp

    assert list(world.home.rglob("*")) == []


def test_other_words_never_ask_the_stamp(world: World) -> None:
    settled = world.settled()

    said = world.check("--json")

    assert not said.from_stamp
    assert json.loads(said.out)["exit_code"] == said.code == settled.code


def test_silent_when_all_is_well_first_and_later(world: World) -> None:
    add(".env.local", "THEME_TOKEN=dark\n")(world)

    assert world.looked().told == (0, "")
    assert world.settled().told == (0, "")


def test_a_failure_stays_a_failure(world: World) -> None:
    (world.root / ".env.local").unlink()

    said = world.settled()

    assert said.code == 1
    assert "STRIPE_SECRET_KEY" in said.text


def test_the_stamp_holds_no_value_and_is_ours_alone(world: World) -> None:
    world.settled()

    [stamp] = world.stamps

    assert SECRET.encode() not in stamp.read_bytes()
    assert stamp.stat().st_mode & 0o777 == 0o600
    assert stamp.parent.stat().st_mode & 0o777 == 0o700


def test_answering_from_the_stamp_imports_three_files_of_ours_and_nothing_else(world: World) -> None:
    """The guard of speed: what is imported, not how long it takes."""
    bare = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", "pass"], capture_output=True, text=True, check=True
    )
    known = {line.rpartition("|")[2].strip() for line in bare.stderr.splitlines()}

    assert world.settled().modules - known == {"onboard", "onboard.cli", "onboard.quick"}


def test_every_file_that_a_look_opens_is_marked(world: World) -> None:
    world.settled()
    code = f"""
import os, sys, json
seen = set()
def hook(event, args):
    if event in ("open", "os.listdir", "os.scandir") and isinstance(args[0], (str, bytes, os.PathLike)):
        seen.add(os.path.normpath(os.path.abspath(os.fsdecode(args[0]))))
sys.addaudithook(hook)
sys.argv[1:] = ["check"]
from onboard.cli.common import run
run(["check"])
print(json.dumps(sorted(path for path in seen if path.startswith({str(world.root.parent)!r}))))
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=world.root,
        env={"HOME": str(world.home), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    opened = set(json.loads(done.stdout))
    marked = set(world.stamps[0].read_bytes()[8:].decode().split("\0\0")[4].split("\0"))
    approval = {path for path in opened if path.endswith("/trust.json") or "/onboard/check" in path}

    assert len(opened) > 10
    assert opened - marked - approval == set()


def test_a_file_that_changed_an_instant_ago_is_not_stamped() -> None:
    now = 1_000_000_000_123_456_789
    fresh, old, coarse = (f"{now - ago} {now - ago} 1 1" for ago in (10**7, 10**9, 10**9 + 123_456_789))

    assert quick.stamp("/a", 0, "", (), {"/a/b": fresh}, now) is None
    assert quick.stamp("/a", 0, "", (), {"/a/b": old}, now) is not None
    assert quick.stamp("/a", 0, "", (), {"/a/b": coarse}, now) is None
    assert quick.stamp("/a", 0, "", (), {"/a/b": "?"}, now) is None
    assert quick.stamp("/a", 0, "", (), {"/a/b": quick.ABSENT}, now) is not None
