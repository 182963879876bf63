"""How long until something can be seen, side by side with a Textual app of one Input, in a terminal of this machine.

    .venv/bin/python -m benchmarks.first_frame [RUNS]

Each run is a new process in a PTY of 80 × 24; the figure is the best of all, in wall milliseconds from exec.
"""

from __future__ import annotations

import os
import pty
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

PROJECT = Path(__file__).parents[1] / "onboard" / "sandbox" / "project"
MINIMAL = """
from textual.app import App
from textual.widgets import Input
class Minimal(App):
    def compose(self):
        yield Input(placeholder="hello")
Minimal().run()
"""


def seen(argv: Sequence[str], words: Sequence[str], folder: str) -> dict[str, float]:
    """Start `argv` and return after how many milliseconds each of `words` came out of it."""
    began = time.monotonic()
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(folder)
        env = {"PATH": os.environ["PATH"], "HOME": folder, "TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24"}
        os.execve(argv[0], list(argv), env)
    out, found = b"", dict[str, float]()
    while len(found) < len(words) and time.monotonic() - began < 20:
        if not select.select([terminal], [], [], 0.5)[0]:
            continue
        try:
            out += os.read(terminal, 65536)
        except OSError:
            break
        found |= {w: (time.monotonic() - began) * 1000 for w in words if w.encode() in out and w not in found}
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    os.close(terminal)
    return found


def main(runs: int) -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "wavepoint"
        shutil.copytree(PROJECT, project)
        subprocess.run(["git", "init", "-q"], cwd=project, check=True)
        ours = str(Path(sys.executable).with_name("onboard"))
        best: dict[str, float] = {}
        for _ in range(runs):
            minimal = seen([sys.executable, "-c", MINIMAL], ["ello"], str(project))
            told = seen([ours], ["Reading", "May onboard"], str(project))
            for word, took in {**minimal, **told}.items():
                best[word] = min(took, best.get(word, took))
    floor = best["ello"]
    print(f"minimal Textual app     {floor:5.0f} ms")
    print(f"onboard, first frame    {best['Reading']:5.0f} ms  {best['Reading'] / floor:.2f} ×")
    print(f"onboard, the approval   {best['May onboard']:5.0f} ms  {best['May onboard'] / floor:.2f} ×")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 15)
