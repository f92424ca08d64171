"""`kioskd demo`: start the daemon as systemd would, listen as a door would, print what comes."""

import json
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kioskd.config.load import load
from kioskd.delivery.follow import follow
from kioskd.delivery.settings import DeliverySettings
from kioskd.loopback import free_port, listens

HERE = Path(__file__).parent
EXPECTED = {"live": "true", "attack": "false"}  # feed -> livenessConfirmed
PATIENCE_S = 90.0  # for everything together; a slow machine needs some of it to load networks
STOP_S = 10.0

INTRODUCTION = """\
kioskd runs on two clips as if they were cameras; you see what a door would receive over MQTT.
  live    a real person before a webcam
  attack  a SYNTHETIC presentation attack: the same person on a tablet, drawn by a script
"""


def run(as_json: bool = False) -> int:
    """Exit status 0 once both doors were told the truth, 1 if one was not."""
    with tempfile.TemporaryDirectory(prefix="kioskd-demo-") as folder:
        config = _configuration(Path(folder))
        if not as_json:
            print(INTRODUCTION, flush=True)
        with _daemon(config) as (process, log_file):
            told = _listen(load(config).delivery, process, as_json)
            if told != EXPECTED:
                print(_failure(told, log_file), file=sys.stderr)
                return 1
    if not as_json:
        print("\nThe live person was confirmed; the attack was not. That is all a door must know.")
    return 0


def _configuration(folder: Path) -> Path:
    """The demo's config.yaml in a folder of its own, with a free port."""
    text = (HERE / "demo.yaml").read_text(encoding="utf-8")
    config = folder / "config.yaml"
    config.write_text(text.replace("port: 18883", f"port: {free_port()}"), encoding="utf-8")
    shutil.copytree(HERE / "clips", folder / "clips")
    return config


@contextmanager
def _daemon(config: Path) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """`kioskd run` in a process of its own, stopped with SIGTERM at the end."""
    log_file = config.with_name("kioskd.log")
    with log_file.open("wb") as log:
        command = [sys.executable, "-m", "kioskd", "run", "--config", str(config)]
        process = subprocess.Popen(command, stderr=log)
        try:
            yield process, log_file
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _listen(
    delivery: DeliverySettings, process: subprocess.Popen[bytes], as_json: bool
) -> dict[str, str]:
    """What the doors were told first, by feed; ends early when all were, or nothing can come."""
    told: dict[str, str] = {}
    stop = threading.Event()
    deadline = time.monotonic() + PATIENCE_S
    _wait_for_broker(delivery.port, process, deadline)
    watch = threading.Thread(target=_stop_at_end, args=(process, deadline, stop), daemon=True)
    watch.start()
    for line in follow(delivery, stop, as_json=True):
        letter = json.loads(line)
        feed, kind = letter["topic"].split("/")[-2:]
        if kind != "action" or feed in told:
            continue
        told[feed] = letter["payload"]["livenessConfirmed"]
        _show(feed, letter["payload"], as_json)
        if told.keys() == EXPECTED.keys():
            stop.set()
    return told


def _show(feed: str, payload: dict[str, object], as_json: bool) -> None:
    if as_json:
        print(json.dumps(payload), flush=True)
        return
    verdict = "live" if payload["livenessConfirmed"] == "true" else "NOT live"
    print(f"{feed}: {verdict}\n{json.dumps(payload, indent=2)}", flush=True)


def _wait_for_broker(port: int, process: subprocess.Popen[bytes], deadline: float) -> None:
    while time.monotonic() < deadline and process.poll() is None:
        if listens(port):
            return
        time.sleep(0.02)


def _stop_at_end(process: subprocess.Popen[bytes], deadline: float, stop: threading.Event) -> None:
    while not stop.wait(0.2):
        if process.poll() is not None or time.monotonic() > deadline:
            stop.set()


def _failure(told: dict[str, str], log_file: Path) -> str:
    last = "\n".join(log_file.read_text(errors="replace").splitlines()[-30:])
    return f"The doors were told {told}, but should have been told {EXPECTED}. The log:\n{last}"
