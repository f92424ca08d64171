"""A day of operation at speed: everything comes and goes, and is changed, hour after hour."""

import json
import time

from tests.faults.bench import LIVE_FEED, Bench
from tests.faults.camera import Door, door
from tests.faults.findings import Findings
from tests.faults.rows import Asked, row
from tests.support.broker import eventually
from tests.support.commands import kioskd
from tests.support.ports import free_port

_HOURS, _WARM_HOURS = 24, 4
_MORE_MB, _MORE_HANDLES = 20.0, 3  # as of the soak
_DOOR = f"{LIVE_FEED}-door"


@row("day")
def day(asked: Asked) -> Findings:
    """In each of 24 hours the broker and the camera go and come, and a limit and a door change."""
    with door(asked, wanted={"metrics": {"enabled": True, "port": free_port()}}) as made:
        for hour in range(_HOURS):
            _hour(made, hour, asked.long_s / 4)
            if hour >= _WARM_HOURS:
                made.kiosk.weigh()
        found = made.ended()
    assert found.memory is not None
    assert found.handles is not None
    if found.memory[1] - found.memory[0] > _MORE_MB:
        found.short.append("memory grew")
    if found.handles[1] - found.handles[0] > _MORE_HANDLES:
        found.short.append("descriptors grew")
    return found


def _hour(made: Door, hour: int, long_s: float) -> None:
    kiosk = made.kiosk
    with kiosk.fault(kiosk.connected_again):
        kiosk.broker.kill()
        time.sleep(long_s)
        kiosk.broker.start()
    with kiosk.fault(kiosk.sees_again), kiosk.unseen():
        made.camera.kill()
        eventually(lambda: not kiosk.sees_again())
        time.sleep(long_s)
        made.again()
    _changed(kiosk, 0.6 if hour % 2 else 0.65)
    for command in ("disable", "enable"):
        said = kioskd("ctl", command, _DOOR, "-c", kiosk.daemon.config)
        assert said.status == 0, said.err


def _changed(kiosk: Bench, threshold: float) -> None:
    """A limit of the door is written, and the file read again."""
    kiosk.config["doors"][_DOOR]["rgb_liveness"]["liveness_detection_threshold"] = threshold
    kiosk.daemon.config.write_text(json.dumps(kiosk.config, indent=1))
    said = kioskd("reload", "-c", kiosk.daemon.config)
    assert said.status == 0, said.err
