"""What measures a face of a frame, and remembers of the frames before what it must.

Some measures tell how something changed since they were last made, so that what they say depends on
when they were asked. Whoever asks for himself has gauges of his own.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace

from feeds.frame import ColorImage, Frame
from models.blendshapes.scores import read_blendshapes
from models.change import ChangeMeter
from models.cover import cover
from models.face.upright import Stand
from models.identity.looks import read_embedding
from models.infrared.infrared import read_infrared
from models.liveness.bona_fide import LivenessReader, usable
from models.mesh.head_pose import head_pose
from models.mesh.landmarks import read_mesh
from models.motion import MotionMeter
from models.network_file import NetworkError
from models.observation import Face, Measure, Wanted
from models.passage import PassageMeter
from models.passive.passive import PassiveMeter, Place
from models.picture_measures import PictureMeter
from models.quality import quality
from models.relief.relief import read_relief
from models.schemes import Liveness, LivenessPlan, weighs_passive
from models.session import Networks
from models.stages import Stages

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
