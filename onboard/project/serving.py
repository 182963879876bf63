"""Which app of a repository is the main one, what its dev server is and on which port."""

from __future__ import annotations

import re

from onboard.project.commands import Commands, Leaf
from onboard.project.files import Tree
from onboard.project.packages import Package
from onboard.project.places import Place
from onboard.project.readme import Readme
from onboard.project.values import Dev

SERVERS: dict[str, int | None] = {
    "next": 3000, "vite": 5173, "astro": 4321, "nuxt": 3000, "nuxi": 3000, "remix": 3000, "react-router": 5173,
    "gatsby": 8000, "react-scripts": 3000, "craco": 3000, "vue-cli-service": 8080, "svelte-kit": 5173, "nest": 3000,
    "vinxi": 3000, "wasp": 3000, "medusa": 9000, "strapi": 1337, "rw": 8910, "redwood": 8910, "blitz": 3000,
    "keystone": 3000, "ng": 4200, "parcel": 1234, "wrangler": 8787, "expo": 8081, "hydrogen": 3000, "shopify": 3000,
    "solid-start": 3000, "qwik": 5173, "waku": 3000, "rsbuild": 3000, "farm": 9000, "encore": 4000, "uvicorn": 8000,
    "fastapi": 8000, "directus": 8055, "webpack-dev-server": 8080, "rspack": 8080, "vike": 3000, "analog": 5173,
}  # fmt: skip
"""Program → the port it listens on unless told otherwise."""
_ENGINES = ("tsx", "node", "ts-node", "ts-node-dev", "tsnd", "nodemon", "bun", "swc-node", "vite-node", "esrun", "deno")
_NOT_SERVING = {
    "build",
    "generate",
    "lint",
    "info",
    "telemetry",
    "export",
    "sync",
    "check",
    "test",
    "preview",
    "types",
    "typegen",
}
_DEV_NAMES = (
    "dev",
    "develop",
    "start:dev",
    "dev:web",
    "dev:app",
    "dev:next",
    "dev:all",
    "serve",
    "start:local",
    "start",
    "web",
    "site",
)
_SIDE = re.compile(
    r"doc|story|expo|mobile|native|desktop|electron|extension|marketing|landing|www-|email|worker|cli\b|mcp|example|demo|playground|e2e|test",
    re.I,
)
_MAIN = re.compile(
    r"^(web|app|nextjs|next|dashboard|site|frontend|client|webapp|main|platform|portal|saas|core|www|studio|remix|server)$",
    re.I,
)


def serves(leaf: Leaf) -> bool:
    """Whether the command is a development server of an app."""
    verbs = [word for word in leaf.argv[1:] if not word.startswith("-")]
    if leaf.program in SERVERS:
        return not (verbs[:1] and verbs[0] in _NOT_SERVING)
    if leaf.program not in _ENGINES:
        return False
    words = " ".join(leaf.argv[1:])
    return bool(re.search(r"watch|server|index|main|app|dev|start", words)) and not re.search(
        r"migrat|seed|generate|codegen|script/|scripts/|setup|prisma|build", words
    )


def _servers(tree: Tree, commands: Commands, package: Package, name: str) -> dict[str, Leaf]:
    """Return the servers that a script starts by the folder that each serves; a framework's before a plain program."""

    def look() -> dict[str, Leaf]:
        found: dict[str, Leaf] = {}
        for leaf in commands.script(package, name):
            if serves(leaf) and (leaf.dir not in found or found[leaf.dir].program not in SERVERS):
                found[leaf.dir] = leaf
        return found

    return tree.once(f"serving {package.dir} {name}", look)


def framework(leaves: tuple[Leaf, ...], folder: str) -> str | None:
    """Return the program that serves `folder`; `None`: none does."""
    serving = [leaf for leaf in leaves if serves(leaf) and leaf.dir == folder]
    return next((leaf.program for leaf in serving if leaf.program in SERVERS), serving[0].program if serving else None)


