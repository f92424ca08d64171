"""Which of nine areas of a face are covered: by a mask, sunglasses, a hand, a cap, hair, a phone.

The mesh says where each area is; in a copy of the face of one size and upright, each area is
described by ten numbers: its light and colours, alone and against those of the whole face, how
much they vary, how fine it is, and how it differs from the same area of the other side. Of all
areas together a small network (one hidden layer, areas_2026nov.npz, its card README.md) says for
each how likely it is covered. It was trained on SYNTHETIC occluders drawn over real faces.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from feeds.frame import ColorImage
from feeds.imaging import hull_mask, resize, to_grey, warp_affine
from models.observation import Mesh

FILE = Path(__file__).with_name("areas_2026nov.npz")
# Points of the mesh around each area; right and left are the subject's own.
AREAS: Mapping[str, tuple[int, ...]] = {
    "forehead": (54, 103, 67, 109, 10, 338, 297, 332, 284, 334, 296, 336, 9, 107, 66, 105),
    "right_eyebrow": (70, 63, 105, 66, 107, 55, 65, 52, 53, 46),
    "left_eyebrow": (300, 293, 334, 296, 336, 285, 295, 282, 283, 276),
    "right_eye": (33, 144, 145, 153, 133, 157, 158, 159, 160, 23, 27, 130, 243),
    "left_eye": (263, 373, 374, 380, 362, 384, 385, 386, 387, 253, 257, 359, 463),
    "right_cheek": (116, 117, 118, 119, 100, 36, 205, 207, 187, 123),
    "left_cheek": (345, 346, 347, 348, 329, 266, 425, 427, 411, 352),
    "nose": (197, 195, 5, 4, 1, 2, 97, 326, 98, 327, 129, 358),
    "mouth": (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 270, 267, 0, 37, 40),
}
OTHER = {"right": "left", "left": "right"}
WIDTH, HEIGHT = 112, 144  # pixels of the upright copy
EYES = ((34.0, 56.0), (78.0, 56.0))  # where in it the outer corners of the eyes come to lie
OUTER = (33, 263)  # points of the mesh: outer corners, the subject's right and left
DARK = 8.0  # grey levels added before the logarithm
LEAST_PIXELS = 6  # of an area in the copy, or it is not in view
DOUBTFUL, COVERED = 0.6, 0.9  # how likely an area is covered, from which on it is called so
SPREAD = 4.0  # standard deviations of the training that a number is cut off at


class Copy(NamedTuple):
    """A face, upright, its outer corners of the eyes at EYES and a margin.

    inside  (H, W) what of it lies in the picture
    points  (478, 2) of the mesh, in its pixels
    """

    pixels: ColorImage
    inside: NDArray[np.bool_]
    points: NDArray[np.float64]


class Description(NamedTuple):
    """(9, 10) numbers of the areas, and which of the nine are in view."""

    numbers: NDArray[np.float32]
    seen: NDArray[np.bool_]


class Layout(NamedTuple):
    """What is looked at of an upright face: its pixels, and of each area where it lies.

    light  (H, W) logarithm of the grey level and DARK
    masks  by area, (H, W) what of it is in the picture
    """

    pixels: ColorImage
    light: NDArray[np.float32]
    masks: Mapping[str, NDArray[np.bool_]]


def laid_out(image: ColorImage, mesh: Mesh) -> Layout | None:
    """The areas of a face; None where the mesh is none one could turn upright."""
    copy = upright_copy(image, mesh)
    if copy is None:
        return None
    light = np.log(to_grey(copy.pixels).astype(np.float32) + DARK)
    masks = {
        area: hull_mask((HEIGHT, WIDTH), copy.points[list(around)]) & copy.inside
        for area, around in AREAS.items()
    }
    return Layout(copy.pixels, light, masks)


def covered(image: ColorImage, mesh: Mesh) -> dict[str, float | None]:
    """Of each area how likely it is covered, 0..1; None where it is not in the picture."""
    layout = laid_out(image, mesh)
    return dict.fromkeys(AREAS) if layout is None else covered_in(layout)


def covered_in(layout: Layout) -> dict[str, float | None]:
    """The same, of areas that have been laid out."""
    told = _described(layout)
    scores = _answered(told.numbers)
    pairs = zip(AREAS, scores.tolist(), told.seen.tolist(), strict=True)
    return {area: score if seen else None for area, score, seen in pairs}


def described(image: ColorImage, mesh: Mesh) -> Description | None:
    """The numbers that the network is shown; None where the mesh is none one could turn upright."""
    layout = laid_out(image, mesh)
    return None if layout is None else _described(layout)


def _described(layout: Layout) -> Description:
    light, tones = layout.light, np.log(layout.pixels.astype(np.float32) + DARK)
    planes = _Planes(
        light, tones[..., 2] - tones[..., 1], tones[..., 0] - tones[..., 1], _steps(light)
    )
    rows, seen = [], []
    for mask in layout.masks.values():
        seen.append(int(mask.sum()) >= LEAST_PIXELS)
        rows.append(_row(planes, mask) if seen[-1] else np.zeros(6, np.float32))
    return Description(_compared(np.array(rows, np.float32), np.array(seen)), np.array(seen))


class _Planes(NamedTuple):
    light: NDArray[np.float32]
    red: NDArray[np.float32]
    blue: NDArray[np.float32]
    steps: NDArray[np.float32]


def upright_copy(image: ColorImage, mesh: Mesh, margin: int = 0) -> Copy | None:
    """The face at one size, with `margin` pixels more to each side; None where it cannot be."""
    matrix = _upright(mesh)
    if matrix is None:
        return None
    matrix[:, 2] += margin
    points = mesh[:, :2] @ matrix[:, :2].T + matrix[:, 2]
    zoom = float(np.hypot(matrix[0, 0], matrix[0, 1]))
    by = max(1, int(0.5 / zoom))  # a large face is averaged first
    height, width = image.shape[0] // by, image.shape[1] // by
    if by > 1 and min(height, width) > 0:
        image = resize(image[: height * by, : width * by], (width, height), "area")
        matrix = matrix @ np.array(((by, 0, (by - 1) / 2), (0, by, (by - 1) / 2), (0, 0, 1.0)))
    inside = np.full(image.shape[:2], 255, np.uint8)
    size = (WIDTH + 2 * margin, HEIGHT + 2 * margin)
    pixels = warp_affine(image, matrix, size)
    return Copy(pixels, warp_affine(inside, matrix, size) > 127, points)


def _upright(mesh: Mesh) -> NDArray[np.float64] | None:
    """(2, 3) from the frame to the copy, by the outer corners of the eyes."""
    (x1, y1), (x2, y2) = mesh[list(OUTER), :2].astype(np.float64).tolist()
    across, down = x2 - x1, y2 - y1
    square = across * across + down * down
    if not square > 1.0 or not np.isfinite(square):
        return None
    wide = EYES[1][0] - EYES[0][0]
    a, b = wide * across / square, wide * down / square
    x, y = EYES[0]
    return np.array(((a, b, x - a * x1 - b * y1), (-b, a, y + b * x1 - a * y1)))


def _steps(light: NDArray[np.float32]) -> NDArray[np.float32]:
    found = np.zeros_like(light)
    found[:, :-1] += np.abs(np.diff(light, axis=1))
    found[:-1] += np.abs(np.diff(light, axis=0))
    return found


def _row(planes: _Planes, mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    light, red, blue, steps = (plane[mask] for plane in planes)
    middles = (float(np.median(each)) for each in (light, red, blue))
    return np.array((*middles, light.std(), red.std() + blue.std(), steps.mean()), np.float32)


def _compared(rows: NDArray[np.float32], seen: NDArray[np.bool_]) -> NDArray[np.float32]:
    """(9, 10): each area's own six, its first three against the face's, and against the other."""
    middle = np.median(rows[seen, :3], axis=0) if seen.any() else np.zeros(3, np.float32)
    against = rows[:, :3] - middle
    other = np.abs(rows[:, :3] - rows[_mirrored(), :3]).sum(axis=1, keepdims=True)
    found = np.concatenate([rows, against, other], axis=1)
    found[~seen] = 0.0
    return np.asarray(found, np.float32)


@cache
def _mirrored() -> tuple[int, ...]:
    """Of each area the place of its mirror image; of those on the midline their own."""
    names = list(AREAS)
    sides = (name.partition("_") for name in names)
    return tuple(
        names.index(f"{OTHER[side]}_{part}") if part else at
        for at, (side, _, part) in enumerate(sides)
    )


def _answered(numbers: NDArray[np.float32]) -> NDArray[np.float32]:
    net = _network()
    told = np.clip((numbers.ravel() - net["mean"]) / net["spread"], -SPREAD, SPREAD)
    hidden = np.maximum(told @ net["first"] + net["first_bias"], 0.0)
    return np.asarray(1.0 / (1.0 + np.exp(-(hidden @ net["last"] + net["last_bias"]))), np.float32)


@cache
def _network() -> Mapping[str, NDArray[np.float32]]:
    with np.load(FILE, allow_pickle=False) as held:
        return {name: held[name] for name in held.files}
