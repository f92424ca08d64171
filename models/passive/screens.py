"""What a screen does to a picture of itself: an even grid, and bands that roll over it.

The grid. A screen's pixels are a fine, even grid; the sensor's own grid makes it coarser, as
moire, and of each colour a little differently, as its colours lie side by side. In a spectrum
that is a peak where skin has none. Four squares of the inner face are looked at, in
brightness and in two differences of colours, and their spectra added up: what is even adds up,
what is skin, hair or noise does not. Level and upright waves are left out, as encoders make them
at the borders of their blocks. They are looked at twice: as they came, for waves of 2 to 8 pixels,
and halved, for moire of 4 to 17, which outlives more of an encoder's work.

The bands. A sensor that reads row by row sees a screen that is lit in pulses in bands, which roll
at a steady speed. So, of row after row within the face's columns, the change from frame to frame
is told, that of the columns far beside it taken off, as lamps make bands over the whole room; and
of this change the one wave that moves on by the same step each time. A head that moves changes
rows too, but in no single wave that goes on.

Both are our own; docs/measure/passive.md has what they are worth and what they do not see.
"""

from collections import deque
from functools import cache
from math import tau
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from feeds.frame import ColorImage
from feeds.imaging import Image, local_mean, resize, spectrum, to_grey
from models.observation import Box

LIMIT = 4.5  # logarithms, of three spectra added up; at or under it a grid says nothing
CLEAR = 6.5
BANDS_LIMIT = 0.02  # of brightness, the wave's height; at or under it bands say nothing
BANDS_CLEAR = 0.05

ACROSS = 2  # squares, and as many down, in the middle of a face
WITHIN = 1.05  # of the face's shorter side may be taken up by them
COLOURS = np.array(  # weights of blue, green and red: brightness, and two differences
    ((0.114, 0.587, 0.299), (0.0, -1.0, 1.0), (1.0, -1.0, 0.0)), np.float32
)
GRAIN = np.array((40.0, 12.0, 12.0), np.float32)  # power under which all is noise
EVERY = 4  # frames of a face of which one is measured: it is costly
WIPED = 100.0  # power of brightness; an encoder that left most places less left but rounding
FINEST, COARSEST = 0.5, 0.12  # waves per pixel
LEVEL = 1.6  # waves per square, under which a wave is level or upright

CELL = (8, 4)  # pixels of the small copy, wide and high, that are averaged
LEAST_BESIDE = 2  # cells
BESIDE = 1.0  # face widths from its side, where the columns begin that no medium is taken to reach
WAVES = slice(1, 13)  # per picture height
LATELY = 8  # changes that a wave must go through
MOVES = tau / 18  # radians by which it goes on in a frame at least: what stands does not roll
GAP_S = 0.2  # between two frames, above which nothing is compared
DARK = 8.0  # grey levels added before the logarithm

Floats = NDArray[np.floating]


class Scale(NamedTuple):
    """How fine a look is.

    square      pixels of each square, once shrunk
    shrunk      pixels of the picture that become one
    neighbours  places of a spectrum to each side, with the mean of which one is compared
    skin        by how many logarithms less than FINE's the peaks of skin stand out
    """

    square: int
    shrunk: int
    neighbours: int
    skin: float


FINE = Scale(64, 1, 9, 0.0)
COARSE = Scale(32, 2, 5, 1.0)


class GridMeter:
    """Looks for a screen's grid on the faces of one feed, now and then. Not thread-safe."""

    def __init__(self) -> None:
        self._of: tuple[int, int] | None = None  # session and track that were measured last,
        self._found: float | None = None  # what came of it,
        self._left = 0  # and for how many more frames it stands

    def measure(self, image: ColorImage, box: Box, track_id: int, session: int) -> float | None:
        """As `screens`, of this frame or of one of the EVERY - 1 before it that had this face."""
        if (session, track_id) != self._of or self._left == 0:
            self._of, self._left = (session, track_id), EVERY
            self._found = screens(image, box)
        self._left -= 1
        return self._found


class Grid(NamedTuple):
    """The strongest even grid in a face.

    stands_out  of the spectrum, logarithms, 0 or more
    wave        its waves per pixel, down and across
    """

    stands_out: float
    wave: tuple[float, float]


def screens(image: ColorImage, box: Box) -> float | None:
    """How far the strongest even grid in a face stands out of its spectrum, at either scale.

    In logarithms, as `grid` tells it at FINE. None where neither can be told.
    """
    looks = ((scale, grid(image, box, scale)) for scale in (FINE, COARSE))
    return max((found.stands_out + scale.skin for scale, found in looks if found), default=None)


def grid(image: ColorImage, box: Box, scale: Scale = FINE) -> Grid | None:
    """The strongest even grid in a face, at one scale.

    `image` is the frame at its full resolution. None when the face is too small, about 122 pixels,
    or not within the picture, and when an encoder wiped out whatever is so fine.
    """
    x1, y1, x2, y2 = box
    size = scale.square * ACROSS
    side = size * scale.shrunk
    if not min(x2 - x1, y2 - y1) * WITHIN >= side:
        return None
    left, top = round((x1 + x2 - side) / 2), round((y1 + y2 - side) / 2)
    piece = image[max(0, top) : top + side, max(0, left) : left + side]
    if piece.shape != (side, side, 3):
        return None
    if scale.shrunk > 1:
        piece = resize(np.ascontiguousarray(piece), (size, size), "area")
    sheet = _sheet(scale.square)
    power = _power(piece, sheet)
    # The power of noise grows with the pixels of a square.
    wiped = power[..., 0][sheet.sought] < WIPED * (scale.square / FINE.square) ** 2
    if 2 * np.count_nonzero(wiped) > wiped.size:
        return None
    found = np.log(power + GRAIN)
    above = found - local_mean(np.ascontiguousarray(found), scale.neighbours)
    above = np.where(sheet.sought, np.add.reduce(above, axis=2), -np.inf)
    row, column = divmod(int(above.argmax()), above.shape[1])
    wave = (float(sheet.down[row, 0]) / scale.shrunk, float(sheet.across[0, column]) / scale.shrunk)
    return Grid(max(0.0, float(above[row, column])), wave)


