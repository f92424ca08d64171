"""What the picture of a face is worth as evidence: its quality, its change, what was done to it.

docs/understand/scales.md defines all of it. Nothing here tells who stands there.

Quality: sharpness, contrast and brightness of the face, each 0..1. They are taken from the inner
face, grey, at one fixed size, so that they tell of the face and not of how many pixels it happens
to have or of what stands behind it.

Change: from frame to frame, as all that lives does. A camera that hangs behind its own encoder
sends the same picture again and again, yet no two decoded images are equal bit by bit. What it
cannot send is change.

Picture: whether networks trained on ordinary colour pictures can judge this one at all. Six
numbers tell what a camera or a stream did to the picture as a whole: no colour (infrared, night
mode), false colours (channels exchanged, a negative, solarised), few tones (posterised, enlarged
pixels) and the blocks of a picture that was compressed too far. Colour is looked for in the whole
frame and around the face, and the more colourful of the two counts: a person in grey before a grey
wall has the colour of skin, and a grey photograph held before a camera has the room's colour around
it. What is measured in the frame's small copy costs no more at a high resolution; what needs the
pixels as they came looks at a piece of limited size.
"""

from bisect import bisect_left
from collections import deque
from itertools import accumulate
from math import hypot
from typing import cast

import numpy as np
from numpy.typing import NDArray

from feeds.frame import ColorImage
from feeds.imaging import (
    Image,
    laplacian_variance,
    mean_and_variance,
    mean_difference,
    resize,
    to_grey,
)
from models.observation import Box, ImageQuality, Picture

SAMPLE = (96, 128)  # width, height of the sample: about 1.5 pixels a millimetre of skin
ROUNDING = 20 / 12  # variance that rounding to whole grey levels alone gives a Laplacian
SPARSE = 16  # pixel, across and down, is enough to say how light a whole picture is
HALF_SHARP = 0.05  # Laplacian variance in grey variances that is called 0.5


def quality(image: ColorImage, box: Box) -> ImageQuality | None:
    """The quality of the face in a box; None when no part of it lies in the image."""
    sample = inner_face(image, box)
    if sample is None:
        return None
    mean, variance = mean_and_variance(sample)
    return ImageQuality(
        sharpness=_sharpness(laplacian_variance(sample), variance),
        contrast=_contrast(sample),
        brightness=mean / 255,
    )


def light(image: ColorImage) -> float:
    """How light a whole picture is: 0 black to 1 white, the mean of some pixels."""
    return float(image[::SPARSE, ::SPARSE].mean()) / 255


def _sharpness(laplacian: float, variance: float) -> float:
    """How much of the grey variance is fine detail; no more light or contrast changes it."""
    detail = max(0.0, laplacian - ROUNDING) / max(variance, 1.0)
    return detail / (detail + HALF_SHARP)


def _contrast(sample: Image) -> float:
    """From the 5th to the 95th percentile, in parts of the whole grey scale."""
    darker = list(accumulate(np.bincount(sample.ravel(), minlength=256).tolist()))
    dark, bright = (bisect_left(darker, share * sample.size) for share in (0.05, 0.95))
    return (bright - dark) / 255


def inner_face(image: ColorImage, box: Box) -> Image | None:
    """The inner face, grey, at SAMPLE; cut where the frame ends. None: none of it lies there."""
    x1, y1, x2, y2 = box
    inset_x, inset_y = INSET * (x2 - x1), INSET * (y2 - y1)
    left, top = max(0, int(x1 + inset_x)), max(0, int(y1 + inset_y))
    piece = image[top : max(0, int(y2 - inset_y)), left : max(0, int(x2 - inset_x))]
    height, width = piece.shape[:2]
    if height < 2 or width < 2:
        return None
    return resize(to_grey(piece), SAMPLE, "area" if width >= SAMPLE[0] else "linear")


BEFORE = 8  # frames a region is compared with: a loop of so few frames is a still picture too
LATELY = 10  # measured frames that are summed up
FEWEST = 5  # with fewer nothing is said
SHARE = 0.3  # of the frames may change less than what is said: an encoder repeats itself at times


