"""What one sense says of one face in one frame: a score, or why it says nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf

from kioskd.modes.confirm import Rule
from kioskd.modes.depth.depth_settings import InfraredSettings, ReliefSettings
from kioskd.modes.reasons import Reason
from kioskd.modes.rgb.rgb_settings import RgbSettings
from models.observation import Face, Measure, MissingDepth, Relief

Said = float | tuple[Reason, ...]  # a score, 0 = attack to 1 = live; or reasons, never empty


@dataclass(frozen=True, slots=True)
class Evidence:
    """
    name     in the scores of a result, for diagnostics
    measure  what must be measured for it
    rule     the windows it must pass
    say      what it makes of a face
    """

    name: str
    measure: Measure
    rule: Rule
    say: Callable[[Face], Said]


def relief_evidence(settings: ReliefSettings) -> Evidence:
    """Depth: fresh, dense enough, at the right distance, and shaped like a head."""

    def say(face: Face) -> Said:
        if face.relief is None:
            return (Reason.NOT_MEASURED,)
        return _unfit(face.relief, settings) or _score(face.relief.score)

    return Evidence("relief", Measure.RELIEF, settings.rule, say)


def infrared_evidence(settings: InfraredSettings) -> Evidence:
    """Infrared: fresh, a face where depth says it is, and looking like skin."""

    def say(face: Face) -> Said:
        look = face.infrared
        if look is None:
            return (Reason.NOT_MEASURED,)
        if look.missing is not None:
            return (NO_INFRARED[look.missing],)
        gap = look.infrared_gap_s
        if gap == inf:
            return (Reason.TWO_CLOCKS,)
        if gap is None or not 0.0 <= gap <= settings.maximum_infrared_gap_s:
            return (Reason.INFRARED_LATE,)
        return _score(look.score)

    return Evidence("infrared", Measure.INFRARED, settings.rule, say)


NO_INFRARED = {
    "no_camera": Reason.NO_DEPTH_CAMERA,
    "absent": Reason.INFRARED_MISSING,
    "no_depth": Reason.DEPTH_MISSING,
    "no_face": Reason.INFRARED_FACELESS,
}


def rgb_evidence(settings: RgbSettings) -> Evidence:
    """The colour image, as RGB liveness judges it."""

    def say(face: Face) -> Said:
        if face.liveness is None:
            return (Reason.NOT_MEASURED,)
        return _score(face.liveness.score)

    return Evidence("rgb", Measure.LIVENESS, settings.rule, say)


MISSING: dict[MissingDepth, Reason] = {
    "no_camera": Reason.NO_DEPTH_CAMERA,
    "absent": Reason.DEPTH_MISSING,
    "other_size": Reason.DEPTH_MISSING,
    "empty": Reason.DEPTH_MISSING,
    "repeated": Reason.DEPTH_FROZEN,
}


def _unfit(relief: Relief, limits: ReliefSettings) -> tuple[Reason, ...]:
    """Why this depth is no evidence; what is not a number never passes."""
    if relief.no_depth is not None:
        return (MISSING[relief.no_depth],)
    gap, distance = relief.depth_gap_s, relief.distance_m
    if gap == inf:
        return (Reason.TWO_CLOCKS,)
    if gap is None or not 0.0 <= gap <= limits.maximum_depth_gap_s:
        return (Reason.DEPTH_LATE,)
    if distance is None or not relief.valid_ratio >= limits.minimum_valid_ratio:
        return (Reason.DEPTH_SPARSE,)
    if not distance >= limits.minimum_distance_m:
        return (Reason.TOO_NEAR,)
    return () if distance <= limits.maximum_distance_m else (Reason.TOO_FAR,)


def _score(score: float | None) -> Said:
    if score is None or not 0.0 <= score <= 1.0:  # NaN is no score either
        return (Reason.SCORE_INVALID,)
    return score
