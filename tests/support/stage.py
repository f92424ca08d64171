"""A mode driven as the daemon drives it, with people told as functions of time.

What stands before the camera is synthetic here: faces with the measures a story needs. The modes
are the real ones, and ask for each measure as they do in the daemon.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from kioskd.event import Result, Step
from kioskd.modes.gate import Gate, Refusal
from kioskd.modes.mode import Mode, drive
from kioskd.modes.replay import Replay
from models.observation import (
    Blend,
    Cover,
    Face,
    HeadPose,
    ImageQuality,
    Measure,
    Observation,
    Passage,
    Picture,
    Wanted,
    settled,
)
from models.schemes import Liveness
from models.stills.areas import AREAS
from tests.support.easing import Easing
from tests.support.somebody import somebody

Scene = tuple[Face, ...]
Play = Callable[[float], Scene]  # seconds since its start -> who is in view, fully measured
# How the picture of somebody who lives, and does what they do, comes about.
PASSAGE = Passage(stir=10.0, grain=1.5, blends=(Blend(3.0, 5, 0.45, 0.35),))
RATES = [10.0, 15.0, 30.0]
# Of somebody of whom nothing is hidden.
BARE = Cover(dict.fromkeys(AREAS, 0.05), (0.0, 0.0))
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
    who: int = 1,
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
        centre_pose_quality=pose.centre_pose_quality,
        blendshapes={"mouthSmileLeft": smile, "mouthSmileRight": smile},
        liveness=Liveness(live, {} if live is None else {"hybrid": live}),
        identity=somebody(who),
        passage=PASSAGE,
        cover=BARE,
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
    easing: Easing | None = field(default_factory=Easing)  # None: who has no mesh gets none

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
        if self.easing is not None:
            scene = tuple(self.easing.face(face, at) for face in scene)
        truth = Observation("door", self.number, self.session, at, 1e9 + at, 1280, 720, scene)
        asked, step = revealed(self.mode, truth)
        self.asked += asked
        return step


def revealed(mode: Mode, truth: Observation) -> tuple[list[Wanted], Step]:
    """What the mode asks of a frame in which everything is measured already, and what it says."""
    replay, asked = Replay(truth), []

    def measure(seen: Observation, wanted: Wanted) -> Observation:
        asked.append(wanted)
        return replay.measure(seen, wanted)

    _, step = drive(mode, replay.bare, measure)
    return asked, step


def step_of(mode: Mode, seen: Observation) -> Step:
    """What the mode says of a frame of which nothing more can be measured."""
    return settled(mode.step(seen), seen)


def refusal(gate: Gate, seen: Observation, face: Face) -> Refusal:
    """Why the gate refuses a face of which nothing more can be measured."""
    return settled(gate.examine(seen, face), seen)[1]


def wanted_or_refusal(gate: Gate, seen: Observation, face: Face) -> Measure | Refusal:
    """What the gate asks for first; else why it refuses the face."""
    conversation = gate.examine(seen, face)
    try:
        (measure,) = next(conversation).measures
    except StopIteration as end:
        refused: Refusal = end.value[1]
        return refused
    return measure
