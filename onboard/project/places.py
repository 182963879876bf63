"""Which files are env templates, and which file is made from each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase

from onboard.project.commands import Leaf
from onboard.project.files import Tree, join
from onboard.project.packages import Package
from onboard.project.readme import EXAMPLE, Readme

_TEMPLATE = re.compile(
    r"^(?:\.?env(?:[._-][\w-]+)*[._-](?:example|sample|template|dist|tpl|tmpl|defaults?|schema)(?:\.txt|\.local)?|"
    r"\.?env[._-](?:example|sample|template)[._-][\w-]+|[\w-]+[._-]env[._-](?:example|sample|template)|"
    r"\.env\.(?:example|sample|template)\.[\w-]+|\.?(?:example|sample|template|default)[._-]?env(?:\.local)?|"
    r"\.env[_-]?(?:example|sample|template)|\.dev\.vars\.(?:example|sample|template)|dotenv[._-](?:example|sample))$",
    re.I,
)
_ENVIRONMENT = re.compile(
    r"prod|test|stag|ci\b|e2e|docker|preview|cypress|playwright|deploy|selfhost|kube|k8s|cloud|vercel|railway|render",
    re.I,
)
_FOLDERS_ASIDE = re.compile(
    r"(^|/)(examples?|templates?|fixtures?|__fixtures__|__tests__|tests?|e2e|docs?|docker|deploy\w*|infra\w*|charts?|k8s|"
    r"\.github|\.devcontainer|scripts|playground|benchmarks?|starters?|sandbox-templates|self-?host\w*)(/|$)",
    re.I,
)
_RANK = (
    ".env.local.example", ".env.example", ".env.sample", ".env.template", ".env.local.sample", ".env.local.template",
    ".env.example.local", ".env.dist", ".env.development.local.example", ".env.development.example", ".env.dev.example",
    ".env.server.example", ".env.default", ".env.defaults", "env.example", "env.example.txt", "env.sample",
    "env.template", "example.env", "sample.env",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """One template's place; `template` is `None` where there is none."""

    dir: str
    template: str | None
    others: tuple[str, ...] = ()
    """Further templates of the same folder."""
    committed: bool = False
    """The template is a `.env` that is itself committed: secrets go elsewhere."""


def find(tree: Tree, readme: Readme) -> list[Place]:
    """Return the folders that have env templates, the nearest to the root first.

    A file that people are told to copy is one, whatever its name; of several, those that they are told to copy come
    first.
    """
    told = readme.templates()
    by_folder: dict[str, list[str]] = {}
    plain: dict[str, list[str]] = {}
    for path in tree.files():
        folder, _, name = path.rpartition("/")
        if path.count("/") > 4 or ("env" not in name and "vars" not in name) or _FOLDERS_ASIDE.search(folder):
            continue
        # A file that git ignores is a developer's own, whatever the README copies from it.
        copied = path in told and name not in (".env", ".env.development") and not ignored(tree, path)
        if _TEMPLATE.match(name) or copied:
            by_folder.setdefault(folder or ".", []).append(path)
        elif name in (".env", ".env.development"):
            plain.setdefault(folder or ".", []).append(path)
    places = []
    for folder, paths in by_folder.items():
        local = [path for path in paths if not _ENVIRONMENT.search(path.rpartition("/")[2])]
        ranked = sorted(
            local or paths, key=lambda path: (told.index(path) if path in told else len(told), *_rank(path))
        )
        others = tuple(sorted(path for path in paths if path != ranked[0]))
        places.append(Place(folder, ranked[0], others))
        if len(ranked) > 1 and ranked[0] not in told:
            where = "the root folder" if folder == "." else folder
            tree.trouble(
                "template.several", f"{len(ranked)} env templates in {where}; {ranked[0]} is used", *ranked[:6]
            )
    for folder, paths in plain.items():
        if folder in by_folder or any(not ignored(tree, path) for path in paths) is False:
            continue
        path = next(path for path in sorted(paths) if not ignored(tree, path))
        places.append(Place(folder, path, committed=True))
    return sorted(places, key=lambda place: (place.dir.count("/") + (place.dir != "."), place.dir))


def _rank(path: str) -> tuple[int, int, str]:
    name = path.rpartition("/")[2].lower()
    return (_RANK.index(name) if name in _RANK else len(_RANK), len(name), name)


def separate(place: Place) -> tuple[str, ...]:
    """Return further templates of a folder that make another file for another reader (`.env.client.example`)."""
    if place.template is None:
        return ()
    main = target_by_name(place.template)
    found: dict[str, str] = {}
    for path in place.others:
        target = target_by_name(path)
        if (
            target
            and main
            and target != main
            and not _ENVIRONMENT.search(target)
            and re.search(r"client|server|web|api|worker|mobile", target)
        ):
            found.setdefault(target, path)
    return tuple(found.values())


def target_by_name(template: str) -> str | None:
    """Return the env file that a template's own name says (`.env.local.example` → `.env.local`); `None`: any."""
    name = template.rpartition("/")[2].lower()
    name = re.sub(r"\.txt$", "", name)
    stem = re.sub(r"[._-](example|sample|template|dist|tpl|tmpl|defaults?|schema)(?=\.|$)", "", name)
    if stem.startswith("env."):
        stem = "." + stem
    return stem if stem.startswith((".env.", ".dev.vars")) else None


