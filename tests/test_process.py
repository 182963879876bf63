"""Commands: what they get, what we get of them, and that nothing of them stays."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from onboard.errors import ProcessError
from onboard.model import Secret
from onboard.process import Output, Runner, find
from onboard.running import WAITING

SH = "/bin/sh"
ROOT = Path(__file__).parents[1]


@pytest.fixture
def runner() -> Runner:
    return Runner(os.environ)


def marked(mark: str) -> list[psutil.Process]:
    """Return the processes that live and have `mark` in their environment: a child's own, wherever it went."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.status() != psutil.STATUS_ZOMBIE and process.environ().get("MARK") == mark:
                found.append(process)
        except psutil.Error:
            continue
    return found


def gone(mark: str, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while marked(mark):
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def eventually(holds: Callable[[], bool], seconds: float = 10) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.01)


@pytest.mark.anyio
async def test_a_command_gives_its_code_and_both_streams(runner: Runner, tmp_path: Path) -> None:
    done = await runner.run((SH, "-c", "cat; echo bad >&2; pwd; exit 7"), cwd=tmp_path, stdin=Secret("typed\n"))
    assert (done.code, done.out, done.err) == (7, f"typed\n{tmp_path}\n", "bad\n")


@pytest.mark.anyio
async def test_a_command_that_a_signal_ended_says_which(runner: Runner, tmp_path: Path) -> None:
    assert (await runner.run((SH, "-c", "kill -USR1 $$"), cwd=tmp_path)).code == -signal.SIGUSR1


@pytest.mark.anyio
async def test_a_megabyte_on_stderr_does_not_hang(runner: Runner, tmp_path: Path) -> None:
    script = "import sys; sys.stderr.write('e' * 1_000_000); sys.stdout.write('o' * 1_000_000)"
    done = await runner.run((sys.executable, "-c", script), cwd=tmp_path, timeout=20)
    assert (done.code, len(done.err), len(done.out)) == (0, 1_000_000, 1_000_000)


@pytest.mark.anyio
async def test_fifty_megabytes_leave_their_end_and_no_more(runner: Runner, tmp_path: Path) -> None:
    script = "for i in range(50): print(str(i % 10) * 999_999)"
    before = psutil.Process().memory_info().rss
    done = await runner.run((sys.executable, "-c", script), cwd=tmp_path, limit=100_000, timeout=60)
    assert done.out == "9" * 99_999 + "\n"
    assert done.cut == 50_000_000 - 100_000
    assert psutil.Process().memory_info().rss - before < 30_000_000


@pytest.mark.anyio
async def test_input_larger_than_a_pipe_arrives_whole(runner: Runner, tmp_path: Path) -> None:
    done = await runner.run(("/usr/bin/wc", "-c"), cwd=tmp_path, stdin="x" * 3_000_000)
    assert done.out.strip() == "3000000"


@pytest.mark.anyio
async def test_a_child_that_does_not_read_its_input_ends_all_the_same(runner: Runner, tmp_path: Path) -> None:
    assert (await runner.run(("/bin/true",), cwd=tmp_path, stdin="x" * 1_000_000)).code == 0


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (("/nowhere/tool",), "No such file"),
        (("/dev/null",), "Permission denied"),
        (("relative",), "cannot be passed"),
        ((SH, "a\0b"), "cannot be passed"),
        ((SH, *["x" * 100_000] * 100), "too long"),
    ],
)
async def test_what_cannot_be_started_is_said(runner: Runner, tmp_path: Path, argv: tuple[str, ...], says: str) -> None:
    with pytest.raises(ProcessError, match=says):
        await runner.run(argv, cwd=tmp_path)


@pytest.mark.anyio
async def test_a_child_inherits_nothing_but_the_list(tmp_path: Path) -> None:
    ours = {
        "PATH": os.environ["PATH"],
        "HOME": "/home/x",
        "LC_ALL": "C.UTF-8",
        "XDG_STATE_HOME": "/s",
        "https_proxy": "http://p",
    }
    other = {"NPM_TOKEN": "n", "AWS_SECRET_ACCESS_KEY": "a", "NODE_OPTIONS": "--require x", "PYTHONPATH": "/p"}
    other |= {"LD_PRELOAD_NOT": "l", "SSH_AUTH_SOCK": "/s", "GIT_DIR": "/g", "TEXTUAL_LOG": "/t", "BASH_ENV": "/b"}
    done = await Runner(ours | other).run(("/usr/bin/env",), cwd=tmp_path, env={"KEY": Secret("v"), "CI": "1"})
    assert dict(line.split("=", 1) for line in done.out.splitlines()) == ours | {"KEY": "v", "CI": "1"}


