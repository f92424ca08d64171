"""One feed's eye: a Frame in, an Observation out, measured only as far as was asked."""

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np

from feeds.frame import Frame
from models.blendshapes.scores import read_blendshapes
from models.boxes import area
from models.change import ChangeMeter
from models.face.detector import Detector
from models.face.upright import Stand
from models.faces import FaceFinder
from models.infrared.infrared import read_infrared
from models.liveness import added_scores
from models.liveness.crops import usable
from models.mesh.facing import centre_pose_quality
from models.mesh.head_pose import head_pose
from models.mesh.landmarks import read_mesh
from models.motion import MotionMeter
from models.network_file import NetworkError, Role
from models.observation import (
    Box,
    Face,
    Liveness,
    LivenessPlan,
    Measure,
    Observation,
    Wanted,
)
from models.picture import PictureMeter
from models.quality import quality
from models.relief.relief import read_relief
from models.schemes import SCHEMES, evaluate
from models.session import Networks
from models.stages import Stages
from models.track import Track, Tracker, TrackSettings

OVER_MESH = {Measure.POSE, Measure.BLENDSHAPES, Measure.RELIEF, Measure.INFRARED}
PRESENT = 0.5  # the mesh network must be so sure that there is a face, or its mesh is none


@dataclass(frozen=True, slots=True)
class PerceptionSettings:
    """
    detector_long_side  pixels of the small copy the detector looks at, a multiple of 32
    detector_min_score  a detection counts from this confidence on, 0..1
    detect_every        the detector looks at every k-th frame, and tracks are carried between
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
    if Measure.INFRARED in measures:
        roles.add("mesh")
    if Measure.RELIEF in measures:
        roles |= {"mesh", "relief"}
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
        """Raises NetworkError when `networks` were loaded without the detector."""
        settings = settings or PerceptionSettings()
        self._networks = networks
        self._settings = settings
        self.stages = stages or Stages()
        self._motion = MotionMeter(settings.detector_long_side)
        self._change = ChangeMeter()
        self._stand = Stand(networks["face"])
        self._picture = PictureMeter()
        self._finder = FaceFinder(
            Detector(networks["face"], settings.detector_min_score),
            Tracker(TrackSettings(confirm=settings.confirm, forget_s=settings.forget_s)),
            settings.detector_long_side,
            settings.detect_every,
            self.stages,
        )

    def reset(self) -> None:
        """Forgets all faces; what comes next has other track ids."""
        self._finder.reset()

    def prepare(self, measures: Collection[Measure], schemes: Collection[str] = ()) -> None:
        """Loads and runs once what these need and was not loaded at the start.

        Raises NetworkError, and has loaded nothing then: what was there goes on as it was.
        """

        def check(networks: Networks) -> None:
            warm_up(networks, self._settings)

        self._networks.add(needs(measures, schemes), check)

    def look(self, frame: Frame) -> Observation:
        """Who is there: the faces that are followed, largest first, and nothing measured yet.

        Raises NetworkError when the detector fails.
        """
        faces = sorted(map(_face, self._finder.find(frame)), key=lambda face: -area(face.box))
        return _observation(frame, tuple(faces))

    def measure(self, frame: Frame, seen: Observation, wanted: Wanted) -> Observation:
        """The observation with what was asked for added to one face.

        What cannot be measured, for whatever reason, stays None and never raises. A face
        that the detector just missed is not measured at all: it is waited for, and nothing
        in its box could be evidence.
        """
        if (frame.feed, frame.session, frame.number) != (seen.feed, seen.session, seen.number):
            raise ValueError(f"frame {frame.number} was given for what was seen in {seen.number}")
        faces = tuple(
            self._measured(frame, face, wanted) if face.track_id == wanted.track_id else face
            for face in seen.faces
        )
        return replace(seen, faces=faces)

    def _measured(self, frame: Frame, face: Face, wanted: Wanted) -> Face:
        if face.missed or not usable(face.box):
            return face
        if Measure.QUALITY in wanted.measures:
            with self.stages.timed("quality"):
                face = self._with_quality(frame, face)
        if Measure.PICTURE in wanted.measures:
            with self.stages.timed("picture"):
                face = self._with_picture(frame, face)
        if wanted.measures & OVER_MESH:
            face = self._with_mesh(frame, face)
        if Measure.POSE in wanted.measures:
            face = self._with_pose(face)
        if Measure.BLENDSHAPES in wanted.measures:
            face = self._with_blendshapes(face)
        if Measure.MOTION in wanted.measures:
            with self.stages.timed("motion"):
                face = replace(face, motion=self._motion.measure(frame, face))
        if Measure.INFRARED in wanted.measures:
            face = self._with_infrared(frame, face)
        if Measure.RELIEF in wanted.measures:
            face = self._with_relief(frame, face)
        if Measure.LIVENESS in wanted.measures:
            with self.stages.timed("liveness"):
                face = replace(face, liveness=self._liveness(frame, face.box, wanted.plan))
        return face

    def _with_quality(self, frame: Frame, face: Face) -> Face:
        small = self._finder.small
        if small is None:
            return face
        scale = frame.color.shape[1] / small.shape[1]
        change = self._change.measure(small, scale, face.box, face.track_id, frame.session)
        return replace(face, quality=quality(frame.color, face.box), change=change)

    def _with_picture(self, frame: Frame, face: Face) -> Face:
        small = self._finder.small
        if small is None:
            return face
        found = self._picture.measure(frame.color, small, face.box, face.track_id, frame.session)
        return replace(face, picture=found)

    def _with_mesh(self, frame: Frame, face: Face) -> Face:
        if face.mesh is not None or face.landmarks is None:
            return face
        try:
            with self.stages.timed("mesh"):
                points = self._stand.landmarks(frame.color, face.box, face.score, face.landmarks)
                if points is None:
                    return face
                reading = read_mesh(self._networks["mesh"], frame.color, face.box, points)
        except NetworkError:
            return face
        mesh = reading.mesh if reading.presence >= PRESENT else None
        return replace(face, landmarks=points, mesh=mesh)

    def _with_pose(self, face: Face) -> Face:
        if face.mesh is None:
            return face
        with self.stages.timed("pose"):
            pose = head_pose(face.mesh)
        if pose is None:
            return face
        return replace(face, pose=pose, centre_pose_quality=centre_pose_quality(pose))

    def _with_blendshapes(self, face: Face) -> Face:
        if face.mesh is None:
            return face
        with self.stages.timed("blendshapes"):
            try:
                scores = read_blendshapes(self._networks["blendshapes"], face.mesh)
            except NetworkError:
                return face
        return replace(face, blendshapes=scores)

    def _with_infrared(self, frame: Frame, face: Face) -> Face:
        if face.mesh is None or face.landmarks is None:
            return face
        with self.stages.timed("infrared"):
            look = read_infrared(self._networks["face"], frame, face.mesh, face.landmarks)
        return replace(face, infrared=look)

    def _with_relief(self, frame: Frame, face: Face) -> Face:
        if face.mesh is None or "relief" not in self._networks:
            return face
        with self.stages.timed("relief"):
            return replace(face, relief=read_relief(self._networks["relief"], frame, face.mesh))

    def _liveness(self, frame: Frame, box: Box, plan: LivenessPlan | None) -> Liveness:
        if plan is None:
            return Liveness(None, {})

        def score(model: str) -> float | None:
            return added_scores.score(self._networks, model, frame.color, box)

        return evaluate(plan, score, self._networks.manifest.weights)


def warm_up(networks: Networks, settings: PerceptionSettings | None = None) -> None:
    """Runs every loaded network once, so that the first face does not wait for it.

    Raises NetworkError: a network that cannot run is better known before a door relies on it.
    """
    long_side = (settings or PerceptionSettings()).detector_long_side
    for network in networks.ours():
        sizes = {"height": long_side, "width": long_side}
        shape = [sizes.get(size, 1) if isinstance(size, str) else size for size in network.input]
        network.run(np.zeros(shape, np.float32))
    for each in networks.manifest.added_to(networks.roles):
        added_scores.check(networks, each)


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
