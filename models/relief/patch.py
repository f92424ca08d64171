"""The depth of one face, laid out flat: the same place is the same part of the face in everybody's.

This is the depth face warp of the literature, by the mesh instead of five landmarks.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np

from feeds.frame import DepthImage, Intrinsics
from models.observation import Mesh
from models.relief import flat_face
from models.relief.flat_face import Floats

SPOTS = 5  # per side: a place is the median of 5 x 5 pixels spread over it
RINGS = (1.18, 1.4)  # how far outside the outline the surroundings are looked at, in faces


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """The depth of a face at fixed places of it, and that of what surrounds it.

    points  (K, 3) millimetres, x and y as the camera sees them; no number where depth is missing
    share   (K,) of each place's pixels that have depth
    around  (2, 36) millimetres along the optical axis on rings outside the outline; 0: no data
    """

    points: Floats
    share: Floats
    around: Floats

    @property
    def valid_ratio(self) -> float:
        """The share of the face that has depth, 0..1."""
        return float(self.share.mean())

    @property
    def distance_mm(self) -> float | None:
        """The median distance of the face; None where nothing of it has depth."""
        z = self.points[:, 2]
        z = z[np.isfinite(z)]
        return float(np.median(z)) if z.size else None


def lay_out(depth: DepthImage, mesh: Mesh, camera: Intrinsics) -> Patch:
    """The patch of the face with this mesh; `camera` is that of the image both belong to."""
    flat = mesh[: flat_face.MESHED, :2].astype(np.float64)
    at = flat_face.blend() @ flat
    size = _place_px(flat)
    inside = _spots(depth, at, size)
    z, share = _middle(inside)
    x = (at[:, 0] - camera.cx) / camera.fx * z
    y = (at[:, 1] - camera.cy) / camera.fy * z
    outline = mesh[list(flat_face.OUTLINE), :2].astype(np.float64)
    centre = outline.mean(axis=0)
    rings = (_middle(_spots(depth, centre + (outline - centre) * out, size))[0] for out in RINGS)
    return Patch(np.column_stack((x, y, z)), share, np.nan_to_num(np.stack(list(rings))))


def _place_px(flat: Floats) -> float:
    """How many pixels of the frame one step between two places is."""
    spread = np.sqrt((np.ptp(flat, axis=0) / _mean_extent()).prod())
    return float(flat_face.STEP_MM * spread)


@cache
def _mean_extent() -> Floats:
    extent: Floats = np.ptp(flat_face.mean()[: flat_face.MESHED, :2], axis=0)
    return extent


def _spots(depth: DepthImage, at: Floats, size: float) -> Floats:
    """(K, 25) depths about each point, 0 where there is none or the image ends."""
    steps = (np.arange(SPOTS) - SPOTS // 2) / SPOTS * size
    x = np.rint(at[:, 0, None, None] + steps[None, None, :]).astype(int)
    y = np.rint(at[:, 1, None, None] + steps[None, :, None]).astype(int)
    x, y = (part.reshape(len(at), -1) for part in np.broadcast_arrays(x, y))
    height, width = depth.shape
    within = (x >= 0) & (y >= 0) & (x < width) & (y < height)
    seen = depth[np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)]
    return np.where(within, seen, 0).astype(np.float64)


def _middle(spots: Floats) -> tuple[Floats, Floats]:
    """The median of what is there, no number where nothing is, and the share that is there."""
    there = (spots > 0).sum(axis=1)
    ordered = np.sort(np.where(spots > 0, spots, np.inf), axis=1)
    middle = ordered[np.arange(len(spots)), np.maximum(there - 1, 0) // 2]
    return np.where(there > 0, middle, np.nan), there / spots.shape[1]
