"""Each variable of the app: is it there, is it more than the template's placeholder, does it look right?"""

from __future__ import annotations

from functools import partial
from urllib.parse import urlsplit

from onboard.checks._base import Check, View
from onboard.checks.drift import written_as
from onboard.envfile.names import refusal
from onboard.model import Ask, Finding, Need, Run, Secret, Status, Step, Tell, Variable, Write
from onboard.project.samples import reference
from onboard.understanding import shape, whose


def checks(view: View) -> tuple[Check, ...]:
    """Return one check a variable, and one for each group of alternatives."""
    return tuple(Check(f"variable.{v.name}", v.name, partial(_look, variable=v)) for v in view.variables)


def state(view: View, variable: Variable) -> str:
    """Return `ok`, `missing`, `placeholder` or `malformed`, from the value alone."""
    value = _value(view, variable.name)
    if value is None and view.unread(variable.name):
        return "ok"
    if value is None or (not value and _needs_text(variable)):
        return "missing"
    text = value.reveal()
    if _is_placeholder(variable, text):
        return "placeholder"
    return "malformed" if text and wrong(variable, text) else "ok"


def _look(view: View, variable: Variable) -> Finding | None:
    check = Check(f"variable.{variable.name}", variable.name, partial(_look, variable=variable))
    says = partial(check.says, variable=variable.name, provider=variable.provider)
    found, value = state(view, variable), _value(view, variable.name)
    where = {"file": view.env_name, "line": view.env.line_of(variable.name) if view.env else None}
    optional = variable.need is Need.OPTIONAL
    if found == "ok" and variable.name not in view.values and variable.name in view.farther:
        file, _ = view.farther[variable.name]
        return says(Status.OK, f"comes from {file}, which the app reads too", evidence={"source": file})
    if found == "ok" and variable.name not in view.values:
        return says(Status.SKIPPED, "rests in the keyring alone, as you chose; not read here", evidence={"vault": True})
    if found == "ok":
        known = shape(variable, value.reveal()) if value else None
        return says(Status.OK, known.text if known else "set", evidence=where)
    if found == "malformed":
        what = wrong(variable, value.reveal() if value else "")
        return says(Status.FAIL, what, step=_ask(view, variable), evidence={"state": found, **where})
    if found == "missing" and variable.name in view.machine.env and view.machine.env[variable.name]:
        return says(Status.OK, "comes from the shell, not from the env file", evidence={"source": "shell"})
    if not_ours := refusal(variable.name, ""):
        return says(Status.SKIPPED, not_ours)
    if _put_off(view, variable) or _alternative_chosen(view, variable):
        return says(Status.SKIPPED, "put off" if _put_off(view, variable) else "another alternative is chosen")
    evidence: dict[str, str | int | bool | None] = {"state": found, **where}
    if found == "placeholder" and reference(view.values[variable.name].reveal()):
        return says(
            Status.SKIPPED,
            "a reference to 1Password, not a value: `op run` fills it in",
            detail="`onboard import --from op` reads it and keeps a copy",
            evidence={"state": found, **where},
        )
    if found == "placeholder":
        status = Status.WARN if optional else Status.FAIL
        return says(status, "still the template's placeholder", step=_step(view, variable), evidence=evidence)
    if (old := written_as(view, variable.name)) is not None and view.env is not None:
        return says(
            Status.WARN if variable.probably or optional else Status.FAIL,
            f"not in {view.env_name}; {old} stands there, which nobody declares: renamed?",
            step=Tell(f"Rename {old} to {variable.name} in {view.env_name}"),
            evidence=evidence | {"nearest": old, "line": view.env.line_of(old)},
        )
    stored = view.stored is not None and variable.name in view.stored
    if optional and not stored:
        return says(Status.SKIPPED, "optional, not set", evidence=evidence)
    status = Status.WARN if variable.probably or optional else Status.FAIL
    summary = f"not in {view.env_name}"
    if view.values.get(variable.name) is not None:
        summary = f"empty in {view.env_name}"
    if stored:
        return says(
            status, f"{summary}, but in the keyring", evidence=evidence | {"vault": True}, step=_from_vault(variable)
        )
    return says(
        status,
        summary + (" (probably needed)" if variable.probably else ""),
        step=_step(view, variable),
        evidence=evidence,
    )


