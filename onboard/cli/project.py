"""`onboard project`: what onboard understood of this repository, value-free."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from onboard.clean import clean
from onboard.cli import common
from onboard.model import SCHEMA_VERSION, Need, Variable
from onboard.project import App, Project
from onboard.understanding import variables, with_brands


def main(verb: str, words: list[str]) -> int:
    """Run the verb; return the exit code."""
    parser = common.parser(verb, "Say what was understood: apps, variables, tools, push, webhooks.")
    parser.add_argument("--json", action="store_true", help="the JSON of the contract")
    options = parser.parse_args(words)
    project = common.open_session(options).project
    if options.json:
        # ASCII alone: what the repository says is given as it is, and a terminal must not obey it.
        common.out(json.dumps(as_json(project), indent=1))
    else:
        for text in _lines(project):
            common.out(clean(text))
    return common.OK


def as_json(project: Project) -> dict[str, Any]:
    """Return the document of `project --json`."""
    return {
        "schema_version": SCHEMA_VERSION,
        "id": project.id,
        "name": project.name,
        "root": project.root,
        "apps": [_app(app) for app in project.apps],
        "tools": [{"name": tool.name, "spec": tool.spec, "source": tool.source} for tool in project.tools],
        "workspaces": project.workspaces,
        "main_app": project.main_app,
        "troubles": [
            {"kind": t.kind, "text": t.text, "places": list(t.places), "variable": t.variable} for t in project.troubles
        ],
    }


def _app(app: App) -> dict[str, Any]:
    known = with_brands(variables(app))
    manager = app.package_manager
    return {
        "dir": app.dir,
        "template": app.template,
        "env_file": app.env_file,
        "package_manager": {"name": manager.name, "version": manager.version} if manager else None,
        "node": {"spec": app.node.spec, "source": app.node.source},
        "readers": list(app.readers),
        "providers": _providers(known),
        "variables": [_variable(variable) for variable in known],
        "push": {"command": app.push.command, "script": app.push.script, "tool": app.push.tool} if app.push else None,
        "webhooks": [
            {
                "path": hook.path,
                "port": hook.port,
                "command": hook.command,
                "script": hook.script,
                "variable": hook.variable,
            }
            for hook in app.webhooks
        ],
        "dev": {"command": app.dev.command, "script": app.dev.script, "port": app.dev.port} if app.dev else None,
        "compose_file": app.compose_file,
        "env_schema_file": app.env_schema_file,
    }


def _providers(known: tuple[Variable, ...]) -> list[dict[str, Any]]:
    """Return each provider with all variables that are its own, those that are no credentials too."""
    grouped: dict[str, list[Variable]] = {}
    for variable in known:
        if variable.provider is not None:
            grouped.setdefault(variable.provider, []).append(variable)
    return [
        {
            "id": id,
            "required": any(variable.need is Need.REQUIRED for variable in members),
            "variables": [variable.name for variable in members],
        }
        for id, members in grouped.items()
    ]


def _variable(variable: Variable) -> dict[str, Any]:
    # A secret's default is a value; this document holds none.
    default = None if variable.kind == "secret" else variable.default
    return {
        "name": variable.name,
        "provider": variable.provider,
        "kind": variable.kind.value,
        "need": variable.need.value,
        "default": default,
        "placeholder": variable.placeholder,
        "generate": variable.generate,
        "link": variable.link,
        "section": variable.section,
        "description": variable.description,
        "commented": variable.commented,
        "exposed": variable.exposed,
    }


def _lines(project: Project) -> list[str]:
    found = [f"{project.name}   {project.root}", f"id     {project.id}"]
    found += [
        f"tool   {t.name} {t.spec or 'any version'}" + (f"  ({t.source})" if t.source else "") for t in project.tools
    ]
    for app in (replace(app, variables=variables(app)) for app in project.apps):
        found += [
            "",
            f"app    {app.dir}   {app.template or 'no template'} → {app.env_file}   read by {', '.join(app.readers)}",
        ]
        if app.dev:
            found.append(f"dev    {app.dev.command}   port {app.dev.port}")
        if app.push:
            found.append(f"push   {app.push.command}   ({app.push.tool})")
        found += [f"hook   {hook.path} → port {hook.port}, secret in {hook.variable}" for hook in app.webhooks]
        for variable in app.variables:
            need = "probably" if variable.probably and variable.need == "required" else variable.need.value
            more = variable.provider or (
                f"default {variable.default}" if variable.default and variable.kind == "public" else ""
            )
            found.append(f"  {variable.name:<42} {need:<9} {variable.kind.value:<7} {more}")
    found += [f"note   {trouble.text}   {', '.join(trouble.places)}" for trouble in project.troubles]
    return found
