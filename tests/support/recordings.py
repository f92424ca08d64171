"""Generated RealSense recordings: a small scene that says where everything must be seen.

A bright square plate, 1000 mm from the camera, stands before a wall at 2000 mm. A band of the
plate gives no depth. Colour and infrared eye differ in size, lens and place, as on a camera.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from feeds.frame import Intrinsics, Rig
from feeds.realsense.recording_writer import Scene, write_recording

SERIAL = "821212060000"
RIG = Rig(
    color=Intrinsics(320, 240, 300.0, 301.0, 160.0, 120.0),
    infrared=Intrinsics(212, 120, 150.0, 150.0, 106.0, 60.0),
    rotation=(0.8, -0.6, 0.0, 0.6, 0.8, 0.0, 0.0, 0.0, 1.0),  # no real rig is turned so far
    translation=(50.0, -20.0, 0.0),
)
PLATE_MM, WALL_MM = 1000, 2000
PLATE = (slice(30, 90), slice(70, 140))  # rows and columns in the infrared eye's image
HOLE = (slice(50, 60), slice(70, 140))


def scene(number: int, **changed: Any) -> Scene:
    """Noise in every pixel but the plate's, so that no image equals another.

    Colours are the scene's number, so that they tell which one they belong to.
    """
    random = np.random.default_rng(number)
    depth = (WALL_MM + random.integers(-20, 20, (120, 212))).astype(np.uint16)
    depth[PLATE] = PLATE_MM
    depth[HOLE] = 0
    infrared = random.integers(0, 50, (120, 212), dtype=np.uint8)
    infrared[PLATE] = 200
    eyes = {"color": np.full((240, 320, 3), (number, 100, 200), np.uint8)}
    return Scene(**{**eyes, "depth": depth, "infrared": infrared, **changed})


def recording(path: Path, scenes: int | Iterable[Scene] = 6, **how: Any) -> Path:
    """Writes scenes 0, 1, ... or those given; `how` is as for write_recording."""
    chosen = map(scene, range(scenes)) if isinstance(scenes, int) else scenes
    write_recording(path, chosen, how.pop("rig", RIG), serial=how.pop("serial", SERIAL), **how)
    return path


def seen_by_color(row: float, column: float, distance_mm: float) -> tuple[float, float]:
    """Row and column in the colour image of what the infrared eye sees in a pixel."""
    eye, color = RIG.infrared, RIG.color
    assert eye is not None
    ray = np.array([(column - eye.cx) / eye.fx, (row - eye.cy) / eye.fy, 1.0])
    x, y, z = np.reshape(RIG.rotation, (3, 3)) @ (ray * distance_mm) + RIG.translation
    return color.fy * y / z + color.cy, color.fx * x / z + color.cx
