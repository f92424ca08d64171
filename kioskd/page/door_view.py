"""What the page shows of a door, as values for JSON. Pure: the time is an argument.

Codes and numbers only, and no sentence: kioskd/page/words has those, in several languages.
"""

from collections.abc import Iterable, Mapping, Sequence
from math import isfinite
from typing import Any

from feeds.frame import Frame
from feeds.state import FeedState
from kioskd.config.config import Door
from kioskd.event import Progress, Result
from kioskd.modes import catalogue
from kioskd.modes.attempt import subject
from kioskd.modes.gate import Finding, gate_for
from kioskd.modes.reasons import Reason
from kioskd.page.door_keys import door_keys
from kioskd.page.kept import DoorKept, Ended, Looked, Scores
from models.observation import Box, Face, Measure, Observation
from models.schemes import LivenessPlan

Json = dict[str, Any]
RECENT_S = 0.6  # for which a check stands on the page: three times as long as it is measured
MOST_REASONS = 8  # of the last hour
LIVE, FAKE = "liveness_detection_threshold", "fake_detection_threshold"
# What a checklist shows, beyond what the mode had measured by itself.
CHECKS = frozenset({Measure.QUALITY, Measure.PICTURE, Measure.POSE})
SCORES = CHECKS | {Measure.LIVENESS}


class DoorView:
    """Of one door; it follows the face by a gate of its own, which decides nothing."""

    def __init__(self, door: Door) -> None:
        self.door = door
        needs = catalogue.needs(door.mode)
        scheme = next(iter(sorted(needs.schemes)), None)
        self._gate = gate_for(door.gate, scheme, exact=False)
        self._judges = scheme is not None
        self._told: tuple[Looked, Json] | None = None  # of the frame that was asked for last
        self._recent: dict[str, tuple[float, int, Json]] = {}  # each check's last, when, of whom
        self.thresholds = {
            key.path[-1]: key.value for key in door_keys(door) if key.path[-1] in (LIVE, FAKE)
        }

    @property
    def measures(self) -> frozenset[Measure]:
        """What is measured of every frame while somebody looks."""
        return SCORES if self._judges else CHECKS

    @property
    def plan(self) -> LivenessPlan | None:
        """How the networks judge for who looks on: as they judge at the door."""
        mode: Any = self.door.mode
        plans = (getattr(part, "plan", None) for part in (mode, getattr(mode, "rgb", None)))
        return next((plan for plan in plans if plan is not None), None) if self._judges else None

    def look(self, frame: Frame, looked: Looked, wall: float) -> Json:
        """One frame: who is in view, what each check says, and what the mode makes of it."""
        if self._told is None or self._told[0] is not looked:
            self._told = looked, self._view(frame, looked)
        age = round(1000 * max(0.0, wall - frame.wall_time))
        return {**self._told[1], "ageMs": age}

    def _view(self, frame: Frame, looked: Looked) -> Json:
        seen, step = looked.seen, looked.step
        face = self._subject(seen)
        scores = None if face is None else face.liveness
        view: Json = {
            "number": frame.number,
            "size": [seen.width, seen.height],
            "faces": [_face(each) for each in seen.faces],
            "phase": step.phase,
            "reasons": list(step.reasons),
            "prompt": step.prompt,
            "progress": progress(step.progress),
            "checks": self._checks(seen, face, step.found),
            "scores": {} if scores is None else _scores(scores.score, scores.by_model),
        }
        if face is not None and face.passive is not None:
            view["evidence"] = {name: _number(one) for name, one in face.passive.shares.items()}
        if face is not None:
            view |= _head(face) | {"room": _box(self._gate.room(face))}
        return view

    def _subject(self, seen: Observation) -> Face | None:
        if not seen.faces:
            return None
        gate = self.door.gate
        chosen = subject(seen, gate.face_policy, gate.bystander_share)
        return seen.faces[0] if isinstance(chosen, Reason) else chosen

    def _checks(self, seen: Observation, face: Face | None, found: Sequence[Finding]) -> list[Json]:
        """What decided in this frame first, then what was measured for who looks on."""
        told = {one.key: _check(one, decided=True) for one in found}
        if face is None:
            return list(told.values())
        survey = self._gate.survey(seen, face)
        self._gate.follow(seen, face)
        for one in survey:
            told.setdefault(one.key, _check(one, decided=False))
        for key, check in told.items():
            self._recent[key] = seen.at, face.track_id, check
        # Not every frame is measured for the page: what was, stands for a moment, in its place.
        return [
            {**check, "decided": check["decided"] and key in told}
            for key, (at, track, check) in self._recent.items()
            if track == face.track_id and 0.0 <= seen.at - at <= RECENT_S
        ]


