"""Loopback ports, for trials: the embedded broker, the demo, the bench and the doctor."""

import socket

LOOPBACK = "127.0.0.1"


def free_port() -> int:
    """A TCP port that nobody listens on at the moment."""
    with socket.socket() as sock:
        sock.bind((LOOPBACK, 0))
        return int(sock.getsockname()[1])


def listens(port: int) -> bool:
    """Whether somebody listens on a TCP port."""
    with socket.socket() as sock:
        return sock.connect_ex((LOOPBACK, port)) == 0