@pytest.mark.anyio
async def test_the_values_of_a_child_are_in_no_command_line(runner: Runner, tmp_path: Path) -> None:
    running = await runner.start((SH, "-c", "cat; sleep 60"), cwd=tmp_path, env={"KEY": "canary-value"}, piped=True)
    running.write(Secret("canary-value"))
    assert not [p.pid for p in psutil.process_iter(["cmdline"]) if "canary" in " ".join(p.info["cmdline"] or ())]
    await running.stop()


@pytest.mark.anyio
async def test_a_child_that_ignores_term_is_killed_after_three_seconds(runner: Runner, tmp_path: Path) -> None:
    mark = f"term-{os.getpid()}"
    start = time.monotonic()
    done = await runner.run(
        (SH, "-c", "trap '' TERM INT HUP; while :; do sleep 1; done"), cwd=tmp_path, env={"MARK": mark}, timeout=0.5
    )
    assert done.timed_out
    assert done.code == -signal.SIGKILL
    assert 3.0 < time.monotonic() - start < 6
    assert not marked(mark)


@pytest.mark.anyio
async def test_a_child_that_heeds_term_ends_at_once_and_what_it_says_is_kept(runner: Runner, tmp_path: Path) -> None:
    start = time.monotonic()
    done = await runner.run(
        (SH, "-c", "trap 'echo bye; exit 3' TERM; echo up; while :; do sleep 0.1; done"), cwd=tmp_path, timeout=0.5
    )
    assert (done.timed_out, done.code, done.out) == (True, 3, "up\nbye\n")
    assert time.monotonic() - start < 2.5


TREE = (
    "trap '' HUP; {sh} -c '{sh} -c \"echo up; exec sleep 300\" "
    '& setsid {sh} -c "trap \\"\\" TERM; sleep 300; sleep 300" & wait\' & {last}'
)
"""Five processes on three levels; two are in a session of their own, and one of them does not heed TERM."""


@pytest.mark.anyio
async def test_a_cancelled_command_leaves_nothing(runner: Runner, tmp_path: Path) -> None:
    mark = f"cancel-{os.getpid()}"
    task = asyncio.create_task(
        runner.run((SH, "-c", TREE.format(sh=SH, last="wait")), cwd=tmp_path, env={"MARK": mark})
    )
    await asyncio.to_thread(eventually, lambda: len(marked(mark)) >= 5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert gone(mark, 1)


@pytest.mark.anyio
async def test_what_a_command_leaves_in_the_background_ends_with_it(runner: Runner, tmp_path: Path) -> None:
    mark = f"left-{os.getpid()}"
    done = await runner.run((SH, "-c", TREE.format(sh=SH, last="exit 5")), cwd=tmp_path, env={"MARK": mark}, timeout=20)
    assert (done.code, done.timed_out) == (5, False)
    assert not marked(mark)


PARENT = """
import asyncio, os, sys
from pathlib import Path
from onboard.process import Runner

async def main():
    runner = Runner(os.environ)
    running = await runner.start(("/bin/sh", "-c", sys.argv[1]), cwd=Path("/"), env={"MARK": sys.argv[2]})
    async for line in running.lines():
        print(line.text, flush=True)

asyncio.run(main())
"""


@pytest.mark.long
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGINT])
def test_no_descendant_outlives_us_by_any_death(number: signal.Signals) -> None:
    rounds = 6 if number == signal.SIGKILL else 1
    for i in range(rounds):
        mark = f"death-{os.getpid()}-{number}-{i}"
        script = TREE.format(sh=SH, last="wait")
        with subprocess.Popen(
            [sys.executable, "-c", PARENT, script, mark],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        ) as parent:
            assert parent.stdout is not None
            assert parent.stdout.readline() == b"up\n"
            eventually(lambda mark=mark: len(marked(mark)) >= 5)  # type: ignore[misc]  # bound to this round
            parent.send_signal(number)
            parent.wait(10)
        assert gone(mark, 2), marked(mark)


