"""A mode driven as the daemon drives it, with people told as functions of time.

What stands before the camera is synthetic here: faces with the measures a story needs. The modes
are the real ones, and ask for each measure as they do in the daemon.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from kioskd.event import Result, Step
from kioskd.modes.mode import Mode
from models.observation import (
    Face,
    HeadPose,
    ImageQuality,
    Liveness,
    Measure,
    Observation,
    Picture,
    Wanted,
)
from models.pose import centre_pose_quality

Scene = tuple[Face, ...]
Play = Callable[[float], Scene]  # seconds since its start -> who is in view, fully measured
RATES = [10.0, 15.0, 30.0]
# An ordinary camera's picture of an ordinary room.
PICTURE = Picture(colour=0.6, redness=0.3, discord=0.0, clumping=1.1, flatness=0.2, blocks=1.1)
# One in so many frames is lost on the way; 0: none is. Neighbours are never lost both.
LOSSES = [0, 2, 3]


def person(
    smile: float = 0.0,
    live: float | None = 0.9,
    yaw: float = 0.0,
    pitch: float = 0.0,
    track: int = 1,
    height: float = 240.0,
) -> Face:
    """Somebody in the middle of the picture, with all that the modes ask for measured on them."""
    pose = HeadPose(yaw, pitch, 0.0)
    return Face(
        track,
        (640.0 - height / 2.4, 360.0 - height / 2, 640.0 + height / 2.4, 360.0 + height / 2),
        0.9,
        True,
        quality=ImageQuality(sharpness=0.8, contrast=0.5, brightness=0.5),
        change=1.0,
        picture=PICTURE,
        pose=pose,
        centre_pose_quality=centre_pose_quality(pose),
        blendshapes={"mouthSmileLeft": smile, "mouthSmileRight": smile},
        liveness=Liveness(live, {} if live is None else {"hybrid": live}),
    )


def always(*faces: Face) -> Play:
    return lambda _t: faces


@dataclass
class Stage:
    """A mode before which people come and go, at so many frames a second."""

    mode: Mode
    fps: float = 15.0
    lose: int = 0
    asked: list[Wanted] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    number: int = 0
    session: int = 0

    def show(self, play: Play, seconds: float) -> list[Result]:
        """The results of this part alone."""
        before = len(self.results)
        first = self.number
        while self.number < first + round(seconds * self.fps):
            scene = play((self.number - first) / self.fps)
            if not (self.lose and self.number % self.lose == 1):
                self.steps.append(self._judge(scene))
            self.number += 1
        return self.results[before:]

    def wait(self, seconds: float) -> None:
        """No frame comes for so long."""
        self.number += round(seconds * self.fps)

    @property
    def results(self) -> list[Result]:
        return [step.result for step in self.steps if step.result is not None]

    @property
    def phases(self) -> list[str]:
        """Each phase once, in order."""
        said = [step.phase for step in self.steps]
        return [now for before, now in zip(["", *said], said, strict=False) if now != before]

    @property
    def reasons(self) -> set[str]:
        return {reason for step in self.steps for reason in step.reasons}

    def _judge(self, scene: Scene) -> Step:
        at = 100.0 + self.number / self.fps
        truth = Observation("door", self.number, self.session, at, 1e9 + at, 1280, 720, scene)
        asked, step = revealed(self.mode, truth)
        self.asked += asked
        return step


def revealed(mode: Mode, truth: Observation) -> tuple[list[Wanted], Step]:
    """What the mode asks of a frame in which everything is measured already, and what it says."""
    seen = replace(truth, faces=tuple(map(unmeasured, truth.faces)))
    asked: list[Wanted] = []
    while wanted := mode.wants(seen):
        assert len(asked) < 10, "the mode asks for ever"
        asked.append(wanted)
        seen = replace(seen, faces=measured(seen.faces, truth.faces, wanted))
    return asked, mode.step(seen)


def unmeasured(face: Face) -> Face:
    return replace(
        face,
        quality=None,
        picture=None,
        pose=None,
        centre_pose_quality=None,
        mesh=None,
        blendshapes=None,
        motion=None,
        liveness=None,
        relief=None,
        infrared=None,
    )


def measured(faces: Sequence[Face], scene: Scene, wanted: Wanted) -> Scene:
    """What the perceiver would add: what was asked for, and nothing else."""
    return tuple(
        face if face.track_id != wanted.track_id or face.missed else _added(face, truth, wanted)
        for face, truth in zip(faces, scene, strict=True)
    )


def _added(face: Face, truth: Face, wanted: Wanted) -> Face:
    if Measure.QUALITY in wanted.measures:
        face = replace(face, quality=truth.quality)
    if Measure.PICTURE in wanted.measures:
        face = replace(face, picture=truth.picture)
    if Measure.POSE in wanted.measures:
        centre = truth.centre_pose_quality
        face = replace(face, pose=truth.pose, centre_pose_quality=centre, mesh=truth.mesh)
    if Measure.BLENDSHAPES in wanted.measures:
        face = replace(face, blendshapes=truth.blendshapes)
    if Measure.MOTION in wanted.measures:
        face = replace(face, motion=truth.motion)
    if Measure.INFRARED in wanted.measures:
        face = replace(face, infrared=truth.infrared)
    if Measure.RELIEF in wanted.measures:
        face = replace(face, relief=truth.relief)
    if Measure.LIVENESS in wanted.measures:
        assert wanted.plan is not None
        face = replace(face, liveness=truth.liveness)
    return face
