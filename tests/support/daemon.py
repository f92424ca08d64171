"""The real daemon as a process, started the way systemd starts it."""

import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.broker import Mosquitto, eventually
from tests.support.patience import DEADLINE_S, GUARDS

CLIPS = Path(__file__).resolve().parents[2] / "kioskd" / "demo" / "clips"
LIVE, ATTACK = CLIPS / "live.mov", CLIPS / "attack.mp4"


def file_feed(path: Path, **more: object) -> dict[str, object]:
    """A clip shown again and again in its own time, frame by frame: the same on any machine."""
    return {"kind": "file", "path": str(path), "pace": "fast", "repeat": "loop", **more}


def door(feed: str, **rgb: object) -> dict[str, object]:
    return {
        "mode": "secure_access_rgb_liveness",
        "feed": feed,
        "rgb_liveness": rgb,
    }


def settings(broker: Mosquitto, feeds: Mapping[str, object], **rgb: object) -> dict[str, Any]:
    """A configuration with one door per feed, for a broker without a password; its log is for
    people, as at a terminal."""
    return {
        "site": "hq",
        "device": "kiosk-07",
        "state_dir": "state",
        "mqtt": {"broker": "127.0.0.1", "port": broker.port},
        "feeds": dict(feeds),
        "doors": {f"{name}-door": door(name, **rgb) for name in feeds},
        "logging": {"format": "console"},
    }


class Kioskd:
    """`kioskd run` on a configuration, in a folder of its own."""

    def __init__(
        self,
        folder: Path,
        config: Mapping[str, object],
        environment: Mapping[str, str] | None = None,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.config = folder / "config.yaml"
        self.python = sys.executable
        self.config.write_text(json.dumps(config, indent=1))  # JSON is YAML
        self._environment = {**os.environ, **(environment or {})}
        self._log = folder / "kioskd.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, file_size: int | None = None, guarded: bool = True) -> None:
        """`file_size`: no file of the daemon's may grow beyond it, as on a full disk.

        `guarded`: that it ends by itself is a failure for whoever waits for something.
        """
        command = [self.python, "-m", "kioskd", "run", "--config", str(self.config)]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(command, stderr=log, env=self._environment)
        if guarded:
            GUARDS.add(self._runs)
        if file_size is not None:
            self.limit_files(file_size)

    def limit_files(self, file_size: int) -> None:
        limits = (file_size, resource.RLIM_INFINITY)
        resource.prlimit(self.pid, resource.RLIMIT_FSIZE, limits)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def log(self) -> str:
        return self._log.read_text()

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def capture_pids(self) -> list[int]:
        """The daemon's capture processes."""
        return [
            int(place.name)
            for place in Path("/proc").glob("[0-9]*")
            if _parent(place) == self.pid and b"feeds.capture" in _command(place)
        ]

    def wait(self, timeout: float = DEADLINE_S) -> int:
        assert self._process is not None
        GUARDS.discard(self._runs)
        return self._process.wait(timeout)

    def stop(self) -> int:
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self.wait()

    @contextmanager
    def held(self) -> Iterator[None]:
        """The daemon itself does nothing meanwhile; its captures go on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        GUARDS.discard(self._runs)
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _runs(self) -> None:
        assert self.running, f"kioskd ended by itself:\n{self.log}"


@contextmanager
def kioskd(
    folder: Path, config: Mapping[str, object], environment: Mapping[str, str] | None = None
) -> Iterator[Kioskd]:
    """A started daemon, killed at the end if it still runs."""
    daemon = Kioskd(folder, config, environment)
    daemon.start()
    try:
        yield daemon
    finally:
        daemon.kill()


def _parent(place: Path) -> int | None:
    try:
        return int((place / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return None


def _command(place: Path) -> bytes:
    try:
        return (place / "cmdline").read_bytes()
    except OSError:
        return b""


def gone(pid: int) -> bool:
    """Whether a process has ended (one that waits to be reaped has)."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return True
    return state == "Z"


def wait_gone(pids: list[int]) -> None:
    eventually(lambda: all(gone(pid) for pid in pids))
