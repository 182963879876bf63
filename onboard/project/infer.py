"""The understanding of a repository, put together from what its files say: nothing of it is executed."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from onboard.clean import line
from onboard.model import Kind, Need, Variable
from onboard.project import (
    code,
    comments,
    compose,
    naming,
    node,
    one_of,
    places,
    push,
    readers,
    readme,
    root,
    samples,
    serving,
    usage,
    webhooks,
)
from onboard.project import template as templates
from onboard.project.commands import Commands
from onboard.project.files import Tree
from onboard.project.packages import Package, Workspaces, workspaces
from onboard.project.values import App, CodeRead, NodeSpec, Project, Tool

if TYPE_CHECKING:  # pydantic is loaded only where there is a manifest
    from onboard.project.manifest import AppTable, Manifest

_TEMPLATE_CAP = 4 << 20
"""Bytes; a template of 100,000 lines passes."""
_LOOKED_AT = 2_000
"""Characters of a value that its kind is judged by."""


@dataclass(frozen=True)
class _Common:
    """What all apps of a repository share."""

    tree: Tree
    commands: Commands
    readme: readme.Readme
    deep: bool
    manifest: Manifest | None
    main: str
    """The app of which the top of onboard.toml speaks."""


def understand(start: Path, path: Path | None = None, *, deep: bool = True) -> Project:
    """Return what the repository around `start` needs.

    `path`: the app to speak of (`apps/web`); `None`: the one that `start` lies in, else the main app. `deep=False`
    leaves out env schemas and the search of the code. Raises ProjectError where onboard.toml or the folder cannot be
    used.
    """
    top = root.find(start)
    tree = Tree(top)
    manifest = _manifest(tree)
    packages = workspaces(tree)
    commands, prose = Commands(packages), readme.read(tree)
    found = places.find(tree, prose)
    said = manifest.project if manifest else None
    main = said.main_app if said and said.main_app else serving.main_app(tree, commands, found, prose)
    common = _Common(tree, commands, prose, deep, manifest, main)
    known = [main, *packages.members, *(place.dir for place in found), *(manifest.apps if manifest else ())]
    main = _asked_for(tree.root, path or start, known) or main
    apps = _apps(common, main, found)
    remote = root.remote(top)
    folder = "" if main == "." else f"/{main}" if "#" in (remote or "") else f"#{main}"
    own = packages.root.name if packages.root else ""
    name = (said.name if said else None) or (remote or "").partition("#")[0].partition("/")[2] or own or tree.root.name
    tools = _tools(tree, apps[0])
    if manifest:
        from onboard.project import overlay

        tools = overlay.tools(tools, manifest.tools)
    return Project(
        id=line((said.id if said else None) or (remote or f"path:{tree.root}") + folder, limit=600),
        id_source="manifest" if said and said.id else "remote" if remote else "path",
        remote_id=remote + folder if remote else None,
        name=line(name, limit=120),
        root=str(tree.root),
        apps=apps,
        tools=tools,
        workspaces=packages.declared,
        main_app=main,
        manifest="onboard.toml" if manifest else None,
        troubles=tuple(tree.troubles),
        sources=tree.sources,
        seen=tree.seen,
    )


def _manifest(tree: Tree) -> Manifest | None:
    if not tree.has("onboard.toml"):
        return None
    from onboard.project import manifest

    return manifest.load(tree)


def _asked_for(top: Path, start: Path, folders: list[str]) -> str | None:
    """Return the known folder that `start` lies in; `None` where that is none but the root."""
    try:
        inside = (start if start.is_absolute() else top / start).resolve().relative_to(top).as_posix()
    except (ValueError, OSError):
        return None
    fitting = [folder for folder in folders if folder != "." and (inside + "/").startswith(folder + "/")]
    return max(fitting, key=len, default=None)


def _apps(common: _Common, main: str, found: list[places.Place]) -> tuple[App, ...]:
    """Return the main app, then one app for each further template, then those that onboard.toml adds."""
    own = next((place for place in found if place.dir == main), None)
    shared = next((place for place in found if place.dir == "."), None)
    place = own or shared or (found[0] if len(found) == 1 else None) or places.Place(main, None)
    apps = [_app(common, main, place)]
    apps += [_app(common, main, places.Place(place.dir, extra)) for extra in places.separate(place)]
    for other in found:
        if (other.dir, other.template) != (place.dir, place.template):
            apps.append(_app(common, other.dir, other))
    added = common.manifest.apps if common.manifest else {}
    apps += [
        _app(common, folder, places.Place(folder, None)) for folder in added if folder not in {app.dir for app in apps}
    ]
    return tuple(apps)


def _app(common: _Common, folder: str, place: places.Place) -> App:
    tree, commands = common.tree, common.commands
    tables = _tables(common, folder)
    for table in tables:
        if table.template:
            place = places.Place(place.dir, table.template)
    packages = commands.packages
    package = packages.members.get(folder)
    near = [each for each in (package, packages.root) if each]
    said = common.readme if folder == "." else _with_own(common, folder)
    written, template = _written(tree, place, said)
    top = packages.root or _outermost(packages, folder)
    manager = node.package_manager(tree, top, package, said.text)
    manager_name = manager.name if manager else None
    values = {entry.name: entry.value for entry in template.entries if not entry.commented}
    dev = serving.dev(tree, commands, folder, values, manager_name)
    starter = packages.members.get(dev.dir) if dev else None
    leaves = commands.script(starter, dev.script) if dev and dev.script and starter else ()
    mine = tuple(leaf for leaf in leaves if leaf.dir == folder)
    framework = "wasp" if dev and dev.command == "wasp start" else serving.framework(leaves, folder)
    env_file, env_source = places.target(tree, place, template.opening, said, mine, near, framework)
    scripts = "\n".join(text for each in near for text in each.scripts.values())
    services = compose.find(tree, folder, f"{said.text}\n{scripts}")
    variables = tuple(_told(variable, said) for variable in _variables(written, template, services))
    _warn(tree, template, variables)
    schema_file: str | None = None
    undeclared: tuple[CodeRead, ...] = ()
    unused: tuple[str, ...] = ()
    if common.deep and near:
        variables, schema_file, undeclared, unused = code.apply(
            tree, commands, folder, variables, has_template=bool(place.template and template.entries)
        )
    variables, alternatives = one_of.find(variables, template)
    told = [*said.listeners(), *(row for entry in template.entries for row in readme.LISTEN.findall(entry.comment))]
    app = App(
        dir=folder,
        template=place.template,
        env_file=env_file,
        package_manager=manager,
        node=node.node(tree, top, package, said.text) if near else NodeSpec(None, None),
        readers=readers.find(tree, framework, mine, near, services, env_file),
        variables=variables,
        push=push.find(tree, commands, folder, said, manager_name),
        webhooks=webhooks.find(tree, commands, folder, dev, tuple(variable.name for variable in variables), told),
        dev=dev,
        compose_file=services.path if services else None,
        compose_services=services.services if services else (),
        env_schema_file=schema_file,
        health=webhooks.health(tree, folder),
        undeclared=undeclared,
        unused=unused,
        alternatives=alternatives,
        env_file_source=env_source,
    )
    for table in tables:
        from onboard.project import overlay

        app = overlay.over(app, table, tree)
    return app


def _outermost(packages: Workspaces, folder: str) -> Package | None:
    """Return the package nearest to the root that an app lies below: the JavaScript may stand in a folder."""
    above = [each for each in packages.members if folder.startswith(f"{each}/")]
    return packages.members[min(above, key=len)] if above else None


def _tables(common: _Common, folder: str) -> list[AppTable]:
    """Return the parts of onboard.toml that speak of an app: the top of the file is the main app's."""
    manifest = common.manifest
    if manifest is None:
        return []
    named = [manifest.apps[folder]] if folder in manifest.apps else []
    return [manifest, *named] if folder == common.main else named


