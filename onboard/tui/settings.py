"""The user's own settings: theme and keys, from `config.toml` in the user's config folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from onboard import clean

_LIMIT = 100_000
"""Bytes."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a user chose."""

    theme: str | None = None
    """`None`: what suits the terminal."""
    keymap: Mapping[str, str] = field(default_factory=dict)
    """Id of a binding → keys, parted by commas."""
    trouble: str = ""
    """Why the file was not taken, in words; empty: it was, or there is none."""


def load(folder: Path) -> Settings:
    """Return what `config.toml` in `folder` says; what cannot be read is said, never fatal."""
    path = folder / "config.toml"
    if not path.exists():
        return Settings()
    import tomllib

    try:
        with path.open("rb") as file:
            found = tomllib.loads(file.read(_LIMIT).decode())
    except FileNotFoundError:
        return Settings()
    except (OSError, ValueError):
        return Settings(trouble=f"{clean.line(str(path))} cannot be read as TOML; theme and keys are the usual ones")
    theme = found.get("theme")
    keymap = found.get("keymap")
    keys = keymap if isinstance(keymap, dict) else {}
    return Settings(
        theme=theme if isinstance(theme, str) else None,
        keymap={id: keys[id] for id in keys if isinstance(keys[id], str) and keys[id].strip(", ")},
    )


def suits(env: Mapping[str, str]) -> str:
    """Return the theme that suits the terminal: its own 16 colours where it has no more, light where it says so."""
    dark = not env.get("COLORFGBG", "").endswith((";7", ";15"))
    many = bool(env.get("COLORTERM")) or any(
        word in env.get("TERM", "") for word in ("256", "kitty", "direct", "alacritty")
    )
    if env.get("NO_COLOR") or not many:
        return "ansi-dark" if dark else "ansi-light"
    return "onboard-dark" if dark else "onboard-light"