def main_app(tree: Tree, commands: Commands, places: list[Place], readme: Readme) -> str:
    """Return the folder of the app that a new developer starts."""
    packages = commands.packages
    root = packages.root
    candidates = [folder for folder in packages.members if folder != "."]
    if (
        root
        and (not packages.declared)
        and (any(serves(leaf) and leaf.dir == "." for name in _DEV_NAMES for leaf in commands.script(root, name)))
    ):
        return "."
    if (
        root
        and root.depends_on("next", "@sveltejs/kit", "astro", "nuxt", "@remix-run/react")
        and any(serves(leaf) and leaf.dir == "." for name in _DEV_NAMES[:3] for leaf in commands.script(root, name))
    ):
        return "."
    if not candidates:
        return "." if root or not places else places[0].dir
    own = {place.dir for place in places}
    started = {leaf.dir for leaf in commands.script(root, "dev") if serves(leaf)} if root else set()
    scored = [(_score(packages.members[folder], own, started, commands, readme, tree), folder) for folder in candidates]
    best, folder = max(scored, key=lambda item: (item[0], -len(item[1]), item[1]))
    if best <= 0:
        return "." if root or not own else places[0].dir
    return folder


def _score(package: Package, own: set[str], started: set[str], commands: Commands, readme: Readme, tree: Tree) -> int:
    leaves = [leaf for name in _DEV_NAMES for leaf in commands.script(package, name) if leaf.dir == package.dir]
    last = package.dir.rpartition("/")[2]
    score = 0
    if any(serves(leaf) and leaf.program in SERVERS for leaf in leaves):
        score += 6
    elif any(serves(leaf) for leaf in leaves):
        score += 2
    else:
        return 0
    # An Nx project without a package.json has the root's dependencies: what it starts tells more.
    if (package.depends_on("next") and not package.targets) or any(leaf.program == "next" for leaf in leaves):
        score += 3
    score += 3 * bool(_MAIN.match(last)) + (last in ("web", "nextjs")) + 2 * (last in ("app", "dashboard"))
    score += 4 * (package.dir in own)
    score += 2 * (package.dir in started) + 2 * package.dir.startswith("apps/")
    score -= 6 * bool(_SIDE.search(last)) + 4 * package.depends_on("expo", "react-native", "electron")
    score += min(2, readme.text.count(package.dir))
    names = tree.names(package.dir) | tree.names(f"{package.dir}/src")
    score += 2 * bool(names & {"env.ts", "env.mjs", "env.js"})
    if package.depends_on("stripe", "next-auth", "better-auth", "@clerk/nextjs", "@trpc/server"):
        score += 2
    return score


def dev(tree: Tree, commands: Commands, app: str, variables: dict[str, str], manager: str | None) -> Dev | None:
    """Return how the app's dev server is started and where it listens; `None`: nothing serves.

    `variables`: the template's values, for a PORT that the server reads from the env file.
    """
    members = commands.packages.members
    if tree.has(".wasproot") or tree.has("main.wasp") or tree.has("main.wasp.ts"):
        return Dev("wasp start", None, 3000)
    options: list[tuple[tuple[object, ...], Package, str, Leaf]] = []
    for folder in dict.fromkeys([".", app]):
        package = members.get(folder)
        for name in package.scripts if package else ():
            if package is None or re.search(
                r"build|test|lint|storybook|preview|prod|docker|debug|inspect|ios|android|https|turbo$|ci\b", name
            ):
                continue
            servers = _servers(tree, commands, package, name)
            leaf = servers.get(app)
            if leaf is None:
                continue
            others = [folder for folder in servers if folder != app and folder in members]
            known = _DEV_NAMES.index(name) if name in _DEV_NAMES else len(_DEV_NAMES)
            if known == len(_DEV_NAMES) and not name.startswith(("dev", "start")):
                continue
            options.append(
                (
                    (
                        name in package.targets,
                        name.startswith("start") and not name.endswith("dev"),
                        len(others) > 0,
                        folder != ".",
                        known,
                        len(name),
                    ),
                    package,
                    name,
                    leaf,
                )
            )
    if not options:
        return None
    _, package, name, leaf = min(options, key=lambda option: option[0])
    if name in package.targets:
        own = {"pnpm": "pnpm", "yarn": "yarn", "bun": "bunx"}.get(manager or "", "npx")
        return Dev(f"{own} nx {name} {package.name}", None, port(tree, leaf, variables), ".")
    through = {"npm": "npm run", "bun": "bun run", None: "npm run"}.get(manager, manager)
    return Dev(f"{through} {name}", name, port(tree, leaf, variables), package.dir)


