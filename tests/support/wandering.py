"""Made-up people who come, go and do as they please before a door, the same from each seed.

Nothing of it is a picture: they are observations with everything measured on them, as
`tests.support.stage` takes them. They are not likely; they are to lead a mode into its corners.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from models.observation import Face, ImageQuality, Infrared, Observation, Picture, Relief
from models.schemes import Liveness
from tests.support.acting import REST, Look, face
from tests.support.stage import PICTURE

WIDTH, HEIGHT = 1280, 720
GREY = replace(PICTURE, colour=0.02)
GOOD = ImageQuality(sharpness=0.8, contrast=0.5, brightness=0.5)
BLURRED = replace(GOOD, sharpness=0.1)
DOINGS = (
    Look(smile=0.9),
    Look(mouth=0.8),
    Look(yaw=22.0),
    Look(yaw=-22.0),
    Look(pitch=18.0),
    Look(pitch=-18.0),
    Look(eyes=(0.02, 0.02)),
    Look(eyebrows=0.42),
    Look(size=1.5),
    Look(yaw=70.0),
    Look(yaw=-70.0),
)


@dataclass
class _Person:
    """What somebody looks like now, to every sense."""

    track: int
    look: Look = REST
    live: float = 0.95
    relief: float = 0.95
    infrared: float = 0.95
    quality: ImageQuality = GOOD
    picture: Picture = PICTURE


def wanderings(seed: int, frames: int, fps: float, fond: Sequence[Look]) -> Iterator[Observation]:
    """So many frames of a door at which somebody stands most of the time.

    `fond`: what is done more often than anything else, in this order.
    """
    chance = random.Random(seed)
    at, number, session, track = 100.0, 0, 0, 1
    scenes: list[_Person | None]
    person = _Person(track)
    size, done = 1.0, 0
    while number < frames:
        match chance.choices(("act", "rest", "change", "leave", "other", "gap", "restart"),
                             (14, 8, 5, 1, 1, 1, 0.3))[0]:  # fmt: skip
            case "act":
                look = chance.choice(DOINGS)
                if fond and chance.random() < 0.8:
                    look, done = fond[done % len(fond)], done + 1
                scenes = _there_and_back(person, look, chance)
            case "rest":
                scenes = [replace(person)] * chance.randint(5, 25)
            case "change":
                _changed(person, chance)
                scenes = [replace(person)] * chance.randint(3, 20)
            case "leave":
                track += 1
                person = _Person(track)
                scenes = [None] * chance.randint(1, 8)
            case "other":
                scenes = [replace(person)] * chance.randint(1, 5)
            case "gap":
                at += chance.uniform(0.2, 1.5)
                scenes = [replace(person)] * chance.randint(1, 5)
            case _:
                session += 1
                scenes = [replace(person)] * chance.randint(1, 5)
        second = chance.random() < 0.03
        for scene in scenes:
            at, number = at + 1 / fps, number + 1
            faces: tuple[Face, ...] = ()
            if scene is not None:
                faces, size = (_face(scene, scene.look.size / size, chance),), scene.look.size
            if second and faces:
                faces = (*faces, replace(faces[0], track_id=track + 1000))
            yield Observation("door", number, session, at, 1e9 + at, WIDTH, HEIGHT, faces)


def _there_and_back(person: _Person, to: Look, chance: random.Random) -> list[_Person | None]:
    steps = chance.randint(2, 10)
    held = chance.randint(2, 18)
    way = [person.look.towards(to, n / steps) for n in range(1, steps + 1)]
    back = [to.towards(REST, n / steps) for n in range(1, steps + 1)]
    return [replace(person, look=look) for look in (*way, *([to] * held), *back)]


def _changed(person: _Person, chance: random.Random) -> None:
    person.live = chance.choice((0.97, 0.9, 0.9, 0.5, 0.1, float("nan")))
    person.relief = chance.choice((0.95, 0.95, 0.5, 0.05))
    person.infrared = chance.choice((0.95, 0.95, 0.5, 0.05))
    person.quality = chance.choice((GOOD, GOOD, GOOD, BLURRED))
    person.picture = chance.choice((PICTURE, PICTURE, PICTURE, GREY))


def _face(person: _Person, zoom: float, chance: random.Random) -> Face:
    shaken = chance.gauss(0.0, 0.4)
    one = face(
        replace(person.look, yaw=person.look.yaw + shaken), person.track, chance.uniform(1, 1.05)
    )
    x1, y1, x2, y2 = one.box
    assert one.pose is not None
    unseen = chance.random()
    return replace(
        one,
        box=(x1 + shaken, y1, x2 + shaken, y2),
        missed=unseen < 0.02,
        quality=person.quality,
        change=1.0 if unseen < 0.99 else 0.0,
        picture=person.picture,
        pose=None if 0.02 <= unseen < 0.03 else one.pose,
        centre_pose_quality=one.pose.centre_pose_quality,
        liveness=Liveness(person.live, {"hybrid": person.live}),
        relief=Relief(person.relief, 1.0, 0.9, 0.01, None if unseen < 0.98 else "empty"),
        infrared=Infrared(person.infrared, 0.01, None),
    )
