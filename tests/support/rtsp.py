"""A real RTSP camera as a process that tests may stop, continue and kill."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

import numpy as np

from feeds.frame import ColorImage

_SERVER = Path(__file__).with_name("rtsp_server.py")
_FILE_SERVER = Path(__file__).with_name("rtsp_file_server.py")
_PROXY = Path(__file__).with_name("tcp_proxy.py")
_WIRE = Path(__file__).with_name("rtp_wire.py")
_BITS, _BLOCK, _ROWS = 20, 16, 32


class Program:
    """A helper process, told what to do by signals."""

    def __init__(self, *command: str) -> None:
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        if self._process.stdout.readline() != b"ready\n":
            self.kill()
            raise RuntimeError(f"{command[1]} did not start")

    def freeze(self) -> None:
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def change(self) -> None:
        """What it changes, if anything, it was told at its start."""
        self._process.send_signal(signal.SIGUSR1)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()


@contextmanager
def camera(port: int, *options: str) -> Iterator[Program]:
    """An RTSP camera at `url(port)`; `options` are those of rtsp_server.py."""
    server = Program("/usr/bin/python3", str(_SERVER), str(port), *options)
    try:
        yield server
    finally:
        server.kill()


@contextmanager
def playing(port: int, *files: Path, options: tuple[str, ...] = ()) -> Iterator[Program]:
    """An RTSP camera at `url(port)` that shows a file to whoever connects.

    Of more files the second is shown at `url(port) + "1"`, and so on; `options` are those of
    rtsp_file_server.py.
    """
    server = Program(*serving(port, *files), *options)
    try:
        yield server
    finally:
        server.kill()


def serving(port: int, *files: Path) -> tuple[str, ...]:
    """The command that shows them."""
    return ("/usr/bin/python3", str(_FILE_SERVER), str(port), *map(str, files))


@contextmanager
def network(port: int, camera_port: int) -> Iterator[Program]:
    """The wire to a camera: frozen, it holds back what the camera sends; thawed, it all comes."""
    proxy = Program(sys.executable, str(_PROXY), str(port), str(camera_port))
    try:
        yield proxy
    finally:
        proxy.kill()


@contextmanager
def bad_wire(port: int, camera_port: int, *rule: str) -> Iterator[Program]:
    """The wire to a camera that changes what it sends; `rule` as in rtp_wire.py."""
    proxy = Program(sys.executable, str(_WIRE), str(port), str(camera_port), *rule)
    try:
        yield proxy
    finally:
        proxy.kill()


def url(port: int, *login: str) -> str:
    """The camera's address; `login` is a user and a password, or nothing."""
    return f"rtsp://{':'.join(login)}{'@' if login else ''}127.0.0.1:{port}/camera"


def made_at(image: ColorImage) -> float:
    """When the camera made this picture, monotonic seconds, as its top rows say."""
    rows = image[8 : _ROWS - 8, : _BITS * _BLOCK, 1].astype(np.float64)
    blocks = rows.reshape(len(rows), _BITS, _BLOCK)[:, :, 4:-4].mean(axis=(0, 2))
    stamp = int("".join("1" if block > 128 else "0" for block in blocks), 2)
    now = int(monotonic() * 1000)
    return (now - (now - stamp) % (1 << _BITS)) / 1000.0
