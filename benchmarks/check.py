"""What `onboard check` costs beside a bare interpreter, in CPU: all commands in turn, round by round.

    python benchmarks/check.py [--python PATH] [--rounds 41] [--variables 30]

`--python` names the interpreter of the environment in which onboard is installed (default: this one). An editable
install adds a `.pth` file to every start of Python; for what users have, install a wheel in an environment of its own
with `uv pip install --compile-bytecode`.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

NULL = [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_WRONLY, 0) for fd in (1, 2)]


def project(folder: Path, count: int) -> None:
    """Write a Next project whose env file has all that it needs."""
    names = ["STRIPE_SECRET_KEY", "DATABASE_URL", *(f"SETTING_{at}" for at in range(count - 2))]
    template = ["sk_test_...", "postgres://user:password@localhost:5432/app", *map(str, range(count - 2))]
    values = ["sk_test_51Hq3mKw9ZtVbN4cXyRdPfGsLj", "postgres://me:secret7@localhost:5432/app", *template[2:]]
    package = {"name": "shop", "scripts": {"dev": "next dev"}, "dependencies": {"next": "16.0.0"}}
    rows = {
        ".git/HEAD": "ref: refs/heads/main\n",
        ".git/config": '[remote "origin"]\n\turl = https://github.com/acme/shop.git\n',
        "package.json": json.dumps(package | {"packageManager": "pnpm@10.1.0"}),
        "pnpm-lock.yaml": "",
        "node_modules/.modules.yaml": "",
        ".env.local.example": "".join(f"{name}={value}\n" for name, value in zip(names, template, strict=True)),
        ".env.local": "".join(f"{name}={value}\n" for name, value in zip(names, values, strict=True)),
        **{f"src/part{at}/file{at}.ts": f"export const x = process.env.SETTING_{at};\n" for at in range(20)},
    }
    for name, text in rows.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (folder / ".env.local").chmod(0o600)


def cpu(command: list[str], env: dict[str, str]) -> float:
    """Run a command and return its user and system time, in milliseconds."""
    child = os.posix_spawn(command[0], command, env, file_actions=NULL)
    _, _, usage = os.wait4(child, 0)
    return (usage.ru_utime + usage.ru_stime) * 1000


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    words.add_argument("--python", default=sys.executable)
    words.add_argument("--rounds", type=int, default=41)
    words.add_argument("--variables", type=int, default=30)
    options = words.parse_args()
    python = os.path.abspath(options.python)
    onboard = os.path.join(os.path.dirname(python), "onboard")
    with tempfile.TemporaryDirectory() as base:
        folder, home = Path(base, "shop"), Path(base, "home")
        home.mkdir()
        project(folder, options.variables)
        os.chdir(folder)
        env = {"HOME": str(home), "PATH": os.defpath}
        shown = subprocess.run([onboard, "trust", "--show", "--json"], env=env, capture_output=True, check=True)
        subprocess.run([onboard, "trust", "--accept", json.loads(shown.stdout)["hash"]], env=env, check=True)
        stamps = home / ".local/state/onboard/check"
        while not stamps.exists():  # what was written an instant ago is not believed to rest
            subprocess.run([onboard, "check"], env=env, check=True)
        commands = {
            "python -c pass": [python, "-c", "pass"],
            "onboard check": [onboard, "check"],
            "onboard check, looking anew": [onboard, "check", "--path", "."],
            "onboard --version": [onboard, "--version"],
            "onboard --help": [onboard, "--help"],
        }
        if node := shutil.which("node"):
            commands["node -e 0"] = [node, "-e", "0"]
        took: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(options.rounds):
            for name, command in commands.items():
                took[name].append(cpu(command, env))
    bare = statistics.median(took["python -c pass"])
    print(f"{options.variables} variables, {options.rounds} rounds, {python}")
    for name, times in took.items():
        print(f"{name:<28} {statistics.median(times):8.1f} ms   {statistics.median(times) / bare:6.2f} x bare")


if __name__ == "__main__":
    main()
