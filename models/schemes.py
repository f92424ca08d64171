"""The detection schemes: which liveness models look, and how their scores become one.

Pure: no image, network or array in here. A scheme is a row of SCHEMES: the seed's seven, and
Fused Multimodal, which is ours.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite

from models.calibration import calibrated, logit, sigmoid
from models.observation import Liveness, LivenessModel, LivenessPlan, Passive

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
