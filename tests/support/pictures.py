"""Files with moving pictures, made for a test."""

from pathlib import Path

import numpy as np

from feeds import imaging
from feeds.frame import ColorImage


def picture(number: int, width: int = 64, height: int = 48) -> ColorImage:
    """A grey picture with its number in it as brightness, 0 to 12: 20 levels apart.

    Its right half is a little brighter, as one single colour is no picture.
    """
    image = np.full((height, width, 3), number * 20, np.uint8)
    image[:, width // 2 :] += 8
    return image


def number_in(image: ColorImage) -> int:
    """The number of a picture, however a codec has treated it."""
    return round(float(image.mean()) / 20)


def video(path: Path, count: int = 10, *, fps: float = 25, still: bool = False) -> Path:
    """A video of pictures 0, 1, ..., or of picture 5 again and again if `still`."""
    images = [picture(5 if still else number) for number in range(count)]
    imaging.write_video(str(path), images, fps=fps)
    return path


def folder(path: Path, count: int = 5) -> Path:
    """A folder of pictures 00.png, 01.png, ..."""
    path.mkdir()
    for number in range(count):
        imaging.write_image(str(path / f"{number:02}.png"), picture(number))
    return path