def _value(view: View, name: str) -> Secret | None:
    """Return what the app reads: of the env file, else of one after it; empty where they have it so."""
    return view.farther[name][1] if name in view.farther else view.values.get(name)


def _needs_text(variable: Variable) -> bool:
    """Whether an empty value counts as none: not where the template itself leaves it empty as its default."""
    return variable.ready != ""


def _is_placeholder(variable: Variable, text: str) -> bool:
    return bool(text) and (reference(text) or (variable.placeholder and text == variable.sample))


def wrong(variable: Variable, text: str) -> str:
    """Return what is wrong with the value, in words; empty where nothing is."""
    if variable.choices and text not in variable.choices:
        return f"must be one of: {', '.join(variable.choices)}"
    for rule in variable.rules:
        if message := _broken(rule, text):
            return message
    known = shape(variable, text)
    return known.text if known is not None and not known.fits else ""


def _broken(rule: str, text: str) -> str:
    name, _, argument = rule.partition(":")
    if name == "url":
        try:
            parts = urlsplit(text)
        except ValueError:
            return "must be a URL"
        return "" if parts.scheme and (parts.netloc or parts.path) else "must be a URL"
    if name == "min" and argument.isdigit() and len(text) < int(argument):
        return f"must have at least {argument} characters"
    if name == "length" and argument.isdigit() and len(text) != int(argument):
        return f"must have exactly {argument} characters"
    if name == "startswith" and not text.startswith(argument):
        return f"must start with {argument}"
    if name == "email" and "@" not in text:
        return "must be an e-mail address"
    if name in ("int", "number"):
        try:
            float(text) if name == "number" else int(text)
        except ValueError:
            return "must be a number"
    if name == "boolean" and text.lower() not in ("true", "false", "1", "0"):
        return "must be true or false"
    return ""


def _put_off(view: View, variable: Variable) -> bool:
    return variable.name in view.skipped or variable.provider in view.skipped


def _alternative_chosen(view: View, variable: Variable) -> bool:
    """Whether it belongs to a "one of" of which another alternative is there already, with all of its variables."""
    return any(
        variable.name not in names and all(_is_there(view, name) for name in names)
        for alternative in view.app.alternatives
        if alternative.name == variable.one_of
        for _, names in alternative.options
    )


def _is_there(view: View, name: str) -> bool:
    variable = view.variable(name)
    return variable is not None and state(view, variable) == "ok" and bool(_value(view, name))


def _step(view: View, variable: Variable) -> Step:
    listener = next((hook for hook in view.app.webhooks if hook.variable == variable.name), None)
    if listener is not None and variable.provider == "stripe":
        return Run("Get the signing secrets of the Stripe listeners", ("onboard", "listen", "--secrets"))
    if variable.generate is not None and variable.provider in (None, "authsecret"):
        return Write(
            f"Make a random {variable.name} on this machine", (variable.name,), "generate", "onboard setup --yes"
        )
    if variable.ready is not None:
        of = "the template's" if view.app.template else "the"
        return Write(f"Write {of} defaults to {view.env_name}", command="onboard env --write")
    return _ask(view, variable)


def _from_vault(variable: Variable) -> Step:
    return Write("Write what the keyring holds to the env file", command="onboard env --write")


def _ask(view: View, variable: Variable) -> Ask:
    """Ask for all variables of the same service that are owed, so that one form serves them."""
    found = whose(variable)
    if found is None:
        return Ask(f"Enter {variable.name}", (variable.name,), variable.link)
    provider, _ = found
    listened = {hook.variable for hook in view.app.webhooks}
    names = tuple(
        other.name
        for other in view.variables
        if other.provider == provider.id
        and other.name not in listened
        and (state(view, other) != "ok" or other.name == variable.name)
        and other.ready is None
    ) or (variable.name,)
    return Ask(f"Enter the {provider.title} credentials", names, variable.link)
