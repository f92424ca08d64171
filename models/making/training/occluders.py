"""Things drawn before a face: SYNTHETIC occluders, to train and measure what finds covered areas.

Each takes a picture, the face's mesh and a random generator, and gives the picture with the thing
in it and a mask of what it hides. Shapes, colours and folds are drawn anew each time, and wide,
since the things of the world are many. `glasses` hide nothing that counts: they are there so that
clear glasses are no occlusion.
"""

from collections.abc import Callable, Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

from feeds.frame import ColorImage
from models.observation import Mesh

Mask = NDArray[np.float32]  # (H, W) 0..1: how far the thing hides what is behind it
Random = np.random.Generator
Occluder = Callable[[ColorImage, Mesh, Random], tuple[ColorImage, Mask]]

LOWER = (
    *(227, 116, 117, 50, 36, 198, 196, 197, 419, 420, 266, 280, 346, 345, 447, 454, 323, 361),
    *(288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234),
)
TOP = (127, 162, 21, 54, 103, 67, 109, 10, 338, 297, 332, 284, 251, 389, 356)
BROWS = (70, 63, 105, 66, 107, 9, 336, 296, 334, 293, 300)
CLOTH = ((215, 190, 150), (225, 215, 190), (240, 240, 240), (30, 30, 30), (170, 150, 220),
         (120, 60, 40), (60, 60, 60), (200, 160, 120), (50, 50, 120), (90, 130, 90))  # fmt: skip


def surgical_mask(image: ColorImage, mesh: Mesh, random: Random) -> tuple[ColorImage, Mask]:
    """From the bridge of the nose to below the chin, with folds; blue, white, black or coloured."""
    points = _jittered(mesh[list(LOWER), :2], mesh, random, 0.02)
    lower = random.uniform(-0.02, 0.16)  # worn higher or lower, always over the nose
    points[:17, 1] += lower * 0.5 * _tall(mesh)
    mask = _polygon(image, points, random)
    cloth = _cloth(image, mesh, random, CLOTH[random.integers(len(CLOTH))], folds=True)
    return _laid(image, cloth, mask)


def scarf(image: ColorImage, mesh: Mesh, random: Random) -> tuple[ColorImage, Mask]:
    """Something knitted or printed over mouth and chin, and mostly the nose."""
    points = _jittered(mesh[list(LOWER), :2], mesh, random, 0.05)
    points[:17, 1] += random.uniform(0.0, 0.18) * _tall(mesh)
    middle = points.mean(axis=0)
    points = middle + (points - middle) * random.uniform(1.05, 1.3)
    mask = _polygon(image, points.astype(np.float32), random)
    return _laid(image, _printed(image, mesh, random), mask)


def sunglasses(image: ColorImage, mesh: Mesh, random: Random) -> tuple[ColorImage, Mask]:
    """Two dark glasses, a bridge and bows; the glass may let a little through, or mirror."""
    mask = np.zeros(image.shape[:2], np.float32)
    wide = _wide(mesh)
    rx, ry = random.uniform(0.17, 0.24) * wide, random.uniform(0.12, 0.2) * wide
    angle = _tilt(mesh)
    centres = [mesh[list(eye), :2].mean(axis=0) for eye in ((33, 133), (362, 263))]
    square = random.random() < 0.5
    for centre in centres:
        centre[1] += 0.25 * ry
        _ellipse(mask, centre, (rx, ry), angle, square=square)
    thick = max(1, round(random.uniform(0.01, 0.04) * wide))
    cv2.line(mask, _at(centres[0]), _at(centres[1]), 1.0, thick)
    for centre, ear in zip(centres, (127, 356), strict=True):
        cv2.line(mask, _at(centre), _at(mesh[ear]), 1.0, thick)
    colour = np.array(
        random.uniform(0, 60, 3) if random.random() < 0.8 else random.uniform(0, 140, 3)
    )
    glass = np.broadcast_to(colour, image.shape).astype(np.float32).copy()
    glass += _ramp(image, mesh, random) * random.uniform(0, 60)
    if random.random() < 0.4:  # what it mirrors: the picture itself, turned over and blurred
        back = cv2.GaussianBlur(image[:, ::-1], (0, 0), max(1.0, 0.03 * wide))
        glass = 0.75 * glass + 0.25 * back
    through = random.uniform(0.0, 0.25)
    return _laid(image, glass, _soft(mask, wide, random) * (1 - through))


