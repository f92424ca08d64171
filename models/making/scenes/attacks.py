"""Presentation attacks on a depth camera, by what their surface is. All synthetic.

Each is drawn in the head's own axes: the face looks at the camera along -z, millimetres.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal, get_args

import numpy as np
from numpy.random import Generator

from feeds.frame import ColorImage
from models.making.scenes import heads
from models.making.scenes.surface import Floats, Surface, plain
from models.relief import flat_face

Species = Literal[
    "flat_photo",
    "tablet",
    "bent_upright",
    "bent_across",
    "cut_out",
    "crumpled",
    "wrong_relief",
    "small_head",
    "dark_screen",
]
SPECIES: tuple[Species, ...] = get_args(Species)
FLAT_AND_BENT: tuple[Species, ...] = ("flat_photo", "tablet", "bent_upright", "bent_across")


@dataclass(frozen=True, slots=True, eq=False)
class Thing:
    """What is presented: its surfaces, and (478, 3) where its face's mesh lies on them."""

    surfaces: list[Surface]
    mesh: Floats
    alive: bool = False  # has eyes that reflect the emitter


@dataclass(frozen=True, slots=True, eq=False)
class Portrait:
    """A picture of a face and the mesh in it, (478, 2 or 3) pixels."""

    picture: ColorImage
    mesh: Floats


Bend = Callable[[Floats], Floats]  # from (N, 2) on the sheet to (N, 3)


def attack(species: Species, portrait: Portrait, random: Generator) -> Thing:
    """One presentation of a species, at random."""
    match species:
        case "flat_photo":
            return _held(_sheet(portrait, random, (0.75, 1.5), _flat), random)
        case "tablet":
            return _held(_sheet(portrait, random, (0.45, 1.0), _flat, infrared=0.12), random)
        case "dark_screen":
            dark = _sheet(portrait, random, (0.45, 1.2), _flat, blind=1.0, infrared=0.05)
            return _held(dark, random)
        case "bent_upright":
            return _held(_sheet(portrait, random, (0.75, 1.3), _cylinder(random, 0)), random)
        case "bent_across":
            return _held(_sheet(portrait, random, (0.75, 1.3), _cylinder(random, 1)), random)
        case "crumpled":
            return _held(_sheet(portrait, random, (0.75, 1.3), _crumples(random)), random)
        case "cut_out":
            return _cut_out(portrait, random)
        case "wrong_relief":
            return _held(_wrong_relief(portrait, random), random)
        case "small_head":
            return _small_head(portrait, random)


def person(portrait: Portrait, random: Generator, who: heads.Person | None = None) -> Thing:
    """A real head."""
    who = who or heads.anybody(random)
    return Thing(heads.head(who, portrait.picture, portrait.mesh), heads.mesh(who), alive=True)


def _flat(points: Floats) -> Floats:
    return np.column_stack((points, np.zeros(len(points))))


def _cylinder(random: Generator, axis: int) -> Bend:
    """Rolled about an axis that stands upright (0) or lies across (1), towards us or away."""
    radius = np.exp(random.uniform(np.log(55.0), np.log(450.0))) * random.choice((1, 1, 1, -1))

    def bend(points: Floats) -> Floats:
        angle = np.clip(points[:, axis] / radius, -1.9, 1.9)
        along = radius * np.sin(angle) + (points[:, axis] - angle * radius)
        away = radius * (1 - np.cos(angle))
        pair = (along, points[:, 1]) if axis == 0 else (points[:, 0], along)
        return np.column_stack((*pair, away))

    return bend


def _crumples(random: Generator) -> Bend:
    """Flat or bent, then creased: sharp folds in random directions."""
    base = _cylinder(random, int(random.integers(2))) if random.random() < 0.5 else _flat
    folds = [
        (random.uniform(0, np.pi), random.uniform(-80, 80), random.uniform(-0.25, 0.25))
        for _ in range(int(random.integers(3, 9)))
    ]

    def bend(points: Floats) -> Floats:
        bent = base(points)
        for angle, at, slope in folds:
            across = points[:, 0] * np.cos(angle) + points[:, 1] * np.sin(angle) - at
            bent[:, 2] += slope * (np.sqrt(across**2 + 9.0) - 3.0)
        return bent

    return bend


def _sheet(
    portrait: Portrait,
    random: Generator,
    sizes: tuple[float, float],
    bend: Bend,
    *,
    blind: float = 0.005,
    infrared: float = 0.7,
) -> Thing:
    """Paper or glass with the portrait on it, the face at a share of its true size."""
    zoom = random.uniform(*sizes)
    to_picture = heads.frontal(portrait.mesh)
    flat_mesh = _unproject(portrait.mesh, to_picture) * zoom
    room = random.uniform(8.0, 70.0, 4)
    (x1, y1), (x2, y2) = flat_mesh.min(axis=0), flat_mesh.max(axis=0)
    x = np.linspace(x1 - room[0], x2 + room[1], 90)
    y = np.linspace(y1 - room[2], y2 + room[3], 110)
    flat = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    ones = np.ones((len(flat), 1))
    paint = (np.hstack((flat / zoom, ones)) @ to_picture).reshape(len(y), len(x), 2)
    points = bend(flat).reshape(len(y), len(x), 3)
    sheet = replace(
        plain(points, blind, infrared=infrared, contrast=0.25),
        paint=paint,
        picture=portrait.picture,
    )
    return Thing([sheet], bend(flat_mesh))


