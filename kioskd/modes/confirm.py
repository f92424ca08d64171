"""Live or not over N frames: first a window that looks for life, then one for an attack.

    LiveWindow --enough scores >= live--------> Verdict CONFIRMED
        |
        +--enough out of reach--> FakeWindow --enough scores < fake--> Verdict NOTLIVE
                                      |
                                      +--enough out of reach--> Verdict UNKNOWN

A window ends as soon as its own outcome is certain; the fake window then begins sooner.
"""

import math
from dataclasses import dataclass
from typing import TypeGuard, assert_never

from kioskd.event import LivenessState, Progress

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
class Verdict:
    """`scores` are those of the window that decided, or all of them when none did."""

    state: LivenessState
    scores: Scores


Confirmation = LiveWindow | FakeWindow | Verdict


def need(minimum_confirmations: float, frames: int) -> int:
    """How many of a window's frames must speak for its outcome: at least one.

    The billionth keeps 0.6 x 10 at 6 where floating point says 6.000000000000001.
    """
    return max(1, math.ceil(minimum_confirmations * frames - 1e-9))


def is_live(state: Confirmation) -> bool:
    return isinstance(state, Verdict) and state.state == "LIVENESS_CONFIRMED"


def progress(state: Confirmation, rule: Rule) -> Progress:
    """How many frames of the present window are in; of one that decided, all that it took."""
    match state:
        case LiveWindow(scores):
            return Progress(len(scores), rule.live_frames)
        case FakeWindow(_, scores):
            return Progress(len(scores), rule.fake_frames)
        case Verdict(_, scores):
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
        case Verdict():
            return state
        case _:
            assert_never(state)


def _live(scores: Scores, rule: Rule) -> Confirmation:
    hits = sum(score >= rule.live_threshold for score in scores)
    enough = need(rule.minimum_confirmations, rule.live_frames)
    if hits >= enough:
        return Verdict("LIVENESS_CONFIRMED", scores)
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
        return Verdict("NOTLIVE_CONFIRMED", scores)
    if hits + rule.fake_frames - len(scores) >= enough:
        return FakeWindow(live, scores)
    return Verdict("LIVENESS_UNKNOWN", live + scores)
