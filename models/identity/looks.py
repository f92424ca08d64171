"""The look of a face as an embedding, by SFace.

The face is laid over the five points that the network was trained on, by the turn, zoom and shift
that fit best, as OpenCV's FaceRecognizerSF does it.
"""

import numpy as np
from numpy.typing import NDArray

from feeds.frame import ColorImage
from feeds.imaging import to_rgb, warp_affine
from models.embedding import Embedding
from models.session import Array, Network

SIDE = 112  # pixels of the crop
# Where the network wants the eyes, the nose tip and the corners of the mouth, in the order of
# observation.Face.landmarks: OpenCV's face_recognize.cpp has the same.
POINTS = np.array(
    (
        (38.2946, 51.6963),
        (73.5318, 51.5014),
        (56.0252, 71.7366),
        (41.5493, 92.3655),
        (70.7299, 92.2041),
    )
)


def read_embedding(
    network: Network, image: ColorImage, landmarks: NDArray[np.float32]
) -> Embedding | None:
    """The look of the face with these five points, (5, 2) pixels of the image.

    None where they, or what the network says, make none. Raises NetworkError.
    """
    matrix = laid_over(landmarks)
    if matrix is None:
        return None
    try:
        return Embedding(network.run(network_input(warp_affine(image, matrix, (SIDE, SIDE))))[0])
    except ValueError:
        return None


def laid_over(
    found: NDArray[np.floating], wanted: NDArray[np.floating] = POINTS
) -> NDArray[np.float64] | None:
    """(2, 3) matrix from the image to the crop: the best turn, zoom and shift in least squares.

    None where the points do not lie apart. Points as complex numbers make it one division
    (Umeyama, 1991, gives the same where nothing is mirrored).
    """
    here, there = (points[:, 0] + 1j * points[:, 1] for points in (found, wanted))
    off, goal = here - here.mean(), there - there.mean()
    size = float((abs(off) ** 2).sum())
    if not (np.isfinite(size) and size > 1.0):
        return None
    turn = complex((off.conj() * goal).sum()) / size
    shift = complex(there.mean() - turn * here.mean())
    return np.array(((turn.real, -turn.imag, shift.real), (turn.imag, turn.real, shift.imag)))


def network_input(crop: ColorImage) -> Array:
    """(1, 3, 112, 112) RGB, 0..255; the network itself takes the mean off."""
    return np.ascontiguousarray(to_rgb(crop).transpose(2, 0, 1)[None], np.float32)
