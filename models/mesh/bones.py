"""The rigid face: the points of the mesh that lie on bone, and where they stand to each other.

It is our own: the mean of the meshes of four people looking into a camera, made symmetric.
Bone is eye corners, forehead, temples, cheekbones and the bridge of the nose, so neither mouth
nor jaw turns the head. x points to the subject's left, y down, z away from the camera; the unit
is the spread of the points.
"""

import numpy as np
from numpy.typing import NDArray

# Points of the mesh on the subject's right and left side, and the left one's x, y, z.
PAIRS = (
    (33, 263, 0.674, -0.014, -0.092),
    (133, 362, 0.263, 0.013, -0.171),
    (127, 356, 1.065, 0.048, 0.677),
    (234, 454, 1.059, 0.276, 0.749),
    (93, 323, 1.046, 0.510, 0.757),
    (132, 361, 1.013, 0.757, 0.718),
    (21, 251, 1.005, -0.380, 0.316),
    (54, 284, 0.915, -0.558, 0.125),
    (103, 332, 0.768, -0.702, -0.074),
    (67, 297, 0.542, -0.802, -0.249),
    (109, 338, 0.295, -0.852, -0.353),
    (162, 389, 1.050, -0.189, 0.518),
    (116, 345, 0.969, 0.237, 0.103),
    (117, 346, 0.806, 0.226, -0.088),
    (118, 347, 0.690, 0.258, -0.174),
    (50, 280, 0.772, 0.466, -0.185),
    (123, 352, 0.966, 0.439, 0.081),
)
# Points on the midline, and their y, z.
MIDLINE = (
    (10, -0.861, -0.380),
    (151, -0.607, -0.433),
    (9, -0.323, -0.475),
    (8, -0.190, -0.454),
    (168, -0.081, -0.448),
    (6, 0.036, -0.517),
    (197, 0.149, -0.593),
    (195, 0.252, -0.679),
    (5, 0.364, -0.768),
    (4, 0.501, -0.805),
)


def _rigid() -> tuple[NDArray[np.int_], NDArray[np.float64]]:
    """Mesh indices, and (N, 3) points about their mean."""
    rows = [(left, x, y, z) for _, left, x, y, z in PAIRS]
    rows += [(right, -x, y, z) for right, _, x, y, z in PAIRS]
    rows += [(index, 0.0, y, z) for index, y, z in MIDLINE]
    table = np.array(rows)
    return table[:, 0].astype(int), table[:, 1:] - table[:, 1:].mean(axis=0)


INDICES, RIGID = _rigid()
