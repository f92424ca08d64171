"""What became of one result so far, for whoever handed it over."""

from dataclasses import dataclass
from typing import Literal

Handed = Literal["recorded", "sent", "waiting", "expired", "refused", "unrecorded"]


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one result so far.

    recorded    in the audit log, and not for the door
    sent        in the audit log and handed to the broker, whose answer is recorded later
    waiting     in the audit log; there is no broker; it goes if one comes before `until`
    expired     in the audit log; too old for the door, which is not told
    refused     in the audit log; the broker takes no such message, the sentence says why
    unrecorded  the audit log cannot be written, so the door is not told

    until       unix seconds, for what waits
    """

    outcome: Handed
    event_id: str
    sentence: str = ""
    until: float | None = None
