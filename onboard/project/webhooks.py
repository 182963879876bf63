"""Stripe's webhook routes, found by path and code, and the listeners that forward to them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from onboard.project import routes
from onboard.project.commands import Commands, Leaf
from onboard.project.files import Tree, within
from onboard.project.packages import Package
from onboard.project.values import Dev, Webhook

_CODE = (".ts", ".js", ".tsx", ".jsx", ".mjs", ".mts", ".cjs")
_CAP = 256 << 10
_VERIFIES = re.compile(r"constructEvent(Async)?\s*\(|stripe-signature|webhooks\.(?:unwrap|verifyHeader)", re.I)
_STRIPE_HANDLER = re.compile(
    r"stripe\w*webhook|webhook\w*stripe|from ['\"][^'\"]*stripe[^'\"]*webhook|from ['\"][^'\"]*webhook[^'\"]*stripe",
    re.I,
)
_ENV = re.compile(r"(?:process\.env|import\.meta\.env|Bun\.env|\benv\w*|\bconfig)(?:\.|\[['\"])([A-Z][A-Z0-9_]{3,})")
_EVENT = re.compile(
    r"['\"]((?:account|balance|charge|checkout|coupon|credit_note|customer|entitlements|file|invoice|payment_intent|payment_link|payment_method|payout|plan|price|product|promotion_code|quote|radar|refund|setup_intent|subscription_schedule|transfer)(?:\.[a-z_]+){1,3})['\"]"
)
_ADDRESS = re.compile(
    r"(?:https?://)?(?:localhost|127\.0\.0\.1|0\.0\.0\.0|host\.docker\.internal|\[::1\]|[\w-]+\.localhost)?:?(?P<port>\d{2,5})?(?P<path>/[\w./\[\]-]*)?$"
)


@dataclass(frozen=True)
class _Listener:
    port: int | None
    path: str | None
    command: str
    script: str | None
    dir: str
    events: tuple[str, ...]


@dataclass(frozen=True)
class _Route:
    path: str
    file: str | None
    variable: str | None
    events: tuple[str, ...]


def find(
    tree: Tree, commands: Commands, app: str, dev: Dev | None, names: tuple[str, ...], told: list[str]
) -> tuple[Webhook, ...]:
    """Return the app's Stripe routes, each with the listener that forwards to it.

    `names`: the app's variables; `told`: `stripe listen` lines of the README and the template.
    """
    scripts = _script_listeners(tree, commands, app)
    spoken = [listener for text in told for leaf in commands.text(text) if (listener := _listener(leaf, None, "."))]
    known_routes = _routes(tree, commands, app)
    known = {route.path for route in known_routes}
    for listener in (*scripts, *spoken):
        if (
            listener.path
            and listener.path != "/"
            and listener.path not in known
            and (listener.script or not known_routes)
        ):
            known.add(listener.path)
            known_routes.append(_Route(listener.path, None, None, listener.events))
    running = _started_by_dev(commands, app, dev)
    dev_port = dev.port if dev else None
    hooks: list[Webhook] = []
    for route in sorted(known_routes, key=_order):
        own = next((each for each in scripts if each.path == route.path), None)
        if own is None and len(known_routes) == 1:
            own = next((each for each in scripts if each.path in (None, "/")), None)
        said = own or next((each for each in spoken if each.path == route.path), None)
        port = said.port if said and said.port and (own or route.file is None) else dev_port
        variable = route.variable if route.variable in names or not names else None
        variable = variable or _variable(route.path, names, len(known_routes)) or route.variable
        command = own.command if own else f"stripe listen --forward-to localhost:{port or 3000}{route.path}"
        events = own.events if own and own.events else route.events
        hooks.append(
            Webhook(
                route.path,
                port,
                command,
                own.script if own else None,
                variable,
                events,
                started_by_dev=own is not None and (own.dir, own.script) in running,
                file=route.file,
                dir=own.dir if own else app,
            )
        )
        if own and own.port and dev_port and own.port != dev_port and route.file:
            package = commands.packages.members.get(own.dir)
            tree.trouble(
                "webhook.port",
                f"{own.script or 'the listener'} forwards {route.path} to {own.port}, the app listens on {dev_port}",
                _line_of(tree, package, own.script), _dev_place(tree, commands, dev),
                variable=variable,
            )  # fmt: skip
    return tuple(hooks)


def _order(route: _Route) -> tuple[bool, int, str]:
    return "stripe" not in route.path, route.path.count("/"), route.path


def _line_of(tree: Tree, package: Package | None, script: str | None) -> str:
    path = package.path if package else "package.json"
    rows = (tree.text(path) or "").splitlines()
    key = f'"{script}"'
    return f"{path}:{next((at for at, row in enumerate(rows, 1) if key in row), 1)}"


def _dev_place(tree: Tree, commands: Commands, dev: Dev | None) -> str:
    package = commands.packages.members.get(dev.dir) if dev else None
    return _line_of(tree, package, dev.script if dev else None)


def _script_listeners(tree: Tree, commands: Commands, app: str) -> list[_Listener]:
    """Return the listeners of all packages, the app's first, then the root's."""
    found = tree.once("webhooks.listeners", lambda: _all_listeners(commands))
    return sorted(found, key=lambda each: (each.script in ("dev", "start"), each.dir != app, each.dir != "."))


def _all_listeners(commands: Commands) -> list[_Listener]:
    return [
        listener
        for folder, package in commands.packages.members.items()
        for name, text in package.scripts.items()
        if "stripe" in text
        for leaf in commands.script(package, name)
        # Found where it stands; a script that starts it among others is no listener of its own.
        if leaf.script == name and leaf.dir == package.dir and (listener := _listener(leaf, name, folder))
    ]


def _listener(leaf: Leaf, script: str | None, folder: str) -> _Listener | None:
    if leaf.program != "stripe" or leaf.argv[1:2] != ("listen",):
        return None
    target = leaf.option("--forward-to", "-f") or leaf.option("--forward-connect-to") or ""
    match = _ADDRESS.match(target.rstrip("/") or "")
    port = int(match["port"]) if match and match["port"] else None
    path = match["path"] if match and match["path"] else urlsplit(target).path if "//" in target else None
    events = tuple(event for event in (leaf.option("--events", "-e") or "").split(",") if event and event != "*")
    return _Listener(port, path or None, " ".join(leaf.argv), script, folder, events)


def _started_by_dev(commands: Commands, app: str, dev: Dev | None) -> set[tuple[str, str | None]]:
    if dev is None or dev.script is None:
        return set()
    package = commands.packages.members.get(dev.dir)
    leaves = commands.script(package, dev.script) if package else ()
    return {(leaf.dir, leaf.script) for leaf in leaves if leaf.program == "stripe" and leaf.argv[1:2] == ("listen",)}


_OTHERS = re.compile(
    r"CLERK|SVIX|RESEND|GITHUB|POLAR|LEMON|PADDLE|SLACK|SHOPIFY|WORKOS|SANITY|LINEAR|PLAIN|HUBSPOT|SUPABASE|VERCEL"
)


def _variable(path: str, names: tuple[str, ...], routes: int) -> str | None:
    signing = [name for name in names if "WEBHOOK" in name and "SECRET" in name]
    fitting = [name for name in signing if "STRIPE" in name] or [name for name in signing if not _OTHERS.search(name)]
    words = {word.upper() for word in re.split(r"[^A-Za-z0-9]+", path) if word}
    return max(
        fitting,
        key=lambda name: (len(words & (set(name.split("_")) - {"STRIPE", "WEBHOOK", "SECRET"})),
                          -len(set(name.split("_")) - words - {"STRIPE", "WEBHOOK", "SECRET"})),
        default=None,
    )  # fmt: skip


def _routes(tree: Tree, commands: Commands, app: str) -> list[_Route]:
    found: list[_Route] = []
    others = [folder for folder in commands.packages.members if folder not in (".", app) and within(folder, app)]
    for path in tree.below(app):
        if not path.endswith(_CODE) or any(within(path, folder) for folder in others):
            continue
        if re.search(r"\.(test|spec|d)\.|(^|/)(__tests__|tests?|e2e|node_modules|examples?|scripts)/", path):
            continue
        local = path if app == "." else path[len(app) + 1 :]
        url = url_path(local)
        hint = re.search(r"stripe|webhook|billing|payment|hook", local, re.I)
        if not hint and not (url is None and routes.SERVER.search(local)):
            continue
        text = tree.text(path, cap=_CAP, matters=False)
        if text is None or not (_is_stripe(local, text) if url is not None else _VERIFIES.search(text)):
            continue
        for each in [url] if url is not None else routes.declared(tree, app, path, text):
            if each not in {route.path for route in found}:
                found.append(_Route(each, path, _secret_name(text), tuple(dict.fromkeys(_EVENT.findall(text)))))
    if any(package.depends_on("@better-auth/stripe") for folder, package in commands.packages.members.items()):
        route = "/api/auth/stripe/webhook"
        if not any(each.path == route for each in found):
            found.append(_Route(route, None, None, ()))
    return found


def _is_stripe(local: str, text: str) -> bool:
    """Whether a route's code takes Stripe's calls; of an empty file only the path can tell."""
    stripe, hook = "stripe" in local.lower(), re.search(r"web-?hook", local, re.I) is not None
    if not text.strip():
        return stripe and hook
    if _VERIFIES.search(text) or (hook and _STRIPE_HANDLER.search(text)):
        return True
    return (
        stripe and hook and "stripe" in text.lower() and re.search(r"\bPOST\b|export default|action", text) is not None
    )


def health(tree: Tree, app: str) -> tuple[str, ...]:
    """Return the URL paths of routes that say whether the app is well, by their usual names."""
    found = []
    for path in tree.below(app):
        if path.endswith(_CODE) and re.search(r"health|ready|live", path):
            url = url_path(path if app == "." else path[len(app) + 1 :])
            if url and re.search(r"(^|/)(api/)?(healthz?|health-?check|readyz?|livez|liveness|readiness)(/\w+)?$", url):
                found.append(url)
    return tuple(sorted(set(found), key=lambda url: (url.count("/"), url)))[:20]


def _secret_name(text: str) -> str | None:
    verified = re.search(r"constructEvent(?:Async)?\s*\((?P<arguments>[^;]{0,400})", text)
    for part in ((verified["arguments"] if verified else ""), text):
        names = [
            name
            for name in _ENV.findall(part)
            if "SECRET" in name and ("WEBHOOK" in name or "ENDPOINT" in name or "SIGNING" in name)
        ]
        if names:
            return str(min(names, key=lambda name: bool(re.match(r"PROD|LIVE|STAG", name))))
    return None


def url_path(path: str) -> str | None:
    """Return the URL path of a route file by its framework's convention; `None`: it is no route."""
    path = path.removeprefix("src/")
    stem = re.sub(r"\.(ts|js|tsx|jsx|mjs|mts|cjs)$", "", path)
    if match := re.match(r"(?:.*/)?app/(.+)/route$", stem):  # Next's app router
        parts = [part for part in match[1].split("/") if not re.match(r"\(.*\)$|@", part)]
    elif match := re.match(r"(?:.*/)?pages/(api/.+)$", stem):  # Next's pages router, Astro
        parts = [part for part in match[1].split("/") if part != "index"]
    elif match := re.match(r"(?:.*/)?routes/(.+)/\+server$", stem):  # SvelteKit
        parts = [part for part in match[1].split("/") if not re.match(r"\(.*\)$", part)]
    elif match := re.match(r"(?:.*/)?server/(api|routes)/(.+)$", stem):  # Nuxt, Nitro
        parts = ([] if match[1] == "routes" else ["api"]) + re.sub(r"\.(get|post|put|patch)$", "", match[2]).split("/")
        parts = [part for part in parts if part != "index"]
    elif match := re.match(r"(?:.*/)?app/routes/(.+)$", stem):  # Remix, React Router, TanStack Start
        flat = re.sub(r"/(route|index)$", "", match[1])
        parts = [
            part
            for part in re.split(r"[./]", flat.replace("[.]", "\0"))
            if part and part[0] != "_" and not part.startswith("(")
        ]
        parts = [part.rstrip("_+").replace("\0", ".") for part in parts]
    elif match := re.match(r"(?:.*/)?routes/(api[./].+)$", stem):  # TanStack Start
        parts = [part for part in re.split(r"[./]", match[1]) if part not in ("index", "ts")]
    elif match := re.match(r"(?:.*/)?(?:netlify|supabase)/functions/([\w-]+)(/index)?$", stem):
        return f"/functions/v1/{match[1]}" if "supabase" in stem else f"/.netlify/functions/{match[1]}"
    else:
        return None
    parts = [part for part in parts if part]
    if any(part.startswith("[...") for part in parts):
        return None
    return "/" + "/".join(parts)
