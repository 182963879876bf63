"""The understanding of a repository, put together from what its files say: nothing of it is executed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from onboard.clean import line
from onboard.model import Kind, Need, Variable
from onboard.project import (
    compose as composing,
)
from onboard.project import (
    naming,
    node,
    places,
    push,
    readers,
    samples,
    serving,
    webhooks,
)
from onboard.project import (
    readme as readmes,
)
from onboard.project import (
    root as roots,
)
from onboard.project import (
    template as templates,
)
from onboard.project.commands import Commands
from onboard.project.files import Tree
from onboard.project.packages import workspaces
from onboard.project.values import App, NodeSpec, Project, Tool


@dataclass(frozen=True)
class _Common:
    """What all apps of a repository share."""

    tree: Tree
    commands: Commands
    readme: readmes.Readme
    deep: bool


def understand(start: Path, path: Path | None = None, *, deep: bool = True) -> Project:
    """Return what the repository around `start` needs.

    `path`: the app to speak of (`apps/web`); `None`: the one that `start` lies in, else the main app. `deep=False` leaves out
    env schemas and the search of the code. Raises ProjectError where onboard.toml or the folder cannot be used.
    """
    root = roots.find(start)
    tree = Tree(root)
    packages = workspaces(tree)
    common = _Common(tree, Commands(packages), readmes.read(tree), deep)
    found = places.find(tree)
    main = serving.main_app(tree, common.commands, found, common.readme)
    wanted = _wanted(tree.root, path or start, [main, *packages.members, *(place.dir for place in found)])
    if wanted and wanted != ".":
        main = wanted
    apps = _apps(common, main, found)
    remote = roots.remote(root)
    name = "/".join(remote.split("/")[1:]) if remote else (packages.root.name if packages.root else "") or root.name
    folder = "" if main == "." or not packages.declared else f"#{main}"
    identity = (remote or f"path:{root}") + folder
    return Project(
        id=identity,
        id_source="remote" if remote else "path",
        remote_id=remote + folder if remote else None,
        name=line(name, limit=120),
        root=str(root),
        apps=apps,
        tools=_tools(tree, apps[0]),
        workspaces=packages.declared,
        main_app=main,
        manifest=None,
        troubles=tuple(tree.troubles),
        sources=tree.sources,
    )


def _wanted(root: Path, start: Path, folders: list[str]) -> str | None:
    """Return the known folder that `start` lies in; `None` where that is none but the root."""
    try:
        inside = (start if start.is_absolute() else root / start).resolve().relative_to(root).as_posix()
    except (ValueError, OSError):
        return None
    fitting = [folder for folder in folders if folder != "." and (inside + "/").startswith(folder + "/")]
    return max(fitting, key=len, default=None)


def _apps(common: _Common, main: str, found: list[places.Place]) -> tuple[App, ...]:
    """Return the main app, then one app for each further template."""
    own = next((place for place in found if place.dir == main), None)
    shared = next((place for place in found if place.dir == "."), None)
    place = own or shared or (found[0] if len(found) == 1 else None) or places.Place(main, None)
    apps = [_app(common, main, place)]
    apps += [_app(common, main, places.Place(place.dir, extra)) for extra in places.separate(place)]
    seen = {(place.dir, place.template)}
    for other in found:
        if (other.dir, other.template) not in seen:
            apps.append(_app(common, other.dir, other))
    return tuple(apps)


def _app(common: _Common, folder: str, place: places.Place) -> App:
    tree, commands = common.tree, common.commands
    packages = commands.packages
    package = packages.members.get(folder)
    near = [each for each in (package, packages.root) if each]
    text = tree.text(place.template, cap=4 << 20) if place.template else None
    template = templates.parse(text or "")
    readme = common.readme if folder == "." else _with_own(common, folder)
    manager = node.package_manager(tree, packages.root, package, readme.text)
    values = {entry.name: entry.value for entry in template.entries if not entry.commented}
    dev = serving.dev(tree, commands, folder, values, manager.name if manager else None)
    dev_package = packages.members.get(dev.dir) if dev else None
    leaves = commands.script(dev_package, dev.script) if dev and dev.script and dev_package else ()
    mine = tuple(leaf for leaf in leaves if leaf.dir == folder)
    framework = serving.framework(leaves, folder) or ("wasp" if dev and dev.command == "wasp start" else None)
    env_file = places.target(tree, place, template.opening, readme, mine, near, framework)
    compose = composing.find(tree, folder, readme.text)
    variables = _variables(tree, place, template, compose)
    told = [
        *readme.listeners(),
        *(row for entry in template.entries for row in re.findall(r"stripe listen[^\n`\"']*", entry.comment)),
    ]
    hooks = webhooks.find(tree, commands, folder, dev, tuple(variable.name for variable in variables), told)
    return App(
        dir=folder,
        template=place.template,
        env_file=env_file,
        package_manager=manager,
        node=node.node(tree, packages.root, package, readme.text) if near else NodeSpec(None, None),
        readers=readers.find(tree, framework, mine, near, compose, env_file),
        variables=variables,
        push=push.find(tree, commands, folder, readme, manager.name if manager else None),
        webhooks=hooks,
        dev=dev,
        compose_file=compose.path if compose else None,
        compose_services=compose.services if compose else (),
        env_schema_file=None,
    )


def _with_own(common: _Common, folder: str) -> readmes.Readme:
    own = readmes.read(common.tree, folder)
    return readmes.Readme(own.path or common.readme.path, "\n".join(filter(None, (own.text, common.readme.text))))


def _variables(
    tree: Tree, place: places.Place, template: templates.Template, compose: composing.Compose | None
) -> tuple[Variable, ...]:
    local = _local_groups(template)
    return tuple(_variable(place, entry, local, compose) for entry in template.entries)


def _local_groups(template: templates.Template) -> frozenset[str]:
    """Return first words of names whose host or URL is on this machine (`SMTP` of `SMTP_HOST=localhost`)."""
    found = set()
    for entry in template.entries:
        host = entry.value if "://" in entry.value else f"x://{entry.value}"
        if (
            re.search(r"(HOST|HOSTNAME|URL|ENDPOINT|SERVER|ADDRESS|URI)$", entry.name)
            and entry.value
            and samples.local(host)
        ):
            found.add(entry.name.split("_")[0])
    return frozenset(found)


def _variable(
    place: places.Place, entry: templates.Entry, local: frozenset[str], compose: composing.Compose | None
) -> Variable:
    kind = naming.kind(entry.name, entry.value)
    secret = kind is Kind.SECRET
    generate = templates.generator(entry, secret)
    said = templates.need(entry)
    if generate is None and secret and not re.search(r"falls? back", entry.comment, re.I):
        generate = naming.made_locally(entry.name)
    in_compose = bool(compose and len(entry.value) > 3 and entry.value in compose.text)
    beside = entry.name.split("_")[0] in local or in_compose
    placeholder = samples.placeholder(
        entry.name, entry.value, kind, generated=generate is not None, beside_local=beside
    )
    works = bool(entry.value) and not placeholder
    return Variable(
        name=line(entry.name, limit=200),
        kind=kind,
        need=Need.OPTIONAL if said == "optional" else Need.REQUIRED,
        default=entry.value if works and not secret else None,
        sample=entry.value,
        placeholder=placeholder,
        generate=generate,
        link=templates.link(entry),
        section=entry.section,
        description=templates.description(entry),
        commented=entry.commented,
        exposed=naming.exposed(entry.name),
        probably=said is None,
        choices=templates.choices(entry),
        declared_in=(f"{place.template}:{entry.line}",),
    )


def _tools(tree: Tree, app: App) -> tuple[Tool, ...]:
    """Return the programs that have to be on the machine, in the order in which they are needed."""
    tools = [Tool("git", None, None)]
    manager = app.package_manager
    if manager is not None:
        if manager.name != "bun" or "next" in app.readers or app.node.spec:
            tools.append(Tool("node", app.node.spec, app.node.source))
        tools.append(Tool(manager.name, manager.version, manager.source))
    if app.compose_file:
        tools.append(Tool("docker", None, app.compose_file))
    if app.webhooks:
        tools.append(Tool("stripe", None, app.webhooks[0].file))
    if (app.push and app.push.tool in ("supabase", "wasp")) or tree.has("supabase"):
        tools.append(Tool("wasp" if app.push and app.push.tool == "wasp" else "supabase", None, None))
    return tuple(tools)
