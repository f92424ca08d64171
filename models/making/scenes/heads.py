"""A morphable head of our own: the mean face of models/relief, reshaped at random, on a skull.

What is random: size, proportions, nose, brow, chin, cheeks, jaw, an uneven face, an open mouth,
hair and glasses. Millimetres; x to the subject's left, y down, z away from the camera.
"""

from dataclasses import dataclass, field
from functools import cache

import numpy as np
from numpy.random import Generator

from feeds.frame import ColorImage
from models.making.scenes.surface import Floats, Surface, plain
from models.relief import flat_face

GRID_MM = 2.5
BUMPS = {  # a place on the mean face: (x, y, reach), and how far it may come out, sigma
    "nose": (0.0, 30.0, 14.0, 3.5),
    "bridge": (0.0, 5.0, 12.0, 2.0),
    "brow": (0.0, -18.0, 25.0, 2.5),
    "chin": (0.0, 105.0, 20.0, 4.0),
    "lips": (0.0, 68.0, 16.0, 2.5),
    "left cheek": (45.0, 35.0, 20.0, 3.0),
    "right cheek": (-45.0, 35.0, 20.0, 3.0),
    "forehead": (0.0, -45.0, 25.0, 3.0),
}


@dataclass(frozen=True, slots=True)
class Person:
    """What the shape of one head is made from."""

    scale: tuple[float, float, float] = (1.0, 1.0, 1.0)
    bumps: dict[str, float] = field(default_factory=dict)  # millimetres towards the camera
    jaw: float = 0.0  # how much wider the face is at the chin, share
    uneven: tuple[float, float] = (0.0, 0.0)  # millimetres, left against right, top to bottom
    mouth: float = 0.0  # millimetres that the chin is lowered
    hair: float = 0.6  # how likely a stereo camera finds nothing in it
    fringe: float = -50.0  # how far down the forehead the hair reaches, y of the mean face
    glasses: float = 0.0  # how blind the glasses make the eyes; 0: none


def anybody(random: Generator) -> Person:
    size = np.clip(random.normal(1.0, 0.05), 0.84, 1.16)
    x, y, z = size * np.clip(random.normal(1.0, (0.05, 0.05, 0.08)), 0.82, 1.2)
    return Person(
        scale=(x, y, z),
        bumps={name: random.normal(0.0, bump[3]) for name, bump in BUMPS.items()},
        jaw=random.normal(0.0, 0.08),
        uneven=(random.normal(0.0, 1.0), random.normal(0.0, 1.0)),
        mouth=max(0.0, random.normal(-2.0, 5.0)),
        hair=random.uniform(0.1, 0.95),
        fringe=random.choice((-60.0, -50.0, -40.0, -30.0)),
        glasses=random.choice((0.0, 0.0, 0.0, 0.2, 0.5, 0.9)),
    )


def mesh(person: Person) -> Floats:
    """(478, 3): this person's face mesh, as models.relief.flat_face.mean is the mean one."""
    points = flat_face.mean().copy()
    x, y = points[:, 0].copy(), points[:, 1].copy()
    for name, height in person.bumps.items():
        at_x, at_y, reach, _ = BUMPS[name]
        points[:, 2] -= height * np.exp(-((x - at_x) ** 2 + (y - at_y) ** 2) / (2 * reach**2))
    points[:, 0] *= 1 + person.jaw * np.clip(y / 100.0, 0.0, 1.2)
    points[:, 2] += person.uneven[0] * x / 60.0 + person.uneven[1] * x * y / 3600.0
    points[:, 1] += person.mouth * np.clip((y - 60.0) / 40.0, 0.0, 1.0)
    return points * person.scale


def head(person: Person, picture: ColorImage, drawn: Floats) -> list[Surface]:
    """The head's surfaces, painted with a picture of a face whose mesh in it is `drawn`."""
    return [_front(person, picture, drawn), *_rest(person, picture, drawn)]


def front_points(person: Person) -> Floats:
    """(H, W, 3) of the face from ear to ear; what is not the face is not a number."""
    weights, shape, within = _weights()
    points = (weights @ mesh(person)[: flat_face.MESHED]).reshape(*shape, 3)
    points[~within] = np.nan
    return points


