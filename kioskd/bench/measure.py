"""One run of the bench: a daemon whose cameras all show one file, and what a door got of it.

The daemon is a process of its own (kioskd/bench/measured_run.py) with a broker beside it; a
subscriber here times each event's arrival against the capture of its deciding frame. The gate is
opened wide and every window is made to end as not live, so that attempts follow one another and
every frame with a face costs what evidence costs.
"""

import json
import os
import platform
import queue
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kioskd.bench.bench_broker import mosquitto
from kioskd.config.load import load
from kioskd.delivery.message_lines import follow
from kioskd.loopback import free_port

_CONFIG = """\
site: bench
device: kiosk
state_dir: state
mqtt: {{broker: {broker}, port: {port}}}
feeds:
{feeds}
doors:
{doors}
"""
_FEED = "  camera-{n}: {{kind: file, path: {path}, repeat: loop}}"
_DOOR = """\
  door-{n}:
    mode: secure_access_rgb_liveness
    feed: camera-{n}
    gate:
      face_policy: largest
      minimum_face_size_px: 40
      maximum_face_share: 1.0
      minimum_border_px: 0
      maximum_drift: 1.0
      hybrid_margin_left: 0
      hybrid_margin_right: 0
      hybrid_margin_above: 0
      hybrid_margin_below: 0
      minimum_sharpness: 0
      minimum_contrast: 0
      minimum_brightness: 0
      maximum_brightness: 1
      minimum_change: 0
      minimum_centre_pose_quality: 0
      maximum_yaw_deg: 90
      maximum_pitch_deg: 90
      maximum_roll_deg: 90
    lockout:
      attacks: 0
    rgb_liveness:
      liveness_detection_threshold: 1.0
      fake_detection_threshold: 1.0
      attack_ends_tries: false
      evidence_adds_up: false
      rest_s: 0
      cool_down_s: 0
      attempts_per_track: 100"""


@dataclass(frozen=True, slots=True)
class Arrival:
    """One action event as the door got it; all times milliseconds."""

    overhead: float  # from the capture of the deciding frame to its arrival
    road: float  # of that, since it was issued: recorded on the disk, about to be sent
    attempt: float  # from the attempt's first counted frame to the deciding one
    frames: int


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    return {
        "cores": os.cpu_count(),
        "processor": _processor(),
        "python": platform.python_version(),
        "system": platform.platform(),
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def measured(file: Path, count: int, seconds: float) -> dict[str, Any]:
    """The figures of one run with so many feeds; raises OSError or RuntimeError with a sentence."""
    with tempfile.TemporaryDirectory(prefix="kioskd-bench-") as name:
        folder = Path(name)
        with mosquitto(folder) as port:
            config = _configuration(folder, file, count, port)
            figures, arrivals = _run(config, seconds)
    return {
        "feeds": count,
        "broker": "mosquitto" if port is not None else "embedded",
        **_figures(figures, count),
        **_latency(arrivals),
    }


def _configuration(folder: Path, file: Path, count: int, port: int | None) -> Path:
    numbers = range(1, count + 1)
    text = _CONFIG.format(
        broker="embedded" if port is None else "127.0.0.1",
        port=port or free_port(),
        feeds="\n".join(_FEED.format(n=n, path=json.dumps(str(file))) for n in numbers),
        doors="\n".join(_DOOR.format(n=n) for n in numbers),
    )
    config = folder / "config.yaml"
    config.write_text(text, encoding="utf-8")
    return config


def _run(config: Path, seconds: float) -> tuple[dict[str, Any], list[Arrival]]:
    """Run the worker and listen meanwhile."""
    arrivals: queue.SimpleQueue[Arrival] = queue.SimpleQueue()
    stop = threading.Event()
    listener = threading.Thread(target=_listen, args=(config, stop, arrivals), daemon=True)
    listener.start()
    command = [sys.executable, "-m", "kioskd.bench.measured_run", str(config), str(seconds)]
    worker = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    stop.set()
    listener.join()
    if worker.returncode != 0:
        raise RuntimeError(f"the measured daemon ended with status {worker.returncode}")
    figures: dict[str, Any] = json.loads(worker.stdout.splitlines()[-1])
    return figures, [arrivals.get() for _ in range(arrivals.qsize())]


def _listen(config: Path, stop: threading.Event, arrivals: queue.SimpleQueue[Arrival]) -> None:
    for line in follow(load(config).delivery, stop, as_json=True):
        now_ms = 1000 * time.time()
        letter = json.loads(line)
        if letter["topic"].endswith("/action"):
            payload = letter["payload"]
            arrivals.put(
                Arrival(
                    overhead=now_ms - payload["x"]["capturedAt"],
                    road=now_ms - payload["x"]["issuedAt"],
                    attempt=payload["endTime"] - payload["startTime"],
                    frames=payload["x"]["frames"],
                )
            )


def _figures(raw: dict[str, Any], count: int) -> dict[str, Any]:
    seconds, judged = raw["seconds"], max(1, raw["frames_judged"])
    calls = raw["network_calls"]
    return {
        "provider": raw["provider"],
        "frames_per_s_per_feed": raw["frames_judged"] / seconds / count,
        "frames_dropped_share": 1 - raw["frames_judged"] / max(1, raw["frames_captured"]),
        "ms_per_frame": 1000 * raw["judge_s"] / judged,
        "network_ms_per_frame": 1000 * raw["network_s"] / judged,
        "ratio_to_networks": raw["judge_s"] / raw["network_s"] if raw["network_s"] else None,
        "daemon_cpu_ms_per_frame": 1000 * raw["own_cpu_s"] / judged,
        "capture_cpu_ms_per_frame": 1000 * raw["capture_cpu_s"] / max(1, raw["frames_captured"]),
        "daemon_cores": raw["own_cpu_s"] / seconds,
        "capture_cores": raw["capture_cpu_s"] / seconds,
        "stage_ms_per_frame": {k: 1000 * v / judged for k, v in raw["stage_s"].items()},
        "network_ms_per_call": {
            name: 1000 * raw["network_seconds"][name] / n for name, n in calls.items() if n
        },
        "age_ms": _quantiles(raw["age_ms"]),
        "decided_age_ms": _quantiles(raw["decided_age_ms"]),
        "daemon_mb": raw["daemon_mb"],
        "daemon_peak_mb": raw["daemon_peak_mb"],
        "capture_mb": raw["capture_mb"],
        "capture_peak_mb": raw["capture_peak_mb"],
    }


def _latency(arrivals: Sequence[Arrival]) -> dict[str, Any]:
    paced = [a for a in arrivals if a.frames > 1]
    return {
        "events": len(arrivals),
        "capture_to_broker_ms": _quantiles([a.overhead for a in arrivals]),
        "issue_to_broker_ms": _quantiles([a.road for a in arrivals]),
        "ms_per_counted_frame": _quantiles([a.attempt / (a.frames - 1) for a in paced]),
    }


def _quantiles(values: Sequence[float]) -> dict[str, float]:
    """p50, p95, p99 by linear interpolation, those for which there are values enough."""
    if len(values) < 2:
        return {}
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    enough = {"p50": 2, "p95": 20, "p99": 100}
    found = {"p50": cuts[49], "p95": cuts[94], "p99": cuts[98]}
    return {name: value for name, value in found.items() if len(values) >= enough[name]}
