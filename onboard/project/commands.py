"""What package.json scripts really start: scripts followed through runners, wrappers, filters and workspaces."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace

from onboard.project.files import join
from onboard.project.packages import Package, Workspaces

_MOST = 3_000
"""Scripts looked into for one question; a crafted set of scripts that call each other ends there."""
_DEEPEST = 10
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")
_RUNNERS = {"npm", "pnpm", "yarn", "bun"}
_OWN = {  # words of a package manager that are no scripts
    "install", "i", "add", "remove", "update", "up", "publish", "ci", "link", "store", "why", "audit", "create", "init",
    "config", "login", "patch", "rebuild", "prune", "outdated", "pack", "version",
}  # fmt: skip
_THROUGH = {"npx", "bunx", "pnpx", "exec", "time", "sudo", "nice", "command", "env", "cross-env", "cross-env-shell"}


@dataclass(frozen=True)
class Leaf:
    """One program that a script starts in the end."""

    argv: tuple[str, ...]
    dir: str
    """Where it runs, relative to the root."""
    env: tuple[tuple[str, str], ...] = ()
    """Variables set on the way."""
    env_files: tuple[str, ...] = ()
    """Files that a wrapper or flag loads, relative to the root."""
    script: str | None = None
    """The package.json script in which it stands; `None`: no script."""
    loaders: tuple[str, ...] = ()
    """Programs on the way that read env files (`dotenv`, `dotenvx`, `node`, `bun`)."""
    aside: bool = False
    """It runs beside the others (`concurrently`, `&`), not as a step before them."""

    @property
    def program(self) -> str:
        """Name of the program without its folder."""
        return self.argv[0].rpartition("/")[2]

    def option(self, *names: str) -> str | None:
        """Return the value of the first option present, as `--name value` or `--name=value`."""
        for at, word in enumerate(self.argv):
            for name in names:
                if word == name and at + 1 < len(self.argv):
                    return self.argv[at + 1]
                if word.startswith(name + "="):
                    return word[len(name) + 1 :]
                if len(name) == 2 and word.startswith(name) and word[2:].isdigit():
                    return word[2:]
        return None


class Commands:
    """Scripts of all packages, looked up and followed."""

    def __init__(self, packages: Workspaces) -> None:
        self.packages = packages
        self._known: dict[tuple[str, str], tuple[Leaf, ...]] = {}
        self._left = 0

    def script(self, package: Package, name: str) -> tuple[Leaf, ...]:
        """Return what the script starts, in order."""
        key = (package.dir, name)
        if key not in self._known:
            self._left = _MOST
            self._known[key] = tuple(self._script(package, name, (), Leaf((), package.dir), frozenset()))
        return self._known[key]

    def text(self, text: str, folder: str = ".") -> tuple[Leaf, ...]:
        """Return what a command line starts in `folder`."""
        package = self.packages.members.get(folder) or Package(folder, "")
        self._left = _MOST
        return tuple(self._line(text, package, Leaf((), folder), (), frozenset()))

    def _script(
        self, package: Package, name: str, more: tuple[str, ...], base: Leaf, seen: frozenset[tuple[str, str]]
    ) -> Iterator[Leaf]:
        key = (package.dir, name)
        if key in seen or len(seen) >= _DEEPEST or name not in package.scripts or self._left <= 0:
            return
        self._left -= 1
        inner = replace(base, dir=package.dir, script=name)
        yield from self._line(package.scripts[name], package, inner, more, seen | {key})

    def _line(
        self, text: str, package: Package, base: Leaf, more: tuple[str, ...], seen: frozenset[tuple[str, str]]
    ) -> Iterator[Leaf]:
        parts = split(text)
        folder = base.dir
        for at, (words, aside) in enumerate(parts):
            if words[0] == "cd" and len(words) > 1:
                folder = join(folder, words[1])
                package = self.packages.members.get(folder) or Package(folder, "")
                continue
            argv = (*words, *more) if at == len(parts) - 1 else words
            yield from self._words(argv, package, replace(base, dir=folder, aside=base.aside or aside), seen)

    def _words(
        self, words: tuple[str, ...], package: Package, base: Leaf, seen: frozenset[tuple[str, str]]
    ) -> Iterator[Leaf]:
        while words:
            if _ASSIGNMENT.match(words[0]):
                name, _, value = words[0].partition("=")
                base = replace(base, env=(*base.env, (name, value)))
                words = words[1:]
                continue
            if words[0].rpartition("/")[2] in _THROUGH:
                words = _after_flags(words[1:])
                continue
            if (unwrapped := _unwrap(words, base)) is not None:
                words, base = unwrapped
                continue
            break
        if not words:
            return
        program, rest = words[0].rpartition("/")[2], words[1:]
        if program in ("concurrently", "conc"):
            for command in _concurrent(rest):
                beside = replace(base, aside=True)
                if command.startswith(("npm:", "pnpm:", "yarn:", "bun:")):
                    yield from self._matching(package, command.partition(":")[2].split()[0], beside, seen)
                else:
                    yield from self._line(command, package, beside, (), seen)
        elif program in ("run-p", "run-s", "npm-run-all", "npm-run-all2", "run-z"):
            together = program == "run-p" or bool({"-p", "--parallel"} & set(rest))
            for word in rest:
                if not word.startswith("-"):
                    beside = replace(base, aside=base.aside or together)
                    yield from self._matching(package, word.split()[0] if word.split() else "", beside, seen)
        elif program in ("sh", "bash") and "-c" in rest and rest[-1] != "-c":
            yield from self._line(rest[rest.index("-c") + 1], package, base, (), seen)
        elif program in _RUNNERS:
            yield from self._runner(program, rest, package, base, seen)
        elif program == "turbo":
            yield from self._turbo(rest, base, seen)
        elif program == "nx":
            yield from self._nx(rest, base, seen)
        elif program == "lerna" and rest[:1] == ("run",) and len(rest) > 1:
            yield from self._everywhere(rest[1], base, seen)
        else:
            yield replace(base, argv=(program, *rest))

    def _matching(self, package: Package, pattern: str, base: Leaf, seen: frozenset[tuple[str, str]]) -> Iterator[Leaf]:
        if "*" not in pattern:
            yield from self._script(package, pattern, (), base, seen)
            return
        head = pattern.split("*")[0]
        for name in package.scripts:
            if name.startswith(head) and (pattern.endswith("**") or ":" not in name[len(head) :]):
                yield from self._script(package, name, (), base, seen)

    def _runner(
        self, program: str, rest: tuple[str, ...], package: Package, base: Leaf, seen: frozenset[tuple[str, str]]
    ) -> Iterator[Leaf]:
        targets: list[Package] | None = None
        everywhere = False
        words = list(rest)
        while words and words[0].startswith("-"):
            flag, equals, value = words.pop(0).partition("=")
            if flag in ("-F", "--filter", "--filter-prod", "-w", "--workspace", "--prefix", "-C", "--dir", "--cwd"):
                if flag == "-w" and program == "pnpm":  # the workspace root
                    targets = [self.packages.members.get(".", package)]
                    continue
                value = value if equals else (words.pop(0) if words else "")
                if flag in ("--prefix", "-C", "--dir", "--cwd"):
                    folder = join(base.dir, value)
                    targets = [self.packages.members.get(folder) or Package(folder, "")]
                elif not value.startswith("!"):
                    targets = (targets or []) + self.packages.selected(value)
            elif flag in ("-r", "--recursive", "--parallel", "--workspaces"):
                everywhere = True
        if words[:1] == ["run"] or words[:1] == ["run-script"]:
            words = words[1:]
            while words and words[0].startswith("-"):
                flag, equals, value = words.pop(0).partition("=")
                if flag in ("-F", "--filter", "-w", "--workspace"):
                    value = value if equals else (words.pop(0) if words else "")
                    targets = (targets or []) + self.packages.selected(value)
        elif words[:1] == ["workspace"] and program == "yarn" and len(words) > 1:
            targets = self.packages.selected(words[1])
            words = words[3:] if words[2:3] == ["run"] else words[2:]
        elif words[:1] == ["workspaces"] and program == "yarn":
            everywhere = True
            words = [word for word in words[1:] if not word.startswith("-") and word not in ("foreach", "run")]
        elif words[:1] and words[0] in ("exec", "dlx", "x"):
            yield from self._words(_after_flags(tuple(words[1:])), package, base, seen)
            return
        if not words:
            return
        if program == "npm":  # npm takes its own flags behind the script too, up to `--`
            own = words[1 : words.index("--")] if "--" in words else words[1:]
            if workspace := Leaf(("npm", *own), ".").option("-w", "--workspace"):
                targets = self.packages.selected(workspace)
        name, more = words[0], tuple(word for word in words[1:] if word != "--")
        if program == "npm" and name not in ("start", "test") and rest[:1] == (name,):
            yield replace(base, argv=(program, *rest))
        elif everywhere and not targets:
            yield from self._everywhere(name, base, seen)
        else:
            for target in targets if targets is not None else [package]:
                if name in target.scripts:
                    yield from self._script(target, name, more, base, seen)
                elif program in ("pnpm", "yarn", "bun") and name not in _OWN:
                    # pnpm and yarn run a binary of that name where there is no such script; bun runs files.
                    inner = replace(base, dir=target.dir)
                    if program == "bun" and re.search(r"/|\.[cm]?[jt]sx?$", name):  # only a file gets its env files
                        yield replace(inner, argv=(program, name, *more), loaders=(*inner.loaders, "bun"))
                    else:
                        yield from self._words((name, *more), target, inner, seen)

    def _everywhere(self, name: str, base: Leaf, seen: frozenset[tuple[str, str]]) -> Iterator[Leaf]:
        for member in self.packages.members.values():
            if member.dir != "." and name in member.scripts:
                yield from self._script(member, name, (), replace(base, aside=True), seen)

    def _turbo(self, rest: tuple[str, ...], base: Leaf, seen: frozenset[tuple[str, str]]) -> Iterator[Leaf]:
        tasks: list[str] = []
        wanted: list[str] = []
        words = list(rest)
        while words:
            word = words.pop(0)
            if word == "--":
                break
            flag, equals, value = word.partition("=")
            if flag in ("-F", "--filter", "--scope"):
                wanted.append(value if equals else (words.pop(0) if words else ""))
            elif not word.startswith("-") and word not in ("run", "watch", "dev-server"):
                tasks.append(word)
            elif flag in ("--concurrency", "--cache-dir", "--env-mode", "--ui", "--log-order") and not equals and words:
                words.pop(0)
        unwanted = {
            member.dir for item in wanted if item.startswith("!") for member in self.packages.selected(item[1:])
        }
        named = [item for item in wanted if not item.startswith("!")]
        members = (
            [member for item in named for member in self.packages.selected(item)]
            if named
            else [member for member in self.packages.members.values() if member.dir != "."]
        )
        for task in tasks:
            where, hash_mark, name = task.rpartition("#")
            chosen = self.packages.selected(where) if hash_mark and where != "//" else members
            for member in chosen:
                if member.dir not in unwanted and (member.dir, name) not in seen:
                    yield from self._script(member, name, (), replace(base, aside=True), seen)

    def _nx(self, rest: tuple[str, ...], base: Leaf, seen: frozenset[tuple[str, str]]) -> Iterator[Leaf]:
        words = [word for word in rest if not word.startswith("-")]
        if words[:1] == ["run"] and len(words) > 1:
            project, _, target = words[1].partition(":")
        elif words[:1] == ["run-many"]:
            target = (Leaf(("nx", *rest), ".").option("-t", "--target", "--targets") or "").split(",")[0]
            yield from self._everywhere(target, base, seen)
            return
        elif len(words) > 1:
            target, project = words[0], words[1]
        else:
            return
        member = self.packages.named(project)
        if member:
            yield from self._script(member, target, (), base, seen)


def split(text: str) -> list[tuple[tuple[str, ...], bool]]:
    """Split a command line at `&&`, `||`, `;`, `|` and `&`: words of each part, and whether it runs beside the next."""
    lexer = shlex.shlex(text[:4000], posix=True, punctuation_chars="&|;<>()")
    lexer.whitespace_split = True
    lexer.commenters = ""
    try:
        words = list(lexer)
    except ValueError:
        words = text.split()
    parts: list[tuple[tuple[str, ...], bool]] = []
    part: list[str] = []
    skip = False
    for word in words:
        if word and not set(word) - set("&|;()"):
            if part:
                parts.append((tuple(part), word == "&"))
            part = []
        elif word and not set(word) - set("<>&"):
            skip = True
        elif skip:
            skip = False
        else:
            part.append(word)
    if part:
        parts.append((tuple(part), False))
    return parts


def _after_flags(words: tuple[str, ...]) -> tuple[str, ...]:
    at = 0
    while at < len(words) and words[at].startswith("-"):
        if words[at] == "--":
            return words[at + 1 :]
        at += 2 if words[at] in ("-p", "--package", "--filter", "-F") else 1
    return words[at:]


def _unwrap(words: tuple[str, ...], base: Leaf) -> tuple[tuple[str, ...], Leaf] | None:
    """Take one env-file loader off the front; `None` where there is none."""
    program, rest = words[0].rpartition("/")[2], words[1:]
    if program in ("dotenv", "dotenvx", "dotenv-flow", "env-cmd"):  # dotenv-flow and -c read .env.local too
        if program == "dotenvx":
            if rest[:1] != ("run",):
                return None
            rest = rest[1:]
        files, tail, cascade = _env_files(rest, ("-e", "-f", "--env-file", "--file", "--path"))
        if not tail:
            return None
        if not files and not cascade and program in ("dotenv", "dotenvx"):
            files = [".env"]
        loaded = tuple(join(base.dir, file) for file in files)
        loader = "dotenvx" if program == "dotenvx" else "dotenv"
        return tail, replace(base, env_files=(*base.env_files, *loaded), loaders=(*base.loaders, loader))
    if program in ("doppler", "infisical", "op", "teller", "chamber", "varlock") and "--" in rest and "run" in rest:
        return rest[rest.index("--") + 1 :], base
    if program == "varlock" and rest[:1] == ("run",):
        return rest[1:], base
    if program in ("node", "tsx", "nodemon", "ts-node", "bun") and any(word.startswith("--env-file") for word in rest):
        files, _, _ = _env_files(rest, ("--env-file", "--env-file-if-exists"))
        loaded = tuple(join(base.dir, file) for file in files)
        kept = tuple(
            word
            for at, word in enumerate(rest)
            if not word.startswith("--env-file") and not (at and rest[at - 1] in ("--env-file", "--env-file-if-exists"))
        )
        loader = "bun" if program == "bun" else "node"
        return (words[0], *kept), replace(base, env_files=(*base.env_files, *loaded), loaders=(*base.loaders, loader))
    return None


def _env_files(words: tuple[str, ...], flags: tuple[str, ...]) -> tuple[list[str], tuple[str, ...], bool]:
    files: list[str] = []
    cascade = False
    at = 0
    while at < len(words):
        word = words[at]
        if word == "--":
            return files, words[at + 1 :], cascade
        flag, equals, value = word.partition("=")
        if flag in flags:
            if equals:
                files.append(value)
            elif at + 1 < len(words):
                at += 1
                files.append(words[at])
        elif flag in ("-c", "--cascade"):
            cascade = True
        elif not word.startswith("-"):
            return files, words[at:], cascade
        at += 1
    return files, (), cascade


def _concurrent(words: tuple[str, ...]) -> list[str]:
    valued = {"-n", "--names", "-c", "--prefix-colors", "-p", "--prefix", "-s", "--success", "-m", "--max-processes",
              "--restart-tries", "--restart-after", "--default-input-target", "-l", "--prefix-length", "--hide",
              "--timestamp-format", "-t", "--kill-signal", "--cwd"}  # fmt: skip
    commands: list[str] = []
    skip = False
    for word in words:
        if skip:
            skip = False
        elif word.startswith("-"):
            skip = word in valued
        elif word.strip():
            commands.append(word)
    return commands
