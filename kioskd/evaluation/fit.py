"""Fit the line that makes a score a probability (Platt's scaling). Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.calibration import EDGE, Calibration

STEPS = 100
RIDGE = 1e-3  # pulls the slope towards 1 where the classes do not overlap and any would do
SLOPES, INTERCEPTS = (0.01, 10.0), (-20.0, 20.0)  # what config.yaml takes

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """The scores of one source's frames, by label."""

    bona_fide: tuple[float, ...]
    attack: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Quality:
    """Of probabilities: mean squared distance and mean log loss; lower is better."""

    brier: float
    log_loss: float


def fit(samples: Sequence[Sample]) -> Calibration | None:
    """The line of the greatest likelihood; None where a class is missing.

    The two classes weigh the same, and within each so does every source: a probability of
    0.5 is where as large a share of attacks as of bona fide frames is found.
    """
    scores, truth, weight = _table(samples)
    if np.unique(truth).size < 2:
        return None
    x = _logit(scores)
    line = np.array([1.0, 0.0])
    for _ in range(STEPS):
        step = _newton(line, x, truth, weight)
        line = line + step
        if np.abs(step).max() < 1e-9:
            break
    slope, intercept = np.clip(line, (SLOPES[0], INTERCEPTS[0]), (SLOPES[1], INTERCEPTS[1]))
    return Calibration(round(float(slope), 4), round(float(intercept), 4))


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
    return (
        _quality(np.concatenate(before), truth, weight),
        _quality(np.concatenate(after), truth, weight),
    )


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


def _newton(line: Values, x: Values, truth: Values, weight: Values) -> Values:
    """A step of Newton's method, damped so that it cannot run away."""
    p = 1.0 / (1.0 + np.exp(-np.clip(line[0] * x + line[1], -500, 500)))
    error, curve = weight * (truth - p), weight * p * (1.0 - p)
    gradient = np.array([(error * x).sum() - RIDGE * (line[0] - 1.0), error.sum()])
    hessian = np.array(
        [
            [(curve * x * x).sum() + RIDGE, (curve * x).sum()],
            [(curve * x).sum(), curve.sum() + 1e-9],
        ]
    )
    return np.clip(np.linalg.solve(hessian, gradient), -1.0, 1.0)


def _logit(scores: Values) -> Values:
    kept = np.clip(scores, EDGE, 1.0 - EDGE)
    return np.log(kept / (1.0 - kept))


def _apply(scores: Values, line: Calibration) -> Values:
    return 1.0 / (1.0 + np.exp(-(line.slope * _logit(scores) + line.intercept)))


def _quality(p: Values, truth: Values, weight: Values) -> Quality:
    p = np.clip(p, EDGE, 1.0 - EDGE)
    loss = -(truth * np.log(p) + (1.0 - truth) * np.log(1.0 - p))
    return Quality(float((weight * (p - truth) ** 2).sum()), float((weight * loss).sum()))
