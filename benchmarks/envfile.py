"""Env files, measured: how fast they are read beside node's own parser, and which values come back from each reader.

python benchmarks/envfile.py --speed       100,000 lines, this machine's node beside it, interleaved
python benchmarks/envfile.py --roundtrip   each tricky value written by onboard, read by the real readers
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from onboard.envfile.document import EnvFile  # noqa: E402
from onboard.envfile.write import write  # noqa: E402
from onboard.model import Secret  # noqa: E402
from tests.envfile.real_readers import Missing, RealReaders  # noqa: E402

READERS = (
    "next",
    "node20",
    "node22",
    "node24",
    "dotenv",
    "dotenv-expand",
    "dotenvx",
    "vite",
    "bun",
    "python-dotenv",
    "compose",
)
PROJECTS: tuple[tuple[str, ...], ...] = (
    ("next",),
    ("next", "node22", "dotenv", "python-dotenv", "compose"),
    ("node22", "dotenv", "python-dotenv", "compose", "bash"),
    ("vite",),
    ("python-dotenv",),
    ("bun",),
    ("compose",),
    ("bash",),
)

READ = "import sys; sys.path.insert(0, sys.argv[2]); data = open(sys.argv[1], 'rb', 0).read()\n"
SIDES = {
    "onboard: plain_values (check)": READ + "from onboard.envfile.scan import plain_values as p; n = len(p(data))",
    "onboard: scan (document)": READ + "from onboard.envfile.scan import scan; n = len(scan(data)[0])",
    "python -c pass": READ.split(";", 1)[0],
    "python-dotenv, interpolate off": READ
    + "import io, dotenv; n = len(dotenv.dotenv_values(stream=io.StringIO(data.decode()), interpolate=False))",
}
NODE = "const {parseEnv}=require('util');parseEnv(require('fs').readFileSync(process.argv[1],'utf8'))"
DOTENV = "require(process.argv[2]).parse(require('fs').readFileSync(process.argv[1]))"


def speed(lines: int, rounds: int) -> None:
    """Print the median cpu time of each side, whole processes, interleaved round by round."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "many.env"
        path.write_text("".join(_line(number) for number in range(lines)))
        node = shutil.which("node") or "node"
        dotenv = ROOT / ".cache" / "envfile" / "node" / "node_modules" / "dotenv"
        commands = {name: [sys.executable, "-I", "-c", code, str(path), str(ROOT)] for name, code in SIDES.items()}
        commands["node -e 0"] = [node, "-e", "0"]
        commands["node util.parseEnv"] = [node, "-e", NODE, str(path)]
        if dotenv.exists():
            commands["node dotenv"] = [node, "-e", DOTENV, str(path), str(dotenv)]
        times: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(rounds):
            for name, command in commands.items():
                times[name].append(_cpu(command))
        base = statistics.median(times["node util.parseEnv"])
        print(f"{lines:,} lines, median of {rounds} rounds, cpu ms of the whole process (x node's own parser)")
        for name, taken in sorted(times.items(), key=lambda pair: statistics.median(pair[1])):
            middle = statistics.median(taken)
            print(f"  {name:34} {middle * 1000:8.1f}   {middle / base:5.2f}")


def _line(number: int) -> str:
    kind = number % 5
    if kind == 0:
        return f"# comment {number}\n"
    if kind == 1:
        return "\n"
    return (
        f"VARIABLE_{number}="
        + (f"value{number}", f'"two words {number}"', f"'https://e.com/{number}'")[kind - 2]
        + "\n"
    )


def _cpu(command: Sequence[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def roundtrip(table: Path) -> int:
    """Print, for each kind of project, how many values each real reader reads back, and what was said of the rest."""
    cases = {case["id"]: _text(case["value"]) for case in json.loads(table.read_text())["values"]}
    cases = {id: value for id, value in cases.items() if "\0" not in value}
    real = RealReaders()
    wrong_in_silence = 0
    try:
        for project in PROJECTS:
            readers = tuple(dict.fromkeys((*READERS, *(["bash"] if "bash" in project else []))))
            written = {
                id: write(EnvFile(b"A=1\nB='2'\n"), {"V": Secret(value)}, project) for id, value in cases.items()
            }
            told = {id: one for id, one in written.items() if not one.refused}
            refused = sorted(set(cases) - set(told))
            print(
                f"\n{', '.join(project)}: {len(told)} of {len(cases)} written, {len(refused)} refused by name", end=""
            )
            print(f" ({', '.join(refused)})" if refused else "")
            for reader in readers:
                try:
                    outcomes = real.read_many(reader, [one.file.data for one in told.values()])
                except Missing as error:
                    print(f"    {reader:14} not measured: {error}")
                    continue
                right = {
                    id for id, outcome in zip(told, outcomes, strict=True) if outcome and outcome.get("V") == cases[id]
                }
                warned = {id for id, one in told.items() if one.warnings}
                silent = sorted(set(told) - right - warned) if reader in project else []
                wrong_in_silence += len(silent)
                mark = "*" if reader in project else " "
                print(f"  {mark} {reader:14} {len(right):4} read back exactly", end="")
                print(
                    f", {len(told) - len(right)} warned of" if reader in project and len(right) < len(told) else "",
                    end="",
                )
                print(f"  WRONG IN SILENCE: {', '.join(silent)}" if silent else "")
    finally:
        real.close()
    print("\n* a reader of that project: what it misreads is warned of by name. The others are for comparison.")
    return 1 if wrong_in_silence else 0


def _text(value: str | dict[str, str | int]) -> str:
    if isinstance(value, str):
        return value
    return str(value.get("before", "")) + str(value["repeat"]) * int(value["times"]) + str(value.get("after", ""))


def main() -> int:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--speed", action="store_true")
    parser.add_argument("--roundtrip", action="store_true")
    parser.add_argument("--lines", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument(
        "--values", type=Path, default=ROOT / "tests" / "envfile" / "values.json", help="table of values"
    )
    asked = parser.parse_args()
    if asked.speed or not asked.roundtrip:
        speed(asked.lines, asked.rounds)
    return roundtrip(asked.values) if asked.roundtrip else 0


if __name__ == "__main__":
    raise SystemExit(main())
