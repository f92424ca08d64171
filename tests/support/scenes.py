"""SYNTHETIC depth scenes as recordings: a drawn head, or a drawn attack, before a drawn D435.

They are painted with a real face, from the clip that ships, so that the real detector and the real
mesh find it where the depth has it.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

from feeds.frame import Intrinsics
from feeds.realsense.recording_writer import Scene, write_recording
from models.face.faces import Detector, small_copy
from models.making.scenes.attacks import Portrait, Species
from models.making.scenes.scene import Pose, shots, subject
from models.making.scenes.stereo import D435, Noise
from models.mesh.landmarks import read_mesh
from tests.support.eyes import live_clip, networks

COLOR = Intrinsics(848, 480, 610.0, 610.0, 424.0, 240.0)  # one of the sizes a D435 gives
CAMERA = replace(D435, rig=replace(D435.rig, color=COLOR))
GATE = {
    "minimum_face_size_px": 60
}  # at 0.6 m a head is 135 pixels wide in these colours, a picture less
POSE = Pose((10.0, -20.0, 600.0), yaw=4.0, pitch=2.0)
Change = Callable[[Scene], Scene]


@cache
def portrait() -> Portrait:
    """The person of the live clip, with the mesh that the real network finds."""
    image = live_clip(2)[1]
    small = small_copy(image, 320)
    eyes = networks("face", "mesh")
    (found,) = Detector(eyes["face"]).detect(small, image.shape[1] / small.shape[1])
    mesh = read_mesh(eyes["mesh"], image, found.box, found.landmarks).mesh
    return Portrait(image, mesh.astype(np.float64))


def scenes(species: Species | None, seed: int, count: int) -> list[Scene]:
    """So many instants of a person (None) or of an attack that stands still."""
    random = np.random.default_rng(seed)
    shown = subject(species, portrait(), random)
    seen = shots(shown, POSE, CAMERA, Noise(), random, count)
    return [Scene(shot.color, shot.depth, shot.infrared) for shot in seen]


def recorded(path: Path, given: list[Scene], with_depth: bool = True) -> Path:
    write_recording(path, given, CAMERA.rig, with_depth=with_depth)
    return path
