"""The sample app under the real Next.js dev server, stopped with all that it started."""

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path


@contextlib.contextmanager
def dev_server(project: Path, env: Mapping[str, str], port: int) -> Iterator[list[str]]:
    """Run `pnpm dev` on `port` until the block ends; give its lines, which grow while it runs.

    The project must be installed. A second server in one project folder is refused by Next itself.
    """
    argv = ["pnpm", "dev", "--port", str(port)]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        argv, cwd=project, env=dict(env), stdout=pipe, stderr=subprocess.STDOUT, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        seen: list[str] = []
        for line in process.stdout:
            seen.append(line)
            if "Ready in" in line:
                break
        else:
            raise AssertionError("Next was never ready:\n" + "".join(seen))
        reader = threading.Thread(target=seen.extend, args=(process.stdout,))
        reader.start()
        try:
            yield seen
        finally:
            os.killpg(process.pid, signal.SIGINT)
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
            reader.join()
