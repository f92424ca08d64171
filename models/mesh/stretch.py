"""How much a face was stretched: a flat picture held askew is, a head that turns hardly.

Foreshortening makes a picture narrower, and the face on it with it; a head that turns shows more
of its side for what it hides of its front. To make a photograph seem to look up or aside it has
to be tilted until its face is long or wide. Only points on bone count.
"""

import numpy as np

from models.mesh.bones import INDICES
from models.observation import Mesh


def stretch(before: Mesh, after: Mesh) -> float | None:
    """The longer axis of what a circle on the face became, in shorter ones; 1 or more.

    Real heads turned by 15 degrees measured 1.01 to 1.11, by 30 degrees 1.13, by 45 degrees 1.4.
    None where the points cannot tell. Nearer or farther, shifted or rolled does not count.
    """
    was, now = (mesh[INDICES, :2].astype(np.float64) for mesh in (before, after))
    if not (np.isfinite(was).all() and np.isfinite(now).all()):
        return None
    was, now = was - was.mean(axis=0), now - now.mean(axis=0)
    spread = np.linalg.svd(was, compute_uv=False)
    if spread[1] < 1e-3 * max(spread[0], 1e-9):
        return None  # all points on a line
    flat, *_ = np.linalg.lstsq(was, now, rcond=None)
    longer, shorter = np.linalg.svd(flat, compute_uv=False)
    return float(longer / shorter) if shorter > 0.0 else None