def test_no_descendant_outlives_a_killed_guard() -> None:
    mark = f"guard-{os.getpid()}"
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, "echo up; sleep 300 & sleep 300", mark],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"up\n"
        guards = [p for p in psutil.Process(parent.pid).children() if "_guard.py" in " ".join(p.cmdline())]
        guards[0].kill()
        parent.wait(10)
    assert gone(mark, 2)


@pytest.mark.anyio
async def test_lines_come_whole_however_they_were_written(runner: Runner, tmp_path: Path) -> None:
    script = r"printf 'a\r\nh'; sleep 0.2; printf 'alf\n\303'; sleep 0.2; printf '\244 end'"
    running = await runner.start((SH, "-c", script), cwd=tmp_path)
    assert [line.text async for line in running.lines()] == ["a", "half", "ä end"]
    assert await running.stop() == 0


@pytest.mark.anyio
async def test_a_line_without_end_comes_in_pieces(runner: Runner, tmp_path: Path) -> None:
    running = await runner.start((sys.executable, "-c", "print('x' * 200_000)"), cwd=tmp_path)
    pieces = [line.text async for line in running.lines()]
    assert "".join(pieces) == "x" * 200_000
    assert max(map(len, pieces)) <= 65_536
    await running.stop()


@pytest.mark.anyio
async def test_a_child_waits_for_a_reader_that_does_not_read(runner: Runner, tmp_path: Path) -> None:
    before = psutil.Process().memory_info().rss
    running = await runner.start((SH, "-c", "yes"), cwd=tmp_path)
    async for line in running.lines():
        assert line.text == "y"
        break
    await asyncio.wait({asyncio.create_task(running.wait())}, timeout=0.5)
    assert psutil.Process().memory_info().rss - before < 20 * WAITING
    assert await running.stop() == -signal.SIGTERM


@pytest.mark.anyio
async def test_a_start_that_is_called_off_leaves_nothing_open(runner: Runner, tmp_path: Path) -> None:
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        for turns in range(8):
            starting = asyncio.create_task(runner.start((SH, "-c", "sleep 600"), cwd=tmp_path, piped=True))
            for _ in range(turns):
                await asyncio.sleep(0)
            starting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await starting
        gc.collect()
    assert [str(one.message) for one in told] == []


@pytest.mark.anyio
async def test_stop_begins_with_the_signal_it_is_told_and_may_come_twice(runner: Runner, tmp_path: Path) -> None:
    script = "trap 'echo interrupted; exit 0' INT; echo up; while :; do sleep 0.05; done"
    running = await runner.start((SH, "-c", script), cwd=tmp_path)
    lines = running.lines()
    assert (await anext(lines)).text == "up"
    assert await running.stop(signal.SIGINT) == 0
    assert (await anext(lines)).text == "interrupted"
    assert await running.stop() == 0


@pytest.mark.anyio
async def test_a_child_with_a_terminal_asks_and_is_answered(runner: Runner, tmp_path: Path) -> None:
    script = "test -t 0 && test -t 1 && stty size; printf 'Sure? '; read a </dev/tty; echo got $a; stty size"
    running = await runner.start((SH, "-c", script), cwd=tmp_path, terminal=(20, 70))
    seen: list[Output] = []
    async for line in running.lines(half=0.1):
        seen.append(line)
        if line.text == "Sure? ":
            assert not line.whole
            running.resize(30, 90)
            running.write("yes\n")
    assert [line.text for line in seen if line.whole] == ["20 70", "Sure? yes", "got yes", "30 90"]
    assert {line.source for line in seen} == {"tty"}
    assert await running.stop() == 0


@pytest.mark.anyio
async def test_a_child_without_a_terminal_cannot_reach_ours(runner: Runner, tmp_path: Path) -> None:
    done = await runner.run((SH, "-c", "exec 3<>/dev/tty"), cwd=tmp_path)
    assert done.code != 0


