"""How well scores tell live people from attacks. The only file that imports scikit-learn. Pure.

Scores run from 0 (attack) to 1 (bona fide). A frame is accepted whose score is at or above the
threshold, so at a threshold t

    APCER(t) = share of attack scores    >= t    wrongly accepted
    BPCER(t) = share of bona fide scores <  t    wrongly refused

Every function gives None where a class is missing: a measure that cannot be told is not 0.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score, roc_curve

from kioskd.evaluation.estimates import Values


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """The errors at every threshold that makes a difference, thresholds rising.

    APCER falls from 1 to 0 and BPCER rises from 0 to 1 along it.
    """

    thresholds: Values
    apcer: Values
    bpcer: Values


@dataclass(frozen=True, slots=True)
class Bin:
    """Scores that lie close together, and how many of them are bona fide in truth."""

    count: int
    mean_score: float
    bona_fide: float  # share


@dataclass(frozen=True, slots=True)
class Quality:
    """Of probabilities: mean squared distance and mean log loss; lower is better."""

    brier: float
    log_loss: float


def curve(bona_fide: ArrayLike, attack: ArrayLike) -> Curve | None:
    """The trade between the two errors."""
    if (known := _labelled(bona_fide, attack)) is None:
        return None
    apcer, confirmed, thresholds = roc_curve(known[0], known[1], drop_intermediate=False)
    return Curve(thresholds[::-1], apcer[::-1], 1.0 - confirmed[::-1])


def auc(bona_fide: ArrayLike, attack: ArrayLike) -> float | None:
    """The chance that a bona fide frame scores above an attack; a tie counts half."""
    known = _labelled(bona_fide, attack)
    return None if known is None else float(roc_auc_score(known[0], known[1]))


def auc_of_counts(bona_fide: NDArray[np.int64], attack: NDArray[np.int64]) -> float | None:
    """As `auc`, of how many scores of each class lie in each of (n,) steps, which rise.

    Scores within a step are ties.
    """
    pairs = int(bona_fide.sum()) * int(attack.sum())
    if not pairs:
        return None
    below = np.cumsum(attack) - attack
    return float((bona_fide * (below + attack / 2.0)).sum() / pairs)


def eer(bona_fide: ArrayLike, attack: ArrayLike) -> float | None:
    """The error where APCER and BPCER meet, on the straight line between two thresholds."""
    found = curve(bona_fide, attack)
    if found is None:
        return None
    return float(np.interp(0.0, found.bpcer - found.apcer, found.bpcer))


def apcer_at(bona_fide: ArrayLike, attack: ArrayLike, bpcer: float) -> float | None:
    """The least share of attacks accepted while at most this share of bona fide is refused."""
    found = curve(bona_fide, attack)
    if found is None:
        return None
    return float(found.apcer[found.bpcer <= bpcer + 1e-12].min())


def brier(bona_fide: ArrayLike, attack: ArrayLike) -> float | None:
    """Mean squared distance of the scores from the truth, each class weighing half."""
    known = _labelled(bona_fide, attack)
    return None if known is None else quality(*known).brier


def quality(truth: Values, probabilities: Values, weight: Values) -> Quality:
    """What probabilities are worth, each counted with its weight; both classes must be there."""
    return Quality(
        float(brier_score_loss(truth, probabilities, sample_weight=weight)),
        float(log_loss(truth, probabilities, sample_weight=weight)),
    )


def reliability(bona_fide: ArrayLike, attack: ArrayLike, bins: int = 10) -> tuple[Bin, ...]:
    """How often a score of about p is bona fide, in equal steps of p; empty steps left out.

    The classes are weighed alike, as if attacks were as frequent as bona fide presentations,
    which scikit-learn's calibration_curve cannot do.
    """
    if (known := _labelled(bona_fide, attack)) is None:
        return ()
    truth, scores, weight = known
    step = np.minimum((scores * bins).astype(int), bins - 1)
    counts, shares, means, live = (
        np.bincount(step, each, bins) for each in (None, weight, weight * scores, weight * truth)
    )
    return tuple(
        Bin(int(counts[i]), float(means[i] / shares[i]), float(live[i] / shares[i]))
        for i in np.flatnonzero(counts)
    )


def _labelled(bona_fide: ArrayLike, attack: ArrayLike) -> tuple[Values, Values, Values] | None:
    """Truths, scores and weights, each class weighing half; None where one of them is missing."""
    live, fake = np.asarray(bona_fide, np.float64), np.asarray(attack, np.float64)
    scores = np.concatenate((live, fake))
    if not np.isfinite(scores).all():
        raise ValueError("a score that is no number must be left out and told of before this")
    if not live.size or not fake.size:
        return None
    sizes = (live.size, fake.size)
    return (
        np.repeat((1.0, 0.0), sizes),
        scores,
        np.repeat((0.5 / live.size, 0.5 / fake.size), sizes),
    )
