"""Whether an image shows the present. Pure: all times come as arguments.

OpenCV's "ok" is no proof. After a time-out it hands out images it had buffered; after a pause
the network delivers the past in a burst; a hung driver gives the same buffer again and again.
"""

from collections import deque
from dataclasses import dataclass
from statistics import median
from typing import Literal
from zlib import crc32

import numpy as np

from feeds.blank_picture import blank
from feeds.frame import ColorImage

Verdict = Literal["fresh", "late", "repeated", "blank", "blocked", "drifted", "jumped"]

LATEST_S = 0.25  # an image may be so old, or 1.5 frame periods if that is more
DRIFT = 0.0002  # how far a camera's clock may run off, s/s; crystals stay within 0.0001
DRIFTED_S = 0.25  # so far camera's clock and ours may run apart in one session, not farther
# A stream that gains EARLY_S on its own time within CATCH_UP_S (1.04 times real time, and
# faster) is catching up. As long is watched before a session's first image is believed.
CATCH_UP_S = 0.8
SEVERAL = 3  # different pictures a camera must have shown before one counts
BUFFERS = 4  # a camera's driver has, as OpenCV asks for
EARLY_S = 0.03
# Sooner, once so many images in so long a time came so evenly: a backlog at 1.04 times real time
# would have gained 0.01 s meanwhile, and no more than 0.005 s of that can hide in the unevenness.
STEADY_IMAGES, STEADY_FOR_S, STEADY_S = 5, 0.25, 0.004
JUMPED_AFTER = 3  # images in a row with impossible times are a new time; fewer are left out


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
        self._clock = StreamClock(self._late_s)
        self._waits = Waits()
        self._arrived_at = 0.0
        self._previous: ColorImage | None = None
        self._samples: deque[int] = deque(maxlen=BUFFERS if live else 1)
        self._fresh_at: float | None = None
        self._last: Verdict = "fresh"
        self._different = 0  # pictures that neither were blank nor repeated another
        self.proven = False  # whether any image was fresh yet

    def judge(
        self, image: ColorImage, began_at: float, arrived_at: float, position_s: float | None
    ) -> Judgement:
        """Judges an image that was waited for from `began_at` until it arrived.

        What of the read was work must not lie in between, as it tells nothing of the camera.
        `position_s` is the source's own time of the image, from any origin; None if it has
        no clock. Three verdicts are faults, after which the source must be opened again:
        "blocked", the read, or the pause before it, took too long (the first read is spared, as
        it waits for a key frame); "drifted", the camera's clock and ours have run apart so far
        that a lag might hide in it; "jumped", the stream's time went back, or ahead of ours, and
        stayed there.
        """
        silent_s, self._arrived_at = arrived_at - self._arrived_at, arrived_at
        if self._fresh_at is None:
            self._fresh_at = arrived_at
        elif self._live and silent_s > self._stall_s:
            return Judgement("blocked", arrived_at)
        captured_at = self._captured_at(began_at, arrived_at, position_s)
        if self._clock.drifted:
            return Judgement("drifted", arrived_at)
        if self._clock.jumped:
            return Judgement("jumped", arrived_at)
        verdict = self._verdict(image, arrived_at, captured_at)
        self._last = verdict
        if verdict == "fresh":
            self._fresh_at = arrived_at
            self.proven = True
        return Judgement(verdict, arrived_at if captured_at is None else captured_at)

    def starved_s(self, now: float) -> float:
        """For how long nothing fresh came, seconds."""
        return 0.0 if self._fresh_at is None else now - self._fresh_at

    @property
    def frozen(self) -> bool:
        """Whether the image stands still: the last one repeated its predecessor."""
        return self._last == "repeated"

    @property
    def blank(self) -> bool:
        """Whether the last image was one single colour."""
        return self._last == "blank"

    def _captured_at(
        self, began_at: float, arrived_at: float, position_s: float | None
    ) -> float | None:
        if not self._live:
            return arrived_at
        waited = self._waits.waited(arrived_at - began_at, arrived_at)
        if position_s is None:
            return arrived_at if waited else None
        if self._clock.stands_still(position_s):
            self._clock.repeat(arrived_at, position_s)
            return arrived_at if waited else None
        return self._clock.captured_at(arrived_at, position_s)

    def _verdict(
        self, image: ColorImage, arrived_at: float, captured_at: float | None
    ) -> Literal["fresh", "late", "repeated", "blank"]:
        repeats = self._repeats(image)
        if self._live and blank(image):
            return "blank"
        if repeats:
            return "repeated"
        self._different += 1
        if self._live and self._different < SEVERAL:
            return "late"
        if captured_at is None or arrived_at - captured_at > self._late_s:
            return "late"
        return "fresh"

    def _repeats(self, image: ColorImage) -> bool:
        """Whether every pixel equals the image before; a sample settles nearly every case.

        Live, it also repeats if it returns to one a few images ago: a hung driver hands out its
        buffers in turn, and no camera's noise comes twice.
        """
        sample = crc32(np.ascontiguousarray(image[::8, ::8]).data)
        before, self._previous = self._previous, image
        samples = list(self._samples)
        self._samples.append(sample)
        if before is not None and sample == samples[-1]:
            return np.array_equal(before, image)
        return sample in samples