def front_paint(drawn: Floats) -> Floats:
    """(H, W, 2): where in a picture with this mesh each of the front's points is."""
    weights, shape, _ = _weights()
    return (weights @ drawn[: flat_face.MESHED, :2]).reshape(*shape, 2)


def frontal(drawn: Floats) -> Floats:
    """(3, 2) that carries (x, y, 1) of the mean face to pixels of a picture with this mesh."""
    flat = np.column_stack((flat_face.mean()[:, :2], np.ones(len(drawn))))
    carried: Floats = np.linalg.lstsq(flat, drawn[:, :2].astype(np.float64), rcond=None)[0]
    return carried


@cache
def _weights() -> tuple[Floats, tuple[int, int], np.ndarray]:
    outline = flat_face.mean()[list(flat_face.OUTLINE), :2]
    (x1, y1), (x2, y2) = outline.min(axis=0), outline.max(axis=0)
    grid = np.stack(
        np.meshgrid(np.arange(x1, x2 + GRID_MM, GRID_MM), np.arange(y1, y2 + GRID_MM, GRID_MM)),
        axis=-1,
    )
    flat = grid.reshape(-1, 2)
    shape = (grid.shape[0], grid.shape[1])
    return flat_face.blend_at(flat), shape, flat_face.inside(flat, outline).reshape(shape)


def _front(person: Person, picture: ColorImage, drawn: Floats) -> Surface:
    points = front_points(person)
    blind = np.full(points.shape[:2], 0.01)
    if person.glasses:
        x, y, _ = np.moveaxis(points / person.scale, -1, 0)
        lenses = np.hypot((np.abs(x) - 31.0) / 26.0, (y - 4.0) / 20.0) < 1
        blind[lenses] = person.glasses
    hidden = np.nan_to_num(points[..., 1]) < person.fringe * person.scale[1]
    blind[hidden] = person.hair
    return Surface(points, blind, front_paint(drawn), picture, infrared=0.75, contrast=0.7)


def _rest(person: Person, picture: ColorImage, drawn: Floats) -> list[Surface]:
    """Skull, hair, neck and shoulders; the picture goes on over the skull."""
    to_picture = frontal(drawn)
    skull = _ellipsoid((0, -35, 62), (72, 92, 86))
    hair = _ellipsoid((0, -45, 70), (80, 92, 92))
    hair[hair[..., 1] > 40] = np.nan
    hair[(hair[..., 1] > person.fringe) & (hair[..., 2] < 50)] = np.nan
    neck = cylinder(56, (20.0, 220.0), 74)
    torso = _ellipsoid((0, 330, 95), (230, 165, 110))

    def dressed(points: Floats, blind: float) -> Surface:
        x, y, _ = np.moveaxis(points, -1, 0)
        paint = np.stack((x, y, np.ones_like(x)), axis=-1) @ to_picture
        return Surface(points * person.scale, np.full(x.shape, blind), paint, picture)

    cloth = plain(torso * person.scale, 0.02, color=(70.0, 60.0, 50.0), infrared=0.5)
    return [dressed(skull, 0.05), dressed(hair, person.hair), dressed(neck, 0.02), cloth]


def _ellipsoid(centre: tuple[int, int, int], radii: tuple[int, int, int]) -> Floats:
    """The half of it that faces the camera, and a little more."""
    across, down = np.meshgrid(np.linspace(-1.8, 1.8, 120), np.linspace(-1.57, 1.57, 100))
    unit = (np.sin(across) * np.cos(down), np.sin(down), -np.cos(across) * np.cos(down))
    return np.asarray(np.stack(unit, axis=-1) * radii + np.array(centre, float))


def cylinder(radius: float, between: tuple[float, float], away: float) -> Floats:
    across, y = np.meshgrid(np.linspace(-1.6, 1.6, 60), np.linspace(*between, 60))
    return np.stack((radius * np.sin(across), y, away - radius * np.cos(across)), axis=-1)
