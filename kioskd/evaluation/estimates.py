"""What is estimated from counts and scores. The only file that imports SciPy. Pure."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import betaincinv, expit, ndtri

Values = NDArray[np.float64]  # (n,)
Range = tuple[float, float]


def clopper_pearson(hits: int, trials: int, confidence: float = 0.95) -> Range:
    """The exact interval of a rate of which `hits` of `trials` were seen.

    It assumes that trials are independent; presentations cut from one recording are not quite,
    and then the truth may lie farther out. (0, 1) where nothing was tried.
    """
    if not 0 <= hits <= trials:
        raise ValueError(f"{hits} of {trials} is no rate")
    tail = (1.0 - confidence) / 2.0
    low = betaincinv(hits, trials - hits + 1, tail) if hits else 0.0
    high = betaincinv(hits + 1, trials - hits, 1.0 - tail) if hits < trials else 1.0
    return float(low), float(high)


def wilson(hits: int, trials: int, confidence: float = 0.95) -> Range:
    """The score interval of a rate (Wilson, JASA 22, 1927), less cautious than the exact one.

    Its mean coverage is what it says; that of `clopper_pearson` is never below. The same holds of
    trials that are not independent. (0, 1) where nothing was tried.
    """
    if not 0 <= hits <= trials:
        raise ValueError(f"{hits} of {trials} is no rate")
    if not trials:
        return 0.0, 1.0
    z = float(ndtri(1.0 - (1.0 - confidence) / 2.0))
    share, weight = hits / trials, z * z / trials
    middle = (share + weight / 2.0) / (1.0 + weight)
    wide = z * (share * (1.0 - share) / trials + weight / (4.0 * trials)) ** 0.5 / (1.0 + weight)
    # At the ends the sums below are 0 and 1 but for rounding.
    return (middle - wide if hits else 0.0), (middle + wide if hits < trials else 1.0)


def logistic_line(
    x: Values, truth: Values, weight: Values, ridge: float, slopes: Range, intercepts: Range
) -> tuple[float, float]:
    """Slope and intercept of the log odds over x, of the greatest likelihood within these ranges.

    `ridge` pulls the slope towards 1, which scikit-learn's LogisticRegression cannot.
    """

    def loss(line: Values) -> tuple[float, Values]:
        slope, odds = line[0], line[0] * x + line[1]
        error = weight * (expit(odds) - truth)
        lost = weight * (np.logaddexp(0.0, odds) - truth * odds)
        gradient = np.array([(error * x).sum() + ridge * (slope - 1.0), error.sum()])
        return lost.sum() + ridge / 2.0 * (slope - 1.0) ** 2, gradient

    found = minimize(loss, (1.0, 0.0), jac=True, bounds=(slopes, intercepts), tol=1e-13)
    return float(found.x[0]), float(found.x[1])
