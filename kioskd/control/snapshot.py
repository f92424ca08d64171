"""What a kiosk tells of itself to whoever commands it: numbers and sentences, and no picture."""

import os
import time
from collections.abc import Callable
from typing import Any

from kioskd.control.door_switches import DoorSwitches
from kioskd.health import Obstacle
from kioskd.judge import Judge
from kioskd.machine import available_bytes
from kioskd.metrics.kiosk_state import KioskState, memory_bytes, open_files
from kioskd.metrics.readiness import not_ready

Json = dict[str, Any]


class Snapshot:
    """Read from memory when somebody asks; for any thread."""

    def __init__(
        self, state: KioskState, switches: DoorSwitches, boot_id: Callable[[], str]
    ) -> None:
        self._state, self._switches, self._boot_id = state, switches, boot_id
        self._began_at = time.monotonic()

    def doors(self) -> list[Json]:
        """In the order of config.yaml."""
        return [self._door(judge) for judge in self._state.judges]

    def status(self) -> Json:
        sources, why = self._state.sources, not_ready(self._state)
        problems, layers = sources.problems(), sources.layers()
        return {
            "version": sources.version,
            "bootId": self._boot_id(),
            "configDigest": sources.config(),
            "modelVersion": sources.model_version(),
            **({} if layers is None else {"layers": list(layers)}),
            "upS": round(time.monotonic() - self._began_at),
            "ready": not why,
            "why": [_told(one) for one in why],
            "problems": [{"code": code, "detail": told} for code, told in problems.items()],
            "brokerConnected": sources.connected(),
            **({} if (fleet := self._state.fleet) is None else {"fleet": fleet.told()}),
            "doors": self.doors(),
        }

    def diagnostics(self) -> Json:
        """For whoever is asked for help."""
        sources = self._state.sources
        networks = sources.networks
        memory = available_bytes()
        return {
            **self.status(),
            "networksRunOn": networks.provider,
            "networks": {
                name: {"calls": use.calls, "seconds": round(use.seconds, 3)}
                for name, use in networks.uses().items()
            },
            "workersSilentS": {name: round(s, 1) for name, s in self._state.silent_s()},
            "auditRowsWaiting": self._state.rows_waiting,
            "memoryMb": round(memory_bytes(os.getpid()) / 1e6),
            "memoryAvailableMb": None if memory is None else round(memory / 1e6),
            "openFiles": open_files(),
            "feeds": {judge.feed.settings.name: _feed(judge) for judge in self._state.judges},
        }

    def _door(self, judge: Judge) -> Json:
        state, switch = judge.feed.state, self._switches.of(judge.door)
        return {
            "door": judge.door,
            "feed": state.feed,
            "enabled": switch.enabled,
            "modified": switch.modified,
            "state": state.phase,
            "reason": state.reason,
            "detail": state.detail,
        }


def _told(one: Obstacle) -> Json:
    return {"code": one.code, **({"door": one.door} if one.door else {}), "detail": one.detail}


def _feed(judge: Judge) -> Json:
    counts, load = judge.feed.counts, judge.load
    stages = judge.perceiver.stages
    return {
        "captured": counts.captured,
        "judged": counts.taken,
        "late": counts.late,
        "repeated": counts.repeated,
        "restarts": counts.restarts,
        "judgedShare": None if load is None else round(load.share, 3),
        "stagesS": {stage: round(took, 3) for stage, took in dict(stages.seconds).items()},
    }
