"""Ports for the tests' servers, which run side by side and start again where they were."""

import itertools
import os
import socket

# Below those that systems give to whoever connects: none of these takes a port meanwhile, also not
# while a server is away to be started again. Each test process begins at a place of its own.
_LOW, _COUNT = 12_000, 20_000
_numbers = itertools.count(os.getpid() * 1009)


def free_port() -> int:
    """A port of this machine that nobody uses, and that no other test is told of."""
    for number in itertools.islice(_numbers, _COUNT):
        port = _LOW + number % _COUNT
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
    raise AssertionError("no port is free")
