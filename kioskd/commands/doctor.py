"""`kioskd doctor`: look at what a door needs, and say line by line what is well or what to do."""

import os
import tempfile
import time
from collections.abc import Iterator
from ctypes import CDLL
from dataclasses import replace
from pathlib import Path

from feeds.feed_settings import RealSenseSource, RecordingSource
from feeds.realsense import library
from kioskd import libraries, time_service
from kioskd.commands.configuration import FAILED, OK, configuration
from kioskd.config.load import Config
from kioskd.daemon import networks
from kioskd.delivery.delivery_settings import Form
from kioskd.delivery.message_sizes import sizes
from kioskd.doctor import (
    alarms,
    camera_shows,
    fleet,
    identities,
    people_file,
    round_trip,
    speed,
)
from kioskd.doctor.diagnosis import Diagnosis
from models.network_file import NetworkError


def run(path: Path, *, as_json: bool = False) -> int:
    """Print a line per finding. Exit status 0 if all is well, 2 on a bad configuration, else 1."""

    def say(finding: Diagnosis) -> None:
        print(finding.json() if as_json else finding, flush=True)

    config = configuration(
        path, lambda problem: say(Diagnosis("configuration", False, str(problem)))
    )
    say(Diagnosis("configuration", True, f"{path} has no mistakes"))
    for note in config.notes:
        say(Diagnosis("configuration", True, note, note=True))
    well = True
    for finding in _findings(config):
        say(finding)
        well = well and finding.well
    return OK if well else FAILED


def _findings(config: Config) -> Iterator[Diagnosis]:
    yield from _parts()
    yield from _networks(config)
    for door in config.doors:
        yield from camera_shows.look(door)
    yield from identities.look(config)
    yield from round_trip.look(config)
    yield from fleet.look(config)
    yield from alarms.look(config)
    yield _sizes(config)
    yield _clock()
    yield _state_dir(config.state_dir)
    yield from people_file.look(config)
    yield _libusb(config)


def _parts() -> Iterator[Diagnosis]:
    """Which libraries it runs on, why these, and where two exclude each other."""
    for clash in libraries.clashes():
        yield Diagnosis("packages", False, clash)
    yield Diagnosis("OpenCV", True, libraries.opencv())
    fits, told = libraries.runtime()
    yield Diagnosis("ONNX Runtime", True, told, note=not fits)
    yield Diagnosis("extras", True, libraries.extras())


def _networks(config: Config) -> Iterator[Diagnosis]:
    try:
        loaded = networks(config)
    except NetworkError as error:
        yield Diagnosis("networks", False, str(error))
        return
    names = ", ".join(sorted(loaded.uses()))
    wish = config.perception.provider
    yield Diagnosis("networks", True, f"{names} run on {loaded.provider} (asked for: {wish})")
    yield Diagnosis("speed", *speed.sentence(speed.measured(config, loaded), len(config.doors)))


def _sizes(config: Config) -> Diagnosis:
    """How large messages get: controllers with little memory drop what is larger."""
    source = max((door.feed.name for door in config.doors), key=len)
    forms: tuple[Form, ...] = ("full", "compact")
    full, compact = (sizes(replace(config.delivery, payload=form), source) for form in forms)
    told = (
        f"an event of {source} has about {full.action} bytes, /status {full.status}; with "
        f"mqtt.payload: compact {compact.action} and {compact.status} "
        f"(set: {config.delivery.payload})"
    )
    return Diagnosis("messages", True, told)


def _clock() -> Diagnosis:
    doubt = time_service.doubt(time_service.synchronised(), time.time())
    return Diagnosis("clock", doubt is None, doubt or "kept by a time service")


def _state_dir(folder: Path) -> Diagnosis:
    """Try what the audit log will do: write there, and have it on the disk."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"kioskd")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        advice = f"{folder} cannot be written ({error.strerror}): give this user the folder"
        return Diagnosis("audit log", False, advice)
    return Diagnosis("audit log", True, f"{folder} can be written")


def _libusb(config: Config) -> Diagnosis:
    """Whether libusb is there, and pyrealsense2, if a RealSense camera needs them."""
    if any(
        isinstance(door.feed.source, RealSenseSource | RecordingSource) for door in config.doors
    ):
        try:
            library.loaded()
        except library.NoLibraryError as error:
            return Diagnosis("libusb", False, str(error))
        return Diagnosis("libusb", True, "installed, and pyrealsense2 too")
    try:
        CDLL("libusb-1.0.so.0")
    except OSError:
        missing = "not installed, and nothing configured needs it (RealSense cameras do: "
        return Diagnosis("libusb", True, missing + "apt-get install libusb-1.0-0)")
    return Diagnosis("libusb", True, "installed")
