"""Named marks of a print, a screen or a mask, that no network of liveness was asked for.

Each is a number of its own, more like an attack the larger; None where it cannot be told. A small
one, or none, is no evidence for life. docs/measure/stills.md says what each catches, which for most
is little: they show a person where to look, and weigh as much as they were measured to.

    border_edge   straight edges of a sheet or a device about the face (models/passive/edges.py)
    moire         a grid in the face's spectrum that no skin has (models/passive/screens.py), of the
                  picture as it came and of halves of it: "at several scales"
    cut_border    an outline cut round the face: a step in light or colour all along the oval
    deformation   how far the points on bone lie from those of a head
    reflection    the part of the skin that is white, as by a lamp on glass
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from feeds.frame import ColorImage
from feeds.imaging import hull_mask, resize
from models.mesh.bones import INDICES, RIGID
from models.observation import Box, Face, Mesh
from models.passive.edges import Line
from models.passive.screens import Grid, grid
from models.stills.areas import AREAS, HEIGHT, WIDTH, upright_copy

OVAL = (
    *(10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377),
    *(152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109),
)
WHITE = 235  # grey level of the least channel from which a pixel is white
HALVINGS = 2  # of the picture, in which a grid is looked for
FINEST, COARSEST = 0.92, 1.3  # of the oval's size, between which a cut is looked for
RINGS, PARTS, DARK = 24, 6, 8.0
_HEAD = RIGID / np.sqrt((RIGID**2).sum(axis=1).mean())


def marks(image: ColorImage, face: Face) -> Mapping[str, float | None]:
    """Of a measured face, every mark by name."""
    passive = None if face.passive is None else face.passive.values
    found = {
        "border_edge": None if passive is None else passive.get("edges"),
        "cut_border": None,
        "deformation": None,
        "reflection": None,
        "moire": moire(image, face.box),
    }
    if face.mesh is not None:
        found["cut_border"] = cut_border(image, face.mesh)
        found["deformation"] = deformation(face.mesh)
        found["reflection"] = reflection(image, face.mesh)
    return found


class ClearestGrid(NamedTuple):
    """A grid, and the picture and the face's box at the scale at which it was found."""

    grid: Grid
    image: ColorImage
    box: Box


def moire(image: ColorImage, box: Box) -> float | None:
    """The strongest even grid, logarithms, at the scale where it stands out most."""
    found = clearest_grid(image, box)
    return None if found is None else found.grid.stands_out


def clearest_grid(image: ColorImage, box: Box) -> ClearestGrid | None:
    """Of the picture as it came, and of halves of it; None where none can be told."""
    scales = [(image, box)]
    for _ in range(HALVINGS):
        height, width = image.shape[0] // 2, image.shape[1] // 2
        image = resize(image[: 2 * height, : 2 * width], (width, height), "area")
        x1, y1, x2, y2 = box
        box = (x1 / 2, y1 / 2, x2 / 2, y2 / 2)
        scales.append((image, box))
    told = ((grid(*scale), scale) for scale in scales)
    found = [ClearestGrid(each, *scale) for each, scale in told if each is not None]
    return max(found, key=lambda each: each.grid.stands_out, default=None)


def deformation(mesh: Mesh) -> float | None:
    """Root mean square by which the points on bone miss those of a head, in the head's spread."""
    points = _on_bone(mesh)
    if points is None:
        return None
    _, strength = _turned(points)
    return float(np.sqrt(max(0.0, 2.0 - 2.0 * strength / len(_HEAD))))


def missed(mesh: Mesh) -> tuple[Line, ...]:
    """From where each point on bone lies to where a head has it, in the mesh's pixels."""
    points = _on_bone(mesh)
    if points is None:
        return ()
    turn, strength = _turned(points)
    own = mesh[INDICES].astype(np.float64)
    spread = float(np.sqrt(((own - own.mean(axis=0)) ** 2).sum(axis=1).mean()))
    head = _HEAD @ turn.T * (spread * strength / len(_HEAD)) + own.mean(axis=0)
    pairs = zip(own[:, :2].tolist(), head[:, :2].tolist(), strict=True)
    return tuple(((one[0], one[1]), (other[0], other[1])) for one, other in pairs)


def _on_bone(mesh: Mesh) -> NDArray[np.float64] | None:
    """(n, 3) about their middle, in units of their spread; None of what is no face."""
    points = mesh[INDICES].astype(np.float64)
    points = points - points.mean(axis=0)
    spread = float(np.sqrt((points**2).sum(axis=1).mean()))
    return points / spread if np.isfinite(points).all() and spread > 0.0 else None


def _turned(points: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """The turn (3, 3) that brings a head nearest to the points, and how near (Kabsch 1976)."""
    u, strength, v = np.linalg.svd(points.T @ _HEAD)
    if np.linalg.det(u @ v) < 0:
        strength[-1] *= -1.0
        u[:, -1] *= -1.0
    return u @ v, float(strength.sum())


def reflection(image: ColorImage, mesh: Mesh) -> float | None:
    """0..1: the share of forehead, cheeks and nose that is white and has no colour."""
    copy = upright_copy(image, mesh)
    if copy is None:
        return None
    skin = np.zeros((HEIGHT, WIDTH), np.bool_)
    for area in ("forehead", "right_cheek", "left_cheek", "nose"):
        skin |= hull_mask((HEIGHT, WIDTH), copy.points[list(AREAS[area])])
    skin &= copy.inside
    return float(np.mean(copy.pixels[skin].min(axis=1) >= WHITE)) if skin.any() else None


def cut_border(image: ColorImage, mesh: Mesh) -> float | None:
    """The step across an outline like the face's, at its weakest part; logarithms."""
    found = cut_size(image, mesh)
    return None if found is None else found[1]


def cut_size(image: ColorImage, mesh: Mesh) -> tuple[float, float] | None:
    """The size of the clearest outline, in the oval's, and the step across its weakest part."""
    copy = upright_copy(image, mesh, margin=40)
    if copy is None:
        return None
    oval = copy.points[list(OVAL)]
    middle = oval.mean(axis=0)
    sizes = np.linspace(FINEST, COARSEST, RINGS)
    rings = middle + (oval - middle) * sizes[:, None, None]  # (RINGS, 36, 2)
    places = np.rint(rings).astype(np.intp)
    height, width = copy.inside.shape
    x, y = places[..., 0], places[..., 1]
    if ((x < 0) | (y < 0) | (x >= width) | (y >= height)).any() or not copy.inside[y, x].all():
        return None
    tones = np.log(copy.pixels[y, x].astype(np.float32) + DARK)  # (RINGS, 36, 3)
    steps = np.abs(tones[3:] - tones[:-3]).mean(axis=2)
    parts = steps.reshape(len(steps), PARTS, -1).mean(axis=2)
    weakest = parts.min(axis=1)
    at = int(weakest.argmax())
    return float((sizes[at] + sizes[at + 3]) / 2), float(weakest[at])
