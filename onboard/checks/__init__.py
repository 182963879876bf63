"""What can be looked at, one file a kind of thing; here they come together."""

from __future__ import annotations

import time
from collections.abc import Iterable
from importlib import import_module
from inspect import isawaitable

from onboard.checks._base import Check, View
from onboard.model import Finding, Status

_MODULES = (
    "variables", "files", "drift", "apps", "code", "repository", "live", "rotation", "age", "tools", "keyring",
    "git", "compose", "local", "database", "webhooks", "ports", "remote",
)  # fmt: skip
"""Modules of this folder, in the order in which their findings are told. Each has `checks(view)`."""


def everything(view: View) -> tuple[Check, ...]:
    """Return all checks of this project, in steady order."""
    return tuple(check for name in _MODULES for check in import_module(f"onboard.checks.{name}").checks(view))


def look_offline(view: View, checks: Iterable[Check]) -> list[Finding]:
    """Return the findings of all checks that need nothing outside; no event loop is needed."""
    found = (plain(view, check) for check in checks if not check.outside)
    return [finding for finding in found if finding is not None]


def plain(view: View, check: Check) -> Finding | None:
    """Return the finding of a check that does not wait."""
    started = time.perf_counter()
    try:
        finding = check.look(view)
        assert not isawaitable(finding), check.id  # noqa: S101 -- a check that waits must say `outside`
    except Exception as error:
        finding = crashed(check, error)
    return finding.with_time(elapsed_ms(started)) if finding else None


def crashed(check: Check, error: Exception) -> Finding:
    """A broken check says so; the error's own text may hold anything, so only its kind is told."""
    return check.says(
        Status.UNKNOWN,
        "this check broke off; that is a fault of onboard",
        detail=f"{type(error).__name__} in {check.id}",
    )


def elapsed_ms(started: float) -> int:
    """Return whole milliseconds since `started` (a `time.perf_counter()`)."""
    return round((time.perf_counter() - started) * 1000)
