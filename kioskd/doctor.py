"""`kioskd doctor`: look at what a door needs, and say line by line what is well or what to do."""

import json
import os
import tempfile
import time
from collections.abc import Iterator
from ctypes import CDLL
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from feeds import realsense
from feeds.feed import Feed
from feeds.frame import Frame
from feeds.picture import blank
from feeds.settings import FeedSettings, PlayedSource, RealSenseSource, RecordingSource
from kioskd import depth_check, hanging, speed, time_service
from kioskd.config.load import Config, ConfigError, load
from kioskd.daemon import networks
from kioskd.delivery.embedded import EmbeddedBroker, EmbeddedError
from kioskd.delivery.probe import probe
from kioskd.delivery.sizes import sizes
from kioskd.log import redacted
from kioskd.loopback import listens
from kioskd.modes import catalogue
from kioskd.modes.catalogue import ModeSettings
from kioskd.view import View
from models.manifest import NetworkError
from models.observation import Measure
from models.picture import colourless

CAMERA_S = 15.0  # how long a camera may take to show its first frame


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: what was looked at, whether it is well, and what was seen or is to be done."""

    subject: str
    well: bool
    sentence: str
    note: bool = False  # of what is allowed but unwise

    @property
    def verdict(self) -> str:
        return "note" if self.note else "ok" if self.well else "FAIL"

    def __str__(self) -> str:
        return f"{self.verdict:4}  {self.subject}: {redacted(self.sentence)}"

    def json(self) -> str:
        """For a program: one object on a line."""
        told = {"subject": self.subject, "verdict": self.verdict.lower()}
        return json.dumps(told | {"sentence": redacted(self.sentence)})


def run(path: Path, *, as_json: bool = False) -> int:
    """Print a line per finding. Exit status 0 if all is well, 2 on a bad configuration, else 1."""

    def say(finding: Finding) -> None:
        print(finding.json() if as_json else finding, flush=True)

    try:
        config = load(path)
    except ConfigError as error:
        for problem in error.problems:
            say(Finding("configuration", False, str(problem)))
        return 2
    say(Finding("configuration", True, f"{path} has no mistakes"))
    for note in config.notes:
        say(Finding("configuration", True, note, note=True))
    well = True
    for finding in _findings(config):
        say(finding)
        well = well and finding.well
    return 0 if well else 1


def _findings(config: Config) -> Iterator[Finding]:
    yield from _networks(config)
    for door in config.doors:
        yield (seen := _camera(door.feed, door.mode))
        if seen.well:
            yield _picture(door.feed)
    yield from _broker(config)
    yield _sizes(config)
    yield _clock()
    yield _state_dir(config.state_dir)
    yield _libusb(config)


def _networks(config: Config) -> Iterator[Finding]:
    try:
        loaded = networks(config)
    except NetworkError as error:
        yield Finding("networks", False, str(error))
        return
    names = ", ".join(sorted(loaded.uses()))
    wish = config.perception.provider
    yield Finding("networks", True, f"{names} run on {loaded.provider} (asked for: {wish})")
    yield Finding("speed", *speed.sentence(speed.measured(config, loaded), len(config.doors)))


def _camera(settings: FeedSettings, mode: ModeSettings) -> Finding:
    """Look through the camera with the daemon's own feed: several good frames are the proof."""
    subject = f"camera {settings.name}"
    if isinstance(settings.source, PlayedSource):
        settings = replace(settings, source=replace(settings.source, repeat="once"))
    feed = Feed(settings)
    feed.start()
    lacking, view, took_s = "", View(), 0.0
    try:
        began_at = time.monotonic()
        while time.monotonic() - began_at < CAMERA_S and not view.whole:
            if (frame := feed.newest(0.25)) is not None:
                lacking = depth_check.lacking(frame, mode)
                if not lacking and not blank(frame.color):  # which has no colour, but is told first
                    lacking = _colourless(frame, mode)
                if not lacking:
                    took_s = took_s or time.monotonic() - began_at
                    view.add(frame)
            elif feed.state.phase == "offline":
                break
    finally:
        feed.stop()
    failed = feed.state.phase != "online" and feed.state.reason != "finished"
    if view.first is None or failed:
        over = "was played to its end and gave no picture that shows anything"
        detail = over if feed.state.reason == "finished" else feed.state.detail
        return Finding(subject, False, lacking or detail)
    if fault := view.fault:
        return Finding(subject, False, fault)
    return Finding(subject, True, f"{_seen(view.first)}, after {took_s:.1f} s")


