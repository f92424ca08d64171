"""The named marks, drawn over real pictures: SYNTHETIC, to measure what finds them.

One thing at a time, so that it is known which picture has which: a bezel, a paper's cut edge, a
fold or a bend, a lamp's glare on glass, a screen's grid. Each takes a picture, the face's mesh and
a random generator.
"""

from collections.abc import Callable, Mapping

import cv2
import numpy as np

from feeds.frame import ColorImage
from models.observation import Mesh
from models.stills.marks import OVAL

Random = np.random.Generator
Mark = Callable[[ColorImage, Mesh, Random], ColorImage]


def border_edge(image: ColorImage, mesh: Mesh, random: Random) -> ColorImage:
    """The picture on a device with a bezel, before its own blurred surroundings."""
    height, width = image.shape[:2]
    (x1, y1), (x2, y2) = mesh[:, :2].min(0), mesh[:, :2].max(0)
    room = random.uniform(0.25, 0.6) * max(x2 - x1, y2 - y1)
    box = np.array(
        (
            (x1 - room, y1 - room),
            (x2 + room, y1 - room),
            (x2 + room, y2 + room),
            (x1 - room, y2 + room),
        )
    )
    middle = box.mean(0)
    angle = np.deg2rad(random.normal(0, 5))
    turn = np.array(((np.cos(angle), -np.sin(angle)), (np.sin(angle), np.cos(angle))))
    inner = (box - middle) @ turn.T + middle
    outer = (inner - middle) * random.uniform(1.04, 1.2) + middle
    back = cv2.GaussianBlur(image[:, ::-1], (0, 0), 0.03 * width)
    screen, device = (np.zeros((height, width), np.float32) for _ in range(2))
    cv2.fillConvexPoly(device, np.rint(outer).astype(np.int32), 1.0, cv2.LINE_AA)
    cv2.fillConvexPoly(screen, np.rint(inner).astype(np.int32), 1.0, cv2.LINE_AA)
    bezel = random.uniform(5, 60) if random.random() < 0.7 else random.uniform(180, 240)
    made = back * (1 - device[..., None]) + bezel * device[..., None]
    made = made * (1 - screen[..., None]) + image * screen[..., None]
    return np.clip(made, 0, 255).astype(np.uint8)


def cut_border(image: ColorImage, mesh: Mesh, random: Random) -> ColorImage:
    """The face cut out of paper: a bright rim round it, and the shadow that it throws."""
    oval = mesh[list(OVAL), :2]
    middle = oval.mean(0)
    wide = float(np.ptp(oval[:, 0]))
    inner = (oval - middle) * random.uniform(1.03, 1.12) + middle
    outer = (inner - middle) * (1 + random.uniform(0.03, 0.12)) + middle
    rim, face, shade = (np.zeros(image.shape[:2], np.float32) for _ in range(3))
    cv2.fillPoly(rim, [np.rint(outer).astype(np.int32)], 1.0, cv2.LINE_AA)
    cv2.fillPoly(face, [np.rint(inner).astype(np.int32)], 1.0, cv2.LINE_AA)
    cv2.fillPoly(shade, [np.rint(outer + 0.02 * wide).astype(np.int32)], 1.0)
    shade = cv2.GaussianBlur(shade, (0, 0), 0.02 * wide)
    paper = float(np.percentile(image, 90)) * random.uniform(0.8, 1.1)
    made = image * (1 - random.uniform(0.2, 0.6) * shade[..., None])
    made = made * (1 - rim[..., None]) + paper * rim[..., None]
    made = made * (1 - face[..., None]) + image * face[..., None]
    return np.clip(made, 0, 255).astype(np.uint8)


def deformation(image: ColorImage, mesh: Mesh, random: Random) -> ColorImage:
    """The sheet bent about an upright or level axis, or folded along it."""
    y, x = np.mgrid[: image.shape[0], : image.shape[1]].astype(np.float32)
    centre, wide = mesh[4, :2], float(np.ptp(mesh[:, 0]))
    upright = random.random() < 0.6
    along = (x - centre[0] if upright else y - centre[1]) / wide
    if random.random() < 0.5:
        moved = np.tan(np.clip(along * random.uniform(0.8, 1.3), -1.2, 1.2)) / 1.05
    else:
        moved = np.where(along > 0, along * random.uniform(1.3, 2.0), along)
    if upright:
        x = centre[0] + moved * wide
    else:
        y = centre[1] + moved * wide
    return cv2.remap(image, x.astype(np.float32), y.astype(np.float32), cv2.INTER_LINEAR,
                     borderMode=cv2.BORDER_REFLECT_101)  # fmt: skip


def reflection(image: ColorImage, mesh: Mesh, random: Random) -> ColorImage:
    """A lamp or a window, mirrored by glass before the face."""
    wide, glare = float(np.ptp(mesh[:, 0])), np.zeros(image.shape[:2], np.float32)
    for _ in range(random.integers(1, 3)):
        at = mesh[random.choice([9, 50, 280, 4, 151, 205, 425]), :2]
        at = at + random.normal(0, 0.08 * wide, 2)
        size = random.uniform(0.12, 0.4, 2) * wide
        place = (round(float(at[0])), round(float(at[1])))
        if random.random() < 0.5:
            axes = (max(1, round(size[0] / 2)), max(1, round(size[1] / 2)))
            cv2.ellipse(glare, place, axes, random.uniform(0, 180), 0, 360, 1.0, -1)
        else:
            box = cv2.boxPoints((place, tuple(size), random.uniform(-30, 30)))
            cv2.fillConvexPoly(glare, np.rint(box).astype(np.int32), 1.0)
    glare = cv2.GaussianBlur(glare, (0, 0), random.uniform(0.01, 0.04) * wide)
    made = image + random.uniform(120, 255) * glare[..., None]
    return np.clip(made, 0, 255).astype(np.uint8)


def moire(image: ColorImage, mesh: Mesh, random: Random) -> ColorImage:
    """An even grid of a few grey levels, a little different in each colour."""
    del mesh
    y, x = np.mgrid[: image.shape[0], : image.shape[1]].astype(np.float32)
    angle, pitch = random.uniform(0.1, 1.4), random.uniform(2.2, 7.0)
    along = (x * np.cos(angle) + y * np.sin(angle)) / pitch
    across = (y * np.cos(angle) - x * np.sin(angle)) / pitch
    phases = random.uniform(0, 1, 3)
    grid = np.stack(
        [np.cos(2 * np.pi * (along + p)) + np.cos(2 * np.pi * across) for p in phases], -1
    )
    return np.clip(image + random.uniform(2, 8) * grid, 0, 255).astype(np.uint8)


MARKS: Mapping[str, Mark] = {
    "border_edge": border_edge,
    "cut_border": cut_border,
    "deformation": deformation,
    "reflection": reflection,
    "moire": moire,
}
