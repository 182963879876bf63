"""Programs that keep a person's secrets already, asked for them: 1Password, Doppler, Infisical, GitHub's CLI.

They are found on the machine, never in the repository; they get no terminal, little of our environment, and a time
limit. What they print is never shown, but for the first line of an error.

Sources: developer.1password.com/docs/cli/reference/commands/{inject,read,item} and /docs/cli/secrets-template-syntax;
docs.doppler.com/docs/accessing-secrets and DopplerHQ/cli `pkg/cmd/secrets.go`; infisical.com/docs/cli/commands/export
and Infisical/cli `packages/cmd/export.go`, `packages/util/{secrets,helper,auth,log}.go` (its program is in
no registry, so that no test runs it); cli.github.com/manual/gh_auth_token.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from onboard import children
from onboard.checks._base import View
from onboard.clean import line
from onboard.errors import NeedsPerson, NetworkError, ProcessError
from onboard.model import Secret
from onboard.project.files import Tree

REFERENCE = re.compile(r"\{\{\s*(op://[^{}\n]+?)\s*\}\}|(?<![\w+\\.-])(op://[\w./?=&-]+)")
"""A secret reference in a text, as `op inject` finds them: in double braces, or bare with few characters."""
_BARE = re.compile(r"op://[\w./?=&-]+")
_PREFIX = re.compile(r"^\[ERROR\]\s*[\d/]+\s+[\d:]+\s*|^(error|Doppler Error|Unable to \w+):\s*", re.I)
_FRAME = " \t│╭╮╰╯─"
"""Infisical draws one around an error of its service, whose own words stand after `Message:`."""
_MACHINE_TOKENS = ("INFISICAL_TOKEN", "INFISICAL_UNIVERSAL_AUTH_ACCESS_TOKEN")
"""With one, `infisical export` does not look which project the folder is linked to."""
_ID = re.compile(r"[0-9A-Za-z-]{8,64}")
_EVERYWHERE = ("DBUS_SESSION_BUS_ADDRESS",)
"""Where a login rests in the keyring, it is read from there."""


@dataclass(frozen=True, slots=True)
class Keeper:
    """A program, and what it says when it does not answer."""

    id: str
    title: str
    program: str
    passes: tuple[str, ...]
    """Variables of ours that it gets; one that ends in `_` stands for all that begin so."""
    sign_in: str
    signed_out: tuple[str, ...]
    """Texts of its errors that mean: nobody is signed in, or the session has ended."""
    unlinked: tuple[str, ...] = ()
    """Texts that mean: signed in, but it does not know which project this folder belongs to."""
    link: str = ""
    seconds: float = 30.0


OP = Keeper(
    "op",
    "1Password",
    "op",
    ("OP_SERVICE_ACCOUNT_TOKEN", "OP_CONNECT_HOST", "OP_CONNECT_TOKEN", "OP_ACCOUNT", "OP_SESSION_"),
    "op signin",
    ("signed in", "new session", "session expired", "no accounts configured", "authorization timeout", "desktop app"),
    seconds=120.0,
)
DOPPLER = Keeper(
    "doppler",
    "Doppler",
    "doppler",
    ("DOPPLER_TOKEN", "DOPPLER_PROJECT", "DOPPLER_CONFIG", "DOPPLER_CONFIG_DIR"),
    "doppler login",
    ("you must provide a token", "invalid auth token", "unauthorized", "you must be logged in"),
    ("you must specify a project", "you must specify a config", "doppler setup", "could not find requested"),
    "doppler setup",
)
INFISICAL = Keeper(
    "infisical",
    "Infisical",
    "infisical",
    (
        *("INFISICAL_TOKEN", "INFISICAL_UNIVERSAL_AUTH_ACCESS_TOKEN", "INFISICAL_DOMAIN", "INFISICAL_API_URL"),
        *("INFISICAL_PROFILE", "INFISICAL_ORG", "INFISICAL_VAULT_FILE_PASSPHRASE"),
    ),
    "infisical login",
    (
        "no valid login session",
        "must be logged in",
        "session has expired",
        "logged in details",
        "infisical login",
        "code: 401",
    ),
    ("not yet connected this project", "infisical init", "--projectid", "project id is required"),
    "infisical init",
)
GH = Keeper("gh", "GitHub's CLI", "gh", ("GH_CONFIG_DIR",), "gh auth login", ("no oauth token", "gh auth login"))
KEEPERS = {keeper.id: keeper for keeper in (OP, DOPPLER, INFISICAL, GH)}


def there(view: View, keeper: Keeper) -> bool:
    """Whether the program is on this machine."""
    return view.machine.runner.find(keeper.program, root=Path(view.project.root)).path is not None


async def filled(view: View, texts: Mapping[str, str]) -> dict[str, Secret]:
    """Return texts with 1Password's secrets in the place of their references. Raises OnboardError.

    All references that `op inject` takes are asked for in one run, so that a person approves once; one with blanks or
    the like is read by `op read`. What stands around a reference stays here.
    """
    wanted = list(dict.fromkeys(one for text in texts.values() for one in references(text)))
    found = await _injected(view, [one for one in wanted if _BARE.fullmatch(one)])
    for one in wanted:
        if one not in found:
            found[one] = _line_end_off(await ask(view, OP, "read", "--no-newline", one))
    return {
        name: Secret(REFERENCE.sub(lambda match: found[match[1] or match[2]], text)) for name, text in texts.items()
    }


def references(text: str) -> tuple[str, ...]:
    """Return the secret references in a text, in order."""
    return tuple(bare or braced for braced, bare in REFERENCE.findall(text))


async def _injected(view: View, wanted: Iterable[str]) -> dict[str, str]:
    """Fill a template of our own, in which a mark that no secret holds stands before and after each reference."""
    names = list(wanted)
    if not names:
        return {}
    mark = f"<{secrets.token_hex(16)}>"
    said = await ask(view, OP, "inject", stdin="".join(f"{mark}{{{{ {name} }}}}" for name in names) + mark)
    parts = said.split(mark)
    if len(parts) != len(names) + 2:
        raise ProcessError("1Password gave an answer that onboard does not know")
    return dict(zip(names, parts[1:-1], strict=True))


async def item(view: View, vault: str, name: str) -> dict[str, Secret]:
    """Return the fields of a 1Password item that have a value, by label."""
    said = _json(OP, await ask(view, OP, "item", "get", name, "--vault", vault, "--format", "json"))
    fields = said.get("fields") if isinstance(said, dict) else None
    if not isinstance(fields, list):
        raise _odd(OP)
    pairs = [(one.get("label"), one.get("value")) for one in fields if isinstance(one, dict)]
    return {label: Secret(text) for label, text in pairs if isinstance(label, str) and isinstance(text, str) and text}


async def doppler(view: View) -> dict[str, Secret]:
    """Return the secrets of the Doppler config that this folder is set up for."""
    words = ("secrets", "download", "--no-file", "--format", "json", "--no-fallback", "--no-check-version")
    said = _json(DOPPLER, await ask(view, DOPPLER, *words))
    if not isinstance(said, dict) or not all(isinstance(text, str) for text in said.values()):
        raise _odd(DOPPLER)
    return {name: Secret(text) for name, text in said.items()}


async def infisical(view: View) -> dict[str, Secret]:
    """Return the secrets of the Infisical project that this folder is linked to, of its default environment."""
    steering = _steering(view)
    if steering:
        raise NeedsPerson(
            f".infisical.json sends your Infisical login to {line(steering, limit=80)}; nothing was asked",
            "where that server is yours, set INFISICAL_API_URL to it in your shell",
        )
    machine = any(view.machine.env.get(name) for name in _MACHINE_TOKENS)
    project = next((id for one in _infisical_files(view) if _ID.fullmatch(id := str(one.get("workspaceId")))), "")
    which = (f"--projectId={project}",) if machine and project else ()
    said = _json(INFISICAL, await ask(view, INFISICAL, "export", "--format=json", *which))
    if not isinstance(said, list):
        raise _odd(INFISICAL)
    pairs = [(one.get("key"), one.get("value")) for one in said if isinstance(one, dict)]
    return {name: Secret(text) for name, text in pairs if isinstance(name, str) and isinstance(text, str)}


def _steering(view: View) -> str:
    """Return the server that the repository's own file names and that the shell does not; empty: none."""
    if any(view.machine.env.get(name) for name in ("INFISICAL_DOMAIN", "INFISICAL_API_URL")):
        return ""
    for found in _infisical_files(view):
        for key, value in found.items():
            if isinstance(value, str) and ("://" in value or re.search("url|domain|host", key, re.I)):
                return value
    return ""


