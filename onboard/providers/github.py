"""GitHub: personal, app and installation tokens, OAuth apps, and the names of a repository's Actions secrets."""

from __future__ import annotations

import json
import re
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING
from urllib.parse import quote

from onboard.clean import line
from onboard.model import Kind, Secret, Shape, Verdict
from onboard.network import Reply, Request
from onboard.providers._base import (
    Credential,
    Key,
    Provider,
    Rotation,
    Values,
    accepted,
    ask,
    limited,
    odd,
    refused,
    unclear,
)
from onboard.providers._kinds import wrong

if TYPE_CHECKING:
    from collections.abc import Mapping

    from onboard.machine import Machine

_HOST = "api.github.com"
_TOKENS_PAGE = "https://github.com/settings/personal-access-tokens"
_TOKEN = re.compile(r"(ghp|gho|ghu|ghs|ghr)_[A-Za-z0-9._-]{36,}|github_pat_[A-Za-z0-9_]{22,}")
"""No upper bound: installation tokens have grown to about 520 characters with dots in them."""
_KINDS = {
    "ghp": "a classic personal token",
    "gho": "a token of an OAuth app",
    "ghu": "a token of a GitHub app for one user",
    "ghs": "an installation token of a GitHub app, which lives an hour",
    "git": "a fine-grained personal token",
}
_WIDE = ("repo", "admin:org", "delete_repo", "admin:enterprise", "workflow", "write:packages")
_WANTED = "a token starts with github_pat_ or ghp_"
_MOST_ENVIRONMENTS = 10
"""Environments whose secrets are listed."""


class GitHub(Provider):
    """Code hosting. A token's kind is in its prefix; whose it is and what it may do only the live answer says."""

    id = "github"
    title = "GitHub"
    keys = (
        Key(
            "client_id",
            "OAuth client ID",
            (
                "GITHUB_CLIENT_ID",
                r"(AUTH_|OAUTH_)?GITHUB_(OAUTH_|APP_)?(CLIENT_)?ID",
                r"GITHUB_(OAUTH_|APP_)?(CLIENT_)?KEY",
            ),
            Kind.PUBLIC,
            "Ov23li… or Iv1.…",
            "https://github.com/settings/developers",
            (
                "sign in, or open an account on github.com/signup",
                "choose New OAuth app; the callback address is the app's own, on http://localhost",
                "copy the Client ID",
            ),
        ),
        Key(
            "client_secret",
            "OAuth client secret",
            (
                "GITHUB_CLIENT_SECRET",
                r"(AUTH_|OAUTH_)?GITHUB_(OAUTH_|APP_)?(CLIENT_)?SECRET",
            ),
            Kind.SECRET,
            "40 letters and digits",
            "https://github.com/settings/developers",
            ("open the OAuth app", "choose Generate a new client secret", "copy it; it is shown once"),
        ),
        Key(
            "token",
            "token",
            (
                "GITHUB_TOKEN",
                r"(GITHUB|GH)_(\w+_)?TOKEN",
                r"(GITHUB|GH)_(\w+_)?PAT",
                r"GITHUB_API_KEY",
            ),
            Kind.SECRET,
            "github_pat_… or ghp_…",
            _TOKENS_PAGE,
            (
                "sign in, or open an account on github.com/signup",
                "choose Generate new token: only the repositories and permissions that are needed, and an expiry date",
                "copy it; it is shown once",
            ),
        ),
    )
    credentials = (Credential("", "token", ("token",), (_HOST,)),)
    rotations = (
        Rotation(
            "token",
            "guided",
            "Every script and machine that uses the same token.",
            "at once, when it is regenerated",
            _TOKENS_PAGE,
            (
                "open the token, or classic tokens under github.com/settings/tokens",
                "choose Regenerate and an expiry date",
                "copy the new one; it is shown once",
            ),
        ),
        Rotation(
            "client_secret",
            "guided",
            "Sign-in with GitHub in this app, until it has the new secret.",
            "when you delete it; two may exist at a time",
            "https://github.com/settings/developers",
            (
                "open the OAuth app and generate a second client secret",
                "use it everywhere",
                "delete the first one",
            ),
        ),
    )
    account = "https://github.com/signup"
    purpose = "code hosting and its API"
    limits = "5,000 requests an hour for a token, 60 without one (November 2026)"

    def claim(self, name: str, value: str) -> tuple[str, int] | None:
        """Know names; by value alone a token's prefix."""
        return super().claim(name, value) or (("token", 1) if _TOKEN.fullmatch(value) else None)

    def shape(self, key: Key, value: str) -> Shape:
        """Tell kinds of tokens by prefix, and what belongs to an OAuth app."""
        if key.id == "client_id":
            return self._client_id(value)
        if key.id == "client_secret":
            if _TOKEN.fullmatch(value):
                return Shape(False, "this is a token; the client secret is on the OAuth app's page")
            if re.fullmatch(r"[A-Za-z0-9_]{20,}", value):
                return Shape(True, "of the form of a client secret")
            return Shape(False, wrong(value, "a client secret is 40 letters and digits, from the OAuth app's page"))
        if value.startswith("ghr_"):
            return Shape(False, f"this is a refresh token, which no API takes; {_WANTED}")
        if _TOKEN.fullmatch(value):
            return Shape(True, _KINDS[value[:3]])
        if re.match(r"gh[pousr]_|github_pat_", value):
            return Shape(False, "it starts like a token but is cut off or has characters that none has; copy it whole")
        if re.fullmatch(r"[0-9a-f]{40}", value):
            return Shape(False, f"this is an old token or a client secret, 40 hex digits; {_WANTED}")
        return Shape(False, wrong(value, _WANTED))

    @staticmethod
    def _client_id(value: str) -> Shape:
        if re.fullmatch(r"(Ov23|Iv1\.|Iv23)[A-Za-z0-9]{8,}", value):
            return Shape(True, "a client ID")
        if re.fullmatch(r"[0-9a-f]{20}", value):
            return Shape(True, "a client ID of the old form")
        if re.fullmatch(r"[0-9]+", value):
            return Shape(False, "this is an app's number; the client ID starts with Ov23 or Iv")
        return Shape(False, wrong(value, "a client ID starts with Ov23 or Iv"))

    async def verify(self, credential: Credential, values: Values, machine: Machine) -> Verdict:
        """`GET /user`; an installation token is no user and is asked for its repositories."""
        token = values.text("token")
        if token.startswith("ghs_"):
            return await self._installation(token, credential.seconds, machine)
        reply = await ask(machine, _request("/user", token, credential.seconds))
        if isinstance(reply, Verdict):
            return reply
        user = reply.object()
        login = user.get("login")
        if reply.status == 200 and isinstance(login, str) and login and isinstance(user.get("id"), int):
            return self._who(login, reply, machine)
        return _declined(reply)

    @staticmethod
    async def _installation(token: str, seconds: float, machine: Machine) -> Verdict:
        reply = await ask(machine, _request("/installation/repositories?per_page=1", token, seconds))
        if isinstance(reply, Verdict):
            return reply
        found = reply.object()
        repositories, total = found.get("repositories"), found.get("total_count")
        if reply.status == 200 and isinstance(repositories, list) and isinstance(total, int):
            first = repositories[0] if repositories and isinstance(repositories[0], dict) else {}
            owner = str(first.get("full_name", "")).partition("/")[0]
            who = {"installation": line(owner)} if owner else {}
            return accepted(f"a GitHub app's installation, {total} repositories", who | {"repositories": str(total)})
        return _declined(reply)

    @staticmethod
    def _who(login: str, reply: Reply, machine: Machine) -> Verdict:
        who = {"user": line(login)}
        scopes = [scope.strip() for scope in line(reply.headers.get("x-oauth-scopes", "")).split(",") if scope.strip()]
        if scopes:
            who["scopes"] = ", ".join(scopes)
        wide = [scope for scope in scopes if scope in _WIDE]
        detail = f"wide scopes: {', '.join(wide)}; a fine-grained token can do with less" if wide else ""
        expires = line(reply.headers.get("github-authentication-token-expiration", ""))
        if not expires:
            return accepted(f"user {who['user']}", who, detail=detail)
        who["expires"] = expires
        days = _days_left(expires, machine)
        if days is not None and days < 7:
            return limited(f"user {who['user']}; the token ends on {expires[:10]}", who, detail=detail)
        return accepted(f"user {who['user']}, until {expires[:10]}", who, detail=detail)