def hand(image: ColorImage, mesh: Mesh, random: Random) -> tuple[ColorImage, Mask]:
    """Fingers side by side over a part of the face, in about the colour of the face's own skin."""
    wide, mask = _wide(mesh), np.zeros(image.shape[:2], np.float32)
    over = mesh[random.choice([1, 13, 50, 280, 159, 386, 9]), :2]
    angle = random.uniform(0, 2 * np.pi)
    along, across = (
        np.array((np.cos(angle), np.sin(angle))),
        np.array((-np.sin(angle), np.cos(angle))),
    )
    thick = random.uniform(0.1, 0.16) * wide
    shade = np.zeros(image.shape[:2], np.float32)
    for finger in range(-2, 2):
        start = over + across * finger * thick * 1.05 - along * random.uniform(0.1, 0.35) * wide
        end = start + along * random.uniform(1.2, 1.6) * wide
        cv2.line(mask, _at(start), _at(end), 1.0, max(1, round(thick)))
        cv2.line(shade, _at(start), _at(end), 1.0, max(1, round(0.6 * thick)))
    skin = np.median(image[_inside(image, mesh, (50, 280, 4, 205, 425))], axis=0)
    skin = skin * random.uniform(0.7, 1.2) * random.uniform(0.94, 1.06, 3)
    shade = cv2.GaussianBlur(shade, (0, 0), max(0.8, 0.3 * thick))[..., None]
    made = skin * (0.75 + 0.35 * shade) + _grain(image, random, 0.03 * wide) * 3
    return _laid(image, made, _soft(mask, wide, random))


def cap(image: ColorImage, mesh: Mesh, random: Random) -> tuple[ColorImage, Mask]:
    """A cap, a hood or a fringe of hair down to the brows, or a little over them."""
    up = mesh[10, :2] - mesh[152, :2]
    brows = mesh[list(BROWS), :2] + up * random.uniform(-0.04, 0.05)
    top = mesh[list(TOP), :2] + up * random.uniform(0.15, 0.4)
    mask = _polygon(image, np.concatenate([brows, mesh[list(TOP), :2], top]), random)
    if random.random() < 0.5:
        made = _cloth(image, mesh, random, tuple(random.uniform(0, 230, 3)), folds=False)
    else:
        made = _hair(image, mesh, random)
    return _laid(image, made, mask)


def hair(image: ColorImage, mesh: Mesh, random: Random) -> tuple[ColorImage, Mask]:
    """Long hair over one side of the face."""
    side = (127, 162, 21, 54, 103, 67) if random.random() < 0.5 else (356, 389, 251, 284, 332, 297)
    low = (58, 132, 93, 234) if side[0] == 127 else (288, 361, 323, 454)
    edge = mesh[list(side + low), :2]
    middle = mesh[[9, 4, 152], :2].mean(axis=0)
    moved = edge + (middle - edge) * random.uniform(0.3, 0.75)
    away = edge - (middle - edge) * 0.3
    mask = _polygon(image, np.concatenate([edge, moved, away]), random)
    return _laid(image, _hair(image, mesh, random), mask)


def telephone(image: ColorImage, mesh: Mesh, random: Random) -> tuple[ColorImage, Mask]:
    """A flat thing with straight edges before a part of the face: a telephone, a card, a cup."""
    wide = _wide(mesh)
    over = mesh[random.choice([4, 13, 50, 280, 152, 205, 425, 159, 386]), :2]
    size = (random.uniform(0.35, 0.6) * wide, random.uniform(0.6, 1.1) * wide)
    box = cv2.boxPoints((_at(over), size, random.uniform(0, 180)))
    mask = _polygon(image, box, random)
    if random.random() < 0.5:
        made = _cloth(image, mesh, random, tuple(random.uniform(0, 255, 3)), folds=False)
    else:
        made = _printed(image, mesh, random)
    return _laid(image, made, mask)


