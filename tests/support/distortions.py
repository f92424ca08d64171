"""What cameras and streams do to a whole picture, done on purpose: synthetic, and called so."""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from feeds.frame import ColorImage

Distortion = Callable[[ColorImage], ColorImage]


def cast(blue: float, green: float, red: float) -> Distortion:
    """The grey of the picture in one colour, as an infrared camera's picture may have it."""

    def shade(image: ColorImage) -> ColorImage:
        grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)[..., None].astype(np.float32)
        return _rounded(grey * np.array((blue, green, red), np.float32))

    return shade


def coloured(share: float) -> Distortion:
    """So much of the picture's colour is left."""

    def fade(image: ColorImage) -> ColorImage:
        grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)[..., None].astype(np.float32)
        return _rounded(grey + (image - grey) * share)

    return fade


def inverted(image: ColorImage) -> ColorImage:
    return np.asarray(255 - image, np.uint8)


def channels(order: str) -> Distortion:
    """The channels exchanged: "rgb" takes red for blue, for a picture is blue, green, red."""
    places = ["bgr".index(letter) for letter in order]
    return lambda image: np.ascontiguousarray(image[..., places])


def solarised(above: int) -> Distortion:
    return lambda image: np.where(image >= above, 255 - image, image).astype(np.uint8)


def posterised(tones: int) -> Distortion:
    return lambda image: _rounded(image.astype(np.float32) * tones // 256 * 255 / (tones - 1))


def compressed(quality: int) -> Distortion:
    """As a JPEG of so much quality, 1..100."""

    def press(image: ColorImage) -> ColorImage:
        content = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        return np.asarray(cv2.imdecode(content, cv2.IMREAD_COLOR), np.uint8)

    return press


def enlarged(width: int, how: int = cv2.INTER_LINEAR) -> Distortion:
    """As if it had been so many pixels wide, and was enlarged to the size it has."""

    def grow(image: ColorImage) -> ColorImage:
        size = (width, max(1, round(image.shape[0] * width / image.shape[1])))
        tiny = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        return np.asarray(cv2.resize(tiny, image.shape[1::-1], interpolation=how), np.uint8)

    return grow


def both(first: Distortion, second: Distortion) -> Distortion:
    return lambda image: second(first(image))


def _rounded(values: NDArray[np.floating]) -> ColorImage:
    return np.asarray(np.clip(values + 0.5, 0, 255), np.uint8)


AS_IT_IS: Distortion = np.copy
MILD: dict[str, Distortion] = {  # a camera may do these, and the networks bear them
    "as it is": AS_IT_IS,
    "half the colour": coloured(0.5),
    "one and a half times the colour": coloured(1.5),
    "JPEG of quality 60": compressed(60),
}
GREY: dict[str, Distortion] = {
    "grey": cast(1, 1, 1),
    "grey, pink cast": cast(1.0, 0.85, 1.1),
    "grey, green cast": cast(0.8, 1.0, 0.8),
    "sepia": cast(0.6, 0.85, 1.1),
    "grey, JPEG of quality 50": both(cast(1, 1, 1), compressed(50)),
    "a tenth of the colour": coloured(0.1),
}
FALSE: dict[str, Distortion] = {
    "inverted": inverted,
    "red and blue exchanged": channels("rgb"),
    "red and blue exchanged, JPEG of quality 80": both(channels("rgb"), compressed(80)),
    "red and green exchanged": channels("brg"),
}
COARSE: dict[str, Distortion] = {
    "4 tones": posterised(4),
    "8 tones": posterised(8),
    "8 tones, JPEG of quality 90": both(posterised(8), compressed(90)),
    "16 tones": posterised(16),
}
COMPRESSED: dict[str, Distortion] = {
    "JPEG of quality 5": compressed(5),
    "JPEG of quality 10": compressed(10),
    "80 pixels wide, enlarged by repeating": enlarged(80, cv2.INTER_NEAREST),
}
BLURRED: dict[str, Distortion] = {
    "80 pixels wide, enlarged": enlarged(80),
    "80 pixels wide, enlarged smoothly": enlarged(80, cv2.INTER_CUBIC),
}
SOLARISED: dict[str, Distortion] = {
    f"solarised above {above}": solarised(above) for above in (64, 96, 128, 160, 192)
}
EVERY: dict[str, Distortion] = MILD | GREY | FALSE | COARSE | COMPRESSED | BLURRED | SOLARISED
