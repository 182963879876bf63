"""How a demo tool is started: by a small script in the demo's private folder of programs."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import NoReturn

from onboard.machine import Machine
from onboard.sandbox.tools import node, pnpm, stripe
from onboard.sandbox.tools.words import Place

_TOOLS = {"node": node.main, "pnpm": pnpm.main, "stripe": stripe.main}


def _stop(signum: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def main() -> int:
    """Run the tool; the words are: the demo's file of endpoints, the tool's name, its own words."""
    endpoints, tool, *words = sys.argv[1:]
    place = Place(json.loads(Path(endpoints).read_bytes()), Machine.here().env, Path.cwd())
    signal.signal(signal.SIGTERM, _stop)
    try:
        return _TOOLS[tool](place, words)
    except KeyboardInterrupt:
        return 0
    except BrokenPipeError:
        return 1


sys.exit(main())
