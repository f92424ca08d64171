"""How far a counted rate may lie from the true one. The only file that imports SciPy. Pure."""

from scipy.special import betaincinv


def clopper_pearson(hits: int, trials: int, confidence: float = 0.95) -> tuple[float, float]:
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