def _picture(settings: FeedSettings) -> Finding:
    """Whether it hangs upright, by whoever stands before the camera."""
    subject = f"picture {settings.name}"
    try:
        needed = hanging.turn(settings)
    except NetworkError as error:
        return Finding(subject, False, str(error))
    if needed is None:
        unseen = "nobody was in view, so nothing says whether it hangs upright; stand there"
        return Finding(subject, True, f"{unseen} and look again", note=True)
    if needed:
        return Finding(subject, False, hanging.advice(settings, needed))
    return Finding(subject, True, "hangs upright, by the face in view")


def _colourless(frame: Frame, mode: ModeSettings) -> str:
    """A picture all in grey, up to a cast, whoever is in view, before a door that judges by it."""
    if Measure.PICTURE not in catalogue.needs(mode).measures or not colourless(frame.color):
        return ""
    return (
        "its picture has no colour, and this door judges by colours: if the camera is in night "
        "mode, switch that off (day mode, infrared light off) and add light"
    )


def _seen(frame: Frame) -> str:
    height, width = frame.color.shape[:2]
    seen = f"first image {width}x{height}"
    if frame.depth is not None:
        seen += f" with depth in {np.count_nonzero(frame.depth) / frame.depth.size:.0%} of it"
    if frame.infrared is not None:
        height, width = frame.infrared.shape
        seen += f", infrared {width}x{height}"
    return seen


def _broker(config: Config) -> Iterator[Finding]:
    """A real loop-back publish. A daemon's embedded broker is started if none is there."""
    port = config.delivery.port
    embedded = EmbeddedBroker(port) if config.embedded and not listens(port) else None
    if embedded is not None:
        try:
            embedded.start()
        except EmbeddedError as error:
            yield Finding("broker", False, str(error))
            return
    try:
        for well, sentence in probe(config.delivery):
            yield Finding("broker", well, sentence)
    finally:
        if embedded is not None:
            embedded.stop()
            embedded.join()


def _sizes(config: Config) -> Finding:
    """Of the feed with the longest name: controllers with little memory drop what is larger."""
    source = max((door.feed.name for door in config.doors), key=len)
    full, compact = (sizes(config.delivery, source, compact) for compact in (False, True))
    told = (
        f"an event of {source} has about {full.action} bytes, /status {full.status}; with "
        f"mqtt.payload: compact {compact.action} and {compact.status} "
        f"(set: {config.delivery.payload})"
    )
    return Finding("messages", True, told)


def _clock() -> Finding:
    doubt = time_service.doubt(time_service.synchronised(), time.time())
    return Finding("clock", doubt is None, doubt or "kept by a time service")


def _state_dir(folder: Path) -> Finding:
    """Try what the audit log will do: write there, and have it on the disk."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"kioskd")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        advice = f"{folder} cannot be written ({error.strerror}): give this user the folder"
        return Finding("audit log", False, advice)
    return Finding("audit log", True, f"{folder} can be written")


def _libusb(config: Config) -> Finding:
    """RealSense cameras need it, and pyrealsense2; nothing else does."""
    if any(
        isinstance(door.feed.source, RealSenseSource | RecordingSource) for door in config.doors
    ):
        try:
            realsense.library()
        except realsense.NoLibraryError as error:
            return Finding("libusb", False, str(error))
        return Finding("libusb", True, "installed, and pyrealsense2 too")
    try:
        CDLL("libusb-1.0.so.0")
    except OSError:
        missing = "not installed, and nothing configured needs it (RealSense cameras do: "
        return Finding("libusb", True, missing + "apt-get install libusb-1.0-0)")
    return Finding("libusb", True, "installed")
