"""onboard.toml: what a repository says of itself where its files cannot, or where reading them got it wrong.

It is value-free, and it gives no permission: whatever it asks for is part of what a person approves.
Imported only where there is such a file: it loads pydantic.
"""

from __future__ import annotations

import re
import tomllib
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from onboard.clean import line
from onboard.errors import ProjectError
from onboard.model import Kind
from onboard.project import naming, samples
from onboard.project.files import Tree

NAME = "onboard.toml"
_CAP = 256 << 10
_MOST_KEYS = 8_000
_LONGEST_LINE = 4_000
_IGNORED = ("trust", "trusted", "trusted_paths", "settings", "accept", "approve", "yes", "hooks", "telemetry")
"""What a repository would like to decide and never may."""


def _inside(path: str) -> str:
    if path.startswith("/") or ".." in path.split("/") or "\\" in path or not path.isprintable():
        raise ValueError("must be a path inside the repository, with / between its parts")
    return path


Text = Annotated[str, Field(max_length=2_000)]
Word = Annotated[str, Field(min_length=1, max_length=300)]
Path = Annotated[str, Field(min_length=1, max_length=300), AfterValidator(_inside)]
Port = Annotated[int, Field(ge=1, le=65535)]
Url = Annotated[str, Field(max_length=1_000, pattern=r"^https?://[^\s\x00-\x1f]+$")]
VariableName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=200)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class ProjectTable(_Table):
    """The repository as a whole."""

    id: Word | None = None
    """Under which values are kept, where the git remote is not the right name for it."""
    name: Word | None = None
    main_app: Path | None = None
    """Folder of the app that a new developer starts."""


class VariableTable(_Table):
    """One variable."""

    need: Literal["required", "optional"] | None = None
    kind: Literal["secret", "public"] | None = None
    provider: Word | None = None
    """Id of the service that issues it (`stripe`, `neon`, …)."""
    generate: Text | None = None
    """How it is made locally: `openssl rand -base64 32`."""
    link: Url | None = None
    """Where it is to be had."""
    default: Text | None = None
    """A value that works for every developer. Never a secret."""
    placeholder: bool | None = None
    """The template's value must never be used (true), or works as it stands (false)."""
    description: Text | None = None
    section: Word | None = None
    choices: list[Word] | None = None
    scopes: dict[Word, Text] = {}
    """Environment → what the value is there, in words."""


class ToolTable(_Table):
    """A program that has to be on the machine."""

    version: Word | None = None
    """A version or a range (`>=20`); absent: any."""


class DevTable(_Table):
    """The development server."""

    script: Word | None = None
    command: Text | None = None
    port: Port | None = None
    beside: list[Word] | None = None
    """Scripts that `onboard dev` runs beside it; absent: what the scripts show (Inngest's dev server)."""


class PushTable(_Table):
    """How the database gets the schema."""

    script: Word | None = None
    command: Text | None = None
    tool: Word | None = None


class WebhookTable(_Table):
    """A route that a service calls, and what forwards the calls to this machine."""

    path: Annotated[str, Field(pattern=r"^/[^\s\x00-\x1f]*$", max_length=500)]
    port: Port | None = None
    script: Word | None = None
    command: Text | None = None
    variable: VariableName | None = None
    """Takes the signing secret."""
    events: list[Word] = []


class AppTable(_Table):
    """One app, or the main one where it stands at the top of the file."""

    template: Path | None = None
    env_file: Path | None = None
    readers: (
        list[
            Literal[
                "next", "node", "dotenv", "dotenv-expand", "python-dotenv", "compose", "bash", "dotenvx", "vite", "bun"
            ]
        ]
        | None
    ) = None
    compose_file: Path | None = None
    env_schema_file: Path | None = None
    health: list[Word] | None = None
    """URL paths that say whether the app is well."""
    dev: DevTable | None = None
    push: PushTable | Literal[False] | None = None
    """`false`: there is nothing to push."""
    webhooks: list[WebhookTable] | None = None
    """All of them: what was inferred no longer counts."""
    variables: dict[VariableName, VariableTable] = {}
    one_of: dict[Word, dict[Word, list[VariableName]]] = {}
    """Alternatives: `[one_of.redis]` with `upstash = ["REDIS_REST_URL", "REDIS_REST_TOKEN"]`."""


