"""How far a rate that was counted may lie from the true one: Clopper-Pearson intervals. Pure."""

from collections.abc import Callable
from math import exp, lgamma, log, log1p

_STEPS = 60  # halvings of 0..1: more than a float can tell apart


def clopper_pearson(hits: int, trials: int, confidence: float = 0.95) -> tuple[float, float]:
    """The exact interval of a rate of which `hits` of `trials` were seen.

    It assumes that trials are independent; presentations cut from one recording are not quite,
    and then the truth may lie farther out. (0, 1) where nothing was tried.
    """
    if not 0 <= hits <= trials:
        raise ValueError(f"{hits} of {trials} is no rate")
    tail = (1.0 - confidence) / 2.0
    low = 0.0 if hits == 0 else beta_quantile(tail, hits, trials - hits + 1)
    high = 1.0 if hits == trials else beta_quantile(1.0 - tail, hits + 1, trials - hits)
    return low, high


def beta_quantile(share: float, a: float, b: float) -> float:
    """The x below which this share of the beta distribution lies."""
    return _root(lambda x: beta_share(x, a, b) - share)


def beta_share(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function: the share of Beta(a, b) below x."""
    if x <= 0.0 or x >= 1.0:
        return float(x >= 1.0)
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x))
    if x < (a + 1.0) / (a + b + 2.0):
        return front * _fraction(x, a, b) / a
    return 1.0 - front * _fraction(1.0 - x, b, a) / b


def _fraction(x: float, a: float, b: float) -> float:
    """The continued fraction of the incomplete beta function, by Lentz's method."""
    tiny = 1e-300
    c, d = 1.0, 1.0 / _kept(1.0 - (a + b) * x / (a + 1.0), tiny)
    value = d
    for m in range(1, 2000):
        even = m * (b - m) * x / ((a + 2 * m - 1.0) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1.0))
        before = value
        for term in (even, odd):
            d = 1.0 / _kept(1.0 + term * d, tiny)
            c = _kept(1.0 + term / c, tiny)
            value *= c * d
        if abs(value - before) <= 1e-15 * abs(value):
            break
    return value


def _kept(value: float, tiny: float) -> float:
    return value if abs(value) > tiny else tiny


def _root(rising: Callable[[float], float]) -> float:
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2.0
        low, high = (middle, high) if rising(middle) < 0.0 else (low, middle)
    return (low + high) / 2.0
