"""Loopback ports, for trials: the embedded broker, the demo, the bench and the doctor."""

import socket
from contextlib import ExitStack

LOOPBACK = "127.0.0.1"


def free_port() -> int:
    """A TCP port that nobody listens on at the moment."""
    return free_ports(1)[0]


def free_ports(count: int) -> list[int]:
    """As many, each another one."""
    with ExitStack() as held:
        socks = [held.enter_context(socket.socket()) for _ in range(count)]
        for sock in socks:
            sock.bind((LOOPBACK, 0))
        return [int(sock.getsockname()[1]) for sock in socks]


def listens(port: int) -> bool:
    """Whether somebody listens on a TCP port."""
    with socket.socket() as sock:
        return sock.connect_ex((LOOPBACK, port)) == 0
