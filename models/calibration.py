"""Scores as odds: how several looks make one, and one a probability. Pure.

A scheme's score becomes a probability by a straight line on the logit (Platt's scaling):

    logit(p) = slope * logit(score) + intercept

The line rises, so the order of frames never changes, only what a number means.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, isfinite, log

EDGE = 1e-6  # a softmax in single precision says 0 and 1 of what is merely nearly so


@dataclass(frozen=True, slots=True)
class Calibration:
    """As it stands, it changes nothing. `kioskd calibrate` fits one."""

    slope: float = 1.0
    intercept: float = 0.0

    def __post_init__(self) -> None:
        """Refuse a line that would call what looks live an attack, or tells nothing apart."""
        if not (isfinite(self.slope) and isfinite(self.intercept) and self.slope > 0.0):
            raise ValueError("a calibration needs a slope above 0 and a finite intercept")


IDENTITY = Calibration()


def calibrated(score: float, by: Calibration) -> float:
    """The probability that a frame with this score is bona fide; score and answer 0..1."""
    return score if by == IDENTITY else sigmoid(by.slope * logit(score) + by.intercept)


def uncalibrated(probability: float, by: Calibration) -> float:
    """The score that the line makes this probability."""
    return (
        probability if by == IDENTITY else sigmoid((logit(probability) - by.intercept) / by.slope)
    )


def logit(score: float) -> float:
    """The log of the odds; scores nearer than EDGE to 0 or 1 are taken to be that near."""
    score = min(max(score, EDGE), 1.0 - EDGE)
    return log(score / (1.0 - score))


def sigmoid(value: float) -> float:
    """The probability with these log odds, without overflow."""
    if value >= 0.0:
        return 1.0 / (1.0 + exp(-value))
    return exp(value) / (1.0 + exp(value))


def softmax(logits: Sequence[float], of: int) -> float:
    """The probability of one class from finite logits of all."""
    powers = [exp(value - max(logits)) for value in logits]
    return powers[of] / sum(powers)


def together(scores: Sequence[float | None]) -> float | None:
    """One score of several looks, by the mean of their logits; None if one could not be said."""
    said = [score for score in scores if score is not None]
    if len(said) < len(scores):
        return None
    return said[0] if len(said) == 1 else sigmoid(sum(map(logit, said)) / len(said))
