"""Hooks: `onboard check` before the dev server starts and after a pull, in whatever runs this repository's hooks.

Each is one stretch of text put into a file, so that taking it out again gives the file back byte for byte. None blocks:
they tell what is missing, and do nothing where onboard is not installed.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from onboard.errors import ProjectError
from onboard.project import Project
from onboard.project.root import git_root, settings

COMMAND = "command -v onboard >/dev/null 2>&1 && onboard check{where} || {well}"
"""`well` is `exit 0` in package.json, whose scripts cmd.exe runs on Windows, and `true` elsewhere."""
EVENTS = ("post-merge", "post-checkout")
MADE = "#!/bin/sh\n# Made by `onboard init --hooks`; `onboard init --unhook` takes it away.\n"
_LEFTHOOK = ("lefthook.yml", "lefthook.yaml", ".lefthook.yml", ".lefthook.yaml")
_LARGEST = 1 << 20


@dataclass(frozen=True, slots=True)
class Change:
    """One file as it is and as it would be."""

    path: Path
    before: bytes | None
    """`None`: there is none."""
    after: bytes | None
    """`None`: it would be taken away."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What could be hooked."""

    changes: tuple[Change, ...]
    notes: tuple[str, ...]
    """What could not be, or what a person has to do besides; in words."""


@dataclass(frozen=True, slots=True)
class _Spot:
    """A file with the pair of functions that put our text in and take it out; both give the text unchanged where
    there is nothing to do, and `put` gives `None` where it cannot be done without touching what is not ours.
    """

    path: Path
    put: Callable[[str], str | None]
    take: Callable[[str], str]
    fresh: str | None = None
    """What a new file holds; `None`: a file is never made here."""
    refusal: str = ""
    after: str = ""
    """What a person has to do once it is in."""


def offer(project: Project) -> Offer:
    """Return what hooking would change. Reads only. Raises ProjectError where a file cannot be edited."""
    texts: dict[Path, str | None] = {}
    spots, notes = _spots(project)
    for spot in spots:
        text = texts.setdefault(spot.path, _read(spot.path))
        new = spot.fresh if text is None else spot.put(text)
        if new is None:
            notes += [spot.refusal] if spot.refusal else []
        elif new != text:
            texts[spot.path] = new
            notes += [spot.after] if spot.after else []
    return Offer(_changes(texts), tuple(dict.fromkeys(notes)))


def undo(project: Project) -> tuple[Change, ...]:
    """Return what unhooking would change, in all places that hooking knows. Reads only. Raises ProjectError."""
    texts: dict[Path, str | None] = {}
    for spot in _spots(project, everywhere=True)[0]:
        text = texts.setdefault(spot.path, _read(spot.path))
        if text is not None:
            texts[spot.path] = None if text == spot.fresh else spot.take(text)
    return _changes(texts)


def _changes(texts: dict[Path, str | None]) -> tuple[Change, ...]:
    before = {path: _read(path) for path in texts}
    return tuple(
        Change(path, None if (old := before[path]) is None else old.encode(), None if new is None else new.encode())
        for path, new in texts.items()
        if new != before[path]
    )


def apply(change: Change) -> None:
    """Make one change, whole or not at all. Raises ProjectError where the file is no longer as it was shown."""
    path, name = change.path, change.path.name
    if path.is_symlink() or os.path.realpath(path.parent) != str(path.parent):
        raise ProjectError(f"{name} is a link; it was left as it is")
    if (path.read_bytes() if path.exists() else None) != change.before:
        raise ProjectError(f"{name} changed meanwhile; it was left as it is", "run the command again")
    if change.after is None:
        path.unlink()
        return
    mode = path.stat().st_mode & 0o777 if change.before is not None else 0o755
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{name}.{secrets.token_hex(4)}")
    try:
        temporary.write_bytes(change.after)
        temporary.chmod(mode)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _spots(project: Project, *, everywhere: bool = False) -> tuple[list[_Spot], list[str]]:
    """Return where to hook; `everywhere`: also where another hook runner would have been chosen."""
    found, notes = [], []
    if (spot := _predev(project)) is not None:
        found.append(spot)
    else:
        notes.append("no dev script in package.json: nothing runs before the dev server")
    root = Path(project.root)
    top = git_root(root)
    if top is None:
        return found, [*notes, "no git repository: nothing runs after a pull"]
    inside = "" if top == root else f" --path {shlex.quote(root.relative_to(top).as_posix())}"
    command = COMMAND.format(where=inside, well="true")
    ways = [list(way(top, command)) for way in (_husky, _lefthook, _pre_commit, _plain)]
    for spots in ways:
        if spots:
            found += spots
            if not everywhere:
                break
    return found, notes


