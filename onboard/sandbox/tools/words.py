"""What the demo's tools share: where they are, how they speak, how they ask a stand-in."""

from __future__ import annotations

import json
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from onboard.envfile.readers import READERS


@dataclass(frozen=True)
class Place:
    """Where a tool runs."""

    endpoints: Mapping[str, str]
    """The demo's stand-ins by id."""
    env: Mapping[str, str]
    folder: Path

    def variables(self) -> dict[str, str]:
        """Return what the app would see: `.env.local` as Next reads it, under what the shell has."""
        file = self.folder / ".env.local"
        found: dict[str, str] = {}
        if file.is_file():
            reading = READERS["next"].read(file.read_bytes(), self.env)
            found = dict(reading) if isinstance(reading, Mapping) else {}
        return found | dict(self.env)

    def package(self) -> dict[str, Any]:
        """Return package.json; empty where there is none."""
        file = self.folder / "package.json"
        found = json.loads(file.read_bytes()) if file.is_file() else {}
        return found if isinstance(found, dict) else {}


def say(text: str = "") -> None:
    """Write a line to stdout at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def tell(text: str) -> None:
    """Write a line to stderr at once."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def ask(url: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
    """Post to a server on this machine; return status and body. Raises OSError where it is not there."""
    if urlsplit(url).hostname not in ("127.0.0.1", "localhost"):
        raise OSError("the demo's tools speak to this machine alone")
    request = urllib.request.Request(url, body, dict(headers), method="POST")  # noqa: S310 -- the host is held above
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect())
    try:
        with opener.open(request, timeout=30) as reply:
            return reply.status, reply.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()
    except urllib.error.URLError as error:
        raise OSError(str(error.reason)) from None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: object, **kwargs: object) -> None:
        return None
