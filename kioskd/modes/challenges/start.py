"""The start condition: what must hold before anything is asked for. The seed's meanings.

The face gate has seen to the angles and the size before.
"""

from collections.abc import Collection

from kioskd.modes.challenges.challenge_settings import Engine
from kioskd.modes.challenges.extent import MOUTH_REST, SMILE_REST
from kioskd.modes.challenges.kinds import Challenge
from kioskd.modes.challenges.reading import Reading
from kioskd.modes.reasons import Reason
from models.observation import Box, Observation

EYES_OPEN = 0.12  # gap between the lids in widths of the eye; closed eyes measure under 0.06
WIDEST = 1.0  # of a face's box in heights; faces measure 0.65 to 0.8

RESTLESS = {
    Challenge.NOD: Reason.HEAD_PITCHED,
    Challenge.HEAD_RAISE: Reason.HEAD_PITCHED,
    Challenge.LEFT_TURN: Reason.HEAD_TURNED,
    Challenge.RIGHT_TURN: Reason.HEAD_TURNED,
    Challenge.MOUTH_OPENING: Reason.MOUTH_OPEN,
    Challenge.BLINK: Reason.EYES_CLOSED,
    Challenge.EYEBROW_RAISE: Reason.EYEBROWS_RAISED,
    Challenge.SMILE: Reason.NOT_NEUTRAL,
}


def outside(seen: Observation, box: Box, engine: Engine) -> bool:
    """Whether the box leaves the allowed area: the seed's checkBorder."""
    x1, y1, x2, y2 = box
    left, top = engine.horizontal_padding * seen.width, engine.vertical_padding * seen.height
    inside = x1 >= left and x2 <= seen.width - left and y1 >= top and y2 <= seen.height - top
    return not inside


def unmet(kinds: Collection[Challenge], now: Reading) -> tuple[Reason, ...]:
    """Why the first of these actions must not be asked for yet."""
    failed = []
    if Challenge.MOUTH_OPENING in kinds and not now.mouth <= MOUTH_REST:
        failed.append(Reason.MOUTH_OPEN)
    if Challenge.SMILE in kinds and not (now.smile is not None and now.smile <= SMILE_REST):
        failed.append(Reason.NOT_NEUTRAL)
    if Challenge.BLINK in kinds and not min(now.eyes) >= EYES_OPEN:
        failed.append(Reason.EYES_CLOSED)
    if Challenge.FLOW in kinds and not now.ratio <= WIDEST:
        failed.append(Reason.FACE_TOO_WIDE)
    return tuple(failed)
