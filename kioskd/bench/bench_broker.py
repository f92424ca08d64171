"""A broker for the bench: mosquitto on loopback if this machine has it, else the embedded one."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kioskd.loopback import LOOPBACK, free_port, listens

START_S = 60.0


@contextmanager
def mosquitto(folder: Path) -> Iterator[int | None]:
    """A fresh mosquitto's port while the block runs; None where there is no mosquitto."""
    program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
    if program is None:
        yield None
        return
    port = free_port()
    config = folder / "mosquitto.conf"
    config.write_text(
        f"listener {port} {LOOPBACK}\nallow_anonymous true\npersistence false\n"
        "set_tcp_nodelay true\n"  # as `kioskd broker-kit` writes it
    )
    process = subprocess.Popen(
        [program, "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait(port)
        yield port
    finally:
        process.terminate()
        process.wait()


def _wait(port: int) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if listens(port):
            return
        time.sleep(0.05)
    raise OSError(f"mosquitto did not open port {port} within {START_S:.0f} s")
