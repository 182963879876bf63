"""The secret that signs sessions (Auth.js, NextAuth, Better Auth): random, made here, asked of nobody."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from onboard.errors import OnboardError
from onboard.model import Kind, Secret, Shape, Verdict
from onboard.providers._base import (
    Fresh,
    Key,
    Provider,
    Provision,
    Rotation,
    Values,
    accepted,
    kept_back,
)

if TYPE_CHECKING:
    from onboard.machine import Machine

LEAST = 32
"""Characters."""
_LIST = ("auth", "auth_1", "auth_2", "auth_3")
"""Auth.js reads these; the highest that is there signs, all of them still open what they signed."""
_WORDS = re.compile(
    r"your|change|replace|secret|example|placeholder|generate|random|please|here|min|char|password|openssl|key|todo",
    re.IGNORECASE,
)


def _key(id: str, title: str, name: str) -> Key:
    return Key(id, title, (name,), Kind.SECRET, "44 random characters", "", made_here=True)


class AuthSecret(Provider):
    """Only length and variety can be looked at. Each developer has one of their own."""

    id = "authsecret"
    brands = ("NEXTAUTH", "BETTER_AUTH")
    title = "Auth secret"
    keys = (
        _key("auth", "Auth.js secret", "AUTH_SECRET"),
        *(_key(f"auth_{n}", f"Auth.js secret {n}", f"AUTH_SECRET_{n}") for n in (1, 2, 3)),
        _key("nextauth", "NextAuth secret", "NEXTAUTH_SECRET"),
        _key("better", "Better Auth secret", "BETTER_AUTH_SECRET"),
    )
    rotations = (
        Rotation(
            "auth",
            "local",
            "Nothing at once: the new secret signs, the old ones still open what they signed (Auth.js 5).",
            "when it falls off the end of the list AUTH_SECRET, AUTH_SECRET_1 to _3",
        ),
        Rotation("nextauth", "local", "Everybody is signed out, and e-mail links under way stop working.", "at once"),
        Rotation("better", "local", "Everybody is signed out.", "at once"),
    )
    provisions = tuple(
        Provision(id, "a random secret", (), (id,), "Made on this machine; 32 random bytes. Nobody else has it.")
        for id in ("auth", "nextauth", "better")
    )
    purpose = "sessions of signed-in users"

    def shape(self, key: Key, value: str) -> Shape:
        """Look at length and variety, and for words that a random text would not hold."""
        if len(value) < LEAST:
            return Shape(False, f"a secret has at least {LEAST} characters; this one has {len(value)}")
        if len(value) > 4096:
            return Shape(False, "this is too long for a secret")
        if re.match(r"(sk|pk|rk)_(test|live)_|whsec_|postgres(ql)?://|https?://|eyJ", value):
            return Shape(False, "this is a value of another kind; a session secret is a random text made here")
        if len(set(value)) < 10:
            return Shape(False, "this is hardly random: too few different characters")
        if len(_WORDS.findall(value)) >= 2:
            return Shape(False, "this reads like a placeholder; let onboard make a random one")
        return Shape(True, f"a secret of {len(value)} characters")

    async def renew(self, key: str, values: Values, machine: Machine) -> Fresh:
        """Make a new secret. For Auth.js it is put on top of the list, so that nobody is signed out."""
        if key not in _LIST:
            return Fresh({key: random_secret()}, old_dead=True)
        held = [values.text(id) for id in _LIST if id in values]
        # The oldest falls off where the list is full.
        kept = [Secret(text) for text in held[-(len(_LIST) - 1) :]]
        return Fresh(dict(zip(_LIST, [*kept, random_secret()], strict=False)))

    async def retire(self, key: str, fresh: Fresh, old: Values, new: Values, machine: Machine) -> Verdict:
        """Say what became of the old one: no service knows it, so there is nobody to ask."""
        if key in _LIST:
            return kept_back("the old secret still opens old sessions, until it falls off the list")
        if old.text(key) != new.text(key):
            return accepted("the old secret signs nothing any more, once the app has started again")
        raise OnboardError("the old secret is still in place")

    async def provision(self, offer: str, values: Values, machine: Machine) -> Mapping[str, Secret]:
        """Make one."""
        return {offer: random_secret()}


def random_secret() -> Secret:
    """Return 32 random bytes as base64, as Auth.js's own tool makes them."""
    import base64
    import secrets

    return Secret(base64.b64encode(secrets.token_bytes(32)).decode())


provider = AuthSecret()