def _infisical_files(view: View) -> Iterator[Mapping[str, object]]:
    """Yield what the repository's `.infisical.json` say, the app's before the root's."""
    tree = Tree(Path(view.project.root))
    for folder in dict.fromkeys((view.app.dir, ".")):
        text = tree.text(".infisical.json" if folder == "." else f"{folder}/.infisical.json", matters=False)
        try:
            found = json.loads(text) if text else {}
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict):
            yield found


async def gh(view: View) -> Secret:
    """Return the token of the GitHub CLI's login."""
    token = (await ask(view, GH, "auth", "token", "--hostname", "github.com")).strip()
    if not re.fullmatch(r"\w{20,255}", token):
        raise _odd(GH)
    return Secret(token)


async def ask(view: View, keeper: Keeper, *words: str, stdin: str | None = None) -> str:
    """Run the program and return what it printed. Raises ProcessError, NeedsPerson, NetworkError."""
    found = view.machine.runner.find(keeper.program, root=Path(view.project.root))
    if found.path is None:
        raise ProcessError(f"{keeper.title}: `{keeper.program}` is not on this machine", found.reason)
    env = {name: text for name, text in view.machine.env.items() if name in _EVERYWHERE or _passed(name, keeper)}
    done = await view.machine.runner.run(
        (str(found.path), *words), cwd=view.env_path.parent, env=env, stdin=stdin, timeout=keeper.seconds
    )
    if done.timed_out:
        raise NetworkError(
            f"{keeper.title} did not answer within {keeper.seconds:.0f} seconds",
            "where it has a window open, answer it and try again",
        )
    if done.code != 0:
        raise _failure(view, keeper, done.err)
    if done.cut:
        raise ProcessError(f"{keeper.title} gave more than onboard takes; nothing was read")
    return done.out


