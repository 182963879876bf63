"""Tells a template's placeholder from a value that works as it stands on a developer's machine."""

from __future__ import annotations

import re
from collections.abc import Iterable

from onboard.model import Kind

_LOCAL_HOSTS = re.compile(
    r"^(localhost|127\.\d+\.\d+\.\d+|0\.0\.0\.0|\[::1?\]|host\.docker\.internal|[\w-]+\.(localhost|local|internal)|\$\{?\w+\}?|"
    r"(?!(host|hostname|url|domain|server|example|endpoint|address|project|your|user|ep|xxx)(-|_|$))[a-z][a-z0-9]*([-_][a-z0-9]+)*)$",
    re.I,
)
"""This machine, or a name without dots: a compose service. A reference (`${PGHOST}`) counts as local."""
_URL = re.compile(
    r"^(?P<scheme>[a-z][a-z0-9+.-]*)://(?:(?P<user>[^/@]*)@)?(?P<host>\[[^\]]*\]|[^/:?#]*)(?P<rest>.*)$", re.I | re.S
)
_SEVERAL = re.compile(r"^https?://[^\s,]+(,\s*https?://[^\s,]+)+$", re.I)
"""Web addresses in a list, as allowed origins are."""
_MARKS = re.compile(
    r"\.\.\.|…|\*{2,}|[•●·]{2,}|x{3,}|<[^<>]+>|\[[A-Za-z][^\[\]]*\]|\{\{.*\}\}|__\w+__|_{3,}|"
    r"\b(your|yours?r?)([-_ ]|[A-Z]|$)|[-_ /.]your[-_ ]|^your|\byour\b|change[-_ ]?(me|this|it)|replace[-_ ]?(me|"
    r"this|with)?\b|"
    r"update[-_ ]this|to[-_ ]?be[-_ ]|fill[-_ ]?(in|me|this)|insert[-_ ]|^add[-_ ]|paste[-_ ]|enter[-_ ]|put[-_ ]?your|"
    r"\bto-?do\b|fixme|placeholder|example\.(com|org|net|gserviceaccount)|example-?(key|token|secret|id)|"
    r"\bsome[-_ ](key|"
    r"secret|token|value|random)|something|yolo|any[-_]token|random[-_ ]?(string|secret|key|value)|(secret|key|"
    r"token)[-_ ]here|"
    r"(\b|_)here$|^get[-_ ]|/(abc|xyz)(/|$)|"
    r"^(mock|fake|dummy|stub|sample|my|foo|bar|baz)[-_]|^(foo|bar|baz|foobar|dummy|stub|fake|mock|none|null|undefined|"
    r"tbd|n/a|secret|supersecret|s3cret|password123|abc|abcd?e?f?|abc123|abcdef\w*|1234\w*|012345\d*|123456\d*)$|"
    r"yoursite|(^|[@.])domain\.(com|tld)\b|yourdomain|yourcompany|yourapp|mysite\.com|mydomain|\.example(/|:|$)|ep-xxx|user:pass(word)?@(?!localhost|127)|"
    r"username:password@(?!localhost|127)|johndoe:randompassword|super[-_ ]?(duper|secret|s3cret)|optional$",
    re.I,
)
_PREFIX_ONLY = re.compile(
    r"^(([a-z]{2,8}[_-])+(test|live|proj|dev|prod|sandbox)?[_-]?|whsec|sk-|pk-|sk-ant-?|eyJ|AIza|ghp|xoxb-?|phc|gsk|SG\.?|key-|AC|re_)$"
)
_SHORT_TEST_KEY = re.compile(r"^[a-z]{2,6}_(test|live|dev)?_?[a-z0-9]{0,6}$", re.I)
_LOCAL_WORDS = {"postgres", "minio", "minioadmin", "root", "guest", "admin", "postgrespassword", "test"}
_KNOWN_GOOD = re.compile(
    r"^([123]x0{10,}|6Le(IxAc|IxAcTAAAAA)|10000000-ffff-ffff-ffff-0000000000|0x0{30,})"
    r"|eyJpc3MiOiJzdXBhYmFzZS1kZW1v|eyAgCiAgICAicm9sZSI6|^sb_(publishable|secret)_(ACJWlzQHlZjBrEguHvfOxg_|N7UND0Ugj)",
)
"""Keys that their services publish for development: Turnstile's and reCAPTCHA's test keys, Supabase's local stack."""
_ISSUED_NAMES = ("KEY", "TOKEN", "SECRET", "_ID")
_JSONISH = re.compile(r"^[\[{]\s*[\"'\]}]")


