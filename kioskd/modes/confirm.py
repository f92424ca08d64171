"""Live or not: from the scores of one attempt, and from what was seen of a door before.

First a window looks for life, then one for an attack:

    LiveWindow --enough scores >= live--------> Decided CONFIRMED
        |
        +--enough out of reach--> FakeWindow --enough scores < fake--> Decided NOTLIVE
                                      |
                                      +--enough out of reach--> Decided UNKNOWN

A window ends as soon as its own outcome is certain; the fake window then begins sooner.

The windows forget all that was seen before, so that somebody who keeps trying needs luck only once.
So there is caution around them, by default:

  an attack ends the tries    who was called an attack gets no other attempt until he left the view
  the door rests              after an attack nobody is tried for a while, and longer after each
                              further one, so that a minute holds few tries
  what is seen adds up        of each track, over all its attempts; while it speaks against life,
                              no window confirms

What is added is the logarithm of the odds for life (Good, 1950, Probability and the Weighing of
Evidence, has it so), each frame's held to MOST_OF_A_FRAME, for frames a fraction of a second apart
are no independent witnesses, and the sum to MOST, so that a person of whom a bad second was seen
outweighs it in another.
"""

import math
from dataclasses import dataclass
from statistics import fmean
from typing import Annotated, TypeGuard, assert_never

from kioskd.event import LivenessState, Progress, Verdict
from kioskd.modes.attempt import FORGET_S
from kioskd.modes.setting import Choice, Number
from models.schemes import Liveness, logit

Scores = tuple[float, ...]


def usable(score: float | None) -> TypeGuard[float]:
    """Whether it is a score, 0..1; what is missing or NaN is none."""
    return score is not None and 0.0 <= score <= 1.0


@dataclass(frozen=True, slots=True)
class Rule:
    """The seed's numbers. `minimum_confirmations` is a ratio of a window's frames, not a count."""

    live_frames: int
    fake_frames: int
    minimum_confirmations: float
    live_threshold: float  # a score at or above it speaks for life
    fake_threshold: float  # a score below it speaks for an attack
    reuse_frames: bool = False  # the fake window begins with the live window's frames


@dataclass(frozen=True, slots=True)
class LiveWindow:
    scores: Scores = ()


@dataclass(frozen=True, slots=True)
class FakeWindow:
    live: Scores
    scores: Scores = ()


@dataclass(frozen=True, slots=True)
class Decided:
    """`scores` are those of the window that decided, or all of them when none did."""

    state: LivenessState
    scores: Scores


Confirmation = LiveWindow | FakeWindow | Decided


def need(minimum_confirmations: float, frames: int) -> int:
    """How many of a window's frames must speak for its outcome: at least one.

    The billionth keeps 0.6 x 10 at 6 where floating point says 6.000000000000001.
    """
    return max(1, math.ceil(minimum_confirmations * frames - 1e-9))


def is_live(state: Confirmation) -> bool:
    return isinstance(state, Decided) and state.state == "LIVENESS_CONFIRMED"


def progress(state: Confirmation, rule: Rule) -> Progress:
    """How many frames of the present window are in; of one that decided, all that it took."""
    match state:
        case LiveWindow(scores):
            return Progress(len(scores), rule.live_frames)
        case FakeWindow(_, scores):
            return Progress(len(scores), rule.fake_frames)
        case Decided(_, scores):
            return Progress(len(scores), len(scores))
        case _:
            assert_never(state)


def after(state: Confirmation, score: float, rule: Rule) -> Confirmation:
    """The state after one more evaluable frame's score, 0..1."""
    match state:
        case LiveWindow(scores):
            return _live((*scores, score), rule)
        case FakeWindow(live, scores):
            return _fake(live, (*scores, score), rule)
        case Decided():
            return state
        case _:
            assert_never(state)


def _live(scores: Scores, rule: Rule) -> Confirmation:
    hits = sum(score >= rule.live_threshold for score in scores)
    enough = need(rule.minimum_confirmations, rule.live_frames)
    if hits >= enough:
        return Decided("LIVENESS_CONFIRMED", scores)
    if hits + rule.live_frames - len(scores) >= enough:
        return LiveWindow(scores)
    return _reread(scores, rule) if rule.reuse_frames else FakeWindow(scores)


def _reread(live: Scores, rule: Rule) -> Confirmation:
    """The fake window over the newest of the live window's own frames."""
    state: Confirmation = FakeWindow(())
    for score in live[-rule.fake_frames :]:
        state = after(state, score, rule)
    return FakeWindow((), state.scores) if isinstance(state, FakeWindow) else state


