"""What every mode shares: one person, one unbroken track, one attempt at a time.

`Attempts.view` says what an observation is to the attempt under way and changes nothing.
The mode acts on it and reports back with `begin`, `refuse`, `count` and `end`, and closes
each frame with `remember`. The rules stand in docs/understand/modes.md under "Attempts".
"""

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated

from kioskd.modes.gate import Finding
from kioskd.modes.gate_settings import FacePolicy
from kioskd.modes.reasons import Reason
from kioskd.modes.setting import Number
from models.observation import Face, Observation

FORGET_S = 60.0  # a track unseen for so long is gone for good; the tracker gave it up long before


@dataclass(frozen=True, slots=True)
class AttemptSettings:
    """How an attempt is bounded and when the next may begin. Seconds of observation time."""

    attempt_deadline_s: Annotated[
        float,
        Number(
            1.0,
            60.0,
            "s",
            "For the first fit frame to come, then anew for the decision.",
            "neither",
        ),
    ] = 5.0
    maximum_gap_s: Annotated[
        float, Number(0.1, 5.0, "s", "Longest time between two frames of one attempt.")
    ] = 0.5
    cool_down_s: Annotated[
        float, Number(0.0, 300.0, "s", "Wait after an attempt that did not confirm.", "less")
    ] = 2.0
    attempts_per_track: Annotated[
        int,
        Number(1, 100, "attempts", "Tries of one person; then they must leave the view.", "more"),
    ] = 5  # only those that counted a frame


@dataclass(frozen=True, slots=True)
class Spread:
    """The findings of one kind over an attempt's frames: of a check, those that failed.

    low, high  the lowest and the highest value; None where nothing was measured
    """

    finding: Finding
    frames: int = 0
    low: float | None = None
    high: float | None = None

    def seen(self, finding: Finding) -> "Spread":
        """With one more frame's."""
        value = finding.value
        if value is None or not math.isfinite(value):
            return replace(self, finding=finding, frames=self.frames + 1)
        low = value if self.low is None else min(self.low, value)
        high = value if self.high is None else max(self.high, value)
        return Spread(finding, self.frames + 1, low, high)

    @property
    def margin(self) -> float | None:
        """As of a finding, in the frame that was worst off; None where nothing was measured."""
        worst = self.low if self.finding.bound == "least" else self.high
        return replace(self.finding, value=worst).margin

    @property
    def words(self) -> str:
        """As an operator reads it, such as "0.05 to 0.11, at least 0.15, in 12 frames"."""
        one, unit = self.finding, f" {self.finding.unit}" if self.finding.unit else ""
        limit = f"at {one.bound} {figure(one.limit)}{unit}"
        in_frames = f"in {self.frames} frame{'s' if self.frames != 1 else ''}"
        if self.low is None or self.high is None:
            return f"not measured, {limit}, {in_frames}"
        low, high = figure(self.low), figure(self.high)
        span = low if low == high else f"{low} to {high}"
        return f"{span}{unit}, {limit}, {in_frames}"


def figure(value: float) -> str:
    """Without powers of ten: nobody reads them on a ladder."""
    places = 3 if abs(value) < 10.0 else 1
    text = f"{round(value, places) + 0.0:.{places}f}"  # a rounded -0 is 0
    return text.rstrip("0").rstrip(".")


Spreads = Mapping[str, Spread]  # by the limit's key


def spread(before: Spreads, findings: Iterable[Finding]) -> Spreads:
    """With one more frame's findings."""
    after = dict(before)
    for one in findings:
        after[one.key] = after.get(one.key, Spread(one)).seen(one)
    return after