def _predev(project: Project) -> _Spot | None:
    dev = project.app.dev
    if dev is None or dev.script is None:
        return None
    path = Path(project.root) / dev.dir / "package.json"
    script = dev.script
    command = COMMAND.format(where="", well="exit 0")
    if not path.is_file():
        return None
    return _Spot(
        path,
        partial(with_script, script=script, command=command),
        partial(without_script, script=script, command=command),
        refusal=f"package.json has a pre{script} of its own, or no place for it: add `onboard check` by hand",
        after="package.json's scripts are part of what is approved, so `onboard trust` will ask again",
    )


def _husky(top: Path, command: str) -> Iterator[_Spot]:
    if (top / ".husky").is_dir():
        yield from (_script(top / ".husky" / event, command) for event in EVENTS)


def _plain(top: Path, command: str) -> Iterator[_Spot]:
    config = settings(top)[-1]
    folder = Path(os.path.realpath(config.parent)) / "hooks"
    if named := re.search(r"(?im)^\s*hookspath\s*=\s*(.+?)\s*$", _read(config) or ""):
        folder = Path(os.path.normpath(top / named[1].strip('"')))
        if not folder.is_relative_to(top) or named[1].startswith(("~", '"~')):
            return  # hooks that other repositories share
    if config.parent.is_dir():
        yield from (_script(folder / event, command) for event in EVENTS)


def _script(path: Path, command: str) -> _Spot:
    return _Spot(
        path,
        partial(with_line, command=command),
        partial(without_line, command=command),
        fresh=f"{MADE}{command}\n",
        refusal=f"{path.name} is no shell script: add `onboard check` to it by hand",
    )


def _lefthook(top: Path, command: str) -> Iterator[_Spot]:
    path = next((top / name for name in _LEFTHOOK if (top / name).is_file()), None)
    if path is None:
        return
    for event in EVENTS:
        block = f"{event}:\n  commands:\n    onboard:\n      run: {command}\n"
        yield _Spot(
            path,
            partial(with_event, event=event, block=block),
            partial(without_end, block=block),
            refusal=f"{path.name} has {event} hooks already: add `onboard check` to them by hand",
            after="`lefthook install` puts the new hooks in place",
        )


def _pre_commit(top: Path, command: str) -> Iterator[_Spot]:
    path = top / ".pre-commit-config.yaml"
    if not path.is_file():
        return
    block = (
        "- repo: local\n  hooks:\n    - id: onboard-check\n      name: onboard check\n      language: system\n"
        f"      entry: sh -c {shlex.quote(command)}\n      stages: [post-merge, post-checkout]\n"
        "      always_run: true\n      pass_filenames: false\n      verbose: true\n"
    )
    yield _Spot(
        path,
        partial(with_item, block=block),
        partial(without_item, block=block),
        refusal=f"{path.name} has no `repos` list that could be added to: add `onboard check` by hand",
        after="`pre-commit install -t post-merge -t post-checkout` puts the new hooks in place",
    )


_COLON = re.compile(r"\s*:")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]')


def with_script(text: str, script: str, command: str) -> str | None:
    """Return package.json with `pre<script>` right before `script`; `None`: it has another one, or no such place.

    All else stays, byte for byte: indentation, order, line ends.
    """
    at = _key(text, script)
    try:
        before = json.loads(text)
    except ValueError:
        return None
    scripts = before.get("scripts") if isinstance(before, dict) else None
    if not isinstance(scripts, dict) or at is None:
        return None
    name = f"pre{script}"
    if name in scripts:
        return text if scripts[name] == command else None
    stretch = _entry(text, at, name, command)
    new = text[:at] + stretch + text[at:]
    before["scripts"] = {name: command} | scripts
    return new if json.loads(new) == before else None


def without_script(text: str, script: str, command: str) -> str:
    """Return package.json as it was before `with_script`."""
    at = _key(text, f"pre{script}")
    end = _key(text, script)
    if at is None or end is None or end < at:
        return text
    return text[:at] + text[end:] if text[at:end] == _entry(text, end, f"pre{script}", command) else text


