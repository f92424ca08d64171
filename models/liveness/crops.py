"""How a face is cut out for a liveness network."""

from collections.abc import Iterator
from dataclasses import replace
from math import isfinite

from feeds.frame import ColorImage
from feeds.imaging import reflect_border, resize
from models.network_file import Crop
from models.observation import Box

SIDE = 80  # pixels of the crop that MiniFASNet was made for


def usable(box: Box) -> bool:
    """Whether a crop can be cut around a box: finite, and a pixel wide and high."""
    x1, y1, x2, y2 = box
    return all(map(isfinite, box)) and x2 - x1 >= 1.0 and y2 - y1 >= 1.0


def looks(crop: Crop) -> Iterator[Crop]:
    """The crops of one face that a network looks at: at its scale, and at those in `also`."""
    for scale in (crop.scale, *crop.also):
        yield replace(crop, scale=scale, also=())


def cut(image: ColorImage, box: Box, crop: Crop, side: int) -> ColorImage:
    """The (side, side, 3) crop that a network was trained to see."""
    return resize(surroundings(image, box, crop), (side, side), crop.resize)


def surroundings(image: ColorImage, box: Box, crop: Crop) -> ColorImage:
    """(h, w, 3): the part of the image that a crop shows, in the image's own pixels."""
    if crop.shape == "square":
        return _reflected(image, *square_crop(box, crop.scale))
    left, top, right, bottom = shifted_crop(box, crop.scale, image.shape[1], image.shape[0])
    return image[top:bottom, left:right]


def shifted_crop(box: Box, scale: float, width: int, height: int) -> tuple[int, int, int, int]:
    """left, top, right, bottom (the last two exclusive) of a crop of the box's aspect.

    Grown about the box's centre by the scale, or by as much as the frame allows, then shifted
    to lie inside the frame, as the authors of MiniFASNet cut their training images.
    """
    x1, y1, x2, y2 = box
    scale = min((height - 1) / (y2 - y1), (width - 1) / (x2 - x1), scale)
    left, right = _inside((x1 + x2) / 2, (x2 - x1) * scale, width - 1)
    top, bottom = _inside((y1 + y2) / 2, (y2 - y1) * scale, height - 1)
    return left, top, right, bottom


def _inside(centre: float, length: float, last: int) -> tuple[int, int]:
    """Begin and end (exclusive) of a stretch about a centre, shifted into 0..last."""
    begin = min(max(centre - length / 2, 0.0), last - length)
    return int(begin), int(begin + length) + 1


def square_crop(box: Box, scale: float) -> tuple[int, int, int]:
    """left, top, side of a square about the box's centre; it may reach out of the frame."""
    x1, y1, x2, y2 = box
    side = max(1, int(max(x2 - x1, y2 - y1) * scale))
    return int((x1 + x2 - side) / 2), int((y1 + y2 - side) / 2), side


def _reflected(image: ColorImage, left: int, top: int, side: int) -> ColorImage:
    """A square of the image, mirrored at the border where it reaches out."""
    height, width = image.shape[:2]
    beyond = max(0, -left, -top, left + side - width, top + side - height)
    if beyond:
        image = reflect_border(image, beyond)
    return image[top + beyond : top + beyond + side, left + beyond : left + beyond + side]