def _passed(name: str, keeper: Keeper) -> bool:
    return any(name == one or (one.endswith("_") and name.startswith(one)) for one in keeper.passes)


def _failure(view: View, keeper: Keeper, err: str) -> Exception:
    text = err.lower()
    if "prompt dismissed" in text or "authorization was denied" in text:
        return NeedsPerson(f"{keeper.title} asked for your approval and did not get it", "try again and approve it")
    if any(one in text for one in keeper.unlinked):
        return NeedsPerson(
            f"{keeper.title} does not know which project this folder belongs to", f"run `{keeper.link}` here first"
        )
    if any(one in text for one in keeper.signed_out):
        return NeedsPerson(f"{keeper.title} is signed out on this machine", f"run `{keeper.sign_in}`, and try again")
    rows = [row for one in err.splitlines() if (row := one.strip(_FRAME))]
    first = next(
        (row.removeprefix("Message: ") for row in rows if row.startswith("Message: ")), rows[0] if rows else ""
    )
    said = children.redactor(view).text(line(_PREFIX.sub("", first), limit=200))
    return NetworkError(f"{keeper.title} gave nothing" + (f": {said}" if said else ""))


def _json(keeper: Keeper, text: str) -> object:
    try:
        found: object = json.loads(text)
    except (ValueError, RecursionError):
        raise _odd(keeper) from None
    return found


def _odd(keeper: Keeper) -> ProcessError:
    return ProcessError(f"{keeper.title} gave an answer that onboard does not know")


def _line_end_off(text: str) -> str:
    """Take off the line end that an older `op` prints in spite of `--no-newline`."""
    return text.removesuffix("\n")