def progress(of: Progress | None) -> Json | None:
    return None if of is None else {"done": of.done, "of": of.of, "what": of.what}


def _check(one: Finding, *, decided: bool) -> Json:
    return {
        "key": one.key,
        "reason": None if one.reason is None else one.reason.value,
        "value": _number(one.value),
        "limit": _number(one.limit),
        "bound": one.bound,
        "unit": one.unit,
        "passed": bool(one.passed),  # of numpy's numbers it is numpy's own
        "decided": decided,
    }


def _face(face: Face) -> Json:
    return {
        "track": face.track_id,
        "box": _box(face.box),
        "score": _number(face.score),
        "missed": face.missed,
    }


def _head(face: Face) -> Json:
    told: Json = {"track": face.track_id}
    if face.pose is not None:
        told["pose"] = [_number(each) for each in (face.pose.yaw, face.pose.pitch, face.pose.roll)]
    if face.mesh is not None:
        told["mesh"] = face.mesh[:, :2].round().astype(int).ravel().tolist()
    return told


def _box(box: Box) -> list[float]:
    return [round(side, 1) for side in box]


def _number(value: float | None) -> float | None:
    """JSON has no number for what is none."""
    return None if value is None or not isfinite(value) else float(f"{value:.4g}")


def _scores(score: float | None, by_model: dict[str, float] | Any) -> Json:
    told = {name: _number(value) for name, value in by_model.items()}
    return {"together": _number(score), **told}


def plot(scores: Iterable[Scores], now: float) -> list[Json]:
    """The scores of late, each with how many seconds ago it was."""
    return [
        {"ago": round(now - one.at, 2), **_scores(one.score, one.by_model)}
        for one in scores
        if now >= one.at
    ]


def attempt(one: Ended, now: float, outcomes: Mapping[str, str]) -> Json:
    """An attempt that ended, and what came of it; `outcomes` of events at the broker."""
    return {
        "at": round(1000 * one.wall),
        "eventId": one.event_id,
        "outcome": outcomes.get(one.event_id, one.outcome),
        "ago": round(now - one.at, 1),
        **result(one.result),
    }


def result(one: Result) -> Json:
    return {
        "action": one.action,
        "verdict": one.verdict,
        "emits": one.emits,
        "attempt": one.attempt,
        "track": one.track_id,
        "frames": one.frames,
        "tookS": round(one.decided_at - one.started_at, 2),
        "reasons": list(one.reasons),
        "scores": {name: _number(value) for name, value in one.scores.items()},
        "challenges": list(one.challenges),
        "measured": [
            {
                "key": each.finding.key,
                "reason": None if each.finding.reason is None else each.finding.reason.value,
                "frames": each.frames,
                "low": _number(each.low),
                "high": _number(each.high),
                "limit": _number(each.finding.limit),
                "bound": each.finding.bound,
                "unit": each.finding.unit,
            }
            for each in one.measured
        ],
    }


def _state(state: FeedState) -> Json:
    return {
        "phase": state.phase,
        "reason": state.reason,
        "detail": state.detail,
        "since": round(1000 * state.since),
    }


def door(kept: DoorKept, view: DoorView, now: float, outcomes: Mapping[str, str]) -> Json:
    """What changes slowly at a door: its feed, its last attempts, and why they came to nothing."""
    newest = kept.looked.seen.at if kept.looked is not None else now
    return {
        "door": kept.door,
        "feed": kept.feed,
        "mode": catalogue.spec_of(view.door.mode).name,
        "state": None if kept.state is None else _state(kept.state),
        "prompt": kept.prompt,
        "judgeMs": round(1000 * kept.cost_s, 1),
        "thresholds": view.thresholds,
        "plot": plot(kept.scores.copy(), newest),
        "attempts": [attempt(one, now, outcomes) for one in kept.attempts()],
        "hour": dict(kept.reasons(now).most_common(MOST_REASONS)),
        "watchFailure": kept.watch_failure,
        "enabled": kept.enabled,
    }
