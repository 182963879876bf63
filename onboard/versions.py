"""Versions and ranges as repositories write them (`24`, `>=20.9`, `^9.7.1`, `20.x || 22`, `lts/*`). Pure."""

from __future__ import annotations

import re

_NUMBER = re.compile(r"v?(\d+)(?:\.(\d+|[xX*]))?(?:\.(\d+|[xX*]))?(?:[-+][0-9A-Za-z.+-]+)?")

Version = tuple[int, int, int]


def parse(text: str) -> Version | None:
    """Return the first version in `text` (`v24.1.0`, `stripe version 1.52.0`); `None` where there is none."""
    match = re.search(r"\d+\.\d+(?:\.\d+)?|\d+", text)
    if match is None:
        return None
    parts = [int(part) for part in match[0].split(".")] + [0, 0]
    return parts[0], parts[1], parts[2]


def fits(version: Version, spec: str) -> bool | None:
    """Whether `version` is in the range `spec`; `None` where the range is written in a way that we cannot read."""
    answers = [_all(version, part) for part in spec.split("||")]
    return True if True in answers else None if None in answers else False


def _all(version: Version, spec: str) -> bool | None:
    spec = re.sub(r"(>=|<=|>|<|=|~|\^)\s+", r"\1", spec.strip())
    if low_high := re.fullmatch(r"(\S+)\s+-\s+(\S+)", spec):
        spec = f">={low_high[1]} <={low_high[2]}"
    if spec.lower().startswith("lts/"):
        return None if spec.lower() not in ("lts/*", "lts/-1") else version[0] % 2 == 0
    if spec in ("", "*", "latest", "node", "current"):
        return True
    answers = [_one(version, word) for word in spec.split()]
    return False if False in answers else None if None in answers else True


def _one(version: Version, word: str) -> bool | None:
    operator = re.match(r">=|<=|>|<|=|~|\^", word)
    sign = operator[0] if operator else ""
    rest = word[len(sign) :]
    plus = rest.endswith("+")
    match = _NUMBER.fullmatch(rest.removesuffix("+"))
    if match is None:
        return None
    given = [int(part) for part in match.groups() if part is not None and part.isdigit()]
    filled = [*given, 0, 0]
    low: Version = filled[0], filled[1], filled[2]
    next_up = _next(given)
    if sign == ">=" or plus:
        return version >= low
    if sign == ">":
        return version >= next_up
    if sign == "<":
        return version < low
    if sign == "<=":
        return version < next_up
    if sign == "~":
        return low <= version < _next(given[:2])
    if sign == "^":
        first = next((i for i, part in enumerate(given) if part), len(given) - 1)
        return low <= version < _next(given[: first + 1])
    return low <= version < next_up


def _next(given: list[int]) -> Version:
    """Return the first version after all those that start with `given`."""
    parts = [*given[:-1], given[-1] + 1, 0, 0]
    return parts[0], parts[1], parts[2]
