"""What a mode concludes."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from kioskd.modes.attempt import Spread
from kioskd.modes.gate import Finding
from models.embedding import Embedding

# As on the wire, such as "rgbLiveness"; each mode says what it may tell (kioskd/modes/spec.py).
ActionId = str
Verdict = Literal["passed", "failed", "undecided"]
LivenessState = Literal["LIVENESS_CONFIRMED", "NOTLIVE_CONFIRMED", "LIVENESS_UNKNOWN"]


@dataclass(frozen=True, slots=True)
class FramesBound:
    """The very frames that an attempt counted, by what anybody who has them can work out again.

    digest     SHA-256 over them in their order, 64 hexadecimal digits (kioskd/binding.py)
    count      how many they are
    rectangle  left, top, width and height of the face in the last of them, whole pixels
    """

    digest: str
    count: int
    rectangle: tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Match:
    """How the look of who was judged compares with that of who was asked for.

    confidence  that the two are one person where either is as likely, 0..1 (identity/matching.py)
    identical   whether it is enough to say so
    """

    confidence: float
    identical: bool


@dataclass(frozen=True, slots=True)
class Recognised:
    """Somebody enrolled who was known by their look.

    id_class  what they are to the site (identity/people.py)
    """

    person_id: str
    id_class: str


@dataclass(frozen=True, slots=True)
class Result:
    """The end of one attempt. Every result is audited; only some become action events.

    verdict       how it ended, whatever the mode; only "passed" may open a door
    emits         whether the door is told
    attributes    the seed's attributes beside type and actionId, as they stand on the wire
    started_at    seconds, monotonic, of the attempt's first frame; decided_at of its last
    captured_at   unix seconds of the deciding frame
    reasons       codes: what ended the attempt without a decision, then what stood in the
                  way, most frequent first
    scores        mean per-model scores over the counted frames, for diagnostics
    state         rgbLivenessState.currentState, where RGB liveness ran
    challenges    the actions that were asked for, in their order, where there were any
    measured      what evidence was found, then the checks that refused frames, each with its limit
    look          of the person in the frames that counted, where the mode was told to bind them to
                  it; it stays in memory
    frames_bound  what says which frames these were, where that was asked for too
    match         how that look compares with that of who was asked for, where somebody was
    session       the session that asked for it; "" where nobody did
    person        who it is, where the door knows the enrolled; None: nobody who is known
    """

    action: ActionId
    feed: str
    mode: str
    track_id: int
    attempt: int
    verdict: Verdict
    emits: bool
    attributes: Mapping[str, str | float]
    started_at: float
    decided_at: float
    captured_at: float
    frames: int
    reasons: tuple[str, ...] = ()
    scores: Mapping[str, float] = field(default_factory=dict)
    state: LivenessState | None = None
    challenges: tuple[str, ...] = ()
    measured: tuple[Spread, ...] = ()
    look: Embedding | None = field(default=None, repr=False, compare=False)
    frames_bound: FramesBound | None = None
    match: Match | None = None
    session: str = ""
    person: Recognised | None = None

    def refused(self, why: str) -> "Result":
        """The same, but that it opens nothing; `why` is the first of its reasons."""
        reasons = (why, *self.reasons)
        return replace(self, verdict="undecided", emits=False, attributes={}, reasons=reasons)

    @property
    def is_attack(self) -> bool:
        """Whether a presentation attack was recognised."""
        called = self.state == "NOTLIVE_CONFIRMED" or self.reasons[:1] == ("not_live",)
        return self.verdict == "failed" and (called or "livenessConfirmed" in self.attributes)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an attempt is: `done` of at most `of`, of what it decides by."""

    done: int
    of: int
    what: Literal["frames", "actions"] = "frames"


@dataclass(frozen=True, slots=True)
class Step:
    """What a mode says after one observation.

    phase    the state machine's present state, for logs, diagnostics and the aiming page
    reasons  codes of the gate checks this frame failed, empty when it is evidence; a challenge
             puts its engine's return code before them
    result   the attempt that this frame ended, if it ended one
    prompt   code of what the person is to be told to do, for the screen of a kiosk
    found    what each check of this frame found, with its limit; none of those not reached
    progress how far the frames are that decide, in a mode that counts them
    counted  track of the face that this frame is evidence of, for the attempt under way or the one
             that ends with it; None: it is evidence of nothing
    """

    phase: str
    reasons: tuple[str, ...] = ()
    result: Result | None = None
    prompt: str | None = None
    found: tuple[Finding, ...] = ()
    progress: Progress | None = None
    counted: int | None = None
