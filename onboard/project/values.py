"""What a repository needs, as values: no file is read here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from onboard.model import Variable


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something about the repository's own files that a developer or a maintainer should know."""

    kind: str
    """Stable: `node.conflict`, `lockfile.conflict`, `need.conflict`, `webhook.port`, `file.too_large`, …"""
    text: str
    """One sentence, already safe to show."""
    places: tuple[str, ...] = ()
    """`file` or `file:line` of each side, relative to the root."""
    variable: str | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """A file whose bytes mattered, read once."""

    path: str
    """Relative to the root, `/` between parts."""
    sha256: str


@dataclass(frozen=True, slots=True)
class Tool:
    """A program that has to be on the machine."""

    name: str
    """`node`, `pnpm`, `stripe`, `docker`, `git`, …"""
    spec: str | None
    """A version or range as the repository writes it; `None`: any."""
    source: str | None
    """Where it is stated: a file, `engines`, `packageManager`, …; `None`: it follows from something else."""


@dataclass(frozen=True, slots=True)
class PackageManager:
    """What installs the dependencies."""

    name: str
    version: str | None
    """`None`: no file states one."""
    source: str | None
    """`packageManager`, a lock file, `engines`, …; `None`: nothing says so, it is the default of package.json."""


@dataclass(frozen=True, slots=True)
class NodeSpec:
    """Which Node.js the repository asks for."""

    spec: str | None
    source: str | None


@dataclass(frozen=True, slots=True)
class Push:
    """How the database gets the schema."""

    command: str
    """What a person types, from `dir`."""
    script: str | None
    """Name of the package.json script; `None`: there is none, `command` is the tool's own."""
    tool: str
    """`drizzle`, `prisma`, `supabase`, …"""
    dir: str = "."


@dataclass(frozen=True, slots=True)
class Webhook:
    """A route that a service calls, and the listener that brings the calls to this machine."""

    path: str
    """URL path."""
    port: int | None
    """Where the listener forwards to; without a listener, the dev server's port."""
    command: str
    """What listens; ours where the repository brings none."""
    script: str | None
    """Name of the package.json script that listens; `None`: there is none."""
    variable: str | None
    """Which variable takes the signing secret; `None`: not found."""
    events: tuple[str, ...] = ()
    """Empty: all."""
    started_by_dev: bool = False
    """The dev script starts the listener already."""
    file: str | None = None
    """The route's file; `None`: known only from the listener."""
    dir: str = "."
    """Folder of the package whose script it is."""


@dataclass(frozen=True, slots=True)
class Dev:
    """The development server."""

    command: str
    script: str | None
    port: int | None
    dir: str = "."
    beside: tuple[str, ...] | None = None
    """Scripts that run beside it, from onboard.toml; `None`: it does not say."""


@dataclass(frozen=True, slots=True)
class CodeRead:
    """A variable that code reads and no template declares."""

    name: str
    places: tuple[str, ...]
    need: str
    """`required`: it throws or validates without; `optional`: it has a fallback; `unknown`."""


@dataclass(frozen=True, slots=True)
class Alternative:
    """Several ways to have the same thing; one is enough."""

    name: str
    """What it is: `redis`."""
    options: tuple[tuple[str, tuple[str, ...]], ...]
    """(name of the way, its variables), the repository's favourite first."""
    required: bool = False
    """One of them has to be there; False: the app runs without any."""


@dataclass(frozen=True, slots=True)
class App:
    """One env file and what runs with it."""

    dir: str
    template: str | None
    """`None`: there is no template; the variables come from the env schema and the code."""
    env_file: str
    package_manager: PackageManager | None
    node: NodeSpec
    readers: tuple[str, ...]
    """Ids, the one that runs the app first."""
    variables: tuple[Variable, ...]
    push: Push | None
    webhooks: tuple[Webhook, ...]
    dev: Dev | None
    compose_file: str | None
    compose_services: tuple[str, ...]
    env_schema_file: str | None
    health: tuple[str, ...] = ()
    """URL paths that say whether the app is well."""
    undeclared: tuple[CodeRead, ...] = ()
    unused: tuple[str, ...] = ()
    """Declared by the template, read by no code that we searched."""
    alternatives: tuple[Alternative, ...] = ()
    env_file_source: str = ""
    """What says so: `onboard.toml`, `template`, `scripts`, `README`, `habit` (it is what such projects read)."""
    scopes: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()
    """From onboard.toml: variable → (environment, what it is there)."""


@dataclass(frozen=True, slots=True)
class Project:
    """What this repository needs."""

    id: str
    id_source: str
    """`manifest`, `remote` or `path`."""
    remote_id: str | None
    """The id that the folder's own git remote gives; `None`: there is no remote."""
    name: str
    root: str
    """Absolute path."""
    apps: tuple[App, ...]
    """The main app first."""
    tools: tuple[Tool, ...]
    workspaces: bool
    main_app: str
    manifest: str | None
    troubles: tuple[Trouble, ...] = ()
    sources: tuple[Source, ...] = ()
    seen: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    """Absolute path of each file read and each folder listed -> its mark (`quick.mark`), taken just before."""

    @property
    def app(self) -> App:
        """The main app, or the one that was asked for."""
        return next((app for app in self.apps if app.dir == self.main_app), self.apps[0])