@pytest.mark.anyio
async def test_no_file_of_ours_is_open_in_a_child(runner: Runner, tmp_path: Path) -> None:
    with (tmp_path / "open").open("w") as file:
        os.set_inheritable(file.fileno(), True)
        done = await runner.run((SH, "-c", "ls -l /proc/self/fd"), cwd=tmp_path)
    assert "open" not in done.out
    assert "socket" not in done.out


def tool(folder: Path, name: str = "stripe") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text("#!/bin/sh\ntouch ran\n")
    path.chmod(0o755)
    return path


def test_the_repositorys_own_programs_are_never_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root, elsewhere = tmp_path / "code" / "repo", tmp_path / "bin"
    tool(root)
    tool(root / "node_modules" / ".bin")
    tool(tmp_path / "code" / "node_modules" / ".bin")
    real = tool(elsewhere)
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "stripe").symlink_to(root / "stripe")
    (tmp_path / "into").symlink_to(root)
    monkeypatch.chdir(root)
    for entry in (
        ".",
        "",
        "node_modules/.bin",
        str(root),
        str(root / "node_modules" / ".bin"),
        str(tmp_path / "code" / "node_modules" / ".bin"),
        str(tmp_path / "links"),
        str(tmp_path / "into"),
        f"{elsewhere}/../code/repo",
    ):
        found = find("stripe", path=entry, root=root)
        assert found.path is None, entry
        assert "not run" in found.reason
        assert find("stripe", path=f"{entry}:{elsewhere}", root=root).path == real


def test_a_tool_that_is_not_there_is_said_to_be_nowhere() -> None:
    found = find("no-such-tool", path="/bin:/usr/bin", root=None)
    assert (found.path, found.reason) == (None, "no no-such-tool in any folder of PATH")
    assert find("../bin/sh", path="/bin", root=None).path is None


@pytest.mark.anyio
async def test_a_scripts_interpreter_is_not_the_repositorys_either(tmp_path: Path) -> None:
    repo = tmp_path / "repo"
    tool(repo, "node")
    tool(repo / "node_modules" / ".bin", "node")
    real = tool(tmp_path / "bin", "node")
    real.write_text("#!/bin/sh\necho the real one\n")
    script = tool(tmp_path / "bin", "pnpm")
    script.write_text("#!/usr/bin/env node\n")
    path = f".::{repo}:{repo}/node_modules/.bin:node_modules/.bin:{tmp_path}/bin:/usr/bin:/bin"
    done = await Runner({"PATH": path, "HOME": str(tmp_path)}).run((str(script),), cwd=repo)
    assert done.out == "the real one\n"
    assert not list(repo.rglob("ran"))


def test_no_core_is_left_and_others_cannot_read_our_memory() -> None:
    script = (
        "from onboard.process import harden; harden()\n"
        "import ctypes, resource\n"
        "print(resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))"  # PR_GET_DUMPABLE
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "(0, 0) 0\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGINT])
def test_what_must_happen_before_death_happens(number: signal.Signals) -> None:
    script = (
        "import os, sys, time; from onboard.process import on_death\n"
        "on_death(lambda n: (print('restored', flush=True), sys.exit(128 + n)))\n"
        "print('up', flush=True)\nwhile True: time.sleep(1)"
    )
    with subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"up\n"
        child.send_signal(number)
        assert child.stdout.read() == b"restored\n"
        assert child.wait(5) == 128 + number


def test_becoming_a_command_keeps_its_exit_code(tmp_path: Path) -> None:
    script = (
        "import os, sys; from pathlib import Path; from onboard.process import Runner\n"
        "Runner(os.environ).become(sys.argv[1:], cwd=Path(sys.argv[3]), env={'KEY': 'v'})"
    )
    argv = (sys.executable, "-c", script, "/usr/bin/env", "-C", str(tmp_path), "sh", "-c", "echo $KEY $PWD; exit 9")
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (9, f"v {tmp_path}\n")


@pytest.mark.anyio
async def test_the_event_loop_is_not_held_up(runner: Runner, tmp_path: Path) -> None:
    gaps, last = [], time.monotonic()
    work = asyncio.gather(*(runner.run((SH, "-c", "sleep 0.2"), cwd=tmp_path) for _ in range(4)))
    while not work.done():
        await asyncio.sleep(0.005)
        now = time.monotonic()
        gaps.append(now - last)
        last = now
    await work
    assert sorted(gaps)[-2] < 0.1
