"""The line that makes a score a probability (Platt's scaling). Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from kioskd.evaluation.error_measures import Quality, quality
from kioskd.evaluation.estimates import Values, logistic_line
from models.schemes import EDGE, Calibration

RIDGE = 1e-3  # pulls the slope towards 1 where the classes do not overlap and any would do
SLOPES, INTERCEPTS = (0.01, 10.0), (-20.0, 20.0)  # what config.yaml takes


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """The scores of one source's frames, by label."""

    bona_fide: tuple[float, ...]
    attack: tuple[float, ...]


def fit(samples: Sequence[Sample]) -> Calibration | None:
    """The line of the greatest likelihood; None where a class is missing.

    The two classes weigh the same, and within each so does every source: a probability of
    0.5 is where as large a share of attacks as of bona fide frames is found.
    """
    scores, truth, weight = _table(samples)
    if np.unique(truth).size < 2:
        return None
    slope, intercept = logistic_line(_logit(scores), truth, weight, RIDGE, SLOPES, INTERCEPTS)
    return Calibration(round(slope, 4), round(intercept, 4) + 0.0)  # so that none is -0


def held_out(samples: Mapping[str, Sample]) -> tuple[Quality, Quality] | None:
    """Quality before and after, each source judged by a line fitted without it.

    None where the other sources lack a class.
    """
    before, after = [np.empty(0)], [np.empty(0)]
    for source, sample in samples.items():
        line = fit([other for name, other in samples.items() if name != source])
        if line is None:
            return None
        scores, _, _ = _table([sample])
        before.append(scores)
        after.append(_apply(scores, line))
    _, truth, weight = _table(list(samples.values()))
    told = (np.clip(np.concatenate(each), EDGE, 1.0 - EDGE) for each in (before, after))
    raw, lined = (quality(truth, probabilities, weight) for probabilities in told)
    return raw, lined


def _table(samples: Sequence[Sample]) -> tuple[Values, Values, Values]:
    """Scores, truths and weights; the weights of each class add up to a half."""
    scores, truths, weights = [np.empty(0)], [np.empty(0)], [np.empty(0)]
    for sample in samples:
        for values, truth in ((sample.bona_fide, 1.0), (sample.attack, 0.0)):
            sources = sum(bool(s.bona_fide if truth else s.attack) for s in samples)
            if values:
                scores.append(np.asarray(values, np.float64))
                truths.append(np.full(len(values), truth))
                weights.append(np.full(len(values), 0.5 / sources / len(values)))
    return np.concatenate(scores), np.concatenate(truths), np.concatenate(weights)


def _logit(scores: Values) -> Values:
    kept = np.clip(scores, EDGE, 1.0 - EDGE)
    return np.log(kept / (1.0 - kept))


def _apply(scores: Values, line: Calibration) -> Values:
    return 1.0 / (1.0 + np.exp(-(line.slope * _logit(scores) + line.intercept)))
