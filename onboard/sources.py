"""Where values may lie already: another worktree, a file, a team's store, a tool's login. Read on request alone.

What is read is handed over by name with the place it lies in; nothing is saved here.
"""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from onboard import keepers, provisioning
from onboard.checks._base import View
from onboard.checks.git import QUIET
from onboard.clean import line
from onboard.envfile.names import refusal
from onboard.errors import NeedsPerson, ProcessError, UsageError
from onboard.model import Event, Secret, Status
from onboard.project.readme import EXAMPLE
from onboard.project.root import git_root
from onboard.provisioning import Offer
from onboard.understanding import is_live, whose

LARGEST = 8 << 20
"""Bytes of another worktree's env file."""
_GH = ("github", "token")
"""Provider and key of what `gh` can give."""
_OFFERS = {"vercel": "vercel.development", "stripe": "stripe.cli"}

Parse = Callable[[bytes], Mapping[str, Secret]]
Tell = Callable[[Event], None]


@dataclass(frozen=True, slots=True)
class Source:
    """A place that values may be read from."""

    id: str
    """`worktree`, `op`, `doppler`, `infisical`, `gh`, `vercel`, `stripe`, or a file's name."""
    text: str
    """What is read there."""
    missing: str = ""
    """Why it cannot be read now; empty: it can be tried."""


@dataclass(frozen=True, slots=True)
class Found:
    """A value that lies somewhere."""

    name: str
    value: Secret
    place: str
    """Where, for people: `op://dev/Stripe/key`, a folder, `Doppler`."""


def sources(view: View) -> tuple[Source, ...]:
    """Return what could be read here. Looks at files and at the folders of PATH; nothing runs."""
    listed = [
        Source(
            "worktree",
            f"{view.env_name} of another worktree of this repository",
            "" if _has_worktrees(view) else "this repository has no other worktree",
        )
    ]
    texts = {
        "op": "1Password, for the op:// references of the template, onboard.toml and the env file; "
        "op://vault/item reads the fields of an item",
        "doppler": "the Doppler config that this folder is set up for",
        "infisical": "the Infisical project that this folder is linked to",
        "gh": "the token of the GitHub CLI's login",
    }
    for id, text in texts.items():
        keeper = keepers.KEEPERS[id]
        listed.append(Source(id, text, "" if keepers.there(view, keeper) else f"no `{keeper.program}` on this machine"))
    offered = {offer.id for offer in provisioning.offers(view, _own(view))}
    why = {
        "vercel": ("what Vercel has for development", "this folder is not linked to a Vercel project"),
        "stripe": ("the test keys of the Stripe CLI's login", "no Stripe CLI with a login, or no Stripe variable here"),
    }
    listed += [Source(id, text, "" if _OFFERS[id] in offered else missing) for id, (text, missing) in why.items()]
    return (*listed, *(Source(path.name, f"{path.name} of this folder") for path in _old_files(view)))


def offer(view: View, source: str, names: Sequence[str]) -> Offer | None:
    """Return what `provisioning` has for this source; `None`: it is none of its. Raises UsageError."""
    if source not in _OFFERS:
        return None
    wanted = names or [name for name in _own(view) if name not in _present(view)] or _own(view)
    found = next((one for one in provisioning.offers(view, wanted) if one.id == _OFFERS[source]), None)
    if found is None:
        raise UsageError(next(one.missing for one in sources(view) if one.id == source) or "nothing there for these")
    return found


async def read(
    view: View, source: str, names: Sequence[str], parse: Parse, typed: Mapping[str, Secret], tell: Tell
) -> tuple[Found, ...]:
    """Return what a source holds of `names`, or of what is missing here; `tell` says what is left out, and why.

    `typed`: what an offer wants, by key id. Raises OnboardError; NeedsPerson where nobody is at the terminal.
    """
    if not view.machine.terminal:
        words = " ".join(("onboard import --from", source, *names))
        raise NeedsPerson("a person decides what is read from elsewhere", f"run `{words}` in your terminal")
    if (offered := offer(view, source, names)) is not None:
        made = await provisioning.make(view, offered, typed, tell)
        return tuple(Found(name, value, offered.title) for name, value in made.items())
    found = await _read(view, source, names, parse)
    return tuple(_chosen(view, found, names, tell))


async def _read(view: View, source: str, names: Sequence[str], parse: Parse) -> Sequence[Found]:
    if source == "worktree":
        return await _worktree(view, parse)
    if source == "op":
        return await _referenced(view, names)
    if source.startswith("op://"):
        return await _of_op(view, source, names)
    if source == "doppler":
        return [Found(name, value, "Doppler") for name, value in (await keepers.doppler(view)).items()]
    if source == "infisical":
        return [Found(name, value, "Infisical") for name, value in (await keepers.infisical(view)).items()]
    if source == "gh":
        for_it = list(names) or [v.name for v in view.variables if (own := whose(v)) and (own[0].id, own[1].id) == _GH]
        if not for_it:
            raise UsageError("no variable of this project is a GitHub token", "name the one: `--from gh NAME`")
        token = await keepers.gh(view)
        return [Found(name, token, "the login of GitHub's CLI; it may do all that you may") for name in for_it]
    if (file := view.env_path.parent / source).is_file():
        return [Found(name, value, line(source, limit=200)) for name, value in parse(_bytes(file)).items()]
    raise UsageError(f"{line(source, limit=80)} is no source", "`onboard import --from` lists them")


# another worktree