def _with_own(common: _Common, folder: str) -> readme.Readme:
    own = readme.read(common.tree, folder)
    return readme.Readme(own.path or common.readme.path, "\n".join(filter(None, (own.text, common.readme.text))))


def _written(tree: Tree, place: places.Place, said: readme.Readme) -> tuple[str, templates.Template]:
    """Return what lists the variables, and where: the env template, else what the README spells out in its place."""
    if place.template:
        return place.template, templates.parse(tree.text(place.template, cap=_TEMPLATE_CAP) or "")
    text = readme.template(tree.text(said.path, matters=False) or "") if said.path else ""
    if text and said.path:
        tree.data(said.path)  # what it lists is part of what a person approves
    return said.path or "", templates.parse(text)


def _variables(written: str, template: templates.Template, services: compose.Compose | None) -> tuple[Variable, ...]:
    local = _local_groups(template, services)
    names = tuple(entry.name for entry in template.entries)
    found = {entry.name: _variable(written, entry, names, local, services) for entry in template.entries}
    return tuple(_without_strangers(_beside_parts(each, found), found) for each in found.values())


def _beside_parts(variable: Variable, others: dict[str, Variable]) -> Variable:
    """Return an address that the template leaves empty as optional where it gives the address in parts."""
    stem = variable.name.rpartition("_")[0]
    parts = [others.get(f"{stem}_{part}") for part in ("HOST", "PORT")]
    if variable.sample or not variable.probably or not re.search(r"_(URL|URI)$", variable.name):
        return variable
    return (
        replace(variable, need=Need.OPTIONAL, probably=False)
        if all(each and each.sample for each in parts)
        else variable
    )


def _without_strangers(variable: Variable, others: dict[str, Variable]) -> Variable:
    """Return an ID without its sample where the secret that belongs to it is a sample: both are another account's."""
    stem = _ACCOUNT.sub("", variable.name)
    if variable.default is None or stem in ("", variable.name):
        return variable
    beside = (others.get(f"{stem}_{end}") for end in _SECRETS)
    foreign = any(each and each.sample and each.placeholder and not each.generate for each in beside)
    return replace(variable, default=None, placeholder=True) if foreign else variable


