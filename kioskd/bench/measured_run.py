"""One measured run: `python -m kioskd.bench.measured_run CONFIG SECONDS` prints it as JSON.

It runs the very `Daemon` that `kioskd run` runs, and looks at it from the side.
"""

import json
import os
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kioskd import log
from kioskd.bench import process_use
from kioskd.config.load import load
from kioskd.daemon import TURN_S, Daemon
from kioskd.happenings import FrameJudged

WARM_S = 2.0  # after the first frame of every feed: caches, first tracks
START_S = 300.0  # for every camera's first frame
FEWEST = 2  # events, for a spread of their times
ATTEMPTS_S = 120.0  # how long to go on for them, on a machine where they take so long


@dataclass(slots=True)
class Tape:
    """What the judges did, one row per frame. Filled from their threads."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    rows: list[tuple[float, float, float, float, bool]] = field(default_factory=list)
    feeds: set[str] = field(default_factory=set)
    faces: bool = False  # whether any frame has shown one
    told: int = 0  # attempts of which a door was told

    def add(self, judged: FrameJudged) -> None:
        row = (
            judged.frame.captured_at,
            judged.began_at,
            judged.stepped_at,
            judged.ended_at,
            judged.step.result is not None,
        )
        with self.lock:
            self.rows.append(row)
            self.feeds.add(judged.frame.feed)
            self.faces = self.faces or bool(judged.seen.faces)
            self.told += judged.step.result is not None and judged.step.result.emits


@dataclass(frozen=True, slots=True)
class Reading:
    """Counters at one moment; two of them make a measurement."""

    at: float
    rows: int
    own_cpu_s: float
    capture_cpu_s: float
    network_s: float
    network_calls: dict[str, int]
    network_seconds: dict[str, float]
    stage_s: dict[str, float]
    captured: int
    taken: int


def main(config: Path, seconds: float) -> None:
    log.configure("warning")
    tape = Tape()
    daemon = Daemon(load(config))
    daemon.stream.listen("bench", FrameJudged, tape.add)
    daemon.start()
    try:
        _until_warm(daemon, tape)
        before = _read(daemon, tape)
        _pass(daemon, seconds)
        _until_doors_were_told(daemon, tape)
        after = _read(daemon, tape)
        figures = _figures(daemon, tape, before, after)
    finally:
        daemon.stop()
    print(json.dumps(figures), flush=True)


def _until_warm(daemon: Daemon, tape: Tape) -> None:
    deadline = time.monotonic() + START_S
    while len(tape.feeds) < len(daemon.judges) and time.monotonic() < deadline:
        _pass(daemon, 0.1)
    _pass(daemon, WARM_S)


def _until_doors_were_told(daemon: Daemon, tape: Tape) -> None:
    """Where there are faces, go on until there are events, however slow the machine is."""
    deadline = time.monotonic() + ATTEMPTS_S
    while tape.faces and tape.told < FEWEST and time.monotonic() < deadline:
        _pass(daemon, 0.1)


def _pass(daemon: Daemon, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        time.sleep(min(left, TURN_S))
        if not daemon.tend():
            sys.exit("a judge failed; its trace stands above")


def _read(daemon: Daemon, tape: Tape) -> Reading:
    uses = daemon.networks.uses()
    stages: dict[str, float] = {}
    for judge in daemon.judges:
        for stage, seconds in list(judge.perceiver.stages.seconds.items()):
            stages[stage] = stages.get(stage, 0.0) + seconds
    with tape.lock:
        rows = len(tape.rows)
    return Reading(
        at=time.monotonic(),
        rows=rows,
        own_cpu_s=time.process_time(),
        capture_cpu_s=sum(process_use.cpu_s(pid) for pid in _capture_pids(daemon)),
        network_s=sum(use.seconds for use in uses.values()),
        network_calls={name: use.calls for name, use in uses.items()},
        network_seconds={name: use.seconds for name, use in uses.items()},
        stage_s=stages,
        captured=sum(judge.feed.counts.captured for judge in daemon.judges),
        taken=sum(judge.feed.counts.taken for judge in daemon.judges),
    )


def _capture_pids(daemon: Daemon) -> list[int]:
    return [pid for judge in daemon.judges if (pid := judge.feed.capture_pid) is not None]


def _figures(daemon: Daemon, tape: Tape, before: Reading, after: Reading) -> dict[str, object]:
    rows = tape.rows[before.rows : after.rows]
    captures = [process_use.memory_mb(pid) for pid in _capture_pids(daemon)]
    own = process_use.memory_mb(os.getpid())
    return {
        "provider": daemon.networks.provider,
        "seconds": after.at - before.at,
        "frames_captured": after.captured - before.captured,
        "frames_judged": len(rows),
        "judge_s": sum(stepped - began for _, began, stepped, _, _ in rows),
        "network_s": after.network_s - before.network_s,
        "own_cpu_s": after.own_cpu_s - before.own_cpu_s,
        "capture_cpu_s": after.capture_cpu_s - before.capture_cpu_s,
        "stage_s": _less(after.stage_s, before.stage_s),
        "network_calls": _less(after.network_calls, before.network_calls),
        "network_seconds": _less(after.network_seconds, before.network_seconds),
        "age_ms": [1000 * (began - captured) for captured, began, *_ in rows],
        "decided_age_ms": [1000 * (ended - captured) for captured, *_, ended, d in rows if d],
        "daemon_mb": own[0],
        "daemon_peak_mb": own[1],
        "capture_mb": sum(resident for resident, _ in captures),
        "capture_peak_mb": sum(peak for _, peak in captures),
    }


def _less(after: Mapping[str, float], before: Mapping[str, float]) -> dict[str, float]:
    return {key: value - before.get(key, 0) for key, value in after.items()}


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]))
