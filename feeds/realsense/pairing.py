"""Puts a recording's images together that belong together, in whatever order they come. Pure.

The RealSense library plays each stream in a thread of its own, and on a busy machine one runs ahead
of another: depth that lies in the file before the colours of its moment may come after them, or
with the colours before.
"""

from collections import deque
from collections.abc import Collection
from typing import Generic, TypeVar

RUN_AHEAD = 16  # the library lets a stream run ahead by 10 images, and one more is on its way

Color = TypeVar("Color")
Plane = TypeVar("Plane")


class Pairing(Generic[Color, Plane]):
    """Each image has a key that tells where it belongs: its number, or its time in seconds."""

    def __init__(self, streams: Collection[str], within: float) -> None:
        """`streams` beside the colours; what belongs together has keys less than `within` apart."""
        self._within = within
        self._colors: deque[tuple[float, Color]] = deque()
        self._planes: dict[str, deque[tuple[float, Plane]]] = {name: deque() for name in streams}
        self._newest: dict[str, float] = {}
        self._first: dict[str, float] = {}

    def add_color(self, key: float, image: Color) -> None:
        self._colors.append((key, image))

    def add_plane(self, stream: str, key: float, image: Plane) -> None:
        self._planes[stream].append((key, image))
        self._newest[stream] = key
        self._first.setdefault(stream, key)

    def began(self, stream: str, key: float) -> bool:
        """Whether a stream had begun by then."""
        return stream in self._first and self._first[stream] < key + self._within

    def next(self, *, ended: bool = False) -> tuple[float, Color, dict[str, Plane]] | None:
        """The next colours and what belongs to them, once nothing more can come that does.

        `ended` says that nothing comes any more.
        """
        if not self._colors:
            return None
        key, color = self._colors[0]
        if not (ended or len(self._colors) > RUN_AHEAD or self._passed(key)):
            return None
        self._colors.popleft()
        found = {name: self._taken(name, key) for name in self._planes}
        return key, color, {name: image for name, image in found.items() if image is not None}

    def _passed(self, key: float) -> bool:
        """Whether every stream has come as far, so that nothing nearer to this key follows."""
        return all(self._newest.get(name, key - 1.0) >= key for name in self._planes)

    def _taken(self, stream: str, key: float) -> Plane | None:
        """The nearest of those that belong to this key, of which the older ones are let go."""
        planes = self._planes[stream]
        best: tuple[float, Plane] | None = None
        while planes and planes[0][0] < key + self._within:
            if best is not None and abs(planes[0][0] - key) >= abs(best[0] - key):
                break
            best = planes.popleft()
        return best[1] if best is not None and abs(best[0] - key) < self._within else None
