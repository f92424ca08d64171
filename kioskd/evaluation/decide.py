"""What a door would have been told of a presentation, at given settings. Pure."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from math import inf
from typing import Literal

from kioskd.evaluation import depth_modes
from kioskd.evaluation.door_replay import Door, Frame
from kioskd.evaluation.sight import COLOURS, GateUse, Sighting
from kioskd.event import Result, Step
from kioskd.modes.attempt import subject
from kioskd.modes.catalogue import ModeSettings
from kioskd.modes.gate import Finding, Gate, gate_for
from kioskd.modes.gate_settings import GateSettings
from kioskd.modes.mode import Mode, drive
from kioskd.modes.reasons import Reason
from kioskd.modes.rgb.rgb_mode import RgbMode
from kioskd.modes.rgb.rgb_settings import RgbSettings
from models.observation import Measure, Observation, settled
from models.schemes import SCHEMES, Added, Liveness, LivenessPlan, evaluate

Outcome = Literal["live", "attack", "none"]

OPEN_GATE = GateSettings(
    face_policy="largest",
    bystander_share=1.0,
    minimum_face_size_px=0.0,
    maximum_face_share=inf,
    minimum_border_px=-inf,
    maximum_drift=inf,
    hybrid_margin_left=-inf,
    hybrid_margin_right=-inf,
    hybrid_margin_above=-inf,
    hybrid_margin_below=-inf,
    minimum_sharpness=0.0,
    minimum_contrast=0.0,
    minimum_brightness=0.0,
    maximum_brightness=1.0,
    minimum_change=0.0,
    minimum_centre_pose_quality=0.0,
    maximum_yaw_deg=90.0,
    maximum_pitch_deg=90.0,
    maximum_roll_deg=90.0,
)


@dataclass(frozen=True, slots=True)
class Judging:
    """How presentations are judged: a door's settings, and whether its gate is in use.

    depth  the mode with a depth camera that is judged in place of RGB liveness; where it judges
           colours too, `rgb` says how. Its gate is in use
    added  weights of the networks that the site adds to the fused scheme
    """

    rgb: RgbSettings
    gate: GateSettings
    gate_use: GateUse
    depth: ModeSettings | None = None
    added: Added = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The detection scheme; before it the mode if that is not RGB liveness."""
        names = () if self.depth is None else (depth_modes.name(self.depth),)
        schemes = (self.rgb.detection_scheme,) if self.colours else ()
        return ", ".join((*names, *schemes))

    @property
    def colours(self) -> bool:
        """Whether liveness is judged by colours, alone or beside depth."""
        return Measure.LIVENESS in self.measures

    @property
    def measures(self) -> frozenset[Measure]:
        return COLOURS if self.depth is None else depth_modes.measures(self.depth)

    @property
    def limits(self) -> GateSettings:
        return self.gate if self.gate_use == "on" else OPEN_GATE

    def mode(self) -> Mode:
        """The mode that ships. With the gate off, frames need not follow close on each other."""
        if self.depth is not None:
            return depth_modes.mode(self.depth, self.rgb, self.gate)
        if self.gate_use == "on":
            return RgbMode(self.rgb, self.gate)
        attempt = replace(self.rgb.attempt, maximum_gap_s=inf)
        return RgbMode(replace(self.rgb, attempt=attempt), OPEN_GATE)

    def judges(self, seen: Observation) -> bool:
        """With the gate off, a frame in which no face was found is passed over."""
        return bool(seen.faces) or self.gate_use == "on"

    @property
    def rule(self) -> Hashable:
        """What a frame's score hangs on: of thresholds, only a cascade's."""
        plan = self.rgb.plan
        if not SCHEMES[plan.scheme].cascade:
            plan = replace(plan, live=0.0, preliminary=0.0)
        return plan, tuple(self.added.items())

    def scored(self, seen: Observation) -> Observation:
        """As the mode gets it: with the largest face scored by the scheme, where one is asked."""
        return scored(seen, self.rgb.plan, self.added) if self.colours else seen

    def score(self, seen: Observation) -> float | None:
        """0 = attack to 1 = live, of the largest face; None where it has none."""
        if self.depth is None:
            liveness = score(seen, self.rgb.plan, self.added)
            return None if liveness is None else liveness.score
        faces = self.scored(seen).faces
        return depth_modes.score(self.depth, self.rgb, faces[0]) if faces else None


@dataclass(frozen=True, slots=True)
class Decision:
    """What came of one presentation.

    outcome    "live": the door was told to open. For a bona fide presentation the first
               decision counts, for an attack any: the door must not be opened even at the
               third try. "none": no decision was told, which is non-response
    result     the decision that counted, or the last attempt that came to none
    after_s    from the first frame with a face to the decision, seconds of the recording
    frames     the same in frames
    attempts   how many attempts came to an end
    reasons    what stood in the way of a still image
    """

    outcome: Outcome
    result: Result | None
    after_s: float | None
    frames: int | None
    attempts: int = 0
    reasons: tuple[str, ...] = ()


