"""What a face does, from the points of its mesh: mouth, eyes, eyebrows; and a smile.

Pure geometry over the mesh, in three dimensions, so that a turned head measures nearly as a
facing one; every length is taken in lengths of the same face, so that distance does not count.
docs/understand/challenges.md has the scales and their noise, docs/measure/challenges.md their cost.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.observation import Mesh

Points = NDArray[np.float64]  # (478, 3)

# Indices of the mesh; right and left are the subject's own.
LIPS = (13, 14)  # inner edge of the upper and of the lower lip, on the midline
MOUTH = (78, 308)  # inner corners of the mouth
EYES = (  # outer and inner corner, then upper and lower lid twice
    (33, 133, 159, 145, 158, 153),
    (263, 362, 386, 374, 385, 380),
)
BROWS = (105, 334)  # the middle of each eyebrow
NOSE = 2  # where it meets the lip; its length is from the line of the eyes to there
OUTER_CORNERS = (33, 263)  # of the eyes: the length by which a face is measured


@dataclass(frozen=True, slots=True)
class Expression:
    """What the eyes, the brows and the mouth do, as the mesh's shape says it.

    mouth_opening  gap between the lips in widths of the mouth: 0 closed, about 0.8 wide open
    eyes           right, left: gap between the lids in widths of the eye; closed under 0.1
    eyebrows       height of the brows over the eyes, in distances of the outer eye corners and
                   in lengths of the nose; every face has its own at rest, so only their change
                   means something. A picture held askew changes one of the two, brows both
    """

    mouth_opening: float
    eyes: tuple[float, float]
    eyebrows: tuple[float, float]


def expression(mesh: Mesh) -> Expression | None:
    """What a mesh shows; None when it is no face one could measure."""
    points = mesh.astype(np.float64)
    if not np.isfinite(points).all():
        return None
    face, mouth = _length(points, *OUTER_CORNERS), _length(points, *MOUTH)
    widths = [_length(points, outer, inner) for outer, inner, *_ in EYES]
    middles = [(points[outer] + points[inner]) / 2 for outer, inner, *_ in EYES]
    nose = float(np.linalg.norm(points[NOSE] - (middles[0] + middles[1]) / 2))
    if min(face, mouth, nose, *widths) <= 0.0:
        return None
    brows = _brows(points, middles)
    right, left = (_lids(points, *eye) for eye in EYES)
    return Expression(_length(points, *LIPS) / mouth, (right, left), (brows / face, brows / nose))


def smile(blendshapes: Mapping[str, float]) -> float | None:
    """How much both corners of the mouth smile, 0..1: the lesser; None without both scores.

    A mouth that is pulled aside lifts one corner more than the other, and is no smile. A score out
    of range makes no number of it.
    """
    sides = [blendshapes.get(name) for name in ("mouthSmileLeft", "mouthSmileRight")]
    scores = [side for side in sides if side is not None]
    if len(scores) != 2:
        return None
    return min(scores) if all(0.0 <= each <= 1.0 for each in scores) else math.nan


def _lids(points: Points, *eye: int) -> float:
    outer, inner, upper, lower, upper_too, lower_too = eye
    gap = (_length(points, upper, lower) + _length(points, upper_too, lower_too)) / 2
    return gap / _length(points, outer, inner)


def _brows(points: Points, middles: list[Points]) -> float:
    """From between an eye's corners, which no blink moves, up to its brow; the mean of both."""
    pairs = zip(BROWS, middles, strict=True)
    return float(sum(np.linalg.norm(points[brow] - middle) for brow, middle in pairs)) / 2


def _length(points: Points, a: int, b: int) -> float:
    return float(np.linalg.norm(points[a] - points[b]))