def liveness_found(face: Face, live: float) -> tuple[Finding, ...]:
    """A face's liveness score beside the threshold for life; nothing where it was not measured."""
    if face.liveness is None:
        return ()
    return (Finding("liveness", None, face.liveness.score, live),)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try of one track. `number` counts the track's results from 1."""

    track_id: int
    number: int
    began_at: float
    counting_from: float | None = None  # the first counted frame's time
    frames: int = 0  # counted
    refused: Counter[Reason] = field(default_factory=Counter)
    short: Spreads = field(default_factory=dict)  # what refused them
    evidence: Spreads = field(default_factory=dict)  # of the frames that counted

    @property
    def started_at(self) -> float:
        return self.began_at if self.counting_from is None else self.counting_from

    def reasons(self, *ended_by: Reason) -> tuple[str, ...]:
        """What ended it, then what stood in the way, most frequent first."""
        tally = (reason for reason, _ in self.refused.most_common())
        return tuple(reason.value for reason in dict.fromkeys((*ended_by, *tally)))

    @property
    def measured(self) -> tuple[Spread, ...]:
        """The evidence, then what refused frames, most frequent first."""
        short = sorted(self.short.values(), key=lambda each: -each.frames)
        return (*self.evidence.values(), *short)


@dataclass(frozen=True, slots=True)
class Ignored:
    """The observation is not newer than the last one: as if it had not come."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class Absent:
    """No attempt is under way and there is nobody to begin one with."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class Silent:
    """The subject's track may not try now. Nothing is measured on it."""

    face: Face
    reason: Reason