class Sheet(NamedTuple):
    """What is the same for every square of a size.

    down, across  (square, 1), (1, square / 2 + 1): waves per pixel of each place of a spectrum
    sought        which of these places a screen's grid is looked for at
    window        (square, square): what a square is weighed with
    """

    down: Floats
    across: Floats
    sought: NDArray[np.bool_]
    window: NDArray[np.float32]


@cache
def _sheet(square: int) -> Sheet:
    down, across = np.fft.fftshift(np.fft.fftfreq(square))[:, None], np.fft.rfftfreq(square)[None]
    length = np.hypot(down, across)
    slanting = np.minimum(np.abs(down), across) * square >= LEVEL
    sought = np.asarray((length >= COARSEST) & (length <= FINEST) & slanting)
    hann = np.hanning(square)
    return Sheet(down, across, sought, np.outer(hann, hann).astype(np.float32))


def _power(piece: ColorImage, sheet: Sheet) -> Floats:
    """(square, square / 2 + 1, 3): the power of the squares' spectra, their mean, by COLOURS."""
    square = len(sheet.window)
    squares = piece.reshape(ACROSS, square, ACROSS, square, 3).transpose(0, 2, 4, 1, 3)
    waves = COLOURS @ squares.reshape(ACROSS**2, 3, -1).astype(np.float32)
    waves -= waves.mean(axis=2, keepdims=True)
    waves = waves.reshape(-1, square, square) * sheet.window
    half = np.array([spectrum(wave)[:, : square // 2 + 1] for wave in waves])
    power = half.real**2 + half.imag**2
    power = np.add.reduce(power.reshape(ACROSS**2, 3, square, -1)) / ACROSS**2
    return np.fft.fftshift(power.transpose(1, 2, 0), axes=0)


class BandMeter:
    """Looks for rolling bands on the faces of one feed. Not thread-safe.

    Frames come in the order of capture.
    """

    def __init__(self) -> None:
        self._of: tuple[int, int] | None = None  # session and track that were measured last,
        self._at = 0.0  # when,
        self._cells: Image | None = None  # the picture then,
        self._changes: deque[NDArray[np.complexfloating]] = deque(
            maxlen=LATELY
        )  # and the waves in each change since

    def measure(
        self, small: ColorImage, scale: float, box: Box, track_id: int, session: int, at: float
    ) -> float | None:
        """The height of the steadiest wave that rolls over the face's columns, share of brightness.

        `at` is when the frame was captured, seconds, monotonic. None until LATELY changes were
        seen, and where no columns are left beside the face to tell a screen's bands from a lamp's.
        """
        grey = to_grey(small)
        # By whole numbers, which averages several times faster.
        wide, high = grey.shape[1] // CELL[0], grey.shape[0] // CELL[1]
        cells = resize(grey[: high * CELL[1], : wide * CELL[0]], (wide, high), "area")
        gap = at - self._at
        before, self._cells = self._cells, cells
        if self._of != (session, track_id) or not 0.0 < gap <= GAP_S:
            before = None
        self._of, self._at = (session, track_id), at
        change = None
        if before is not None and before.shape == cells.shape and high > 2 * WAVES.stop:
            change = _change(before, cells, box[0] / scale / CELL[0], box[2] / scale / CELL[0])
        if change is None:
            self._changes.clear()
            return None
        self._changes.append(np.fft.rfft(change * _taper(high))[WAVES])
        return _rolling(np.array(self._changes)) if len(self._changes) == LATELY else None


def _change(before: Image, now: Image, x1: float, x2: float) -> Floats | None:
    """(rows,) change of the logarithm of a face's columns in those far beside it, if there are any.

    Of the same columns in both: a box that follows the face would be a change by itself.
    """
    if not x2 > x1:
        return None
    reach = BESIDE * (x2 - x1)
    left, right = max(0, int(x1 - reach)), max(0, int(x2 + reach) + 1)
    face = slice(max(0, int(x1)), max(0, int(x2) + 1))
    sides = [slice(0, left), slice(right, now.shape[1])]
    sides = [side for side in sides if side.stop - side.start >= LEAST_BESIDE]
    if now[:, face].shape[1] == 0 or not sides:
        return None
    of_face, *beside = (_light(now[:, each]) - _light(before[:, each]) for each in (face, *sides))
    return np.asarray(of_face - sum(beside) / len(beside))


def _light(part: Image) -> Floats:
    return np.asarray(np.log(part.mean(axis=1) + DARK))


@cache
def _taper(rows: int) -> Floats:
    """What a wave is weighed with, so that its own height is told."""
    return np.hanning(rows) * 4 / rows


def _rolling(changes: NDArray[np.complexfloating]) -> float:
    """Of (LATELY, waves): the height of the wave that goes on most steadily."""
    power = (np.abs(changes) ** 2).mean(axis=0)
    onward = (changes[1:] * changes[:-1].conj()).mean(axis=0)
    steady = np.abs(onward) / np.maximum(power, 1e-12)
    steady[np.abs(np.angle(onward)) < MOVES] = 0.0
    alone = power / max(float(power.sum()), 1e-12)
    return float((np.sqrt(power) * steady * alone).max())