def _unproject(mesh: Floats, to_picture: Floats) -> Floats:
    """(478, 2): where on the mean face's plane a picture's mesh lies, millimetres."""
    return np.asarray((mesh[:, :2] - to_picture[2]) @ np.linalg.inv(to_picture[:2]))


def _cut_out(portrait: Portrait, random: Generator) -> Thing:
    """Paper worn on a real face, which shows through holes at the eyes and the nose."""
    who = heads.anybody(random)
    radius = random.choice((random.uniform(75.0, 160.0), 1e6))
    zoom = np.array(who.scale[:2]).mean() * random.uniform(0.95, 1.1)
    offset = random.uniform(-42.0, -22.0)
    nose = random.random() < 0.7

    def bend(points: Floats) -> Floats:
        angle = np.clip(points[:, 0] / radius, -1.9, 1.9)
        away = offset + radius * (1 - np.cos(angle))
        return np.column_stack((radius * np.sin(angle), points[:, 1], away))

    sheet = _sheet(portrait, random, (zoom, zoom), bend)
    (paper,) = sheet.surfaces
    x, y = paper.points[..., 0] / zoom, paper.points[..., 1] / zoom
    holes = np.hypot((np.abs(x) - 31.0) / 17.0, (y - 4.0) / 9.0) < 1
    if nose:
        holes |= np.hypot(x / 18.0, (y - 25.0) / 28.0) < 1
    paper = replace(paper, points=np.where(holes[..., None], np.nan, paper.points))
    return Thing([paper, *heads.head(who, portrait.picture, portrait.mesh)], sheet.mesh)


def _wrong_relief(portrait: Portrait, random: Generator) -> Thing:
    """A mask that is hollow, too flat, without features, or has them in the wrong places."""
    who = heads.anybody(random)
    mesh, points = heads.mesh(who), heads.front_points(who)
    kind = random.integers(4)
    if kind == 0:
        depth = random.uniform(-1.1, 0.0)
    elif kind == 1:
        depth = random.uniform(0.0, 0.45)
    else:
        depth = 1.0
    for part in (mesh, points):
        part[..., 2] *= depth
    if kind == 2:  # a balloon, a bottle, a ball
        wide, high = random.uniform(70.0, 160.0, 2)
        for part in (mesh, points):
            x, y = part[..., 0], part[..., 1] - 30.0
            inner = np.clip(1 - (x / wide) ** 2 - (y / high) ** 2, 0.05, None)
            part[..., 2] = -np.minimum(wide, high) * np.sqrt(inner)
    if kind == 3:  # a mask that stands on its head
        y = points[..., 1]
        points = np.stack((points[..., 0], 65.0 - y, points[..., 2]), axis=-1)
        mesh[:, 2] = _upside_down(mesh, points)
    surface = Surface(
        points,
        np.full(points.shape[:2], 0.01),
        _painted(points, mesh, portrait),
        portrait.picture,
        infrared=0.6,
        contrast=0.4,
    )
    return Thing([surface], mesh)


def _upside_down(mesh: Floats, points: Floats) -> Floats:
    """(478,) z of the nearest point of the surface to each mesh point."""
    known = points[::3, ::3].reshape(-1, 3)
    known = known[np.isfinite(known[:, 2])]
    squared = ((mesh[:, None, :2] - known[None, :, :2]) ** 2).sum(axis=2)
    nearest: Floats = known[squared.argmin(axis=1), 2]
    return nearest


def _painted(points: Floats, mesh: Floats, portrait: Portrait) -> Floats:
    """(H, W, 2): the portrait laid over a surface by x and y alone."""
    flat = np.column_stack((mesh[:, :2], np.ones(len(mesh))))
    carried = np.linalg.lstsq(flat, portrait.mesh[:, :2].astype(np.float64), rcond=None)[0]
    ones = np.ones((*points.shape[:2], 1))
    return np.asarray(np.concatenate((points[..., :2], ones), axis=-1) @ carried)


def _small_head(portrait: Portrait, random: Generator) -> Thing:
    """A doll, or a head on a phone that shows depth: the right shape at the wrong size."""
    thing = person(portrait, random)
    zoom = random.uniform(0.3, 0.62)
    surfaces = [replace(part, points=part.points * zoom) for part in thing.surfaces]
    return Thing(surfaces, thing.mesh * zoom)


def _held(thing: Thing, random: Generator) -> Thing:
    """Held by somebody: fingers at its edges, a body behind it, or nobody to be seen."""
    held = [*thing.surfaces, *_fingers(thing, random)]
    if random.random() < 0.7:
        away = np.array((random.normal(0, 60), random.normal(40, 80), random.uniform(60, 500)))
        held += [part.moved(np.eye(3), away) for part in _holder()]
    return Thing(held, thing.mesh)


@cache
def _holder() -> list[Surface]:
    grey = np.full((4, 4, 3), 90, np.uint8)
    body = heads.head(heads.Person(), grey, flat_face.mean())
    return [replace(part, paint=None, picture=None, color=(60.0, 80.0, 110.0)) for part in body]


def _fingers(thing: Thing, random: Generator) -> list[Surface]:
    points = thing.surfaces[0].points.reshape(-1, 3)
    points = points[np.isfinite(points[:, 0])]
    fingers = []
    for _ in range(int(random.integers(0, 5))):
        x, y, z = points[random.integers(len(points))]
        edge = points[:, 1].max() if random.random() < 0.6 else y
        radius = random.uniform(7.0, 10.0)
        finger = heads.cylinder(radius, (-25.0, 25.0), 0.0) + np.array((x, edge, z - 1.0))
        fingers.append(plain(finger, 0.02, color=(120.0, 140.0, 180.0)))
    return fingers
