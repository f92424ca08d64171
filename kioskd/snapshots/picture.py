"""What of a frame a snapshot shows, as JPEG. Pure."""

from feeds.frame import ColorImage
from feeds.imaging import encoded, resize
from kioskd.snapshots.snapshots_settings import Cut
from models.observation import Box

AROUND = 0.5  # of the face's size, on each side: hair, chin and what a picture is held by
LONG_SIDE = 1280  # pixels; a larger one is made so small
QUALITY = 90  # of JPEG


def jpeg(color: ColorImage, box: Box, cut: Cut) -> tuple[bytes, tuple[int, int]]:
    """The picture and its (width, height).

    color  (H, W, 3) BGR
    box    of the face, pixels, each side a number; it may reach beyond the picture
    """
    shown = color if cut == "frame" else around(color, box)
    height, width = shown.shape[:2]
    longer = max(height, width)
    if longer > LONG_SIDE:
        width, height = (max(1, side * LONG_SIDE // longer) for side in (width, height))
        shown = resize(shown, (width, height), "area")
    return encoded(shown, ".jpg", quality=QUALITY), (width, height)


def around(color: ColorImage, box: Box) -> ColorImage:
    """The face with some room around it, as far as the picture reaches; one pixel at least."""
    height, width = color.shape[:2]
    x1, y1, x2, y2 = box
    x, y = AROUND * (x2 - x1), AROUND * (y2 - y1)
    left, right = _span(x1 - x, x2 + x, width)
    top, bottom = _span(y1 - y, y2 + y, height)
    return color[top:bottom, left:right]


def _span(low: float, high: float, size: int) -> tuple[int, int]:
    first = min(max(0, int(low)), size - 1)
    return first, max(first + 1, min(size, int(high)))