class StreamClock:
    """Turns a stream's own time into ours.

    The transport only ever delays, so the smallest difference ever seen between arrival and
    stream time belongs to an image that was hardly delayed at all; measured against it, the
    others show how late they are. It falls while a buffer is emptied, and then nothing is
    believed. It also moves slowly with the camera's clock; as a lag that grows, or shrinks, looks
    the same, it may not move far.
    """

    def __init__(self, late_s: float = LATEST_S) -> None:
        """A time that is off by more than `late_s` is impossible, by less just late."""
        self._late_s = late_s
        self._began_at = 0.0
        self._arrived_at = 0.0
        self._position_s: float | None = None
        self._offset = 0.0  # smallest arrival minus stream time, drift allowed for
        self._settled = False  # whether images have begun to be believed
        self._settled_offset = 0.0  # what the offset was when they did
        self._falls: deque[tuple[float, float]] = deque()  # when the offset fell, by how much
        self._recent: deque[tuple[float, float]] = deque()  # arrivals, and their own offsets
        self._impossible = 0  # images in a row

    def stands_still(self, position_s: float) -> bool:
        """Whether this is the time of the image before: then it tells nothing."""
        return position_s == self._position_s

    def repeat(self, arrived_at: float, position_s: float) -> None:
        """An image came with the time of the one before.

        FFmpeg gives a stream's first image, whose time it does not know, that of the second: of
        these two the second counts.
        """
        if len(self._recent) == 1 and not self._settled:
            self._position_s = None  # as if it were the first
            self.captured_at(arrived_at, position_s)

    @property
    def drifted(self) -> bool:
        """Whether more was put down to the camera's clock than may be believed."""
        return abs(self._offset - self._settled_offset) > DRIFTED_S

    @property
    def jumped(self) -> bool:
        """Whether the stream has left its time for another."""
        return self._impossible >= JUMPED_AFTER

    def captured_at(self, arrived_at: float, position_s: float) -> float | None:
        """When the image was taken, on our clock; None while that cannot be told yet.

        That is so as long as images arrive faster than they were taken: they come out of a
        buffer, and how old they are only the end will show. And at the beginning, until there
        was time to notice that. And of an image whose time cannot be.
        """
        offset = arrived_at - position_s
        if self._position_s is None:
            self._begin(arrived_at, offset)
        elif self._cannot_be(arrived_at, position_s):
            if self._settled:  # nothing of it is kept: the next may be right again
                self._impossible += 1
                return None
            self._begin(arrived_at, offset)
        self._impossible = 0
        self._move(offset, arrived_at)
        self._position_s, self._arrived_at = position_s, arrived_at
        if self._must_wait(arrived_at):
            self._settled_offset = self._offset
            return None
        self._settled = True
        return position_s + self._offset

    def _begin(self, arrived_at: float, offset: float) -> None:
        self._began_at, self._arrived_at, self._offset = arrived_at, arrived_at, offset
        self._falls.clear()
        self._recent.clear()

    def _cannot_be(self, arrived_at: float, position_s: float) -> bool:
        """Whether no camera can have given this time after the one before.

        Images come in their order, so time does not go back; some decoders give the first a
        wrong time, so before anything is believed it may not go back at all. And what was
        prompt cannot be early.
        """
        assert self._position_s is not None
        back_s = self._position_s - position_s
        if not self._settled:
            return back_s > 0.0
        early_s = self._expected(arrived_at) - (arrived_at - position_s)
        return max(back_s, early_s) > self._late_s

    def _expected(self, arrived_at: float) -> float:
        """The smallest offset by now, as the camera's clock may have run off."""
        return self._offset + DRIFT * (arrived_at - self._arrived_at)

    def _move(self, offset: float, arrived_at: float) -> None:
        expected = self._expected(arrived_at)
        if offset < expected:
            self._falls.append((arrived_at, expected - offset))
        while self._falls and self._falls[0][0] < arrived_at - CATCH_UP_S:
            self._falls.popleft()
        self._offset = min(offset, expected)
        self._recent.append((arrived_at, offset))
        while len(self._recent) > STEADY_IMAGES and self._recent[1][0] <= arrived_at - STEADY_FOR_S:
            self._recent.popleft()

    def _must_wait(self, arrived_at: float) -> bool:
        if not self._settled and self._is_steady:
            self._falls.clear()  # what was caught up with is over
            return False
        young = not self._settled and arrived_at - self._began_at < CATCH_UP_S
        return young or self._catches_up

    @property
    def _catches_up(self) -> bool:
        return sum(fall_s for _, fall_s in self._falls) > EARLY_S

    @property
    def _is_steady(self) -> bool:
        """Whether the last images came as evenly as they were made."""
        span_s = self._recent[-1][0] - self._recent[0][0]
        if len(self._recent) < STEADY_IMAGES or span_s < STEADY_FOR_S:
            return False
        offsets = [offset for _, offset in self._recent]
        return max(offsets) - min(offsets) <= STEADY_S


