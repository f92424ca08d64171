"""Scenes at random, by number: the same number is always the same scene."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from models.making.scenes import heads
from models.making.scenes.attacks import SPECIES, Portrait, Species
from models.making.scenes.scene import Sample, anywhere, placed, samples, subject
from models.making.scenes.stereo import D415, D435, StereoCamera, any_noise
from models.making.scenes.surface import rotation
from models.relief import flat_face

HELD_OUT = 1_000_000  # scenes from this number on are never trained with


@dataclass(frozen=True, slots=True, eq=False)
class Draw:
    """One presentation: who, or which attack, by which camera, and its frames."""

    number: int
    species: Species | None  # None: a person
    camera: str
    distance_mm: float
    samples: list[Sample]


def draw(
    number: int,
    frames: int,
    near_mm: float,
    far_mm: float,
    species: Species | str | None = "any",
    camera: StereoCamera | None = None,
) -> Draw:
    """A presentation at a distance between two; "any" species: people as often as not."""
    random = np.random.default_rng(number)
    if species == "any":
        species = None if random.random() < 0.45 else SPECIES[random.integers(len(SPECIES))]
    camera = camera or (D435, D415)[random.integers(2)]
    pose = anywhere(random, near_mm, far_mm)
    thing = placed(subject(species, portrait(random), random), pose)  # type: ignore[arg-type]
    behind = None if random.random() < 0.1 else random.uniform(100.0, 3000.0)
    noise = any_noise(random)
    seen = samples(thing, camera, noise, random, behind, frames)
    return Draw(number, species, camera.name, pose.at[2], seen)  # type: ignore[arg-type]


def portrait(random: Generator) -> Portrait:
    """A grey picture of anybody who looks about into the camera; only its mesh matters here."""
    mesh = heads.mesh(heads.anybody(random))
    turned = mesh @ rotation(random.normal(0, 5), random.normal(0, 5), 0).T
    z = turned[:, 2] - flat_face.mean()[:, 2].mean() + random.uniform(500.0, 1500.0)
    flat = turned[:, :2] / z[:, None] * z.mean() * 3.0 + 300.0
    return Portrait(np.full((4, 4, 3), 120, np.uint8), np.column_stack((flat, turned[:, 2])))
