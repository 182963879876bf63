"""Twilio: an account with its auth token, or an API key with its secret, which may not read the account."""

from __future__ import annotations

import base64
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
    limited,
    odd,
    refused,
    unclear,
)
from onboard.providers._kinds import wrong

if TYPE_CHECKING:
    from onboard.machine import Machine

_CONSOLE = "https://console.twilio.com/"
_KEYS_PAGE = "https://console.twilio.com/us1/account/keys-credentials/api-keys"
_HOSTS = ("api.twilio.com", "verify.twilio.com", ".twilio.com")
_SIDS = {
    "AC": "an account SID",
    "SK": "the SID of an API key",
    "VA": "the SID of a Verify service",
    "MG": "the SID of a messaging service",
    "PN": "the SID of a phone number",
    "SM": "the SID of a message",
}


class Twilio(Provider):
    """Text messages and calls."""

    id = "twilio"
    title = "Twilio"
    keys = (
        Key(
            "account",
            "account SID",
            ("TWILIO_ACCOUNT_SID", r"TWILIO_(ACCOUNT|ACCOUNT_ID|SID)"),
            Kind.PUBLIC,
            "AC and 32 hex digits",
            _CONSOLE,
            ("open an account on twilio.com/try-twilio", "copy the Account SID from the first page of the console"),
        ),
        Key(
            "token",
            "auth token",
            ("TWILIO_AUTH_TOKEN", r"TWILIO_(TOKEN|AUTHTOKEN)"),
            Kind.SECRET,
            "32 hex digits",
            _CONSOLE,
            ("open an account on twilio.com/try-twilio", "reveal the Auth Token on the first page of the console"),
        ),
        Key(
            "key",
            "API key SID",
            ("TWILIO_API_KEY", r"TWILIO_API_KEY_SID", r"TWILIO_(KEY_SID|API_SID)"),
            Kind.PUBLIC,
            "SK and 32 hex digits",
            _KEYS_PAGE,
            ("choose Create API key, of the standard type", "copy its SID"),
        ),
        Key(
            "key_secret",
            "API key secret",
            ("TWILIO_API_KEY_SECRET", r"TWILIO_(API_SECRET|KEY_SECRET)"),
            Kind.SECRET,
            "32 letters and digits",
            _KEYS_PAGE,
            ("choose Create API key, of the standard type", "copy its secret; it is shown once"),
        ),
        Key(
            "region",
            "region",
            ("TWILIO_REGION",),
            Kind.PUBLIC,
            "ie1 or au1",
            "https://www.twilio.com/docs/global-infrastructure",
            ("leave it out for the United States",),
        ),
        Key(
            "edge",
            "edge location",
            ("TWILIO_EDGE",),
            Kind.PUBLIC,
            "dublin or sydney",
            "https://www.twilio.com/docs/global-infrastructure/edge-locations",
            ("leave it out for the nearest to ashburn",),
        ),
        Key(
            "service",
            "service SID",
            ("TWILIO_VERIFY_SERVICE_SID", r"TWILIO_(VERIFY|MESSAGING)(_SERVICE)?(_SID|_ID)?", "TWILIO_SERVICE_SID"),
            Kind.PUBLIC,
            "VA or MG and 32 hex digits",
            _CONSOLE,
            ("open the service in the console", "copy its SID"),
        ),
    )
    credentials = (
        Credential("", "auth token", ("account", "token"), _HOSTS, uses=("region", "edge")),
        Credential("key", "API key", ("account", "key", "key_secret"), _HOSTS, uses=("region", "edge")),
    )
    rotations = (
        Rotation(
            "token",
            "guided",
            "Everything that signs in with the account's token; webhooks are signed with it too.",
            "when you promote the secondary token; until then both work",
            "https://console.twilio.com/us1/account/keys-credentials/auth-tokens",
            ("create a secondary auth token", "use it everywhere", "promote it; the old one ends"),
        ),
        Rotation(
            "key_secret",
            "guided",
            "Everything that signs in with this API key.",
            "at once, when you delete it",
            _KEYS_PAGE,
            ("create a second API key", "use its SID and secret everywhere", "delete the first one"),
        ),
    )
    account = "https://www.twilio.com/try-twilio"
    purpose = "text messages and calls"
    limits = "trial: a small credit, and only to numbers that you have verified (November 2026)"

    def claim(self, name: str, value: str) -> tuple[str, int] | None:
        """Know names; TWILIO_API_KEY may be the SID or, in careless templates, the secret."""
        found = super().claim(name, value)
        if found is None and re.fullmatch(r"AC[0-9a-f]{32}", value):
            return "account", 1
        return found

    def shape(self, key: Key, value: str) -> Shape:
        """Tell SIDs by their first two letters."""
        if key.id in ("region", "edge"):
            good = re.fullmatch(r"[a-z]{2,20}[0-9]?(-ix)?", value) is not None
            return Shape(good, f"a {key.title}" if good else f"a {key.title} is one word such as {key.looks_like}")
        wanted = f"the {key.title} is {key.looks_like}"
        sid = re.fullmatch(r"([A-Z]{2})[0-9a-f]{32}", value)
        if key.id in ("account", "key", "service"):
            good_letters = {"account": ("AC",), "key": ("SK",), "service": ("VA", "MG")}[key.id]
            if sid and sid[1] in good_letters:
                return Shape(True, _SIDS[sid[1]])
            if sid:
                return Shape(False, f"this is {_SIDS.get(sid[1], 'another SID')}; {wanted}")
            if re.fullmatch(r"[0-9a-f]{32}", value):
                return Shape(False, f"this looks like the auth token; {wanted}")
            return Shape(False, wrong(value, wanted))
        if sid:
            return Shape(False, f"this is {_SIDS.get(sid[1], 'a SID')}, which is public; {wanted}")
        if key.id == "token":
            good = re.fullmatch(r"[0-9a-f]{32}", value) is not None
            return Shape(good, "of the form of an auth token" if good else wrong(value, wanted))
        good = re.fullmatch(r"[A-Za-z0-9]{32}", value) is not None
        return Shape(good, "of the form of an API key's secret" if good else wrong(value, wanted))

    async def verify(self, credential: Credential, values: Values, machine: Machine) -> Verdict:
        """`GET` the account; with an API key that may not read it, the list of Verify services (a standard key may)."""
        account = values.text("account")
        if not re.fullmatch(r"AC[0-9a-f]{32}", account):
            return unclear("the account SID does not look right, so that nothing was asked")
        by_key = credential.part == "key"
        user, password = ("key", "key_secret") if by_key else ("account", "token")
        header = base64.b64encode(f"{values.text(user)}:{values.text(password)}".encode()).decode()
        headers = {"authorization": Secret(f"Basic {header}")}
        host = self._host("api", values)
        path = f"/2010-04-01/Accounts/{account}.json"
        reply = await ask(
            machine, Request("twilio", f"https://{host}", path, _HOSTS, headers=headers, seconds=credential.seconds)
        )
        if isinstance(reply, Verdict):
            return reply
        if reply.status == 200:
            return _account(reply, account, host)
        code = reply.object().get("code")
        if not by_key:
            if reply.status == 401 and code == 20003:
                return refused("Twilio refuses this account SID with this auth token")
            if reply.status == 403 and code == 20008:
                return unclear("these are Twilio's test credentials, which may not read the account")
            return odd(host, reply)
        if reply.status != 401 or code is None:
            return odd(host, reply)
        host = self._host("verify", values)
        reply = await ask(
            machine,
            Request(
                "twilio",
                f"https://{host}",
                "/v2/Services?PageSize=1",
                _HOSTS,
                headers=headers,
                seconds=credential.seconds,
            ),
        )
        if isinstance(reply, Verdict):
            return reply
        if reply.status == 200 and isinstance(reply.object().get("services"), list):
            return accepted("a standard API key", {"account": account, "key": "standard"})
        if reply.status == 401 and reply.object().get("code") == 20003:
            return unclear(
                "Twilio does not accept this API key for what can be looked at",
                detail="it may be wrong or deleted, or a restricted key; the console shows which",
            )
        return odd(host, reply)

    @staticmethod
    def _host(product: str, values: Values) -> str:
        """Return the host as the official clients build it: product, edge, region."""
        words = [values.text(key) for key in ("edge", "region")]
        edge, region = (word if re.fullmatch(r"[a-z0-9-]{2,24}", word) else "" for word in words)
        if edge and not region:
            region = "us1"
        return ".".join(word for word in (product, edge, region, "twilio.com") if word)


def _account(reply: Reply, account: str, host: str) -> Verdict:
    found = reply.object()
    status, kind = found.get("status"), found.get("type")
    if found.get("sid") != account or not isinstance(status, str):
        return odd(host, reply)
    name = line(str(found.get("friendly_name") or account))
    who = {"account": name, "status": line(status)} | ({"type": line(kind)} if isinstance(kind, str) and kind else {})
    if status != "active":
        return limited(f"account {name} is {line(status)}", who, detail="the console says why")
    if kind == "Trial":
        return limited(f"account {name}, on trial: only to numbers that you have verified", who)
    return accepted(f"account {name}", who)


provider = Twilio()