class ChangeMeter:
    """Follows how much each face of one feed changes. Frames come in the order of capture."""

    def __init__(self) -> None:
        self._session: int | None = None
        self._before: deque[Image] = deque(maxlen=BEFORE)
        self._lately: dict[int, deque[float]] = {}

    def measure(
        self, small: ColorImage, scale: float, box: Box, track_id: int, session: int
    ) -> float | None:
        """Grey levels (0..255) by which the face changes, now and in seven of ten frames or more.

        One frame's change is the mean absolute difference of the face's region from the same
        region of the most alike of the frames before. None until enough frames were measured.
        `scale` = frame pixels per pixel of the small copy. Call it once per frame.
        """
        if session != self._session:
            self._session = session
            self._before.clear()
            self._lately.clear()
        now = to_grey(small)
        least = self._least(now, region(box, scale, now))
        self._before.append(now)
        if least is None:
            return None
        kept = {track_id: self._lately.get(track_id, deque(maxlen=LATELY))}
        kept[track_id].append(least)
        self._lately = kept  # the gate follows one face at a time
        changes = sorted(kept[track_id])
        return min(least, changes[int(SHARE * len(changes))]) if len(changes) >= FEWEST else None

    def _least(self, now: Image, region: tuple[slice, slice]) -> float | None:
        if now[region].size == 0 or (self._before and self._before[-1].shape != now.shape):
            self._before.clear()
            return None
        differences = [mean_difference(now[region], then[region]) for then in self._before]
        return min(differences, default=None)


def region(box: Box, scale: float, image: Image) -> tuple[slice, slice]:
    """Where a box of the frame lies in its small copy; `scale` as of `ChangeMeter`."""
    height, width = image.shape[:2]
    x1, y1, x2, y2 = (round(side / scale) for side in box)
    return (
        slice(min(max(y1, 0), height), min(max(y2, 0), height)),
        slice(min(max(x1, 0), width), min(max(x2, 0), width)),
    )


WHOLE = 40  # pixels of the longer side of the sample of the whole frame, or a few more
AROUND = 32  # the same of the face's surroundings
FACE = 48  # the same of the inner face
GROWN = 2.5  # box sizes: the face's surroundings, about what the liveness networks are shown
INSET = 0.1  # of the box left out at each side: hair, ears, background
PIECE = 192  # pixels of each side of the piece of the inner face that is looked at as it came
DARK = 4.0  # grey levels added before the logarithm
DIM, BRIGHT = 16, 250  # grey levels of the strongest channel between which there is a hue to see
SLOPE = 0.1  # of a hue's logarithm per one of brightness: what may follow from brightness
TAIL = 0.05  # of a sample at each end that counts for no spread: a time stamp, a lamp
LEAST_EDGE = 8  # grey levels from one pixel of a sample to the next, below which there is no edge
FINE, COARSE = 1.5, 8.0  # grey levels: what a histogram is smoothed by, and compared with
GRID = 8  # pixels of a JPEG's block
STEADY = 0.25  # grey levels added to the differences that are compared across the grid
LEEWAY = 0.1  # of a logarithm, by which a frame's blue light may outweigh the face's red
COLOURLESS = 0.03  # the colour of a whole frame, below which nothing in it has any
SOMETHING = 24  # grey levels from the darkest to the brightest place of a picture of something
EVERY = 8  # frames of a face of which one is measured: a camera does not change between two
BRIM = 4  # grey levels at each end of the scale where tones are cut off, not clumped

LOG = np.log(np.arange(256, dtype=np.float32) + DARK)

Tones = NDArray[np.float32]  # (3, N): logarithms of blue, green and red


class PictureMeter:
    """Measures the picture about each face of one feed, now and then."""

    def __init__(self) -> None:
        self._of: tuple[int, int] | None = None  # session and track that were measured last,
        self._found: Picture | None = None  # what came of it,
        self._left = 0  # and for how many more frames it stands

    def measure(
        self, image: ColorImage, small: ColorImage, box: Box, track_id: int, session: int
    ) -> Picture | None:
        """As `picture`, of this frame or of one of the EVERY - 1 before it that had this face."""
        if (session, track_id) != self._of or self._left == 0 or self._found is None:
            self._of, self._left = (session, track_id), EVERY
            self._found = picture(image, small, box)
        self._left -= 1
        return self._found


