"""`onboard dev` on real parts: Next.js, pnpm, PostgreSQL and the Stripe CLI, from the start to a signed event."""

import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from secrets import token_hex
from urllib.parse import urlsplit

import psutil
import pytest

from tests.e2e.world import World
from tests.parts import program
from tests.parts.postgres import PostgresServer

pytestmark = pytest.mark.parts

HALF_TAKEN = """
import os, socket, subprocess, sys
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
holder = socket.socket()
holder.bind(("127.0.0.2", 3000))
holder.listen()
os.set_inheritable(holder.fileno(), True)
os.execvp(sys.argv[1], sys.argv[1:])
"""
"""Becomes the command that follows, in a network where 3000 is held on an address that nobody asks."""


class Lines:
    """What a running command prints, read up to a line that fits."""

    def __init__(self, child: "subprocess.Popen[str]") -> None:
        self.child = child
        self.seen = ""

    def until(self, pattern: str, seconds: float = 60) -> str:
        assert self.child.stdout is not None
        late = threading.Timer(seconds, self.child.kill)
        late.start()
        try:
            for line in self.child.stdout:
                self.seen += line
                if re.search(pattern, line):
                    return line
        finally:
            late.cancel()
        raise AssertionError(f"no line like {pattern!r}:\n{self.seen}")


@contextmanager
def dev(world: World, *words: str) -> Iterator[Lines]:
    with world.running("dev", *words) as child:
        lines = Lines(child)
        yield lines
    world.oracle.saw("stdout", lines.seen)


def below(child: "subprocess.Popen[str]", name: str) -> list[psutil.Process]:
    found = psutil.Process(child.pid).children(recursive=True)
    return [one for one in found if one.is_running() and one.name() == name]


def database_of(world: World) -> str:
    return urlsplit(world.database_url).path.lstrip("/")


def set_up(world: World, postgres: PostgresServer) -> None:
    """Install the app and give it its values and two tables, without the way there: that is another test's."""
    subprocess.run(["pnpm", "install"], cwd=world.project, env=world.env, check=True, capture_output=True)
    for table in ("orders", "products"):
        postgres.run(f"create table {table} (id int)", database_of(world))
    values = world.credentials | {"AUTH_SECRET": token_hex(32)}
    (world.project / ".env.local").write_text("".join(f"{name}='{value}'\n" for name, value in values.items()))
    world.trust()


def test_a_signed_event_is_answered_200_and_what_happens_on_the_way(world: World, postgres: PostgresServer) -> None:
    set_up(world, postgres)
    port, database = world.port, database_of(world)
    with dev(world, "--prove") as lines:
        # An app that answers 500 is up, and not ready; once its database is right it is.
        lines.until("the app answers 500 at .* a fault of its own")
        columns = ("slug text", "name text", "price_cents int", "published bool")
        for change in (
            *(f"alter table products add {column}" for column in columns),
            "grant all on products to public",
        ):
            postgres.run(change, database)
        finish = lines.until("the app answers at .* after ")
        assert f"http://localhost:{port} (200), database has 2 tables, 2 listeners ready" in finish
        assert "signed events answered 2 of 2" in finish
        assert len(re.findall(r"answered 200: its secret is \w+'s", lines.seen)) == 2
        assert "through Stripe: setup_intent.created arrived and was answered 200, 200" in lines.seen
        assert "database: " in lines.seen

        # A second one is told who is here, and starts nothing.
        second = world.onboard("dev")
        assert second.code == 1
        assert f"port {port} is held by this project's own server" in second.err
        listen = world.onboard("listen")
        assert listen.code == 1
        assert re.search(r"run already: onboard dev \(process \d+, since ", listen.err)

        # A listener that is killed comes back; Next takes a changed env file up by itself.
        below(lines.child, "stripe")[0].kill()
        lines.until("ended .exit -9.; starts again in 1 s")
        lines.until("ready: forwards to")
        file, before = world.project / ".env.local", lines.seen.count("Reload env")
        file.write_text(file.read_text() + "\nNEXT_PUBLIC_SHOP_ENABLED=false\n")
        lines.until("takes it up by itself")
        if lines.seen.count("Reload env") == before:
            lines.until("Reload env")
        family = psutil.Process(lines.child.pid).children(recursive=True)
    assert not re.search(r"whsec_[0-9a-f]{8}", lines.seen)
    assert psutil.wait_procs(family, 3)[1] == []

    # Next goes to another port without a word of its own to anybody: in a network of its own, 3000 is half taken.
    package = world.project / "package.json"
    package.write_text(package.read_text().replace(f"next dev -p {port}", "next dev"))
    world.trust()
    alone = [program("unshare", "util-linux"), "-n", sys.executable, "-c", HALF_TAKEN]
    wrap = world.wrap
    world.wrap = lambda argv, *names: [*alone, *wrap(argv, *names)]
    with dev(world) as lines:
        lines.until("THE APP IS NOT ON PORT 3000 BUT ON 3001")
        lines.until("the listeners start again and forward to http://localhost:3001")
    shutil.rmtree(world.project / "node_modules")  # packages of others, large: nothing that is to be searched
