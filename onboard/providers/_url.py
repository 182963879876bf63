"""Connection strings taken apart, with words for what is wrong with one. Pure; never repeats the value."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, unquote

LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1", "0.0.0.0", "host.docker.internal")  # noqa: S104 -- compared, not bound

_URL = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://"
    r"(?:(?P<user>[^:@/?#]*)(?::(?P<password>[^@/?#]*))?@)?"
    r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^:@/?#\[\]]*)(?::(?P<port>[0-9]*))?"
    r"(?:/(?P<path>[^?#]*))?(?:\?(?P<query>[^#]*))?"
)
_ENCODED = {"#": "%23", "@": "%40", "/": "%2F", "?": "%3F", ":": "%3A", "%": "%25"}


@dataclass(frozen=True, slots=True)
class Url:
    """The parts of `scheme://user:password@host:port/path?query`, decoded."""

    scheme: str
    host: str
    """In lower case, an IPv6 address without its brackets; empty where there is none."""
    port: int | None
    user: str
    password: str | None = field(repr=False)
    """`None`: no password is there, as opposed to an empty one."""
    path: str
    """Without its leading slash."""
    query: dict[str, str]

    @property
    def local(self) -> bool:
        """Whether it points to this machine."""
        return self.host in LOCAL_HOSTS


def scheme_of(value: str) -> str:
    """Return the scheme in lower case; empty where `value` does not start like a URL."""
    head, mark, _ = value.partition("://")
    return head.lower() if mark and re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*", head) else ""


def host_of(value: str) -> str:
    """Return the host as far as it can be told, in lower case; works on half-right URLs and placeholders too."""
    rest = value.partition("://")[2]
    authority = re.split(r"[/?#]", rest.rpartition("@")[2] if "@" in rest else rest, maxsplit=1)[0]
    return re.sub(r":[0-9]*$", "", authority).strip("[]").lower()


def parse(value: str) -> Url | str:
    """Return the parts of `value`, or one sentence on why it cannot be taken apart and what to do."""
    match = _URL.fullmatch(value)
    if match is None:
        return _trouble(value)
    texts = [match["user"], match["password"], match["path"]]
    if any(re.search(r"%(?![0-9A-Fa-f]{2})", text) for text in texts if text):
        return "a % stands in it that is no percent-code; in a password it is written %25"
    port = int(match["port"]) if match["port"] else None
    if port is not None and not 0 < port < 65536:
        return "its port is not a number from 1 to 65535"
    return Url(
        scheme=match["scheme"].lower(),
        host=match["host"].strip("[]").lower(),
        port=port,
        user=unquote(match["user"] or ""),
        password=None if match["password"] is None else unquote(match["password"]),
        path=unquote(match["path"] or ""),
        query=dict(parse_qsl(match["query"] or "", keep_blank_values=True)),
    )


def _trouble(value: str) -> str:
    """Say why `value` is no URL; above all the raw characters that move the end of a password."""
    if not scheme_of(value):
        return "it is not a URL: it has to start with a scheme and ://"
    if any(char.isspace() for char in value):
        return "it holds a blank"
    rest = value.partition("://")[2]
    userinfo, mark, _ = rest.rpartition("@")
    if mark:
        password = userinfo.partition(":")[2]
        for char in "#/?@:":
            if char in password:
                code = _ENCODED[char]
                return f"its password holds a raw {char}, which readers take for the end of it; write {code} there"
    if "#" in rest:
        return "it holds a raw #, behind which nothing is read; in a password it is written %23"
    if re.search(r":[^0-9/?@]+(?:[/?]|$)", rest):
        return "its port is not a number; a raw character in the password (/ ? # @) has the same effect"
    return "its user, host and path cannot be told apart; a raw character in the password has this effect"


def supabase_ref(url: Url) -> str:
    """Return the Supabase project that a connection string names in its host or user; empty: none."""
    match = re.fullmatch(r"db\.([a-z]{20})\.supabase\.co", url.host)
    if match is None and url.host.endswith(".pooler.supabase.com"):
        match = re.fullmatch(r"[^.]+\.([a-z]{20})", url.user)
    return match[1] if match else ""


def with_password(value: str, password: str) -> str:
    """Return the URL `value` with another password, all else as it was."""
    match = _URL.fullmatch(value)
    if match is None or match["user"] is None:
        raise ValueError("not a URL with a user")
    end = match.end("user")
    rest = value[match.end("password") if match["password"] is not None else end :]
    return f"{value[:end]}:{quote(password, safe='')}{rest}"
