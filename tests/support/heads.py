"""A head and a flat picture of it that turn before the camera: the mesh of a real portrait, as the
shipped network reads it, turned in three dimensions by computer. The motion is synthetic."""

from dataclasses import replace
from functools import cache
from math import cos, radians, sin

import numpy as np

from models.mesh.landmarks import read_mesh
from models.observation import Face, HeadPose, Mesh
from models.perceive import Perceiver
from tests.support.eyes import astronaut, frame, networks
from tests.support.stage import person


@cache
def portrait() -> Mesh:
    """About its own middle, in pixels."""
    loaded = networks("face", "mesh")
    eye = Perceiver(loaded)
    for number in range(3):
        seen = eye.look(frame(astronaut(), number))
    (face,) = seen.faces
    assert face.landmarks is not None
    mesh = read_mesh(loaded["mesh"], astronaut(), face.box, face.landmarks).mesh
    return np.asarray(mesh - mesh.mean(axis=0), np.float32)


def turned(mesh: Mesh, yaw: float) -> Mesh:
    """Turned to the subject's own left by so many degrees."""
    c, s = cos(radians(yaw)), sin(radians(yaw))
    about = np.array(((c, 0, -s), (0, 1, 0), (s, 0, c)), np.float32)
    return np.asarray(mesh @ about.T, np.float32)


def head(yaw: float, track: int = 1, height: float = 240.0) -> Face:
    return replace(person(yaw=yaw, track=track, height=height), mesh=turned(portrait(), yaw))


def picture(yaw: float) -> Face:
    """A flat picture turned so far, were its pose read as that of what it shows and how it is held.

    The mesh network does not do it this favour (docs/understand/modes.md); the mode must not rely
    on that.
    """
    flat = portrait() * np.array((1.0, 1.0, 0.0), np.float32)
    pose = HeadPose(yaw, 0.0, 0.0)
    mesh = turned(flat, yaw)
    return replace(person(yaw=yaw), mesh=mesh, centre_pose_quality=pose.centre_pose_quality)
