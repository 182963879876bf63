"""Brevo (formerly Sendinblue): the API key for e-mail, and the SMTP password, which is another thing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from onboard.clean import line
from onboard.model import Kind, Open, Secret, Shape, Tell, Verdict
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
    unclear,
)

if TYPE_CHECKING:
    from onboard.machine import Machine

_HOST = "api.brevo.com"
_PAGE = "https://app.brevo.com/settings/keys/api"
_ADDRESSES = "https://app.brevo.com/security/authorised_ips"


class Brevo(Provider):
    """Transactional e-mail. A 401 may mean the address that asks, not the key."""

    id = "brevo"
    title = "Brevo"
    keys = (
        Key(
            "secret",
            "API key",
            ("BREVO_API_KEY", r"(BREVO|SENDINBLUE|SIB)_(V3_)?(API_)?(KEY|TOKEN|SECRET)"),
            Kind.SECRET,
            "xkeysib-…",
            _PAGE,
            ("open an account", "open SMTP & API, API keys", "choose Generate a new API key and copy it"),
        ),
        Key(
            "smtp",
            "SMTP key",
            ("BREVO_SMTP_KEY", r"(BREVO|SENDINBLUE)_SMTP_(KEY|PASS|PASSWORD)"),
            Kind.SECRET,
            "xsmtpsib-…",
            "https://app.brevo.com/settings/keys/smtp",
            ("open an account", "open SMTP & API, SMTP", "choose Generate a new SMTP key and copy it"),
        ),
    )
    credentials = (Credential("", "API key", ("secret",), (_HOST,)),)
    rotations = (
        Rotation(
            "secret",
            "guided",
            "Everything else that sends mail with the same key.",
            "when you delete it",
            _PAGE,
            ("generate a second key", "put it in place of the first", "delete the first"),
        ),
    )
    account = "https://onboarding.brevo.com/account/register"
    purpose = "e-mail"
    limits = "free plan: 300 e-mails a day (November 2026)"

    def claim(self, name: str, value: str) -> tuple[str, int] | None:
        """Know the names, or the prefixes where the name says nothing."""
        if (by_name := super().claim(name, value)) is not None:
            return by_name
        prefixes = {"xkeysib-": "secret", "xsmtpsib-": "smtp"}
        return next(((id, 1) for prefix, id in prefixes.items() if value.startswith(prefix)), None)

    def shape(self, key: Key, value: str) -> Shape:
        """Tell API keys from SMTP keys."""
        right = "the API key starts with xkeysib-" if key.id == "secret" else "the SMTP key starts with xsmtpsib-"
        if key.id == "secret" and value.startswith("xsmtpsib-"):
            return Shape(False, f"this is an SMTP key, which the API does not take; {right}")
        if key.id == "smtp" and value.startswith("xkeysib-"):
            return Shape(False, f"this is an API key; {right}")
        prefix = "xkeysib-" if key.id == "secret" else "xsmtpsib-"
        if not value.startswith(prefix):
            return Shape(False, right)
        body = value.removeprefix(prefix)
        if not re.fullmatch(r"[A-Za-z0-9_-]{40,200}", body) or len(set(body)) < 8:
            return Shape(False, "behind its prefix a key has about 80 letters and digits; copy it whole")
        return Shape(True, f"an {key.title} of Brevo")

    async def verify(self, credential: Credential, values: Values, machine: Machine) -> Verdict:
        """Ask for the account, once: from an unknown address each try may send its owner an e-mail."""
        value = values.text("secret")
        shape = self.shape(self.key("secret"), value)
        if not shape.fits:
            return kept_back(f"nothing was sent: {shape.text}")
        reply = await ask(
            machine,
            Request(
                "brevo",
                f"https://{_HOST}",
                "/v3/account",
                credential.hosts,
                headers={"api-key": Secret(value)},
                seconds=credential.seconds,
            ),
        )
        if isinstance(reply, Verdict):
            return reply
        found = reply.object()
        if reply.status == 200 and isinstance(found.get("email"), str) and "@" in found["email"]:
            return self._account(found)
        code, message = found.get("code"), str(found.get("message", ""))
        if reply.status == 401 and re.search(r"\bIPs?\b|authori[sz]ed_ips", message):
            return unclear(
                "Brevo lets in only known addresses, and does not know this machine's",
                detail=f"the key may be right; allow the address at {_ADDRESSES}",
                step=Open("allow this machine's address", _ADDRESSES),
            )
        if reply.status == 401 and code == "unauthorized":
            return refused("Brevo does not know this key", detail="it was deleted, or cut when it was copied")
        if reply.status == 402 and code == "not_enough_credits":
            return limited("a real key, but the account has no credits left")
        if reply.status == 403 and code == "account_under_validation":
            return limited(
                "a real key, but Brevo is still looking at the account", detail="no mail goes out until then"
            )
        if reply.status == 403 and code == "permission_denied":
            return limited("a real key that may not read the account")
        return odd(_HOST, reply)

    @staticmethod
    def _account(found: dict[str, object]) -> Verdict:
        identity = {"account": line(str(found["email"]), limit=120)}
        if isinstance(company := found.get("companyName"), str) and company:
            identity["company"] = line(company, limit=80)
        plans = found.get("plan")
        first = plans[0] if isinstance(plans, list) and plans and isinstance(plans[0], dict) else {}
        if isinstance(first.get("type"), str):
            identity["plan"] = line(first["type"], limit=40)
        whose = f"“{identity['company']}” ({identity['account']})" if "company" in identity else identity["account"]
        relay = found.get("relay")
        if isinstance(relay, dict) and relay.get("enabled") is False:
            return limited(
                f"account {whose}, but sending is not activated",
                identity,
                step=Tell("ask Brevo to activate transactional e-mail", url="https://app.brevo.com/"),
            )
        detail = "free plan: 300 e-mails a day" if identity.get("plan") == "free" else ""
        return accepted(f"account {whose}", identity, detail=detail)


provider = Brevo()