def glasses(image: ColorImage, mesh: Mesh, random: Random) -> tuple[ColorImage, Mask]:
    """Clear glasses: rims and a little reflection, and nothing hidden."""
    wide, rims = _wide(mesh), np.zeros(image.shape[:2], np.float32)
    rx, ry = random.uniform(0.17, 0.23) * wide, random.uniform(0.11, 0.17) * wide
    thick = max(1, round(random.uniform(0.008, 0.03) * wide))
    centres = [mesh[list(eye), :2].mean(axis=0) for eye in ((33, 133), (362, 263))]
    square = random.random() < 0.5
    for centre in centres:
        _ellipse(rims, centre, (rx, ry), _tilt(mesh), square=square, thick=thick)
    cv2.line(rims, _at(centres[0] + (rx, 0)), _at(centres[1] - (rx, 0)), 1.0, thick)
    colour = random.uniform(0, 120, 3)
    rims = cv2.GaussianBlur(rims, (0, 0), 0.6)
    drawn, _ = _laid(image, np.broadcast_to(colour, image.shape), rims)
    return drawn, np.zeros(image.shape[:2], np.float32)


def nothing(image: ColorImage, mesh: Mesh, random: Random) -> tuple[ColorImage, Mask]:
    """The face as it is."""
    del mesh, random
    return image, np.zeros(image.shape[:2], np.float32)


OCCLUDERS: Mapping[str, Occluder] = {
    "nothing": nothing,
    "glasses": glasses,
    "surgical_mask": surgical_mask,
    "sunglasses": sunglasses,
    "scarf": scarf,
    "hand": hand,
    "cap": cap,
    "hair": hair,
    "telephone": telephone,
}


def _laid(image: ColorImage, made: NDArray[np.floating], mask: Mask) -> tuple[ColorImage, Mask]:
    mixed = image * (1 - mask[..., None]) + np.asarray(made, np.float32) * mask[..., None]
    return np.clip(np.rint(mixed), 0, 255).astype(np.uint8), mask


def _cloth(
    image: ColorImage, mesh: Mesh, random: Random, colour: tuple[float, ...], folds: bool
) -> NDArray[np.float32]:
    """One colour in the light of the face, with grain and folds."""
    base = np.array(colour, np.float32) * random.uniform(0.85, 1.1, 3)
    lit = np.median(image[_inside(image, mesh, (9, 50, 280, 4))]) / 130
    made = np.broadcast_to(base * np.clip(lit, 0.35, 1.3), image.shape).astype(np.float32)
    wide = _wide(mesh)
    made = made * (1 + random.uniform(0.0, 0.25) * _ramp(image, mesh, random))
    made = made * (1 + random.uniform(0.0, 0.1) * _grain(image, random, 0.12 * wide))
    if folds and random.random() < 0.7:
        rows = np.arange(image.shape[0], dtype=np.float32) / (random.uniform(0.08, 0.2) * wide)
        made = made * (1 + random.uniform(0.02, 0.12) * np.sin(2 * np.pi * rows))[:, None, None]
    return np.asarray(made + _grain(image, random, 0.01 * wide) * random.uniform(0, 5), np.float32)


def _printed(image: ColorImage, mesh: Mesh, random: Random) -> NDArray[np.float32]:
    """Coloured blots of any size, which stand for whatever somebody may hold or wear."""
    wide = _wide(mesh)
    first, second = random.uniform(0, 255, 3), random.uniform(0, 255, 3)
    blots = _grain(image, random, random.uniform(0.02, 0.2) * wide)
    share = 1 / (1 + np.exp(-random.uniform(1, 8) * blots))
    made = first * share + second * (1 - share)
    return np.asarray(made + _grain(image, random, 0.01 * wide) * 6, np.float32)


def _hair(image: ColorImage, mesh: Mesh, random: Random) -> NDArray[np.float32]:
    """Strands from dark to blond, along the face or across it."""
    wide = _wide(mesh)
    tone = random.uniform(10, 150) if random.random() < 0.4 else random.uniform(10, 60)
    colour = tone * np.array((random.uniform(0.5, 0.95), random.uniform(0.7, 1.0), 1.0))
    noise = random.standard_normal(image.shape[:2]).astype(np.float32)
    along = max(3.0, 0.25 * wide)
    strands = cv2.GaussianBlur(noise, (0, 0), sigmaX=max(0.6, 0.008 * wide), sigmaY=along)
    strands = strands / max(float(strands.std()), 1e-6)
    return np.asarray(colour * (1 + 0.3 * strands[..., None]), np.float32)


