"""Results as a mode would conclude them."""

import time
from dataclasses import replace

from kioskd.event import LivenessState, Result

LIVE = Result(
    action="rgbLiveness",
    feed="door-3",
    mode="secure_access_rgb_liveness",
    track_id=18,
    attempt=1,
    verdict="passed",
    state="LIVENESS_CONFIRMED",
    emits=True,
    attributes={"liveness": 0.93, "livenessConfirmed": "true"},
    started_at=0.0,
    decided_at=1.2,
    captured_at=1730000001.2,
    frames=10,
    scores={"hybrid": 0.93},
)


def result_now(age_s: float = 0.0, feed: str = "door-3") -> Result:
    """A live result whose deciding frame was captured `age_s` ago."""
    now = time.monotonic() - age_s
    wall = time.time() - age_s
    return replace(LIVE, feed=feed, started_at=now - 1.2, decided_at=now, captured_at=wall)


def unknown_now() -> Result:
    state: LivenessState = "LIVENESS_UNKNOWN"
    return replace(
        result_now(),
        verdict="undecided",
        state=state,
        emits=False,
        attributes={},
        reasons=("time_over", "face_too_small", "blurry"),
    )
