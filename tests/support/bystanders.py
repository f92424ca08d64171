"""Who stands at the door: what the tests themselves hold of people far behind."""

from collections.abc import Sequence

from models.observation import Face


def near(seen: Sequence[Face]) -> list[Face]:
    """The faces that are no bystander's: at least half as wide or as high as the largest one."""
    sides = [(right - left, low - high) for left, high, right, low in (one.box for one in seen)]
    widest, highest = (max(side) for side in zip(*sides, strict=True)) if sides else (0.0, 0.0)
    return [
        one
        for one, (width, height) in zip(seen, sides, strict=True)
        if 2 * width >= widest or 2 * height >= highest
    ]