def _grain(image: ColorImage, random: Random, pixels: float) -> NDArray[np.float32]:
    """(H, W, 1) of mean 0 and deviation 1, smooth over so many pixels."""
    noise = random.standard_normal(image.shape[:2]).astype(np.float32)
    small = (
        max(2, round(image.shape[1] / max(1.0, pixels))),
        max(2, round(image.shape[0] / max(1.0, pixels))),
    )
    if pixels > 2:
        noise = cv2.resize(
            noise[: small[1], : small[0]], image.shape[1::-1], interpolation=cv2.INTER_CUBIC
        )
    return np.asarray(noise / max(float(noise.std()), 1e-6), np.float32)[..., None]


def _ramp(image: ColorImage, mesh: Mesh, random: Random) -> NDArray[np.float32]:
    """(H, W, 1), -1 to 1 from one side of the face to the other: light from there."""
    angle, wide = random.uniform(0, 2 * np.pi), _wide(mesh)
    y, x = np.mgrid[: image.shape[0], : image.shape[1]]
    centre = mesh[4, :2]
    along = (x - centre[0]) * np.cos(angle) + (y - centre[1]) * np.sin(angle)
    return np.clip(along / wide, -1, 1).astype(np.float32)[..., None]


def _inside(image: ColorImage, mesh: Mesh, around: tuple[int, ...]) -> NDArray[np.bool_]:
    mask = np.zeros(image.shape[:2], np.uint8)
    cv2.fillConvexPoly(mask, cv2.convexHull(mesh[list(around), :2].astype(np.int32)), 1)
    return np.asarray(mask > 0) if mask.any() else np.ones(image.shape[:2], np.bool_)


def _polygon(image: ColorImage, points: NDArray[np.floating], random: Random) -> Mask:
    mask = np.zeros(image.shape[:2], np.float32)
    cv2.fillConvexPoly(mask, cv2.convexHull(np.rint(points).astype(np.int32)), 1.0)
    return cv2.GaussianBlur(mask, (0, 0), random.uniform(0.5, 1.5))


def _ellipse(
    mask: Mask,
    centre: NDArray[np.floating],
    radii: tuple[float, float],
    angle: float,
    square: bool = False,
    thick: int = -1,
) -> None:
    if square:
        size = (2 * radii[0], 2 * radii[1])
        box = np.rint(cv2.boxPoints((_at(centre), size, angle))).astype(np.int32)
        if thick < 0:
            cv2.fillConvexPoly(mask, box, 1.0)
        else:
            cv2.polylines(mask, [box], True, 1.0, thick)
        return
    axes = (max(1, round(radii[0])), max(1, round(radii[1])))
    cv2.ellipse(mask, _at(centre), axes, angle, 0, 360, 1.0, thick)


def _soft(mask: Mask, wide: float, random: Random) -> Mask:
    return cv2.GaussianBlur(mask, (0, 0), max(0.5, random.uniform(0.002, 0.01) * wide))


def _jittered(
    points: NDArray[np.floating], mesh: Mesh, random: Random, share: float
) -> NDArray[np.float32]:
    return np.asarray(points + random.normal(0, share * _wide(mesh), points.shape), np.float32)


def _wide(mesh: Mesh) -> float:
    return float(np.linalg.norm(mesh[454, :2] - mesh[234, :2]))


def _tall(mesh: Mesh) -> float:
    return float(np.linalg.norm(mesh[10, :2] - mesh[152, :2]))


def _tilt(mesh: Mesh) -> float:
    across = mesh[263, :2] - mesh[33, :2]
    return float(np.degrees(np.arctan2(across[1], across[0])))


def _at(point: NDArray[np.floating]) -> tuple[int, int]:
    return round(float(point[0])), round(float(point[1]))
