"""Which env files a framework reads in development, and which of them wins. Measured: facts on Next 16 and Vite 8."""

from __future__ import annotations

from collections.abc import Sequence

NEXT = (".env.development.local", ".env.local", ".env.development", ".env")
VITE = (".env.development.local", ".env.development", ".env.local", ".env")
"""First to last; the real environment beats them all."""


def order(reader: str, own: str) -> tuple[str, ...]:
    """Return the names of the files that `reader` takes beside the app's `own`, the one that wins first."""
    files = {"next": NEXT, "vite": VITE}.get(reader, ())
    return files if own in files else (own,)


def after(readers: Sequence[str], own: str) -> tuple[str, ...]:
    """Return those that the reader that runs the app takes too, where `own` and what wins over it say nothing."""
    files = order(readers[0], own) if readers else (own,)
    return files[files.index(own) + 1 :]


def before(readers: Sequence[str], own: str) -> tuple[str, ...]:
    """Return those that win over `own` for the reader that runs the app."""
    files = order(readers[0], own) if readers else (own,)
    return files[: files.index(own)]
