"""Clips played twice, the second time a little otherwise, and what is found of that.

python -m tests.support.loops FILE ...    resemblance of each as it is, and of it played twice
python -m tests.support.loops FOLDER ...  of its pictures in their order, as if 5 came a second
python -m tests.support.loops cost        processor time for a frame of each size
"""

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from statistics import median
from time import thread_time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from feeds import imaging
from feeds.frame import ColorImage
from feeds.loops import LoopWatch

Shown = tuple[ColorImage, float]  # a picture, and when, seconds
Change = Callable[[ColorImage], ColorImage]
RANDOM = np.random.default_rng(7)


def noisy(sigma: float) -> Change:
    def change(image: ColorImage) -> ColorImage:
        return lit(image + RANDOM.normal(0.0, sigma, image.shape))

    return change


def coded(quality: int) -> Change:
    def change(image: ColorImage) -> ColorImage:
        again = imaging.decoded(imaging.encoded(image, ".jpg", quality=quality))
        assert again is not None
        return again

    return change


def lit(image: NDArray[Any]) -> ColorImage:
    """Any numbers as a picture's."""
    shown: ColorImage = np.clip(image, 0, 255).astype(np.uint8)
    return shown


def cropped(pixels: int) -> Change:
    def change(image: ColorImage) -> ColorImage:
        height, width = image.shape[:2]
        inner = np.ascontiguousarray(image[pixels : height - pixels // 2, pixels // 2 : -pixels])
        return imaging.resize(inner, (width, height), "linear")

    return change


CHANGES: dict[str, Change] = {
    "as it is": lambda image: image,
    "noise of 8 levels": noisy(8.0),
    "JPEG of quality 50": coded(50),
    "JPEG of quality 20": coded(20),
    "darker, x 0.7": lambda image: lit(image * 0.7),
    "brighter, x 1.2 + 20": lambda image: lit(image * 1.2 + 20.0),
    "cut by 4 pixels": cropped(4),
    "cut by 12 pixels": cropped(12),
    "all of it a little": lambda image: noisy(5.0)(coded(30)(lit(cropped(8)(image) * 0.85 + 10.0))),
}


def folder(path: Path) -> list[Shown]:
    """Pictures in the order of their last numbers."""

    def number(file: Path) -> tuple[int, ...]:
        return tuple(map(int, re.findall(r"\d+", file.stem)))

    files = sorted(path.glob("*.jpg"), key=number)
    return [(imaging.read_image(str(file)), n / 5.0 + 0.05) for n, file in enumerate(files)]


def clip(path: str, most_s: float = 60.0) -> list[Shown]:
    """The pictures of a video, at its own pace but at most 15 a second, as a judge takes them."""
    capture = imaging.open_file(path)
    assert capture is not None, path
    period_s = 1.0 / (capture.fps or 10.0)
    every = max(1, round(1.0 / (15.0 * period_s)))
    shown: list[Shown] = []
    number = 0
    while (image := capture.read()) is not None and number * period_s < most_s:
        if number % every == 0:
            shown.append((image, number * period_s))
        number += 1
    capture.release()
    return shown


def twice(shown: list[Shown], change: Change) -> Iterator[Shown]:
    """And again, changed, with a jump in between that is no whole number of steps."""
    yield from shown
    later_s = length_s(shown) + 0.03
    for image, at in shown:
        yield change(image), at + later_s


def length_s(shown: list[Shown]) -> float:
    gaps = [after[1] - before[1] for before, after in pairwise(shown)]
    return shown[-1][1] + median(gaps)


def watched(shown: Iterable[Shown]) -> tuple[float, float | None]:
    """The greatest resemblance, and when a loop was found, seconds; None: never."""
    watch, greatest, found = LoopWatch(), 0.0, None
    for image, at in shown:
        if watch.saw(image, at) and found is None:
            found = at
        greatest = max(greatest, watch.resemblance)
    return greatest, found


def cost() -> None:
    for width, height in ((640, 480), (1280, 720), (1920, 1080), (3840, 2160)):
        image = RANDOM.integers(0, 256, (height, width, 3), np.uint8)
        watch, took = LoopWatch(), []
        for n in range(300):
            began = thread_time()
            watch.saw(image, n / 30.0)
            took.append(1000.0 * (thread_time() - began))
        mean, worst = float(np.mean(took)), float(np.percentile(took, 99))
        print(f"{width}x{height}: {mean:.2f} ms in the mean, {worst:.2f} ms at the 99th percentile")


def main(paths: list[str]) -> None:
    for path in paths:
        whole = folder(Path(path)) if Path(path).is_dir() else clip(path, 300.0)
        resemblance, found = watched(whole)
        print(
            f"{path}: {length_s(whole):.0f} s, resemblance up to {resemblance:.2f}, {_told(found)}"
        )
        part = [each for each in whole if each[1] < 15.0]
        for name, change in (
            CHANGES.items() if length_s(part) > 9.0 and not Path(path).is_dir() else ()
        ):
            resemblance, found = watched(twice(part, change))
            after = None if found is None else found - length_s(part)
            print(f"    again, {name}: {resemblance:.2f}, {_told(after)}", flush=True)


def _told(found: float | None) -> str:
    return "nothing found" if found is None else f"found after {found:.1f} s"


if __name__ == "__main__":
    cost() if sys.argv[1:] == ["cost"] else main(sys.argv[1:])
