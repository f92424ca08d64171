"""What a depth camera's image carries beside its colours, and how that is laid out in a slot."""

from dataclasses import astuple, dataclass, replace
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from feeds.frame import DepthImage, Frame, InfraredImage, Intrinsics, NoDepth, Rig


@dataclass(frozen=True, slots=True, eq=False)
class Planes:
    """The fields of the same names in Frame."""

    rig: Rig
    depth: DepthImage | None = None
    no_depth: NoDepth | None = None
    depth_gap_s: float | None = None
    infrared: InfraredImage | None = None
    infrared_gap_s: float | None = None

    @property
    def size(self) -> int:
        """Bytes of all images in it."""
        return sum(image.nbytes for image in (self.depth, self.infrared) if image is not None)

    def beside(self, frame: Frame) -> Frame:
        """The frame with these planes."""
        return replace(
            frame,
            rig=self.rig,
            depth=self.depth,
            no_depth=self.no_depth,
            depth_gap_s=self.depth_gap_s,
            infrared=self.infrared,
            infrared_gap_s=self.infrared_gap_s,
        )


# One row of 8-byte floats holds everything but the pixels. Its words:
_KIND = 0  # 0: no planes; 1: with depth; 2 and more: without it, for _REASONS[kind - 2]
_DEPTH_GAP, _INFRARED_HEIGHT, _INFRARED_WIDTH, _INFRARED_GAP = 1, 2, 3, 4
_COLOR, _INFRARED = slice(5, 11), slice(11, 17)  # Intrinsics; a width of 0 stands for None
_ROTATION, _TRANSLATION = slice(17, 26), slice(26, 29)
ROW = 29
_REASONS: tuple[NoDepth, ...] = get_args(NoDepth)

Row = NDArray[np.float64]


def write(planes: Planes | None, row: Row, pixels: NDArray[np.uint8]) -> None:
    """Lays planes down in a row of ROW words and in pixels, at least `planes.size` bytes."""
    if planes is None:
        row[_KIND] = 0
        return
    infrared = planes.infrared
    reason = 2 + _REASONS.index(planes.no_depth or "absent")
    row[_KIND] = reason if planes.depth is None else 1
    row[_DEPTH_GAP] = _word(planes.depth_gap_s)
    row[_INFRARED_HEIGHT : _INFRARED_WIDTH + 1] = (0, 0) if infrared is None else infrared.shape
    row[_INFRARED_GAP] = _word(planes.infrared_gap_s)
    row[_COLOR] = astuple(planes.rig.color)
    row[_INFRARED] = 0 if planes.rig.infrared is None else astuple(planes.rig.infrared)
    row[_ROTATION] = planes.rig.rotation
    row[_TRANSLATION] = planes.rig.translation
    end = 0
    for image in (planes.depth, infrared):
        if image is not None:
            start, end = end, end + image.nbytes
            pixels[start:end] = np.ascontiguousarray(image).reshape(-1).view(np.uint8)


def read(row: Row, pixels: NDArray[np.uint8], height: int, width: int) -> Planes | None:
    """A copy of what was laid down beside a colour image of this size.

    None if that was none; anything while it is being overwritten, but never an error.
    """
    words = row.tolist()
    kind = int(words[_KIND])
    if kind == 0:
        return None
    depth_bytes = 2 * height * width if kind == 1 else 0
    shape = (int(words[_INFRARED_HEIGHT]), int(words[_INFRARED_WIDTH]))
    end = depth_bytes + shape[0] * shape[1]
    if end > pixels.size or kind - 2 >= len(_REASONS):
        return None
    depth = (
        pixels[:depth_bytes].copy().view(np.uint16).reshape(height, width) if kind == 1 else None
    )
    infrared = pixels[depth_bytes:end].copy().reshape(shape) if shape[0] else None
    return Planes(
        rig=_rig(words),
        depth=depth,
        no_depth=None if kind == 1 else _REASONS[kind - 2],
        depth_gap_s=_value(words[_DEPTH_GAP]),
        infrared=infrared,
        infrared_gap_s=_value(words[_INFRARED_GAP]),
    )


def _rig(words: list[float]) -> Rig:
    x, y, z = words[_TRANSLATION]
    infrared = _intrinsics(words[_INFRARED]) if words[_INFRARED][0] else None
    return Rig(_intrinsics(words[_COLOR]), infrared, tuple(words[_ROTATION]), (x, y, z))


def _intrinsics(words: list[float]) -> Intrinsics:
    width, height, *rest = words
    return Intrinsics(int(width), int(height), *rest)


def _word(value: float | None) -> float:
    return float("nan") if value is None else value


def _value(word: float) -> float | None:
    return None if word != word else word