class Waits:
    """Tells an image that was waited for from one that lay ready in a buffer.

    For sources without a clock. Whoever reads faster than the camera gives waits for part of
    each period; while a buffer is emptied nobody waits, and images come faster than the camera
    makes them. How fast it makes them is learnt at the beginning, and a burst teaches nothing.
    """

    SHORTEST_S = 0.01  # below is no wait: 60 images/s leave 16 ms, minus the work on each
    SHORTEST_PERIOD_S = 0.015  # no camera is so fast; whoever seems to be empties a buffer
    LEARNT_FROM = 8  # intervals in a row, half of them waits; until then nothing is believed
    PACE_OVER = 4  # intervals; over so many, images that come too fast come out of a buffer

    def __init__(self) -> None:
        self._reads: deque[tuple[float, float]] = deque(maxlen=self.LEARNT_FROM + 1)
        self._usual_s = 0.0  # usual wait
        self._period_s: float | None = None  # between two images; None until it is learnt

    def waited(self, wait_s: float, arrived_at: float) -> bool:
        """Whether an image that came after such a wait is believed to be prompt."""
        if self._period_s is not None and wait_s > self._usual_s + LATEST_S:
            self._reads.clear()  # how long ago it was made, and what follows, is open
        self._reads.append((arrived_at, wait_s))
        if self._period_s is None:
            self._learn()
            return False
        if wait_s < max(self.SHORTEST_S, 0.25 * self._usual_s):
            return False
        interval_s = self._interval_s(self.PACE_OVER)
        if interval_s is None or interval_s < 0.75 * self._period_s:
            return False
        self._usual_s += 0.05 * (min(wait_s, 2 * self._usual_s) - self._usual_s)
        self._period_s += 0.05 * (min(interval_s, 2 * self._period_s) - self._period_s)
        return True

    def _learn(self) -> None:
        waits = [wait_s for _, wait_s in list(self._reads)[1:] if wait_s >= self.SHORTEST_S]
        interval_s = self._interval_s(self.LEARNT_FROM)
        if interval_s is None or interval_s < self.SHORTEST_PERIOD_S:
            return
        if len(waits) >= self.LEARNT_FROM / 2:
            self._usual_s, self._period_s = median(waits), interval_s

    def _interval_s(self, count: int) -> float | None:
        """The mean of the last `count` intervals; None if there are not so many."""
        if len(self._reads) <= count:
            return None
        return (self._reads[-1][0] - self._reads[-1 - count][0]) / count
