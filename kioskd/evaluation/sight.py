"""Everything the models can measure on every frame of a presentation, once and for all.

The modes are pure, so what stands here can be decided upon again and again: by every scheme,
at every threshold, without another look at the images.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from feeds.frame import ColorImage, Frame
from feeds.freshness import Freshness
from feeds.imaging import ImageFileError, read_image
from feeds.settings import FileSource
from feeds.sources import SourceError, VideoReader
from kioskd.evaluation.dataset import Presentation
from models import liveness
from models.boxes import area
from models.detect import Detector, small_copy
from models.manifest import Role, installed_models
from models.observation import (
    Face,
    HeadPose,
    ImageQuality,
    Liveness,
    LivenessModel,
    Measure,
    Observation,
    Wanted,
)
from models.perceive import Perceiver, PerceptionSettings
from models.session import Networks
from models.stages import Stages

GateUse = Literal["on", "off"]

IMAGES_FPS = 10.0  # at which images are shown; a folder feed's own default
MEASURES = frozenset({Measure.QUALITY, Measure.POSE})


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """A presentation as the models saw it.

    frames    one observation per frame that was judged; the largest face carries every
              measure, and in `liveness.by_model` every network's score
    problems  sentences about frames, or the whole presentation, that could not be read
    repeated  frames that equal the one before, which a feed never hands on
    """

    presentation: Presentation
    frames: tuple[Observation, ...]
    problems: tuple[str, ...] = ()
    repeated: int = 0


def roles() -> frozenset[Role]:
    """The networks that an evaluation loads."""
    return frozenset({"face", "mesh", *installed_models()})


class Sight:
    """Looks at presentations, one after the other. One thread."""

    def __init__(
        self,
        networks: Networks,
        settings: PerceptionSettings,
        gate: GateUse = "on",
        images_fps: float = IMAGES_FPS,
    ) -> None:
        """With the gate "off" no face is followed either: each image stands for itself."""
        self.stages = Stages()
        self._networks = networks
        self._models: Sequence[LivenessModel] = sorted(
            model for model in installed_models(networks.manifest) if model in networks
        )
        self._fps = images_fps
        self._eye: _Following | _Single = (
            _Following(networks, settings, self.stages)
            if gate == "on"
            else _Single(networks, settings, self.stages)
        )

    def look(self, presentation: Presentation) -> Sighting:
        """Every frame measured. Never raises on what a data set may hold."""
        problems: list[str] = []
        seen: list[Observation] = []
        freshness, repeated = Freshness(1.0, live=False), 0
        self._eye.reset()
        for number, at, image in self._images(presentation, problems):
            if freshness.judge(image, at, at, at).verdict == "repeated":
                repeated += 1
                continue
            frame = Frame("evaluate", number, 0, at, at, image)
            seen.append(self._scored(frame, self._eye.look(frame)))
        return Sighting(presentation, tuple(seen), tuple(problems), repeated)

    def _images(
        self, presentation: Presentation, problems: list[str]
    ) -> Iterator[tuple[int, float, ColorImage]]:
        """Number, time and image of each frame that can be read."""
        if presentation.is_video:
            yield from _video(presentation.files[0], problems)
            return
        for number, path in enumerate(presentation.files):
            try:
                image = read_image(str(path))
            except ImageFileError as error:
                problems.append(str(error))
                continue
            yield number, number / self._fps, image

    def _scored(self, frame: Frame, seen: Observation) -> Observation:
        """Every network's score on the largest face, and nothing kept that is not needed."""
        if not seen.faces:
            return seen
        face = replace(seen.faces[0], mesh=None, landmarks=None)
        if not face.missed and liveness.usable(face.box):
            face = replace(face, liveness=Liveness(None, self._by_model(frame, face)))
        others = (replace(other, mesh=None, landmarks=None) for other in seen.faces[1:])
        return replace(seen, faces=(face, *others))

    def _by_model(self, frame: Frame, face: Face) -> dict[LivenessModel, float]:
        scores = {}
        for model in self._models:
            with self.stages.timed(model):
                score = liveness.score(self._networks, model, frame.color, face.box)
            if score is not None:
                scores[model] = score
        return scores


def _video(path: Path, problems: list[str]) -> Iterator[tuple[int, float, ColorImage]]:
    try:
        reader = VideoReader(FileSource(str(path)))
    except SourceError as error:
        problems.append(str(error))
        return
    try:
        number = 0
        while (shot := reader.read()) is not None:
            yield number, shot.position_s or 0.0, shot.image
            number += 1
    except SourceError as error:
        problems.append(str(error))
    finally:
        reader.close()


class _Following:
    """The perceiver that ships, asked for everything."""

    def __init__(self, networks: Networks, settings: PerceptionSettings, stages: Stages) -> None:
        self._perceiver = Perceiver(networks, settings, stages)

    def reset(self) -> None:
        self._perceiver.reset()

    def look(self, frame: Frame) -> Observation:
        seen = self._perceiver.look(frame)
        if not seen.faces:
            return seen
        return self._perceiver.measure(frame, seen, Wanted(seen.faces[0].track_id, MEASURES))


class _Single:
    """The largest face of each image, taken for one person whatever stands around it.

    Quality and pose are not measured but set to what every gate passes: the gate is off.
    """

    _PASSING = ImageQuality(1.0, 1.0, 0.5)

    def __init__(self, networks: Networks, settings: PerceptionSettings, stages: Stages) -> None:
        self._detector = Detector(networks["face"], settings.detector_min_score)
        self._long_side = settings.detector_long_side
        self._stages = stages

    def reset(self) -> None:
        pass

    def look(self, frame: Frame) -> Observation:
        height, width = frame.color.shape[:2]
        with self._stages.timed("shrink"):
            small = small_copy(frame.color, self._long_side)
        with self._stages.timed("detect"):
            found = self._detector.detect(small, width / small.shape[1])
        faces: tuple[Face, ...] = ()
        if found:
            largest = max(found, key=lambda detection: area(detection.box))
            faces = (
                Face(
                    track_id=1,
                    box=largest.box,
                    score=largest.score,
                    detected=True,
                    quality=self._PASSING,
                    pose=HeadPose(0.0, 0.0, 0.0),
                    centre_pose_quality=1.0,
                ),
            )
        return Observation(
            "evaluate", frame.number, 0, frame.captured_at, 0.0, width, height, faces
        )
