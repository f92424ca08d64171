"""How sources and their faults are put into words, alike on both sides of the process border."""

from typing import assert_never

from feeds.feed_settings import (
    FileSource,
    RealSenseSource,
    RecordingSource,
    Source,
    StreamSource,
    UsbSource,
)
from feeds.pace import LEAST_RATE
from feeds.urls import redact


def shown(source: Source) -> str:
    """The source as people may see it: a device, an address without its secrets, a path."""
    match source:
        case UsbSource():
            return node(source)
        case StreamSource():
            return redact(source.url)
        case RealSenseSource():
            return f"RealSense camera {source.serial}"
        case FileSource() | RecordingSource():
            return source.path
    assert_never(source)


def node(source: UsbSource) -> str:
    """The device's path, as the operator named it."""
    return f"/dev/video{source.device}" if isinstance(source.device, int) else source.device


def no_frames(name: str, patience_s: float) -> str:
    return f"{name} gave no fresh image for {patience_s:g} s"


def no_key_frame(name: str, waited_s: float) -> str:
    return (
        f"{name} is connected, but sent no key frame for {waited_s:g} s: shorten the camera's"
        " key-frame interval (also called GOP or I-frame interval) to 1 or 2 s"
    )


def picture_changed(name: str) -> str:
    return f"{name} changed the size or shape of its pictures: it is opened again"


def picture_changes(path: str, after_s: float) -> str:
    return (
        f"{path} changes the size, shape or kind of its pictures {after_s:.1f} s after its start"
        " and cannot be shown beyond: make them alike, as by"
        " `ffmpeg -i FILE -vf scale=1280:720 OTHER`"
    )


def virtual(name: str, called: str) -> str:
    return (
        f"{name} ({called}) is no camera but a program that shows what it likes: name the real"
        " camera, which `kioskd devices` lists, or allow this one with virtual: true"
    )


def time_jumped(name: str) -> str:
    return (
        f"{name} gave its images times that jumped: it is opened again. If that comes back, have"
        " the camera set its clock by one time server only"
    )


def frozen(name: str) -> str:
    return f"{name} gives the same image again and again"


def looped(name: str) -> str:
    return (
        f"{name} shows again what it showed some time before, as a recording does that is played in"
        " a loop: see what stands between the camera and this machine"
    )


def blank(name: str) -> str:
    return (
        f"{name} shows one single colour and no picture: take the cap off its lens, switch its"
        " privacy mask off, and look at it with another program"
    )


def interlaced(name: str) -> str:
    return (
        f"{name} sends interlaced video, which cannot be shown: set the camera to progressive"
        " (often found beside the resolution, as 1080p for 1080i, or as deinterlacing)"
    )


def too_slow(rate: float) -> str:
    """Without the camera's name, which stands before it."""
    return (
        f"gives {rate:.1f} pictures a second, at least {LEAST_RATE:.0f} are needed:"
        " raise the frame rate in the camera's settings"
    )
