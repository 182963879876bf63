"""The demo's `node`: its version, and nothing that it could run."""

from __future__ import annotations

from onboard.sandbox.tools.words import Place, say, tell

VERSION = "v24.21.0"


def main(place: Place, words: list[str]) -> int:
    """Run it."""
    if words in (["--version"], ["-v"]):
        say(VERSION)
        return 0
    tell("(demo) this node tells its version and runs nothing")
    return 1
