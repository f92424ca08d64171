"""Everything the models can measure on every frame of a presentation, once and for all.

The modes are pure, so what stands here can be decided upon again and again: by every scheme,
at every threshold, without another look at the images.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from time import thread_time
from typing import Literal

from feeds.frame import ColorImage, Frame
from feeds.freshness import Freshness
from feeds.imaging import ImageFileError, read_image
from feeds.recording import RecordingError, read_index
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


class CpuStages(Stages):
    """Counts what this thread computed, not what it waited while others did."""

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        start = thread_time()
        yield
        self.seconds[stage] += thread_time() - start
        self.calls[stage] += 1


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
        self.stages = CpuStages()
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
        for shown in self._shown(presentation, problems):
            at, image = shown.at, shown.image
            if freshness.judge(image, at, at, at).verdict == "repeated":
                repeated += 1
                continue
            frame = Frame("evaluate", shown.number, shown.session, at, at, image)
            seen.append(self._scored(frame, self._eye.look(frame)))
        return Sighting(presentation, tuple(seen), tuple(problems), repeated)

    def _shown(self, presentation: Presentation, problems: list[str]) -> Iterator["_Shown"]:
        if presentation.is_video:
            return _video(presentation.files[0], problems)
        if presentation.is_recording:
            return _recording(presentation.files[0].parent, problems)
        times = [(path, 0, n / self._fps) for n, path in enumerate(presentation.files)]
        return _images(times, problems)

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


@dataclass(frozen=True, slots=True, eq=False)
class _Shown:
    """A frame that could be read; `at` counts from the beginning, seconds."""

    number: int
    session: int
    at: float
    image: ColorImage


def _images(timed: Iterable[tuple[Path, int, float]], problems: list[str]) -> Iterator[_Shown]:
    """Images by file, session and time."""
    for number, (path, session, at) in enumerate(timed):
        try:
            yield _Shown(number, session, at, read_image(str(path)))
        except ImageFileError as error:
            problems.append(str(error))


def _recording(folder: Path, problems: list[str]) -> Iterator[_Shown]:
    try:
        entries = read_index(folder)
    except RecordingError as error:
        problems.append(str(error))
        return
    yield from _images(
        ((folder / e.color, e.session, e.captured_at - entries[0].captured_at) for e in entries),
        problems,
    )


def _video(path: Path, problems: list[str]) -> Iterator[_Shown]:
    try:
        reader = VideoReader(FileSource(str(path)))
    except SourceError as error:
        problems.append(str(error))
        return
    try:
        for number in count():
            if (shot := reader.read()) is None:
                return
            yield _Shown(number, 0, shot.position_s or 0.0, shot.image)
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
            "evaluate", frame.number, frame.session, frame.captured_at, 0.0, width, height, faces
        )
