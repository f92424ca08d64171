"""Hours at four cameras."""

import time

from tests.faults.bench import bench
from tests.faults.findings import Findings
from tests.faults.rows import Asked, row
from tests.support.broker import eventually
from tests.support.clips import as_h264
from tests.support.daemon import ATTACK, LIVE, file_feed

_WARM_S = 300.0  # until every pool and cache has its size; at most a tenth of the whole
_EVERY_S = 10.0
_MORE_MB = 20.0  # of some hundred: what may come and go with buffers
_MORE_HANDLES = 3


@row("soak")
def soak(asked: Asked) -> Findings:
    """Four cameras at 10 pictures a second, two live and two attacks: memory and descriptors."""
    live, attack = (as_h264(clip, asked.folder / f"{clip.stem}.mp4") for clip in (LIVE, ATTACK))
    clips = {"live": live, "live-2": live, "attack": attack, "attack-2": attack}
    feeds = {name: file_feed(clip, pace="realtime") for name, clip in clips.items()}
    with bench(asked.folder, feeds, behind_wire=False) as kiosk:
        kiosk.live_feeds = frozenset({"live", "live-2"})
        kiosk.daemon.start()
        eventually(kiosk.sees_again)
        long_s = 3600.0 * asked.hours
        time.sleep(min(_WARM_S, long_s / 10))
        kiosk.weigh()
        weights = []
        until = time.monotonic() + long_s
        while time.monotonic() < until:
            time.sleep(min(_EVERY_S, long_s / 10))
            kiosk.weigh()
            weights += [] if kiosk.found.memory is None else [kiosk.found.memory[1]]
        _judged(kiosk.found, weights, asked.hours)
        kiosk.drained()
        kiosk.stop()
        return kiosk.count()


def _judged(found: Findings, weights: list[float], hours: float) -> None:
    assert found.memory is not None
    assert found.handles is not None
    tenths = ", ".join(f"{mb:.0f}" for mb in weights[:: max(1, len(weights) // 10)])
    found.said.append(f"{hours:g} hours, MB at each tenth: {tenths}")
    if found.memory[1] - found.memory[0] > _MORE_MB:
        found.short.append("memory grew")
    if found.handles[1] - found.handles[0] > _MORE_HANDLES:
        found.short.append("descriptors grew")
