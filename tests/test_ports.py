"""Whether a port is taken."""

import os
import socket
import subprocess
import sys

import pytest

from onboard.ports import taken
from tests.parts import ROOT, missing, program
from tests.parts.ports import free_port


def test_a_port_is_taken_while_somebody_listens_there() -> None:
    with socket.socket() as listener:
        port = free_port()
        listener.bind(("127.0.0.1", port))
        assert not taken(port)
        listener.listen()
        assert taken(port)
    assert not taken(port)


@pytest.mark.parts
def test_a_call_that_meets_itself_proves_nobody() -> None:
    """In a network of its own that gives every caller the one port that is asked about."""
    if os.getuid() != 0:
        missing("the right to make a network namespace", "running as root")
    one = "ip link set lo up && echo '40001 40001' > /proc/sys/net/ipv4/ip_local_port_range && exec \"$@\""
    ask = [sys.executable, "-c", "from onboard.ports import taken; print(taken(40001))"]
    argv = [program("unshare", "util-linux"), "-n", "sh", "-c", one, "sh", *ask]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("False\n", "")
