"""What is set where the app is deployed and built: Vercel's environments, and the secrets of GitHub Actions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from onboard import remotes
from onboard.checks._base import Check, View
from onboard.model import Finding, Secret, Status, Tell, Verdict
from onboard.providers._base import Held, Values

if TYPE_CHECKING:
    from onboard.checks._logins import Login
    from onboard.checks._scopes import Scope, Trouble
    from onboard.providers._vercel_env import EnvName

_PAGE = "https://vercel.com/d?to=%2F%5Bteam%5D%2F%5Bproject%5D%2Fsettings%2Fenvironment-variables"
"""Vercel's own link to the settings of whichever project the person chooses."""


def checks(view: View) -> tuple[Check, ...]:
    """Return one check for each remote place that this repository has something to do with."""
    of_vercel = any(service.provider.id == "vercel" for service in view.services)
    found = []
    if of_vercel or remotes.hints_at_vercel(view.project) or remotes.vercel(view.project):
        found.append(_VERCEL)
    if remotes.github(view.project) and remotes.workflows(view.project):
        found.append(_GITHUB)
    return tuple(found)


async def _vercel(view: View) -> Finding:
    """Ask Vercel for the names in each environment and for the values that it lets be read; keep none of them."""
    from asyncio import gather

    from onboard.checks import _logins, _scopes
    from onboard.providers._vercel_env import env_names, env_pulled

    link = remotes.vercel(view.project)
    ids = link or _declared(view)
    if "project" not in ids:
        why = "not compared: the folder is linked to no Vercel project"
        return _VERCEL.says(Status.SKIPPED, why, detail="`vercel link` links it", provider="vercel")
    login = _logins.vercel(view, linked=bool(link))
    if login.token is None:
        return _no_login(_VERCEL, login, "vercel")
    values = Values((key, Held(key, text)) for key, text in {**_secrets(ids), "token": login.token}.items())
    listed = await env_names(view.machine, values)
    if isinstance(listed, Verdict):
        return _untold(_VERCEL, listed, login, "vercel")
    pulled = await gather(*(env_pulled(view.machine, values, scope) for scope in _scopes.SCOPES))
    unread = {scope: one for scope, one in zip(_scopes.SCOPES, pulled, strict=True) if isinstance(one, Verdict)}
    scopes = {
        scope: _scope(view, scope, listed, {} if isinstance(one, Verdict) else one)
        for scope, one in zip(_scopes.SCOPES, pulled, strict=True)
    }
    view.places.update({f"vercel.{scope}": _scopes.place(view, there) for scope, there in scopes.items()})
    found = _scopes.troubles(view, scopes, _entries(listed))
    evidence = {"source": login.source, "project": ids["project"]}
    custom = {target for one in listed for target in one.targets if target not in _scopes.SCOPES}
    return _compared(found, _scopes.uncompared(view, scopes), unread, len(custom), evidence)


def _scope(view: View, scope: str, listed: Iterable[EnvName], pulled: Mapping[str, Secret | None]) -> Scope:
    """Join what is listed with what is pulled: what a team shares between its projects stands in the second only."""
    from onboard.checks._scopes import Scope

    types = {one.name: one.type for one in listed if scope in one.targets}
    declared = {variable.name for variable in view.variables}
    types |= {name: "shared" for name in pulled if name in declared and name not in types}
    return Scope(types, {name: value for name, value in pulled.items() if value is not None and name in types})


def _entries(listed: Iterable[EnvName]) -> Mapping[str, frozenset[str]]:
    """Return the names of which one entry holds for several environments: there the value is the same, read or not."""
    return {one.name: frozenset(one.targets) for one in listed if len(one.targets) > 1 and not one.branch}


def _compared(
    found: Sequence[Trouble],
    uncompared: Sequence[str],
    unread: Mapping[str, Verdict],
    custom: int,
    evidence: Mapping[str, str],
) -> Finding:
    says = partial(_VERCEL.says, provider="vercel")
    notes = [f"{scope.title()}: its values were not read ({one.summary})" for scope, one in unread.items()]
    if uncompared:
        notes.append(f"cannot be compared, for Vercel shows them to nobody: {', '.join(uncompared)}")
    if custom:
        notes.append(f"custom environments are not compared ({custom} here)")
    facts: dict[str, str | int | bool | None] = {**evidence, "not_compared": ", ".join(uncompared)}
    for kind in dict.fromkeys(one.kind for one in found):
        facts[kind] = ", ".join(f"{one.name} ({one.place})" for one in found if one.kind == kind)
    if found:
        first = found[0]
        rest = f"; and {len(found) - 1} more" if len(found) > 1 else ""
        return says(
            first.status,
            f"{first.text}{rest}",
            detail="\n".join([*(f"{one.text}: `{one.command}`" for one in found), *notes]),
            step=Tell(_what_to_do(first), None if first.place == "here" else _PAGE, first.command),
            variable=first.name,
            evidence=facts,
        )
    untold = next((one for one in unread.values() if one.status is Status.UNKNOWN), None)
    if untold is not None:
        return says(
            Status.UNKNOWN,
            f"the names are all there, but not all values could be read: {untold.summary}",
            detail="\n".join(notes),
            step=_again(_VERCEL, untold),
            evidence=facts,
        )
    summary = "production, preview and development have what the template requires"
    if uncompared or unread:
        summary += "; not all values can be compared"
    return says(Status.OK, summary, detail="\n".join(notes), evidence=facts)


