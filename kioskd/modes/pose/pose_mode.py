"""Secure Access with Profile Pose: a face looks at the camera, then turns into profile.

A photograph moved before the camera must not pass: what turned must have moved like a head, not
like a plane (models/mesh/parallax.py), and without evidence of that nothing passes.
docs/understand/modes.md draws it. Pure: no clock, no thread, no camera.
"""

from kioskd.event import Result, Step, Verdict
from kioskd.modes.attempt_course import Course
from kioskd.modes.gate import Finding
from kioskd.modes.gate_settings import GateSettings
from kioskd.modes.onset import Onset
from kioskd.modes.pose import turning
from kioskd.modes.pose.pose_phases import PROMPTS, TRANSITIONS, TURNS, Cause, Phase
from kioskd.modes.pose.pose_settings import PoseSettings
from kioskd.modes.reasons import Reason
from models.mesh.parallax import parallax
from models.observation import Face, Mesh, Observation

MODE = "secure_access_profile_pose"


class PoseMode(Course):
    """The Secure Access with Profile Pose mode of one feed. The gate measures all it needs."""

    asks = True

    def __init__(self, settings: PoseSettings, gate: GateSettings) -> None:
        super().__init__(TRANSITIONS, settings.attempt, gate)
        self.prompts = {**PROMPTS, Phase.WAIT_PROFILE: TURNS[settings.direction]}
        self._rule, self._least_parallax = settings.rule, settings.minimum_parallax
        self.fresh()

    def fresh(self) -> None:
        self._turn: turning.Turn = turning.Centre()
        self._onset = Onset()
        self._headlike = False  # the turn was seen, and was a head's
        self._meshes: tuple[Mesh, ...] = ()  # of the turn under way, its last centre frame first

    def weighed(self, face: Face) -> tuple[Finding, ...]:
        """How far the head is turned."""
        limit = self._rule.profile_pose_quality
        if face.centre_pose_quality is None:
            return ()
        return (Finding("profile_pose_quality", None, face.centre_pose_quality, limit, "most"),)

    def fit(self, seen: Observation, face: Face) -> Step:
        if face.pose is None or face.centre_pose_quality is None or face.mesh is None:
            return self.refuse(Reason.NOT_MEASURED)
        _, top, _, bottom = face.box
        look = turning.Look(seen.at, face.centre_pose_quality, face.pose.yaw, bottom - top)
        looks_here = look.quality >= self._rule.centre_pose_quality
        if self.phase is Phase.QUALITY:
            if not looks_here:
                return self.refuse(Reason.CENTRE_POSE_LOW)
            self.move(Cause.FIRST_LOOK)
        self.count(seen)
        if self._headlike:
            return self._pass(seen)
        self._turn = turning.after(self._turn, look, self._rule)
        self._meshes = (face.mesh,) if looks_here else (*self._meshes, face.mesh)
        self._follow(seen.at, face, face.mesh, rests=looks_here)
        self.same.closely = isinstance(self._turn, turning.Turning) and not looks_here
        return self._stand(seen)

    def _follow(self, at: float, face: Face, mesh: Mesh, *, rests: bool) -> None:
        if rests:
            self._onset.rests(at, mesh)
        else:
            self._onset.goes(at, mesh, face.passage)

    def _stand(self, seen: Observation) -> Step:
        """Where the turn stands after this frame."""
        match self._turn:
            case turning.Centre(fell=None):
                return self.say()
            case turning.Centre(fell=Reason() as reason):
                return self._fall(reason)
            case turning.Turned():
                return self._arrive(seen)
        if self.phase is Phase.WAIT_CENTRE:
            self.move(Cause.CENTRE_HELD)
        return self.say()

    def _fall(self, reason: Reason) -> Step:
        self._turn = turning.Centre()
        if self.phase is Phase.WAIT_PROFILE:
            self.move(Cause.FELL)
        return self.refuse(reason)

    def _arrive(self, seen: Observation) -> Step:
        """In profile: it counts if what turned was a head, and turned as heads do."""
        match self._like_a_head():
            case None:
                return self._fall(Reason.NO_DEPTH_EVIDENCE)
            case False:
                self.move(Cause.PLANAR)
                result = self._result(seen, "failed", Reason.PLANAR_MOTION)
                return self.conclude(seen, result, Reason.PLANAR_MOTION)
        if doubt := self._onset.doubt():
            return self._fall(doubt)
        self._headlike = self.same.closely = True
        return self._pass(seen)

    def _pass(self, seen: Observation) -> Step:
        """It counts in the first frame that shows the person who looked at the camera.

        That is this one, unless the head is turned too far to be compared, or is somebody else's.
        """
        if doubts := self.doubts():
            return self.refuse(*doubts)
        self.move(Cause.PROFILE)
        return self.conclude(seen, self._result(seen, "passed"))

    def _like_a_head(self) -> bool | None:
        """Whether the points of the turn show depth; None where they cannot tell."""
        before, after = self._meshes[0], self._meshes[-1]
        shown = parallax(before, after)
        if shown is None:
            return None
        finding = Finding("minimum_parallax", None, shown, self._least_parallax, unit="face sizes")
        self.tell(finding)
        return finding.passed

    def time_over(self, seen: Observation) -> Result:
        return self._result(seen, "undecided", Reason.TIME_OVER)

    def broken_off(self, seen: Observation, reason: Reason) -> Result:
        return self._result(seen, "undecided", reason)

    def _result(self, seen: Observation, verdict: Verdict, *ended_by: Reason) -> Result:
        """The door is told of success only: the seed's event has no word for anything else."""
        passed = verdict == "passed"
        return self.result(seen, "poseLiveness", MODE, verdict, ended_by, None, emits=passed)
