"""What a door's camera shows, looked at through the daemon's own feed, which is opened once."""

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain

import numpy as np

from feeds.blank_picture import blank
from feeds.feed import Feed
from feeds.feed_settings import FeedSettings, PlayedSource
from feeds.frame import ColorImage, Frame
from kioskd.config.config import Door
from kioskd.doctor import depth_limits, hanging, in_view
from kioskd.doctor.diagnosis import Diagnosis
from kioskd.doctor.several_pictures import Pictures
from kioskd.modes import catalogue
from kioskd.modes.catalogue import ModeSettings
from models.network_file import NetworkError
from models.observation import Measure
from models.picture_measures import colourless

START_S = 15.0  # how long a camera may take until enough was seen of it
LOOK_S = 3.0  # after that, so long somebody is looked for
WAIT_S = 0.25  # for a frame
KEPT, APART_S = 10, 0.1  # pictures of the first look in which somebody is looked for too


def look(door: Door) -> Iterator[Diagnosis]:
    """Whether several good frames come; then, by whoever is there, whether they hang upright, and
    what the gate's checks find.
    """
    with _opened(door.feed) as feed:
        seen = deque[Frame](maxlen=KEPT)
        yield (found := _camera(feed, door.mode, seen))
        if not found.well:
            return
        earlier = [frame.color for frame in seen]
        yield (hangs := _hanging(door.feed, chain(earlier, _images(feed, seen))))
        if hangs.well and not hangs.note and (checks := in_view.look(door, seen)) is not None:
            yield checks


@contextmanager
def _opened(settings: FeedSettings) -> Iterator[Feed]:
    if isinstance(settings.source, PlayedSource):
        settings = replace(settings, source=replace(settings.source, repeat="once"))
    feed = Feed(replace(settings, loops="ignore"))  # it is asked whether the camera is well
    feed.start()
    try:
        yield feed
    finally:
        feed.stop()


def _camera(feed: Feed, mode: ModeSettings, seen: deque[Frame]) -> Diagnosis:
    """What the camera gives; some of its frames are put into `seen`."""
    subject = f"camera {feed.settings.name}"
    lacking, view, took_s = "", Pictures(), 0.0
    began_at = time.monotonic()
    while time.monotonic() - began_at < START_S and not view.whole:
        if (frame := feed.newest(WAIT_S)) is not None:
            lacking = _lacking(frame, mode)
            if not lacking:
                took_s = took_s or time.monotonic() - began_at
                view.add(frame)
                if not seen or frame.captured_at - seen[-1].captured_at >= APART_S:
                    seen.append(frame)
        elif feed.state.phase == "offline":
            break
    failed = feed.state.phase != "online" and feed.state.reason != "finished"
    if view.first is None or failed:
        over = "was played to its end and gave no picture that shows anything"
        detail = over if feed.state.reason == "finished" else feed.state.detail
        return Diagnosis(subject, False, lacking or detail)
    if fault := view.fault:
        return Diagnosis(subject, False, fault)
    rate = f", {view.rate:.1f} pictures a second" if view.rate else ""
    return Diagnosis(subject, True, f"{_told(view.first)}, after {took_s:.1f} s{rate}")


def _images(feed: Feed, seen: deque[Frame]) -> Iterator[ColorImage]:
    """What the feed shows, for LOOK_S; each frame is put into `seen`."""
    ends_at = time.monotonic() + LOOK_S
    while time.monotonic() < ends_at and feed.state.reason != "finished":
        if (frame := feed.newest(WAIT_S)) is not None:
            seen.append(frame)
            yield frame.color


def _hanging(settings: FeedSettings, images: Iterator[ColorImage]) -> Diagnosis:
    subject = f"picture {settings.name}"
    try:
        needed = hanging.turn(images)
    except NetworkError as error:
        return Diagnosis(subject, False, str(error))
    if needed is None:
        unseen = "nobody was in view, so nothing says whether it hangs upright; stand there"
        return Diagnosis(subject, True, f"{unseen} and look again", note=True)
    if needed:
        return Diagnosis(subject, False, hanging.advice(settings, needed))
    return Diagnosis(subject, True, "hangs upright, by the face in view")


def _lacking(frame: Frame, mode: ModeSettings) -> str:
    """What a frame has too little of to be judged by the door's mode; "" where nothing is."""
    lacking = depth_limits.lacking(frame, mode)
    if lacking or blank(frame.color):  # which has no colour, but is told as what it is
        return lacking
    if Measure.PICTURE not in catalogue.needs(mode).measures or not colourless(frame.color):
        return ""
    return (
        "its picture has no colour, and this door judges by colours: if the camera is in night "
        "mode, switch that off (day mode, infrared light off) and add light"
    )


def _told(frame: Frame) -> str:
    height, width = frame.color.shape[:2]
    seen = f"first image {width}x{height}"
    if frame.depth is not None:
        seen += f" with depth in {np.count_nonzero(frame.depth) / frame.depth.size:.0%} of it"
    if frame.infrared is not None:
        height, width = frame.infrared.shape
        seen += f", infrared {width}x{height}"
    return seen
