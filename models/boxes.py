"""Plain geometry of boxes."""

from models.observation import Box


def overlap(one: Box, other: Box) -> float:
    """Intersection over union of two boxes, 0..1; 0 where a side is no number."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    if not (width > 0.0 and height > 0.0):
        return 0.0
    shared = width * height
    own = (one[2] - one[0]) * (one[3] - one[1])
    union = own + (other[2] - other[0]) * (other[3] - other[1]) - shared
    return shared / union if union > 0.0 else 0.0


def area(box: Box) -> float:
    """Square pixels of a box."""
    x1, y1, x2, y2 = box
    return max(0.0, x2 - x1) * max(0.0, y2 - y1)


def room(box: Box, width: int, height: int) -> float:
    """The least room between a face and the border of its picture, in widths of the face."""
    x1, y1, x2, y2 = box
    return min(x1, y1, width - x2, height - y2) / max(x2 - x1, 1.0)
