"""onboard.toml written for a maintainer: what reading the files could not tell, each line with its reason."""

from __future__ import annotations

import re
import tomllib

from onboard.model import Need, Variable
from onboard.project.values import App, Project, Trouble

_HEAD = """\
# What onboard cannot read from this repository's files, or read wrongly. The rest is inferred: `onboard project`.
# No values and no secrets belong here. All keys: docs/onboard-toml.md of onboard.
"""


def render(project: Project) -> str:
    """Return an onboard.toml with what is unsure; only the heading and the name where all is clear."""
    app = project.app
    blocks = [_HEAD, _project(project)]
    if top := _top(app, project.troubles):
        blocks.insert(1, top)
    blocks += [block for block in (_dev(app), _webhooks(app, project.troubles)) if block]
    blocks += _alternatives(app)
    if block := _variables(app, project.troubles, "variables"):
        blocks.append(block)
    for other in project.apps:
        if (
            other.dir != app.dir
            and other.dir != "."
            and (block := _variables(other, (), f"apps.{_key(other.dir)}.variables"))
        ):
            blocks.append(block)
    return "\n".join(blocks)


def merge(old: str, new: str) -> str:
    """Return `old`, byte for byte, with those tables of `new` at its end that it does not have yet.

    Within a table that both have, new entries of `[variables]` are added below it; nothing is changed or removed.
    """
    known = _tables(old)
    try:
        parsed = tomllib.loads(old)
    except (tomllib.TOMLDecodeError, RecursionError):
        parsed = {}
    text = old if old.endswith("\n") or not old else old + "\n"
    for header, body in _tables(new).items():
        if not header:
            continue
        if header not in known:
            if not _has(parsed, header):
                text += "\n" + body
        elif header.strip("[]").endswith("variables"):
            here = _has(parsed, header)
            names = set(here) if isinstance(here, dict) else set()
            rows = [
                row
                for row in body.splitlines()[1:]
                if (match := re.match(r"([\w]+) = \{", row)) and match[1] not in names
            ]
            if rows:
                at = text.index(known[header]) + len(known[header].rstrip("\n"))
                text = text[:at] + "\n" + "\n".join(rows) + text[at:]
    return text


def _tables(text: str) -> dict[str, str]:
    """Return each table's text by its header; what stands above the first one under the empty header."""
    found: dict[str, str] = {}
    header, pending = "", ""
    for row in text.splitlines(keepends=True):
        if re.match(r"\s*\[[^\]]+\]\]?\s*(#.*)?$", row.rstrip("\n")):
            header = row.split("#")[0].strip()
            if header in found:  # an array of tables stays together
                found[header] += pending + row
            else:
                found[header] = pending + row
            pending = ""
        elif row.lstrip().startswith("#") or not row.strip():
            pending += row
        else:
            found[header] = found.get(header, "") + pending + row
            pending = ""
    return found


def _has(parsed: dict[str, object], header: str) -> object:
    at: object = parsed
    for part in re.findall(r"\"([^\"]*)\"|([^.\[\]\"]+)", header):
        at = at.get(part[0] or part[1].strip()) if isinstance(at, dict) else None
    return at


def _project(project: Project) -> str:
    rows = ["[project]"]
    if project.id_source == "path":
        rows.append("# No git remote: without an id, values are kept for this folder only and not for a second clone.")
        rows.append(f"# id = {_text('example.com/' + re.sub(r'[^a-zA-Z0-9._-]+', '-', project.name))}")
    rows.append(f"name = {_text(project.name)}")
    if len(project.apps) > 1 or project.workspaces:
        rows.append("# The app that a new developer starts; chosen by its scripts and its template.")
        rows.append(f"main_app = {_text(project.main_app)}")
    return "\n".join(rows) + "\n"


