"""SYNTHETIC: a print of one person with holes, held before the face of another who acts behind it.

Nobody held these up. The sheet is a rectangle about the printed head; through its holes one sees
the picture of the one behind, at its own place, so that the holes slide over it as the hand sways:
that is the depth behind them. Each hole has the paper's bright cut edge, and the sheet's shadow
falls on what lies behind, deepest below the edge that the light comes over.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from models.identity.looks import laid_over
from models.making.training.drawn_attacks import recaptured

Image = NDArray[np.uint8]  # (H, W, 3) BGR
Points = NDArray[np.float32]  # (5, 2): a face's landmarks
Mask = NDArray[np.float32]  # (H, W), 0..1
Holes = Literal["eyes", "mouth", "eyes and mouth"]


@dataclass(frozen=True, slots=True)
class CutOut:
    """A printed sheet with holes, behind which somebody acts.

    holes   where the sheet is cut
    wide    of each hole, in usual ones
    edge    pixels of the cut paper's edge that are seen
    shadow  share of the light that the sheet takes from what lies right behind its edge
    sway    pixels by which the hand moves the sheet
    reach   of the sheet to each side, in distances of the eyes
    """

    holes: Holes
    wide: float
    edge: float
    shadow: float
    sway: float
    reach: float


def drawn(random: np.random.Generator, holes: Holes) -> CutOut:
    return CutOut(
        holes,
        wide=random.uniform(0.85, 1.3),
        edge=random.uniform(0.5, 2.0),
        shadow=random.uniform(0.15, 0.6),
        sway=random.uniform(0.5, 3.0),
        reach=random.uniform(1.5, 2.3),
    )


def shown(
    photograph: Image,
    its: Points,
    acts: Sequence[Image],
    behind: Sequence[Points],
    cut: CutOut,
    random: np.random.Generator,
    *,
    printed: bool = True,
) -> list[Image]:
    """What a camera sees: the printed head over the one who acts, frame by frame.

    `its` and `behind` are the landmarks of the photograph and of each image behind it. Where it is
    not `printed` the sheet shows the photograph as it is: no printer is so good.
    """
    paper = recaptured(photograph, random, screen=False) if printed else photograph
    rates, phases = random.uniform(0.3, 1.2, 2), random.uniform(0, 2 * np.pi, 2)
    seen = []
    for number, (image, face) in enumerate(zip(acts, behind, strict=True)):
        sway = cut.sway * np.sin(2 * np.pi * rates * number / 15.0 + phases)
        matrix = laid_over(its, face)
        if matrix is None:
            continue
        matrix[:, 2] += sway
        seen.append(_frame(image, paper, its, matrix, cut))
    return seen


def _frame(
    image: Image, paper: Image, its: Points, matrix: NDArray[np.float64], cut: CutOut
) -> Image:
    height, width = image.shape[:2]
    sheet = cv2.warpAffine(paper, matrix, (width, height), borderMode=cv2.BORDER_REFLECT_101)
    face = (its @ matrix[:, :2].T + matrix[:, 2]).astype(np.float32)
    unit = float(np.linalg.norm(face[1] - face[0]))
    within, holes = _sheet(image, face, unit, cut), _holes(image, face, unit, cut)
    # light from above and to one side: the shadow lies inside the hole, below its upper edge
    offset = np.array(((1, 0, 0.06 * unit), (0, 1, 0.1 * unit)))
    lit = cv2.GaussianBlur(cv2.warpAffine(holes, offset, (width, height)), (0, 0), 0.05 * unit)
    through = image * (1 - cut.shadow * (1 - lit))[..., None]
    edge = np.clip(cv2.GaussianBlur(holes, (0, 0), cut.edge) * (1 - holes) * 3, 0, 1)
    over = sheet * (1 - 0.7 * edge)[..., None] + 245 * 0.7 * edge[..., None]
    solid = (within * (1 - holes))[..., None]
    open_ = (within * holes)[..., None]
    mixed = image * (1 - within)[..., None] + over * solid + through * open_
    return np.asarray(np.clip(mixed, 0, 255), np.uint8)


def _sheet(image: Image, face: Points, unit: float, cut: CutOut) -> Mask:
    """The sheet's rectangle about the head, upright in the picture."""
    x, y = (face[0] + face[1]) / 2
    mask = np.zeros(image.shape[:2], np.float32)
    corners = (
        (round(x - cut.reach * unit), round(y - 1.4 * cut.reach * unit)),
        (round(x + cut.reach * unit), round(y + 1.6 * cut.reach * unit)),
    )
    cv2.rectangle(mask, *corners, 1.0, -1)
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), 0.7))


def _holes(image: Image, face: Points, unit: float, cut: CutOut) -> Mask:
    right, left, _, *corners = face
    mouth = (corners[0] + corners[1]) / 2
    places = []
    if "eyes" in cut.holes:
        places += [(right, 0.32, 0.24), (left, 0.32, 0.24)]
    if "mouth" in cut.holes:
        places += [(mouth, 0.52, 0.36)]
    mask = np.zeros(image.shape[:2], np.float32)
    for middle, wide, high in places:
        axes = (max(1, round(cut.wide * wide * unit)), max(1, round(cut.wide * high * unit)))
        centre = (round(float(middle[0])), round(float(middle[1])))
        cv2.ellipse(mask, centre, axes, 0.0, 0.0, 360.0, 1.0, -1)
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), 0.6))
