"""How far an action has gone: 0 or less at rest, 1 or more when it is done.

Between rest and done lies a band, so that what lingers at one of them does not flicker.
"""

from kioskd.modes.challenges.challenge_settings import Extents
from kioskd.modes.challenges.kinds import Challenge
from kioskd.modes.challenges.reading import Reading
from kioskd.modes.gate import Finding

# Where rest ends. Each lies several times its measure's noise from the extents allowed above.
HEAD_REST = 1 / 3  # of the angle asked for
MOUTH_REST = 0.25  # gap in widths of the mouth; a smile that shows teeth reaches 0.4
SMILE_REST = 0.3  # score
EYEBROW_REST = 0.4  # of the rise asked for
EYES_REST = 0.75  # of how wide the eyes were open before
APPROACH_REST = 0.2  # of the growth asked for


def extent(kind: Challenge, now: Reading, rest: Reading, extents: Extents) -> float:
    """How far `now` is into the action, seen from `rest`. A smile not measured is no number."""
    match kind:
        case Challenge.NOD:
            return _turned(kind, now, rest, extents.nod_deg)
        case Challenge.HEAD_RAISE:
            return _turned(kind, now, rest, extents.head_raise_deg)
        case Challenge.LEFT_TURN | Challenge.RIGHT_TURN:
            return _turned(kind, now, rest, extents.turn_deg)
        case Challenge.MOUTH_OPENING:
            return _between(now.mouth, MOUTH_REST, extents.mouth_opening)
        case Challenge.BLINK:
            return _between(-_open(now, rest), -EYES_REST, -extents.eyes_closed)
        case Challenge.EYEBROW_RAISE:
            pairs = zip(now.eyebrows, rest.eyebrows, strict=True)
            raised = min(height / before for height, before in pairs) - 1.0
            return _between(raised, EYEBROW_REST * extents.eyebrow_raise, extents.eyebrow_raise)
        case Challenge.SMILE:
            smile = float("nan") if now.smile is None else now.smile
            return _between(smile, SMILE_REST, extents.smile)
        case Challenge.FLOW:
            grown, asked = now.side / rest.side - 1.0, extents.approach - 1.0
            return _between(grown, APPROACH_REST * asked, asked)


def went(kind: Challenge, extent: float) -> Finding:
    """How far an action went, as it is told."""
    return Finding(kind.value, None, extent, 1.0, unit="of what was asked for")


def degrees(kind: Challenge, now: Reading, rest: Reading) -> float:
    """How far the head went the way of a movement of the head; less than 0: the other way."""
    match kind:
        case Challenge.NOD:
            return rest.pitch - now.pitch
        case Challenge.HEAD_RAISE:
            return now.pitch - rest.pitch
        case Challenge.LEFT_TURN:
            return now.yaw - rest.yaw
        case Challenge.RIGHT_TURN:
            return rest.yaw - now.yaw
        case _:
            raise ValueError(f"{kind} is no movement of the head")


def _turned(kind: Challenge, now: Reading, rest: Reading, asked: float) -> float:
    return _between(degrees(kind, now, rest), HEAD_REST * asked, asked)


def _open(now: Reading, rest: Reading) -> float:
    """How open the more open eye is, in parts of how open it was: both must close."""
    pairs = zip(now.eyes, rest.eyes, strict=True)
    return max(eye / before if before > 0.0 else 1.0 for eye, before in pairs)


def _between(value: float, rest: float, done: float) -> float:
    return (value - rest) / (done - rest)
