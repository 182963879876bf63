"""Where code reads variables, by text search within caps: names, places, and what the code does without them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from onboard.project.files import Tree, within

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

_CODE = (
    ".ts", ".tsx", ".js", ".jsx", ".mjs", ".cjs", ".mts", ".cts", ".vue", ".svelte", ".astro", ".prisma", ".py",
)  # fmt: skip
_CAP = 400 << 10
_MOST = 12_000
"""Files read for one repository."""
_PLACES = 5
_MARKS = (b".env", b"nv(", b"NV(", b"environ", b"env[", b"equired(", b"onfig.get", b"Service.get", b"nvariant(",
          b"$env/", b"astro:env")  # fmt: skip
_READ = re.compile(
    rb"(?:process\.env|import\.meta\.env|Bun\.env)(?:\?)?(?:\.|\[[\"'`])(?P<plain>[A-Z][A-Z0-9_]+)"
    rb"|Deno\.env\.get\(\s*[\"'`](?P<deno>[A-Z][A-Z0-9_]+)"
    rb"|\b(?P<helper>[a-zA-Z]{0,30}(?:[eE]nv|ENV)[a-zA-Z]{0,30}|required|invariant|config\.get(?:OrThrow)?(?:<\w+>)?|configService\.get(?:OrThrow)?(?:<\w+>)?)\(\s*[\"'`](?P<named>[A-Z][A-Z0-9_]{2,})[\"'`]"
    rb"|os\.(?:environ(?:\.get\(|\[)|getenv\()\s*[\"'](?P<python>[A-Z][A-Z0-9_]+)"
    rb"|\{(?P<several>[^{}]{1,800})\}\s*=\s*(?:process\.env|import\.meta\.env|Bun\.env)\b"
    rb"|(?<![\w.$])env(?:\.|\[[\"'])(?P<module>[A-Z][A-Z0-9_]{2,})"
    rb"|import\s*\{(?P<imported>[^{}]{1,2000})\}\s*from\s*[\"'](?:\$env/static/(?:private|public)|astro:env/(?:server|client))[\"']"
)
_LONGEST_INDENT = 400
"""Bytes before a read in which the beginning of its line is looked for."""
_IF_NOT = re.compile(rb"if\s*\(\s*!\s*$")
_THROWS = re.compile(rb"[^;{}]{0,60}\)\s*\{?(?:\s*(?://[^\n]*\n|console[^\n]*\n))*\s*throw")
_DEMANDS = re.compile(r"require|must|orthrow|assert|invariant")
"""Helpers whose name says that they throw."""
_ASIDE = re.compile(
    r"(^|/)(__tests__|tests?|e2e|cypress|playwright|fixtures?|__mocks__|mocks|examples?|stories|docs?|\.github|\.storybook|bench\w*|templates?)/"
    r"|\.(test|spec|stories|d|e2e)\.[a-z]+$|(^|/)(vitest|jest|playwright|cypress)\.(config|setup)[\w.]*$"
    r"|^(?!(.*/)?src/).*\.config\.[a-z]+$"  # a tool's; below src/ it is the app's own
)
_GIVEN = re.compile(
    r"^(NODE_ENV|CI|PORT|PWD|HOME|PATH|USER|SHELL|TZ|LANG|TERM|HOSTNAME|EDITOR|DEBUG|ANALYZE|FORCE_COLOR|NO_COLOR|TMPDIR|TEMP|"
    r"BASE_URL|DEV|PROD|SSR|MODE|SKIP_ENV_VALIDATION|NODE_OPTIONS|INIT_CWD|DOCKER|BUILD_ID|VITEST\w*|JEST_\w*|STORYBOOK\w*|"
    r"NEXT_RUNTIME|NEXT_PHASE|__NEXT\w*|TURBOPACK|npm_\w*|NEXT_PUBLIC_VERCEL\w*|VERCEL(_\w+)?|RAILWAY_\w+|RENDER(_\w+)?|"
    r"CF_PAGES\w*|NETLIFY\w*|FLY_\w+|HEROKU_\w+|GITHUB_(ACTIONS|SHA|REF|REF_NAME|HEAD_REF|RUN_ID|WORKSPACE|REPOSITORY)|AWS_LAMBDA\w*|"
    r"PLAYWRIGHT\w*|E2E\w*|TEST_\w+|LOCALAPPDATA|APPDATA|USERPROFILE|XDG_\w+|SENTRY_RELEASE|K_SERVICE|EXPO_OS|TAURI_\w+)$"
)
"""Names that the platform, the framework or the shell sets; nobody writes them into an env file."""


@dataclass
class Use:
    """Reads of one variable."""

    places: list[str] = field(default_factory=list)
    demanded: int = 0
    """Reads that throw without it."""
    asserted: int = 0
    """Reads that say it is there (`!`, `as string`)."""
    excused: int = 0
    """Reads with a fallback or behind a condition."""
    reads: int = 0

    @property
    def need(self) -> str:
        """`required`, `optional` or `unknown`, as the code treats it."""
        if self.demanded:
            return "required"
        if self.asserted and not self.excused:
            return "required"
        return "optional" if self.reads and self.excused == self.reads else "unknown"


def given(name: str) -> bool:
    """Whether the platform or the framework sets the variable."""
    return bool(_GIVEN.match(name))


@dataclass(frozen=True, slots=True)
class _Read:
    """One read of one variable."""

    name: str
    place: str
    demanded: bool = False
    asserted: bool = False
    excused: bool = False


def search(tree: Tree, folders: Iterable[str], skip: Iterable[str] = ()) -> dict[str, Use]:
    """Return the variables that code below `folders` reads; git-ignored files, tests and `skip` left out.

    `skip` are folders of other apps. Reads within the caps only; a cut is noted as a trouble. Each file is read once
    for all apps.
    """
    unwanted = tuple(f"{folder}/" for folder in skip)
    uses: dict[str, Use] = {}
    known = tree.once("usage.files", lambda: dict[str, tuple[_Read, ...]]())
    ignored = tree.once("usage.ignored", lambda: _ignore_rules(tree))
    for path in dict.fromkeys(path for folder in folders for path in tree.below(folder)):
        if not path.endswith(_CODE) or path.startswith(unwanted) or _ASIDE.search(path):
            continue
        if path not in known:
            if len(known) >= _MOST:
                tree.trouble("code.large", f"only {_MOST:,} files of code were searched for variables")
                break
            data = tree.data(path, cap=_CAP, matters=False)
            found = tuple(_reads(path, data)) if data and any(mark in data for mark in _MARKS) else ()
            known[path] = () if found and ignored and ignored.matches(path) else found
        for read in known[path]:
            _note(uses.setdefault(read.name, Use()), read)
    return uses


def _reads(path: str, data: bytes) -> Iterator[_Read]:
    schema_module = b"env" in data and re.search(rb"import\s*\{[^}]*\benv\b[^}]*\}|import\s+env\b", data) is not None
    line, counted = 1, 0
    for match in _READ.finditer(data):
        line += data.count(b"\n", counted, match.start())
        counted = match.start()
        place = f"{path}:{line}"
        before_it = max(0, match.start() - _LONGEST_INDENT)
        start = data.rfind(b"\n", before_it, match.start()) + 1
        # In the midst of a line that long there is no telling whether it is a comment; such lines are no person's.
        head = data[start : match.end()].lstrip() if start or before_it == 0 else b""
        if head.startswith((b"//", b"*", b"/*", b"# ")):
            continue
        if match["several"]:
            for name, fallback in _destructured(match["several"]):
                yield _Read(name, place, excused=fallback)
            continue
        if match["imported"]:  # SvelteKit's and Astro's: the import itself fails without it
            for name in re.findall(rb"(?:^|,)\s*([A-Z][A-Z0-9_]+)", match["imported"]):
                yield _Read(name.decode(), place, demanded=True)
            continue
        if match["module"] and not schema_module:
            continue
        name = (match["plain"] or match["deno"] or match["named"] or match["python"] or match["module"]).decode()
        after = re.sub(rb"^[\"'`](\]|\))", b"", data[match.end() : match.end() + 160])
        before = data[max(0, match.start() - 80) : match.start()]
        helper = (match["helper"] or b"").decode().lower()
        demanded = (
            bool(re.match(rb"\s*(\|\||\?\?)\s*(\(\(\)\s*=>\s*\{\s*)?(throw|fail|die|\w*[eE]rror\()", after))
            or bool(_IF_NOT.search(before) and _THROWS.match(after))
            or bool(re.search(rb"(invariant|assert(\.ok)?)\(\s*$", before))
            or bool(_DEMANDS.search(helper))
            or (match["python"] is not None and b"environ[" in match.group(0))
            or path.endswith(".prisma")
        )  # fmt: skip
        asserted = bool(re.match(rb"\s*(!(?![=])|as string\b)", after))
        excused = not demanded and (
            bool(re.match(rb"\s*(\|\||\?\?|\?(?![.:])|&&|\?\.|===|!==|==|!=)(?!\s*(''|\"\"|``))", after))
            or bool(re.search(rb"(!!|Boolean\(|if\s*\(\s*!?|&&\s*!?|(?<!\?)\?\s*)\s*$", before))
            or (match["python"] is not None and (b"get(" in match.group(0) or b"getenv(" in match.group(0)))
        )  # fmt: skip
        yield _Read(name, place, demanded, asserted, excused)


def _note(use: Use, read: _Read) -> None:
    use.reads += 1
    use.demanded += read.demanded
    use.asserted += read.asserted
    use.excused += read.excused
    if len(use.places) < _PLACES and read.place not in use.places:
        use.places.append(read.place)


def _destructured(text: bytes) -> list[tuple[str, bool]]:
    return [
        (match[1].decode(), b"=" in part)
        for part in text.split(b",")
        if (match := re.match(rb"\s*([A-Z][A-Z0-9_]+)\s*(?::|=|$|\s)", part))
    ]


class _Ignore:
    """The repository's .gitignore files, each for its own folder."""

    def __init__(self, rules: list[tuple[str, GitIgnoreSpec]]) -> None:
        self._rules = rules

    def matches(self, path: str) -> bool:
        for folder, spec in self._rules:
            if within(path, folder):
                local = path if folder == "." else path[len(folder) + 1 :]
                if spec.match_file(local):
                    return True
        return False


def _ignore_rules(tree: Tree) -> _Ignore | None:
    import pathspec

    rules: list[tuple[str, GitIgnoreSpec]] = []
    for path in tree.files():
        if path.rpartition("/")[2] != ".gitignore" or len(rules) > 300:
            continue
        text = tree.text(path, cap=64 << 10, matters=False)
        if text:
            rules.append((path.rpartition("/")[0] or ".", pathspec.GitIgnoreSpec.from_lines(text.splitlines()[:2000])))
    return _Ignore(rules) if rules else None
