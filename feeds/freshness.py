"""Whether an image shows the present. Pure: all times come as arguments.

OpenCV's "ok" is no proof. After a time-out it hands out images it had buffered; after a pause
the network delivers the past in a burst; a hung driver gives the same buffer again and again.
"""

from dataclasses import dataclass
from statistics import median
from typing import Literal
from zlib import crc32

import numpy as np

from feeds.frame import ColorImage

Verdict = Literal["fresh", "late", "repeated", "blocked"]

DRIFT = 0.0005  # how far a camera's clock may run off, s/s; crystals stay within 0.0001
LATEST_S = 0.25  # an image may be so old, or 1.5 frame periods if that is more
EARLY_S = 0.04  # so much too early, or a quarter period: those before it must have been late


@dataclass(frozen=True, slots=True)
class Judgement:
    """`captured_at` is the best estimate of when the light fell, monotonic seconds."""

    verdict: Verdict
    captured_at: float


class Freshness:
    """Judges the images of one session in the order they were read."""

    def __init__(self, stall_s: float, period_s: float | None = None, *, live: bool = True) -> None:
        """`period_s` is the time between two frames as the source claims it, if it does.

        Not `live` is a file: shown by ourselves when it is due, it can be frozen but not late.
        """
        self._stall_s = stall_s
        self._live = live
        self._late_s = max(LATEST_S, 1.5 * min(period_s or 0.0, 1.0))
        self._clock = StreamClock()
        self._waits = Waits()
        self._arrived_at = 0.0
        self._previous: ColorImage | None = None
        self._sample = 0
        self._fresh_at: float | None = None
        self._last: Verdict = "fresh"

    def judge(
        self, image: ColorImage, began_at: float, arrived_at: float, position_s: float | None
    ) -> Judgement:
        """Judges an image whose read began and ended at these times.

        `position_s` is the source's own time of the image, from any origin; None if it has
        no clock. "blocked" is a fault: the read, or the pause before it, took so long that the
        source must be opened again. The first read is spared, as it waits for a key frame.
        """
        silent_s, self._arrived_at = arrived_at - self._arrived_at, arrived_at
        if self._fresh_at is None:
            self._fresh_at = arrived_at
        elif self._live and silent_s > self._stall_s:
            return Judgement("blocked", arrived_at)
        captured_at = self._captured_at(began_at, arrived_at, position_s)
        verdict = self._verdict(image, arrived_at, captured_at)
        self._last = verdict
        if verdict == "fresh":
            self._fresh_at = arrived_at
        return Judgement(verdict, arrived_at if captured_at is None else captured_at)

    def starved_s(self, now: float) -> float:
        """For how long nothing fresh came, seconds."""
        return 0.0 if self._fresh_at is None else now - self._fresh_at

    @property
    def frozen(self) -> bool:
        """Whether the image stands still: the last one repeated its predecessor."""
        return self._last == "repeated"

    def _captured_at(
        self, began_at: float, arrived_at: float, position_s: float | None
    ) -> float | None:
        if not self._live:
            return arrived_at
        waited = self._waits.waited(arrived_at - began_at)
        if position_s is None:
            return arrived_at if waited else None
        return self._clock.captured_at(arrived_at, position_s)

    def _verdict(
        self, image: ColorImage, arrived_at: float, captured_at: float | None
    ) -> Literal["fresh", "late", "repeated"]:
        if self._repeats(image):
            return "repeated"
        if captured_at is None or arrived_at - captured_at > self._late_s:
            return "late"
        return "fresh"

    def _repeats(self, image: ColorImage) -> bool:
        """Whether every pixel equals the image before; a sample settles nearly every case."""
        sample = crc32(np.ascontiguousarray(image[::8, ::8]).data)
        before, self._previous = self._previous, image
        same = before is not None and sample == self._sample and np.array_equal(before, image)
        self._sample = sample
        return same


class StreamClock:
    """Turns a stream's own time into ours.

    The transport only ever delays, so the smallest difference ever seen between arrival and
    stream time belongs to an image that was hardly delayed at all; measured against it, the
    others show how late they are.
    """

    def __init__(self) -> None:
        self._offset: float | None = None  # smallest arrival minus stream time
        self._position_s = 0.0
        self._arrived_at = 0.0

    def captured_at(self, arrived_at: float, position_s: float) -> float | None:
        """When the image was taken, on our clock; None while that cannot be told yet.

        That is so for a session's first image, and as long as images arrive faster than they
        were taken: they come out of a buffer, and how old they are only the end will show.
        A clock that stands still is none: then the image is believed to be prompt.
        """
        step_s, advanced_s = arrived_at - self._arrived_at, position_s - self._position_s
        self._arrived_at, self._position_s = arrived_at, position_s
        offset = arrived_at - position_s
        if self._offset is None:
            self._offset = offset
            return None
        if advanced_s == 0:
            return arrived_at
        early_s = self._offset + DRIFT * step_s - offset
        self._offset = offset + min(early_s, 0.0)
        hurried = early_s > min(EARLY_S, 0.25 * abs(advanced_s))
        return None if hurried else position_s + self._offset


class Waits:
    """Tells an image that was waited for from one that lay ready in a buffer.

    For sources without a clock. Whoever reads faster than the camera gives waits for most of
    each period; an image that took less than a quarter of the usual wait was there before.
    """

    LEARNT_FROM = 5  # reads; until then no image counts as waited for

    def __init__(self) -> None:
        self._first: list[float] = []
        self._usual_s = 0.0

    def waited(self, read_s: float) -> bool:
        """Whether a read that took so long waited for its image."""
        if len(self._first) < self.LEARNT_FROM:
            self._first.append(read_s)
            self._usual_s = median(self._first)
            return False
        if read_s < 0.25 * self._usual_s:
            return False  # and teaches nothing, or a long burst would in time seem usual
        self._usual_s += 0.05 * (min(read_s, 2 * self._usual_s) - self._usual_s)
        return True
