"""Sharpness, contrast and brightness of a face, each 0..1, as docs/understand/scales.md defines.

All are taken from the inner face, grey, at one fixed size, so that they tell of the face and
not of how many pixels it happens to have or of what stands behind it.
"""

from bisect import bisect_left
from itertools import accumulate

import numpy as np

from feeds.frame import ColorImage
from feeds.imaging import Image, laplacian_variance, mean_and_variance, resize, to_grey
from models.observation import Box, ImageQuality

SIZE = (96, 128)  # width, height of the sample: about 1.5 pixels a millimetre of skin
INSET = 0.1  # of the box left out at each side: hair, ears, background
ROUNDING = 20 / 12  # variance that rounding to whole grey levels alone gives a Laplacian
EVERY = 16  # pixel, across and down, is enough to say how light a whole picture is
HALF_SHARP = 0.05  # Laplacian variance in grey variances that is called 0.5


def quality(image: ColorImage, box: Box) -> ImageQuality | None:
    """The quality of the face in a box; None when no part of it lies in the image."""
    sample = inner_face(image, box)
    if sample is None:
        return None
    mean, variance = mean_and_variance(sample)
    return ImageQuality(
        sharpness=_sharpness(laplacian_variance(sample), variance),
        contrast=_contrast(sample),
        brightness=mean / 255,
    )


def light(image: ColorImage) -> float:
    """How light a whole picture is: 0 black to 1 white, the mean of some pixels."""
    return float(image[::EVERY, ::EVERY].mean()) / 255


def _sharpness(laplacian: float, variance: float) -> float:
    """How much of the grey variance is fine detail; no more light or contrast changes it."""
    detail = max(0.0, laplacian - ROUNDING) / max(variance, 1.0)
    return detail / (detail + HALF_SHARP)


def _contrast(sample: Image) -> float:
    """From the 5th to the 95th percentile, in parts of the whole grey scale."""
    darker = list(accumulate(np.bincount(sample.ravel(), minlength=256).tolist()))
    dark, bright = (bisect_left(darker, share * sample.size) for share in (0.05, 0.95))
    return (bright - dark) / 255


def inner_face(image: ColorImage, box: Box) -> Image | None:
    """The inner face, grey, at SIZE; cut where the frame ends. None when none of it lies there."""
    x1, y1, x2, y2 = box
    inset_x, inset_y = INSET * (x2 - x1), INSET * (y2 - y1)
    left, top = max(0, int(x1 + inset_x)), max(0, int(y1 + inset_y))
    piece = image[top : max(0, int(y2 - inset_y)), left : max(0, int(x2 - inset_x))]
    height, width = piece.shape[:2]
    if height < 2 or width < 2:
        return None
    return resize(to_grey(piece), SIZE, "area" if width >= SIZE[0] else "linear")
