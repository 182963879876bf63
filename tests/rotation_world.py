"""A project whose credentials are changed, and processes in which a change is broken off."""

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
from onboard.model import Status
from onboard.sandbox.served import Served, StandIn, serve
from tests.rotating import opened


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


AUTH_5 = {"next": "15.0.0", "next-auth": "^5.0.0-beta.25"}
AUTH_4 = {"next": "15.0.0", "next-auth": "^4.24.0"}
