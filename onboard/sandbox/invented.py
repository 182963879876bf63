"""Values in the shapes that services hand out: random on each run and worth nothing anywhere."""

import secrets
import string

_ALNUM = string.ascii_letters + string.digits


def alnum(length: int) -> str:
    """Return `length` random letters and digits."""
    return "".join(secrets.choice(_ALNUM) for _ in range(length))


def lower(length: int) -> str:
    """Return `length` random lower-case letters and digits."""
    return alnum(length).lower()


def hexa(length: int) -> str:
    """Return `length` random hex digits."""
    return secrets.token_hex((length + 1) // 2)[:length]


def digits(length: int) -> str:
    """Return `length` random digits, the first not 0."""
    return str(secrets.choice("123456789")) + "".join(secrets.choice(string.digits) for _ in range(length - 1))


def number(below: int) -> int:
    """Return a random number under `below`."""
    return secrets.randbelow(below)
