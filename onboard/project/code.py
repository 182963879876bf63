"""What the code says of variables: its env schemas and its reads, and how both correct a template."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from onboard.model import Kind, Need, Variable
from onboard.project import naming, samples, usage
from onboard.project.commands import Commands
from onboard.project.files import Tree, within
from onboard.project.packages import Package
from onboard.project.values import CodeRead

if TYPE_CHECKING:  # the parser is loaded only where there is a schema
    from onboard.project.schema import Rule

_CODE = (".ts", ".tsx", ".js", ".mjs", ".cjs", ".mts", ".cts")
_CAP = 256 << 10
_NAME = re.compile(
    r"^(t3-?)?(env|envs|environment|keys|env[._-]?(vars?|server|client|schema|config|validat\w*|private|public|shared|common)|"
    r"(server|client|schema|validate|config|app)[._-]?env|astro\.config|env[._-]?variables)(\.(mjs|server|client|schema|validation|config))?\.[cm]?[jt]sx?$",
    re.I,
)
_CONFIG = re.compile(
    r"(^|/)(config|configuration|settings)(/index|/app|/config)?\.[cm]?[jt]s$|(^|/)env/[\w.-]+\.[cm]?[jt]s$", re.I
)
_ASIDE = re.compile(
    r"\.d\.[cm]?ts$|\.(test|spec)\.|(^|/)(__tests__|tests?|e2e|fixtures?|examples?|templates?|docs?|stories)/|(^|/)(vite-env|next-env|expo-env)"
)
_LOOKS = re.compile(
    rb"createEnv\s*\(|\b(z|zod|v|yup|Joi|joi|t|type|Type)\s*\.\s*(object|strictObject)\s*\(|cleanEnv\s*\(|envsafe\s*\(|envField|\btype\(\{|defineEnv|z\.(string|coerce)"
)
_ENV = re.compile(rb"process\.env|import\.meta\.env|Bun\.env|runtimeEnv|createEnv|[eE]nv|ENV")


def neighbours(commands: Commands, app: str) -> list[str]:
    """Return the folders that an app is built from: itself and the members it depends on, nearest first."""
    members = commands.packages.members
    by_name = {member.name: member for member in members.values() if member.name}
    seen: dict[str, None] = {app: None}
    queue: list[Package] = [members[app]] if app in members else []
    while queue:
        package = queue.pop(0)
        for name in package.dependencies:
            member = by_name.get(name)
            if member and member.dir not in seen and member.dir != ".":
                seen[member.dir] = None
                queue.append(member)
    return list(seen)


def schema_files(tree: Tree, commands: Commands, app: str) -> tuple[str | None, list[str]]:
    """Return the app's env schema file and all files with env schemas that bear on it, the app's own first.

    An empty file of the usual name counts as the schema's place: there is nothing else that it could be for.
    """
    folders = neighbours(commands, app)
    if app == "." and commands.packages.declared:
        folders = ["."]
    others = [folder for folder in commands.packages.members if folder not in (".", *folders)]
    found: list[tuple[tuple[object, ...], str]] = []
    for path in tree.once("code.schemas", lambda: list(filter(_schema_like, tree.files()))):
        name = path.rpartition("/")[2]
        usual = bool(_NAME.match(name))
        home = next((folder for folder in sorted(folders, key=len, reverse=True) if within(path, folder)), None)
        if home is None or (home == "." and any(within(path, folder) for folder in others)):
            continue
        data = tree.data(path, cap=_CAP, matters=False)
        if data is None:
            continue
        stem = name.split(".")[0].lower()
        if data.strip():
            if not _LOOKS.search(data) or not _ENV.search(data):
                continue
        elif stem != "env" or not re.fullmatch(r"env\.[cm]?[jt]s", name, re.I):
            continue
        depth = path.count("/") - (0 if home == "." else home.count("/") + 1)
        strength = 0 if b"createEnv" in data or b"cleanEnv" in data or b"envsafe" in data else 1
        found.append(
            ((folders.index(home), stem not in ("env", "environment"), strength, not usual, depth, path), path)
        )
    ordered = [path for _, path in sorted(found)]
    return _main(tree, ordered), ordered


def _schema_like(path: str) -> bool:
    if not path.endswith(_CODE) or _ASIDE.search(path):
        return False
    return bool(_NAME.match(path.rpartition("/")[2]) or _CONFIG.search(path))


def _main(tree: Tree, ordered: list[str]) -> str | None:
    from onboard.project import schema

    for path in ordered:
        data = tree.data(path, matters=False) or b""
        if not data.strip() or schema.read(data) or b"createEnv" in data:
            return path
    return None


def apply(
    tree: Tree, commands: Commands, app: str, variables: tuple[Variable, ...], *, has_template: bool
) -> tuple[tuple[Variable, ...], str | None, tuple[CodeRead, ...], tuple[str, ...]]:
    """Correct a template's variables by the code.

    Returns the variables, the env schema file, what code reads beyond them, and what no code reads.
    """
    from onboard.project import schema

    main, files = schema_files(tree, commands, app)
    rules: dict[str, tuple[Rule, str]] = {}
    for path in files:
        data = tree.data(path)
        for rule in schema.read(data or b""):
            known = rules.get(rule.name)
            if known is None or (rule.required and not known[0].required and path == known[1]):
                rules[rule.name] = (rule, f"{path}:{rule.line}")
    folders = neighbours(commands, app)
    others = [folder for folder in commands.packages.members if folder != "." and folder not in folders]
    uses = usage.search(tree, folders, others)
    corrected = tuple(_correct(tree, each, rules.get(each.name), uses.get(each.name)) for each in variables)
    listed = {each.name for each in variables}
    added: list[Variable] = []
    lacking: dict[str, list[tuple[str, str]]] = {}
    for name, (rule, place) in rules.items():
        if name in listed or usage.given(name):
            continue
        if rule.required or not has_template:
            added.append(_from_schema(name, rule, place, uses.get(name)))
            listed.add(name)
            lacking.setdefault(place.rpartition(":")[0], []).append((name, place))
    if has_template:
        _lacks(tree, variables[0].declared_in[0].rpartition(":")[0], lacking)
    undeclared: list[CodeRead] = []
    for name, use in sorted(uses.items()):
        if name in listed or usage.given(name):
            continue
        if not has_template:
            added.append(_from_use(name, use))
        else:
            excused = name in rules and not rules[name][0].required
            undeclared.append(CodeRead(name, tuple(use.places), "optional" if excused else use.need))
    unused: tuple[str, ...] = ()
    if uses and not any(member.depends_on("wrangler") for member in commands.packages.members.values()):
        # Workers get theirs as an argument, under a name of their own choosing.
        read_elsewhere = _other_words(tree, commands, app)
        unused = tuple(
            each.name for each in corrected
            if not (each.name in uses or each.name in rules or each.name in read_elsewhere or usage.given(each.name)
                    or _BY_ITSELF.match(each.name))
        )  # fmt: skip
    engines = tree.once("code.engines", lambda: _engines(tree))
    found = tuple(
        replace(each, provider=engines[each.name]) if each.provider is None and each.name in engines else each
        for each in (*corrected, *added)
    )
    return found, main, tuple(undeclared), unused


def _lacks(tree: Tree, template: str, lacking: dict[str, list[tuple[str, str]]]) -> None:
    """Note which variables a schema requires and the template has not, the template as the first place."""
    for schema, found in lacking.items():
        names = [name for name, _ in found]
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        verbs = ("is", "stands") if len(names) == 1 else ("are", "stand")
        tree.trouble(
            "template.lacks",
            f"{', '.join(names[:3])}{more} {verbs[0]} required by {schema} and {verbs[1]} in no template",
            template, *(place for _, place in found[:6]), variable=names[0],
        )  # fmt: skip


_DATASOURCE = re.compile(rb"^datasource\s+\w+\s*\{([^}]{0,2000})\}", re.M)
_ENGINES = ("mysql", "sqlite", "mongodb", "sqlserver")
"""Prisma's databases that no provider of ours is for: their addresses are not to be taken for PostgreSQL's."""


def _engines(tree: Tree) -> dict[str, str]:
    """Return the variables that hold the address of another database than PostgreSQL, with that database."""
    found: dict[str, set[str]] = {}
    for path in tree.files():
        if not path.endswith(".prisma"):
            continue
        for block in _DATASOURCE.findall(tree.data(path, cap=_CAP, matters=False) or b""):
            engine = re.search(rb"^\s*provider\s*=\s*\"(\w+)\"", block, re.M)
            for name in re.findall(rb"env\(\s*\"(\w+)\"", block):
                found.setdefault(name.decode(), set()).add(engine[1].decode() if engine else "")
    return {name: next(iter(one)) for name, one in found.items() if len(one) == 1 and one <= set(_ENGINES)}


def _other_words(tree: Tree, commands: Commands, app: str) -> set[str]:
    """Names that scripts, compose files and configurations mention: they are used, if not by the app's code."""
    words = set(tree.once("code.words", lambda: _configured(tree)))
    members = commands.packages.members
    for folder in dict.fromkeys([".", app]):
        package = members.get(folder)
        for text in package.scripts.values() if package else ():
            words |= set(re.findall(r"[A-Z][A-Z0-9_]{2,}", text))
    # Libraries that find their variable by themselves.
    everything = tree.once(
        "code.dependencies", lambda: {name for member in members.values() for name in member.dependencies}
    )
    for prefix, names in _BY_LIBRARY:
        if any(dependency.startswith(prefix) for dependency in everything):
            words |= set(names)
    return words


