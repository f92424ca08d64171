"""Measures of scores whose truth is known. Pure functions, tested against scikit-learn.

Scores run from 0 (attack) to 1 (bona fide). A frame is accepted whose score is at or above the
threshold, so at a threshold t

    APCER(t) = share of attack scores    >= t    wrongly accepted
    BPCER(t) = share of bona fide scores <  t    wrongly refused

Every function gives None where a class is missing: a measure that cannot be told is not 0.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Scores = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """The errors at every threshold that makes a difference, thresholds rising.

    APCER falls from 1 to 0 and BPCER rises from 0 to 1 along it.
    """

    thresholds: Scores
    apcer: Scores
    bpcer: Scores


@dataclass(frozen=True, slots=True)
class Bin:
    """Scores that lie close together, and how many of them are bona fide in truth."""

    count: int
    mean_score: float
    bona_fide: float  # share


def curve(bona_fide: ArrayLike, attack: ArrayLike) -> Curve | None:
    """The trade between the two errors."""
    live, fake = _scores(bona_fide), _scores(attack)
    if not live.size or not fake.size:
        return None
    thresholds = np.append(np.unique(np.concatenate((live, fake))), np.inf)
    below_live = np.searchsorted(np.sort(live), thresholds, side="left")
    below_fake = np.searchsorted(np.sort(fake), thresholds, side="left")
    return Curve(thresholds, 1.0 - below_fake / fake.size, below_live / live.size)


def auc(bona_fide: ArrayLike, attack: ArrayLike) -> float | None:
    """The chance that a bona fide frame scores above an attack; a tie counts half."""
    live, fake = _scores(bona_fide), np.sort(_scores(attack))
    if not live.size or not fake.size:
        return None
    below = np.searchsorted(fake, live, side="left")
    up_to = np.searchsorted(fake, live, side="right")
    return float((below + up_to).sum() / (2.0 * live.size * fake.size))


def eer(bona_fide: ArrayLike, attack: ArrayLike) -> float | None:
    """The error where APCER and BPCER meet, on the straight line between two thresholds."""
    found = curve(bona_fide, attack)
    if found is None:
        return None
    gap = found.bpcer - found.apcer  # rises from -1 to 1
    after = int(np.argmax(gap >= 0.0))
    before = after - 1
    part = -gap[before] / (gap[after] - gap[before])
    return float(found.bpcer[before] + part * (found.bpcer[after] - found.bpcer[before]))


def apcer_at(bona_fide: ArrayLike, attack: ArrayLike, bpcer: float) -> float | None:
    """The least share of attacks accepted while at most this share of bona fide is refused."""
    found = curve(bona_fide, attack)
    if found is None:
        return None
    return float(found.apcer[found.bpcer <= bpcer + 1e-12].min())


def brier(bona_fide: ArrayLike, attack: ArrayLike) -> float | None:
    """Mean squared distance of the scores from the truth, each class weighing half."""
    live, fake = _scores(bona_fide), _scores(attack)
    if not live.size or not fake.size:
        return None
    return float((np.mean((1.0 - live) ** 2) + np.mean(fake**2)) / 2.0)


def reliability(bona_fide: ArrayLike, attack: ArrayLike, bins: int = 10) -> tuple[Bin, ...]:
    """How often a score of about p is bona fide, in equal steps of p; empty steps left out.

    The classes are weighed alike, as if attacks were as frequent as bona fide presentations.
    """
    live, fake = _scores(bona_fide), _scores(attack)
    if not live.size or not fake.size:
        return ()
    scores = np.concatenate((live, fake))
    truth = np.concatenate((np.ones(live.size), np.zeros(fake.size)))
    weight = np.concatenate(
        (np.full(live.size, 0.5 / live.size), np.full(fake.size, 0.5 / fake.size))
    )
    step = np.minimum((scores * bins).astype(int), bins - 1)
    found = []
    for index in np.unique(step):
        here = step == index
        share = weight[here].sum()
        found.append(
            Bin(
                int(here.sum()),
                float((scores[here] * weight[here]).sum() / share),
                float((truth[here] * weight[here]).sum() / share),
            )
        )
    return tuple(found)


def histogram(scores: ArrayLike, bins: int = 20) -> tuple[float, ...]:
    """The share of scores in each equal step from 0 to 1; zeros where there is no score."""
    given = _scores(scores)
    counts, _ = np.histogram(given, bins=bins, range=(0.0, 1.0))
    return tuple(float(count) / max(1, given.size) for count in counts)


def _scores(values: ArrayLike) -> Scores:
    array = np.asarray(values, np.float64)
    if not np.isfinite(array).all():
        raise ValueError("a score that is no number must be left out and told of before this")
    return array
