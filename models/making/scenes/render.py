"""Draws surfaces as a pinhole camera sees them: nearest wins, pixel by pixel."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from feeds.frame import Intrinsics
from models.making.scenes.surface import Floats, Surface, finer

SPACING = 0.75  # pixels between neighbouring points, so that no pixel is missed
MOST = 1400  # points along one side of a surface
WALL = np.array((0.05, 0.5, 150.0, 155.0, 160.0))  # how it looks, as _looks says it
NEAR = 60.0  # millimetres; nothing nearer is drawn


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """What an ideal camera sees of a scene, pixel by pixel.

    distance  (H, W) millimetres along the optical axis, 0 where nothing is
    blind     (H, W) as of the surface seen
    color     (H, W, 3) BGR, 0..255
    infrared  (H, W) share of the light thrown back, the slope not yet thought of
    """

    distance: Floats
    blind: Floats
    color: Floats
    infrared: Floats


def render(surfaces: list[Surface], camera: Intrinsics, wall_mm: float = 0.0) -> View:
    """What a camera at the origin sees, looking along +z; a wall stands at `wall_mm`, if any."""
    size = camera.width * camera.height
    nearest = np.full(size, wall_mm if wall_mm else np.inf)
    image = np.tile(WALL if wall_mm else np.zeros(5), (size, 1))
    for surface in surfaces:
        if (part := _seen(surface, camera)) is not None:
            _draw(nearest, image, *part)
    distance = np.where(np.isfinite(nearest), nearest, 0.0).reshape(camera.height, camera.width)
    image = image.reshape(*distance.shape, 5)
    return View(distance, image[..., 0], image[..., 2:], image[..., 1])


def _draw(
    nearest: Floats, image: Floats, pixel: NDArray[np.int_], z: Floats, looks: Floats
) -> None:
    """Puts one surface before what is farther away."""
    before = nearest[pixel]
    np.minimum.at(nearest, pixel, z)
    wins = (z == nearest[pixel]) & (z < before)
    image[pixel[wins]] = looks[wins]


def project(points: Floats, camera: Intrinsics) -> Floats:
    """(N, 2) pixels of (N, 3) points."""
    flat = points[:, :2] / points[:, 2:] * (camera.fx, camera.fy) + (camera.cx, camera.cy)
    return np.asarray(flat)


def _seen(surface: Surface, camera: Intrinsics) -> tuple[NDArray[np.int_], Floats, Floats] | None:
    """Pixel, distance and looks of a surface's points, dense enough to leave no gaps."""
    if not _in_view(surface.points, camera):
        return None
    rows, columns = _density(surface.points, camera)
    points = finer(surface.points, rows, columns).reshape(-1, 3)
    with np.errstate(invalid="ignore"):
        there = points[:, 2] > NEAR
    points = points[there]
    at = np.rint(project(points, camera)).astype(int)
    within = ((at >= 0) & (at < (camera.width, camera.height))).all(axis=1)
    if not within.any():
        return None
    index = np.flatnonzero(there)[within]
    looks = _looks(surface, rows, columns, index)
    return at[within, 1] * camera.width + at[within, 0], points[within, 2], looks


def _in_view(points: Floats, camera: Intrinsics) -> bool:
    """Whether the box around a surface's pixels touches the image."""
    flat = points.reshape(-1, 3)[::7]
    flat = project(flat[flat[:, 2] > NEAR], camera)
    if not len(flat):
        return False
    low, high = flat.min(axis=0), flat.max(axis=0)
    return bool((high > 0).all() and (low < (camera.width, camera.height)).all())


def _density(points: Floats, camera: Intrinsics) -> tuple[int, int]:
    with np.errstate(invalid="ignore", divide="ignore"):
        flat = points[..., :2] / np.maximum(points[..., 2:], NEAR) * camera.fx
    counts = []
    for axis in (0, 1):
        step = np.nan_to_num(np.abs(np.diff(flat, axis=axis))).max(axis=-1)
        most = float(np.quantile(step[step > 0], 0.999)) if (step > 0).any() else 0.0
        counts.append(min(MOST, int((points.shape[axis] - 1) * max(1.0, most / SPACING)) + 1))
    return counts[0], counts[1]


def _looks(surface: Surface, rows: int, columns: int, index: NDArray[np.int_]) -> Floats:
    """(N, 5): blind, infrared, blue, green, red."""
    blind = finer(surface.blind, rows, columns).reshape(-1)[index]
    color = np.broadcast_to(np.array(surface.color), (len(index), 3))
    if surface.paint is not None and surface.picture is not None:
        paint = finer(surface.paint, rows, columns).reshape(-1, 2)[index]
        color = _sampled(surface.picture, paint)
    grey = color @ np.array((0.114, 0.587, 0.299)) / 255.0
    infrared = surface.infrared * (1 - surface.contrast + surface.contrast * 1.4 * grey)
    return np.column_stack((blind, infrared, color))


def _sampled(picture: NDArray[np.uint8], at: Floats) -> Floats:
    """(N, 3) colours between the pixels; beyond the picture its edge goes on."""
    height, width = picture.shape[:2]
    x = np.clip(at[:, 0], 0, width - 1.001)
    y = np.clip(at[:, 1], 0, height - 1.001)
    left, top = x.astype(int), y.astype(int)
    across, down = (x - left)[:, None], (y - top)[:, None]
    upper = picture[top, left] * (1 - across) + picture[top, left + 1] * across
    lower = picture[top + 1, left] * (1 - across) + picture[top + 1, left + 1] * across
    return np.asarray(upper * (1 - down) + lower * down)
