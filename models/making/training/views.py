"""Views of a face: the crop that a network is shown, as other cameras and attacks would give it.

Each is cut by the very code that ships (models/liveness/bona_fide.py), from a box that is a little
off, as a detector's is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from feeds.imaging import resize
from models.liveness.bona_fide import SIDE, surroundings
from models.making.training.data import Face, groups
from models.making.training.drawn_attacks import Image, Random, filmed, recaptured
from models.network_file import Crop
from models.observation import Box

Kind = NDArray[np.str_]
Bounds = tuple[float, float]
VIEWS = 45  # of a group of one picture; of n pictures, so many times the root of n
DRAWN_VIEWS = 12  # likewise, of a bona fide group on each drawn medium
JITTER = 0.08  # of the box's size
STOLEN: Bounds = (90.0, 200.0)
MILD = (0.15, (60, 97))  # what cameras do to a crop that is small already


@dataclass(frozen=True, slots=True, eq=False)
class Views:
    """Views of many faces, one a row."""

    pixels: NDArray[np.uint8]  # (n, side, side, 3) BGR
    face: NDArray[np.intp]  # number of the face it shows
    drawn: NDArray[np.str_]  # "", or the medium that was drawn: "print", "screen"


def draw(
    faces: Sequence[Face],
    crop: Crop,
    seed: int,
    media: Sequence[str] = (),
    side: int = SIDE,
    stolen: Bounds = STOLEN,
) -> Views:
    """Views of every source and species, `side` pixels wide; and of bona fide ones on media.

    `stolen`: pixels, from and to, that a picture on a medium has along its longer side.
    """
    random = np.random.default_rng(seed)
    pixels, numbers, drawn = [], [], []
    for (_, _), members in groups(faces).items():
        for medium in ("", *media) if faces[members[0]].live else ("",):
            count = DRAWN_VIEWS if medium else VIEWS
            for turn in range(round(count * sqrt(len(members)))):
                number = members[turn % len(members)]
                pixels.append(view(faces[number], crop, random, medium, side, stolen))
                numbers.append(number)
                drawn.append(medium)
    return Views(np.stack(pixels), np.array(numbers), np.array(drawn))


def view(
    face: Face,
    crop: Crop,
    random: Random,
    medium: str = "",
    side: int = SIDE,
    stolen: Bounds = STOLEN,
) -> Image:
    """(side, side, 3): one view of a face, on a drawn medium if one is named."""
    piece = surroundings(face.image, jittered(face.box, random), crop)
    if medium:
        piece = shrunk(piece, random.uniform(*stolen))
        piece = recaptured(np.ascontiguousarray(piece), random, medium == "screen")
    elif random.random() < 0.5:  # a camera of fewer pixels
        piece = shrunk(piece, random.uniform(100, 400))
    small = resize(piece, (side, side), crop.resize)
    small = small[:, ::-1] if random.random() < 0.5 else small
    return filmed(np.ascontiguousarray(small), random, *MILD)


def jittered(box: Box, random: Random) -> Box:
    x1, y1, x2, y2 = box
    wide, high = x2 - x1, y2 - y1
    grown = 1 + random.uniform(-JITTER, JITTER)
    x, y = (x1 + x2) / 2, (y1 + y2) / 2
    x += wide * random.uniform(-JITTER, JITTER) / 2
    y += high * random.uniform(-JITTER, JITTER) / 2
    return x - grown * wide / 2, y - grown * high / 2, x + grown * wide / 2, y + grown * high / 2


def shrunk(image: Image, long_side: float) -> Image:
    """The image with its longer side brought down to so many pixels."""
    height, width = image.shape[:2]
    scale = long_side / max(height, width)
    if scale >= 1:
        return image
    return resize(image, (max(8, round(width * scale)), max(8, round(height * scale))), "area")


def plain(faces: Sequence[Face], crop: Crop, side: int = SIDE) -> NDArray[np.uint8]:
    """(n, side, side, 3): every face as the product cuts it."""
    pieces = (surroundings(face.image, face.box, crop) for face in faces)
    return np.stack([resize(piece, (side, side), crop.resize) for piece in pieces])
