"""What the commands print as JSON is what the committed schemas say: no key more, none less."""

import copy
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema.exceptions import ValidationError

from tests.schemas import FOLDER, ROOT, validator

NAMES = ("doctor", "project", "list", "explain", "trust")
MONOREPO = {
    "pnpm-workspace.yaml": "packages:\n  - apps/*\n",
    "package.json": '{"name": "mono", "packageManager": "pnpm@10.1.0", "engines": {"node": ">=22"}}',
    ".nvmrc": "18\n",
    "pnpm-lock.yaml": "",
    "package-lock.json": "{}",
    "docker-compose.yml": "services:\n  db:\n    image: postgres\n    ports: ['5432:5432']\n",
    "apps/web/package.json": '{"name": "web", "scripts": {"dev": "next dev -p 3010"}, "dependencies": {"next": "16"}}',
    "apps/web/.env.example": "# Required\nDATABASE_URL=postgres://postgres:postgres@localhost:5432/app\nREDIS_URL=\n"
    "# optional: openssl rand -hex 32\n# AUTH_SECRET=\nNEXT_PUBLIC_CLERK_PUBLISHABLE_KEY=pk_test_...\nA=1\nA=2\n",
    "apps/web/.env.local": "A=1\nDATABASE_URL=postgres://u:p@localhost/app\nMINE=x\nA=3\n",
    "apps/jobs/package.json": '{"name": "jobs", "scripts": {"dev": "tsx watch src/index.ts"}}',
    "apps/jobs/.env.example": "INNGEST_EVENT_KEY=\nCRON_SECRET=change-me\n",
}
BARE = {"README.md": "nothing here\n", ".env.example": "NAME=\n"}


def objects(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        if "properties" in schema:
            yield schema
        for value in schema.values():
            yield from objects(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from objects(value)


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_allows_no_unnamed_key_and_wants_every_named_one(name: str) -> None:
    found = [*objects(validator(name).schema)]

    assert found
    assert all(one["additionalProperties"] is False for one in found)
    assert all(one["required"] == [*one["properties"]] for one in found)


def test_every_schema_belongs_to_a_command() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} == {*NAMES}


def wavepoint(folder: Path) -> None:
    shutil.copytree(ROOT / "onboard/sandbox/project", folder)


def written(files: dict[str, str], folder: Path) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


class Place:
    """A repository and a person's home, and the program on them."""

    def __init__(self, root: Path, home: Path) -> None:
        self.root = root
        # No keyring of the person who runs the tests can be reached.
        self.env = {"HOME": str(home), "PATH": os.defpath, "DBUS_SESSION_BUS_ADDRESS": f"unix:path={home}/no-bus"}

    def said(self, *words: str) -> Any:
        done = subprocess.run(
            [sys.executable, "-c", "from onboard.cli import main; main()", *words, "--path", str(self.root)],
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stdout, done.stderr
        return json.loads(done.stdout)


@pytest.fixture(scope="module", params=["wavepoint", "monorepo", "bare"])
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Place:
    base = tmp_path_factory.mktemp(request.param)
    if request.param == "wavepoint":
        wavepoint(base / "repo")
    else:
        written(MONOREPO if request.param == "monorepo" else BARE, base / "repo")
    (base / "home").mkdir()
    return Place(base / "repo", base / "home")


def documents(place: Place) -> Iterator[tuple[str, Any]]:
    yield "doctor", place.said("check", "--json")
    yield "doctor", place.said("doctor", "--json", "--offline")
    yield "doctor", place.said("doctor", "--json", "--problems", "--only", "variable", "trust")
    yield "project", place.said("project", "--json")
    listed = place.said("list", "--json")
    yield "list", listed
    for row in listed["variables"][::4]:
        yield "explain", place.said("explain", row["name"], "--json")
    yield "trust", place.said("trust", "--show", "--json")


def test_what_is_printed_fits_its_schema_before_and_after_approval(place: Place) -> None:
    before = [*documents(place)]
    hash = next(document["hash"] for name, document in before if name == "trust")
    subprocess.run(
        [sys.executable, "-c", "from onboard.cli import main; main()", "trust", "--accept", hash, "--path", place.root],
        env=place.env,
        capture_output=True,
        check=True,
    )
    after = [
        ("doctor", place.said("check", "--json")),
        ("doctor", place.said("doctor", "--json", "--offline")),
        ("list", place.said("list", "--json")),
        ("trust", place.said("trust", "--show", "--json")),
    ]
    assert after[-1][1]["trusted"] is True

    for name, document in (*before, *after):
        validator(name).validate(document)
    assert {name for name, _ in before} == {*NAMES}


def test_a_document_that_differs_in_any_key_is_refused(tmp_path: Path) -> None:
    wavepoint(tmp_path / "repo")
    place = Place(tmp_path / "repo", tmp_path)
    document = place.said("check", "--json")
    validator("doctor").validate(document)

    changes: tuple[Callable[[dict[str, Any]], object], ...] = (
        lambda d: d.pop("counts"),
        lambda d: d.update(extra=1),
        lambda d: d["findings"][0].update(value="sk_test"),
        lambda d: d["findings"][0].update(status="green"),
        lambda d: d["findings"][0].update(evidence={"a": ["list"]}),
        lambda d: d["counts"].pop("unknown"),
        lambda d: d.update(exit_code=7),
        lambda d: d.update(schema_version=2),
    )
    for change in changes:
        changed = copy.deepcopy(document)
        change(changed)
        with pytest.raises(ValidationError):
            validator("doctor").validate(changed)
