"""Is there a head behind this face? The depth frame's answer, with what it rests on."""

import numpy as np

from feeds.frame import Frame
from models.network_file import NetworkError
from models.observation import Mesh, Relief
from models.relief.flat_face import Floats
from models.relief.measures import NAMES, measures
from models.relief.patch import lay_out
from models.session import Network

# Against the mean face. Smaller is a picture on a telephone or a doll, larger a poster.
SMALLEST, LARGEST = 0.7, 1.4


def read_relief(network: Network, frame: Frame, mesh: Mesh) -> Relief:
    """The relief of the face with this mesh, or why there is none."""
    if frame.rig is None:
        return Relief(None, None, 0.0, None, "no_camera")
    if frame.depth is None or frame.depth.shape != frame.color.shape[:2]:
        why = frame.no_depth or ("absent" if frame.depth is None else "other_size")
        return Relief(None, None, 0.0, frame.depth_gap_s, why)
    patch = lay_out(frame.depth, mesh, frame.rig.color)
    distance_mm = patch.distance_mm
    values = measures(patch)
    return Relief(
        score=None if values is None else score(network, values),
        distance_m=None if distance_mm is None else distance_mm / 1000.0,
        valid_ratio=patch.valid_ratio,
        depth_gap_s=frame.depth_gap_s,
        no_depth=None,
        by_measure={} if values is None else dict(zip(NAMES, values.tolist(), strict=True)),
    )


def score(network: Network, values: Floats) -> float | None:
    """0 = a sheet or a wrong relief, 1 = a head; None if it could not be said.

    A size that no head has scores 0, whatever the network says.
    """
    size = values[NAMES.index("size")]
    if not np.isfinite(values).all():
        return None
    if not np.log(SMALLEST) <= size <= np.log(LARGEST):
        return 0.0
    try:
        found = float(network.run(values[None].astype(np.float32))[0].item())
    except NetworkError:
        return None
    return found if 0.0 <= found <= 1.0 else None
