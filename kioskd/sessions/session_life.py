"""A session and what may become of it. Pure: time comes with what happens.

    waiting --its turn--> armed --a face came--> running --ended--> ended
       +---------+---------------------+-- cancelled, expired, restarted --^

`ended` stands for good: no happening leads out of it. A restart ends whatever had not, and never
well.
"""

from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from kioskd.event import Result
from kioskd.modes.reasons import SENTENCES, Reason

Operation = Literal["Passive", "PassiveActive", "Depth"]
Phase = Literal["waiting", "armed", "running", "ended"]
Outcome = Literal["Succeeded", "Failed", "Canceled"]
Decision = Literal["realface", "spoofface", "uncertain"]
Rectangle = tuple[int, int, int, int]  # left, top, width, height, pixels


@dataclass(frozen=True, slots=True)
class VerifyImage:
    """What a reference image was found to be."""

    rectangle: Rectangle
    quality: str
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AttemptRecord:
    """One attempt of a session: a decision, or why there is none; never both.

    number         from 1
    request_id     the event id of its result, as the audit log has it
    at             unix seconds of the deciding frame
    latency_ms     from that frame's capture to the result
    digest, count  of the frames that counted (kioskd/binding.py)
    match          likeness to the reference as confidence, and whether it is enough
    reasons        what ended it, then what stood in the way
    """

    number: int
    request_id: str
    at: float
    latency_ms: int
    decision: Decision | None = None
    error: str | None = None
    digest: str | None = None
    count: int = 0
    rectangle: Rectangle | None = None
    match: tuple[float, bool] | None = None
    model_version: str = ""
    action: str = ""
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Session:
    """One session, whole.

    created_at, ended_at  unix seconds
    ttl_s                 so long it may wait for its attempts, and its token holds
    token_digest          SHA-256 of what whoever runs it shows, hexadecimal
    why                   of a session that ended without a decision, in a sentence
    """

    id: str
    client: str
    door: str
    operation: Operation
    created_at: float
    ttl_s: int
    attempts_allowed: int
    token_digest: str
    device_correlation_id: str | None = None
    user_correlation_id: str | None = None
    nonce: str | None = None
    send_results: bool = False
    at_once: bool = False
    person_id: str | None = None
    verify_image: VerifyImage | None = None
    phase: Phase = "waiting"
    outcome: Outcome | None = None
    expired: bool = False
    why: str = ""
    attempts: tuple[AttemptRecord, ...] = ()
    ended_at: float | None = None
    result_given: bool = False

    @property
    def verifies(self) -> bool:
        return self.verify_image is not None or self.person_id is not None

    @property
    def repelled(self) -> bool:
        """Whether it met an attack, or somebody who was not asked for."""
        return any(
            each.decision == "spoofface" or (each.match is not None and not each.match[1])
            for each in self.attempts
        )


def armed(session: Session) -> Session:
    """It is its turn at the door."""
    begun: Phase = "running" if session.at_once else "armed"
    return replace(session, phase=begun) if session.phase == "waiting" else session


def face_came(session: Session) -> Session:
    return replace(session, phase="running") if session.phase == "armed" else session


def attempt_ended(session: Session, attempt: AttemptRecord, now: float) -> Session:
    """One more attempt; the session ends with what decides, or with the last that it may have."""
    if session.phase == "ended":
        return session
    grown = replace(session, attempts=(*session.attempts, attempt), phase="running")
    good = attempt.decision == "realface" and (attempt.match is None or attempt.match[1])
    if good or attempt.decision == "spoofface":
        return ended(grown, "Succeeded", now)
    if len(grown.attempts) < grown.attempts_allowed:
        return grown
    if any(each.decision is not None for each in grown.attempts):
        return ended(grown, "Succeeded", now)
    why = f"no attempt came to a decision; the last: {sentence(attempt.error or '')}"
    return ended(grown, "Failed", now, why)


def ended(
    session: Session, outcome: Outcome, now: float, why: str = "", *, expired: bool = False
) -> Session:
    if session.phase == "ended":
        return session
    return replace(session, phase="ended", outcome=outcome, ended_at=now, why=why, expired=expired)


def overdue(session: Session, now: float) -> Session:
    """Its time is over before it came to a decision."""
    decided = any(each.decision is not None for each in session.attempts)
    why = "its time was over before an attempt came to a decision"
    return ended(session, "Succeeded" if decided else "Failed", now, why, expired=True)


def record_of(
    result: Result, number: int, request_id: str, latency_ms: int, model_version: str
) -> AttemptRecord:
    """What a mode's result is, as an attempt of a session."""
    decision = decided(result)
    bound, match = result.frames_bound, result.match
    return AttemptRecord(
        number=number,
        request_id=request_id,
        at=result.captured_at,
        latency_ms=latency_ms,
        decision=decision,
        error=None if decision is not None else (*result.reasons, Reason.UNDECIDED.value)[0],
        digest=None if bound is None else bound.digest,
        count=0 if bound is None else bound.count,
        rectangle=None if bound is None else bound.rectangle,
        match=None if match is None else (match.confidence, match.identical),
        model_version=model_version,
        action=result.action,
        reasons=result.reasons,
    )


def decided(result: Result) -> Decision | None:
    """In the service's words; None where the attempt came to no decision at all.

    A live person who is not the one that was asked for is live: `match` says the rest.
    """
    if result.verdict == "passed":
        return "realface"
    if Reason.NOT_THE_PERSON.value in result.reasons:
        return "realface"
    if result.is_attack:
        return "spoofface"
    first = next(iter(result.reasons), "")
    if result.verdict == "failed" or first == Reason.UNDECIDED.value:
        return "uncertain"
    return None


def sentence(code: str) -> str:
    """What a reason's code says to people."""
    try:
        return SENTENCES[Reason(code)]
    except ValueError:
        return code


def as_record(session: Session) -> dict[str, Any]:
    """For the store; `of_record` reads it."""
    return asdict(session)


def of_record(record: dict[str, Any]) -> Session:
    """Raises TypeError, KeyError or ValueError for what no session was."""
    image = record["verify_image"]
    attempts = tuple(_attempt(each) for each in record["attempts"])
    return Session(
        **{
            **record,
            "verify_image": None
            if image is None
            else VerifyImage(tuple(image["rectangle"]), image["quality"], tuple(image["reasons"])),
            "attempts": attempts,
        }
    )


def _attempt(record: dict[str, Any]) -> AttemptRecord:
    box, match = record["rectangle"], record["match"]
    return AttemptRecord(
        **{
            **record,
            "rectangle": None if box is None else tuple(box),
            "match": None if match is None else tuple(match),
            "reasons": tuple(record["reasons"]),
        }
    )
