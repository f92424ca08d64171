"""Synthetic faces that do as they are told: a drawn mesh, and the pose and scores beside it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from kioskd.event import Result, Step
from kioskd.modes.mode import Mode
from models.mesh.bones import INDICES, RIGID
from models.mesh.expression import BROWS, EYES, LIPS, MOUTH, NOSE
from models.observation import Face, HeadPose, ImageQuality, Mesh, Motion, Observation, Wanted
from models.schemes import Liveness
from tests.support.easing import CHEEKS
from tests.support.somebody import somebody
from tests.support.stage import BARE, PASSAGE, PICTURE, revealed

WHOLE_BROWS = (  # right and left, with the skin below; models.mesh.expression measures one point
    (46, 52, 53, 55, 63, 65, 66, 70, 107, 221, 222, 223, 224, 225, BROWS[0]),
    (276, 282, 283, 285, 293, 295, 296, 300, 336, 441, 442, 443, 444, 445, BROWS[1]),
)
SHARP = ImageQuality(sharpness=0.8, contrast=0.5, brightness=0.5)


@dataclass(frozen=True)
class Look:
    """What a face shows, in the words of models.expression and HeadPose; at rest as it stands."""

    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    mouth: float = 0.02
    eyes: tuple[float, float] = (0.3, 0.3)
    eyebrows: float = 0.36
    smile: float = 0.0
    size: float = 1.0  # of the face, in that of a face 200 pixels wide

    def towards(self, other: "Look", share: float) -> "Look":
        """A look on the way to another one."""

        def between(a: float, b: float) -> float:
            return a + share * (b - a)

        return Look(
            between(self.yaw, other.yaw),
            between(self.pitch, other.pitch),
            between(self.roll, other.roll),
            between(self.mouth, other.mouth),
            (between(self.eyes[0], other.eyes[0]), between(self.eyes[1], other.eyes[1])),
            between(self.eyebrows, other.eyebrows),
            between(self.smile, other.smile),
            between(self.size, other.size),
        )


REST = Look()


def mesh(look: Look) -> Mesh:
    """Points that measure as the look says, on the bones of a head turned as it says."""
    points = np.zeros((478, 3), np.float32)
    points[INDICES] = 50 * RIGID @ turn(look).T
    points[NOSE] = (0, 50, 0)
    points[list(MOUTH)] = ((-30, 60, 0), (30, 60, 0))
    points[list(LIPS)] = ((0, 60, 0), (0, 60 + 60 * look.mouth, 0))
    for (outer, inner, *lids), open_, side in zip(EYES, look.eyes, (-1, 1), strict=True):
        points[outer], points[inner] = (50 * side, 0, 0), (20 * side, 0, 0)
        for upper, lower in (lids[:2], lids[2:]):
            points[upper], points[lower] = (35 * side, 0, 0), (35 * side, 30 * open_, 0)
    points[CHEEKS, 1] = 40 - 10 * look.smile
    for brow, side in zip(WHOLE_BROWS, (-1, 1), strict=True):
        points[list(brow)] = (35 * side, -100 * look.eyebrows, 0)
    return points


def turn(look: Look) -> NDArray[np.float64]:
    """(3, 3) from a head that faces the camera to one that is turned."""
    (cy, sy), (cp, sp) = (
        (np.cos(np.radians(a)), np.sin(np.radians(a))) for a in (look.yaw, look.pitch)
    )
    about_y = np.array(((cy, 0.0, -sy), (0.0, 1.0, 0.0), (sy, 0.0, cy)))
    about_x = np.array(((1.0, 0.0, 0.0), (0.0, cp, sp), (0.0, -sp, cp)))
    return np.asarray(about_y @ about_x)


def face(look: Look = REST, track: int = 1, zoom: float | None = 1.0, who: int = 1) -> Face:
    """Somebody in the middle of a picture of 1280x720, with everything measured."""
    width, height = 200.0 * look.size, 260.0 * look.size
    return Face(
        track,
        (640 - width / 2, 360 - height / 2, 640 + width / 2, 360 + height / 2),
        0.9,
        True,
        quality=SHARP,
        change=1.0,
        pose=HeadPose(look.yaw, look.pitch, look.roll),
        centre_pose_quality=0.9,
        mesh=mesh(look),
        blendshapes={"mouthSmileLeft": look.smile, "mouthSmileRight": look.smile},
        motion=Motion(zoom),
        picture=PICTURE,
        liveness=Liveness(0.9, {"hybrid": 0.9}),
        identity=somebody(who),
        passage=PASSAGE,
        cover=BARE,
    )


@dataclass(frozen=True)
class Scene:
    """For so long: faces as they are, or one face that moves from one look to another."""

    seconds: float
    start: Look = REST
    end: Look | None = None
    track: int = 1
    who: int = 1
    faces: tuple[Face, ...] | None = None  # instead of the look
    session: int = 0


def still(seconds: float, look: Look = REST, track: int = 1, who: int = 1) -> Scene:
    return Scene(seconds, look, track=track, who=who)


def moving(seconds: float, start: Look, end: Look, track: int = 1, who: int = 1) -> Scene:
    return Scene(seconds, start, end, track, who)


def showing(seconds: float, *faces: Face, session: int = 0) -> Scene:
    return Scene(seconds, faces=faces, session=session)


@dataclass
class Stage:
    """A mode with people before it, driven as the daemon drives it.

    drop  every so many-th frame is lost on the way; 0: none
    """

    mode: Mode
    fps: float = 15.0
    drop: int = 0
    asked: list[Wanted] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    number: int = 0

    def play(self, *scenes: Scene) -> list[Result]:
        for truth in self._observations(scenes):
            self.steps.append(self._judge(truth))
        return [step.result for step in self.steps if step.result is not None]

    @property
    def prompts(self) -> list[str | None]:
        """What was to be read on the screen, one after the other."""
        shown = [step.prompt for step in self.steps]
        changed = [i == 0 or shown[i] != shown[i - 1] for i in range(len(shown))]
        return [prompt for prompt, new in zip(shown, changed, strict=True) if new]

    def _observations(self, scenes: Iterable[Scene]) -> Iterator[Observation]:
        size = None
        for scene in scenes:
            frames = round(scene.seconds * self.fps)
            for n in range(frames):
                self.number += 1
                at = 100.0 + self.number / self.fps
                look = scene.start
                if scene.end is not None:
                    look = scene.start.towards(scene.end, (n + 1) / frames)
                zoom = 1.0 if size is None else look.size / size
                shown = scene.faces
                if self.drop and self.number % self.drop == 0:
                    continue
                size = look.size
                if shown is None:
                    shown = (face(look, scene.track, zoom, scene.who),)
                yield Observation(
                    "door", self.number, scene.session, at, 1e9 + at, 1280, 720, shown
                )

    def _judge(self, truth: Observation) -> Step:
        asked, step = revealed(self.mode, truth)
        self.asked += asked
        return step
