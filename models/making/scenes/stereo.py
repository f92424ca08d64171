"""What a stereo depth camera makes of a view: noise, holes, steps.

docs/measure/depth.md says how far this was held against a real one.

Everything happens in disparity d = f * baseline / z, as in the camera: an error of a tenth of a
pixel is an error in z that grows with the square of the distance.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from feeds.frame import DepthImage, InfraredImage, Intrinsics, Rig
from models.making.scenes.render import View
from models.making.scenes.surface import Floats

STEP = 1 / 32  # pixels of disparity that the camera tells apart
FAR = 0xFFFF


@dataclass(frozen=True, slots=True)
class StereoCamera:
    """A D415 or D435 as its makers describe it, with a 1280x720 colour image."""

    name: str
    rig: Rig
    baseline_mm: float

    @property
    def eye(self) -> Intrinsics:
        assert self.rig.infrared is not None
        return self.rig.infrared


@dataclass(frozen=True, slots=True)
class Noise:
    """The errors of a stereo camera's depth.

    disparity  error of one pixel's disparity, sigma, pixels
    grain      side of the square in which errors go together, pixels
    window     half the side of the square that is matched, pixels: it rounds off what is small
    edges      how likely a pixel beside a jump in distance is lost
    """

    disparity: float = 0.08
    grain: int = 5
    window: int = 2
    edges: float = 0.5


COLOR = Intrinsics(1280, 720, 920.0, 920.0, 640.0, 360.0)
D435 = StereoCamera(
    "Intel RealSense D435",
    Rig(COLOR, Intrinsics(848, 480, 425.0, 425.0, 424.0, 240.0), translation=(15.0, 0.0, 0.0)),
    50.0,
)
D415 = StereoCamera(
    "Intel RealSense D415",
    Rig(COLOR, Intrinsics(1280, 720, 910.0, 910.0, 640.0, 360.0), translation=(15.0, 0.0, 0.0)),
    55.0,
)


def any_noise(random: Generator) -> Noise:
    return Noise(
        disparity=random.uniform(0.04, 0.12),
        grain=int(random.choice((3, 5, 7))),
        window=int(random.choice((1, 2, 3))),
        edges=random.uniform(0.2, 0.8),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Matched:
    """What the camera makes of a still view before any noise; a disparity is strength / z.

    disparity  (H, W) pixels, rounded off by the window
    blind      (H, W) as of the surface seen
    lost       (H, W) where nothing is, or the right eye sees nothing
    edges      (H, W) beside a jump in distance
    """

    strength: float
    disparity: Floats
    blind: Floats
    lost: NDArray[np.bool_]
    edges: NDArray[np.bool_]


def matched(view: View, camera: StereoCamera, noise: Noise) -> Matched:
    """The costly part, once for all frames in which nothing moves."""
    there = view.distance > 0
    strength = camera.eye.fx * camera.baseline_mm
    true = np.where(there, strength / np.maximum(view.distance, 1.0), 0.0)
    lost = ~there | _shadowed(true)
    return Matched(strength, _matched(true, noise.window), view.blind, lost, _at_edges(true))


def measured(still: Matched, noise: Noise, random: Generator) -> DepthImage:
    """(H, W) uint16 millimetres in the eye's own view; 0: nothing found."""
    found = still.disparity + _errors(still.disparity.shape, noise, random)
    found = np.rint(found / STEP) * STEP
    lost = still.lost | _blind(still.blind, random) | (found < 0.5)
    lost |= still.edges & (random.random(found.shape) < noise.edges)
    z = still.strength / np.maximum(found, 0.5)
    return np.where(lost, 0, np.rint(np.minimum(z, FAR))).astype(np.uint16)


def seen_in_infrared(
    view: View, random: Generator, glints: Floats | None = None, brightness: float = 150.0
) -> InfraredImage:
    """The eye's infrared image, lit by the emitter beside it: less light from farther away.

    glints  (N, 3) pixels and radius of the emitter's reflections in living eyes
    """
    z = np.where(view.distance > 0, view.distance, 1e5)
    slope = np.hypot(np.gradient(z, axis=0), np.gradient(z, axis=1)) * 430.0 / z
    light = view.infrared / np.sqrt(1 + np.minimum(slope, 3.0) ** 2) / (z / 1000.0) ** 2
    lit = light[z < np.quantile(z, 0.02) * 1.25]
    exposure = brightness / max(float(np.quantile(lit, 0.9)), 0.2)
    image = light * exposure + random.normal(0.0, 2.5, z.shape) + 8.0
    rows, columns = np.indices(z.shape)
    for x, y, radius in () if glints is None else glints:
        image[np.hypot(columns - x, rows - y) < radius] = 235.0
    return np.asarray(np.clip(image, 0, 255), np.uint8)


