"""Depth that does not belong to the colours: it is no depth, and the door stays shut.

The scenes are SYNTHETIC; the camera's own library plays them, as it would a camera.
"""

from dataclasses import replace

import numpy as np

from feeds.frame import DepthImage
from feeds.realsense.recording_writer import Scene
from tests.faults.bench import LIVE_FEED, bench
from tests.faults.findings import Findings
from tests.faults.rows import Asked, row
from tests.support.broker import eventually
from tests.support.scenes import GATE, recorded, scenes

_FRAMES = 40
_LAG_S = 0.1  # three frames
_DOOR = {
    "mode": "secure_access_3d_liveness",
    "gate": dict(GATE),
    "rgb_liveness": None,
    "liveness_3d": {"attempt_deadline_s": 1.0},
}


def mismatched(head: list[Scene]) -> dict[str, list[Scene]]:
    """One head, and by a feed's name what can be wrong with its depth."""
    depths = [scene.depth for scene in head if scene.depth is not None]
    aside = depths[0].shape[1] // 3
    return {
        "late": [replace(scene, depth_lag_s=_LAG_S) for scene in head],
        "early": [replace(scene, depth_lag_s=-_LAG_S) for scene in head],
        "blank": _with(head, [np.zeros_like(depth) for depth in depths]),
        "still": _with(head, depths[:1] * len(head)),
        "aside": _with(head, [np.roll(depth, aside, axis=1) for depth in depths]),
    }


def _with(head: list[Scene], depths: list[DepthImage]) -> list[Scene]:
    pairs = zip(head, depths, strict=True)
    return [replace(scene, depth=depth) for scene, depth in pairs]


@row("camera-depth")
def camera_depth(asked: Asked) -> Findings:
    """Depth of another moment, of nothing, of one moment for ever, and of another place."""
    head = scenes(None, 3, _FRAMES)
    played = {LIVE_FEED: head, **mismatched(head)}
    feeds = {
        name: {
            "kind": "realsense",
            "recording": str(recorded(asked.folder / f"{name}.db3", each)),
            "pace": "fast",
            "repeat": "loop",
            "stall_s": 5.0,
        }
        for name, each in played.items()
    }
    with bench(asked.folder, feeds, behind_wire=False, doors=_DOOR) as kiosk:
        kiosk.start()
        kiosk.weigh()
        kiosk.found.faults = len(played) - 1

        def ended() -> set[str]:
            records = [each for each in kiosk.seen.payloads("audit") if each["kind"] == "result"]
            return {str(each["sourceId"]) for each in records}

        eventually(lambda: ended() | {"still"} >= set(feeds), within=300.0)
        kiosk.more(2)
        kiosk.weigh()
        kiosk.stop()
        told = {str(each["sourceId"]) for each in kiosk.seen.payloads("action")} - {LIVE_FEED}
        kiosk.found.said.append(f"an event said not live at: {', '.join(sorted(told)) or 'none'}")
        return kiosk.count()
