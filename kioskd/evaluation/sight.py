"""Everything the models can measure on every frame of a presentation, once and for all.

The modes are pure, so what stands here can be decided upon again and again: by every scheme,
at every threshold, without another look at the images.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from time import thread_time
from typing import Literal

from feeds.feed_settings import FeedSettings, FileSource, RecordingSource
from feeds.frame import ColorImage, Frame
from feeds.freshness import Freshness
from feeds.imaging import ImageFileError, read_image
from feeds.opened_source import Reader
from feeds.planes import Planes
from feeds.recording import RecordingError, read_index, read_planes, read_rig
from feeds.sources import SourceError, opened
from kioskd.evaluation.dataset import REALSENSE_SUFFIXES, Presentation
from models.face.faces import Detector, small_copy
from models.liveness.bona_fide import LivenessReader, usable
from models.manifest import installed_models
from models.network_file import Role
from models.observation import (
    Face,
    HeadPose,
    ImageQuality,
    Measure,
    Observation,
    Picture,
    Wanted,
    area,
)
from models.passive.passive import PassiveMeter, Place
from models.perceive import Perceiver, PerceptionSettings, Stages, needs
from models.schemes import Liveness
from models.session import Networks
from models.still_look import look_at

GateUse = Literal["on", "off"]

IMAGES_FPS = 10.0  # at which images are shown; a folder feed's own default
COLOURS = frozenset(  # for RGB liveness
    {Measure.QUALITY, Measure.PICTURE, Measure.POSE, Measure.PASSIVE, Measure.LIVENESS}
)


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """A presentation as the models saw it.

    frames    one observation per frame that was judged; the largest face carries every
              measure, and in `liveness.by_model` every network's score
    problems  sentences about frames, or the whole presentation, that could not be read
    repeated  frames that equal the one before, which a feed never hands on
    unread    files or frames that could not be read; a presentation without a frame is one
    """

    presentation: Presentation
    frames: tuple[Observation, ...]
    problems: tuple[str, ...] = ()
    repeated: int = 0
    unread: int = 0


def roles(measures: frozenset[Measure] = COLOURS) -> frozenset[Role]:
    """The networks that an evaluation loads: every one for liveness, if that is measured."""
    return needs(measures) | (installed_models() if Measure.LIVENESS in measures else set())


class Sight:
    """Looks at presentations, one after the other. One thread."""

    def __init__(
        self,
        networks: Networks,
        settings: PerceptionSettings,
        gate: GateUse = "on",
        images_fps: float = IMAGES_FPS,
        measures: frozenset[Measure] = COLOURS,
    ) -> None:
        """With the gate "off" no face is followed either: each image stands for itself, and
        only colours are measured.
        """
        self.stages = Stages(thread_time)  # what it computed, not what it waited while others did
        self._reader = LivenessReader(networks)
        ours = (model for model in installed_models(networks.manifest) if model in networks)
        added = networks.manifest.added_to(networks.roles)
        self._models: Sequence[str] = sorted({*ours, *(each.name for each in added)})
        self._fps = images_fps
        following = measures - {Measure.LIVENESS}
        self._eye: _Following | _Single
        self._still_eye: _Still | _Single
        if gate == "on":
            self._eye = _Following(networks, settings, following, self.stages)
            self._still_eye = _Still(networks, settings, following, self.stages)
        else:
            self._eye = self._still_eye = _Single(networks, settings, self.stages)

    def look(self, presentation: Presentation) -> Sighting:
        """Every frame measured. Never raises on what a data set may hold."""
        problems: list[str] = []
        seen: list[Observation] = []
        freshness, repeated = Freshness(1.0, live=False), 0
        eye = self._still_eye if presentation.is_still else self._eye
        eye.reset()
        for shown in self._shown(presentation, problems):
            at, image = shown.at, shown.image
            if freshness.judge(image, at, at, at).verdict == "repeated":
                repeated += 1
                continue
            frame = Frame("evaluate", shown.number, shown.session, at, at, image)
            if shown.planes is not None:
                frame = shown.planes.beside(frame)
            seen.append(self._scored(frame, eye.look(frame)))
        unread = max(len(problems), not seen)
        problems += _mixed(presentation, seen)
        return Sighting(presentation, tuple(seen), tuple(problems), repeated, unread)

    def _shown(self, presentation: Presentation, problems: list[str]) -> Iterator["_Shown"]:
        if presentation.is_video or presentation.is_realsense:
            return _played(presentation.files[0], problems)
        if presentation.is_recording:
            return _recording(presentation.files[0].parent, problems)
        times = [(path, n / self._fps) for n, path in enumerate(presentation.files)]
        return _images(times, problems)

    def _scored(self, frame: Frame, seen: Observation) -> Observation:
        """Every network's score on the largest face, and nothing kept that is not needed."""
        if not seen.faces:
            return seen
        face = replace(seen.faces[0], mesh=None)
        if not face.missed and usable(face.box):
            face = replace(face, liveness=Liveness(None, self._by_model(frame, face)))
        others = (replace(other, mesh=None, landmarks=None) for other in seen.faces[1:])
        return replace(seen, faces=(face, *others))

    def _by_model(self, frame: Frame, face: Face) -> dict[str, float]:
        scores = {}
        for model in self._models:
            with self.stages.timed(model):
                score = self._reader.score(model, frame.color, face.box)
            if score is not None:
                scores[model] = score
        return scores