def port(tree: Tree, leaf: Leaf, variables: dict[str, str]) -> int | None:
    """Return the port of a dev server: flag, environment, config, template, else the framework's own."""
    said = leaf.option("--port", "-p", "-P")
    for value in (said, *(value for name, value in leaf.env if name == "PORT")):
        match = re.search(r"\d{2,5}", value or "")
        if match:
            return int(match[0])
    if said and (reference := re.search(r"\$\{?(\w+)", said)) and variables.get(reference[1], "").isdigit():
        return int(variables[reference[1]])
    if leaf.program in (
        "vite",
        "react-router",
        "remix",
        "astro",
        "nuxt",
        "nuxi",
        "vinxi",
        "svelte-kit",
        "rsbuild",
        "solid-start",
    ):
        for name in (
            *(f"vite.config.{end}" for end in ("ts", "js", "mts", "mjs")),
            "app.config.ts",
            "astro.config.mjs",
            "astro.config.ts",
            "nuxt.config.ts",
            "rsbuild.config.ts",
        ):
            text = tree.text(name if leaf.dir == "." else f"{leaf.dir}/{name}", matters=False)
            match = re.search(
                r"\b(?:server|devServer)\s*:\s*\{[^{}]*?\bport\s*:\s*(?:Number\([^)]*\)\s*\|\|\s*|\w+(?:\.\w+)*\s*(?:\|\||\?\?)\s*)?(\d{2,5})",
                text or "",
            )
            if match:
                return int(match[1])
    default = SERVERS.get(leaf.program)
    if leaf.program in (*_ENGINES, "nest") and not variables.get("PORT", "").isdigit():
        return _of_code(tree, leaf) or _of_url(variables) or default
    reads_port = leaf.program not in ("next", "vite", "astro", "react-router", "svelte-kit") or bool(leaf.env_files)
    if reads_port and variables.get("PORT", "").isdigit():
        return int(variables["PORT"])
    return default


_ENTRIES = tuple(
    f"{folder}{name}.{end}"
    for folder in ("", "src/", "server/", "app/")
    for name in ("server", "index", "main", "app")
    for end in ("ts", "js", "mjs")
)
_FALLBACK = re.compile(r"\bPORT\b[\"'`\])]*\s*(?:\)\s*)?(?:\|\||\?\?|,)\s*[\"'`]?(\d{4,5})\b")
_FIXED = re.compile(r"\.listen\(\s*(\d{4,5})\b|\b(?:PORT|port)\s*[=:]\s*(\d{4,5})\b")
_OWN_URL = re.compile(
    r"^(NEXT_PUBLIC_|PUBLIC_)?((APP|BASE|SITE|HOST|SERVER|BACKEND|API|PUBLIC)_)?(BASE_|SITE_)?(URL|ORIGIN)$"
)


def _of_code(tree: Tree, leaf: Leaf) -> int | None:
    """Return the port on which a server's own code falls back (`process.env.PORT || 3000`)."""
    named = [word.removeprefix("./") for word in leaf.argv[1:] if re.search(r"\.[cm]?[jt]s$", word)]
    for name in dict.fromkeys((*named, *_ENTRIES)):
        path = name if leaf.dir == "." else f"{leaf.dir}/{name}"
        text = tree.text(path, matters=False)
        if text and (match := _FALLBACK.search(text) or _FIXED.search(text)):
            return int(match[match.lastindex or 0])
    return None


def _of_url(variables: dict[str, str]) -> int | None:
    """Return the port of the app's own address, as the template has it."""
    for name, value in variables.items():
        match = re.match(r"https?://(?:localhost|127\.0\.0\.1):(\d{2,5})\b", value) if _OWN_URL.match(name) else None
        if match:
            return int(match[1])
    return None
