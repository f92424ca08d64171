"""Did a head turn from the camera into profile? From the head poses of one attempt's fit frames.

    Centre --looked at the camera in k frames--> Turning --in profile--> Turned
      ^                                            |
      +--a jump, back, the wrong way, a gap--------+

A turn begins with the last frame that still looks at the camera. It must take its time, go one
way, and be seen between: a cut from a frontal to a profile picture is no turn.
"""

from dataclasses import dataclass
from typing import Literal

from kioskd.modes.reasons import Reason

Direction = Literal["left", "right", "either"]
WOBBLE_DEG = 10.0  # a turn may go back by so much: noise of the mesh, and of people
MOST_DEG_PER_S = 300.0  # heads that turn faster are jumps; people reach about 200
HAIR_S = 1e-9


@dataclass(frozen=True, slots=True)
class TurnRule:
    """Qualities 0..1, seconds of observation time; growth as a ratio of face heights."""

    direction: Direction
    centre_pose_quality: float
    centre_frames: int
    profile_pose_quality: float
    minimum_transit_s: float
    minimum_growth: float
    maximum_gap_s: float


@dataclass(frozen=True, slots=True)
class Look:
    """What one fit frame shows. `yaw` is positive to the subject's own left."""

    at: float
    quality: float
    yaw: float
    height: float  # of the face box, pixels


@dataclass(frozen=True, slots=True)
class Centre:
    """Waiting for a face that looks at the camera, `frames` of which came without a break."""

    frames: int = 0
    height: float = 0.0  # of the first of them
    last_at: float = 0.0
    fell: Reason | None = None  # why a turn was given up in this very frame


@dataclass(frozen=True, slots=True)
class Turning:
    """`since` is the last frame that looked at the camera; `between` were seen after it."""

    since: float
    height: float
    last: Look
    furthest: float = 0.0  # degrees of yaw, with the sign of the way it went
    between: int = 0


@dataclass(frozen=True, slots=True)
class Turned:
    pass


Turn = Centre | Turning | Turned


def after(state: Turn, look: Look, rule: TurnRule) -> Turn:
    """The state after one more fit frame."""
    match state:
        case Centre():
            return _centre(state, look, rule)
        case Turning():
            return _turning(state, look, rule)
        case Turned():
            return state


def _centre(state: Centre, look: Look, rule: TurnRule) -> Turn:
    if look.quality < rule.centre_pose_quality:
        return Centre()
    fresh = state.frames == 0 or look.at - state.last_at > rule.maximum_gap_s
    frames, height = (1, look.height) if fresh else (state.frames + 1, state.height)
    if frames >= rule.centre_frames:
        return Turning(look.at, height, look)
    return Centre(frames, height, look.at)


def _turning(state: Turning, look: Look, rule: TurnRule) -> Turn:
    if fell := _fallen(state, look, rule):
        return Centre(fell=fell)
    if look.quality >= rule.centre_pose_quality:
        return Turning(look.at, state.height, look)
    if look.quality > rule.profile_pose_quality:
        furthest = max(state.furthest, look.yaw, key=abs)
        return Turning(state.since, state.height, look, furthest, state.between + 1)
    if look.at - state.since < rule.minimum_transit_s - HAIR_S or not state.between:
        return Centre(fell=Reason.TURNED_TOO_FAST)
    if look.height < rule.minimum_growth * state.height:
        return Centre(fell=Reason.NOT_NEARER)
    return Turned()


def _fallen(state: Turning, look: Look, rule: TurnRule) -> Reason | None:
    """Why this frame cannot belong to the same turn."""
    passed_s, step = look.at - state.last.at, abs(look.yaw - state.last.yaw)
    if passed_s > rule.maximum_gap_s:
        return Reason.FRAMES_MISSING
    if step > MOST_DEG_PER_S * passed_s:
        return Reason.TURNED_TOO_FAST
    if look.quality >= rule.centre_pose_quality:
        return None
    if look.yaw == 0.0 or rule.direction == ("right" if look.yaw > 0.0 else "left"):
        return Reason.WRONG_DIRECTION
    ahead = look.yaw if state.furthest > 0.0 else -look.yaw
    back = state.furthest != 0.0 and ahead < abs(state.furthest) - WOBBLE_DEG
    return Reason.TURNED_BACK if back else None
