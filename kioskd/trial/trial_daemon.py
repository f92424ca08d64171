"""`kioskd run` in a process of its own, as systemd would start it, and gone when the trial ends."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kioskd.loopback import listens

STOP_S = 10.0
LOOK_S = 0.2


@dataclass(frozen=True, slots=True)
class TrialDaemon:
    """A daemon that was started, and where it logs."""

    process: subprocess.Popen[bytes]
    log_file: Path

    @property
    def runs(self) -> bool:
        return self.process.poll() is None

    def last_lines(self) -> str:
        """The end of its log, for whoever must find out why it failed."""
        return "\n".join(self.log_file.read_text(errors="replace").splitlines()[-30:])

    def wait_for(self, port: int, deadline: float, stop: threading.Event | None = None) -> bool:
        """Whether it listens on a port, before it ended, `stop` was set or it took too long."""
        while time.monotonic() < deadline and self.runs and not (stop and stop.is_set()):
            if listens(port):
                return True
            time.sleep(0.02)
        return False

    def stop_when_it_ends(self, stop: threading.Event, deadline: float = float("inf")) -> None:
        """Have `stop` set when the daemon ends by itself, or at the deadline (monotonic)."""

        def look() -> None:
            while not stop.wait(LOOK_S):
                if not self.runs or time.monotonic() > deadline:
                    stop.set()

        threading.Thread(target=look, daemon=True).start()


@contextmanager
def started(config: Path) -> Iterator[TrialDaemon]:
    """The daemon on a configuration, stopped with SIGTERM at the end; its log beside the file."""
    log_file = config.with_name("kioskd.log")
    with log_file.open("wb") as log:
        command = [sys.executable, "-m", "kioskd", "run", "--config", str(config)]
        # ONNX Runtime leaves a file among the temporary ones: there it goes with the rest.
        environment = {**os.environ, "TMPDIR": str(config.parent)}
        process = subprocess.Popen(command, stderr=log, env=environment)
        try:
            yield TrialDaemon(process, log_file)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
