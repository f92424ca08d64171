"""Did the points of a face move like a head, or like a flat picture? Parallax tells.

Whatever way a flat picture is shifted, turned, tilted or brought closer, its points go where one
affine map takes them (the perspective of a picture held near the camera adds a little). The nose
and the ears of a head that turns do not: they lie at different depths. Only points on bone
count, so no expression looks like depth.
"""

import numpy as np
from numpy.typing import NDArray

from models.mesh.bones import INDICES
from models.observation import Mesh


def parallax(before: Mesh, after: Mesh) -> float | None:
    """How far the points went from where the best flat motion takes them, in face sizes.

    0 for a flat picture; a head gives about 0.17 from 20 to 41 degrees of yaw, and 0.3 from 0.
    None where the points cannot tell. Face size is the spread of the points before.
    """
    was, now = (mesh[INDICES, :2].astype(np.float64) for mesh in (before, after))
    if not (np.isfinite(was).all() and np.isfinite(now).all()):
        return None
    was -= was.mean(axis=0)
    spread = np.linalg.svd(was, compute_uv=False)
    if spread[1] < 1e-3 * max(spread[0], 1e-9):
        return None  # all points on a line: any motion of theirs looks flat
    flat, *_ = np.linalg.lstsq(was, now - now.mean(axis=0), rcond=None)
    off = now - now.mean(axis=0) - was @ flat
    return _size(off) / _size(was)


def _size(points: NDArray[np.float64]) -> float:
    """Root of the mean squared distance from the middle."""
    return float(np.sqrt((points**2).sum(axis=1).mean()))
