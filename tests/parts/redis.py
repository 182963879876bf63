"""A private Redis with a password, gone when its block ends."""

import secrets
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from tests.parts import program, with_us
from tests.parts.ports import free_port


@contextmanager
def redis_server() -> Iterator[str]:
    """Start a server on a free port of 127.0.0.1 and give its `redis://` URL."""
    binary, password = program("redis-server", "redis-server"), secrets.token_urlsafe(18)
    with tempfile.TemporaryDirectory(prefix="onboard-redis-") as folder:
        port = free_port()
        settings = f'port {port}\nbind 127.0.0.1\nrequirepass {password}\ndir {folder}\nsave ""\n'
        argv = with_us(binary, "-")
        pipe = subprocess.PIPE
        with subprocess.Popen(
            argv, cwd=folder, stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT, text=True
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(settings)
            process.stdin.close()
            seen = []
            for line in process.stdout:
                seen.append(line)
                if "Ready to accept connections" in line:
                    break
            else:
                raise AssertionError("Redis did not start:\n" + "".join(seen))
            try:
                yield f"redis://default:{password}@127.0.0.1:{port}"
            finally:
                process.terminate()
                process.stdout.read()
                process.wait(timeout=20)
