"""Whether a depth camera gives what the door's own mode asks of it. Pure."""

from math import isinf

from feeds.frame import Frame
from kioskd.modes.catalogue import ModeSettings
from kioskd.modes.depth.depth_settings import DepthSettings, InfraredSettings, Rgb3dSettings

_TWO_CLOCKS = (
    "gives {plane} and colours with the times of two clocks, which cannot be compared: re-plug it"
    " into a USB 3 port, and update its firmware"
)


def lacking(frame: Frame, mode: ModeSettings) -> str:
    """What the frame lacks, as a sentence; "" if nothing. Limits: docs/understand/modes.md."""
    if frame.rig is None:
        return ""
    match mode:
        case DepthSettings(relief=relief) | Rgb3dSettings(relief=relief):
            limit = relief.maximum_depth_gap_s
            return _no_depth(frame) or _apart("depth", frame.depth_gap_s, limit)
        case InfraredSettings(maximum_infrared_gap_s=limit):
            if frame.infrared is None:
                return "gives images, but no infrared with them, which this door's mode judges"
            return _apart("infrared", frame.infrared_gap_s, limit)
    return _no_depth(frame)


def _no_depth(frame: Frame) -> str:
    if frame.depth is not None:
        return ""
    return f"gives images, but no depth with them ({frame.no_depth})"


def _apart(plane: str, gap_s: float | None, limit_s: float) -> str:
    if gap_s is not None and isinf(gap_s):
        return _TWO_CLOCKS.format(plane=plane)
    if gap_s is not None and 0.0 <= gap_s <= limit_s:
        return ""
    apart = "at an unknown time" if gap_s is None else f"{gap_s:.3f} s apart"
    return (
        f"gives {plane} and colours taken {apart}, and maximum_{plane}_gap_s allows {limit_s:g} s:"
        " use a USB 3 port and cable, and look at the load of this machine"
    )