def _configured(tree: Tree) -> frozenset[str]:
    words: set[str] = set()
    for path in tree.files():
        name = path.rpartition("/")[2]
        if not (name.endswith((".yml", ".yaml", ".toml", ".sh")) or ".config." in name or name in _NAMING):
            continue
        if path.count("/") <= 4 and not name.endswith(("lock.yaml", "lock.toml")):
            words |= set(re.findall(r"[A-Z][A-Z0-9_]{2,}", tree.text(path, cap=128 << 10, matters=False) or ""))
    return frozenset(words)


_NAMING = ("Dockerfile", "turbo.json", "vercel.json", "schema.prisma", "app.json")

_BY_ITSELF = re.compile(
    r"^(OTEL|NX|TURBO|COMPOSE|DOCKER|NODE|PRISMA|SENTRY|NUXT|NITRO|NEXT_TELEMETRY|AWS|GOOGLE_APPLICATION|PYTHON|POSTGRES|"
    r"MYSQL|MINIO|REDIS)_|^PG[A-Z]+$"
)
"""Names that SDKs, tools and containers read without being told; Nuxt fills its runtimeConfig from them."""

_BY_LIBRARY = (
    ("@clerk/", ("CLERK_SECRET_KEY", "NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY", "NEXT_PUBLIC_CLERK_SIGN_IN_URL",
                 "NEXT_PUBLIC_CLERK_SIGN_UP_URL",
                 "NEXT_PUBLIC_CLERK_AFTER_SIGN_IN_URL", "NEXT_PUBLIC_CLERK_AFTER_SIGN_UP_URL",
                 "NEXT_PUBLIC_CLERK_SIGN_IN_FALLBACK_REDIRECT_URL", "NEXT_PUBLIC_CLERK_SIGN_UP_FALLBACK_REDIRECT_URL")),
    ("next-auth", ("AUTH_SECRET", "NEXTAUTH_SECRET", "NEXTAUTH_URL", "AUTH_URL", "AUTH_TRUST_HOST")),
    ("better-auth", ("BETTER_AUTH_SECRET", "BETTER_AUTH_URL")),
    ("@auth/", ("AUTH_SECRET", "AUTH_URL", "AUTH_TRUST_HOST")),
    ("next", ("NEXT_TELEMETRY_DISABLED",)),
    ("openai", ("OPENAI_API_KEY", "OPENAI_BASE_URL")),
    ("@ai-sdk/", ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GOOGLE_GENERATIVE_AI_API_KEY", "GROQ_API_KEY",
                  "MISTRAL_API_KEY",
                  "XAI_API_KEY", "AI_GATEWAY_API_KEY", "FIREWORKS_API_KEY", "TOGETHER_AI_API_KEY")),
    ("ai", ("AI_GATEWAY_API_KEY",)),
    ("@anthropic-ai/", ("ANTHROPIC_API_KEY",)),
    ("@upstash/", ("UPSTASH_REDIS_REST_URL", "UPSTASH_REDIS_REST_TOKEN", "QSTASH_URL", "QSTASH_TOKEN",
                   "QSTASH_CURRENT_SIGNING_KEY", "QSTASH_NEXT_SIGNING_KEY")),
    ("@vercel/kv", ("KV_URL", "KV_REST_API_URL", "KV_REST_API_TOKEN", "KV_REST_API_READ_ONLY_TOKEN")),
    ("@vercel/blob", ("BLOB_READ_WRITE_TOKEN",)),
    ("@vercel/postgres", ("POSTGRES_URL", "POSTGRES_PRISMA_URL", "POSTGRES_URL_NON_POOLING", "POSTGRES_USER",
                          "POSTGRES_HOST",
                          "POSTGRES_PASSWORD", "POSTGRES_DATABASE")),
    ("@vercel/edge-config", ("EDGE_CONFIG",)),
    ("uploadthing", ("UPLOADTHING_TOKEN", "UPLOADTHING_SECRET", "UPLOADTHING_APP_ID")),
    ("inngest", ("INNGEST_EVENT_KEY", "INNGEST_SIGNING_KEY", "INNGEST_DEV")),
    ("@sentry/", ("SENTRY_AUTH_TOKEN", "SENTRY_ORG", "SENTRY_PROJECT", "SENTRY_DSN")),
    ("@e2b/", ("E2B_API_KEY",)),
    ("e2b", ("E2B_API_KEY",)),
    ("@aws-sdk/", ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_SESSION_TOKEN")),
    ("@trigger.dev/", ("TRIGGER_SECRET_KEY", "TRIGGER_API_KEY", "TRIGGER_API_URL")),
    ("replicate", ("REPLICATE_API_TOKEN",)),
    ("@workos-inc/", ("WORKOS_API_KEY", "WORKOS_CLIENT_ID", "WORKOS_COOKIE_PASSWORD")),
)  # fmt: skip
"""Package → variables that it reads without being told."""


