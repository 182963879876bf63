"""Slack: incoming webhooks, asked in a way that posts nothing, and bot tokens."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

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
    kept_back,
    odd,
    refused,
    unclear,
)
from onboard.providers._kinds import wrong

if TYPE_CHECKING:
    from onboard.machine import Machine

_HOOKS = "hooks.slack.com"
_API = "slack.com"
_APPS = "https://api.slack.com/apps"
_INCOMING = re.compile(
    rf"https://{_HOOKS}(?P<path>/services/(?P<team>T[A-Z0-9]{{6,12}})/B[A-Z0-9]{{6,12}}/[A-Za-z0-9]{{20,30}})"
)
_WORKFLOW = re.compile(rf"https://{_HOOKS}/(workflows|triggers)/[A-Za-z0-9/_-]{{10,200}}")
_WANTED = f"an incoming webhook reads https://{_HOOKS}/services/T…/B…/…"
_PROBE = b"{this is no JSON, so that nothing is posted"
_GONE = ("invalid_token", "no_service", "action_prohibited")
_BOTS = {
    "xoxb": "a bot token",
    "xoxp": "a person's token",
    "xapp": "an app-level token",
}


class Slack(Provider):
    """Messages to a team. Whoever has a webhook's address can post with it."""

    id = "slack"
    title = "Slack"
    keys = (
        Key(
            "webhook",
            "webhook address",
            (
                "SLACK_WEBHOOK_URL",
                r"(\w+_)?SLACK_(\w+_)?(WEB)?HOOK(_(?!\w*(SECRET|TOKEN|KEY))\w+)?",
                "SLACK_URL",
            ),
            Kind.SECRET,
            f"https://{_HOOKS}/services/…",
            _APPS,
            (
                "sign in to a workspace in which you may add apps, or create one on slack.com",
                "choose Create New App, From scratch, in that workspace",
                "open Incoming Webhooks, switch them on, choose Add New Webhook and a channel for tests",
                "copy the Webhook URL",
            ),
        ),
        Key(
            "signing",
            "signing secret",
            ("SLACK_SIGNING_SECRET", r"SLACK_(APP_)?SIGNING_(SECRET|KEY)"),
            Kind.SECRET,
            "32 hex digits",
            _APPS,
            ("open the app, Basic Information", "reveal Signing Secret and copy it"),
        ),
        Key(
            "client_id",
            "client ID",
            ("SLACK_CLIENT_ID", r"AUTH_SLACK_ID"),
            Kind.PUBLIC,
            "two numbers with a dot between",
            _APPS,
            ("open the app, Basic Information", "copy Client ID"),
        ),
        Key(
            "client_secret",
            "client secret",
            ("SLACK_CLIENT_SECRET", r"AUTH_SLACK_SECRET"),
            Kind.SECRET,
            "32 hex digits",
            _APPS,
            ("open the app, Basic Information", "reveal Client Secret and copy it"),
        ),
        Key(
            "app",
            "app-level token",
            ("SLACK_APP_TOKEN", r"SLACK_APP_LEVEL_TOKEN"),
            Kind.SECRET,
            "xapp-…",
            _APPS,
            ("open the app, Basic Information", "generate an app-level token and copy it"),
        ),
        Key(
            "bot",
            "bot token",
            ("SLACK_BOT_TOKEN", r"(\w+_)?SLACK_(\w+_)?BOT_TOKEN", r"SLACK_(\w+_)?TOKEN"),
            Kind.SECRET,
            "xoxb-…",
            _APPS,
            ("open the app, OAuth & Permissions", "install it to the workspace", "copy Bot User OAuth Token"),
        ),
    )
    credentials = (
        Credential("", "webhook", ("webhook",), (_HOOKS,)),
        Credential("bot", "bot token", ("bot",), (_API,)),
    )
    rotations = (
        Rotation(
            "webhook",
            "guided",
            "Everything that posts through the same address.",
            "at once, when you remove it",
            _APPS,
            (
                "open the app, Incoming Webhooks",
                "add a second one for the channel",
                "use it everywhere",
                "remove the first",
            ),
        ),
        Rotation(
            "bot",
            "guided",
            "Everything that speaks as this app.",
            "at once, when you revoke it",
            _APPS,
            ("open the app, OAuth & Permissions", "revoke the tokens", "install the app again and copy the new one"),
        ),
    )
    account = "https://slack.com/get-started"
    purpose = "messages to a team"
    limits = "about one message a second for each webhook; free: 90 days of history, 10 apps (November 2026)"

    def claim(self, name: str, value: str) -> tuple[str, int] | None:
        """Know names; by value the webhooks' own host and a token's prefix."""
        if _INCOMING.fullmatch(value) or _WORKFLOW.fullmatch(value):
            return "webhook", 3
        found = super().claim(name, value)
        if found is None and re.match(r"xox[bp]-[A-Za-z0-9-]{20,}", value):
            return "bot", 1
        return found

    def shape(self, key: Key, value: str) -> Shape:
        """Tell webhooks from tokens and from workflows."""
        if key.id == "webhook":
            return self._webhook(value)
        if key.id in ("signing", "client_secret"):
            good = re.fullmatch(r"[0-9a-f]{32}", value) is not None
            return Shape(
                good, f"of the form of a {key.title}" if good else wrong(value, f"a {key.title} is 32 hex digits")
            )
        if key.id == "client_id":
            good = re.fullmatch(r"[0-9]{5,20}\.[0-9]{5,20}", value) is not None
            return Shape(good, "a client ID" if good else wrong(value, "a client ID is two numbers with a dot between"))
        prefix = {"bot": "xoxb-", "app": "xapp-"}[key.id]
        wanted = f"a {key.title} starts with {prefix}"
        kind = _BOTS.get(value[:4]) if value[4:5] == "-" else None
        if kind and len(value) >= 24 and re.fullmatch(r"[A-Za-z0-9-]+", value):
            if (value[:4] == "xapp") != (key.id == "app"):
                return Shape(False, f"this is {kind}; {wanted}")
            return Shape(True, kind)
        if kind:
            return Shape(False, "it starts right but is cut off or a placeholder; copy it whole")
        return Shape(False, wrong(value, wanted))

    @staticmethod
    def _webhook(value: str) -> Shape:
        match = _INCOMING.fullmatch(value)
        if match:
            if len(set(value.rpartition("/")[2])) < 4:
                return Shape(False, f"this is a placeholder; {_WANTED}")
            return Shape(True, f"an incoming webhook of workspace {match['team']}")
        if _WORKFLOW.fullmatch(value):
            return Shape(True, "a workflow's webhook: each message to it runs the workflow, so that it is never tried")
        if re.match(r"https://hooks\.slack-gov\.com/services/\S+", value):
            return Shape(True, "a webhook of GovSlack, which is not asked from here")
        if re.match(r"xox|xapp", value):
            return Shape(False, f"this is a token, which does not post by itself; {_WANTED}")
        if re.match(rf"http://{_HOOKS}|{_HOOKS}", value):
            return Shape(False, f"it has to start with https://; {_WANTED}")
        if value.startswith(f"https://{_HOOKS}/"):
            return Shape(False, f"it is cut off or a placeholder; {_WANTED}")
        if re.match(r"https://[a-z0-9-]+\.slack\.com|https://(discord|discordapp)\.com", value):
            return Shape(False, f"this is another address than a webhook's; {_WANTED}")
        return Shape(False, wrong(value, _WANTED))

    async def verify(self, credential: Credential, values: Values, machine: Machine) -> Verdict:
        """Send a webhook what is no JSON: Slack says that it is invalid, and posts nothing. A workflow gets nothing."""
        if credential.part == "bot":
            return await self._bot(credential, values, machine)
        value = values.text("webhook")
        match = _INCOMING.fullmatch(value)
        if match is None or not self._webhook(value).fits:
            if _WORKFLOW.fullmatch(value):
                return unclear("a workflow's webhook can be tried only by running the workflow: nothing was sent")
            return unclear("this is not an incoming webhook of slack.com, so that nothing was sent")
        request = Request(
            "slack",
            f"https://{_HOOKS}",
            match["path"],
            (_HOOKS,),
            "POST",
            {"content-type": "application/json"},
            _PROBE,
            credential.seconds,
        )
        reply = await ask(machine, request, words=True)
        return reply if isinstance(reply, Verdict) else _hook(reply, match["team"])

    @staticmethod
    async def _bot(credential: Credential, values: Values, machine: Machine) -> Verdict:
        token = values.text("bot")
        if not token.startswith(("xoxb-", "xoxp-")):
            return kept_back("not asked: only bot tokens (xoxb-) and people's tokens (xoxp-) can be looked at")
        headers: dict[str, str | Secret] = {
            "authorization": Secret(f"Bearer {token}"),
            "content-type": "application/x-www-form-urlencoded",
        }
        request = Request(
            "slack", f"https://{_API}", "/api/auth.test", (_API,), "POST", headers, b"", credential.seconds
        )
        reply = await ask(machine, request)
        if isinstance(reply, Verdict):
            return reply
        found = reply.object()
        team, user = found.get("team"), found.get("user")
        if reply.status == 200 and found.get("ok") is True and isinstance(team, str) and isinstance(user, str):
            who = {"workspace": line(team), "user": line(user)}
            if scopes := line(reply.headers.get("x-oauth-scopes", "")):
                who["scopes"] = scopes
            return accepted(f"workspace {who['workspace']}, {who['user']}", who)
        error = found.get("error")
        if found.get("ok") is False and error in ("token_revoked", "account_inactive", "token_expired"):
            return refused(f"Slack refuses this token: {error.replace('_', ' ')}")
        if found.get("ok") is False and error == "invalid_auth":
            return unclear(
                "Slack does not accept this token from here",
                detail="it is wrong, or the app allows certain addresses only; Slack's answer is the same for both",
            )
        return odd(_API, reply)


def _hook(reply: Reply, team: str) -> Verdict:
    word = reply.text.strip()
    if reply.status == 400 and word == "invalid_payload":
        return accepted(f"a live webhook of workspace {team}; nothing was posted", {"workspace": team})
    if reply.status in (400, 403, 404) and word in _GONE:
        return refused("Slack does not know this webhook any more: it was removed, or its app was")
    if reply.status == 200:
        return unclear("Slack took the question for a message; look at the channel")
    return odd(_HOOKS, reply)


provider = Slack()