@dataclass(frozen=True, slots=True)
class Broken:
    """The attempt under way cannot go on, and this frame is evidence of nothing."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class Overdue:
    """The attempt under way ran out of time before this frame."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """The frame may count for this face, if the gate lets it."""

    face: Face


View = Ignored | Absent | Silent | Broken | Overdue | Candidate


@dataclass(frozen=True, slots=True)
class _Track:
    """What is kept of a track between its attempts."""

    seen_at: float
    results: int = 0
    tries: int = 0  # attempts that counted a frame
    finished: bool = False  # confirmed: nothing more
    shut: bool = False  # called an attack: nothing more
    told_unfit: bool = False  # a wait without one fit frame was reported already
    again_at: float = -math.inf


def subject(seen: Observation, policy: FacePolicy, bystander_share: float = 0.0) -> Face | Reason:
    """The one person the frame is about, or why there is none.

    bystander_share  of the largest face's width and height, under which another is no second
                     person but somebody far behind
    """
    if not seen.faces:
        return Reason.NO_FACE
    first, *others = seen.faces
    if policy == "one" and any(not _far_behind(other, first, bystander_share) for other in others):
        return Reason.SEVERAL_FACES
    return first


def _far_behind(other: Face, first: Face, share: float) -> bool:
    """Whether a face is smaller both ways: one turned aside is narrow, and no bystander for it."""
    wide, high = (side(other) < share * side(first) for side in (_width, _height))
    return wide and high


def _width(face: Face) -> float:
    return face.box[2] - face.box[0]


def _height(face: Face) -> float:
    return face.box[3] - face.box[1]


class Attempts:
    """The attempts of one feed's mode: binding, deadline, cool-down, limits."""

    def __init__(
        self, settings: AttemptSettings, policy: FacePolicy, bystander_share: float = 0.0
    ) -> None:
        self._settings = settings
        self._policy, self._bystander_share = policy, bystander_share
        self._last: Observation | None = None
        self._tracks: dict[int, _Track] = {}
        self._rests_until = -math.inf
        self.under_way: Attempt | None = None

    def view(self, seen: Observation) -> View:
        """What this observation is to the attempt under way, or to the next one."""
        if not self._newer(seen):
            return Ignored(Reason.FRAME_OUT_OF_ORDER)
        chosen = subject(seen, self._policy, self._bystander_share)
        if self.under_way is not None and (reason := self._broken(self.under_way, seen, chosen)):
            return Broken(reason)
        if self.under_way is not None and self._overdue(self.under_way, seen.at):
            return Overdue()
        if isinstance(chosen, Reason):
            return Absent(chosen)
        if self.under_way is None and (silence := self._silence(chosen.track_id, seen.at)):
            return Silent(chosen, silence)
        return Candidate(chosen)

    def begin(self, seen: Observation, face: Face) -> None:
        number = self._track(face.track_id, seen.at).results + 1
        self.under_way = Attempt(face.track_id, number, seen.at)

    def refuse(self, reasons: Collection[Reason], found: Iterable[Finding] = ()) -> None:
        """A frame did not count, for these reasons. That a face just came is no fault."""
        if (attempt := self.under_way) is not None:
            faults = Counter[Reason](each for each in reasons if each is not Reason.JUST_SEEN)
            short = (one for one in found if one.reason in reasons and not one.passed)
            self.under_way = replace(
                attempt, refused=attempt.refused + faults, short=spread(attempt.short, short)
            )

    def count(self, seen: Observation, found: Iterable[Finding] = ()) -> None:
        """A frame counted. What stood in the way before the first one is forgotten."""
        if (attempt := self.under_way) is None:
            return
        if attempt.counting_from is None:
            attempt = replace(attempt, counting_from=seen.at, refused=Counter(), short={})
        evidence = spread(attempt.evidence, (one for one in found if one.reason is None))
        self.under_way = replace(attempt, frames=attempt.frames + 1, evidence=evidence)

    def tell(self, found: Iterable[Finding]) -> None:
        """More of what a frame showed that has counted: how far an action went, say."""
        if (attempt := self.under_way) is not None:
            self.under_way = replace(attempt, evidence=spread(attempt.evidence, found))

    def rest(self, until: float) -> None:
        """Let nobody try before then."""
        self._rests_until = until

    def end(self, seen: Observation, *, finished: bool, shut: bool = False) -> None:
        """The attempt under way gave a result. `finished` or `shut`: no other attempt follows."""
        if (attempt := self.under_way) is None:
            return
        track, counted = self._track(attempt.track_id, seen.at), attempt.frames > 0
        self._tracks[attempt.track_id] = replace(
            track,
            results=track.results + 1,
            tries=track.tries + counted,
            finished=finished,
            shut=shut,
            told_unfit=track.told_unfit or not counted,
            again_at=seen.at + self._settings.cool_down_s if counted else seen.at,
        )
        self.under_way = None

    def drop(self) -> None:
        """The attempt under way came to nothing worth a result."""
        self.under_way = None

    def remember(self, seen: Observation) -> None:
        """Close the frame. Call it last, and not for an observation that was Ignored."""
        self._last = seen
        for face in seen.faces:
            if (track := self._tracks.get(face.track_id)) is not None:
                self._tracks[face.track_id] = replace(track, seen_at=seen.at)
        self._tracks = {
            track_id: track
            for track_id, track in self._tracks.items()
            if seen.at - track.seen_at <= FORGET_S
        }

    def _newer(self, seen: Observation) -> bool:
        last = self._last
        if last is None:
            return math.isfinite(seen.at)
        same_session = seen.session == last.session
        return seen.at > last.at and (not same_session or seen.number > last.number)

    def _broken(self, attempt: Attempt, seen: Observation, chosen: Face | Reason) -> Reason | None:
        last = self._last
        if last is not None and seen.session != last.session:
            return Reason.FEED_RESTARTED
        if last is not None and seen.at - last.at > self._settings.maximum_gap_s:
            return Reason.FRAMES_MISSING
        if isinstance(chosen, Reason):
            return Reason.TRACK_LOST if chosen is Reason.NO_FACE else chosen
        return None if chosen.track_id == attempt.track_id else Reason.SUBJECT_CHANGED

    def _overdue(self, attempt: Attempt, at: float) -> bool:
        if attempt.frames == 0 and self._track(attempt.track_id, at).told_unfit:
            return False
        return at - attempt.started_at > self._settings.attempt_deadline_s

    def _silence(self, track_id: int, at: float) -> Reason | None:
        track = self._track(track_id, at)
        if track.finished:
            return Reason.ALREADY_DECIDED
        if track.shut:
            return Reason.CALLED_AN_ATTACK
        if track.tries >= self._settings.attempts_per_track:
            return Reason.ATTEMPTS_USED_UP
        if at < self._rests_until:
            return Reason.DOOR_RESTS
        return Reason.COOLING_DOWN if at < track.again_at else None

    def _track(self, track_id: int, at: float) -> _Track:
        return self._tracks.get(track_id, _Track(at))
