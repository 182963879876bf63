"""Ports that stay free until somebody takes them on purpose."""

import random
import socket

_RANGE = range(10_000, 32_000)
"""Below all that systems give to who asks for any port, or calls somebody: those are gone again at any moment."""
_given: set[int] = set()


def free_port() -> int:
    """Return a port of this machine that nobody holds, another one at each call."""
    while True:
        port = random.choice(_RANGE)
        if port in _given:
            continue
        _given.add(port)
        try:
            with socket.socket() as probe:
                probe.bind(("", port))
        except OSError:
            continue
        return port