def picture(image: ColorImage, small: ColorImage, box: Box) -> Picture | None:
    """The picture about the face in a box; None when no part of its inside lies in the image.

    `small` is the same image, shrunk.
    """
    x1, y1, x2, y2 = box
    inset_x, inset_y = INSET * (x2 - x1), INSET * (y2 - y1)
    inner = _inside(image, (x1 + inset_x, y1 + inset_y, x2 - inset_x, y2 - inset_y))
    if inner is None:
        return None
    whole, around = _tones(_shrunk(small, WHOLE)), _tones(_around(small, box, image.shape[1]))
    face = _shrunk(inner[0], FACE)
    green, left, top = _middle(*inner)
    across, down = _steps(green, axis=1), _steps(green, axis=0)
    return Picture(
        colour=max(_colour(whole), _colour(around)),
        redness=_redness(_tones(face), whole),
        discord=_discord(face),
        clumping=_clumping(green),
        flatness=1
        - (np.count_nonzero(across) + np.count_nonzero(down)) / (across.size + down.size),
        blocks=min(_blocks(across.mean(axis=0), left), _blocks(down.mean(axis=1), top)),
    )


def colourless(image: ColorImage) -> bool:
    """Whether something is to be seen in the image, all of it in one hue, whoever is in it.

    Even an empty, grey corridor has more colour. A covered lens shows nothing and is not meant.
    """
    sample = _shrunk(image, WHOLE)
    return int(np.ptp(sample[:, :, 1])) >= SOMETHING and _colour(_tones(sample)) < COLOURLESS


def _around(small: ColorImage, box: Box, width: int) -> ColorImage:
    """`width` of the frame in whose pixels the box is."""
    x1, y1, x2, y2 = (side * small.shape[1] / width for side in box)
    wide, high = (x2 - x1) * (GROWN - 1) / 2, (y2 - y1) * (GROWN - 1) / 2
    found = _inside(small, (x1 - wide, y1 - high, x2 + wide, y2 + high))
    return _shrunk(small if found is None else found[0], AROUND)


def _inside(image: ColorImage, box: Box) -> tuple[ColorImage, int, int] | None:
    """What of a box lies in the image, and where it begins there."""
    height, width = image.shape[:2]
    left, top = min(max(int(box[0]), 0), width), min(max(int(box[1]), 0), height)
    piece = image[top : max(0, int(box[3])), left : max(0, int(box[2]))]
    return (piece, left, top) if min(piece.shape[:2]) > GRID else None


def _middle(piece: ColorImage, left: int, top: int) -> tuple[NDArray[np.uint8], int, int]:
    """The green of the middle of a piece, and where that begins in the frame."""
    height, width = piece.shape[:2]
    x, y = max(0, width - PIECE) // 2, max(0, height - PIECE) // 2
    return piece[y : y + PIECE, x : x + PIECE, 1], left + x, top + y