def _correct(tree: Tree, variable: Variable, found: tuple[Rule, str] | None, use: usage.Use | None) -> Variable:
    if use:
        variable = replace(variable, used_in=tuple(use.places))
    if found is None:
        return _by_use(variable, use.need) if use else variable
    rule, place = found
    said_optional = variable.need is Need.OPTIONAL and not variable.probably
    if (
        rule.required
        and said_optional
        and not (variable.sample and not variable.placeholder and not variable.commented)
    ):
        tree.trouble(
            "need.conflict",
            f"{variable.name} is optional in the template, required by {place.rpartition(':')[0]}",
            *variable.declared_in, place, variable=variable.name,
        )  # fmt: skip
    bad = bool(variable.sample) and violates(variable.sample, rule.rules, rule.choices)
    kind = variable.kind if rule.secret is None else Kind.SECRET if rule.secret else Kind.PUBLIC
    return replace(
        variable,
        # NODE_ENV is set by what starts the app.
        need=Need.REQUIRED if rule.required and variable.name != "NODE_ENV" else Need.OPTIONAL,
        probably=False,
        kind=kind,
        generate=_of_length(variable.generate, rule.rules),
        choices=rule.choices or variable.choices,
        rules=rule.rules,
        placeholder=variable.placeholder or bad,
        default=None if bad or kind is Kind.SECRET else variable.default,
        declared_in=(*variable.declared_in, place),
    )


