"""One feed's eye: a Frame in, an Observation out, measured only as far as was asked."""

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from feeds.frame import Frame
from models.face.detector import Detector
from models.faces import FaceFinder
from models.gauges import Gauges
from models.liveness.bona_fide import check_added
from models.network_file import Role
from models.observation import Face, Measure, Observation, Wanted, area
from models.passive.passive import Place
from models.perception_settings import PerceptionSettings as PerceptionSettings
from models.schemes import SCHEMES, LivenessPlan
from models.session import Networks
from models.stages import Stages
from models.track import Track, Tracker, TrackSettings


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
            self.stages,
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
