"""A log that cannot be written, or that nobody reads, ends and holds up nobody."""

import fcntl
import io
import os
import resource
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from kioskd import log
from tests.support.broker import eventually, mosquitto, witness
from tests.support.daemon import Kioskd
from tests.test_faults import often

LIMIT = 2_000_000_000  # bytes: more than any other file of the daemon, its shared memory among them


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    yield
    structlog.reset_defaults()


@pytest.mark.parametrize("style", ["console", "json"])
def test_a_line_that_cannot_be_made_is_said_to_be_lost(style: str) -> None:
    class Unspeakable:
        def __repr__(self) -> str:
            raise ZeroDivisionError

    to = io.StringIO()
    log.configure("info", style, to)  # type: ignore[arg-type]
    log.logger(door="d").warning("well", what=Unspeakable())
    log.logger().info("the next one", url="rtsp://user:secret@camera")
    first, second = to.getvalue().splitlines()
    assert "a line of the log could not be made (ZeroDivisionError)" in first
    assert "the next one" in second
    assert "secret" not in second


@pytest.mark.parametrize("error", [OSError, ValueError, RuntimeError, MemoryError, TypeError])
def test_no_stream_can_end_whoever_writes_to_the_log(error: type[Exception]) -> None:
    class Bad(io.StringIO):
        def write(self, text: str) -> int:
            raise error

        def flush(self) -> None:
            raise error

    log.configure("info", "console", Bad())
    log.logger().info("into nothing")


def test_a_daemon_whose_log_has_grown_to_the_limit_of_files_goes_on_telling_its_door(
    tmp_path: Path,
) -> None:
    with mosquitto(tmp_path) as broker, witness(broker) as seen:
        daemon = Kioskd(tmp_path / "k", often(broker))
        written = tmp_path / "k" / "kioskd.log"
        written.touch()
        os.truncate(written, LIMIT)  # a hole: it takes no room on the disk
        daemon.start(file_size=LIMIT)
        try:
            eventually(lambda: len(seen.of("action")) >= 3)
            assert daemon.stop() == 0
        finally:
            daemon.kill()
        assert written.stat().st_size == LIMIT
        seen.catch_up()
        assert seen.payloads("status")[-1]["state"] == "stopped"


def test_a_log_that_nobody_reads_holds_up_no_door(tmp_path: Path) -> None:
    """As where the service of the journal hangs: the pipe to it fills, and writing waits."""
    with mosquitto(tmp_path) as broker, witness(broker) as seen:
        config = Kioskd(tmp_path / "k", {**often(broker), "logging": {"level": "debug"}}).config
        run = [sys.executable, "-m", "kioskd", "run", "-c", str(config)]
        with subprocess.Popen(run, stderr=subprocess.PIPE) as daemon:
            try:
                assert daemon.stderr is not None
                pipe = daemon.stderr.fileno()
                eventually(lambda: daemon.poll() is not None or seen.of("action"))
                room = fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, waiting(pipe) + 1)
                eventually(lambda: waiting(pipe) > room - resource.getpagesize())
                told = len(seen.of("action"))
                eventually(lambda: len(seen.of("action")) >= told + 10)
            finally:
                daemon.kill()


def waiting(pipe: int) -> int:
    """Bytes in a pipe that were not read yet."""
    found = fcntl.ioctl(pipe, termios.FIONREAD, struct.pack("i", 0))
    return int(struct.unpack("i", found)[0])
