"""In which interval the true share lies, of which so many of so many were seen. Pure.

Without SciPy, which `kioskd.evaluation.estimates` has by an extra that a fleet does without.
"""

from math import sqrt


def wilson(part: int, whole: int, z: float) -> tuple[float, float]:
    """Wilson's score interval (JASA 22, 1927), `z` deviations to each side; `whole` above 0."""
    share, weight = part / whole, z * z / whole
    middle = (share + weight / 2) / (1 + weight)
    half = z * sqrt(share * (1 - share) / whole + z * z / (4 * whole * whole)) / (1 + weight)
    return middle - half, middle + half