def _shrunk(image: ColorImage, long_side: int) -> ColorImage:
    """By a whole number, which averages several times faster; a last row or column may be lost."""
    height, width = image.shape[:2]
    by = max(1, min(max(height, width) // long_side, height // 2, width // 2))
    size = (width // by, height // by)
    return resize(image[: size[1] * by, : size[0] * by], size, "area")


def _tones(sample: ColorImage) -> Tones:
    return cast(Tones, LOG[sample.reshape(-1, 3).T])


def _colour(tones: Tones) -> float:
    """How far hues spread, once what follows from brightness alone is taken off: one cast.

    A cast makes all grey one hue, but for what rounding does to it, which is why only a little
    may follow from brightness: a dark face before a white wall is no cast.
    """
    seen = tones[:, (tones.max(axis=0) < LOG[BRIGHT]) & (tones.max(axis=0) >= LOG[DIM])]
    if 3 * seen.shape[1] < tones.shape[1]:
        seen = tones
    bright = seen.mean(axis=0)
    bright = bright - bright.mean()
    hues = seen[::2] - seen[1]  # blue and red, in greens
    slopes = hues @ bright / max(float(bright @ bright), 1e-6)
    hues = hues - np.clip(slopes, -SLOPE, SLOPE)[:, None] * bright
    ends = (int(TAIL * hues.shape[1]), int((1 - TAIL) * hues.shape[1]))
    ordered = np.partition(hues, ends, axis=1)
    return hypot(*(ordered[:, ends[1]] - ordered[:, ends[0]]).tolist())


def _redness(face: Tones, whole: Tones) -> float:
    """How much red outweighs green, and blue, in the face; the lesser of the two.

    Skin of every shade is redder than green, but in the light of a screen it may be bluer than
    red. Then it is so beside the rest of the frame that it is redder, within a LEEWAY.
    """
    blue, green, red = _middling(face)
    there_blue, _, there_red = _middling(whole)
    beside = max(0.0, min(there_blue - there_red, LEEWAY))
    return min(red - green, red - blue + beside)


def _middling(tones: Tones) -> list[float]:
    """The median of each channel."""
    middle = tones.shape[1] // 2
    return cast(list[float], np.partition(tones, middle, axis=1)[:, middle].tolist())


def _discord(face: ColorImage) -> float:
    """Of the edges that two channels share, the part at which they go opposite ways.

    Inside a face light and shade, hair and lips take all channels with them. A room has edges of
    colours against each other; where an effect folds the scale of tones, so has a face.
    """
    rows, columns = face.shape[0] // 8, face.shape[1] // 8  # in the corners stands the room
    values = face[rows:-rows, columns:-columns].astype(np.int32)
    steps = [np.diff(values, axis=axis).reshape(-1, 3) for axis in (0, 1)]
    blue, green, red = np.concatenate(steps).T
    found = 0.0
    for other in (blue, red):
        both = np.minimum(np.abs(other), np.abs(green)) >= LEAST_EDGE
        product = (other * green)[both]
        total = float(np.abs(product).sum())
        if total > 0:
            found = max(found, float(-product[product < 0].sum()) / total)
    return found


def _clumping(channel: NDArray[np.uint8]) -> float:
    """How much denser tones lie than a smooth histogram would have them: 1 = as smooth."""
    counts = np.bincount(channel[::2, ::2].ravel(), minlength=256).astype(np.float32)
    between = counts[BRIM:-BRIM]
    if 5 * between.sum() < counts.sum():  # most of it black or white: only the ends are left
        between = counts
    fine, coarse = np.convolve(between, FINELY, "same"), np.convolve(between, COARSELY, "same")
    return float((fine * fine).sum()) / max(float((fine * coarse).sum()), 1e-6)


def _smoothing(sigma: float) -> NDArray[np.float32]:
    """A Gaussian to smooth a histogram with."""
    away = np.arange(-round(3 * sigma), round(3 * sigma) + 1)
    weights = np.exp(-0.5 * (away / sigma) ** 2)
    return cast(NDArray[np.float32], (weights / weights.sum()).astype(np.float32))


FINELY, COARSELY = _smoothing(FINE), _smoothing(COARSE)


def _steps(channel: NDArray[np.uint8], axis: int) -> NDArray[np.int16]:
    return np.abs(np.diff(channel.astype(np.int16), axis=axis))


def _blocks(steps: NDArray[np.floating], begins: int) -> float:
    """How much larger steps are where an encoder's blocks meet, in those elsewhere.

    `steps` of neighbouring columns or rows, means; `begins`: the first one's place in the frame.
    """
    skipped = -begins % GRID
    blocks = (len(steps) - skipped) // GRID
    if blocks < 1:
        return 1.0
    means = steps[skipped : skipped + blocks * GRID].reshape(blocks, GRID).mean(axis=0).tolist()
    return float((means[-1] + STEADY) / (sorted(means)[GRID // 2] + STEADY))
