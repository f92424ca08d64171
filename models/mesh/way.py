"""Did a face go from one look to another as faces do, or was it there at once?

A cut from a neutral photograph to a smiling one is there in one frame, at every frame rate; muscles
take a tenth of a second and more. So the way from the rest to what was asked for is laid out in
the mesh's own shape, and how much of it one frame made, and how fast, is told. Position, size and
roll of the head play no part, and the way's own direction leaves out most of a turn.

The measure is our own; docs/measure/pose-and-smile.md has it on people and on swapped pictures.
"""

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.observation import Mesh

OUTER_EYES = (33, 263)  # of the mesh's 478 points: the subject's right and left eye's outer corner
LATELY = 10  # frames of rest that are kept
MOST = 600  # frames of a way that are kept: more than any attempt has
LEAST_S = 1 / 30  # nearer frames are taken for so far apart: their times jitter
LEAST_WAY = 0.01  # between the outer corners of the eyes as 1: less is the mesh's own noise

Shape = NDArray[np.float32]  # (478, 2): level, from between the eyes, their distance as 1


@dataclass(frozen=True, slots=True)
class Leap:
    """The most that one frame made of the way: in all, and per second of its time.

    at  the time of the frame that made most in all
    """

    share: float
    per_s: float
    at: float


class Way:
    """The looks of one face, from its last rest on."""

    def __init__(self) -> None:
        self._rest: deque[Shape] = deque(maxlen=LATELY)
        self._since: deque[Shape] = deque(maxlen=MOST)
        self._times: deque[float] = deque(maxlen=MOST + 1)  # of the last of the rest, and since

    def rests(self, at: float, mesh: Mesh) -> None:
        """A frame of the rest: whatever way was gone before has ended."""
        if self._since:
            self._rest.clear()
            self._since.clear()
        if (found := shape(mesh)) is not None:
            self._rest.append(found)
            self._times.clear()
            self._times.append(at)

    def goes(self, at: float, mesh: Mesh) -> None:
        """A frame since the rest."""
        if self._rest and (found := shape(mesh)) is not None:
            self._since.append(found)
            self._times.append(at)

    def leap(self) -> Leap | None:
        """From the rest to the latest looks; a cut has a share of 1, at every frame rate.

        None when it cannot be told: no rest, or no way, was seen.
        """
        if not self._rest or not self._since:
            return None
        rest = np.mean(np.stack(self._rest), axis=0)
        looks = np.stack((self._rest[-1], *self._since))
        way = looks[-max(1, len(self._since) // 2) :].mean(axis=0) - rest
        length = float(np.sum(way * way))
        if not np.sqrt(length / len(way)) >= LEAST_WAY:
            return None
        gone = np.tensordot(looks - rest, way, axes=2) / length
        steps, times = np.diff(gone), np.array(self._times)[-len(looks) :]
        per_s = steps / np.maximum(np.diff(times), LEAST_S)
        most = int(steps.argmax())
        return Leap(float(steps[most]), float(per_s.max()), float(times[most + 1]))


def shape(mesh: Mesh) -> Shape | None:
    """The mesh with neither place, size nor roll; None where the eyes are in one place."""
    points = mesh[:, :2]
    right, left = points[OUTER_EYES[0]], points[OUTER_EYES[1]]
    across = left - right
    apart = float(np.hypot(*across))
    if not apart > 0.0:
        return None
    cosine, sine = across / apart
    turned = (points - (right + left) / 2) @ np.array([[cosine, -sine], [sine, cosine]])
    return np.asarray(turned / apart, np.float32)
