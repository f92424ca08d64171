"""A whole scene: who or what stands where, before which wall, seen by which camera."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator

from feeds.frame import ColorImage, DepthImage, InfraredImage
from models.making.scenes.attacks import Portrait, Species, Thing, attack, person
from models.making.scenes.render import project, render
from models.making.scenes.stereo import (
    Noise,
    StereoCamera,
    aligned,
    cropped,
    matched,
    measured,
    seen_in_infrared,
)
from models.making.scenes.surface import Floats, Surface, rotation

ROOM = 1.6  # half sides of the face, of what is drawn about it for training
PUPILS, GLINT_MM = (468, 473), 1.8
FACE_CENTRE = np.array((0.0, 30.0, 0.0))


@dataclass(frozen=True, slots=True)
class Pose:
    """Where the face is: millimetres from the colour camera, and how it is turned, degrees."""

    at: tuple[float, float, float] = (0.0, 0.0, 600.0)
    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Depth aligned to colour about one face, its mesh, and the camera that saw both."""

    depth: DepthImage
    mesh: Floats  # (478, 3) as the mesh network would give it
    camera: StereoCamera


def anywhere(random: Generator, near_mm: float, far_mm: float) -> Pose:
    z = random.uniform(near_mm, far_mm)
    x, y = random.uniform(-0.25, 0.25) * z, random.uniform(-0.15, 0.15) * z
    yaw, pitch, roll = random.uniform(-20, 20), random.uniform(-20, 20), random.uniform(-12, 12)
    return Pose((x, y, z), yaw, pitch, roll)


def subject(species: Species | None, portrait: Portrait, random: Generator) -> Thing:
    """A person, or an attack of a species."""
    return person(portrait, random) if species is None else attack(species, portrait, random)


def placed(thing: Thing, pose: Pose) -> Thing:
    turn = rotation(pose.yaw, pose.pitch, pose.roll)
    move = np.array(pose.at) - turn @ FACE_CENTRE
    surfaces = [part.moved(turn, move) for part in thing.surfaces]
    return replace(thing, surfaces=surfaces, mesh=thing.mesh @ turn.T + move)


def samples(
    thing: Thing,
    camera: StereoCamera,
    noise: Noise,
    random: Generator,
    behind_mm: float | None,
    count: int,
) -> list[Sample]:
    """Depth frames of a placed thing that stands still, drawn about its face only."""
    centre = np.asarray(thing.mesh.mean(axis=0))
    reach = ROOM * np.abs(thing.mesh[:, :2] - centre[:2]).max()
    small = cropped(camera, centre, reach)
    wall_mm = 0.0 if behind_mm is None else centre[2] + behind_mm
    view = render(_to_eye(thing.surfaces, camera), small.eye, wall_mm)
    still = matched(view, small, noise)
    mesh = drawn(thing.mesh, small)
    return [
        Sample(aligned(measured(still, noise, random), small), jittered(mesh, random), small)
        for _ in range(count)
    ]


def drawn(mesh: Floats, camera: StereoCamera) -> Floats:
    """(478, 3): pixels of the colour image, z in the same scale."""
    away = mesh[:, 2] - mesh[:, 2].mean()
    scale = camera.rig.color.fx / mesh[:, 2].mean()
    return np.column_stack((project(mesh, camera.rig.color), away * scale))


def jittered(mesh: Floats, random: Generator) -> Floats:
    """As wrong as a network's mesh is: shifted, scaled and shaken a little."""
    width = np.ptp(mesh[:, 0])
    centre = mesh.mean(axis=0)
    zoom = random.normal(1.0, 0.015)
    shift = np.array((*random.normal(0.0, 0.012 * width, 2), 0.0))
    return np.asarray((mesh - centre) * zoom + centre + shift) + random.normal(
        0.0, 0.004 * width, mesh.shape
    )


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """All that a depth camera gives at one instant; depth and infrared in the eye's own view."""

    color: ColorImage
    depth: DepthImage
    infrared: InfraredImage


def shots(
    thing: Thing,
    pose: Pose,
    camera: StereoCamera,
    noise: Noise,
    random: Generator,
    count: int,
    behind_mm: float = 900.0,
) -> Iterator[Shot]:
    """A still subject, seen again and again: what differs is the noise."""
    standing = placed(thing, pose)
    wall_mm = pose.at[2] + behind_mm
    eye = render(_to_eye(standing.surfaces, camera), camera.eye, wall_mm)
    color = render(standing.surfaces, camera.rig.color, wall_mm)
    glints = _glints(standing, camera) if standing.alive else None
    still = matched(eye, camera, noise)
    for _ in range(count):
        grain = random.normal(0.0, 1.5, color.color.shape)
        image = np.clip(color.color + grain, 0, 255).astype(np.uint8)
        infrared = seen_in_infrared(eye, random, glints)
        yield Shot(image, measured(still, noise, random), infrared)


def _glints(thing: Thing, camera: StereoCamera) -> Floats:
    """(2, 3) pixels and radius of the emitter's reflection in the pupils."""
    pupils = thing.mesh[list(PUPILS)] - camera.rig.translation
    flat = project(pupils, camera.eye)
    return np.column_stack((flat, GLINT_MM * camera.eye.fx / pupils[:, 2]))


def _to_eye(surfaces: list[Surface], camera: StereoCamera) -> list[Surface]:
    """From the colour camera's axes to the infrared eye's."""
    turn = np.reshape(camera.rig.rotation, (3, 3)).T
    shift = turn @ -np.array(camera.rig.translation)
    return [replace(part, points=part.points @ turn.T + shift) for part in surfaces]
