"""Versions against the ranges that repositories write."""

import pytest

from onboard.versions import fits, parse

FITS = [
    ("24.1.0", "24", True), ("24.1.0", "v24", True), ("23.9.9", "24", False), ("24.1.0", ">=24", True),
    ("20.9.0", ">=20.9", True), ("20.8.9", ">=20.9.0", False), ("9.7.2", "9.7.1+", True), ("9.7.1", "9.7.1", True),
    ("9.7.2", "9.7.1", False), ("9.8.0", "^9.7.1", True), ("10.0.0", "^9.7.1", False), ("0.3.0", "^0.2.3", False),
    ("9.7.9", "~9.7.1", True), ("9.8.0", "~9.7.1", False), ("20.1.0", "20.x", True), ("21.0.0", "20.x", False),
    ("18.0.0", "18 || 20", True), ("19.0.0", "18 || 20", False), ("21.0.0", ">=18 <22", True),
    ("22.0.0", ">= 18 < 22", False), ("20.5.0", "18.0.0 - 20", True), ("24.0.0", "*", True), ("24.0.0", "lts/*", True),
    ("23.0.0", "lts/*", False), ("24.0.0", "lts/iron", None), ("24.0.0", "workspace:*", None), ("1.2.3", "1.2", True),
    ("1.3.0", "1.2", False), ("21.0.0", ">20", True), ("20.5.0", ">20", False), ("20.9.9", "<=20", True),
]  # fmt: skip


@pytest.mark.parametrize(("version", "spec", "expected"), FITS)
def test_a_version_fits_its_range(version: str, spec: str, expected: bool | None) -> None:
    found = parse(version)

    assert found is not None
    assert fits(found, spec) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("v24.1.0\n", (24, 1, 0)),
        ("stripe version 1.52.0", (1, 52, 0)),
        ("git version 2.39.5 (Apple Git-154)", (2, 39, 5)),
        ("Docker version 28.2.2, build e6534b4", (28, 2, 2)),
        ("nothing", None),
    ],
)
def test_a_version_is_found_in_what_a_program_prints(text: str, expected: object) -> None:
    assert parse(text) == expected