async def _worktree(view: View, parse: Parse) -> Sequence[Found]:
    root = Path(view.project.root)
    git = view.machine.runner.find("git", root=root)
    if git.path is None:
        raise ProcessError("git is not on this machine", git.reason)
    words = (str(git.path), *QUIET, "worktree", "list", "--porcelain")
    done = await view.machine.runner.run(words, cwd=root, env={"GIT_CONFIG_NOSYSTEM": "1"}, timeout=10)
    if done.code != 0 or done.timed_out:
        raise ProcessError("git could not list the worktrees of this repository")
    top = git_root(root) or root
    inside = view.env_path.relative_to(top)
    folders = [Path(text.removeprefix("worktree ")) for text in done.out.split("\n") if text.startswith("worktree ")]
    others = [folder for folder in folders if folder.resolve() != top.resolve()]
    files = [folder / inside for folder in others if (folder / inside).is_file()]
    if not files:
        raise UsageError(f"no other worktree of this repository has a {inside}")
    # git names the main worktree first: where that one has a file, it is the one that people mean.
    if len(files) > 1 and files[0] != folders[0] / inside:
        which = ", ".join(f"`onboard import {line(str(file), limit=200)}`" for file in files[:8])
        raise UsageError(f"{len(files)} worktrees have a {inside}", f"name the file: {which}")
    place = line(str(files[0]), limit=200)
    return [Found(name, value, place) for name, value in parse(_bytes(files[0])).items()]


def _bytes(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            if not stat.S_ISREG((file.stat()).st_mode):
                raise UsageError(f"{line(str(file), limit=200)} is no file")
            data = stream.read(LARGEST + 1)
    except OSError as error:
        raise UsageError(f"{line(str(file), limit=200)} cannot be read: {error.strerror}") from None
    if len(data) > LARGEST:
        raise UsageError(f"{line(str(file), limit=200)} is larger than {LARGEST >> 20} MiB")
    return data


def _has_worktrees(view: View) -> bool:
    top = git_root(Path(view.project.root))
    if top is None:
        return False
    try:
        return (top / ".git").is_file() or any((top / ".git" / "worktrees").iterdir())
    except OSError:
        return False


def _old_files(view: View) -> Iterator[Path]:
    """Yield env files of the app's folder that are neither its own nor anybody's template."""
    for path in sorted(view.env_path.parent.glob(".env*"))[:50]:
        if path != view.env_path and path.is_file() and not EXAMPLE.search(path.name) and ".onboard-" not in path.name:
            yield path


# 1Password


async def _referenced(view: View, names: Sequence[str]) -> Sequence[Found]:
    """Read what the template, onboard.toml or the env file names by reference."""
    texts: dict[str, str] = {}
    for variable in view.variables:
        own = view.values.get(variable.name)
        for text in (own.reveal() if own else "", variable.default or "", variable.sample):
            if keepers.references(text) and (not names or variable.name in names):
                texts.setdefault(variable.name, text)
    if not texts:
        raise UsageError(
            "neither the template, onboard.toml nor the env file has an op:// reference for these",
            "`onboard import --from op://vault/item` reads the fields of an item",
        )
    filled = await keepers.filled(view, texts)
    return [Found(name, value, ", ".join(keepers.references(texts[name]))) for name, value in filled.items()]


async def _of_op(view: View, reference: str, names: Sequence[str]) -> Sequence[Found]:
    """Read one field for one name, or an item's fields, whose labels are the names."""
    parts = reference.removeprefix("op://").split("/")
    if len(parts) > 2 and len(names) == 1:
        filled = await keepers.filled(view, {names[0]: "{{ " + reference + " }}"})
        return [Found(names[0], filled[names[0]], reference)]
    if len(parts) != 2 or not all(parts) or parts[1].startswith("-"):
        raise UsageError(
            "a reference is op://vault/item, or op://vault/item/field with one NAME", "copy it in the 1Password app"
        )
    fields = await keepers.item(view, *parts)
    return [Found(name, value, f"{line(reference, limit=120)}/{name}") for name, value in fields.items()]


# what is taken of it


def _chosen(view: View, found: Sequence[Found], names: Sequence[str], tell: Tell) -> Iterator[Found]:
    """Yield what was asked for by name, else what this project knows and does not have; say what is left out."""
    present, known = _present(view), {*_own(view), *(one.name for one in view.app.undeclared)}
    left = 0
    for one in found:
        shown = line(one.name, limit=80)
        if one.name not in (names or known):
            left += 1
        elif why := refusal(one.name, one.value.reveal()):
            tell(Event(f"{shown} is left out: {why}", level=Status.WARN))
        elif not one.value or ((variable := view.variable(one.name)) and one.value.reveal() == variable.sample):
            tell(Event(f"{shown} is empty there, or the template's placeholder", level=Status.WARN))
        elif is_live(view.variable(one.name), one.value):
            tell(Event(f"{shown} is a live key there, and is left out", level=Status.WARN))
        elif one.name in present and not names:
            if present[one.name] != one.value:
                tell(Event(f"{shown} is another one there; yours stays. Name it to take it", level=Status.WARN))
        else:
            yield one
    if left and not names:
        tell(Event(f"{left} more there that this project does not know; name one to take it"))
    if absent := [name for name in names if name not in {one.name for one in found}]:
        tell(Event(f"not there: {', '.join(absent)}", level=Status.WARN))


def _own(view: View) -> tuple[str, ...]:
    return tuple(variable.name for variable in view.variables)


def _present(view: View) -> dict[str, Secret]:
    return {name: held.value for name, held in view.held().items()}
