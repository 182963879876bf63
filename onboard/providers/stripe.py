"""Stripe: secret, restricted and publishable keys, and webhook signing secrets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from onboard.clean import line
from onboard.model import Kind, Secret, Shape, Tell, Verdict
from onboard.network import Request
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
    without_public_prefix,
)

if TYPE_CHECKING:
    from onboard.machine import Machine

_HOST = "api.stripe.com"
_KEYS_PAGE = "https://dashboard.stripe.com/test/apikeys"
_KEY = re.compile(r"(?P<kind>sk|rk|pk|rkcs)_(?:(?P<mode>test|live)_)?(?P<body>[A-Za-z0-9]{10,255})")
_WEBHOOK = re.compile(r"whsec_[A-Za-z0-9+/=_-]{16,200}")


def _looks_like_clerk(value: str) -> bool:
    """Whether a pk_ value is Clerk's: base64 of a host name that ends with a dollar sign."""
    import base64

    body = value.split("_", 2)[-1]
    try:
        host = base64.b64decode(body + "=" * (-len(body) % 4))
    except ValueError:
        return False
    return re.fullmatch(rb"[a-z0-9-]+(\.[a-z0-9-]+)+\$", host) is not None


class Stripe(Provider):
    """Payments. Mode is in a key's prefix; only the live answer says which account it is."""

    id = "stripe"
    title = "Stripe"
    keys = (
        Key(
            "webhook",
            "webhook signing secret",
            (
                "STRIPE_WEBHOOK_SECRET",
                r"STRIPE_(\w+_)?WEBHOOK_(SIGNING_)?SECRET(_KEY)?",
                r"STRIPE_WEBHOOK(_\w+)?_SECRET",
                r"STRIPE_(ENDPOINT|SIGNING)_SECRET",
            ),
            Kind.SECRET,
            "whsec_…",
            "https://dashboard.stripe.com/test/webhooks",
            (
                "for local work: run stripe listen --print-secret, signed in to the same sandbox as the secret key",
                "for a deployed address: open its endpoint on this page and reveal the signing secret",
            ),
        ),
        Key(
            "publishable",
            "publishable key",
            (
                "STRIPE_PUBLISHABLE_KEY",
                r"STRIPE_(\w+_)?(PUBLISHABLE|PUBLIC)_(API_)?KEY",
                r"STRIPE_(PUBLISHABLE|PUBLIC|PK|PKEY)",
                r"STRIPE_PK_(TEST|LIVE)",
            ),
            Kind.PUBLIC,
            "pk_test_…",
            _KEYS_PAGE,
            (
                "open an account; no company data is needed for a sandbox",
                "choose the sandbox at the top left",
                "copy the publishable key",
            ),
        ),
        Key(
            "secret",
            "secret key",
            (
                "STRIPE_SECRET_KEY",
                r"(NEXT_PRIVATE_)?STRIPE_(\w+_)?(SECRET|RESTRICTED)_(API_)?KEY",
                r"(NEXT_PRIVATE_)?STRIPE_(API_KEY|SECRET|SK|SKEY|KEY|PRIVATE_KEY)",
                r"STRIPE_SK_(TEST|LIVE)",
            ),
            Kind.SECRET,
            "sk_test_… or rk_test_…",
            _KEYS_PAGE,
            (
                "open an account; no company data is needed for a sandbox",
                "choose the sandbox at the top left",
                "reveal the secret key and copy it",
            ),
        ),
    )
    credentials = (Credential("", "secret key", ("secret",), (_HOST,)),)
    rotations = (
        Rotation(
            "secret",
            "guided",
            "Servers and colleagues that use the same key; webhook secrets are independent of it.",
            "when you choose: the dialog offers a delay before it expires",
            _KEYS_PAGE,
            (
                "open the menu beside the key and choose to rotate it",
                "choose when the old one expires",
                "copy the new one",
            ),
        ),
        Rotation(
            "webhook",
            "guided",
            "Deliveries to the endpoint whose secret it is; the local one of the Stripe CLI is not changed by this.",
            "when you delete the old endpoint",
            "https://dashboard.stripe.com/test/webhooks",
            (
                "add a second endpoint with the same address and events",
                "use its signing secret",
                "delete the first one",
            ),
        ),
    )
    account = "https://dashboard.stripe.com/register"
    purpose = "payments"
    limits = "sandboxes cost nothing; keys made by stripe login end after 90 days (November 2026)"

    def claim(self, name: str, value: str) -> tuple[str, int] | None:
        """Know names; by value alone only prefixes that no other service hands out."""
        by_name = super().claim(name, value)
        if by_name is not None and by_name[0] == "secret" and without_public_prefix(name) != name:
            # A browser's STRIPE_KEY is the publishable one, unless it calls itself secret.
            return by_name if re.search(r"SECRET|RESTRICTED|PRIVATE|_SK\b", name) else ("publishable", by_name[1])
        if by_name is not None:
            return by_name
        if re.fullmatch(r"(rk_(test|live)|rkcs)_[A-Za-z0-9]{10,}|sk_(test|live)_51[A-Za-z0-9]{20,}", value):
            return "secret", 1
        if re.fullmatch(r"pk_(test|live)_[A-Za-z0-9]{20,}", value) and not _looks_like_clerk(value):
            return "publishable", 1
        if value.startswith("whsec_") and re.search(r"STRIPE|CHECKOUT|PAYMENT", without_public_prefix(name)):
            return "webhook", 1
        return None

    def shape(self, key: Key, value: str) -> Shape:
        """Tell kinds and modes by prefix."""
        if key.id == "webhook":
            return self._webhook(value)
        wanted = (
            "the secret one starts with sk_test_" if key.id == "secret" else "the publishable one starts with pk_test_"
        )
        if value.startswith("whsec_"):
            return Shape(False, f"this is a webhook signing secret; {wanted}")
        if value.startswith("sk_org_"):
            return Shape(False, f"this is an organization's key, for no single account; {wanted}")
        if value.startswith("oak_"):
            return Shape(False, f"this is a login token of the Stripe CLI, not a key for apps; {wanted}")
        if re.match(r"(acct|we|price|prod|cus)_[A-Za-z0-9]", value):
            return Shape(False, f"this is the id of an object in Stripe, not a key; {wanted}")
        match = _KEY.fullmatch(value)
        if match is None or (match["mode"] is None) != (match["kind"] == "rkcs"):
            if prefix := re.match(r"(?:sk|rk|pk)_(test|live)_", value):
                said = "behind its prefix a key has only letters and digits, 10 at least; copy it whole"
                return Shape(False, said, prefix[1])
            return Shape(False, wanted)
        kind, mode = match["kind"], match["mode"] or "test"
        if len(set(match["body"])) < 4:
            return Shape(False, f"this is a placeholder; {wanted}")
        if (kind == "pk") != (key.id == "publishable"):
            this = "a publishable key" if kind == "pk" else "a secret key, which must never reach the browser"
            return Shape(False, f"this is {this}; {wanted}", mode)
        if kind == "pk" and _looks_like_clerk(value):
            return Shape(False, "this is Clerk's publishable key; Stripe's comes from the Stripe dashboard", mode)
        if mode == "live":
            return Shape(True, "a live key: real money; local set-up needs one of a sandbox, with _test_", mode)
        if kind == "rkcs":
            return Shape(True, "a restricted key of a claimable sandbox, which ends after 7 days unless claimed", mode)
        names = {"sk": "a secret key", "rk": "a restricted key", "pk": "a publishable key"}
        return Shape(True, f"{names[kind]}, test mode", mode)

    @staticmethod
    def _webhook(value: str) -> Shape:
        if _WEBHOOK.fullmatch(value):
            if len(set(value[6:])) < 4:
                return Shape(False, "this is a placeholder; stripe listen --print-secret prints the real one")
            if re.fullmatch(r"whsec_[0-9a-f]{64}", value):
                return Shape(True, "a webhook signing secret, of the form that the Stripe CLI gives for local work")
            return Shape(True, "a webhook signing secret")
        if value.startswith("we_"):
            return Shape(False, "this is the id of a webhook endpoint; its signing secret starts with whsec_")
        if _KEY.fullmatch(value):
            return Shape(False, "this is an API key; a webhook signing secret starts with whsec_")
        return Shape(False, "a webhook signing secret starts with whsec_")

    async def verify(self, credential: Credential, values: Values, machine: Machine) -> Verdict:
        """Ask for the account that the key belongs to: `GET /v1/account`."""
        value = values.text("secret")
        shape = self.shape(self.key("secret"), value)
        if shape.mode == "live":
            return kept_back("a live key is not sent from a local set-up")
        if not shape.fits:
            return kept_back(shape.text)
        reply = await ask(
            machine,
            Request(
                "stripe",
                f"https://{_HOST}",
                "/v1/account",
                credential.hosts,
                headers={"Authorization": Secret("Bearer " + value)},
                seconds=credential.seconds,
            ),
        )
        if isinstance(reply, Verdict):
            return reply
        found = reply.object()
        error = found.get("error")
        if reply.status == 200 and found.get("object") == "account" and _is_account(found.get("id")):
            return self._account(found, value)
        if reply.status == 401 and isinstance(error, dict) and isinstance(error.get("message", error.get("type")), str):
            if error.get("code") == "api_key_expired":
                return refused(
                    "Stripe says that this key has expired",
                    detail="keys made by stripe login end after 90 days, rotated keys when their delay is over",
                )
            return refused("Stripe does not know this key", detail="it was rolled, deleted, or cut when it was copied")
        if reply.status == 403 and isinstance(error, dict):
            # The refusal of a restricted key names its account.
            match = re.search(r"\bacct_[A-Za-z0-9]{8,40}\b", str(error.get("message", "")))
            identity = {"mode": "test"} | ({"account": match[0]} if match else {})
            whose = f" of account {match[0]}" if match else ""
            return limited(
                f"a real key{whose}, without the permission to read the account",
                identity,
                detail="whether it may do all that the app needs shows only in use",
            )
        return odd(_HOST, reply)

    @staticmethod
    def _account(found: dict[str, object], value: str) -> Verdict:
        account = str(found["id"])
        name = ""
        settings, profile = found.get("settings"), found.get("business_profile")
        dashboard = settings.get("dashboard") if isinstance(settings, dict) else None
        for holder, field in ((dashboard, "display_name"), (profile, "name")):
            if isinstance(holder, dict) and isinstance(holder.get(field), str) and not name:
                name = line(holder[field], limit=80)
        identity = {"account": account, "mode": "test"}
        if name:
            identity["name"] = name
        for field in ("country", "email"):
            if isinstance(text := found.get(field), str) and text:
                identity[field] = line(text, limit=120)
        whose = f"“{name}” ({account})" if name else account
        detail = "a claimable sandbox: it ends after 7 days unless claimed" if value.startswith("rkcs_") else ""
        return accepted(f"account {whose}, test mode", identity, detail=detail)

    def compare(self, values: Values, verdicts: Mapping[str, Verdict]) -> Verdict | None:
        """Hold modes against each other, and accounts as far as they can be told.

        `verdicts["cli"]`, where the caller has it, carries the account that the Stripe CLI is logged in to.
        """
        secret, publishable = values.text("secret"), values.text("publishable")
        account = verdicts[""].identity.get("account", "") if "" in verdicts else ""
        cli = verdicts["cli"].identity.get("account", "") if "cli" in verdicts else ""
        if secret and publishable:
            modes = [
                self.shape(self.key(id), text).mode for id, text in (("secret", secret), ("publishable", publishable))
            ]
            if None not in modes and modes[0] != modes[1]:
                return refused(
                    f"the secret key is for {modes[0]} mode, the publishable one for {modes[1]} mode",
                    detail="what one of them makes, the other cannot see; copy both from one page",
                )
        if account and cli and account != cli:
            return limited(
                f"the secret key is of account {account}, the Stripe CLI is signed in to {cli}",
                {"account": account, "cli": cli},
                detail="webhooks of one account never reach the listener of the other",
                step=Tell("sign the Stripe CLI in to the account of the secret key", command="stripe login"),
            )
        start = account.removeprefix("acct_")[:14] if account else _account_part(secret)
        if start and _account_part(publishable):
            same = _account_part(publishable).startswith(start[:14])
            if not same:
                return limited(
                    "the publishable key looks like one of another account than the secret key",
                    detail="keys of one account usually begin alike behind their prefix; copy both from one page",
                )
            return accepted("both keys look like those of one account")
        return (
            accepted(f"the Stripe CLI and the secret key are of one account ({account})") if account and cli else None
        )


def _is_account(id: object) -> bool:
    return isinstance(id, str) and re.fullmatch(r"acct_[A-Za-z0-9]{4,60}", id) is not None


def _account_part(value: str) -> str:
    """Return what names the account in a modern key (`sk_test_51ABC…` belongs to `acct_1ABC…`); empty in an old one.

    Seen, never documented: it may lead to a warning, not to an error.
    """
    match = re.fullmatch(r"[sp]k_(?:test|live)_5(1[A-Za-z0-9]{24,})", value)
    return match[1][:14] if match else ""


provider = Stripe()