def _mixed(presentation: Presentation, seen: Sequence[Observation]) -> Iterator[str]:
    """One camera gives images of one size; others were taken for a sequence by their names."""
    if len({(each.width, each.height) for each in seen}) > 1 and len(presentation.files) > 1:
        yield (
            f"{presentation.name}: its images are of different sizes, so they are photographs"
            " rather than a sequence; --clip-frames 1 judges each for itself"
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Shown:
    """A frame that could be read; `at` counts from the beginning, seconds."""

    number: int
    session: int
    at: float
    image: ColorImage
    planes: Planes | None = None


def _images(timed: Iterable[tuple[Path, float]], problems: list[str]) -> Iterator[_Shown]:
    """Images by file and time."""
    for number, (path, at) in enumerate(timed):
        try:
            yield _Shown(number, 0, at, read_image(str(path)))
        except ImageFileError as error:
            problems.append(str(error))


def _recording(folder: Path, problems: list[str]) -> Iterator[_Shown]:
    """What kioskd recorded, with the depth camera's planes if it was one."""
    try:
        entries, rig = read_index(folder), read_rig(folder)
    except RecordingError as error:
        problems.append(str(error))
        return
    for number, entry in enumerate(entries):
        at = entry.captured_at - entries[0].captured_at
        try:
            image = read_image(str(folder / entry.color))
            planes = None if rig is None else read_planes(folder, entry, rig, image.shape)
        except ImageFileError as error:
            problems.append(str(error))
        else:
            yield _Shown(number, entry.session, at, image, planes)


def played(path: Path) -> Reader:
    """A video or RealSense recording, read here and now. Raises SourceError."""
    known = path.suffix.lower() in REALSENSE_SUFFIXES
    source = RecordingSource(str(path), pace="fast") if known else FileSource(str(path))
    usual = FeedSettings("evaluate", source)
    return opened(source, open_s=usual.open_s, stall_s=usual.stall_s)


def _played(path: Path, problems: list[str]) -> Iterator[_Shown]:
    try:
        reader = played(path)
    except SourceError as error:
        problems.append(str(error))
        return
    try:
        for number in count():
            if (shot := reader.read()) is None:
                return
            yield _Shown(number, 0, shot.position_s or 0.0, shot.image, shot.planes)
    except SourceError as error:
        problems.append(str(error))
    finally:
        reader.close()


class _Following:
    """The perceiver that ships, asked for everything at once."""

    def __init__(
        self,
        networks: Networks,
        settings: PerceptionSettings,
        measures: frozenset[Measure],
        stages: Stages,
    ) -> None:
        self._perceiver = Perceiver(networks, settings, stages)
        self._measures = measures

    def reset(self) -> None:
        self._perceiver.reset()

    def look(self, frame: Frame) -> Observation:
        seen = self._perceiver.look(frame)
        if Measure.PASSIVE in self._measures:
            self._perceiver.measure(frame, seen, Wanted(None, frozenset({Measure.PASSIVE})))
        if not seen.faces:
            return seen
        return self._perceiver.measure(frame, seen, Wanted(seen.faces[0].track_id, self._measures))


class _Still:
    """One image and no other, looked at as references and `kioskd inspect` do."""

    def __init__(
        self,
        networks: Networks,
        settings: PerceptionSettings,
        measures: frozenset[Measure],
        stages: Stages,
    ) -> None:
        self._networks, self._settings = networks, settings
        self._measures, self._stages = measures, stages

    def reset(self) -> None:
        pass

    def look(self, frame: Frame) -> Observation:
        return look_at(
            frame, self._networks, self._measures, settings=self._settings, stages=self._stages
        )


class _Single:
    """The largest face of each image, taken for one person whatever stands around it.

    Quality, picture and pose are not measured but set to what every gate passes: the gate is off.
    """

    _PASSING = ImageQuality(1.0, 1.0, 0.5)
    _ORDINARY = Picture(
        colour=1.0, redness=0.5, discord=0.0, clumping=1.0, flatness=0.0, blocks=1.0
    )

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
                    picture=self._ORDINARY,
                    pose=HeadPose(0.0, 0.0, 0.0),
                    centre_pose_quality=1.0,
                ),
            )
            with self._stages.timed("passive"):
                faces = tuple(
                    replace(face, passive=PassiveMeter(Place()).measure(frame, small, face))
                    for face in faces
                )
        return Observation(
            "evaluate", frame.number, frame.session, frame.captured_at, 0.0, width, height, faces
        )
