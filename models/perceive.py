"""One feed's eye: a Frame in, an Observation out, measured only as far as was asked.

`Perceiver` looks who is there and measures what it is asked for; `Gauges` make the measures, and
remember of the frames before what they must. Some measures tell how something changed since they
were last made, so that what they say depends on when they were asked: whoever asks for himself has
gauges of his own.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from time import perf_counter

import numpy as np

from feeds.frame import ColorImage, Frame
from models.blendshapes.scores import read_blendshapes
from models.cover import cover
from models.face.faces import Detector, FaceFinder, Track, Tracker, TrackSettings
from models.face.upright import Stand
from models.identity.looks import read_embedding
from models.infrared.infrared import read_infrared
from models.liveness.bona_fide import LivenessReader, check_added, usable
from models.mesh.head_pose import head_pose
from models.mesh.landmarks import read_mesh
from models.motion import MotionMeter
from models.network_file import NetworkError, Role
from models.observation import Face, Measure, Observation, Wanted, area
from models.passage import PassageMeter
from models.passive.passive import PassiveMeter, Place
from models.perception_settings import PerceptionSettings as PerceptionSettings
from models.picture_measures import ChangeMeter, PictureMeter, quality
from models.relief.relief import read_relief
from models.schemes import SCHEMES, Liveness, LivenessPlan, weighs_passive
from models.session import Networks


class Stages:
    """Seconds and calls per stage, added up. One per feed, read by whoever measures."""

    def __init__(self, clock: Callable[[], float] = perf_counter) -> None:
        self.clock = clock
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.calls: defaultdict[str, int] = defaultdict(int)

    def timed(self, stage: str) -> "Timed":
        """Adds the time that its block takes to a stage."""
        return Timed(self, stage)


class Timed:
    """A block that is timed. Written with a generator it took three times as long itself."""

    def __init__(self, stages: Stages, stage: str) -> None:
        self._stages, self._stage = stages, stage

    def __enter__(self) -> None:
        self._start = self._stages.clock()

    def __exit__(self, *_: object) -> None:
        self._stages.seconds[self._stage] += self._stages.clock() - self._start
        self._stages.calls[self._stage] += 1


OVER_MESH = {
    Measure.POSE, Measure.BLENDSHAPES, Measure.COVER, Measure.RELIEF, Measure.INFRARED,
}  # fmt: skip
PRESENT = 0.5  # the mesh network must be so sure that there is a face, or its mesh is none


class Gauges:
    """For one feed and one series of questions. Not thread-safe."""

    def __init__(self, networks: Networks, long_side: int, stages: Stages, place: Place) -> None:
        """`long_side`: pixels of the small copies. Raises NetworkError without the detector."""
        self._networks = networks
        self._stages = stages
        self._motion = MotionMeter(long_side)
        self._change = ChangeMeter()
        self._stand = Stand(networks["face"])
        self._reader = LivenessReader(networks)
        self._picture = PictureMeter()
        self._passage = PassageMeter()
        self._place, self._passive = place, PassiveMeter(place)

    def measured(self, frame: Frame, small: ColorImage | None, face: Face, wanted: Wanted) -> Face:
        """The face with what was asked for, as far as it could be measured.

        `small` is the frame's small copy, which the detector looked at.
        """
        if face.missed or not usable(face.box):
            return face
        if Measure.QUALITY in wanted.measures:
            with self._stages.timed("quality"):
                face = self._with_quality(frame, small, face)
        if Measure.PICTURE in wanted.measures:
            with self._stages.timed("picture"):
                face = self._with_picture(frame, small, face)
        if wanted.measures & OVER_MESH:
            face = self._with_mesh(frame, face)
        if Measure.POSE in wanted.measures:
            face = self._with_pose(face)
        if Measure.BLENDSHAPES in wanted.measures:
            face = self._with_blendshapes(face)
        if Measure.IDENTITY in wanted.measures:
            face = self._with_identity(frame, face)
        if Measure.MOTION in wanted.measures:
            with self._stages.timed("motion"):
                face = replace(face, motion=self._motion.measure(frame, face))
        if Measure.PASSAGE in wanted.measures:
            with self._stages.timed("passage"):
                face = self._with_passage(frame, small, face)
        if Measure.COVER in wanted.measures:
            face = self._with_cover(frame, face)
        if Measure.INFRARED in wanted.measures:
            face = self._with_infrared(frame, face)
        if Measure.RELIEF in wanted.measures:
            face = self._with_relief(frame, face)
        judges = Measure.LIVENESS in wanted.measures
        if Measure.PASSIVE in wanted.measures or (judges and weighs_passive(wanted.plan)):
            face = self._with_passive(frame, small, face)
        if judges:
            with self._stages.timed("liveness"):
                face = replace(face, liveness=self._liveness(frame, face, wanted.plan))
        return face

    def look(
        self,
        frame: Frame,
        small: ColorImage | None,
        faces: Sequence[Face],
        measures: Collection[Measure],
    ) -> None:
        """At the picture as a whole, and remember of it what these measures need."""
        if small is not None and Measure.PASSIVE in measures:
            with self._stages.timed("passive"):
                self._place.look(frame, small, faces)

    def _with_quality(self, frame: Frame, small: ColorImage | None, face: Face) -> Face:
        if small is None:
            return face
        scale = frame.color.shape[1] / small.shape[1]
        change = self._change.measure(small, scale, face.box, face.track_id, frame.session)
        return replace(face, quality=quality(frame.color, face.box), change=change)

    def _with_picture(self, frame: Frame, small: ColorImage | None, face: Face) -> Face:
        if small is None:
            return face
        found = self._picture.measure(frame.color, small, face.box, face.track_id, frame.session)
        return replace(face, picture=found)

    def _with_passage(self, frame: Frame, small: ColorImage | None, face: Face) -> Face:
        if small is None:
            return face
        scale, at = frame.color.shape[1] / small.shape[1], frame.captured_at
        found = self._passage.measure(small, scale, face.box, face.track_id, frame.session, at)
        return replace(face, passage=found)

    def _with_mesh(self, frame: Frame, face: Face) -> Face:
        if face.mesh is not None or face.landmarks is None:
            return face
        try:
            with self._stages.timed("mesh"):
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
        with self._stages.timed("pose"):
            pose = head_pose(face.mesh)
        if pose is None:
            return face
        return replace(face, pose=pose, centre_pose_quality=pose.centre_pose_quality)

    def _with_blendshapes(self, face: Face) -> Face:
        if face.mesh is None:
            return face
        with self._stages.timed("blendshapes"):
            try:
                scores = read_blendshapes(self._networks["blendshapes"], face.mesh)
            except NetworkError:
                return face
        return replace(face, blendshapes=scores)

    def _with_identity(self, frame: Frame, face: Face) -> Face:
        if face.landmarks is None or "identity" not in self._networks:
            return face
        try:
            with self._stages.timed("identity"):
                look = read_embedding(self._networks["identity"], frame.color, face.landmarks)
        except NetworkError:
            return face
        return replace(face, identity=look)

    def _with_cover(self, frame: Frame, face: Face) -> Face:
        if face.mesh is None:
            return face
        with self._stages.timed("cover"):
            return replace(face, cover=cover(frame.color, face.mesh))

    def _with_infrared(self, frame: Frame, face: Face) -> Face:
        if face.mesh is None or face.landmarks is None:
            return face
        with self._stages.timed("infrared"):
            look = read_infrared(self._networks["face"], frame, face.mesh, face.landmarks)
        return replace(face, infrared=look)

    def _with_relief(self, frame: Frame, face: Face) -> Face:
        if face.mesh is None or "relief" not in self._networks:
            return face
        with self._stages.timed("relief"):
            return replace(face, relief=read_relief(self._networks["relief"], frame, face.mesh))

    def _with_passive(self, frame: Frame, small: ColorImage | None, face: Face) -> Face:
        if small is None or face.passive is not None:
            return face
        with self._stages.timed("passive"):
            return replace(face, passive=self._passive.measure(frame, small, face))

    def _liveness(self, frame: Frame, face: Face, plan: LivenessPlan | None) -> Liveness:
        if plan is None:
            return Liveness(None, {})
        return self._reader.liveness(frame.color, face.box, plan, face.passive)


def needs(measures: Collection[Measure], schemes: Collection[str] = ()) -> frozenset[Role]:
    """The networks that must be loaded to measure these, and liveness by these schemes."""
    roles: set[Role] = {"face"}
    if Measure.POSE in measures:
        roles.add("mesh")
    if Measure.BLENDSHAPES in measures:
        roles |= {"mesh", "blendshapes"}
    if Measure.IDENTITY in measures:
        roles.add("identity")
    if Measure.INFRARED in measures or Measure.COVER in measures:
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
        place = Place()
        self._gauges = Gauges(networks, settings.detector_long_side, self.stages, place)
        self._watching = Gauges(networks, settings.detector_long_side, Stages(), place)
        self._finder = FaceFinder(
            Detector(networks["face"], settings.detector_min_score),
            Tracker(TrackSettings(confirm=settings.confirm, forget_s=settings.forget_s)),
            settings.detector_long_side,
            settings.detect_every,
            self.stages.timed,
        )

    def reset(self) -> None:
        """Forgets all faces; what comes next has other track ids."""
        self._finder.reset()

    def is_ready(self, measures: Collection[Measure], schemes: Collection[str] = ()) -> bool:
        """Whether every network is loaded that these need."""
        return all(role in self._networks for role in needs(measures, schemes))

    def prepare(self, measures: Collection[Measure], schemes: Collection[str] = ()) -> None:
        """Loads and runs once what these need and was not loaded at the start. From any thread.

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
        return self._answered(self._gauges, frame, seen, wanted)

    def watch(
        self,
        frame: Frame,
        seen: Observation,
        measures: Collection[Measure],
        plan: LivenessPlan | None = None,
    ) -> Observation:
        """The observation with more measures of its largest face, for somebody who looks.

        What has been measured stays as it is, and whatever is asked by `measure` later is answered
        as if nobody had looked. What is missing of the room is told where whoever decides has had
        the picture as a whole looked at.
        """
        if not seen.faces:
            return seen
        face = seen.faces[0]
        lacking = frozenset(each for each in measures if not face.has(each))
        wanted = Wanted(face.track_id, lacking, plan)
        return self._answered(self._watching, frame, seen, wanted) if lacking else seen

    def _answered(
        self, gauges: Gauges, frame: Frame, seen: Observation, wanted: Wanted
    ) -> Observation:
        small = self._finder.small
        if wanted.track_id is None:
            gauges.look(frame, small, seen.faces, wanted.measures)
            return seen
        faces = [
            face
            if face.track_id != wanted.track_id
            else gauges.measured(frame, small, face, wanted)
            for face in seen.faces
        ]
        return replace(seen, faces=tuple(faces))


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
        check_added(networks, each)


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
