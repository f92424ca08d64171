"""Plays a RealSense recording: every image of it, each with what was recorded for it.

What kioskd recorded is put together by the images' numbers, what others did by the times at which
they were taken; only where colours and depth carry times of two clocks, by the order in which the
library gives them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any, cast

from feeds.frame import ColorImage, DepthImage, InfraredImage, NoDepth
from feeds.opened_source import Shot, SourceError
from feeds.planes import Planes
from feeds.realsense.camera_reader import (
    GRACE_S,
    POLL_MS,
    CameraReader,
    Moment,
    grey_of,
    image_of,
    infrared_of,
)
from feeds.realsense.library_log import Complaints
from feeds.realsense.pairing import Pairing

GENERATED = " (generated)"  # with which the name of a device ends that there never was
KEPT = "Kept by kioskd"  # the name of the device in a recording of what a feed has shown
_SILENCE_S = 5.0  # a recording that gives nothing for so long is damaged
# Said of a recording that cannot be read on, which the library then ends as if it were whole.
_UNREADABLE = "Failed to read next frame"


@dataclass(frozen=True, slots=True, eq=False)
class _Taken:
    """A copy of an image and when it was taken; of depth perhaps why there is none."""

    moment: Moment
    image: ColorImage | DepthImage | InfraredImage | NoDepth


class RecordingReader(CameraReader):
    """One playing of a recording, from its beginning."""

    def __init__(
        self,
        rs: Any,
        pipeline: Any,
        profile: Any,
        name: str,
        stall_s: float,
        playback: Any,
        complaints: Complaints,
    ) -> None:
        """`complaints` are those since before the playing began.

        Raises SourceError if what was recorded cannot be measured with.
        """
        super().__init__(rs, pipeline, profile, name, stall_s)
        self._playback = playback
        self._complaints = complaints
        self._ended = False
        self._shown = False
        self._first_at: float | None = None  # camera's time of the first colours, seconds
        self._start_at = 0.0  # and of the first that are shown
        device = self._device.get_info(rs.camera_info.name)
        self._by_number = device.endswith(GENERATED) or device == KEPT
        self._within = 0.5 if self._by_number else self.period_s / 2
        self._in_order = False  # whether colours and depth carry times of two clocks
        self._count = 0  # of colours
        self._numbers: dict[str, int] = {}  # of the newest image of each stream
        streams = ["depth"] if self._streams.infrared_index is None else ["depth", "infrared"]
        self._pairing: Pairing[_Taken, _Taken] = Pairing(streams, self._within)

    def begins_whole(self) -> bool:
        """Whether the first set holds images that belong together.

        The library gives none out until each stream has begun, and then the newest of each: where
        one ran ahead, its first are lost.
        """
        frames = self._next_set()
        if frames is None:
            return True
        color, depth = frames.get_color_frame(), frames.get_depth_frame()
        if not (color and depth):
            self._take(frames)
            return True
        same_clock = Moment.of(color).clock == Moment.of(depth).clock
        self._in_order = not (self._by_number or same_clock)
        self._take(frames)
        return self._in_order or abs(self._key(color) - self._key(depth)) < self._within

    def read(self) -> Shot | None:
        """The next image with its depth and infrared; None at the end. Raises SourceError."""
        began_at = monotonic()
        try:
            while True:
                paired = self._pairing.next(ended=self._ended)
                if paired is not None:
                    shot = self._shot_of(*paired, began_at)
                    if shot is not None:
                        return shot
                elif self._ended:
                    self._check_end()
                    return None
                elif (frames := self._next_set()) is not None:
                    self._take(frames)
        except RuntimeError as error:
            line = str(error).partition("\n")[0]
            raise SourceError("unreadable", f"{self._name} cannot be read on: {line}") from error

    # -- what the library gives

    def _next_set(self) -> Any | None:
        """The next set of images; None at the end."""
        gives_up_at = monotonic() + _SILENCE_S
        while monotonic() < gives_up_at:
            came, frames = self._pipeline.try_wait_for_frames(POLL_MS)
            if came:
                return frames
            if self._ended:
                return None
            # Once more after it has stopped: an image may have come in between.
            self._ended = self._playback.current_status() == self._rs.playback_status.stopped
        raise SourceError("unreadable", f"{self._name} breaks off: it is damaged")

    def _take(self, frames: Any) -> None:
        """Copies what is new in a set: it holds the newest of each stream, most of them again."""
        color = frames.get_color_frame()
        if not color:
            return
        new = self._is_new("color", color)
        if new:
            self._count += 1
            at = Moment.of(color)
            self._first_at = at.at if self._first_at is None else self._first_at
            self._pairing.add_color(self._key(color), _Taken(at, image_of(color, self._streams)))
        if new or not self._in_order:
            self._take_planes(frames, color.get_timestamp() / 1000.0)

    def _take_planes(self, frames: Any, at: float) -> None:
        depth, infrared = frames.get_depth_frame(), infrared_of(frames, self._streams)
        if depth and self._is_new("depth", depth):
            found = self._sensor.look(frames, at)
            if found is not None:
                taken = _Taken(Moment.of(depth), found)
                self._pairing.add_plane("depth", self._key(depth), taken)
        if infrared is not None and self._is_new("infrared", infrared):
            taken = _Taken(Moment.of(infrared), grey_of(infrared))
            self._pairing.add_plane("infrared", self._key(infrared), taken)

    def _key(self, frame: Any) -> float:
        if self._in_order:
            return float(self._count)
        return float(frame.get_frame_number() if self._by_number else frame.get_timestamp() / 1e3)

    def _is_new(self, stream: str, frame: Any) -> bool:
        number = frame.get_frame_number()
        before, self._numbers[stream] = self._numbers.get(stream), number
        return bool(number != before)

    # -- what is shown

    def _shot_of(
        self, key: float, color: _Taken, beside: Mapping[str, _Taken], began_at: float
    ) -> Shot | None:
        """None for colours before the first depth."""
        at = color.moment.at
        assert self._first_at is not None
        if not self._pairing.began("depth", key):
            if at - self._first_at > self._stall_s + GRACE_S:
                raise SourceError("no_depth", f"{self._name} gives no sets of colours and depth")
            return None
        if "depth" not in beside:
            self._sensor.check_flow(at)
        if not self._shown:
            self._shown, self._start_at = True, at
        planes = self._planes_of(color.moment, beside.get("depth"), beside.get("infrared"))
        image = cast(ColorImage, color.image)
        return Shot(image, began_at, monotonic(), at - self._start_at, planes)

    def _planes_of(self, moment: Moment, depth: _Taken | None, infrared: _Taken | None) -> Planes:
        grey = None if infrared is None else cast(InfraredImage, infrared.image)
        grey_gap_s = None if infrared is None else moment.gap_s(infrared.moment)
        rig = self._streams.rig
        if depth is None:
            return Planes(rig, None, "absent", None, grey, grey_gap_s)
        if isinstance(depth.image, str):
            return Planes(rig, None, depth.image, None, grey, grey_gap_s)
        image = cast(DepthImage, depth.image)
        return Planes(rig, image, None, moment.gap_s(depth.moment), grey, grey_gap_s)

    def _check_end(self) -> None:
        """Raises SourceError where the recording did not come to its end, or showed nothing."""
        if _UNREADABLE in self._complaints.text:
            raise SourceError(
                "unreadable",
                f"{self._name} is damaged and cannot be read to its end: copy it again",
            )
        if not self._shown:
            raise SourceError("no_depth", f"{self._name}: holds no image with depth")