def decide(sighting: Sighting, by: Judging, frames: Sequence[Frame] | None = None) -> Decision:
    """Runs the mode that ships over the presentation; a still image is judged as one frame.

    `frames` are the sighting's, where they were made ready for more runs than this one.
    """
    if sighting.presentation.is_still and by.depth is None and sighting.frames:
        return _still(sighting, by)
    ready = frames or [Frame(seen) for seen in sighting.frames]
    judged = [frame for frame in ready if by.judges(frame.known)]
    return decision(sighting, [frame.known for frame in judged], run(judged, by))


def decision(sighting: Sighting, frames: Sequence[Observation], said: Sequence[Step]) -> Decision:
    """What the steps that a mode took, one for each of these frames, come to."""
    results = [(n, step.result) for n, step in enumerate(said) if step.result]
    told = [(n, result) for n, result in results if result.emits]
    if not told:
        return Decision("none", results[-1][1] if results else None, None, None, len(results))
    n, result = _counting(told, attack=sighting.presentation.truth.label == "attack")
    first = next(i for i, seen in enumerate(frames) if seen.faces)
    outcome: Outcome = "live" if result.verdict == "passed" else "attack"
    after_s = result.decided_at - frames[first].at
    return Decision(outcome, result, after_s, n - first + 1, len(results))


def _still(sighting: Sighting, by: Judging) -> Decision:
    """By the thresholds alone: there is no window, no motion, and no door that does this."""
    (refused,), seen = fit_reasons(sighting, by), sighting.frames[0]
    score = None if refused else by.score(seen)
    if score is None:
        reasons = refused or (Reason.NOT_MEASURED,)
        return Decision("none", None, None, None, reasons=tuple(r.value for r in reasons))
    if score >= by.rgb.liveness_detection_threshold:
        return Decision("live", None, 0.0, 1, 1)
    if score < by.rgb.fake_detection_threshold:
        return Decision("attack", None, 0.0, 1, 1)
    return Decision("none", None, None, None, 1, (Reason.UNDECIDED.value,))


def fit_reasons(sighting: Sighting, by: Judging) -> list[tuple[Reason, ...]]:
    """As `gate_reasons`; of a still image nobody can ask how it changes."""
    return [look.reasons for look in fit_looks(sighting, by)]


def fit_looks(sighting: Sighting, by: Judging) -> list["GateLook"]:
    """As `gate_looks`; of a still image nobody can ask how it changes."""
    if sighting.presentation.is_still:
        by = replace(by, gate=replace(by.gate, minimum_change=0.0))
    return gate_looks(sighting.frames, by)


def steps(frames: Sequence[Observation], by: Judging) -> list[Step]:
    """What the mode says after each frame."""
    return run([Frame(seen) for seen in frames], by)


def run(frames: Sequence[Frame], by: Judging) -> list[Step]:
    """What the mode says after each frame, of frames that other runs may be given as well."""
    mode, door = by.mode(), Door(by.rule, by.scored)
    return [drive(mode, frame.replay.bare, partial(door.measure, frame))[1] for frame in frames]


def scored(seen: Observation, plan: LivenessPlan, added: Added) -> Observation:
    """The observation with its largest face scored by the plan."""
    if not seen.faces or seen.faces[0].liveness is None:
        return seen
    first, *others = seen.faces
    return replace(seen, faces=(replace(first, liveness=score(seen, plan, added)), *others))


def score(seen: Observation, plan: LivenessPlan, added: Added) -> Liveness | None:
    """The plan's liveness of the largest face; None where nobody was measured."""
    if not seen.faces or (measured := seen.faces[0].liveness) is None:
        return None
    return evaluate(plan, measured.by_model.get, added, seen.faces[0].passive)


def gate_reasons(frames: Sequence[Observation], by: Judging) -> list[tuple[Reason, ...]]:
    """Why the gate refuses each frame; empty where it passes. Attempts play no part."""
    return [look.reasons for look in gate_looks(frames, by)]


@dataclass(frozen=True, slots=True)
class GateLook:
    """Why the gate refuses a frame, and the findings by which it does; both empty: it passes."""

    reasons: tuple[Reason, ...]
    failed: tuple[Finding, ...] = ()


def gate_looks(frames: Sequence[Observation], by: Judging) -> list[GateLook]:
    """What the gate makes of each frame. Attempts play no part."""
    limits, scheme = by.limits, by.rgb.detection_scheme if by.colours else None
    keeper = gate_for(limits, scheme, exact=by.depth is not None)
    found = []
    for seen in frames:
        found.append(_looked(keeper, seen, limits))
        if seen.faces:
            keeper.follow(seen, seen.faces[0])
    return found


def _looked(keeper: Gate, seen: Observation, limits: GateSettings) -> GateLook:
    chosen = subject(seen, limits.face_policy, limits.bystander_share)
    if isinstance(chosen, Reason):
        return GateLook((chosen,))
    reasons = settled(keeper.examine(seen, chosen), seen)[1]
    return GateLook(reasons, tuple(one for one in keeper.findings if not one.passed))


def _counting(told: list[tuple[int, Result]], *, attack: bool) -> tuple[int, Result]:
    opened = [pair for pair in told if pair[1].verdict == "passed"]
    return opened[0] if attack and opened else told[0]
