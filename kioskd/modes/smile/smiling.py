"""Was there a smile after a neutral face? From the smile scores of one attempt's fit frames.

    Neutral --neutral for long enough--> Prompt --smile begins--> Smile --long enough--> Smiled
                                           ^                        |
                                           +------smile ended-------+

With hysteresis: a smile begins at `smile_threshold` and lasts until the score falls below
`neutral_threshold`. Who arrives smiling has to look neutral first.
"""

from dataclasses import dataclass

HAIR_S = 1e-9  # seconds are floats: 0.7 after 100.0 must be 0.7


@dataclass(frozen=True, slots=True)
class SmileRule:
    """Seconds of observation time; scores 0..1."""

    pre_smile_delay_s: float
    smile_duration_s: float
    smile_threshold: float
    neutral_threshold: float


@dataclass(frozen=True, slots=True)
class Neutral:
    """Looking for a neutral face, which is there since `since`, if it is."""

    since: float | None = None


@dataclass(frozen=True, slots=True)
class Prompt:
    """The face was neutral for long enough: now smile."""


@dataclass(frozen=True, slots=True)
class Smile:
    since: float


@dataclass(frozen=True, slots=True)
class Smiled:
    pass


Smiling = Neutral | Prompt | Smile | Smiled


def after(state: Smiling, at: float, score: float, rule: SmileRule) -> Smiling:
    """The state after one more fit frame."""
    match state:
        case Neutral(since):
            return _neutral(since, at, score, rule)
        case Prompt():
            return Smile(at) if score >= rule.smile_threshold else state
        case Smile(since):
            return _smile(state, at - since, score, rule)
        case Smiled():
            return state


def unseen(state: Smiling) -> Smiling:
    """The state after a time without fit frames: what was being held is not known to have been."""
    match state:
        case Neutral():
            return Neutral()
        case Smile():
            return Prompt()
        case _:
            return state


def _neutral(since: float | None, at: float, score: float, rule: SmileRule) -> Smiling:
    if score >= rule.neutral_threshold:
        return Neutral()
    began_at = at if since is None else since
    return Prompt() if at - began_at >= rule.pre_smile_delay_s - HAIR_S else Neutral(began_at)


def _smile(state: Smile, held_s: float, score: float, rule: SmileRule) -> Smiling:
    if score < rule.neutral_threshold:
        return Prompt()
    enough = held_s >= rule.smile_duration_s - HAIR_S and score >= rule.smile_threshold
    return Smiled() if enough else state
