"""Small repositories of our own making: a dict of paths and texts becomes a folder."""

import json
from collections.abc import Mapping
from pathlib import Path

from onboard.project import App, Project, understand

Files = Mapping[str, object]
"""Path → text, bytes, or what becomes JSON."""


def repository(folder: Path, files: Files) -> Path:
    """Write the files, JSON where the text is a mapping; return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(text, bytes):
            path.write_bytes(text)
        else:
            path.write_text(text if isinstance(text, str) else json.dumps(text, indent=2), "utf-8")
    return folder


def understood(folder: Path, files: Files, app: str | None = None) -> Project:
    """Return what is understood of a repository with these files."""
    repository(folder, files)
    return understand(folder, folder / app if app else None)


def app(folder: Path, files: Files) -> App:
    """Return the main app of a repository with these files."""
    return understood(folder, files).app


def next_app(**scripts: str) -> dict[str, object]:
    """Return a package.json of a Next.js app with these scripts (`_` is `:`)."""
    named = {name.replace("_", ":"): text for name, text in scripts.items()}
    return {"name": "shop", "scripts": {"dev": "next dev", **named}, "dependencies": {"next": "^15.0.0"}}
