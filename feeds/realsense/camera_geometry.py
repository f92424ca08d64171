"""Reads a RealSense camera's geometry and units, and refuses those no one can measure with."""

from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np

from feeds.frame import Intrinsics, Rig
from feeds.opened_source import SourceError

_UNPLACED = "{} does not tell how its lenses stand to each other"
FINEST_M, COARSEST_M = 1e-5, 1e-2  # what one step of depth can mean, metres


@dataclass(frozen=True, slots=True)
class Streams:
    """What the opened streams give.

    bgr             whether colours come as BGR, not RGB
    infrared_index  which infrared stream to take; None without one
    aligned         whether depth is recorded aligned to the colours already
    """

    rig: Rig
    fps: float
    bgr: bool
    infrared_index: int | None
    aligned: bool


def streams_of(rs: Any, profile: Any, name: str) -> Streams:
    """Raises SourceError if colour or depth is missing, or no one could measure with them."""
    stream, form = rs.stream, rs.format
    profiles = [found.as_video_stream_profile() for found in profile.get_streams()]
    color = _one(profiles, stream.color, (form.bgr8, form.rgb8))
    depth = _one(profiles, stream.depth, (form.z16,))
    infrared = _one(profiles, stream.infrared, (form.y8,))
    if depth is None:
        raise SourceError("no_depth", f"{name} has no depth in 16 bits")
    if color is None:
        raise SourceError("open_failed", f"{name} has no colours in 8-bit RGB or BGR")
    return Streams(
        rig=_rig(color, infrared, name),
        fps=float(color.fps()),
        bgr=color.format() == form.bgr8,
        infrared_index=None if infrared is None else infrared.stream_index(),
        aligned=_alike(depth, color, name),
    )


def depth_units_m(device: Any, name: str) -> float:
    """What one step of depth means, metres. Raises SourceError if that cannot be."""
    units_m = float(device.first_depth_sensor().get_depth_scale())
    if not FINEST_M <= units_m <= COARSEST_M:
        raise SourceError("wrong_units", f"{name} gives depth in steps of {units_m:g} m")
    return units_m


def _one(profiles: list[Any], kind: Any, formats: tuple[Any, ...]) -> Any | None:
    """The first stream of a kind; of infrared, the left eye, through which depth is seen."""
    fit = [
        found
        for found in profiles
        if found.stream_type() == kind and found.format() in formats and found.stream_index() < 2
    ]
    return fit[0] if fit else None


def _rig(color: Any, infrared: Any | None, name: str) -> Rig:
    if infrared is None:
        return Rig(_intrinsics(color, name))
    try:
        to_color = infrared.get_extrinsics_to(color)
    except RuntimeError as error:
        raise SourceError("open_failed", _UNPLACED.format(name)) from error
    x, y, z = (1000.0 * value for value in to_color.translation)
    by_rows = np.reshape(to_color.rotation, (3, 3)).T.ravel().tolist()
    return Rig(_intrinsics(color, name), _intrinsics(infrared, name), tuple(by_rows), (x, y, z))


def _alike(depth: Any, color: Any, name: str) -> bool:
    """Whether both see from one place through one lens, pixel by pixel."""
    try:
        moved = depth.get_extrinsics_to(color)
    except RuntimeError as error:
        raise SourceError("open_failed", _UNPLACED.format(name)) from error
    unmoved = moved.rotation == list(Rig(_intrinsics(color, name)).rotation)
    return unmoved and not any(moved.translation) and _lens(depth) == _lens(color)


def _lens(profile: Any) -> tuple[object, ...]:
    seen = profile.get_intrinsics()
    values = (seen.width, seen.height, seen.fx, seen.fy, seen.ppx, seen.ppy)
    return (*values, seen.model, tuple(seen.coeffs))


def _intrinsics(profile: Any, name: str) -> Intrinsics:
    seen = profile.get_intrinsics()
    values = (seen.fx, seen.fy, seen.ppx, seen.ppy)
    if not all(isfinite(value) for value in values) or min(seen.fx, seen.fy) <= 0:
        raise SourceError("open_failed", f"{name} does not tell its lens: it must be calibrated")
    return Intrinsics(seen.width, seen.height, *values)