def aligned(depth: DepthImage, camera: StereoCamera) -> DepthImage:
    """The depth as the colour camera sees it, each pixel as large as it is there."""
    rig, eye = camera.rig, camera.eye
    rows, columns = np.nonzero(depth)
    z = depth[rows, columns].astype(np.float64)
    low, high = (_carried(columns + side, rows + side, z, eye, rig) for side in (-0.5, 0.5))
    width, height = rig.color.width, rig.color.height
    image = np.full(height * width, FAR, np.uint16)
    first = np.ceil(low - 0.5).astype(int)
    last = np.floor(high + 0.5 - 1e-9).astype(int)
    whole = np.rint(z + rig.translation[2]).astype(np.uint16)
    for down in range(int((last - first)[:, 1].max(initial=-1)) + 1):
        for across in range(int((last - first)[:, 0].max(initial=-1)) + 1):
            x, y = first[:, 0] + across, first[:, 1] + down
            fits = (x <= last[:, 0]) & (y <= last[:, 1]) & (x >= 0) & (y >= 0)
            fits &= (x < width) & (y < height)
            np.minimum.at(image, y[fits] * width + x[fits], whole[fits])
    image[image == FAR] = 0
    return image.reshape(height, width)


def cropped(camera: StereoCamera, centre: Floats, reach_mm: float) -> StereoCamera:
    """The same camera with only that part of its images that shows what is near a point."""
    eye = _window(camera.eye, centre - camera.rig.translation, reach_mm * 1.15)
    color = _window(camera.rig.color, centre, reach_mm)
    return replace(camera, rig=replace(camera.rig, infrared=eye, color=color))


def _window(camera: Intrinsics, centre: Floats, reach_mm: float) -> Intrinsics:
    x = camera.fx * centre[0] / centre[2] + camera.cx
    y = camera.fy * centre[1] / centre[2] + camera.cy
    half = int(np.ceil(camera.fx * reach_mm / centre[2]))
    left, top = int(x) - half, int(y) - half
    return replace(camera, width=2 * half, height=2 * half, cx=camera.cx - left, cy=camera.cy - top)


def _carried(x: Floats, y: Floats, z: Floats, eye: Intrinsics, rig: Rig) -> Floats:
    points = np.stack(((x - eye.cx) / eye.fx * z, (y - eye.cy) / eye.fy * z, z), axis=-1)
    points = points @ np.reshape(rig.rotation, (3, 3)).T + rig.translation
    scale = (rig.color.fx, rig.color.fy)
    return np.asarray(points[:, :2] / points[:, 2:] * scale + (rig.color.cx, rig.color.cy))


def _matched(disparity: Floats, window: int) -> Floats:
    """The mean of what is at about the same distance in the window that is matched."""
    padded = np.pad(disparity, window, mode="edge")
    height, width = disparity.shape
    total, count = np.zeros_like(disparity), np.zeros_like(disparity)
    for down in range(2 * window + 1):
        for across in range(2 * window + 1):
            beside = padded[down : down + height, across : across + width]
            alike = np.abs(beside - disparity) < 1.5
            total += np.where(alike, beside, 0.0)
            count += alike
    return np.asarray(total / count)


def _errors(shape: tuple[int, ...], noise: Noise, random: Generator) -> Floats:
    """Errors that go together in squares, and a slow bend of the whole image."""
    height, width = shape
    side = noise.grain
    white = random.normal(0.0, 1.0, (height + side, width + side))
    total = np.pad(white.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    sums = total[side:, side:] - total[:-side, side:] - total[side:, :-side] + total[:-side, :-side]
    grain = sums[:height, :width] / side
    x, y = np.meshgrid(np.linspace(0, 3, width), np.linspace(0, 3, height))
    bend = np.sin(x + random.uniform(0, 6)) * np.sin(y + random.uniform(0, 6))
    return np.asarray(noise.disparity * (grain + 0.3 * bend))


def _shadowed(disparity: Floats) -> NDArray[np.bool_]:
    """What the right eye cannot see, because something nearer stands before it."""
    column = np.arange(disparity.shape[1]) - disparity
    right = np.minimum.accumulate(column[:, ::-1], axis=1)[:, ::-1]
    shadowed = np.zeros(disparity.shape, bool)
    shadowed[:, :-1] = column[:, :-1] > right[:, 1:] + 0.5
    return shadowed


def _blind(blind: Floats, random: Generator) -> NDArray[np.bool_]:
    """Holes as they come: in patches of some pixels."""
    height, width = blind.shape
    side = int(random.integers(3, 9))
    patches = random.random((height // side + 2, width // side + 2))
    rows = (np.arange(height) + random.integers(side)) // side
    columns = (np.arange(width) + random.integers(side)) // side
    lost: NDArray[np.bool_] = patches[np.ix_(rows, columns)] < blind
    return lost


def _at_edges(disparity: Floats) -> NDArray[np.bool_]:
    edge = np.zeros(disparity.shape, bool)
    across = np.abs(np.diff(disparity, axis=1)) > 1.0
    down = np.abs(np.diff(disparity, axis=0)) > 1.0
    edge[:, 1:] |= across
    edge[:, :-1] |= across
    edge[1:] |= down
    edge[:-1] |= down
    return edge
