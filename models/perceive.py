"""One feed's eye: a Frame in, an Observation out, measured only as far as was asked."""

from collections.abc import Collection
from dataclasses import dataclass, replace

from feeds.frame import Frame
from models import liveness
from models.boxes import area
from models.detect import Detector, small_copy
from models.manifest import Role
from models.observation import Face, Liveness, LivenessModel, Measure, Observation, Wanted
from models.schemes import SCHEMES, evaluate
from models.session import Networks
from models.stages import Stages
from models.track import Track, Tracker, TrackSettings


@dataclass(frozen=True, slots=True)
class PerceptionSettings:
    """
    detector_long_side  pixels of the small copy the detector looks at, a multiple of 32
    detector_min_score  a detection counts from this confidence on, 0..1
    detect_every        the detector looks at every so manieth frame, 1 = at each
    confirm             a face counts from so many detections on
    forget_s            seconds without a detection after which a track ends
    """

    detector_long_side: int = 320
    detector_min_score: float = 0.6
    detect_every: int = 1
    confirm: int = 2
    forget_s: float = 0.5


def needs(measures: Collection[Measure], schemes: Collection[str] = ()) -> frozenset[Role]:
    """The networks that must be loaded to measure these, and liveness by these schemes."""
    roles: set[Role] = {"face"}
    if Measure.POSE in measures:
        roles.add("mesh")
    if Measure.BLENDSHAPES in measures:
        roles |= {"mesh", "blendshapes"}
    for scheme in schemes:
        roles |= set(SCHEMES[scheme].models)
    return frozenset(roles)


class Perceiver:
    """Follows and measures the faces of one feed. Not thread-safe: one thread per feed."""

    def __init__(
        self,
        networks: Networks,
        settings: PerceptionSettings | None = None,
        stages: Stages | None = None,
    ) -> None:
        self._networks = networks
        self._settings = settings or PerceptionSettings()
        self.stages = stages or Stages()
        self._detector = Detector(networks["face"], self._settings.detector_min_score)
        self._tracker = Tracker(
            TrackSettings(confirm=self._settings.confirm, forget_s=self._settings.forget_s)
        )

    def reset(self) -> None:
        """Forgets all faces; what comes next has other track ids."""
        self._tracker.reset()

    def look(self, frame: Frame) -> Observation:
        """Who is there: boxes of the faces followed, largest first, and nothing measured yet."""
        self._tracker.advance(frame.captured_at, frame.session)
        with self.stages.timed("detect"):
            small = small_copy(frame.color, self._settings.detector_long_side)
            scale = max(frame.color.shape) / max(small.shape)
            found = self._detector.detect(small, scale)
        self._tracker.update(found)
        faces = sorted(map(_face, self._tracker.confirmed), key=lambda face: -area(face.box))
        return _observation(frame, tuple(faces))

    def measure(self, frame: Frame, seen: Observation, wanted: Wanted) -> Observation:
        """The observation with what was asked for added to one face.

        What cannot be measured stays None. A face that the detector just missed is not
        measured at all: it is waited for, and shows nothing that could be evidence.
        """
        faces = tuple(
            self._measured(frame, face, wanted) if face.track_id == wanted.track_id else face
            for face in seen.faces
        )
        return replace(seen, faces=faces)

    def _measured(self, frame: Frame, face: Face, wanted: Wanted) -> Face:
        if face.missed:
            return face
        if Measure.LIVENESS in wanted.measures:
            with self.stages.timed("liveness"):
                face = replace(face, liveness=self._liveness(frame, face, wanted))
        return face

    def _liveness(self, frame: Frame, face: Face, wanted: Wanted) -> Liveness:
        if wanted.plan is None:
            return Liveness(None, {})

        def score(model: LivenessModel) -> float | None:
            return liveness.score(self._networks, model, frame.color, face.box)

        return evaluate(wanted.plan, score)


def _observation(frame: Frame, faces: tuple[Face, ...]) -> Observation:
    height, width = frame.color.shape[:2]
    return Observation(
        frame.feed,
        frame.number,
        frame.session,
        frame.captured_at,
        frame.wall_time,
        width,
        height,
        faces,
    )


def _face(track: Track) -> Face:
    return Face(
        track.track_id,
        track.box,
        track.score,
        detected=not track.missed and not track.carried,
        missed=track.missed,
        landmarks=track.landmarks,
    )
