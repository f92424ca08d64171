"""Sharpness, contrast and light of a face in a still, on scales whose bands mean something.

The seed's bands (sharpness 0.1 and 0.2, contrast 0.5 and 0.6, brightness 0.3 and 0.4) belong to
scales that it does not define. These are our own, chosen so that a good picture lies above and one
that a person would send back lies below; docs/measure/stills.md has the curves.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from feeds.frame import ColorImage
from feeds.imaging import Image, resize, to_grey
from models.observation import Box
from models.picture_measures import inner_face, quality

# The light that falls on a face is told by its highlights, which mirror the lamp and so are much
# the same on any skin; what lies below them is darker the darker the skin is.
LIT = 98  # percentile of the face's grey levels that is a highlight
HIGHLIGHT = 0.89  # of it is lit skin: the median of the faces of docs/measure/stills.md
HALF_CONTRAST = 0.15  # share of the grey scale between the 5th and 95th percentile called 0.5
CLIPPED = 250  # grey level from which a pixel holds no skin any more
GROWN = 2.5  # box sizes: the surroundings that light may come from
COARSE = 64  # pixels of the longer side of the sample of the surroundings
# Of each scale from where a picture is sent back, and from where it is doubted. The first three are
# the seed's.
BANDS: Mapping[str, tuple[float, float]] = {
    "sharpness": (0.1, 0.2),
    "contrast": (0.5, 0.6),
    "brightness": (0.3, 0.4),
    "overexposed": (0.2, 0.05),
    "shadow": (0.7, 0.5),
    "backlight": (0.65, 0.4),
}


@dataclass(frozen=True, slots=True)
class Light:
    """How a face was photographed, each 0..1 (docs/understand/scales.md, "Of a still").

    sharpness    that of the gate: share of fine detail
    contrast     0.5 where the grey levels span 0.15 of the scale
    brightness   of skin in the light, told by its highlights
    overexposed  share of the face that is white
    shadow       by which a half in shadow lies below the other one, in parts of it
    backlight    by which the surroundings are brighter than the face
    """

    sharpness: float
    contrast: float
    brightness: float
    overexposed: float
    shadow: float
    backlight: float


def light(image: ColorImage, box: Box) -> Light | None:
    """Of the face in a box; None when no part of it lies in the image."""
    sample, told = inner_face(image, box), quality(image, box)
    if sample is None or told is None:
        return None
    brightness = HIGHLIGHT * float(np.percentile(sample, LIT)) / 255
    return Light(
        sharpness=told.sharpness,
        contrast=told.contrast / (told.contrast + HALF_CONTRAST),
        brightness=brightness,
        overexposed=float(np.mean(sample >= CLIPPED)),
        shadow=_shadow(sample),
        backlight=max(0.0, _around(image, box) - brightness),
    )


def _shadow(sample: Image) -> float:
    """Of one side, or of the upper half under a cap; a lower half that is darker is a beard's."""
    down, across = sample.shape[0] // 2, sample.shape[1] // 2
    sides = float(sample[:, :across].mean()), float(sample[:, across:].mean())
    upper, lower = float(sample[:down].mean()), float(sample[down:].mean())
    return 1.0 - min(min(sides) / max(*sides, 1.0), upper / max(upper, lower, 1.0))


def _around(image: ColorImage, box: Box) -> float:
    """The median of what is beside and above the face, 0..1; 0 where nothing of it is in view."""
    height, width = image.shape[:2]
    x1, y1, x2, y2 = box
    wide, high = (x2 - x1) * (GROWN - 1) / 2, (y2 - y1) * (GROWN - 1) / 2
    left, top = max(0, int(x1 - wide)), max(0, int(y1 - high))
    piece = image[top : min(height, int(y2)), left : min(width, int(x2 + wide))]
    if min(piece.shape[:2]) < 2:
        return 0.0
    by = max(1.0, max(piece.shape[:2]) / COARSE)
    size = (max(1, round(piece.shape[1] / by)), max(1, round(piece.shape[0] / by)))
    grey = to_grey(resize(piece, size, "area"))
    seen = np.ones(grey.shape, np.bool_)
    rows = slice(max(0, round((y1 - top) / by)), None)
    seen[rows, max(0, round((x1 - left) / by)) : max(0, round((x2 - left) / by))] = False
    return float(np.median(grey[seen])) / 255 if seen.any() else 0.0
