"""The course of an attempt, for modes that watch one person do something.

    frame -> who (attempt.py) -> fit? (gate.py) -> what the person does (the mode)

A mode built on `Course` says what it measures, what a fit frame means to it and what the
attempt amounts to. The rest is here: who is watched, what breaks an attempt off, when time is
over, when the next may begin. docs/understand/modes.md has these rules under "Attempts".
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping, Sequence
from enum import StrEnum
from statistics import fmean
from types import MappingProxyType
from typing import assert_never

from kioskd.event import ActionId, LivenessState, Progress, Result, Step, Verdict
from kioskd.modes.attempt import (
    Absent,
    Attempt,
    Attempts,
    AttemptSettings,
    Broken,
    Candidate,
    Ignored,
    Overdue,
    Silent,
    liveness_found,
)
from kioskd.modes.confirm import FORGETFUL, CautionSettings, Rest
from kioskd.modes.gate import Finding, gate_for
from kioskd.modes.gate_settings import GateSettings
from kioskd.modes.joined import Cause as Join
from kioskd.modes.joined import Joined
from kioskd.modes.mode import Always, Prompts, Table, next_phase, prompt
from kioskd.modes.onset import is_still
from kioskd.modes.reasons import Reason
from kioskd.modes.same_person import SamePerson
from models.observation import Conversation, Face, Measure, Observation, Wanted, ask
from models.schemes import LivenessPlan, weighs_passive

LIVENESS = Measure.LIVENESS


class Course(ABC):
    """Runs one attempt after another along a table of phases. It stands for `Mode`.

    measures  what a fit face is measured on, beyond what the gate asks for, cheapest first
    exact     whether the head's pose, and with it the mesh, is measured in every frame
    plan      how the liveness networks judge colours, in a mode that has them do it
    prompts   what each phase waits for, as the person before the camera is told
    asks      whether it asks for something to be done: then one person must do it all
    """

    measures: tuple[Measure, ...] = ()
    exact = True
    asks = False
    prompts: Prompts = MappingProxyType({})

    def __init__(
        self,
        table: Table,
        attempt: AttemptSettings,
        gate: GateSettings,
        *,
        plan: LivenessPlan | None = None,
        caution: CautionSettings = FORGETFUL,
    ) -> None:
        self._table = table
        self._idle = self.phase = next(iter(table))[0]
        self.plan = plan
        self._gate = gate_for(gate, None if plan is None else plan.scheme, exact=self.exact)
        self._ends_tries, self._resting = caution.attack_ends_tries, Rest(caution)
        self.attempts = Attempts(attempt, gate.face_policy, gate.bystander_share)
        self.same = SamePerson()
        self.joined: Joined | None = None
        self._subject: int | None = None  # the track that the phase is about
        self._found: tuple[Finding, ...] = ()  # in the frame that is looked at
        self._counted: int | None = None  # whose evidence it is

    @abstractmethod
    def fresh(self) -> None:
        """Forget the attempt before: a new one begins."""

    @abstractmethod
    def fit(self, seen: Observation, face: Face) -> Step:
        """The gate passed this face and every measure was asked for."""

    @abstractmethod
    def time_over(self, seen: Observation) -> Result:
        """The deadline passed: what the attempt comes to."""

    @abstractmethod
    def broken_off(self, seen: Observation, reason: Reason) -> Result:
        """An attempt that had counted a frame cannot go on: what it comes to."""

    def bind(self) -> None:
        """From the next attempt on all that counts is of one person, whose look it is bound to."""
        self.same.binds = True

    def step(self, seen: Observation) -> Conversation[Step]:
        self._found, self._counted = (), None
        view = self.attempts.view(seen)
        if not isinstance(view, Ignored):
            yield from self._overview()
        if isinstance(view, Candidate):
            step = yield from self._judge(seen, view.face)
        else:
            step = self._act(seen, view)
        if isinstance(view, Candidate | Silent):
            self._gate.follow(seen, view.face)
        if not isinstance(view, Ignored):
            self.attempts.remember(seen)
        return step

    def move(self, cause: StrEnum) -> None:
        self.phase = next_phase(self._table, self.phase, cause, type(self).__name__)

    def say(self, *reasons: Reason, result: Result | None = None) -> Step:
        told = tuple(reason.value for reason in reasons)
        shown = prompt(self.waits_for, reasons)
        way = None if self.attempts.under_way is None else self.progress
        return Step(self.phase.value, told, result, shown, self._found, way, self._counted)

    @property
    def progress(self) -> Progress | None:
        """How far the frames are that decide; None in a mode that does not count them."""
        return None

    @property
    def waits_for(self) -> str | None:
        """The prompt's code of what the phase waits for."""
        joins = None if self.joined is None else self.joined.prompt
        instead = self.instead or joins
        if instead is not None and self.attempts.under_way is not None:
            return instead
        return self.prompts.get(self.phase)

    @property
    def instead(self) -> str | None:
        """The prompt's code of what must come before it; None: nothing."""
        return None

    def refuse(self, *reasons: Reason) -> Step:
        """This frame is no evidence, for these reasons."""
        self.attempts.refuse(reasons, self._found)
        return self.say(*reasons)

    def count(self, seen: Observation) -> None:
        """This frame is evidence."""
        self.attempts.count(seen, self._found)
        if self._compares:
            self.same.keep()
        self._counted = self.attempt().track_id

    def tell(self, *found: Finding) -> None:
        """What else this frame, which has counted, showed of what was asked for."""
        self._found += found
        self.attempts.tell(found)

    def conclude(
        self, seen: Observation, result: Result, *reasons: Reason, attack: bool = False
    ) -> Step:
        """End the attempt under way with its one result. `attack`: one was confirmed."""
        if attack:
            self.attempts.rest(self._resting.after_attack(seen.at))
        shut = attack and self._ends_tries
        self.attempts.end(seen, finished=result.verdict == "passed", shut=shut)
        return self.say(*reasons, result=result)

    def result(
        self,
        seen: Observation,
        action: ActionId,
        mode: str,
        verdict: Verdict,
        ended_by: Iterable[Reason],
        says: str | None,
        *,
        liveness: Sequence[float] = (),
        emits: bool | None = None,
        state: LivenessState | None = None,
        scores: Mapping[str, float] | None = None,
        challenges: tuple[str, ...] = (),
    ) -> Result:
        """What the attempt under way comes to with this frame; the words are Result's.

        `says` is the attribute that is true or false on the wire, where the action has one, and
        `liveness` the scores whose mean stands beside it. Unless the mode says by `emits` what it
        tells the door, it tells what it decided.
        """
        attempt = self.attempt()
        return Result(
            action=action,
            feed=seen.feed,
            mode=mode,
            track_id=attempt.track_id,
            attempt=attempt.number,
            verdict=verdict,
            emits=verdict != "undecided" if emits is None else emits,
            attributes=_attributes(verdict, says, liveness),
            started_at=attempt.started_at,
            decided_at=seen.at,
            captured_at=seen.wall_time,
            frames=attempt.frames,
            reasons=attempt.reasons(*ended_by),
            measured=attempt.measured,
            scores=scores or {},
            state=state,
            challenges=challenges,
            look=self.same.mean if self._compares else None,
        )

    def lacks(self) -> tuple[Reason, ...]:
        """What was asked for was seen: what a pass still lacks in this frame; empty: nothing.

        What the action is joined with counts from the first time on that this is asked.
        """
        if self.joined is None:
            return self.doubts()
        missing = self.joined.lacks()
        self._gate = self.joined.gate or self._gate
        return (*self.doubts(), *missing)

    def also(self, seen: Observation, face: Face) -> Collection[Measure]:
        """What this fit frame is to be measured on besides, now that `measures` are known."""
        return ()

    @property
    def overdue(self) -> StrEnum:
        """What moves the phase once the deadline has passed."""
        return Always.TIME_OVER

    def doubts(self) -> tuple[Reason, ...]:
        """Why it may be somebody else who did it; empty: it is who was asked."""
        return () if self.same.doubt is None else (self.same.doubt,)

    def weighed(self, face: Face) -> tuple[Finding, ...]:
        """The evidence of a fit face, beside its limit, and what stands in the way of it."""
        return () if self.plan is None else liveness_found(face, self.plan.live)

    def not_live(self, seen: Observation) -> Result:
        """What the action is joined with found an attack: what the attempt comes to."""
        raise NotImplementedError(f"{type(self).__name__} is joined with nothing")

    def attempt(self) -> Attempt:
        """The attempt under way; asked for only in the middle of one."""
        assert self.attempts.under_way is not None
        return self.attempts.under_way

    @property
    def _compares(self) -> bool:
        """Whether looks are compared at all: one person must do it all, or is to be known."""
        return self.asks or self.same.binds

    def _act(self, seen: Observation, view: Ignored | Absent | Silent | Broken | Overdue) -> Step:
        match view:
            case Ignored(reason):
                return self.say(reason)
            case Absent(reason):
                self._leave()
                return self.say(reason)
            case Silent(face, reason):
                if face.track_id != self._subject:
                    self._leave()
                return self.say(reason)
            case Broken(reason):
                return self._break_off(seen, reason)
            case Overdue():
                self.move(self.overdue)
                return self.conclude(seen, self.time_over(seen), Reason.TIME_OVER)
            case _:
                assert_never(view)

    def _overview(self) -> Conversation[None]:
        """Have the picture remembered, whoever is in it, where what stands about a face counts."""
        plans = (self.plan, None if self.joined is None else self.joined.plan)
        if any(map(weighs_passive, plans)):
            yield Wanted(None, frozenset({Measure.PASSIVE}))

    def _judge(self, seen: Observation, face: Face) -> Conversation[Step]:
        if self.attempts.under_way is None:
            self._begin(seen, face)
        face, refused = yield from self._gate.examine(seen, face)
        self._found = self._gate.findings
        if refused:
            return self.refuse(*refused)
        for measure in self.measures:
            face = yield from ask(face, measure, self.plan if measure is LIVENESS else None)
        for measure in self.also(seen, face):
            face = yield from ask(face, measure)
        self._found += self.weighed(face)
        if self._compares:
            face = yield from self.same.look(seen, face)
            if self.same.other:
                return self._break_off(seen, Reason.OTHER_PERSON)
        if self.same.binds and not self.asks and (doubts := self.doubts()):
            return self.refuse(*doubts)  # what counts here is always a face that can be compared
        if self.asks:
            face = yield from ask(face, Measure.PASSAGE)
            if is_still(face.passage):
                return self.refuse(Reason.STILL_PICTURE)
        if self.joined is not None and self.attempt().frames:
            face = yield from self.joined.look(seen, face)
            self._found += self.joined.found
            if self.joined.attack:
                self.move(Join.ATTACK)
                return self.conclude(seen, self.not_live(seen), Reason.NOT_LIVE, attack=True)
        return self.fit(seen, face)

    def _begin(self, seen: Observation, face: Face) -> None:
        if face.track_id == self._subject and self.phase is not self._idle:
            self.move(Always.REARMED)
        else:
            self._leave()
            self.move(Always.SUBJECT_CAME)
        self._subject = face.track_id
        if self._compares:
            self.same.fresh()
        self.fresh()
        self.attempts.begin(seen, face)

    def _break_off(self, seen: Observation, reason: Reason) -> Step:
        self.move(Always.BROKEN_OFF)
        if self.attempt().frames:
            return self.conclude(seen, self.broken_off(seen, reason), reason)
        self.attempts.drop()
        self._subject = None
        return self.say(reason)

    def _leave(self) -> None:
        if self.phase is not self._idle:
            self.move(Always.SUBJECT_LEFT)
        self._subject = None


def _attributes(
    verdict: Verdict, says: str | None, liveness: Sequence[float]
) -> dict[str, str | float]:
    """An undecided attempt says neither "true" nor "false", not in the record either."""
    if verdict == "undecided" or says is None:
        return {}
    mean = {"liveness": round(fmean(liveness), 4)} if liveness else {}
    return {**mean, says: "true" if verdict == "passed" else "false"}