def _entry(text: str, at: int, name: str, command: str) -> str:
    """Return the entry as it stands before the key at `at`, with the white space that stands before that one."""
    gap = text[len(text[:at].rstrip()) : at]
    colon = ": " if re.match(r'"(?:[^"\\]|\\.)*"\s*:\s', text[at:]) else ":"
    return f"{json.dumps(name)}{colon}{json.dumps(command)},{gap}"


def _key(text: str, name: str) -> int | None:
    """Return where the key `name` of the object `scripts` begins; `None`: nowhere, or more than once."""
    path: list[str] = []
    key, found = "", []
    for token in _TOKEN.finditer(text):
        word = token[0]
        if word in "{[":
            path.append(key)
            key = ""
        elif word in "}]":
            path = path[:-1]
        elif word[0] == '"' and _COLON.match(text, token.end()):
            key = word[1:-1]
            if path == ["", "scripts"] and key == name:
                found.append(token.start())
    return found[0] if len(found) == 1 else None


def with_line(text: str, command: str) -> str | None:
    """Return a shell script that runs `command` first; `None`: it is no shell script."""
    if command in text:
        return text
    first, newline, rest = text.partition("\n")
    if not first.startswith("#!"):
        return f"{command}\n{text}"
    if not re.search(r"\b(ba|da|z|k)?sh\b", first):
        return None
    return f"{first}\n{command}\n{rest}" if newline else f"{text}\n{command}"


def without_line(text: str, command: str) -> str:
    """Return the script as it was before `with_line`."""
    if f"{command}\n" in text:
        return text.replace(f"{command}\n", "", 1)
    return text.removesuffix(f"\n{command}")


def with_event(text: str, event: str, block: str) -> str | None:
    """Return lefthook's settings with `block` at their end; `None`: they have hooks of that event."""
    if without_end(text, block) != text:
        return text
    return None if re.search(rf"(?m)^['\"]?{event}['\"]?\s*:", text) else _with_end(text, block)


def _with_end(text: str, block: str) -> str:
    block = _like(text, block)
    if text and not text.endswith("\n"):
        return text + _newline(text) + block.rstrip("\r\n")
    return text + block


def without_end(text: str, block: str) -> str:
    """Return the text as it was before `block` came to its end."""
    block = _like(text, block)
    if block in text:
        at = text.rindex(block)
        return text[:at] + text[at + len(block) :]
    return text.removesuffix(_newline(text) + block.rstrip("\r\n"))


def with_item(text: str, block: str) -> str | None:
    """Return a YAML file whose list `repos` ends with `block`; `None`: it has no such list."""
    if without_item(text, block) != text:
        return text
    start = re.search(r"(?m)^repos:[ \t]*(#.*)?\r?\n", text)
    if start is None:
        return None
    own = re.compile(r"(?:[ \t]*(?:#[^\n]*)?(?:\n|\Z)|[ \t-][^\n]*(?:\n|\Z))")
    at = start.end()
    indent = re.match(r"(?:[ \t]*(?:#[^\n]*)?\r?\n)*([ \t]*)- ", text[at:])
    if indent is None:
        return None
    end = at
    while at < len(text) and (row := own.match(text, at)) and row.end() > at:
        at = row.end()
        if row[0].strip():
            end = at
    shifted = re.sub(r"(?m)^(?=.)", indent[1], block)
    return _with_end(text[:end], shifted) + text[end:] if text[end - 1] == "\n" else _with_end(text, shifted)


def without_item(text: str, block: str) -> str:
    """Return the YAML file as it was before `with_item`."""
    for width in range(9):
        new = without_end(text, re.sub(r"(?m)^(?=.)", " " * width, block))
        if new != text:
            return new
    return text


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _like(text: str, block: str) -> str:
    return block.replace("\n", _newline(text))


def _read(path: Path) -> str | None:
    """Return a file's text, line ends kept; `None`: there is none. Raises ProjectError where it cannot be edited."""
    try:
        if not path.is_file():
            return None
        data = path.read_bytes()
        if len(data) > _LARGEST:
            raise ProjectError(f"{path.name} is larger than {_LARGEST >> 10} KiB; it was left as it is")
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise ProjectError(f"{path.name} is not UTF-8; it was left as it is") from None
    except OSError as error:
        raise ProjectError(f"{path.name} cannot be read: {error.strerror}") from None