async def actions_names(
    machine: Machine, values: Values, repository: str, kind: str = "secrets", *, environments: bool = False
) -> frozenset[str] | Verdict:
    """Return the names of the Actions `secrets` or `variables` that a workflow of `owner/name` can use; never a value
    (GitHub has no way to read a secret).

    The repository's own, those that its organization lends it where the token may see them, and with `environments`
    those of its environments. A Verdict says why they could not be listed; WARN: this token may not.
    """
    if not _is_repository(repository):
        return unclear("the repository's name on GitHub is not known")
    token = values.text("token")
    own = await _names(machine, token, f"/repos/{repository}/actions/{kind}", kind)
    if not isinstance(own, frozenset):
        return own if isinstance(own, Verdict) else _unlisted(own, repository)
    paths = [f"/repos/{repository}/actions/organization-{kind}"]
    if environments:
        places = await _names(machine, token, f"/repos/{repository}/environments", "environments")
        if isinstance(places, Verdict):
            return places
        names = sorted(places)[:_MOST_ENVIRONMENTS] if isinstance(places, frozenset) else []
        paths += [f"/repos/{repository}/environments/{quote(name, safe='')}/{kind}" for name in names]
    for path in paths:
        more = await _names(machine, token, path, kind)
        if isinstance(more, Verdict):
            return more
        own |= more if isinstance(more, frozenset) else frozenset()  # not this token's to see, or there are none
    return frozenset(name for name in own if _is_name(name))