_ACCOUNT = re.compile(r"(_(APP|CLIENT|ACCOUNT))?_S?ID$")
_SECRETS = ("SECRET", "TOKEN", "KEY", "SECRET_KEY", "AUTH_TOKEN", "CLIENT_SECRET", "APP_SECRET")


def _told(variable: Variable, prose: readme.Readme) -> Variable:
    """Return the variable with what the README says, where the template is silent."""
    need = prose.need(variable.name) if variable.probably else None
    return replace(variable, need=Need(need), probably=False) if need else variable


def _warn(tree: Tree, template: templates.Template, variables: tuple[Variable, ...]) -> None:
    """Note secrets in the wrong place: sent to the browser, or in clear in the template."""
    for variable in variables:
        place = variable.declared_in[0]
        if variable.exposed and variable.kind is Kind.SECRET:
            text = f"{variable.name} is a secret, and its prefix sends it to the browser"
            tree.trouble("exposed.secret", text, place, variable=variable.name)
        if naming.looks_issued(variable.sample[:_LOOKED_AT]):
            text = f"the template gives {variable.name} what looks like a real key; revoke it if it is one"
            tree.trouble("template.secret", text, place, variable=variable.name)
    for name, at in template.duplicates:
        place = f"{variables[0].declared_in[0].rpartition(':')[0]}:{at}"
        tree.trouble(
            "template.duplicate", f"{name} stands twice in the template; the last counts", place, variable=name
        )


def _local_groups(template: templates.Template, services: compose.Compose | None) -> frozenset[str]:
    """Return the services whose host is on this machine: `SMTP` of `SMTP_HOST=localhost`.

    A name without dots is a service of Compose, and none where there is a compose file that knows nothing of it.
    """
    found = set()
    for entry in template.entries:
        match = _SERVICE_HOST.match(entry.name)
        host = entry.value[:_LOOKED_AT] if "://" in entry.value else f"x://{entry.value[:_LOOKED_AT]}"
        name = re.split(r"[:/?]", host.partition("://")[2].rpartition("@")[2])[0]
        unknown = (
            services is not None and re.fullmatch(r"(?!localhost$)[a-z][\w-]*", name) and name not in services.text
        )
        if match and entry.value and samples.local(host) and not unknown:
            found.add(match["service"])
    return frozenset(found)


_SERVICE_HOST = re.compile(
    r"^(?P<service>(?:\w+_)?(?:SMTP|MAIL|EMAIL|S3|MINIO|STORAGE|UPLOAD|BLOB|REDIS|KV|DB|DATABASE|POSTGRES|PG|MYSQL|MONGO|MONGODB|"
    r"CLICKHOUSE|RABBITMQ|KAFKA|ELASTICSEARCH|OPENSEARCH|MEILI\w*|TYPESENSE|QDRANT|AWS|SUPABASE|LOCALSTACK|UPSTASH|LDAP|NATS))"
    r"_(?:\w+_)?(?:HOST|HOSTNAME|URL|ENDPOINT|SERVER|ADDRESS|URI|NODES)$"
)
"""Names of services that a developer can run; the app's own URL says nothing of its secrets."""


def _variable(
    written: str,
    entry: templates.Entry,
    names: tuple[str, ...],
    local: frozenset[str],
    services: compose.Compose | None,
) -> Variable:
    value = entry.value[:_LOOKED_AT]
    kind = naming.kind(entry.name, value)
    secret = kind is Kind.SECRET
    generate = comments.generator(entry, secret)
    said = comments.need(entry)
    if generate is None and secret and not re.search(r"falls? back", entry.comment, re.I):
        generate = naming.made_locally(entry.name)
        if generate is None and samples.made_up(entry.name, value, names):
            generate = naming.GENERATE
    in_compose = bool(services and len(entry.value) > 3 and entry.value in services.text)
    beside = in_compose or any(entry.name.startswith(f"{service}_") for service in local)
    placeholder = samples.placeholder(entry.name, value, kind, generated=generate is not None, beside_local=beside)
    works = bool(entry.value) and not placeholder
    return Variable(
        name=line(entry.name, limit=200),
        kind=kind,
        need=Need.OPTIONAL
        if said == "optional" or (said is None and (naming.feature(entry.name) or usage.given(entry.name)))
        else Need.REQUIRED,
        default=entry.value if works and not secret else None,
        sample=entry.value,
        placeholder=placeholder,
        generate=generate,
        link=comments.link(entry),
        section=entry.section,
        description=comments.description(entry),
        commented=entry.commented,
        exposed=naming.exposed(entry.name),
        probably=said is None,
        choices=comments.choices(entry),
        declared_in=(f"{written}:{entry.line}",),
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
