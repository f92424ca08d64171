"""A challenge, or a sequence of them: one person is asked, and does it.

docs/understand/challenges.md tells what happens.
Pure: no clock, no camera, no chance. Time arrives in the observation, chance as `below`.
"""

import math
from collections.abc import Collection
from dataclasses import replace
from enum import StrEnum

from kioskd.event import ActionId, Progress, Result, Step, Verdict
from kioskd.modes.attempt_course import Course
from kioskd.modes.challenges import fraud, start
from kioskd.modes.challenges.challenge_phases import PROMPTS, TRANSITIONS, Cause, Phase
from kioskd.modes.challenges.challenge_settings import ChallengeSettings, SequenceSettings
from kioskd.modes.challenges.draw import Below, drawn
from kioskd.modes.challenges.extent import extent, went
from kioskd.modes.challenges.kinds import ACTIONS, ANGLES, MOST_PER_S, ON_THE_WAY, Challenge
from kioskd.modes.challenges.reading import Reading, measures, read, resting
from kioskd.modes.challenges.rest import STAYS_S, Coming, is_steady
from kioskd.modes.challenges.start import RESTLESS
from kioskd.modes.challenges.trial import (
    Asked,
    Closed,
    Done,
    Held,
    Trial,
    Way,
    after,
    is_flat,
    is_unsteady,
)
from kioskd.modes.confirm import FORGETFUL
from kioskd.modes.gate import Gate
from kioskd.modes.gate_settings import GateSettings
from kioskd.modes.hidden import TOLD_OF, Hidden
from kioskd.modes.joined import joined
from kioskd.modes.mode import Always
from kioskd.modes.onset import Onset
from kioskd.modes.reasons import Reason
from models.mesh.stretch import stretch
from models.observation import Face, Measure, Observation

MODE, SEQUENCE_MODE = "challenge", "challenge_sequence"
CODES: dict[StrEnum, Reason] = {  # the engine's return codes, by what the machine is at
    Phase.IDLE: Reason.NOT_INITIALIZED,
    Phase.START: Reason.PRECONDITION_FAILED,
    Phase.ASKED: Reason.NOT_READY,
    Phase.NEXT: Reason.PRECONDITION_FAILED,
}


