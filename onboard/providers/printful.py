"""Printful: private tokens for print on demand."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

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
    limited,
    odd,
    refused,
)

if TYPE_CHECKING:
    from onboard.machine import Machine

_HOST = "api.printful.com"
_PAGE = "https://developers.printful.com/tokens"


class Printful(Provider):
    """Print on demand. There is no test mode: an order is a draft until it is confirmed."""

    id = "printful"
    title = "Printful"
    keys = (
        Key(
            "store",
            "store id",
            ("PRINTFUL_STORE_ID",),
            Kind.PUBLIC,
            "a number",
            "https://www.printful.com/dashboard/store",
            ("open the store; its number is in the address",),
        ),
        Key(
            "webhook",
            "webhook secret",
            ("PRINTFUL_WEBHOOK_SECRET", r"PRINTFUL_WEBHOOK_(SIGNING_)?(SECRET|KEY|TOKEN)"),
            Kind.SECRET,
            "hex digits, from the answer that made the webhook",
            "https://developers.printful.com/docs/",
            ("make a webhook through the API", "keep the secret of its answer"),
        ),
        Key(
            "token",
            "private token",
            ("PRINTFUL_API_KEY", r"PRINTFUL_(API_|ACCESS_|PRIVATE_|OAUTH_)?(KEY|TOKEN)"),
            Kind.SECRET,
            "40 letters and digits",
            _PAGE,
            (
                "open an account",
                "choose Create token, for one store or for all",
                "tick the scopes that the app needs, and copy the token; it is shown once",
            ),
        ),
    )
    credentials = (Credential("", "private token", ("token",), (_HOST,), uses=("store",)),)
    rotations = (
        Rotation(
            "token",
            "guided",
            "Everything else that uses the same token.",
            "when you delete it",
            _PAGE,
            ("create a second token with the same scopes", "put it in place of the first", "delete the first"),
        ),
    )
    account = "https://www.printful.com/auth/register"
    purpose = "print on demand"
    limits = "an account costs nothing; 120 requests a minute; tokens end on a date chosen when made (November 2026)"

    def shape(self, key: Key, value: str) -> Shape:
        """Tell little: tokens have no prefix."""
        if key.id == "store":
            fits = re.fullmatch(r"[0-9]{1,15}", value) is not None
            return Shape(fits, "a store id" if fits else "a store id is a number")
        if key.id == "webhook":
            fits = re.fullmatch(r"[A-Za-z0-9+/=_-]{16,200}", value) is not None
            return Shape(fits, "looks like a webhook secret" if fits else "a webhook secret is one long text")
        if re.fullmatch(r"[0-9a-z]{8}-[0-9a-z]{4}-[0-9a-z]{4}:[0-9a-z]{4}-[0-9a-z]{12}", value):
            return Shape(False, "this is an API key of the old kind, which Printful retired; make a private token")
        if not re.fullmatch(r"[A-Za-z0-9_-]{20,400}", value) or len(set(value)) < 8:
            return Shape(False, "a private token is one text of about 40 letters and digits")
        return Shape(True, "looks like a private token")

    async def verify(self, credential: Credential, values: Values, machine: Machine) -> Verdict:
        """Ask for the token's scopes, which needs none of them; then for its stores."""
        value = values.text("token")
        shape = self.shape(self.key("token"), value)
        if not shape.fits:
            return kept_back(f"nothing was sent: {shape.text}")
        question = Request(
            "printful",
            f"https://{_HOST}",
            "/v2/oauth-scopes",
            credential.hosts,
            headers={"Authorization": Secret("Bearer " + value)},
            seconds=credential.seconds * 0.6,
        )
        reply = await ask(machine, question)
        if isinstance(reply, Verdict):
            return reply
        scopes = _scopes(reply) if reply.status == 200 else None
        if scopes:
            identity = {"scopes": ", ".join(sorted(scopes))}
            stores = await ask(machine, replace(question, path="/v2/stores", seconds=credential.seconds * 0.4))
            return self._stores(stores, values.text("store"), identity)
        if reply.status == 401 and reply.object():
            return refused(
                "Printful does not know this token", detail="it was deleted, it has ended, or it is of the old kind"
            )
        if reply.status == 403 and reply.object():
            return limited("a real token that may not read its own scopes")
        return odd(_HOST, reply)

    @staticmethod
    def _stores(reply: Reply | Verdict, wanted: str, identity: dict[str, str]) -> Verdict:
        stores = _listed(reply) if isinstance(reply, Reply) and reply.status == 200 else []
        if not stores:
            may = isinstance(reply, Reply) and reply.status == 403
            detail = "it may not list the stores" if may else "its stores could not be asked"
            return accepted(f"Printful accepts it, for {identity['scopes']}", identity, detail=detail)
        mine = next((one for one in stores if str(one.get("id")) == wanted), None) if wanted else None
        shown = mine or stores[0]
        name, id = line(str(shown.get("name", "")), limit=80), line(str(shown.get("id", "")), limit=20)
        if wanted and mine is None:
            return limited(
                "Printful accepts it, but not for the store in PRINTFUL_STORE_ID",
                identity,
                detail=f"it sees {len(stores)} store{'' if len(stores) == 1 else 's'}",
            )
        identity |= {"store": name or id, "store_id": id}
        if isinstance(shown.get("type"), str):
            identity["type"] = line(shown["type"], limit=40)
        return accepted(f"store “{identity['store']}” ({id})", identity)


def _listed(reply: Reply) -> list[dict[str, Any]]:
    """Return the objects of an answer, in the envelope of either version of the API."""
    found = reply.object()
    items = found.get("data", found.get("result"))
    return [one for one in items if isinstance(one, dict)] if isinstance(items, list) else []


def _scopes(reply: Reply) -> list[str]:
    """Return the names of the token's scopes; empty where the answer is none that we know."""
    found = reply.object()
    result = found.get("data", found.get("result"))
    items = result.get("scopes") if isinstance(result, dict) else result
    if not isinstance(items, list):
        return []
    names = [
        next((one[k] for k in ("value", "scope", "name") if k in one), None) for one in items if isinstance(one, dict)
    ]
    return [line(name, limit=60) for name in names if isinstance(name, str) and name]


provider = Printful()
