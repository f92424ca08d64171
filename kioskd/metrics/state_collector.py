"""The metrics that are read at each scrape, and cost nothing while nobody scrapes."""

from collections import Counter
from collections.abc import Iterator
from typing import get_args

from feeds.state import Phase
from kioskd.alarms.alarm import AlarmCode
from kioskd.judge import Judge
from kioskd.machine import available_bytes
from kioskd.metrics.kiosk_state import KioskState, memory_bytes
from kioskd.metrics.library import (
    Collector,
    CounterMetricFamily,
    GaugeMetricFamily,
    Metric,
    SummaryMetricFamily,
)
from kioskd.problems import ProblemCode

PHASES: tuple[str, ...] = get_args(Phase)
ALARMS: tuple[AlarmCode, ...] = get_args(AlarmCode)
CODES: tuple[str, ...] = get_args(ProblemCode)


class StateCollector(Collector):
    """Asked by the registry, in the thread of whoever scrapes."""

    def __init__(self, state: KioskState) -> None:
        self._state = state

    def describe(self) -> Iterator[Metric]:
        """Nothing: what it gives is known when it is asked."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        judges = self._state.judges
        yield from _frames(judges)
        yield from _feeds(judges)
        yield _doors(self._state)
        yield _stages(judges)
        yield _networks(self._state)
        yield from _of_the_kiosk(self._state)
        yield from _facts(self._state)


def _frames(judges: list[Judge]) -> Iterator[Metric]:
    captured = CounterMetricFamily(
        "kioskd_frames_captured", "Frames the camera gave, fit to be judged.", labels=["door"]
    )
    left_out = CounterMetricFamily(
        "kioskd_frames_left_out", "Frames left out before that.", labels=["door", "why"]
    )
    restarts = CounterMetricFamily(
        "kioskd_capture_restarts", "Capture processes started again.", labels=["door"]
    )
    for judge in judges:
        counts = judge.feed.counts
        captured.add_metric([judge.door], counts.captured)
        left_out.add_metric([judge.door, "late"], counts.late)
        left_out.add_metric([judge.door, "repeated"], counts.repeated)
        restarts.add_metric([judge.door], counts.restarts)
    yield from (captured, left_out, restarts)


def _feeds(judges: list[Judge]) -> Iterator[Metric]:
    state = GaugeMetricFamily(
        "kioskd_feed_state", "1 for the state that the feed is in.", labels=["door", "state"]
    )
    memory = GaugeMetricFamily(
        "kioskd_capture_memory_bytes", "Resident, of the capture process.", labels=["door"]
    )
    share = GaugeMetricFamily(
        "kioskd_frames_judged_share", "Of the frames of the last 10 s.", labels=["door"]
    )
    for judge in judges:
        phase = judge.feed.state.phase
        for each in PHASES:
            state.add_metric([judge.door, each], each == phase)
        pid = judge.feed.capture_pid
        memory.add_metric([judge.door], 0 if pid is None else memory_bytes(pid))
        if (load := judge.load) is not None:
            share.add_metric([judge.door], load.share)
    yield from (state, memory, share)


def _doors(state: KioskState) -> Metric:
    enabled = GaugeMetricFamily(
        "kioskd_door_enabled", "0 while an operator has disabled the door.", labels=["door"]
    )
    for judge in state.judges:
        enabled.add_metric([judge.door], state.sources.enabled(judge.door))
    return enabled


def _stages(judges: list[Judge]) -> Metric:
    family = SummaryMetricFamily(
        "kioskd_stage_seconds", "Spent on a stage of perception.", labels=["door", "stage"]
    )
    for judge in judges:
        stages = judge.perceiver.stages
        seconds = dict(stages.seconds)  # copied at once: the judge goes on counting
        for stage, calls in dict(stages.calls).items():
            family.add_metric([judge.door, stage], calls, seconds.get(stage, 0.0))
    return family


def _networks(state: KioskState) -> Metric:
    family = SummaryMetricFamily(
        "kioskd_network_seconds", "Spent in a network, all doors.", labels=["network"]
    )
    for name, use in state.sources.networks.uses().items():
        family.add_metric([name], use.calls, use.seconds)
    return family


def _of_the_kiosk(state: KioskState) -> Iterator[Metric]:
    present = state.sources.problems()
    problem = GaugeMetricFamily("kioskd_problem", "1 while it is so.", labels=["code"])
    for code in CODES:
        problem.add_metric([code], code in present)
    silent = GaugeMetricFamily(
        "kioskd_worker_silent_seconds", "Since it got something done.", labels=["worker"]
    )
    for name, seconds in state.silent_s():
        silent.add_metric([name], seconds)
    rings = Counter(alarm.code for alarm in state.sources.alarms() if alarm.rings)
    alarm = GaugeMetricFamily("kioskd_alarm", "How many doors it rings at.", labels=["code"])
    for alarm_code in ALARMS:
        alarm.add_metric([alarm_code], rings[alarm_code])
    yield from (problem, silent, alarm)
    snapshots = CounterMetricFamily(
        "kioskd_snapshots", "Pictures of refused attempts by their fate.", labels=["fate"]
    )
    for fate, count in state.sources.snapshots().items():
        snapshots.add_metric([fate], count)
    yield snapshots
    connected = state.sources.connected()
    yield GaugeMetricFamily("kioskd_broker_connected", "1 while a broker has us.", connected)
    if (rows := state.rows_waiting) is not None:
        yield GaugeMetricFamily(
            "kioskd_audit_rows_waiting", "For the broker, counted up to 100000.", rows
        )
    if (fleet := state.fleet) is not None:
        yield GaugeMetricFamily(
            "kioskd_fleet_connected", "1 while a fleet's cluster has us.", fleet.connected
        )
        if fleet.rows_waiting is not None:
            yield GaugeMetricFamily(
                "kioskd_fleet_rows_waiting",
                "Audit records that the fleet lacks, counted up to 100000.",
                fleet.rows_waiting,
            )
    if (available := available_bytes()) is not None:
        yield GaugeMetricFamily(
            "kioskd_machine_memory_available_bytes", "What the machine can still give.", available
        )


def _facts(state: KioskState) -> Iterator[Metric]:
    sources = state.sources
    build = GaugeMetricFamily(
        "kioskd_build_info", "Of what runs, and by which file.", labels=["version", "config"]
    )
    build.add_metric([sources.version, sources.config()], 1)
    models = GaugeMetricFamily(
        "kioskd_model_info", "Each network file that decides.", labels=["network", "digest"]
    )
    for file in filter(None, sources.model_version().split(",")):
        name, _, digest = file.rpartition(":")
        models.add_metric([name, digest], 1)
    yield from (build, models)
