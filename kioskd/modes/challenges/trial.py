"""One action that was asked for, frame by frame: at rest, under way, held, done.

    Asked --far enough, and smoothly--> Held --long enough--> Done
      ^                                   |
      +-----------let go too soon---------+

A blink has Closed between the two: both eyes shut, and what is then held is that they are open
again. What jumps, is stretched like a tilted picture, or shuts its eyes for long, must come to
rest before it counts.
"""

import math
from dataclasses import dataclass, replace
from typing import assert_never

from kioskd.modes.challenges.kinds import SMOOTH, Challenge

RELEASE = 0.75  # an action that falls below this part of its way is let go
BLINK_MOST_S = 1.0  # eyes shut for longer are no blink
TRANSIT_S = dict.fromkeys(SMOOTH, 0.1) | {Challenge.FLOW: 0.4}  # from rest to done, at least
MOST_STRETCH = {
    kind: 1.2 if kind in SMOOTH else 1.1 for kind in Challenge
}  # of a head that does it
STEADY_DEG = 15.0  # by which a head may move that was not asked to
FLOW_FRAMES = 5  # in which the optical flow of the approach was measured
FLOW_SHARE = 0.5  # of the box's growth that the flow must confirm; both as logarithms


@dataclass(frozen=True, slots=True)
class Way:
    """What one frame says of the action asked for.

    extent  0 or less at rest, 1 or more done (kioskd.modes.challenges.extent)
    grown   the face's size now in that of the start
    zoom    its growth since the frame before, by optical flow
    stretch of the face since the start (models.stretch); a flat picture's is large
    moved   by so many degrees about any axis since the start
    """

    at: float
    extent: float
    grown: float = 1.0
    zoom: float | None = None
    stretch: float = 1.0
    moved: float = 0.0


@dataclass(frozen=True, slots=True)
class Asked:
    """The action is asked for, and not seen yet.

    rested_at  when the action was last at rest; None: it must come to rest first
    between    frames since then, on the way
    zoom       growth by optical flow since the action was asked for, and in how many frames
    """

    rested_at: float | None
    between: int = 0
    zoom: float = 1.0
    zooms: int = 0


@dataclass(frozen=True, slots=True)
class Closed:
    """Both eyes are shut."""

    since: float


@dataclass(frozen=True, slots=True)
class Held:
    since: float
    before: Asked


@dataclass(frozen=True, slots=True)
class Done:
    """Seen, from rest to as far as was asked, for as long as was asked."""


Trial = Asked | Closed | Held | Done


def after(trial: Trial, kind: Challenge, way: Way, success_length_s: float) -> Trial:
    """The trial after one more frame."""
    if is_unsteady(kind, way) and not isinstance(trial, Done):
        return Asked(rested_at=None)
    match trial:
        case Asked():
            return _asked(_flown(trial, way), kind, way)
        case Closed(since):
            return _closed(since, way)
        case Held(since, before):
            if not _holds(kind, way):
                return before
            return Done() if way.at - since >= success_length_s else trial
        case Done():
            return trial
        case _:
            assert_never(trial)


def is_flat(kind: Challenge, way: Way) -> bool:
    """Whether a picture was tilted until it seemed to do what was asked."""
    return way.extent >= 1.0 and not way.stretch <= MOST_STRETCH[kind]


def is_unsteady(kind: Challenge, way: Way) -> bool:
    """Whether the head moved where only the face should: it changes what brows measure."""
    return kind not in SMOOTH and not way.moved <= STEADY_DEG


def _asked(trial: Asked, kind: Challenge, way: Way) -> Trial:
    if way.extent <= 0.0:
        return replace(trial, rested_at=way.at, between=0)
    if trial.rested_at is None or not way.extent >= 1.0:
        return replace(trial, between=trial.between + 1)
    if is_flat(kind, way):
        return replace(trial, rested_at=None)
    if kind is Challenge.BLINK:
        return Closed(way.at)
    if kind in SMOOTH and not _smooth(trial, kind, way.at):
        return replace(trial, rested_at=None)
    if kind is Challenge.FLOW and not _confirmed(trial, way.grown):
        return replace(trial, between=trial.between + 1)
    return Held(way.at, trial)


def _closed(since: float, way: Way) -> Trial:
    if way.at - since > BLINK_MOST_S:
        return Asked(rested_at=None)
    if way.extent <= 0.0:
        return Held(way.at, Asked(rested_at=way.at))
    return Closed(since)


def _holds(kind: Challenge, way: Way) -> bool:
    return way.extent <= 0.0 if kind is Challenge.BLINK else way.extent >= RELEASE


def _smooth(trial: Asked, kind: Challenge, at: float) -> bool:
    """Whether the action was seen on its way, and took its time."""
    return (
        trial.rested_at is not None
        and trial.between > 0
        and at - trial.rested_at >= TRANSIT_S[kind] - 1e-9
    )


def _flown(trial: Asked, way: Way) -> Asked:
    if way.zoom is None or not way.zoom > 0.0:
        return trial
    return replace(trial, zoom=trial.zoom * way.zoom, zooms=trial.zooms + 1)


def _confirmed(trial: Asked, grown: float) -> bool:
    """Whether the picture of the face grew too, and not only the detector's box."""
    return trial.zooms >= FLOW_FRAMES and math.log(trial.zoom) >= FLOW_SHARE * math.log(grown)