def _top(app: App, troubles: tuple[Trouble, ...]) -> str:
    rows: list[str] = []
    several = [trouble for trouble in troubles if trouble.kind == "template.several" and app.template in trouble.places]
    if several and app.template:
        rows += [
            f"# There are several env templates: {', '.join(several[0].places)}.",
            f"template = {_text(app.template)}",
        ]
    if app.env_file_source == "habit":
        rows += ["# Nothing says which file the app reads; this is what such projects read by themselves.",
                 f"env_file = {_text(app.env_file)}"]  # fmt: skip
    return "\n".join(rows) + "\n" if rows else ""


def _dev(app: App) -> str:
    if app.dev is None or app.dev.port is not None:
        return ""
    script = f"script = {_text(app.dev.script)}\n" if app.dev.script else ""
    return (
        f"[dev]\n# The port is set in code. Fill it in, and webhooks can be forwarded to it.\n{script}# port = 3000\n"
    )


def _webhooks(app: App, troubles: tuple[Trouble, ...]) -> str:
    wrong = {trouble.variable for trouble in troubles if trouble.kind == "webhook.port"}
    unsure = [hook for hook in app.webhooks if hook.variable is None or hook.variable in wrong]
    if not unsure:
        return ""
    rows: list[str] = []
    for hook in app.webhooks:
        rows.append("[[webhooks]]")
        if hook in unsure:
            rows.append(
                "# No variable for the signing secret was found in the route or the template." if hook.variable is None
                else f"# {hook.script or 'The listener'} forwards to {hook.port}, which is not the dev server's port."
            )  # fmt: skip
        rows.append(f"path = {_text(hook.path)}")
        port = app.dev.port if app.dev and hook.variable in wrong else hook.port
        if port:
            rows.append(f"port = {port}")
        rows.append(f"variable = {_text(hook.variable)}" if hook.variable else '# variable = "STRIPE_WEBHOOK_SECRET"')
        if hook.events:
            rows.append(f"events = [{', '.join(map(_text, hook.events))}]")
        rows.append("")
    return "\n".join(rows)


def _alternatives(app: App) -> list[str]:
    return [
        f"# The template calls these alternatives: one way is enough.\n[one_of.{_key(each.name)}]\n"
        + "\n".join(f"{_key(way)} = [{', '.join(map(_text, names))}]" for way, names in each.options) + "\n"
        for each in app.alternatives
    ]  # fmt: skip


def _variables(app: App, troubles: tuple[Trouble, ...], header: str) -> str:
    rows: list[str] = []
    conflicts = {trouble.variable: trouble for trouble in troubles if trouble.kind == "need.conflict"}
    for variable in app.variables:
        reason = _reason(variable, conflicts.get(variable.name))
        if reason:
            rows.append(f'{variable.name} = {{ need = "{variable.need.value}" }}  # {reason}')
    rows += [
        f'{read.name} = {{ need = "required" }}  # read in {read.places[0]}, and in no template'
        for read in app.undeclared
        if read.need == "required"
    ]
    return f"[{header}]\n" + "\n".join(rows) + "\n" if rows else ""


def _reason(variable: Variable, conflict: Trouble | None) -> str | None:
    if conflict:
        return f"optional in the template, required by {conflict.places[-1]}"
    works = bool(variable.sample) and not variable.placeholder
    if not variable.probably or works or variable.one_of:
        return None
    if not variable.declared_in:
        return f"only in code: {variable.used_in[0]}" if variable.used_in else None
    value = "a placeholder" if variable.placeholder else "empty"
    return (
        f"a guess: {value} in {variable.declared_in[0]}, and nothing says whether it can be left out"
        if variable.need is Need.REQUIRED
        else None
    )


def _text(value: str) -> str:
    """Return a TOML basic string."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub(r"[\x00-\x1f\x7f]", lambda match: f"\\u{ord(match[0]):04x}", escaped) + '"'


def _key(value: str) -> str:
    return value if re.fullmatch(r"[A-Za-z0-9_-]+", value) else _text(value)