class Manifest(AppTable):
    """onboard.toml."""

    project: ProjectTable = ProjectTable()
    tools: dict[Word, ToolTable] = {}
    apps: dict[Path, AppTable] = {}
    """Further apps by folder; the main app's may stand here too."""


def load(tree: Tree) -> Manifest | None:
    """Return the repository's onboard.toml; `None`: it has none. Raises ProjectError with the line that is wrong."""
    if not tree.has(NAME):
        return None
    data = tree.data(NAME, cap=_CAP)
    if data is None:
        raise ProjectError(f"{NAME} cannot be read: it is larger than {_CAP >> 10} KiB, or no file", "make it smaller")
    return parse(data, tree)


def parse(data: bytes, tree: Tree) -> Manifest:
    """Return the manifest in `data`. Raises ProjectError with the line that is wrong; bounded in time and memory."""
    rows = data.split(b"\n")
    if data.count(b"=") > _MOST_KEYS or max(map(len, rows)) > _LONGEST_LINE:
        raise ProjectError(f"{NAME} has too many keys or too long lines", "keep it to what a person can read")
    try:
        text = data.decode("utf-8")
        raw = tomllib.loads(text.replace("\r\n", "\n"))
    except UnicodeDecodeError as error:
        at = data.count(b"\n", 0, error.start) + 1
        raise ProjectError(f"{NAME}:{at} is not UTF-8", "save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise ProjectError(f"{NAME} is not TOML: {line(str(error))}", "correct the line") from None
    except RecursionError:
        raise ProjectError(f"{NAME} nests too deep", "nest its tables less deep") from None
    for key in _IGNORED:
        if key in raw:
            del raw[key]
            at = _line(text, (key,))
            text_of_it = f"{key} in {NAME} has no effect: that is not the repository's to decide"
            tree.trouble("manifest.ignored", text_of_it, f"{NAME}:{at}")
    try:
        found = Manifest.model_validate(raw)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = tuple(str(part) for part in first["loc"])
        at = _line(text, where)
        what = "is no key that onboard knows" if first["type"] == "extra_forbidden" else line(first["msg"])
        raise ProjectError(
            f"{NAME}:{at} {line('.'.join(where))}: {what}", "docs/onboard-toml.md lists the keys"
        ) from None
    for app in (found, *found.apps.values()):
        for name, variable in app.variables.items():
            value = variable.default or ""
            if (
                value
                and naming.kind(name, value) is Kind.SECRET
                and variable.kind != "public"
                and not samples.local(value)
            ):
                at = _line(text, ("variables", name))
                raise ProjectError(
                    f"{NAME}:{at} gives {line(name)} a default, and it is a secret",
                    "take the value out; change it at its service if it was real",
                )
    return found


def _line(text: str, where: tuple[str, ...]) -> int:
    """Return the line on which a key stands, as well as can be told from the text."""
    keys = [part for part in where if not part.isdigit()]
    table: list[str] = []
    best, depth = 1, 0
    for at, row in enumerate(text.split("\n"), 1):
        header = re.match(r"\s*\[\[?\s*([^\]]+?)\s*\]\]?", row)
        if header:
            table = [part.strip(" \"'") for part in re.findall(r"\"[^\"]*\"|'[^']*'|[^.]+", header[1])]
            path = table
        else:
            key = re.match(r"\s*([\w.\"'/-]+)\s*=", row)
            if not key:
                continue
            path = [*table, *(part.strip("\"'") for part in key[1].split("."))]
        shared = 0
        while shared < min(len(path), len(keys)) and path[shared] == keys[shared]:
            shared += 1
        if shared == len(path) and shared > depth:
            best, depth = at, shared
        if shared == len(path) == len(keys) or (
            shared == len(path) and any(f"{part} =" in row or f"{part}=" in row for part in keys[shared:][:1])
        ):
            return at
    return best