def _what_to_do(trouble: Trouble) -> str:
    place = "here" if trouble.place == "here" else f"at Vercel, for {trouble.place}"
    return f"{'Add' if trouble.kind == 'missing' else 'Change'} {trouble.name} {place}"


async def _github(view: View) -> Finding:
    """Ask GitHub for the names that the workflows use; nobody can read a secret back."""
    from onboard.checks import _logins
    from onboard.providers.github import actions_names

    login = await _logins.github(view)
    if login.token is None:
        return _no_login(_GITHUB, login, "github")
    repository, used = remotes.github(view.project), remotes.workflows(view.project)
    values = Values([("token", Held(login.source, login.token))])
    there: set[str] = set()
    lacking: list[tuple[str, str, str]] = []
    for word, kind, names in (("secret", "secrets", used.secrets), ("variable", "variables", used.variables)):
        if not names:
            continue
        found = await actions_names(view.machine, values, repository, kind, environments=used.environments)
        if isinstance(found, Verdict):
            return _untold(_GITHUB, found, login, "github")
        there |= found
        lacking += [(word, name, place) for name, place in names.items() if name not in {one.upper() for one in found}]
    view.places["github"] = dict.fromkeys(sorted(there), "set")
    evidence = {"source": login.source, "repository": repository, "missing": ", ".join(name for _, name, _ in lacking)}
    says = partial(_GITHUB.says, provider="github", evidence=evidence)
    if not lacking:
        return says(Status.OK, f"{repository} has the {len(used.secrets) + len(used.variables)} that the workflows use")
    word, first, _ = lacking[0]
    return says(
        Status.WARN,
        f"the workflows use what {repository} does not have: {', '.join(name for _, name, _ in lacking)}",
        detail="\n".join(f"{name}, used in {place}: `gh {word} set {name}`" for word, name, place in lacking),
        step=Tell(
            f"Add {first} to the repository (its value is asked for)",
            f"https://github.com/{repository}/settings/{'secrets' if word == 'secret' else 'variables'}/actions",
            f"gh {word} set {first}",
        ),
    )


def _declared(view: View) -> Mapping[str, str]:
    """Return project and team of the project's own variables (VERCEL_PROJECT_ID)."""
    held = view.held()
    keys = [pair for service in view.services if service.provider.id == "vercel" for pair in service.keys.items()]
    return {key: held[name].value.reveal() for name, key in keys if name in held and key in ("project", "org")}


def _secrets(texts: Mapping[str, str]) -> dict[str, Secret]:
    return {key: Secret(text) for key, text in texts.items()}


def _no_login(check: Check, login: Login, provider: str) -> Finding:
    detail = f"`{login.help}` brings one"
    return check.says(Status.SKIPPED, f"not compared: {login.source}", detail=detail, provider=provider)


def _untold(check: Check, verdict: Verdict, login: Login, provider: str) -> Finding:
    """Say why nothing could be listed: no trouble of the place itself, so never a failure."""
    says = partial(check.says, provider=provider, evidence={"source": login.source})
    if verdict.status is Status.WARN:
        who = "ask someone who may, or use a token that may"
        return says(Status.SKIPPED, f"not compared: {verdict.summary}", detail=f"{verdict.detail}\n{who}".strip())
    summary = verdict.summary if verdict.status is Status.UNKNOWN else f"{login.source} was refused: {verdict.summary}"
    return says(Status.UNKNOWN, summary, detail=verdict.detail, step=_again(check, verdict, login))


def _again(check: Check, verdict: Verdict, login: Login | None = None) -> Tell:
    if verdict.status is Status.FAIL and login is not None:
        signing = {remotes.VERCEL_LOGIN: "vercel login", remotes.GITHUB_LOGIN: "gh auth login"}
        return Tell("Get a token that works", command=signing.get(login.source, f"onboard set {login.source}"))
    if "sign in again" in verdict.summary:
        return Tell("Sign in at Vercel again", command="vercel login")
    return Tell("Look again in a while", command=f"onboard doctor --only {check.id}")


_VERCEL = Check("remote.vercel", "Vercel's environments", _vercel, outside=True)
_GITHUB = Check("remote.github", "GitHub Actions", _github, outside=True)