class ChallengeMode(Course):
    """The challenge or sequence of one feed.

    below  a number from 0 to one less than what it is given, from a cryptographic source: it
           draws the order of each attempt's actions
    """

    prompts = PROMPTS
    asks = True

    def __init__(
        self, settings: ChallengeSettings | SequenceSettings, gate: GateSettings, below: Below
    ) -> None:
        self._settings, self._below = settings, below
        self._engine, self._extents = settings.engine, settings.extents
        self._joins = joined(settings.joined_with, settings.rgb, settings.relief, gate, below)
        caution = FORGETFUL if self._joins is None else self._joins.caution
        # each action has its time, and so has the way back from all but the last
        steps = 2 * settings.length - 1 + (self._joins is not None)
        limit_s = settings.engine.maximum_runtime_s * steps
        attempt = replace(settings.attempt, attempt_deadline_s=limit_s)
        super().__init__(TRANSITIONS, attempt, gate, caution=caution)
        self._limits = gate
        self._gates = (Gate(_unmoved(gate), False), Gate(_moving(gate), False))
        self.fresh()

    def fresh(self) -> None:
        self._actions = drawn(self._settings, self._below)
        self._done = 0
        self._rests: tuple[Reading, ...] = ()  # frames in which the start condition holds
        self._rest: Reading | None = None  # what the action that is asked for is measured from
        self._coming: Coming | None = None  # back from the action before
        self._trial: Trial = Asked(None)
        self._onset, self._hides = Onset(), Hidden()
        self._suspicion = fraud.Suspicion()
        self._asked_at = self._sighted_at = -math.inf
        self._watched = fraud.considered(self._settings.unified)
        self._kinds = frozenset(self._actions) | self._watched
        self._gate = self._gates[0]
        self.measures = measures(self._kinds)
        shown = ANGLES & set(self._actions)  # a head's turn is proof of its own against holes
        self.joined = None if shown and not self._settings.always_joined else self._joins
        if self.joined is not None:
            self.joined.fresh()

    def fit(self, seen: Observation, face: Face) -> Step:
        now = read(seen, face, self._kinds)
        if isinstance(now, Reason):
            return self.refuse(now)
        if self._rest is None:
            return self._first_start(seen, face, now)
        if now.at - self._sighted_at > self._engine.allowed_track_loss_s:
            self.move(Always.BROKEN_OFF)
            return self._end(seen, "undecided", Reason.TRACK_LOST)
        self._sighted_at = now.at
        self._coming = self._coming and self._coming.seen(now)
        self._hides.look(now.at, face.cover)
        if now.at - self._asked_at > self._engine.maximum_runtime_s:
            verdict: Verdict = "undecided" if self._hidden else "failed"
            self.move(self.overdue)
            return self._end(seen, verdict, Reason.TIME_OVER)
        self.count(seen)
        if found := self._fraud(now, self._rest):
            self.move(Cause.FRAUD)
            return self._end(seen, "failed", found)
        if self.phase is Phase.NEXT and self._coming is not None:
            return self._next_start(now, self._coming)
        return self._ask(seen, now, self._rest)

    def time_over(self, seen: Observation) -> Result:
        if self.phase is Phase.CHALLENGE_FAILED:
            return self._result(seen, "failed", Reason.TIME_OVER)
        if self._rest is not None:  # it was asked for, and what it is read from is hidden
            return self._result(seen, "undecided", Reason.TIME_OVER)
        return self._result(seen, "undecided", Reason.TIME_OVER, Reason.PRECONDITION_FAILED)

    def not_live(self, seen: Observation) -> Result:
        return self._result(seen, "failed", Reason.NOT_LIVE)

    def broken_off(self, seen: Observation, reason: Reason) -> Result:
        return self._result(seen, "undecided", reason)

    def also(self, seen: Observation, face: Face) -> Collection[Measure]:
        kind = self._awaited
        if kind not in TOLD_OF:
            return ()
        looks = self._hides.due(seen.at) or (kind is Challenge.BLINK and self._shuts(seen, face))
        return (Measure.COVER,) if looks else ()

    @property
    def overdue(self) -> StrEnum:
        return Cause.HIDDEN if self._hidden else Always.TIME_OVER

    def refuse(self, *reasons: Reason) -> Step:
        """A frame that shows nothing breaks the start condition; an action may coast over it."""
        self._rests = ()
        return super().refuse(*reasons)

    def say(self, *reasons: Reason, result: Result | None = None) -> Step:
        """With the return code of the engine first, and what the person is to be told."""
        code = Reason.OK if result and result.verdict == "passed" else CODES.get(self.phase)
        told = reasons if code is None or Reason.INTERNAL in reasons else (code, *reasons)
        step = super().say(*told, result=result)
        # between two actions the one before still stands in the way, and is no mistake
        return replace(step, prompt=self.waits_for) if self.phase is Phase.NEXT else step

    @property
    def waits_for(self) -> str | None:
        """With the action, while one is asked for."""
        waits_for = super().waits_for
        if waits_for is None and self.phase is Phase.ASKED and self._asked is not None:
            return self._asked.value
        return waits_for

    @property
    def progress(self) -> Progress:
        """How many of the actions are done."""
        return Progress(self._done, len(self._actions), "actions")

    @property
    def _asked(self) -> Challenge | None:
        return self._actions[self._done] if self._done < len(self._actions) else None

    @property
    def _awaited(self) -> Challenge | None:
        """The action that is asked for now, and not seen yet."""
        waits = self.phase is Phase.ASKED and not isinstance(self._trial, Done)
        return self._asked if waits else None

    @property
    def _hidden(self) -> Reason | None:
        """Why it is not known whether the action that is asked for is done."""
        kind = self._awaited
        return None if kind is None else self._hides.instead(kind)

    def _shuts(self, seen: Observation, face: Face) -> bool:
        """Whether both eyes are less open than they were at rest."""
        now = read(seen, face, self._kinds)
        if isinstance(now, Reason) or self._rest is None:
            return False
        return extent(Challenge.BLINK, now, self._rest, self._extents) > 0.0

    def _first_start(self, seen: Observation, face: Face, now: Reading) -> Step:
        failed = start.unmet(self._kinds, now)
        if start.outside(seen, face.box, self._engine):
            failed = (Reason.OUTSIDE_AREA, *failed)
        if failed:
            self._rests = ()
            return self.refuse(*failed)
        if not is_steady((*self._rests, now)):
            step = self.refuse(Reason.MOVING)
            self._rests = (now,)  # one that moves may be the first of those that do not
            return step
        if self._holds_start(now):
            self.count(seen)
            self._rest = resting(self._rests)
            self._gate = self._gates[1]
            self._put(now)
        return self.say()

    def _next_start(self, now: Reading, coming: Coming) -> Step:
        """Between two actions: at rest again, or the second would begin halfway."""
        if failed := coming.unrested(now, self._kinds, self._extents, self._limits):
            self._rests = ()
            return self.say(*failed)
        if not is_steady((*self._rests, now)):
            self._rests = (now,)
            return self.say(Reason.MOVING)
        held = self._holds_start(now)
        if not (coming.is_back(now) or now.at - self._rests[0].at >= STAYS_S):
            return self.say(RESTLESS[coming.done])
        if held:
            self._rest = resting(self._rests)
            self._put(now)
        return self.say()

    def _holds_start(self, now: Reading) -> bool:
        if self._rests and now.at - self._rests[-1].at > self._settings.attempt.maximum_gap_s:
            self._rests = ()
        self._rests = (*self._rests, now)
        self._onset.rests(now.at, now.mesh)
        return now.at - self._rests[0].at >= self._engine.start_length_s

    def _put(self, now: Reading) -> None:
        """Ask for the next action."""
        self.move(Cause.START_HELD)
        self._trial, self._suspicion = Asked(now.at), fraud.Suspicion()
        self._sighted_at = self._asked_at = now.at
        self._coming = Coming(self._actions[self._done], resting(self._rests))

    def _ask(self, seen: Observation, now: Reading, rest: Reading) -> Step:
        if isinstance(self._trial, Done):
            return self._finish(seen, now)
        kind = self._actions[self._done]
        way = self._way(kind, now, rest)
        self.tell(went(kind, way.extent))
        asked = isinstance(self._trial, Asked)
        self._follow(now, way)
        self._trial = after(self._trial, kind, way, self._engine.success_length_s)
        self.same.closely = not isinstance(self._trial, Asked)
        if asked and is_flat(kind, way):
            return self.refuse(Reason.PLANAR_MOTION)
        if is_unsteady(kind, way):
            return self.refuse(Reason.MOVING)
        if asked and isinstance(self._trial, Closed) and self._onset.jumped:
            self._trial = Asked(rested_at=None)
            return self.refuse(Reason.SUDDEN)
        begins = asked and isinstance(self._trial, Held)
        if (begins or isinstance(self._trial, Done)) and (doubt := self._sudden(kind)):
            self._trial = Asked(rested_at=None)
            return self.refuse(doubt)
        if self._seems(kind) and (hidden := self._hides.forbids(kind)):
            self._trial = Asked(rested_at=None)
            return self.refuse(hidden)
        if not isinstance(self._trial, Done):
            return self.refuse(self._hidden) if self._hidden else self.say()
        self._asked_at = now.at  # what it lacks yet has its own time
        return self._finish(seen, now)

    def _seems(self, kind: Challenge) -> bool:
        """Whether the action seems to be there: of a blink, that the lids are shut."""
        if kind is Challenge.BLINK:
            return isinstance(self._trial, Closed)
        return isinstance(self._trial, Held | Done)

    def _sudden(self, kind: Challenge) -> Reason | None:
        """Why what was seen came about as no action does; None where that cannot be asked of it.

        Of brows and mouths it is asked only once they are held: they are there within a frame
        or two of their rest, in which a face, too, is still nearly as it was.
        """
        if kind not in MOST_PER_S:
            return None
        if isinstance(self._trial, Done):
            return self._onset.doubt(MOST_PER_S[kind])
        return self._onset.blended() if kind in ON_THE_WAY else None

    def _follow(self, now: Reading, way: Way) -> None:
        if way.extent <= 0.0:
            self._onset.rests(now.at, now.mesh)
        else:
            self._onset.goes(now.at, now.mesh, now.passage)

    def _finish(self, seen: Observation, now: Reading) -> Step:
        """The action was seen; it counts as soon as a pass lacks nothing."""
        last = self._done + 1 == len(self._actions)
        if lacking := self.lacks() if last else self.doubts():
            return self.refuse(*lacking)
        self._done += 1
        self.same.closely = False
        if self._asked is None:
            self.move(Cause.ALL_DONE)
            return self._end(seen, "passed")
        self.move(Cause.MORE_TO_COME)
        self._rests, self._asked_at = (), now.at
        return self.say()

    def _way(self, kind: Challenge, now: Reading, rest: Reading) -> Way:
        return Way(
            now.at,
            extent(kind, now, rest, self._extents),
            grown=now.side / rest.side,
            zoom=now.zoom,
            stretch=stretch(rest.mesh, now.mesh) or math.inf,
            moved=max(
                abs(now.yaw - rest.yaw), abs(now.pitch - rest.pitch), abs(now.roll - rest.roll)
            ),
        )

    def _fraud(self, now: Reading, rest: Reading) -> Reason | None:
        """Another action than the one asked for; on the way to the next, the last is excused."""
        settings = self._settings.unified
        if isinstance(self._trial, Done) and self._asked is not None and self.phase is Phase.ASKED:
            return None  # what was asked for is done, and the person may go back to rest, or turn
        kinds = fraud.watched(settings, self._actions[self._done])
        if self.phase is Phase.NEXT:
            before, to_come = self._actions[self._done - 1], self._actions[self._done]
            kinds = fraud.on_the_way_back(settings, before, to_come)
        self._suspicion = self._suspicion.after(kinds, now, rest, self._extents, settings.rigidity)
        return self._suspicion.proven(now.at, settings.fraud_length_s)

    def _end(self, seen: Observation, verdict: Verdict, *ended_by: Reason) -> Step:
        return self.conclude(seen, self._result(seen, verdict, *ended_by), *ended_by)

    def _result(self, seen: Observation, verdict: Verdict, *ended_by: Reason) -> Result:
        single = isinstance(self._settings, ChallengeSettings)
        action: ActionId = ACTIONS[self._actions[0]] if single else "sequenceChallenge"
        return self.result(
            seen,
            action,
            MODE if single else SEQUENCE_MODE,
            verdict,
            ended_by,
            "challengeConfirmed",
            emits=verdict == "passed",
            challenges=tuple(kind.value for kind in self._actions),
        )


def _unmoved(gate: GateSettings) -> GateSettings:
    """Before the action: as the gate says, but nobody need hold still for a second."""
    return replace(gate, maximum_drift=math.inf)


def _moving(gate: GateSettings) -> GateSettings:
    """While the head may turn and come closer; the picture must still be good."""
    return replace(
        gate,
        maximum_drift=math.inf,
        maximum_face_share=1.0,
        minimum_border_px=0.0,
        minimum_centre_pose_quality=0.0,
        maximum_yaw_deg=90.0,
        maximum_pitch_deg=90.0,
        maximum_roll_deg=90.0,
    )
