"""What one sense says of one face in one frame: a score, or why it says nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf

from kioskd.modes.attempt import liveness_found
from kioskd.modes.confirm import Rule, usable
from kioskd.modes.depth.depth_settings import InfraredSettings, ReliefSettings
from kioskd.modes.gate import Finding, failed
from kioskd.modes.reasons import Reason
from kioskd.modes.rgb.rgb_settings import RgbSettings
from models.observation import Face, Measure, MissingDepth, Relief

Said = float | tuple[Reason, ...]  # a score, 0 = attack to 1 = live; or reasons, never empty


@dataclass(frozen=True, slots=True)
class Evidence:
    """One sense by which a face is judged, and the windows that its scores must pass.

    name     in the scores of a result, for diagnostics
    measure  what must be measured for it
    rule     the windows it must pass
    say      what it makes of a face
    find     that in figures: what must hold for it to say anything, and its score
    """

    name: str
    measure: Measure
    rule: Rule
    say: Callable[[Face], Said]
    find: Callable[[Face], tuple[Finding, ...]]


def relief_evidence(settings: ReliefSettings) -> Evidence:
    """Depth: fresh, dense enough, at the right distance, and shaped like a head."""

    def say(face: Face) -> Said:
        if face.relief is None:
            return (Reason.NOT_MEASURED,)
        return _unfit(face.relief, settings) or _score(face.relief.score)

    def find(face: Face) -> tuple[Finding, ...]:
        if face.relief is None or face.relief.no_depth is not None:
            return ()
        score = Finding("relief", None, face.relief.score, settings.rule.live_threshold)
        return (*_findings(face.relief, settings), score)

    return Evidence("relief", Measure.RELIEF, settings.rule, say, find)


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
        if gap is None or gap < 0.0 or not lateness(gap).passed:
            return (Reason.INFRARED_LATE,)
        return _score(look.score)

    def lateness(gap: float | None) -> Finding:
        most = settings.maximum_infrared_gap_s
        return Finding("maximum_infrared_gap_s", Reason.INFRARED_LATE, gap, most, "most", "s")

    def find(face: Face) -> tuple[Finding, ...]:
        look = face.infrared
        if look is None or look.missing is not None:
            return ()
        score = Finding("infrared", None, look.score, settings.rule.live_threshold)
        return (lateness(look.infrared_gap_s), score)

    return Evidence("infrared", Measure.INFRARED, settings.rule, say, find)


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

    def find(face: Face) -> tuple[Finding, ...]:
        return liveness_found(face, settings.rule.live_threshold)

    return Evidence("rgb", Measure.LIVENESS, settings.rule, say, find)


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
    if gap is None or gap < 0.0:
        return (Reason.DEPTH_LATE,)
    refused = failed(_findings(relief, limits))[:1]
    if refused and refused[0] is not Reason.DEPTH_LATE and distance is None:
        return (Reason.DEPTH_SPARSE,)
    return refused


def _findings(relief: Relief, limits: ReliefSettings) -> tuple[Finding, ...]:
    """What must hold of a face's depth; the first that does not is why it is no evidence."""
    gap, ratio, distance = relief.depth_gap_s, relief.valid_ratio, relief.distance_m
    least_ratio, most_gap = limits.minimum_valid_ratio, limits.maximum_depth_gap_s
    near, far = limits.minimum_distance_m, limits.maximum_distance_m
    return (
        Finding("maximum_depth_gap_s", Reason.DEPTH_LATE, gap, most_gap, "most", "s"),
        Finding("minimum_valid_ratio", Reason.DEPTH_SPARSE, ratio, least_ratio),
        Finding("minimum_distance_m", Reason.TOO_NEAR, distance, near, "least", "m"),
        Finding("maximum_distance_m", Reason.TOO_FAR, distance, far, "most", "m"),
    )


def _score(score: float | None) -> Said:
    return score if usable(score) else (Reason.SCORE_INVALID,)
