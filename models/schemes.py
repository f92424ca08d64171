"""What the liveness networks' scores come to: odds, detection schemes, probabilities.

Pure: no image and no network in here. A scheme says which models look and how their scores become
one; it is a row of SCHEMES: the seed's seven, and Fused Multimodal, which is ours. The one score
becomes a probability by a straight line on the logit (Platt's scaling):

    logit(p) = slope * logit(score) + intercept

The line rises, so the order of frames never changes, only what a number means.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import exp, isfinite, log
from typing import Literal

# Ours; a site may add others by name.
LivenessModel = Literal["texture", "context", "hybrid", "detail"]
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


@dataclass(frozen=True, slots=True)
class Passive:
    """Evidence of an attack that no face crop holds (models/passive).

    values   each measure in its own unit, more like an attack the larger; None: cannot tell
    shares   of each, how much of its weight counts against life, 0..1; 0 where it cannot tell
    against  what they take together from the log-odds for life, 0 or more
    """

    values: Mapping[str, float | None]
    shares: Mapping[str, float]
    against: float


@dataclass(frozen=True, slots=True)
class Liveness:
    """One frame's liveness under a detection scheme.

    score     0 = presentation attack, 1 = bona fide; None if it could not be evaluated
    by_model  the single networks' scores that were computed, for diagnostics
    against   of each passive evidence that was asked, how much of its weight counted, 0..1
    """

    score: float | None
    by_model: Mapping[str, float]
    against: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LivenessPlan:
    """How liveness is to be measured: a detection scheme and the cascade's two thresholds.

    scheme       a key of models.schemes.SCHEMES, such as "hybrid_unimodal"
    live         liveness detection threshold, for the cap (live - 0.01)
    preliminary  minimum preliminary liveness threshold of the cascade, for the texture model's
                 own score
    calibration  from the scheme's score to a probability
    passive      whether passive evidence weighs against life, in the fused scheme alone
    """

    scheme: str
    live: float
    preliminary: float
    calibration: Calibration = IDENTITY
    passive: bool = False


Combine = Callable[[Sequence[float]], float]
Score = Callable[[str], float | None]  # by the name of a model
Added = Mapping[str, float]  # networks that a site added to the fused scheme, and their weights
NONE_ADDED: Added = {}

MOST_EVIDENCE = 6.0  # a score of 0.9975, or 0.0025
FUSED = "fused_multimodal"
CAP = 0.01  # a cascade that stopped early stays this far under the liveness threshold


@dataclass(frozen=True, slots=True)
class Scheme:
    """One detection scheme.

    models   in the order in which they look
    combine  from their scores, in that order, to one; with min "both must pass", with max
             "either may", with the mean "on average"
    cascade  whether a preliminary score under the plan's threshold ends the matter after the
             first model
    """

    models: tuple[LivenessModel, ...]
    combine: Combine
    cascade: bool = False


def _mean(scores: Sequence[float]) -> float:
    return sum(scores) / len(scores)


def evidence(score: float) -> float:
    """The logit of a score, but never more than MOST_EVIDENCE either way.

    A network that is sure of itself beyond that is often wrong all the same, and must not
    outvote the others.
    """
    return max(-MOST_EVIDENCE, min(logit(score), MOST_EVIDENCE))


def fused(scores: Sequence[float], weights: Sequence[float] = ()) -> float:
    """The plain sum of what the networks say; `weights`, if not 1, are of the last ones.

    So do independent witnesses add up, and nothing that was fitted on a few sources has beaten
    it on others (docs/change/training.md). No weight is below 0: more liveness never means less.
    """
    plain = [1.0] * (len(scores) - len(weights))
    weighed = zip((*plain, *weights), scores, strict=True)
    return sigmoid(sum(weight * evidence(score) for weight, score in weighed))


SCHEMES: dict[str, Scheme] = {
    "texture_unimodal": Scheme(("texture",), min),
    "context_unimodal": Scheme(("context",), min),
    "hybrid_unimodal": Scheme(("hybrid",), min),
    "context_multimodal": Scheme(("context", "hybrid"), max),
    "strict_multimodal": Scheme(("texture", "context"), min, cascade=True),
    "normal_multimodal": Scheme(("texture", "context"), _mean, cascade=True),
    "tolerant_multimodal": Scheme(("texture", "context"), max, cascade=True),
    FUSED: Scheme(("texture", "context", "hybrid", "detail"), fused),
}


def weighs_passive(plan: LivenessPlan | None) -> bool:
    """Whether passive evidence counts: in the fused scheme alone, as the others are SAFR's."""
    return plan is not None and plan.passive and plan.scheme == FUSED


def evaluate(
    plan: LivenessPlan, score: Score, added: Added = NONE_ADDED, passive: Passive | None = None
) -> Liveness:
    """One frame's liveness under the plan; `score` is asked for no more models than needed.

    A model that gives None, NaN or a score outside 0..1 leaves the whole frame without a
    score, whatever the others say: half a scheme is never evidence. `added` counts in the fused
    scheme alone, and so does `passive`, where the plan has it: against life, never for it.
    """
    scheme = SCHEMES[plan.scheme]
    weights = added if plan.scheme == FUSED else NONE_ADDED
    scores: dict[str, float] = {}
    for model in (*scheme.models, *weights):
        value = score(model)
        if value is None or not isfinite(value) or not 0.0 <= value <= 1.0:
            return Liveness(None, scores)
        scores[model] = value
        if scheme.cascade and len(scores) == 1 and value < plan.preliminary:
            ended = calibrated(value, plan.calibration)
            return Liveness(capped(ended, plan.live), scores)
    values = list(scores.values())
    together = fused(values, list(weights.values())) if weights else scheme.combine(values)
    said = calibrated(together, plan.calibration)
    if passive is None or not weighs_passive(plan):
        return Liveness(said, scores)
    # The lower, since the logit takes scores near 0 for a little more than they are.
    weighed = min(said, sigmoid(logit(said) - passive.against))
    return Liveness(weighed, scores, passive.shares)


def capped(preliminary: float, live: float) -> float:
    """A preliminary score that ended the cascade, held just under the liveness threshold.

    The seed reads "capped at Liveness detection threshold = 0.01"; we read a minus that was
    lost, since a literal 0.01 would call every such frame a certain attack.
    """
    return max(0.0, min(preliminary, live - CAP))