def target(
    tree: Tree,
    place: Place,
    head: str,
    readme: Readme,
    leaves: tuple[Leaf, ...],
    packages: list[Package],
    framework: str | None,
) -> tuple[str, str]:
    """Return the env file to be written, relative to the root, and what says so.

    What runs the app decides, then what people are told, then what such projects read by themselves.
    """
    folder = place.dir
    base = place.template.rpartition("/")[2] if place.template else None
    loaded = [
        file for leaf in leaves for file in leaf.env_files if not EXAMPLE.search(file) and not file.startswith("..")
    ]
    loaded = [file for file in loaded if (file.rpartition("/")[0] or ".") == folder] or loaded
    named = target_by_name(base) if base else None
    if place.committed:
        # What is read by no reader of .env.local has to stand in the committed file itself.
        own = [package for package in packages if package.dir == folder]
        return join(folder, ".env.local" if own or framework else (base or ".env")), "template"
    if named == ".env.local":
        return join(folder, named), "template"
    told = readme.target(base, only=True)
    if loaded and told and join(folder, told.rpartition("/")[2]) in loaded:
        return join(folder, told.rpartition("/")[2]), "scripts"
    if loaded:
        return next((file for file in loaded if file.endswith(".local")), loaded[0]), "scripts"
    if told := readme.target(base, only=named is not None):
        return join(folder, told.rpartition("/")[2]), "README"
    if named and named not in (".env.dev", ".env.development"):
        return join(folder, named), "template"
    if said := _said(head):
        return join(folder, said), "template"
    for package in packages:
        for text in package.scripts.values():
            if match := _COPIES.search(text):
                return join(folder, match["to"].rpartition("/")[2]), "scripts"
    return join(folder, _habit(tree, folder, framework, packages)), "habit"


_COPIES = re.compile(
    r"\b(?:cp|copy|copyfiles|shx cp)\s+(?:-\w+\s+)*\S*env\S*(?:example|sample|template)\S*\s+(?P<to>\S*\.env[\w.]*)"
)


def _said(head: str) -> str | None:
    """Return the file that the template's head tells to make."""
    for pattern in (
        r"must be (?:named )?[`'\"]?(\.env[\w.]*)",
        r"\bcp\s+\S+\s+(\.env[\w.]*)",
        r"(?:rename|copy|duplicate)\b[^\n]*?\b(?:to|as|into)\s+(?:a )?(?:new )?(?:file )?(?:named |"
        r"called )?[`'\"]?(\.env[\w.]*)",
        r"(?:named|called)\s+[`'\"\\]*(\.env[\w.]*)",
        r"(?:create|make)\b[^\n]*?[`'\"]?(\.env\.local)\b",
        r"(?:example of|new)\b[^\n]{0,20}?[`'\"](\.env[\w.]*)[`'\"]",
    ):
        for match in re.finditer(pattern, head, re.I):
            name = match[1].rstrip(".")
            if not EXAMPLE.search(name) and head[max(0, match.start(1) - 8) : match.start(1)].strip()[-3:] != "not":
                return name
    return None


def _habit(tree: Tree, folder: str, framework: str | None, packages: list[Package]) -> str:
    """Return what such projects read by themselves, and git ignores."""
    if (
        packages and packages[0].dir != folder
    ):  # one file at the root for an app below it: nobody reads it by habit alone
        return ".env"
    if framework in ("next", "vite", "react-scripts") or (
        framework is None and any(package.depends_on("next") for package in packages)
    ):
        if ignored(tree, join(folder, ".env")) and _reads_plain(tree, packages):
            return ".env"
        return ".env.local"
    return ".env"


def _reads_plain(tree: Tree, packages: list[Package]) -> bool:
    """Whether a tool beside the framework reads `.env` only: Prisma, or a config that loads dotenv without a path."""
    for package in packages:
        for name in ("drizzle.config.ts", "prisma.config.ts", "drizzle.config.js"):
            text = tree.text(name if package.dir == "." else f"{package.dir}/{name}", matters=False)
            if text and ".env.local" in text:
                return False
            if text and "dotenv/config" in text:
                return True
            if text and name.startswith("drizzle") and "process.env" in text and "nv(" not in text:
                return True  # drizzle-kit loads .env, and nothing else, where the config does not
        if package.depends_on("prisma", "@prisma/client"):
            return True
    return False


def ignored(tree: Tree, path: str) -> bool:
    """Whether the .gitignore files on the way to `path` cover it, by the plain rules that are usual for env files."""
    parts = path.split("/")
    verdict = False
    for depth in range(len(parts)):
        folder = "/".join(parts[:depth]) or "."
        if not tree.has(".gitignore" if folder == "." else f"{folder}/.gitignore"):
            continue
        text = tree.text(".gitignore" if folder == "." else f"{folder}/.gitignore", matters=False) or ""
        rest = "/".join(parts[depth:])
        for row in text.splitlines():
            rule = row.strip()
            if not rule or rule.startswith("#"):
                continue
            negated = rule.startswith("!")
            rule = rule.lstrip("!").removeprefix("**/")
            whole = rule.startswith("/") or "/" in rule.rstrip("/")
            rule = rule.strip("/")
            subject = rest if whole else parts[-1]
            if fnmatchcase(subject, rule) or (not whole and any(fnmatchcase(part, rule) for part in parts[depth:-1])):
                verdict = not negated
    return verdict
