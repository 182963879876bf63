"""What onboard.toml says, laid over what was inferred: the file wins, field by field."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from onboard.clean import line
from onboard.model import Kind, Need, Variable
from onboard.project import naming
from onboard.project.files import Tree
from onboard.project.values import Alternative, App, Dev, Push, Tool, Webhook

if TYPE_CHECKING:  # pydantic is loaded only where there is a manifest
    from onboard.project.manifest import AppTable, DevTable, PushTable, ToolTable, VariableTable, WebhookTable

_PLACE = "onboard.toml"


def over(app: App, table: AppTable, tree: Tree) -> App:
    """Return the app as the manifest has it."""
    said = table.model_fields_set
    manager = app.package_manager.name if app.package_manager else None
    variables = {variable.name: variable for variable in app.variables}
    for name, each in table.variables.items():
        variables[name] = _variable(variables.get(name), name, each, tree)
    alternatives = tuple(
        Alternative(
            line(name),
            tuple((line(option), tuple(names)) for option, names in options.items()),
            required=any(
                each in variables and variables[each].need is Need.REQUIRED
                for names in options.values()
                for each in names
            ),
        )
        for name, options in table.one_of.items()
    )  # fmt: skip
    for alternative in alternatives:
        for _, names in alternative.options:
            for name in names:
                variables[name] = replace(
                    variables.get(name)
                    or Variable(name, naming.kind(name), Need.OPTIONAL, exposed=naming.exposed(name)),
                    one_of=alternative.name,
                )  # fmt: skip
    dev = _dev(app.dev, table.dev, manager, app.dir) if table.dev else app.dev
    hooks = app.webhooks
    if table.webhooks is not None:
        hooks = tuple(_webhook(app, each, dev, manager) for each in table.webhooks)
    scopes = tuple((name, tuple((line(scope), line(text)) for scope, text in each.scopes.items()))
                   for name, each in table.variables.items() if each.scopes)  # fmt: skip
    return replace(
        app,
        template=table.template or app.template,
        env_file=table.env_file or app.env_file,
        env_file_source=_PLACE if table.env_file else app.env_file_source,
        readers=tuple(table.readers) if table.readers else app.readers,
        compose_file=table.compose_file or app.compose_file,
        env_schema_file=table.env_schema_file or app.env_schema_file,
        health=tuple(map(line, table.health)) if table.health is not None else app.health,
        dev=dev,
        push=_push(app.push, table.push, manager, app.dir) if "push" in said else app.push,
        webhooks=hooks,
        variables=tuple(variables.values()),
        alternatives=alternatives or app.alternatives,
        scopes=scopes,
        undeclared=tuple(read for read in app.undeclared if read.name not in variables),
    )


def tools(found: tuple[Tool, ...], table: dict[str, ToolTable]) -> tuple[Tool, ...]:
    """Return the tools with those of the manifest in their places, new ones at the end."""
    merged = {tool.name: tool for tool in found}
    for name, each in table.items():
        known = merged.get(name)
        version = line(each.version) if each.version else known.spec if known else None
        merged[line(name)] = Tool(line(name), version, _PLACE if each.version or known is None else known.source)
    return tuple(merged.values())


def _variable(known: Variable | None, name: str, table: VariableTable, tree: Tree) -> Variable:
    base = known or Variable(
        name, naming.kind(name), Need.REQUIRED, generate=naming.made_locally(name), exposed=naming.exposed(name)
    )
    need = Need(table.need) if table.need else base.need
    kind = Kind(table.kind) if table.kind else base.kind
    placeholder = base.placeholder if table.placeholder is None else table.placeholder
    default = base.default
    if kind is Kind.SECRET:
        default = None
    elif table.placeholder is False:
        default = base.sample or None
    elif table.placeholder:
        default = None
    sample = base.sample
    if table.default is not None:
        # A local connection string is a secret by kind; like a template's, it works through the sample.
        default, placeholder = (table.default if kind is Kind.PUBLIC else None), False
        sample = table.default
    return replace(
        base,
        kind=kind,
        need=need,
        probably=base.probably and table.need is None,
        provider=line(table.provider) if table.provider else base.provider,
        generate=line(table.generate) if table.generate else base.generate,
        link=line(table.link) if table.link else base.link,
        default=default,
        sample=sample,
        placeholder=placeholder,
        description=line(table.description) if table.description else base.description,
        section=line(table.section) if table.section else base.section,
        choices=tuple(map(line, table.choices)) if table.choices is not None else base.choices,
        declared_in=(*base.declared_in, tree.place(_PLACE, name)),
    )


def _typed(script: str, manager: str | None) -> str:
    return f"{manager or 'npm'} {'' if manager in ('pnpm', 'yarn') else 'run '}{script}"


def _dev(known: Dev | None, table: DevTable, manager: str | None, folder: str) -> Dev | None:
    command = table.command or (_typed(table.script, manager) if table.script else known.command if known else None)
    if command is None:
        return known
    return Dev(
        line(command),
        table.script or (known.script if known and not table.command else None),
        table.port or (known.port if known else None),
        known.dir if known else folder,
        None if table.beside is None else tuple(map(line, table.beside)),
    )


def _push(known: Push | None, table: PushTable | bool | None, manager: str | None, folder: str) -> Push | None:
    if table is None or isinstance(table, bool):
        return None if table is False else known
    command = table.command or (_typed(table.script, manager) if table.script else known.command if known else None)
    if command is None:
        return known
    script = table.script or (known.script if known and not table.command else None)
    tool = table.tool or (known.tool if known else "command")
    return Push(line(command), script, line(tool), known.dir if known else folder)


def _webhook(app: App, table: WebhookTable, dev: Dev | None, manager: str | None) -> Webhook:
    known = next((hook for hook in app.webhooks if hook.path == table.path), None)
    port = table.port or (known.port if known else None) or (dev.port if dev else None)
    command = table.command or (_typed(table.script, manager) if table.script else known.command if known else "")
    return Webhook(
        table.path,
        port,
        line(command) or f"stripe listen --forward-to localhost:{port or 3000}{table.path}",
        table.script or (known.script if known and not table.command else None),
        table.variable or (known.variable if known else None),
        tuple(table.events) or (known.events if known else ()),
        started_by_dev=known.started_by_dev if known else False,
        file=known.file if known else None,
        dir=known.dir if known else app.dir,
    )
