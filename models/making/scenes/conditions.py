"""What light, lens and haste do to a photograph of a face, in known steps. SYNTHETIC.

To measure scales with, and to test that they fall: the camera's own blur and noise are not drawn.
"""

from collections.abc import Callable, Mapping

import cv2
import numpy as np

from feeds.frame import ColorImage
from models.observation import Box

GAMMA = 2.2  # of the tone curve, about what cameras apply


def blurred(image: ColorImage, box: Box, percent: float) -> ColorImage:
    """A Gaussian blur whose standard deviation is so many per cent of the face's width."""
    sigma = percent / 100 * (box[2] - box[0])
    if sigma <= 0:
        return image
    return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), np.uint8)


def exposed(image: ColorImage, box: Box, stops: float) -> ColorImage:
    """Twice the light for each stop; what is too bright is white."""
    del box
    scale = np.arange(256, dtype=np.float64) / 255
    curve = np.clip(scale * 2.0 ** (stops / GAMMA), 0.0, 1.0)
    return np.asarray(np.rint(255 * curve).astype(np.uint8)[image], np.uint8)


def flattened(image: ColorImage, box: Box, gain: float) -> ColorImage:
    """Tones drawn together about the face's mean, as through mist: 1 = as it was, 0 = one tone."""
    middle = _face(image, box).mean()
    curve = np.clip(middle + gain * (np.arange(256) - middle), 0, 255)
    return np.asarray(np.rint(curve).astype(np.uint8)[image], np.uint8)


def shadowed(image: ColorImage, box: Box, stops: float) -> ColorImage:
    """The darker half of the face, and all beside it, in so many stops less light."""
    dark, face = exposed(image, box, -stops), _face(image, box)
    left, right = np.array_split(face, 2, axis=1)
    first, second = (dark, image) if left.mean() < right.mean() else (image, dark)
    middle = round((box[0] + box[2]) / 2)
    return np.ascontiguousarray(np.concatenate([first[:, :middle], second[:, middle:]], axis=1))


def backlit(image: ColorImage, box: Box, stops: float) -> ColorImage:
    """The face in so many stops less light, and all around it in as many more."""
    lit, (x1, y1, x2, y2) = exposed(image, box, stops), (max(0, round(side)) for side in box)
    lit[y1:y2, x1:x2] = exposed(image, box, -stops)[y1:y2, x1:x2]
    return lit


def _face(image: ColorImage, box: Box) -> ColorImage:
    x1, y1, x2, y2 = (max(0, round(side)) for side in box)
    return image[y1:y2, x1:x2]


Condition = Callable[[ColorImage, Box, float], ColorImage]

# By scale: what worsens it, the unit of a step, and the steps, none first.
CONDITIONS: Mapping[str, tuple[Condition, str, tuple[float, ...]]] = {
    "sharpness": (
        blurred, "blur, per cent of the face's width", (0, 0.5, 1, 1.5, 2, 2.5, 3, 4, 6)
    ),
    "contrast": (flattened, "gain of the tones", (1, 0.8, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1)),
    "brightness": (exposed, "stops of light", (0, -0.5, -1, -1.5, -2, -2.5, -3, -4)),
    "overexposed": (exposed, "stops of light", (0, 0.5, 1, 1.5, 2, 2.5, 3)),
    "shadow": (shadowed, "stops of shadow on one half", (0, 1, 2, 3, 4)),
    "backlight": (backlit, "stops between face and surroundings, halved", (0, 0.5, 1, 1.5, 2, 3)),
}  # fmt: skip
