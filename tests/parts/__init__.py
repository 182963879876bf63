"""The real parts that tests start: npm tools, PostgreSQL, Redis, the sample project.

A part that is missing skips the test, and says which part and how to get it; under CI it fails the test instead.
"""

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache" / "parts"
MODULES = CACHE / "node_modules"
STORE = CACHE / "pnpm-store"
PROJECT = ROOT / "onboard" / "sandbox" / "project"

NODE_FOLDER = MODULES / "node" / "bin"
STRIPE = MODULES / "@stripe" / "cli-linux-x64" / "bin" / "stripe"
"""The binary itself, as Homebrew and apt install it."""
STRIPE_SHIM = MODULES / ".bin" / "stripe"
"""The npm package's wrapper: a SIGTERM to it alone leaves the binary running."""
STRIPE_OLD = MODULES / "stripe-cli-old" / "bin" / "stripe"
"""1.45.2, which does not know `--all-snapshot`."""
SUPABASE = MODULES / "@supabase" / "cli-linux-x64" / "bin" / "supabase"
VERCEL = MODULES / "@vercel" / "vc-native-linux-x64" / "bin" / "vercel"
"""The binaries that their npm packages choose on this kind of machine."""


def missing(part: str, get: str = "make parts") -> NoReturn:
    """End the test: a real part is not here."""
    text = f"{part} is not on this machine; get it with: {get}"
    if os.environ.get("CI"):
        pytest.fail(text)
    pytest.skip(text)


def needed(path: Path) -> Path:
    """Return a file of the npm parts."""
    if not path.exists():
        missing(f"{path.relative_to(CACHE)} of tests/parts/package.json")
    return path


def program(name: str, package: str, folders: tuple[str, ...] = ()) -> str:
    """Return the path of a program of the OS."""
    found = shutil.which(name, path=os.pathsep.join([*folders, os.environ.get("PATH", os.defpath)]))
    if found is None:
        missing(name, f"apt-get install {package}")
    return found


def with_us(*argv: str) -> list[str]:
    """Return `argv` so that it ends when the test run is killed, where the OS has a tool for that."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "INT", *argv] if setpriv else [*argv]


def node_path() -> str:
    """Return a PATH with Node 24, pnpm and the Stripe CLI of the parts in front of the OS's own folders."""
    folders = [needed(NODE_FOLDER), needed(STRIPE).parent, needed(MODULES / ".bin"), Path("/usr/bin"), Path("/bin")]
    return os.pathsep.join(map(str, folders))