_MADE_UP = re.compile(r"made[-_ ]?up|super[-_ ]?(duper[-_ ]?)?(s[e3]cret|strong)|\brandom|_random|s3cret", re.I)


def made_up(name: str, value: str, others: Iterable[str]) -> bool:
    """Whether a secret's sample says that any will do (`super-duper-s3cret`), and no other name is of its family.

    An OAuth secret has an ID beside it and is its service's, whatever its sample says.
    """
    if not re.search(r"(SECRET|SALT|PEPPER|TOKEN|_KEY)$", name) or re.search(r"CLIENT|WEBHOOK|OAUTH|API_", name):
        return False
    family = name.rpartition("_")[0] + "_"
    alone = family != "_" and not any(other.startswith(family) for other in others if other != name)
    return alone and bool(_MADE_UP.search(value))


def local(url: str) -> bool:
    """Whether a URL points at this machine or a compose service."""
    match = _URL.match(url)
    return bool(match and _LOCAL_HOSTS.match(match["host"]))


def reference(value: str) -> bool:
    """Whether a value is none but says where it lies: a 1Password reference, alone or within a text."""
    return "op://" in value


def placeholder(name: str, value: str, kind: Kind, *, generated: bool = False, beside_local: bool = False) -> bool:
    """Whether a template's value must never be used.

    An empty value is none: there is nothing to be misused. `generated`: the repository or everybody makes it locally,
    so that a sample is no reason to keep it. `beside_local`: a host of the same group is on this machine.
    """
    if not value:
        return False
    bare = value.strip()
    if not bare or reference(bare):
        return True
    if _KNOWN_GOOD.search(bare):
        return False
    if _SEVERAL.match(bare):
        return any(placeholder(name, each.strip(), kind) for each in bare.split(","))
    url = _URL.match(bare)
    if url:
        return _bad_url(bare, url)
    if bare.lower() in ("true", "false", "0", "yes", "no", "on", "off"):
        return False
    if bare.upper() == name or bare.upper().replace("-", "_") == name:
        return True
    if _JSONISH.match(bare) and kind is Kind.PUBLIC:
        return False
    if name.endswith("PREFIX"):
        return False
    if _MARKS.search(bare) or _PREFIX_ONLY.match(bare) or bare.endswith(("_...", "...")):
        return not (beside_local and bare.lower() in _LOCAL_WORDS | {"password", "secret"})
    if kind is Kind.SECRET:
        if generated:
            return True
        return not (beside_local or bare.lower() in _LOCAL_WORDS)
    if name.endswith(_ISSUED_NAMES) and re.fullmatch(
        r"[A-Za-z]+([-_ ][A-Za-z]+)*[-_ ]?(key|token|secret|id)", bare, re.I
    ):
        return True
    if name.endswith(("_ID", "_IDS")) and (_SHORT_TEST_KEY.match(bare) or (bare.isdigit() and len(bare) > 3)):
        return True
    return bool(_SHORT_TEST_KEY.match(bare)) or bare.startswith(("pk_test_", "pk_live_", "UA-", "G-X"))


def _bad_url(value: str, url: re.Match[str]) -> bool:
    host, user = url["host"], url["user"] or ""
    if url["scheme"].lower() == "file":
        return bool(_MARKS.search(value))
    if _LOCAL_HOSTS.match(host):
        return bool(
            re.search(
                r"[<\[*]|\.\.\.|xxx|johndoe:randompassword|^your|your[-_]|^user(name)?:(pass(word)?|pwd)$", user, re.I
            )
            or re.search(r"\.\.\.|<|your[-_]|\*\*", url["rest"], re.I)
        )
    if url["scheme"].lower() in ("http", "https") and not user:
        return bool(_MARKS.search(value) or host in ("host", "url", "domain", "example") or "." not in host)
    return True