def _fake(live: Scores, scores: Scores, rule: Rule) -> Confirmation:
    hits = sum(score < rule.fake_threshold for score in scores)
    enough = need(rule.minimum_confirmations, rule.fake_frames)
    if hits >= enough:
        return Decided("NOTLIVE_CONFIRMED", scores)
    if hits + rule.fake_frames - len(scores) >= enough:
        return FakeWindow(live, scores)
    return Decided("LIVENESS_UNKNOWN", live + scores)


VERDICTS: dict[LivenessState, Verdict] = {
    "LIVENESS_CONFIRMED": "passed",
    "NOTLIVE_CONFIRMED": "failed",
    "LIVENESS_UNKNOWN": "undecided",
}
LIVENESS_CONFIRMED = "livenessConfirmed"  # what it says on the wire


class Tally:
    """The scores of the frames that one attempt counted, and what passive evidence spoke."""

    def __init__(self) -> None:
        self._scores: list[float] = []
        self._by_model: dict[str, list[float]] = {}

    def add(self, liveness: Liveness) -> None:
        if liveness.score is not None:
            self._scores.append(liveness.score)
        for model, score in liveness.by_model.items():
            self._by_model.setdefault(model, []).append(score)
        for evidence, share in liveness.against.items():
            self._by_model.setdefault(f"{evidence}_against", []).append(share)

    @property
    def scores(self) -> tuple[float, ...]:
        return tuple(self._scores)

    @property
    def means(self) -> dict[str, float]:
        return {model: round(fmean(scores), 4) for model, scores in self._by_model.items()}


MOST_OF_A_FRAME = 2.0  # as a score of 0.88 says it, or of 0.12
MOST = 20.0  # ten frames of those


@dataclass(frozen=True, slots=True)
class CautionSettings:
    """How much of what was seen a door remembers; docs/understand/modes.md, "Evidence sticks"."""

    attack_ends_tries: Annotated[
        bool,
        Choice(
            "Who was called an attack gets no other attempt until they have left the view.",
            "false",
        ),
    ] = True
    evidence_adds_up: Annotated[
        bool,
        Choice(
            "Confirm nobody while what was seen of them, over all attempts, speaks against life.",
            "false",
        ),
    ] = True
    rest_s: Annotated[
        float,
        Number(
            0.0,
            300.0,
            "s",
            "After an attack nobody is tried for so long, and twice as long after each"
            " further one.",
            "less",
        ),
    ] = 3.0
    rest_most_s: Annotated[
        float,
        Number(
            0.0,
            3600.0,
            "s",
            "Never for longer than this; after as long without an attack the first rest"
            " holds again.",
            "less",
        ),
    ] = 60.0


FORGETFUL = CautionSettings(attack_ends_tries=False, evidence_adds_up=False, rest_s=0.0)


class Caution:
    """What one feed's mode remembers of its tracks, for one kind of evidence."""

    def __init__(self, settings: CautionSettings, rule: Rule) -> None:
        self._settings = settings
        self._neutral = (logit(rule.live_threshold) + logit(rule.fake_threshold)) / 2
        self._seen: dict[int, tuple[float, float]] = {}  # by track: when last, and the sum

    def saw(self, track_id: int, at: float, score: float) -> None:
        """A frame that counted, with its score 0..1."""
        weight = min(max(logit(score) - self._neutral, -MOST_OF_A_FRAME), MOST_OF_A_FRAME)
        if track_id not in self._seen:
            recent = (each for each in self._seen.items() if at - each[1][0] <= FORGET_S)
            self._seen = {**dict(recent), track_id: (at, 0.0)}
        _, before = self._seen[track_id]
        self._seen[track_id] = (at, min(max(before + weight, -MOST), MOST))

    def doubts(self, track_id: int) -> bool:
        """Whether all that was seen of the track speaks against life."""
        _, weight = self._seen.get(track_id, (0.0, 0.0))
        return self._settings.evidence_adds_up and weight < 0.0


class Rest:
    """How long a door rests after attacks."""

    def __init__(self, settings: CautionSettings) -> None:
        self._settings = settings
        self._attacked_at = -math.inf
        self._rest_s = 0.0

    def after_attack(self, at: float) -> float:
        """Until when nobody is tried, after an attack that was confirmed now."""
        first, most = self._settings.rest_s, self._settings.rest_most_s
        again = at - self._attacked_at < self._rest_s + most
        self._rest_s = min(2 * self._rest_s if again else first, most)
        self._attacked_at = at
        return at + self._rest_s