async def own_secrets(machine: Machine, values: Values, repository: str) -> frozenset[str] | Verdict:
    """Return the names of the Actions secrets that the repository itself holds, which `set_secret` may change."""
    if not _is_repository(repository):
        return unclear("the repository's name on GitHub is not known")
    found = await _names(machine, values.text("token"), f"/repos/{repository}/actions/secrets", "secrets")
    return _unlisted(found, repository) if isinstance(found, Reply) else found


async def set_secret(machine: Machine, values: Values, repository: str, name: str, value: Secret) -> Verdict:
    """Give an Actions secret of `owner/name` another value, sealed for GitHub alone.

    Source: docs.github.com/rest/actions/secrets, which seals with libsodium.
    """
    from nacl.public import PublicKey, SealedBox

    if not _is_repository(repository) or not _is_name(name):
        return unclear("the repository's name on GitHub is not known")
    token, path = values.text("token"), f"/repos/{repository}/actions/secrets"
    reply = await ask(machine, _request(f"{path}/public-key", token))
    if isinstance(reply, Verdict):
        return reply
    found = reply.object()
    id, text = found.get("key_id"), found.get("key")
    if reply.status != 200 or not isinstance(id, str) or not isinstance(text, str):
        return _unlisted(reply, repository)
    try:
        key = PublicKey(b64decode(text, validate=True))
    except (ValueError, TypeError):
        return odd(_HOST, reply)
    sealed = b64encode(SealedBox(key).encrypt(value.reveal().encode())).decode()
    body = {"encrypted_value": sealed, "key_id": id}
    reply = await ask(machine, _request(f"{path}/{name}", token, method="PUT", body=body))
    if isinstance(reply, Verdict):
        return reply
    if reply.status in (201, 204):
        return accepted(f"{repository} has the new value; the next run of a workflow uses it")
    return _unlisted(reply, repository)


async def _names(machine: Machine, token: str, path: str, kind: str) -> frozenset[str] | Reply | Verdict:
    """Return the names of a list, page by page; a Reply: GitHub declines to give it."""
    names: set[str] = set()
    for page in range(1, 11):
        reply = await ask(machine, _request(f"{path}?per_page=100&page={page}", token))
        if isinstance(reply, Verdict):
            return reply
        found = reply.object()
        rows = found.get(kind)
        if reply.status in (403, 404) and reply.headers.get("x-ratelimit-remaining") != "0":
            return reply
        if reply.status != 200 or not isinstance(rows, list):
            return _declined(reply)
        names.update(row["name"] for row in rows if isinstance(row, dict) and isinstance(row.get("name"), str))
        total = found.get("total_count")
        if not isinstance(total, int) or page * 100 >= total:
            break
    return frozenset(names)


def _is_repository(text: str) -> bool:
    plain = re.fullmatch(r"[A-Za-z0-9-]{1,39}/[A-Za-z0-9._-]{1,100}", text) is not None
    return plain and not text.endswith(("/.", "/.."))


def _is_name(text: object) -> bool:
    return isinstance(text, str) and re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,254}", text) is not None


def _request(
    path: str, token: str, seconds: float = 10.0, *, method: str = "GET", body: Mapping[str, str] | None = None
) -> Request:
    headers: dict[str, str | Secret] = {
        "authorization": Secret(f"Bearer {token}"),
        "accept": "application/vnd.github+json",
        "x-github-api-version": "2022-11-28",
    }
    data = None
    if body is not None:
        headers["content-type"] = "application/json"
        data = json.dumps(body).encode()
    return Request("github", f"https://{_HOST}", path, (_HOST,), method, headers, data, seconds)


def _declined(reply: Reply) -> Verdict:
    """Read an answer that is no success: only "Bad credentials" says that the token is wrong."""
    message = reply.object().get("message")
    message = message if isinstance(message, str) else ""
    if reply.status == 401 and message == "Bad credentials":
        return refused("GitHub does not know this token: it was mistyped, revoked, or has ended")
    if reply.status == 403 and message:
        if "x-github-sso" in reply.headers:
            return limited(
                "the token is real, but not yet authorized for an organization with single sign-on",
                detail="open the token on github.com/settings/tokens and choose Configure SSO",
            )
        if reply.headers.get("x-ratelimit-remaining") == "0" or "rate limit" in message.lower():
            return unclear("GitHub's rate limit for this token is used up", detail="it is filled again within an hour")
        if message.startswith("Resource not accessible by"):
            return limited("the token is real, but it may not read its own account", detail=line(message))
    return odd(_HOST, reply)


def _unlisted(reply: Reply, repository: str) -> Verdict:
    if reply.status in (403, 404) and reply.object():
        return limited(
            f"the secrets of {repository} cannot be reached with this token",
            detail="it needs the repository and leave for its secrets; GitHub answers 404 where either is missing",
        )
    return _declined(reply)


def _days_left(text: str, machine: Machine) -> float | None:
    """Return the days until GitHub's `2026-12-01 09:30:00 UTC` (or `+0200`); `None` where it is not of that form."""
    from datetime import datetime

    try:
        end = datetime.strptime(text.replace("UTC", "+0000"), "%Y-%m-%d %H:%M:%S %z")
    except ValueError:
        return None
    return (end - machine.now()).total_seconds() / 86400


provider = GitHub()