def _of_length(generate: str | None, rules: tuple[str, ...]) -> str | None:
    """Return a generator whose result has the length that the schema demands."""
    length = next((int(rule[7:]) for rule in rules if re.fullmatch(r"length:\d{1,4}", rule)), None)
    return f"openssl rand -hex {length // 2}" if generate and length and length % 2 == 0 else generate


def _by_use(variable: Variable, need: str) -> Variable:
    if not variable.probably:
        return variable
    if need == "required":
        return replace(variable, need=Need.REQUIRED, probably=False)
    if need == "optional":
        return replace(variable, need=Need.OPTIONAL, probably=False)
    return variable


def _from_schema(name: str, found: Rule, place: str, use: usage.Use | None) -> Variable:
    value = found.default or ""
    kind = naming.kind(name, value) if found.secret is None else Kind.SECRET if found.secret else Kind.PUBLIC
    return Variable(
        name=name,
        kind=kind,
        need=Need.REQUIRED if found.required else Need.OPTIONAL,
        default=value if value and kind is Kind.PUBLIC and not samples.placeholder(name, value, kind) else None,
        generate=_of_length(naming.made_locally(name), found.rules),
        exposed=naming.exposed(name),
        choices=found.choices,
        rules=found.rules,
        declared_in=(place,),
        used_in=tuple(use.places) if use else (),
    )


def _from_use(name: str, found: usage.Use) -> Variable:
    return Variable(
        name=name,
        kind=naming.kind(name),
        need=Need.OPTIONAL if found.need == "optional" or naming.feature(name) else Need.REQUIRED,
        probably=found.need != "required",
        generate=naming.made_locally(name),
        exposed=naming.exposed(name),
        used_in=tuple(found.places),
    )


def violates(value: str, rules: tuple[str, ...], choices: tuple[str, ...]) -> bool:
    """Whether a value breaks a schema's rules, as far as they can be told by looking."""
    if choices and value not in choices:
        return True
    for rule in rules:
        name, _, argument = rule.partition(":")
        if name == "url" and not re.match(r"^[a-z][a-z0-9+.-]*:\S+$", value, re.I):
            return True
        if name == "email" and not re.match(r"^[^\s@]+@[^\s@]+\.[^\s@]+$|^.+<[^\s@]+@[^\s@]+>$", value):
            return True
        if name == "int" and not re.fullmatch(r"\s*[+-]?\d+\s*", value):
            return True
        if name == "number" and not re.fullmatch(r"\s*[+-]?\d+(\.\d+)?\s*", value):
            return True
        if name == "min" and argument.isdigit() and len(value) < int(argument):
            return True
        if name == "length" and argument.isdigit() and len(value) != int(argument):
            return True
        if name == "startswith" and not value.startswith(argument):
            return True
    return False
