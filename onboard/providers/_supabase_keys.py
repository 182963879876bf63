"""What Supabase's keys say of themselves: kind, role, project. Pure."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from typing import Any

from onboard.model import Shape
from onboard.providers._url import Url

REF = re.compile(r"[a-z]{20}")
"""A project's id."""
_LOCAL_KEYS = (
    "sb_publishable_ACJWlzQHlZjBrEguHvfOxg_3BJgxAaH",
    "sb_secret_N7UND0UgjKTVK-Uodkm0Hg_xSvEMPvz",
)
"""Of the local stack: the same on every machine, published with the Supabase CLI."""


def key_shape(id: str, value: str) -> Shape:
    """Say what a value for the key `id` (`secret` or `public`) is."""
    right = "the secret one starts with sb_secret_" if id == "secret" else "the publishable one with sb_publishable_"
    if value.startswith("sbp_"):
        return Shape(False, f"this is an access token for the account; {right}")
    new = re.fullmatch(r"sb_(publishable|secret)_[A-Za-z0-9_-]{20,200}", value)
    if new:
        if (new[1] == "secret") == (id == "secret"):
            return Shape(True, f"a {new[1]} key" + (" of the local stack" if value in _LOCAL_KEYS else ""))
        this = "a secret key, which must never reach the browser" if new[1] == "secret" else "a publishable key"
        return Shape(False, f"this is {this}; {right}")
    claims = claims_of(value)
    role = claims.get("role")
    if not claims or role not in ("anon", "service_role"):
        return Shape(False, f"it is none of Supabase's keys; {right}")
    if (role == "service_role") != (id == "secret"):
        this = "a service_role key, which must never reach the browser" if id == "public" else "an anon key"
        return Shape(False, f"this is {this}; {right}")
    where = "of the local stack" if claims.get("iss") == "supabase-demo" else "of the old kind"
    return Shape(True, f"a {role} key {where}")


def claims_of(value: str) -> Mapping[str, Any]:
    """Return what a JWT says of itself, unchecked; empty where `value` is none."""
    parts = value.split(".")
    if len(parts) != 3 or not value.startswith("eyJ") or len(value) > 8192:
        return {}
    try:
        found = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def mismatch(value: str, address: Url | str) -> str:
    """Say why this key can never work with this address, from the two alone; empty where it may."""
    if isinstance(address, str) or not value:
        return ""
    claims = claims_of(value)
    ref = address.host.removesuffix(".supabase.co") if address.host.endswith(".supabase.co") else ""
    if (value in _LOCAL_KEYS or claims.get("iss") == "supabase-demo") and not address.local and ref:
        return f"the key is the local stack's, which everybody knows; the URL is of project {ref}"
    named = claims.get("ref")
    if isinstance(named, str) and REF.fullmatch(named) and (address.local or (ref and named != ref)):
        return f"the key is of project {named}, the URL of {ref or 'the local stack'}"
    return ""
