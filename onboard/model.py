"""The values that every part of onboard speaks in. Pure: no clock, no files, no network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import NoReturn

SCHEMA_VERSION = 1
"""Of every JSON document that leaves us; raised when a reader of the old shape would misread the new one."""


class Secret:
    """A value that must not be seen: no repr, no str, no format, no pickle, no copy into JSON shows it.

    `reveal()` is the only way to the text; call it where it is written, sent or compared, and nowhere else.
    """

    __slots__ = ("__text",)

    def __init__(self, text: str) -> None:
        self.__text = text

    def reveal(self) -> str:
        """Return the text itself."""
        return self.__text

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__

    def __format__(self, spec: str) -> NoReturn:
        raise TypeError("a Secret cannot be formatted into text")

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret cannot be pickled or copied")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other.reveal() == self.__text

    def __hash__(self) -> int:
        return hash(self.__text)

    def __bool__(self) -> bool:
        return bool(self.__text)


class Kind(StrEnum):
    """Whether a variable's value may be shown."""

    SECRET = "secret"  # noqa: S105 -- a word, not a password
    PUBLIC = "public"


class Need(StrEnum):
    """Whether the app runs locally without the variable."""

    REQUIRED = "required"
    OPTIONAL = "optional"


class Status(StrEnum):
    """What a check saw."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    UNKNOWN = "unknown"
    """It could not be looked at; says nothing about the thing itself."""
    SKIPPED = "skipped"


class Who(StrEnum):
    """Who can do a step."""

    PERSON = "person"
    ANYONE = "anyone"


@dataclass(frozen=True, slots=True)
class Variable:
    """One name in an env file, as the repository describes it."""

    name: str
    kind: Kind
    need: Need
    provider: str | None = None
    """Id of the provider it belongs to; `None`: no service that we know."""
    default: str | None = None
    """The template's value where it works as it stands; `None`: there is none, or it is a placeholder or a secret."""
    sample: str = ""
    """The template's value as it stands, for recognising that it was left in place. Shown to nobody."""
    placeholder: bool = False
    """The template's value must never be used. False for an empty one: there is nothing to be used."""
    generate: str | None = None
    """How the repository says to make it (`openssl rand -base64 32`); `None`: it is not made locally."""
    link: str | None = None
    section: str | None = None
    description: str = ""
    commented: bool = False
    """It stands only in a comment of the template (`# NAME=`)."""
    exposed: bool = False
    """Its prefix sends it to the browser (`NEXT_PUBLIC_`, `VITE_`, …)."""
    probably: bool = False
    """`need` is a guess (empty and nothing said): shown as "probably", never a block."""
    choices: tuple[str, ...] = ()
    """The only values that are right; empty: any."""
    rules: tuple[str, ...] = ()
    """From the env schema, by name: `url`, `email`, `int`, `number`, `boolean`, `min:32`, `startswith:sk_`."""
    declared_in: tuple[str, ...] = ()
    """`file:line` of the template, the env schema and onboard.toml, the template first."""
    used_in: tuple[str, ...] = ()
    """`file:line` of reads in code, at most a handful."""
    one_of: str | None = None
    """Name of the group of alternatives it belongs to; `None`: it stands alone."""

    @property
    def ready(self) -> str | None:
        """The template's value where it works as it stands, a secret's too (a local database); `None`: none."""
        if self.default is not None:
            return self.default
        return self.sample if self.sample and not self.placeholder else None


@dataclass(frozen=True, slots=True)
class Ask:
    """A person types the value of one or several variables of one service."""

    text: str
    variables: tuple[str, ...]
    url: str | None = None
    """Where the value is to be had."""
    who: Who = Who.PERSON
    kind: str = field(default="ask", init=False)

    @property
    def command(self) -> str:
        """The same from a shell."""
        return f"onboard set {self.variables[0]}"


@dataclass(frozen=True, slots=True)
class Run:
    """A command is run, after consent."""

    text: str
    argv: tuple[str, ...]
    who: Who = Who.ANYONE
    url: str | None = None
    kind: str = field(default="run", init=False)

    @property
    def command(self) -> str:
        """The command as a person would type it."""
        import shlex

        return shlex.join(self.argv)


@dataclass(frozen=True, slots=True)
class Open:
    """A page is opened in the browser, where a person does something."""

    text: str
    url: str
    who: Who = Who.PERSON
    command: str | None = None
    kind: str = field(default="open", init=False)


@dataclass(frozen=True, slots=True)
class Write:
    """A file of the developer's is written or repaired by us."""

    text: str
    variables: tuple[str, ...] = ()
    """What is written; empty: everything that is known, or nothing but the file's mode or ignore rule."""
    what: str = "values"
    """`values`: into the env file; `generate`: made here first; `mode`: the file's mode; `ignore`: git's rule."""
    command: str | None = "onboard env --write"
    who: Who = Who.ANYONE
    url: str | None = None
    kind: str = field(default="write", init=False)


@dataclass(frozen=True, slots=True)
class Tell:
    """Something only a person can do elsewhere."""

    text: str
    url: str | None = None
    command: str | None = None
    who: Who = Who.PERSON
    kind: str = field(default="tell", init=False)


Step = Ask | Run | Open | Write | Tell


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check saw. It has no field that could hold a secret's value."""

    id: str
    """Stable, `family.subject`: `tool.node`, `live.stripe`, `variable.AUTH_SECRET`."""
    title: str
    status: Status
    summary: str
    detail: str = ""
    variable: str | None = None
    provider: str | None = None
    evidence: Mapping[str, str | int | bool | None] = field(default_factory=dict)
    """Facts behind the verdict: names, versions, places, identities; never a value."""
    step: Step | None = None
    """The one thing that ends it; `None`: nothing is owed."""
    took_ms: int = 0

    def with_time(self, took_ms: int) -> Finding:
        """Return the same finding with its time."""
        return replace(self, took_ms=took_ms)


@dataclass(frozen=True, slots=True)
class Shape:
    """What can be said of a value by looking at it alone."""

    fits: bool
    text: str
    """One sentence: what it looks like, or what is wrong with it and how the right one looks."""
    mode: str | None = None
    """`test` or `live` where the value says so."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a service said of a credential: accepted (OK, or WARN with a limit), refused (FAIL), or could not tell."""

    status: Status
    summary: str
    identity: Mapping[str, str] = field(default_factory=dict)
    """Whose it is: account, organisation, project, branch, user, domain, mode. Never a value."""
    detail: str = ""
    step: Step | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened while a step was done or a child ran; for people to read."""

    text: str
    """Already cleaned and redacted."""
    source: str = "onboard"
    """Who said it: `onboard`, or the name of the child."""
    level: Status = Status.OK
    kind: str = "line"
    """`line`; `progress`; `ready`, `secret`, `webhook`, `exit` for a supervised child; `done`, `failed` for a step."""
    data: Mapping[str, str | int | bool | None] = field(default_factory=dict)
